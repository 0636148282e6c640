"""Lab 1: its solution is all right, its unfilled copy is not attempted, and wrong answers are told why they are wrong."""
import functools
import re
from statistics import NormalDist

import numpy as np
import pytest

import lab_runs
from helpers import labs
from helpers.labs import checks_01, grade, release
from helpers.labs.tasks import Answer, Server, judge

NUMBER = "01"
SOURCE = release.source(NUMBER)
STUDENT = SOURCE.with_name("lab_student.ipynb")
TASKS = {task.name: task for task in checks_01.TASKS}


# The notebooks

def test_the_student_copy_holds_no_solution():
    text = STUDENT.read_text(encoding="utf-8")
    assert "SOLUTION" not in text and "np.rot90" not in text and "geomspace" not in text and "NormalDist()." in text
    assert text.count("# YOUR CODE HERE") == SOURCE.read_text(encoding="utf-8").count("### BEGIN SOLUTION") == 10


def test_variants_differ_and_stay_sensible():
    plain = checks_01.constants(0)
    assert plain == {"level": 0.95, "bins": 10, "shift": 2, "parameters": 6_000, "multiply_adds": 500_000,
                     "shares": (0.6, 0.2, 0.2), "pictures": 0}
    several = [checks_01.constants(seed) for seed in range(1, 9)]
    assert len({str(each) for each in several}) == 8 and several[2] == checks_01.constants(3)
    for each in several:
        assert 5_200 <= each["parameters"] < 8_000 and 400_000 <= each["multiply_adds"] < 600_000
        assert sum(each["shares"]) == pytest.approx(1) and 1 <= each["shift"] <= 3 and each["level"] != 0.95


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """What became of the solution, and what the unfilled copy showed."""
    return lab_runs.both(NUMBER, tmp_path_factory.mktemp("student"))


def test_the_solution_is_all_right(runs):
    result, _ = runs
    assert [(task["name"], task["status"], task["reason"]) for task in result["tasks"] if task["status"] != "right"] == [
        ("experiment", "handed in", "")]
    assert result["points"] == result["of"] == 28 and not result["failed_cells"] and not result["note"]
    # The grader's own share: seconds where the machine is idle, and in proportion where it is not.
    notebook = result["seconds_of_the_notebook"]
    assert result["seconds"] - notebook < max(10, 0.5 * notebook)


def test_the_unfilled_copy_runs_to_its_end_and_nothing_is_attempted(runs):
    _, shown = runs
    assert lab_runs.is_unfilled(shown, checks_01.TASKS), shown


# Wrong answers, as a class gives them. The right one is built from the solution, in pieces that do not need Keras.

LAB = labs.Lab(NUMBER)
LAB.budget = "smoke"


def solution(name):
    """The solution's function, from its own cell."""
    namespace = {"np": np}
    for source in grade.code_cells(SOURCE):
        if source.startswith(f"def {name}("):
            exec(source, namespace)
    return namespace[name]


def verdict(name, answer, seed=1, lab=LAB):
    return judge(TASKS[name], Answer(Server({name: answer}), name), seed, lab)


right_scenes, right_split, right_augment = (solution(name) for name in ("scenes", "split", "augment"))
right_intervals, right_error, right_temperature = (solution(name) for name in (
    "class_intervals", "calibration_error", "temperature"))


def scenes_by(alike, moves=lambda reach: range(-reach, reach + 1), chains=True, sideways=True):
    """A `scenes` that looks at one pair after the other; `alike` compares the two common parts."""
    def scenes(thumbnails, reach, least):
        count, height, width = thumbnails.shape
        numbers = np.arange(count)
        for i in range(count):
            for j in range(i):
                linked = False
                for down in moves(reach):
                    for right in moves(reach) if sideways else (0,):
                        rows = slice(max(down, 0), height + min(down, 0)), slice(max(-down, 0), height + min(-down, 0))
                        columns = slice(max(right, 0), width + min(right, 0)), slice(max(-right, 0), width + min(-right, 0))
                        parts = (thumbnails[n][row, column] for n, row, column in zip((i, j), rows, columns))
                        linked |= alike(*parts) >= least
                if linked and chains:
                    numbers[numbers == numbers[i]] = numbers[j]
                elif linked:
                    numbers[i] = j
        return numbers
    return scenes


