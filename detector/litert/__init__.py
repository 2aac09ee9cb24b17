"""LiteRT files as they are on disk, read and changed without TensorFlow."""
