"""What `load` returns: a dataset and its splits."""
import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from helpers.datasets.sequences import Sequence, Video


class Split:
    """Examples that belong together, such as those for training.

    `images` is (N, H, W, C) float32 in [0, 1]; every other field, such as `labels` (N,) int64, is an
    attribute of the name it was given. `len(split)` is N.
    """

    def __init__(self, pixels, stand_in=False, **fields):
        """`pixels` (N, H, W, C) uint8 become `images` when these are asked for. All fields have length N."""
        self._pixels, self._stand_in, self._fields = pixels, stand_in, fields
        for name, values in fields.items():
            if len(values) != len(pixels):
                raise ValueError(f"{len(pixels)} images, but {len(values)} {name}")
            setattr(self, name, values)

    @cached_property
    def images(self):
        """(N, H, W, C) float32 in [0, 1]. Made on first use: it takes four times the memory of the pixels."""
        images = self._pixels.astype(np.float32)
        images /= 255
        return images

    def __len__(self):
        return len(self._pixels)

    def __repr__(self):
        return f"Split({len(self)} images of shape {self._pixels.shape[1:]}, with {', '.join(self._fields)})"

    def take(self, n, per_class=False, seed=0):
        """A split of n random examples, none twice, in random order; with `per_class`, n of each class.

        The same seed gives the same examples. A stand-in that holds fewer gives what it has; a dataset raises
        ValueError.
        """
        random = np.random.default_rng(seed)
        groups = [np.flatnonzero(self.labels == label) for label in np.unique(self.labels)] if per_class \
            else [np.arange(len(self))]
        short = min(len(group) for group in groups)
        if n > short and not self._stand_in:
            raise ValueError(f"take({n}): there are only {short} examples{' of a class' * per_class}")
        chosen = np.concatenate([random.permutation(group)[:n] for group in groups])
        chosen = random.permutation(chosen)
        return Split(self._pixels[chosen], self._stand_in,
                     **{name: np.asarray(values)[chosen] for name, values in self._fields.items()})


class Photographs:
    """Photographs of different sizes that belong together, such as those for testing.

    `names` is a tuple of str; `pixels` holds the photographs in that order, a tuple of (H, W, 3) uint8, and
    `images` the same as float32 in [0, 1]. `len(split)` is their number.
    """

    def __init__(self, pictures, stand_in=False):
        """`pictures`: name -> (H, W, 3) uint8."""
        self._stand_in = stand_in
        self.names, self.pixels = tuple(pictures), tuple(pictures.values())

    @cached_property
    def images(self):
        """A tuple of (H, W, 3) float32 in [0, 1], made on first use."""
        return tuple(pixels.astype(np.float32) / 255 for pixels in self.pixels)

    def __len__(self):
        return len(self.pixels)

    def __repr__(self):
        return f"Photographs({len(self)} of different sizes: {', '.join(self.names)})"

    def take(self, n, seed=0):
        """n random photographs, none twice, in random order. The same seed gives the same photographs.

        A stand-in that holds fewer gives what it has; a dataset raises ValueError.
        """
        if n > len(self) and not self._stand_in:
            raise ValueError(f"take({n}): there are only {len(self)} photographs")
        chosen = np.random.default_rng(seed).permutation(len(self))[:n]
        return Photographs({self.names[number]: self.pixels[number] for number in chosen}, self._stand_in)


