"""Keras graphs: blocks, the backbone, one builder a head, and what a model costs."""
