"""Lab 3: its solution is all right, its unfilled copy is not attempted, and wrong answers are told why they are wrong."""
import functools
import re

import numpy as np
import pytest
from scipy import ndimage

import lab_runs
from helpers import labs, metrics
from helpers.labs import checks_03, grade, release
from helpers.labs.tasks import Answer, Server, judge

NUMBER = "03"
SOURCE = release.source(NUMBER)
STUDENT = SOURCE.with_name("lab_student.ipynb")
TASKS = {task.name: task for task in checks_03.TASKS}


# The notebooks

def test_the_student_copy_holds_no_solution():
    text = STUDENT.read_text(encoding="utf-8")
    assert "SOLUTION" not in text and "distance_transform_edt" not in text and "ndimage.label" not in text
    assert text.count("# YOUR CODE HERE") == SOURCE.read_text(encoding="utf-8").count("### BEGIN SOLUTION") == 9


def test_variants_differ_and_stay_sensible():
    plain = checks_03.constants(0)
    assert plain == {"tolerance": 2.0, "smallest": 20, "missed": 0.7, "limit": 60_000, "slices": 0}
    several = [checks_03.constants(seed) for seed in range(1, 9)]
    assert len({str(each) for each in several}) == 8 and several[2] == checks_03.constants(3)
    for each in several:
        assert 1 <= each["tolerance"] <= 3 and 12 <= each["smallest"] < 40 and 0.5 < each["missed"] < 0.9
        assert 50_000 <= each["limit"] <= 75_000


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """What became of the solution, and what the unfilled copy showed."""
    return lab_runs.both(NUMBER, tmp_path_factory.mktemp("student"))


def test_the_solution_is_all_right(runs):
    result, _ = runs
    assert [(task["name"], task["status"], task["reason"]) for task in result["tasks"] if task["status"] != "right"] == [
        ("experiment", "handed in", "")]
    assert result["points"] == result["of"] == 25 and not result["failed_cells"] and not result["note"]
    # The grader's own share: seconds where the machine is idle, and in proportion where it is not.
    notebook = result["seconds_of_the_notebook"]
    assert result["seconds"] - notebook < max(10, 0.5 * notebook)


def test_the_unfilled_copy_runs_to_its_end_and_nothing_is_attempted(runs):
    _, shown = runs
    assert lab_runs.is_unfilled(shown, checks_03.TASKS), shown


# Wrong answers, as a class gives them. The right one is built from the solution, in pieces that do not need Keras.

LAB = labs.Lab(NUMBER)
LAB.budget = "smoke"


class Operations:
    """The few of keras.ops that the loss needs, by NumPy, so that these tests need no Keras."""
    sum, equal, mean, log, abs = np.sum, np.equal, np.mean, np.log, np.abs

    @staticmethod
    def cast(array, kind):
        return np.asarray(array).astype(kind)

    @staticmethod
    def sigmoid(logits):
        return 0.5 * (1 + np.tanh(0.5 * np.asarray(logits, np.float64)))


def solution(name):
    """The solution's function, from its own cell."""
    namespace = {"np": np, "ndimage": ndimage, "metrics": metrics, "ops": Operations}
    for source in grade.code_cells(SOURCE):
        if source.startswith(f"def {name}("):
            exec(source, namespace)
    return namespace[name]


def verdict(name, answer, seed=1):
    return judge(TASKS[name], Answer(Server({name: answer}), name), seed, LAB)


right_sheet, right_edges, right_cells, right_loss, right_mean = (
    solution(name) for name in ("pixel_sheet", "boundary_score", "count_cells", "tversky", "mean_of_views"))


def sheet_by(change):
    """A wrong `pixel_sheet`: the right one's table, changed by a function of the table and what was given."""
    return lambda *given: change(right_sheet(*given), *given)


