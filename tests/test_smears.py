"""BCCD and its stand-in: the format PASCAL VOC, images with boxes, and the rendered smear."""
import io
import os
import pathlib
import zipfile

import numpy as np
import pytest
from PIL import Image

from helpers import datasets
from helpers.datasets import BoxedImages, formats, objects, registry, smears
from helpers.datasets.registry import DatasetError

REAL = pathlib.Path(os.environ.get("COURSE_DATA") or pathlib.Path(__file__).parents[2] / "shared/datasets").expanduser()
THINGS = {"one": [("WBC", (3, 4, 20, 22)), ("RBC", (1, 1, 5, 6)), ("RBC", (7, 7, 7, 7))], "two": [],
          "three": [("Platelets", (2, 3, 9, 8))], "four": [("RBC", (0.5, 0, 24, 18))]}
SPLIT = {"train": ["one", "two"], "val": ["three"], "test": ["four"]}


def voc_files():
    """name -> bytes of a tiny data set in the folders of PASCAL VOC."""
    random, files = np.random.default_rng(0), {}
    for name, things in THINGS.items():
        stored = io.BytesIO()
        Image.fromarray(random.integers(0, 255, (18, 24, 3), dtype=np.uint8)).save(stored, format="JPEG")
        files[f"BCCD/JPEGImages/{name}.jpg"] = stored.getvalue()
        lines = "".join(f"<object><name>{kind}</name><difficult>0</difficult><bndbox>"
                        + "".join(f"<{side}>{number}</{side}>"
                                  for side, number in zip(("xmin", "ymin", "xmax", "ymax"), corners))
                        + "</bndbox></object>" for kind, corners in things)
        files[f"BCCD/Annotations/{name}.xml"] = f"<annotation><size/>{lines}</annotation>".encode()
    for split, names in SPLIT.items():
        files[f"BCCD/ImageSets/Main/{split}.txt"] = "".join(f"{name}\n" for name in names).encode()
    return files


@pytest.fixture
def tiny_bccd(tmp_path):
    files = voc_files()
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return [tmp_path / name for name in files]


def test_boxes_are_read_by_split_and_name(tiny_bccd):
    arrays = formats.read("bccd", tiny_bccd)
    found = objects.boxed_images(arrays)
    assert [split.names for split in found.values()] == [("one", "two"), ("three",), ("four",)]
    assert list(found) == ["train", "validation", "test"]
    train = found["train"]
    assert train.labels[0].tolist() == [1, 0] and train.boxes[0].tolist() == [[3, 4, 20, 22], [1, 1, 5, 6]]
    assert train.left_out == 1 and found["test"].left_out == 0, "a box without area is left out and counted"
    assert train.boxes[1].shape == (0, 4) and train.labels[1].shape == (0,)
    assert found["test"].boxes[0].tolist() == [[0.5, 0, 24, 18]]
    assert train.images.shape == (2, 18, 24, 3) and train.images.dtype == np.float32 and 0.9 < train.images.max() <= 1
    assert {train.boxes[0].dtype, train.labels[0].dtype, train.pixels.dtype} == {np.dtype(kind) for kind in
                                                                                   (float, np.int64, np.uint8)}


def test_folders_and_archive_give_the_same_arrays(tiny_bccd, tmp_path):
    with zipfile.ZipFile(tmp_path / "BCCD.zip", "w") as archive:
        archive.writestr("BCCD_Dataset-0123/README.md", b"not needed")
        for name, content in voc_files().items():
            archive.writestr(f"BCCD_Dataset-0123/{name}", content)
    packed = formats.read("bccd_archive", [tmp_path / "BCCD.zip"])
    assert formats.digest(packed) == formats.digest(formats.read("bccd", tiny_bccd))


@pytest.mark.parametrize("damaged, content, why", [
    ("Annotations/three.xml", b"<annotation><object>", "three|format bccd"),
    ("Annotations/three.xml", b"<a><object><name>cat</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax>"
                              b"<ymax>2</ymax></bndbox></object></a>", "format bccd"),
    ("ImageSets/Main/val.txt", b"five\n", "five stands in val.txt"),
])
def test_damaged_files_are_named(tiny_bccd, damaged, content, why):
    next(path for path in tiny_bccd if path.as_posix().endswith(damaged)).write_bytes(content)
    with pytest.raises(DatasetError, match=why):
        formats.read("bccd", tiny_bccd)


def test_class_names_are_those_of_the_reader():
    entry = registry.entry("bccd")
    assert entry.class_names == formats.CELLS and entry.kind == "boxes"
    assert len(entry.forms[1].files) == 3 + 2 * 364 and all(file.sha256 for file in entry.forms[1].files)


