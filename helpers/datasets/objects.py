"""What `load` returns: a dataset and its splits."""
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np


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


@dataclass
class Dataset:
    """A dataset as a lesson uses it. `source` is "cache", "mirror", "network" or "stand-in"."""

    name: str
    title: str
    source: str
    class_names: tuple[str, ...]
    splits: dict[str, Split] = field(repr=False)

    @property
    def train(self):
        """The split for training."""
        return self.splits["train"]

    @property
    def test(self):
        """The held-out split."""
        return self.splits["test"]


def splits(arrays, stand_in=False):
    """The splits in a reader's arrays, which are named <split>_<field>; `images` are the pixels (uint8)."""
    fields = {}
    for name, values in arrays.items():
        split, _, kind = name.partition("_")
        fields.setdefault(split, {})[kind] = values
    return {split: Split(each.pop("images"), stand_in, **each) for split, each in fields.items()}