def sheet_from(masked):
    """A wrong `pixel_sheet` that leaves out other pixels: masked(truth, answer, void) says which count."""
    def pixel_sheet(truths, answers, classes, void):
        keep = [masked(truth, answer, void) for truth, answer in zip(truths, answers)]
        return checks_03.sheet_by_sets([t[k] for t, k in zip(truths, keep)], [a[k] for a, k in zip(answers, keep)], classes,
                                       void, judge_void=True)
    return pixel_sheet


def edges_by(**options):
    return lambda truth, answer, tolerance: checks_03.boundary_by_pairs(truth, answer, tolerance, **options)


def naive_edges(truth, answer, tolerance):
    """A wrong `boundary_score` without a care for masks that have no edge."""
    ours, theirs = (np.zeros(mask.shape, bool) for mask in (truth, answer))
    for points, found in ((answer, ours), (truth, theirs)):
        for place in checks_03.edges_of(points):
            found[tuple(place)] = True
    pair = [np.mean(ndimage.distance_transform_edt(~b)[a] <= tolerance) for a, b in ((ours, theirs), (theirs, ours))]
    return (*pair, 2 * pair[0] * pair[1] / (pair[0] + pair[1]))


def cells_by(structure=None, before=True, half=2, own=True):
    """A wrong `count_cells`: other neighbours, specks kept, another share, or shares of what is open in both."""
    def count_cells(truth, answer, smallest):
        parts = []
        for mask in (truth, answer):
            numbered, last = ndimage.label(mask == 0, structure)
            sizes = np.bincount(numbered.ravel(), minlength=last + 1)
            kept = sizes >= smallest if before is True else sizes > smallest if before is None else sizes > 0
            kept[0] = False
            parts.append(np.where(kept, np.cumsum(kept), 0)[numbered])
        shared = np.zeros([part.max() + 1 for part in parts], int)
        np.add.at(shared, tuple(part.ravel() for part in parts), 1)
        whole = shared if own else shared[1:, 1:]
        holds, lies = (half * shared[1:, 1:] > (whole.sum(axis=axis, keepdims=True)[1:] if own and axis == 1 else
                                               whole.sum(axis=axis, keepdims=True)[:, 1:] if own else
                                               whole.sum(axis=axis, keepdims=True)) for axis in (1, 0))
        split, merged, some = lies.sum(axis=1) > 1, holds.sum(axis=0) > 1, holds | lies
        return {"right": int((holds & lies)[~split][:, ~merged].sum()), "split": int(split.sum()),
                "merged": int(merged.sum()), "missed": int((~some.any(axis=1)).sum()),
                "invented": int((~some.any(axis=0)).sum())}
    return count_cells


def counts_by(change):
    return lambda *given: (lambda counts: counts | change(counts))(right_cells(*given))


def by_numbers(truth, answer, smallest):
    """A wrong `count_cells` that only compares how many cells there are."""
    t, a = (sum(np.bincount(ndimage.label(mask == 0)[0].ravel())[1:] >= smallest) for mask in (truth, answer))
    return {"right": min(t, a), "split": max(a - t, 0), "merged": max(t - a, 0), "missed": 0, "invented": 0}


def loss_by(missed=lambda m: m, one=1, above=1, axes=None, squash=Operations.sigmoid, void=False):
    """A wrong `tversky`."""
    def tversky(truth, logits, price):
        p, m = squash(np.asarray(logits, np.float64)), missed(price)
        wall, cell = truth == 1, truth == 0 if not void else truth != 1
        found, lost, made = (np.sum(each, axis=axes) for each in (p * wall, (1 - p) * wall, p * cell))
        return np.mean(1 - (found + above) / (found + m * lost + (1 - m) * made + one))
    return tversky


def means_by(undo, squash=checks_03.sigmoid, mean=lambda every: every.mean(axis=0), spread=lambda every: every.std(axis=0)):
    """A wrong `mean_of_views`."""
    def mean_of_views(answers):
        ways = [(k, step) for k in range(4) for step in (1, -1)]
        every = np.stack([squash(undo(answer, k, step)) for answer, (k, step) in zip(answers, ways)])
        return mean(every), spread(every)
    return mean_of_views


