"""Stand-ins: data drawn by the course in place of a dataset when there is no network.

One function a dataset. Each returns ``train_images, train_labels, test_images, test_labels``:
images (N, H, W, C) uint8, labels (N,) int64, with the classes balanced to within one image
and in random order. The same arguments give the same data. The test images depend on ``seed``
and ``test`` alone, so they stay the same when ``train`` changes.

A stand-in keeps a lesson's story true; a figure measured on it says nothing about the dataset.
"""

import math

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage
from sklearn.datasets import load_digits


def mnist(train=4000, test=1000, seed=0):
    """Handwritten digits in MNIST's format, made from the small ones that scikit-learn ships.

    The originals are the 1,797 digits of 8x8 pixels of the UCI "Optical Recognition of Handwritten
    Digits" test set. Each image is one of them, enlarged and slightly turned, slanted and stretched,
    as a white stroke on black whose centre of mass is the centre of the image, as in MNIST.
    Test images come from other originals than training images.

    Returns images (N, 28, 28, 1) uint8 and labels (N,) int64, for training and for testing.
    """
    train_originals, test_originals = _digit_originals()
    return (*_draw_digits(*train_originals, train, np.random.default_rng([seed, 0])),
            *_draw_digits(*test_originals, test, np.random.default_rng([seed, 1])))


def cifar10(train=4000, test=1000, seed=0):
    """Simple drawings of CIFAR-10's ten classes, in CIFAR-10's format and order of classes.

    Every image is a new drawing: an object in a random form, pose and colour, before a scene that
    several classes share, in random light, partly hidden now and then, with noise.

    Returns images (N, 32, 32, 3) uint8 and labels (N,) int64, for training and for testing.
    """
    return (*_draw_objects(train, np.random.default_rng([seed, 0])),
            *_draw_objects(test, np.random.default_rng([seed, 1])))


def t91_set5_set14(train=91, set5=5, set14=13, size=150, seed=0):
    """Windows of photographs that scikit-image and scikit-learn ship, in place of T91, Set5 and Set14.

    Test windows come from other photographs than training windows. Their sides are between three quarters
    of `size` and `size` pixels. Returns a dict <split>_<name> -> (H, W, 3) uint8.
    """
    return {**_windows("train", _TRAINING_PHOTOGRAPHS, train, size, [seed, 0]),
            **_windows("set5", _TEST_PHOTOGRAPHS, set5, size, [seed, 1]),
            **_windows("set14", _TEST_PHOTOGRAPHS, set14, size, [seed, 2])}


def kodak(test=5, size=512, seed=0):
    """Windows of the photographs from which `t91_set5_set14` takes its test windows, in place of Kodak's.

    Returns a dict test_<name> -> (H, W, 3) uint8.
    """
    return _windows("test", _TEST_PHOTOGRAPHS, test, size, [seed, 3])


def _balanced_labels(count, random):
    return random.permutation(np.arange(count) % 10).astype(np.int64)


# --- handwritten digits -------------------------------------------------------------------------


def _digit_originals():
    """The 8x8 digits as ((images, labels) for training, (images, labels) for testing).

    One stretch of the file is kept for testing rather than random digits: neighbours in the file
    resemble each other, as if by one hand, and a random choice would make the test too easy.
    """
    digits = load_digits()
    images, labels = digits.images / 16.0, digits.target
    split = len(images) // 5
    return (images[split:], labels[split:]), (images[:split], labels[:split])


def _draw_digits(originals, original_labels, count, random):
    labels = _balanced_labels(count, random)
    images = np.zeros((count, 28, 28, 1), np.uint8)
    for digit in range(10):
        wanted = np.flatnonzero(labels == digit)
        # Every original is used once before any is used again.
        chosen = random.permutation(np.flatnonzero(original_labels == digit))
        for index, original in zip(wanted, np.resize(chosen, len(wanted))):
            images[index, :, :, 0] = _write_digit(originals[original], random)
    return images, labels


def _write_digit(original, random):
    """One 8x8 digit in [0, 1] as a 28x28 image, uint8, seen through a random affine map."""
    angle, slant = random.normal(0, 0.10), random.normal(0, 0.12)
    height, width = 2.5 * random.normal(1, 0.05, 2).clip(0.85, 1.1)  # 8 pixels become about 20
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    forward = turn @ np.array([[1, 0], [slant, 1]]) @ np.diag([height, width])
    backward = np.linalg.inv(forward)  # from the pixels of the result to those of the original
    # An affine map carries the centre of mass with it, so it can be placed before drawing.
    offset = ndimage.center_of_mass(original) - backward @ (13.5, 13.5)
    smooth = ndimage.affine_transform(original, backward, offset, (28, 28), order=3)
    # Cutting the soft slope at its middle gives back MNIST's sharp strokes of 2 to 4 pixels.
    edge = random.normal(0.50, 0.05)
    return (255 * np.clip((smooth - edge) / 0.35 + 0.5, 0, 1)).astype(np.uint8)


