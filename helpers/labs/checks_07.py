"""The tasks and checks of lab 7: a tracker that knows people by their looks.

Each check asks for a property on random inputs, or compares with another way to the same thing: loops over pixels, cells
of a cut-up plane, triplets one by one, scenes of which one knows who is who. What the tasks are is said in
chapters/07_tracking/lab.ipynb.
"""
import functools
import itertools

import numpy as np
from scipy.optimize import linear_sum_assignment

from helpers import metrics
from helpers.labs.tasks import Task, Wrong, expect, numbers

CROP = (48, 24)           # height and width of a crop, in pixels
OVERLAP, FRESH = 0.3, 2   # the IoU that proves a pair, and up to how many missed frames


def constants(variant):
    """What a class's variant changes. 0 is the course's own."""
    rng = np.random.default_rng([7, variant])
    if not variant:
        return {"bins": 12, "weight": 0.7, "max_age": 45, "margin": 0.3, "dimensions": 32, "limit": 80_000, "streets": 0}
    return {"bins": int(rng.choice([10, 11, 13, 14, 15, 16])), "weight": float(rng.choice([0.6, 0.65, 0.75, 0.8])),
            "max_age": int(rng.integers(35, 61)), "margin": float(rng.choice([0.2, 0.25, 0.35, 0.4])),
            "dimensions": int(rng.choice([24, 28, 36, 40, 48])), "limit": int(rng.integers(90, 121)) * 1000,
            "streets": int(variant)}


# Task describe

def histograms(frame, boxes, bins, trim=0.25, bands=2, root=True, shares=True, crossed=False):
    """The descriptors, pixel by pixel; the options make the usual wrong ones."""
    answer = np.zeros((len(boxes), bands, bins, bins))
    for box, cells in zip(boxes, answer):
        x1, y1, x2, y2 = box[[1, 0, 3, 2]] if crossed else box
        left, right = x1 + trim * (x2 - x1), x2 - trim * (x2 - x1)
        for row, column in np.ndindex(frame.shape[:2]):
            colour = frame[row, column].astype(float)
            if left <= column + 0.5 < right and y1 <= row + 0.5 < y2 and colour.sum() > 0:
                band = min(int(bands * (row + 0.5 - y1) / (y2 - y1)), bands - 1)
                colour = colour / (colour.sum() if shares else 255)
                first, second = np.minimum((colour[:2] * bins).astype(int), bins - 1)
                cells[band, first, second] += 1
    total = answer.sum(axis=(2, 3), keepdims=True)
    answer = answer / np.maximum(bands * total, 1e-9)
    if not root:
        length = np.sqrt((answer**2).sum(axis=(1, 2, 3), keepdims=True))
        return (answer / np.maximum(length, 1e-9)).reshape(len(boxes), -1)
    return np.sqrt(answer).reshape(len(boxes), -1)


def palette(rng, bins, count, brightest=255):
    """Colours (count, 3) whose shares of red and green lie well inside their cells."""
    found = []
    while len(found) < count:
        colour = rng.integers(1, brightest + 1, size=3)
        place = bins * colour[:2] / colour.sum()
        if colour.sum() > 12 and np.all(np.abs(place - np.rint(place)) > 0.06):
            found.append(colour)
    return np.array(found)


