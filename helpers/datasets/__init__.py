"""The course's data: real first, a stand-in always.

    data = helpers.datasets.load("cifar10")
    data.train.images, data.train.labels, data.test, data.class_names, data.source

A dataset is looked for in the cache, then in the mirror that COURSE_DATA names, then on the network (unless
COURSE_OFFLINE is set); when all fail, the course draws a stand-in and says so. `python -m helpers.datasets`
shows what there is, and fills a mirror for a classroom. data/README.md explains the registry and how to add
a dataset.
"""
from helpers.datasets import objects, registry, steps
from helpers.datasets.objects import Dataset, Split
from helpers.datasets.registry import DatasetError
from helpers.datasets.weights import imagenet_model

__all__ = ["LOADED", "Dataset", "DatasetError", "Split", "imagenet_model", "load"]

LOADED = registry.LOADED  # what this process has used: one {"name", "source"} a dataset, for the run's result

_FROM = {"cache": "from the cache", "mirror": "from the mirror in COURSE_DATA", "network": "from the network"}


def load(name, allow_stand_in=True):
    """Load a dataset by its name in the registry, and print one line that says where it came from.

    The budget smoke takes the stand-in at once. Returns a `Dataset`. Raises DatasetError for an unknown name,
    and, when `allow_stand_in` is False, for data that cannot be had, with what was tried and why it failed.
    """
    entry = registry.entry(name, kind="images")
    if registry.smoke() and allow_stand_in:
        return _stand_in(entry, "the budget is smoke", "smoke_")
    arrays, source, failures = steps.find(entry)
    if arrays is None and not allow_stand_in:
        raise DatasetError(steps.explain(entry, failures, registry.cache_folder() / name))
    if arrays is None:
        return _stand_in(entry, steps.summary(failures))
    return _dataset(entry, source, arrays, _FROM[source] + ".")


def _stand_in(entry, why, size=""):
    from helpers.datasets import stand_ins

    counts = entry.stand_in[size + "train"], entry.stand_in[size + "test"]
    drawn = getattr(stand_ins, entry.name)(*counts, seed=0)
    arrays = dict(zip(("train_images", "train_labels", "test_images", "test_labels"), drawn, strict=True))
    return _dataset(entry, "stand-in", arrays,
                    f"a stand-in drawn by the course, because {why}. "
                    "Results will differ from those on real data.")


def _dataset(entry, source, arrays, where):
    splits = objects.splits(arrays, stand_in=source == "stand-in")
    sizes = ", ".join(f"{len(split):,} {name}" for name, split in splits.items())
    print(f"{entry.title} ({sizes}): {where}")
    registry.note(entry, source)
    return Dataset(entry.name, entry.title, source, entry.class_names, splits)