# --- photographs --------------------------------------------------------------------------------

# Those that scikit-image and scikit-learn hold in their own packages: none of them is downloaded.
_TRAINING_PHOTOGRAPHS = ("china.jpg", "stereo_motorcycle", "grass", "rocket", "coins", "hubble_deep_field",
                         "gravel", "brick")
_TEST_PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "flower.jpg", "camera")


def _photograph(name):
    """One of them at half its size, where it is sharp to the pixel: (H, W, 3) uint8."""
    from skimage import data
    from sklearn.datasets import load_sample_image

    if name.endswith(".jpg"):
        pixels = load_sample_image(name)
    else:
        pixels = getattr(data, name)()
    if isinstance(pixels, tuple):
        pixels = pixels[0]  # the left picture of two
    return np.array(Image.fromarray(pixels).convert("RGB").reduce(2))


def _windows(split, names, count, size, seed):
    """`count` windows, from each photograph in turn: of four random ones that with the most detail."""
    random = np.random.default_rng(seed)
    photographs = [_photograph(name) for name in names[:count]]
    windows = {}
    for number in range(count):
        name = names[number % len(names)].removesuffix(".jpg")
        tried = [_window(photographs[number % len(photographs)], size, random) for _ in range(4)]
        windows[f"{split}_{number + 1:02d}-{name}"] = max(tried, key=_detail)
    return windows