def texture(rng, height, width, colours):
    """A frame of random pixels; the colours are not equally frequent, and others above than below."""
    shares = rng.dirichlet(np.ones(len(colours)), size=2)
    return np.concatenate([colours[rng.choice(len(colours), size=(part, width), p=share)]
                           for part, share in zip((height // 2, height - height // 2), shares)]).astype(np.uint8)


def inner_boxes(rng, height, width, count=4):
    """Boxes (count, 4) inside a frame, higher than wide, with broken numbers."""
    wide, high = rng.uniform(9, 15, size=count), rng.uniform(17, 26, size=count)
    x, y = rng.uniform(0, width - wide), rng.uniform(0, height - high)
    return np.stack([x, y, x + wide, y + high], axis=1)


def described(answer, frame, boxes, bins):
    return numbers(answer(frame, boxes, bins), (len(boxes), None), "the descriptors")


def likeness_is_right(answer, rng, lab):
    """the likeness of any two boxes is that of their histograms, upper with upper and lower with lower half"""
    for bins in (lab.bins, int(rng.integers(5, 9))):
        frame = texture(rng, *rng.permutation([37, 52]), palette(rng, bins, 9))
        boxes = inner_boxes(rng, *frame.shape[:2])
        got = described(answer, frame, boxes, bins)
        got = got @ got.T
        right = histograms(frame, boxes, bins)
        if np.allclose(got, right @ right.T, atol=2e-3):
            continue
        for told, options in {
                "the whole width of the box is used; the outer quarters on the left and on the right are background":
                dict(trim=0), "upper and lower half of a box must be two histograms, side by side": dict(bands=1),
                "the square root of the shares is missing: without it the dot product is not the likeness that is "
                "asked for": dict(root=False), "the cells are those of red and green themselves; take their shares of "
                "red + green + blue": dict(shares=False), "a box is (x1, y1, x2, y2), and a frame has rows first: "
                "frame[y, x]": dict(crossed=True)}.items():
            wrong = histograms(frame, boxes, bins, **options)
            expect(not np.allclose(got, wrong @ wrong.T, atol=2e-3), told)
        own = np.sqrt(np.abs(np.diag(got)))
        expect(np.allclose(own, 1, atol=1e-3), f"each descriptor must have length 1; here they have {own.round(3).tolist()}. "
               "Each half counts the same: its shares add up to 1/2 before the square root")
        raise Wrong(f"with {bins} x {bins} cells the likeness of two boxes is up to {np.abs(got - right @ right.T).max():.3f} "
                    "off. Which pixels count? Those whose middle (column + 0.5, row + 0.5) lies in the middle half of the "
                    "width; the halves meet at the middle of the height. And is each cell as wide as the next?")


def light_does_not_matter(answer, rng, lab):
    """half the light gives the same descriptor, another colour another one"""
    bins, colours = lab.bins, palette(rng, lab.bins, 8, brightest=50)
    dim = texture(rng, 48, 40, colours)
    boxes = inner_boxes(rng, 48, 40)
    for factor in (2, 5):
        likeness = np.sum(described(answer, dim, boxes, bins) * described(answer, dim * np.uint8(factor), boxes, bins), axis=1)
        expect(np.allclose(likeness, 1, atol=1e-3), f"the same boxes in {factor} times the light have a likeness of "
               f"{likeness.min():.2f}, not 1. What stays when red, green and blue grow by the same factor? And is the sum "
               "of the three taken in a type that can hold more than 255?")
    shade = dim * rng.integers(1, 6, size=(48, 40, 1)).astype(np.uint8)
    likeness = np.sum(described(answer, dim, boxes, bins) * described(answer, shade, boxes, bins), axis=1)
    expect(np.allclose(likeness, 1, atol=1e-3), f"when each pixel has its own light the likeness is {likeness.min():.2f}, "
           "not 1: take the light out of each pixel before counting, not out of the whole box")
    red, blue = (np.broadcast_to(np.array(each, np.uint8), (48, 40, 3)) for each in ((190, 40, 30), (30, 50, 180)))
    likeness = np.sum(described(answer, red, boxes, bins) * described(answer, blue, boxes, bins), axis=1)
    expect(likeness.max() < 0.2, f"somebody in red and somebody in blue have a likeness of {likeness.max():.2f}; it should "
           "be 0")


def edges_are_kept(answer, rng, lab):
    """boxes beyond the frame, black pixels, pure colours and a frame without boxes"""
    bins = lab.bins
    frame = texture(rng, 40, 44, palette(rng, bins, 8))
    boxes = np.array([[-8, 5, 6, 30], [36, -9, 50, 12], [10, 25, 24, 55], [-30, 4, -14, 30]]) + rng.uniform(-1, 1, size=(4, 4))
    got, right = described(answer, frame, boxes, bins), histograms(frame, boxes, bins)
    expect(np.allclose(got[3], 0), "a box without a pixel in the frame has a descriptor of zeros")
    expect(np.allclose(got @ got.T, right @ right.T, atol=2e-3), "boxes that reach beyond the frame: only the pixels that "
           "exist count. A negative index counts from the other end, so cut the rows and columns at 0 and at the size of "
           "the frame; a half without pixels stays zero, and the other one as it is")
    frame = np.zeros((40, 44, 3), np.uint8)
    frame[rng.random((40, 44)) < 0.5] = (255, 0, 0)
    frame[::5, ::3] = (0, 255, 0)
    boxes = inner_boxes(rng, 40, 44)
    got, right = described(answer, frame, boxes, bins), histograms(frame, boxes, bins)
    expect(np.allclose(got @ got.T, right @ right.T, atol=2e-3), "black pixels have no colour and must not count, and a "
           "share of exactly 1 belongs to the last cell")
    empty = np.asarray(answer(frame, np.zeros((0, 4)), bins))
    expect(empty.ndim == 2 and len(empty) == 0, f"for a frame without boxes, shape (0, 4), the answer must have shape (0, D), "
           f"not {empty.shape}")


# Task visible_share

def uncovered(boxes, behind=False, either=False):
    """The share of each box that no box in front covers, on the cells into which all edges cut the plane."""
    shares = np.ones(len(boxes))
    xs, ys = np.unique(boxes[:, [0, 2]]), np.unique(boxes[:, [1, 3]])
    x, y = (xs[1:] + xs[:-1]) / 2, (ys[1:] + ys[:-1]) / 2
    area = np.diff(ys)[:, None] * np.diff(xs)
    inside = [((y > y1) & (y < y2))[:, None] & ((x > x1) & (x < x2)) for x1, y1, x2, y2 in boxes]
    for number, mine in enumerate(inside):
        hidden = np.zeros_like(mine)
        for other, theirs in enumerate(inside):
            nearer = boxes[other, 3] > boxes[number, 3]
            if other != number and (either or nearer != behind):
                hidden |= theirs
        shares[number] = 1 - (area * (mine & hidden)).sum() / (area * mine).sum()
    return shares


def shares_of(answer, boxes):
    return numbers(answer(boxes), (len(boxes),), "the shares")


def people_boxes(rng, count, reach=40):
    """Boxes that overlap much: (count, 4), no two with the same foot."""
    high = rng.uniform(30, 60, size=count)
    wide = high * rng.uniform(0.4, 0.9, size=count)
    x, foot = rng.uniform(0, reach, size=count), rng.permutation(np.linspace(50, 50 + reach, count)) + rng.uniform(0, 1)
    return np.stack([x, foot - high, x + wide, foot], axis=1)


def two_people(answer, rng, lab):
    """of two people, the one whose feet are lower in the picture hides the other"""
    for number in range(6):
        while True:
            boxes = people_boxes(rng, 2, reach=15)
            right = uncovered(boxes)
            taller = boxes[boxes[:, 3].argmax(), 1] < boxes[boxes[:, 3].argmin(), 1]
            if right.min() < 0.8 and taller == number % 2:  # half of the time the head of the nearer one is higher
                break
        got = shares_of(answer, boxes)
        if np.allclose(got, right, atol=0.02):
            continue
        expect(not np.allclose(got, uncovered(boxes, behind=True), atol=0.02), "the wrong one is hidden: who stands lower in "
               "the picture (larger y2) is nearer, and stands in front")
        expect(not np.allclose(got, uncovered(boxes, either=True), atol=0.02), "both are hidden; only the one behind is. The "
               "other is seen in full")
        expect(not np.allclose(got, 1 - right, atol=0.02), "this is the hidden share; asked for is the visible one")
        overlap = metrics.iou(boxes[:1], boxes[1:])[0, 0]
        expect(not np.isclose(got.min(), 1 - overlap, atol=0.02), "what is hidden counts in shares of the hidden box's own "
               "area, not of the area of both (that would be IoU)")
        raise Wrong(f"boxes {boxes.round(1).tolist()}: visible are {right.round(2).tolist()}, not {got.round(2).tolist()}. "
                    "Divide by the box's own area; or count points, if they are dense and lie in the middles of their cells")


def several_people(answer, rng, lab):
    """what two people in front both cover is hidden once"""
    for _ in range(6):
        back = np.array([0.0, 0.0, 30.0, 60.0])
        left, right = rng.uniform(8, 20, size=2)
        boxes = np.array([back, [-10, 10, left, 70], [left - rng.uniform(3, 7), 15, 30 + right, 80]])
        expected, got = uncovered(boxes), shares_of(answer, boxes)
        alone = [1 - uncovered(boxes[[0, other]])[0] for other in (1, 2)]
        expect(abs(got[0] - expected[0]) <= 0.02 or abs(got[0] - max(1 - sum(alone), 0)) > 0.02, "the covered shares are added "
               "up, and the part that two people cover counts twice; it is hidden once")
        expect(abs(got[0] - expected[0]) <= 0.02 or abs(got[0] - (1 - max(alone))) > 0.02, "only the largest cover counts; "
               "two people in front can hide different parts")
        expect(np.allclose(got, expected, atol=0.02), f"of a box behind two others {expected[0]:.2f} is visible, not "
               f"{got[0]:.2f}; all three: {expected.round(2).tolist()}, not {got.round(2).tolist()}")


def any_crowd(answer, rng, lab):
    """crowds in any order, hidden in full, alone, and nobody"""
    for count in (1, 5, 9, 14):
        boxes = people_boxes(rng, count)
        off = np.abs(shares_of(answer, boxes) - uncovered(boxes)).max()
        expect(off <= 0.02, f"among {count} people the shares are off by up to {off:.2f}; 0.02 is allowed. " + (
            "A coarse grid of points may be the reason" if off < 0.1 else "Each box counts all of those in front of it, and "
            "each place once"))
    hidden = np.array([[10, 10, 20, 40], [5, 5, 30, 60.0]])
    expect(np.allclose(shares_of(answer, hidden), [0, 1], atol=0.02), "who is covered in full has the share 0")
    got = np.asarray(answer(np.zeros((0, 4))))
    expect(got.shape == (0,), f"for a frame without boxes the answer must have shape (0,), not {got.shape}")


# Task affinity

def worth(track, box, alike, missed, weight, reach, least):
    """The affinity of one pair."""
    (x1, y1, x2, y2), (u1, v1, u2, v2) = track, box
    wide, high = min(x2, u2) - max(x1, u1), min(y2, v2) - max(y1, v1)
    shared = max(wide, 0) * max(high, 0)
    overlap = shared / ((x2 - x1) * (y2 - y1) + (u2 - u1) * (v2 - v1) - shared)
    away = np.hypot((u1 + u2 - x1 - x2) / 2, (v1 + v2 - y1 - y2) / 2)
    near = away <= reach * (1 + missed) * (y2 - y1)
    proven = alike >= least or (overlap >= OVERLAP and missed <= FRESH)
    return weight * alike + (1 - weight) * overlap if near and proven else 0.0


def table_of(answer, predicted, boxes, likeness, missed, *settings):
    return numbers(answer(predicted, boxes, likeness, missed, *settings), (len(predicted), len(boxes)), "the affinities")


def moved(box, right, down=0.0):
    return np.asarray(box) + [right, down, right, down]


def both_cues_count(answer, rng, lab):
    """a pair in reach is worth the weighted mean of likeness and overlap"""
    for weight in (lab.weight, 0.0, 1.0, float(rng.uniform(0.2, 0.4))):
        predicted = people_boxes(rng, 4)
        boxes = people_boxes(rng, 3)
        likeness = rng.uniform(0.1, 1, size=(4, 3))
        got = table_of(answer, predicted, boxes, likeness, np.zeros(4, int), weight, 50.0, 0.0)
        overlap = metrics.iou(predicted, boxes)
        if np.allclose(got, weight * likeness + (1 - weight) * overlap, atol=1e-4):
            continue
        expect(not np.allclose(got, (1 - weight) * likeness + weight * overlap, atol=1e-4), "the weight belongs to the "
               "likeness, and 1 - weight to the overlap")
        expect(not np.allclose(got, likeness + overlap, atol=1e-4), "this is the sum of both; asked for is their weighted mean")
        expect(not np.allclose(got, 1 - weight * likeness - (1 - weight) * overlap, atol=1e-4), "this is a cost, small for "
               "good pairs; an affinity is large for them")
        lost = (got == 0) & (weight * likeness + (1 - weight) * overlap > 1e-4)
        expect(not lost.any() or not np.allclose(got[~lost], (weight * likeness + (1 - weight) * overlap)[~lost], atol=1e-4),
               f"all pairs are in reach and alike enough, and {lost.sum()} of {lost.size} are worth 0. One proof is enough: "
               "likeness or overlap")
        raise Wrong(f"weight {weight:.2f}, all pairs in reach and alike enough: the affinities are up to "
                    f"{np.abs(got - weight * likeness - (1 - weight) * overlap).max():.2f} off weight * likeness + "
                    "(1 - weight) * IoU")


def nobody_flies(answer, rng, lab):
    """a box out of reach is worth 0, and the reach grows with the missed frames"""
    for _ in range(4):
        reach, angle, high = rng.uniform(0.2, 0.5), rng.uniform(0, 2 * np.pi), rng.uniform(40, 80)
        person = np.array([100, 100, 100 + 0.4 * high, 100 + high])
        missed = np.array([0, 1, 4, 9])
        for factor, allowed in ((0.93, True), (1.07, False)):
            away = factor * reach * (1 + missed) * high
            boxes = np.array([moved(person, each * np.cos(angle), each * np.sin(angle)) for each in away])
            got = np.diag(table_of(answer, np.tile(person, (4, 1)), boxes, np.ones((4, 4)), missed, 1.0, reach, 0.5))
            if allowed:
                expect(np.allclose(got, 1, atol=1e-4), f"a person {high:.0f} pixels high, reach {reach:.2f}, missed in "
                       f"{missed[np.argmin(got)]} frames: a box {away[np.argmin(got)]:.0f} pixels from the predicted place is "
                       "in reach. Distances are those of the middles, in heights of the predicted box, and the reach is "
                       "that of 1 + missed frames")
            else:
                expect(np.allclose(got, 0, atol=1e-4), f"a person {high:.0f} pixels high, reach {reach:.2f}, missed in "
                       f"{missed[np.argmax(got)]} frames: a box {away[np.argmax(got)]:.0f} pixels from the predicted place "
                       "is out of reach and must be worth 0, however alike")


def a_pair_needs_a_proof(answer, rng, lab):
    """likeness proves a pair; overlap does so only for tracks that were seen a moment ago"""
    person = np.array([100.0, 100.0, 128.0, 164.0])
    near, apart = moved(person, rng.uniform(1, 4), rng.uniform(1, 4)), moved(person, 40)
    for missed in range(6):
        def one(box, alike, least=0.7):
            given = table_of(answer, person[None], box[None], np.array([[alike]]), np.array([missed]), 0.5, 3.0, least)
            return given[0, 0]

        alike, unlike = rng.uniform(0.75, 0.95), rng.uniform(0.2, 0.6)
        expect(one(apart, alike) > 0.3, f"missed in {missed} frames, likeness {alike:.2f} of at least 0.7, in reach, no "
               "overlap: likeness alone proves this pair")
        expect(one(apart, unlike) == 0, f"likeness {unlike:.2f} of at least 0.7 and no overlap: nothing proves this pair, so "
               "it must be worth 0")
        if missed <= FRESH:
            expect(one(near, unlike) > 0.3, f"missed in {missed} frames and an overlap of more than {OVERLAP}: the overlap "
                   "proves this pair, although the likeness is low (somebody may be in front)")
        else:
            expect(one(near, unlike) == 0, f"missed in {missed} frames: after more than {FRESH} the overlap with a guessed "
                   "place proves nothing any more; without the likeness the pair must be worth 0")
    slight = moved(person, 18)  # overlaps, but by less than 0.3
    got = table_of(answer, person[None], slight[None], np.array([[0.5]]), np.array([0]), 0.5, 3.0, 0.7)
    expect(got[0, 0] == 0, f"an IoU of {metrics.iou(person[None], slight[None])[0, 0]:.2f} is less than {OVERLAP} and proves "
           "nothing")


def any_table(answer, rng, lab):
    """random tables, also without tracks or without boxes"""
    for _ in range(8):
        tracks, count = rng.integers(1, 8, size=2)
        predicted, boxes = people_boxes(rng, tracks, reach=70), people_boxes(rng, count, reach=70)
        likeness, missed = rng.uniform(0, 1, size=(tracks, count)), rng.integers(0, 6, size=tracks)
        settings = rng.uniform(0.2, 0.8), rng.uniform(0.1, 0.5), rng.uniform(0.4, 0.9)
        right = np.array([[worth(predicted[row], boxes[column], likeness[row, column], missed[row], *settings)
                           for column in range(count)] for row in range(tracks)])
        got = table_of(answer, predicted, boxes, likeness, missed, *settings)
        row, column = np.unravel_index(np.abs(got - right).argmax(), got.shape)
        expect(np.allclose(got, right, atol=1e-4), f"{tracks} tracks, {count} boxes: track {row} (missed in {missed[row]} "
               f"frames) and box {column} must be worth {right[row, column]:.3f}, not {got[row, column]:.3f}")
    for tracks, count in ((0, 3), (2, 0)):
        got = np.asarray(answer(people_boxes(rng, tracks), people_boxes(rng, count), np.zeros((tracks, count)),
                                np.zeros(tracks, int), 0.5, 0.3, 0.7))
        expect(got.shape == (tracks, count), f"for {tracks} tracks and {count} boxes the table has shape ({tracks}, {count}), "
               f"not {got.shape}")


# Task AppearanceTracker: scenes of which one knows who is who

WIDE, HIGH = 26.0, 60.0


def looks_of(rng, count, size=24):
    """Looks (count, size) of length 1, every two at right angles: nobody looks like anybody else."""
    return np.linalg.qr(rng.normal(size=(size, count)))[0].T


def standing(x, y=100.0):
    return np.array([x, y, x + WIDE, y + HIGH])


class Scene:
    """People come and go; `show` adds what a detector sees of one of them in one frame."""

    def __init__(self, length):
        self.frames = [[] for _ in range(length)]

    def show(self, frame, who, x, look, share=1.0, y=100.0):
        self.frames[frame].append((who, standing(x, y), look, share))

    def run(self, answer, rng, size, **settings):
        """{who: {frame: identity}} of all that a tracker with these settings shows."""
        settings = {"min_hits": 2, "rate": 0.3, "clear": 0.6, "weight": 0.6, "reach": 0.35, "alike": 0.8, **settings}
        tracker, found = answer(**settings), {}
        for number, people in enumerate(self.frames):
            people = [people[place] for place in rng.permutation(len(people))]
            boxes = np.array([box + rng.normal(0, 0.3, 4) for _, box, _, _ in people]).reshape(-1, 4)
            looks = np.array([look for _, _, look, _ in people]).reshape(-1, size)
            rows = tracker.update(boxes, looks, np.array([share for *_, share in people]))
            if isinstance(rows, (list, tuple)) and not len(rows):
                rows = np.zeros((0, 5))
            rows = numbers(rows, (None, 5), "what `update` returns")
            names = rows[:, 4]
            expect(np.all(names == np.rint(names)) and np.all(names >= 1), "an identity, the last number of a row, must be a "
                   f"whole number from 1 on; frame {number + 1} gives {names.round(2).tolist()}")
            expect(len(set(names)) == len(names), f"frame {number + 1} shows an identity twice")
            expect(len(rows) <= len(people), f"frame {number + 1} shows {len(rows)} people of {len(people)} boxes: only tracks "
                   "that were seen in this frame are shown")
            away = np.linalg.norm(rows[:, None, :4] - boxes[None], axis=-1)
            # After a gap the filter may be far behind; so the boxes are paired all at once.
            for row, place in zip(*linear_sum_assignment(away)):
                expect(away[row, place] < 2 * HIGH, f"frame {number + 1}: a shown box lies away from every detection. "
                       "Rows are x1, y1, x2, y2, identity, and only tracks that were seen in this frame are shown")
                found.setdefault(people[place][0], {})[number] = int(names[row])
        return found


def name_of(found, who, first, last, story):
    """The one identity of somebody in the frames from `first` to `last`; frames are counted from 0 here."""
    names = {name for frame, name in found.get(who, {}).items() if first <= frame <= last}
    expect(names, f"{story}: not shown at all in frames {first + 1} to {last + 1}")
    expect(len(names) == 1, f"{story}: the identity changes in frames {first + 1} to {last + 1}, though seen all the time")
    return names.pop()


def steady_people(answer, rng, lab):
    """people in plain view keep one identity each, and a ghost is not shown"""
    looks, scene, hits = looks_of(rng, 6), Scene(26), int(rng.integers(2, 5))
    for who in range(4):
        for frame in range(2, 26):
            if (who, frame) != (1, 15) and not (who == 3 and frame < 9):
                scene.show(frame, who, 40 + 90 * who + (2 - who % 2 * 4) * frame, looks[who])
    for frame in range(12, 12 + hits):
        scene.show(frame, "ghost", 420, looks[4], y=30.0)
    found = scene.run(answer, rng, 24, min_hits=hits, max_age=9)
    expect("ghost" not in found, f"somebody detected in {hits} frames is shown; with min_hits = {hits} a track is shown after "
           f"{hits} matches, and the detection that opens it is none")
    for who, begin in ((0, 2), (1, 2), (2, 2), (3, 9)):
        shown = found.get(who, {})
        expect(shown and min(shown) == begin + hits, f"a person seen from frame {begin + 1} on must be shown from frame "
               f"{begin + hits + 1} on with min_hits = {hits}, " + (f"not from {min(shown) + 1}" if shown else "and never is"))
        name_of(found, who, 0, 26, "somebody who walks in plain view (one of them is missed for a frame)")
        expect(len(shown) >= 24 - begin - hits + 1, "somebody in plain view is not shown in each frame once confirmed")
    expect(len({name for names in found.values() for name in names.values()}) == 4, "two people have the same identity")


def after_a_gap(answer, rng, gap, age, other=None):
    """A walker who turns round while nobody sees her: identities before and after, and the scene's story."""
    looks, scene = looks_of(rng, 3), Scene(12 + gap + 8)
    for frame in range(len(scene.frames)):
        scene.show(frame, "other", 330 - frame, looks[2])
        if frame < 12:
            scene.show(frame, "she", 100 + 2 * frame, looks[0])
        elif frame >= 12 + gap:
            scene.show(frame, "back", 90 - 2 * (frame - 12 - gap), looks[0])
    story = f"a person not seen for {gap} frames, max_age {age}, who comes back where she is not expected"
    found = scene.run(answer, rng, 24, max_age=age)
    before, after = (name_of(found, who, 0, 999, story) for who in ("she", "back"))
    name_of(found, "other", 0, 999, "somebody who walks in plain view")
    return before == after, story, found


def returns_are_recognised(answer, rng, lab):
    """who comes back within max_age frames, and elsewhere than expected, has the old identity at once"""
    age = int(rng.integers(8, 14))
    for gap in (4, age):
        same, story, found = after_a_gap(answer, rng, gap, age)
        expect(same, f"{story}: she has a new identity. A track is missed in its gap that many times and must live as long as "
               "missed <= max_age; her looks are in its memory")
        expect(min(found["back"]) == 12 + gap, f"{story}: she must be shown in the very frame in which she is back; she was "
               "confirmed long ago")


def the_gone_are_forgotten(answer, rng, lab):
    """after max_age frames a track has ended, and a stranger does not get its identity"""
    age = int(rng.integers(8, 14))
    same, story, _ = after_a_gap(answer, rng, age + 1, age)
    expect(not same, f"{story}: she still has the old identity, but more than max_age frames have passed")
    looks, scene = looks_of(rng, 3), Scene(34)
    for frame in range(34):
        if frame < 12:
            scene.show(frame, "she", 100 + 2 * frame, looks[0])
        if frame >= 17:
            scene.show(frame, "stranger", 100 + 2 * frame, looks[1])
        if frame >= 19:
            scene.show(frame, "back", 160 - 2 * (frame - 19) + WIDE, looks[0], y=104.0)
    story = "somebody else steps out where a hidden person is expected"
    found = scene.run(answer, rng, 24, max_age=age)
    names = [name_of(found, who, 0, 999, story) for who in ("she", "stranger", "back")]
    expect(names[0] != names[1], f"{story}: she gets the hidden person's identity. After more than {FRESH} missed frames only "
           "looks prove a pair")
    expect(names[0] == names[2], f"{story}, and two frames later the hidden person comes back: she has a new identity")


def meetings_do_not_swap(answer, rng, lab):
    """two people who meet, hide each other and turn round keep their identities"""
    for hidden in (3, 7):
        looks, scene = looks_of(rng, 2), Scene(44 + hidden)
        for frame in range(44 + hidden):
            away = 44 - 2 * frame if frame < 20 else max(4.0, 4 + 2.0 * (frame - 20 - hidden))
            scene.show(frame, "A", 150 - away, looks[0], y=102.0)
            if not 20 <= frame < 20 + hidden:
                scene.show(frame, "B", 150 + away, looks[1])
        found = scene.run(answer, rng, 24, max_age=12)
        story = f"two people walk up to each other, one is hidden for {hidden} frames, and both turn round"
        before = {who: name_of(found, who, 0, 19, story) for who in "AB"}
        after = {who: name_of(found, who, 28 + hidden, 999, story) for who in "AB"}
        expect(before["A"] != after["B"] and before["B"] != after["A"], f"{story}: they have exchanged their identities")
        expect(before == after, f"{story}: one of them has a new identity")


def memory_keeps_to_clear_views(answer, rng, lab):
    """a track does not learn the looks of the person in front"""
    looks, scene = looks_of(rng, 2), Scene(50)
    for frame in range(50):
        if frame < 12:
            scene.show(frame, "she", 100 + frame, looks[0])
        elif frame < 34:  # half hidden: what one sees in her box is somebody else
            scene.show(frame, "she", 100 + frame, looks[1], share=float(rng.uniform(0.1, 0.55)))
        elif frame >= 38:
            scene.show(frame, "back", 100 + 34 - WIDE - 8, looks[0])
    found = scene.run(answer, rng, 24, max_age=9)
    story = "22 frames long her box shows mostly the person in front (share below `clear`), then she is gone for 4"
    expect(name_of(found, "she", 0, 33, story) == name_of(found, "back", 0, 999, story), f"{story}: back again, she has a new "
           "identity. Such a frame confirms her place, but her look must stay as it was")


def memory_follows_slowly(answer, rng, lab):
    """a look that changes slowly is followed, and one odd frame does no harm"""
    looks, scene = looks_of(rng, 3), Scene(66)
    for frame in range(66):
        angle = min(frame, 45) / 45 * np.pi / 2
        look = np.cos(angle) * looks[0] + np.sin(angle) * looks[1]
        if frame < 50:
            scene.show(frame, "she", 60 + frame, looks[2] if frame == 49 else look)
        elif frame >= 54:
            scene.show(frame, "back", 60 + 50 - WIDE - 8, look)
    found = scene.run(answer, rng, 24, max_age=9)
    story = ("in clear view her look changes slowly to another one, is odd in one single frame, and then she is gone for 4 "
             "frames")
    expect(name_of(found, "she", 0, 49, story) == name_of(found, "back", 0, 999, story), f"{story}: back again, she has a new "
           "identity. The memory is (1 - rate) of the old look and rate of the new one, brought back to length 1, in each "
           "frame with a clear view")


# Task bridged

def gaps_in(matches, least):
    """(kept, all) by looking at each person's frames one by one."""
    kept = gaps = 0
    for person in {row[1] for row in matches}:
        seen = {row[0]: row[2] for row in matches if row[1] == person}
        last = None
        for frame in range(min(seen), max(seen) + 1):
            if frame in seen:
                if last is not None and frame - last - 1 >= least:
                    gaps += 1
                    kept += seen[frame] == seen[last]
                last = frame
    return kept, gaps


def random_matches(rng, people, length=60):
    """Rows (K, 3) frame, person, track in any order; people vanish for a while, tracks change at some returns."""
    rows, fresh = [], itertools.count(100)
    for person in rng.permutation(50)[:people]:
        frame, track = int(rng.integers(1, 12)), next(fresh)
        while frame < length:
            for _ in range(int(rng.integers(1, 9))):
                rows.append((frame, person, track))
                frame += 1
            frame += int(rng.integers(0, 8))
            track = next(fresh) if rng.random() < 0.4 else track
    return rng.permutation(np.array(rows))


def bridges(answer, matches, least):
    return numbers(answer(matches, least), (2,), "the two counts")


def gaps_are_found(answer, rng, lab):
    """all gaps of at least so many frames are counted, for rows in any order"""
    for length in (4, 5, 6):
        begin = int(rng.integers(1, 9))
        one = np.array([(begin, 3, 8), (begin + 1, 3, 8), (begin + 2 + length, 3, 8)])
        got = bridges(answer, one, 5)[1]
        expect(got == (length >= 5), f"one person, {length} frames without a match between two matches, least = 5: that is "
               f"{'one gap' if length >= 5 else 'no gap'}, not {got:g}. Count the frames in between, not the difference of "
               "the two frame numbers")
    for _ in range(5):
        matches, least = random_matches(rng, int(rng.integers(2, 7))), int(rng.integers(1, 6))
        got, right = bridges(answer, matches, least)[1], gaps_in(matches.tolist(), least)[1]
        expect(got == right, f"{len(set(matches[:, 1]))} people, gaps of {least} frames or more: there are {right}, not "
               f"{got:g}. Look at each person alone, at her frames in order of time; what comes before her first match and after her "
               "last is no gap")


def kept_are_counted(answer, rng, lab):
    """kept is a gap with the same track on both of its sides"""
    for _ in range(8):
        matches, least = random_matches(rng, int(rng.integers(2, 7))), int(rng.integers(1, 6))
        got, right = bridges(answer, matches, least), gaps_in(matches.tolist(), least)
        expect(got[0] <= got[1], "kept comes first, and cannot be more than all gaps")
        expect(not (right[0] != right[1] - right[0] and got[0] == right[1] - right[0]), "these are the gaps with another track "
               "afterwards; asked for are those with the same")
        expect(got[0] == right[0], f"of {right[1]} gaps {right[0]} have the same track in the last match before and the first "
               f"match after them, not {got[0]:g}")


# Task triplet_loss

def loss_by_loops(labels, features, margin, itself=False, violated=False, hardest=False, square=False, turned=False):
    """The loss, triplet by triplet; the options make the usual wrong ones."""
    distance = 1 - features @ features.T
    if square:
        distance = np.sqrt(np.maximum(2 * distance, 0))
    terms, each = [], []
    for anchor in range(len(labels)):
        mine = [distance[anchor, other] for other in range(len(labels))
                if labels[other] == labels[anchor] and (itself or other != anchor)]
        others = [distance[anchor, other] for other in range(len(labels)) if labels[other] != labels[anchor]]
        terms += [max(0.0, margin + (far - near if turned else near - far)) for near in mine for far in others]
        if mine and others:
            each.append(max(0.0, margin + max(mine) - min(others)))
    if hardest:
        return np.mean(each)
    if violated:
        terms = [term for term in terms if term > 0]
    return np.mean(terms) if terms else 0.0


def loss_of(answer, labels, features, margin):
    got = answer(np.asarray(labels, np.int32), np.asarray(features, np.float32), margin)
    expect(np.ndim(got) or got == got, "the loss is NaN. Divide by the number of all triplets, not of those that cost "
           "something: there may be none")
    return float(numbers(got, (), "the loss"))


def batch(rng, counts, spread=0.7):
    """Labels in any order and features of length 1, alike within a label."""
    labels = rng.permutation(np.repeat(rng.permutation(20)[:len(counts)], counts))
    middle = rng.normal(size=(20, 6))
    features = middle[labels] + spread * rng.normal(size=(len(labels), 6))
    return labels, features / np.linalg.norm(features, axis=1, keepdims=True)


def loss_at_the_ends(answer, rng, lab):
    """it is the margin where all look the same, and 0 where people are far enough apart"""
    labels = rng.permutation(np.repeat([4, 7, 9], [3, 2, 4]))
    same = np.tile(looks_of(rng, 1, 6), (9, 1))
    for margin in (0.2, 0.7):
        got = loss_of(answer, labels, same, margin)
        expect(abs(got - margin) < 1e-3, f"all features the same: each distance is 0, so each triplet costs the margin, "
               f"{margin}; the loss is {got:.3f}. It is a mean over triplets of an anchor, another picture of the same person "
               "and one of somebody else, and of nothing else")
        got = loss_of(answer, labels, looks_of(rng, 10, 12)[labels], margin)
        expect(abs(got) < 1e-4, f"one feature for each person, all at right angles: the distances are 0 and 1, so with a "
               f"margin of {margin} nothing is to be done; the loss is {got:.3f}, not 0")


def loss_of_any_batch(answer, rng, lab):
    """it is the mean over all triplets, for batches of any make-up"""
    for counts in ((2, 2), (3, 1, 4, 2), (4, 4, 4), (1, 5, 2)):
        labels, features = batch(rng, counts)
        margin = float(rng.choice([lab.margin, rng.uniform(0.1, 0.8)]))
        got, right = loss_of(answer, labels, features, margin), loss_by_loops(labels, features, margin)
        if abs(got - right) < 1e-3:
            continue
        for told, options in {
                "an anchor is paired with itself; the positive must be another picture of the same person": dict(itself=True),
                "only triplets that cost something are in the mean; all count, also those that cost 0": dict(violated=True),
                "only the hardest triplet of each anchor counts; asked for is the mean over all": dict(hardest=True),
                "the distance is 1 - a · b for features of length 1, without a square root": dict(square=True),
                "near and far are exchanged: the same person must be nearer than somebody else": dict(turned=True)}.items():
            expect(abs(got - loss_by_loops(labels, features, margin, **options)) > 1e-3, told)
        raise Wrong(f"{len(labels)} pictures of {len(counts)} people, margin {margin:.2f}: the loss is {right:.4f}, not "
                    f"{got:.4f}")


# Task embedder

def crops_of(frame, boxes):
    """The boxes of a frame (H, W, 3) uint8 as crops (N, 48, 24, 3) float32 in [0, 1]."""
    from PIL import Image

    picture = Image.fromarray(frame)
    cut = [np.asarray(picture.transform(CROP[::-1], Image.Transform.EXTENT, tuple(box), Image.Resampling.BILINEAR))
           for box in boxes]
    return np.array(cut, np.float32).reshape(-1, *CROP, 3) / 255


@functools.lru_cache(maxsize=4)
def strangers(seed):
    """Crops of people whom nobody has seen before, a list with (n, 48, 24, 3) for each."""
    from helpers import datasets

    rng, found = np.random.default_rng(seed), []
    for street in range(3):
        walked = datasets.walkers(length=40, people=10, seed=10**9 + 10 * seed + street)
        rows = walked.truth[(walked.visibility > 0.6) & (walked.truth[:, 0] % 5 == 0)]
        boxes = rows[:, 2:] + 0.03 * (rows[:, 5:] - rows[:, 3:4]) * rng.normal(size=(len(rows), 4))
        cut = [crops_of(walked.frames[int(row[0]) - 1], [box])[0] for row, box in zip(rows, boxes)]
        for person in np.unique(rows[:, 1]):
            mine = [each for each, row in zip(cut, rows) if row[1] == person]
            if len(mine) >= 3:
                found.append(np.stack(mine))
    return found


def ranked(answer, rng, lab, count=400):
    """The share of triplets in which the same person, in other light, is nearer than somebody else."""
    people = strangers(int(rng.integers(2**31)))
    chosen = []
    for _ in range(count):
        one, other = rng.choice(len(people), 2, replace=False)
        first, second = rng.choice(len(people[one]), 2, replace=False)
        chosen.append((people[one][first], people[one][second], people[other][rng.integers(len(people[other]))]))
    light = np.exp(rng.uniform(-0.35, 0.35, (count, 3, 1, 1, 3))) * rng.uniform(0.4, 1, (count, 3, 1, 1, 1))
    crops = np.clip(np.array(chosen) * light, 0, 1).astype(np.float32).reshape(-1, *CROP, 3)
    parts = [features_of(answer, crops[start:start + 120], lab) for start in range(0, len(crops), 120)]
    anchor, same, else_ = np.concatenate(parts).reshape(count, 3, -1).transpose(1, 0, 2)
    return float(np.mean((anchor * same).sum(axis=1) > (anchor * else_).sum(axis=1)))


def features_of(answer, crops, lab):
    return numbers(answer(crops), (len(crops), lab.dimensions), "the features")


def embedder_is_in_shape(answer, rng, lab):
    """features of length 1, each from its own crop alone, within the limit of parameters"""
    crops = rng.uniform(0, 1, size=(5, *CROP, 3)).astype(np.float32)
    got = features_of(answer, crops, lab)
    lengths = np.linalg.norm(got, axis=1)
    expect(np.allclose(lengths, 1, atol=1e-3), f"the features must have length 1; here they have {lengths.round(2).tolist()}. "
           "A last layer does it: layers.UnitNormalization()")
    expect(np.allclose(features_of(answer, crops[2:3], lab), got[2:3], atol=1e-3), "the features of a crop depend on the "
           "other crops of the batch")
    weights = answer.get_weights()
    expect(isinstance(weights, list) and weights, "`embedder` must be a Keras model with weights")
    count = sum(each.size for each in weights)
    expect(count <= lab.limit, f"the network has {count:,} parameters; the limit is {lab.limit:,}")
    expect(count >= 5000, f"the network has only {count:,} parameters, too few to learn much")
    changed = crops[:1].repeat(6, axis=0)
    for place, (row, column) in enumerate(itertools.product(range(3), range(2))):
        changed[place, 16 * row + 4:16 * row + 12, 12 * column + 3:12 * column + 9] = rng.uniform(0, 1, 3)
    moved_by = np.abs(features_of(answer, changed, lab) - got[0]).max(axis=1)
    expect(moved_by.min() > 1e-5, "one part of the crop does not change the features at all; the network must see head, body "
           "and feet")


def embedder_knows_strangers(answer, rng, lab):
    """people whom it never saw are nearer to themselves than to others, more often than without a training"""
    share = ranked(answer, rng, lab)
    # Over many seeds, untrained networks get 66 to 81 %, and a sensible training never less than 95 %.
    expect(share > 0.85, f"of three crops of strangers in random light the two of one person are the nearest in "
           f"{100 * share:.0f} % of the trials; chance gives 50 %, an untrained network about 70 %, and 85 % are asked for")


def embedder_knows_them_well(answer, rng, lab):
    """the share of right triplets is what so small a network can reach in this time"""
    wanted = WANTED["smoke" if lab.budget == "smoke" else "cpu"]
    share = ranked(answer, rng, lab)
    expect(share >= wanted, f"of three crops of strangers in random light the two of one person are the nearest in "
           f"{100 * share:.1f} % of the trials; at this budget {100 * wanted:.0f} % are asked for. More steps, another "
           "learning rate, or does the loss still fall at the end?")


WANTED = {"smoke": 0.9, "cpu": 0.95}  # a sensible training gets to 0.97 and above


# Task when_it_hurts, marked by hand

def experiment_is_complete(answer, rng, lab):
    """the tracker without looks and two variants or more, on the same streets, and a conclusion in words"""
    value = answer.value()
    expect(isinstance(value, dict) and all(isinstance(key, str) for key in value), "`when_it_hurts` must be a dict with text "
           "as keys")
    expect("conclusion" in value, "the key \"conclusion\" is missing")
    expect(isinstance(value["conclusion"], str) and len(value["conclusion"].split()) >= 40, "the conclusion must be at "
           "least 40 words")
    rows = {name: row for name, row in value.items() if name != "conclusion"}
    expect("without looks" in rows, "the key \"without looks\" is missing: the tracker that appearance must beat")
    expect(len(rows) >= 3, f"there are {len(rows)} variants; three or more are asked for, that without looks among them")
    counts = set()
    for name, row in rows.items():
        expect(isinstance(row, dict) and {"idf1", "switches"} <= set(row), f"variant {name!r} must be a dict with the keys "
               "\"idf1\" and \"switches\"")
        counts |= {numbers(row[key], (None,), f"{key} of {name!r}").size for key in ("idf1", "switches")}
    expect(len(counts) == 1 and min(counts) >= 2, "all variants must be judged on the same streets, two or more")
    expect(len({tuple(np.round(row["idf1"], 6)) for row in rows.values()}) == len(rows), "two variants have the very same "
           "figures")


TASKS = (
    Task("describe", "Colours without the light", 20, "lesson 7.3, “First measure: normalised cross-correlation”",
         ("Light multiplies red, green and blue alike. So the shares red / (red + green + blue) and green / (red + green + "
          "blue) do not change. Turn the bytes into floats before you add them.",
          "First and last row of a half: np.ceil(y - 0.5) gives the first pixel whose middle lies at y or below. Cut with "
          "np.clip at 0 and at the frame's height; columns likewise.",
          "For one half: the cell of a pixel is (share * bins).astype(int), at most bins - 1. np.bincount(bins * first + "
          "second, minlength=bins**2) counts. Divide by twice the number of pixels, then take the root."),
         ((1, likeness_is_right), (1, light_does_not_matter), (1, edges_are_kept))),
    Task("visible_share", "Who is hidden, and how much", 20, "lesson 7.2, “What the map should look like”",
         ("In front is whoever has the larger y2. Take the boxes one by one, and those in front of each.",
          "Two people in front can cover the same place. Areas cannot be added up then, but points can be asked one by one.",
          "A grid of 50 x 50 points in each box is exact enough: mark the points that lie in any box in front, and take "
          "the mean of what is not marked."),
         ((1, two_people), (1, several_people), (1, any_crowd))),
    Task("affinity", "Overlap, looks and two gates", 20, "lesson 7.1, “Which detection belongs to whom?”",
         ("metrics.iou(predicted, boxes) gives the whole table of overlaps. Compute the value of all pairs first, and set "
          "those to zero that a gate forbids.",
          "Distances of the middles as a table: middles[:, None] - others[None], and the length over the last axis. "
          "The limit is one number a track; [:, None] makes it a column.",
          "The second gate: likeness >= alike, or (|) both overlap >= OVERLAP and (&) missed <= FRESH."),
         ((1, both_cues_count), (1, nobody_flies), (1, a_pair_needs_a_proof), (1, any_table))),
    Task("AppearanceTracker", "The tracker with a memory", 40, "lesson 7.1, “Births and deaths” and “The model”",
         ("Follow the six rules one after the other. The table comes from `affinity`; tracking.match_optimal(table, 0) "
          "gives the pairs (track, box), and never one that is worth 0.",
          "`missed` of a track counts the frames before this one; raise it, or set it to 0, after the matching. Only then "
          "decide who has gone.",
          "The memory: look = (1 - rate) * look + rate * new, divided by its length, if the share is at least `clear`. "
          "Return np.array(rows).reshape(-1, 5), so that an empty frame has the right shape as well."),
         ((1, steady_people), (1, returns_are_recognised), (1, the_gone_are_forgotten), (1, meetings_do_not_swap),
          (1, memory_keeps_to_clear_views), (1, memory_follows_slowly))),
    Task("bridged", "How many gaps were bridged", 10, "lesson 7.1, “Where it fails”",
         ("Sort the rows by frame, and keep for each person the last frame and the last track, as lesson 7.1 does for "
          "switches.",
          "Between the frames 10 and 15 lie four others: 15 - 10 - 1."),
         ((1, gaps_are_found), (1, kept_are_counted))),
    Task("triplet_loss", "A loss for looks", 20, "this lab, “Learn what stays”",
         ("All distances are one table: 1 - features times its transpose.",
          "Two masks (N, N): same person but not the same picture, and another person. `labels[:, None] == labels[None]` "
          "is most of the way.",
          "With distance[:, :, None] - distance[:, None, :] you have all triplets (anchor, positive, negative) in one array; "
          "multiply by both masks, add up, and divide by how many triplets there are. ops.relu is max(0, ·)."),
         ((1, loss_at_the_ends), (2, loss_of_any_batch))),
    Task("embedder", "The trained network", 20, "lesson 7.3, “The model” and “Training”",
         ("Three convolutions with stride 2, each with batch normalisation and ReLU, then Flatten, Dense(lab.dimensions) and "
          "UnitNormalization. Most of the parameters are in the dense layer: 6 x 3 cells times the maps times the "
          "dimensions.",
          "compile with an optimiser, loss=loss and steps_per_execution=run.steps_per_execution; fit with `batches` and "
          "epochs=10.",
          "Adam with a rate that rises to about 2e-3 and falls to zero (lesson 7.3) is a good beginning. If the loss stays at "
          "the margin, all features are the same: the rate is too high."),
         ((1, embedder_is_in_shape), (1, embedder_knows_strangers), (2, embedder_knows_them_well))),
    Task("when_it_hurts", "When does appearance hurt", 30, "lesson 7.2, “Occlusion, and what breaks”",
         ("Appearance hurts when it is wrong and sure, or when it is right about nobody. Which light does the colour "
          "descriptor not survive? What if all look alike?",
          "Change one thing at a time, and keep the streets. `experiment(light, look, **settings)` does the work.",
          "Compare street by street: in how many of them is the tracker without looks ahead?"),
         ((0, experiment_is_complete),), by_hand=7),
)
