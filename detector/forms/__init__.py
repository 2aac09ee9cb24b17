"""Forms in photos: from a document's corners to the fields of a known form."""
