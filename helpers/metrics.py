"""The course's yardsticks. Each is taught in a lesson and tested against a reference implementation."""
from typing import NamedTuple

import numpy as np


def _assigned(costs):
    """The pairs with the least cost in all. Imported here, because scipy.optimize takes longer than all of helpers."""
    from scipy.optimize import linear_sum_assignment

    return linear_sum_assignment(costs)


def accuracy(labels, predictions):
    """Share of right answers (lesson 1.1).

    labels (N,) int; predictions (N,) int class indices, or (N, classes) scores whose largest counts.
    Returns a float in [0, 1]. Raises ValueError when the shapes do not fit or there is nothing to compare.
    """
    labels, predictions = np.asarray(labels), np.asarray(predictions)
    if predictions.ndim == 2:
        predictions = predictions.argmax(axis=-1)
    if labels.shape != predictions.shape or labels.size == 0:
        raise ValueError(f"labels {labels.shape} and predictions {predictions.shape} must be (N,) with N > 0")
    return float(np.mean(labels == predictions))


def confusion_matrix(labels, predictions, classes):
    """How often each class was taken for each other one (lesson 1.1).

    labels, predictions (N,) int in [0, classes). Returns (classes, classes) int: row truth, column prediction.
    """
    labels, predictions = np.asarray(labels, dtype=int), np.asarray(predictions, dtype=int)
    if labels.shape != predictions.shape or labels.ndim != 1:
        raise ValueError(f"labels {labels.shape} and predictions {predictions.shape} must both be (N,)")
    if labels.size and not (0 <= min(labels.min(), predictions.min())
                            and max(labels.max(), predictions.max()) < classes):
        raise ValueError(f"class indices must lie in [0, {classes})")
    return np.bincount(labels * classes + predictions, minlength=classes * classes).reshape(classes, classes)


class SegmentationScores(NamedTuple):
    """What a confusion of pixels comes to (lesson 3.1). Arrays have an entry for each class, NaN for an absent one."""

    pixel_accuracy: float
    mean_accuracy: float
    iou: np.ndarray
    mean_iou: float
    dice: np.ndarray
    mean_dice: float


def pixel_confusion(truth, predicted, classes, void=None):
    """How often pixels of each class were taken for each other one (lesson 3.1).

    truth, predicted: class indices of one shape, such as (N, H, W). Pixels whose truth is `void` are not judged. Returns
    (classes, classes) int64: row truth, column prediction; the confusions of several pictures add up. Raises ValueError
    when the shapes differ or a judged pixel has an index outside [0, classes).
    """
    truth, predicted = np.asarray(truth), np.asarray(predicted)
    if truth.shape != predicted.shape:
        raise ValueError(f"truth {truth.shape} and predicted {predicted.shape} must have one shape")
    judged = np.ones(truth.shape, bool) if void is None else truth != void
    return confusion_matrix(truth[judged], predicted[judged], classes)


def segmentation_scores(confusion):
    """Pixel accuracy, intersection over union and Dice from a confusion of pixels (lesson 3.1).

    confusion: (classes, classes) counts, row truth, column prediction. A class that is in neither truth nor prediction has
    no IoU and no Dice (NaN) and is left out of the means; one that is in no truth is left out of the mean accuracy. As
    keras.metrics.MeanIoU, whose mean is over the classes present too. Raises ValueError when nothing was counted.
    """
    confusion = np.asarray(confusion, dtype=float)
    if confusion.ndim != 2 or confusion.shape[0] != confusion.shape[1] or confusion.sum() <= 0:
        raise ValueError(f"the confusion must be (classes, classes) with something counted, not {confusion.shape}")
    right, truth, predicted = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)

    def share(part, whole):
        return np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)

    accuracy_, iou_, dice = share(right, truth), share(right, truth + predicted - right), share(2 * right, truth + predicted)
    return SegmentationScores(float(right.sum() / confusion.sum()), float(np.nanmean(accuracy_)), iou_,
                              float(np.nanmean(iou_)), dice, float(np.nanmean(dice)))


