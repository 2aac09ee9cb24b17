"""`detector label`: a local page on which a person puts corners where they belong, and the labels behind it on disk."""