def test_boxed_images_of_ones_own():
    pixels = np.zeros((3, 4, 6, 3), np.uint8)
    mine = BoxedImages(pixels, [[[0, 0, 2, 2]], [], [[1, 1, 3, 3], [2, 2, 1, 3]]], [[1], [], [0, 2]])
    assert len(mine) == 3 and mine.names == ("0", "1", "2") and mine.left_out == 1
    assert [each.tolist() for each in mine.labels] == [[1], [], [0]] and "2 boxes" in repr(mine)
    again = mine.take(2, seed=1)
    assert again.names == mine.take(2, seed=1).names and len(again) == 2 and len(set(again.names)) == 2
    assert again.boxes[0].tolist() == mine.boxes[int(again.names[0])].tolist()
    with pytest.raises(ValueError, match="only 3 images"):
        mine.take(4)
    with pytest.raises(ValueError, match="3 images, 2 arrays of boxes"):
        BoxedImages(pixels, [[], []], [[], [], []])
    for boxes, labels in (([[0, 0, np.nan, 1]], [0]), ([[0, 0, 1, 1]], [0, 1])):
        with pytest.raises(ValueError, match="labels; the boxes must be finite"):
            BoxedImages(pixels[:1], [boxes], [labels])


def test_the_line_says_what_was_left_out(tiny_bccd, tmp_path, monkeypatch, capsys):
    files = tuple(registry.File(path.relative_to(tmp_path).as_posix()) for path in tiny_bccd)
    arrays = formats.read("bccd", tiny_bccd)
    entry = registry.Entry(name="bccd", title="BCCD", kind="boxes", description="", licence="", citation="",
                           forms=(registry.Form("bccd", files),), class_names=formats.CELLS,
                           content_sha256=formats.digest(arrays), stand_in={"train": 3, "smoke_train": 2})
    monkeypatch.setattr(registry, "entries", lambda: {"bccd": entry})
    monkeypatch.setenv("COURSE_BUDGET", "cpu")
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "mirror"))
    (tmp_path / "mirror").mkdir()
    (tmp_path / "BCCD").rename(tmp_path / "mirror/bccd_files")
    (tmp_path / "mirror/bccd").mkdir()
    (tmp_path / "mirror/bccd_files").rename(tmp_path / "mirror/bccd/BCCD")
    assert datasets.load("bccd").source == "mirror"
    said = capsys.readouterr().out
    assert said == ("BCCD (2 train, 1 validation, 1 test; 1 box without area left out): from the mirror in "
                    "COURSE_DATA.\n")


# --- the stand-in ---


def test_stand_in_has_the_format_of_the_dataset(monkeypatch, capsys):
    monkeypatch.setenv("COURSE_BUDGET", "smoke")
    data = datasets.load("bccd")
    assert data.source == "stand-in" and capsys.readouterr().out.count("\n") == 1
    assert data.class_names == ("RBC", "WBC", "Platelets") and list(data.splits) == ["train", "validation", "test"]
    for split in data.splits.values():
        assert split.images.shape[1:] == (192, 256, 3) and split.images.dtype == np.float32 and split.left_out == 0
        boxes, labels = np.concatenate(split.boxes), np.concatenate(split.labels)
        assert np.bincount(labels, minlength=3).min() > 0 and np.bincount(labels).argmax() == 0
        assert (boxes >= 0).all() and (boxes[:, 2] <= 256).all() and (boxes[:, 3] <= 192).all()
    assert len(data.train.take(1000)) == len(data.train), "a stand-in gives what it has"


def test_cells_have_the_sizes_of_the_real_ones():
    arrays = smears.bccd(12, 0, 0)
    boxes, labels = (np.concatenate([arrays[key] for key in arrays if key.endswith(kind)])
                     for kind in ("boxes", "labels"))
    wide = [np.median(boxes[labels == label, 2] - boxes[labels == label, 0]) for label in range(3)]
    assert wide == pytest.approx([105, 185, 40], rel=0.2)


def test_a_box_fits_its_cell_to_the_pixel():
    """Each cell alone on an empty smear: the darkened pixels end where the box does."""
    random = np.random.default_rng(0)
    for _ in range(20):
        taken = np.zeros((120, 160, 3), np.float32)
        outline = smears._Outline(random.uniform((10, 10), (110, 150)), random.uniform(12, 25), random, uneven=0.05)
        smears._stain(taken, outline, "platelet", 1.0)
        rows, columns = (np.flatnonzero(taken[..., 0].max(axis=axis) > 0.2) for axis in (1, 0))
        drawn = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
        np.testing.assert_allclose(outline.box((120, 160)), drawn, atol=1.01)


def test_the_same_seed_gives_the_same_smear():
    first, second, other = (smears.bccd(2, 1, 2, height=96, seed=seed) for seed in (0, 0, 1))
    more = smears.bccd(4, 1, 2, height=96)
    assert formats.digest(first) == formats.digest(second) != formats.digest(other)
    for key in first:
        np.testing.assert_array_equal(first[key], more[key])


# --- the real data, where there is a mirror of it ---


@pytest.mark.skipif(not (REAL / "bccd").is_dir(), reason="NO REAL DATA HERE: set COURSE_DATA to a mirror to test on it")
def test_real_bccd(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("COURSE_DATA", str(REAL))
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    monkeypatch.delenv("COURSE_BUDGET", raising=False)
    data = datasets.load("bccd", allow_stand_in=False)
    assert "2 boxes without area left out" in capsys.readouterr().out
    assert [len(split) for split in data.splits.values()] == [205, 87, 72]
    labels = np.concatenate([each for split in data.splits.values() for each in split.labels])
    assert np.bincount(labels).tolist() == [4153, 372, 361]
    assert data.test.images.shape == (72, 480, 640, 3) and data.test.names[0] == "BloodImage_00007"
