"""The tasks and checks of lab 4: a latent space, measured.

Each check asks for a property on random inputs, or compares with another way to the same thing: sums written as loops,
SciPy, sampling, and images whose true likelihood is known because the check drew them. What the tasks are is said in
chapters/04_generation/lab.ipynb.
"""
import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import logsumexp

from helpers.labs.tasks import Answer, Task, Wrong, expect, numbers


def constants(variant):
    """What a class's variant changes. 0 is the course's own: 16 latents, a tenth of a nat free, 3 neighbours, from 1 to 7."""
    if not variant:
        return {"latents": 16, "free": 0.1, "neighbours": 3, "digits": (1, 7), "pictures": 0}
    rng = np.random.default_rng([4, variant])
    return {"latents": int(rng.integers(12, 25)), "free": float(rng.choice([0.03, 0.05, 0.15, 0.2])),
            "neighbours": int(rng.choice([2, 4, 5])), "digits": tuple(int(each) for each in rng.choice(10, 2, replace=False)),
            "pictures": int(variant)}


# Task price

def posteriors(rng, count, latents):
    """Means and log-variances (count, latents), as an encoder gives them: some latents tell much, some nothing."""
    strength = rng.permutation(np.linspace(0.02, 2, latents))
    mean = rng.normal(size=(count, latents)) * strength + 0.1 * rng.normal(size=latents)
    log_variance = -np.log1p(strength**2 * rng.uniform(0.5, 2, size=(count, latents)))
    return mean.astype(np.float32), log_variance.astype(np.float32)


def divergences(mean, log_variance):
    return 0.5 * (mean.astype(float) ** 2 + np.exp(log_variance.astype(float)) - 1 - log_variance)


def price_of(answer, mean, log_variance, free):
    return float(numbers(answer(mean, log_variance, free), (), "the price"))


def price_is_the_divergence(answer, rng, lab):
    """with nothing free it is the divergence of lesson 4.1: summed over the latents, its mean over the images"""
    for count, latents in ((7, 5), (4, 9)):
        mean, log_variance = posteriors(rng, count, latents)
        got, wanted = price_of(answer, mean, log_variance, 0.0), divergences(mean, log_variance).sum() / count
        expect(abs(got - wanted) < 1e-3 * max(1, wanted), f"with nothing free and {count} images of {latents} latents the "
               f"price is {got:.3f}, "
               f"not {wanted:.3f}: sum over the latents, mean over the images")
    nothing = np.zeros((3, 4), np.float32)
    expect(abs(price_of(answer, nothing, nothing, 0.0)) < 1e-5, "mean 0 and log-variance 0 are the prior itself and cost "
           "nothing")


def price_has_a_floor(answer, rng, lab):
    """each latent costs at least what is free, judged by its mean over the images"""
    for free in (lab.free, 0.4):
        mean, log_variance = posteriors(rng, 8, 7)
        each = divergences(mean, log_variance)
        got, wanted = price_of(answer, mean, log_variance, free), np.maximum(each.mean(axis=0), free).sum()
        if abs(got - wanted) < 1e-3 * max(1, wanted):
            continue
        by_image = np.maximum(each, free).sum(axis=1).mean()
        expect(abs(got - by_image) > 1e-3 * wanted, "the floor is applied to each image; take the mean over the images "
               "first, so that one image may pay less for a latent while another pays more")
        raise Wrong(f"with {free} nats free for each of 7 latents the price is {got:.3f}, not {wanted:.3f}. By hand: "
                    "latents that cost "
                    "0.02 and 0.5 in the mean, with 0.1 free, cost 0.1 + 0.5")
    nothing = np.zeros((3, 4), np.float32)
    expect(abs(price_of(answer, nothing, nothing, 0.25) - 1.0) < 1e-4, "four latents that tell nothing cost four times "
           "what is free")