def undone(answer, k, step):
    return np.rot90(answer[:, ::step], -k)


def same(value):
    return value


def table(names="abc", **more):
    """An `experiment` with these variants and enough words."""
    rows = {name: {"steps": 5, "iou": [0.5, 0.1 * number], "split": [1, 2], "merged": [3, 4]}
            | {key: value(number) for key, value in more.items()} for number, name in enumerate(names)}
    return rows | {"expectation": "word " * 30, "conclusion": "word " * 50}


def without(given, *keys):
    return {key: value for key, value in given.items() if key not in keys}


WRONG = {
    "pixel_sheet": {
        "a constant": (lambda truths, answers, classes, void: np.full((classes, 4), 0.5), "By hand: 6 pixels"),
        "three columns": (sheet_by(lambda table, *_: table[:, 1:]), "must be of shape"),
        "columns first": (sheet_by(lambda table, *_: table.T), "must be of shape|By hand"),
        "no return": (lambda *given: None, "is a `return` missing"),
        "truth in columns": (lambda truths, answers, classes, void: checks_03.sheet_by_sets(
            answers, truths, classes, None, True), "precision and recall are exchanged"),
        "mean of pictures": (lambda truths, answers, *more: np.nanmean(
            [right_sheet([t], [a], *more) for t, a in zip(truths, answers)], axis=0), "mean over the pictures"),
        "the first alone": (lambda truths, answers, *more: right_sheet(truths[:1], answers[:1], *more), "columns are wrong"),
        "Dice is IoU": (sheet_by(lambda table, *_: table[:, [0, 1, 2, 2]]), "columns are wrong: Dice"),
        "void counts": (sheet_from(lambda truth, answer, void: truth < 99), "left out, from the rows and from the columns"),
        "void where answered": (sheet_from(lambda truth, answer, void: answer != void), "left out, from the rows|raised"),
        "only positive ones": (sheet_from(lambda truth, answer, void: (truth >= 0) & (truth != 255)), "void = 3"),
        "zero for NaN": (sheet_by(lambda table, *_: np.nan_to_num(table)), "all four are NaN"),
        "one for NaN": (sheet_by(lambda table, *_: np.where(np.isnan(table), 1, table)), "all four are NaN"),
        "NaN for zero": (sheet_by(lambda table, *_: np.where(table == 0, np.nan, table)), "IoU and a Dice of 0"),
        "percent": (sheet_by(lambda table, *_: 100 * table), "By hand"),
    },
    "boundary_score": {
        "a constant": (lambda truth, answer, tolerance: (1.0, 1.0, 1.0), "half|0.5|all 0|are all"),
        "pixel accuracy": (lambda truth, answer, tolerance: [np.mean(truth == answer)] * 3, "answered 2 pixels beside"),
        "one number": (lambda *given: right_edges(*given)[2], "must be of shape"),
        "exchanged": (lambda truth, answer, tolerance: right_edges(answer, truth, tolerance), "are exchanged"),
        "one pixel more": (lambda truth, answer, tolerance: right_edges(truth, answer, tolerance + 1), "3 pixels beside"),
        "strict": (edges_by(strict=True), "0 pixels beside|2 pixels beside"),
        "square": (edges_by(metric="chebyshev"), "square of neighbours"),
        "steps": (edges_by(metric="cityblock"), "not in steps"),
        "one side": (edges_by(one_sided=True), "two pixels wide|two sides"),
        "corners": (edges_by(diagonal=True), "at a corner"),
        "walls, not edges": (lambda *given: naive_walls(*given), "pixels beside|wide|sides"),
        "plain mean for F": (lambda *given: (lambda p, r, f: (p, r, (p + r) / 2))(*right_edges(*given)), "F must be|are all"),
        "NaN without edges": (naive_edges, "is NaN: F is 0"),
        "zero without edges": (lambda truth, answer, tolerance: right_edges(truth, answer, tolerance)
                               if np.ptp(truth) and np.ptp(answer) else (0.0, 0.0, 0.0), "share of nothing is 1"),
    },
    "count_cells": {
        "a constant": (lambda *given: dict.fromkeys(checks_03.KINDS, 3), "all are right"),
        "a tuple": (lambda *given: tuple(right_cells(*given).values()), "must be a dict"),
        "a key missing": (lambda *given: without(right_cells(*given), "missed"), "lacks missed"),
        "copied truth": (lambda truth, answer, smallest: right_cells(truth, truth, smallest), "invented|a wall was drawn"),
        "counts of walls": (lambda truth, answer, smallest: right_cells(1 - truth, 1 - answer, smallest), "pixels that are 0"),
        "corners join": (cells_by(structure=np.ones((3, 3))), "at a corner"),
        "specks stay": (cells_by(before=False), "a speck and no cell"),
        "off by one": (cells_by(before=None), "is a cell"),
        "only compares numbers": (by_numbers, "lies|you have"),
        "exchanged": (lambda truth, answer, smallest: right_cells(answer, truth, smallest), "invented|through the middle"),
        "split pieces": (counts_by(lambda counts: {"split": 2 * counts["split"]}), "wall was drawn through the middle"),
        "merged cells": (counts_by(lambda counts: {"merged": 2 * counts["merged"]}), "was taken away"),
        "any overlap": (cells_by(half=10**6), "share four tenths"),
        "a third": (cells_by(half=3), "share four tenths"),
        "walls left out": (cells_by(own=False), "count among its own pixels"),
        "right too often": (counts_by(lambda counts: {"right": counts["right"] + counts["split"]}), "through the middle"),
    },
    "tversky": {
        "a constant": (lambda truth, logits, missed: 0.5, "sure and right answer, the loss is 0.0000"),
        "the share": (lambda *given: 1 - right_loss(*given), "this is the share itself"),
        "an array": (lambda truth, logits, missed: 0 * logits, "single number"),
        "always one half": (loss_by(missed=lambda m: 0.5), "both errors have the same price"),
        "exchanged": (loss_by(missed=lambda m: 1 - m), "prices are exchanged"),
        "a price on the whole": (lambda truth, logits, missed: loss_by()(truth, logits, 0.5) * missed,
                                 "each price on its own sum"),
        "no ones": (loss_by(one=1e-6, above=0), "ones above and below the line are missing"),
        "ones below only": (loss_by(above=0), "the one above the line is missing"),
        "mean of pictures": (loss_by(axes=(1, 2, 3)), "mean over the pictures"),
        "no sigmoid": (loss_by(squash=same), "through the sigmoid"),
        "rounded": (loss_by(squash=lambda z: (z > 0).astype(float)), "rounded to 0 and 1"),
        "void is cell": (loss_by(void=True), "must not count"),
        "exponentials": (loss_by(squash=lambda z: np.exp(z) / (1 + np.exp(z))), "not finite|NaN"),
    },
    "mean_of_views": {
        "a constant": (lambda answers: (np.full(answers[0].shape, 0.5), 0 * answers[0]), "that map back"),
        "the first alone": (lambda answers: (checks_03.sigmoid(answers[0]), 0 * answers[0]), "the mean is wrong at some"),
        "only the mean": (lambda answers: right_mean(answers)[0], "two arrays|must be of shape"),
        "not put back": (means_by(lambda answer, k, step: answer), "ValueError|that map back"),
        "turned the same way": (means_by(lambda answer, k, step: np.rot90(answer[:, ::step], k)), "the other way round"),
        "turned first": (means_by(lambda answer, k, step: np.rot90(answer, -k)[:, ::step]), "mirrored first|that map back"),
        "mirrored up and down": (means_by(lambda answer, k, step: np.rot90(answer[::step], -k)), "mirrored first"),
        "no sigmoid": (means_by(undone, squash=same), "these are logits"),
        "mean of logits": (lambda answers: (checks_03.sigmoid(means_by(undone, squash=same)(answers)[0]),
                                            right_mean(answers)[1]), "logits were averaged"),
        "sum": (means_by(undone, mean=lambda every: every.sum(axis=0)), "Is it the sum"),
        "variance": (means_by(undone, spread=lambda every: every.var(axis=0)), "this is the variance"),
        "by seven": (means_by(undone, spread=lambda every: every.std(axis=0, ddof=1)), "not by seven"),
        "largest less smallest": (means_by(undone, spread=lambda every: np.ptp(every, axis=0)), "deviation of the eight"),
        "spread of logits": (lambda answers: (right_mean(answers)[0], means_by(undone, squash=same)(answers)[1]),
                             "standard deviation of the eight"),
    },
    "experiment": {
        "text": ("I tried", "must be a dict"),
        "no expectation": (without(table(), "expectation"), "\"expectation\" is missing"),
        "no conclusion": (without(table(), "conclusion"), "\"conclusion\" is missing"),
        "short": (table() | {"conclusion": "It worked."}, "at least 40 words"),
        "two variants": (table("ab"), "three or more"),
        "no cells": (table() | {"a": {"steps": 5, "iou": [0.5, 0.1]}}, "must be a dict with the keys"),
        "copied figures": (table(iou=lambda number: [0.5, 0.5]), "very same figures"),
        "other slices": (table(iou=lambda number: [0.5] * (number + 2)), "same slices"),
        "in per cent": (table(iou=lambda number: [50.0, number]), "no share"),
    },
}