def correlation(a, b):
    return np.corrcoef(a.ravel(), b.ravel())[0, 1]


def cosine(a, b):
    return np.sum(a * b) / np.sqrt(np.sum(a**2) * np.sum(b**2))


def whole_means(thumbnails, reach, least):
    """A wrong `scenes`: the means are taken once, off the whole photographs."""
    return scenes_by(cosine)(thumbnails - thumbnails.mean(axis=(1, 2), keepdims=True), reach, least)


def rolled(thumbnails, reach, least):
    """A wrong `scenes`: what leaves on one side comes in on the other."""
    count = len(thumbnails)
    flat = [np.roll(thumbnails, (i, j), axis=(1, 2)).reshape(count, -1)
            for i in range(-reach, reach + 1) for j in range(-reach, reach + 1)]
    still = thumbnails.reshape(count, -1)
    likeness = np.max([np.corrcoef(each, still)[:count, count:] for each in flat], axis=0)
    numbers = np.arange(count)
    for _ in range(count):
        numbers = np.where(likeness >= least, numbers, count).min(axis=1)
    return numbers


def drawn_split(per_group=True, seeded=True, by_images=False):
    """A `split` that draws: for each group or each image, or cuts a drawn row of groups where the shares end."""
    def split(labels, groups, shares, seed):
        rng = np.random.default_rng(seed if seeded else None)
        names, group = np.unique(groups, return_inverse=True)
        if by_images:
            order = rng.permutation(len(names))
            filled = np.cumsum(np.bincount(group)[order]) / len(labels)
            chosen = np.empty(len(names), int)
            chosen[order] = np.minimum(np.searchsorted(np.cumsum(shares), filled - 1e-9), len(shares) - 1)
            return chosen[group]
        return rng.choice(len(shares), size=len(names), p=shares)[group] if per_group else rng.choice(
            len(shares), size=len(labels), p=shares)
    return split


def best_of_many(labels, groups, shares, seed):
    """A right `split` in another style: many draws, of which the best is kept."""
    rng, tried = np.random.default_rng(seed), []
    for _ in range(400):
        part = drawn_split(by_images=True)(labels, groups, shares, rng.integers(1e9))
        table = np.array([np.bincount(part[labels == kind], minlength=len(shares)) / np.sum(labels == kind)
                          for kind in np.unique(labels)])
        tried.append((np.abs(table - shares).max(), part))
    return min(tried, key=lambda each: each[0])[1]


def augment_by(change=lambda views: views, views=8, least=None, alike=False, mode="edge", together=False, seeded=True):
    """An `augment` as a loop over the images, with one thing changed."""
    def augment(images, shift, seed):
        rng, made = np.random.default_rng(seed if seeded else None), []
        first = rng.integers(views), *rng.integers(-shift, shift + 1, size=2)
        for image in images:
            view, down, right = first if alike else (
                rng.integers(views), *rng.integers(-shift if least is None else least(shift), shift + 1, size=2))
            right = down if together else right
            turned = np.rot90(image[:, ::-1] if view >= 4 else image, view)
            wide = np.pad(turned, ((shift, shift), (shift, shift), (0, 0)), mode=mode)
            made.append(wide[shift - down:shift - down + len(image), shift - right:shift - right + len(image)])
        return change(np.array(made))
    return augment