class BoxedImages:
    """Images of one size with boxes around the things in them, such as those for training a detector.

    `boxes` is a tuple of (n, 4) float64, one array an image, xyxy in pixels; `labels` a tuple of (n,) int64, `names`
    one of str. `images` is (N, H, W, 3) float32 in [0, 1], `pixels` the same as uint8, in a quarter of the memory.
    Boxes without area are dropped, and counted by `left_out`. `len(split)` is N.
    """

    def __init__(self, pictures, boxes, labels, names=None, stand_in=False):
        """`pictures`: (H, W, 3) uint8 each, or (n,) uint8, the bytes of a picture file. All have length N.

        Raises ValueError for lengths that differ, and for boxes that are not finite rows of four.
        """
        self._pictures, self._stand_in = list(pictures), stand_in
        self.names = tuple(str(number) for number in range(len(self._pictures))) if names is None else tuple(names)
        if not len(self._pictures) == len(boxes) == len(labels) == len(self.names):
            raise ValueError(f"{len(self._pictures)} images, {len(boxes)} arrays of boxes, {len(labels)} of labels and "
                             f"{len(self.names)} names")
        boxes = [np.asarray(each, np.float64).reshape(-1, 4) for each in boxes]
        labels = [np.asarray(each, np.int64).reshape(-1) for each in labels]
        for name, corners, kinds in zip(self.names, boxes, labels):
            if len(corners) != len(kinds) or not np.isfinite(corners).all():
                raise ValueError(f"{name}: {len(corners)} boxes, {len(kinds)} labels; the boxes must be finite")
        kept = [(corners[:, 2:] > corners[:, :2]).all(axis=1) for corners in boxes]
        self.boxes = tuple(corners[good] for corners, good in zip(boxes, kept))
        self.labels = tuple(kinds[good] for kinds, good in zip(labels, kept))
        self.left_out = int(sum((~good).sum() for good in kept))

    @cached_property
    def pixels(self):
        """(N, H, W, 3) uint8, decoded on first use."""
        with ThreadPoolExecutor() as pool:  # Pillow decodes outside the interpreter's lock
            return np.stack(list(pool.map(_decoded, self._pictures)))

    @cached_property
    def images(self):
        """(N, H, W, 3) float32 in [0, 1], made on first use."""
        images = self.pixels.astype(np.float32)
        images /= 255
        return images

    def __len__(self):
        return len(self._pictures)

    def __repr__(self):
        return f"BoxedImages({len(self)} images with {sum(len(each) for each in self.labels):,} boxes)"

    def take(self, n, seed=0):
        """n random images with their boxes, none twice, in random order. The same seed gives the same images.

        A stand-in that holds fewer gives what it has; a dataset raises ValueError.
        """
        if n > len(self) and not self._stand_in:
            raise ValueError(f"take({n}): there are only {len(self)} images")
        chosen = np.random.default_rng(seed).permutation(len(self))[:n]
        parts = ([each[number] for number in chosen] for each in (self._pictures, self.boxes, self.labels, self.names))
        return BoxedImages(*parts, stand_in=self._stand_in)


def _decoded(picture):
    if picture.ndim == 3:
        return picture
    from PIL import Image

    with Image.open(io.BytesIO(picture.tobytes())) as opened:
        return np.array(opened.convert("RGB"))


@dataclass
class Dataset:
    """A dataset as a lesson uses it. `source` is "cache", "mirror", "network" or "stand-in".

    Its splits are attributes: `train` for training, `test` held out, or as the dataset calls them. Those for
    tracking have `sequences` or `videos` instead, by name.
    """

    name: str
    title: str
    source: str
    class_names: tuple[str, ...]
    splits: dict[str, Split | Photographs | BoxedImages] = field(repr=False, default_factory=dict)
    sequences: dict[str, Sequence] = field(repr=False, default_factory=dict)
    videos: dict[str, Video] = field(repr=False, default_factory=dict)

    def __getattr__(self, name):
        splits = self.__dict__.get("splits", {})
        if name not in splits:
            raise AttributeError(f"{self.__dict__.get('title')} has no {name!r}; it has {', '.join(splits)}")
        return splits[name]

    def __dir__(self):
        return [*super().__dir__(), *self.splits]


def splits(arrays, stand_in=False):
    """The splits in a reader's arrays, which are named <split>_<field>; `images` are the pixels (uint8)."""
    fields = {}
    for name, values in arrays.items():
        split, _, kind = name.partition("_")
        fields.setdefault(split, {})[kind] = values
    return {split: Split(each.pop("images"), stand_in, **each) for split, each in fields.items()}


def photographs(arrays, stand_in=False):
    """The splits in arrays named <split>_<name of the photograph>, each (H, W, 3) uint8, in their order."""
    pictures = {}
    for key, pixels in arrays.items():
        split, _, name = key.partition("_")
        pictures.setdefault(split, {})[name] = pixels
    return {split: Photographs(each, stand_in) for split, each in pictures.items()}


def boxed_images(arrays, stand_in=False):
    """The splits in arrays <split>_<name of the image>, each with .../boxes and .../labels, in their order."""
    found = {}
    for key in arrays:
        split, _, name = key.partition("_")
        if "/" not in key:
            found.setdefault(split, []).append((arrays[key], arrays[f"{key}/boxes"], arrays[f"{key}/labels"], name))
    return {split: BoxedImages(*zip(*each, strict=True), stand_in=stand_in) for split, each in found.items()}
