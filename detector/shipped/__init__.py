"""The models that come with the installation: NAME.tflite to use, NAME.keras to train further, NAME.md about it."""
