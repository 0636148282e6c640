"""The tasks and checks of lab 6: a brush with a style of one's own.

Each check asks for a property on random inputs, or compares with another way to the same thing: einsum, finite
differences, the objective computed in NumPy. What the tasks are is said in chapters/06_style_transfer/lab.ipynb.
"""
import numpy as np
from scipy import ndimage

from helpers import metrics
from helpers.labs.tasks import Task, Wrong, expect, numbers

MEAN = np.array([103.939, 116.779, 123.68])  # what `look` takes away, as in lesson 6.1


def constants(variant):
    """What a class's variant changes. 0 is the course's own: the houses in the manner of Van Gogh and Hokusai, half and half."""
    if not variant:
        return {"style": 5.0, "smoothness": 10.0, "share": 0.5, "epsilon": 0.05, "window": 2.0, "photograph": 2,
                "paintings": (2, 0)}
    rng = np.random.default_rng([6, variant])
    return {"style": float(rng.choice([4.0, 6.0, 7.0, 8.0])), "smoothness": float(rng.choice([6.0, 8.0, 12.0, 14.0])),
            "share": float(rng.choice([0.3, 0.4, 0.6, 0.7])), "epsilon": float(rng.choice([0.02, 0.03, 0.08, 0.1])),
            "window": float(rng.choice([1.0, 1.5, 2.5, 3.0])), "photograph": int(rng.integers(3)),
            "paintings": tuple(int(each) for each in rng.choice(4, 2, replace=False))}


# Pictures that no data set holds

