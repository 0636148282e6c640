"""Lab 6: its solution is all right, its unfilled copy is not attempted, and wrong answers are told why they are wrong."""
import re

import numpy as np
import pytest
from scipy import ndimage

import lab_runs
from helpers import labs
from helpers.labs import checks_06, grade, release
from helpers.labs.tasks import Answer, Server, judge

NUMBER = "06"
SOURCE = release.source(NUMBER)
STUDENT = SOURCE.with_name("lab_student.ipynb")
TASKS = {task.name: task for task in checks_06.TASKS}


# The notebooks

def test_the_student_copy_holds_no_solution():
    text = STUDENT.read_text(encoding="utf-8")
    assert "SOLUTION" not in text and "np.linalg.eigh" not in text and "def hatched" not in text
    assert text.count("# YOUR CODE HERE") == SOURCE.read_text(encoding="utf-8").count("### BEGIN SOLUTION") == 8


def test_variants_differ_and_stay_sensible():
    assert checks_06.constants(0) == {"style": 5.0, "smoothness": 10.0, "share": 0.5, "epsilon": 0.05, "window": 2.0,
                                      "photograph": 2, "paintings": (2, 0)}
    several = [checks_06.constants(seed) for seed in range(1, 9)]
    assert len({str(each) for each in several}) == 8 and several[2] == checks_06.constants(3)
    for each in several:
        assert each["photograph"] in range(3) and len(set(each["paintings"])) == 2 and set(each["paintings"]) <= set(range(4))
        assert 0 < each["share"] < 1 and 4 <= each["style"] <= 8 and each["style"] != 5


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """What became of the solution, and what the unfilled copy showed."""
    return lab_runs.both(NUMBER, tmp_path_factory.mktemp("student"))


def test_the_solution_is_all_right(runs):
    result, _ = runs
    assert [(task["name"], task["status"], task["reason"]) for task in result["tasks"] if task["status"] != "right"] == [
        ("postcard", "handed in", "")]
    assert result["points"] == result["of"] == 24 and not result["failed_cells"] and not result["note"]


def test_the_unfilled_copy_runs_to_its_end_and_nothing_is_attempted(runs):
    _, shown = runs
    assert lab_runs.is_unfilled(shown, checks_06.TASKS), shown


# Wrong answers, as a class gives them

LAB = labs.Lab(NUMBER)
LAB.budget = "smoke"


def solution(name, **more):
    """The solution's function, from its own cell."""
    namespace = {"np": np, "ndimage": ndimage, **more}
    for source in grade.code_cells(SOURCE):
        if source.startswith(f"def {name}("):
            exec(source, namespace)
    return namespace[name]


def verdict(name, answer, seed=1):
    return judge(TASKS[name], Answer(Server({name: answer}), name), seed, LAB)


right_colours, right_pyramid, right_blend, right_variation, right_edges = (
    solution(name) for name in ("move_colours", "guide_pyramid", "blend", "variation", "edges_kept"))


def right_gram(maps, guide):
    """`guided_gram` in another style, in NumPy."""
    rows = maps.reshape(len(maps), -1, maps.shape[3])
    return np.einsum("p,npc,npd->ncd", guide.ravel(), rows, rows) / max(guide.sum(), 1e-9)


def root(matrix, power=0.5):
    values, vectors = np.linalg.eigh(matrix)
    return vectors * np.maximum(values, 1e-12) ** power @ vectors.T


def colours_by(make, tiny=1e-8):
    """A wrong `move_colours`: another matrix from the two covariances."""
    def move_colours(image, other):
        a, b = image.reshape(-1, 3), other.reshape(-1, 3)
        matrix = make(*(np.cov(each, rowvar=False) + tiny * np.eye(3) for each in (a, b)))
        return (b.mean(axis=0) + (a - a.mean(axis=0)) @ matrix.T).reshape(image.shape)
    return move_colours


def unguarded(first, second):
    """The shortest map, by roots that fail for a covariance without an inverse."""
    values, vectors = np.linalg.eigh(first)
    forth, back = (vectors * np.where(values > 1e-15, values, 0) ** power @ vectors.T for power in (0.5, -0.5))
    return back @ root(forth @ second @ forth) @ back


