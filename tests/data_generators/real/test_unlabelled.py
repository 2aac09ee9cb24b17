import numpy as np
import pytest

from data_generators.errors import DataError
from data_generators.formats import open_source
from data_generators.images import write_image
from data_generators.real.negatives import NegativesSource
from data_generators.real.unlabelled import UnlabelledSource
from data_generators.vocabulary import in_vocabulary


@pytest.fixture
def folder(tmp_path):
    for name in ("b.png", "rooms/a.jpg"):
        write_image(tmp_path / name, np.zeros((40, 60, 3), np.uint8))
    return tmp_path


def test_nobody_has_looked_at_the_pictures(folder):
    source = open_source(f"images:{folder}")
    sample = source.sample(1)
    assert (len(source), sample.size_hw) == (2, (40, 60))
    assert not sample.has
    assert not source.labelled_classes
    assert in_vocabulary(source, ["cat", "dog"]).sample(0).unlabelled == {0, 1}


def test_each_picture_is_its_own_group_and_names_its_file(folder):
    source = UnlabelledSource(folder)
    assert source.groups() == ["b.png", "rooms/a.jpg"] == [source.sample(index).group for index in range(2)]
    assert source.sample(1).origin == str(folder / "rooms" / "a.jpg")


def test_its_samples_are_others_than_those_of_negatives(folder):
    assert UnlabelledSource(folder).fingerprint() != NegativesSource(folder).fingerprint()


def test_a_folder_that_is_not_there_is_named():
    with pytest.raises(DataError, match=r"no/such: .*it is not there"):
        open_source("images:no/such", on_error="skip")
