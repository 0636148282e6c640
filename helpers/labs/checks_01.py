"""The tasks and checks of lab 1: a sorter for blood cells, and its data sheet.

Each check asks for a property on random inputs, or compares with another way to the same thing: pictures whose scene is
known because the check cut them out, SciPy, a sum written as a loop. What the tasks are is said in
chapters/01_classification/lab.ipynb.
"""
import contextlib
import io

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.optimize import minimize_scalar
from scipy.stats import norm

from helpers.labs.tasks import Answer, Task, Wrong, expect, numbers

SIDE, CLASSES = 24, 4  # of the squares: pixels, and red cell, white cell, platelet, nothing
# Photographs of BCCD's test part that show a scene of its other parts once more: no fair questions.
SEEN_BEFORE = tuple(f"BloodImage_00{number}" for number in (205, 226, 227, 229, 233, 249, 253, 391))


def constants(variant):
    """What a class's variant changes: the level of the intervals, the bins, the limits, the moves and the split."""
    rng = np.random.default_rng([1, variant])
    if not variant:
        return {"level": 0.95, "bins": 10, "shift": 2, "parameters": 6_000, "multiply_adds": 500_000,
                "shares": (0.6, 0.2, 0.2), "pictures": 0}
    return {"level": float(rng.choice([0.8, 0.9, 0.98, 0.99])), "bins": int(rng.choice([8, 12, 15, 16, 20])),
            "shift": int(rng.choice([1, 2, 3])), "parameters": int(rng.integers(55, 80)) * 100,
            "multiply_adds": int(rng.integers(42, 60)) * 10_000,
            "shares": ((0.6, 0.2, 0.2), (0.64, 0.18, 0.18), (0.58, 0.2, 0.22))[int(rng.integers(3))],
            "pictures": int(variant)}


# Task scenes

class Slides:
    """Places of slides that no data set holds: each is a smooth random texture, larger than a thumbnail."""

    def __init__(self, rng, height, width, room):
        self.rng, self.height, self.width, self.room = rng, height, width, room

    def slide(self):
        texture = gaussian_filter(self.rng.normal(size=(self.height + 2 * self.room, self.width + 2 * self.room)), 0.7)
        return texture / texture.std()

    def thumbnail(self, slide, down=0, right=0):
        """The middle of the slide, moved by whole pixels, under a light of its own, with a little noise."""
        top, left = self.room + down, self.room + right
        cut = slide[top:top + self.height, left:left + self.width]
        light, contrast = self.rng.uniform(90, 170), self.rng.uniform(12, 24)
        return light + contrast * (cut + self.rng.normal(0, 0.05, cut.shape))


def groups_of(answer, thumbnails, reach, least):
    thumbnails = np.asarray(thumbnails, np.float64)
    found = numbers(answer(thumbnails, reach, least), (len(thumbnails),), "the numbers of the scenes")
    return found[:, None] == found


def compare_scenes(answer, rng, thumbnails, truth, reach, least, why_missed, why_joined):
    """truth: the number of the scene of each thumbnail. The order is drawn, so that neighbours are no hint."""
    order = rng.permutation(len(truth))
    together = groups_of(answer, [thumbnails[n] for n in order], reach, least)
    truth = np.asarray(truth)[order]
    wanted = truth[:, None] == truth
    expect((together | ~wanted).all(), why_missed)
    expect((wanted | ~together).all(), why_joined)


def scenes_in_another_light(answer, rng, lab):
    """the same scene in another light is found, and different scenes stay apart"""
    slides = Slides(rng, *uneven(rng, 16, 20), room=0)
    thumbnails, truth = [], []
    for number in range(6):
        slide = slides.slide()
        for _ in range(1 + number % 2):
            thumbnails.append(slides.thumbnail(slide))
            truth.append(number)
    compare_scenes(answer, rng, thumbnails, truth, 2, 0.8, "two photographs of one scene, one of them brighter and with "
                   "more contrast, get different numbers. A correlation first takes the mean off both and divides by "
                   "their lengths, so that light and contrast do not count",
                   "photographs of different scenes get the same number; their largest correlation is far below `least`")


def scenes_moved(answer, rng, lab):
    """a scene is found again when the slide was moved by up to `reach` pixels, in any direction, and not beyond"""
    for reach in (3, 4):
        height, width = uneven(rng, 17, 20)
        slides = Slides(rng, height, width, room=2 * reach + 4)
        for down, right, where in ((reach, 0, "down"), (-reach, 0, "up"), (0, reach, "right"), (0, -reach, "left"),
                                   (reach, -reach, "down and left"), (-reach, -reach, "up and left"),
                                   (-1, reach - 1, "up and right")):
            slide = slides.slide()
            thumbnails = [slides.thumbnail(slide), slides.thumbnail(slide, down, right), slides.thumbnail(slides.slide())]
            compare_scenes(answer, rng, thumbnails, (0, 0, 1), reach, 0.8, f"with reach {reach}, a scene that was moved "
                           f"{where} by {max(abs(down), abs(right))} pixels on {height} x {width} is not found again. All "
                           "moves from -reach to reach count, both ends included, rows and columns each; compare only "
                           "what both photographs show, and take mean and length of that part alone",
                           "photographs of different scenes get the same number; their largest correlation is far below "
                           "`least`")
        slide = slides.slide()
        far = [slides.thumbnail(slide), slides.thumbnail(slide, reach + 3, 0), slides.thumbnail(slide, 0, -reach - 3)]
        compare_scenes(answer, rng, far, (0, 1, 2), reach, 0.8, "", f"with reach {reach}, a scene that was moved by "
                       f"{reach + 3} pixels is joined all the same; only moves of up to `reach` pixels count, and a part "
                       "that leaves on one side does not come in on the other")
        # Two slides with a black edge that the common part leaves out: it is bright all over, against the whole.
        edged = [130 + 6 * slides.slide()[:height, :width] for _ in range(2)]
        edged[0][:, :reach] = edged[1][:, -reach:] = 0
        compare_scenes(answer, rng, edged, (0, 1), reach, 0.8, "", "two scenes that have nothing in common are joined, one "
                       "with a black edge on the left, the other on the right. Take the means off the part that both show, "
                       "not off the whole photographs, and anew for each move")