def naive_walls(truth, answer, tolerance):
    """A wrong `boundary_score`: all pixels that are not 0 in place of the edges."""
    ours, theirs = answer != 0, truth != 0
    pair = [np.mean(ndimage.distance_transform_edt(~b)[a] <= tolerance) if a.any() else 1.0
            for a, b in ((ours, theirs), (theirs, ours))]
    return (*pair, 2 * pair[0] * pair[1] / max(sum(pair), 1e-9))


@pytest.mark.parametrize("name", ["pixel_sheet", "boundary_score", "count_cells", "tversky", "mean_of_views"])
@pytest.mark.parametrize("seed", [0, 5, 2**62 + 3])
def test_the_solution_is_right_for_any_seed(name, seed):
    given = verdict(name, solution(name), seed)
    assert (given.status, given.reason) == ("right", "")


@pytest.mark.parametrize("name, wrong", [(name, wrong) for name in WRONG for wrong in WRONG[name]])
def test_a_wrong_answer_is_caught_with_a_reason_that_helps(name, wrong):
    answer, reason = WRONG[name][wrong]
    given = verdict(name, answer)
    assert given.status in ("wrong", "partly right") and float(given) <= 0.75 * TASKS[name].points
    assert re.search(reason, given.reason), given.reason


def test_enough_wrong_answers_are_tried():
    assert set(WRONG) | {"network", "walls"} == set(TASKS) and all(len(each) >= 4 for each in WRONG.values())


