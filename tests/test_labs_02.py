"""Lab 2: its solution is all right, its unfilled copy is not attempted, and wrong answers are told why they are wrong."""
import re

import numpy as np
import pytest

import lab_runs
from helpers import detection, labs, metrics
from helpers.labs import checks_02, grade, release
from helpers.labs.tasks import Answer, Server, judge

NUMBER = "02"
SOURCE = release.source(NUMBER)
STUDENT = SOURCE.with_name("lab_student.ipynb")
TASKS = {task.name: task for task in checks_02.TASKS}


# The notebooks

def test_the_student_copy_holds_no_solution():
    text = STUDENT.read_text(encoding="utf-8")
    assert "SOLUTION" not in text and "softplus(z)" not in text and "cumsum" not in text and "def candidates" not in text
    assert text.count("# YOUR CODE HERE") == SOURCE.read_text(encoding="utf-8").count("### BEGIN SOLUTION") == 10


def test_variants_differ_and_stay_sensible():
    plain = checks_02.constants(0)
    assert plain == {"shapes": 4, "near": 0.5, "gamma": 2.0, "sigma": 0.3, "precision": 0.8, "streets": 0}
    several = [checks_02.constants(seed) for seed in range(1, 9)]
    assert len({str(each) for each in several}) == 8 and several[2] == checks_02.constants(3)
    for each in several:
        assert 3 <= each["shapes"] <= 6 and 0.4 < each["near"] < 0.7 and each["streets"] and each["near"] != 0.5


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """What became of the solution, and what the unfilled copy showed."""
    return lab_runs.both(NUMBER, tmp_path_factory.mktemp("student"))


def test_the_solution_is_all_right(runs):
    result, _ = runs
    assert [(task["name"], task["status"], task["reason"]) for task in result["tasks"] if task["status"] != "right"] == [
        ("experiment", "handed in", "")]
    assert result["points"] == result["of"] == 29 and not result["failed_cells"] and not result["note"]
    # The grader's own share: seconds where the machine is idle, and in proportion where it is not.
    notebook = result["seconds_of_the_notebook"]
    assert result["seconds"] - notebook < max(10, 0.5 * notebook)


def test_the_unfilled_copy_runs_to_its_end_and_nothing_is_attempted(runs):
    _, shown = runs
    assert lab_runs.is_unfilled(shown, checks_02.TASKS), shown


# Wrong answers, as a class gives them. The right ones come from the solution, as far as it needs no Keras.

LAB = labs.Lab(NUMBER)
LAB.budget = "smoke"
GIVEN = {"np": np, "metrics": metrics, "detection": detection, "stride": checks_02.STRIDE, "spread": checks_02.SPREAD,
         "slot_boxes": checks_02.starting_boxes, "shape_overlap": checks_02.shape_overlap}


def solution(name):
    """The solution's function, from its own cell."""
    namespace = dict(GIVEN)
    for source in grade.code_cells(SOURCE):
        if source.startswith(f"def {name}("):
            exec(source, namespace)
    return namespace[name]


NUMERIC = ("shapes", "targets", "soft_suppress", "verdicts", "threshold", "mistakes")
RIGHT = {name: solution(name) for name in NUMERIC}


def verdict(name, answer, seed=1):
    return judge(TASKS[name], Answer(Server({name: answer}), name), seed, LAB)


def after(name, change):
    """The right answer of a task, changed: `change(result, *arguments)`."""
    return lambda *given: change(RIGHT[name](*given), *given)


def before(name, change):
    """The right answer to changed arguments."""
    return lambda *given: RIGHT[name](*change(*given))


def in_pixels(sizes, count, seed):
    """A wrong `shapes`: distances in pixels."""
    from scipy.cluster.vq import kmeans2

    found = min((kmeans2(sizes, count, minit="++", seed=seed + start)[0] for start in range(8)),
                key=lambda each: np.min(((sizes[:, None] - each) ** 2).sum(axis=-1), axis=1).sum())
    return found[np.argsort(found.prod(axis=1))]


def by_area(sizes, count, seed):
    """A wrong `shapes`: as many sizes in each part of the list by area."""
    parts = np.array_split(sizes[np.argsort(sizes.prod(axis=1))], count)
    return np.array([part.mean(axis=0) for part in parts])