def interval_by(z=lambda level: NormalDist().inv_cdf((1 + level) / 2), images=lambda labels, kind: np.sum(labels == kind),
                wilson=True, share=lambda labels, answers, kind: np.mean(answers[labels == kind] == kind)):
    def class_intervals(labels, answers, classes, level):
        rows = []
        for kind in range(classes):
            n, r, width = images(labels, kind), share(labels, answers, kind), z(level)
            if wilson:  # the roots of the quadratic equation
                ends = np.sort(np.roots([1 + width**2 / n, -(2 * r + width**2 / n), r**2]).real)
            else:
                ends = r + width * np.sqrt(r * (1 - r) / n) * np.array([-1, 1])
            rows.append([r, *ends])
        return rows
    return class_intervals


def error_by(gap=np.abs, weigh=lambda n, total: n / total, confidence=lambda p, labels: p.max(axis=1), gather=sum,
             place=lambda confidence, bins: np.minimum((confidence * bins).astype(int), bins - 1), count=lambda bins: bins):
    def calibration_error(probabilities, labels, bins):
        bins, sure = count(bins), confidence(probabilities, labels)
        right, where = probabilities.argmax(axis=1) == labels, place(sure, bins)
        return gather(weigh(np.sum(where == n), len(labels)) * gap(right[where == n].mean() - sure[where == n].mean())
                      for n in range(bins) if np.any(where == n))
    return calibration_error


def temperature_by(candidates=np.geomspace(0.02, 60, 900), lower=True, given=lambda t: t, loss="cross-entropy"):
    def temperature(logits, labels):
        top = logits.max(axis=1, keepdims=True) if lower else 0
        with np.errstate(all="ignore"):
            losses = []
            for t in candidates:
                powers = np.exp((logits - top) / t)
                chance = (powers / powers.sum(axis=1, keepdims=True))[np.arange(len(labels)), labels]
                losses.append(-np.mean(np.log(chance)) if loss == "cross-entropy" else np.mean((1 - chance)**2))
        return given(candidates[np.nanargmin(losses)] if np.isfinite(losses).any() else 1.0)
    return temperature


def table(names="abc", **more):
    """An `experiment` with these variants and enough words."""
    rows = {name: {"parameters": 1, "steps": 2} | {key: value(number) for key, value in more.items()}
            for number, name in enumerate(names)}
    return rows | {"conclusion": "word " * 50}


STYLES = {
    "scenes": [scenes_by(correlation)],
    "split": [best_of_many],
    "augment": [augment_by(), augment_by(mode="reflect")],
    "class_intervals": [interval_by()],
    "calibration_error": [error_by()],
    "temperature": [temperature_by(), lambda logits, labels: np.float32(checks_01.coolness(logits, labels))],
}

