import yaml

from data_generators.real.box_writer import write_box_set
from data_generators.real.yolo import YoloSource
from data_generators.real.yolo_writer import YoloWriter
from tests.data_generators.real.boxes import EMPTY, TWO, Drawn, check_round_trip


def test_round_trip(tmp_path):
    check_round_trip(tmp_path / "out", YoloWriter, lambda split: YoloSource(tmp_path / "out", split), ignore=False)


def test_files_are_those_that_ultralytics_reads(tmp_path):
    lost = write_box_set({"": Drawn([TWO, EMPTY], ("dog", "cat", "bird"))}, tmp_path / "out", YoloWriter)
    data = yaml.safe_load((tmp_path / "out" / "data.yaml").read_text())
    assert data == {"train": "images/train", "names": {0: "dog", 1: "cat", 2: "bird"}}
    lines = (tmp_path / "out" / "labels" / "train" / "000000.txt").read_text().splitlines()
    rows = [[round(float(value), 6) for value in line.split()] for line in lines]
    assert rows == [[0, 0.275, 0.45, 0.35, 0.5], [1, 0.8, 0.6, 0.4, 0.6]]
    assert (tmp_path / "out" / "labels" / "train" / "000001.txt").read_text() == ""
    assert lost == ["1 ignore flags: YOLO has none, these objects now count as all others."]
