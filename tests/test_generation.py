"""The yardsticks of chapter 4: Fréchet distance against SciPy and closed forms, features, classes covered."""
import keras
import numpy as np
import pytest
import scipy.linalg

from helpers import generation, metrics


def cloud(mean, covariance, count=400, seed=0):
    """Vectors whose mean and covariance are exactly those given."""
    mean, covariance = np.asarray(mean, float), np.asarray(covariance, float)
    vectors = np.random.default_rng(seed).normal(size=(count, len(mean)))
    vectors -= vectors.mean(axis=0)
    vectors = vectors @ np.linalg.inv(np.linalg.cholesky(np.cov(vectors, rowvar=False).reshape(len(mean), -1))).T
    return vectors @ scipy.linalg.sqrtm(covariance).real.T + mean


def by_scipy(mean_1, covariance_1, mean_2, covariance_2):
    """The definition, with SciPy's root of the product."""
    root = scipy.linalg.sqrtm(covariance_1 @ covariance_2)
    return np.sum((mean_1 - mean_2) ** 2) + np.trace(covariance_1 + covariance_2 - 2 * root.real)


@pytest.mark.parametrize("size", [2, 5, 16, 64])
@pytest.mark.parametrize("seed", range(3))
def test_frechet_distance_of_known_gaussians_equals_scipy(size, seed):
    random = np.random.default_rng(seed)
    means = random.normal(size=(2, size))
    covariances = [each @ each.T / size + 0.05 * np.eye(size) for each in random.normal(size=(2, size, size))]
    ours = metrics.frechet_distance(cloud(means[0], covariances[0]), cloud(means[1], covariances[1], 300, seed=1))
    assert ours == pytest.approx(by_scipy(means[0], covariances[0], means[1], covariances[1]), rel=1e-6)


def test_frechet_distance_closed_forms():
    # One dimension: (m1 - m2)^2 + (s1 - s2)^2.
    assert metrics.frechet_distance(cloud([0], [[1]]), cloud([1], [[9]], seed=1)) == pytest.approx(1 + 4)
    # Covariances that commute: the distance of the means and of the roots.
    one, two = np.diag([1.0, 4.0, 9.0]), np.diag([16.0, 1.0, 0.25])
    expected = 3 + (1 - 4) ** 2 + (2 - 1) ** 2 + (3 - 0.5) ** 2
    assert metrics.frechet_distance(cloud([0, 0, 0], one), cloud([1, 1, 1], two, seed=1)) == pytest.approx(expected)
    # A cloud moved as a whole, and a cloud and itself.
    some = cloud([1, 2, 3], one + 0.5)
    assert metrics.frechet_distance(some, some + [3, 0, 4]) == pytest.approx(25)
    assert metrics.frechet_distance(some, some) == pytest.approx(0, abs=1e-9)
    assert metrics.frechet_distance(some, some[::-1] @ np.diag([1, 1, -1])) > 1


def test_frechet_distance_is_symmetric_and_survives_singular_covariances():
    random = np.random.default_rng(0)
    flat = np.hstack([random.normal(size=(50, 3)), np.zeros((50, 5))])  # dead features, as after a ReLU
    few = random.normal(size=(4, 8))  # fewer vectors than features
    assert metrics.frechet_distance(flat, few) == pytest.approx(metrics.frechet_distance(few, flat))
    assert metrics.frechet_distance(flat, np.zeros((2, 8))) == pytest.approx(
        np.sum(flat.mean(axis=0) ** 2) + np.trace(np.cov(flat, rowvar=False)))
    one, two = (np.cov(each, rowvar=False) + 1e-9 * np.eye(8) for each in (flat, few))
    assert metrics.frechet_distance(flat, few) == pytest.approx(
        by_scipy(flat.mean(axis=0), one, few.mean(axis=0), two), abs=1e-3)
    large = metrics.frechet_distance(1e4 * flat.astype("float32"), 1e4 * few.astype("float32"))
    assert large == pytest.approx(1e8 * metrics.frechet_distance(flat, few), rel=1e-4)


