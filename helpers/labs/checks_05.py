"""The tasks and checks of lab 5: an enlarger for x4 and its data sheet.

Each check asks for a property on random inputs, or compares with another way to the same thing: the helpers of chapter
5, SciPy, a sum written as loops. What the tasks are is said in chapters/05_super_resolution/lab.ipynb.
"""
import numpy as np
from scipy.ndimage import correlate

from helpers import metrics, super_resolution
from helpers.labs.tasks import Answer, Task, Wrong, expect, numbers

SCALE = 4


def constants(variant):
    """What a class's variant changes. 0 is the course's own: Keys' a = -0.5, a level of 95 %, bands split at 1/8, 1/4."""
    rng = np.random.default_rng([5, variant])
    if not variant:
        return {"a": -0.5, "level": 0.95, "cutoffs": (1 / 8, 1 / 4), "limit": 12_000, "pictures": 0}
    return {"a": float(rng.choice([-0.4, -0.55, -0.6, -0.65, -0.75])), "level": float(rng.choice([0.8, 0.9, 0.98, 0.99])),
            "cutoffs": tuple(float(each) for each in sorted(rng.choice([0.06, 0.1, 0.125, 0.17, 0.22, 0.3, 0.36], 2, False))),
            "limit": int(rng.integers(100, 150)) * 100, "pictures": int(variant)}


# Pictures that no data set holds

def picture(rng, height, width, count=160):
    """A luma (height, width) in [16, 235]: discs and bars of all sizes over each other, edges smooth by two pixels."""
    canvas = np.full((height, width), rng.uniform(60, 180))
    for _ in range(count):
        row, column, turn = rng.uniform(0, height), rng.uniform(0, width), rng.uniform(0, np.pi)
        radius = 3 / rng.uniform(0.03, 1)  # many small ones, a few large ones
        reach = 1.1 * radius + 2
        near = tuple(slice(max(0, int(middle - reach)), int(middle + reach + 1)) for middle in (row, column))
        rows, columns = (np.arange(part.start, min(part.stop, side)) for part, side in zip(near, (height, width)))
        rows, columns = rows[:, None] - row, columns - column
        along, across = rows * np.cos(turn) + columns * np.sin(turn), columns * np.cos(turn) - rows * np.sin(turn)
        distance = np.hypot(along, across) if rng.random() < 0.5 else np.maximum(np.abs(along), 4 * np.abs(across))
        cover = np.clip((radius - distance) / 2 + 0.5, 0, 1)
        canvas[near] += cover * (rng.uniform(30, 220) + rng.normal(0, 3) * np.sin(along) - canvas[near])
    return np.rint(np.clip(canvas, 16, 235)).astype(np.float32)


