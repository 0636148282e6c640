"""Super-resolution's yardsticks against scikit-image, and its protocol against published figures."""
import os
import pathlib

import numpy as np
import pytest
import skimage.color
import skimage.metrics
from matplotlib import pyplot as plt
from PIL import Image

from helpers import metrics, plots
from helpers import super_resolution as sr

ROOT = pathlib.Path(__file__).resolve().parents[1]
REAL = pathlib.Path(os.environ.get("COURSE_DATA") or ROOT.parent / "shared" / "datasets").expanduser()
ALT = "A picture that a test has drawn."
SET5 = REAL / "t91-set5-set14" / "Set5"


def pair(shape, seed, spread=25):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 256, shape).astype(np.float64)
    return truth, np.clip(truth + rng.normal(0, spread, shape), 0, 255)


@pytest.mark.parametrize("shape", [(32, 32), (41, 27), (30, 53, 3), (11, 11)])
@pytest.mark.parametrize("seed", range(3))
def test_psnr_and_ssim_equal_scikit_image(shape, seed):
    truth, ours = pair(shape, seed)
    expected = skimage.metrics.peak_signal_noise_ratio(truth, ours, data_range=255)
    assert metrics.psnr(truth, ours) == pytest.approx(expected, abs=1e-9)
    expected = skimage.metrics.structural_similarity(
        truth, ours, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
        channel_axis=2 if len(shape) == 3 else None)
    assert metrics.ssim(truth, ours) == pytest.approx(expected, abs=1e-9)
    # Another peak with values scaled by it judges the same.
    assert metrics.psnr(truth / 255, ours / 255, peak=1.0) == pytest.approx(metrics.psnr(truth, ours))
    assert metrics.ssim(truth / 255, ours / 255, peak=1.0) == pytest.approx(metrics.ssim(truth, ours))


def test_borders_equal_images_and_bad_shapes():
    truth, ours = pair((40, 36), seed=0)
    for metric in (metrics.psnr, metrics.ssim):
        assert metric(truth, ours, border=4) == pytest.approx(metric(truth[4:-4, 4:-4], ours[4:-4, 4:-4]))
    assert metrics.psnr(truth, truth) == float("inf") and metrics.ssim(truth, truth) == pytest.approx(1)
    whole = truth.astype(np.uint8)  # 8-bit values must not wrap around
    assert metrics.psnr(whole, 255 - whole) == pytest.approx(metrics.psnr(1.0 * whole, 255.0 - whole))
    for bad in (dict(border=18), dict(border=-1)):
        with pytest.raises(ValueError, match="border"):
            metrics.psnr(truth, ours, **bad)
    with pytest.raises(ValueError, match="one shape"):
        metrics.psnr(truth, ours[:-1])
    with pytest.raises(ValueError, match="11 x 11"):
        metrics.ssim(truth[:10], ours[:10])


@pytest.mark.parametrize("seed", range(3))
def test_luma_is_that_of_bt601(seed):
    image = np.random.default_rng(seed).integers(0, 256, (17, 23, 3), dtype=np.uint8)
    expected = np.rint(skimage.color.rgb2ycbcr(image)[..., 0])
    assert np.array_equal(sr.luma(image), expected)
    assert np.array_equal(sr.luma(image.astype(np.float32) / 255), expected)
    with_opacity = np.concatenate([image, np.full((17, 23, 1), 9, np.uint8)], axis=-1)
    assert np.array_equal(sr.luma(with_opacity), expected)


def test_luma_of_grey_and_of_the_ends():
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    expected = sr.luma(np.repeat(grey[..., None], 3, axis=-1))
    assert np.array_equal(sr.luma(grey), expected) and np.array_equal(sr.luma(grey[..., None]), expected)
    assert (expected.min(), expected.max(), expected.dtype) == (16, 235, np.float32)
    for bad in (np.zeros((4, 4, 2)), np.zeros(4), np.zeros((2, 4, 4, 3))):
        with pytest.raises(ValueError, match="must be"):
            sr.luma(bad)
    with pytest.raises(ValueError, match="uint8"):
        sr.luma(np.zeros((4, 4), dtype=np.int32))