# Right answers in another style

def other_sheet(truths, answers, classes, void):
    """Class by class, as a list of lists."""
    def share(part, whole):
        return part / whole if whole else float("nan")

    rows = []
    for label in range(classes):
        both = there = said = 0
        for truth, answer in zip(truths, answers):
            for t, a in zip(truth.ravel().tolist(), answer.ravel().tolist()):
                if t != void:
                    both, there, said = both + (t == a == label), there + (t == label), said + (a == label)
        rows.append([share(both, said), share(both, there), share(both, there + said - both), share(2 * both, there + said)])
    return rows


def other_edges(truth, answer, tolerance):
    """Edges of scikit-image and a tree of points."""
    from scipy.spatial import cKDTree
    from skimage.segmentation import find_boundaries

    ours, theirs = (np.argwhere(find_boundaries(mask, connectivity=1, mode="thick")) for mask in (answer, truth))

    def share(these, those):
        if len(these) == 0:
            return 1
        return 0 if len(those) == 0 else (cKDTree(those).query(these)[0] <= tolerance).mean()

    pair = share(ours, theirs), share(theirs, ours)
    return np.array([*pair, 0 if sum(pair) == 0 else 2 / (1 / max(pair[0], 1e-12) + 1 / max(pair[1], 1e-12))])


