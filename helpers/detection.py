"""What every detector needs: two ways to write a box, and non-maximum suppression. Taught in lesson 2.1."""
import numpy as np

from helpers import metrics


def to_centre(boxes):
    """Boxes (..., 4) as xyxy, turned into centre x, centre y, width, height."""
    boxes = np.asarray(boxes, dtype=float)
    return np.concatenate([(boxes[..., :2] + boxes[..., 2:]) / 2, boxes[..., 2:] - boxes[..., :2]], axis=-1)


def to_corners(boxes):
    """Boxes (..., 4) as centre x, centre y, width, height, turned into xyxy."""
    boxes = np.asarray(boxes, dtype=float)
    return np.concatenate([boxes[..., :2] - boxes[..., 2:] / 2, boxes[..., :2] + boxes[..., 2:] / 2], axis=-1)


def nms(boxes, scores, threshold=0.5, labels=None, most=None):
    """Non-maximum suppression: the places of the boxes that stay, the surest first.

    boxes (n, 4) xyxy; scores (n,). A box goes when a surer one that stays overlaps it by an IoU of more than
    `threshold`; with `labels` (n,) only when both have the same label. Of equal scores the first is the surer.
    `most`: how many stay at most. Raises ValueError for shapes that do not fit.
    """
    boxes, scores = np.asarray(boxes, dtype=float).reshape(-1, 4), np.asarray(scores, dtype=float)
    labels = np.zeros(len(boxes)) if labels is None else np.asarray(labels)
    if not len(boxes) == len(scores) == len(labels):
        raise ValueError(f"{len(boxes)} boxes, {len(scores)} scores and {len(labels)} labels")
    left, kept = np.argsort(-scores, kind="stable"), []
    while len(left) and (most is None or len(kept) < most):
        best, left = left[0], left[1:]
        kept.append(best)
        same = (metrics.iou(boxes[best], boxes[left])[0] > threshold) & (labels[left] == labels[best])
        left = left[~same]
    return np.array(kept, dtype=int)
