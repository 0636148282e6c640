"""What `load` returns: a dataset and its splits."""
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
    splits: dict[str, Split | Photographs] = field(repr=False, default_factory=dict)
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
