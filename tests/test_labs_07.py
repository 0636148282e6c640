"""Lab 7: its solution is all right, its unfilled copy is not attempted, and wrong answers are told why they are wrong."""
import itertools
import re
from functools import partial

import numpy as np
import pytest

import lab_runs
from helpers import labs, metrics, tracking
from helpers.labs import checks_07, grade, release
from helpers.labs.tasks import Answer, Server, judge

NUMBER = "07"
SOURCE = release.source(NUMBER)
STUDENT = SOURCE.with_name("lab_student.ipynb")
TASKS = {task.name: task for task in checks_07.TASKS}


# The notebooks

def test_the_student_copy_holds_no_solution():
    text = STUDENT.read_text(encoding="utf-8")
    assert "SOLUTION" not in text and "np.bincount" not in text and "UnitNormalization" not in text
    assert text.count("# YOUR CODE HERE") == SOURCE.read_text(encoding="utf-8").count("### BEGIN SOLUTION") == 8


def test_variants_differ_and_stay_sensible():
    assert checks_07.constants(0) == {"bins": 12, "weight": 0.7, "max_age": 45, "margin": 0.3, "dimensions": 32,
                                      "limit": 80_000, "streets": 0}
    several = [checks_07.constants(seed) for seed in range(1, 9)]
    assert len({str(each) for each in several}) == 8 and several[2] == checks_07.constants(3)
    for each in several:
        assert 10 <= each["bins"] <= 16 and 0.5 < each["weight"] < 0.9 and 35 <= each["max_age"] <= 60
        # The solution's network fits: its convolutions have about 24,000 parameters, its dense layer 1,153 a dimension.
        assert 24_000 + 1153 * each["dimensions"] < each["limit"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """What became of the solution, and what the unfilled copy showed."""
    return lab_runs.both(NUMBER, tmp_path_factory.mktemp("student"))


def test_the_solution_is_all_right(runs):
    result, _ = runs
    assert [(task["name"], task["status"], task["reason"]) for task in result["tasks"] if task["status"] != "right"] == [
        ("when_it_hurts", "handed in", "")]
    assert result["points"] == result["of"] == 25 and not result["failed_cells"] and not result["note"]
    # The grader's own share: seconds where the machine is idle, and in proportion where it is not.
    notebook = result["seconds_of_the_notebook"]
    assert result["seconds"] - notebook < max(10, 0.5 * notebook)


def test_the_unfilled_copy_runs_to_its_end_and_nothing_is_attempted(runs):
    _, shown = runs
    assert lab_runs.is_unfilled(shown, checks_07.TASKS), shown


# Wrong answers, as a class gives them. The right one is built from the solution, in pieces that do not need Keras.

LAB = labs.Lab(NUMBER)
LAB.budget = "smoke"


def cell_of(name):
    """The source of the cell in which the solution defines this name."""
    return next(source for source in grade.code_cells(SOURCE)
                if re.search(rf"^(def|class) {name}\b", source, re.MULTILINE) and "### BEGIN SOLUTION" in source)


def solution(name, **changes):
    """The solution's function or class, from its own cell; changes: pairs (old text, new text), to make a wrong one."""
    namespace = {"np": np, "itertools": itertools, "partial": partial, "metrics": metrics, "tracking": tracking, "lab": LAB}
    if name == "AppearanceTracker":
        exec(cell_of("affinity"), namespace)
    text = cell_of(name)
    for old, new in changes.values():
        assert old in text, old
        text = text.replace(old, new)
    exec(text, namespace)
    return namespace[name]


def changed(name, old, new):
    return solution(name, change=(old, new))


def verdict(name, answer, seed=1):
    return judge(TASKS[name], Answer(Server({name: answer}), name), seed, LAB)


right_looks, right_shares, right_table = (solution(name) for name in ("describe", "visible_share", "affinity"))
right_bridged, RightTracker = solution("bridged"), solution("AppearanceTracker")


def mean_colour(frame, boxes, bins):
    """A descriptor that is no histogram: the mean shares."""
    found = []
    for x1, y1, x2, y2 in np.clip(boxes, 0, None).astype(int):
        pixels = frame[y1:y2 + 1, x1:x2 + 1].reshape(-1, 3).astype(float)
        found.append(pixels.mean(axis=0) / max(np.linalg.norm(pixels.mean(axis=0)), 1e-9))
    return np.array(found).reshape(-1, 3)


def summed_in_bytes(frame, boxes, bins):
    """The sum of red, green and blue in eight bits, which hold no more than 255."""
    wrapped = frame.sum(axis=2, dtype=np.uint8)[..., None]
    shares = np.clip(frame / np.maximum(wrapped, 1), 0, 1)
    return right_looks(np.concatenate([shares[..., :2], 1e-9 + 1 - shares[..., :2].sum(axis=2, keepdims=True)], axis=2)
                       * 255, boxes, bins)


def covers(join):
    """A wrong `visible_share` that treats each box in front by itself."""
    def visible_share(boxes):
        shares = []
        for mine in boxes:
            front = boxes[boxes[:, 3] > mine[3]]
            wide = np.minimum(front[:, 2], mine[2]) - np.maximum(front[:, 0], mine[0])
            high = np.minimum(front[:, 3], mine[3]) - np.maximum(front[:, 1], mine[1])
            covered = np.clip(wide, 0, None) * np.clip(high, 0, None) / ((mine[2] - mine[0]) * (mine[3] - mine[1]))
            shares.append(np.clip(1 - join(covered), 0, 1))
        return np.array(shares)
    return visible_share


def by_overlap(boxes):
    overlap = metrics.iou(boxes, boxes) * (boxes[:, 3] > boxes[:, 3:4])
    return 1 - overlap.max(axis=1, initial=0)


def points_at_the_corners(boxes):
    """A wrong `visible_share` that counts few points of a box, each at the upper left of its cell."""
    shares = []
    for x1, y1, x2, y2 in boxes:
        x, y = x1 + (x2 - x1) * np.arange(10) / 10, y1 + (y2 - y1) * np.arange(10) / 10
        front = boxes[boxes[:, 3] > y2][:, :, None, None]
        covered = (front[:, 0] <= x) & (x <= front[:, 2]) & (front[:, 1] <= y[:, None]) & (y[:, None] <= front[:, 3])
        shares.append(1 - covered.any(axis=0).mean())
    return np.array(shares)


class Copy(RightTracker):
    """Hands its boxes back, numbered as they come."""

    def update(self, boxes, looks, shares):
        return np.column_stack([boxes, 1 + np.arange(len(boxes))])


class Nameless(RightTracker):
    """Boxes without identities."""

    def update(self, boxes, looks, shares):
        return super().update(boxes, looks, shares)[:, :4]


class Blind(RightTracker):
    """SORT itself: no looks at all."""

    def __init__(self, **settings):
        self.sort = tracking.Sort(max_age=settings["max_age"], min_hits=settings["min_hits"])

    def update(self, boxes, looks, shares):
        return self.sort.update(boxes)


class Unlike(RightTracker):
    """Overlap alone, with the lab's memory."""

    def update(self, boxes, looks, shares):
        return super().update(boxes, np.ones((len(boxes), 1)), shares)


def tracker(old, new):
    return changed("AppearanceTracker", old, new)


def table(names=("without looks", "b", "c"), **more):
    """A `when_it_hurts` with these variants and enough words."""
    rows = {name: {key: value(number) for key, value in more.items()} for number, name in enumerate(names)}
    return rows | {"conclusion": "word " * 50}


def each(number, count=3):
    return [0.1 * number] * count


WRONG = {
    "describe": {
        "a constant": (lambda frame, boxes, bins: np.ones((len(boxes), 4)) / 2, "up to .* off"),
        "copied input": (lambda frame, boxes, bins: boxes, "length 1"),
        "one for all": (lambda frame, boxes, bins: right_looks(frame, boxes, bins)[0], "must be of shape"),
        "mean colour": (mean_colour, "up to .* off"),
        "whole width": (changed("describe", "quarter = (x2 - x1) / 4", "quarter = 0"), "outer quarters"),
        "no halves": (lambda frame, boxes, bins: checks_07.histograms(frame, boxes, bins, bands=1), "upper and lower half"),
        "no root": (lambda frame, boxes, bins: checks_07.histograms(frame, boxes, bins, root=False), "square root"),
        "plain colours": (changed("describe", "/ total[total > 0, None]", "/ 255"), "shares of red"),
        "columns first": (lambda frame, boxes, bins: right_looks(frame, boxes[:, [1, 0, 3, 2]], bins), "rows first"),
        "off by one": (changed("describe", "rows[half + 1]", "rows[half + 1] + 1"), "Which pixels count"),
        "not scaled": (lambda *given: np.sqrt(2) * right_looks(*given), "length 1"),
        "sum of bytes": (summed_in_bytes, "off|more than 255"),
        "beyond the edge": (changed("describe", "- 0.5), 0, frame.shape[0])", "- 0.5), -99, 999)"),
                            "reach beyond|a box without"),
        "beyond the last cell": (changed("describe", "np.minimum((shares * bins).astype(int), bins - 1)",
                                         "(shares * bins).astype(int)"), "share of exactly 1|ValueError|shape"),
        "black counts": (changed("describe", "max(2 * len(cells), 1)", "max(2 * len(pixels), 1)"), "black pixels"),
    },
    "visible_share": {
        "a constant": (lambda boxes: np.ones(len(boxes)), "visible are"),
        "copied input": (lambda boxes: boxes, "must be of shape"),
        "the other way round": (changed("visible_share", "> y2]", "< y2]"), "the wrong one is hidden"),
        "everybody": (changed("visible_share", "> y2]", "!= y2]"), "both are hidden"),
        "the hidden share": (lambda boxes: 1 - right_shares(boxes), "hidden share"),
        "IoU": (by_overlap, "IoU"),
        "added up": (covers(np.sum), "counts twice"),
        "the largest": (covers(lambda covered: covered.max(initial=0)), "only the largest cover"),
        "multiplied": (covers(lambda covered: 1 - np.prod(1 - covered)), "behind two others"),
        "by the upper edge": (changed("visible_share", "boxes[:, 3] > y2", "boxes[:, 1] > y1"), "wrong one|both|visible are"),
        "coarse": (changed("visible_share", "64", "5"), "coarse grid|visible are|behind two"),
        "points at the corners": (points_at_the_corners, "in the middles of their cells|visible are"),
        "one too few": (lambda boxes: right_shares(boxes)[:-1], "must be of shape"),
    },
    "affinity": {
        "a constant": (lambda predicted, boxes, likeness, *_: np.full(likeness.shape, 0.5), "up to .* off"),
        "copied input": (lambda predicted, boxes, likeness, *_: likeness, "up to .* off"),
        "overlap alone": (lambda predicted, boxes, *_: metrics.iou(predicted, boxes), "up to .* off|likeness"),
        "weights exchanged": (changed("affinity", "weight * likeness + (1 - weight) * overlap",
                                      "(1 - weight) * likeness + weight * overlap"), "belongs to the likeness"),
        "a cost": (changed("affinity", "weight * likeness + (1 - weight) * overlap, 0.0",
                           "1 - weight * likeness - (1 - weight) * overlap, 9.0"), "this is a cost"),
        "turned": (lambda *given: right_table(*given).T, "must be of shape"),
        "no gates": (changed("affinity", "near & proven", "True"), "out of reach"),
        "reach in pixels": (changed("affinity", " * (predicted[:, 3] - predicted[:, 1])", ""), "in heights"),
        "reach of a moment": (changed("affinity", "reach * (1 + missed)", "reach * np.ones(len(missed))"), "1 . missed frames"),
        "off by one frame": (changed("affinity", "reach * (1 + missed)", "reach * (2 + missed)"), "out of reach"),
        "widths": (changed("affinity", "predicted[:, 3] - predicted[:, 1]", "predicted[:, 2] - predicted[:, 0]"),
                   "in heights"),
        "corners": (changed("affinity", "each[:, :2] + each[:, 2:]", "2 * each[:, :2]"), "must be worth"),
        "both proofs": (changed("affinity", "(likeness >= alike) |", "(likeness >= alike) &"), "One proof is enough"),
        "overlap for ever": (changed("affinity", " & (missed <= FRESH)[:, None]", ""), "proves nothing any more"),
        "fresh off by one": (changed("affinity", "missed <= FRESH", "missed < FRESH"), "overlap proves this pair"),
        "no overlap needed": (changed("affinity", "(overlap >= OVERLAP) & ", ""), "nothing proves this pair"),
    },
    "AppearanceTracker": {
        "copied input": (Copy, "is shown|twice|frame"),
        "a constant": (type("Constant", (RightTracker,), {"update": lambda self, boxes, *_: np.ones((1, 5))}),
                       "only tracks that were seen"),
        "no identities": (Nameless, "must be of shape"),
        "SORT": (Blind, "must be shown from frame|new identity"),
        "no looks": (Unlike, "new identity|hidden person's identity|exchanged"),
        "forgets at once": (tracker("self.max_age if track.identity else 2", "2"), "must live as long"),
        "age off by one": (tracker("track.missed <= (self.max_age", "track.missed < (self.max_age"), "must live as long"),
        "lives too long": (tracker("track.missed <= (self.max_age", "track.missed - 1 <= (self.max_age"), "old identity, but"),
        "never forgets": (tracker("(self.max_age if track.identity else 2)", "999"), "old identity, but"),
        "hits off by one": (tracker("track.hits >= self.min_hits", "track.hits + 1 >= self.min_hits"), "with min_hits"),
        "no probation": (tracker("and track.hits >= self.min_hits", ""), "with min_hits"),
        "shows the lost": (tracker("track.missed == 0 and ", ""), "only tracks that were seen"),
        "learns from all": (tracker("shares[place] >= self.clear", "True"), "person in front"),
        "never learns": (tracker("shares[place] >= self.clear", "False"), "rate of the new one"),
        "the last look": (tracker("(1 - self.rate) * track.look + self.rate * looks[place]", "looks[place]"),
                          "in one single"),
        "length lost": (tracker("track.look = track.look / max(np.linalg.norm(track.look), 1e-9)", "pass"),
                        "brought back to length 1"),
        "the old is new": (tracker("(1 - self.rate) * track.look + self.rate * looks[place]",
                                   "self.rate * track.look + (1 - self.rate) * looks[place]"), "rate of the new one"),
        "new identity a frame": (tracker("track.identity = track.identity or next(self.identities)",
                                         "track.identity = next(self.identities)"), "identity changes|must be shown"),
        "missed is never reset": (tracker("track.box = 0,", "track.box = track.missed,"), "in each frame|identity"),
    },
    "bridged": {
        "a constant": (lambda matches, least: (3, 5), "gap"),
        "one number": (lambda matches, least: right_bridged(matches, least)[0], "must be of shape"),
        "copied input": (lambda matches, least: matches, "must be of shape"),
        "off by one": (lambda matches, least: right_bridged(matches, least - 1), "Count the frames in between"),
        "more than": (lambda matches, least: right_bridged(matches, least + 1), "Count the frames in between"),
        "rows as they come": (changed("bridged", "sorted(map(tuple, np.asarray(matches).tolist()))",
                                      "np.asarray(matches).tolist()"), "in order of time"),
        "all people together": (lambda matches, least: right_bridged(np.asarray(matches) * (1, 0, 1), least),
                                "each person alone"),
        "columns exchanged": (lambda matches, least: right_bridged(np.asarray(matches)[:, [0, 2, 1]], least),
                              "each person alone"),
        "the lost ones": (changed("bridged", "[1] == track", "[1] != track"), "another track"),
        "all are kept": (changed("bridged", "kept += last[person][1] == track", "kept += 1"), "have the same track"),
        "gaps first": (lambda matches, least: right_bridged(matches, least)[::-1], "gap|kept comes first"),
    },
    "when_it_hurts": {
        "text": ("I tried", "must be a dict"),
        "no conclusion": ({"without looks": {}, "b": {}, "c": {}}, "\"conclusion\" is missing"),
        "short": ({"conclusion": "It worked."}, "at least 40 words"),
        "no baseline": (table("abc", idf1=each, switches=each), "\"without looks\" is missing"),
        "two variants": (table(("without looks", "b"), idf1=each, switches=each), "three or more"),
        "no figures": (table(idf1=each), "must be a dict with the keys"),
        "copied figures": (table(idf1=lambda number: [1.0, 2.0], switches=lambda number: [1, 2]), "very same figures"),
        "other streets": (table(idf1=lambda number: each(number, number + 2), switches=each), "same streets"),
    },
}


@pytest.mark.parametrize("name", ["describe", "visible_share", "affinity", "AppearanceTracker", "bridged"])
@pytest.mark.parametrize("seed", [0, 5, 2**62 + 3])
def test_the_solution_is_right_for_any_seed(name, seed):
    given = verdict(name, solution(name), seed)
    assert (given.status, given.reason) == ("right", "")


@pytest.mark.parametrize("name, wrong", [(name, wrong) for name in WRONG for wrong in WRONG[name]])
def test_a_wrong_answer_is_caught_with_a_reason_that_helps(name, wrong):
    answer, reason = WRONG[name][wrong]
    given = verdict(name, answer)
    assert given.status in ("wrong", "partly right") and float(given) <= 0.84 * TASKS[name].points
    assert re.search(reason, given.reason), given.reason


def test_enough_wrong_answers_are_tried():
    assert set(WRONG) | {"triplet_loss", "embedder"} == set(TASKS) and all(len(each) >= 4 for each in WRONG.values())


# Right answers in another style

def looks_by_masks(frame, boxes, bins):
    """Masks and histograms of two dimensions, the lower half first."""
    y, x = np.indices(frame.shape[:2]) + 0.5
    total = frame.sum(axis=2, dtype=int)
    shares = frame[..., :2] / np.maximum(total, 1)[..., None]
    found = []
    for x1, y1, x2, y2 in boxes:
        inside = (np.abs(x - (x1 + x2) / 2) <= (x2 - x1) / 4) & (y >= y1) & (y < y2) & (total > 0)
        parts = []
        for half in (y >= (y1 + y2) / 2, y < (y1 + y2) / 2):
            counts, _, _ = np.histogram2d(*shares[inside & half].T, bins=bins, range=((0, 1), (0, 1)))
            parts.append(np.sqrt(counts / max(counts.sum(), 1) / 2).ravel())
        found.append(np.concatenate(parts))
    return np.reshape(found, (len(boxes), 2 * bins**2)).astype("float32")


def shares_by_cells(boxes):
    return list(checks_07.uncovered(np.asarray(boxes))) if len(boxes) else []


def table_by_loops(predicted, boxes, likeness, missed, *settings):
    return np.array([[checks_07.worth(track, box, likeness[row, column], missed[row], *settings)
                      for column, box in enumerate(boxes)] for row, track in enumerate(predicted)]).reshape(likeness.shape)


class TwoRounds:
    """Tracks in a list of dicts, matched in two rounds: those seen a moment ago first."""

    def __init__(self, **settings):
        self.set, self.tracks, self.given = settings, [], 0

    def update(self, boxes, looks, shares):
        free, shown = list(range(len(boxes))), []
        for track in self.tracks:
            track["ahead"], track["seen"] = track["motion"].predict(), False
        for fresh in (True, False):
            tracks = [track for track in self.tracks if (track["missed"] <= 2) == fresh and not track["seen"]]
            if not tracks or not free:
                continue
            likeness = np.array([[track["look"] @ looks[place] for place in free] for track in tracks])
            worth = right_table(np.array([track["ahead"] for track in tracks]), boxes[free], likeness,
                                np.array([track["missed"] for track in tracks]), self.set["weight"], self.set["reach"],
                                self.set["alike"])
            pairs = tracking.match_optimal(worth, 0)
            for row, column in pairs:
                track, place = tracks[row], free[column]
                track.update(seen=True, missed=0, hits=track["hits"] + 1, box=boxes[place])
                if not fresh:
                    track["motion"] = tracking.KalmanBox(boxes[place])
                track["motion"].update(boxes[place])
                if shares[place] >= self.set["clear"]:
                    mixed = track["look"] + self.set["rate"] * (looks[place] - track["look"])
                    track["look"] = mixed / np.linalg.norm(mixed)
            free = [place for number, place in enumerate(free) if number not in {column for _, column in pairs}]
        for track in self.tracks:
            track["missed"] += not track["seen"]
        self.tracks = [track for track in self.tracks if track["missed"] <= (self.set["max_age"] if track["name"] else 2)]
        for track in self.tracks:
            if track["seen"] and track["hits"] >= self.set["min_hits"]:
                self.given += not track["name"]
                track["name"] = track["name"] or self.given
                shown.append([*track["box"], track["name"]])
        self.tracks += [dict(motion=tracking.KalmanBox(boxes[place]), look=looks[place], box=boxes[place], missed=0, hits=0,
                             name=0) for place in free]
        return shown


def bridged_by_person(matches, least):
    kept, gaps = 0, 0
    for person in np.unique(matches[:, 1]):
        rows = matches[matches[:, 1] == person]
        rows = rows[np.argsort(rows[:, 0])]
        wide = np.diff(rows[:, 0]) > least
        gaps, kept = gaps + wide.sum(), kept + (wide & (np.diff(rows[:, 2]) == 0)).sum()
    return [kept, gaps]


@pytest.mark.parametrize("name, answer", [
    ("describe", looks_by_masks), ("visible_share", shares_by_cells), ("affinity", table_by_loops),
    ("AppearanceTracker", TwoRounds), ("bridged", bridged_by_person)])
def test_right_answers_in_another_style_pass(name, answer):
    for seed in (1, 2, 3):
        given = verdict(name, answer, seed)
        assert (given.status, given.reason) == ("right", "")


# The two tasks that need Keras

@pytest.fixture(scope="module")
def given():
    """The notebook's own triplet_loss, and what a network is built from."""
    import keras
    from keras import layers, ops

    namespace = {"np": np, "keras": keras, "layers": layers, "ops": ops}
    exec(cell_of("triplet_loss"), namespace)
    return namespace


def test_the_triplet_loss(given):
    ops = given["ops"]
    for seed in (0, 5, 2**62 + 3):
        assert verdict("triplet_loss", given["triplet_loss"], seed).status == "right"

    def by_parts(labels, features, margin):  # in another style: anchor by anchor
        distance, costs, count = 1 - features @ np.transpose(features), 0.0, 0
        for anchor in range(len(labels)):
            near = distance[anchor][(labels == labels[anchor]) & (np.arange(len(labels)) != anchor)]
            far = distance[anchor][labels != labels[anchor]]
            costs = costs + ops.sum(ops.relu(margin + near[:, None] - far[None]))
            count += near.size * far.size
        return costs / count

    assert verdict("triplet_loss", by_parts).status == "right"

    def wrong(**options):
        return lambda labels, features, margin: checks_07.loss_by_loops(labels, features, margin, **options)

    answers = {
        "a constant": (lambda labels, features, margin: 0.3, "nothing is to be done|costs the margin"),
        "copied input": (lambda labels, features, margin: features, "a single number"),
        "one a picture": (lambda labels, features, margin: np.zeros(len(labels)), "a single number"),
        "divided by none": (lambda labels, features, margin: float("nan"), "there may be none"),
        "margin forgotten": (lambda labels, features, margin: checks_07.loss_by_loops(labels, features, 0), "costs the margin"),
        "the sum": (lambda labels, features, margin: 9 * checks_07.loss_by_loops(labels, features, margin), "costs the margin"),
        "with itself": (wrong(itself=True), "paired with itself"),
        "hardest": (wrong(hardest=True), "only the hardest"),
        "with a root": (wrong(square=True), "square root"),
        "near and far": (wrong(turned=True), "exchanged|nothing is to be done"),
        "only what costs": (wrong(violated=True), "all count"),
        "all pairs": (lambda labels, features, margin: margin + np.mean(1 - features @ features.T), "the loss is"),
    }
    for name, (answer, reason) in answers.items():
        told = verdict("triplet_loss", answer)
        assert told.status in ("wrong", "partly right") and float(told) <= 1, name
        assert re.search(reason, told.reason), f"{name}: {told.reason}"


def build(given, maps=(16, 32), dimensions=32, unit=True, middle=None):
    """A network like the solution's, untrained, with one thing changed."""
    keras, layers = given["keras"], given["layers"]
    x = inputs = keras.Input((48, 24, 3))
    x = middle(x) if middle else x
    for each in maps:
        x = layers.Conv2D(each, 3, strides=2, padding="same", activation="relu")(x)
    x = layers.Dense(dimensions)(layers.Flatten()(x))
    return keras.Model(inputs, layers.UnitNormalization()(x) if unit else x)


STRANGERS = 2  # one seed for all, so that their streets are drawn once


def test_wrong_embedders_are_caught(given):
    layers, ops = given["layers"], given["ops"]

    class AcrossTheBatch(layers.Layer):
        def call(self, x):
            return x - ops.mean(x, axis=0, keepdims=True)

    answers = {
        "a constant": (lambda crops: np.tile(np.eye(32)[0], (len(crops), 1)), "cannot be judged|no attribute|does not change"),
        "copied input": (lambda crops: crops, "must be of shape"),
        "no length": (build(given, unit=False), "must have length 1"),
        "other dimensions": (build(given, dimensions=16), "must be of shape"),
        "too large": (build(given, maps=(32, 64)), "the limit is 80,000"),
        "too small": (build(given, maps=(2, 2, 2)), "too few to learn"),
        "across the batch": (build(given, maps=(16, 16, 16), middle=AcrossTheBatch()), "depend on the other"),
        "only the head": (build(given, maps=(16, 16), middle=layers.Cropping2D(((0, 24), (0, 0)))), "one part of the crop"),
        "untrained": (build(given, maps=(16, 16, 16)), "of the trials"),
    }
    for name, (answer, reason) in answers.items():
        told = verdict("embedder", answer, STRANGERS)
        assert told.status in ("wrong", "partly right") and float(told) <= 1, f"{name}: {told}"
        assert re.search(reason, told.reason), f"{name}: {told.reason}"


def test_no_untrained_network_is_lucky(given):
    for seed in (0, 9, 11):  # with the ninth, 81 %
        given["keras"].utils.set_random_seed(seed)
        told = verdict("embedder", build(given, maps=(16, 16, 16)), STRANGERS)
        assert float(told) == 1 and "of the trials" in told.reason, f"{seed}: {told.reason}"


def test_colours_alone_do_not_pass_as_an_embedder():
    def colours(crops):
        return np.concatenate([right_looks((255 * crop).astype("uint8"), np.array([[0, 0, 24, 48.0]]), 4) for crop in crops])

    told = verdict("embedder", colours, STRANGERS)
    assert float(told) == 0 and "in random light" in told.missed[1] or told.status == "wrong"
