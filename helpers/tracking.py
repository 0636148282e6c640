"""Tracking by detection: a Kalman filter for a box, and SORT (lesson 7.1).

    tracker = tracking.Sort(max_age=1, min_hits=3, iou=0.3)
    rows = tracking.track(sequence, tracker)   # a whole sequence: rows [frame, identity, x1, y1, x2, y2]
    shown = tracker.update(boxes)              # or frame by frame, as a camera delivers them

Written from the paper by Bewley, Ge, Ott, Ramos and Upcroft (2016).
"""
import itertools
import math

import numpy as np
from scipy.optimize import linear_sum_assignment

from helpers.metrics import iou as overlaps


class ConstantVelocity:
    """A Kalman filter for one number that moves at nearly constant velocity (lesson 7.1).

    The state is `place` and `velocity` (change a frame), its covariance [[place_variance, covariance],
    [covariance, velocity_variance]]. To build one: the first measured place, and three standard deviations in
    the unit of the place: `noise` of a measurement, `acceleration` (change of velocity) from frame to frame, and
    `velocity`, which is not known at first.
    """

    __slots__ = ("place", "velocity", "place_variance", "covariance", "velocity_variance", "_noise", "_push")

    def __init__(self, place, noise, acceleration, velocity):
        self.place, self.velocity = place, 0.0
        self.place_variance, self.covariance, self.velocity_variance = noise**2, 0.0, velocity**2
        self._noise, self._push = noise**2, acceleration**2

    def predict(self):
        """Go one frame on: the velocity moves the place, and the doubt grows."""
        self.place += self.velocity
        self.place_variance += 2 * self.covariance + self.velocity_variance + self._push / 4
        self.covariance += self.velocity_variance + self._push / 2
        self.velocity_variance += self._push

    def update(self, measured):
        """Correct place and velocity by a measured place, in proportion to what it is worth."""
        total = self.place_variance + self._noise
        gain, velocity_gain = self.place_variance / total, self.covariance / total
        surprise = measured - self.place
        self.place += gain * surprise
        self.velocity += velocity_gain * surprise
        self.velocity_variance -= velocity_gain * self.covariance
        self.covariance -= gain * self.covariance
        self.place_variance -= gain * self.place_variance


class KalmanBox:
    """SORT's motion model of a box: centre (u, v) and area s move, the aspect ratio r does not (lesson 7.1).

    Built from a first box (x1, y1, x2, y2) in pixels, with an area. `noise`, `acceleration` and `velocity` are
    standard deviations as `ConstantVelocity` takes them, in units of the first box's size, the root of its area.
    The lesson argues the defaults, for people at 25 frames a second; at fewer, give larger ones. The area's are
    twice as large, relative to the area: an area grows by two per cent when lengths grow by one.

    With diagonal covariances the paper's filter of seven dimensions falls apart into one for each number, and
    that of the ratio is its mean. Number by number is many times faster than with matrices.
    """

    __slots__ = ("_u", "_v", "_s", "_r", "_measured")

    def __init__(self, box, noise=0.1, acceleration=0.0016, velocity=0.08):
        u, v, s, r = to_centre(box)
        size = math.sqrt(s)
        self._u = ConstantVelocity(u, noise * size, acceleration * size, velocity * size)
        self._v = ConstantVelocity(v, noise * size, acceleration * size, velocity * size)
        self._s = ConstantVelocity(s, 2 * noise * s, 2 * acceleration * s, 2 * velocity * s)
        self._r, self._measured = r, 1

    def predict(self):
        """Go one frame on. Returns the predicted box (x1, y1, x2, y2)."""
        if self._s.place + self._s.velocity <= 0:
            self._s.velocity = 0.0  # an area cannot shrink to nothing
        self._u.predict()
        self._v.predict()
        self._s.predict()
        return self.box()

    def update(self, box):
        """Correct the state by a measured box. Returns the corrected box."""
        u, v, s, r = to_centre(box)
        self._u.update(u)
        self._v.update(v)
        self._s.update(s)
        self._measured += 1
        self._r += (r - self._r) / self._measured
        return self.box()

    def box(self):
        """The box of the present state (x1, y1, x2, y2)."""
        u, v, s = self._u.place, self._v.place, max(self._s.place, 0.0)
        width, height = math.sqrt(s * self._r), math.sqrt(s / self._r)
        return u - width / 2, v - height / 2, u + width / 2, v + height / 2


