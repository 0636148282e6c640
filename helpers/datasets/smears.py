"""A rendered blood smear: red cells, white cells and platelets with exact boxes, in place of BCCD.

Light comes from behind, and each cell lets a part of it through. So a red cell takes a share of every colour,
where two lie over each other they take it twice, and a cell that is thin in the middle has a pale centre.
"""
import numpy as np
from scipy import ndimage

_HEIGHT = 480  # the sizes below are pixels of an image this high, as in BCCD
_RED, _WHITE, _PLATELET = range(3)  # the order of class_names in the registry
_ABSORBED = {"red cell": (0.16, 0.42, 0.40), "plasm": (0.20, 0.38, 0.16), "nucleus": (0.72, 1.00, 0.24),
             "platelet": (0.42, 0.50, 0.14), "dust": (0.60, 0.55, 0.50)}  # how strongly, for red, green, blue


def bccd(train=120, validation=30, test=40, height=480, seed=0):
    """Smears of (height, height * 4 / 3) pixels, in the form in which the reader of BCCD hands out its images.

    Returns a dict: <split>_<image> (H, W, 3) uint8, <split>_<image>/boxes (n, 4) float64 xyxy in pixels, and
    <split>_<image>/labels (n,) int64. Cells of which the edge of the image shows too little are not drawn, so
    every cell has its box. The same arguments give the same images; the test images do not depend on `train`.
    """
    arrays = {}
    for number, (split, count) in enumerate([("train", train), ("validation", validation), ("test", test)]):
        for place in range(count):
            pixels, boxes, labels = smear(height, np.random.default_rng([seed, number, place]))
            name = f"{split}_smear_{place:03d}"
            arrays |= {name: pixels, f"{name}/boxes": boxes, f"{name}/labels": labels}
    return arrays


def smear(height, random):
    """One image: pixels (height, height * 4 / 3, 3) uint8, boxes (n, 4) xyxy, labels (n,)."""
    size = np.array([height, round(height * 4 / 3)])
    scale = height / _HEIGHT
    cells = _placed(size / scale, random)
    taken = np.zeros((*size, 3), np.float32)  # the logarithm of the light that is lost at each pixel
    boxes, labels = [], []
    stain = random.uniform(0.85, 1.2)  # how strongly this smear was stained
    for label, centre, radius in cells:
        outline = _Outline(centre * scale, radius * scale, random, uneven=(0.05, 0.03, 0.14)[label])
        (_red_cell, _white_cell, _platelet)[label](taken, outline, stain, random)
        boxes.append(outline.box(size))
        labels.append(label)
    for _ in range(random.poisson(1.0)):
        speck = _Outline(random.uniform((0, 0), size), random.uniform(4, 9) * scale, random, uneven=0.1)
        _stain(taken, speck, "dust", random.uniform(0.4, 0.9), soft=0.5)
    pixels = _photographed(taken, scale, random)
    order = random.permutation(len(cells))
    return pixels, np.array(boxes).reshape(-1, 4)[order], np.array(labels, np.int64)[order]


def _placed(size, random):
    """(label, centre (y, x), radius) of each cell: red ones in loose clumps, the others with room around them."""
    white = random.choice(3, p=(0.08, 0.82, 0.10))
    counts = (random.integers(5, 19), white, min(random.poisson(1.0), 4))
    radii = {_RED: lambda: random.normal(52, 5), _WHITE: lambda: random.uniform(72, 115),
             _PLATELET: lambda: random.uniform(15, 25)}
    cells = []
    for label in (_WHITE, _RED, _PLATELET):
        for _ in range(40 * counts[label]):
            if sum(cell[0] == label for cell in cells) == counts[label]:
                break
            radius = radii[label]()
            centre = random.uniform((0, 0), size)
            red = [cell for cell in cells if cell[0] == _RED]
            if label == _RED and red and random.random() < 0.5:  # beside another one
                turn = random.uniform(0, 2 * np.pi)
                centre = red[random.integers(len(red))][1] + 95 * np.array([np.sin(turn), np.cos(turn)])
            shown = np.minimum(centre + radius, size) - np.maximum(centre - radius, 0)
            if (shown < (1.1 if label == _RED else 1.4) * radius).any():
                continue
            near = (np.hypot(*(centre - other)) < (0.62 if label == kind == _RED else 1.0) * (radius + reach)
                    for kind, other, reach in cells)
            if not any(near):
                cells.append((label, centre, radius))
    return cells