def bare_inverse(first, second):
    return np.linalg.inv(root(first)) @ root(root(first) @ second @ root(first)) @ np.linalg.inv(root(first))


def means_of(make):
    """A wrong `guide_pyramid`: each next guide made in another way."""
    def guide_pyramid(guide, count):
        guides = [guide]
        for _ in range(count - 1):
            guides.append(make(guides[-1]))
        return guides
    return guide_pyramid


def padded(guide):
    return checks_06.halved(np.pad(guide, [(0, side % 2) for side in guide.shape], mode="edge"))


def of_the_first(guide, count):
    return [ndimage.zoom(guide, [(side // 2**n) / side for side in guide.shape], order=1) for n in range(count)]


def gram_by(change):
    return lambda maps, guide: change(right_gram(maps, guide), maps, guide)


def no_guard(maps, guide):
    return np.einsum("hw,nhwc,nhwd->ncd", guide, maps, maps) / guide.sum()


def blend_by(change):
    return lambda first, second, share: change(*right_blend(first, second, share), first, second, share)


def variation_by(change):
    return lambda image, epsilon: change(*right_variation(image, epsilon), image, epsilon)


def slope_of_squares(image, epsilon):
    value, slope = 0.0, np.zeros_like(image)
    for axis in (0, 1):
        difference = np.diff(image, axis=axis)
        value, turned = value + np.mean(difference**2), slope.swapaxes(0, axis)
        turned[1:] += 2 * difference.swapaxes(0, axis) / difference.size
        turned[:-1] -= 2 * difference.swapaxes(0, axis) / difference.size
    return value, slope


def wrapped(image, epsilon):
    """Differences across the border, as np.roll makes them."""
    value, slope = 0.0, np.zeros_like(image)
    for axis in (0, 1):
        difference = np.roll(image, -1, axis=axis) - image
        length = np.sqrt(difference**2 + epsilon**2)
        value += np.mean(length - epsilon)
        slope += (np.roll(difference / length, 1, axis=axis) - difference / length) / difference.size
    return value, slope


def edges_by(pairs, window=None, centred=False):
    """A wrong `edges_kept`: from other products, or smoothed otherwise."""
    def edges_kept(photograph, picture, given):
        fields = []
        for luma in (photograph, picture):
            entries = pairs(*np.gradient(luma))
            fields.append(np.stack([ndimage.gaussian_filter(entry, given if window is None else window) for entry in entries]))
        length = np.sqrt(np.sum(fields[0] ** 2) * np.sum(fields[1] ** 2))
        return np.sum(fields[0] * fields[1]) / length if length > 0 else 0.0
    return edges_kept


def card(pictures=3, words=70, copies=False, **change):
    """A `postcard` that is complete, but for what is changed."""
    rng, rows = np.random.default_rng(0), {}
    for number in range(pictures):
        shown = rng.uniform(size=(20, 30, 3)) if not copies or not rows else rows["0"]["picture"]
        rows[str(number)] = {"picture": shown, "settings": "weight 5", "edges kept": 0.5} | change.get("row", {})
    whole = {"photograph": "taken by me in May", "style": "a linocut of my sister's", "pictures": rows, "account": "word " * words}
    return {key: value for key, value in whole.items() if key != change.get("without")}


WRONG = {
    "move_colours": {
        "copied input": (lambda image, other: image, "the mean colour is"),
        "the other picture": (lambda image, other: other, "must be of shape"),
        "a constant": (lambda image, other: np.zeros_like(image) + other.mean(axis=(0, 1)), "covariance of the colours"),
        "means and spreads alone": (colours_by(lambda a, b: np.diag(np.sqrt(np.diag(b) / np.diag(a)))), "all nine entries"),
        "lesson 6.1's map": (colours_by(lambda a, b: root(b) @ root(a, -0.5)), "times as far as they must"),
        "Cholesky": (colours_by(lambda a, b: np.linalg.cholesky(b) @ np.linalg.inv(np.linalg.cholesky(a))), "times as far"),
        "the wrong way round": (colours_by(lambda a, b: bare_inverse(b, a)), "covariance of the colours"),
        "variances, not roots": (colours_by(lambda a, b: b @ np.linalg.inv(a)), "covariance of the colours"),
        "clipped": (lambda image, other: np.clip(right_colours(image, other), 0.3, 0.6), "nothing clipped|the mean colour"),
        "grey forgotten": (colours_by(unguarded, tiny=0.0), "without an inverse|NaN|raised"),
        "channels first": (lambda image, other: np.moveaxis(right_colours(image, other), -1, 0), "must be of shape"),
        "luma alone": (lambda image, other: image + (other.mean() - image.mean()), "the mean colour is"),
    },
    "guide_pyramid": {
        "a constant": (lambda guide, count: [np.ones_like(guide)] * count, "the first must be the guide as it is"),
        "copied input": (lambda guide, count: [guide] * count, "guide 1 .*must be of shape"),
        "one too many": (lambda guide, count: right_pyramid(guide, count + 1), "there are"),
        "without the first": (lambda guide, count: right_pyramid(guide, count + 1)[1:], "must be of shape"),
        "each second pixel": (means_of(lambda guide: guide[:len(guide) // 2 * 2:2, :guide.shape[1] // 2 * 2:2]), "mean of 2 x 2"),
        "largest of four": (means_of(lambda guide: np.ceil(checks_06.halved(guide))), "soft border"),
        "rows alone": (means_of(lambda guide: (guide[::2] + guide[1::2]) / 2), "must be of shape"),
        "rounded up": (means_of(padded), "must be of shape"),
        "interpolated": (of_the_first, "mean of 2 x 2"),
        "smallest first": (lambda guide, count: right_pyramid(guide, count)[::-1], "must be of shape"),
        "an array": (lambda guide, count: checks_06.halved(guide), "must be a list"),
    },
    "guided_gram": {
        "a constant": (lambda maps, guide: np.ones((len(maps), maps.shape[3], maps.shape[3])), "Gram matrix of lesson 6.1"),
        "no guide": (lambda maps, guide: right_gram(maps, np.ones_like(guide)), "each place counts as much as its guide"),
        "guide squared": (lambda maps, guide: right_gram(maps, guide**2), "carry its square"),
        "all places": (lambda maps, guide: right_gram(maps, guide) * guide.mean(), "weighted mean|sum of the guide"),
        "a sum": (lambda maps, guide: right_gram(maps, guide) * guide.sum(), "the mean over all places"),
        "places, not channels": (lambda maps, guide: np.einsum("nhwc,nvwc->nhv", maps, maps), "must be of shape"),
        "one for the batch": (lambda maps, guide: right_gram(maps, guide).mean(axis=0), "must be of shape"),
        "all alike in a batch": (lambda maps, guide: np.repeat(right_gram(maps, guide)[:1], len(maps), axis=0),
                                 "Gram matrix of lesson 6.1"),
        "centred": (lambda maps, guide: right_gram(maps - maps.mean(axis=(1, 2), keepdims=True), guide), "Gram matrix of "
        "lesson 6.1"),
        "hard guide": (lambda maps, guide: right_gram(maps, (guide > 0.5).astype(float)), "between 0 and 1"),
        "no guard": (no_guard, "NaN|division by zero"),
        "divided by the channels": (gram_by(lambda gram, maps, guide: gram / maps.shape[3]), "the mean over all places"),
    },
    "blend": {
        "a constant": (lambda first, second, share: (0 * first, 1.0, 0.0), "smaller mixed distance"),
        "the first alone": (lambda first, second, share: (first, 1 / np.sum(first**2), 0.0), "smaller mixed distance"),
        "shares alone": (lambda first, second, share: (share * first + (1 - share) * second, *right_blend(first, second, share)[1:]),
                         "not weighted by the shares alone"),
        "shares exchanged": (lambda first, second, share: right_blend(first, second, 1 - share), "smaller mixed distance"),
        "no rest": (blend_by(lambda wanted, weight, rest, *_: (wanted, weight, 0.0)), "what is left at G = wanted"),
        "weight 1": (blend_by(lambda wanted, weight, rest, *_: (wanted, 1.0, rest)), "in front of"),
        "half the weight": (blend_by(lambda wanted, weight, rest, *_: (wanted, weight / 2, rest)), "in front of"),
        "not squared": (blend_by(lambda wanted, weight, rest, *_: (wanted, np.sqrt(weight), rest)), "in front of"),
        "the matrix alone": (blend_by(lambda wanted, *_: wanted), "three things"),
        "flat": (blend_by(lambda wanted, weight, rest, *_: (wanted.ravel(), weight, rest)), "must be of shape"),
    },
    "variation": {
        "a constant": (lambda image, epsilon: (0.1, np.zeros_like(image)), "the value is"),
        "the value alone": (lambda image, epsilon: right_variation(image, epsilon)[0], "two things"),
        "copied input": (variation_by(lambda value, slope, image, epsilon: (value, image)), "by finite differences"),
        "of squares": (slope_of_squares, "the value is"),
        "epsilon left": (variation_by(lambda value, slope, image, epsilon: (value + 2 * epsilon, slope)), "the value is"),
        "sign": (variation_by(lambda value, slope, *_: (value, -slope)), "one up and one down"),
        "one side": (lambda image, epsilon: (right_variation(image, epsilon)[0],
                                             np.pad(np.diff(image, axis=0) / np.hypot(np.diff(image, axis=0), epsilon),
                                                    ((1, 0), (0, 0), (0, 0)))), "pulls two pixels"),
        "round the border": (wrapped, "the value is"),
        "downwards alone": (lambda image, epsilon: right_variation(image[:, :1] + 0 * image, epsilon), "the value is"),
        "wrong axes": (variation_by(lambda value, slope, *_: (value, slope.swapaxes(0, 1))), "must be of shape"),
        "sum, not mean": (variation_by(lambda value, slope, image, _: (value * image.size, slope * image.size)), "the value is"),
        "slope not divided": (variation_by(lambda value, slope, image, _: (value, slope * image.size)), "by finite differences"),
    },
    "edges_kept": {
        "a constant": (lambda photograph, picture, window: 1.0, "by the formula"),
        "correlation of lumas": (lambda photograph, picture, window: np.corrcoef(photograph.ravel(), picture.ravel())[0, 1],
                                 "by the formula"),
        "slopes, not products": (edges_by(lambda down, across: (down, across)), "by the formula"),
        "off the diagonal once": (edges_by(lambda down, across: (down**2, down * across, across**2)), "both count"),
        "diagonal alone": (edges_by(lambda down, across: (down**2, across**2)), "by the formula"),
        "strength alone": (edges_by(lambda down, across: (down**2 + across**2,)), "by the formula"),
        "not smoothed": (edges_by(lambda down, across: (down * down, down * across, across * down, across * across), window=1e-9),
                         "by the formula"),
        "not divided": (lambda photograph, picture, window: right_edges(photograph, picture, window) * np.sum(photograph**2),
                        "by the formula"),
        "no guard": (lambda photograph, picture, window: right_edges(photograph, picture, window) if picture.std() else np.nan, "NaN"),
        "a map": (lambda photograph, picture, window: photograph * picture, "must be a single number"),
        "squared": (lambda photograph, picture, window: right_edges(photograph, picture, window) ** 2, "by the formula"),
    },
    "postcard": {
        "text": ("I painted", "must be a dict"),
        "no source": (card(without="photograph"), "\"photograph\" is missing"),
        "short account": (card(words=10), "at least 60 words"),
        "two pictures": (card(pictures=2), "three pictures or more"),
        "copied pictures": (card(copies=True), "the very same"),
        "grey pictures": (card(row={"picture": np.ones((20, 30))}), "must be of shape"),
        "a blank": (card(row={"picture": np.ones((20, 30, 3))}), "shows nothing"),
        "impossible share": (card(row={"edges kept": 1.4}), "between 0 and 1"),
    },
}


@pytest.mark.parametrize("name", ["move_colours", "guide_pyramid", "blend", "variation", "edges_kept"])
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
    assert set(WRONG) | {"paint"} == set(TASKS) and all(len(each) >= 4 for each in WRONG.values())


def by_correlation(photograph, picture, window):
    """`edges_kept` in another style: doubled angles, whose products are those of the tensors up to constants."""
    def tensor(luma):
        down, across = np.gradient(luma)
        smooth = [ndimage.gaussian_filter(each, window) for each in (down**2 + across**2, down**2 - across**2, 2 * down * across)]
        return np.stack(smooth) / np.sqrt(2)
    one, two = tensor(photograph), tensor(picture)
    return (one * two).sum() / max(1e-12, np.sqrt((one**2).sum() * (two**2).sum()))


def by_pairs(image, epsilon):
    """`variation` in another style: padded differences."""
    value, slope = 0, 0
    for axis in (0, 1):
        difference = np.diff(image, axis=axis)
        value = value + (np.hypot(difference, epsilon) - epsilon).mean()
        edge = [(1, 1) if each == axis else (0, 0) for each in range(3)]
        slope = slope - np.diff(np.pad(difference / np.hypot(difference, epsilon), edge), axis=axis) / difference.size
    return [value, slope]


@pytest.mark.parametrize("name, answer", [
    ("guided_gram", right_gram), ("edges_kept", by_correlation), ("variation", by_pairs),
    ("guide_pyramid", lambda guide, count: tuple(means_of(checks_06.halved)(guide, count))),
    ("move_colours", colours_by(bare_inverse)), ("blend", lambda *given: list(right_blend(*given)))])
def test_right_answers_in_another_style_pass(name, answer):
    given = verdict(name, answer)
    assert (given.status, given.reason) == ("right", "")


# The brush, in NumPy: the descent of the check itself, with one mistake at a time

def brush(change=lambda **given: given, rate=1.0, steps=None, ignores_start=False):
    """A `paint` whose objective is changed: `change` gets and returns the arguments of `Objective`."""
    def paint(photograph, wanted, weights, guide, stages, count, start=None):
        objective = checks_06.Objective(**change(photograph=photograph, wanted=wanted, weights=weights, guide=guide, stages=stages,
                                                 smoothness=LAB.smoothness))
        begin = photograph if start is None or ignores_start else start
        return objective.descend(begin, steps or count, rate * checks_06.RATE)
    return paint


def with_(**changes):
    """A change of `Objective`'s arguments; each value is a function of the old one."""
    return lambda **given: given | {name: change(given[name]) for name, change in changes.items()}


@pytest.mark.parametrize("answer", [brush(), brush(rate=2.0)])
def test_right_brushes_pass(answer):
    given = verdict("paint", answer, 4)
    assert (given.status, given.reason) == ("right", "")


@pytest.mark.parametrize("answer, reason", [
    (lambda photograph, *_, **__: photograph, "hardly changed"),
    (lambda photograph, *_, **__: np.full_like(photograph, 0.5), "where the guide is 0"),
    (lambda photograph, *_, **__: photograph[None], "must be of shape"),
    (lambda photograph, *_, **__: 255 * photograph, "must stay in"),
    (lambda photograph, *_, **__: photograph[::-1], "where the guide is 0"),
    (lambda photograph, wanted, *_, **__: wanted[0], "must be of shape"),
    (lambda photograph, *_, **__: None, "return"),
    (lambda photograph, wanted, weights, guide, stages, steps, start=None: photograph if start is None else start, "hardly changed"),
    (brush(ignores_start=True), "`start` is where the picture begins"),
    (brush(with_(guide=np.ones_like)), "where the guide is 0"),
    (brush(with_(smoothness=lambda _: 0.0)), r"Which of the two parts|At most"),
    (brush(with_(smoothness=lambda _: 1e4)), r"where the guide is 0|Which of the two parts"),
    (brush(with_(weights=lambda weights: [0 * each for each in weights])), r"hardly changed|where the guide is 0|At most"),
    (brush(with_(weights=lambda weights: [10 * each for each in weights])), "At most"),
    (brush(steps=5), r"At most|Which of the two parts|where the guide is 0|hardly changed"),
    (brush(rate=0.02), r"At most|Which of the two parts|hardly changed")])
def test_wrong_brushes_are_caught(answer, reason):
    given = verdict("paint", answer)
    assert given.status in ("wrong", "partly right") and float(given) <= 3 and re.search(reason, given.reason), given.reason


def test_the_objective_of_the_check_has_its_own_slope():
    rng = np.random.default_rng(0)
    given = checks_06.easel(rng, LAB)
    objective, image, way = checks_06.Objective(*given, 10.0), given[0].astype(float), rng.normal(size=given[0].shape)
    ahead, behind = (objective.parts(image + step * way).sum() for step in (1e-6, -1e-6))
    assert (ahead - behind) / 2e-6 == pytest.approx(np.sum(objective.slope(image) * way), rel=5e-3)