class LastBox:
    """No motion model: a box is expected where it was last seen (lesson 7.1)."""

    __slots__ = ("_box",)

    def __init__(self, box):
        self._box = box

    def predict(self):
        """The last measured box."""
        return self._box

    def update(self, box):
        """Keep the measured box, and return it."""
        self._box = box
        return box


def to_centre(box):
    """(x1, y1, x2, y2) as centre u, v, area s and aspect ratio r, width by height (lesson 7.1)."""
    x1, y1, x2, y2 = box
    width, height = x2 - x1, y2 - y1
    return x1 + width / 2, y1 + height / 2, width * height, width / height


def match_optimal(overlap, minimum):
    """The pairs whose IoU has the largest sum, less those below `minimum` (lesson 7.1).

    overlap (tracks, boxes): IoU of each with each. Returns a list of (track, box) indices.
    """
    rows, columns = linear_sum_assignment(overlap, maximize=True)
    kept = overlap[rows, columns] >= max(minimum, 1e-12)
    return list(zip(rows[kept].tolist(), columns[kept].tolist()))


def match_greedy(overlap, minimum):
    """The best pair first, then the best of what is left; arguments and answer as in `match_optimal`."""
    left, pairs = np.array(overlap, dtype=float), []
    while left.size and left.max() >= max(minimum, 1e-12):
        row, column = np.unravel_index(left.argmax(), left.shape)
        pairs.append((int(row), int(column)))
        left[row], left[:, column] = -1.0, -1.0
    return pairs


class Sort:
    """Simple online and real-time tracking (lesson 7.1). Call `update` once a frame.

    max_age: a track ends when it has been missed in more than so many frames in a row.
    min_hits: a track is shown once it has been confirmed so many times in a row, after the detection that opened
        it; in the first min_hits frames, when nothing can have been confirmed so often, every match is shown.
    iou: the smallest IoU of prediction and detection that may be matched.
    predictor: makes a motion model from a first box: an object with predict() -> box, once a frame, and
        update(box) -> the corrected box to show, or None to show the detection. Boxes are (x1, y1, x2, y2).
    match: `match_optimal` or `match_greedy`.
    strong, weak_iou: with a score `strong`, detections below it open no track. They are matched in a second
        round with the tracks of the frame before that are still without one, from `weak_iou` on (Zhang and
        others 2022). None: all detections are treated alike.
    Raises ValueError for settings that make no sense.
    """

    def __init__(self, max_age=1, min_hits=3, iou=0.3, predictor=KalmanBox, match=match_optimal, strong=None,
                 weak_iou=0.5):
        if max_age < 0 or min_hits < 0 or not 0 <= iou <= 1 or not 0 <= weak_iou <= 1:
            raise ValueError("max_age and min_hits must not be negative, and IoU lies in [0, 1]")
        self.max_age, self.min_hits, self.iou = max_age, min_hits, iou
        self.strong, self.weak_iou, self._predictor, self._match = strong, weak_iou, predictor, match
        self._tracks, self._frames, self._identities = [], 0, itertools.count(1)

    def update(self, boxes):
        """Take the detections of the next frame; a frame without any must be passed too, as an empty list.

        boxes (n, 4) xyxy or (n, 5) with a score; boxes without an area are ignored. Returns the tracks seen in
        this frame, (m, 5) rows [x1, y1, x2, y2, identity]. Raises ValueError for another shape or numbers that
        are not finite.
        """
        boxes, is_weak = self._sorted_out(boxes)
        self._frames += 1
        predicted = np.array([track.predictor.predict() for track in self._tracks])
        before, free = self._tracks, list(range(len(self._tracks)))
        opened = []
        for weak in (False, True) if is_weak is not None else (None,):
            chosen = boxes if weak is None else boxes[is_weak == weak]
            if weak:
                free = [place for place in free if before[place].missed == 0]
            free, rest = self._round(free, predicted, chosen, self.weak_iou if weak else self.iou)
            if not weak:
                opened = rest
        for track in before:
            track.missed = 0 if track.seen else track.missed + 1
            track.streak = track.streak + 1 if track.seen else 0
            track.seen = False
        self._tracks = [track for track in before if track.missed <= self.max_age]
        self._tracks += [_Track(self._predictor(box), box) for box in opened]
        return self._shown()

    def coast(self):
        """Let a frame pass in which nobody looked for objects: no track is confirmed, none is missed.

        Returns the tracks that were seen in the last frame that was looked at, at their predicted boxes; rows
        as from `update`.
        """
        for track in self._tracks:
            track.box = track.predictor.predict()
        return self._shown()

    def _sorted_out(self, boxes):
        boxes = np.asarray(boxes, dtype=float)
        boxes = boxes.reshape(0, 5) if boxes.size == 0 else boxes
        if boxes.ndim != 2 or boxes.shape[1] not in (4, 5) or not np.isfinite(boxes).all():
            raise ValueError(f"boxes must be finite and (n, 4) or (n, 5), not {boxes.shape}")
        if self.strong is not None and boxes.shape[1] == 4:
            raise ValueError("boxes need a score when strong and weak ones are told apart")
        boxes = boxes[(boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])]
        return boxes[:, :4], None if self.strong is None else boxes[:, 4] < self.strong

    def _round(self, free, predicted, boxes, minimum):
        """Match the `free` tracks with boxes. Returns the tracks that stay free, and the boxes left, as lists."""
        rows = boxes.tolist()
        if not free or not rows:
            return free, rows
        pairs = self._match(overlaps(predicted[free], boxes), minimum)
        for place, number in pairs:
            track, box = self._tracks[free[place]], rows[number]
            track.box, track.seen = track.predictor.update(box) or box, True
        matched, used = {place for place, _ in pairs}, {number for _, number in pairs}
        return ([track for place, track in enumerate(free) if place not in matched],
                [box for number, box in enumerate(rows) if number not in used])

    def _shown(self):
        rows = []
        for track in self._tracks:
            if track.missed == 0 and (track.streak >= self.min_hits or self._frames <= self.min_hits):
                track.identity = track.identity or next(self._identities)
                rows.append((*track.box, track.identity))
        return np.array(rows).reshape(-1, 5)