def price_does_not_push_small_ones(answer, rng, lab):
    """a latent below the floor is not pushed to tell still less, and one above it is"""
    mean, log_variance = posteriors(rng, 8, 6)
    each = divergences(mean, log_variance).mean(axis=0)
    free = float(np.sort(each)[2:4].mean())
    before = price_of(answer, mean, log_variance, free)
    for latent in range(6):
        less = mean.copy()
        less[:, latent] *= 0.98
        change = price_of(answer, less, log_variance, free) - before
        wanted = max(divergences(less, log_variance).mean(axis=0)[latent], free) - max(each[latent], free)
        expect(abs(change - wanted) < 2e-3 * max(abs(wanted), 0.05), f"a latent that costs {each[latent]:.3f} nats, with "
               f"{free:.3f} free, "
               f"changed a little: the price must change by {wanted:.4f}, not {change:.4f}")


# Task learn

SIDE, LATENTS, STEPS, FLIPPED = 8, 6, 500, 0.03


class Crosses:
    """Images (N, 64) of a bar across and a bar down, of random places, some pixels flipped; their likelihood is known."""

    def __init__(self, rng):
        rows, columns = rng.permutation(SIDE)[:7], rng.permutation(SIDE)[:7]
        shapes = np.zeros((len(rows) * len(columns), SIDE, SIDE))
        for number, (row, column) in enumerate((row, column) for row in rows for column in columns):
            shapes[number, row], shapes[number, :, column] = 1, 1
        self.chances = np.abs(shapes.reshape(len(shapes), -1) - FLIPPED)

    def draw(self, rng, count):
        chances = self.chances[rng.integers(len(self.chances), size=count)]
        return (rng.random(chances.shape) < chances).astype(np.float32)

    def nats(self, images):
        """The negative log-likelihood of images (N, 64) under the truth, (N,)."""
        scores = images @ np.log(self.chances).T + (1 - images) @ np.log(1 - self.chances).T
        return np.log(len(self.chances)) - logsumexp(scores, axis=1)


def by_frequency(images, held):
    often = np.clip(images.mean(axis=0), 1e-3, 1 - 1e-3)
    return -np.mean(np.sum(held * np.log(often) + (1 - held) * np.log(1 - often), axis=1))


def networks(answer, images, latents, steps):
    value = answer(images, latents, steps)
    expect(isinstance(value, (tuple, list)) and len(value) == 2, "two networks are asked for: encoder, decoder")
    expect(all(isinstance(each, Answer) for each in value), "encoder and decoder must be networks that can be called")
    return value


def encoded(encoder, images, latents):
    value = encoder(images)
    expect(isinstance(value, (tuple, list)) and len(value) == 2, "the encoder must answer with two things: mean and "
           "log-variance")
    return [numbers(each, (len(images), latents), f"the {name} of {len(images)} images")
            for each, name in zip(value, ("mean", "log-variance"))]


def bound_of(encoder, decoder, images, latents, rng, samples=30):
    """The importance-weighted bound of lesson 4.1 in nats, computed here from what the two networks answer."""
    mean, log_variance = encoded(encoder, images, latents)
    log_variance = np.clip(log_variance, -20, 10)
    noise = rng.normal(size=(samples, *mean.shape))
    z = mean + np.exp(0.5 * log_variance) * noise
    flat = z.reshape(-1, latents).astype(np.float32)
    logits = numbers(decoder(flat), (len(flat), images.shape[1]), f"the logits of {len(flat)} "
        "latents").reshape(samples, *images.shape)
    weights = np.sum(images * logits - np.logaddexp(0, logits), axis=-1)
    weights += 0.5 * np.sum(noise**2 + log_variance - z**2, axis=-1)
    return np.log(samples) - np.mean(logsumexp(weights, axis=0))


