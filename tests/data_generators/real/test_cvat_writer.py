import xml.etree.ElementTree as ElementTree

from data_generators.real.box_writer import write_box_set
from data_generators.real.cvat import CvatSource
from data_generators.real.cvat_writer import CvatWriter
from tests.data_generators.real.boxes import EMPTY, TWO, Drawn, check_round_trip


def test_round_trip(tmp_path):
    check_round_trip(tmp_path / "out", CvatWriter, lambda split: CvatSource(tmp_path / "out", split), ignore=True)


def test_the_file_is_that_of_cvat(tmp_path):
    lost = write_box_set({"": Drawn([TWO, EMPTY], ("dog", "cat", "bird"))}, tmp_path / "out", CvatWriter)
    root = ElementTree.parse(tmp_path / "out" / "annotations.xml").getroot()
    assert [label.findtext("name") for label in root.iterfind("meta/task/labels/label")] == ["dog", "cat", "bird"]
    assert [dict(image.attrib) for image in root.iterfind("image")] == [
        {"id": "0", "name": "000000.png", "width": "60", "height": "40"},
        {"id": "1", "name": "000001.png", "width": "20", "height": "30"},
    ]
    boxes = [[box.get(side) for side in ("label", "xtl", "ytl", "xbr", "ybr")] for box in root.iter("box")]
    assert boxes == [
        ["dog", "6.0000", "8.0000", "27.0000", "28.0000"],
        ["cat", "36.0000", "12.0000", "60.0000", "36.0000"],
    ]
    assert [box.findtext("attribute") for box in root.iter("box")] == ["false", "true"]
    assert lost == []
