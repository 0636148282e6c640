"""The tasks and checks of lab 2: a detector for the street, and its evaluation sheet.

Each check asks for a property on random inputs, or compares with another way to the same thing: loops over all pairs,
groups that were planted, streets drawn for the check. What the tasks are is said in chapters/02_detection/lab.ipynb.
"""
import itertools

import numpy as np
from scipy import ndimage

from helpers import metrics
from helpers.datasets import scenes
from helpers.labs.tasks import Answer, NotAttempted, Task, Wrong, expect, numbers

CLASSES = ("car", "pedestrian", "bicyclist")
STRIDE = 8                                # pixels from one place of the grid to the next
SPREAD = np.array([0.1, 0.1, 0.2, 0.2])   # by which offsets are divided
SMALLEST = 64                             # square pixels; a smaller thing is not judged
SIZES = {"smoke": (96, 128), "cpu": (144, 192)}
KINDS = ("right", "double", "class", "place", "both", "ghost", "missed")


def constants(variant):
    """What a class's variant changes: numbers of shapes, the levels, and which streets are drawn for training."""
    rng = np.random.default_rng([2, variant])
    if not variant:
        return {"shapes": 4, "near": 0.5, "gamma": 2.0, "sigma": 0.3, "precision": 0.8, "streets": 0}
    return {"shapes": int(rng.choice([3, 5, 6])), "near": float(rng.choice([0.45, 0.55, 0.6])),
            "gamma": float(rng.choice([1.0, 1.5, 2.5, 3.0])), "sigma": float(rng.choice([0.2, 0.25, 0.4, 0.5])),
            "precision": float(rng.choice([0.7, 0.75, 0.85, 0.9])), "streets": int(variant)}


# Boxes

def random_boxes(rng, count, wide, high, smallest=6, largest=40):
    """Boxes (count, 4) xyxy inside a picture, with sides of all sizes and shapes."""
    size = np.exp(rng.uniform(np.log(smallest), np.log(largest), (count, 2)))
    corner = rng.uniform(0, 1, (count, 2)) * ((wide, high) - size)
    return np.hstack([corner, corner + size])


def jittered(rng, boxes, amount):
    """The boxes, each edge moved by a normal error of `amount` times the box's side."""
    size = np.tile(boxes[:, 2:] - boxes[:, :2], 2)
    moved = boxes + amount * size * rng.normal(size=boxes.shape)
    return np.hstack([np.minimum(moved[:, :2], moved[:, 2:] - 1), moved[:, 2:]])


def overlap(a, b):
    """The IoU of two boxes (4,), in plain numbers."""
    across, down = (max(0.0, min(a[i + 2], b[i + 2]) - max(a[i], b[i])) for i in (0, 1))
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    return across * down / (sum(areas) - across * down)


def inside(a, b):
    """Which share of box a lies in box b."""
    across, down = (max(0.0, min(a[i + 2], b[i + 2]) - max(a[i], b[i])) for i in (0, 1))
    return across * down / ((a[2] - a[0]) * (a[3] - a[1]))


def shuffled_scores(rng, count):
    """Different scores in (0.05, 1), in no order."""
    return rng.permutation(0.05 + 0.95 * (np.arange(count) + rng.uniform(0.1, 0.9, count)) / max(1, count))


# Task shapes

def shape_overlap(sizes, shapes):
    """The IoU of each size (n, 2) with each shape (k, 2), as boxes around the same middle."""
    boxes = [np.hstack([-each / 2, each / 2]) for each in (sizes, shapes)]
    return metrics.iou(*boxes)


def clustered(sizes, count, starts=6):
    """Shapes (count, 2) found by alternation from several random starts, and how well the sizes fit them."""
    rng, best = np.random.default_rng(0), (0.0, None)
    for _ in range(starts):
        shapes = sizes[rng.choice(len(sizes), count, replace=False)]
        owner, before = shape_overlap(sizes, shapes).argmax(axis=1), None
        while before is None or (owner != before).any():
            shapes = np.array([sizes[owner == k].mean(axis=0) if (owner == k).any() else shapes[k] for k in range(count)])
            owner, before = shape_overlap(sizes, shapes).argmax(axis=1), owner
        best = max(best, (shape_overlap(sizes, shapes).max(axis=1).mean(), shapes.tolist()))
    return np.array(best[1]), best[0]


def shapes_of(answer, sizes, count, seed=0):
    found = numbers(answer(sizes, count, seed), (count, 2), "the shapes")
    expect((found > 0).all(), "a shape has a side that is not positive")
    return found


def street_sizes(rng, count):
    """Sizes as a street has them: far more small than large ones, upright people and lying cars."""
    scale = np.exp(rng.normal(2.4, 0.75, count))
    slim = np.where(rng.random(count) < 0.5, np.exp(rng.normal(-0.45, 0.1, count)), np.exp(rng.normal(0.3, 0.12, count)))
    return np.stack([scale * slim, scale / slim], axis=1)


def shapes_find_groups(answer, rng, lab):
    """sizes that come in groups: one shape a group, the mean of its members, in order of area"""
    for count in (2, 3, 4):
        ratios = np.exp(rng.choice([-0.55, 0.0, 0.55], size=count) + rng.uniform(-0.1, 0.1, count))
        sides = 6 * 2.2 ** (np.arange(count) + rng.uniform(-0.1, 0.1, count))
        groups = [np.array([side * ratio, side / ratio]) * np.exp(rng.normal(0, 0.06, (int(rng.integers(25, 45)), 2)))
                  for side, ratio in zip(sides, ratios)]
        sizes = rng.permutation(np.concatenate(groups))
        wanted = np.array([group.mean(axis=0) for group in groups])
        got = shapes_of(answer, sizes, count, int(rng.integers(1e6)))
        if np.allclose(got, wanted, rtol=0.03):
            continue
        sorted_ones = got[np.argsort(got.prod(axis=1))]
        expect(not np.allclose(sorted_ones, wanted, rtol=0.03), "the shapes are right, but not in order: the one of the "
               "smallest area comes first")
        expect(not np.allclose(sorted_ones[:, ::-1], wanted, rtol=0.03), "width and height are exchanged; both come and go as "
               "(width, height)")
        expect((got != np.rint(got)).any() or np.abs(sorted_ones - wanted).max() > 0.6, "the shapes are rounded; a mean is no whole "
               "number of pixels, and for small things the rest matters")
        fits, could = (shape_overlap(sizes, each).max(axis=1).mean() for each in (got, wanted))
        raise Wrong(f"sizes in {count} groups far apart: their means overlap the sizes by {could:.3f} on average, your shapes by "
                    f"{fits:.3f}. Is a shape the mean of all sizes that it overlaps most, until nothing changes any more? And a "
                    "bad start can leave two shapes in one group: start twenty times, and keep the best")


