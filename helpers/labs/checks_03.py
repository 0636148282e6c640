"""The tasks and checks of lab 3: a map of cell walls, and the sheet of its errors.

Each check asks for a property on random masks, or compares with another way to the same thing: sets of pixels, distances
between all pairs, damage whose number is known because the check did it. What the tasks are is said in
chapters/03_segmentation/lab.ipynb.
"""
import functools
import os
from unittest import mock

import numpy as np
from scipy import ndimage
from scipy.spatial.distance import cdist

from helpers.labs.tasks import Task, Wrong, expect, numbers

SEEN = 61, 85  # the size at which networks are looked at: no multiple of any stride; few sizes, as JAX compiles for each
KINDS = ("right", "split", "merged", "missed", "invented")


def constants(variant):
    """What a class's variant changes. 0 is the course's own: a tolerance of 2 pixels, cells of 20 pixels or more, 0.7."""
    if not variant:
        return {"tolerance": 2.0, "smallest": 20, "missed": 0.7, "limit": 60_000, "slices": 0}
    rng = np.random.default_rng([3, variant])
    return {"tolerance": float(rng.choice([1.0, 1.5, 2.5, 3.0])), "smallest": int(rng.integers(12, 40)),
            "missed": float(rng.choice([0.6, 0.65, 0.75, 0.8])), "limit": int(rng.integers(50, 76)) * 1000,
            "slices": int(variant)}


