import pytest

from data_generators.errors import DataError
from data_generators.real.xml_lines import elements, number_in, read_xml


def write(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


def test_elements_know_their_line(tmp_path):
    text = '<?xml version="1.0" encoding="latin-1"?>\n<a>\n <b x="1">Bär</b>\n\n <b\n  x="2"/></a>'
    root = read_xml(write(tmp_path / "a.xml", text, "latin-1"), "a", "Mend it.")
    assert [(item.line, item.get("x"), item.text) for item in elements(root, "b")] == [(3, "1", "Bär"), (5, "2", None)]


def test_what_is_something_else_is_refused(tmp_path):
    for text, message in {
        "<a><b></a>": r"is not XML \(mismatched tag: line 1",
        "<b/>": "expected <a>, got <b>",
    }.items():
        with pytest.raises(DataError, match=rf"a\.xml: .*{message}.* Mend it\."):
            read_xml(write(tmp_path / "a.xml", text), "a", "Mend it.")


def test_numbers_in_attributes_and_children(tmp_path):
    root = read_xml(write(tmp_path / "a.xml", '<a x="1.5"><y> 2 </y><z/></a>'), "a", "Mend it.")
    assert (number_in(root, "x", "a:1"), number_in(root, "y", "a:1")) == (1.5, 2)
    with pytest.raises(DataError, match=r"a:1: z must be a number\. Received ''\. Mend the file"):
        number_in(root, "z", "a:1")
