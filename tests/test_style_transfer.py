"""Style transfer's Gram matrices, losses and features, against einsum, finite differences and odd pictures."""
import numpy as np
import pytest

from helpers import style_transfer as st


def maps(seed, shape=(2, 5, 7, 3)):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def number(tensor):
    from keras import ops

    return ops.convert_to_numpy(tensor)


@pytest.mark.parametrize("shape", [(1, 4, 4, 2), (2, 5, 7, 3), (3, 1, 9, 6), (1, 16, 13, 64)])
def test_gram_equals_einsum(shape):
    features = maps(0, shape)
    expected = np.einsum("nhwc,nhwd->ncd", features, features) / (shape[1] * shape[2])
    assert np.allclose(number(st.gram(features)), expected, atol=1e-5)


def test_gram_forgets_places_and_nothing_else():
    features = maps(1)
    shuffled = features.reshape(2, 35, 3)[:, np.random.default_rng(2).permutation(35)].reshape(features.shape)
    assert np.allclose(number(st.gram(features)), number(st.gram(shuffled)), atol=1e-6)
    twice = np.concatenate([features, features], axis=1)  # a larger picture of the same texture
    assert np.allclose(number(st.gram(features)), number(st.gram(twice)), atol=1e-6)
    assert not np.allclose(number(st.gram(features)), number(st.gram(features[..., ::-1].copy())), atol=1e-2)
    with pytest.raises(ValueError, match="feature map"):
        st.gram(features[0])


def test_distance_of_grams_is_the_discrepancy_of_a_quadratic_kernel():
    one, two = maps(3, (1, 4, 6, 5)).reshape(-1, 5), maps(4, (1, 3, 5, 5)).reshape(-1, 5)
    discrepancy = (np.mean((one @ one.T) ** 2) - 2 * np.mean((one @ two.T) ** 2) + np.mean((two @ two.T) ** 2))
    grams = [number(st.gram(each.reshape(1, 1, -1, 5))) for each in (one, two)]
    assert np.sum((grams[0] - grams[1]) ** 2) == pytest.approx(discrepancy, rel=1e-4)


def test_losses_are_zero_for_the_target_and_relative():
    features = [maps(5), maps(6, (2, 3, 3, 4))]
    grams = [number(st.gram(each)) for each in features]
    assert number(st.style_loss(features, grams)) == pytest.approx(0, abs=1e-6)
    assert number(st.content_loss(features, features)) == pytest.approx(0, abs=1e-6)
    blank = [np.zeros_like(each) for each in features]
    assert number(st.style_loss(blank, grams)) == pytest.approx(1, abs=1e-5)
    assert number(st.content_loss(blank, features)) == pytest.approx(1, abs=1e-5)
    other = [maps(10), maps(11, (2, 3, 3, 4))]
    stronger = st.content_loss([1000 * each for each in other], [1000 * each for each in features])
    assert number(stronger) == pytest.approx(number(st.content_loss(other, features)), rel=1e-4)
    for bad in (lambda: st.style_loss(features, grams[:1]), lambda: st.content_loss([], [])):
        with pytest.raises(ValueError, match="targets"):
            bad()


def gradient_by_keras(loss, start):
    """The gradient at `start`, on any backend: what plain descent with a rate of 1 subtracts from a weight."""
    import keras

    class Weight(keras.Model):
        def __init__(self):
            super().__init__()
            self.value = self.add_weight(shape=start.shape, initializer="zeros", name="value")
            self.value.assign(start)

        def call(self, inputs):
            return inputs

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            return loss(self.value)

    model = Weight()
    model.compile(keras.optimizers.SGD(1.0))
    model.fit(np.zeros((1, 1), "float32"), batch_size=1, verbose=0)
    return start - number(model.value)


def gradient_by_differences(loss, start, step=1e-5):
    start, slopes = start.astype("float64"), np.zeros(start.shape)
    for place in np.ndindex(start.shape):
        side = np.zeros(start.shape)
        side[place] = step
        slopes[place] = (loss(start + side) - loss(start - side)) / (2 * step)
    return slopes


def relative(ours, target):
    axes = tuple(range(1, ours.ndim))
    return np.mean(np.sum((ours - target) ** 2, axis=axes) / np.sum(target**2, axis=axes))


def numpy_gram(features):
    return np.einsum("nhwc,nhwd->ncd", features, features) / (features.shape[1] * features.shape[2])


