"""What a scene of cut-out objects may look like: where objects and backgrounds come from, and how they are joined."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from data_generators.files import expand_variables
from data_generators.settings import PositiveRange, Settings, Share, ordered
from data_generators.synthetic.document_settings import Side
from data_generators.synthetic.lighting import LightingSettings

Count = Annotated[int, Field(ge=1, le=20)]
Weight = Annotated[float, Field(ge=0)]
Folder = Annotated[Path, AfterValidator(lambda path: Path(expand_variables(str(path))))]


class ObjectsSettings(Settings):
    """Where objects to cut out come from: a source with masks, or a folder of pictures with an alpha channel."""

    source: str | None = None
    """A source with masks, e.g. `trimaps:PATH#train`; of each picture the largest object is cut out. The splits of the
    scenes share its groups out, 80/10/10; what its other splits hold is in none of them."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Options of that source."""
    folder: Folder | None = None
    """A folder of RGBA pictures, in place of `source`; transparent is what does not belong to the object."""
    class_name: str | None = None
    """Class of the objects in `folder`; none: the name of the folder that each picture lies in."""

    @model_validator(mode="after")
    def _check_one(self) -> ObjectsSettings:
        if (self.source is None) == (self.folder is None):
            raise ValueError("give either `source`, e.g. trimaps:PATH, or `folder`, with RGBA pictures")
        return self


class BackgroundSettings(Settings):
    """How often each kind of background comes, as weights; a kind for which there is nothing is left out."""

    inhabited: Weight = 1.0
    """The photo of another object, which stays in it and is labelled; not for scenes without an object."""
    part: Weight = 1.0
    """A part of the photo of an object that shows nothing of it."""
    photo: Weight = 1.5
    """A photo of the folders `backgrounds`."""
    drawn: Weight = 1.0
    """A drawn surface, desk or room with things that lie about."""


class CutoutSettings(Settings):
    """Scenes of cut-out objects on other backgrounds."""

    objects: tuple[ObjectsSettings, ...] = Field(min_length=1)
    """Where the objects come from; each picture is as likely as any other."""
    backgrounds: tuple[Folder, ...] = ()
    """Folders of photos that show no object of these classes; shared out to the splits."""
    background_kinds: BackgroundSettings = BackgroundSettings()
    """How often each kind of background comes."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Other seeds give other scenes."""
    count: Annotated[int, Field(ge=1)] = 10000
    """Number of scenes; more of them leave the first ones as they are."""
    size_hw: tuple[Side, Side] = (200, 200)
    """Height and width of a scene in pixels, a little more than the network sees, so that augmentation can crop."""
    negative_share: Share = 0.15
    """Share of scenes without an object."""
    objects_per_picture: Annotated[tuple[Count, Count], AfterValidator(ordered)] = (1, 3)
    """Least and most objects pasted into a scene; few come more often."""
    size: PositiveRange = (0.15, 0.95)
    """Side of an object, the root of the area of its box, as a share of the frame's, drawn on a log scale."""
    largest_zoom: Annotated[float, Field(gt=0)] = 1.3
    """How far a photo may be enlarged; an object that would need more is pasted smaller."""
    overlap: Share = 0.5
    """Share of the smaller of two boxes that may lie in the other; where there is no such place, an object is left
    out."""
    least_visible: Share = 0.25
    """An object of which a smaller share is seen, what the border cuts off counted too, is to be ignored."""
    cut_off_share: Share = 0.2
    """Share of the objects that the border of the scene cuts off, beside those that their own photo cut off."""
    mirror: bool = True
    """Whether half of the objects are mirrored."""
    rotation_deg: Annotated[float, Field(ge=0, le=45)] = 8.0
    """Standard deviation of the objects' turn."""
    recolour_share: Share = 0.35
    """Share of the objects that are greyer, darker or paler than they were: so tabbies give black, grey and cream."""
    light_matching: Annotated[tuple[Share, Share], AfterValidator(ordered)] = (0.4, 0.95)
    """How far brightness and tint of an object follow from its old surroundings to the new ones; least and most."""
    blur_matching: Share = 0.8
    """Share of the objects that are blurred where they are sharper than what lies around them."""
    shadow_share: Share = 0.7
    """Share of the objects with a shadow on the ground."""
    distractor_share: Share = 0.15
    """Share of the objects with a thing before them, over an edge."""
    lighting: LightingSettings = LightingSettings(
        unevenness=0.5, exposure=0.5, outside_shadow_share=0.1, glare_share=0.03, flash_share=0.03, folds=0
    )
    """Light that falls on object and background together."""
