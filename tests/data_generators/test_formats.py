import numpy as np
import pytest

from data_generators.errors import DataError
from data_generators.formats import FORMATS, open_source
from data_generators.images import write_image
from data_generators.real.labelme_writer import write_labelme
from data_generators.settings import Settings, SettingsError

ROW = "0.2,0.1,0.9,0.2,0.8,0.9,0.1,0.8"


@pytest.fixture
def photos(tmp_path):
    """A corner CSV folder whose name has a colon and a hash in it."""
    folder = tmp_path / "my:photos #1"
    for name in ("a.png", "b.png"):
        write_image(folder / "images" / name, np.zeros((40, 60, 3), np.uint8))
    header = "image,split,tl_x,tl_y,tr_x,tr_y,br_x,br_y,bl_x,bl_y"
    (folder / "corners.csv").write_text(f"{header}\na.png,train,{ROW}\nb.png,val,{ROW}\n")
    return folder


def test_corners_with_and_without_a_split(photos):
    assert len(open_source(f"corners:{photos}#")) == 2
    assert open_source(f"corners:{photos}#val").groups() == ["b.png"]


def test_options_of_the_format(photos):
    source = open_source(f"corners:{photos}#", corner_order="object", class_name="invoice")
    assert (source.corner_order, source.class_names) == ("object", ("invoice",))


def test_labelme(tmp_path, sample):
    write_image(tmp_path / "a.png", sample.image)
    write_labelme(sample, tmp_path / "a.json", "a.png", ("form", "page"))
    assert open_source(f"labelme:{tmp_path}").class_names == ("form", "page")


def test_negatives_and_marked(photos):
    assert len(open_source(f"negatives:{photos}/images#", class_name="cat")) == 2
    halves = [open_source(f"negatives:{photos}/images#{split}", val_share=0.5).groups() for split in ("train", "val")]
    assert sorted(halves[0] + halves[1]) == sorted(open_source(f"negatives:{photos}/images#").groups())
    assert open_source(f"marked:{photos}/images#", tolerance=40).corner_order == "object"


@pytest.mark.parametrize("name", ["corners", "negatives", "marked"])
def test_on_error_reaches_every_format(photos, name):
    path = f"{photos}#" if name == "corners" else f"{photos}/images#"
    assert open_source(f"{name}:{path}", on_error="skip").on_error == "skip"
    assert open_source(f"{name}:{path}").on_error == "raise"


def test_documents_need_no_path():
    source = open_source("documents:", on_error="skip", count=3)
    assert len(source) == 3
    assert source.sample(0).group in source.groups()
    assert source.on_error == "skip"


def test_documents_read_settings_which_options_override(tmp_path):
    (tmp_path / "scenes.yaml").write_text("count: 7\nseed: 5\n")
    assert len(open_source(f"documents:{tmp_path}/scenes.yaml")) == 7
    assert len(open_source(f"documents:{tmp_path}/scenes.yaml", count=2)) == 2


def test_splits_of_documents_share_no_page_and_no_scene():
    sources = [open_source(f"documents:{split}", count=200) for split in ("#train", "#val", "#test", "")]
    groups = [set(source.groups()) for source in sources]
    assert len(set.union(*groups)) == sum(map(len, groups))
    assert (sources[0].sample(0).image != sources[1].sample(0).image).any()


def test_splits_of_documents_share_no_template(tmp_path):
    for name in "abc":
        write_image(tmp_path / f"{name}.png", np.full((60, 40, 3), 250, np.uint8))
    options = {"count": 50, "templates": str(tmp_path), "negative_share": 0}
    groups = [set(open_source(f"documents:{split}", **options).groups()) for split in ("#train", "#val", "#test", "")]
    assert [len(names) for names in groups] == [1, 1, 1, 3]
    assert set.union(*groups[:3]) == groups[3]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("corner:photos", r"there is no format 'corner'\. Did you mean corners\? Formats: .*corners, .*documents, "),
        ("C:\\photos", r"there is no format 'C'\. (Did .*)?Formats: .*corners"),
        ("photos", r"photos: expected FORMAT:PATH\[#SPLIT\], but there is no colon\. Formats:"),
        ("corners", "there is no colon"),
        ("corners:", "the path is missing. Write corners:PATH, where PATH is a folder with corners.csv"),
        ("corners:no/such", r"no/such: expected a folder with corners\.csv and images/, but it is not there"),
        ("labelme:no/such", "it is not there"),
        ("marked:no/such", "it is not there"),
        ("negatives:no/such", "it is not there"),
        ("images:rooms#val", "the format images has no splits. Leave #val out"),
        ("documents:no/such.yaml", r"no/such\.yaml: the file cannot be read: .* leave it empty for defaults"),
        ("documents:#vla", r"there is no split 'vla'\. Splits there are: train, val, test"),
    ],
)
def test_what_cannot_be_opened_says_why(text, message):
    with pytest.raises(DataError, match=message):
        open_source(text)


@pytest.mark.parametrize(
    ("content", "message"), [("- 1", "expected a mapping of settings, got list"), ("a: [", "YAML")]
)
def test_settings_file_that_is_none(tmp_path, content, message):
    (tmp_path / "scenes.yaml").write_text(content)
    with pytest.raises(DataError, match=rf"scenes\.yaml: .*{message}"):
        open_source(f"documents:{tmp_path}/scenes.yaml")


def test_unknown_option_offers_the_nearest(photos):
    with pytest.raises(SettingsError, match=r"(?s)options of corners:.*clas_name: .*Did you mean `class_name`\?"):
        open_source(f"corners:{photos}#", clas_name="invoice")


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_says_what_it_is_and_documents_its_options(name):
    entry = FORMATS[name]
    assert entry.summary
    assert issubclass(entry.options, Settings)
    assert all(field.description for field in entry.options.model_fields.values())


def test_real_folder(real_data):
    assert len(open_source(f"corners:{real_data}/corners_sudoku_pages#train")) == 80