def one_step(sizes, count, seed):
    """A wrong `shapes`: it stops after the first step."""
    found = sizes[np.random.default_rng(seed).choice(len(sizes), count, replace=False)]
    owner = checks_02.shape_overlap(sizes, found).argmax(axis=1)
    found = np.array([sizes[owner == k].mean(axis=0) for k in range(count)])
    return found[np.argsort(found.prod(axis=1))]


def slots_by(*, place=np.floor, order=1, shape=None, left=True, crowd="own", over=False, all_judged=False, swap=False):
    """A `targets` in another style, with loops; its options make mistakes."""
    def targets(boxes, labels, judged, shapes, rows, columns, near):
        wanted, start = np.zeros((rows, columns, len(shapes), 6)), checks_02.starting_boxes(shapes, rows, columns)
        judged = np.ones_like(judged) if all_judged else judged
        out = np.zeros(wanted.shape[:3], bool)
        for slot in np.ndindex(out.shape):
            for box, counts in zip(boxes, judged):
                if counts:
                    out[slot] |= left and checks_02.overlap(start[slot], box) > near
                elif crowd:
                    out[slot] |= (checks_02.inside if crowd == "own" else checks_02.overlap)(start[slot], box) > 0.5
        wanted[out, 0] = -1
        sizes, centres = boxes[:, 2:] - boxes[:, :2], (boxes[:, 2:] + boxes[:, :2]) / 2
        for n in np.argsort(sizes.prod(axis=1))[::order]:
            if judged[n]:
                column, row = np.clip(place(centres[n] / 8), 0, (columns - 1, rows - 1)).astype(int)
                fit = checks_02.shape_overlap(sizes[n:n + 1], shapes)[0]
                k = int(fit.argmax() if shape is None else shape(sizes[n], shapes))
                own = start[row, column, k]
                way = (centres[n] - (own[:2] + own[2:]) / 2) / shapes[k] / 0.1
                slot = (min(column, rows - 1), min(row, columns - 1), k) if swap else (row, column, k)
                wanted[slot] = [1, labels[n], *way, *np.log(sizes[n] / shapes[k]) / 0.2]
        if over:
            wanted[out, 0] = -1
        return wanted
    return targets


def offsets_by(change):
    """The right `targets` with other offsets: `change(offsets)`, where there is a thing."""
    return after("targets", lambda wanted, *given: np.concatenate([wanted[..., :2], change(wanted[..., 2:])], axis=-1))


def naive_loss(wanted, answer, gamma):
    """A `detection_loss` that takes the logarithm of a probability."""
    with np.errstate(all="ignore"):
        state, z = wanted[..., 0], answer[..., 0]
        p = (1 / (1 + np.exp(-z))).astype(np.float32)
        bare = checks_02.loss_by_sums(wanted, np.concatenate([0 * answer[..., :1], answer[..., 1:]], axis=-1), 1.0)
        things = max(1, (state == 1).sum())
        fixed = (np.log(2) / 2) * ((state == 1).sum() + (state == 0).sum()) / things
        return bare - fixed - (((1 - p)**gamma * np.log(p))[state == 1].sum() + (p**gamma * np.log(1 - p))[state == 0].sum()) / things


def softly(**options):
    def soft_suppress(*given):
        places, new = checks_02.softly(*given, **options)
        return np.array(places, int), np.array(new)
    return soft_suppress


def hardly(boxes, scores, labels, sigma, least):
    places = detection.nms(boxes, scores, 0.5, labels)
    return places, scores[places]


def voc(boxes, truth, judged, least):
    """A `verdicts` as in VOC's early code: the best thing of all, even if it is taken."""
    said, taken = np.zeros(len(boxes), int), set()
    for n, row in enumerate(metrics.iou(boxes, truth)):
        best = int(row.argmax()) if len(row) else -1
        if best >= 0 and row[best] >= least:
            said[n] = -1 if not judged[best] else int(best not in taken)
            taken.add(best)
    return said


def crowd_first(boxes, truth, judged, least):
    """A `verdicts` that looks at what is not judged before anything else."""
    said = RIGHT["verdicts"](boxes, truth, judged, least)
    lies = [any(checks_02.inside(box, true) >= least for true in truth[~judged]) for box in boxes]
    return np.where(lies, -1, said)


def cut_by(choose, ties=True, counted=lambda said: said >= 0):
    """A wrong `threshold`: `choose(scores in order, precision after each, required)`."""
    def threshold(scores, said, precision):
        order = np.argsort(-scores[counted(said)], kind="stable")
        ranked, right = scores[counted(said)][order], (said[counted(said)][order] == 1).cumsum()
        return choose(ranked, right / np.arange(1, len(ranked) + 1), precision)
    return threshold


