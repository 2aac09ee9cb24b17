"""What counts as the object while a clip of masks is cleaned."""

from __future__ import annotations

from pydantic import Field

from data_generators.settings import Positive, Settings, Share


class CleaningSettings(Settings):
    """How far an object may move and change from frame to frame. Lengths are shares of the square root of its area."""

    overlap: Share = 0.5
    """A region is kept where this share of it lies on the object's predicted place."""
    covered: Share = 0.5
    """A region is also kept where it covers this share of the predicted place, however far it reaches beyond."""
    reach: Positive = 0.05
    """What juts out of the predicted place is left alone up to this distance."""
    thickness: Positive = 0.035
    """Beyond that distance it is cut off where a disk of this radius fits into it: a thin leg is left alone."""
    blindness: float = Field(1.2, ge=1)
    """Without pictures its place is predicted less well: `reach` and `thickness` are multiplied by this."""
    jump: Share = 1.0
    """Where nothing is on the predicted place, a region of about its area is looked for up to this distance."""
    least_visible: Share = 0.1
    """Less of the object than this share of its last area counts as hidden."""
    occlusion: int = Field(15, ge=0)
    """The object is looked for in so many frames without it; after that it is lost, and all its regions are dropped."""
    drift: Positive = 0.03
    """While it is hidden, its predicted place grows by this distance a frame."""
    leave: tuple[int, ...] = ()
    """Values of the masks that are not touched. 255 beside other values in palette masks says ignore, and never is."""