def scenes_in_chains(answer, rng, lab):
    """what is linked through a third photograph is one scene, and `least` decides what is linked"""
    reach = 3
    slides = Slides(rng, *uneven(rng, 17, 20), room=20)
    slide, other = slides.slide(), slides.slide()
    chain = [slides.thumbnail(slide, 0, step) for step in (-9, -6, -3, 0, 3, 6)] + [slides.thumbnail(other)]
    compare_scenes(answer, rng, chain, (0, 0, 0, 0, 0, 0, 1), reach, 0.8, "six photographs along a slide, each moved by 3 "
                   "pixels from the one before, must all get one number, also the first and the last, which have little in "
                   "common: whoever is linked to a member belongs to the group, whatever the order in which they come",
                   "photographs of different scenes get the same number")
    mixed = 0.65 * slide + np.sqrt(1 - 0.65**2) * other  # a correlation of 0.65
    for least, truth in ((0.5, (0, 0)), (0.8, (0, 1))):
        compare_scenes(answer, rng, [slides.thumbnail(slide), slides.thumbnail(mixed)], truth, 0, least,
                       f"two photographs with a correlation of 0.65 must be one scene for least = {least}",
                       f"two photographs with a correlation of 0.65 must be two scenes for least = {least}")


def uneven(rng, least, most):
    """Two sides, one half as long again as the other, so that rows and columns cannot be exchanged unnoticed."""
    short = int(rng.integers(least, most))
    sides = (short, short + short // 2 + 1)
    return sides if rng.random() < 0.5 else sides[::-1]


# Task split

def lot(rng, groups=70, rare=20):
    """labels, groups and the number of groups: the second class in most groups, the third in bunches in a few of them."""
    names = rng.choice(10_000, groups, replace=False)
    bunches = rng.permutation(groups) < rare
    labels, members = [], []
    for name, has in zip(names, bunches):
        counts = int(rng.integers(6, 18)), int(rng.integers(0, 3)), int(rng.integers(4, 8)) if has else 0
        kinds = [kind for kind, count in enumerate(counts) for _ in range(count)]
        labels += kinds
        members += [int(name)] * len(kinds)
    order = rng.permutation(len(labels))
    return np.array(labels)[order], np.array(members)[order]


def parts_of(answer, labels, groups, shares, seed):
    """The part of each image, after what every split must hold."""
    parts = numbers(answer(labels, groups, shares, seed), labels.shape, "the parts")
    known = np.arange(len(shares))
    expect(np.isin(parts, known).all(), f"the parts must be whole numbers from 0 to {len(shares) - 1}, one for each of "
           f"the {len(shares)} shares")
    return parts.astype(int)


def split_keeps_groups_together(answer, rng, lab):
    """no group is in two parts, and the parts are as large as was asked for"""
    for shares in (lab.shares, (0.5, 0.5), (0.7, 0.3), (0.4, 0.3, 0.2, 0.1)):
        labels, groups = lot(rng)
        parts = parts_of(answer, labels, groups, shares, int(rng.integers(1e6)))
        torn = [group for group in np.unique(groups) if len(set(parts[groups == group])) > 1]
        expect(not torn, f"{len(torn)} of {len(np.unique(groups))} groups lie in more than one part; choose a part for "
               "each group, not for each image")
        sizes = np.bincount(parts, minlength=len(shares)) / len(parts)
        expect(np.abs(sizes - shares).max() < 0.06, f"for the shares {tuple(shares)} the parts hold "
               f"{sizes.round(2).tolist()} of the images. Groups differ in size, so count images, not groups")


def split_is_stratified(answer, rng, lab):
    """each class is spread over the parts by the shares, also one that comes in few groups"""
    for shares in (lab.shares, lab.shares, (0.7, 0.3), (0.5, 0.3, 0.2)):
        labels, groups = lot(rng)
        parts = parts_of(answer, labels, groups, shares, int(rng.integers(1e6)))
        for kind in range(3):
            held = np.bincount(parts[labels == kind], minlength=len(shares)) / np.sum(labels == kind)
            expect(np.abs(held - shares).max() < 0.07, f"class {kind}, with {np.sum(labels == kind)} of {len(labels)} "
                   f"images, is spread over the parts as {held.round(2).tolist()} where the shares are {tuple(shares)}. "
                   "Give each group to the part that still lacks most of what the group holds, the largest groups first")


def split_is_drawn(answer, rng, lab):
    """the same seed gives the same split, another seed another one"""
    labels, groups = lot(rng)
    first, again, other = (parts_of(answer, labels, groups, lab.shares, seed) for seed in (3, 3, 4))
    expect(np.array_equal(first, again), "the same seed must give the same split: np.random.default_rng(seed)")
    expect(not np.array_equal(first, other), "another seed must give another split: draw the order of the groups")
    expect(len(np.unique(first)) == len(lab.shares), "every part must get images")


# Task network

def leaves(model):
    """The layers of a network, those of networks inside it as well, as `Answer`s."""
    try:
        inner = model.layers.value()
    except Wrong:
        return [model]
    return [leaf for each in inner for leaf in leaves(each)]


def counted(model):
    """Parameters and multiply-adds of a network, from its weights and the shapes of its answers."""
    parameters = work = 0
    for layer in leaves(model):
        weights = layer.get_weights()
        parameters += sum(each.size for each in weights)
        kernels = [each.size for each in weights if np.ndim(each) >= 2]
        if kernels:
            try:
                shape = layer.output.shape.value()
            except Wrong:
                raise Wrong("the multiply-adds of a layer cannot be counted, because it does not know its output; build "
                            "the network with keras.Sequential or keras.Model(inputs, outputs), each layer used once"
                            ) from None
            expect(None not in shape[1:], "the images have one size, so give it: keras.Input((size, size, 3))")
            work += sum(kernels) * int(np.prod(shape[1:-1]))
    return parameters, work


def built(answer, size, classes):
    """The network and what the student counted, after a call that builds what is not built yet."""
    given = answer(size, classes)
    expect(isinstance(given, (tuple, list)) and len(given) == 3, "return three things: the network, its parameters and "
           "its multiply-adds")
    model, parameters, work = given
    expect(isinstance(model, Answer), "the first of the three must be a Keras model")
    model(np.zeros((1, size, size, 3), np.float32))
    return model, *(float(numbers(each, (), "each count")) for each in (parameters, work))


def network_gives_scores(answer, rng, lab):
    """from images to one score a class, each image by itself, for any size and number of classes"""
    for size, classes in ((SIDE, CLASSES), (32, 5)):
        model, *_ = built(answer, size, classes)
        images = rng.uniform(0, 1, (4, size, size, 3)).astype(np.float32)
        scores = numbers(model(images), (4, classes), "the network's answer")
        expect(not (np.allclose(scores.sum(axis=1), 1, atol=1e-4) and scores.min() >= 0), "the answers are probabilities; "
               "the scores before the softmax, the logits, are asked for, because task 8 divides them by a temperature")
        alone = numbers(model(images[:1]), (1, classes), "the network's answer")
        expect(np.allclose(alone[0], scores[0], atol=1e-3), "the answer for an image depends on the others in its batch")


def network_keeps_to_the_limits(answer, rng, lab):
    """at most so many parameters and multiply-adds"""
    parameters, work = counted(built(answer, SIDE, CLASSES)[0])
    expect(parameters <= lab.parameters, f"the network has {parameters:,} parameters; the limit is {lab.parameters:,}. "
           "Where do they sit? A dense layer behind Flatten has one weight for each number and unit")
    expect(work <= lab.multiply_adds, f"the network needs {work:,} multiply-adds for an image; the limit is "
           f"{lab.multiply_adds:,}. The first convolutions cost most, because their maps are large")
    expect(parameters >= 300, f"the network has only {parameters:,} parameters, too few to learn much")


def network_is_counted(answer, rng, lab):
    """the counts made by hand are right, for other sizes as well"""
    for size, classes in ((SIDE, CLASSES), (32, 5), (29, 4)):
        model, parameters, work = built(answer, size, classes)
        true_parameters, true_work = counted(model)
        which = f"for {size} x {size} pixels and {classes} classes"
        expect(parameters == true_parameters, f"{which} the network has {true_parameters:,} parameters, counted by hand "
               f"{parameters:,.0f}. Biases count, and the four numbers a channel of batch normalisation")
        expect(work == true_work, f"{which} the network needs {true_work:,} multiply-adds, counted by hand {work:,.0f}. "
               "Each weight of a kernel counts once for each position of its output; biases and normalisation are left out")


def network_sees_everything(answer, rng, lab):
    """with other weights every part of the image and every colour counts, and the answer is no weighted sum"""
    model, *_ = built(answer, SIDE, CLASSES)
    weights = model.get_weights()
    model.set_weights([(each * rng.uniform(0.6, 1.4, each.shape) + rng.normal(0, 0.05, each.shape)).astype(each.dtype)
                       for each in weights])
    image = rng.uniform(0.2, 0.8, (SIDE, SIDE, 3)).astype(np.float32)
    corners = [(i, j) for i in range(0, SIDE, 4) for j in range(0, SIDE, 4)]
    places = [np.s_[i:i + 4, j:j + 4] for i, j in corners] + [np.s_[..., colour] for colour in range(3)]
    changed = np.repeat(image[None], len(places), axis=0)
    for each, place in zip(changed, places):
        each[place] = rng.uniform(0, 1, each[place].shape)
    dark = np.zeros_like(image)
    batch = np.concatenate([changed, [image, dark, image / 2]]).astype(np.float32)
    *scores, whole, none, half = numbers(model(batch), (len(batch), CLASSES), "the network's answer")
    for place, score in enumerate(scores):
        what = (f"the 4 x 4 pixels from row {corners[place][0]} and column {corners[place][1]} on" if place < len(corners) else
                f"the {('red', 'green', 'blue')[place - len(corners)]} of all pixels")
        expect(np.abs(score - whole).max() > 1e-6, f"when {what} change, the scores stay as they were; the whole image "
               "must count, in all its colours")
    expect(np.abs(whole + none - 2 * half).max() > 1e-4, "the scores are a weighted sum of the pixels: without a ReLU or "
           "another function between them, many layers are one")


# Task augment

def views(image):
    """The eight ways in which a square can lie: four turns, and four of its mirror image."""
    return [np.rot90(each, turn) for each in (image, image[:, ::-1]) for turn in range(4)]


def found_view(one, image, shift):
    """(view, rows down, columns to the right, whether the border fits), or None where no view and no move fits."""
    side = len(image) - 2 * shift
    inside = one[shift:shift + side, shift:shift + side]
    for number, view in enumerate(views(image)):
        windows = np.lib.stride_tricks.sliding_window_view(view, (side, side), axis=(0, 1))
        fits = (np.abs(windows - inside.transpose(2, 0, 1)).max(axis=(2, 3, 4)) < 1e-5)
        if fits.any():
            row, column = (int(each) for each in np.argwhere(fits)[0])
            border = []
            for mode in ("edge", "reflect", "symmetric"):
                wide = np.pad(view, ((shift, shift), (shift, shift), (0, 0)), mode=mode)
                border.append(np.allclose(wide[row:row + len(image), column:column + len(image)], one, atol=1e-5))
            return number, shift - row, shift - column, any(border)
    return None


def augmented(answer, images, shift, seed):
    return numbers(answer(images, shift, seed), images.shape, "the changed images")


def augment_keeps_the_label(answer, rng, lab):
    """each image is one of its eight views, moved by whole pixels, and nothing else has changed"""
    for shift in (lab.shift, 1 + lab.shift % 3):
        images = rng.uniform(0.2, 0.9, (20, 14, 14, 3)).astype(np.float32)
        made = augmented(answer, images, shift, int(rng.integers(1e6)))
        for one, image in zip(made, images):
            found = found_view(one, image, shift)
            if found is None:
                expect(np.ptp(one) > 0.05, "an image has become nearly flat")
                other = next((number for number, each in enumerate(images) if found_view(one, each, shift)), None)
                expect(other is None, "an image has come out at the place of another one; its label would be wrong")
                expect(found_view(one[..., ::-1], image, shift) is None, "the colours are reversed. The stain tells the "
                       "cells apart: red, green and blue must stay where they are")
                expect(found_view(one, image, shift + 2) is None, f"an image is moved by more than {shift} pixels")
                raise Wrong(f"with shift {shift}, an image is none of the eight views of what was given, moved by up to "
                            f"{shift} whole pixels; brightness, size and colour must stay as they are")
            expect(found[3], "the pixels that come in at the border fit neither the repeated edge nor its mirror image; "
                   "np.pad knows both, and nothing may come in from the opposite side")


def augment_draws_all(answer, rng, lab):
    """all eight views and all moves come equally often, each image by itself"""
    shift, count = lab.shift, 480
    image = rng.uniform(0.2, 0.9, (12, 12, 3)).astype(np.float32)
    made = augmented(answer, np.repeat(image[None], count, axis=0), shift, int(rng.integers(1e6)))
    found = [found_view(one, image, shift) for one in made]
    expect(None not in found, "an image is none of its eight views, moved by whole pixels")
    view, down, right, _ = np.transpose(found)
    expect(len(np.unique(np.transpose([view, down, right]), axis=0)) > 1, "all images of a batch come out in the same view "
           "and moved alike; draw for each image")
    often = np.bincount(view, minlength=8)
    expect(often.min() > count / 16, f"of {count} images the eight views come {often.tolist()} times (four turns, then four "
           "turns of the mirror image). A cell has no up and no left, so all eight must come about equally often")
    for name, moves in (("down", down), ("to the right", right)):
        often = np.bincount(moves + shift, minlength=2 * shift + 1)
        expect(often.min() > count / (2 * shift + 1) / 2, f"of {count} images the moves {name} by {-shift} to {shift} "
               f"pixels come {often.tolist()} times; all must come about equally often, both ends included")
    expect(np.mean(down == right) < 0.8 and np.mean(down == -right) < 0.8, "rows and columns always move together; draw two "
           "numbers for each image")


def augment_repeats(answer, rng, lab):
    """the same seed gives the same images, another seed others, and the values stay as they came"""
    images = rng.uniform(0.2, 0.9, (30, 13, 13, 3)).astype(np.float32)
    first, again, other = (augmented(answer, images, lab.shift, seed) for seed in (5, 5, 6))
    expect(np.array_equal(first, again), "the same seed must give the same images: np.random.default_rng(seed)")
    expect(not np.array_equal(first, other), "another seed must give other images")
    expect(not np.allclose(first, images), "the images come back as they were")
    expect(images.min() - 1e-6 <= first.min() and first.max() <= images.max() + 1e-6, "there are values that no image had; "
           "at the border the edge is repeated or mirrored")


# Task classify

def squares_of(split, rng):
    """Squares around the boxes of a split and around places in no box: images (N, 24, 24, 3) in [0, 1], labels (N,)."""
    images, labels = [], []
    for pixels, boxes, kinds, name in zip(split.pixels, split.boxes, split.labels, split.names):
        if name in SEEN_BEFORE:
            continue
        reach = len(pixels) // 8
        wide = np.pad(pixels, ((reach, reach), (reach, reach), (0, 0)), mode="reflect").astype(np.float32)
        middles = [((left + right) / 2, (top + bottom) / 2, kind) for (left, top, right, bottom), kind in zip(boxes, kinds)]
        for x, y in rng.uniform((0, 0), pixels.shape[1::-1], size=(5, 2)):
            if not any(left <= x <= right and top <= y <= bottom for left, top, right, bottom in boxes):
                middles.append((x, y, CLASSES - 1))
        for x, y, kind in middles:
            cut = wide[int(y):int(y) + 2 * reach, int(x):int(x) + 2 * reach]
            images.append(cut.reshape(SIDE, reach // 12, SIDE, reach // 12, 3).mean(axis=(1, 3)) / 255)
            labels.append(kind)
    return np.array(images, np.float32), np.array(labels)


def held_out(rng, lab):
    """Squares that no one has trained on, at most 200 a class: rendered for the check, or of BCCD's test photographs."""
    from helpers import datasets
    from helpers.datasets import objects, smears

    if lab.budget == "smoke":
        drawn = smears.bccd(train=0, validation=0, test=36, height=192, seed=int(rng.integers(1, 1e9)))
        split = objects.boxed_images(drawn, stand_in=True)["test"]
    else:
        with contextlib.redirect_stdout(io.StringIO()):  # the notebook has said already where the data come from
            split = datasets.load("bccd").test
    images, labels = squares_of(split, rng)
    order = rng.permutation(len(labels))
    kept = np.concatenate([order[labels[order] == kind][:200] for kind in range(CLASSES)])
    return np.stack([views(images[n])[rng.integers(8)] for n in kept]), labels[kept]


def scores_of(answer, images):
    return numbers(answer(images), (len(images), CLASSES), "the scores of the squares")


def balanced(labels, answers):
    return float(np.mean([np.mean(answers[labels == kind] == kind) for kind in np.unique(labels)]))


def at_budget(values, lab):
    return values["smoke" if lab.budget == "smoke" else "cpu"]


def has_learned(labels, scores):
    value = balanced(labels, scores.argmax(axis=1))
    expect(value > LEARNED, f"on new squares the balanced accuracy is {100 * value:.0f} %; one class for all gets 25 %, and "
           f"{100 * LEARNED:.0f} % are the least that a training brings. Do the images go into the network as they come, with "
           "values from 0 to 1, are the scores in the order of the classes, and does the loss know that they are logits?")


def classifier_is_sound(answer, rng, lab):
    """one score a class for each square by itself, from a network that has learned"""
    images, labels = held_out(rng, lab)
    scores = scores_of(answer, images)
    expect(scores.std(axis=0).max() > 1e-3, "all squares get the same scores")
    back = scores_of(answer, images[::-1])[::-1]
    expect(np.allclose(back, scores, atol=1e-2), "the scores of a square depend on the order of the squares")
    expect(not (np.allclose(scores.sum(axis=1), 1, atol=1e-4) and scores.min() >= 0), "these are probabilities; return the "
           "scores before the softmax")
    # What lies half-way between two squares gets the mean of their scores, but for what all classes share.
    half = scores_of(answer, (images[:40] + images[-40:]) / 2) - (scores[:40] + scores[-40:]) / 2
    expect(np.abs(half - half.mean(axis=1, keepdims=True)).max() > 0.01 * scores.std(), "from class to class the scores differ "
           "by a weighted sum of the pixels, as those of the nearest mean do, or of a single layer; your trained network must "
           "answer")
    has_learned(labels, scores)


def classifier_is_turned(answer, rng, lab):
    """a square that is turned or mirrored gets the same answer"""
    images, labels = held_out(rng, lab)
    first = scores_of(answer, images)
    has_learned(labels, first)
    for name, other in (("turned by a quarter", np.rot90(images, 1, axes=(1, 2))), ("mirrored", images[:, :, ::-1])):
        same = balanced(first.argmax(axis=1), scores_of(answer, np.ascontiguousarray(other)).argmax(axis=1))
        expect(same > 0.9, f"of the new squares, once they are {name}, only {100 * same:.0f} % get the answer that they had "
               "(mean over the classes); 90 % are asked for. The views of task 4 teach that")


def classifier_is_good(answer, rng, lab):
    """on new squares it is as good as so small a network can be, every class counted alike"""
    wanted = at_budget(WANTED, lab)
    images, labels = held_out(rng, lab)
    answers = scores_of(answer, images).argmax(axis=1)
    value = balanced(labels, answers)
    by_class = [round(100 * float(np.mean(answers[labels == kind] == kind))) for kind in range(CLASSES)]
    expect(value >= wanted, f"on new squares the balanced accuracy is {100 * value:.0f} %, by class {by_class} %; at this "
           f"budget {100 * wanted:.0f} % are asked for. Do the rare classes get their share of the steps? Does the rate "
           "fall to zero?")


LEARNED = 0.8                          # balanced accuracy that every training reaches
WANTED = {"smoke": 0.88, "cpu": 0.85}  # and a sensible one; stand-ins are easier, and trained on for less time


# Task class_intervals

def outcome(rng, sizes, recalls):
    """labels and answers in random order; of class c, sizes[c] images, of which a share recalls[c] is right."""
    labels, answers = [], []
    for kind, (size, recall) in enumerate(zip(sizes, recalls)):
        right = int(round(size * recall))
        others = [each for each in range(len(sizes)) if each != kind]
        labels += [kind] * size
        answers += [kind] * right + rng.choice(others, size - right).tolist()
    order = rng.permutation(len(labels))
    return np.array(labels)[order], np.array(answers)[order]


def intervals_of(answer, labels, answers, classes, level):
    return numbers(answer(labels, answers, classes, level), (classes, 3), "the table of recalls and intervals")


def interval_of_recalls(answer, rng, lab):
    """the first column is the share of each true class that is answered rightly"""
    for sizes in ((400, 30, 25), (60, 80, 20, 140)):
        labels, answers = outcome(rng, sizes, rng.uniform(0.5, 0.95, len(sizes)))
        got = intervals_of(answer, labels, answers, len(sizes), 0.9)[:, 0]
        kinds = range(len(sizes))
        wanted = np.array([np.mean(answers[labels == kind] == kind) for kind in kinds])
        if np.allclose(got, wanted, atol=1e-6):
            continue
        precisions = np.array([np.mean(labels[answers == kind] == kind) for kind in kinds])
        expect(not np.allclose(got, precisions, atol=1e-6), "this is the share of the *answers* of each class that is "
               "right. Asked for is the share of the images that *are* of the class: the rows of the confusion matrix, not "
               "its columns")
        expect(not np.allclose(got, 100 * wanted, atol=1e-3), "give shares from 0 to 1, not per cent")
        raise Wrong(f"the recalls are {got.round(3).tolist()} and should be {wanted.round(3).tolist()}: of the images of a "
                    "class, the share that is answered rightly")


def wilson_gap(share, count, end, z):
    """How far an end is from its equation: the share lies z standard errors *of the end* away from it."""
    return abs(abs(share - end) - z * np.sqrt(end * (1 - end) / count))


def interval_solves_its_equation(answer, rng, lab):
    """both ends solve the equation of the lab, for several levels and sizes"""
    for level in (0.5, 0.9, lab.level, 0.99):
        z = norm.ppf(0.5 + level / 2)
        sizes = tuple(int(each) for each in rng.integers(15, 300, size=4))
        labels, answers = outcome(rng, sizes, rng.uniform(0.55, 0.93, 4))
        for size, (share, low, high) in zip(sizes, intervals_of(answer, labels, answers, 4, level)):
            expect(-1e-9 < low <= share <= high < 1 + 1e-9, "the columns are recall, lower end, upper end, as shares from 0 "
                   f"to 1; here {share:.3f}, {low:.3f}, {high:.3f}")
            if max(wilson_gap(share, size, low, z), wilson_gap(share, size, high, z)) < 2e-3 / np.sqrt(size):
                continue
            told = f"level {level:g}, {size} images, recall {share:.3f}: the interval {low:.3f} to {high:.3f} "
            wald = z * np.sqrt(share * (1 - share) / size)
            expect(abs(share - wald - low) > 1e-4, told + "is the recall and z standard errors on either side. That takes "
                   "the recall for the truth; the ends must solve the equation with the standard error at the *end*")
            half = "half of what is left out lies on *each* side, so z belongs to (1 + level) / 2"
            for other, why in ((norm.ppf(level), half), (norm.ppf(0.975), "z must follow from the level")):
                expect(abs(other - z) < 1e-6 or wilson_gap(share, size, low, other) > 2e-3 / np.sqrt(size),
                       f"{told}has another z: {why}")
            raise Wrong(told + "does not solve the equation. Square it: it is a quadratic equation in the end. n is the "
                        "number of images of this class alone")


def interval_at_the_ends(answer, rng, lab):
    """a class that is always right, or never, has an interval with a width, inside 0 to 1"""
    z = norm.ppf(0.5 + lab.level / 2)
    size = int(rng.integers(12, 40))
    labels, answers = outcome(rng, (size, size, 100), (1.0, 0.0, 0.5))
    (_, low, high), (_, bottom, top), _ = intervals_of(answer, labels, answers, 3, lab.level)
    wanted = size / (size + z**2)
    expect(abs(low - wanted) < 1e-3 and abs(high - 1) < 1e-3, f"{size} of {size} right: the interval is {low:.3f} to "
           f"{high:.3f} and should be {wanted:.3f} to 1. So few images cannot prove that a class is never missed")
    expect(abs(top - (1 - wanted)) < 1e-3 and abs(bottom) < 1e-3, f"0 of {size} right: the interval is {bottom:.3f} to "
           f"{top:.3f} and should be 0 to {1 - wanted:.3f}")


# Task calibration_error

def probabilities_of(confidence, top, classes, rng):
    """(N, classes) that sum to 1, the largest of them `confidence` at `top`; the rest is shared unevenly, below it."""
    rest = rng.uniform(0.8, 1.0, (len(top), classes))
    rest[np.arange(len(top)), top] = 0
    rest *= ((1 - confidence) / rest.sum(axis=1))[:, None]
    rest[np.arange(len(top)), top] = confidence
    return rest


def calibration(probabilities, labels, bins):
    """The expected calibration error as a loop over the images: {name: value}, the right one and four wrong ones."""
    tables = {"right": {}, "truth": {}}
    for row, label in zip(probabilities, labels):
        for name, confidence in (("right", row.max()), ("truth", row[label])):
            held = tables[name].setdefault(min(bins - 1, int(np.ceil(confidence * bins)) - 1), [])
            held.append((confidence, float(row.argmax() == label)))
    gaps = {name: [(len(held) / len(labels), float(np.subtract(*np.mean(held, axis=0)))) for held in table.values()]
            for name, table in tables.items()}
    return {"right": sum(share * abs(gap) for share, gap in gaps["right"]),
            "equal": float(np.mean([abs(gap) for _, gap in gaps["right"]])),
            "bins": sum(abs(gap) for _, gap in gaps["right"]) / bins,
            "signed": abs(sum(share * gap for share, gap in gaps["right"])),
            "largest": max(abs(gap) for _, gap in gaps["right"]),
            "squared": sum(share * gap**2 for share, gap in gaps["right"]),
            "truth": sum(share * abs(gap) for share, gap in gaps["truth"])}


SAYS = {"equal": "each bin must count by its share of the images; here all bins count alike",
        "bins": "each bin must count by its share of the images; here all bins count alike",
        "signed": "too sure in one bin and not sure enough in another do not cancel: take each bin's gap without its sign",
        "largest": "this is the largest gap; asked for is the mean of the gaps, weighted by the images in each bin",
        "squared": "take the gaps as they are, without their sign, and do not square them",
        "truth": "the confidence is the largest probability of an image, whether or not it is that of the true class"}


def error_of(answer, probabilities, labels, bins):
    got = answer(probabilities, labels, bins)
    expect(not isinstance(got, float) or got == got, "the calibration error is NaN. Is there a mean over a bin without "
           "images, or a confidence of exactly 1 that lies in no bin?")
    return float(numbers(got, (), "the calibration error"))


def calibration_by_hand(answer, rng, lab):
    """one bin by hand: the gap between confidence and accuracy, also where the network is quite sure"""
    for confidence, share, bins in ((0.85, 0.6, 10), (0.62, 0.9, 5), (1.0, 0.75, 8)):
        labels = rng.integers(0, 4, 40)
        top = np.where(rng.permutation(40) < 40 * share, labels, (labels + 1) % 4)
        got = error_of(answer, probabilities_of(np.full(40, confidence), top, 4, rng), labels, bins)
        expect(abs(got - abs(confidence - share)) < 1e-6, f"40 images, all with a confidence of {confidence}, of which "
               f"{100 * share:.0f} % are right, have an error of {abs(confidence - share):.2f}, not {got:.3f}. The confidence "
               "is the largest probability of an image, whatever its label" + (". A confidence of exactly 1 belongs to the last bin" if confidence == 1 else ""))


def calibration_in_bins(answer, rng, lab):
    """the mean gap over the bins, weighted by their images"""
    for bins in (lab.bins, 5, 17):
        for _ in range(2):
            count, classes = int(rng.integers(150, 250)), int(rng.integers(3, 6))
            logits = rng.normal(0, rng.uniform(0.5, 2), (count, classes))
            probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
            right = rng.random(count) < np.abs(probabilities.max(axis=1) - 0.3)  # too sure here, not sure enough there
            labels = np.where(right, probabilities.argmax(axis=1), rng.integers(0, classes, count))
            got, known = error_of(answer, probabilities, labels, bins), calibration(probabilities, labels, bins)
            if abs(got - known["right"]) < 1e-6:
                continue
            for name, why in SAYS.items():
                expect(abs(got - known[name]) > 1e-6, f"{why} ({got:.3f} where it should be {known['right']:.3f})")
            raise Wrong(f"{count} images in {bins} bins of equal width from 0 to 1: the error is {got:.4f} and should be "
                        f"{known['right']:.4f}. Bins without images count nothing")


def calibration_does_not_cancel(answer, rng, lab):
    """bins do not cancel each other, and the order of the images does not count"""
    confidence = np.repeat([0.9, 0.6], 50)
    labels = rng.integers(0, 3, 100)
    right = np.concatenate([np.arange(50) < 35, np.arange(50) < 40])  # 70 % of the first, 80 % of the second
    probabilities = probabilities_of(confidence - 1e-3, np.where(right, labels, (labels + 1) % 3), 3, rng)
    got = error_of(answer, probabilities, labels, 10)
    expect(abs(got - 0.1995) < 1e-3 + 1e-6, "of fifty images with a confidence of 0.9 70 % are right, of fifty with 0.6 80 "
           f"%: the error is 0.2, not {got:.3f}. One is too sure, the other not sure enough, and neither makes up for the "
           "other")
    order = rng.permutation(100)
    expect(abs(error_of(answer, probabilities[order], labels[order], 10) - got) < 1e-9, "the order of the images counts")


# Task temperature

def cross_entropy(logits, labels, temperature):
    scaled = logits / temperature
    top = scaled.max(axis=1)
    return np.mean(top + np.log(np.exp(scaled - top[:, None]).sum(axis=1)) - scaled[np.arange(len(labels)), labels])


def coolness(logits, labels):
    """The temperature with the least cross-entropy, by SciPy."""
    return float(np.exp(minimize_scalar(lambda power: cross_entropy(logits, labels, np.exp(power)), bounds=(-7, 7),
                                        method="bounded", options={"xatol": 1e-6}).x))


def sampled(rng, count, classes, temperature, spread=2.0):
    """Logits, and labels that follow the probabilities of logits / temperature."""
    logits = rng.normal(0, spread, (count, classes))
    chances = logits / temperature
    labels = (chances + rng.gumbel(size=chances.shape)).argmax(axis=1)
    return logits, labels


def compare_temperature(answer, logits, labels, what):
    got, wanted = float(numbers(answer(logits, labels), (), "the temperature")), coolness(logits, labels)
    expect(got > 0, f"a temperature is above zero, not {got:g}")
    if abs(np.log(got / wanted)) > 0.02:
        expect(abs(np.log(got * wanted)) > 0.02, f"{what}: {got:.3f} is the factor; the logits are *divided* by the "
               f"temperature, which is {wanted:.3f} here")
        raise Wrong(f"{what}: the temperature is {got:.3f}, the cross-entropy is least at {wanted:.3f}. It is "
                    f"{cross_entropy(logits, labels, got):.3f} at yours, {cross_entropy(logits, labels, wanted):.3f} there: the mean of -log of the probability of the true class, after "
                    "the logits were divided by the temperature")


def temperature_is_least(answer, rng, lab):
    """the cross-entropy is least there, for networks that are too sure and for those that are not sure enough"""
    for truth in (2.5, 1.0, 0.4):
        logits, labels = sampled(rng, 1500, int(rng.integers(3, 6)), truth)
        name = {2.5: "a network that is too sure", 1.0: "a network that says what is true",
                0.4: "a network that is not sure enough"}[truth]
        compare_temperature(answer, logits, labels, name)


def temperature_follows_the_scale(answer, rng, lab):
    """logits that are k times as large have a temperature k times as large, also where exponentials overflow"""
    logits, labels = sampled(rng, 800, 3, 1.5)
    for factor in (0.2, 5.0):
        compare_temperature(answer, factor * logits, labels, f"logits {factor:g} times as large")
    # float64 overflows beyond 709; the logits may be anywhere, since only their differences count.
    compare_temperature(answer, logits + 5000, labels, "logits that are all larger by 5,000, which changes no probability")
    compare_temperature(answer, 2 * logits + rng.normal(0, 50, (800, 1)), labels, "logits of each image moved by a number "
                        "of its own, which changes no probability")


def temperature_is_exact(answer, rng, lab):
    """it is found to two per cent, from few images as well"""
    for _ in range(4):
        logits, labels = sampled(rng, int(rng.integers(60, 120)), 4, float(np.exp(rng.uniform(-1, 1.5))), spread=1.5)
        compare_temperature(answer, logits, labels, f"{len(labels)} images")


# Task experiment, marked by hand

def experiment_is_complete(answer, rng, lab):
    """three variants or more, each with its parameters, its steps and what it got right, and a conclusion in words"""
    value = answer.value()
    expect(isinstance(value, dict) and all(isinstance(key, str) for key in value), "`experiment` must be a dict with text "
           "as keys")
    expect("conclusion" in value, "the key \"conclusion\" is missing")
    expect(isinstance(value["conclusion"], str) and len(value["conclusion"].split()) >= 40, "the conclusion must be at "
           "least 40 words")
    rows = {name: row for name, row in value.items() if name != "conclusion"}
    expect(len(rows) >= 3, f"there are {len(rows)} variants; three or more are asked for")
    right = []
    for name, row in rows.items():
        expect(isinstance(row, dict) and {"parameters", "steps", "right"} <= set(row), f"variant {name!r} must be a dict "
               "with the keys \"parameters\", \"steps\" and \"right\"")
        right.append(numbers(row["right"], (None,), f"what {name!r} got right"))
        expect(np.isin(right[-1], (0, 1)).all(), f"\"right\" of {name!r} holds one True or False for each test image")
        numbers(row["parameters"], (), f"the parameters of {name!r}"), numbers(row["steps"], (), f"the steps of {name!r}")
    expect(len({each.size for each in right}) == 1 and right[0].size >= 20, "all variants must be judged on the same "
           "images, twenty or more")
    expect(len({each.tobytes() for each in right}) == len(right), "two variants have the very same figures")


TASKS = (
    Task("scenes", "Which photographs show the same place", 25, "this lab, “One slide, photographed twice”",
         ("Loop over the moves, not over the pairs. For a move by `down` rows, the rows from `down` on of the first picture "
          "lie over the rows up to H - down of the second; for a negative move it is the other way round.",
          "Cut that common part out of all thumbnails at once, (N, h · w). Take off each row's mean, divide by its length: "
          "then `first @ second.T` holds the correlation of every pair for this move. Keep the largest over the moves.",
          "Links make groups: begin with np.arange(N), and give each photograph the smallest number among those it is "
          "linked to, again and again until nothing changes."),
         ((1, scenes_in_another_light), (2, scenes_moved), (1, scenes_in_chains))),
    Task("split", "Three parts without leakage", 20, "lesson 1.3, “The data”, and this lab, “One slide, photographed twice”",
         ("Decide for groups. np.unique(groups, return_inverse=True) numbers them from 0.",
          "Make a table of how many images of each class each group holds, and one of how many each part should hold.",
          "Measure each class as a share of its own total. Go through the groups, those that hold most first, and give each "
          "to the part after which least is missing: the sum of the squares of what is missing, divided by the part's share."),
         ((1, split_keeps_groups_together), (1, split_is_stratified), (1, split_is_drawn))),
    Task("network", "A network under a budget", 25, "lesson 1.1, “Counting: size, parameters, multiply-adds”",
         ("Three convolutions of 3x3, each followed by pooling, are enough. What is left is small enough for Flatten, which "
          "keeps where things are; a global average would forget it.",
          "Count along with the layers: keep the number of pixels, the channels, and two sums. A convolution adds "
          "9 · in · out + out parameters and pixels² · 9 · in · out multiply-adds; pooling halves the pixels, rounded down.",
          "Batch normalisation has four numbers a channel and no multiply-adds by our count. No softmax at the end."),
         ((1, network_gives_scores), (1, network_keeps_to_the_limits), (2, network_is_counted),
          (1, network_sees_everything))),
    Task("augment", "What does not change a cell", 20, "lesson 1.1, “Four changes, each measured”",
         ("The eight views: turn by 0 to 3 quarters (np.rot90 with axes=(1, 2) turns a whole batch), mirrored or not.",
          "Draw a view for each image, and turn those together that share one.",
          "Moving: np.pad by `shift` with mode=\"edge\", then cut a window that begins at two drawn numbers from 0 to "
          "2 · shift, both ends included. rng.integers leaves out its upper end."),
         ((1, augment_keeps_the_label), (1, augment_draws_all), (1, augment_repeats))),
    Task("classify", "The trained sorter", 20, "lesson 1.1, “Four changes, each measured”",
         ("compile with an optimiser and keras.losses.SparseCategoricalCrossentropy(from_logits=True); fit with `batches`.",
          "A rate that rises briefly and then falls to zero: keras.optimizers.schedules.CosineDecay(0.0, ..., "
          "warmup_target=5e-3, warmup_steps=...). `len(batches)` times the epochs is the number of steps.",
          "If a rare class is missed, choose the images for `Batches` so that it comes more often: np.repeat of their "
          "numbers. Then the probabilities are those of such a mixture; task 8 sets some of that right."),
         ((1, classifier_is_sound), (1, classifier_is_turned), (2, classifier_is_good))),
    Task("class_intervals", "How sure is each class", 15, "lesson 1.2, “How wrong is a test error?”",
         ("z is statistics.NormalDist().inv_cdf((1 + level) / 2).",
          "Square the equation and sort by powers of the end p: (1 + z²/n) p² - (2 r + z²/n) p + r² = 0, with the recall r.",
          "The middle is (r + z²/2n) / (1 + z²/n), and half the width is z · √(r (1 - r) / n + z² / 4n²) / (1 + z²/n)."),
         ((1, interval_of_recalls), (1, interval_solves_its_equation), (1, interval_at_the_ends))),
    Task("calibration_error", "Does 90 % mean 90 %", 15, "this lab, “Does 90 % mean 90 %?”",
         ("Two numbers an image: the largest probability, and whether its class is the label.",
          "The bin of a confidence: np.minimum((confidence * bins).astype(int), bins - 1).",
          "For each bin with images: the absolute difference of mean confidence and mean accuracy, times its share of all."),
         ((1, calibration_by_hand), (1, calibration_in_bins), (1, calibration_does_not_cancel))),
    Task("temperature", "One number that makes it honest", 15, "lesson 1.1, “Softmax and cross-entropy”, and this lab, "
         "“Does 90 % mean 90 %?”",
         ("Cross-entropy as a function of one number: -z_t / T + log Σ exp(z_c / T). Take the largest logit of each image "
          "off first; no probability changes by that, and nothing overflows.",
          "Try many temperatures, evenly spaced in their logarithm, and take the best. One per cent from one to the next is "
          "fine enough: np.geomspace.",
          "The range must be wide: a temperature of 0.05 and one of 50 can both occur."),
         ((1, temperature_is_least), (1, temperature_follows_the_scale), (1, temperature_is_exact))),
    Task("experiment", "What does it owe its accuracy to", 25, "lesson 1.3, “One ingredient at a time”",
         ("Change one thing at a time and keep the rest: steps, seed, training and test images.",
          "Ideas: no augmentation; the rare classes as often as the common one; grey images; half the maps; a split by "
          "cells instead of by scenes. Ask first what you expect.",
          "Two variants on the same images: count where only one of them is right, as lesson 1.2 does."),
         ((0, experiment_is_complete),), by_hand=7),
)