def shapes_fit_by_overlap(answer, rng, lab):
    """sizes of all scales: each shape is the mean of those that overlap it most, whatever the unit, and the start was a good one"""
    for count, unit in ((lab.shapes, 1.0), (3, 0.01), (4, 1.0)):
        sizes = unit * street_sizes(rng, 200)
        _, could = clustered(sizes, count)
        got = shapes_of(answer, sizes, count, 1)
        table = shape_overlap(sizes, got)
        owner, fits = table.argmax(axis=1), table.max(axis=1).mean()
        means = np.array([sizes[owner == k].mean(axis=0) if (owner == k).any() else got[k] for k in range(count)])
        worst = int(np.abs(means / got - 1).max(axis=1).argmax())
        expect(np.allclose(got, means, rtol=0.02), f"{count} shapes for 200 sizes from {sizes.min():.2g} to {sizes.max():.2g}: shape "
               f"{worst} is {got[worst].round(3)}, but the sizes that overlap it more than any other have the mean "
               f"{means[worst].round(3)}. Do all steps go by 1 - IoU (differences in pixels let the few large ones decide), and are "
               "they repeated until nothing changes? Nothing may be rounded: overlap has no unit")
        expect(fits > could - 0.03, f"{count} shapes for 200 sizes: the sizes can overlap them by {could:.3f} on average; yours reach "
               f"{fits:.3f}. A bad start ends in a bad place: start twenty times, and keep the best")


def shapes_repeat(answer, rng, lab):
    """the same seed gives the same shapes, and one shape is the mean of all"""
    sizes = street_sizes(rng, 120)
    first, second = (shapes_of(answer, sizes, 4, 3) for _ in range(2))
    expect(np.array_equal(first, second), "the same seed must give the same shapes: np.random.default_rng(seed)")
    one = shapes_of(answer, sizes, 1, 0)[0]
    expect(np.allclose(one, sizes.mean(axis=0), rtol=1e-3), "a single shape is the mean of all sizes")


# Task targets

def middles(rows, columns):
    y, x = np.meshgrid(np.arange(rows) + 0.5, np.arange(columns) + 0.5, indexing="ij")
    return STRIDE * np.stack([x, y], axis=-1)


def starting_boxes(shapes, rows, columns):
    """The boxes (rows, columns, K, 4) that the shapes make around the middle of each place."""
    middle = middles(rows, columns)[:, :, None]
    return np.concatenate(np.broadcast_arrays(middle - shapes / 2, middle + shapes / 2), axis=-1)