def last_good(ranked, precision, required):
    return ranked[precision >= required][-1] if (precision >= required).any() else np.inf


def first_fall(ranked, precision, required):
    return ranked[max(0, int(np.argmax(precision < required)) - 1)] if len(ranked) else np.inf


def more(**changes):
    """The right `mistakes` with other numbers: key = function of the dict."""
    return after("mistakes", lambda count, *given: count | {key: value(count) for key, value in changes.items()})


def any_order(boxes, labels, truth, kinds, low, high):
    """A wrong `mistakes`: place is asked before class."""
    count = RIGHT["mistakes"](boxes, labels, truth, kinds, low, high)
    for box, label in zip(boxes, labels):
        shared = np.array([checks_02.overlap(box, true) for true in truth])
        own, others = shared[kinds == label], shared[kinds != label]
        if own.max(initial=0) < high <= others.max(initial=0) and own.max(initial=0) >= low:
            count["class"], count["place"] = count["class"] - 1, count["place"] + 1
    return count


def table(names="abc", **more):
    """An `experiment` with these variants and enough words."""
    return {name: {key: value(number) for key, value in more.items()} for number, name in enumerate(names)} | {
        "conclusion": "word " * 50}


WRONG = {
    "shapes": {
        "a constant": (lambda sizes, count, seed: np.full((count, 2), 12.0), "start twenty times"),
        "copied input": (lambda sizes, count, seed: sizes[:count], "mean of all sizes that it overlaps"),
        "one too few": (after("shapes", lambda found, *_: found[1:]), "must be of shape"),
        "wrong axis": (after("shapes", lambda found, *_: found.T), "must be of shape|exchanged|start twenty"),
        "height first": (after("shapes", lambda found, *_: found[:, ::-1]), "exchanged"),
        "largest first": (after("shapes", lambda found, *_: found[::-1]), "not in order"),
        "distance in pixels": (in_pixels, "differences in pixels|start twenty times"),
        "by area": (by_area, "mean of all sizes|the mean"),
        "one step": (one_step, "until nothing changes"),
        "rounded": (after("shapes", lambda found, *_: np.rint(found)), "rounded"),
        "off by one": (after("shapes", lambda found, *_: found + 1), "mean of all sizes|the mean"),
        "any seed": (lambda sizes, count, seed: sizes[np.random.default_rng().choice(len(sizes), count)], "mean of all sizes"),
    },
    "targets": {
        "a constant": (lambda b, l, j, shapes, rows, columns, near: np.zeros((rows, columns, len(shapes), 6)), "no slot learns"),
        "columns first": (after("targets", lambda wanted, *_: wanted.swapaxes(0, 1)), "must be of shape"),
        "x for y": (slots_by(swap=True), "exchanged|neighbour|is responsible"),
        "rounded to the nearest": (slots_by(place=np.rint), "rounded down"),
        "off by one": (slots_by(place=np.ceil), "rounded down"),
        "shape by width": (slots_by(shape=lambda size, shapes: np.abs(shapes[:, 0] - size[0]).argmin()), "shape"),
        "the first shape": (slots_by(shape=lambda size, shapes: 0), "shape"),
        "labels from 1 on": (after("targets", lambda wanted, *_: wanted + (wanted[..., :1] == 1) * [0, 1, 0, 0, 0, 0]), "the label"),
        "offsets not divided": (offsets_by(lambda offsets: offsets * checks_02.SPREAD), "divided by 0.1"),
        "sizes not divided": (offsets_by(lambda offsets: offsets * (1, 1, 0.2, 0.2)), "divided by 0.2"),
        "offsets turned round": (offsets_by(lambda offsets: -offsets), "from the middle of the place to the centre"),
        "no logarithm": (offsets_by(lambda offsets: np.where([0, 0, 1, 1], np.exp(0.2 * offsets) / 0.2, offsets)), "logarithm"),
        "y before x": (offsets_by(lambda offsets: offsets[..., [1, 0, 3, 2]]), "read again"),
        "the smaller has it": (slots_by(order=-1), "the larger has it"),
        "all are judged": (slots_by(all_judged=True), "not judged"),
        "none left out": (slots_by(left=False, crowd=None), "no slot is left out"),
        "those that fit are punished": (slots_by(left=False), "must be left out"),
        "crowds by IoU": (slots_by(crowd="iou"), "share of the slot's own box"),
        "left out over all": (slots_by(over=True), "is not 1|no slot learns"),
        "near is ignored": (before("targets", lambda *given: (*given[:-1], 0.7)), "must be left out"),
    },
    "soft_suppress": {
        "a constant": (lambda *given: (np.array([0]), np.array([1.0])), "boxes stay"),
        "copied input": (lambda boxes, scores, *_: (np.arange(len(boxes)), scores), "in the order in which they were taken"),
        "one array": (lambda *given: RIGHT["soft_suppress"](*given)[0], "two things"),
        "hard": (hardly, "lowered|boxes stay"),
        "not by class": (softly(classes=False), "other classes"),
        "by the old scores": (softly(sort=False), "new"),
        "not squared": (softly(squared=False), "not squared"),
        "only the first": (softly(first_only=True), "each one that is taken"),
        "in the order of the input": (after("soft_suppress", lambda both, *_: tuple(
            each[np.argsort(both[0])] for each in both)), "the surest first"),
        "nothing goes": (before("soft_suppress", lambda *given: (*given[:-1], 0)), "below"),
        "sigma is ignored": (before("soft_suppress", lambda b, s, l, sigma, least: (b, s, l, 0.5, least)), "boxes stay"),
        "old scores": (after("soft_suppress", lambda both, b, scores, *_: (both[0], scores[both[0]])), "boxes stay"),
        "sigma above": (before("soft_suppress", lambda b, s, l, sigma, least: (b, s, l, 1 / sigma, least)), "boxes stay"),
    },
    "verdicts": {
        "a constant": (lambda boxes, *_: np.ones(len(boxes)), "more than once"),
        "all wrong": (lambda boxes, *_: np.zeros(len(boxes)), "box 0"),
        "copied input": (lambda boxes, truth, judged, least: judged, "must be of shape|is right|an array"),
        "one too few": (after("verdicts", lambda said, *_: said[1:]), "must be of shape"),
        "again and again": (lambda *given: checks_02.right_or_not(*given, again=True), "more than once"),
        "all are judged": (lambda *given: checks_02.right_or_not(*given, no_judged=True), "like any other"),
        "crowds by IoU": (lambda *given: checks_02.right_or_not(*given, iou_inside=True), "own"),
        "the best even if taken": (voc, "nobody has taken"),
        "crowds first": (crowd_first, "is right"),
        "always 0.5": (before("verdicts", lambda b, t, j, least: (b, t, j, 0.5)), "is right|is wrong|not counted"),
        "backwards": (lambda boxes, *rest: RIGHT["verdicts"](boxes[::-1], *rest)[::-1], "box"),
        "which of them": (lambda boxes, truth, *_: metrics.iou(boxes, truth).argmax(axis=1) if len(truth) else np.zeros(len(boxes)),
                          "a verdict is|box"),
    },
    "threshold": {
        "a constant": (lambda *given: 0.5, "precision"),
        "copied input": (lambda scores, *_: scores, "a single number"),
        "stops at the first fall": (cut_by(first_fall), "keeps the precision"),
        "not counted are wrong": (cut_by(last_good, counted=lambda said: said > -2), "keeps the precision"),
        "equal scores torn": (cut_by(last_good), "Equal scores|infinity"),
        "the number of boxes": (cut_by(lambda ranked, precision, required: float((precision >= required).sum())), "precision"),
        "the highest": (cut_by(lambda ranked, *_: ranked.max(initial=0)), "keeps the precision"),
        "everything": (lambda scores, *_: 0.0, "below the required"),
        "off by one": (cut_by(lambda ranked, precision, required: ranked[min(
            len(ranked) - 1, int(np.flatnonzero(precision >= required).max(initial=0)) + 1)] if len(ranked) else np.inf), "required"),
        "none is zero": (after("threshold", lambda lowest, *_: lowest if np.isfinite(lowest) else 0.0), "infinity|required"),
        "the precision back": (lambda scores, said, precision: precision, "precision"),
    },
    "mistakes": {
        "a constant": (lambda *given: dict.fromkeys(checks_02.KINDS, 1), "This is"),
        "a list": (after("mistakes", lambda count, *_: list(count.values())), "must be a dict"),
        "only what occurs": (after("mistakes", lambda count, *_: {key: each for key, each in count.items() if each}), "needs the keys"),
        "doubles are right": (more(right=lambda count: count["right"] + count["double"], double=lambda count: 0), "is a double"),
        "doubles are ghosts": (more(ghost=lambda count: count["ghost"] + count["double"], double=lambda count: 0), "is a double"),
        "all that is free is missed": (after("mistakes", lambda count, boxes, labels, truth, *_: count | {
            "missed": len(truth) - count["right"]}), "not missed"),
        "nothing is missed": (more(missed=lambda count: 0), "is missed|missed as well"),
        "place before class": (any_order, "class comes before place"),
        "classes are ignored": (before("mistakes", lambda b, labels, t, kinds, *rest: (b, 0 * labels, t, 0 * kinds, *rest)), "class is wrong"),
        "low for high": (before("mistakes", lambda b, l, t, k, low, high: (b, l, t, k, low, low)), "place is wrong"),
        "labels for kinds": (lambda b, labels, t, kinds, low, high: RIGHT["mistakes"](b, labels, t, np.resize(labels, len(t)), low, high),
                             "class is wrong"),
    },
    "experiment": {
        "text": ("I tried", "must be a dict"),
        "no conclusion": ({"a": {}, "b": {}, "c": {}}, "\"conclusion\" is missing"),
        "short": ({"conclusion": "It worked."}, "at least 40 words"),
        "two variants": (table("ab"), "three or more"),
        "no figures": (table(), "must be a dict with the key"),
        "copied figures": (table(map=lambda number: [0.1, 0.2]), "very same figures"),
        "per cent": (table(map=lambda number: [41.0, 42.0 + number]), "between 0 and 1"),
        "other parts": (table(map=lambda number: [0.1] * (number + 2)), "same parts"),
    },
}
WRONG_LOSSES = {
    "a constant": (lambda *given: 1.0, "the loss is"),
    "copied input": (lambda wanted, answer, gamma: answer, "a single number"),
    "one a slot": (lambda wanted, answer, gamma: wanted[..., 0], "a single number"),
    "nothing left out": (lambda *given: checks_02.loss_by_sums(*given, left_out=False), "left out|must not count"),
    "not focal": (lambda *given: checks_02.loss_by_sums(*given, focal=False), "factors"),
    "factors exchanged": (lambda *given: checks_02.loss_by_sums(*given, swap=True), "exchanged"),
    "no classes": (lambda *given: checks_02.loss_by_sums(*given, classes=False), "the classes is missing"),
    "no places": (lambda *given: checks_02.loss_by_sums(*given, places=False), "the offsets is missing"),
    "mean over pictures": (lambda *given: checks_02.loss_by_sums(*given, each=True), "mean over the pictures"),
    "mean over slots": (lambda *given: checks_02.loss_by_sums(*given, divide="all"), "number of slots|the loss is"),
    "always 2": (lambda wanted, answer, gamma: checks_02.loss_by_sums(wanted, answer, 2.0), "the loss is"),
    "logarithm of a probability": (naive_loss, "not finite"),
}