class _Track:
    __slots__ = ("predictor", "box", "identity", "streak", "missed", "seen")

    def __init__(self, predictor, box):
        self.predictor, self.box, self.identity = predictor, box, None
        self.streak = self.missed = 0
        self.seen = False


def track(sequence, tracker):
    """Lead a tracker through a whole sequence (lesson 7.1).

    sequence: an object with `detections` and `length` (as helpers.datasets gives), or the detections alone:
    rows [frame, x1, y1, x2, y2] or [frame, x1, y1, x2, y2, score], in any order. The tracker sees the frames in
    their order, from 1 to the last, those without detections too. Returns rows (m, 6)
    [frame, identity, x1, y1, x2, y2]. Raises ValueError for rows of another shape or frames that are not whole
    numbers.
    """
    detections = np.asarray(getattr(sequence, "detections", sequence), dtype=float)
    detections = detections.reshape(0, 6) if detections.size == 0 else detections
    if detections.ndim != 2 or detections.shape[1] not in (5, 6):
        raise ValueError(f"detections must be rows [frame, x1, y1, x2, y2(, score)], not {detections.shape}")
    numbers = detections[:, 0]
    if not np.isfinite(numbers).all() or (numbers != np.round(numbers)).any():
        raise ValueError("frames must be whole numbers")
    order = np.argsort(numbers, kind="stable")
    detections, numbers = detections[order, 1:], numbers[order]
    first, last = (int(numbers[0]), int(numbers[-1])) if len(numbers) else (1, 0)
    frames = np.arange(min(first, 1), max(last, getattr(sequence, "length", 0)) + 1)
    edges = np.searchsorted(numbers, np.append(frames, frames[-1] + 1 if len(frames) else 1)).tolist()
    rows = []
    for frame, start, end in zip(frames.tolist(), edges, edges[1:]):
        rows += [(frame, identity, *box) for *box, identity in tracker.update(detections[start:end]).tolist()]
    return np.array(rows, dtype=float).reshape(-1, 6)
