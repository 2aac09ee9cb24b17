"""The head `presence`: is there an object in the picture?"""

from detector_tensors import presence_of


def decode(head, outputs):
    """`presence` from 0 to 1, and `present`."""
    return presence_of(head, outputs)