@pytest.mark.parametrize("name", NUMERIC)
@pytest.mark.parametrize("seed", [0, 5, 2**62 + 3])
def test_the_solution_is_right_for_any_seed(name, seed):
    given = verdict(name, RIGHT[name], seed)
    assert (given.status, given.reason) == ("right", "")


@pytest.mark.parametrize("name, answer", [
    ("targets", slots_by()), ("soft_suppress", softly()), ("detection_loss", checks_02.loss_by_sums),
    ("verdicts", lambda *given: checks_02.right_or_not(*given).tolist()), ("mistakes", checks_02.kinds_of),
    ("threshold", checks_02.lowest), ("shapes", lambda sizes, count, seed: sorted(checks_02.clustered(sizes, count, starts=20)[0].tolist(), key=np.prod))])
def test_other_styles_are_right(name, answer):
    given = verdict(name, answer)
    assert (given.status, given.reason) == ("right", "")


@pytest.mark.parametrize("name, wrong", [(name, wrong) for name in WRONG for wrong in WRONG[name]])
def test_a_wrong_answer_is_caught_with_a_reason_that_helps(name, wrong):
    answer, reason = WRONG[name][wrong]
    given = verdict(name, answer)
    assert given.status in ("wrong", "partly right") and float(given) <= 0.8 * TASKS[name].points
    assert re.search(reason, given.reason), given.reason