def learned_networks_fit(answer, rng, lab):
    """encoder and decoder have the right shapes, and answer each image and each latent for itself"""
    crosses = Crosses(rng)
    images = crosses.draw(rng, 300)
    encoder, decoder = networks(answer, images, 5, 20)
    means, _ = encoded(encoder, images[:40], 5)
    again, _ = encoded(encoder, images[10:20], 5)
    expect(np.allclose(means[10:20], again, atol=1e-4), "the encoder's answer for an image must not depend on the other "
           "images of the batch, nor on chance; the noise is drawn outside of it")
    expect(means.std(axis=0).max() > 1e-4, "the encoder answers the same for all images")
    z = rng.normal(size=(40, 5)).astype(np.float32)
    logits = numbers(decoder(z), (40, 64), "the logits of 40 latents")
    expect(np.allclose(logits[10:20], numbers(decoder(z[10:20]), (10, 64)), atol=1e-4), "the decoder's answer for a latent "
           "must not depend on the other latents of the batch")
    expect(logits.std(axis=0).max() > 1e-4, "the decoder answers the same for all latents")


def share_learned(answer, rng, lab):
    """How far the bound on held-out images has come from the pixels' frequencies (0) to the truth (1), and the three in nats."""
    crosses = Crosses(rng)
    images, held = crosses.draw(rng, 1500), crosses.draw(rng, 300)
    encoder, decoder = networks(answer, images, LATENTS, STEPS)
    ours, start, truth = bound_of(encoder, decoder, held, LATENTS, rng), by_frequency(images, held), crosses.nats(held).mean()
    return (start - ours) / (start - truth), (f"on held-out images the bound is {ours:.1f} nats; each pixel by its own "
            "frequency has "
                                              f"{start:.1f}, the truth {truth:.1f}. ")


def learned_something(answer, rng, lab):
    """on images that it has not seen its bound is better than each pixel's own frequency"""
    share, told = share_learned(answer, rng, lab)
    expect(share > 0.15, told + "That is not better than no latents at all. Does the decoder answer with logits (no "
           "sigmoid at its end), and is the encoder's second answer the logarithm of the variance?")


def learned_enough(answer, rng, lab):
    """its bound is as near to the truth as a sensible training brings it in that many steps"""
    share, told = share_learned(answer, rng, lab)
    expect(share > ENOUGH, told + f"It has come {100 * share:.0f} % of the way, {100 * ENOUGH:.0f} % are asked for. "
           "Another learning rate, wider "
           "layers, or larger batches?")


ENOUGH = 0.5


# Task information

def information_of(answer, mean, log_variance, noise):
    return float(numbers(answer(mean, log_variance, noise), (), "the information"))


def by_loops(mean, log_variance, noise):
    """The information of the definition: log q(z|x) minus the log of its mean over all images."""
    z, count = mean + np.exp(0.5 * log_variance) * noise, len(mean)
    density = np.array([[-0.5 * np.sum((z[i] - mean[j]) ** 2 / np.exp(log_variance[j]) + log_variance[j] + np.log(2 * np.pi))
                         for j in range(count)] for i in range(count)])
    return np.mean(np.diag(density) - (logsumexp(density, axis=1) - np.log(count)))


def information_by_the_definition(answer, rng, lab):
    """it is the mean of log q(z|x) - log q(z), for the given noise"""
    for count, latents in ((12, 3), (20, 2)):
        mean, log_variance = (each.astype(float) for each in posteriors(rng, count, latents))
        noise = rng.normal(size=mean.shape)
        got, wanted = information_of(answer, mean, log_variance, noise), by_loops(mean, log_variance, noise)
        expect(abs(got - wanted) < 2e-3, f"for {count} images and {latents} latents the information is {got:.3f} nats, not "
               f"{wanted:.3f}. q(z) is the "
               "mean of the densities of all images, the own one among them; each has its own variance in the exponent and "
               "in front")


