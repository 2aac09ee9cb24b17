"""Rungs are configs, with a name of their own each."""

from __future__ import annotations

from pathlib import Path

from detector.config import Config, read_config
from detector.search.ladder_rungs import RungMaker, default_remedies, limited_sources
from detector.search.ladder_shapes import Shape
from detector.settings.shrink import Remedy
from tests.detector.search.ladder_world import make_config

SHAPE = Shape(8, (1, 2, 1), (72, 96))
DECAY = Remedy(name="decay", changes=("training.weight_decay=0.5",))


def test_a_rung_is_a_config_that_train_takes(tmp_path: Path) -> None:
    maker = RungMaker(make_config(), tmp_path)
    for rung in (maker.overfit(SHAPE, 3), maker.full("generalise", SHAPE, 3, [DECAY])):
        assert Config.parse(rung.config.to_dict()) == rung.config
        assert (rung.epochs, rung.config.input.size_hw, rung.config.model.backbone.depths) == (3, (72, 96), (1, 2, 1))
        assert rung.config.shrink is None and rung.config.export.max_loss == 1.0
        assert rung.name.startswith(f"{rung.phase}-w8-d1.2.1-72x96-conv-e3-")
    assert rung.config.training.weight_decay == 0.5 and rung.remedies == ("decay",)
    assert not rung.config.data.validation


def test_another_experiment_has_another_name_and_the_same_has_the_same(tmp_path: Path) -> None:
    maker, elsewhere = RungMaker(make_config(), tmp_path), RungMaker(make_config(), tmp_path / "moved")
    first = maker.full("generalise", SHAPE, 3)
    rungs = [
        first,
        maker.overfit(SHAPE, 3),
        maker.full("generalise", SHAPE, 4),
        maker.full("generalise", SHAPE, 3, [DECAY]),
        maker.full("generalise", SHAPE, 3, other=("weights", first)),
        maker.full("generalise", SHAPE, 3, other=("channels", first)),
        maker.full("generalise", SHAPE, 3, other=("teacher", first)),
        maker.full("generalise", Shape(12, (1, 2, 1), (72, 96)), 3),
    ]
    assert len({rung.name for rung in rungs}) == len(rungs)
    assert elsewhere.full("generalise", SHAPE, 3, other=("weights", first)).name == rungs[4].name
    seed = make_config().model_copy(update={"seed": 7})
    assert RungMaker(seed, tmp_path).full("generalise", SHAPE, 3).name != first.name


def test_what_a_rung_takes_from_another(tmp_path: Path) -> None:
    maker = RungMaker(make_config(), tmp_path)
    first = maker.full("generalise", SHAPE, 3)
    folder = str(tmp_path / "rungs" / first.name)
    weights, channels, teacher = [
        maker.full("down", SHAPE, 3, other=(start, first)).config for start in ("weights", "channels", "teacher")
    ]
    assert (weights.model.init_from, weights.model.prune) == (folder, False)
    assert (channels.model.init_from, channels.model.prune) == (folder, True)
    assert teacher.model.init_from is None and teacher.training.distil and teacher.training.distil.teacher == folder


def test_weights_of_another_width_are_not_begun_from(tmp_path: Path) -> None:
    config = read_config("cat-mask", ["training.freeze={epochs: 2}"])
    maker = RungMaker(config, tmp_path)
    own = Shape(16, (1, 1, 2, 2, 1), (128, 128))
    assert maker.full("generalise", own, 3).config.model.init_from == "cats"
    narrow = maker.full("generalise", Shape(8, (1, 1, 2, 2, 1), (128, 128)), 3).config
    assert narrow.model.init_from is None and narrow.training.freeze is None


def test_a_few_pictures_are_shared_out_by_weight() -> None:
    sources = limited_sources(read_config("cats").data.train, 64)
    assert [source["limit"] for source in sources] == [49, 5, 10]
    assert all(source["limit"] == 1 for source in limited_sources(read_config("cats").data.train, 1))


def test_remedies_of_any_config() -> None:
    assert [remedy.name for remedy in default_remedies(make_config())] == ["data", "augmentation", "regularisation"]
    data, _, last = default_remedies(make_config())
    assert data.changes == ("data.train.0.options.count=2000",)
    assert last.changes == ("model.backbone.dropout=0.1", "training.weight_decay=0.001")
    assert [remedy.name for remedy in default_remedies(read_config("membrane"))] == ["regularisation"]
