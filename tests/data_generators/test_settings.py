import pytest
from pydantic import ValidationError

from data_generators.settings import Settings, SettingsError


class Lens(Settings):
    focal_mm: float = 4.0
    """Focal length in mm."""


class Camera(Settings):
    lens: Lens = Lens()
    """The lens."""
    noise: int = 3
    """Standard deviation of a pixel."""


def test_parses_nested_values():
    assert Camera.parse({"lens": {"focal_mm": 2}, "noise": 1}) == Camera(lens=Lens(focal_mm=2.0), noise=1)


def test_unknown_key_offers_the_nearest_name():
    with pytest.raises(SettingsError, match=r"scene\.yaml is not valid:\n  nois: .*Did you mean `noise`\?"):
        Camera.parse({"nois": 1}, where="scene.yaml")


def test_a_key_that_is_a_part_of_several_names_offers_them_all():
    class Weights(Settings):
        class_weights: float = 1.0
        picture_weights: float = 1.0
        weigh: float = 1.0

    with pytest.raises(SettingsError, match=r"weights: there .* Did you mean `class_weights` or `picture_weights`\?"):
        Weights.parse({"weights": "balanced"})
    with pytest.raises(SettingsError, match=r"weighs: there .* Did you mean `weigh`\?"):
        Weights.parse({"weighs": 2})


def test_unknown_nested_key_is_named_with_its_path():
    with pytest.raises(SettingsError, match=r"lens\.focal_m: .*Did you mean `focal_mm`\?"):
        Camera.parse({"lens": {"focal_m": 1}})


def test_unknown_key_far_from_all_names_is_to_be_removed():
    with pytest.raises(SettingsError, match=r"zzzz: there is no such setting\. Remove it\."):
        Camera.parse({"zzzz": 1})


def test_every_wrong_key_is_listed():
    with pytest.raises(SettingsError, match=r"(?s)noise: .*Received 'much'.*lens\.focal_mm|lens\.focal_mm.*noise: "):
        Camera.parse({"noise": "much", "lens": {"focal_mm": "long"}})


def test_settings_are_frozen():
    with pytest.raises(ValidationError, match="frozen"):
        Camera().noise = 4


def test_fields_carry_their_docstrings():
    assert Camera.model_fields["noise"].description == "Standard deviation of a pixel."
