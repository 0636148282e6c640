"""Lab 5: its solution is all right, its unfilled copy is not attempted, and wrong answers are told why they are wrong."""
import re

import numpy as np
import pytest

import lab_runs
from helpers import labs, super_resolution
from helpers.labs import checks_05, grade, release
from helpers.labs.tasks import Answer, Server, judge

NUMBER = "05"
SOURCE = release.source(NUMBER)
STUDENT = SOURCE.with_name("lab_student.ipynb")
TASKS = {task.name: task for task in checks_05.TASKS}


# The notebooks

def test_the_student_copy_holds_no_solution():
    text = STUDENT.read_text(encoding="utf-8")
    assert "SOLUTION" not in text and "np.einsum" not in text and "sliding_window_view" not in text
    assert text.count("# YOUR CODE HERE") == SOURCE.read_text(encoding="utf-8").count("### BEGIN SOLUTION") == 9


def test_variants_differ_and_stay_sensible():
    plain = checks_05.constants(0)
    assert plain == {"a": -0.5, "level": 0.95, "cutoffs": (1 / 8, 1 / 4), "limit": 12_000, "pictures": 0}
    several = [checks_05.constants(seed) for seed in range(1, 9)]
    assert len({str(each) for each in several}) == 8 and several[2] == checks_05.constants(3)
    for each in several:
        assert each["cutoffs"][0] < each["cutoffs"][1] < 0.5 and 10_000 <= each["limit"] < 15_000 and each["a"] != -0.5


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """What became of the solution, and what the unfilled copy showed."""
    return lab_runs.both(NUMBER, tmp_path_factory.mktemp("student"))


def test_the_solution_is_all_right(runs):
    result, _ = runs
    assert [(task["name"], task["status"], task["reason"]) for task in result["tasks"] if task["status"] != "right"] == [
        ("ablation", "handed in", "")]
    assert result["points"] == result["of"] == 23 and not result["failed_cells"] and not result["note"]
    # The grader's own share: seconds where the machine is idle, and in proportion where it is not.
    notebook = result["seconds_of_the_notebook"]
    assert result["seconds"] - notebook < max(10, 0.5 * notebook)


def test_the_unfilled_copy_runs_to_its_end_and_nothing_is_attempted(runs):
    _, shown = runs
    assert lab_runs.is_unfilled(shown, checks_05.TASKS), shown


# Wrong answers, as a class gives them. The right one is built from the solution, in pieces that do not need Keras.

LAB = labs.Lab(NUMBER)
LAB.budget = "smoke"


def solution(name):
    """The solution's function, from its own cell."""
    namespace = {"np": np, "shrink": super_resolution.shrink, "enlarge": super_resolution.enlarge, "keys": checks_05.keys}
    for source in grade.code_cells(SOURCE):
        if source.startswith(f"def {name}("):
            exec(source, namespace)
    return namespace[name]


def verdict(name, answer, seed=1):
    return judge(TASKS[name], Answer(Server({name: answer}), name), seed, LAB)


def split_by(measure, real=True):
    """A wrong `bands` whose frequency is measured in another way."""
    def bands(image, cutoffs):
        band = np.digitize(measure(*image.shape), cutoffs)
        waves = np.fft.fft2(image)
        parts = np.stack([np.fft.ifft2(np.where(band == n, waves, 0)) for n in range(len(cutoffs) + 1)])
        return parts.real if real else parts
    return bands


def frequencies(height, width):
    return np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None]


def kernel_by(middles, turn=False, mirror=False, swap=False):
    """A wrong `bicubic_kernel`: other middles, or the weights in another order."""
    def bicubic_kernel(scale, a):
        weights = checks_05.keys(middles(scale) - (np.arange(5) - 2)[:, None], a)
        weights = weights[::-1] if mirror else weights
        kernel = np.einsum("ui,vj->uvji" if swap else "ui,vj->uvij", weights, weights)
        return (kernel.transpose(2, 3, 0, 1) if turn else kernel).reshape((5, 5, 1, -1) if not turn else (-1, 1, 5, 5))
    return bicubic_kernel


def middles(scale):
    return (np.arange(scale) + 0.5) / scale - 0.5


def bootstrap(statistic, draws=3000, paired=True):
    """A wrong `gain_interval`."""
    def gain_interval(before, after, level, seed):
        rng = np.random.default_rng(seed)
        first = rng.integers(len(before), size=(draws, len(before)))
        second = first if paired else rng.integers(len(before), size=first.shape)
        return statistic(after[second] - before[first], level)
    return gain_interval


def ends(means, low, high):
    return np.quantile(means, low), np.quantile(means, high)


right_bands, right_kernel, right_patches = (solution(name) for name in ("bands", "bicubic_kernel", "hard_patches"))
right_psnr, right_interval = solution("band_psnr"), solution("gain_interval")


