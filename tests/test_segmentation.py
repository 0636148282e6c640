"""The yardsticks and pictures of the segmentation chapter, against keras.metrics and scikit-learn."""
import matplotlib
import numpy as np
import pytest
from sklearn.metrics import f1_score, jaccard_score

from helpers import metrics, plots

matplotlib.use("Agg")


def random_masks(seed, classes=5, void=True, absent=(), shape=(3, 13, 17)):
    """Truth and prediction that agree in about half of the pixels; `absent` classes are in neither."""
    random = np.random.default_rng(seed)
    there = [number for number in range(classes) if number not in absent]
    truth = random.choice(there, shape)
    predicted = np.where(random.random(shape) < 0.5, truth, random.choice(there, shape))
    if void:
        truth = np.where(random.random(shape) < 0.1, classes, truth)
    return truth, predicted


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("absent", [(), (2,), (0, 4)])
def test_scores_equal_keras_and_scikit_learn(seed, absent):
    import keras

    truth, predicted = random_masks(seed, absent=absent)
    scores = metrics.segmentation_scores(metrics.pixel_confusion(truth, predicted, 5, void=5))
    judged = truth != 5
    keras_mean = keras.metrics.MeanIoU(num_classes=5)
    keras_mean.update_state(truth[judged], predicted[judged])
    assert scores.mean_iou == pytest.approx(float(keras_mean.result()), abs=1e-6)
    there = [number for number in range(5) if number not in absent]
    flat = dict(y_true=truth[judged], y_pred=predicted[judged], labels=there, average=None)
    assert scores.iou[there] == pytest.approx(jaccard_score(**flat))
    assert scores.dice[there] == pytest.approx(f1_score(**flat))
    assert np.isnan(scores.iou[list(absent)]).all() and np.isnan(scores.dice[list(absent)]).all()
    assert scores.mean_dice == pytest.approx(f1_score(**{**flat, "average": "macro"}))
    assert scores.pixel_accuracy == pytest.approx(np.mean(truth[judged] == predicted[judged]))
    recall = [np.mean(predicted[truth == number] == number) for number in there]
    assert scores.mean_accuracy == pytest.approx(np.mean(recall))


def test_keras_ignores_the_same_void_pixels():
    import keras

    truth, predicted = random_masks(7)
    keras_mean = keras.metrics.MeanIoU(num_classes=6, ignore_class=5)
    keras_mean.update_state(truth, predicted)
    scores = metrics.segmentation_scores(metrics.pixel_confusion(truth, predicted, 5, void=5))
    assert scores.mean_iou == pytest.approx(float(keras_mean.result()), abs=1e-6)


def test_scores_by_hand():
    truth = np.array([[0, 0, 1], [0, 1, 1], [2, 2, 9]])
    predicted = np.array([[0, 1, 1], [0, 1, 1], [0, 2, 1]])
    confusion = metrics.pixel_confusion(truth, predicted, 3, void=9)
    assert confusion.tolist() == [[2, 1, 0], [0, 3, 0], [1, 0, 1]]
    scores = metrics.segmentation_scores(confusion)
    assert scores.iou == pytest.approx([2 / 4, 3 / 4, 1 / 2]) and scores.pixel_accuracy == pytest.approx(6 / 8)
    assert scores.dice == pytest.approx([4 / 6, 6 / 7, 2 / 3])
    assert scores.mean_accuracy == pytest.approx((2 / 3 + 1 + 1 / 2) / 3)


def test_perfect_wrong_and_unseen():
    truth = np.array([[0, 0], [1, 1]])
    perfect = metrics.segmentation_scores(metrics.pixel_confusion(truth, truth, 3))
    assert perfect.mean_iou == perfect.mean_dice == perfect.pixel_accuracy == 1 and np.isnan(perfect.iou[2])
    wrong = metrics.segmentation_scores(metrics.pixel_confusion(truth, np.full((2, 2), 2), 3))
    assert wrong.iou.tolist() == [0, 0, 0] and wrong.mean_iou == 0
    assert wrong.mean_accuracy == 0, "a class that no pixel has is not in the mean accuracy"