def slots(boxes, judged, shapes, rows, columns):
    """Which box each responsible slot {(row, column, shape): box} must learn; of two, the larger."""
    found = {}
    for n in np.argsort((boxes[:, 2:] - boxes[:, :2]).prod(axis=1)):
        if judged[n]:
            x, y = (boxes[n, :2] + boxes[n, 2:]) / 2
            shape = int(shape_overlap((boxes[n, 2:] - boxes[n, :2])[None], shapes)[0].argmax())
            found[min(int(y // STRIDE), rows - 1), min(int(x // STRIDE), columns - 1), shape] = int(n)
    return found


class Street:
    """A random picture's boxes with what a check needs to know of them."""

    def __init__(self, rng, boxes=6, judged=None, count=3):
        self.rows, self.columns = (int(each) for each in rng.permutation([int(rng.integers(7, 10)), int(rng.integers(11, 14))]))
        self.shapes = np.array([[8.0, 14], [22, 14], [24, 36], [60, 32], [90, 60]])[:count] * np.exp(rng.normal(0, 0.1, (count, 2)))
        self.boxes = random_boxes(rng, boxes, STRIDE * self.columns, STRIDE * self.rows)
        self.labels = rng.integers(0, 3, boxes)
        self.judged = np.ones(boxes, bool) if judged is None else np.asarray(judged)

    def ask(self, answer, near=0.5):
        """The wanted array, and which box each responsible slot must learn."""
        wanted = numbers(answer(self.boxes, self.labels, self.judged, self.shapes, self.rows, self.columns, near),
                         (self.rows, self.columns, len(self.shapes), 6), "what the network must answer")
        expect(np.isin(wanted[..., 0], (-1, 0, 1)).all(), "the first number of a slot is 1 (a thing), 0 (nothing) or -1 (does "
               "not count)")
        return wanted, slots(self.boxes, self.judged, self.shapes, self.rows, self.columns)


def compare_slots(wanted, owners):
    """The responsible slots are those that they should be."""
    got, right = {tuple(map(int, each)) for each in np.argwhere(wanted[..., 0] == 1)}, set(owners)
    if got == right:
        return
    missing, more = sorted(right - got), sorted(got - right)
    expect(not more or got != {(c, r, k) for r, c, k in right}, "rows and columns are exchanged: the row comes from y")
    if missing and {each[:2] for each in right} == {each[:2] for each in got}:
        raise Wrong(f"the places are right, but the shape is not: at {missing[0][:2]} the thing overlaps shape {missing[0][2]} "
                    "most, both around the same middle")
    if missing and any(max(abs(each[0] - missing[0][0]), abs(each[1] - missing[0][1])) <= 1 for each in more):
        raise Wrong(f"a thing whose centre lies in row {missing[0][0]}, column {missing[0][1]} is learned by a neighbour: the "
                    f"place is the centre divided by the stride of {STRIDE}, rounded down")
    expect(not more, f"slot {more[0] if more else ''} (row, column, shape) is responsible for a thing, but none has its centre "
           f"there or it is not judged; {len(right)} slots are responsible here, yours are {len(got)}")
    raise Wrong(f"no slot learns the thing whose centre lies in row {missing[0][0]}, column {missing[0][1]}; shape {missing[0][2]} "
                "fits it best")


def targets_name_who_answers(answer, rng, lab):
    """the place of the centre and the shape of the largest overlap are responsible, and get the thing's class"""
    for boxes, count in ((1, 1), (5, 3), (7, 4)):
        street = Street(rng, boxes, count=count)
        wanted, owners = street.ask(answer)
        compare_slots(wanted, owners)
        for slot, n in owners.items():
            expect(wanted[slot][1] == street.labels[n], f"slot {slot} must learn class {street.labels[n]}, not "
                   f"{wanted[slot][1]:g}: the second number is the label")


def targets_come_back(answer, rng, lab):
    """the offsets, read by the given function, are the true boxes again"""
    for boxes, count in ((4, 2), (6, 4)):
        street = Street(rng, boxes, count=count)
        wanted, owners = street.ask(answer)
        start = starting_boxes(street.shapes, street.rows, street.columns)
        for slot, n in owners.items():
            expect(wanted[slot][0] == 1, f"slot {slot} is responsible for a thing, but its first number is not 1")
            offsets, own = wanted[slot][2:] * SPREAD, start[slot]
            middle, size = (own[:2] + own[2:]) / 2, own[2:] - own[:2]
            centre, sides = (street.boxes[n, :2] + street.boxes[n, 2:]) / 2, street.boxes[n, 2:] - street.boxes[n, :2]
            expect(np.allclose(middle + offsets[:2] * size, centre, atol=0.02), f"read again, the centre of a box at "
                   f"{centre.round(1)} comes back as {(middle + offsets[:2] * size).round(1)}. The way goes from the middle of "
                   "the place to the centre, in units of the shape, divided by 0.1")
            expect(np.allclose(size * np.exp(np.clip(offsets[2:], -9, 9)), sides, rtol=2e-3), f"read again, a box of "
                   f"{sides.round(1)} comes back as {(size * np.exp(np.clip(offsets[2:], -9, 9))).round(1)}. Sizes are the "
                   "logarithm of the thing's side over the shape's, divided by 0.2")


def targets_of_odd_pictures(answer, rng, lab):
    """of two things in one slot the larger is learned, what is not judged by none, and a picture may be empty"""
    street = Street(rng, 0)
    wanted, _ = street.ask(answer)
    expect((wanted[..., 0] == 0).all(), "a picture without a thing teaches *nothing* everywhere: all first numbers are 0")
    street = Street(rng, 2, count=1)
    middle = middles(street.rows, street.columns)[3, 4]
    for large in (0, 1):
        sides = np.array([[14.0, 18.0], [14.0, 18.0]]) * np.array([[1.6 - 0.6 * large], [1.0 + 0.6 * large]])
        street.boxes, street.labels = np.hstack([middle - sides / 2, middle + sides / 2]), np.array([0, 1])
        wanted, _ = street.ask(answer)
        expect(wanted[3, 4, 0, 0] == 1 and wanted[3, 4, 0, 1] == large, "where two things want the same slot, the larger has "
               "it, whatever their order in the list")
    street = Street(rng, 4, judged=[True, False, True, False])
    compare_slots(*street.ask(answer))


def targets_leave_out(answer, rng, lab):
    """slots that nearly fit a thing, and those on things which are not judged, do not count"""
    for near in (lab.near, float(rng.uniform(0.35, 0.6))):
        street = Street(rng, 8, judged=rng.permutation([True] * 5 + [False] * 3), count=4)
        street.boxes = random_boxes(rng, 8, STRIDE * street.columns, STRIDE * street.rows, 14, 55)
        wanted, owners = street.ask(answer, near)
        start, state = starting_boxes(street.shapes, street.rows, street.columns), wanted[..., 0]
        true, rest = street.boxes[street.judged], street.boxes[~street.judged]
        expect((state == -1).any(), "no slot is left out: some overlap a thing by more than `near` and are not responsible")
        for slot in np.ndindex(state.shape):
            fits = max((overlap(start[slot], box) for box in true), default=0.0)
            lies = max((inside(start[slot], box) for box in rest), default=0.0)
            if slot in owners or abs(fits - near) < 1e-3 or abs(lies - 0.5) < 1e-3:
                continue
            said = {-1: "left out", 0: "nothing", 1: "a thing"}[int(state[slot])]
            expect(fits < near or state[slot] == -1, f"a slot that overlaps a thing by {fits:.2f}, more than near = {near:.2f}, "
                   f"and is not responsible for one must be left out, -1; it is {said}")
            expect(lies < 0.5 or state[slot] == -1, f"a slot whose box lies by {lies:.0%} in a thing that is not judged must be "
                   f"left out, -1; it is {said}. Here counts the share of the slot's own box, not IoU: a small box inside a large "
                   "one has a small IoU")
            expect(max(fits - near, lies - 0.5) > 0 or state[slot] == 0, f"a slot that overlaps no judged thing by more than {near:.2f} (at most {fits:.2f}), and "
                   f"lies in none that is not judged by more than a half ({lies:.2f}), learns *nothing*, 0; it is {said}")
        compare_slots(wanted, owners)


# Task detection_loss

def loss_by_sums(wanted, answer, gamma, *, left_out=True, focal=True, classes=True, places=True, each=False, divide="things",
                 swap=False):
    """The loss as sums in NumPy; the options make plausible mistakes."""
    if each:
        return np.mean([loss_by_sums(w[None], a[None], gamma) for w, a in zip(wanted, answer)])
    wanted, answer = wanted.astype(float), answer.astype(float)
    state, z, logits, offsets = wanted[..., 0], answer[..., 0], answer[..., 1:-4], answer[..., -4:]
    things, nothing = state == 1, state == 0 if left_out else state < 0.5
    p, yes, no = 1 / (1 + np.exp(-z)), np.logaddexp(0, -z), np.logaddexp(0, z)
    hard = (p**gamma, (1 - p)**gamma) if swap else ((1 - p)**gamma, p**gamma)
    total = ((hard[0] if focal else 1) * yes)[things].sum() + ((hard[1] if focal else 1) * no)[nothing].sum()
    if classes:
        top = logits.max(axis=-1, keepdims=True)
        share = logits - top - np.log(np.exp(logits - top).sum(axis=-1, keepdims=True))
        total -= np.take_along_axis(share, np.maximum(wanted[..., 1:2], 0).astype(int), axis=-1)[..., 0][things].sum()
    if places:
        off = np.abs(offsets - wanted[..., 2:])
        total += np.where(off < 1, off**2 / 2, off - 0.5).sum(axis=-1)[things].sum()
    return total / {"things": max(1, things.sum()), "all": state.size, "none": 1}[divide]


def random_wanted(rng, things=0.15, left=0.2):
    """What is wanted in a batch, and an answer, (B, rows, columns, K, 6) and (..., 5 + 3)."""
    shape = (2, int(rng.integers(3, 6)), int(rng.integers(6, 9)), 3)
    wanted = np.zeros((*shape, 6), np.float32)
    wanted[..., 0] = rng.choice([1, -1, 0], size=shape, p=[things, left, 1 - things - left])
    wanted[..., 1], wanted[..., 2:] = rng.integers(0, 3, shape), rng.normal(0, 1, (*shape, 4))
    wanted[wanted[..., 0] != 1, 1:] = 0
    answer = np.concatenate([rng.normal(-1, 1.5, (*shape, 1)), rng.normal(0, 1.5, (*shape, 3)),
                             rng.normal(0, 1.2, (*shape, 4))], axis=-1)
    return wanted, answer.astype(np.float32)


def loss_of(answer, wanted, given, gamma):
    return float(numbers(answer(wanted, given, gamma), (), "the loss"))


def compare_losses(answer, wanted, given, gamma, what):
    got, right = loss_of(answer, wanted, given, gamma), loss_by_sums(wanted, given, gamma)
    expect(np.isfinite(got), f"{what}: the loss is not finite")
    if abs(got - right) < 1e-3 * max(1, abs(right)):
        return
    for options, reason in (
            ({"left_out": False}, "slots with -1 count as *nothing*; they must not count at all"),
            ({"focal": False}, "the factors (1 - p) and p to the power of gamma are missing"),
            ({"swap": True}, "the two factors are exchanged: where there is a thing, it is (1 - p) to the power of gamma"),
            ({"classes": False}, "the part of the classes is missing"), ({"places": False}, "the part of the offsets is missing"),
            ({"each": True}, "this is the mean over the pictures; the sum over the batch is divided by the things of the batch"),
            ({"divide": "all"}, "it is divided by the number of slots; divide by the number of things"),
            ({"divide": "none"}, "it must be divided by the number of things")):
        expect(abs(got - loss_by_sums(wanted, given, gamma, **options)) > 1e-3 * max(1, abs(got)), f"{what}: the loss is "
               f"{right:.4f}, not {got:.4f}: {reason}")
    raise Wrong(f"{what}: the loss is {right:.4f}, not {got:.4f}. Try one slot by hand: a thing with all answers 0 costs "
                "log 2 / 2^gamma, log 3 for the class, and its offsets' smooth errors")


def loss_of_one_slot(answer, rng, lab):
    """a single thing, or a single slot of nothing, costs what it must"""
    for state, what in ((1, "one thing"), (0, "one slot of nothing")):
        wanted, given = np.full((1, 1, 1, 1, 6), 0, np.float32), np.zeros((1, 1, 1, 1, 8), np.float32)
        wanted[..., 0], wanted[..., 1] = state, state * rng.integers(0, 3)
        wanted[..., 2:] = state * np.array([0.5, -3, 0, 0])
        compare_losses(answer, wanted, given, lab.gamma, f"{what}, all answers 0")
        given = rng.normal(0, 1, given.shape).astype(np.float32)
        compare_losses(answer, wanted, given, 2.0, f"{what}, random answers")


def loss_of_a_batch(answer, rng, lab):
    """for random answers it is the sum over the batch, and what is left out does not count"""
    for gamma in (lab.gamma, float(rng.uniform(0.5, 3))):
        wanted, given = random_wanted(rng)
        other = given.copy()
        other[wanted[..., 0] == -1] = rng.normal(0, 3, (int((wanted[..., 0] == -1).sum()), 8))
        same = [loss_of(answer, wanted, each, gamma) for each in (given, other)]
        expect(abs(same[0] - same[1]) < 1e-4 * max(1, abs(same[0])), "the loss changes with the answers of slots with -1; they "
               "must not count, neither as things nor as nothing")
        compare_losses(answer, wanted, given, gamma, f"a batch of two random pictures, gamma = {gamma:.2f}")


def loss_at_the_ends(answer, rng, lab):
    """it stays finite for sure answers and for a batch without a thing"""
    wanted, given = random_wanted(rng, things=0.0)
    compare_losses(answer, wanted, given, 2.0, "a batch without any thing (the number to divide by is at least 1)")
    wanted, given = random_wanted(rng)
    given[..., 0] = rng.choice([-300, 300], size=given.shape[:-1])
    given[..., 1:-4] *= 100
    got = answer(wanted, given, 2.0)
    if np.size(got) == 1 and not np.isfinite(np.asarray(got, float)).all():
        raise Wrong("for sure answers, logits of 300, the loss is not finite: log(sigmoid(z)) is -infinity there, "
                    "-ops.softplus(-z) is not")
    compare_losses(answer, wanted, given, 2.0, "sure answers, logits of 300")


# Task soft_suppress

def softly(boxes, scores, labels, sigma, least, *, classes=True, sort=True, squared=True, hard=None, first_only=False):
    """Soft suppression with loops over pairs: places and scores in the order taken; the options make mistakes."""
    scores, left, kept = [float(each) for each in scores], list(range(len(scores))), []
    before = list(scores)
    while left:
        left = [n for n in left if scores[n] >= least]
        if not left:
            break
        best = max(left, key=lambda n: ((scores if sort else before)[n], -n))
        left.remove(best)
        kept.append((best, scores[best]))
        for n in left:
            if (not classes or labels[n] == labels[best]) and not (first_only and len(kept) > 1):
                shared = overlap(boxes[best], boxes[n])
                scores[n] *= (float(shared <= hard) if hard else np.exp(-(shared**2 if squared else shared) / sigma))
    return [n for n, _ in kept], [score for _, score in kept]


def suppressed(answer, boxes, scores, labels, sigma, least):
    got = answer(boxes, scores, labels, sigma, least)
    if isinstance(got, Answer) or not isinstance(got, (tuple, list, np.ndarray)) or len(got) != 2:
        raise Wrong("two things are to be returned: the places and their new scores")
    places, new = (numbers(each, (None,), what) for each, what in zip(got, ("the places", "the new scores")))
    expect(len(places) == len(new), f"there are {len(places)} places and {len(new)} scores; each place has one")
    expect(np.isin(places, np.arange(len(boxes))).all() and len(set(places.tolist())) == len(places), "places are numbers of "
           "boxes, from 0 on, and none comes twice")
    return places.astype(int).tolist(), new


def clusters(rng, count=5, copies=5):
    """Boxes in clusters, which overlap much, with scores and labels in no order."""
    boxes = jittered(rng, np.repeat(random_boxes(rng, count, 120, 90, 18, 50), copies, axis=0), 0.12)
    return boxes, shuffled_scores(rng, len(boxes)), rng.integers(0, 2, len(boxes))


def compare_suppressed(answer, boxes, scores, labels, sigma, least, what):
    places, new = suppressed(answer, boxes, scores, labels, sigma, least)
    wanted, values = softly(boxes, scores, labels, sigma, least)
    if places == wanted and np.allclose(new, values, atol=1e-5):
        return
    same_set = sorted(places) == sorted(wanted)
    order = dict(zip(places, new))
    expect(not (same_set and np.allclose([order[n] for n in wanted], values, atol=1e-5)), f"{what}: places and scores are right, but "
           "not in the order in which they were taken, the surest first")
    for options, reason in (
            ({"classes": False}, "boxes of other classes are lowered too; only those of the same class are"),
            ({"sort": False}, "the next box is chosen by its old score; after each step the one with the largest *new* score is next"),
            ({"squared": False}, "the overlap is not squared: the factor is exp(-IoU² / sigma)"),
            ({"hard": 0.5}, "this is the hard form, which drops; here, scores are lowered"),
            ({"first_only": True}, "only the first box lowers others; each one that is taken does")):
        other, others = softly(boxes, scores, labels, sigma, least, **options)
        expect(places != other or not np.allclose(new, others, atol=1e-5), f"{what}: {reason}")
    if set(places) - set(wanted):
        raise Wrong(f"{what}: {len(wanted)} boxes stay, yours are {len(places)}. A box goes for good once its score is below "
                    f"least = {least:g}")
    raise Wrong(f"{what}: {len(wanted)} boxes stay and the first of them have the scores {np.round(values[:4], 3).tolist()}; yours "
                f"are {len(places)}, with {np.round(new[:4], 3).tolist()}. A box loses by each box of its class that is taken before it")


def soft_of_few(answer, rng, lab):
    """boxes far apart and boxes of other classes keep their scores, the surest first"""
    boxes = np.array([[0.0, 0, 10, 20], [30, 0, 40, 20], [0, 40, 10, 60], [60, 60, 90, 80], [1, 1, 10, 20]])
    scores, labels = shuffled_scores(rng, 5), np.array([0, 0, 0, 1, 1])
    compare_suppressed(answer, boxes, scores, labels, lab.sigma, 0.01, "five boxes; those of the same class do not touch")


def soft_of_clusters(answer, rng, lab):
    """in clusters of overlapping boxes the scores fall as they must, and the order follows them"""
    for sigma in (lab.sigma, float(rng.uniform(0.1, 0.9)), 0.5):
        compare_suppressed(answer, *clusters(rng), sigma, 1e-4, f"25 boxes in clusters, sigma = {sigma:.2f}")


def soft_drops(answer, rng, lab):
    """what falls below `least` goes, also before the first step, and there may be no box at all"""
    for least in (0.05, 0.3):
        compare_suppressed(answer, *clusters(rng, 4, 6), lab.sigma, least, f"24 boxes in clusters, least = {least:g}")
    boxes, scores, labels = clusters(rng, 2, 2)
    for part, what in ((np.s_[:0], "no boxes at all"), (np.s_[:1], "a single box")):
        compare_suppressed(answer, boxes[part], scores[part], labels[part], 0.5, 0.01, what)
    compare_suppressed(answer, boxes, 0.01 * scores, labels, 0.5, 0.2, "boxes that are all below `least`")


# Task detect

def drawn_streets(rng, lab, count):
    """Streets that nobody has seen: pictures in [0, 1], and for each its boxes, labels, and which are judged."""
    size = SIZES["smoke" if lab.budget == "smoke" else "cpu"]
    drawn = scenes.camvid(count, 1, 1, *size, seed=int(rng.integers(2**40)) + 2**20)
    return drawn["train_images"].astype(np.float32) / 255, [things_in(mask) for mask in drawn["train_masks"]]


def things_in(mask):
    """Boxes (n, 4), labels (n,) and which are judged (n,), of the regions in a mask of CamVid's classes."""
    boxes, labels = [], []
    for label, index in enumerate((8, 9, 10)):
        for y, x in ndimage.find_objects(ndimage.label(mask == index, np.ones((3, 3)))[0]):
            boxes.append((x.start, y.start, x.stop, y.stop))
            labels.append(label)
    boxes = np.array(boxes, float).reshape(-1, 4)
    return boxes, np.array(labels, int), (boxes[:, 2:] - boxes[:, :2]).prod(axis=1) >= SMALLEST


def detections(answer, picture):
    got = answer(picture)
    if isinstance(got, Answer) or not isinstance(got, (tuple, list)) or len(got) != 3:
        raise Wrong("three things are to be returned: boxes, labels and scores")
    if any(each is ... for each in got):
        raise NotAttempted
    boxes = got[0] if np.size(got[0]) else np.zeros((0, 4))
    boxes = numbers(boxes, (None, 4), "the boxes")
    labels, scores = (numbers(each, (len(boxes),), what) for each, what in zip(got[1:], ("the labels", "the scores")))
    expect(np.isfinite(boxes).all() and np.isfinite(scores).all(), "a box or a score is not finite")
    expect(np.isin(labels, (0, 1, 2)).all(), "labels are 0 (car), 1 (pedestrian) or 2 (bicyclist)")
    return boxes, labels.astype(int), scores


def streets_score(answer, rng, lab, count, change=lambda found: found):
    """mAP at an IoU of 0.5 on new streets, what is not judged left out, and the lists of boxes."""
    pictures, truth = drawn_streets(rng, lab, count)
    found = [change(detections(answer, picture)) for picture in pictures]
    return average_precision(found, truth), found, pictures


def average_precision(found, truth):
    """mAP at an IoU of 0.5; boxes on things that are not judged do not count (see `right_or_not`)."""
    kept, real = [], []
    for (boxes, labels, scores), (true, kinds, judged) in zip(found, truth):
        order = np.argsort(-scores, kind="stable")[:300]
        boxes, labels, scores, counts = boxes[order], labels[order], scores[order], np.ones(len(order), bool)
        for label in range(len(CLASSES)):
            own = kinds == label
            counts[labels == label] = right_or_not(boxes[labels == label], true[own], judged[own], 0.5) >= 0
        kept.append((boxes[counts], labels[counts], scores[counts]))
        real.append((true[judged], kinds[judged]))
    return metrics.average_precision(real, kept, len(CLASSES), thresholds=[0.5]).at_50


def detector_answers_in_form(answer, rng, lab):
    """boxes in pixels, labels and scores; they depend on the picture"""
    pictures, _ = drawn_streets(rng, lab, 4)
    high, wide = pictures.shape[1:3]
    found = [detections(answer, each) for each in pictures]
    boxes = np.concatenate([each for each, _, _ in found])
    expect(len(boxes), "on four new streets it finds nothing at all")
    expect((boxes[:, 2:] >= boxes[:, :2]).all(), "boxes are left, top, right, bottom, in this order")
    expect(-wide / 2 < boxes.min() and (boxes.max(axis=0) < 1.5 * np.array([wide, high] * 2)).all(), f"boxes lie far outside of "
           f"the picture, which is {wide} x {high} pixels")
    expect(boxes.max() > 4, "the boxes must be in pixels of the picture, not fractions")
    scores = np.concatenate([each for _, _, each in found])
    expect((scores >= 0).all() and (scores <= 1).all(), "scores lie between 0 and 1")
    expect(any(len(a[0]) != len(b[0]) or not np.allclose(a[0], b[0], atol=0.5) for a, b in itertools.combinations(found, 2)),
           "the boxes are the same for four different streets: does the picture reach the network?")


def detector_finds(answer, rng, lab):
    """on streets that nobody has seen, it finds more than boxes that never look"""
    score, _, _ = streets_score(answer, rng, lab, 10)
    expect(score > BASELINE, f"on 10 new streets mAP@.5 is {score:.3f}. Boxes that never look at the picture reach up to {BASELINE}: "
           "is the network trained, and are boxes and labels read as they were written?")


def detector_finds_enough(answer, rng, lab):
    """it reaches what so small a network can learn in this time"""
    wanted = WANTED["smoke" if lab.budget == "smoke" else "cpu"]
    score, _, _ = streets_score(answer, rng, lab, 14)
    expect(score >= wanted, f"on 14 new streets mAP@.5 is {score:.3f}; at this budget {wanted} is asked for. More steps, another "
           "learning rate, or pictures that vary more? And hand in the boxes with low scores as well: average precision forgives them")


BASELINE = 0.1
WANTED = {"smoke": 0.15, "cpu": 0.35}  # a sensible training gets far more


# Task verdicts

def right_or_not(boxes, truth, judged, least, *, again=False, iou_inside=False, no_judged=False):
    """1 right, 0 wrong, -1 does not count, for boxes with the surest first; the options make mistakes."""
    free, said = [bool(each) or no_judged for each in judged], []
    for box in boxes:
        options = [(overlap(box, true), -n) for n, true in enumerate(truth) if free[n]]
        best = max(options, default=(-1.0, 0))
        if best[0] >= least:
            said.append(1)
            free[-best[1]] = again
        else:
            lies = [(overlap if iou_inside else inside)(box, true) for n, true in enumerate(truth) if not judged[n]]
            said.append(-1 if not no_judged and max(lies, default=0.0) >= least else 0)
    return np.array(said, int)


def compare_verdicts(answer, boxes, truth, judged, least, what):
    said = numbers(answer(boxes, truth, judged, least), (len(boxes),), "the verdicts")
    wanted = right_or_not(boxes, truth, judged, least)
    if np.array_equal(said, wanted):
        return
    expect(np.isin(said, (-1, 0, 1)).all(), "a verdict is 1 (right), 0 (wrong) or -1 (does not count)")
    for options, reason in (
            ({"again": True}, "a true box is found more than once: who comes first takes it, and later boxes on it are wrong"),
            ({"no_judged": True}, "a true box that is not judged is treated like any other; a box on it is neither right nor wrong"),
            ({"iou_inside": True}, "for things that are not judged, the share of the box's *own* area counts, not IoU: one "
             "pedestrian in a crowd overlaps the crowd's box by little")):
        expect(not np.array_equal(said, right_or_not(boxes, truth, judged, least, **options)), f"{what}: {reason}")
    n = int(np.flatnonzero(said != wanted)[0])
    names = {1: "right", 0: "wrong", -1: "not counted"}
    raise Wrong(f"{what}: box {n} (0 is the surest) is {names[int(wanted[n])]}, not {names[int(said[n])]}; it overlaps the true "
                f"boxes by {[round(overlap(boxes[n], true), 2) for true in truth]}, of which judged are {judged.astype(int).tolist()}. "
                "A box takes the largest overlap among the judged ones that nobody has taken; only if that is below `least`, look at "
                "the rest")


def neighbours(rng, count):
    """True boxes, some of which overlap, and found boxes around them, doubles and ghosts among them."""
    truth = random_boxes(rng, count, 140, 100, 20, 50)
    truth = np.vstack([truth, truth[:count // 2] + rng.uniform(-9, 9, (count // 2, 2))[:, [0, 1, 0, 1]]])
    found = np.vstack([jittered(rng, np.repeat(truth, 3, axis=0), 0.12), random_boxes(rng, 5, 140, 100, 12, 50)])
    return rng.permutation(found), rng.permutation(truth)


def verdicts_of_judged(answer, rng, lab):
    """where all true boxes are judged, the surest box takes each of them, and only once"""
    row = np.array([[0.0, 0, 10, 10], [2, 0, 12, 10], [6, 0, 16, 10]])
    compare_verdicts(answer, row, row[[0, 2]], np.ones(2, bool), 0.25, "three boxes in a row on the first and the third of them")
    for least in (0.5, 0.5, float(rng.uniform(0.3, 0.8))):
        boxes, truth = neighbours(rng, 6)
        compare_verdicts(answer, boxes, truth, np.ones(len(truth), bool), least, f"{len(boxes)} boxes, {len(truth)} judged true "
                         f"ones, least = {least:.2f}")


def verdicts_leave_out(answer, rng, lab):
    """a box in something that is not judged does not count, however many there are; a right one stays right"""
    crowd = np.array([[0.0, 0, 80, 40], [100, 0, 110, 20]])
    people = np.array([[1.0, 1, 79, 39], [2, 2, 12, 30], [20, 4, 30, 34], [100, 0, 110, 20], [41, 3, 51, 30], [76, 0, 96, 40], [100, 1, 110, 20]])
    compare_verdicts(answer, people, crowd, np.array([False, True]), 0.5, "people in a crowd that is not judged, and one beside it")
    for _ in range(3):
        boxes, truth = neighbours(rng, 8)
        compare_verdicts(answer, boxes, truth, rng.permutation(np.arange(len(truth)) % 2 == 0), 0.5,
                         f"{len(boxes)} boxes, half of {len(truth)} true ones not judged")


def verdicts_of_nothing(answer, rng, lab):
    """without true boxes all are wrong, and there may be no box"""
    boxes, truth = neighbours(rng, 4)
    for a, b, what in ((boxes, truth[:0], "boxes in a picture without a thing"), (boxes[:0], truth, "no boxes"),
                       (boxes[:0], truth[:0], "no boxes and no things")):
        compare_verdicts(answer, a, b, np.arange(len(b)) % 2 == 0, 0.5, what)
    compare_verdicts(answer, boxes, truth, np.zeros(len(truth), bool), 0.5, "a picture in which nothing is judged")


# Task threshold

def kept_at(scores, verdicts, least):
    """How many boxes are right and how many wrong from a score on."""
    return tuple(int(((scores >= least) & (verdicts == each)).sum()) for each in (1, 0))


def lowest(scores, verdicts, precision):
    """The lowest score from which on the precision is reached, by trying all; infinity if none."""
    good = [float(least) for least in scores for right, wrong in [kept_at(scores, verdicts, least)]
            if right + wrong and right / (right + wrong) >= precision - 1e-12]
    return min(good, default=np.inf)


def compare_thresholds(answer, scores, verdicts, precision, what):
    # numbers() refuses nothing but NaN, so that infinity may be an answer.
    got = float(numbers(answer(scores, verdicts, precision), (), "the threshold"))
    wanted = lowest(scores, verdicts, precision)
    right, wrong = kept_at(scores, verdicts, got)
    if (right, wrong) == kept_at(scores, verdicts, wanted):
        return
    have = f"from {got:.3f} on, {right} boxes are right and {wrong} wrong"
    expect(not (right + wrong) or right / (right + wrong) >= precision - 1e-12, f"{what}: {have}, a precision below the "
           f"required {precision:.2f}" + (". Equal scores stay or go together" if len(set(scores.tolist())) < len(scores) else
                                         ". Boxes with verdict -1 do not count, neither way"))
    raise Wrong(f"{what}: {have}. A lower score keeps the precision of {precision:.2f} as well and finds more: "
                f"{kept_at(scores, verdicts, wanted)[0]} right ones. Precision goes up and down along the list, so look at all of it")


def graded_list(rng, count, ties=False):
    """Scores in no order, and verdicts that are the better the larger the score."""
    scores = shuffled_scores(rng, count)
    verdicts = np.where(rng.random(count) < 0.15, -1, (rng.random(count) < 0.35 + 0.6 * scores).astype(int))
    return (np.round(scores * 8) / 8 if ties else scores), verdicts


def threshold_is_the_lowest(answer, rng, lab):
    """the lowest score from which on the precision is reached, in lists of any order"""
    for precision in (lab.precision, lab.precision, 0.6, 0.9):
        compare_thresholds(answer, *graded_list(rng, 60), precision, "60 boxes")


def threshold_of_odd_lists(answer, rng, lab):
    """equal scores, lists in which the precision is never reached, and the empty list"""
    for order in ([0, 1, 2, 3], [3, 2, 1, 0]):
        scores, verdicts = np.array([0.9, 0.6, 0.6, 0.3]), np.array([1, 1, 0, 0])
        compare_thresholds(answer, scores[order], verdicts[order], 0.75, "four boxes, a right and a wrong one with equal scores")
    for precision in (lab.precision, 0.7):
        compare_thresholds(answer, *graded_list(rng, 40, ties=True), precision, "40 boxes with equal scores among them")
    scores, _ = graded_list(rng, 12)
    for verdicts, what in ((np.zeros(12, int), "a list of wrong boxes alone (no threshold is good: infinity)"),
                           (np.full(12, -1), "a list in which no box counts (infinity)")):
        got = float(numbers(answer(scores, verdicts, 0.5), (), "the threshold"))
        expect(got == np.inf, f"{what}: the threshold is infinity, so that nothing is shown; yours is {got:g}")
    got = float(numbers(answer(scores[:0], np.zeros(0, int), 0.5), (), "the threshold"))
    expect(got == np.inf, f"the empty list: the threshold is infinity; yours is {got:g}")


# Task mistakes

def kinds_of(boxes, labels, truth, kinds, low, high):
    """How often each kind of mistake occurs, by loops over all pairs."""
    count, free, explained = dict.fromkeys(KINDS, 0), [True] * len(truth), set()
    for box, label in zip(boxes, labels):
        shared = [overlap(box, true) for true in truth]
        own = [(each, -n) for n, each in enumerate(shared) if kinds[n] == label]
        others = [each for n, each in enumerate(shared) if kinds[n] != label]
        best = max((pair for pair in own if free[-pair[1]]), default=(-1, 0))
        if best[0] >= high:
            count["right"] += 1
            free[-best[1]] = False
            continue
        here, there = max((each for each, _ in own), default=0.0), max(others, default=0.0)
        kind = ("double" if here >= high else "class" if there >= high else "place" if here >= low else
                "both" if there >= low else "ghost")
        count[kind] += 1
        if kind in ("class", "place"):
            explained |= {n for n, each in enumerate(shared) if each >= low}
    count["missed"] = sum(free[n] and n not in explained for n in range(len(truth)))
    return count


def counts_of(answer, *given):
    got = answer(*given)
    if isinstance(got, Answer) or not isinstance(got, dict):
        raise Wrong("the answer must be a dict that says how often each kind occurs")
    expect(set(KINDS) <= set(got), "the dict needs the keys " + ", ".join(f'"{kind}"' for kind in KINDS) + ", also where it is 0")
    return {kind: int(numbers(got[kind], (), f"the number of {kind!r}")) for kind in KINDS}


def compare_mistakes(answer, given, what):
    got, wanted = counts_of(answer, *given), kinds_of(*given)
    expect(got == wanted, f"{what}. This is {tell(wanted)}; you have {tell(got)}")


def tell(count):
    return ", ".join(f"{number} {kind}" for kind, number in count.items() if number) or "nothing"


SQUARE = np.array([20.0, 20, 60, 60])
CASES = (  # boxes, labels, truth, their classes, what it is
    ([SQUARE + 2], [1], [SQUARE], [1], "one box that fits a true one of its class"),
    ([SQUARE + 2, SQUARE], [1, 1], [SQUARE], [1], "two boxes that fit the same true one: the second, however exact, is a double"),
    ([SQUARE + 2], [0], [SQUARE], [1], "a box that fits a true one of another class: only the class is wrong, and the thing is "
     "not missed, for something was seen there"),
    ([SQUARE + 18], [1], [SQUARE], [1], "a box that overlaps a true one of its class by less than `high` and more than `low`: only "
     "the place is wrong, and the thing is not missed"),
    ([SQUARE + 18], [0], [SQUARE], [1], "a box that overlaps a true one of another class by less than `high`: both are wrong, and "
     "the thing is missed as well"),
    ([SQUARE + 70], [1], [SQUARE], [1], "a box where nothing is: a ghost, and the true one is missed"),
    ([SQUARE, SQUARE + 1], [1, 1], [SQUARE, SQUARE + 3], [1, 0], "a second box on a found thing that also fits one of another class: "
     "double comes before class. The other thing is missed"),
    ([SQUARE + 18], [1], [SQUARE, SQUARE + 17], [1, 0], "a box that fits a thing of another class and touches one of its own: class "
     "comes before place. Nothing is missed, both are overlapped by `low` or more"),
)


def mistakes_one_by_one(answer, rng, lab):
    """each kind of mistake alone is called what it is"""
    shift, turn = rng.uniform(-15, 15), rng.permutation(3)
    for boxes, labels, truth, kinds, what in CASES[:6]:
        given = (np.array(boxes) + shift, turn[labels], np.array(truth) + shift, turn[kinds], 0.1, 0.5)
        compare_mistakes(answer, given, what)


def mistakes_in_order(answer, rng, lab):
    """where several names fit, the first of the list counts, and what was seen is not missed"""
    for boxes, labels, truth, kinds, what in CASES[6:]:
        compare_mistakes(answer, (np.array(boxes), np.array(labels), np.array(truth), np.array(kinds), 0.1, 0.5), what)
    nobody, none = np.zeros((0, 4)), np.zeros(0, int)
    compare_mistakes(answer, (nobody, none, SQUARE[None], np.array([2]), 0.1, 0.5), "no boxes: all things are missed")
    compare_mistakes(answer, (SQUARE[None], np.array([2]), nobody, none, 0.1, 0.5), "no things: each box is a ghost")


def mistakes_at_random(answer, rng, lab):
    """in crowded pictures every box has one name"""
    for low, high in ((0.1, 0.5), (0.1, 0.5), (0.2, 0.6)):
        boxes, truth = neighbours(rng, 5)
        given = boxes, rng.integers(0, 2, len(boxes)), truth, rng.integers(0, 2, len(truth)), low, high
        got, wanted = counts_of(answer, *given), kinds_of(*given)
        named = sum(got.values()) - got["missed"]
        expect(named == len(boxes), f"{len(boxes)} boxes have {named} names; each box has exactly one")
        expect(got == wanted, f"a crowded picture, low = {low}, high = {high}: it is {tell(wanted)}; you have {tell(got)}. The names "
               "are tried in the order of the table, and a box is right if a *free* true box of its class fits")


# Task experiment, marked by hand

def experiment_is_complete(answer, rng, lab):
    """three variants or more, each with a figure for each part of the test, and a conclusion in words"""
    value = answer.value()
    expect(isinstance(value, dict) and all(isinstance(key, str) for key in value), "`experiment` must be a dict with text as keys")
    expect("conclusion" in value, "the key \"conclusion\" is missing")
    expect(isinstance(value["conclusion"], str) and len(value["conclusion"].split()) >= 40, "the conclusion must be at least 40 "
           "words")
    rows = {name: row for name, row in value.items() if name != "conclusion"}
    expect(len(rows) >= 3, f"there are {len(rows)} variants; three or more are asked for")
    figures = []
    for name, row in rows.items():
        expect(isinstance(row, dict) and "map" in row, f"variant {name!r} must be a dict with the key \"map\"")
        figures.append(tuple(numbers(row["map"], (None,), f"the map of {name!r}").round(6).tolist()))
        expect(all(0 <= each <= 1 for each in figures[-1]), f"mAP lies between 0 and 1; variant {name!r} has other values")
    expect(len({len(each) for each in figures}) == 1 and len(figures[0]) >= 2, "all variants must be judged on the same parts of the "
           "test, or with the same seeds: two or more")
    expect(len(set(figures)) == len(figures), "two variants have the very same figures")


TASKS = (
    Task("shapes", "Which shapes to start from", 20, "lesson 2.4, “Default boxes”",
         ("The overlap of two sizes around the same middle: the smaller width times the smaller height is shared.",
          "Two steps, again and again: each size goes to the shape that it overlaps most; each shape becomes the mean of its sizes. "
          "A shape that nobody chose stays as it is.",
          "Start from `count` different sizes drawn by chance, twenty times, and keep the shapes whose sizes overlap them most on "
          "average. Then sort by area."),
         ((1, shapes_find_groups), (1, shapes_fit_by_overlap), (1, shapes_repeat))),
    Task("targets", "What every slot must answer", 30, "lesson 2.3, “Who answers for a box?”",
         ("First the slots that do not count, for all of the grid at once; then write the responsible ones over them, the smallest "
          "thing first, so that a larger one in the same slot wins.",
          "The place is the centre divided by the stride, rounded down: the column from x, the row from y. The shape is the one "
          "with the largest shape_overlap.",
          "metrics.iou(slot_boxes.reshape(-1, 4), boxes[judged]) has the overlaps. For the share that lies inside, divide the shared "
          "area by the slot's own.",
          "The offsets are read_answer backwards: ((centre - middle) / shape, log(size / shape)) / SPREAD."),
         ((2, targets_name_who_answers), (1, targets_come_back), (1, targets_of_odd_pictures), (1, targets_leave_out))),
    Task("detection_loss", "A loss with slots that do not count", 20, "lesson 2.3, “What drowns the foreground”",
         ("Make two arrays of 0 and 1 from the first number: where there is a thing, and where there is nothing. What is neither is "
          "in neither.",
          "-log p = ops.softplus(-z) and -log(1 - p) = ops.softplus(z), with p = ops.sigmoid(z).",
          "keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True) keeps the shape of the slots; labels must be "
          "whole numbers: ops.cast(…, \"int32\")."),
         ((1, loss_of_one_slot), (1, loss_of_a_batch), (1, loss_at_the_ends))),
    Task("soft_suppress", "Suppression that lowers", 20, "lesson 2.1, “Non-maximum suppression”",
         ("Work on a copy of the scores, and keep a mask of the boxes that are left.",
          "In each step: drop what is below `least`, take the largest of what is left, note its place and its score of this moment, "
          "multiply the scores of those left of its class.",
          "overlap = metrics.iou(boxes, boxes) once, before the loop, is enough for all steps."),
         ((1, soft_of_few), (2, soft_of_clusters), (1, soft_drops))),
    Task("detect", "The trained detector", 20, "lesson 2.3, “Training”",
         ("compile with keras.optimizers.AdamW and loss=lambda wanted, answer: detection_loss(wanted, answer, lab.gamma); fit with "
          "Batches(steps).",
          "A rate that rises for a tenth of the steps and then falls to zero along a cosine, with its peak between 2e-3 and 5e-3.",
          "In `detect`: predict_on_batch(picture[None])[0], read_answer, all pairs (box, class) with a score above 0.02, at most 200 "
          "of them, soft_suppress."),
         ((1, detector_answers_in_form), (1, detector_finds), (2, detector_finds_enough))),
    Task("verdicts", "Right, wrong, or not judged", 20, "lesson 2.1, “Matching”",
         ("Go through the boxes in their order, and keep a mask of the judged true boxes that are still free.",
          "First the largest IoU among the free judged ones. Only if it is below `least`: which share of the box's own area lies in "
          "one that is not judged?",
          "Things that are not judged are never taken: any number of boxes may lie on one."),
         ((2, verdicts_of_judged), (1, verdicts_leave_out), (1, verdicts_of_nothing))),
    Task("threshold", "From which score on", 10, "lesson 2.1, “Precision and recall”",
         ("Leave out what has the verdict -1, sort the rest by score, and count right ones with np.cumsum.",
          "Precision is not monotone: it may be reached again further down. Of all places where it is reached take the last.",
          "A threshold cannot tell equal scores apart: only the last of a run of equal scores is a place to cut."),
         ((1, threshold_is_the_lowest), (1, threshold_of_odd_lists))),
    Task("mistakes", "What kinds of mistakes", 20, "lesson 2.3, “Where it fails”",
         ("Make the table of IoU once, and look at it twice for each box: over the things of its own class, over those of others.",
          "Right needs a *free* thing of the class; double and place look at all things of the class, free or not.",
          "Missed are things that are still free at the end, without those that a box called \"class\" or \"place\" overlaps by `low` "
          "or more."),
         ((2, mistakes_one_by_one), (1, mistakes_in_order), (1, mistakes_at_random))),
    Task("experiment", "A question of your own", 20, "lesson 2.3, “Five versions, one change each”",
         ("Change one thing at a time and keep the rest: pictures, seeds, steps.",
          "Questions about the end of the detector need no new training: sigma, hard against soft suppression, fewer shapes.",
          "Judge each variant on several parts of the test pictures: the differences between the parts say what a difference between "
          "variants is worth."),
         ((0, experiment_is_complete),), by_hand=7),
)
