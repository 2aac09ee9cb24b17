"""Labelled pictures, drawn or read: the first floor of the house, which imports neither keras nor detector."""

import os

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # albumentations would ask the package index for news
