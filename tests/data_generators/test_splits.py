import logging
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_generators.errors import DataError
from data_generators.sample import Sample
from data_generators.sources import Source
from data_generators.splits import (
    SplitSettings,
    count_leaks,
    open_split,
    split_by_frame,
    split_by_group,
    split_by_time,
    warn_of_neighbours,
)

FRACTIONS = {"train": 0.7, "val": 0.3}


@contextmanager
def collected_warnings():
    """Messages of the module under test; hypothesis does not go with pytest's caplog."""
    messages, handler = [], logging.Handler(logging.WARNING)
    handler.emit = lambda record: messages.append(record.getMessage())
    logger = logging.getLogger("data_generators.splits")
    logger.addHandler(handler)
    try:
        yield messages
    finally:
        logger.removeHandler(handler)


class Grouped(Source):
    def __init__(self, groups):
        self._groups = list(groups)

    def __len__(self) -> int:
        return len(self._groups)

    def sample(self, index: int) -> Sample:
        raise NotImplementedError

    def groups(self) -> list[str]:
        return self._groups

    def content(self):
        return self._groups


def clips(count):
    return Grouped(f"clip {index // 3}" for index in range(count))


@given(st.integers(0, 50))
def test_no_group_is_in_two_parts_and_no_sample_is_lost(seed):
    source = clips(300)
    parts = split_by_group(source, {**FRACTIONS, "val": 0.2, "test": 0.1}, seed)
    groups = [set(part.groups()) for part in parts.values()]
    assert sum(map(len, parts.values())) == 300
    assert sum(map(len, groups)) == len(set.union(*groups)) == 100


def test_fractions_hold_on_average():
    parts = split_by_group(clips(30000), FRACTIONS, seed=5)
    assert len(parts["train"]) / 30000 == pytest.approx(0.7, abs=0.02)


def test_groups_stay_where_they_are_when_samples_are_added():
    before, after = (split_by_group(clips(count), FRACTIONS, seed=1) for count in (60, 120))
    assert set(before["val"].groups()) <= set(after["val"].groups())
    assert set(before["train"].groups()) <= set(after["train"].groups())


def test_another_seed_gives_another_split():
    first, second = (split_by_group(clips(120), FRACTIONS, seed)["val"].groups() for seed in (1, 2))
    assert first != second


def test_one_part_takes_everything():
    assert len(split_by_group(clips(9), {"all": 1.0})["all"]) == 9


def test_an_empty_part_is_refused():
    message = "leaves val without a sample: 1 groups in 3 samples|leaves train without a sample"
    with pytest.raises(ValueError, match=message):
        split_by_group(clips(3), FRACTIONS)


@pytest.mark.parametrize("fractions", [{}, {"train": 0.7}, {"train": 1.2, "val": -0.2}, {"train": 0.8, "val": 0.8}])
def test_fractions_must_add_up_to_one(fractions):
    with pytest.raises(ValueError, match="greater than 0 and add up to 1"):
        split_by_group(clips(30), fractions)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=6), st.integers(0, 15))
def test_parts_of_a_clip_follow_each_other_with_a_gap_between(lengths, gap):
    source = Grouped(f"clip {number}" for number, length in enumerate(lengths) for _ in range(length))
    try:
        parts = split_by_time(source, FRACTIONS, gap)
    except ValueError:
        assert all(round(0.7 * (length - gap)) < 1 or length - gap < 2 for length in lengths)
        return
    train, val = (np.array(part._indices) for part in parts.values())
    groups = np.array(source.groups())
    for number, length in enumerate(lengths):
        group = f"clip {number}"
        mine, its = train[groups[train] == group], val[groups[val] == group]
        assert len(mine) and mine.tolist() == list(range(mine[0], mine[0] + len(mine)))
        assert len(mine) + len(its) == (length - gap if len(its) else length)
        if len(its):
            assert its[0] - mine[-1] == gap + 1 and its.tolist() == list(range(its[0], its[0] + len(its)))