def test_recolour_puts_the_luma_in():
    image = np.random.default_rng(0).uniform(0.3, 0.7, (9, 9, 3))
    wanted = sr.luma(image) + 5
    assert np.abs(sr.luma(sr.recolour(image, wanted)) - wanted).max() <= 1
    assert np.abs(sr.recolour(image, sr.luma(image)) - image).max() < 0.6 / 219


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("size", [(24, 36), (25, 37), (31, 17), (41, 43)])
def test_shrink_and_enlarge_fit_any_size(scale, size):
    image = np.random.default_rng(1).uniform(0, 255, (*size, 3)).astype(np.float32)
    for picture in (image, image[..., 0]):
        whole = sr.crop_to(picture, scale)
        low = sr.shrink(picture, scale)
        assert low.shape[:2] == (size[0] // scale, size[1] // scale) and low.dtype == np.float32
        assert np.array_equal(low, sr.shrink(whole, scale))
        assert sr.enlarge(low, scale).shape == whole.shape


def test_bicubic_keeps_constants_and_ramps_and_adds_up():
    assert np.allclose(sr.enlarge(sr.shrink(np.full((24, 24), 77.7), 3), 3), 77.7, atol=1e-3)
    ramp = np.tile(np.arange(48.0), (48, 1))
    assert np.allclose(sr.enlarge(sr.shrink(ramp, 4), 4)[16:-16, 16:-16], ramp[16:-16, 16:-16], atol=1e-3)
    a, b = pair((24, 30), seed=4)
    assert np.allclose(sr.shrink(a + 2 * b, 2), sr.shrink(a, 2) + 2 * sr.shrink(b, 2), atol=1e-2)
    with pytest.raises(ValueError, match="too small"):
        sr.shrink(np.zeros((2, 9)), 3)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_score_takes_any_photograph(scale):
    rng = np.random.default_rng(2)
    photographs = [rng.integers(0, 256, shape, dtype=np.uint8)
                   for shape in ((53, 49, 3), (52, 61), (50, 50, 4), (47, 60, 1))]
    scores = sr.score(lambda low: sr.enlarge(low, scale), photographs, scale)
    assert scores.psnr.shape == scores.ssim.shape == (4,) and np.isfinite(scores.psnr).all()
    for photograph, answer, psnr in zip(photographs, scores.answers, scores.psnr):
        truth = sr.crop_to(sr.luma(photograph), scale)
        assert answer.shape == truth.shape and np.array_equal(answer, np.rint(answer))
        expected = skimage.metrics.peak_signal_noise_ratio(
            truth[scale:-scale, scale:-scale], answer[scale:-scale, scale:-scale], data_range=255)
        assert psnr == pytest.approx(expected, abs=1e-4)


def test_score_takes_a_network():
    import keras

    repeat = keras.Sequential([keras.Input((None, None, 1)), keras.layers.UpSampling2D(3)])
    photograph = np.random.default_rng(3).integers(0, 256, (40, 44, 3), dtype=np.uint8)
    ours = sr.score(repeat, [photograph], 3)
    by_hand = sr.score(lambda low: np.kron(low, np.ones((3, 3))), [photograph], 3)
    assert np.array_equal(ours.answers[0], by_hand.answers[0])


@pytest.mark.skipif(not SET5.is_dir(), reason="NO REAL DATA HERE: set COURSE_DATA to a mirror to test on it")
@pytest.mark.parametrize("scale, psnr, ssim", [(2, 33.66, 0.9299), (3, 30.39, 0.8682), (4, 28.42, 0.8104)])
def test_published_bicubic_figures_of_set5(scale, psnr, ssim):
    photographs = [np.asarray(Image.open(path).convert("RGB")) for path in sorted(SET5.glob("*.png"))]
    scores = sr.score(lambda low: sr.enlarge(low, scale), photographs, scale)
    assert len(photographs) == 5
    assert scores.psnr.mean() == pytest.approx(psnr, abs=0.005)
    assert scores.ssim.mean() == pytest.approx(ssim, abs=0.0005)


def test_crops_are_drawn_and_refused(monkeypatch):
    shown = []

    def show(figure, alt):
        shown.append(len(figure.axes))
        plt.close(figure)

    monkeypatch.setattr(plots, "show", show)
    rng = np.random.default_rng(0)
    for shape, kind in (((30, 40), np.uint8), ((30, 40, 3), np.float32)):
        truth, ours = ((255 * rng.random(shape)).astype(kind) for _ in range(2))
        truth, ours = (truth, ours) if kind == np.uint8 else (truth / 255, ours / 255)
        plots.crops([truth, ours], ["truth", "ours"], (5, 6, 12, 16), truth=truth, alt=ALT)
        plots.crops([ours], ["ours"], (0, 0, 30, 40), alt=ALT)
    assert shown == [6, 2, 6, 2]
    with pytest.raises(ValueError, match="outside"):
        plots.crops([ours], ["ours"], (20, 0, 12, 12), alt=ALT)
    with pytest.raises(ValueError, match="one size"):
        plots.crops([ours, ours[1:]], ["a", "b"], (0, 0, 5, 5), alt=ALT)
