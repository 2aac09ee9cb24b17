"""Small Keras networks for corners, boxes and masks, from labelled pictures or drawn scenes to the device.

`detector.api` has the verbs of the command line as functions.
"""

__version__ = "0.1.0"