WRONG = {
    "scenes": {
        "a constant": (lambda thumbnails, reach, least: np.zeros(len(thumbnails)), "far below `least`"),
        "each its own": (lambda thumbnails, reach, least: np.arange(len(thumbnails)), "brighter and with more contrast"),
        "copied input": (lambda thumbnails, reach, least: thumbnails, "must be of shape"),
        "means left in": (scenes_by(cosine), "far below `least`"),
        "means of the whole": (whole_means, "off the part that both show"),
        "differences": (scenes_by(lambda a, b: 1 - np.abs(a - b).mean() / 10), "light and contrast do not count"),
        "no moves": (scenes_by(correlation, moves=lambda reach: (0,)), "both ends included"),
        "off by one": (scenes_by(correlation, moves=lambda reach: range(-reach + 1, reach)), "both ends included"),
        "one end left out": (scenes_by(correlation, moves=lambda reach: range(-reach, reach)), "both ends included"),
        "rows alone": (scenes_by(correlation, sideways=False), "moved (right|left) by"),
        "one way only": (scenes_by(correlation, moves=lambda reach: range(reach + 1)), "is not found again"),
        "too far": (scenes_by(correlation, moves=lambda reach: range(-reach - 3, reach + 4)), "joined all the same"),
        "rolled": (rolled, "is not found again"),
        "no chains": (scenes_by(correlation, chains=False), "the first and the last"),
        "any least": (lambda thumbnails, reach, least: right_scenes(thumbnails, reach, 0.8), "two photographs with a corr"),
    },
    "split": {
        "a constant": (lambda labels, groups, shares, seed: np.zeros(len(labels)), "the parts hold"),
        "copied input": (lambda labels, groups, shares, seed: groups, "whole numbers from 0"),
        "labels": (lambda labels, groups, shares, seed: labels % len(shares), "lie in more than one part"),
        "off by one": (lambda *given: right_split(*given) + 1, "whole numbers from 0"),
        "each image": (drawn_split(per_group=False), "choose a part for each group"),
        "each group": (drawn_split(), "count images, not groups|is spread over the parts"),
        "no classes": (drawn_split(by_images=True), "is spread over the parts"),
        "no seed": (lambda labels, groups, shares, seed: right_split(labels, groups, shares, None), "same seed"),
        "always the same": (lambda labels, groups, shares, seed: right_split(labels, groups, shares, 0), "another seed"),
        "shares reversed": (lambda labels, groups, shares, seed: right_split(labels, groups, shares[::-1], seed),
                            "parts hold"),
        "one a group": (lambda labels, groups, shares, seed: np.unique(groups), "must be of shape"),
    },
    "augment": {
        "a constant": (lambda images, shift, seed: np.full(images.shape, 0.5), "nearly flat"),
        "copied input": (lambda images, shift, seed: images, "draw for each image"),
        "all alike": (augment_by(alike=True), "draw for each image"),
        "no mirror": (augment_by(views=4), "all eight must come"),
        "mirror alone": (lambda images, shift, seed: np.where(
            np.random.default_rng(seed).random((len(images), 1, 1, 1)) < 0.5, images, images[:, :, ::-1]),
            "all eight must come"),
        "last move left out": (augment_by(least=lambda shift: 1 - shift), "both ends included"),
        "together": (augment_by(together=True), "always move together"),
        "wrapped": (lambda images, shift, seed: np.array([np.roll(each, np.random.default_rng([seed, n]).integers(
            -shift, shift + 1, 2), axis=(0, 1)) for n, each in enumerate(images)]), "from the opposite side"),
        "black border": (augment_by(mode="constant"), "neither the repeated edge"),
        "colours": (augment_by(change=lambda made: made[..., ::-1]), "colours are reversed"),
        "brighter": (augment_by(change=lambda made: 1.05 * made), "brightness, size and colour"),
        "shuffled": (augment_by(change=lambda made: made[::-1]), "place of another one"),
        "no seed": (augment_by(seeded=False), "same seed"),
        "channels turned": (augment_by(change=lambda made: np.moveaxis(made, -1, 1)), "must be of shape"),
        "too far": (lambda images, shift, seed: right_augment(images, shift + 1, seed), "moved by more than"),
    },
    "class_intervals": {
        "a constant": (lambda labels, answers, classes, level: np.tile([0.5, 0.4, 0.6], (classes, 1)), "the recalls are"),
        "turned": (lambda *given: np.transpose(right_intervals(*given)), "must be of shape|recalls are"),
        "precision": (interval_by(share=lambda labels, answers, kind: np.mean(labels[answers == kind] == kind)),
                      "share of the \\*answers\\*"),
        "per cent": (lambda *given: 100 * right_intervals(*given), "not per cent"),
        "two standard errors": (interval_by(wilson=False), "standard error at the \\*end\\*"),
        "one-sided": (interval_by(z=NormalDist().inv_cdf), "on \\*each\\* side"),
        "always 95 %": (interval_by(z=lambda level: 1.96), "must follow from the level"),
        "all images": (interval_by(images=lambda labels, kind: len(labels)), "of this class alone"),
        "one image less": (interval_by(images=lambda labels, kind: np.sum(labels == kind) - 3), "does not solve"),
        "recall last": (lambda *given: np.roll(right_intervals(*given), -1, axis=1), "the recalls are"),
        "ends exchanged": (lambda *given: right_intervals(*given)[:, [0, 2, 1]], "lower end, upper end"),
        "accuracy": (interval_by(share=lambda labels, answers, kind: np.mean(labels == answers)), "the recalls are"),
    },
    "calibration_error": {
        "a constant": (lambda probabilities, labels, bins: 0.05, "40 images, all with a confidence"),
        "copied input": (lambda probabilities, labels, bins: probabilities, "single number"),
        "errors": (lambda probabilities, labels, bins: np.mean(probabilities.argmax(axis=1) != labels), "40 images"),
        "bins alike": (error_by(weigh=lambda n, total: 1.0, gather=lambda gaps: np.mean(list(gaps))), "share of the images"),
        "signs": (error_by(gap=lambda gap: gap, gather=lambda gaps: abs(sum(gaps))), "do not cancel"),
        "largest": (error_by(weigh=lambda n, total: 1.0, gather=max), "the largest gap"),
        "squares": (error_by(gap=np.square), "40 images|do not square"),
        "truth": (error_by(confidence=lambda p, labels: p[np.arange(len(p)), labels]), "40 images|largest probability"),
        "one left out": (error_by(place=lambda confidence, bins: (confidence * bins).astype(int)),
                         "belongs to the last bin"),
        "from chance on": (error_by(place=lambda confidence, bins: (
            (confidence - 0.25) / 0.75 * (bins - 1e-9)).astype(int)), "bins of equal width|do not cancel"),
        "empty bins": (error_by(place=lambda confidence, bins: np.digitize(confidence, np.linspace(0, 1, bins + 1)) - 1,
                                gather=lambda gaps: sum(gaps) or np.nan), "a mean over a bin without images"),
        "ten bins": (error_by(count=lambda bins: 10), "bins of equal width"),
        "off by one": (error_by(count=lambda bins: bins + 1), "bins of equal width"),
        "no bins": (error_by(count=lambda bins: 1), "bins of equal width|do not cancel"),
    },
    "temperature": {
        "a constant": (lambda logits, labels: 1.0, "the cross-entropy is least"),
        "copied input": (lambda logits, labels: logits, "single number"),
        "the factor": (temperature_by(given=lambda t: 1 / t), "\\*divided\\*"),
        "the other axis": (lambda logits, labels: right_temperature(logits - logits.mean(axis=0), labels) * logits.std(),
                           "least at"),
        "too narrow": (temperature_by(np.linspace(0.8, 5, 400)), "not sure enough: the temperature"),
        "too coarse": (temperature_by(np.arange(0.5, 20, 0.5)), "least at"),
        "overflow": (temperature_by(lower=False), "larger by 5,000|times as large|moved by"),
        "squared errors": (temperature_by(loss="squares"), "least at"),
        "mean confidence": (lambda logits, labels: (
            np.exp(logits - logits.max(axis=1, keepdims=True)).sum(axis=1)**-1).mean() / np.mean(
                logits.argmax(axis=1) == labels), "the mean of -log"),
        "negative": (temperature_by(given=lambda t: -t), "above zero"),
        "a list": (temperature_by(given=lambda t: [t]), "single number"),
    },
    "experiment": {
        "text": ("I tried", "must be a dict"),
        "no conclusion": ({"a": {}, "b": {}, "c": {}}, "\"conclusion\" is missing"),
        "short": ({"conclusion": "It worked."}, "at least 40 words"),
        "two variants": (table("ab"), "three or more"),
        "no figures": (table(), "must be a dict with the keys"),
        "a share": (table(right=lambda number: [0.9, 0.8 + number]), "one True or False"),
        "copied figures": (table(right=lambda number: [True, False] * 20), "very same figures"),
        "other images": (table(right=lambda number: [True] * (number + 30)), "same images"),
    },
}