class _Outline:
    """A closed line that is nearly an ellipse: its distance from the centre as a function of the direction."""

    def __init__(self, centre, radius, random, uneven):
        self.centre, self.radius = np.asarray(centre), radius
        waves = np.array([2, 3, 4, 5])
        self._strength = random.normal(0, uneven, 4) * (2 / waves) ** 0.5
        self._phase, self._waves = random.uniform(0, 2 * np.pi, 4), waves

    def reach(self, turn):
        """Pixels from the centre to the line, in the direction `turn`."""
        waves = self._strength * np.cos(self._waves * turn[..., None] + self._phase)
        return self.radius * np.maximum(1 + waves.sum(axis=-1), 0.3)

    def box(self, size):
        """The box around the line, xyxy, cut off at the edges of an image of `size` (height, width)."""
        turn = np.linspace(0, 2 * np.pi, 720, endpoint=False)
        y, x = (self.centre[axis] + self.reach(turn) * wave(turn) for axis, wave in enumerate((np.sin, np.cos)))
        x, y = np.clip(x, 0, size[1]), np.clip(y, 0, size[0])
        return np.array([x.min(), y.min(), x.max(), y.max()])

    def window(self, taken):
        """The part of an array (H, W, 3) around the line, and for each of its pixels the distance from the
        centre in units of the line's."""
        reach = 1.6 * self.radius + 2
        low = np.maximum(np.floor(self.centre - reach).astype(int), 0)
        high = np.ceil(self.centre + reach).astype(int) + 1
        part = taken[low[0]:high[0], low[1]:high[1]]
        y, x = np.mgrid[:part.shape[0], :part.shape[1]] + 0.5
        y, x = y + low[0] - self.centre[0], x + low[1] - self.centre[1]
        return part, np.hypot(x, y) / self.reach(np.arctan2(y, x))


def _inside(distance, pixels, soft=0.0):
    """1 inside the line and 0 outside; the step is one pixel wide, or a share `soft` of the distance."""
    return np.clip((1 - distance) / max(soft, 1.0 / pixels) + 0.5, 0, 1)


def _stain(taken, outline, what, strength, soft=0.0):
    part, distance = outline.window(taken)
    part += (strength * _inside(distance, outline.radius, soft))[..., None] * np.float32(_ABSORBED[what])


def _red_cell(taken, outline, stain, random):
    part, distance = outline.window(taken)
    pale = random.choice((0.15, 0.6, 0.85)) * random.uniform(0.7, 1.1)
    wide = random.uniform(0.35, 0.6)
    thick = (1 - pale * np.exp(-(distance / wide) ** 2)) * _inside(distance, outline.radius, 0.06)
    part += (stain * random.uniform(0.75, 1.15) * thick)[..., None] * np.float32(_ABSORBED["red cell"])


def _white_cell(taken, outline, stain, random):
    part, distance = outline.window(taken)
    grain = ndimage.gaussian_filter(random.normal(0, 1, distance.shape), 0.05 * outline.radius)
    grain = 1 + 0.18 * grain / max(grain.std(), 1e-9)
    inside = _inside(distance, outline.radius, 0.04)
    part += (stain * random.uniform(0.5, 1.0) * grain * inside)[..., None] * np.float32(_ABSORBED["plasm"])
    nucleus = np.zeros_like(part[..., 0])
    turn, lobes = random.uniform(0, 2 * np.pi), random.integers(1, 5)
    for number in range(lobes):
        angle = turn + number * random.uniform(0.9, 1.5)
        off = 0.0 if lobes == 1 else 0.38 * outline.radius
        lobe = _Outline(outline.centre + off * np.array([np.sin(angle), np.cos(angle)]),
                        outline.radius * (0.62 if lobes == 1 else random.uniform(0.30, 0.42)), random, uneven=0.06)
        # A lobe's own window may reach beyond the cell's: it is drawn on an empty picture and cut.
        whole = np.zeros_like(taken[..., :1])
        window, near = lobe.window(whole)
        window[..., 0] = _inside(near, lobe.radius, 0.10)
        low = np.maximum(np.floor(outline.centre - 1.6 * outline.radius - 2).astype(int), 0)
        nucleus = np.maximum(nucleus, whole[low[0]:low[0] + part.shape[0], low[1]:low[1] + part.shape[1], 0])
    part += (stain * nucleus * inside * grain)[..., None] * np.float32(_ABSORBED["nucleus"])


def _platelet(taken, outline, stain, random):
    _stain(taken, outline, "platelet", stain * random.uniform(0.7, 1.2), soft=0.35)


def _photographed(taken, scale, random):
    """The pixels (H, W, 3) uint8 that a camera sees: light, lens and noise differ from image to image."""
    high, wide = taken.shape[:2]
    y, x = np.mgrid[:high, :wide] / np.array([high, wide]).reshape(2, 1, 1) - 0.5
    turn = random.uniform(0, 2 * np.pi)
    light = 1 + random.uniform(0, 0.12) * (x * np.cos(turn) + y * np.sin(turn)) - random.uniform(0, 0.2) * (x**2 + y**2)
    tint = random.uniform(0.70, 0.88) * np.array([1.0, 0.98, 0.94]) * random.normal(1, 0.02, 3)
    picture = np.exp(-taken) * light[..., None].astype(np.float32) * tint.astype(np.float32)
    blur = random.uniform(0.4, 2.2) * scale
    picture = ndimage.gaussian_filter(picture, (blur, blur, 0)) + random.normal(0, 0.012, (high, wide, 1))
    return np.clip(np.rint(255 * picture), 0, 255).astype(np.uint8)
