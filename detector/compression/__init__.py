"""Smaller networks from larger ones: channels that are kept, and teachers beside the labels."""
