import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_generators.sample import Sample
from data_generators.sources import Source
from data_generators.splits import split_by_group

FRACTIONS = {"train": 0.7, "val": 0.3}


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