def information_at_its_ends(answer, rng, lab):
    """images that nothing tells apart give 0, and images that lie far from each other the logarithm of their number"""
    count, latents = int(rng.integers(10, 30)), 3
    noise = rng.normal(size=(count, latents))
    alike = np.zeros((count, latents)) + rng.normal(size=latents), np.zeros((count, latents)) - 0.5
    got = information_of(answer, *alike, noise)
    expect(abs(got) < 1e-4, f"when all images have the same posterior, z tells nothing: 0, not {got:.3f}")
    far = 300.0 * np.arange(count)[:, None] * np.ones(latents), np.zeros((count, latents)) - 1.0
    got = information_of(answer, *far, noise)
    expect(abs(got - np.log(count)) < 1e-3, f"when {count} images lie far apart, z tells which one it was: log {count} = "
           f"{np.log(count):.3f} nats, not "
           f"{got:.3f}. Densities that are so small that they vanish must be added as logarithms")


def information_is_safe(answer, rng, lab):
    """with many latents it neither overflows nor exceeds the logarithm of the number of images"""
    for latents, least in ((60, -6.0), (200, -13.0), (200, 9.0)):
        mean = 3 * rng.normal(size=(40, latents))
        got = information_of(answer, mean, rng.uniform(least, least + 3, size=mean.shape), rng.normal(size=mean.shape))
        expect(np.isfinite(got) and got < np.log(40) + 1e-6, f"with {latents} latents the information is {got:.3f}; it is "
               "finite, and at most log 40 = "
               f"{np.log(40):.3f}. Densities of many latents are far too small, or large, for floating point: subtract the "
               "largest logarithm first")


# Task aggregate

def moments_of(answer, mean, log_variance):
    value = answer(mean, log_variance)
    expect(isinstance(value, (tuple, list)) and len(value) == 2, "two things are asked for: the mean and the covariance")
    latents = mean.shape[1]
    return numbers(value[0], (latents,), "the mean"), numbers(value[1], (latents, latents), "the covariance")


def mixed(rng, count, latents):
    mean = rng.normal(size=(count, latents)) @ rng.uniform(-1, 1, (latents, latents)) + rng.uniform(-1, 1, latents)
    return mean, rng.uniform(-3, 0.5, size=(count, latents))


def aggregate_has_the_moments(answer, rng, lab):
    """mean and covariance are those of the mixture"""
    for count, latents in ((800, 3), (600, 5)):
        mean, log_variance = mixed(rng, count, latents)
        got_mean, got = moments_of(answer, mean, log_variance)
        wanted = np.cov(mean, rowvar=False, bias=True) + np.diag(np.exp(log_variance).mean(axis=0))
        expect(np.allclose(got_mean, mean.mean(axis=0), atol=1e-3), "the mean of the mixture is the mean of the means")
        close = np.allclose(got, wanted, atol=0.004 * np.abs(wanted).max())
        off = ~np.eye(latents, dtype=bool)
        expect(close or not np.allclose(got[off], wanted[off], atol=0.004 * np.abs(wanted).max()), "the diagonal is wrong: "
               "on it are two parts, how far the means lie apart and the mean of the variances (of exp(log_variance), not "
               "of its root or of its logarithm)")
        expect(close, "off the diagonal is the covariance of the means: how latents go together from image to image")


def aggregate_agrees_with_samples(answer, rng, lab):
    """samples from the mixture have this mean and this covariance, and a shift of all means changes the mean alone"""
    mean, log_variance = mixed(rng, 50, 4)
    chosen = rng.integers(50, size=200_000)
    z = mean[chosen] + np.exp(0.5 * log_variance[chosen]) * rng.normal(size=(200_000, 4))
    got_mean, got = moments_of(answer, mean, log_variance)
    size = np.abs(np.cov(z, rowvar=False)).max()
    expect(np.allclose(got_mean, z.mean(axis=0), atol=0.03 * np.sqrt(size)) and np.allclose(got, np.cov(z, rowvar=False), atol=0.05 * size),
           "200,000 samples from the mixture have another mean or covariance")
    moved_mean, moved = moments_of(answer, mean + 5.0, log_variance)
    expect(np.allclose(moved_mean, got_mean + 5, atol=1e-3) and np.allclose(moved, got, atol=1e-3 * size), "when all means "
           "move by 5, so does the mean of the mixture, and the covariance stays")