def uneven(rng, least, most):
    """Two sides, one half as long again as the other, so that rows and columns cannot be exchanged unnoticed."""
    short = int(rng.integers(least, most))
    sides = (short, short + short // 2 + 1)
    return sides if rng.random() < 0.5 else sides[::-1]


def scene(rng, height, width, count=12):
    """A picture (height, width, 3) in [0, 1]: soft discs and bars over a gradient."""
    rows, columns = np.mgrid[:height, :width]
    canvas = (rows / height)[..., None] * rng.uniform(-0.3, 0.3, 3) + rng.uniform(0.3, 0.7, 3)
    for _ in range(count):
        row, column, turn = rng.uniform(0, height), rng.uniform(0, width), rng.uniform(0, np.pi)
        along = (rows - row) * np.cos(turn) + (columns - column) * np.sin(turn)
        across = (columns - column) * np.cos(turn) - (rows - row) * np.sin(turn)
        distance = np.hypot(along, across) if rng.random() < 0.5 else np.maximum(np.abs(along), 3 * np.abs(across))
        cover = np.clip((rng.uniform(3, 12) - distance) / 2 + 0.5, 0, 1)[..., None]
        canvas = canvas + cover * (rng.uniform(0, 1, 3) - canvas)
    return np.clip(canvas, 0, 1)


def texture(rng, height, width):
    """A picture (height, width, 3) in [0, 1] of one texture: a few waves, in two colours."""
    rows, columns = np.mgrid[:height, :width]
    waves = sum(np.sin(2 * np.pi * (f * np.cos(a) * rows + f * np.sin(a) * columns) + rng.uniform(0, 6))
                for f, a in zip(rng.uniform(0.08, 0.25, 3), rng.uniform(0, np.pi, 3)))
    first, second = rng.uniform(0.0, 1.0, (2, 3))
    return np.clip(first + (second - first) * (0.5 + 0.5 * np.tanh(waves))[..., None], 0, 1)


# Task move_colours

def moments(image):
    pixels = np.asarray(image, dtype=float).reshape(-1, 3)
    return pixels.mean(axis=0), np.cov(pixels, rowvar=False)


def coloured(rng, height, width):
    """A picture whose three colours depend on each other in a random way, and may leave [0, 1] a little."""
    return 0.5 + rng.normal(size=(height, width, 3)) @ rng.uniform(-0.12, 0.12, (3, 3)) + rng.uniform(-0.2, 0.2, 3)


def moved(answer, image, other):
    return numbers(answer(image, other), image.shape, "the picture with moved colours")


def colours_match(answer, rng, lab):
    """the result has the mean and the covariance of the other picture's colours"""
    for _ in range(2):
        image, other = coloured(rng, *uneven(rng, 12, 20)), coloured(rng, *uneven(rng, 12, 20))
        got = moved(answer, image, other)
        (mean, covariance), (own_mean, own_covariance) = moments(other), moments(got)
        expect(np.allclose(own_mean, mean, atol=2e-3), f"the mean colour is {own_mean.round(3).tolist()}; the other "
               "picture "
               f"has {mean.round(3).tolist()}")
        size = np.abs(covariance).max()
        expect(np.allclose(own_covariance, covariance, atol=0.02 * size), "the covariance of the colours is not the other "
               f"picture's: on the diagonal {np.diag(own_covariance).round(4).tolist()}, not "
               f"{np.diag(covariance).round(4).tolist()}. Are all nine entries matched, and nothing clipped?")


def colours_move_least(answer, rng, lab):
    """of all linear maps that match both, it is the one that moves the colours least"""
    for _ in range(2):
        image, other = coloured(rng, *uneven(rng, 12, 20)), coloured(rng, *uneven(rng, 12, 20))
        got = moved(answer, image, other)
        (mean, covariance), (own_mean, own_covariance) = moments(other), moments(got)
        expect(np.allclose(own_mean, mean, atol=2e-3) and np.allclose(own_covariance, covariance,
               atol=0.02 * np.abs(covariance).max()), "mean and covariance do not match")
        way = np.mean(np.sum((got - image) ** 2, axis=-1))
        least = metrics.frechet_distance(image.reshape(-1, 3), other.reshape(-1, 3))
        expect(way < 1.02 * least + 1e-5, f"mean and covariance match, but the colours move {np.sqrt(way / least):.2f} "
               "times as "
               "far as they must. The matrix of the shortest way is symmetric; a product of two symmetric matrices is not")


def colours_of_grey(answer, rng, lab):
    """a grey picture and a picture of one colour are no exceptions, and a picture with its own colours stays as it is"""
    height, width = uneven(rng, 12, 20)
    image = coloured(rng, height, width)
    got = moved(answer, image, image)
    expect(np.abs(got - image).max() < 0.01, "a picture that is given its own colours must stay as it is")
    grey = np.repeat(rng.uniform(0.2, 0.8, (height, width, 1)), 3, axis=-1)
    for name, given, other in (("a grey picture", grey, image), ("a picture of one colour", np.full_like(image, 0.4), image),
                               ("a grey target", image, grey)):
        got = moved(answer, given, other)
        expect(np.isfinite(got).all() and np.abs(got).max() < 5 and np.allclose(moments(got)[0], moments(other)[0], atol=0.02),
               f"{name} has a covariance without an inverse; add 1e-8 of the unit matrix to both covariances before taking "
               "roots "
               "or powers, and keep the means right")


# Task guide_pyramid

def halved(guide):
    """Means of blocks of 2 x 2, written with sums of slices."""
    height, width = (side // 2 * 2 for side in guide.shape)
    even = guide[:height, :width]
    return (even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) / 4


def pyramid_of(answer, guide, count):
    value = answer(guide, count)
    expect(isinstance(value, (list, tuple)), "the guides must be a list, the largest first")
    expect(len(value) == count, f"{count} guides are asked for, the given one among them; there are {len(value)}")
    return value


def pyramid_is_means(answer, rng, lab):
    """each guide is made of the means of 2 x 2 places of the one before"""
    for _ in range(2):
        side = int(rng.integers(2, 4)) * 8
        guide = rng.uniform(size=(side, side + 16))
        got = pyramid_of(answer, guide, 4)
        expected = guide
        for place, each in enumerate(got):
            each = numbers(each, expected.shape, f"guide {place} for a guide of {guide.shape[0]} x {guide.shape[1]}")
            expect(np.allclose(each, expected, atol=1e-5), f"guide {place} is not right" + (
                "; the first must be the guide as it is" if place == 0 else ": each place is the mean of 2 x 2 places of "
                "the guide before, so that a soft border stays soft"))
            expected = halved(expected)


def pyramid_of_odd_sizes(answer, rng, lab):
    """at odd sizes the last row or column is left out, as the network's own pooling does"""
    for sides in ((23, 38), (30, 21), (45, 27)):
        guide = rng.uniform(size=sides)
        expected = guide
        for place, each in enumerate(pyramid_of(answer, guide, 4)):
            each = numbers(each, expected.shape, f"guide {place} for a guide of {sides[0]} x {sides[1]}")
            expect(np.allclose(each, expected, atol=1e-5), f"guide {place} for a guide of {sides[0]} x {sides[1]} is not "
                   "right: "
                   "pooling starts at the first row and column and leaves out what does not fill a block, at each level "
                   "anew")
            expected = halved(expected)
    expect(len(pyramid_of(answer, rng.uniform(size=(9, 8)), 1)) == 1, "with count 1 the guide itself is the answer")


# Task guided_gram

def grams_of(answer, maps, guide):
    return numbers(answer(maps.astype(np.float32), guide.astype(np.float32)), (len(maps), maps.shape[3], maps.shape[3]),
                   f"the matrices for maps of {maps.shape}")


def by_einsum(maps, guide):
    return np.einsum("hw,nhwc,nhwd->ncd", guide, maps, maps) / max(guide.sum(), 1e-12)


def gram_is_a_weighted_mean(answer, rng, lab):
    """it is the mean of the products of channels, weighted by the guide"""
    for count, channels in ((1, 4), (2, 3)):
        maps = rng.normal(size=(count, *uneven(rng, 5, 9), channels)) + 0.3
        plain = grams_of(answer, maps, np.ones(maps.shape[1:3]))
        expect(np.allclose(plain, by_einsum(maps, np.ones(maps.shape[1:3])), atol=1e-4), "with a guide of ones it must be "
               "the Gram matrix of lesson 6.1, the mean over all places")
        guide = rng.uniform(size=maps.shape[1:3]) ** 2
        expect(np.allclose(grams_of(answer, maps, guide), by_einsum(maps, guide), atol=1e-4), "with a guide between 0 and "
               "1 the matrix is not the weighted mean: each place counts as much as its guide says, once (maps that are "
               "multiplied by the guide before the product carry its square)")


def gram_is_normalised(answer, rng, lab):
    """the size of the picture, of the guide and of what lies outside do not matter"""
    maps, guide = rng.normal(size=(1, *uneven(rng, 6, 10), 3)), None
    guide = rng.uniform(0.1, 1, size=maps.shape[1:3])
    own = grams_of(answer, maps, guide)
    twice = grams_of(answer, np.concatenate([maps, maps], axis=1), np.concatenate([guide, guide], axis=0))
    expect(np.allclose(own, twice, atol=1e-4), "a picture with twice as much of the same texture must have the same matrix")
    for share in (0.3, 0.05):
        expect(np.allclose(own, grams_of(answer, maps, share * guide), atol=1e-4), f"the guide times {share} must give the "
               "same "
               "matrix: divide by the sum of the guide, not by the number of places")
    kept = guide * (rng.random(guide.shape) < 0.3)
    expect(np.allclose(grams_of(answer, maps, kept), grams_of(answer, np.where(kept[..., None] > 0, maps, 77.0), kept), atol=1e-4),
           "what lies where the guide is 0 must not matter")


def gram_parts_add_up(answer, rng, lab):
    """two guides that make up the whole add up to the whole, and a guide of zeros gives zeros"""
    maps = rng.normal(size=(2, *uneven(rng, 6, 10), 3))
    guide = rng.uniform(size=maps.shape[1:3])
    inside, outside, whole = (grams_of(answer, maps, each) for each in (guide, 1 - guide, np.ones_like(guide)))
    share = guide.mean()
    expect(np.allclose(share * inside + (1 - share) * outside, whole, atol=1e-4), "inside and outside, each times its "
           "share of the picture, must add up to the matrix of the whole picture")
    nothing = grams_of(answer, maps, np.zeros_like(guide))
    expect(np.allclose(nothing, 0, atol=1e-3), "a guide of zeros must give zeros, not a division by zero: add something "
           "tiny, such as 1e-8, to the sum")


# Task blend

def random_gram(rng, channels):
    rows = rng.normal(size=(3 * channels, channels)) + rng.uniform(0, 1, channels)
    return rows.T @ rows / len(rows) * rng.uniform(0.5, 4)


def blended(answer, first, second, share):
    value = answer(first, second, share)
    expect(isinstance(value, (tuple, list)) and len(value) == 3, "three things are asked for: wanted, weight, rest")
    channels = len(first)
    return (numbers(value[0], (channels, channels), "the wanted matrix"), float(numbers(value[1], (), "the weight")),
            float(numbers(value[2], (), "the rest")))


def mixed_distance(gram, first, second, share):
    return (share * np.sum((gram - first) ** 2) / np.sum(first**2)
            + (1 - share) * np.sum((gram - second) ** 2) / np.sum(second**2))


def blend_is_least(answer, rng, lab):
    """no matrix has a smaller mixed distance than the wanted one"""
    for channels in (3, 5):
        first, second, share = random_gram(rng, channels), random_gram(rng, channels), float(rng.uniform(0.2, 0.8))
        wanted, _, _ = blended(answer, first, second, share)
        least = mixed_distance(wanted, first, second, share)
        for step in (0.02, -0.02):
            for towards in (first, second, random_gram(rng, channels)):
                other = mixed_distance(wanted + step * (towards - wanted), first, second, share)
                expect(other > least, "there is a matrix with a smaller mixed distance than the wanted one. Set the slope "
                       "to zero; each painting's part is divided by its own |A|², so the mean is not weighted by the "
                       "shares alone")


def blend_is_the_same_distance(answer, rng, lab):
    """one weighted distance and a rest are the mixed distance, for any matrix"""
    for channels in (3, 4, 6):
        first, second, share = random_gram(rng, channels), random_gram(rng, channels), float(rng.uniform(0.1, 0.9))
        wanted, weight, rest = blended(answer, first, second, share)
        for _ in range(3):
            gram = random_gram(rng, channels)
            got, should = weight * np.sum((gram - wanted) ** 2) + rest, mixed_distance(gram, first, second, share)
            expect(abs(got - should) < 1e-4 * max(1, should), "for a random matrix G, weight · |G - wanted|² + rest is "
                   f"{got:.4f}, "
                   f"but the mixed distance is {should:.4f}. Which number belongs in front of |G|², and what is left at G "
                   "= wanted?")


def blend_at_the_ends(answer, rng, lab):
    """one painting alone, and twice the same painting, are blends too"""
    first, second = random_gram(rng, 4), random_gram(rng, 4)
    for name, one, two, share, target in (("share 1", first, second, 1.0, first), ("share 0", first, second, 0.0, second),
                                          ("the same painting twice", first, first, 0.4, first)):
        wanted, weight, rest = blended(answer, one, two, share)
        expect(np.allclose(wanted, target, atol=1e-4) and abs(weight * np.sum(target**2) - 1) < 1e-4 and abs(rest) < 1e-4,
               f"for {name} the blend must be the relative distance to that one painting, with nothing left over")


# Task paint

STEPS, RATE = 50, 8 / 255


def instrument(rng):
    """A small random instrument: two stages of 3 x 3 convolutions, scaled so that values neither grow nor fade."""
    def layer(before, after):
        return [rng.normal(0, np.sqrt(2 / (9 * before)), (3, 3, before, after)).astype(np.float32),
                rng.uniform(0, 5, after).astype(np.float32)]
    return [[layer(3, 8), layer(8, 8)], [layer(8, 12), layer(12, 12)]]


def convolved(maps, kernel):
    """A 3 x 3 convolution of maps (H, W, C), zeros around them, without its bias."""
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(maps, ((1, 1), (1, 1), (0, 0))), (3, 3), axis=(0, 1))
    return np.tensordot(windows, kernel, axes=((3, 4, 2), (0, 1, 2)))


def look(stages, image):
    """What an instrument sees of an image (H, W, 3), in NumPy: the maps after each convolution, by stage."""
    maps, found = 255 * image[..., ::-1] - MEAN, []
    for number, stage in enumerate(stages):
        if number:
            maps = np.stack([halved(maps[..., channel]) for channel in range(maps.shape[2])], axis=-1)
        found.append([])
        for kernel, bias in stage:
            maps = np.maximum(convolved(maps, kernel) + bias, 0)
            found[-1].append(maps)
    return found


class Objective:
    """The objective of the task in NumPy, as a function of the picture, with its slope."""

    def __init__(self, photograph, wanted, weights, guide, stages, smoothness):
        self.stages = [[(kernel.astype(float), bias.astype(float)) for kernel, bias in stage] for stage in stages]
        self.content = look(self.stages, photograph.astype(float))[-1][-1]
        self.wanted, self.weights, self.smoothness = wanted, weights, smoothness
        self.guides = [guide.astype(float)]
        while len(self.guides) < len(stages):
            self.guides.append(halved(self.guides[-1]))

    def parts(self, image, seen=None):
        """Content, style and smoothness; the objective is their sum."""
        seen = seen or look(self.stages, image)
        kept = np.sum((seen[-1][-1] - self.content) ** 2) / np.sum(self.content**2)
        style = sum(weight * np.sum((by_einsum(maps[0][None], guide)[0] - matrix) ** 2)
                    for maps, guide, matrix, weight in zip(seen, self.guides, self.wanted, self.weights))
        rough = np.mean(np.diff(image, axis=0) ** 2) + np.mean(np.diff(image, axis=1) ** 2)
        return np.array([kept, style, self.smoothness * rough])

    def slope(self, image):
        """The slope of the objective, backwards through the instrument."""
        seen = look(self.stages, image)
        back = 2 * (seen[-1][-1] - self.content) / np.sum(self.content**2)
        for level in reversed(range(len(self.stages))):
            for place in reversed(range(len(self.stages[level]))):
                maps, kernel = seen[level][place], self.stages[level][place][0]
                if place == 0:
                    guide = self.guides[level]
                    apart = by_einsum(maps[None], guide)[0] - self.wanted[level]
                    back = back + 4 * self.weights[level] / guide.sum() * guide[..., None] * (maps @ apart)
                back = convolved(back * (maps > 0), kernel[::-1, ::-1].swapaxes(2, 3))
            if level:
                spread, below = back, seen[level - 1][-1]
                back = np.zeros_like(below)
                back[:2 * len(spread), :2 * spread.shape[1]] = np.repeat(np.repeat(spread / 4, 2, axis=0), 2, axis=1)
        back = 255 * back[..., ::-1]
        for axis in (0, 1):
            difference = np.diff(image, axis=axis)
            edge = [(1, 1) if each == axis else (0, 0) for each in range(3)]
            back = back - 2 * self.smoothness / difference.size * np.diff(np.pad(difference, edge), axis=axis)
        return back

    def descend(self, image, steps, rate=RATE):
        """The picture after `steps` steps of Adam, whose rate falls as in lesson 6.1."""
        image, mean, square = image.astype(float), 0.0, 0.0
        for step in range(1, steps + 1):
            slope = self.slope(image)
            mean, square = 0.9 * mean + 0.1 * slope, 0.999 * square + 0.001 * slope**2
            move = mean / (1 - 0.9**step) / (np.sqrt(square / (1 - 0.999**step)) + 1e-7)
            image = np.clip(image - rate * 0.5 ** (step / 50) * move, 0, 1)
        return image


_REACHED = {}  # what Adam reaches, by what it was given: a class is judged with the same inputs


def reached(given, lab, start=None):
    """The objective of what `paint` is given, and the picture that lesson 6.1's Adam reaches in `STEPS` steps."""
    objective, start = Objective(*given, lab.smoothness), given[0] if start is None else start
    key = b"".join(each.tobytes() for each in (start, given[0], given[3])) + str((given[2], lab.smoothness)).encode()
    if key not in _REACHED:
        _REACHED[key] = objective.descend(start, STEPS)
    return objective, _REACHED[key]


def easel(rng, lab, guide=None):
    """What `paint` is given: a photograph, what is wanted of it, the guide, an instrument."""
    height, width = (35, 52) if rng.random() < 0.5 else (52, 35)
    photograph = scene(rng, height, width).astype(np.float32)
    stages = instrument(rng)
    painted, own = (look(stages, each) for each in (texture(rng, 40, 48), photograph))
    guide = np.ones((height, width)) if guide is None else guide(height, width)
    wanted, weights, level = [], [], guide
    for theirs, ours in zip(painted, own):
        wanted.append(by_einsum(theirs[0][None], np.ones(theirs[0].shape[:2]))[0])
        weights.append(lab.style / len(stages) / np.sum((by_einsum(ours[0][None], level)[0] - wanted[-1]) ** 2))
        level = halved(level)
    return (photograph, [each.astype(np.float32) for each in wanted], [float(each) for each in weights],
            guide.astype(np.float32), stages)


def painted(answer, given, steps, start=None):
    options = {} if start is None else {"start": start}
    picture = numbers(answer(*given, steps, **options), given[0].shape, "the painted picture")
    expect(picture.min() >= -1e-4 and picture.max() <= 1 + 1e-4, "the picture must stay in [0, 1]; it goes from "
           f"{picture.min():.2f} to {picture.max():.2f}")
    return picture


def told(before, ours, wanted):
    """Three objectives with their parts in words."""
    def parts(each):
        return f"{each.sum():.2f} ({', '.join(f'{part:.2f}' for part in each)})"
    return (f"after {STEPS} steps the objective (content, style, smoothness) is {parts(ours)}; it begins at "
            f"{parts(before)}, and "
            f"lesson 6.1's Adam brings it to {parts(wanted)}. ")


def paint_keeps_to_the_guide(answer, rng, lab):
    """style acts where the guide is 1; where it is 0 the photograph stays; and the start is where it begins"""
    half = bool(rng.random() < 0.5)

    def guide(height, width):
        across = np.clip((np.arange(width) - width / 2) / 4 + 0.5, 0, 1) * np.ones((height, 1))
        return across if half else 1 - across

    given = easel(rng, lab, guide)
    photograph, marked = given[0].astype(float), given[3] == 1
    far = ndimage.distance_transform_edt(given[3] == 0) > 5
    by_us, by_adam = (np.abs(each - photograph).mean(axis=2) for each in (
        painted(answer, given, STEPS), reached(given, lab)[1]))
    expect(by_us[marked].mean() > 0.3 * by_adam[marked].mean(), "where the guide is 1 the picture has hardly changed, by "
           f"{by_us[marked].mean():.3f} in the mean; lesson 6.1's Adam changes it by {by_adam[marked].mean():.3f}")
    expect(by_us[far].mean() < 1.5 * by_adam[far].mean() + 0.005, "where the guide is 0, and more than five pixels around, the "
           f"picture changed by {by_us[far].mean():.3f} in the mean; content and smoothness alone change it by "
           f"{by_adam[far].mean():.3f}. Does each layer have its own guide of the pyramid, and does the objective use guided "
           "matrices?")
    start = np.clip(given[0][::-1, ::-1] * 0.5 + 0.25, 0, 1)
    near = np.abs(painted(answer, given, 2, start=start) - start).mean()
    expect(near < 0.5 * np.abs(given[0] - start).mean(), "with a start given and only 2 steps, the picture must still be "
           "near to the start, and not to the photograph: `start` is where the picture begins, the photograph is what it "
           "is compared with")


def paint_brings_the_scene_back(answer, rng, lab):
    """with no style asked for, content and smoothness bring the scene back from another picture"""
    photograph, wanted, weights, guide, stages = easel(rng, lab)
    given = photograph, wanted, [0.0 for _ in weights], guide, stages
    start = np.clip(photograph[::-1, ::-1] * 0.5 + 0.25, 0, 1)
    picture, (objective, adam) = painted(answer, given, STEPS, start=start), reached(given, lab, start)
    for name, other in (("start", start), ("photograph", photograph)):
        expect(np.abs(picture - other).max() > 1e-3, f"this is the {name}, unchanged")
    before, ours, least = (objective.parts(each) for each in (start.astype(float), picture, adam))
    expect(ours.sum() < 2 * least.sum(), "all weights of the style are 0 and `start` is another picture; "
           + told(before, ours, least) + "Which of the two parts is too large?")


def paint_lowers_the_objective(answer, rng, lab):
    """the objective is as low as a sensible optimiser brings it in that many steps"""
    given = easel(rng, lab)
    picture, photograph, (objective, adam) = painted(answer, given, STEPS), given[0].astype(float), reached(given, lab)
    expect(np.abs(picture - photograph).max() > 1e-3, "this is the photograph, unchanged")
    before, ours, least = (objective.parts(each) for each in (photograph, picture, adam))
    expect(ours.sum() < ENOUGH * least.sum(), told(before, ours, least) + f"At most {ENOUGH} times as much is asked for. "
           "A part that is far larger than Adam's is missing from your objective, or has another weight; if all are larger, "
           "try another rate")


ENOUGH = 1.4


# Task variation

def variation_of(answer, image, epsilon):
    value = answer(image, epsilon)
    expect(isinstance(value, (tuple, list)) and len(value) == 2, "two things are asked for: the value and the slope")
    return float(numbers(value[0], (), "the value")), numbers(value[1], image.shape, "the slope")


def robust(image, epsilon):
    """The robust variation, with np.diff."""
    return sum(np.mean(np.sqrt(np.diff(image, axis=axis) ** 2 + epsilon**2) - epsilon) for axis in (0, 1))


def variation_has_the_value(answer, rng, lab):
    """the value is right, and a jump costs what many small steps cost"""
    for epsilon in (lab.epsilon, 0.01, 0.3):
        image = rng.uniform(size=(*uneven(rng, 6, 12), 3))
        value, _ = variation_of(answer, image, epsilon)
        expect(abs(value - robust(image, epsilon)) < 1e-5, f"for a random picture of {image.shape[0]} x {image.shape[1]} "
               "and epsilon "
               f"{epsilon} the value is {value:.4f}, not {robust(image, epsilon):.4f}; downwards and across are two means, "
               "each over "
               "its own number of differences")
    flat, _ = variation_of(answer, np.full((7, 9, 3), rng.uniform()), 0.05)
    expect(abs(flat) < 1e-6, "a picture of one colour varies not at all: 0 is asked for, so subtract epsilon")


def variation_has_the_slope(answer, rng, lab):
    """the slope is that of the value, by finite differences at random places and in a random direction"""
    for epsilon in (lab.epsilon, 0.2):
        image = rng.uniform(size=(*uneven(rng, 6, 10), 3))
        _, slope = variation_of(answer, image, epsilon)
        places = [(0, 0, 0), tuple(side - 1 for side in image.shape), (0, image.shape[1] - 1, 1)]
        places += [tuple(int(rng.integers(side)) for side in image.shape) for _ in range(6)]
        for place in places:
            step = np.zeros_like(image)
            step[place] = 1e-4
            wanted = (robust(image + step, epsilon) - robust(image - step, epsilon)) / 2e-4
            expect(abs(slope[place] - wanted) < 1e-3 * np.abs(slope).max() + 1e-7, f"at {place} of a picture of "
                   f"{image.shape} the slope is "
                   f"{slope[place]:.5f}, by finite differences it is {wanted:.5f}. Each difference pulls two pixels, one "
                   "up and one "
                   "down; at the border one of the differences is missing")
        direction = rng.normal(size=image.shape)
        wanted = (robust(image + 1e-4 * direction, epsilon) - robust(image - 1e-4 * direction, epsilon)) / 2e-4
        expect(abs(np.sum(slope * direction) - wanted) < 1e-3 * np.abs(slope).sum(), "in a random direction the slope is "
               "wrong")


def variation_pulls_in_pairs(answer, rng, lab):
    """the slope sums to zero in each colour, turns with the picture, and is bounded however steep the edge"""
    image = rng.uniform(size=(*uneven(rng, 6, 10), 3))
    _, slope = variation_of(answer, image, lab.epsilon)
    expect(np.abs(slope).max() > 1e-6, "the slope of a random picture is not zero")
    expect(np.allclose(slope.sum(axis=(0, 1)), 0, atol=1e-5), "adding the same number to all pixels changes nothing, so "
           "the slope must sum to zero in each colour")
    _, turned = variation_of(answer, image.swapaxes(0, 1), lab.epsilon)
    expect(np.allclose(turned, slope.swapaxes(0, 1), atol=1e-6), "when rows and columns are exchanged, so is the slope")
    _, steep = variation_of(answer, 1000 * image, lab.epsilon)
    height, width = image.shape[:2]
    most = 2 / ((height - 1) * width * 3) + 2 / (height * (width - 1) * 3)
    expect(np.abs(steep).max() < most * 1.001, "however steep an edge, each difference pulls with no more than 1 over the "
           "number of differences; that is what makes it robust")


# Task edges_kept

def tensors(luma, window):
    """The structure tensor at each place, (H, W, 2, 2), smoothed."""
    slopes = np.stack(np.gradient(luma.astype(float)), axis=-1)
    products = slopes[..., :, None] * slopes[..., None, :]
    return np.stack([[ndimage.gaussian_filter(products[..., i, j], window) for j in range(2)] for i in range(2)]).transpose(2, 3, 0, 1)


def agreement(photograph, picture, window):
    one, two = tensors(photograph, window), tensors(picture, window)
    return np.sum(one * two) / np.sqrt(np.sum(one**2) * np.sum(two**2))


def kept(answer, photograph, picture, window):
    return float(numbers(answer(photograph, picture, window), (), "the share of edges kept"))


def edges_by_the_formula(answer, rng, lab):
    """it is the cosine of the two fields of tensors"""
    for window in (lab.window, 0.7, 3.0):
        one, two = (ndimage.gaussian_filter(rng.normal(size=sides), 1.0) for sides in [uneven(rng, 16, 24)] * 2)
        two = one + rng.uniform(0.3, 1.5) * two
        got, wanted = kept(answer, one, two, window), agreement(one, two, window)
        expect(abs(got - wanted) < 2e-3, f"for two random lumas and window {window} the answer is {got:.4f}, by the "
               f"formula {wanted:.4f}. "
               "The tensor has two equal entries off its diagonal, and both count")


def edges_do_not_mind_contrast(answer, rng, lab):
    """it is 1 for the photograph itself, in any contrast and also as a negative, and the same from both sides"""
    luma = scene(rng, *uneven(rng, 20, 30))[..., 1]
    for gain, shift in ((1, 0), (0.3, 0.2), (-1, 1)):
        got = kept(answer, luma, gain * luma + shift, lab.window)
        expect(abs(got - 1) < 1e-3, f"the photograph times {gain} plus {shift} has all its edges; the answer must be 1, "
               f"not {got:.3f}")
    other = scene(rng, *luma.shape)[..., 1]
    there, back = kept(answer, luma, other, lab.window), kept(answer, other, luma, lab.window)
    expect(abs(there - back) < 1e-4, "photograph and picture may be exchanged")
    expect(there < 0.97, "another scene must not have all edges of this one")


def edges_lie_between(answer, rng, lab):
    """it is between 0 and 1, least where edges cross at right angles, and a flat picture keeps nothing"""
    side = int(rng.integers(20, 30))
    rows, columns = np.mgrid[:side, :side + 7]
    waves = [np.sin(rng.uniform(0.4, 0.8) * each) for each in (rows, columns)]
    got = kept(answer, *waves, lab.window)
    expect(-1e-4 < got < 0.05, f"stripes across stripes: no edge is kept, but the answer is {got:.3f}")
    diagonal = [np.sin(0.5 * (rows + sign * columns)) for sign in (1, -1)]
    got = kept(answer, *diagonal, 0.3)
    expect(got < 0.2, f"diagonal stripes the one way and the other also cross at right angles; the answer is {got:.3f}")
    for _ in range(3):
        got = kept(answer, *(rng.normal(size=(15, 22)) for _ in range(2)), lab.window)
        expect(0 <= got <= 1, f"{got:.3f} is not between 0 and 1")
    got = kept(answer, waves[0], np.full_like(waves[0], 0.5), lab.window)
    expect(abs(got) < 1e-3, f"a picture of one grey keeps no edge: 0 is asked for, not {got:.3f}; mind the division by "
           "zero")


# Task postcard, marked by hand

def postcard_is_complete(answer, rng, lab):
    """sources, three pictures or more with their settings and figures, a failure among them, and an account in words"""
    value = answer.value()
    expect(isinstance(value, dict), "`postcard` must be a dict")
    for key, words in (("photograph", 4), ("style", 4), ("account", 60)):
        expect(key in value, f"the key \"{key}\" is missing")
        expect(isinstance(value[key], str) and len(value[key].split()) >= words, f"\"{key}\" must be text of at least "
               f"{words} words")
    rows = value.get("pictures")
    expect(isinstance(rows, dict) and len(rows) >= 3, "\"pictures\" must be a dict of three pictures or more, by name")
    seen = []
    for name, row in rows.items():
        expect(isinstance(row, dict) and {"picture", "settings", "edges kept"} <= set(row), f"picture {name!r} must be a "
               "dict with the "
               "keys \"picture\", \"settings\" and \"edges kept\"")
        picture = numbers(row["picture"], (None, None, 3), f"the picture of {name!r}")
        expect(min(picture.shape[:2]) >= 16 and picture.std() > 0.01, f"the picture of {name!r} shows nothing")
        share = float(numbers(row["edges kept"], (), f"the edges kept of {name!r}"))
        expect(0 <= share <= 1, f"the edges kept of {name!r} must be a share between 0 and 1")
        expect(all(each.shape != picture.shape or not np.allclose(each, picture) for each in seen), "two pictures are the "
               "very same")
        seen.append(picture)


TASKS = (
    Task("move_colours", "Colours, moved as little as can be", 25, "lesson 6.1, “The baseline”, and lesson 4.2, “A "
         "distance between two clouds”",
         ("The map is x' = m_b + T (x - m_a) with T Σa T = Σb. Which symmetric T does that?",
          "Call R the root of Σa. R T R, squared, is R Σb R: write it out. So R T R is the root of R Σb R.",
          "Roots of symmetric matrices: values, vectors = np.linalg.eigh(matrix), then vectors * values**0.5 @ vectors.T. "
          "Add 1e-8 of the unit matrix to both covariances first."),
         ((1, colours_match), (2, colours_move_least), (1, colours_of_grey))),
    Task("guide_pyramid", "A guide for each layer", 10, "lesson 6.1, exercise 4 in “Exercises”",
         ("The network halves its maps by means of 2 x 2 places. Do the same with the guide.",
          "At an odd side the last row or column is left out: guide[:height // 2 * 2].",
          "A reshape to (h, 2, w, 2) and a mean over axes 1 and 3."),
         ((1, pyramid_is_means), (1, pyramid_of_odd_sizes))),
    Task("guided_gram", "Style, only where the guide says", 20, "lesson 6.1, “Style: what occurs together, wherever it is”",
         ("Each place's products of channels count as often as the guide says; the sum is divided by the sum of the guide.",
          "Multiply one of the two factors by the guide, not both.",
          "ops.einsum(\"hw,nhwc,nhwd->ncd\", guide, maps, maps), or a reshape to rows and a matrix product. Divide by the "
          "sum of the guide plus 1e-8."),
         ((1, gram_is_a_weighted_mean), (1, gram_is_normalised), (1, gram_parts_add_up))),
    Task("blend", "Two styles for the price of one", 15, "lesson 6.1, exercise 3 in “Exercises”",
         ("Give the two parts their factors: a = share / |A|² and b = (1 - share) / |B|². What is a |G - A|² + b |G - B|²?",
          "It is a sum of squares in G: the factor of |G|² is a + b. Complete the square.",
          "wanted = (a A + b B) / (a + b). What is left is the value at G = wanted, which is a b / (a + b) · |A - B|²."),
         ((1, blend_is_least), (1, blend_is_the_same_distance), (1, blend_at_the_ends))),
    Task("paint", "The brush", 35, "lesson 6.1, “The model” and “Training”",
         ("Compute what does not change once: the content maps of the photograph and the guides. Then write a function "
          "`objective(image)` of the three parts and give it to `Picture`.",
          "content_loss(maps, target) and total_variation(image) are imported. The style is the sum of weight * sum((gram "
          "- wanted)²).",
          "Adam with a rate of about 8/255 that falls. `canvas.fit(np.zeros((steps, 1), \"float32\"), batch_size=1, "
          "verbose=0)` makes `steps` steps; the picture is canvas.image."),
         ((2, paint_keeps_to_the_guide), (1, paint_brings_the_scene_back), (2, paint_lowers_the_objective))),
    Task("variation", "Smooth, but with edges", 25, "lesson 6.1, “Smoothness, and the objective”",
         ("The value first: d = np.diff(image, axis=0), then the mean of sqrt(d² + epsilon²) - epsilon, and the same "
          "across.",
          "The slope of one term with respect to its difference is d / sqrt(d² + epsilon²). A difference is the lower "
          "pixel minus the upper one, so the lower one gets plus this, the upper one minus it.",
          "slope = np.zeros_like(image); slope[1:] += pull; slope[:-1] -= pull; with pull divided by the number of "
          "differences. Then the same for axis 1."),
         ((1, variation_has_the_value), (2, variation_has_the_slope), (1, variation_pulls_in_pairs))),
    Task("edges_kept", "How much of the scene is left", 20, "this lab, “What is left of the scene?”",
         ("down, across = np.gradient(luma). The tensor's entries are down², down · across and across², each smoothed by "
          "ndimage.gaussian_filter(…, window).",
          "The product of two tensors is the sum over all four entries; the one off the diagonal occurs twice.",
          "Divide by the root of the two squared lengths; where that is 0, answer 0."),
         ((1, edges_by_the_formula), (1, edges_do_not_mind_contrast), (1, edges_lie_between))),
    Task("postcard", "A style of your own", 30, "lesson 6.1, “One change at a time” and “Where it fails”",
         ("A style can be a drawing of yours, fabric, bark, a wall: whatever fills a picture with one texture. Photograph "
          "it yourself, or say whose it is and that you may use it.",
          "Try the size of the style picture and the weight first; they change the most. Keep what failed.",
          "Where edges kept and your eye disagree, say so, and say why."),
         ((0, postcard_is_complete),), by_hand=7),
)