def _window(photograph, size, random):
    """A random window with sides between three quarters of `size` and `size`, as far as there are so many."""
    lengths = [min(available, random.integers(3 * size // 4, size + 1)) for available in photograph.shape[:2]]
    y, x = [random.integers(available - length + 1) for available, length in zip(photograph.shape, lengths)]
    return photograph[y:y + lengths[0], x:x + lengths[1]].copy()


def _detail(pixels):
    """The mean difference between a pixel and the one below it."""
    return np.abs(np.diff(pixels.astype(np.float32), axis=0)).mean()


# --- drawn objects: the tools -------------------------------------------------------------------

_SIZE = 32  # pixels of an image
_FINE = 3  # it is drawn this many times larger, then averaged, for smooth edges

_CIRCLE = [(math.cos(turn), math.sin(turn)) for turn in np.linspace(0, 2 * math.pi, 16, endpoint=False)]

_BLACK, _WHITE, _GLASS, _TYRE = (25, 25, 28), (240, 240, 235), (70, 95, 120), (35, 35, 38)
_PAINTS = [(235, 235, 235), (170, 175, 180), (40, 42, 48), (190, 35, 35), (35, 70, 160), (220, 180, 50),
           (45, 120, 70), (225, 120, 45), (110, 150, 190), (120, 40, 60)]
_COATS = [(150, 95, 50), (110, 70, 40), (195, 150, 95), (70, 50, 40), (45, 42, 42), (225, 215, 200),
          (140, 135, 130), (180, 110, 60)]
_SKINS = [(80, 140, 50), (110, 160, 60), (60, 100, 50), (130, 120, 60), (140, 100, 60), (60, 130, 90)]
_FEATHERS = _COATS + [(180, 50, 45), (60, 100, 170), (220, 190, 70), (90, 90, 100)]


def _shade(colour, factor):
    """A colour made darker (factor below 1) or lighter."""
    return tuple(min(255, int(channel * factor)) for channel in colour)


class _Pen:
    """Draws in an object's own coordinates: x to its front, y up, all of it within [-1, 1]."""

    def __init__(self, image, random):
        """Choose where the object stands, how large it is, and whether it faces left."""
        self.random = random
        self.draw = ImageDraw.Draw(image)
        self.scale = image.width * self.between(0.30, 0.47)
        self.centre = [image.width * (0.5 + self.between(-0.08, 0.08)) for _ in range(2)]
        self.stretch = self.between(0.78, 1.05) * (-1 if self.chance(0.5) else 1)
        self.turn(random.normal(0, 0.13))

    def turn(self, angle):
        """Lean the object by an angle in radians."""
        self.cosine, self.sine = math.cos(angle) * self.scale, math.sin(angle) * self.scale

    def between(self, low, high):
        return low + (high - low) * self.random.random()

    def chance(self, probability):
        return self.random.random() < probability

    def choose(self, options):
        return options[self.random.integers(len(options))]

    def colour(self, palette):
        """One of the palette's colours, lighter or darker by chance."""
        return _shade(self.choose(palette), self.between(0.8, 1.2))

    def polygon(self, points, colour):
        self.draw.polygon(self._pixels(points), fill=colour)

    def box(self, left, bottom, right, top, colour):
        self.polygon([(left, bottom), (right, bottom), (right, top), (left, top)], colour)

    def oval(self, x, y, width, height, colour, angle=0.0):
        """An ellipse by its centre and half-axes, leaning by an angle in radians."""
        a, b = math.cos(angle), math.sin(angle)
        self.polygon([(x + a * width * u - b * height * v, y + b * width * u + a * height * v)
                      for u, v in _CIRCLE], colour)

    def line(self, points, width, colour):
        self.draw.line(self._pixels(points), fill=colour, width=max(1, round(width * self.scale)))

    def _pixels(self, points):
        (x0, y0), stretch, a, b = self.centre, self.stretch, self.cosine, self.sine
        return [(x0 + a * x * stretch - b * y, y0 - b * x * stretch - a * y) for x, y in points]


# --- drawn objects: shared parts ----------------------------------------------------------------


def _wheels(pen, positions, radius, y):
    for x in positions:
        pen.oval(x, y, radius, radius, _TYRE)
        pen.oval(x, y, radius * 0.45, radius * 0.45, (165, 165, 170))


def _front_of_vehicle(pen, paint, half_width, roof, windscreen):
    """A car or truck seen from the front; windscreen gives its lower and upper edge."""
    for x in (-half_width + 0.14, half_width - 0.14):
        pen.box(x - 0.14, -0.75, x + 0.14, -0.35, _TYRE)
    shoulder = windscreen[0] - 0.08
    pen.box(-half_width, -0.58, half_width, shoulder, paint)
    pen.polygon([(-half_width, shoulder), (half_width, shoulder),
                 (half_width * 0.8, roof), (-half_width * 0.8, roof)], _shade(paint, 0.9))
    pen.polygon([(-half_width * 0.85, windscreen[0]), (half_width * 0.85, windscreen[0]),
                 (half_width * 0.7, windscreen[1]), (-half_width * 0.7, windscreen[1])], _GLASS)
    pen.box(-half_width * 0.5, -0.48, half_width * 0.5, -0.28, _shade(paint, 0.45))
    for x in (-half_width * 0.75, half_width * 0.75):
        pen.oval(x, -0.3, 0.1, 0.1, (250, 245, 200))


def _legs(pen, positions, top, bottom, width, colour):
    """Legs at the given x, each with its own step; those farther away are darker."""
    for number, x in enumerate(positions):
        step = pen.between(-0.12, 0.12)
        knee = (x + step * 0.8, (top + bottom) / 2)
        shadow = 0.7 if number % 2 else 0.95
        pen.line([(x, top), knee, (x + step * 0.5, bottom)], width, _shade(colour, shadow))


def _pet(pen, coat, face, muzzle, ear, tail, tail_width):
    """A cat or dog from the side, standing or sitting, or its face alone.

    face(pen, coat) draws the face; ear and tail are the points of those of the side view, ear
    relative to the head; muzzle is how far the mouth stands out before the head.
    """
    view = pen.random.random()
    if view < 0.35:
        pen.oval(0, -0.85, 0.6, 0.4, _shade(coat, 0.8))
        face(pen, coat)
        return
    if view < 0.7:  # standing
        top = pen.between(-0.15, 0.0)
        pen.line([(-0.6 + x, top + y) for x, y in tail], tail_width, _shade(coat, 0.85))
        _legs(pen, (-0.5, -0.38, 0.3, 0.42), top, -0.85, 0.15, coat)
        pen.oval(-0.05, top, 0.62, 0.27, coat)
        head = (0.58, top + pen.between(0.3, 0.45))
    else:  # sitting
        pen.line([(-0.45 + x, -0.6 + y * 0.7) for x, y in tail], tail_width, _shade(coat, 0.85))
        pen.oval(-0.15, -0.5, 0.42, 0.4, coat)
        pen.oval(0.05, -0.2, 0.3, 0.5, coat, angle=-0.3)
        _legs(pen, (0.12, 0.26), -0.2, -0.9, 0.15, coat)
        head = (0.3, pen.between(0.35, 0.5))
    pen.oval((head[0] + 0.25) / 2 + 0.08, head[1] - 0.2, 0.2, 0.28, coat, angle=-0.4)
    pen.oval(*head, 0.27, 0.25, coat)
    pen.oval(head[0] + muzzle, head[1] - 0.08, 0.17, 0.12, _shade(coat, 1.1))
    pen.oval(head[0] + muzzle + 0.15, head[1] - 0.04, 0.05, 0.05, _BLACK)
    for shift, shadow in ((-0.12, 0.65), (0.08, 0.8)):
        pen.polygon([(head[0] + shift + x, head[1] + y) for x, y in ear], _shade(coat, shadow))
    pen.oval(head[0] + 0.1, head[1] + 0.06, 0.05, 0.05, _BLACK)


def _hoofed(pen, coat, girth, leg_width, neck_width):
    """Body, legs, neck and head of a deer or horse from the side. Returns the head's (x, y)."""
    grazing = pen.chance(0.2)
    top = pen.between(0.0, 0.12)
    head = (0.88, -0.5) if grazing else (pen.between(0.62, 0.75), pen.between(0.55, 0.7))
    _legs(pen, (-0.5, -0.38, 0.3, 0.42), top, -0.95, leg_width, coat)
    pen.oval(-0.05, top, 0.58, girth, coat)
    pen.oval(-0.42, top + 0.03, 0.22, girth * 0.95, coat)
    pen.line([(0.3, top + 0.05), head], neck_width, coat)
    pen.oval(head[0] + 0.1, head[1] - 0.07, 0.24, 0.12, coat, angle=-0.6)
    pen.oval(head[0] + 0.24, head[1] - 0.18, 0.08, 0.07, _shade(coat, 0.6))
    return head


# --- drawn objects: one function a class --------------------------------------------------------


def _airplane(pen):
    paint, trim = pen.colour(_PAINTS[:2] + _PAINTS), pen.colour(_PAINTS)
    sweep = pen.between(0.2, 0.5)
    if pen.chance(0.4):  # from above or below
        pen.turn(pen.between(-3.1, 3.1))
        for side in (-1, 1):
            pen.polygon([(0.25, 0), (-0.1, 0), (-0.1 - sweep, side * 0.9), (0.1 - sweep, side * 0.9)],
                        _shade(paint, 0.8))
            pen.polygon([(-0.65, 0), (-0.85, 0), (-1.0, side * 0.35), (-0.85, side * 0.35)],
                        _shade(trim, 0.8))
            pen.oval(0.1 - sweep / 2, side * 0.4, 0.13, 0.06, _shade(paint, 0.5))
        pen.oval(0, 0, 0.95, 0.13, paint)
        pen.oval(0.75, 0, 0.08, 0.07, _GLASS)
        return
    pen.turn(pen.random.normal(0.1, 0.2))
    girth = pen.between(0.13, 0.2)
    pen.polygon([(0.2, 0.02), (-0.15, 0.02), (-0.35 - sweep / 2, 0.35), (-0.2 - sweep / 2, 0.35)],
                _shade(paint, 0.65))
    pen.polygon([(-0.55, 0.05), (-0.9, 0.05), (-0.98, 0.55), (-0.78, 0.55)], trim)
    pen.oval(0, 0, 0.97, girth, paint)
    pen.line([(-0.5, 0.05), (0.65, 0.05)], 0.05, _shade(trim, 0.5))
    pen.polygon([(0.72, 0.04), (0.85, 0.04), (0.78, 0.1), (0.7, 0.1)], _GLASS)
    pen.polygon([(0.25, -0.05), (-0.2, -0.05), (-0.35 - sweep, -0.5), (-0.15 - sweep, -0.5)],
                _shade(paint, 0.75))
    pen.oval(0.05 - sweep / 2, -0.27, 0.14, 0.08, _shade(paint, 0.45))
    pen.polygon([(-0.7, 0), (-0.9, 0), (-1.05, -0.12), (-0.9, -0.12)], _shade(trim, 0.7))


def _automobile(pen):
    paint = pen.colour(_PAINTS)
    if pen.chance(0.3):
        _front_of_vehicle(pen, paint, half_width=pen.between(0.62, 0.75), roof=pen.between(0.3, 0.45),
                          windscreen=(0.0, 0.25))
        return
    roof, shoulder = pen.between(0.28, 0.48), pen.between(-0.05, 0.08)
    rear, front = pen.between(-0.85, -0.5), pen.between(0.5, 0.65)
    pen.polygon([(rear, shoulder), (rear + 0.2, roof), (front - 0.4, roof), (front, shoulder)],
                _shade(paint, 0.9))
    top = roof - 0.07  # of the windows, rear and front
    pen.polygon([(rear + 0.12, shoulder), (rear + 0.26, top), (-0.12, top), (-0.12, shoulder)], _GLASS)
    pen.polygon([(-0.04, shoulder), (-0.04, top), (front - 0.44, top), (front - 0.1, shoulder)], _GLASS)
    pen.polygon([(-0.97, -0.42), (0.97, -0.42), (0.95, -0.12), (0.6, shoulder), (-0.93, shoulder)], paint)
    pen.line([(-0.95, -0.2), (0.92, -0.2)], 0.04, _shade(paint, 0.7))
    pen.oval(0.88, -0.15, 0.07, 0.06, (250, 245, 200))
    _wheels(pen, (-0.58, 0.58), pen.between(0.2, 0.25), -0.42)


def _bird(pen):
    plumage, wing = pen.colour(_FEATHERS), pen.between(0.6, 0.85)
    beak = pen.choose([(235, 170, 50), (60, 55, 50), (220, 100, 40)])
    if pen.chance(0.4):  # flying
        lift = pen.choose([-1, 1]) * pen.between(0.5, 0.9)
        pen.turn(pen.random.normal(0.1, 0.25))
        pen.polygon([(0.2, 0), (-0.2, 0), (-0.35, lift), (-0.05, lift * 0.8)], _shade(plumage, wing * 0.8))
        pen.polygon([(-0.4, 0.05), (-0.95, 0.18), (-0.95, -0.15)], _shade(plumage, wing))
        pen.oval(0, 0, 0.5, 0.17, plumage)
        pen.polygon([(0.25, 0.05), (-0.15, 0.05), (-0.6, abs(lift)), (-0.2, abs(lift) * 0.75)],
                    _shade(plumage, wing))
        head = (0.52, 0.1)
    else:  # on its feet
        tall = pen.between(0.25, 0.6)
        for x in (-0.1, 0.1):
            pen.line([(x, -0.3), (x + 0.05, -0.3 - tall)], 0.05, _shade(beak, 0.8))
        pen.polygon([(-0.3, 0.0), (-0.95, -0.35), (-0.8, -0.5), (-0.2, -0.3)], _shade(plumage, wing * 0.9))
        pen.oval(0, -0.1, 0.5, 0.32, plumage, angle=0.5)
        pen.oval(0.2, -0.15, 0.25, 0.2, _shade(plumage, 1.3), angle=0.7)
        pen.oval(-0.12, -0.1, 0.36, 0.18, _shade(plumage, wing), angle=0.4)
        head = (0.4, pen.between(0.35, 0.55))
        pen.line([(0.25, 0.1), head], 0.25, plumage)
    pen.polygon([(head[0] + 0.1, head[1] + 0.08), (head[0] + pen.between(0.35, 0.5), head[1] - 0.03),
                 (head[0] + 0.1, head[1] - 0.1)], beak)
    pen.oval(*head, 0.19, 0.18, plumage)
    pen.oval(head[0] + 0.06, head[1] + 0.04, 0.05, 0.05, _BLACK)


def _cat(pen):
    coat, tip = pen.colour(_COATS), pen.between(0.3, 0.42)
    tail = [(0.0, 0.0), (-0.25, 0.15), (pen.between(-0.4, -0.2), 0.55), (pen.between(-0.35, -0.1), 0.75)]
    _pet(pen, coat, _cat_face, muzzle=0.12, tail=tail, tail_width=0.1,
         ear=[(-0.1, 0.12), (0.12, 0.12), (0.0, tip)])


def _cat_face(pen, coat):
    tip = pen.between(0.7, 0.9)
    eyes = pen.choose([(190, 200, 70), (110, 170, 90), (220, 170, 60), (110, 160, 200)])
    for side in (-1, 1):
        pen.polygon([(side * 0.65, 0.15), (side * 0.1, 0.45), (side * 0.58, tip)], _shade(coat, 0.85))
        pen.polygon([(side * 0.55, 0.3), (side * 0.3, 0.42), (side * 0.53, tip - 0.15)], (205, 150, 145))
    pen.oval(0, 0, 0.7, 0.58, coat)
    for side in (-1, 1):
        pen.oval(side * 0.3, 0.1, 0.14, 0.12, eyes)
        pen.oval(side * 0.3, 0.1, 0.05, 0.11, _BLACK)
        pen.oval(side * 0.13, -0.28, 0.18, 0.13, _shade(coat, 1.25))
        pen.line([(side * 0.25, -0.25), (side * 0.8, pen.between(-0.35, -0.15))], 0.03, _WHITE)
    pen.polygon([(-0.09, -0.1), (0.09, -0.1), (0, -0.22)], (200, 120, 120))


def _deer(pen):
    coat = pen.colour(_COATS[:4])
    x, y = _hoofed(pen, coat, girth=pen.between(0.2, 0.27), leg_width=0.09, neck_width=pen.between(0.15, 0.2))
    pen.oval(-0.62, 0.12, 0.1, 0.13, _WHITE)  # the tail
    pen.oval(-0.1, -0.1, 0.4, 0.09, _shade(coat, 1.4))  # the belly
    if pen.chance(0.6):  # antlers
        horn = pen.choose([(215, 195, 160), (90, 70, 55)])
        for lean in (-0.3, 0.08):
            pen.line([(x, y), (x + lean, y + 0.25), (x + lean * 0.7, y + 0.5)], 0.06, horn)
            pen.line([(x + lean, y + 0.25), (x + lean - 0.15, y + 0.42)], 0.05, horn)
    pen.oval(x - 0.13, y + 0.14, 0.16, 0.07, _shade(coat, 0.8), angle=2.4)  # an ear


def _dog(pen):
    coat = pen.colour(_COATS)
    drop = pen.between(-0.3, -0.15)
    tail = [(0.0, 0.0), (-0.2, 0.15), (pen.between(-0.4, -0.25), pen.between(0.2, 0.45))]
    _pet(pen, coat, _dog_face, muzzle=0.27, tail=tail, tail_width=0.14,
         ear=[(-0.12, 0.2), (0.08, 0.2), (0.02, drop), (-0.14, drop + 0.05)])


def _dog_face(pen, coat):
    ear, low = _shade(coat, pen.choose([0.6, 0.75, 1.2])), pen.between(-0.45, -0.1)
    pen.oval(0, 0.05, 0.55, 0.6, coat)
    for side in (-1, 1):
        pen.polygon([(side * 0.3, 0.62), (side * 0.6, 0.5), (side * 0.8, low), (side * 0.58, low - 0.08),
                     (side * 0.45, 0.25)], ear)
    pen.oval(0, -0.3, 0.34, 0.32, _shade(coat, 1.25))
    if pen.chance(0.4):
        pen.oval(0, -0.6, 0.11, 0.18, (215, 110, 120))  # the tongue
    for side in (-1, 1):
        pen.oval(side * 0.24, 0.18, 0.1, 0.1, _BLACK)
    pen.oval(0, -0.12, 0.15, 0.11, _BLACK)
    pen.line([(-0.18, -0.42), (0, -0.38), (0.18, -0.42)], 0.05, _BLACK)


def _frog(pen):
    skin = pen.colour(_SKINS)
    dark, pale = _shade(skin, 0.7), _shade(skin, 1.4)
    if pen.chance(0.5):  # from the front
        for side in (-1, 1):
            pen.oval(side * 0.65, -0.4, 0.28, 0.3, dark, angle=side * 0.5)
            pen.line([(side * 0.35, -0.3), (side * 0.45, -0.65), (side * 0.7, -0.75)], 0.13, skin)
        pen.oval(0, -0.25, 0.6, 0.42, skin)
        pen.oval(0, -0.4, 0.42, 0.25, pale)
        pen.oval(0, 0.05, 0.62, 0.32, skin)
        pen.line([(-0.5, -0.02), (0, -0.14), (0.5, -0.02)], 0.05, _shade(skin, 0.4))
        eyes = ((-0.36, 0.35), (0.36, 0.35))
    else:  # from the side
        pen.oval(-0.1, -0.2, 0.65, 0.34, skin, angle=0.4)
        pen.oval(0.1, -0.35, 0.45, 0.16, pale, angle=0.4)
        pen.oval(0.5, 0.1, 0.34, 0.22, skin)
        pen.line([(0.25, -0.2), (0.35, -0.55), (0.55, -0.6)], 0.13, dark)
        pen.oval(-0.4, -0.35, 0.38, 0.2, dark, angle=0.5)
        pen.line([(-0.15, -0.25), (-0.6, -0.58), (-0.1, -0.62)], 0.12, skin)
        eyes = ((0.45, 0.32),)
    for _ in range(pen.random.integers(4)):
        pen.oval(pen.between(-0.4, 0.3), pen.between(-0.3, 0.1), 0.08, 0.06, dark)
    for x, y in eyes:
        pen.oval(x, y, 0.17, 0.17, skin)
        pen.oval(x, y, 0.12, 0.12, (225, 200, 80))
        pen.oval(x, y, 0.08, 0.05, _BLACK)


def _horse(pen):
    coat = pen.colour(_COATS)
    hair = pen.choose([_BLACK, _shade(coat, 0.55), (215, 195, 150)])
    swing = pen.between(-1.0, -0.8)
    pen.line([(-0.55, 0.2), (swing, 0.05), (swing + 0.03, -0.45)], 0.14, hair)
    x, y = _hoofed(pen, coat, girth=pen.between(0.26, 0.33), leg_width=0.12,
                   neck_width=pen.between(0.24, 0.32))
    pen.line([(0.18, 0.25), (x - 0.15, y + 0.05), (x + 0.02, y + 0.1)], 0.13, hair)  # the mane
    pen.polygon([(x - 0.1, y + 0.02), (x + 0.06, y + 0.04), (x - 0.02, y + 0.22)], _shade(coat, 0.8))
    if pen.chance(0.25):  # a saddle
        pen.oval(-0.05, 0.25, 0.2, 0.12, pen.colour(_PAINTS))


def _ship(pen):
    hull, deck = pen.colour(_PAINTS), pen.colour(_PAINTS[:2] + _PAINTS)
    kind, bow = pen.random.random(), pen.between(0.85, 1.0)
    if kind < 0.35:  # under sail
        pen.line([(0.05, -0.4), (0.05, 0.95)], 0.06, (90, 70, 55))
        sail = pen.colour([_WHITE, (230, 220, 190)] + _PAINTS[3:6])
        pen.polygon([(0.0, 0.9), (0.0, -0.2), (pen.between(-0.75, -0.5), -0.2)], sail)
        pen.polygon([(0.1, 0.75), (0.1, -0.2), (pen.between(0.45, 0.7), -0.2)], _shade(sail, 0.85))
    elif kind < 0.7:  # a liner: decks with windows, funnels
        for x in (-0.3, 0.1)[:pen.random.integers(1, 3)]:
            pen.box(x, 0.2, x + 0.18, pen.between(0.5, 0.7), pen.colour(_PAINTS))
        pen.box(-0.65, -0.3, 0.5, 0.0, deck)
        pen.box(-0.5, 0.0, 0.35, 0.25, _shade(deck, 0.9))
        pen.line([(-0.58, -0.13), (0.42, -0.13)], 0.07, _GLASS)
        pen.line([(-0.42, 0.13), (0.27, 0.13)], 0.07, _GLASS)
    else:  # a freighter: bridge at the stern, containers
        pen.box(-0.8, -0.3, -0.5, 0.45, deck)
        pen.line([(-0.75, 0.33), (-0.52, 0.33)], 0.08, _GLASS)
        for x in np.arange(-0.42, 0.6, 0.26):
            pen.box(x, -0.3, x + 0.23, pen.choose([-0.1, 0.05, 0.2]), pen.colour(_PAINTS))
        pen.line([(0.7, -0.3), (0.7, 0.3)], 0.05, _shade(deck, 0.6))
    pen.polygon([(-0.9, -0.3), (bow, -0.22), (bow - 0.3, -0.65), (-0.78, -0.65)], hull)
    pen.polygon([(-0.8, -0.57), (bow - 0.24, -0.57), (bow - 0.3, -0.68), (-0.78, -0.68)], _shade(hull, 0.6))


def _truck(pen):
    paint, load = pen.colour(_PAINTS), pen.colour(_PAINTS)
    if pen.chance(0.3):
        _front_of_vehicle(pen, paint, half_width=pen.between(0.5, 0.62), roof=pen.between(0.65, 0.85),
                          windscreen=(0.15, 0.5))
        return
    roof, kind = pen.between(0.2, 0.4), pen.random.random()
    pen.box(-0.95, -0.5, 0.9, -0.36, (60, 60, 65))
    if kind < 0.5:  # a box
        pen.box(-0.97, -0.38, 0.4, pen.between(0.4, 0.65), load)
        pen.line([(-0.9, 0.0), (0.35, 0.0)], 0.07, _shade(load, 0.7))
    elif kind < 0.75:  # a tank
        pen.oval(-0.3, -0.05, 0.66, 0.33, load)
        pen.oval(-0.3, 0.08, 0.5, 0.07, _shade(load, 1.3))
    else:  # an open bed
        pen.polygon([(-0.97, -0.1), (-0.3, 0.28), (0.35, -0.1)], (120, 100, 75))
        pen.box(-0.97, -0.4, 0.4, -0.05, _shade(paint, 0.85))
    pen.polygon([(0.45, -0.45), (0.97, -0.45), (0.97, -0.1), (0.86, roof), (0.45, roof)], paint)
    pen.polygon([(0.58, -0.02), (0.92, -0.02), (0.84, roof - 0.08), (0.58, roof - 0.08)], _GLASS)
    pen.oval(0.92, -0.3, 0.05, 0.06, (250, 245, 200))
    axles = (-0.72, 0.68) if pen.chance(0.4) else (-0.75, -0.38, 0.68)
    _wheels(pen, axles, pen.between(0.17, 0.22), -0.52)


# --- drawn objects: scenes, light and the whole image -------------------------------------------

_SURFACES = {
    "sky": [(120, 170, 220), (165, 195, 220), (205, 210, 215), (90, 130, 190), (220, 180, 150)],
    "trees": [(60, 85, 50), (85, 105, 60), (110, 95, 60), (50, 60, 50)],
    "wall": [(200, 190, 170), (150, 130, 120), (120, 140, 150), (180, 160, 180), (90, 80, 80)],
    "grass": [(95, 140, 60), (130, 150, 75), (150, 140, 90), (70, 105, 50)],
    "road": [(120, 120, 122), (150, 145, 140), (90, 90, 95)],
    "water": [(60, 100, 150), (80, 130, 145), (110, 140, 160), (50, 75, 100)],
    "sand": [(200, 180, 140), (170, 145, 110), (225, 220, 215)],
}
_UPPER, _LOWER = ("sky", "trees", "wall"), ("grass", "road", "water", "sand")

# In the order of CIFAR-10's labels: how to draw the class, and what is likely behind and below it.
_OBJECTS = [
    (_airplane, ("sky",), ("sky", "sky", "road", "grass", "water")),
    (_automobile, ("sky", "trees", "wall"), ("road", "road", "grass", "sand")),
    (_bird, ("sky", "trees"), ("sky", "grass", "water", "sand", "trees")),
    (_cat, ("wall", "trees"), ("sand", "grass", "road", "wall")),
    (_deer, ("trees", "sky"), ("grass", "grass", "sand", "water")),
    (_dog, ("wall", "trees", "sky"), ("grass", "sand", "road", "wall")),
    (_frog, ("trees", "wall"), ("grass", "water", "sand", "road")),
    (_horse, ("sky", "trees"), ("grass", "grass", "sand", "road")),
    (_ship, ("sky",), ("water", "water", "water", "sand")),
    (_truck, ("sky", "trees", "wall"), ("road", "road", "grass", "sand")),
]


def _noise(count, cells, random):
    """Smooth random fields (count, 32, 32): cells x cells normal values, interpolated linearly."""
    position = np.linspace(0, cells - 1, _SIZE)[:, None]
    weights = np.maximum(0, 1 - np.abs(position - np.arange(cells)))
    return weights @ random.standard_normal((count, cells, cells)) @ weights.T


def _scenes(labels, random):
    """Backgrounds (N, 32, 32, 3) float: one surface above a horizon, another below, with texture."""
    count = len(labels)
    colours = np.empty((2, count, 1, 1, 3))
    for index, label in enumerate(labels):
        # One scene in four is any, so that the background alone does not give the class.
        upper, lower = (_UPPER, _LOWER) if random.random() < 0.25 else _OBJECTS[label][1:]
        for half, surfaces in enumerate((upper, lower)):
            palette = _SURFACES[surfaces[random.integers(len(surfaces))]]
            colours[half, index] = palette[random.integers(len(palette))]
    colours += random.normal(0, 12, colours.shape)
    horizon = random.uniform(8, 24, (count, 1, 1)) + _noise(count, 4, random)[:, :1] * 2
    below = np.clip(np.arange(_SIZE)[:, None] - horizon, 0, 1)[..., None]
    texture = 9 * _noise(count, 6, random) + random.uniform(3, 14, (count, 1, 1)) * _noise(count, 16, random)
    return colours[0] * (1 - below) + colours[1] * below + texture[..., None]


def _clutter(pen, background):
    """Draw what stands about: blobs and posts in colours near those of the scene."""
    y, x = pen.random.integers(_SIZE, size=2)
    colour = _shade(tuple(background[y, x]), pen.between(0.5, 1.4))
    x, y = pen.between(-1.2, 1.2), pen.between(-1.1, 0.9)
    if pen.chance(0.5):
        pen.oval(x, y, pen.between(0.1, 0.4), pen.between(0.1, 0.35), colour)
    else:
        pen.line([(x, -1.5), (x + pen.between(-0.3, 0.3), y)], pen.between(0.05, 0.15), colour)


def _draw_objects(count, random):
    labels = _balanced_labels(count, random)
    backgrounds = np.clip(_scenes(labels, random), 0, 255).astype(np.uint8)
    images = np.empty((count, _SIZE, _SIZE, 3), np.float32)
    for index, (label, background) in enumerate(zip(labels, backgrounds)):
        image = Image.fromarray(background).resize((_SIZE * _FINE, _SIZE * _FINE), Image.Resampling.NEAREST)
        pen = _Pen(image, random)
        for _ in range(random.integers(4)):
            _clutter(pen, background)
        _OBJECTS[label][0](pen)
        for _ in range(random.integers(3)):  # before the object, hiding parts of it
            _clutter(pen, background)
        images[index] = image.reduce(_FINE)
    return _light(images, random), labels


def _light(images, random):
    """Photograph the drawings: uneven light, contrast, a tint, and the camera's noise. To uint8."""
    each = (len(images), 1, 1, 1)
    tint = random.normal(1, 0.06, (len(images), 1, 1, 3))
    light = tint + 0.15 * _noise(len(images), 3, random)[..., None]
    mean = images.mean(axis=(1, 2, 3), keepdims=True)
    images = (mean + (images - mean) * random.uniform(0.7, 1.2, each)) * light + random.normal(0, 15, each)
    images += random.uniform(3, 12, each) * random.standard_normal(images.shape, np.float32)
    return np.clip(images, 0, 255).astype(np.uint8)
