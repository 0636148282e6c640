"""One reader a format: from files to named NumPy arrays.

A reader takes the paths of a form's files, in the registry's order, and returns a dict of arrays named
<split>_<field>, such as train_images and train_labels: images (N, H, W, C) uint8, labels (N,) int64. Whatever
it raises for a damaged file, `read` turns into a DatasetError. To add a format, write its reader and enter it
in READERS.
"""
import gzip
import hashlib
import io
import json
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from helpers.datasets import archives
from helpers.datasets.registry import DatasetError, listing


def read(format, paths):
    """The arrays in a form's files. Raises DatasetError, naming the file where it is known."""
    try:
        return READERS[format](paths)
    except (DatasetError, MemoryError):
        raise
    except Exception as error:  # a damaged file can make a reader raise anything
        names = listing(path.name for path in paths)
        raise DatasetError(f"{names}: damaged, or not in the format {format} ({error})") from error


def digest(arrays):
    """SHA-256 of named arrays: names, types, shapes and values, whatever file they came from."""
    total = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        total.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        total.update(array.reshape(-1).view(np.uint8))
    return total.hexdigest()


def read_idx(paths):
    """MNIST's own format: train images, train labels, test images, test labels, each compressed by gzip."""
    names = ("train_images", "train_labels", "test_images", "test_labels")
    arrays = {name: _idx(path) for name, path in zip(names, paths, strict=True)}
    return {name: array.astype(np.int64) if name.endswith("labels") else array[..., None]
            for name, array in arrays.items()}


def _idx(path):
    """Two zero bytes, the type (8: uint8), the number of axes, each as a big-endian int32, the values."""
    content = gzip.decompress(path.read_bytes())
    if content[:3] != b"\0\0\x08":
        raise DatasetError(f"{path.name} does not begin as an idx file of bytes does")
    axes = content[3]
    shape = tuple(int(size) for size in np.frombuffer(content, ">i4", count=axes, offset=4))
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape)


def read_mnist_npz(paths):
    """The one file of keras.datasets.mnist, with the arrays x_train, y_train, x_test and y_test."""
    with np.load(paths[0], allow_pickle=False) as arrays:
        return {"train_images": arrays["x_train"][..., None], "test_images": arrays["x_test"][..., None],
                "train_labels": arrays["y_train"].astype(np.int64),
                "test_labels": arrays["y_test"].astype(np.int64)}


def read_cifar_pickles(paths):
    """CIFAR-10's own archive: five training batches and one test batch, each a Python 2 pickle."""
    batches = {}
    for name, content in archives.members(paths[0]):
        batch = name.rpartition("/")[2]
        if batch.startswith("data_batch_") or batch == "test_batch":
            stored = _NumpyUnpickler(io.BytesIO(content), encoding="bytes").load()
            # A row holds the red plane, then the green, then the blue.
            images = stored[b"data"].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
            batches[batch] = images, np.array(stored[b"labels"], np.int64)
    return _join_batches(batches)