def wave(rng, height, width, band):
    """A wave of amplitude about 10 with whole periods, whose frequency lies in the band, and its frequency."""
    while True:
        k, l = rng.integers(0, height // 2), rng.integers(0, width // 2)
        frequency = float(np.hypot(k / height, l / width))
        if band[0] + 0.01 < frequency < band[1] - 0.01 and (k or l):
            rows, columns = np.mgrid[:height, :width]
            phase = 2 * np.pi * (k * rows / height + rng.choice([-1, 1]) * l * columns / width) + rng.uniform(0, 6)
            return rng.uniform(8, 12) * np.cos(phase), frequency


def uneven(rng, least, most):
    """Two sides, one half as long again as the other, so that rows and columns cannot be exchanged unnoticed."""
    short = int(rng.integers(least, most))
    sides = (short, short + short // 2 + 1)
    return sides if rng.random() < 0.5 else sides[::-1]


# Task bands

def split(answer, image, cutoffs):
    shape = (len(cutoffs) + 1, *image.shape)
    return numbers(answer(image, cutoffs), shape, "the split picture")


def bands_keep_the_picture(answer, rng, lab):
    """the bands add up to the picture, and none of them is empty"""
    for cutoffs in ((0.1, 0.25), (0.2,), (0.05, 0.15, 0.3)):
        image = picture(rng, *uneven(rng, 27, 40), count=40).astype(float)
        parts = split(answer, image, cutoffs)
        expect(np.allclose(parts.sum(axis=0), image, atol=1e-3), "the bands do not add up to the picture; every frequency "
               "must be in exactly one of them, the mean as well")
        expect(np.abs(parts).max(axis=(1, 2)).min() > 1e-6, "one of the bands is empty, on a picture with all frequencies")


def bands_sort_waves(answer, rng, lab):
    """a wave of one frequency ends up in the band of that frequency and in no other"""
    cutoffs = (0.12, 0.2, 0.33)
    edges = (0, *cutoffs, 0.5)
    for band in range(4):
        for _ in range(3):
            height, width = uneven(rng, 34, 50)
            image, frequency = wave(rng, height, width, edges[band:band + 2])
            strength = np.abs(split(answer, image, cutoffs)).max(axis=(1, 2))
            expect(strength[band] > 5 and np.delete(strength, band).max() < 0.5, f"on {height} x {width} pixels a wave of "
                   f"{frequency:.3f} periods a pixel must be in band {band} alone (0 is the lowest) for the cutoffs "
                   f"{cutoffs}; the largest values of the bands are {strength.round(1).tolist()}. Is a frequency in "
                   "periods a pixel, measured along the diagonal too, and are rows and columns divided each by their own "
                   "length?")
    image = picture(rng, *uneven(rng, 27, 40), count=40).astype(float)
    parts = split(answer, image, cutoffs)
    again = split(answer, parts[0], cutoffs)
    expect(np.allclose(again[0], parts[0], atol=1e-3), "the lowest band, split once more, is not all in the lowest band")


def bands_at_the_ends(answer, rng, lab):
    """the mean is in the lowest band, the finest diagonal pattern in the highest, and a cutoff itself above it"""
    height, width = 2 * rng.integers(8, 20, size=2)
    flat = np.full((height, width), rng.uniform(50, 200))
    expect(np.allclose(split(answer, flat, (0.1, 0.3))[0], flat, atol=1e-3), "a picture of one grey belongs to the lowest "
           "band")
    board = np.indices((height, width)).sum(axis=0) % 2 * 2.0 - 1
    expect(np.allclose(split(answer, board, (0.1, 0.6))[2], board, atol=1e-3), "a chessboard of single pixels has half a "
           "period a pixel along rows and along columns; its frequency is 0.71, the largest that there is")
    stripes = np.tile([1.0, 0, -1, 0], (int(rng.integers(9, 20)), 4))
    expect(np.allclose(split(answer, stripes, (0.1, 0.25))[2], stripes, atol=1e-3), "a wave whose frequency is exactly a "
           "cutoff belongs to the band above it: band 1 holds the waves from the first cutoff on, itself included")


# Task band_psnr

def psnr_of_known_errors(answer, rng, lab):
    """the PSNR of each band, for errors of known size"""
    for bands in (2, 4):
        truth = rng.uniform(0, 255, size=(bands, *uneven(rng, 20, 30)))
        sizes = rng.uniform(1, 20, size=bands)
        signs = rng.choice([-1.0, 1.0], size=truth.shape)
        got = numbers(answer(truth, truth + sizes[:, None, None] * signs, 0), (bands,), "the PSNR of the bands")
        wanted = 20 * np.log10(255 / sizes)
        expect(np.allclose(got, wanted, atol=0.01), "for errors of known size the decibels are wrong. By hand: where "
               "every error is 5 grey levels, the mean squared error is 25 and the PSNR 34.15 dB; the peak is 255, also "
               "for a band of small values")


def psnr_without_border(answer, rng, lab):
    """a border is left out on all four sides, of each band alike"""
    border = int(rng.integers(2, 6))
    truth = rng.uniform(0, 255, size=(3, *uneven(rng, 24, 40)))
    ours = truth + rng.normal(0, 5, size=truth.shape)
    wanted = [metrics.psnr(a, b, border=border) for a, b in zip(truth, ours)]
    for side in (np.s_[:, :border], np.s_[:, -border:], np.s_[:, :, :border], np.s_[:, :, -border:]):
        spoilt = ours.copy()
        spoilt[side] += 100
        got = numbers(answer(truth, spoilt, border), (3,), "the PSNR of the bands")
        expect(np.allclose(got, wanted, atol=0.01), f"{border} pixels on each of the four sides must not count; the first "
               "axis is that of the bands")
    got = numbers(answer(truth, ours, 0), (3,), "the PSNR of the bands")
    expect(np.allclose(got, [metrics.psnr(a, b) for a, b in zip(truth, ours)], atol=0.01), "with border 0 every pixel counts")


# Task bicubic_kernel

def keys(distance, a):
    t = np.abs(distance)
    return np.where(t <= 1, (a + 2) * t**3 - (a + 3) * t**2 + 1, np.where(t < 2, a * (t**3 - 5 * t**2 + 8 * t - 4), 0.0))


def enlarged(image, scale, a):
    """Interpolation by Keys' kernel, rows then columns, as sums over all pixels."""
    def weights(length):
        middles = (np.arange(length * scale) + 0.5) / scale - 0.5
        return keys(middles[:, None] - np.arange(length), a)

    return weights(image.shape[0]) @ image @ weights(image.shape[1]).T


def woven(image, kernel, scale):
    """A kernel (k, k, 1, scale²) applied to an image (h, w), its maps woven: what convolution and pixel shuffle give."""
    answer = np.zeros((image.shape[0] * scale, image.shape[1] * scale))
    for i in range(scale):
        for j in range(scale):
            answer[i::scale, j::scale] = correlate(image, kernel[:, :, 0, scale * i + j], mode="constant")
    return answer


def kernel_of(answer, scale, a):
    return numbers(answer(scale, a), (5, 5, 1, scale**2), f"the kernel for scale {scale}")


def compare_kernels(answer, rng, scale, a):
    kernel = kernel_of(answer, scale, a)
    image = rng.uniform(0, 255, size=uneven(rng, 9, 14))
    inside = np.s_[2 * scale:-2 * scale, 2 * scale:-2 * scale]
    got, wanted = woven(image, kernel, scale)[inside], enlarged(image, scale, a)[inside]
    if np.allclose(got, wanted, atol=0.05):
        return
    sums = kernel.sum(axis=(0, 1, 2))
    expect(np.allclose(sums, 1, atol=1e-3), f"scale {scale}: the 25 weights of each map must add up to 1; they add up to "
           f"{np.unique(sums.round(3)).tolist()[:4]}")
    mirrored = woven(image, kernel[::-1, ::-1], scale)[inside]
    expect(not np.allclose(mirrored, wanted, atol=0.05), "the kernel is mirrored: a convolution of Keras does not turn its "
           "kernel round, so weight [u, v] belongs to the pixel at (u - 2, v - 2)")
    turned = woven(image, kernel.reshape(5, 5, 1, scale, scale).swapaxes(3, 4).reshape(kernel.shape), scale)[inside]
    expect(not np.allclose(turned, wanted, atol=0.05), "rows and columns inside a block are exchanged: map scale * i + j "
           "holds the pixels i rows and j columns into each block")
    raise Wrong(f"scale {scale}, a = {a}: the woven picture is up to {np.abs(got - wanted).max():.1f} grey levels from the "
                "interpolated one. Where, measured in small pixels, is the middle of the large pixel i of a block?")


def kernel_enlarges(answer, rng, lab):
    """the maps, woven, are the interpolated picture, for x2 and x4"""
    for scale in (4, 2):
        compare_kernels(answer, rng, scale, -0.5)


def kernel_for_odd_scale(answer, rng, lab):
    """the same for x3, where one large pixel lies on the middle of the small one"""
    compare_kernels(answer, rng, 3, -0.5)


def kernel_for_other_cubics(answer, rng, lab):
    """the same for other values of a"""
    for a in (lab.a, float(rng.uniform(-0.9, -0.2))):
        compare_kernels(answer, rng, 4, a)


# Task network

def random_kernel(rng, scale):
    return rng.normal(0, 0.3, size=(5, 5, 1, scale**2)).astype(np.float32)


def network_starts_as_its_kernel(answer, rng, lab):
    """untrained, it is the given kernel with the pixel shuffle, for pictures of any size"""
    for count, scale in ((1, SCALE), (2, SCALE), (1, 3)):
        kernel = random_kernel(rng, scale)
        network = answer(scale, kernel)
        low = rng.uniform(0, 1, size=(count, *uneven(rng, 12, 20), 1)).astype(np.float32)
        got = numbers(network(low), (count, scale * low.shape[1], scale * low.shape[2], 1), f"the answer for scale {scale}")
        inside = np.s_[2 * scale:-2 * scale, 2 * scale:-2 * scale]
        for one, given in zip(got, low):
            wanted = woven(given[..., 0], kernel, scale)
            expect(np.allclose(one[..., 0][inside], wanted[inside], atol=2e-3), "the untrained network does not give what "
                   "the kernel gives, woven: the part that learns must start at zero (the last convolution with "
                   "kernel_initializer=\"zeros\"), and the maps of both parts are added before they are woven")


def network_can_learn(answer, rng, lab):
    """it keeps to the limit of parameters and the kernel fixed; with other weights each answer depends on 9 x 9 pixels"""
    kernel = random_kernel(rng, SCALE)
    network = answer(SCALE, kernel)
    network(np.zeros((1, 12, 14, 1), np.float32))  # a model of one's own class has its weights once it was called
    weights = network.get_weights()
    expect(isinstance(weights, list) and weights, "the network must be a Keras model with weights")
    count = sum(each.size for each in weights)
    expect(count <= lab.limit, f"the network has {count:,} parameters; the limit is {lab.limit:,}, the fixed kernel included")
    expect(count >= 1500, f"the network has only {count:,} parameters, too few to learn much")
    trained = [np.asarray(each.numpy() if isinstance(each, Answer) else each) for each in network.trainable_variables.value()]
    expect(not any(each.size == kernel.size and np.allclose(np.sort(each.ravel()), np.sort(kernel.ravel()), atol=1e-4)
                   for each in trained), "the given kernel is among the weights that are trained; fix it, with "
           "trainable=False for its layer")
    network.set_weights([each + rng.normal(0, 0.1, size=each.shape).astype(each.dtype) for each in weights])
    low = rng.uniform(0.3, 0.7, size=(1, 25, 27, 1)).astype(np.float32)
    changed = low.copy()
    changed[0, 12, 13] += 0.5
    difference = np.abs(numbers(network(changed), (1, 100, 108, 1)) - numbers(network(low), (1, 100, 108, 1)))[0, ..., 0]
    seen = difference.reshape(25, SCALE, 27, SCALE).max(axis=(1, 3)) > 1e-7
    for name, line, middle in (("down and up", seen.any(axis=1), 12), ("left and right", seen.any(axis=0), 13)):
        reach = int(np.abs(np.flatnonzero(line) - middle).max(initial=0))
        expect(reach >= 4, f"one small pixel changes the answer only up to {reach} small pixels away ({name}); 4 are asked "
               "for, a receptive field of 9 x 9. Each layer with a k x k kernel adds (k - 1) / 2")


# Task hard_patches

def patch_losses(truth, scale, size, stride):
    """The mean squared loss of every window, from sums over the picture: positions (N, 2) and losses (N,)."""
    truth = np.asarray(truth, dtype=np.float64)
    lost = (truth - super_resolution.enlarge(super_resolution.shrink(truth, scale), scale)) ** 2
    sums = np.pad(lost, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    height, width = (side // scale for side in truth.shape)
    places = np.array([(i, j) for i in range(0, height - size + 1, stride) for j in range(0, width - size + 1, stride)])
    top, left = scale * places.T
    bottom, right = top + scale * size, left + scale * size
    return places, (sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]) / (scale * size)**2


def hardest(answer, rng, scale):
    truth = super_resolution.crop_to(picture(rng, *uneven(rng, 76, 96), count=60), scale)
    size, stride, count = int(rng.integers(5, 8)), int(rng.integers(2, 5)), int(rng.integers(4, 12))
    places, losses = patch_losses(truth, scale, size, stride)
    got = numbers(answer(truth, scale, size, stride, count), (count, 2), "the places")
    return got, places, losses, stride, count


def patches_are_the_hardest(answer, rng, lab):
    """the places are legal, all different, and those where most is lost"""
    for scale in (4, 3, 4):
        got, places, losses, stride, count = hardest(answer, rng, scale)
        known = {tuple(place): loss for place, loss in zip(places.tolist(), losses)}
        chosen = [tuple(place) for place in got.tolist()]
        outside = [place for place in chosen if place not in known]
        if outside:
            raise Wrong(f"{outside[0]} is no place of a whole patch: places are (row, column) in small pixels, multiples "
                        f"of {stride}, and the patch must end inside the picture; the last legal place is "
                        f"{tuple(places[-1].tolist())}")
        expect(len(set(chosen)) == count, "a place is given more than once")
        worst = np.sort(losses)[::-1][:count]
        share = sum(known[place] for place in chosen) / worst.sum()
        expect(share > 1 - 1e-6, f"at these places {100 * share:.1f} % is lost of what is lost at the {count} hardest ones")


def patches_are_in_order(answer, rng, lab):
    """the hardest place comes first"""
    got, places, losses, _, count = hardest(answer, rng, SCALE)
    known = {tuple(place): loss for place, loss in zip(places.tolist(), losses)}
    order = np.array([known.get(tuple(place), -1) for place in got.tolist()])
    expect(np.allclose(order, np.sort(losses)[::-1][:count]), "the place at which most is lost must come first, and so on")


# Task enlarge_luma

def gains_of(answer, rng, lab, count=4):
    """The gain over bicubic in dB on pictures that nobody has seen, and the answers with what was given."""
    gains, kept = [], []
    for _ in range(count):
        truth = super_resolution.crop_to(picture(rng, *uneven(rng, 100, 130)), SCALE)
        low = super_resolution.shrink(truth, SCALE)
        got = numbers(answer(low), truth.shape, "the enlarged luma")
        expect(got.std() > 3, "the answer has hardly any contrast: is it in grey levels from 0 to 255, as the luma that "
               "comes in?")
        before, after = (metrics.psnr(truth, np.rint(np.clip(each, 0, 255)), border=SCALE)
                         for each in (super_resolution.enlarge(low, SCALE), got))
        gains.append(after - before)
        kept.append((low, got))
    return np.array(gains), kept


def enlarger_is_faithful(answer, rng, lab):
    """its answer, shrunk again, is the small picture, with its border, and it is more than interpolation"""
    gains, kept = gains_of(answer, rng, lab, count=2)
    for low, got in kept:
        back = metrics.psnr(low, super_resolution.shrink(got, SCALE), border=2)
        expect(back > 28, f"shrunk again, the answer is {back:.1f} dB from the small picture; 28 dB are asked for. Is it "
               "shifted, turned, or of another brightness?")
    grey = rng.uniform(150, 200)
    flat = numbers(answer(np.full((12, 15), grey, np.float32)), (48, 60), "the enlarged luma")
    rim = np.concatenate([flat[0], flat[-1], flat[:, 0], flat[:, -1]]).mean()
    expect(abs(rim - flat[16:-16, 16:-16].mean()) < 0.1 * grey, f"of an even picture of grey {grey:.0f} the outermost pixels "
           f"come out as {rim:.0f}: the zeros of the padding show. Give the network a few more pixels around, and cut them off")
    expect(gains.mean() > -0.5, f"on new pictures it is {-gains.mean():.2f} dB worse than bicubic interpolation: this is "
           "another kind of picture, or a network that has not learned")
    expect(np.abs(gains).max() > 5e-3, "this is bicubic interpolation itself; the trained network must answer")


def enlarger_gains(answer, rng, lab):
    """on pictures that nobody has seen it is clearly closer to the truth than bicubic interpolation"""
    gains, _ = gains_of(answer, rng, lab)
    expect(gains.mean() > 0, f"on new pictures it is {-gains.mean():.2f} dB worse than bicubic interpolation")
    expect(gains.mean() > 0.05, f"on new pictures it gains {gains.mean():.3f} dB over bicubic interpolation, next to nothing")


def enlarger_gains_enough(answer, rng, lab):
    """the gain over bicubic interpolation is what so small a network can reach in this time"""
    wanted = WANTED["smoke" if lab.budget == "smoke" else "cpu"]
    gains, _ = gains_of(answer, rng, lab, count=6)
    expect(gains.mean() >= wanted, f"on new pictures it gains {gains.mean():.2f} dB over bicubic interpolation; at this "
           f"budget at least {wanted} dB are asked for. Another learning rate, or one that decays?")


WANTED = {"smoke": 0.15, "cpu": 1.0}  # dB, as the task says; a plain training has got 0.23 at smoke, others 0.5 to 0.75


# Task gain_interval

def interval(answer, before, after, level, rng):
    got = numbers(answer(before, after, level, int(rng.integers(1e6))), (2,), "the interval")
    expect(got[0] <= got[1], "the lower end comes first")
    return got


def interval_is_paired(answer, rng, lab):
    """pictures differ by many decibels and the interval does not mind, because each is compared with itself"""
    before = rng.uniform(20, 40, size=25)
    got = interval(answer, before, before + 0.7, 0.9, rng)
    expect(np.allclose(got, 0.7, atol=1e-6), f"when every picture gains 0.7 dB exactly, the interval is [0.7, 0.7], not "
           f"{got.round(3).tolist()}: draw pictures, and take both figures of each that is drawn")
    gains = rng.normal(0.5, 0.3, size=25)
    got, moved = (interval(answer, each, each + gains, 0.9, np.random.default_rng(1)) for each in (before, np.zeros(25)))
    expect(np.allclose(got, moved, atol=1e-6), "the interval depends on how hard the pictures are; it must depend on the "
           "gains alone")
    expect(got[0] < gains.mean() < got[1], "the mean gain lies outside of the interval")


def interval_is_as_wide_as_it_should_be(answer, rng, lab):
    """its width is right for several levels and numbers of pictures"""
    for level, wanted in ((0.5, 0.6745), (0.8, 1.2816), (0.95, 1.96), (lab.level, None)):
        if wanted is None:
            from scipy.stats import norm

            wanted = norm.ppf(0.5 + level / 2)
        ratios = []
        for count in (40, 80, 160):
            before = rng.uniform(20, 40, size=count)
            gains = rng.normal(0.5, rng.uniform(0.2, 0.6), size=count)
            low, high = interval(answer, before, before + gains, level, rng)
            ratios.append((high - low) / (2 * wanted * gains.std() / np.sqrt(count)))
        expect(0.9 < np.mean(ratios) < 1.1, f"at level {level:g} the interval is {np.mean(ratios):.2f} times as wide as it "
               "should be. It is one of the mean gain, so it gets narrower with the number of pictures; half of what is "
               "left out lies on each side; and a thousand draws or more keep its ends steady")


def interval_repeats(answer, rng, lab):
    """the same seed gives the same interval, another seed another one, and skewed gains a skewed interval"""
    before = rng.uniform(20, 40, size=12)
    gains = rng.permutation(np.log(1 - (np.arange(12) + 0.5) / 12) ** 2) * rng.uniform(0.5, 2)  # most small, a few large
    seeds = [numbers(answer(before, before + gains, 0.95, seed), (2,), "the interval") for seed in (3, 3, 4)]
    expect(np.array_equal(seeds[0], seeds[1]), "the same seed must give the same interval: np.random.default_rng(seed)")
    expect(not np.array_equal(seeds[0], seeds[2]), "another seed must give another interval, a little: pictures are drawn "
           "at random")
    low, high = np.mean(seeds, axis=0)
    expect(high - gains.mean() > 1.05 * (gains.mean() - low), "for skewed gains the interval reaches farther to the long "
           "side; one that is symmetric about the mean was not made by drawing pictures")


# Task ablation, marked by hand

def ablation_is_complete(answer, rng, lab):
    """three variants or more, each with its parameters, its steps and one PSNR a picture, and a conclusion in words"""
    value = answer.value()
    expect(isinstance(value, dict) and all(isinstance(key, str) for key in value), "`ablation` must be a dict with text "
           "as keys")
    expect("conclusion" in value, "the key \"conclusion\" is missing")
    expect(isinstance(value["conclusion"], str) and len(value["conclusion"].split()) >= 40, "the conclusion must be at "
           "least 40 words")
    rows = {name: row for name, row in value.items() if name != "conclusion"}
    expect(len(rows) >= 3, f"there are {len(rows)} variants; three or more are asked for")
    counts = set()
    for name, row in rows.items():
        expect(isinstance(row, dict) and {"parameters", "steps", "psnr"} <= set(row), f"variant {name!r} must be a dict "
               "with the keys \"parameters\", \"steps\" and \"psnr\"")
        counts.add(numbers(row["psnr"], (None,), f"the psnr of {name!r}").size)
        numbers(row["parameters"], (), f"the parameters of {name!r}"), numbers(row["steps"], (), f"the steps of {name!r}")
    expect(len(counts) == 1 and min(counts) >= 2, "all variants must be judged on the same pictures, two or more")
    expect(len({tuple(np.round(row["psnr"], 6)) for row in rows.values()}) == len(rows), "two variants have the very same "
           "figures")


TASKS = (
    Task("bands", "A picture taken apart by frequency", 20,
         "lesson 5.1, “The problem: many pictures become the same small one”",
         ("Which whole frequencies does a row of n pixels hold? np.fft.fftfreq(n) lists them in periods a pixel, in the "
          "order of np.fft.fft2.",
          "Give each entry of np.fft.fft2(image) the length of its pair of frequencies, np.hypot(rows[:, None], columns).",
          "A band is the inverse transform of the entries whose frequency lies in it, all others set to zero; take its "
          "real part. From an edge on, a frequency belongs to the upper band."),
         ((1, bands_keep_the_picture), (1, bands_sort_waves), (1, bands_at_the_ends))),
    Task("band_psnr", "How many decibels in each band", 10, "lesson 5.1, “PSNR: how far from the truth”",
         ("The peak stays 255 for every band, so that the bands can be compared with each other.",
          "The border is cut from the last two axes; [border:-border] is empty for border 0.",
          "Mean the squared error over the last two axes alone: axis=(1, 2)."),
         ((1, psnr_of_known_errors), (1, psnr_without_border))),
    Task("bicubic_kernel", "Interpolation as a layer", 30, "lesson 5.1, “Bicubic interpolation is a convolution”",
         ("One dimension first. The large pixel i of a block (0 to scale - 1) has its middle at (i + 0.5) / scale - 0.5, "
          "measured from the middle of the small pixel. Its five neighbours are at -2, -1, 0, 1, 2.",
          "So weight u of large pixel i is keys(middle_i - (u - 2), a): an array (5, scale).",
          "In two dimensions the weights multiply: weight [u, v] of map scale * i + j is that of u and i times that of v "
          "and j. np.einsum(\"ui,vj->uvij\", weights, weights) has them all; a reshape makes the kernel."),
         ((2, kernel_enlarges), (1, kernel_for_odd_scale), (1, kernel_for_other_cubics))),
    Task("network", "A network that starts as interpolation", 25, "lesson 5.2, “The model”",
         ("Two branches from one input: a convolution with the given kernel that is not trained, and the layers that "
          "learn. Both end with scale² maps.",
          "A layer's fixed weights: kernel_initializer=keras.initializers.Constant(kernel), use_bias=False, trainable=False.",
          "The last learning convolution starts with kernel_initializer=\"zeros\". Layers.Add adds the two, PixelShuffle "
          "weaves them. Count: a 3x3 convolution from 16 to 16 maps has 2,320 parameters."),
         ((2, network_starts_as_its_kernel), (2, network_can_learn))),
    Task("hard_patches", "Where the most is lost", 25, "lesson 5.1, “What must be brought back?” in “The data”",
         ("What is lost is the squared difference of the truth and what bicubic interpolation makes of the shrunk picture.",
          "A patch at (i, j) covers the large rows from scale * i to scale * (i + size). List all legal places with their "
          "mean loss.",
          "np.argsort of the losses, the last ones first."),
         ((2, patches_are_the_hardest), (1, patches_are_in_order))),
    Task("enlarge_luma", "The trained enlarger", 20, "lesson 5.2, “Training”",
         ("The network works on values divided by 255; super_resolution.apply does that on the way in and out.",
          "compile with an optimiser, a loss and steps_per_execution=run.steps_per_execution; fit with `batches`.",
          "Adam with a rate that falls to zero (keras.optimizers.schedules.CosineDecay) gets more out of few steps than a "
          "constant one. 1e-3 to 5e-3 is a good beginning."),
         ((1, enlarger_is_faithful), (1, enlarger_gains), (2, enlarger_gains_enough))),
    Task("gain_interval", "How sure is the gain", 20, "this lab, “How sure is the mean?”",
         ("The gain of each picture is all that counts: after - before.",
          "Draw as many pictures as there are, with replacement, 2,000 times: rng.integers(n, size=(2000, n)).",
          "The mean of each draw, then np.quantile at (1 - level) / 2 and (1 + level) / 2."),
         ((1, interval_is_paired), (1, interval_is_as_wide_as_it_should_be), (1, interval_repeats))),
    Task("ablation", "What does it owe its gain to", 30, "lesson 5.3, “The report”",
         ("Change one thing at a time and keep the rest: steps, batches, seed, pictures.",
          "Ideas: start from zero instead of the kernel; random places instead of the hardest; half or double the maps; "
          "another loss; no activation. Ask first what you expect.",
          "A difference counts when gain_interval of the two lists of PSNR leaves out zero."),
         ((0, ablation_is_complete),), by_hand=7),
)
