"""CamVid, ISBI 2012 and the style images: their readers, and the stand-ins drawn for them."""
import os
import pathlib

import numpy as np
import pytest
from PIL import Image

from helpers import datasets
from helpers.datasets import formats, registry, scenes
from helpers.datasets.registry import DatasetError

ROOT = pathlib.Path(__file__).resolve().parents[1]
REAL = pathlib.Path(os.environ.get("COURSE_DATA") or ROOT.parent / "shared" / "datasets")
NAMES = ("camvid", "isbi2012", "style-images")


def real(name):
    return pytest.mark.skipif(not (REAL / name).is_dir(), reason=f"no mirror with the real {name}")


# --- readers ---

@pytest.fixture
def tiny_camvid(tmp_path):
    """Two pictures of 4x6 pixels for each split, and their classes; returns the paths, in no useful order."""
    random, paths = np.random.default_rng(0), []
    for folder in ("train", "val", "test"):
        for number in (2, 1):
            for kind, pixels in (("", random.integers(0, 256, (4, 6, 3))), ("annot", random.integers(0, 12, (4, 6)))):
                path = tmp_path / (folder + kind) / f"{folder}_{number}.png"
                path.parent.mkdir(exist_ok=True)
                Image.fromarray(pixels.astype(np.uint8)).save(path)
                paths.append(path)
    return paths


def test_camvid_is_read_by_split_and_name(tiny_camvid):
    arrays = formats.read("camvid", tiny_camvid)
    assert list(arrays["validation_names"]) == ["val_1", "val_2"]
    assert arrays["train_images"].shape == (2, 4, 6, 3) and arrays["train_images"].dtype == np.uint8
    first = next(path for path in tiny_camvid if path.name == "train_1.png" and path.parent.name == "trainannot")
    assert np.array_equal(arrays["train_masks"][0], np.asarray(Image.open(first)))
    assert arrays["train_masks"].dtype == np.int64


def test_camvid_without_a_mask_says_where(tiny_camvid):
    left = [path for path in tiny_camvid if path.parent.name != "valannot"]
    with pytest.raises(DatasetError, match="val and the classes in valannot"):
        formats.read("camvid", left)


def test_a_damaged_mask_is_named(tiny_camvid):
    tiny_camvid[1].write_bytes(tiny_camvid[1].read_bytes()[:40])
    with pytest.raises(DatasetError, match=f"{tiny_camvid[1].name}.*damaged"):
        formats.read("camvid", tiny_camvid)


def test_a_coloured_mask_is_refused(tiny_camvid):
    Image.new("RGB", (6, 4)).save(tiny_camvid[1])
    with pytest.raises(DatasetError, match="no picture of one channel"):
        formats.read("camvid", tiny_camvid)


def test_isbi_slices_are_in_order_and_membranes_are_one(tmp_path):
    paths = []
    for number in (10, 2):
        for folder, value in (("image", number), ("label", 255)):
            (tmp_path / folder).mkdir(exist_ok=True)
            paths.append(tmp_path / folder / f"{number}.png")
            pixels = np.full((3, 5), value, np.uint8)
            pixels[0] = 0
            Image.fromarray(pixels).save(paths[-1])
    arrays = formats.read("isbi2012", paths)
    assert list(arrays["train_names"]) == ["slice-02", "slice-10"]
    assert arrays["train_images"].shape == (2, 3, 5, 1) and arrays["train_images"][1, 2, 0, 0] == 10
    assert arrays["train_masks"][0].tolist() == [[1] * 5, [0] * 5, [0] * 5]


def test_style_images_are_named_by_folder(tmp_path):
    (tmp_path / "style").mkdir()
    Image.new("RGB", (5, 4), (1, 2, 3)).save(tmp_path / "style" / "blue_stroke.png")
    arrays = formats.read("style_images", [tmp_path / "style" / "blue_stroke.png"])
    assert arrays["style_blue_stroke"].shape == (4, 5, 3)


# --- stand-ins ---