def aggregate_of_the_prior(answer, rng, lab):
    """an encoder that tells nothing gives the prior, and its covariance is always symmetric and positive"""
    zeros = np.zeros((30, 4))
    got_mean, got = moments_of(answer, zeros, zeros)
    expect(np.allclose(got_mean, 0, atol=1e-6) and np.allclose(got, np.eye(4), atol=1e-6), "means 0 and log-variances 0 "
           "give the prior: mean 0, covariance 1")
    for _ in range(3):
        _, got = moments_of(answer, *mixed(rng, 6, 5))
        expect(np.allclose(got, got.T, atol=1e-6) and np.linalg.eigvalsh(got).min() > 0, "a covariance is symmetric and "
               "has positive eigenvalues")


# Task walk

def walked(answer, start, end, steps):
    return numbers(answer(start, end, steps), (steps, len(start)), "the walk")


def angle(a, b):
    return np.arccos(np.clip(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)), -1, 1))


def walk_turns_evenly(answer, rng, lab):
    """it begins and ends where it should, and each step turns by the same angle"""
    for latents, steps in ((2, 5), (16, 8), (3, 4)):
        start, end = rng.normal(size=latents), rng.normal(size=latents)
        path = walked(answer, start, end, steps)
        expect(np.allclose(path[0], start, atol=1e-5) and np.allclose(path[-1], end, atol=1e-5), f"a walk of {steps} steps "
               f"has {steps} places, the first is "
               "the start and the last is the end")
        turns = np.array([angle(*pair) for pair in zip(path[:-1], path[1:])])
        expect(np.allclose(turns, angle(start, end) / (steps - 1), atol=1e-4), "each step must turn by the same angle; "
               "these turn by "
               f"{np.degrees(turns).round(1).tolist()[:5]} degrees. A straight line turns fastest in its middle")


def walk_keeps_its_length(answer, rng, lab):
    """between two places of the same length all have that length; otherwise the length goes evenly from one to the other"""
    for latents in (3, 24):
        start, end = rng.normal(size=latents), rng.normal(size=latents)
        for factor in (np.linalg.norm(start) / np.linalg.norm(end), rng.uniform(0.2, 4)):
            lengths = np.linalg.norm(walked(answer, start, factor * end, 7), axis=1)
            wanted = np.linspace(lengths[0], lengths[-1], 7)
            expect(np.allclose(lengths, wanted, rtol=1e-4), f"the lengths along the walk are {lengths.round(2).tolist()}; "
                   "they should be "
                   f"{wanted.round(2).tolist()}. Turn the direction and the length apart: unit vectors first, then times "
                   "the length")


def walk_of_parallel_places(answer, rng, lab):
    """places in the same direction are no exception, and the way back is the way there"""
    start = rng.normal(size=5)
    for factor in (1.0, 2.5, 1 + 1e-9):
        path = walked(answer, start, factor * start, 5)
        expect(np.allclose(path, start * np.linspace(1, factor, 5)[:, None], atol=1e-5), "from a place to a multiple of "
               "itself the walk is a straight line; the sine of the angle is 0 there, so mind the division")
    end = rng.normal(size=5)
    expect(np.allclose(walked(answer, start, end, 6), walked(answer, end, start, 6)[::-1], atol=1e-5), "the way back must "
           "be the way there, turned round")


# Task effective_samples

def effective(answer, log_weights):
    return numbers(answer(log_weights), log_weights.shape[1:], f"the effective samples of weights {log_weights.shape}")