def test_frechet_distance_of_samples_comes_near_the_truth_and_is_too_large():
    random = np.random.default_rng(0)
    distances = [metrics.frechet_distance(random.normal(size=(n, 20)), random.normal(size=(n, 20)))
                 for n in (100, 1000, 10_000)]
    assert distances[0] > distances[1] > distances[2] > 0 and distances[2] < 0.05


@pytest.mark.parametrize("first, second", [((3, 2), (3, 3)), ((1, 2), (3, 2)), ((4,), (4,)), ((2, 2, 2), (2, 2))])
def test_frechet_distance_refuses_bad_shapes(first, second):
    with pytest.raises(ValueError, match="vectors"):
        metrics.frechet_distance(np.zeros(first), np.zeros(second))


def test_frechet_distance_refuses_numbers_that_are_not_finite():
    with pytest.raises(ValueError, match="finite"):
        metrics.frechet_distance([[0.0], [np.nan]], [[0.0], [1.0]])


def bars(count=600, classes=3, seed=0):
    """Images of 12 x 12 whose bright third says the class."""
    random = np.random.default_rng(seed)
    labels = random.integers(classes, size=count)
    images = 0.3 * random.random((count, 12, 12, 1))
    for label in range(classes):
        images[labels == label, :, 4 * label:4 * label + 4] += 0.7
    return images.astype("float32"), labels


@pytest.fixture(scope="module")
def trained():
    return generation.train_classifier(*bars(), epochs=2)


def test_classifier_learns_and_describes(trained):
    images, labels = bars(200, seed=1)
    described = generation.describe(trained, images, batch_size=64)
    assert metrics.accuracy(labels, described.labels) > 0.95
    assert described.features.shape == (200, 64) and (described.features >= 0).all()
    assert ((described.confidence > 1 / 3 - 1e-6) & (described.confidence <= 1)).all()
    whole = generation.describe(trained, images, batch_size=200)
    np.testing.assert_allclose(described.features, whole.features, rtol=1e-4, atol=1e-5)
    noise = generation.describe(trained, np.random.default_rng(2).random(images.shape))
    near, far = (metrics.frechet_distance(each.features, generation.describe(trained, bars(200, seed=3)[0]).features)
                 for each in (described, noise))
    assert near < 0.2 * far


def test_classifier_depends_on_its_own_seed_alone(trained):
    """Another global seed changes nothing, and the global seed is not touched."""
    keras.utils.set_random_seed(77)
    expected = keras.ops.convert_to_numpy(keras.random.normal((4,)))
    keras.utils.set_random_seed(77)
    again = generation.train_classifier(*bars(), epochs=2)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(keras.random.normal((4,))), expected)
    for ours, theirs in zip(again.get_weights(), trained.get_weights()):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)
    other = generation.classifier((12, 12, 1), 3, seed=1)
    assert not np.allclose(other.get_weights()[0], generation.classifier((12, 12, 1), 3).get_weights()[0])


def test_bad_images_are_refused(trained):
    images, labels = bars(10)
    for bad in ((images, labels[:5]), (images[..., 0], labels), (images[:0], labels[:0])):
        with pytest.raises(ValueError, match="images"):
            generation.train_classifier(*bad)
    with pytest.raises(ValueError, match="images"):
        generation.describe(trained, images[:0])


def test_classes_covered():
    def described(labels, confidence):
        labels = np.asarray(labels)
        return generation.Description(np.zeros((len(labels), 2)), labels, np.broadcast_to(confidence, labels.shape))

    even = np.repeat(np.arange(10), 100)
    assert generation.classes_covered(described(even, 0.95), 10) == 10
    assert generation.classes_covered(described(even, 0.5), 10) == 0  # nothing that the classifier is sure of
    assert generation.classes_covered(described(np.full(1000, 3), 1.0), 10) == 1  # collapsed
    for rare, covered in ((0, 1), (4, 1), (5, 2), (100, 2)):
        labels = np.r_[np.zeros(1000 - rare, int), np.ones(rare, int)]
        assert generation.classes_covered(described(labels, 1.0), 10) == covered
    half_sure = np.where(np.arange(1000) < 500, 0.95, 0.6)
    assert generation.classes_covered(described(even, half_sure), 10) == 5
    assert generation.classes_covered(described(even[:100], 1.0), 10, share=1.0) == 1
