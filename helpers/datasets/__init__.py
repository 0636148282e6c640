"""The course's data: real first, a stand-in always.

    data = helpers.datasets.load("cifar10")
    data.train.images, data.train.labels, data.test, data.class_names, data.source

A dataset is looked for in the cache, then in the mirror that COURSE_DATA names, then on the network (unless
COURSE_OFFLINE is set); when all fail, the course draws a stand-in and says so. `python -m helpers.datasets`
shows what there is, and fills a mirror for a classroom. data/README.md explains the registry and how to add
a dataset.
"""
from helpers.datasets import objects, registry, sequences, steps
from helpers.datasets.objects import BoxedImages, Dataset, Photographs, Split
from helpers.datasets.registry import DatasetError
from helpers.datasets.sequences import Sequence, Video
from helpers.datasets.street import walkers
from helpers.datasets.weights import imagenet_model

__all__ = ["LOADED", "BoxedImages", "Dataset", "DatasetError", "Photographs", "Sequence", "Split", "Video",
           "imagenet_model", "load", "walkers"]

LOADED = registry.LOADED  # what this process has used: one {"name", "source"} a dataset, for the run's result

_FROM = {"cache": "from the cache", "mirror": "from the mirror in COURSE_DATA", "network": "from the network"}


def load(name, allow_stand_in=True):
    """Load a dataset by its name in the registry, and print one line that says where it came from.

    The budget smoke takes the stand-in at once. Returns a `Dataset`. Raises DatasetError for an unknown name,
    and, when `allow_stand_in` is False, for data that cannot be had, with what was tried and why it failed.
    """
    entry = registry.entry(name, kinds=registry.DATASETS)
    if registry.smoke() and allow_stand_in:
        return _stand_in(entry, "the budget is smoke", "smoke_")
    arrays, source, failures = steps.find(entry)
    if arrays is None and not allow_stand_in:
        raise DatasetError(steps.explain(entry, failures, registry.cache_folder() / name))
    if arrays is None:
        return _stand_in(entry, steps.summary(failures))
    return _dataset(entry, source, arrays, _FROM[source] + ".")


def _stand_in(entry, why, size=""):
    from helpers.datasets import scenes, smears, stand_ins, street

    wanted = {key: entry.stand_in[size + key] for key in entry.stand_in if not key.startswith("smoke_")}
    drawing = entry.name.replace("-", "_")
    drawer = next(module for module in (stand_ins, scenes, smears, street) if hasattr(module, drawing))
    arrays = getattr(drawer, drawing)(**wanted, seed=0)
    if entry.kind == "images":
        names = "train_images", "train_labels", "test_images", "test_labels"
        arrays = dict(zip(names, arrays, strict=True))
    what = "of other photographs" if entry.kind == "photographs" else "drawn by the course"
    return _dataset(entry, "stand-in", arrays,
                    f"a stand-in {what}, because {why}. Results will differ from those on real data.")


def _dataset(entry, source, arrays, where):
    parts = _parts(entry, arrays, stand_in=source == "stand-in")
    data = Dataset(entry.name, entry.title, source, entry.class_names, **parts)
    sizes = ", ".join(f"{len(split):,} {name}" for name, split in data.splits.items())
    for name, found in (("sequence", data.sequences), ("video", data.videos)):
        if found:
            frames = sum(len(each) for each in found.values())
            sizes = f"{len(found)} {name}{'s' * (len(found) > 1)}, {frames:,} frames"
    left_out = sum(getattr(split, "left_out", 0) for split in data.splits.values())
    sizes += f"; {left_out} box{'es' * (left_out > 1)} without area left out" if left_out else ""
    print(f"{entry.title} ({sizes}): {where}")
    registry.note(entry, source)
    return data


def _parts(entry, arrays, stand_in):
    """What `Dataset` holds for this kind of data. A stand-in draws sequences and videos as they are."""
    if entry.kind == "tracks":
        return {"sequences": arrays if stand_in else sequences.sequences(arrays, entry.sequences)}
    if entry.kind == "videos":
        return {"videos": arrays if stand_in else {name: Video(str(path)) for name, path in arrays.items()}}
    make = {"photographs": objects.photographs, "boxes": objects.boxed_images}.get(entry.kind, objects.splits)
    return {"splits": make(arrays, stand_in)}
