"""How super-resolution is judged: luma, shrinking, enlarging, and the scores (all taught in lesson 5.1).

A decibel is decided by conventions here. These are the ones behind the published tables: the luma of MATLAB's
`rgb2ycbcr`, rounded; sizes cut to a multiple of the scale; bicubic interpolation with antialiasing, in
floating point; the answer rounded to whole grey levels; a border of `scale` pixels left out.
"""
import functools
from typing import NamedTuple

import numpy as np

from helpers import metrics


class Scores(NamedTuple):
    """What `score` returns: psnr (N,) in dB, ssim (N,), and answers, N lumas (H, W) in whole levels."""

    psnr: np.ndarray
    ssim: np.ndarray
    answers: list


def luma(image):
    """The luma of an image in whole grey levels, as MATLAB's `rgb2ycbcr` gives it for 8-bit images.

    image: (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), uint8 or floats in [0, 1]. An opacity channel is left
    out. A grey image counts as a colour image with three equal channels, however its file stores it.
    Returns (H, W) float32, whole numbers from 16 (black) to 235 (white). Source: Recommendation ITU-R BT.601.
    Raises ValueError for another shape or type.
    """
    image = np.asarray(image)
    if image.dtype != np.uint8 and not np.issubdtype(image.dtype, np.floating):
        raise ValueError(f"an image must be uint8 or floats in [0, 1], not {image.dtype}")
    levels = image.astype(np.float64) * (1.0 if image.dtype == np.uint8 else 255.0)
    if levels.ndim == 2:
        levels = levels[..., None]
    if levels.ndim != 3 or levels.shape[-1] not in (1, 3, 4):
        raise ValueError(f"an image must be (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), not {image.shape}")
    red, green, blue = (levels[..., 0],) * 3 if levels.shape[-1] == 1 else np.moveaxis(levels[..., :3], -1, 0)
    return np.rint(16 + (65.481 * red + 128.553 * green + 24.966 * blue) / 255).astype(np.float32)


def recolour(image, new_luma):
    """A colour image with its luma replaced, as it is shown: networks of this chapter enlarge the luma alone.

    image (H, W, 3) in [0, 1], for instance enlarged by bicubic interpolation; new_luma (H, W) in [16, 235].
    In YCbCr a change of the luma by 1 changes red, green and blue by 1/219 each.
    Returns (H, W, 3) float32 in [0, 1].
    """
    image = np.asarray(image, dtype=np.float64)
    before = 16 + image @ np.array([65.481, 128.553, 24.966])
    return np.clip(image + ((new_luma - before) / 219)[..., None], 0, 1).astype(np.float32)


def crop_to(image, scale):
    """The image (H, W[, C]) without its last rows and columns: both sizes become multiples of `scale`."""
    height, width = np.shape(image)[:2]
    if min(height, width) < scale:
        raise ValueError(f"an image of {height} x {width} pixels is too small for scale {scale}")
    return np.asarray(image)[:height - height % scale, :width - width % scale]


def shrink(image, scale):
    """Bicubic shrinking with antialiasing: (H, W[, C]) -> (H // scale, W // scale[, C]), float32.

    The image is cut to a multiple of `scale` first (`crop_to`). Values are not rounded and may leave the
    range of the input a little. Keys' kernel with a = -0.5, widened by `scale`: Pillow's BICUBIC, MATLAB's
    `imresize`.
    """
    image = crop_to(image, scale)
    return _resize(image, image.shape[0] // scale, image.shape[1] // scale)


def enlarge(image, scale):
    """Bicubic enlarging: (H, W[, C]) -> (H * scale, W * scale[, C]), float32; the chapter's baseline."""
    return _resize(np.asarray(image), image.shape[0] * scale, image.shape[1] * scale)


def _resize(image, height, width):
    from PIL import Image

    if image.ndim == 3:
        channels = [_resize(image[..., channel], height, width) for channel in range(image.shape[-1])]
        return np.stack(channels, axis=-1)
    # Pillow turns floats into its mode "F", which rounds nothing on the way.
    picture = Image.fromarray(np.ascontiguousarray(image, dtype=np.float32))
    return np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC))


def apply(network, low):
    """Run a Keras network (1, h, w, 1) -> (1, H, W, 1) on one luma image (h, w) in [0, 255].

    The network itself works on values divided by 255. Returns (H, W) float32, neither rounded nor clipped.
    """
    from keras import ops

    answer = network(np.asarray(low, dtype=np.float32)[None, :, :, None] / 255, training=False)
    return 255 * ops.convert_to_numpy(answer)[0, :, :, 0]


def score(system, photographs, scale):
    """PSNR and SSIM of a system on photographs, by the protocol of the published tables.

    system: a function from the small luma (h, w) in [0, 255] to the large one (h * scale, w * scale), such as
    `lambda low: enlarge(low, scale)`; or a Keras network that does so for luma in [0, 1] (`apply`).
    photographs: a split of a dataset, or a list of images as `luma` takes them. Returns `Scores`.
    """
    if hasattr(system, "layers"):
        system = functools.partial(apply, system)
    psnr, ssim, answers = [], [], []
    for photograph in getattr(photographs, "pixels", photographs):
        truth = crop_to(luma(photograph), scale)
        answer = np.rint(np.clip(system(shrink(truth, scale)), 0, 255))
        psnr.append(metrics.psnr(truth, answer, border=scale))
        ssim.append(metrics.ssim(truth, answer, border=scale))
        answers.append(answer)
    return Scores(np.array(psnr), np.array(ssim), answers)