@pytest.mark.parametrize("name", STYLES)
@pytest.mark.parametrize("seed", [0, 5, 2**62 + 3])
def test_the_solution_is_right_for_any_seed(name, seed):
    given = verdict(name, solution(name), seed)
    assert (given.status, given.reason) == ("right", "")


@pytest.mark.parametrize("name, number", [(name, number) for name in STYLES for number in range(len(STYLES[name]))])
def test_a_right_answer_in_another_style_is_right(name, number):
    given = verdict(name, STYLES[name][number])
    assert (given.status, given.reason) == ("right", "")


@pytest.mark.parametrize("name, wrong", [(name, wrong) for name in WRONG for wrong in WRONG[name]])
def test_a_wrong_answer_is_caught_with_a_reason_that_helps(name, wrong):
    answer, reason = WRONG[name][wrong]
    given = verdict(name, answer)
    assert given.status in ("wrong", "partly right") and float(given) <= 0.75 * TASKS[name].points
    assert re.search(reason, given.reason), given.reason


def test_enough_wrong_answers_are_tried():
    assert set(WRONG) | {"network", "classify"} == set(TASKS) and all(len(each) >= 4 for each in WRONG.values())


def test_no_variant_is_harder_than_the_solution():
    for variant in (1, 2, 3):
        lab = labs.Lab(NUMBER, variant)
        for name in ("split", "augment", "class_intervals", "calibration_error"):
            assert verdict(name, solution(name), seed=variant, lab=lab).reason == ""


