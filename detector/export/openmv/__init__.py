"""OpenMV: the folder that is copied to a camera, and the MicroPython files in it."""
