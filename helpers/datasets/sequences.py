"""Sequences with people in boxes, and videos: what `load` returns for the tracking chapter."""
import functools
import pathlib
from dataclasses import dataclass, field

import numpy as np

from helpers.datasets.registry import DatasetError


@dataclass
class Sequence:
    """Frames in a row and who is where in them. Frames are counted from 1, as the field does.

    `size` is (height, width) in pixels and `fps` frames a second. The rows, sorted by frame, are

    - `detections` (M, 6) float64: frame, x1, y1, x2, y2, score; None where nothing was detected;
    - `truth` (T, 6) float64: frame, identity, x1, y1, x2, y2; None where nobody marked it;
    - `visibility` (T,) float64: the share of each box of the truth that one sees, in [0, 1]; None if unknown.

    Boxes are xyxy, in pixels, and may reach beyond the frame. `frames` is (length, height, width, 3) uint8 or
    None: the benchmarks hand out their boxes separately.
    """

    name: str
    length: int
    size: tuple[int, int]
    fps: float
    detections: np.ndarray | None = field(default=None, repr=False)
    truth: np.ndarray | None = field(default=None, repr=False)
    visibility: np.ndarray | None = field(default=None, repr=False)
    frames: np.ndarray | None = field(default=None, repr=False)

    def __post_init__(self):
        for name in ("detections", "truth"):
            rows = getattr(self, name)
            if rows is not None and (rows.ndim != 2 or rows.shape[1] != 6 or np.any(np.diff(rows[:, 0]) < 0)):
                raise ValueError(f"{self.name}: {name} must be (N, 6), sorted by frame")

    def __len__(self):
        return self.length

    def boxes(self, frame):
        """The detections of one frame: (n, 5) float64, x1, y1, x2, y2, score."""
        return self._of("detections", frame)

    def people(self, frame):
        """The truth of one frame: (n, 5) float64, identity, x1, y1, x2, y2."""
        return self._of("truth", frame)

    def visible(self, frame):
        """What one sees of the boxes in `people(frame)`: (n,) float64, shares in [0, 1]."""
        if self.visibility is None:
            raise ValueError(f"{self.name} has no visibility")
        self._check(frame)
        return self.visibility[self._rows("truth", frame)]

    def _of(self, name, frame):
        self._check(frame)
        if getattr(self, name) is None:
            raise ValueError(f"{self.name} has no {name}")
        return getattr(self, name)[self._rows(name, frame), 1:]

    def _rows(self, name, frame):
        """The rows of one frame are neighbours, so two searches find them however long the sequence is."""
        numbers = getattr(self, name)[:, 0]
        return slice(np.searchsorted(numbers, frame), np.searchsorted(numbers, frame, side="right"))

    def _check(self, frame):
        if not 1 <= frame <= self.length:
            raise IndexError(f"{self.name} has frames 1 to {self.length}, not {frame}")


class Video:
    """A video file, read frame by frame. Decoded by OpenCV.

    `length` is the number of frames, `size` their (height, width) in pixels, `fps` how many a second.
    """

    def __init__(self, path):
        """Raises DatasetError, naming the file, for one that is missing, damaged or no video."""
        import cv2

        self.path = pathlib.Path(path)
        self.name = self.path.stem
        opened = self._open()
        self.fps = float(opened.get(cv2.CAP_PROP_FPS))
        self.length = int(opened.get(cv2.CAP_PROP_FRAME_COUNT))
        self.size = int(opened.get(cv2.CAP_PROP_FRAME_HEIGHT)), int(opened.get(cv2.CAP_PROP_FRAME_WIDTH))
        opened.release()

    def __len__(self):
        return self.length

    def __repr__(self):
        height, width = self.size
        return f"Video({self.name}: {self.length} frames of {width}x{height}, {self.fps:.3g} a second)"

    def read(self, start=0, count=None, step=1, width=None):
        """Every `step`-th frame from `start` (counted from 0): (N, H, W, 3) uint8, red, green, blue.

        `count` is how many at most (None: all to the end); `width` shrinks frames to that many pixels across,
        in proportion. Raises ValueError for numbers that make no sense, and DatasetError, naming the file,
        when it ends before its own header says.
        """
        if not 0 <= start < self.length or step < 1 or (count is not None and count < 1):
            raise ValueError(f"{self.name} has frames 0 to {self.length - 1}: read(start={start}, "
                             f"count={count}, step={step}) asks for others")
        if width is not None and width < 1:
            raise ValueError(f"width must be at least 1, not {width}")
        wanted = range(start, self.length, step)[:count]
        height, full = self.size
        shape = (height, full) if width is None else (max(1, round(height * width / full)), width)
        frames = np.empty((len(wanted), *shape, 3), np.uint8)
        for place, frame in enumerate(self._frames(wanted)):
            frames[place] = _resized(frame, shape)
        return frames

    def _frames(self, wanted):
        """Yield the frames of these numbers. All before are decoded too: jumps are not exact in every file."""
        opened = self._open()
        try:
            place = -1
            for number in wanted:
                while place < number:
                    found = opened.grab()
                    place += 1
                    if not found:
                        raise DatasetError(f"{self.path.name} ends after {place} of {self.length} frames: "
                                           "it is truncated or damaged")
                found, frame = opened.retrieve()
                if not found:
                    raise DatasetError(f"{self.path.name}: frame {number} is damaged")
                yield frame[..., ::-1]  # OpenCV gives blue, green, red
        finally:
            opened.release()

    def _open(self):
        import cv2

        opened = cv2.VideoCapture(str(self.path)) if self.path.is_file() else None
        if opened is None or not opened.isOpened() or opened.get(cv2.CAP_PROP_FRAME_COUNT) < 1:
            why = "is truncated, damaged, or no video" if self.path.is_file() else "does not exist"
            raise DatasetError(f"{self.path.name} {why}")
        return opened


class DrawnVideo(Video):
    """A stand-in for a video: frames that the course has drawn, read in the same way.

    `draw()` makes the (N, H, W, 3) uint8 frames; it is called when the first are read.
    """

    def __init__(self, name, length, size, fps, draw):
        self.name, self.length, self.size, self.fps = name, length, size, fps
        self._drawn = functools.cache(draw)

    def _frames(self, wanted):
        frames = self._drawn()
        return (frames[number] for number in wanted)


def _resized(frame, shape):
    import cv2

    if frame.shape[:2] == shape:
        return frame
    shrinks = shape[1] < frame.shape[1]
    return cv2.resize(np.ascontiguousarray(frame), shape[::-1],
                      interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def sequences(arrays, known):
    """The sequences in a reader's arrays, which are named <sequence>/<field>.

    `known` is what the files do not say, by name: {"length", "size", "fps"}.
    """
    fields = {}
    for name, values in arrays.items():
        sequence, _, kind = name.rpartition("/")
        fields.setdefault(sequence, {})[kind] = values
    return {name: Sequence(name, facts["length"], tuple(facts["size"]), facts["fps"], **fields[name])
            for name, facts in known.items()}
