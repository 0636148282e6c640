"""Detection: the yardstick against pycocotools, non-maximum suppression, and the two ways to write a box.

pycocotools' answers for the cases below are stored in cocoeval.json; where it is installed (requirements.txt names it),
it is asked anew as well, and `python tests/test_detection.py` writes the file.
"""
import contextlib
import io
import json
import pathlib
import sys

import numpy as np
import pytest

from helpers import detection, metrics

STORED = pathlib.Path(__file__).with_name("cocoeval.json")
NO_BOXES = np.zeros((0, 4)), np.zeros(0, int)
NOTHING = (*NO_BOXES, np.zeros(0))


def random_boxes(random, count, largest=200.0):
    corner, size = random.uniform(0, 300, (count, 2)), np.exp(random.uniform(np.log(4), np.log(largest), (count, 2)))
    return np.hstack([corner, corner + size])


def random_images(seed, images=8, classes=3, whole=False):
    """Truth, and detections of it that jitter, miss, double, name another class, and see what is not there."""
    random = np.random.default_rng(seed)
    truth, detections = [], []
    for _ in range(images):
        boxes, labels = random_boxes(random, random.integers(0, 12)), random.integers(0, classes, 12)
        labels = labels[:len(boxes)]
        found = np.repeat(np.arange(len(boxes)), random.integers(0, 3, len(boxes)))
        jitter = random.normal(0, 1, (len(found), 4)) * 0.08 * np.tile(boxes[found, 2:] - boxes[found, :2], 2)
        wrong = random.random(len(found)) < 0.1
        kinds = np.where(wrong, random.integers(0, classes, len(found)), labels[found])
        ghosts = random_boxes(random, random.integers(0, 6))
        boxes_found = np.vstack([boxes[found] + jitter, ghosts])
        scores = random.random(len(boxes_found))
        scores = np.round(scores, 1) if whole else scores  # many equal scores
        boxes, boxes_found = (np.rint(each) if whole else each for each in (boxes, boxes_found))
        truth.append((boxes, labels))
        detections.append((boxes_found, np.concatenate([kinds, random.integers(0, classes, len(ghosts))]), scores))
    return truth, detections


def cases():
    truth, detections = random_images(0)
    found = {f"random {seed}": random_images(seed) for seed in range(8)}
    found |= {f"whole pixels, equal scores {seed}": random_images(seed, whole=True) for seed in range(20, 24)}
    copies = [(np.repeat(boxes, 40, axis=0), np.repeat(labels, 40), np.repeat(np.linspace(1, 0.5, len(labels)), 40))
              for boxes, labels in truth]
    grid = np.array([[0, 0, 32, 32], [40, 0, 136, 96], [0, 100, 33, 132], [140, 0, 237, 96]], float)
    found |= {
        "perfect": (truth, [(*each, np.ones(len(each[1]))) for each in truth]),
        "no detections": (truth, [NOTHING] * len(truth)),
        "no truth": ([NO_BOXES] * len(truth), detections),
        "nothing at all": ([NO_BOXES], [NOTHING]),
        "all of one class": ([(boxes, 0 * labels) for boxes, labels in truth],
                             [(boxes, 0 * labels, scores) for boxes, labels, scores in detections]),
        "always another class": (truth, [(boxes, (labels + 1) % 3, scores) for boxes, labels, scores in detections]),
        "all scores equal": (truth, [(boxes, labels, 0 * scores) for boxes, labels, scores in detections]),
        "forty of each": (truth, copies),
        "more than a hundred": ([(grid, np.zeros(4, int))],
                                [(np.vstack([np.repeat(grid[:1], 120, axis=0), grid]), np.zeros(124, int),
                                  np.linspace(1, 0, 124))]),
        "sizes on the border": ([(grid, np.zeros(4, int))], [(grid, np.zeros(4, int), np.array([.4, .3, .2, .1]))]),
        "a box between two, equally near": ([(np.array([[0., 0, 10, 10], [4, 0, 14, 10]]), np.zeros(2, int))],
                                            [(np.array([[2., 0, 12, 10], [0, 0, 10, 10]]), np.zeros(2, int),
                                              np.array([0.9, 0.8]))]),
        "boxes without area": ([(truth[0][0], truth[0][1])], [(truth[0][0][:, [0, 1, 0, 3]], truth[0][1],
                                                               np.ones(len(truth[0][1])))]),
        "one image": (truth[:1], detections[:1]),
        "images without truth, images without detections": (
            [each if number % 2 else NO_BOXES for number, each in enumerate(truth)],
            [each if number % 3 else NOTHING for number, each in enumerate(detections)]),
    }
    return found