def effective_by_the_formula(answer, rng, lab):
    """it is the squared sum of the weights over the sum of their squares, for each image"""
    for shape in ((6, 4), (20, 3)):
        log_weights = rng.normal(0, 1.5, size=shape)
        weights = np.exp(log_weights)
        wanted = weights.sum(axis=0) ** 2 / (weights**2).sum(axis=0)
        got = effective(answer, log_weights)
        expect(np.allclose(got, wanted, rtol=1e-4), f"for {shape[0]} weights of each of {shape[1]} images the answers are "
               f"{got.round(2).tolist()}, not "
               f"{wanted.round(2).tolist()}. By hand: weights 3 and 1 give 16/10 = 1.6")


def effective_at_its_ends(answer, rng, lab):
    """equal weights count all, one that outweighs the others counts as one, and a weight more never hurts"""
    for count in (2, 50):
        got = effective(answer, np.full((count, 3), -500.0))
        expect(np.allclose(got, count, rtol=1e-6), f"{count} equal weights are {count} effective samples, not {got[0]:.3f}")
        one = np.where(np.arange(count)[:, None] == 1, 0.0, -200.0) * np.ones((1, 3))
        expect(np.allclose(effective(answer, one), 1, atol=1e-6), "one weight that outweighs all others is one effective "
               "sample")


def effective_is_safe(answer, rng, lab):
    """a constant added to the logarithms changes nothing, however large"""
    log_weights = rng.normal(0, 1.0, size=(15, 4))
    plain = effective(answer, log_weights)
    for shift in (-1500.0, 900.0, rng.uniform(-5, 5)):
        expect(np.allclose(effective(answer, log_weights + shift), plain, rtol=1e-5), f"with {shift:.0f} added to all "
               "logarithms the answer must stay the same. The log-weights "
               "of an image of 784 pixels lie below -80, their squares below e to the -160: subtract the largest of each "
               "image first")
    moved = log_weights + np.array([0.0, -700, 300, -90])
    expect(np.allclose(effective(answer, moved), plain, rtol=1e-5), "each image has its own largest weight")


# Task precision_recall

def scores_of(answer, real, drawn, neighbours):
    value = answer(real, drawn, neighbours)
    expect(isinstance(value, (tuple, list, np.ndarray)) and len(value) == 2, "two numbers are asked for: precision, recall")
    return numbers(value, (2,), "precision and recall")


def inside(these, those, neighbours):
    """The share of `these` that lie in a ball of `those`, with SciPy."""
    own = cdist(those, those)
    np.fill_diagonal(own, np.inf)
    radii = np.sort(own, axis=1)[:, neighbours - 1]
    return np.mean((cdist(these, those) <= radii + 1e-9).any(axis=1))


def scores_by_the_definition(answer, rng, lab):
    """both are the shares that lie in a ball of the other cloud"""
    for neighbours in (lab.neighbours, 1, 6):
        real = rng.normal(size=(40, 3))
        drawn = rng.normal(size=(60, 3)) * rng.uniform(0.4, 1.2, 3) + rng.uniform(-0.8, 0.8, 3)
        got, wanted = scores_of(answer, real, drawn, neighbours), [inside(drawn, real, neighbours), inside(real, drawn, neighbours)]
        if np.allclose(got, wanted, atol=1e-6):
            continue
        expect(not np.allclose(got, wanted[::-1], atol=1e-6), "precision and recall are exchanged: precision is the share "
               "of the *drawn* ones that lie near real ones")
        raise Wrong(f"for 40 real and 60 drawn vectors and {neighbours} neighbours they are {got.round(3).tolist()}, not "
                    f"{np.round(wanted, 3).tolist()}. The radius "
                    "of a ball is the distance to the neighbour of that number in the same cloud; a vector is no neighbour "
                    "of its own")