def patches_by(change):
    return lambda *given: change(right_patches(*given), *given)


def patches_of(number, change=lambda truth: truth):
    """A wrong `hard_patches`: the places whose losses, in ascending order, are at `number(count)`."""
    def hard_patches(truth, scale, size, stride, count):
        places, losses = checks_05.patch_losses(change(truth), scale, size, stride)
        return places[np.argsort(losses)[number(count)]]
    return hard_patches


def decibels(errors, axis=None):
    return 10 * np.log10(255**2 / np.mean(errors, axis=axis))


def middle(level):
    return (1 - level) / 2, (1 + level) / 2


def normal(before, after, level, seed):
    gains = after - before
    return tuple(gains.mean() + sign * 1.96 * gains.std() / np.sqrt(len(gains)) for sign in (-1, 1))


def table(names="abc", **more):
    """An `ablation` with these variants and enough words."""
    rows = {name: {"parameters": 1, "steps": 2} | {key: value(number) for key, value in more.items()}
            for number, name in enumerate(names)}
    return rows | {"conclusion": "word " * 50}


WRONG = {
    "bands": {
        "copied input": (lambda image, cutoffs: np.stack([image] + [0 * image] * len(cutoffs)), "one of the bands is empty"),
        "a constant": (lambda image, cutoffs: np.zeros((len(cutoffs) + 1, *image.shape)), "do not add up"),
        "one band missing": (lambda image, cutoffs: right_bands(image, cutoffs)[:-1], "must be of shape"),
        "bands last": (lambda image, cutoffs: np.moveaxis(right_bands(image, cutoffs), 0, -1), "must be of shape"),
        "sides exchanged": (split_by(lambda h, w: np.hypot(h / w * np.fft.fftfreq(h)[:, None], w / h * np.fft.fftfreq(w))),
                            "each by their own length"),
        "square, not round": (split_by(lambda h, w: np.maximum(*map(np.abs, frequencies(h, w)))), "along the diagonal too"),
        "shifted": (split_by(lambda h, w: np.fft.fftshift(np.hypot(*frequencies(h, w)))), "each by their own length"),
        "radians": (split_by(lambda h, w: 2 * np.pi * np.hypot(*frequencies(h, w))), "periods a pixel"),
        "no negative ones": (split_by(lambda h, w: np.hypot(np.arange(h)[:, None] / h, np.arange(w) / w)), "periods a pixel"),
        "a cutoff below": (split_by(lambda h, w: np.hypot(*frequencies(h, w)) - 1e-9), "exactly a cutoff"),
        "complex": (split_by(lambda h, w: np.hypot(*frequencies(h, w)), real=False), "real numbers"),
        "up to each cutoff": (lambda image, cutoffs: np.cumsum(right_bands(image, cutoffs), axis=0), "do not add up"),
    },
    "band_psnr": {
        "a constant": (lambda t, a, b: np.full(len(t), 30.0), "By hand: where every error is 5"),
        "one number": (lambda t, a, b: decibels((t - a)**2), "must be of shape"),
        "wrong axis": (lambda t, a, b: decibels((t - a)**2, axis=(0, 1)), "must be of shape"),
        "no border": (lambda t, a, b: right_psnr(t, a, 0), "each of the four sides"),
        "border of bands": (lambda t, a, b: right_psnr(t[b:], a[b:], 0), "must be of shape"),
        "border on two sides": (lambda t, a, b: right_psnr(t[:, b:, b:], a[:, b:, b:], 0), "four sides"),
        "empty at 0": (lambda t, a, b: decibels((t - a)[:, b:-b, b:-b]**2, axis=(1, 2)), "NaN"),
        "own peak": (lambda t, a, b: right_psnr(t, a, b) + 20 * np.log10(np.ptp(t, axis=(1, 2)) / 300), "peak is 255"),
        "not squared": (lambda t, a, b: decibels(np.abs(t - a), axis=(1, 2)), "peak is 255"),
        "natural logarithm": (lambda t, a, b: right_psnr(t, a, b) * np.log(10), "peak is 255"),
    },
    "bicubic_kernel": {
        "a constant": (lambda scale, a: np.full((5, 5, 1, scale**2), 0.04), "grey levels from the interpolated one"),
        "nearest pixel": (lambda scale, a: np.pad(np.ones((1, 1, 1, scale**2)), ((2, 2), (2, 2), (0, 0), (0, 0))),
                          "grey levels from"),
        "corners, not middles": (kernel_by(lambda scale: np.arange(scale) / scale), "middle of the large pixel"),
        "off by half": (kernel_by(lambda scale: middles(scale) + 0.5), "must add up to 1|middle of the large pixel"),
        "mirrored": (kernel_by(middles, mirror=True), "mirrored"),
        "rows and columns": (kernel_by(middles, swap=True), "exchanged"),
        "maps first": (kernel_by(middles, turn=True), "must be of shape"),
        "scaled": (lambda scale, a: right_kernel(scale, a) / scale**2, "must add up to 1"),
        "any a": (lambda scale, a: right_kernel(scale, -0.5), "a = "),
        "only x4": (lambda scale, a: right_kernel(4, a), "must be of shape"),
    },
    "hard_patches": {
        "a constant": (lambda truth, scale, size, stride, count: np.zeros((count, 2), int), "more than once"),
        "the first": (lambda truth, scale, size, stride, count: stride * np.indices((1, count)).reshape(2, -1).T,
                      "is lost of what is lost|no place of a whole patch"),
        "large pixels": (patches_by(lambda places, truth, scale, *_: places * scale), "no place of a whole patch"),
        "not times stride": (patches_by(lambda places, t, scale, size, stride, _: places // stride), "multiples of|is lost of"),
        "columns first": (patches_by(lambda places, *_: places[:, ::-1]), "no place of a whole patch|is lost of what"),
        "easiest": (patches_of(lambda count: np.s_[:count]), "is lost of what is lost"),
        "the next": (patches_of(lambda count: np.s_[-count - 1:-1]), "is lost of what is lost"),
        "one too few": (patches_by(lambda places, *_: places[1:]), "must be of shape"),
        "hardest last": (patches_of(lambda count: np.s_[-count:]), "must come first"),
        "of squares": (patches_of(lambda count: np.s_[:-count - 1:-1], lambda truth: truth**2 / 100),
                       "is lost of what is lost"),
        "off by one": (patches_by(lambda places, *_: places + 1), "no place of a whole patch"),
    },
    "gain_interval": {
        "a constant": (lambda before, after, level, seed: (0.0, 1.0), r"\[0\.7, 0\.7\]"),
        "not paired": (bootstrap(lambda drawn, level: ends(drawn.mean(axis=1), *middle(level)), paired=False), "both figures"),
        "of the gains": (bootstrap(lambda drawn, level: ends(drawn[0], *middle(level))), "times as wide"),
        "one-sided": (bootstrap(lambda drawn, level: ends(drawn.mean(axis=1), 1 - level, level)),
                      "lower end|mean gain|times as wide"),
        "always 95 %": (bootstrap(lambda drawn, level: ends(drawn.mean(axis=1), 0.025, 0.975)), "times as wide"),
        "few draws": (bootstrap(lambda drawn, level: ends(drawn.mean(axis=1), *middle(level)), draws=5),
                      "times as wide|mean gain"),
        "wrong axis": (bootstrap(lambda drawn, level: ends(drawn.mean(axis=0), *middle(level))), "times as wide|mean gain"),
        "the two means": (lambda before, after, level, seed: (before.mean(), after.mean()), r"\[0\.7, 0\.7\]"),
        "normal": (normal, "times as wide"),
        "no seed": (lambda before, after, level, seed: right_interval(before, after, level, None), "same seed|gains alone"),
        "high first": (lambda *given: right_interval(*given)[::-1], "lower end comes first"),
    },
    "ablation": {
        "text": ("I tried", "must be a dict"),
        "no conclusion": ({"a": {}, "b": {}, "c": {}}, "\"conclusion\" is missing"),
        "short": ({"conclusion": "It worked."}, "at least 40 words"),
        "two variants": (table("ab"), "three or more"),
        "no figures": (table(), "must be a dict with the keys"),
        "copied figures": (table(psnr=lambda number: [1.0, 2.0]), "very same figures"),
        "other pictures": (table(psnr=lambda number: [1.0] * (number + 2)), "same pictures"),
    },
}


@pytest.mark.parametrize("name", ["bands", "band_psnr", "bicubic_kernel", "hard_patches", "gain_interval"])
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
    assert set(WRONG) | {"network", "enlarge_luma"} == set(TASKS) and all(len(each) >= 4 for each in WRONG.values())


# The same for the two tasks that need Keras

@pytest.fixture(scope="module")
def keras_lab():
    """The notebook's own definitions, as far as the network: keras, layers, ops, PixelShuffle, network."""
    import keras
    from keras import layers, ops

    namespace = {"np": np, "keras": keras, "layers": layers, "ops": ops}
    for source in grade.code_cells(SOURCE):
        if "class PixelShuffle" in source or source.startswith("def network("):
            exec(source, namespace)
    return namespace


def build(given, widths=(24, 24), kernels=(5, 3), shuffle=None, last="zeros", size=None, fixed=True, post=None,
          frozen=True, only=None):
    """A network like the solution's, with one thing changed."""
    keras, layers = given["keras"], given["layers"]

    def network(scale, kernel):
        small = keras.Input((size, size, 1))
        x = small
        for width, side in zip(widths, kernels):
            x = layers.Conv2D(width, side, padding="same", activation="relu")(x)
        maps = layers.Conv2D(scale**2, 3, padding="same", kernel_initializer=last)(x)
        if fixed:
            maps = layers.Add()([maps, layers.Conv2D(scale**2, 5, padding="same", use_bias=False, trainable=not frozen,
                                                     kernel_initializer=keras.initializers.Constant(kernel))(small)])
        woven = (shuffle or given["PixelShuffle"])(only or scale)(maps)
        return keras.Model(small, post(woven) if post else woven)
    return network


def test_wrong_networks_are_caught(keras_lab):
    given, layers, ops = keras_lab, keras_lab["layers"], keras_lab["ops"]
    assert verdict("network", given["network"]).status == "right"
    assert verdict("network", build(given, widths=(16, 24, 16), kernels=(3, 3, 3))).status == "right"  # in another style
    wrong = {
        "a constant": (lambda scale, kernel: 0, "TypeError|cannot be judged|not callable"),
        "no model": (lambda scale, kernel: kernel, "not callable|TypeError"),
        "forgot to return": (lambda scale, kernel: None, "NoneType|cannot be judged"),
        "too large": (build(given, widths=(64, 32)), "the limit is 12,000"),
        "sees too little": (build(given, widths=(16, 16), kernels=(3, 1)), "receptive field of 9 x 9"),
        "no interpolation": (build(given, fixed=False), "must start at zero"),
        "starts at random": (build(given, last="glorot_uniform"), "must start at zero"),
        "fixed size": (build(given, size=24), "ValueError|shape"),
        "does not learn": (lambda scale, kernel: _only_kernel(given, scale, kernel), "too few to learn"),
        "columns before rows": (build(given, shuffle=lambda scale: _swapped(given, scale)), "must start at zero"),
        "kernel is trained": (build(given, frozen=False), "among the weights that are trained"),
        "only x4": (build(given, only=4), "ValueError|shape"),
        "clipped": (build(given, post=layers.ReLU(max_value=0.5)), "does not give what the kernel gives"),
    }
    for name, (answer, reason) in wrong.items():
        told = verdict("network", answer)
        assert told.status in ("wrong", "partly right") and float(told) <= 2, name
        assert re.search(reason, told.reason), f"{name}: {told.reason}"


def _only_kernel(given, scale, kernel):
    keras, layers = given["keras"], given["layers"]
    small = keras.Input((None, None, 1))
    maps = layers.Conv2D(scale**2, 5, padding="same", use_bias=False,
                         kernel_initializer=keras.initializers.Constant(kernel))(small)
    return keras.Model(small, given["PixelShuffle"](scale)(maps))


def _swapped(given, scale):
    ops, shuffle = given["ops"], given["PixelShuffle"](scale)

    class Swapped(type(shuffle)):
        def call(self, maps):
            _, height, width, _ = ops.shape(maps)
            maps = ops.reshape(maps, (-1, height, width, self.scale, self.scale))
            return super().call(ops.reshape(ops.transpose(maps, (0, 1, 2, 4, 3)), (-1, height, width, self.scale**2)))
    return Swapped(scale)


@pytest.mark.parametrize("answer, reason", [
    (lambda low: np.full((4 * low.shape[0], 4 * low.shape[1]), 128.0), "hardly any contrast"),
    (lambda low: super_resolution.enlarge(low, 4), "bicubic interpolation itself"),
    (lambda low: np.kron(low, np.ones((4, 4))), "worse than bicubic"),
    (lambda low: low, "must be of shape"),
    (lambda low: super_resolution.enlarge(low, 4).T, "must be of shape"),
    (lambda low: super_resolution.enlarge(low, 4)[::-1], "from the small picture"),
    (lambda low: np.roll(super_resolution.enlarge(low, 4), 2, axis=1), "worse than|from the small picture"),
    (lambda low: super_resolution.enlarge(low, 4) / 255, "hardly any contrast"),
    (lambda low: np.pad(super_resolution.enlarge(low, 4)[1:-1, 1:-1], 1), "zeros of the padding show"),
    (lambda low: super_resolution.enlarge(low, 4)[None, ..., None], "must be of shape"),
    (lambda low: super_resolution.enlarge(low, 4) + 0.01, "interpolation itself"),
    (lambda low: super_resolution.enlarge(low, 4) + np.random.default_rng(0).normal(0, 3, (4 * low.shape[0], 4 * low.shape[1])),
     "worse than")])
def test_wrong_enlargers_are_caught(answer, reason):
    given = verdict("enlarge_luma", answer)
    assert given.status in ("wrong", "partly right") and float(given) <= 1 and re.search(reason, given.reason), given.reason