# The same for the two tasks that need Keras or data

@pytest.fixture(scope="module")
def keras_lab():
    """The notebook's own `network`, with what it needs."""
    import keras
    from keras import layers

    namespace = {"np": np, "keras": keras, "layers": layers}
    exec(next(source for source in grade.code_cells(SOURCE) if source.startswith("def network(")), namespace)
    return namespace


def build(given, widths=(8, 16, 20), activation="relu", softmax=False, units=0, cropped=0, kernel=3, counted=None):
    """A network with plain convolutions and pooling, with one thing changed; `counted` changes the counts."""
    keras, layers = given["keras"], given["layers"]

    def network(size, classes):
        model = keras.Sequential([keras.Input((size, size, 3))])
        if cropped:
            model.add(layers.Cropping2D(cropped))
        pixels, channels = size - 2 * cropped, 3
        parameters = work = 0
        for maps in widths:
            model.add(layers.Conv2D(maps, kernel, padding="same", activation=activation))
            model.add(layers.AveragePooling2D(2))
            parameters += (kernel**2 * channels + 1) * maps
            work += pixels**2 * kernel**2 * channels * maps
            pixels, channels = pixels // 2, maps
        model.add(layers.Flatten())
        inputs = pixels**2 * channels
        for outputs in ([units] if units else []) + [classes]:
            model.add(layers.Dense(outputs, activation="softmax" if softmax and outputs == classes else None))
            parameters, work, inputs = parameters + (inputs + 1) * outputs, work + inputs * outputs, outputs
        return model, *(counted(parameters, work) if counted else (parameters, work))
    return network


def of_keras(given, size, classes):
    """A right `network` in another style: strides, separable convolutions, a global average beside the middle."""
    keras, layers = given["keras"], given["layers"]
    inputs = keras.Input((size, size, 3))
    x = layers.Conv2D(16, 3, strides=2, padding="same", activation="relu")(inputs)
    half = -(-size // 2)
    x = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x)
    x = layers.LeakyReLU()(layers.Conv2D(24, 1)(x))
    x = layers.Concatenate()([layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)])
    model = keras.Model(inputs, layers.Dense(classes)(x))
    return (model, 28 * 16 + 9 * 16 + 17 * 24 + 49 * classes,
            half**2 * (27 * 16 + 9 * 16 + 16 * 24) + 48 * classes)