TARGET = maps(7, (1, 4, 5, 3))
GRAM = numpy_gram(TARGET)
LOSSES = {
    "style": (lambda x: st.style_loss([x], [GRAM]), lambda x: relative(numpy_gram(x), GRAM.astype("float64"))),
    "content": (lambda x: st.content_loss([x], [TARGET]), lambda x: relative(x, TARGET.astype("float64"))),
    "variation": (st.total_variation, lambda x: np.mean(np.diff(x, axis=1) ** 2) + np.mean(np.diff(x, axis=2) ** 2))}


@pytest.mark.parametrize("name", LOSSES)
def test_gradients_equal_finite_differences(name):
    by_keras, by_numpy = LOSSES[name]
    start = maps(8, (2, 4, 5, 3))
    assert number(by_keras(start)) == pytest.approx(by_numpy(start.astype("float64")), rel=1e-4)
    expected = gradient_by_differences(by_numpy, start)
    assert np.allclose(gradient_by_keras(by_keras, start), expected, atol=1e-3 * np.abs(expected).max())


@pytest.mark.parametrize("kind", [np.uint8, np.float32, np.float64])
def test_fitted_takes_grey_colour_and_transparent(kind):
    rng = np.random.default_rng(9)
    for shape in ((40, 61), (40, 61, 1), (40, 61, 3), (40, 61, 4)):
        image = rng.uniform(0, 1, shape)
        image = (255 * image).astype(kind) if kind == np.uint8 else image.astype(kind)
        answer = st.fitted(image, 33)
        assert answer.shape == (22, 33, 3) and answer.dtype == np.float32
        assert 0 <= answer.min() and answer.max() <= 1
    grey = st.fitted(np.tile(np.arange(64, dtype=np.uint8), (64, 1)), 64)
    assert np.allclose(grey[0, :, 0], np.arange(64) / 255) and np.array_equal(grey[..., 0], grey[..., 2])
    clear = np.zeros((20, 20, 4))
    assert np.allclose(st.fitted(clear, 20), 1), "what is transparent shows the white page"
    clear[..., 3] = 1
    assert np.allclose(st.fitted(clear, 50), 0)


def test_fitted_refuses_what_it_cannot_use():
    for bad in (np.zeros((20, 20, 2)), np.zeros(20), np.zeros((1, 20, 20, 3))):
        with pytest.raises(ValueError, match="must be"):
            st.fitted(bad, 20)
    with pytest.raises(ValueError, match="uint8"):
        st.fitted(np.zeros((20, 20), dtype=np.int64), 20)
    with pytest.raises(ValueError, match="16 a side"):
        st.fitted(np.zeros((20, 200)), 100)


def test_features_of_any_size(monkeypatch):
    monkeypatch.setenv("COURSE_BUDGET", "smoke")
    names = ("block2_conv1", "block1_conv1", "block3_conv2")
    model, source = st.features(names)
    assert source == "stand-in" and not model.trainable_weights
    for height, width in ((16, 16), (37, 53), (64, 30)):
        found = model(np.random.default_rng(0).uniform(size=(2, height, width, 3)).astype("float32"))
        expected = [(2, height // s, width // s, c) for s, c in ((2, 128), (1, 64), (4, 256))]
        assert [tuple(each.shape) for each in found] == expected
    largest, _ = st.features(names, pooling="max")
    one = np.random.default_rng(1).uniform(size=(1, 32, 32, 3)).astype("float32")
    smooth, sharp = model(one), largest(one)
    assert np.allclose(number(smooth[1]), number(sharp[1]), atol=1e-3)  # no pooling stands before it
    assert not np.allclose(number(smooth[0]), number(sharp[0]), atol=1e-3)
    # The input is prepared as keras.applications does it.
    import keras

    prepared = np.ascontiguousarray(keras.applications.vgg19.preprocess_input(255 * one.copy()))
    first = keras.ops.relu(keras.ops.conv(prepared, model.get_layer("block1_conv1").kernel, padding="same"))
    assert np.allclose(number(smooth[1]), number(first), atol=1e-2)
    only, _ = st.features("block1_conv2")
    assert tuple(only(one).shape) == (1, 32, 32, 64)  # the map itself, which the losses take as well
    assert number(st.content_loss(only(one), only(one))) == number(st.style_loss(only(one), st.gram(only(one)))) == 0
    with pytest.raises(ValueError, match="layers must be"):
        st.features(["block9_conv1"])
    with pytest.raises(ValueError, match="pooling"):
        st.features(names, pooling="middle")