def other_loss(truth, logits, missed):
    """With the mask of judged pixels, and 1 - p as the sigmoid of the negative."""
    judged, y = (truth < 1.5).astype("float32"), (truth == 1).astype("float32")
    p, q = Operations.sigmoid(logits), Operations.sigmoid(-logits)
    found = np.sum(judged * p * y)
    return (missed * np.sum(judged * q * y) + (1 - missed) * np.sum(judged * p * (1 - y))) / (
        found + missed * np.sum(judged * q * y) + (1 - missed) * np.sum(judged * p * (1 - y)) + 1)


def other_mean(answers):
    """Written out."""
    a = [1 / (1 + np.exp(-each)) for each in answers]
    back = [a[0], a[1][:, ::-1], np.rot90(a[2], 3), np.rot90(np.fliplr(a[3]), 3), np.rot90(a[4], 2), np.flipud(a[5]),
            np.rot90(a[6]), np.rot90(np.fliplr(a[7]))]
    mean = sum(back) / 8
    return [mean, np.sqrt(sum((each - mean) ** 2 for each in back) / 8)]


@pytest.mark.parametrize("name, other", [
    ("pixel_sheet", other_sheet), ("boundary_score", other_edges), ("count_cells", checks_03.cells_by_pairs),
    ("count_cells", cells_by()), ("tversky", other_loss), ("tversky", loss_by()), ("mean_of_views", other_mean)])
def test_right_answers_in_another_style_pass(name, other):
    for seed in (1, 2, 3):
        given = verdict(name, other, seed)
        assert (given.status, given.reason) == ("right", "")


# The same for the two tasks that need Keras

@pytest.fixture(scope="module")
def keras_lab():
    """The notebook's own definitions, as far as the network: keras, layers, ops, Like, network."""
    import keras
    from keras import layers, ops

    namespace = {"np": np, "keras": keras, "layers": layers, "ops": ops}
    for source in grade.code_cells(SOURCE):
        if source.startswith(("class Like", "def network(", "def tversky(")):
            exec(source, namespace)
    return namespace


def build(given, widths=(8, 16), pooling="same", like=True, up="nearest", last=None, channels=1, convolutions=2, copies=True,
          side=None, more=lambda x: x):
    """A small network like the solution's, in another style (sums in place of copies beside each other), with a change."""
    keras, layers = given["keras"], given["layers"]

    def network():
        x = pictures = keras.Input((side, side, 1))
        copied = []
        for maps in widths:
            for _ in range(convolutions):
                x = layers.Conv2D(maps, 3, padding="same", activation="relu")(x)
            copied.append(x)
            x = layers.AveragePooling2D(2, padding=pooling)(x)
        x = layers.Conv2D(24, 3, padding="same", activation="relu")(x)
        for maps, before in zip(widths[::-1], copied[::-1]):
            x = layers.UpSampling2D(2, interpolation=up)(x)
            x = given["Like"]()(x, before) if like else x
            if copies:
                x = layers.Conv2D(maps, 3, padding="same", activation="relu")(layers.Concatenate()([x, before]))
        return keras.Model(pictures, more(layers.Conv2D(channels, 1, activation=last)(x)))
    return network


