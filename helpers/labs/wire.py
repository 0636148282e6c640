"""How answers travel between the process that holds them and the one that judges them.

A message is JSON with the bytes of its arrays behind it. Nothing is pickled, so that reading what a stranger's
program wrote can do no more than fail.
"""
import json
import math
import re
import struct

import numpy as np

LARGEST = 64 * 2**20      # bytes of a message
LARGEST_HEAD = 4 * 2**20  # of these, for what is not in arrays: a list of numbers takes far more memory than bytes
_DTYPE = re.compile(r"[<>|=][biufc](1|2|4|8|16)")


class Kept:
    """Stands for an object that cannot travel, such as a network; it stays where it is, under a number."""

    def __init__(self, number):
        self.number = number


def pack(value, keep=None):
    """`value` as bytes: None, `...`, numbers, text, lists, tuples, dicts, arrays and what turns into an array.

    keep: a function that stores any other object and returns its number. Raises TypeError where it is missing,
    ValueError for a message that is too large.
    """
    blobs = []

    def plain(value):
        if value is None or isinstance(value, (bool, int, str)) or isinstance(value, float) and math.isfinite(value):
            return value
        if value is ...:
            return {"": "todo"}
        if isinstance(value, (list, tuple)):
            return {"": "tuple" if isinstance(value, tuple) else "list", "items": [plain(each) for each in value]}
        if isinstance(value, dict):
            return {"": "dict", "items": [[plain(key), plain(each)] for key, each in value.items()]}
        if isinstance(value, Kept):
            return {"": "kept", "number": value.number}
        array = _as_array(value)
        if array is not None:
            blobs.append(array.tobytes())
            return {"": "array", "dtype": array.dtype.str, "shape": array.shape}
        if keep is None:
            raise TypeError(f"{type(value).__name__} cannot be sent")
        return {"": "kept", "number": keep(value)}

    head = json.dumps(plain(value)).encode()
    message = struct.pack(">I", len(head)) + head + b"".join(blobs)
    if len(message) > LARGEST or len(head) > LARGEST_HEAD:
        raise ValueError(f"an answer may have {LARGEST // 2**20} MB as arrays and {LARGEST_HEAD // 2**20} MB as lists")
    return message


def _as_array(value):
    """The value as an array of numbers, or None where it is none: NumPy's own types and every backend's tensors."""
    if isinstance(value, float):
        value = np.float64(value)  # inf and nan, which JSON does not know
    elif not isinstance(value, (np.ndarray, np.generic)):
        if not (hasattr(value, "shape") and hasattr(value, "dtype")):
            return None
        try:
            from keras import ops

            value = ops.convert_to_numpy(value)
        except Exception:
            return None
    array = np.asarray(value, order="C")
    return array if array.dtype.kind in "biufc" else None


def unpack(message):
    """The value that `pack` wrote. Raises ValueError for anything else; tuples, arrays and `...` come back as such."""
    try:
        length, = struct.unpack_from(">I", message)
        place = 4 + length
        if length > LARGEST_HEAD:
            raise ValueError("too large")

        def rich(value):
            nonlocal place
            if not isinstance(value, dict):
                if isinstance(value, list):
                    raise ValueError("a bare list")
                return value
            kind = value[""]
            if kind == "todo":
                return ...
            if kind in ("list", "tuple"):
                return (tuple if kind == "tuple" else list)(rich(each) for each in value["items"])
            if kind == "dict":
                return {rich(key): rich(each) for key, each in value["items"]}
            if kind == "kept":
                return Kept(int(value["number"]))
            shape = tuple(value["shape"])
            if not _DTYPE.fullmatch(value["dtype"]) or not all(type(side) is int and side >= 0 for side in shape):
                raise ValueError("no array")
            size = math.prod(shape) * np.dtype(value["dtype"]).itemsize
            array = np.frombuffer(message[place:place + size], value["dtype"]).reshape(shape)
            place += size
            # A number that was a float, inf or nan comes back as a float; arrays come back writable.
            return array[()] if array.ndim == 0 else array.copy()

        return rich(json.loads(message[4:place]))
    except (ValueError, TypeError, KeyError, IndexError, OverflowError, RecursionError, struct.error) as error:
        raise ValueError(f"unreadable message: {error}") from None


def write(stream, message):
    stream.write(struct.pack(">I", len(message)) + message)
    stream.flush()


def read(stream):
    """The next message, or None at the end of the stream. Raises ValueError for one that is too large."""
    head = stream.read(4)
    if len(head) < 4:
        return None
    length, = struct.unpack(">I", head)
    if length > LARGEST:
        raise ValueError(f"a message of {length / 2**20:.0f} MB")
    message = stream.read(length)
    return message if len(message) == length else None