def test_wrong_networks_are_caught(keras_lab):
    given, layers = keras_lab, keras_lab["layers"]
    right = given["network"]
    for answer in (right, build(given), functools.partial(of_keras, given)):
        told = verdict("network", functools.lru_cache(answer))  # each size is built once
        assert (told.status, told.reason) == ("right", "")
    wrong = {
        "a constant": (lambda size, classes: 0, "return three things"),
        "the model alone": (lambda size, classes: right(size, classes)[0], "return three things"),
        "forgot to return": (lambda size, classes: None, "return three things"),
        "probabilities": (build(given, softmax=True), "before the softmax"),
        "a dense giant": (build(given, units=64), "the limit is 6,000"),
        "too much work": (build(given, widths=(20, 16), kernel=3), "multiply-adds for an image; the limit"),
        "no bias counted": (build(given, counted=lambda parameters, work: (parameters - 44, work)), "Biases count"),
        "one size": (lambda size, classes: (right(size, classes)[0], *right(24, 4)[1:]), "for 32 x 32 pixels and 5"),
        "one batch": (build(given, counted=lambda parameters, work: (parameters, 32 * work)),
                      "counts once for each position"),
        "only the middle": (build(given, cropped=6), "the whole image must count"),
        "a weighted sum": (build(given, activation=None), "weighted sum"),
        "one class": (lambda size, classes: right(size, 1), "must be of shape"),
    }
    for name, (answer, reason) in wrong.items():
        told = verdict("network", functools.lru_cache(answer))  # each size is built once
        assert told.status in ("wrong", "partly right") and float(told) <= 4, name
        assert re.search(reason, told.reason), f"{name}: {told.reason}"


@pytest.fixture(scope="module")
def squares():
    """Squares to train on and others for the check, drawn once: the check would draw new ones for each answer."""
    return [checks_01.held_out(np.random.default_rng(seed), LAB) for seed in (1, 2)]


def test_wrong_classifiers_are_caught(squares, monkeypatch):
    (images, labels), new = squares
    monkeypatch.setattr(checks_01, "held_out", lambda rng, lab: new)
    means = np.stack([images[labels == kind].mean(axis=0) for kind in range(4)])

    def nearest_mean(given):
        return -((np.asarray(given)[:, None] - means) ** 2).sum(axis=(2, 3, 4))

    def knows(given, spoilt=0.0):
        """As good as it gets: it looks the label up, whichever way the square lies."""
        keys = {np.round(np.float64(image).mean(axis=(0, 1)), 6).tobytes(): label for image, label in zip(*new)}
        found = np.array([keys.get(np.round(np.float64(image).mean(axis=(0, 1)), 6).tobytes(), 0) for image in given])
        return 4.0 * np.eye(4)[found] - 1

    good = verdict("classify", knows)
    assert (good.status, good.reason) == ("right", "")
    wrong = {
        "a constant": (lambda given: np.zeros((len(given), 4)), "all squares get the same scores"),
        "always red": (lambda given: np.tile([1.0, 0, 0, 0], (len(given), 1)), "all squares get the same scores"),
        "nearest mean": (nearest_mean, "weighted sum of the pixels"),
        "one class not learned": (lambda given: knows(given) - 9 * np.eye(4)[2], "balanced accuracy"),
        "answers": (lambda given: knows(given).argmax(axis=1), "must be of shape"),
        "turned": (lambda given: knows(given).T, "must be of shape"),
        "probabilities": (lambda given: np.eye(4)[knows(given).argmax(axis=1)], "before the softmax"),
        "classes off by one": (lambda given: np.roll(knows(given), 1, axis=1), "in the order of the classes"),
        "copied input": (lambda given: given, "must be of shape"),
        "at random": (lambda given: np.random.default_rng(0).normal(size=(len(given), 4)), "order of the squares"),
        "by brightness": (lambda given: np.stack([np.mean(given, axis=(1, 2, 3)) * n for n in (-2, -1, 0, 1)], axis=1),
                          "weighted sum of the pixels"),
        "by a corner": (lambda given: knows(given) + 20 * (given[:, :1, :1, 0].reshape(-1, 1) > 0.6) * np.eye(4)[0],
                        "get the answer that they had|balanced accuracy"),
    }
    for name, (answer, reason) in wrong.items():
        told = verdict("classify", answer)
        assert told.status in ("wrong", "partly right") and float(told) <= 3, name
        assert re.search(reason, told.reason), f"{name}: {told.reason}"
