"""A folder with one page that runs a model in the browser: the page, its decoding, and LiteRT for the web."""