def uneven(rng, least, most):
    """Two sides, one half as long again as the other, so that rows and columns cannot be exchanged unnoticed."""
    short = int(rng.integers(least, most))
    sides = (short, short + short // 2 + 1)
    return sides if rng.random() < 0.5 else sides[::-1]


def patches(rng, shape, classes, grain=3.0):
    """A mask of this shape in which each of the classes has some connected patches."""
    hills = [ndimage.gaussian_filter(rng.normal(size=shape), grain) for _ in range(classes)]
    return np.argmax(hills, axis=0)


def sigmoid(logits):
    return 0.5 * (1 + np.tanh(0.5 * logits))


# Task pixel_sheet

def sheet_of(answer, truths, answers, classes, void):
    """The student's table, with NaN where it has them: (classes, 4)."""
    value = answer(truths, answers, classes, void)
    if isinstance(value, (np.ndarray, list, tuple)):
        try:
            table = np.array(value, dtype=float)
        except (ValueError, TypeError):
            table = None
        if table is not None:
            numbers(np.nan_to_num(table), (classes, 4), "the table")
            return table
    return numbers(value, (classes, 4), "the table")


def sheet_by_sets(truths, answers, classes, void, judge_void=False):
    """Precision, recall, IoU and Dice of each class, from sets of pixels."""
    judged = [judge_void | (truth != void) for truth in truths]
    truth, answer = (np.concatenate([mask[keep] for mask, keep in zip(masks, judged)]) for masks in (truths, answers))
    rows = []
    for label in range(classes):
        there, said = (set(np.flatnonzero(each == label).tolist()) for each in (truth, answer))
        both, either = len(there & said), len(there | said)
        rows.append([both / count if count else np.nan for count in (len(said), len(there), either)]
                    + [2 * both / (len(there) + len(said)) if either else np.nan])
    return np.array(rows)


def pictures(rng, classes, count=3, void=None, share_void=0.15):
    """Masks of several sizes, and answers that are right in some two thirds of the pixels, unequally by class."""
    truths, answers = [], []
    for _ in range(count):
        shape = uneven(rng, 12, 30)
        truth, other = patches(rng, shape, classes), rng.integers(classes, size=shape)
        kept = rng.random(shape) < np.linspace(0.4, 0.9, classes)[truth] * rng.uniform(0.6, 1)
        answers.append(np.where(kept, truth, other))
        truths.append(truth if void is None else np.where(rng.random(shape) < share_void, void, truth))
    return truths, answers


COLUMNS = ("precision", "recall", "IoU", "Dice")


def sheet_adds_up(answer, rng, lab):
    """precision, recall, IoU and Dice of each class, over all pictures together"""
    for classes in (2, 4):
        truths, answers = pictures(rng, classes)
        got, wanted = sheet_of(answer, truths, answers, classes, 99), sheet_by_sets(truths, answers, classes, 99)
        if np.allclose(got, wanted, atol=1e-6):
            continue
        expect(not np.isnan(got).any(), "the table holds NaN, although each class is in the truth and in the answer")
        expect(not np.allclose(got[:, [1, 0, 2, 3]], wanted, atol=1e-6), "precision and recall are exchanged: precision "
               "divides by what was answered, recall by what is there. Row or column of the confusion, which is the truth?")
        alone = np.nanmean([sheet_by_sets([t], [a], classes, 99) for t, a in zip(truths, answers)], axis=0)
        expect(not np.allclose(got, alone, atol=1e-6), "this is the mean over the pictures. Add the counts of all pictures "
               "first and divide once, so that a large picture counts more than a small one")
        off = [name for name, column, right in zip(COLUMNS, got.T, wanted.T) if not np.allclose(column, right, atol=1e-6)]
        raise Wrong(f"for {classes} classes in {len(truths)} pictures these columns are wrong: {', '.join(off)}. By hand: 6 "
                    "pixels answered, 8 there, 4 of them in both: precision 4/6, recall 4/8, IoU 4/10, Dice 8/14")


def sheet_without_void(answer, rng, lab):
    """pixels whose truth is void do not count, whatever the answer says there"""
    for classes, void in ((3, 3), (3, 255), (2, -1)):
        truths, answers = pictures(rng, classes, void=void)
        wanted = sheet_by_sets(truths, answers, classes, void)
        got = sheet_of(answer, truths, answers, classes, void)
        expect(np.allclose(got, wanted, atol=1e-6, equal_nan=True), f"with void = {void} and {classes} classes the table is "
               "wrong. Only pixels whose truth is void are left out, from the rows and from the columns; void may be any "
               "number, a negative one too")
        strange = [np.where(truth == void, rng.choice([7, 200]), mask) for truth, mask in zip(truths, answers)]
        expect(np.allclose(sheet_of(answer, truths, strange, classes, void), wanted, atol=1e-6, equal_nan=True),
               "the table changes with what is answered in void pixels; there the answer may even be a number that is no "
               "class")


def sheet_with_gaps(answer, rng, lab):
    """NaN where nothing can be divided, and only there"""
    truths, answers = pictures(rng, 3, count=2)
    # Class 3 is in neither, 4 only in the answer, 5 only in the truth.
    answers[0][:2, :3], truths[1][-2:, :3] = 4, 5
    answers[1][-2:, :3] = 0
    truths[0][:2, :3] = 1
    got, wanted = sheet_of(answer, truths, answers, 6, 99), sheet_by_sets(truths, answers, 6, 99)
    expect(np.isnan(got[3]).all(), "a class that is in neither truth nor answer has no score: all four are NaN, not "
           f"{got[3].tolist()}")
    for label, name, gap in ((4, "answered, but nowhere in the truth,", 1), (5, "in the truth, but nowhere answered,", 0)):
        expect(np.isnan(got[label, gap]) and not np.isnan(got[label, [1 - gap, 2, 3]]).any(), f"a class that is {name} has "
               f"an IoU and a Dice of 0, for it is all wrong; only its {COLUMNS[gap]} has nothing to divide by and is NaN. "
               f"The row is {got[label].tolist()}")
    expect(np.allclose(got, wanted, atol=1e-6, equal_nan=True), "with absent classes the rows of the others are wrong")


# Task boundary_score

def edges_of(mask, diagonal=False, one_sided=False):
    """The pixels of a mask with a neighbour of another class, as points (n, 2)."""
    found = []
    steps = [(0, 1), (1, 0), (0, -1), (-1, 0)] + ([(1, 1), (1, -1), (-1, 1), (-1, -1)] if diagonal else [])
    for place, label in np.ndenumerate(mask):
        for step in steps:
            there = place[0] + step[0], place[1] + step[1]
            inside = 0 <= there[0] < mask.shape[0] and 0 <= there[1] < mask.shape[1]
            if inside and mask[there] != label and not (one_sided and label == 0):
                found.append(place)
                break
    return np.array(found).reshape(-1, 2)


def boundary_by_pairs(truth, answer, tolerance, metric="euclidean", strict=False, **options):
    """Precision, recall and F of the edges, from the distances of all pairs."""
    ours, theirs = edges_of(answer, **options), edges_of(truth, **options)
    if not len(ours) or not len(theirs):
        pair = [1.0 if not len(ours) else 0.0, 1.0 if not len(theirs) else 0.0]
    else:
        near = cdist(ours, theirs, metric)
        near = near < tolerance if strict else near <= tolerance + 1e-9
        pair = [near.any(axis=1).mean(), near.any(axis=0).mean()]
    return np.array([*pair, 2 * pair[0] * pair[1] / sum(pair) if sum(pair) else 0.0])


def boundary_of(answer, truth, ours, tolerance):
    try:
        return numbers(answer(truth, ours, tolerance), (3,), "precision, recall and F")
    except Wrong as wrong:
        if "NaN" not in str(wrong):
            raise
        raise Wrong("precision, recall or F is NaN: F is 0 when both the others are 0, and a mean over no pixels is NaN, "
                    "where a share of nothing is asked to be 1") from None


def boundary_of_straight_walls(answer, rng, lab):
    """an edge that was moved by some pixels counts in full, half, or not at all"""
    height, width = uneven(rng, 14, 20)
    column = int(rng.integers(4, 6))
    truth = np.zeros((height, width), int)
    truth[:, column:] = 1
    for shift, wanted in ((0, 1.0), (2, 1.0), (3, 0.5), (4, 0.0)):
        moved = np.roll(truth, shift, axis=1)
        moved[:, :column] = 0
        got = boundary_of(answer, truth, moved, 2.0)
        expect(np.allclose(got, wanted, atol=1e-6), f"a straight edge between two classes, answered {shift} pixels beside its "
               f"place, with a tolerance of 2: precision, recall and F are all {wanted:g}, not {got.round(3).tolist()}. The "
               "edge is two pixels wide, one on each side, and a distance equal to the tolerance is near enough")
    if lab.tolerance >= 1:
        got = boundary_of(answer, truth.T, truth.T, lab.tolerance)
        expect(np.allclose(got, 1), "an answer that is the truth has a precision, a recall and an F of 1")


def boundary_of_random_masks(answer, rng, lab):
    """the same as measured between all pairs of edge pixels, for several classes and tolerances"""
    for classes, tolerance in ((2, 1.0), (2, 1.5), (3, 2.0), (3, lab.tolerance)):
        shape = uneven(rng, 26, 34)
        hills = np.stack([ndimage.gaussian_filter(rng.normal(size=shape), 3.5) for _ in range(classes)])
        truth = np.argmax(hills, axis=0)
        bent = hills + 0.5 * hills.std() * np.stack([ndimage.gaussian_filter(rng.normal(size=shape), 2) * 6
                                                     for _ in range(classes)])
        ours = np.argmax(bent, axis=0)
        got, wanted = boundary_of(answer, truth, ours, tolerance), boundary_by_pairs(truth, ours, tolerance)
        if np.allclose(got, wanted, atol=1e-6):
            continue
        expect(not np.allclose(got[[1, 0, 2]], wanted, atol=1e-6), "precision and recall are exchanged: precision is the "
               "share of the answer's edge pixels that are near an edge of the truth")
        expect(np.allclose(got[2], 2 * got[0] * got[1] / max(got[0] + got[1], 1e-9), atol=1e-6), "F must be "
               "2 · precision · recall / (precision + recall)")
        for other, reason in (
                (dict(metric="chebyshev"), "distances are measured as the crow flies; a square of neighbours reaches too far "
                                           "along the diagonals"),
                (dict(metric="cityblock"), "distances are measured as the crow flies, not in steps along rows and columns"),
                (dict(strict=True), "a distance equal to the tolerance is near enough"),
                (dict(one_sided=True), "an edge has two sides: the pixels of class 0 beside it belong to it as well"),
                (dict(diagonal=True), "a pixel that touches another class only at a corner is no edge pixel; the four "
                                      "neighbours above, below, left and right count")):
            expect(not np.allclose(got, boundary_by_pairs(truth, ours, tolerance, **other), atol=1e-6), reason)
        raise Wrong(f"for {classes} classes and a tolerance of {tolerance:g}, precision, recall and F are "
                    f"{got.round(3).tolist()}; the distances of all pairs of edge pixels give {wanted.round(3).tolist()}. Is "
                    "each edge pixel's distance to the nearest edge pixel of the other mask looked up, and does the picture's "
                    "own rim count as no edge?")


def boundary_of_nothing(answer, rng, lab):
    """a share of no edges is 1, and F is 0 when both are"""
    shape = uneven(rng, 12, 18)
    flat, square = np.zeros(shape, int), np.zeros(shape, int)
    square[4:8, 3:9] = 1
    for truth, ours, wanted, what in (
            (flat, flat, (1, 1, 1), "neither mask has an edge"), (square, flat, (1, 0, 0), "the answer has no edge at all"),
            (flat, square, (0, 1, 0), "the truth has no edge at all")):
        try:
            got = boundary_of(answer, truth, ours, 2.0)
        except Wrong as wrong:
            raise Wrong(f"{what}: {wrong}") from None
        expect(np.allclose(got, wanted), f"{what}: precision, recall and F must be {list(wanted)}, not {got.tolist()}. A "
               "share of nothing is 1: nothing was drawn in the wrong place, or there was nothing to find")
    far, near = square.copy(), np.zeros(shape, int)
    far[:] = 0
    far[:2, :2], near[-2:, -2:] = 1, 1
    expect(np.allclose(boundary_of(answer, far, near, 1.0), 0), "two edges far from each other: all three are 0, F too")


# Task count_cells

def rooms(rng, across=4, down=5):
    """Cells as rooms of random sizes behind walls of two pixels: the mask (1 for wall), and each room's place."""
    sides = [[2] + [side for _ in range(count) for side in (int(rng.integers(9, 15)), 2)] for count in (down, across)]
    ends = [np.cumsum(each) for each in sides]
    mask = np.ones((ends[0][-1], ends[1][-1]), int)
    places = {}
    for i in range(down):
        for j in range(across):
            places[i, j] = (slice(ends[0][2 * i], ends[0][2 * i + 1]), slice(ends[1][2 * j], ends[1][2 * j + 1]))
            mask[places[i, j]] = 0
    return mask, places


def damaged(mask, places, damage):
    """A copy of (truth, answer) with one damage at each room named: {kind: [rooms]}, for "merged" with the next one."""
    truth, answer = mask.copy(), mask.copy()
    for i, j in damage.get("split", ()):
        rows, columns = places[i, j]
        middle = (columns.start + columns.stop) // 2
        answer[rows, middle - 1:middle + 1] = 1
    for i, j in damage.get("merged", ()):
        rows, columns = places[i, j]
        answer[rows, columns.stop:columns.stop + 2] = 0
    for place in damage.get("missed", ()):
        answer[places[place]] = 1
    for place in damage.get("invented", ()):
        truth[places[place]] = 1
    return truth, answer


def counts_of(answer, truth, ours, smallest):
    value = answer(truth, ours, smallest)
    expect(isinstance(value, dict), f"the answer must be a dict with the keys {', '.join(KINDS)}")
    lacking = [kind for kind in KINDS if kind not in value]
    expect(not lacking, f"the dict lacks {', '.join(lacking)}")
    return {kind: int(round(float(numbers(value[kind], (), f"the number of {kind!r}")))) for kind in KINDS}


def tell(counts):
    return ", ".join(f"{kind} {count}" for kind, count in counts.items())


def cells_are_found(answer, rng, lab):
    """an answer that is the truth has all cells right; corners do not join, and specks are no cells"""
    mask, places = rooms(rng)
    none = dict.fromkeys(KINDS, 0)
    got = counts_of(answer, mask, mask, 10)
    expect(got == none | {"right": len(places)}, f"{len(places)} cells behind walls, the answer is the truth: all are right; "
           f"you have {tell(got)}. A cell is a patch of pixels that are 0")
    smallest = int(rng.integers(12, 30))
    open_ground = np.ones((24, 60), int)
    open_ground[2:22, 2:22] = 0
    for size, wanted in ((smallest - 1, 1), (smallest, 2)):
        with_speck = open_ground.copy()
        with_speck[10, 26:26 + size] = 0
        got = counts_of(answer, with_speck, with_speck, smallest)
        expect(got == none | {"right": wanted}, f"a patch of {size} pixels with smallest = {smallest} is "
               f"{'a cell' if wanted == 2 else 'a speck and no cell'}; with the large one beside it right must be {wanted}; "
               f"you have {tell(got)}")
        got = counts_of(answer, open_ground, with_speck, smallest)
        expect(got == none | {"right": 1, "invented": wanted - 1}, f"a patch of {size} pixels in the answer alone, with "
               f"smallest = {smallest}, gives invented {wanted - 1}; you have {tell(got)}. Specks are dropped from truth and "
               "answer alike, before anything is compared")
    corner = mask.copy()
    rows, columns = places[0, 0]
    corner[rows.stop, columns.stop] = corner[rows.stop + 1, columns.stop + 1] = 0  # a chain of corners between two rooms
    got = counts_of(answer, corner, corner, 10)
    expect(got["right"] == len(places), "two pixels that touch at a corner only are not joined: neighbours lie above, below, "
           f"left and right. {len(places)} cells, you have {tell(got)}")


TOLD = {"split": "a wall was drawn through the middle of {n} cells", "merged": "the wall between two cells was taken away in "
        "{n} places", "missed": "{n} cells were filled with wall", "invented": "{n} cells were opened in solid wall"}


def damage_is_counted(answer, rng, lab):
    """cells that the check has split, merged, missed and invented, of each kind alone and all together"""
    mask, places = rooms(rng)
    order = [(int(i), int(j)) for i, j in rng.permutation([(i, j) for i in range(5) for j in (0, 2)])]
    damage = {}
    for kind in TOLD:
        damage[kind] = [order.pop() for _ in range(2 if kind in ("split", "merged") else 1 + int(rng.integers(2)))]
    every = [{kind: rooms_} for kind, rooms_ in damage.items()] + [damage]
    for each in every:
        number = {kind: len(each.get(kind, ())) for kind in TOLD}
        wanted = {"right": len(places) - sum(number.values()) - number["merged"], **number}
        truth, ours = damaged(mask, places, each)
        got = counts_of(answer, truth, ours, 10)
        what = "; ".join(TOLD[kind].format(n=number[kind]) for kind in each)
        expect(got == wanted, f"{what}: this is {tell(wanted)}; you have {tell(got)}")


def cells_by_pairs(truth, answer, smallest):
    """The five counts from sets of pixels, each pair of cells by itself."""
    from skimage.measure import label

    cells = []
    for mask in (truth, answer):
        parts = label(mask == 0, connectivity=1).ravel()
        sets = [set(np.flatnonzero(parts == number).tolist()) for number in range(1, parts.max() + 1)]
        cells.append([each for each in sets if len(each) >= smallest])
    true, ours = cells
    holds = {(t, a) for t, one in enumerate(true) for a, other in enumerate(ours) if 2 * len(one & other) > len(one)}
    lies = {(t, a) for t, one in enumerate(true) for a, other in enumerate(ours) if 2 * len(one & other) > len(other)}
    split = {t for t in range(len(true)) if sum(pair[0] == t for pair in lies) > 1}
    merged = {a for a in range(len(ours)) if sum(pair[1] == a for pair in holds) > 1}
    some = holds | lies
    return {"right": sum(t not in split and a not in merged for t, a in holds & lies), "split": len(split),
            "merged": len(merged), "missed": len(true) - len({t for t, _ in some}),
            "invented": len(ours) - len({a for _, a in some})}


def strips(rng, truth, answer):
    """Two masks of one row of cells each, from lists of (first column, last column); turned or mirrored at random."""
    masks = []
    for spans in (truth, answer):
        mask = np.ones((12, 40), int)
        for first, last in spans:
            mask[1:11, first:last + 1] = 0
        masks.append(mask)
    k = int(rng.integers(4))
    return [np.rot90(mask, k).copy() for mask in masks]


SHARES = (
    ([(2, 11)], [(8, 17)], {"missed": 1, "invented": 1}, "true and answered cell share four tenths of each, which is not more "
     "than half. (The other six of the answered one are wall in the truth, and count among its own pixels.) The one is "
     "missed, the other invented"),
    ([(2, 11)], [(2, 6)], {}, "the answered cell is one half of the true one: it lies in the true cell, but half is not more "
     "than half, so the true cell does not lie in it. It is neither right nor missed"),
    ([(2, 11)], [(2, 7)], {"right": 1}, "the answered cell is six tenths of the true one and all inside: each lies in the "
     "other, so it is right"),
    ([(1, 10), (13, 24)], [(1, 15), (18, 24)], {"right": 2}, "the first answered cell reaches a little into the second true "
     "cell. A little is no more than half: both are right, nothing is merged or split"),
)


def counts_of_random_masks(answer, rng, lab):
    """what lies in what: shares of one half, of a little more and of less, and walls that are bent and broken at random"""
    for truth, ours, found, what in SHARES:
        wanted = dict.fromkeys(KINDS, 0) | found
        got = counts_of(answer, *strips(rng, truth, ours), 10)
        expect(got == wanted, f"{what}. This is {tell(wanted)}; you have {tell(got)}")
    for number in range(4):
        shape = uneven(rng, 60, 80)
        hills = ndimage.gaussian_filter(rng.normal(size=shape), 3.5)
        bent = hills + rng.uniform(0.3, 0.6) * hills.std() / 0.11 * ndimage.gaussian_filter(rng.normal(size=shape), 2.5)
        truth, ours = ((np.abs(each) < 0.4 * hills.std()).astype(int) for each in (hills, bent))
        if number == 3:
            ours = np.roll(truth, int(rng.integers(3, 6)), axis=1)
        smallest = int(rng.integers(5, 25)) if number else lab.smallest
        got, wanted = counts_of(answer, truth, ours, smallest), cells_by_pairs(truth, ours, smallest)
        expect(got == wanted, f"on walls that are bent and broken at random, all pairs of cells give {tell(wanted)}; you have "
               f"{tell(got)}")


# Task tversky

def tversky_by_sums(truth, logits, missed, each=False, logistic=True, one=1, above=1):
    """The loss as sums in NumPy; `each`: the mean over the pictures instead; other ones, or no sigmoid."""
    if each:
        return np.mean([tversky_by_sums(t, z, missed) for t, z in zip(truth[:, None], logits[:, None])])
    judged = truth < 1.5
    p = sigmoid(logits[judged].astype(np.float64)) if logistic else logits[judged].astype(np.float64)
    y = truth[judged] == 1
    found, lost, made = p[y].sum(), (1 - p[y]).sum(), p[~y].sum()
    return 1 - (found + above) / (found + missed * lost + (1 - missed) * made + one)


def loss_of(answer, truth, logits, missed):
    return float(numbers(answer(truth.astype(np.float32), logits.astype(np.float32), missed), (), "the loss"))


def compare_losses(answer, truth, logits, missed, what):
    got, wanted = loss_of(answer, truth, logits, missed), tversky_by_sums(truth, logits, missed)
    if abs(got - wanted) < 1e-4:
        return
    for other, reason in (
            (tversky_by_sums(truth, logits, 1 - missed), "the prices are exchanged: `missed` is that of a wall pixel which "
             "was not found, 1 - `missed` that of a pixel which was called wall and is none"),
            (tversky_by_sums(truth, logits, 0.5), "both errors have the same price here; `missed` must be the one's and 1 - "
             "`missed` the other's"),
            (tversky_by_sums(truth, logits, missed, each=True), "this is the mean over the pictures; the sums run over all "
             "pixels of the batch together"),
            (tversky_by_sums(truth, logits, missed, logistic=False), "the logits must go through the sigmoid first"),
            (tversky_by_sums(truth, logits, missed, one=0, above=0), "the ones above and below the line are missing"),
            (tversky_by_sums(truth, logits, missed, above=0), "the one above the line is missing"),
            (1 - wanted, "this is the share itself; the loss is one minus it"),
            (tversky_by_sums(truth, np.where(logits > 0, 40.0, -40.0), missed), "the answers are rounded to 0 and 1; what is "
             "rounded has no gradient to learn from, so the counts are sums of probabilities")):
        expect(abs(got - other) > 1e-4, f"for {what}, the loss is {wanted:.4f}, not {got:.4f}: {reason}")
    raise Wrong(f"for {what}, the loss is {wanted:.4f}, not {got:.4f}. Is each price on its own sum, and the 1 added once "
                "above and once below the line?")


def loss_of_sure_answers(answer, rng, lab):
    """for answers that are sure, missed and invented pixels have their prices"""
    for missed in (lab.missed, 0.5, 0.9):
        truth = np.zeros((2, *uneven(rng, 8, 14), 1))
        truth[:, 2:6, 3:6] = 1
        logits = 60 * truth - 30
        compare_losses(answer, truth, logits, missed, "a sure and right answer")
        lost, made = int(rng.integers(2, 10)), int(rng.integers(11, 17))
        spots = np.flatnonzero(truth), np.flatnonzero(truth == 0)
        logits.flat[rng.choice(spots[0], lost, replace=False)] = -30
        logits.flat[rng.choice(spots[1], made, replace=False)] = 30
        compare_losses(answer, truth, logits, missed, f"{24 - lost} wall pixels found, {lost} missed and {made} invented, "
                       f"with missed = {missed:g}")


def loss_of_unsure_answers(answer, rng, lab):
    """for random logits it is the sum over the whole batch, in probabilities"""
    for missed in (0.8, 0.5, float(rng.uniform(0.2, 0.4))):
        shape = (3, *uneven(rng, 8, 14), 1)
        truth = (rng.random(shape) < np.array([0.1, 0.3, 0.6])[:, None, None, None]).astype(float)
        logits = rng.normal(-0.5, 2, size=shape) + truth
        compare_losses(answer, truth, logits, missed, f"three pictures of random logits, with missed = {missed:.2f}")


def loss_without_void(answer, rng, lab):
    """pixels that are not judged do not count, and sure answers stay finite"""
    shape = (2, *uneven(rng, 8, 14), 1)
    truth = rng.choice([0.0, 1.0, 2.0], size=shape, p=[0.5, 0.3, 0.2])
    logits = rng.normal(0, 2, size=shape)
    got = loss_of(answer, truth, logits, 0.7)
    other = loss_of(answer, truth, np.where(truth == 2, -logits + 1, logits), 0.7)
    expect(abs(got - other) < 1e-5, "the loss changes with the logits of pixels whose truth is 2; they must not count, "
           "neither as found nor as missed nor as invented")
    compare_losses(answer, truth, logits, 0.7, "a truth with pixels that are not judged, and missed = 0.7")
    try:
        loss_of(answer, truth, 1e4 * np.sign(logits), 0.7)
    except Wrong as wrong:
        raise Wrong(f"for logits of 10,000: {wrong}; ops.sigmoid is safe there, exponentials are not") from None


# Task network

def changed(network, rng):
    """Other weights in the student's network, so that nothing which starts at zero stays there."""
    network(np.zeros((1, *SEEN, 1), np.float32))  # a model of one's own class has its weights once it was called
    weights = network.get_weights()
    expect(isinstance(weights, list) and weights, "the network must be a Keras model with weights")
    new = []
    for each in map(np.asarray, weights):
        scale = max(0.5 * float(np.std(each)), 0.1) if each.dtype.kind == "f" and each.size else 0
        moved = each + rng.normal(0, 1, size=each.shape).astype(each.dtype) * scale if scale else each
        new.append(np.abs(moved) if (each >= 0).all() and scale else moved)  # variances stay positive
    network.set_weights(new)
    return weights


def network_answers_everywhere(answer, rng, lab):
    """one logit for each pixel, for pictures of any size"""
    network = answer()
    for count, height, width in ((1, *SEEN), (2, *uneven(rng, 17, 34)), (1, 19, 53)):
        seen = rng.uniform(0, 1, size=(count, height, width, 1)).astype(np.float32)
        try:
            got = network(seen)
        except Wrong as wrong:
            raise Wrong(f"a picture of {height} x {width} pixels: {wrong}. Any sides from 16 pixels up must do, odd ones too: "
                        "pooling with padding=\"same\" rounds up, so what is enlarged again can be a pixel too large for what "
                        "was copied") from None
        numbers(got, (count, height, width, 1), f"the network's answer to {count} x {height} x {width} pixels")


def network_is_a_small_unet(answer, rng, lab):
    """it keeps to the limit of parameters, sees far, answers finely, and gives logits"""
    network = answer()
    weights = changed(network, rng)
    count = sum(np.size(each) for each in weights)
    expect(count <= lab.limit, f"the network has {count:,} parameters; the limit is {lab.limit:,}, the averages of batch "
           "normalisation included")
    expect(count >= 3000, f"the network has only {count:,} parameters, too few to learn much")
    (height, width), (row, column) = SEEN, (SEEN[0] // 2, SEEN[1] // 2)
    seen = np.zeros((height, width), bool)
    for _ in range(3):
        noise = rng.uniform(0, 1, size=(1, height, width, 1)).astype(np.float32)
        touched = noise.copy()
        touched[0, row, column] += 30
        one, other = (numbers(network(each), (1, height, width, 1))[0, ..., 0] for each in (noise, touched))
        seen |= np.abs(one - other) > 1e-7 * max(1.0, np.abs(one).max())
    expect(seen.any(), "the answer does not depend on the picture")
    # What was enlarged from a coarser map has no more independent rows than that map.
    sizes = np.linalg.svd(one - one.mean(), compute_uv=False)
    rank = int((sizes > 1e-5 * sizes[0]).sum())
    expect(rank > 0.7 * min(height, width), f"the answer has {height} x {width} pixels, but only {rank} independent rows: it "
           "is a coarser map, enlarged. The map of the picture's own size must be copied to the last level, and convolutions "
           "must follow")
    for name, line, middle in (("down and up", seen.any(axis=1), row), ("left and right", seen.any(axis=0), column)):
        reach = int(np.abs(np.flatnonzero(line) - middle).max(initial=0))
        expect(reach >= 16, f"one pixel changes the answer only up to {reach} pixels away ({name}); 16 are asked for. Lesson "
               "3.3 counts how far a network with so many levels sees")
    expect(one.min() < 0 or one.max() > 1, "all answers lie between 0 and 1, with random weights too: these look like "
           "probabilities. Logits are asked for, so no activation at the end")


# Task mean_of_views

def views(picture):
    """The eight views of a picture (H, W), in the order of the notebook: turned, then mirrored or not."""
    return [np.rot90(picture, k)[:, ::step] for k in range(4) for step in (1, -1)]


def scattered(answers, shape):
    """All eight answers at each pixel, found by sending the pixels' numbers through the same views: (8, H, W)."""
    places = views(np.arange(shape[0] * shape[1]).reshape(shape))
    back = np.empty((8, shape[0] * shape[1]))
    for line, place, given in zip(back, places, answers):
        line[place.ravel()] = np.ravel(given)
    return back.reshape(8, *shape)


def mean_and_spread(answer, given, shape):
    value = answer([np.ascontiguousarray(each, dtype=np.float32) for each in given])
    expect(isinstance(value, (list, tuple)) and len(value) == 2 or isinstance(value, np.ndarray) and len(value) == 2,
           "two arrays are asked for, the mean and the spread")
    return numbers(value[0], shape, "the mean"), numbers(value[1], shape, "the spread")


def views_go_back(answer, rng, lab):
    """each view is turned back to the picture's own orientation"""
    for shape in ((int(rng.integers(7, 12)),) * 2, uneven(rng, 7, 14)):
        picture = rng.normal(0, 2, size=shape)
        mean, spread = mean_and_spread(answer, views(picture), shape)
        if np.allclose(mean, picture, atol=1e-4):
            raise Wrong("these are logits; probabilities are asked for")
        expect(mean.max() < 1 + 1e-6, f"a mean of probabilities is at most 1; the largest here is {mean.max():.1f}. Is it the "
               "sum?")
        expect(np.allclose(mean, sigmoid(picture), atol=1e-4), f"eight views of one map ({shape[0]} x {shape[1]}) must give "
               "that map back. A view was turned first and mirrored then, so the way back is mirrored first, and turned the "
               "other way round then")
        expect(np.abs(spread).max() < 1e-4, "eight equal answers have a spread of 0")


def views_are_averaged(answer, rng, lab):
    """the mean of eight probabilities at each pixel"""
    for _ in range(2):
        shape = uneven(rng, 7, 14)
        given = [rng.normal(0, 3, size=each.shape) for each in views(np.zeros(shape))]
        logits = scattered(given, shape)
        mean, _ = mean_and_spread(answer, given, shape)
        expect(not np.allclose(mean, sigmoid(logits.mean(axis=0)), atol=1e-4), "the logits were averaged; the mean of the "
               "probabilities is asked for, which is another number when views disagree")
        expect(np.allclose(mean, sigmoid(logits).mean(axis=0), atol=1e-4), "for eight views that differ, the mean is wrong at "
               "some pixels: either a view counts twice or not at all, or one is put back in a wrong place")


def views_disagree(answer, rng, lab):
    """the spread is the standard deviation of the eight probabilities at each pixel"""
    shape = uneven(rng, 7, 14)
    given = [rng.normal(0, 3, size=each.shape) for each in views(np.zeros(shape))]
    every = sigmoid(scattered(given, shape))
    _, spread = mean_and_spread(answer, given, shape)
    expect(not np.allclose(spread, every.var(axis=0), atol=1e-5), "this is the variance; the spread is its root")
    expect(not np.allclose(spread, every.std(axis=0, ddof=1), atol=1e-5), "divide by eight, not by seven, as np.std does")
    expect(np.allclose(spread, every.std(axis=0), atol=1e-4), "the spread must be the standard deviation of the eight "
           "probabilities of each pixel")


# Task walls

def drawn(rng, count):
    """New slices (96, 96) in [0, 1] and their masks, drawn as the course draws its stand-in."""
    from helpers.datasets import scenes

    made = scenes.isbi2012(train=count, size=96, seed=int(rng.integers(2**31)))
    return [(picture[..., 0].astype(np.float32) / 255, mask)
            for picture, mask in zip(made["train_images"], made["train_masks"])]


@functools.cache
def held_out():
    """The slices of the dataset that the notebook holds out and their masks; None where this machine does not have it."""
    from helpers.datasets import registry, steps

    with mock.patch.dict(os.environ, COURSE_OFFLINE="1"):  # a check asks no network
        arrays, _, _ = steps.find(registry.entry("isbi2012", kinds=registry.DATASETS))
    return arrays and (arrays["train_images"][-5:, ..., 0].astype(np.float32) / 255, arrays["train_masks"][-5:])


def cut(rng, count):
    """Places (96, 96) of the held-out slices and their masks, turned and mirrored at random."""
    places, (pictures, masks) = [], held_out()
    for _ in range(count):
        number, top, left = (int(rng.integers(n)) for n in (len(masks), *(side - 95 for side in masks.shape[1:])))
        view = int(rng.integers(8))
        places.append(tuple(np.ascontiguousarray(views(each[number, top:top + 96, left:left + 96])[view])
                            for each in (pictures, masks)))
    return places


def on_new_slices(lab, rng, judge):
    """Judge on slices that nobody has seen. Beyond smoke a network may know the dataset alone: then its held-out part counts.

    judge: takes a function (rng, count) that gives slices; raises `Wrong`. One kind of slices must satisfy it.
    """
    told = None
    for kind in (drawn,) if lab.budget == "smoke" or held_out() is None else (cut, drawn):
        try:
            return judge(kind)
        except Wrong as wrong:
            told = told or wrong
    raise told


def iou_of(truth, wall):
    both, either = np.sum(wall & (truth == 1)), np.sum(wall | (truth == 1))
    return both / either if either else 1.0


def probabilities(answer, picture):
    got = numbers(answer(picture), picture.shape, "the answer")
    expect(got.min() >= -1e-6 and got.max() <= 1 + 1e-6, f"probabilities lie between 0 and 1; these go from {got.min():.2f} "
           f"to {got.max():.2f}")
    return got


def scores(answer, slices):
    """The mean IoU of the walls on slices, and that of the best threshold on the grey values."""
    ours, threshold = [], []
    for whole in slices:
        picture, truth = (each[:SEEN[0], :SEEN[1]] for each in whole)
        ours.append(iou_of(truth, probabilities(answer, picture) > 0.5))
        blurred = [picture] + [ndimage.gaussian_filter(picture, sigma) for sigma in (0.7, 1, 1.5)]
        threshold.append(max(iou_of(truth, each < level) for each in blurred for level in np.linspace(0.2, 0.7, 26)))
    return float(np.mean(ours)), float(np.mean(threshold))


def walls_are_a_map(answer, rng, lab):
    """probabilities for pictures of any size, each at its own pixel, better than to call everything wall"""
    def judge(kind):
        inside, wall, iou, share, apart = [], [], [], [], []
        for picture, mask in kind(rng, 2):
            truth = mask[:SEEN[0], :SEEN[1]]
            got, again = (probabilities(answer, picture[n:n + SEEN[0], n:n + SEEN[1]]) for n in (0, 8))
            expect(got.std() > 0.02, "the answer is nearly the same everywhere. If the loss falls in training all the same: "
                   "batch normalisation answers by running averages, and with its usual momentum of 0.99 they need hundreds "
                   "of steps to settle; with momentum=0.9 they need tens")
            inside.append(got[truth == 0].mean()), wall.append(got[truth == 1].mean())
            iou.append(iou_of(truth, got > 0.5)), share.append(truth.mean())
            apart.append(np.abs(got[8:, 8:] - again[:-8, :-8])[16:-16, 16:-16].mean())
        inside, wall, iou, share, apart = map(np.mean, (inside, wall, iou, share, apart))
        expect(wall > inside, f"on new slices the mean answer is {wall:.2f} on walls and {inside:.2f} inside cells: large is "
               "for wall. Is it the other way round, or shifted, or turned?")
        expect(iou > 1.1 * share, f"on new slices the walls have an IoU of {iou:.2f} at a threshold of 0.5; calling every "
               f"pixel wall has {share:.2f}. Is the answer a probability, after the sigmoid, and in its right place?")
        expect(apart < 0.1, f"the answer does not move with the picture: two cut-outs, one eight pixels below and to the "
               f"right of the other, get answers that differ by {apart:.2f} at the same places")
    on_new_slices(lab, rng, judge)


def walls_beat_a_threshold(answer, rng, lab):
    """on new slices its walls are better than those of the best threshold"""
    def judge(kind):
        ours, threshold = scores(answer, kind(rng, 3))
        expect(ours > threshold, f"on new slices the walls have an IoU of {ours:.3f}; the best threshold on the grey values, "
               f"smoothed or not, reaches {threshold:.3f}, without having learned anything")
    on_new_slices(lab, rng, judge)


def walls_are_good(answer, rng, lab):
    """of what the best threshold gets wrong, it gets as much right as so small a network can in this time"""
    most = LEFT["smoke" if lab.budget == "smoke" else "cpu"]

    def judge(kind):
        ours, threshold = scores(answer, kind(rng, 5))
        left = (1 - ours) / (1 - threshold)
        expect(left <= most, f"on new slices the walls have an IoU of {ours:.3f}, and the best threshold {threshold:.3f}: "
               f"{100 * left:.0f} % of what the threshold lacks is still lacking; at this budget at most {100 * most:.0f} % "
               "may be. Another learning rate, one that rises and falls, batch normalisation, another loss?")
    on_new_slices(lab, rng, judge)


LEFT = {"smoke": 0.8, "cpu": 0.8}  # a sensible training leaves 0.5 to 0.65


# Task experiment, marked by hand

def experiment_is_complete(answer, rng, lab):
    """three variants or more, each judged slice by slice by an IoU and its errors in cells, and words before and after"""
    value = answer.value()
    expect(isinstance(value, dict) and all(isinstance(key, str) for key in value), "`experiment` must be a dict with text as "
           "keys")
    for key, least in (("expectation", 20), ("conclusion", 40)):
        expect(key in value, f"the key \"{key}\" is missing")
        expect(isinstance(value[key], str) and len(value[key].split()) >= least, f"the {key} must be at least {least} words")
    rows = {name: row for name, row in value.items() if name not in ("expectation", "conclusion")}
    expect(len(rows) >= 3, f"there are {len(rows)} variants; three or more are asked for, the unchanged one among them")
    lengths = set()
    for name, row in rows.items():
        expect(isinstance(row, dict) and {"steps", "iou", "split", "merged"} <= set(row), f"variant {name!r} must be a dict "
               "with the keys \"steps\", \"iou\", \"split\" and \"merged\"")
        numbers(row["steps"], (), f"the steps of {name!r}")
        for key in ("iou", "split", "merged"):
            lengths.add(numbers(row[key], (None,), f"{key!r} of {name!r}, one number a slice,").size)
        expect(0 <= np.min(row["iou"]) and np.max(row["iou"]) <= 1, f"an IoU of {name!r} is no share")
    expect(len(lengths) == 1 and min(lengths) >= 2, "all variants must be judged on the same slices, two or more")
    figures = {tuple(np.round(np.concatenate([row[key] for key in ("iou", "split", "merged")]), 6)) for row in rows.values()}
    expect(len(figures) == len(rows), "two variants have the very same figures")


TASKS = (
    Task("pixel_sheet", "Pixels, counted", 15, "lesson 3.1, “The measures”",
         ("One confusion matrix for all pictures: leave out the void pixels of each picture, flatten what is left, and add "
          "up. metrics.pixel_confusion does it for one picture.",
          "With rows for the truth, the column sums are what was answered and the row sums what is there.",
          "np.divide(part, whole, out=np.full(classes, np.nan), where=whole > 0) divides where it can."),
         ((1, sheet_adds_up), (1, sheet_without_void), (1, sheet_with_gaps))),
    Task("boundary_score", "Is the edge near its place", 25, "lesson 3.2, “Where in the picture?”",
         ("First a map of edge pixels: compare the mask with itself moved by one row, and by one column. Both pixels of an "
          "unequal pair are edge pixels.",
          "scipy.ndimage.distance_transform_edt(~edges) gives each pixel its distance to the nearest edge pixel. Read it at "
          "the other mask's edge pixels.",
          "A mean over no pixels is NaN, so look whether there are any first: a share of nothing is 1."),
         ((1, boundary_of_straight_walls), (2, boundary_of_random_masks), (1, boundary_of_nothing))),
    Task("count_cells", "Cells: right, split, merged, missed, invented", 30, "lesson 3.3, “The result”",
         ("scipy.ndimage.label(mask == 0) numbers the patches; np.bincount of the numbers gives their sizes.",
          "A table of overlaps has a row for each true cell and a column for each answered one: a confusion matrix of their "
          "numbers. Divide by the sizes of the true cells, and by those of the answered cells.",
          "That gives two tables of truth values: which true cell lies in which answered one, and the other way round. Along "
          "which axis of which table are two or more a split, and when is a whole row or column without any?"),
         ((1, cells_are_found), (2, damage_is_counted), (1, counts_of_random_masks))),
    Task("tversky", "A loss with two prices", 20, "lesson 3.2, “A loss for rare classes”",
         ("Three sums: probability on wall pixels, one minus probability on wall pixels, probability on judged pixels that "
          "are no wall.",
          "A map of ones and zeros for \"is wall\" and one for \"is not wall, but judged\", made by ops.cast of a comparison, "
          "leaves out what is not judged by itself.",
          "With missed = 0.5 the value is nearly the Dice loss of the lesson for one class: half of everything, and the same "
          "ones."),
         ((1, loss_of_sure_answers), (1, loss_of_unsure_answers), (1, loss_without_void))),
    Task("network", "A U-Net under a budget, for every size", 25, "lesson 3.3, “The model”",
         ("Count first: a 3x3 convolution from a to b maps has 9ab weights, and at the bottom both are large. Doubling the "
          "maps at each level is what makes the lesson's network large; adding some is enough here.",
          "layers.MaxPooling2D(2, padding=\"same\") makes 11 rows of 21. Enlarged they are 22: one too many.",
          "One level of the lesson's `unet` on the way up is: enlarge, concatenate with the copied map, two convolutions. "
          "Where must `Like` stand, and which of the two maps is the smaller one?"),
         ((2, network_answers_everywhere), (2, network_is_a_small_unet))),
    Task("mean_of_views", "Eight views, one answer and its doubt", 15, "lesson 3.3, “The result”",
         ("The order of the views is that of the loop in `views`: which k and which step has number 5?",
          "What was done last is undone first. A mirror undoes itself; a turn to the left does not.",
          "Only when all eight have the picture's own shape can np.stack put them together; then mean and std over axis 0."),
         ((1, views_go_back), (1, views_are_averaged), (1, views_disagree))),
    Task("walls", "The trained map of walls", 20, "lesson 3.3, “Training”",
         ("compile with an optimiser and a loss of truth and logits; fit with `pieces`, epochs=5, verbose=0.",
          "AdamW with a rate that rises over the first tenth of the steps and falls along a cosine is what the lesson uses. "
          "3e-3 to 1e-2 is a good beginning.",
          "The Tversky loss alone cares little how sure an answer is. Its sum with the cross-entropy trains more calmly."),
         ((1, walls_are_a_map), (1, walls_beat_a_threshold), (2, walls_are_good))),
    Task("experiment", "Which change helps against which error", 30, "lesson 3.3, “The result”",
         ("Change one thing at a time and keep the rest: steps, pieces, seed, slices.",
          "Ideas: another price for missed walls; plain cross-entropy; fewer slices; no copied maps; one view in place of "
          "eight; another threshold than 0.5. Say first which of the errors should change.",
          "A difference counts when it has the same sign on nearly every slice."),
         ((0, experiment_is_complete),), by_hand=7),
)
