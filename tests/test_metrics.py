"""The yardsticks against reference implementations."""
import numpy as np
import pytest
import sklearn.metrics

from helpers import metrics


@pytest.mark.parametrize("seed", range(5))
def test_accuracy_and_confusion_match_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    labels, answers = rng.integers(0, 7, 300), rng.integers(0, 7, 300)
    assert metrics.accuracy(labels, answers) == pytest.approx(sklearn.metrics.accuracy_score(labels, answers))
    expected = sklearn.metrics.confusion_matrix(labels, answers, labels=range(7))
    assert np.array_equal(metrics.confusion_matrix(labels, answers, 7), expected)


def test_accuracy_takes_scores():
    scores = np.array([[0.1, 0.9], [0.8, 0.2], [0.4, 0.6]])
    assert metrics.accuracy([1, 0, 0], scores) == pytest.approx(2 / 3)


def test_absent_classes_and_empty_input():
    assert metrics.confusion_matrix([], [], 3).tolist() == [[0] * 3] * 3
    assert metrics.confusion_matrix([0], [2], 3)[0, 2] == 1
    with pytest.raises(ValueError, match="N > 0"):
        metrics.accuracy([], [])


def test_wrong_shapes_and_indices_are_refused():
    with pytest.raises(ValueError):
        metrics.accuracy([0, 1], [0, 1, 1])
    with pytest.raises(ValueError, match=r"\[0, 2\)"):
        metrics.confusion_matrix([0, 1], [0, 2], 2)
    with pytest.raises(ValueError, match=r"\[0, 2\)"):
        metrics.confusion_matrix([0, -1], [0, 1], 2)


def test_multiply_adds_by_hand():
    import keras
    from keras import layers

    model = keras.Sequential([
        keras.Input((32, 32, 3)),
        layers.Conv2D(8, 5, strides=2, padding="same"),           # 16·16 positions · 5·5·3 · 8
        layers.DepthwiseConv2D(3, padding="same"),                # 16·16 · 3·3 · 8
        layers.Conv2D(16, 3, groups=2),                           # 14·14 · 3·3·(8/2) · 16
        keras.Sequential([layers.Flatten(), layers.Dense(10)]),   # 14·14·16 · 10
    ])
    by_hand = 256 * 75 * 8 + 256 * 9 * 8 + 196 * 36 * 16 + 196 * 16 * 10
    assert metrics.multiply_adds(model) == by_hand


def test_multiply_adds_needs_a_size():
    import keras

    model = keras.Sequential([keras.Input((None, None, 3)), keras.layers.Conv2D(4, 3)])
    with pytest.raises(ValueError, match="fixed size"):
        metrics.multiply_adds(model)