@pytest.mark.parametrize("name", NAMES)
def test_stand_ins_have_the_format_of_the_dataset(name, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_BUDGET", "smoke")
    data = datasets.load(name)
    assert data.source == "stand-in" and "stand-in" in capsys.readouterr().out
    for split in data.splits.values():
        if hasattr(split, "masks"):
            assert split.masks.shape == split.images.shape[:3] and split.masks.dtype == np.int64
            assert split.masks.min() >= 0 and split.masks.max() <= len(data.class_names)
            assert split.take(3).masks.shape == split.take(3).images.shape[:3]


def test_every_class_of_the_street_is_in_every_split():
    arrays = scenes.camvid(train=12, validation=8, test=8, height=96, width=128)
    for split in ("train", "validation", "test"):
        assert set(np.unique(arrays[f"{split}_masks"])) == set(range(12))
    share = np.bincount(arrays["train_masks"].ravel(), minlength=12) / arrays["train_masks"].size
    assert share[scenes.STREET_CLASSES.index("road")] > 10 * share[scenes.STREET_CLASSES.index("pole")]


@pytest.mark.parametrize("draw", [
    lambda seed: scenes.camvid(1, 1, 1, 60, 80, seed=seed), lambda seed: scenes.isbi2012(2, 64, seed=seed),
    lambda seed: scenes.style_images(48, seed=seed)])
def test_stand_ins_follow_from_their_seed(draw):
    once, again, other = draw(3), draw(3), draw(4)
    assert formats.digest(once) == formats.digest(again) != formats.digest(other)


def test_membranes_are_thin_dark_and_not_found_by_a_threshold():
    arrays = scenes.isbi2012(train=2, size=256)
    pictures, masks = arrays["train_images"][..., 0].astype(float), arrays["train_masks"]
    assert 0.1 < masks.mean() < 0.3
    assert pictures[masks == 1].mean() < pictures[masks == 0].mean() - 40
    errors = [np.mean((pictures < threshold) != masks) for threshold in range(20, 220, 10)]
    assert 0.02 < min(errors) < masks.mean(), "neither trivial nor hopeless"


def test_the_painted_styles_differ():
    arrays = scenes.style_images(size=96)
    means = {name: pixels.reshape(-1, 3).mean(axis=0) for name, pixels in arrays.items() if name.startswith("style_")}
    assert len(means) == 4 and sum(name.startswith("content_") for name in arrays) == 3
    for name, mean in means.items():
        assert all(np.abs(mean - other).max() > 15 for each, other in means.items() if each != name)
    assert all(max(pixels.shape) == pytest.approx(96, abs=20) for pixels in arrays.values())


# --- the registry, and the real data ---

def test_registry_names_every_file():
    camvid, isbi, style = (registry.entry(name) for name in NAMES)
    assert [len(entry.forms[0].files) for entry in (camvid, isbi, style)] == [200, 60, 7]
    assert all(file.sha256 for entry in (camvid, isbi, style) for file in entry.forms[0].files)
    url, = camvid.forms[0].urls(camvid.forms[0].addresses[0], camvid.forms[0].files[0])
    assert url.endswith("/CamVid/test/0001TP_008550.png")


@real("camvid")
def test_real_camvid(monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(REAL))
    data = datasets.load("camvid", allow_stand_in=False)
    assert [len(data.splits[name]) for name in ("train", "validation", "test")] == [60, 20, 20]
    assert data.test.images.shape == (20, 360, 480, 3) and data.test.names[0] == "0001TP_008550"
    share = np.bincount(data.train.masks.ravel(), minlength=12) / data.train.masks.size
    assert share[:11].argmax() == data.class_names.index("road") and 0.01 < share[11] < 0.06


@real("isbi2012")
def test_real_isbi(monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(REAL))
    data = datasets.load("isbi2012", allow_stand_in=False)
    assert data.train.images.shape == (30, 512, 512, 1) and 0.2 < data.train.masks.mean() < 0.25
    inside = data.train.images[..., 0][data.train.masks == 0].mean()
    assert inside > data.train.images[..., 0][data.train.masks == 1].mean() + 0.1, "membranes are dark"


@real("style-images")
def test_real_style_images(monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(REAL))
    data = datasets.load("style-images", allow_stand_in=False)
    assert data.content.names == ("kodim19", "kodim23", "tubingen")
    assert data.style.names == ("great_wave", "shipwreck_turner", "starry_night", "the_scream")