def test_wrong_networks_are_caught(keras_lab):
    given, layers = keras_lab, keras_lab["layers"]
    right = verdict("network", given["network"])
    assert (right.status, right.reason) == ("right", "")
    assert verdict("network", build(given)).status == "right"  # in another style
    wrong = {
        "a constant": (lambda: 0, "TypeError|cannot be judged|not callable"),
        "forgot to return": (lambda: None, "NoneType|cannot be judged"),
        "a picture back": (lambda: lambda pictures: pictures, "get_weights|attribute"),
        "too large": (build(given, widths=(32, 64)), "the limit is 60,000"),
        "too small": (build(given, widths=(2, 3)), "too few to learn|pixels away"),
        "sees too little": (build(given, widths=(24,), convolutions=1), "16 are asked for"),
        "whole multiples alone": (build(given, like=False), "raised|must be of shape"),
        "rounds down": (build(given, pooling="valid", like=False), "raised|must be of shape"),
        "fixed size": (build(given, side=32), "ValueError|raised|must be of shape"),
        "enlarged at the end": (build(given, widths=(16, 24), copies=False), "a coarser map, enlarged"),
        "bilinear at the end": (build(given, widths=(16, 24), copies=False, up="bilinear"), "a coarser map, enlarged"),
        "probabilities": (build(given, last="sigmoid"), "look like probabilities"),
        "two logits": (build(given, channels=2), "must be of shape"),
        "pooled": (build(given, more=lambda x: layers.GlobalAveragePooling2D()(x)), "must be of shape"),
    }
    for name, (answer, reason) in wrong.items():
        told = verdict("network", functools.lru_cache(answer))  # built once, not for each part
        assert told.status in ("wrong", "partly right") and float(told) <= 2, name
        assert re.search(reason, told.reason), f"{name}: {told.reason}"


def test_the_loss_is_the_same_in_keras(keras_lab):
    given = verdict("tversky", keras_lab["tversky"])
    assert (given.status, given.reason) == ("right", "")


def smooth(picture):
    return ndimage.gaussian_filter(np.asarray(picture, float), 1.5)


def dark(picture, level=0.5, width=0.05):
    """A drawing of walls that has learned nothing: what is dark."""
    return checks_03.sigmoid((level - smooth(picture)) / width)


@pytest.mark.parametrize("answer, reason", [
    (lambda picture: np.full(picture.shape, 0.5), "nearly the same everywhere"),
    (lambda picture: picture, "large is for wall|an IoU of"),
    (lambda picture: 1 - picture, "IoU of"),
    (lambda picture: np.log(dark(picture) / (1 - dark(picture))), "lie between 0 and 1"),
    (lambda picture: 255 * dark(picture), "lie between 0 and 1"),
    (dark, "best threshold"),
    (lambda picture: (dark(picture) > 0.5).astype(int), "best threshold"),
    (lambda picture: dark(picture)[None, ..., None], "must be of shape"),
    (lambda picture: dark(picture).T, "must be of shape"),
    (lambda picture: dark(picture)[::-1, ::-1], "large is for wall|right place|move with the picture"),
    (lambda picture: np.roll(dark(picture), 6, axis=1), "large is for wall|right place|best threshold"),
    (lambda picture: dark(picture)[:picture.shape[0] // 8 * 8, :picture.shape[1] // 8 * 8], "must be of shape"),
    (lambda picture: np.kron(dark(picture)[::8, ::8], np.ones((8, 8)))[:picture.shape[0], :picture.shape[1]],
     "IoU|threshold|large is"),
    (lambda picture: 1 - dark(picture), "large is for wall")])
def test_wrong_maps_of_walls_are_caught(answer, reason):
    given = verdict("walls", answer)
    assert given.status in ("wrong", "partly right") and float(given) <= 1 and re.search(reason, given.reason), given.reason