def multiply_adds(model):
    """Multiply-adds of one forward pass for one image: convolutions and dense layers alone (lesson 1.1).

    Counts k·k·(input channels / groups)·(output channels) for each position of a convolution's output, and
    inputs·outputs for a dense layer; biases, activations, pooling and normalisation are left out, as in the
    papers. `model` is a built Keras model whose image size is fixed. Raises ValueError where it is not.
    """
    import keras

    total = 0
    for layer in _leaves(model):
        if isinstance(layer, keras.layers.Dense):
            positions, kernel = layer.output.shape[1:-1], layer.kernel
        elif isinstance(layer, (keras.layers.DepthwiseConv2D, keras.layers.Conv2D)):
            channels_first = layer.data_format == "channels_first"
            positions, kernel = (layer.output.shape[2:] if channels_first else layer.output.shape[1:-1]), layer.kernel
        else:
            continue
        if None in positions:
            raise ValueError(f"layer {layer.name} has no fixed size {layer.output.shape}; build the model with one")
        total += int(np.prod(positions, dtype=np.int64)) * int(np.prod(kernel.shape, dtype=np.int64))
    return total


def psnr(truth, ours, peak=255.0, border=0):
    """Peak signal-to-noise ratio in dB (lesson 5.1); infinite for equal images.

    truth, ours: (H, W) or (H, W, C), values up to `peak`; `border` pixels on each side are left out.
    Raises ValueError when the shapes differ or the border leaves nothing.
    """
    truth, ours = _inside(truth, ours, border)
    error = np.mean((truth - ours) ** 2)
    return float(10 * np.log10(peak**2 / error)) if error > 0 else float("inf")


def ssim(truth, ours, peak=255.0, border=0):
    """Structural similarity, at most 1 (lesson 5.1): the mean over all whole windows of 11 x 11 pixels.

    Gaussian weights of 1.5 pixels, constants 0.01 and 0.03. truth, ours: (H, W), or (H, W, C) for the mean
    over the channels; `border` pixels on each side are left out. Source: Wang, Bovik, Sheikh and Simoncelli
    2004.
    Raises ValueError when the shapes differ or what is left is smaller than a window.
    """
    from scipy.ndimage import correlate1d

    truth, ours = _inside(truth, ours, border)
    if min(truth.shape[:2]) < 11:
        raise ValueError(f"an image of {truth.shape[:2]} pixels is smaller than a window of 11 x 11")
    weights = np.exp(-0.5 * (np.arange(-5, 6) / 1.5) ** 2)
    weights /= weights.sum()

    def mean(image):
        return correlate1d(correlate1d(image, weights, axis=0), weights, axis=1)[5:-5, 5:-5]

    mean_truth, mean_ours = mean(truth), mean(ours)
    variance_truth = mean(truth**2) - mean_truth**2
    variance_ours = mean(ours**2) - mean_ours**2
    covariance = mean(truth * ours) - mean_truth * mean_ours
    small, large = (0.01 * peak) ** 2, (0.03 * peak) ** 2
    similarity = ((2 * mean_truth * mean_ours + small) * (2 * covariance + large)
                  / ((mean_truth**2 + mean_ours**2 + small) * (variance_truth + variance_ours + large)))
    return float(np.mean(similarity))


def frechet_distance(first, second):
    """Fréchet distance of the Gaussians fitted to two clouds of vectors (lesson 4.2).

    first (N, C), second (M, C), such as a classifier's features of real and of drawn images; N and M at least 2. Gives
    |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)), which is the square of a distance; with m the mean and C the
    covariance. C1 C2 has the eigenvalues of R C2 R with R the root of C1, which is symmetric, so that none is negative
    or complex. Source: Heusel et al., 2017. Raises ValueError when the shapes do not fit or a number is not finite.
    """
    first, second = (np.asarray(vectors, dtype=np.float64) for vectors in (first, second))
    if first.ndim != 2 or second.ndim != 2 or first.shape[1] != second.shape[1] or min(len(first), len(second)) < 2:
        raise ValueError(f"vectors must be (N, C) and (M, C) with N, M > 1, not {first.shape} and {second.shape}")
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise ValueError("vectors must be finite")
    one, two = (np.atleast_2d(np.cov(vectors, rowvar=False)) for vectors in (first, second))
    values, axes = np.linalg.eigh(one)
    root = axes * np.sqrt(np.clip(values, 0, None)) @ axes.T
    crossed = np.sqrt(np.clip(np.linalg.eigvalsh(root @ two @ root), 0, None)).sum()
    between = first.mean(axis=0) - second.mean(axis=0)
    return float(max(0.0, between @ between + np.trace(one) + np.trace(two) - 2 * crossed))