def scores_tell_failures_apart(answer, rng, lab):
    """drawings that are all alike have precision and no recall, scattered ones the reverse, foreign ones neither"""
    real = rng.normal(size=(80, 4))
    alike = real[:1] + 0.01 * rng.normal(size=(70, 4))
    for name, drawn, (least, most) in (("that are all alike and near one real vector", alike, ((0.99, 0.0), (1.0, 0.06))),
                                       ("far away", real[:70] + 100, ((0, 0), (0, 0))),
                                       ("that are the real ones themselves", real.copy(), ((1, 1), (1, 1))),
                                       ("scattered much wider", 12 * rng.normal(size=(70, 4)), ((0.0, 0.6), (0.3, 1.0)))):
        got = scores_of(answer, real, drawn, 3)
        expect(np.all(got >= np.array(least) - 1e-9) and np.all(got <= np.array(most) + 1e-9), f"for drawn vectors {name} "
               "precision and recall are "
               f"{got.round(3).tolist()}; they should lie between {list(least)} and {list(most)}")


def scores_do_not_mind_units(answer, rng, lab):
    """scale, turning and order of the vectors do not matter, and the two clouds may be exchanged"""
    real, drawn = rng.normal(size=(50, 3)), rng.normal(size=(35, 3)) + 0.7
    plain = scores_of(answer, real, drawn, 2)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    again = scores_of(answer, 37 * real[rng.permutation(50)] @ turn + 4, 37 * drawn[rng.permutation(35)] @ turn + 4, 2)
    expect(np.allclose(again, plain, atol=0.03), "the same clouds, larger, turned, moved and in another order, must have "
           "the same precision and recall")
    expect(np.allclose(scores_of(answer, drawn, real, 2), plain[::-1], atol=1e-6), "with the clouds exchanged, precision "
           "and recall are exchanged")


# Task attribute, marked by hand

def attribute_is_complete(answer, rng, lab):
    """what is measured, two directions or more with their figures, pictures, and an account in words"""
    value = answer.value()
    expect(isinstance(value, dict), "`attribute` must be a dict")
    for key, words in (("name", 1), ("how it is measured", 8), ("account", 60)):
        expect(key in value, f"the key \"{key}\" is missing")
        expect(isinstance(value[key], str) and len(value[key].split()) >= words, f"\"{key}\" must be text of at least "
               f"{words} words")
    rows = value.get("directions")
    expect(isinstance(rows, dict) and len(rows) >= 2, "\"directions\" must be a dict of two directions or more, by name; "
           "one of them can be random")
    seen = []
    for name, row in rows.items():
        expect(isinstance(row, dict) and {"attribute", "something else"} <= set(row), f"direction {name!r} must be a dict "
               "with the keys \"attribute\" and "
               "\"something else\"")
        along, other = (numbers(row[key], (None,), f"{key!r} of {name!r}") for key in ("attribute", "something else"))
        expect(len(along) == len(other) and len(along) >= 5, f"along {name!r} five steps or more are asked for, with both "
               "figures for each")
        expect(all(not np.array_equal(along, each) for each in seen), "two directions have the very same figures")
        seen.append(along)
    pictures = numbers(value.get("pictures"), (None, None, None), "the pictures")
    expect(len(pictures) >= 5 and pictures.std(axis=0).max() > 1e-3, "\"pictures\" must be five images (N, H, W) or more, "
           "along the way, that differ")


