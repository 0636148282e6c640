"""Lab 4: its solution is all right, its unfilled copy is not attempted, and wrong answers are told why they are wrong."""
import re

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.special import logsumexp

import lab_runs
from helpers import labs
from helpers.labs import checks_04, grade, release
from helpers.labs.tasks import Answer, Server, Wrong, judge

NUMBER = "04"
SOURCE = release.source(NUMBER)
STUDENT = SOURCE.with_name("lab_student.ipynb")
TASKS = {task.name: task for task in checks_04.TASKS}


# The notebooks

def test_the_student_copy_holds_no_solution():
    text = STUDENT.read_text(encoding="utf-8")
    assert "SOLUTION" not in text and "np.partition" not in text and "def slant" not in text
    assert text.count("# YOUR CODE HERE") == SOURCE.read_text(encoding="utf-8").count("### BEGIN SOLUTION") == 8


def test_variants_differ_and_stay_sensible():
    assert checks_04.constants(0) == {"latents": 16, "free": 0.1, "neighbours": 3, "digits": (1, 7), "pictures": 0}
    several = [checks_04.constants(seed) for seed in range(1, 9)]
    assert len({str(each) for each in several}) == 8 and several[2] == checks_04.constants(3)
    for each in several:
        assert 12 <= each["latents"] <= 24 and 0 < each["free"] <= 0.2 and each["free"] != 0.1
        assert 2 <= each["neighbours"] <= 5 and len(set(each["digits"])) == 2 and each["pictures"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """What became of the solution, and what the unfilled copy showed."""
    return lab_runs.both(NUMBER, tmp_path_factory.mktemp("student"))


def test_the_solution_is_all_right(runs):
    result, _ = runs
    assert [(task["name"], task["status"], task["reason"]) for task in result["tasks"] if task["status"] != "right"] == [
        ("attribute", "handed in", "")]
    assert result["points"] == result["of"] == 25 and not result["failed_cells"] and not result["note"]


def test_the_unfilled_copy_runs_to_its_end_and_nothing_is_attempted(runs):
    _, shown = runs
    assert lab_runs.is_unfilled(shown, checks_04.TASKS), shown


# Wrong answers, as a class gives them

LAB = labs.Lab(NUMBER)
LAB.budget = "smoke"


def solution(name):
    """The solution's function, from its own cell."""
    namespace = {"np": np}
    for source in grade.code_cells(SOURCE):
        if source.startswith(f"def {name}("):
            exec(source, namespace)
    return namespace[name]


def verdict(name, answer, seed=1):
    return judge(TASKS[name], Answer(Server({name: answer}), name), seed, LAB)


right_information, right_aggregate, right_walk, right_effective, right_scores = (
    solution(name) for name in ("information", "aggregate", "walk", "effective_samples", "precision_recall"))
each_divergence = checks_04.divergences


def right_price(mean, log_variance, free):
    """`price` in another style, in NumPy."""
    return sum(max(free, column.mean()) for column in each_divergence(mean, log_variance).T)


def information_by(density=None, mixture=None, answer=None, spread=lambda log_variance: np.exp(0.5 * log_variance)):
    """A wrong `information`: one of its steps done otherwise."""
    def information(mean, log_variance, noise):
        z = mean + spread(log_variance) * noise
        logs = (density or normal)(z[:, None], mean, log_variance).sum(axis=2)
        mixed = (mixture or (lambda logs: logsumexp(logs, axis=1) - np.log(len(logs))))(logs)
        return (answer or (lambda own, mixed, count: np.mean(own - mixed)))(np.diag(logs), mixed, len(mean))
    return information


def normal(z, mean, log_variance):
    return -0.5 * ((z - mean) ** 2 / np.exp(log_variance) + log_variance + np.log(2 * np.pi))


def without_the_own(logs):
    apart = np.where(np.eye(len(logs), dtype=bool), -np.inf, logs)
    return logsumexp(apart, axis=1) - np.log(len(logs) - 1)


def bare_logarithm(logs):
    with np.errstate(all="ignore"):
        return np.log(np.mean(np.exp(logs), axis=1))


def moments(mean, log_variance):
    return mean.mean(axis=0), np.cov(mean, rowvar=False, bias=True), np.exp(log_variance).mean(axis=0)


def aggregate_by(change):
    return lambda mean, log_variance: change(*moments(mean, log_variance), mean, log_variance)


def straight(start, end, steps):
    return np.linspace(start, end, steps)


def slerp_of_the_vectors(start, end, steps):
    """The formula with the vectors themselves in place of unit vectors."""
    omega, share = checks_04.angle(start, end), np.linspace(0, 1, steps)[:, None]
    if omega < 1e-6:
        return np.linspace(start, end, steps)
    return (np.sin((1 - share) * omega) * start + np.sin(share * omega) * end) / np.sin(omega)


def line_stretched(start, end, steps):
    """Straight, then brought to the right length: direction not turned evenly."""
    path, lengths = np.linspace(start, end, steps), np.linspace(np.linalg.norm(start), np.linalg.norm(end), steps)
    return path / np.linalg.norm(path, axis=1, keepdims=True) * lengths[:, None]


def no_case_for_parallel(start, end, steps):
    a, b = np.linalg.norm(start), np.linalg.norm(end)
    u, v, share = start / a, end / b, np.linspace(0, 1, steps)[:, None]
    with np.errstate(all="ignore"):
        omega = np.arccos(u @ v)
        return (np.sin((1 - share) * omega) * u + np.sin(share * omega) * v) / np.sin(omega) * (a + share * (b - a))


def unguarded(log_weights):
    with np.errstate(all="ignore"):
        weights = np.exp(log_weights)
        return weights.sum(axis=0) ** 2 / (weights**2).sum(axis=0)


def of_weights(change):
    return lambda log_weights: change(np.exp(log_weights - log_weights.max(axis=0)))


def scores_by(radii=None, inside=None):
    """A wrong `precision_recall`: other radii, or another rule for what is inside."""
    def share(these, those, k):
        own = np.sort(cdist(those, those), axis=1)
        reach = (radii or (lambda own, k: own[:, k]))(own, k)
        return (inside or (lambda apart, reach: (apart <= reach).any(axis=1).mean()))(cdist(these, those), reach)
    return lambda real, drawn, k: (share(drawn, real, k), share(real, drawn, k))


def sheet(directions=2, words=70, pictures=6, **change):
    """An `attribute` that is complete, but for what is changed."""
    rng = np.random.default_rng(0)
    rows = {str(number): {"attribute": rng.normal(size=7), "something else": rng.normal(size=7)} | change.get("row", {})
            for number in range(directions)}
    whole = {"name": "slant", "how it is measured": "the covariance of row and column of all that is white",
             "directions": rows, "pictures": rng.uniform(size=(pictures, 8, 8)), "account": "word " * words} | change.get("more", {})
    return {key: value for key, value in whole.items() if key != change.get("without")}


WRONG = {
    "price": {
        "a constant": (lambda m, v, free: 1.0, "sum over the latents, mean over the images"),
        "copied input": (lambda m, v, free: m, "must be a single number"),
        "summed over the images": (lambda m, v, free: np.maximum(each_divergence(m, v).sum(axis=0), free).sum(), "mean over the images"),
        "mean over the latents": (lambda m, v, free: right_price(m, v, free) / m.shape[1], "sum over the latents"),
        "wrong axis": (lambda m, v, free: np.maximum(each_divergence(m, v).mean(axis=1), free).sum(), "sum over the "
        "latents"),
        "for each image": (lambda m, v, free: np.maximum(each_divergence(m, v), free).sum(axis=1).mean(), "take the mean "
        "over the images first"),
        "of the whole price": (lambda m, v, free: max(each_divergence(m, v).sum(axis=1).mean(), free), "By hand"),
        "subtracted": (lambda m, v, free: np.maximum(each_divergence(m, v).mean(axis=0) - free, 0).sum(), "By hand"),
        "smaller of the two": (lambda m, v, free: np.minimum(each_divergence(m, v).mean(axis=0), free).sum() if free else right_price(m, v, 0),
                               "By hand"),
        "no half": (lambda m, v, free: 2 * right_price(m, v, free / 2), "sum over the latents"),
        "never free": (lambda m, v, free: right_price(m, v, 0), "By hand"),
        "deviation for variance": (lambda m, v, free: right_price(m, v / 2, free), "sum over the latents"),
    },
    "information": {
        "a constant": (lambda m, v, e: 1.0, "q\\(z\\) is the"),
        "the price": (lambda m, v, e: each_divergence(m, v).sum(axis=1).mean(), "q\\(z\\) is the"),
        "logarithm of the number": (lambda m, v, e: np.log(len(m)), "q\\(z\\) is the"),
        "without the own": (information_by(mixture=without_the_own), "the own one among them"),
        "mean of the logs": (information_by(mixture=lambda logs: logs.mean(axis=1)), "mean of the densities"),
        "sum, not mean": (information_by(mixture=lambda logs: logsumexp(logs, axis=1)), "mean of the densities"),
        "wrong axis": (information_by(mixture=lambda logs: logsumexp(logs, axis=0) - np.log(len(logs))), "q\\(z\\) is the"),
        "no variance in front": (information_by(density=lambda z, m, v: -0.5 * (z - m) ** 2 / np.exp(v)), "in the exponent "
        "and in front"),
        "variance for deviation": (information_by(spread=np.exp), "q\\(z\\) is the"),
        "the other sign": (information_by(answer=lambda own, mixed, count: np.mean(mixed - own)), "q\\(z\\) is the"),
        "for each image": (information_by(answer=lambda own, mixed, count: own - mixed), "must be a single number"),
        "no care for small numbers": (information_by(mixture=bare_logarithm), "small|logarithms"),
    },
    "aggregate": {
        "a constant": (lambda m, v: (np.zeros(m.shape[1]), np.eye(m.shape[1])), "mean of the means"),
        "copied input": (lambda m, v: (m, v), "must be of shape"),
        "the means alone": (aggregate_by(lambda middle, apart, own, *_: (middle, apart)), "diagonal is wrong"),
        "the variances alone": (aggregate_by(lambda middle, apart, own, *_: (middle, np.diag(own))), "off the diagonal"),
        "no correlations": (aggregate_by(lambda middle, apart, own, *_: (middle, np.diag(np.diag(apart) + own))), "off the diagonal"),
        "deviations": (aggregate_by(lambda middle, apart, own, m, v: (middle, apart + np.diag(np.exp(v / 2).mean(axis=0)))), "diagonal is wrong"),
        "mean logarithm": (aggregate_by(lambda middle, apart, own, m, v: (middle, apart + np.diag(np.exp(v.mean(axis=0))))), "diagonal is wrong"),
        "on all entries": (aggregate_by(lambda middle, apart, own, *_: (middle, apart + own)), "off the diagonal"),
        "second moments": (aggregate_by(lambda middle, apart, own, m, v: (middle, m.T @ m / len(m) + np.diag(own))), "off the diagonal|diagonal is"),
        "wrong axis": (lambda m, v: (m.mean(axis=1), np.cov(m)), "must be of shape"),
        "spreads for the covariance": (aggregate_by(lambda middle, apart, own, *_: (middle, np.sqrt(np.diag(apart) + own))), "must be of shape"),
    },
    "walk": {
        "a straight line": (straight, "turns fastest in its middle"),
        "a constant": (lambda start, end, steps: np.zeros((steps, len(start))), "the first is the start"),
        "copied input": (lambda start, end, steps: np.stack([start, end]), "must be of shape"),
        "one too few": (lambda start, end, steps: right_walk(start, end, steps)[1:], "must be of shape"),
        "without the end": (lambda start, end, steps: right_walk(start, end, steps + 1)[:-1], "the last is the end"),
        "stretched line": (line_stretched, "by the same angle"),
        "vectors for unit vectors": (slerp_of_the_vectors, "by the same angle|lengths along"),
        "unit vectors alone": (lambda start, end, steps: right_walk(start / np.linalg.norm(start), end / np.linalg.norm(end), steps),
                               "the first is the start"),
        "no case for parallel": (no_case_for_parallel, "sine of the angle is 0|NaN"),
        "backwards": (lambda start, end, steps: right_walk(end, start, steps), "the first is the start"),
        "wrong axes": (lambda start, end, steps: right_walk(start, end, steps).T, "must be of shape"),
    },
    "effective_samples": {
        "a constant": (lambda logs: np.full(logs.shape[1], float(len(logs))), "By hand"),
        "no guard": (unguarded, "NaN|subtract the largest"),
        "one largest for all": (lambda logs: unguarded(logs - logs.max()), "NaN|own largest"),
        "not squared": (of_weights(lambda w: w.sum(axis=0) / (w**2).sum(axis=0)), "By hand"),
        "upside down": (of_weights(lambda w: (w**2).sum(axis=0) / w.sum(axis=0) ** 2), "By hand"),
        "wrong axis": (lambda logs: unguarded(logs.T), "must be of shape"),
        "of the logarithms": (lambda logs: logs.sum(axis=0) ** 2 / (logs**2).sum(axis=0), "By hand"),
        "one number": (of_weights(lambda w: w.sum() ** 2 / (w**2).sum()), "must be of shape"),
        "perplexity": (of_weights(lambda w: np.exp(-(w / w.sum(axis=0) * np.log(w / w.sum(axis=0) + 1e-300)).sum(axis=0))), "By hand"),
    },
    "precision_recall": {
        "a constant": (lambda real, drawn, k: (1.0, 1.0), "balls? is the distance|radius"),
        "exchanged": (lambda real, drawn, k: right_scores(real, drawn, k)[::-1], "exchanged"),
        "its own neighbour": (scores_by(radii=lambda own, k: own[:, k - 1]), "no neighbour of its own"),
        "one too many": (scores_by(radii=lambda own, k: own[:, k + 1]), "no neighbour of its own"),
        "one radius": (scores_by(radii=lambda own, k: np.full(len(own), own[:, k].mean())), "radius"),
        "all balls": (scores_by(inside=lambda apart, reach: (apart <= reach).all(axis=1).mean()), "radius"),
        "wrong axis": (scores_by(inside=lambda apart, reach: (apart <= reach).any(axis=0).mean()), "radius"),
        "the nearest alone": (scores_by(inside=lambda apart, reach: np.mean(apart.min(axis=1) <= reach[apart.argmin(axis=1)] / 1.2)), "radius"),
        "share of pairs": (scores_by(inside=lambda apart, reach: (apart <= reach).mean()), "radius"),
        "one number": (lambda real, drawn, k: right_scores(real, drawn, k)[0], "two numbers"),
        "real ones twice": (lambda real, drawn, k: (right_scores(real, drawn, k)[0],) * 2, "radius"),
    },
    "attribute": {
        "text": ("I walked", "must be a dict"),
        "no name": (sheet(without="name"), "\"name\" is missing"),
        "short account": (sheet(words=10), "at least 60 words"),
        "one direction": (sheet(directions=1), "two directions or more"),
        "no second figure": (sheet(row={"something else": [1.0]}), "five steps or more"),
        "copied figures": (sheet(row={"attribute": np.arange(7.0)}), "very same figures"),
        "two pictures": (sheet(pictures=2), "five images"),
        "the same picture": (sheet(more={"pictures": np.ones((6, 8, 8))}), "that differ"),
    },
}


@pytest.mark.parametrize("name", ["information", "aggregate", "walk", "effective_samples", "precision_recall"])
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
    assert set(WRONG) | {"learn"} == set(TASKS) and all(len(each) >= 4 for each in WRONG.values())


def turned_in_their_plane(start, end, steps):
    """`walk` in another style: a rotation in the plane of the two places."""
    a, b = np.linalg.norm(start), np.linalg.norm(end)
    across = end - (end @ start) / a**2 * start
    if np.linalg.norm(across) < 1e-6 * b:
        return start[None] / a * np.linspace(a, b, steps)[:, None]
    turns = np.linspace(0, np.arctan2(np.linalg.norm(across), end @ start / a), steps)[:, None]
    return (np.cos(turns) * start / a + np.sin(turns) * across / np.linalg.norm(across)) * np.linspace(a, b, steps)[:, None]


@pytest.mark.parametrize("name, answer", [
    ("price", right_price), ("information", information_by()), ("walk", turned_in_their_plane),
    ("aggregate", lambda m, v: [m.mean(axis=0), np.cov(m, rowvar=False) + np.diag(np.exp(v).mean(axis=0))]),
    ("effective_samples", lambda logs: np.exp(2 * logsumexp(logs, axis=0) - logsumexp(2 * logs, axis=0))),
    ("precision_recall", scores_by(inside=lambda apart, reach: np.mean([(row <= reach + 1e-9).any() for row in apart])))])
def test_right_answers_in_another_style_pass(name, answer):
    given = verdict(name, answer)
    assert (given.status, given.reason) == ("right", "")


# The model. Wrong ones need no Keras: any two functions can be asked.

def affine(images, latents, seed=0):
    """An encoder and a decoder that answer something linear."""
    rng = np.random.default_rng(seed)
    into, out = rng.normal(0, 0.3, (images.shape[1], latents)), rng.normal(0, 0.3, (latents, images.shape[1]))
    return lambda x: [x @ into, 0 * (x @ into)], lambda z: z @ out


def frequencies(images, latents, steps):
    """A model that has learned nothing but how often each pixel is white, and a little noise about latents."""
    often = np.clip(images.mean(axis=0), 1e-3, 1 - 1e-3)
    encoder, decoder = affine(images, latents)
    return (lambda x: [1e-2 * each for each in encoder(x)]), lambda z: np.log(often / (1 - often)) + 1e-2 * decoder(z)


def with_parts(encoder=None, decoder=None):
    """`learn` with one of the two answers replaced by what a function makes of it."""
    def learn(images, latents, steps):
        see, draw = affine(images, latents)
        return (lambda x: encoder(*see(x)) if encoder else see(x)), (lambda z: decoder(draw(z)) if decoder else draw(z))
    return learn


@pytest.mark.parametrize("answer, reason", [
    (lambda images, latents, steps: None, "two networks"),
    (lambda images, latents, steps: affine(images, latents)[0], "two networks"),
    (lambda images, latents, steps: (images, images), "can be called"),
    (lambda images, latents, steps: affine(images, latents)[::-1], "it raised|must be of shape|two things"),
    (lambda images, latents, steps: affine(images, latents + 1), "must be of shape"),
    (with_parts(encoder=lambda mean, log_variance: mean), "two things"),
    (with_parts(encoder=lambda mean, log_variance: (mean + np.random.normal(size=mean.shape), log_variance)), "nor on chance"),
    (with_parts(encoder=lambda mean, log_variance: (mean - mean.mean(axis=0), log_variance)), "other images of the batch"),
    (with_parts(encoder=lambda mean, log_variance: (0 * mean, log_variance)), "the same for all images"),
    (with_parts(decoder=lambda logits: 0 * logits), "the same for all latents"),
    (with_parts(decoder=lambda logits: logits.reshape(-1, 8, 8)), "must be of shape"),
    (with_parts(decoder=lambda logits: logits - logits.max()), "other latents of the batch"),
    (with_parts(), "no sigmoid at its end"),
    (with_parts(encoder=lambda mean, log_variance: (mean, np.exp(log_variance))), "logarithm of the variance"),
    (frequencies, "no latents at all")])
def test_wrong_models_are_caught(answer, reason):
    given = verdict("learn", answer)
    assert given.status in ("wrong", "partly right") and float(given) <= 2 and re.search(reason, given.reason), given.reason


def test_what_the_check_knows_of_its_images_is_true():
    crosses = checks_04.Crosses(np.random.default_rng(0))
    image = crosses.draw(np.random.default_rng(1), 3)
    by_hand = [np.mean([np.prod(np.where(each == 1, shape, 1 - shape)) for shape in crosses.chances]) for each in image]
    assert np.allclose(crosses.nats(image), -np.log(by_hand))


@pytest.fixture(scope="module")
def trainer():
    """The notebook's own definitions around `learn`, and its source, to be changed."""
    import types

    import keras
    from keras import layers, ops

    run = types.SimpleNamespace(seed=0, steps_per_execution=1 if keras.backend.backend() == "torch" else 20,
                                progress=lambda name="": keras.callbacks.Callback())
    namespace = {"np": np, "keras": keras, "layers": layers, "ops": ops, "run": run, "lab": LAB}
    for source in grade.code_cells(SOURCE):
        if source.startswith(("def price", "class Autoencoder")):
            exec(source, namespace)
    namespace["source"] = next(source for source in grade.code_cells(SOURCE) if source.startswith("def learn("))
    return namespace


def changed(trainer, *replacements):
    """`learn` with parts of the solution's source replaced."""
    source, namespace = trainer["source"], dict(trainer)
    for old, new in replacements:
        assert old in source, old
        source = source.replace(old, new)
    exec(source, namespace)
    return namespace["learn"]


def test_the_price_of_the_solution_is_right(trainer):
    assert verdict("price", trainer["price"]).status == "right"


def last_part(name, answer, seed=3):
    """What the last part of a task says of an answer: None, or the reason why it is wrong."""
    try:
        TASKS[name].parts[-1][1](Answer(Server({name: answer}), name), np.random.default_rng(seed), LAB)
    except Wrong as wrong:
        return str(wrong)


def test_a_training_in_another_style_is_enough_and_a_short_one_is_not(trainer):
    one_layer = (("for _ in range(2)", "for _ in range(1)"), ("Adam(rate)", "Adam(1e-3)"))
    assert last_part("learn", changed(trainer, *one_layer)) is None
    assert "of the way" in last_part("learn", changed(trainer, ("Drawn(images, steps,", "Drawn(images, steps // 10,")))
