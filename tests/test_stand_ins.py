"""The stand-ins: the right format, reproducible, balanced, and neither random nor trivial."""

import time

import numpy as np
import pytest

from helpers.datasets import stand_ins

SHAPES = {"mnist": (28, 28, 1), "cifar10": (32, 32, 3)}
CIFAR10_CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


def draw(name, train=1000, test=500, seed=0):
    return getattr(stand_ins, name)(train, test, seed)


@pytest.fixture(scope="module", params=sorted(SHAPES))
def drawn(request):
    return request.param, draw(request.param)


def nearest_mean_accuracy(train_images, train_labels, test_images, test_labels):
    """How well the training images' mean of each class tells the test images apart."""
    means = np.stack([train_images[train_labels == label].mean(axis=0) for label in range(10)])
    distances = [np.square(test_images - mean).sum(axis=(1, 2, 3)) for mean in means]
    return np.mean(np.argmin(distances, axis=0) == test_labels)


def test_shapes_and_types(drawn):
    name, (train_images, train_labels, test_images, test_labels) = drawn
    assert train_images.shape == (1000, *SHAPES[name])
    assert test_images.shape == (500, *SHAPES[name])
    assert train_labels.shape == (1000,) and test_labels.shape == (500,)
    assert train_images.dtype == test_images.dtype == np.uint8
    assert train_labels.dtype == test_labels.dtype == np.int64


def test_images_use_the_range_of_values(drawn):
    _, (train_images, *_) = drawn
    assert train_images.min() == 0 and train_images.max() == 255
    assert train_images.std(axis=(1, 2, 3)).min() > 4, "an image is almost empty"


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("count", [0, 3, 25, 100])
def test_classes_are_balanced(name, count):
    _, train_labels, _, test_labels = draw(name, count, count)
    for labels in (train_labels, test_labels):
        counts = np.bincount(labels, minlength=10)
        assert len(counts) == 10 and counts.sum() == count and np.ptp(counts) <= 1


def test_classes_are_mixed(drawn):
    _, (_, train_labels, *_) = drawn
    assert len(set(train_labels[:30])) >= 8


@pytest.mark.parametrize("name", SHAPES)
def test_same_seed_same_data(name):
    first, second, other = draw(name, 60, 40), draw(name, 60, 40), draw(name, 60, 40, seed=1)
    for one, two in zip(first, second):
        np.testing.assert_array_equal(one, two)
    assert not np.array_equal(first[0], other[0]) and not np.array_equal(first[2], other[2])


@pytest.mark.parametrize("name", SHAPES)
def test_test_images_do_not_depend_on_the_number_of_training_images(name):
    np.testing.assert_array_equal(draw(name, 20, 40)[2], draw(name, 50, 40)[2])


def test_every_image_is_another(drawn):
    _, (train_images, _, test_images, _) = drawn
    everything = np.concatenate([train_images, test_images])
    assert len({image.tobytes() for image in everything}) == len(everything)


def test_mnist_has_no_original_in_both_parts():
    (train_originals, train_labels), (test_originals, test_labels) = stand_ins._digit_originals()
    assert len(train_originals) + len(test_originals) == 1797
    assert set(train_labels) == set(test_labels) == set(range(10))
    trained = {image.tobytes() for image in train_originals}
    assert not any(image.tobytes() in trained for image in test_originals)


def test_mnist_looks_like_mnist():
    images = draw("mnist")[0][..., 0] / 255
    # The mean and deviation of MNIST's own training images are 0.131 and 0.308.
    assert images.mean() == pytest.approx(0.131, abs=0.03)
    assert images.std() == pytest.approx(0.308, abs=0.04)
    assert images[:, [0, -1]].max() == 0, "a digit touches the edge"
    position = np.arange(28) - 13.5
    mass = images.sum(axis=(1, 2))
    for profile in (images.sum(axis=1), images.sum(axis=2)):
        assert np.abs(profile @ position / mass).max() < 2.5, "a digit is not centred by its mass"


def test_cifar10_draws_the_classes_in_order():
    drawn = [draw_class.__name__ for draw_class, *_ in stand_ins._OBJECTS]
    assert drawn == ["_" + name for name in CIFAR10_CLASSES]


def test_cifar10_is_neither_random_nor_trivial():
    accuracy = nearest_mean_accuracy(*draw("cifar10", 2000, 1000))
    assert 0.13 < accuracy < 0.40, "chance is 0.10"


def test_cifar10_background_does_not_give_the_class():
    """Scenes without objects, by the mean of each class: above chance, as in photographs, not far."""
    random = np.random.default_rng(0)
    labels = [stand_ins._balanced_labels(count, random) for count in (2000, 1000)]
    scenes = [stand_ins._scenes(part, random) for part in labels]
    assert nearest_mean_accuracy(scenes[0], labels[0], scenes[1], labels[1]) < 0.30


def test_mnist_is_learnable():
    assert nearest_mean_accuracy(*draw("mnist")) > 0.6, "chance is 0.1"


@pytest.mark.parametrize("name", SHAPES)
def test_drawing_is_fast(name):
    start = time.process_time()
    draw(name, 1000, 500)
    assert time.process_time() - start < 10, "takes below a second on a laptop"


# --- photographs ---


@pytest.fixture(scope="module")
def photographs():
    return {**stand_ins.t91_set5_set14(), **stand_ins.kodak()}


def test_photographs_have_the_format(photographs):
    counts = {}
    for name, pixels in photographs.items():
        assert pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3
        split = name.partition("_")[0]
        counts[split] = counts.get(split, 0) + 1
    assert counts == {"train": 91, "set5": 5, "set14": 13, "test": 5}
    assert len({pixels.tobytes() for pixels in photographs.values()}) == len(photographs), "two are the same"
    assert len({pixels.shape for pixels in photographs.values()}) > 50, "their sizes differ"


def test_photographs_for_testing_are_not_those_for_training(photographs):
    originals = {split: {name.partition("-")[2] for name in photographs if name.startswith(split)}
                 for split in ("train", "set5", "set14", "test")}
    assert not originals.pop("train") & set.union(*originals.values())


def test_photographs_are_not_empty_at_any_size():
    small = {**stand_ins.t91_set5_set14(24, 5, 4, size=96), **stand_ins.kodak(4, size=128)}
    for name, pixels in small.items():
        assert 72 <= min(pixels.shape[:2]) and max(pixels.shape[:2]) <= 128
        assert stand_ins._detail(pixels) > 1.5, name


def test_photographs_are_the_same_for_the_same_seed():
    first, second, other = (stand_ins.t91_set5_set14(4, 2, 1, 64, seed) for seed in (0, 0, 1))
    for name in first:
        np.testing.assert_array_equal(first[name], second[name])
    assert any(first[name].shape != other[name].shape for name in first)


def test_photographs_come_with_the_libraries(monkeypatch):
    """No photograph is downloaded: scikit-image keeps only some of its pictures in its own package."""
    import pooch

    def refuse(*_, **__):
        raise AssertionError("a download")

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", refuse)
    monkeypatch.setattr(pooch.core, "stream_download", refuse)
    monkeypatch.setattr(pooch.Pooch, "fetch", refuse)
    for name in (*stand_ins._TRAINING_PHOTOGRAPHS, *stand_ins._TEST_PHOTOGRAPHS):
        assert stand_ins._photograph(name).shape[2] == 3