TASKS = (
    Task("price", "What a latent costs", 15, "lesson 4.1, “The divergence in closed form”",
         ("The divergence of each latent of each image first: an array (N, D).",
          "Its mean over the images, then the larger of it and what is free, then the sum over the latents.",
          "ops.maximum(ops.mean(each, axis=0), free). Use keras.ops throughout, since a network learns through it."),
         ((1, price_is_the_divergence), (1, price_has_a_floor), (1, price_does_not_push_small_ones))),
    Task("learn", "A model, trained", 35, "lesson 4.1, “The model” and “Training”",
         ("Two networks as in lesson 4.1: dense layers with ReLU; the encoder ends in two dense layers side by side, the "
          "decoder in one without an activation.",
          "Put them into `Autoencoder`, compile it with Adam, and fit it with `Drawn(images, steps, batch_size)` for one "
          "epoch.",
          "A rate of 1e-3 to 3e-3 that falls to zero (keras.optimizers.schedules.CosineDecay) gets most out of few steps; "
          "100 to 200 images a batch. Pass steps_per_execution=run.steps_per_execution to compile."),
         ((1, learned_networks_fit), (1, learned_something), (3, learned_enough))),
    Task("information", "What the latents tell", 25, "lesson 4.1, “Where the mass is, and a bound”, and this lab, “What is "
         "bought with the price?”",
         ("z_i = mean_i + exp(log_variance_i / 2) · noise_i. Then log q(z_i | x_j) for all i and j: an array (N, N).",
          "log q(z_i) is the logarithm of the mean over j. Subtract the largest entry of each row before you take the "
          "exponential, or use scipy.special.logsumexp.",
          "The log-density of a normal distribution, summed over the latents: -0.5 · ((z - mean)² / variance + "
          "log_variance + log 2π). The answer is the mean of the diagonal minus log q(z_i)."),
         ((2, information_by_the_definition), (1, information_at_its_ends), (1, information_is_safe))),
    Task("aggregate", "Where the images really lie", 20, "this lab, “Where do the images lie?”",
         ("Drawing from the mixture is drawing an image, then from its posterior.",
          "The variance of such a draw has two parts: how far the means lie apart, and the mean of the variances.",
          "The covariance of the means, np.cov(mean, rowvar=False, bias=True), plus a diagonal matrix of the mean of "
          "exp(log_variance)."),
         ((1, aggregate_has_the_moments), (1, aggregate_agrees_with_samples), (1, aggregate_of_the_prior))),
    Task("walk", "A walk on the sphere", 20, "lesson 4.1, “What comes back, and what it draws”",
         ("Unit vectors u and v first, and the angle between them.",
          "At the share t: (sin((1 - t) · angle) · u + sin(t · angle) · v) / sin(angle) is a unit vector again.",
          "Times the length (1 - t)·|start| + t·|end|. Where the angle is below 1e-6, go straight."),
         ((1, walk_turns_evenly), (1, walk_keeps_its_length), (1, walk_of_parallel_places))),
    Task("effective_samples", "How many samples count", 10, "lesson 4.1, “More samples, a tighter bound”",
         ("Weights can be multiplied by any number: the formula does not change.",
          "So subtract the largest log-weight of each image, axis 0, before np.exp.",
          "Sum over axis 0, squared, divided by the sum of the squares over axis 0."),
         ((1, effective_by_the_formula), (1, effective_at_its_ends), (1, effective_is_safe))),
    Task("precision_recall", "Right, and all of it", 25, "this lab, “Are they digits, and all of them?”",
         ("Squared distances of all pairs: |a|² + |b|² - 2 a·b, or scipy.spatial.distance.cdist.",
          "The radius of each vector: sort its distances to its own cloud; place 0 is the vector itself, so the neighbour "
          "of number k is at place k.",
          "A vector is inside if its distance to any vector of the other cloud is at most that vector's radius."),
         ((2, scores_by_the_definition), (1, scores_tell_failures_apart), (1, scores_do_not_mind_units))),
    Task("attribute", "A direction with a meaning", 30, "lesson 4.1, “What comes back, and what it draws”",
         ("An attribute that a line of code measures: how much is white, how far to the right, how slanted, how wide.",
          "A direction: the mean latents of the tenth of the images that have most of it, minus those of the tenth with "
          "least.",
          "Beside the attribute, measure something that should not change, and compare with a random direction of the same "
          "length."),
         ((0, attribute_is_complete),), by_hand=7),
)