def _inside(truth, ours, border):
    truth, ours = np.asarray(truth, dtype=np.float64), np.asarray(ours, dtype=np.float64)
    if truth.shape != ours.shape or truth.ndim not in (2, 3):
        raise ValueError(f"images {truth.shape} and {ours.shape} must have one shape, (H, W) or (H, W, C)")
    if border < 0 or 2 * border >= min(truth.shape[:2]):
        raise ValueError(f"a border of {border} leaves nothing of {truth.shape[:2]} pixels")
    inner = slice(border, -border or None)
    return truth[inner, inner], ours[inner, inner]


def _leaves(model):
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from _leaves(layer)
        else:
            yield layer


def iou(boxes_a, boxes_b):
    """Intersection over union of each box with each (lesson 7.1).

    boxes_a (Na, 4) and boxes_b (Nb, 4) as xyxy in pixels. Returns (Na, Nb) in [0, 1]. A box without area
    overlaps nothing.
    """
    a = np.asarray(boxes_a, dtype=float).reshape(-1, 4).T[:, :, None]  # (4, Na, 1): one plane a coordinate
    b = np.asarray(boxes_b, dtype=float).reshape(-1, 4).T[:, None, :]
    width = np.minimum(a[2], b[2]) - np.maximum(a[0], b[0])
    height = np.minimum(a[3], b[3]) - np.maximum(a[1], b[1])
    shared = np.maximum(width, 0.0) * np.maximum(height, 0.0)
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=(shared > 0) & (union > 0))


class DetectionScores(NamedTuple):
    """What `average_precision` returns: shares in [0, 1]; NaN where there is no truth to find, or nothing was asked.

    mean: over thresholds and classes (COCO's mAP@[.5:.95]); at_50 and at_75: over classes, at one threshold; small,
    medium, large: as `mean`, for boxes of that size alone; by_class and by_class_50: (classes,); recall: mean over
    thresholds and classes of the share that was found; precision: (thresholds, 101, classes) at the recalls 0, 0.01,
    ..., 1, for curves (101 points are given whatever `points` says).
    """

    mean: float
    at_50: float
    at_75: float
    small: float
    medium: float
    large: float
    by_class: np.ndarray
    by_class_50: np.ndarray
    recall: float
    precision: np.ndarray


COCO_THRESHOLDS = tuple(np.linspace(0.5, 0.95, 10))
_RECALLS = np.linspace(0, 1, 101)
_SIZES = ((0, 1e10), (0, 32**2), (32**2, 96**2), (96**2, 1e10))  # pixels: all, small, medium, large


def average_precision(truth, detections, classes, thresholds=COCO_THRESHOLDS, points=101, most=100):
    """Average precision of detected boxes by COCO's protocol (Lin and others 2014; lesson 2.1), as pycocotools counts.

    truth: for each image (boxes (n, 4) xyxy in pixels, labels (n,) int); detections: for each image (boxes (m, 4),
    labels (m,), scores (m,)), larger scores for surer ones; classes: their number. In each image and class the `most`
    surest count. thresholds: the IoU from which a box is found. points: 101 recalls, as COCO, or "all", the whole area
    under the curve, as PASCAL VOC since 2010 (Everingham and others 2010). Equal scores are taken in the order given.
    Returns `DetectionScores`. Raises ValueError for shapes that do not fit, numbers that are not finite, and labels
    outside [0, classes).
    """
    truth = [_boxes_of(each, classes, scored=False) for each in truth]
    detections = [_boxes_of(each, classes, scored=True) for each in detections]
    thresholds = np.asarray(thresholds, dtype=float).reshape(-1)
    if len(truth) != len(detections):
        raise ValueError(f"truth of {len(truth)} images, but detections of {len(detections)}")
    if points not in (101, "all") or not len(thresholds):
        raise ValueError(f"points must be 101 or 'all', not {points!r}, and there must be a threshold")
    shape = (len(_SIZES), len(thresholds), classes)
    precision, area, recall = np.full((*shape, 101), np.nan), np.full(shape, np.nan), np.full(shape, np.nan)
    for label in range(classes):
        parts = [_matched(found, there, label, thresholds, most) for there, found in zip(truth, detections)]
        if not parts:
            continue
        scores, hits, counted, there = (np.concatenate(each, axis=-1) for each in zip(*parts))
        order = np.argsort(-scores, kind="stable")
        hits, counted, there = hits[..., order], counted[..., order], there.sum(axis=-1)
        for size, threshold in np.ndindex(shape[:2]):
            if there[size]:
                curve = _curve(hits[size, threshold], counted[size, threshold], there[size])
                recall[size, threshold, label] = curve[1][-1] if len(curve[1]) else 0.0
                precision[size, threshold, label], area[size, threshold, label] = _summed(*curve)
    ap = precision.mean(axis=-1) if points == 101 else area

    def at(value):
        return _mean(ap[0, np.isclose(thresholds, value)])

    near = np.isclose(thresholds, 0.5)
    with_50 = ap[0, near][0] if near.any() else np.full(classes, np.nan)
    by_class = np.array([_mean(ap[0, :, label]) for label in range(classes)])
    return DetectionScores(_mean(ap[0]), at(0.5), at(0.75), *(_mean(ap[size]) for size in (1, 2, 3)), by_class, with_50,
                           _mean(recall[0]), precision[0].transpose(0, 2, 1))