def test_confusions_of_pictures_add_up():
    truth, predicted = random_masks(3)
    parts = sum(metrics.pixel_confusion(each, found, 5, void=5) for each, found in zip(truth, predicted))
    assert np.array_equal(parts, metrics.pixel_confusion(truth, predicted, 5, void=5))


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="one shape"):
        metrics.pixel_confusion(np.zeros((2, 3), int), np.zeros((3, 2), int), 2)
    with pytest.raises(ValueError, match="class indices"):
        metrics.pixel_confusion(np.array([[0, 2]]), np.array([[0, 1]]), 2)
    with pytest.raises(ValueError, match="class indices"):
        metrics.pixel_confusion(np.array([[0, 1]]), np.array([[0, -1]]), 2)
    with pytest.raises(ValueError, match="something counted"):
        metrics.segmentation_scores(np.zeros((3, 3)))
    assert metrics.pixel_confusion(np.full((2, 2), 9), np.zeros((2, 2), int), 2, void=9).sum() == 0


# --- pictures ---

@pytest.fixture
def shown(monkeypatch):
    """What was shown: a list of (PNG, alternative text)."""
    found = []
    monkeypatch.setattr(plots, "_display", lambda png, alt, width: found.append((png, alt)))
    return found


NAMES = ("sky", "road", "car")


def test_masks_over_images_and_alone(shown):
    images = np.random.default_rng(0).random((2, 6, 8, 3)).astype(np.float32)
    truth = np.random.default_rng(1).integers(0, 4, (2, 6, 8))
    plots.masks(images, truth, NAMES, void=3, titles=["one", "two"], alt="Two masked images side by side.")
    plots.masks(None, truth, NAMES, void=3, alt="Two masks, drawn alone.")
    plots.masks([images[0], images[0, ..., :1], None], [None, truth[0], truth[1]], NAMES, void=3, alt="A mixture of all three.")
    assert [alt for _, alt in shown] == ["Two masked images side by side.", "Two masks, drawn alone.", "A mixture of all three."]


def test_colours_of_a_mask():
    mask = np.array([[0, 1], [2, 3]])
    picture = plots._masked(None, mask, 3, 3, 0.6)
    assert picture[1, 1].tolist() == [0, 0, 0] and len({tuple(each) for each in picture.reshape(-1, 3)}) == 4
    grey = np.full((2, 2, 3), 100, np.uint8)
    over = plots._masked(grey, mask, 3, 3, 0.6)
    assert over[1, 1].tolist() == [100, 100, 100], "void leaves the image clear"
    assert over[0, 0].tolist() == [int(0.4 * 100 + 0.6 * value) for value in picture[0, 0]]


def test_colours_of_masks_differ_in_the_greys():
    """Neighbouring entries of the palette are told apart by lightness where hue does not do it."""
    values = [[int(each[place:place + 2], 16) for place in (1, 3, 5)] for each in plots.MASK_COLOURS]
    assert len({tuple(each) for each in values}) == 12
    assert min(np.abs(np.subtract(a, b)).max() for i, a in enumerate(values) for b in values[:i]) > 30


def test_bad_masks_are_refused(shown):
    image = np.zeros((1, 4, 4, 3))
    with pytest.raises(ValueError, match="as many"):
        plots.masks(image, np.zeros((2, 4, 4), int), NAMES, alt="x")
    with pytest.raises(ValueError, match="indices of 3 classes"):
        plots.masks(image, np.full((1, 4, 4), 3), NAMES, alt="x")
    with pytest.raises(ValueError, match="its mask"):
        plots.masks(image, np.zeros((1, 4, 5), int), NAMES, alt="x")
    with pytest.raises(ValueError, match="alt"):
        plots.masks(image, np.zeros((1, 4, 4), int), NAMES)