def ours(truth, detections):
    found = metrics.average_precision(truth, detections, classes=3)
    numbers = {name: getattr(found, name) for name in ("mean", "at_50", "at_75", "small", "medium", "large", "recall")}
    numbers |= {f"class {label}": found.by_class[label] for label in range(3)}
    numbers |= {f"class {label} at 50": found.by_class_50[label] for label in range(3)}
    return {name: -1.0 if np.isnan(number) else float(number) for name, number in numbers.items()}


def pycocotools_says(truth, detections):
    """The same numbers from pycocotools, which takes left, top, width, height, and writes -1 for nothing to find."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    def dataset(images):
        annotations = []
        for image, (boxes, labels, *scores) in enumerate(images, start=1):
            for place, (box, label) in enumerate(zip(boxes, labels)):
                wide, high = float(box[2] - box[0]), float(box[3] - box[1])
                annotations.append({"id": len(annotations) + 1, "image_id": image, "category_id": int(label) + 1,
                                    "bbox": [float(box[0]), float(box[1]), wide, high], "area": wide * high,
                                    "iscrowd": 0, **({"score": float(scores[0][place])} if scores else {})})
        made = COCO()
        made.dataset = {"images": [{"id": number + 1} for number in range(len(images))], "annotations": annotations,
                        "categories": [{"id": number + 1} for number in range(3)]}
        made.createIndex()
        return made

    with contextlib.redirect_stdout(io.StringIO()):
        judge = COCOeval(dataset(truth), dataset(detections), "bbox")
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    precision = judge.eval["precision"][:, :, :, 0, -1]  # thresholds, recalls, classes

    def mean(values):
        return float(values[values > -1].mean()) if (values > -1).any() else -1.0

    numbers = dict(zip(("mean", "at_50", "at_75", "small", "medium", "large"), map(float, judge.stats)))
    numbers |= {"recall": float(judge.stats[8])}
    numbers |= {f"class {label}": mean(precision[:, :, label]) for label in range(3)}
    return numbers | {f"class {label} at 50": mean(precision[0, :, label]) for label in range(3)}


@pytest.mark.parametrize("case", cases())
def test_average_precision_equals_pycocotools(case):
    assert ours(*cases()[case]) == pytest.approx(json.loads(STORED.read_text())[case], abs=5e-7)


@pytest.mark.parametrize("case", cases())
def test_stored_values_are_those_of_pycocotools(case):
    pytest.importorskip("pycocotools", reason="pycocotools is not installed; its stored answers were compared instead")
    assert pycocotools_says(*cases()[case]) == pytest.approx(json.loads(STORED.read_text())[case], abs=5e-7)


def test_many_random_images_equal_pycocotools():
    pytest.importorskip("pycocotools", reason="pycocotools is not installed; its stored answers were compared instead")
    for seed in range(100, 120):
        images = random_images(seed, images=20, whole=seed % 2 == 0)
        assert ours(*images) == pytest.approx(pycocotools_says(*images), abs=5e-7)


def test_average_precision_by_hand():
    """Three true boxes; found, not found, found, in this order: precision 1, 1/2, 2/3 at recall 1/3, 1/3, 2/3."""
    boxes = np.array([[0., 0, 10, 10], [20, 0, 30, 10], [40, 0, 50, 10]])
    truth = [(boxes, np.zeros(3, int))]
    found = [(np.vstack([boxes[0], boxes[0] + 100, boxes[1]]), np.zeros(3, int), np.array([0.9, 0.8, 0.7]))]
    every = metrics.average_precision(truth, found, 1, thresholds=[0.5], points="all")
    assert every.mean == pytest.approx(1 / 3 + 2 / 3 / 3) and every.recall == pytest.approx(2 / 3)
    coco = metrics.average_precision(truth, found, 1)
    assert coco.at_50 == pytest.approx((34 + 33 * 2 / 3) / 101)
    assert coco.precision.shape == (10, 101, 1) and np.isnan(coco.large) and coco.small == coco.mean


@pytest.mark.parametrize("seed", range(5))
def test_all_points_are_the_area_under_the_curve(seed):
    """Against a slow sum: for each true box found, the best precision at that recall or more."""
    truth, found = random_images(seed, classes=1)
    ap = metrics.average_precision(truth, found, 1, thresholds=[0.5], points="all").mean
    ranked = sorted(((-score, image, place) for image, each in enumerate(found) for place, score in enumerate(each[2])))
    taken, right = [set() for _ in truth], []
    for _, image, place in ranked:
        overlap = metrics.iou(found[image][0][place], truth[image][0])[0]
        free = [(overlap[other], other) for other in range(len(overlap)) if other not in taken[image]]
        best = max(free, default=(0, 0))
        right.append(best[0] >= 0.5)
        taken[image] |= {best[1]} if right[-1] else set()
    precision = np.cumsum(right) / np.arange(1, len(right) + 1)
    there = sum(len(each[1]) for each in truth)
    assert ap == pytest.approx(sum(precision[place:].max() for place in np.flatnonzero(right)) / there)


@pytest.mark.parametrize("truth, found, why", [
    ([NO_BOXES], [], "1 images, but detections of 0"),
    ([NO_BOXES], [NO_BOXES], "needs boxes, labels and scores"),
    ([(np.zeros((2, 4)), [0])], [NOTHING], "labels"),
    ([(np.zeros((1, 3)), [0])], [NOTHING], r"must be \(n, 4\)"),
    ([NO_BOXES], [([[0, 0, 1, np.nan]], [0], [1.0])], "finite"),
    ([NO_BOXES], [([[0, 0, 1, 1]], [0], [np.inf])], "finite"),
    ([([[0, 0, 1, 1]], [3])], [NOTHING], "whole numbers in"),
    ([([[0, 0, 1, 1]], [0.5])], [NOTHING], "whole numbers in"),
])
def test_what_makes_no_sense_is_refused(truth, found, why):
    with pytest.raises(ValueError, match=why):
        metrics.average_precision(truth, found, 3)


def test_a_hundred_images_take_a_moment():
    import time

    images = random_images(3, images=100)
    began = time.perf_counter()
    metrics.average_precision(*images, classes=3)
    assert time.perf_counter() - began < 5


def test_two_ways_to_write_a_box():
    boxes = random_boxes(np.random.default_rng(0), 50)
    assert detection.to_centre([10, 20, 30, 60]).tolist() == [20, 40, 20, 40]
    np.testing.assert_allclose(detection.to_corners(detection.to_centre(boxes)), boxes)
    assert detection.to_centre(boxes.reshape(5, 10, 4)).shape == (5, 10, 4)


def test_nms_by_hand():
    boxes = [[0, 0, 10, 10], [1, 0, 11, 10], [5, 0, 15, 10], [30, 0, 40, 10]]  # IoU with the first: 9/11, 1/3, 0
    scores = [0.8, 0.9, 0.7, 0.1]
    assert detection.nms(boxes, scores, 0.5).tolist() == [1, 2, 3]
    assert detection.nms(boxes, scores, 0.3).tolist() == [1, 3]
    assert detection.nms(boxes, scores, 0.9).tolist() == [1, 0, 2, 3]
    assert detection.nms(boxes, scores, 0.5, labels=[0, 1, 0, 0]).tolist() == [1, 0, 2, 3]
    assert detection.nms(boxes, scores, 0.5, most=2).tolist() == [1, 2]
    assert detection.nms(boxes, [1, 1, 1, 1], 0.5).tolist() == [0, 2, 3], "of equal scores the first stays"
    assert detection.nms(np.zeros((0, 4)), []).shape == (0,)
    with pytest.raises(ValueError, match="4 boxes, 3 scores"):
        detection.nms(boxes, scores[:3])


@pytest.mark.parametrize("seed", range(5))
def test_nms_leaves_no_pair_and_drops_nothing_without_cause(seed):
    random = np.random.default_rng(seed)
    boxes, scores, labels = random_boxes(random, 80), random.random(80), random.integers(0, 2, 80)
    kept = detection.nms(boxes, scores, 0.4, labels)
    same = (labels[:, None] == labels) & (metrics.iou(boxes, boxes) > 0.4) & ~np.eye(80, dtype=bool)
    assert (np.diff(scores[kept]) <= 0).all() and not same[np.ix_(kept, kept)].any()
    for place in np.setdiff1d(np.arange(80), kept):
        assert scores[kept][same[place, kept]].max() >= scores[place]


if __name__ == "__main__":
    answers = {case: pycocotools_says(*images) for case, images in cases().items()}
    STORED.write_text(json.dumps(answers, indent=1) + "\n", encoding="utf-8")
    print(f"{len(answers)} cases written to {STORED.name}", file=sys.stderr)
