import xml.etree.ElementTree as ElementTree

from data_generators.real.box_writer import write_box_set
from data_generators.real.voc import VocSource
from data_generators.real.voc_writer import VocWriter
from tests.data_generators.real.boxes import TWO, Drawn, check_round_trip


def test_round_trip(tmp_path):
    check_round_trip(tmp_path / "out", VocWriter, lambda split: VocSource(tmp_path / "out", split), ignore=True)


def test_files_are_those_of_voc(tmp_path):
    lost = write_box_set({"": Drawn([TWO], ("dog", "cat", "bird"))}, tmp_path / "out", VocWriter)
    root = ElementTree.parse(tmp_path / "out" / "Annotations" / "000000.xml").getroot()
    assert [root.findtext(tag) for tag in ("filename", "size/width", "size/height", "size/depth")] == [
        "000000.png",
        "60",
        "40",
        "3",
    ]
    boxes = [[child.text for child in box] for box in root.iter("bndbox")]
    assert boxes == [["7", "9", "27", "28"], ["37", "13", "60", "36"]]
    flags = [[item.findtext(tag) for tag in ("name", "truncated", "difficult")] for item in root.iter("object")]
    assert flags == [["dog", "0", "0"], ["cat", "1", "1"]]
    assert not (tmp_path / "out" / "ImageSets").exists()
    assert lost == ["1 classes without an object: Pascal VOC has no list of classes (bird)."]