def _boxes_of(given, classes, scored):
    """One image's boxes (n, 4), labels (n,) and, when `scored`, scores (n,), checked."""
    if len(given) != 2 + scored:
        raise ValueError(f"an image needs boxes, labels{' and scores' * scored}, not {len(given)} arrays")
    boxes, labels, *scores = (np.asarray(each) for each in given)
    boxes = np.asarray(boxes, dtype=float).reshape(0, 4) if boxes.size == 0 else np.asarray(boxes, dtype=float)
    if boxes.ndim != 2 or boxes.shape[1] != 4 or any(each.shape != (len(boxes),) for each in (labels, *scores)):
        raise ValueError(f"boxes {boxes.shape} must be (n, 4), with labels {labels.shape} and scores of shape (n,)")
    if not np.isfinite(boxes).all() or not all(np.isfinite(each).all() for each in scores):
        raise ValueError("boxes and scores must be finite")
    if labels.size and not (np.equal(labels, np.floor(labels)).all() and 0 <= labels.min() and labels.max() < classes):
        raise ValueError(f"labels must be whole numbers in [0, {classes})")
    return boxes, labels.astype(int), *(each.astype(float) for each in scores)


def _matched(found, there, label, thresholds, most):
    """The detections of one class in one image: scores (m,), hits and counted (sizes, thresholds, m) bool, and which
    true boxes are to be found, (sizes, n) bool. Not counted is what lies outside the range of sizes."""
    boxes, scores = found[0][found[1] == label], found[2][found[1] == label]
    order = np.argsort(-scores, kind="stable")[:most]
    boxes, scores, true = boxes[order], scores[order], there[0][there[1] == label]
    low, high = np.array(_SIZES).T[:, :, None]
    asked = (_area(true) >= low) & (_area(true) <= high)
    outside = (_area(boxes) < low) | (_area(boxes) > high)
    hits = np.zeros((len(_SIZES), len(thresholds), len(boxes)), bool)
    counted = np.repeat(~outside[:, None], len(thresholds), axis=1)
    overlap, free = iou(boxes, true), np.ones((*hits.shape[:2], len(true)), bool)
    least = np.minimum(thresholds, 1 - 1e-10)[:, None]
    for place in np.flatnonzero(overlap.max(axis=1, initial=0.0) >= least.min()) if len(true) else ():
        # The best free box, one that is asked for before one that is not; the later one of two that are equal.
        worth = np.where(free & (overlap[place] >= least), overlap[place] + 2 * asked[:, None], -1.0)
        best = len(true) - 1 - worth[..., ::-1].argmax(axis=-1)
        value = np.take_along_axis(worth, best[..., None], axis=-1)[..., 0]
        size, threshold = np.nonzero(value >= 0)
        free[size, threshold, best[size, threshold]] = False
        hits[..., place] = value >= 2
        counted[..., place] = np.where(value >= 0, value >= 2, counted[..., place])
    return scores, hits, counted, asked


def _area(boxes):
    return np.maximum(boxes[:, 2] - boxes[:, 0], 0) * np.maximum(boxes[:, 3] - boxes[:, 1], 0)