@pytest.mark.parametrize("wrong", WRONG_LOSSES)
def test_a_wrong_loss_is_caught(wrong):
    answer, reason = WRONG_LOSSES[wrong]
    # The course's own gamma is 2, so a class's other one catches who ignores it.
    lab = labs.Lab(NUMBER, 2)
    given = judge(TASKS["detection_loss"], Answer(Server({"detection_loss": answer}), "detection_loss"), 1, lab)
    assert given.status in ("wrong", "partly right") and re.search(reason, given.reason), given.reason


def test_enough_wrong_answers_are_tried():
    assert set(WRONG) | {"detect", "detection_loss"} == set(TASKS) and all(len(each) >= 4 for each in WRONG.values())


# The task of the trained detector, with one that knows the truth in place of the trained one

@pytest.fixture(scope="module")
def streets():
    """Sixteen streets, drawn once for all checks of this file, and a detector that knows them."""
    pictures, truth = checks_02.drawn_streets(np.random.default_rng(0), LAB, 16)
    known = {picture.tobytes(): each for picture, each in zip(pictures, truth)}

    def detect(picture):
        boxes, labels, _ = known[np.asarray(picture, np.float32).tobytes()]
        return boxes, labels, np.linspace(0.9, 0.2, len(boxes))
    return pictures, truth, detect


