"""Pieces of photographs that move over other photographs: made-up motion with exact truth (lesson 7.3).

A piece is a small picture and its soft outline, (picture, outline), both Pillow images of one size.
"""
import numpy as np

from helpers.datasets.sequences import Sequence


def view(photo, size, rng):
    """A random part of a photograph (H, W, 3) uint8, resampled to size (width, height): a Pillow image.

    One pixel of the view is half a pixel to two pixels of the photograph, less where that is too small.
    """
    from PIL import Image

    whole = np.array(photo.shape[1::-1])
    wide = np.array(size) * min(rng.uniform(0.5, 2.0), *(whole / size))
    corner = rng.uniform(0, np.maximum(whole - wide, 1e-6))
    box = np.concatenate([corner, np.minimum(corner + wide, whole)])
    return Image.fromarray(photo).resize(tuple(int(number) for number in size), Image.Resampling.BILINEAR, tuple(box))


def cut(photos, size, rng):
    """A piece of size (width, height) from a random photograph: an ellipse, nearly a rectangle, or between."""
    from PIL import Image

    size = np.maximum(np.round(size).astype(int), 4)
    x, y = np.meshgrid(*(np.linspace(-1, 1, number) for number in size))
    power = rng.choice([2.0, 4.0, 20.0])
    outline = 255 * np.clip(5 * (1.05 - np.abs(x) ** power - np.abs(y) ** power), 0, 1)
    return view(photos[rng.integers(len(photos))], size, rng), Image.fromarray(outline.astype(np.uint8))


def paste(picture, piece, centre, scale=1.0):
    """Draw a piece into a Pillow image, its centre at (x, y), `scale` times as large; returns its box (4,) xyxy."""
    size = tuple(max(4, int(round(scale * number))) for number in piece[0].size)
    left, top = (int(round(place - number / 2)) for place, number in zip(centre, size))
    picture.paste(piece[0].resize(size), (left, top), piece[1].resize(size))
    return np.array([left, top, left + size[0], top + size[1]], dtype=float)


def relight(picture, rng, most=1.0):
    """The picture (Pillow image or (H, W, 3) uint8) in another light: (H, W, 3) uint8.

    Its contrast, brightness, sharpness and noise change at random; `most` 1 is plain to see, 0.3 hardly.
    """
    from PIL import Image, ImageFilter

    picture = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    if rng.random() < 0.3:
        picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(0, most)))
    changed = np.asarray(picture, np.float32) * (1 + most * rng.uniform(-0.2, 0.2)) + most * rng.uniform(-25, 25)
    changed += rng.uniform(0, 6) * rng.standard_normal(changed.shape, np.float32)
    return np.clip(changed, 0, 255).astype(np.uint8)


def floating(photos, length=60, pieces=3, size=(240, 320), seed=0):
    """Pieces of photographs floating over another photograph: a `Sequence` with frames and exact truth.

    photos: a list of (H, W, 3) uint8; length: frames; size: (height, width) in pixels. Each piece moves and
    changes its size smoothly. The last identity, `pieces`, is in front of all others, never hidden.
    The same arguments give the same sequence. Raises ValueError for numbers that make no sense.
    """
    if length < 1 or pieces < 1 or min(size) < 64 or not len(photos):
        raise ValueError(f"floating needs photographs, length and pieces >= 1 and a size of at least 64x64, "
                         f"not {len(photos)}, {length}, {pieces}, {size}")
    rng = np.random.default_rng([seed, 1])
    whole = np.array(size[::-1])
    background = view(photos[rng.integers(len(photos))], whole, rng)
    shapes = [np.array([np.exp(rng.uniform(np.log(0.4), np.log(1.5))), 1.0]) * rng.uniform(0.14, 0.26) * size[0]
              for _ in range(pieces)]
    cuts = [cut(photos, shape, rng) for shape in shapes]
    middle, reach = whole * rng.uniform(0.35, 0.65, (pieces, 2)), whole * rng.uniform(0.08, 0.28, (pieces, 2))
    speed, phase = rng.uniform(0.02, 0.06, (pieces, 3)), rng.uniform(0, 2 * np.pi, (pieces, 3))
    frames, truth = [], []
    for frame in range(length):
        picture, wave = background.copy(), np.sin(speed * frame + phase)
        boxes = [paste(picture, piece, middle[n] + reach[n] * wave[n, :2], np.exp(0.3 * wave[n, 2]))
                 for n, piece in enumerate(cuts)]
        frames.append(relight(picture, rng, most=0.3))
        truth += [[frame + 1, n + 1, *box] for n, box in enumerate(boxes)]
    return Sequence("floating pieces", length, tuple(size), 15.0, truth=np.array(truth), frames=np.stack(frames))
