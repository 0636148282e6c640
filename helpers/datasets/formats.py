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
from helpers.datasets.registry import DatasetError


def read(format, paths):
    """The arrays in a form's files. Raises DatasetError, naming the file where it is known."""
    try:
        return READERS[format](paths)
    except (DatasetError, MemoryError):
        raise
    except Exception as error:  # a damaged file can make a reader raise anything
        names = ", ".join(path.name for path in paths)
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


def read_keras_h5(paths):
    """Keras' older weight files: the arrays in the order of the layers, named by their number.

    The names inside differ between versions of Keras; the order does not.
    """
    import h5py

    with h5py.File(paths[0], "r") as stored:
        arrays = [stored[layer][weight][()] for layer in stored.attrs["layer_names"]
                  for weight in stored[layer].attrs["weight_names"]]
    return {f"{number:04d}": array for number, array in enumerate(arrays)}


def read_keras_json(paths):
    """The names of ImageNet's 1000 classes."""
    classes = json.loads(paths[0].read_text(encoding="utf-8"))
    return {"class_names": np.array([classes[str(number)][1] for number in range(len(classes))])}


READERS = {"idx": read_idx, "mnist_npz": read_mnist_npz, "cifar_pickles": read_cifar_pickles,
           "cifar_mosaics": read_cifar_mosaics, "keras_h5": read_keras_h5, "keras_json": read_keras_json}
NEED_SHA256 = {"cifar_pickles"}  # reading these could run code, so only known bytes are read