def shown(streets, monkeypatch, change):
    """The verdict on a detector: the one that knows, changed by `change(boxes, labels, scores)`."""
    pictures, truth, detect = streets
    monkeypatch.setattr(checks_02, "drawn_streets", lambda rng, lab, count: (pictures[:count], truth[:count]))
    return verdict("detect", lambda picture: change(*detect(picture)))


def test_a_detector_that_knows_is_right(streets, monkeypatch):
    assert shown(streets, monkeypatch, lambda *found: found).status == "right"
    noisy = np.random.default_rng(0)
    blurred = shown(streets, monkeypatch, lambda boxes, labels, scores: (checks_02.jittered(noisy, boxes, 0.08), labels, scores))
    assert blurred.status == "right"


@pytest.mark.parametrize("name, change, reason", [
    ("a constant", lambda b, l, s: (np.array([[10.0, 20, 60, 60]]), np.array([0]), np.array([0.9])), "the same for four"),
    ("nothing", lambda b, l, s: (b[:0], l[:0], s[:0]), "nothing at all"),
    ("fractions", lambda b, l, s: (b / (128, 96, 128, 96), l, s), "not fractions"),
    ("rows before columns", lambda b, l, s: (b[:, [1, 0, 3, 2]], l, s), "is the network trained|mAP"),
    ("centre and size", lambda b, l, s: (detection.to_centre(b), l, s), "left, top, right, bottom"),
    ("off by one", lambda b, l, s: (b, l + 1, s), "labels are 0"),
    ("another class", lambda b, l, s: (b, (l + 1) % 3, s), "read as they were written"),
    ("two of three", lambda b, l, s: (b, l), "three things"),
    ("logits", lambda b, l, s: (b, l, 9 * s - 4), "between 0 and 1"),
    ("moved by a place", lambda b, l, s: (b + 8, l, s), "new streets mAP"),
    ("network size", lambda b, l, s: (4 * b, l, s), "far outside"),
    ("one score short", lambda b, l, s: (b, l, s[1:]), "must be of shape"),
    ("a table for each class", lambda b, l, s: (b, l, np.tile(s[:, None], 3)), "must be of shape")])
def test_wrong_detectors_are_caught(streets, monkeypatch, name, change, reason):
    given = shown(streets, monkeypatch, change)
    assert given.status in ("wrong", "partly right") and float(given) <= 3 and re.search(reason, given.reason), given.reason


def test_boxes_that_never_look_stay_below_the_bound(streets, monkeypatch):
    """Where things are on average, by class: not enough for the points of `detector_finds`."""
    _, truth, _ = streets
    drawn = checks_02.drawn_streets(np.random.default_rng(1), LAB, 15)[1]
    boxes, labels = (np.concatenate([each[part] for each in drawn]) for part in (0, 1))
    often = [np.mean([(metrics.iou(box[None], each[0][each[1] == label]) > 0.5).any() for each in drawn])
             for box, label in zip(boxes, labels)]
    kept = detection.nms(boxes, often, 0.5, labels)
    never_looked = boxes[kept], labels[kept], np.array(often)[kept]
    assert checks_02.average_precision([never_looked] * len(truth), truth) < checks_02.BASELINE