@given(st.integers(0, 50), st.integers(1, 30))
def test_single_frames_are_warned_of_with_the_number_that_leaks(seed, length):
    """Every frame is in one part; the leak is counted anew, frame by frame."""
    source = Grouped(f"clip {index // length}" for index in range(60))
    with collected_warnings() as messages:
        parts = split_by_frame(source, FRACTIONS, seed)
    assert sorted([*parts["train"]._indices, *parts["val"]._indices]) == list(range(60))
    leaking = sum(group in parts["train"].groups() for group in parts["val"].groups())
    assert leaking == count_leaks(parts["train"], parts["val"])
    wanted = f"{leaking} of {len(parts['val'])} samples of val leak: train holds others of their group"
    assert [message.startswith(wanted) for message in messages] == [True] * bool(leaking)
    assert leaking or length == 1


def test_one_clip_is_split_by_time_unless_another_way_is_asked_for():
    source = Grouped(["camel"] * 90)
    parts = {split: open_split(source, split, SplitSettings(), "davis:camel") for split in ("train", "val")}
    assert parts["train"]._indices == list(range(64)) and parts["val"]._indices == list(range(74, 90))
    with pytest.raises(DataError, match=r"davis:camel: it cannot be split: .*leaves (train|val) .*split by time"):
        open_split(source, "val", SplitSettings(split_by="group"), "davis:camel")
    with pytest.raises(DataError, match=r"it cannot be split: The split leaves val without a sample: 1 groups in 90"):
        open_split(source, "val", SplitSettings(split_gap=89), "davis:camel")


def test_several_clips_stay_whole_and_other_splits_are_refused():
    parts = [open_split(clips(60), split, SplitSettings(val_share=0.5), "masks:cats") for split in ("train", "val")]
    assert not count_leaks(*parts) and sum(map(len, parts)) == 60
    with pytest.raises(DataError, match=r"masks:cats: there is no split 'test'\. Splits there are: train, val; they"):
        open_split(clips(60), "test", SplitSettings(), "masks:cats")


def neighbours_warned_of(names, settings=None):
    """Messages while #train and #val of samples with these names, each its own group, are opened; and both."""
    with collected_warnings() as messages:
        parts = [
            open_split(Grouped(names), split, settings or SplitSettings(), "masks:a") for split in ("train", "val")
        ]
    return messages, parts


@pytest.mark.parametrize("name", ["frame_{:03d}", "{}.png", "clip/5x{:05d}.jpeg", "cat.{}"])
@pytest.mark.parametrize("step", [1, 5])
def test_numbered_names_that_nobody_grouped_are_warned_of_once_and_split_as_before(name, step):
    names = [name.format(step * number) for number in range(40)]
    messages, (train, val) = neighbours_warned_of(names)
    assert [part.groups() for part in (train, val)] == [
        part.groups() for part in split_by_group(Grouped(names), {"train": 0.8, "val": 0.2}).values()
    ]
    held = {names.index(group) for group in val.groups()}
    beside = sum(bool({number - 1, number + 1} & set(range(40)) - held) for number in held)
    [message] = messages
    assert message.startswith(f"masks:a: the names are numbered like frames ({names[0]}, {names[1]}), and each is")
    assert f"{beside} of {len(val)} samples of val lie beside one of train" in message and "group_pattern" in message


def test_names_without_a_row_and_clips_are_not_warned_of():
    sparse = [f"Abyssinian_{number + number // 2}" for number in range(40)]  # every third one is missing
    words = [f"{chr(97 + number % 26)}{number // 26}_photo" for number in range(40)]
    assert neighbours_warned_of(sparse)[0] == neighbours_warned_of(words)[0] == []
    with collected_warnings() as messages:
        parts = split_by_group(Grouped(f"clip {index // 9}" for index in range(99)), FRACTIONS, seed=2)
        warn_of_neighbours(*parts.values(), "davis:a")
    assert messages == []


def test_frames_taken_by_chance_are_warned_of_where_each_is_its_own_group():
    names = [f"frame_{number}" for number in range(40)]
    assert len(neighbours_warned_of(names, SplitSettings(split_by="frame"))[0]) == 1