def _curve(hits, counted, there):
    """Precision and recall after each detection, the surest first; precision as the best from there on."""
    right, wrong = np.cumsum(hits), np.cumsum(counted & ~hits)
    precision = right / np.maximum(right + wrong, _TINY)
    return np.maximum.accumulate(precision[::-1])[::-1], right / there


def _summed(precision, recall):
    """Precision at 101 recalls (0 where that much was never found), and the area under the whole curve."""
    place = np.searchsorted(recall, _RECALLS, side="left")
    return np.append(precision, 0.0)[place], float(np.sum(np.diff(recall, prepend=0.0) * precision))


def _mean(values):
    values = values[np.isfinite(values)]
    return float(values.mean()) if values.size else float("nan")


def clear_mot(truth, tracks, threshold=0.5):
    """The CLEAR MOT yardsticks of a tracker (Bernardin and Stiefelhagen 2008; lesson 7.1), as TrackEval counts.

    truth (T, 6) and tracks (M, 6): rows [frame, identity, x1, y1, x2, y2]. A true box and a track's box may be
    matched from an IoU of `threshold` on; a pair of the frame before is kept as long as it may be.
    Returns a dict of shares (mota, motp, recall, precision) and of counts (matches, misses, false_positives,
    switches, fragments, mostly_tracked, mostly_lost). Without truth, or without tracks, every share is 0.
    Raises ValueError for rows of another shape, numbers that are not finite, or an identity twice in a frame.
    """
    frames, truth_counts, track_counts = _paired_frames(truth, tracks)
    people = len(truth_counts)
    last = np.full(people, -1)     # the track that each person was last matched with, however long ago
    before = np.full(people, -1)   # the same, but of the frame before alone
    tracked, began, total = np.zeros(people, int), np.zeros(people, int), 0.0
    matches = switches = 0
    for person, track, overlap in frames:
        if not len(person) or not len(track):
            continue
        allowed = overlap >= threshold - _TINY
        score = np.where(allowed, 1000.0 * (before[person][:, None] == track) + overlap, 0.0)
        rows, columns = _assigned(-score)
        kept = score[rows, columns] > _TINY
        rows, columns = rows[kept], columns[kept]
        seen, by = person[rows], track[columns]
        switches += int(np.sum((last[seen] >= 0) & (last[seen] != by)))
        began[seen] += before[seen] < 0
        last[seen] = by
        before[:] = -1
        before[seen] = by
        tracked[seen] += 1
        matches, total = matches + len(rows), total + float(overlap[rows, columns].sum())
    true, shown = int(truth_counts.sum()), int(track_counts.sum())
    nothing = not true or not shown
    share = tracked / np.maximum(truth_counts, 1)
    return {"mota": 0.0 if nothing else (2 * matches - shown - switches) / true,  # 1 - (FN + FP + switches) / truth
            "motp": total / max(1, matches), "recall": matches / max(1, true), "precision": matches / max(1, shown),
            "matches": matches, "misses": true - matches, "false_positives": shown - matches, "switches": switches,
            "fragments": int(np.maximum(began - 1, 0).sum()), "mostly_tracked": int((share > 0.8).sum()),
            "mostly_lost": int((share < 0.2).sum())}


def identity_f1(truth, tracks, threshold=0.5):
    """IDF1: each person is given one track for the whole sequence (Ristani and others 2016; lesson 7.1).

    truth and tracks as in `clear_mot`. Returns a dict of shares: idf1, idp (precision), idr (recall). Raises
    ValueError as `clear_mot` does.
    """
    frames, truth_counts, track_counts = _paired_frames(truth, tracks)
    together = np.zeros((len(truth_counts), len(track_counts)))
    for person, track, overlap in frames:
        together[np.ix_(person, track)] += overlap >= threshold - _TINY
    right = together[_assigned(-together)].sum()
    true, shown = truth_counts.sum(), track_counts.sum()
    return {"idf1": float(2 * right / max(1, true + shown)), "idp": float(right / max(1, shown)),
            "idr": float(right / max(1, true))}


