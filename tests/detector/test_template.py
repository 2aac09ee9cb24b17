"""Options of formats, written out: every one is there with its default and its meaning, nested ones too."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from data_generators.errors import DataError
from data_generators.formats import FORMATS, open_source
from data_generators.synthetic.documents import DocumentScenes, DocumentSettings
from detector.template import commented_options


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "cutouts"])
def test_the_text_holds_the_defaults_and_all_meanings(name: str) -> None:
    text, options = commented_options(name), FORMATS[name].options
    assert options.parse(yaml.safe_load(text) or {}) == options()
    spoken = " ".join(line.strip().removeprefix("#").strip() for line in text.splitlines() if "# " in line)
    for info in options.model_fields.values():
        assert " ".join(str(info.description).split()) in spoken
    assert all(len(line) <= 120 for line in text.splitlines() if "# " in line)
    assert ("It has no options." in text) == (not options.model_fields)
    assert ("[#SPLIT]" in text) == FORMATS[name].has_splits


def test_nested_options_have_their_meanings_too() -> None:
    text = commented_options("documents")
    assert "\nlow_contrast_share: 0.2\n" in text
    assert "\nlighting:\n" in text
    assert "\n  # Share of the scenes with the mirror of a lamp or a window on them.\n  glare_share: 0.1\n" in text


def test_the_text_is_a_file_of_settings(tmp_path: Path) -> None:
    path = tmp_path / "scenes.yaml"
    path.write_text(commented_options("documents").replace("glare_share: 0.1", "glare_share: 0.7"))
    source = open_source(f"documents:{path}#val")
    assert isinstance(source, DocumentScenes)
    assert source.settings.lighting.glare_share == 0.7
    assert source.settings.placement == DocumentSettings().placement


def test_an_option_that_must_be_given_shows_its_parts() -> None:
    text = commented_options("cutouts")
    assert set(yaml.safe_load(text)) == set(FORMATS["cutouts"].options.model_fields)
    assert yaml.safe_load(text)["objects"] == [{"source": None, "options": {}, "folder": None, "class_name": None}]
    assert "# A folder of RGBA pictures, in place of `source`" in text


def test_a_format_that_there_is_not() -> None:
    with pytest.raises(DataError, match=r"formats document: there is no format 'document'\. Did you mean documents\?"):
        commented_options("document")