class _NumpyUnpickler(pickle.Unpickler):
    """Reads arrays and plain values, nothing else; spares us NumPy 2's warning about old module names."""

    _known = {("numpy.core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],
              ("numpy", "ndarray"): np.ndarray, ("numpy", "dtype"): np.dtype}

    def find_class(self, module, name):
        if (module, name) not in self._known:
            raise pickle.UnpicklingError(f"{module}.{name} has no place in an array")
        return self._known[module, name]


def read_cifar_mosaics(paths):
    """Labels in meta.json.gz, then for each batch a mosaic: rows of images of 32x32 pixels."""
    stored = json.loads(gzip.decompress(paths[0].read_bytes()))
    labels = {batch: np.array([int(digit) for digit in each["labels"]], np.int64)
              for batch, each in stored.items()}
    with ThreadPoolExecutor() as pool:  # Pillow decodes outside the interpreter's lock
        images = list(pool.map(_mosaic, paths[1:]))
    return _join_batches({path.stem: (tiles, labels[path.stem])
                          for path, tiles in zip(paths[1:], images, strict=True)})


def _mosaic(path, size=32):
    from PIL import Image

    Image.init()
    with Image.open(path) as opened:
        pixels = np.asarray(opened.convert("RGB"))
    rows, columns = pixels.shape[0] // size, pixels.shape[1] // size
    return pixels.reshape(rows, size, columns, size, 3).transpose(0, 2, 1, 3, 4).reshape(-1, size, size, 3)


def _join_batches(batches):
    training = sorted(name for name in batches if name.startswith("data_batch_"))
    return {"train_images": np.concatenate([batches[name][0] for name in training]),
            "train_labels": np.concatenate([batches[name][1] for name in training]),
            "test_images": np.ascontiguousarray(batches["test_batch"][0]),
            "test_labels": batches["test_batch"][1]}


def read_srcnn_folders(paths):
    """Training pictures in T91, test pictures in Set5 and Set14, each a file that Pillow reads."""
    return _srcnn((path.as_posix(), path.read_bytes()) for path in paths)


def read_srcnn_archive(paths):
    """An archive in which the same pictures lie in Train, Test/Set5 and Test/Set14, beside other files."""
    return _srcnn(archives.members(paths[0]))


def _srcnn(files):
    """Arrays <split>_<name> (H, W, 3) uint8 of the pictures among (path, bytes)."""
    splits = {"T91": "train", "Train": "train", "Set5": "set5", "Set14": "set14"}
    pictures = {}
    for path, content in files:
        *_, folder, name = "/", *path.split("/")
        stem, _, ending = name.rpartition(".")
        # Set14 began with 14 pictures; the course leaves out the one that the field has retired.
        if folder in splits and ending in ("bmp", "png") and stem != "lenna":
            pictures[f"{splits[folder]}_{stem.removesuffix('_GT')}"] = _picture(name, content)
    order = list(splits.values())
    return dict(sorted(pictures.items(), key=lambda item: (order.index(item[0].partition("_")[0]), item[0])))


def read_kodak(paths):
    """The Kodak photographs, one file each: arrays test_<name> (H, W, 3) uint8."""
    return {f"test_{path.stem}": _picture(path.name, path.read_bytes()) for path in paths}


def read_kodak_archive(paths):
    """An archive in which they lie in PhotoCD_PCD0992, named by their numbers."""
    pictures = {}
    for path, content in archives.members(paths[0]):
        *_, folder, name = "/", *path.split("/")
        if folder == "PhotoCD_PCD0992" and name.endswith(".png"):
            number = int(name.removesuffix(".png").removeprefix("kodim"))
            pictures[f"test_kodim{number:02d}"] = _picture(name, content)
    return dict(sorted(pictures.items()))


def read_style_images(paths):
    """Pictures in the folders content and style: arrays <folder>_<name> (H, W, 3) uint8."""
    return {f"{path.parent.name}_{path.stem}": _picture(path.name, path.read_bytes()) for path in paths}


def read_camvid(paths):
    """CamVid as the authors of SegNet hand it out: train, val and test, and beside each <split>annot with the classes.

    Arrays <split>_images (N, H, W, 3) uint8, <split>_masks (N, H, W) int64 and <split>_names, in the order of names.
    """
    arrays = {}
    for folder, split in (("train", "train"), ("val", "validation"), ("test", "test")):
        found = {kind: sorted((path for path in paths if path.parent.name == folder + ending), key=lambda each: each.name)
                 for kind, ending in (("images", ""), ("masks", "annot"))}
        names = [path.stem for path in found["images"]]
        if names != [path.stem for path in found["masks"]]:
            raise DatasetError(f"CamVid: the pictures in {folder} and the classes in {folder}annot are not the same")
        arrays[f"{split}_images"] = np.stack([_picture(path.name, path.read_bytes()) for path in found["images"]])
        arrays[f"{split}_masks"] = np.stack([_mask(path) for path in found["masks"]])
        arrays[f"{split}_names"] = np.array(names)
    return arrays


def read_isbi2012(paths):
    """ISBI 2012's training stack as numbered PNG files, in the folders image and label, by number.

    In the files a membrane is black. Here it has the class 1, and the inside of a cell 0.
    """
    by_folder = {folder: sorted((path for path in paths if path.parent.name == folder), key=lambda each: int(each.stem))
                 for folder in ("image", "label")}
    images = [_mask(path).astype(np.uint8) for path in by_folder["image"]]
    masks = [(_mask(path) < 128).astype(np.int64) for path in by_folder["label"]]
    return {"train_images": np.stack(images)[..., None], "train_masks": np.stack(masks),
            "train_names": np.array([f"slice-{path.stem.zfill(2)}" for path in by_folder["image"]])}


def _mask(path):
    """The values (H, W) int64 of a picture file of one channel, as they are stored."""
    from PIL import Image

    try:
        with Image.open(path) as opened:
            values = np.array(opened)
    except Exception as error:  # Pillow raises many kinds
        raise DatasetError(f"{path.name}: damaged, or not a picture ({error})") from error
    if values.ndim != 2:
        raise DatasetError(f"{path.name} has {values.ndim} axes in place of 2: it is no picture of one channel")
    return values.astype(np.int64)


def _picture(name, content):
    """The pixels (H, W, 3) uint8 of a picture file; a grey one gets three equal channels."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content)) as opened:
            return np.array(opened.convert("RGB"))
    except Exception as error:  # Pillow raises many kinds
        raise DatasetError(f"{name}: damaged, or not a picture ({error})") from error


def read_bccd(paths):
    """Images with boxes in the folders of PASCAL VOC: JPEGImages, Annotations, and ImageSets/Main with the split.

    Arrays <split>_<image> (n,) uint8, the bytes of the JPEG file, which are the same on every machine, where decoders
    may differ; <split>_<image>/boxes (n, 4) float64, the corners as they stand in the file, xyxy in pixels; and
    <split>_<image>/labels (n,) int64, an index into CELLS.
    """
    return _bccd((path.as_posix(), path.read_bytes()) for path in paths)


def read_bccd_archive(paths):
    """An archive in which the same folders lie, beside other files."""
    return _bccd(archives.members(paths[0]))


CELLS = ("RBC", "WBC", "Platelets")  # the order of class_names in the registry


def _bccd(files):
    from xml.etree import ElementTree

    found = {folder: {} for folder in ("Main", "Annotations", "JPEGImages")}
    for path, content in files:
        *_, folder, name = "/", *path.split("/")
        if folder in found:
            found[folder][name] = content
    arrays = {}
    for file, split in (("train.txt", "train"), ("val.txt", "validation"), ("test.txt", "test")):
        for name in found["Main"][file].decode().split():
            if f"{name}.jpg" not in found["JPEGImages"] or f"{name}.xml" not in found["Annotations"]:
                raise DatasetError(f"{name} stands in {file}, but its image or its boxes are missing")
            boxes, labels = [], []
            for thing in ElementTree.fromstring(found["Annotations"][f"{name}.xml"]).iter("object"):
                corners = thing.find("bndbox")
                boxes.append([float(corners.find(side).text) for side in ("xmin", "ymin", "xmax", "ymax")])
                labels.append(CELLS.index(thing.find("name").text))
            arrays[f"{split}_{name}"] = np.frombuffer(found["JPEGImages"][f"{name}.jpg"], np.uint8)
            arrays[f"{split}_{name}/boxes"] = np.array(boxes, np.float64).reshape(-1, 4)
            arrays[f"{split}_{name}/labels"] = np.array(labels, np.int64)
    return arrays


def read_keras_h5(paths):
    """Keras' older weight files: the arrays in the order of the layers, named by their number.

    The names inside differ between versions of Keras; the order does not.
    """
    import h5py

    with h5py.File(paths[0], "r") as stored:
        arrays = [stored[layer][weight][()] for layer in stored.attrs["layer_names"]
                  for weight in stored[layer].attrs["weight_names"]]
    return {f"{number:04d}": array for number, array in enumerate(arrays)}


def read_keras_uint8(paths):
    """Weights named <layer>/<weight>, stored in 8 bits beside [scale, minimum].

    A stored q stands for q * scale + minimum. The arrays are float32 again, of 256 values each.
    """
    with np.load(paths[0], allow_pickle=False) as stored:
        names = [name for name in stored.files if not name.endswith("@scale_min")]
        pairs = {name: stored[f"{name}@scale_min"] for name in names}
        return {name: (stored[name] * scale + minimum).astype(np.float32)
                for name, (scale, minimum) in pairs.items()}


def read_keras_json(paths):
    """The names of ImageNet's 1000 classes."""
    classes = json.loads(paths[0].read_text(encoding="utf-8"))
    return {"class_names": np.array([classes[str(number)][1] for number in range(len(classes))])}


def read_motchallenge(paths):
    """MOTChallenge's text files: <sequence>/det/det.txt with detections, <sequence>/gt/gt.txt with the truth.

    A line is frame, identity (-1 for a detection), left, top, width, height, score, and more that is not used.
    In the truth the score is a flag: rows with 0 are not to be counted, and are left out. Boxes become xyxy by
    left + width and top + height. Both files count pixels from 1; that origin is kept, as the benchmark's own
    evaluation keeps it.
    """
    arrays = {}
    for path in paths:
        sequence, part = path.parts[-3], path.parts[-2]
        lines = np.loadtxt(path, delimiter=",", ndmin=2, dtype=np.float64)
        frame, identity, left, top, width, height, score = lines.T[:7]
        box = [left, top, left + width, top + height]
        if part == "det":
            rows = np.stack([frame, *box, score], axis=1)
            arrays[f"{sequence}/detections"] = rows[np.argsort(frame, kind="stable")]
        else:
            rows = np.stack([frame, identity, *box], axis=1)[score != 0]
            arrays[f"{sequence}/truth"] = rows[np.lexsort((rows[:, 1], rows[:, 0]))]
    return arrays


def read_otb(paths):
    """A sequence of the OTB benchmark: <sequence>/groundtruth_rect.txt, then its frames, one file each.

    A line is left, top, width, height of the one target, which becomes identity 1. The files count pixels from
    1, so 1 is taken off: the first pixel of `frames` reaches from 0 to 1.
    """
    from PIL import Image

    sequence = paths[0].parts[-2]
    text = paths[0].read_text(encoding="utf-8").replace(",", " ")  # some sequences have commas, some tabs
    left, top, width, height = np.array([line.split() for line in text.splitlines() if line], np.float64).T
    if len(left) != len(paths) - 1:
        raise DatasetError(f"{paths[0].name} has {len(left)} boxes for {len(paths) - 1} frames")
    box = [left - 1, top - 1, left - 1 + width, top - 1 + height]
    frames = []
    for path in paths[1:]:
        with Image.open(path) as opened:
            frames.append(np.asarray(opened.convert("RGB")))
    return {f"{sequence}/frames": np.stack(frames),
            f"{sequence}/truth": np.stack([np.arange(1.0, len(left) + 1), np.ones_like(left), *box], axis=1)}


def read_videos(paths):
    """Where the videos lie, by name. They are decoded when they are read, since decoded they are large."""
    from helpers.datasets.sequences import Video

    return {path.stem: np.array(str(Video(path).path)) for path in paths}


READERS = {"idx": read_idx, "mnist_npz": read_mnist_npz, "cifar_pickles": read_cifar_pickles,
           "cifar_mosaics": read_cifar_mosaics, "keras_h5": read_keras_h5, "keras_json": read_keras_json,
           "motchallenge": read_motchallenge, "otb": read_otb, "videos": read_videos,
           "keras_uint8": read_keras_uint8, "srcnn_folders": read_srcnn_folders,
           "srcnn_archive": read_srcnn_archive, "kodak": read_kodak, "kodak_archive": read_kodak_archive,
           "bccd": read_bccd, "bccd_archive": read_bccd_archive, "camvid": read_camvid, "isbi2012": read_isbi2012, "style_images": read_style_images}
NEED_SHA256 = {"cifar_pickles"}  # reading these could run code, so only known bytes are read