def hota(truth, tracks):
    """HOTA, the geometric mean of finding and of keeping apart (Luiten and others 2021; lesson 7.1).

    truth and tracks as in `clear_mot`. Returns a dict of shares, each a mean over the thresholds of IoU 0.05,
    0.10, ..., 0.95: hota, deta (detection), assa (association), loca (mean IoU of the matches; 1 where there is
    none). Raises ValueError as `clear_mot` does.
    """
    frames, truth_counts, track_counts = _paired_frames(truth, tracks)
    true, shown = truth_counts.sum(), track_counts.sum()
    size, thresholds = (len(truth_counts), len(track_counts)), np.arange(0.05, 0.99, 0.05)
    if not true or not shown:
        return {"hota": 0.0, "deta": 0.0, "assa": 0.0, "loca": 1.0}
    common = np.zeros(size)  # how long person and track run together; a doubtful frame counts in part
    for person, track, overlap in frames:
        either = overlap.sum(axis=0) + overlap.sum(axis=1)[:, None] - overlap
        common[np.ix_(person, track)] += np.divide(overlap, either, out=np.zeros_like(overlap), where=either > _TINY)
    alignment = common / (truth_counts[:, None] + track_counts - common)
    found, located = np.zeros(len(thresholds)), np.zeros(len(thresholds))
    matched = np.zeros((len(thresholds), *size))
    for person, track, overlap in frames:
        rows, columns = _assigned(-alignment[np.ix_(person, track)] * overlap)
        values = overlap[rows, columns]
        good = values >= thresholds[:, None] - _TINY
        found, located = found + good.sum(axis=1), located + (good * values).sum(axis=1)
        matched[:, person[rows], track[columns]] += good
    jaccard = matched / np.maximum(1, truth_counts[:, None] + track_counts - matched)
    assa = (matched * jaccard).sum(axis=(1, 2)) / np.maximum(1, found)
    deta = found / np.maximum(1, true + shown - found)
    loca = np.maximum(1e-10, located) / np.maximum(1e-10, found)
    return {"hota": float(np.sqrt(deta * assa).mean()), "deta": float(deta.mean()), "assa": float(assa.mean()),
            "loca": float(loca.mean())}


def join_sequences(pairs):
    """Several sequences as one, for a score over all of them (lesson 7.1).

    pairs: (truth, tracks) of each sequence. Returns truth and tracks with frames and identities moved apart, so
    that `clear_mot`, `identity_f1` and `hota` of them are those over all sequences.
    """
    joined, start = ([], []), np.zeros(2)
    for pair in pairs:
        pair = [_track_rows(rows, "rows") for rows in pair]
        lowest = np.min([rows[:, :2].min(axis=0) for rows in pair if len(rows)] or [[0, 0]], axis=0)
        for into, rows in zip(joined, pair):
            into.append(np.hstack([rows[:, :2] - lowest + start, rows[:, 2:]]))
        start = np.max([rows[-1][:, :2].max(axis=0) + 1 for rows in joined if len(rows[-1])] or [start], axis=0)
    return tuple(np.vstack(rows or [np.zeros((0, 6))]) for rows in joined)


_TINY = np.finfo(float).eps


def _track_rows(rows, name):
    rows = np.asarray(rows, dtype=float)
    rows = rows.reshape(0, 6) if rows.size == 0 else rows
    if rows.ndim != 2 or rows.shape[1] != 6 or not np.isfinite(rows).all():
        raise ValueError(f"{name} must be finite rows [frame, identity, x1, y1, x2, y2], not {rows.shape}")
    if len(np.unique(rows[:, :2], axis=0)) < len(rows):
        raise ValueError(f"{name} hold an identity twice in one frame")
    return rows[np.argsort(rows[:, 0], kind="stable")]


def _paired_frames(truth, tracks):
    """A list of (people, tracks, IoU) a frame, identities as 0, 1, ..., and how many rows each identity has."""
    truth, tracks = _track_rows(truth, "truth"), _track_rows(tracks, "tracks")
    identities, counts = zip(*(np.unique(rows[:, 1], return_inverse=True, return_counts=True)[1:]
                               for rows in (truth, tracks)))
    frames = np.union1d(truth[:, 0], tracks[:, 0])
    edges = [np.searchsorted(rows[:, 0], frames, side) for rows in (truth, tracks) for side in ("left", "right")]
    return [(identities[0][a:b], identities[1][c:d], iou(truth[a:b, 2:], tracks[c:d, 2:]))
            for a, b, c, d in zip(*edges)], *counts
