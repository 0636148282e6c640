"""Stand-ins drawn by the course for segmentation and style transfer: streets, membranes, paintings.

Everything follows from a seed: the same arguments give the same pictures. A mask is drawn together with its
picture, by the same calls, so it is exact; light, blur and noise are put on the picture alone, afterwards.
"""
import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

STREET_CLASSES = ("sky", "building", "pole", "road", "pavement", "tree", "sign", "fence", "car", "pedestrian",
                  "bicyclist")
_VOID = len(STREET_CLASSES)
_LABEL = {name: number for number, name in enumerate(STREET_CLASSES)} | {"void": _VOID}


def camvid(train=60, validation=20, test=20, height=360, width=480, seed=0):
    """Rendered streets with CamVid's eleven classes, and void, in place of CamVid.

    Returns a dict with `<split>_images` (N, height, width, 3) uint8, `<split>_masks` (N, height, width) int64 of class
    indices, 11 for void, and `<split>_names`, for the splits train, validation and test.
    """
    arrays = {}
    for part, (split, count) in enumerate((("train", train), ("validation", validation), ("test", test))):
        pairs = [_street(height, width, np.random.default_rng([seed, part, number])) for number in range(count)]
        arrays |= {f"{split}_images": np.stack([picture for picture, _ in pairs]),
                   f"{split}_masks": np.stack([mask for _, mask in pairs]),
                   f"{split}_names": np.array([f"street-{number:03d}" for number in range(count)])}
    return arrays


def isbi2012(train=30, size=512, seed=0):
    """Membranes between the cells of a bent Voronoi diagram, with organelles, in place of ISBI 2012.

    Returns a dict with `train_images` (N, size, size, 1) uint8, `train_masks` (N, size, size) int64, 1 for membrane, and
    `train_names`.
    """
    pairs = [_membranes(size, np.random.default_rng([seed, number])) for number in range(train)]
    return {"train_images": np.stack([picture for picture, _ in pairs])[..., None],
            "train_masks": np.stack([mask for _, mask in pairs]),
            "train_names": np.array([f"slice-{number:02d}" for number in range(train)])}


def style_images(size=512, seed=0):
    """Photographs that scikit-image and scikit-learn ship, and four painted pictures, in place of the style images.

    The names are those of the pictures whose place they take, so that a lesson finds them. Returns a dict
    <content or style>_<name> -> (H, W, 3) uint8, longest side `size`.
    """
    from skimage import data
    from sklearn.datasets import load_sample_image

    contents = {"kodim19": data.rocket(), "kodim23": data.chelsea(), "tubingen": load_sample_image("china.jpg")}
    arrays = {f"content_{name}": _to_longest(pixels, size) for name, pixels in contents.items()}
    painters = (("great_wave", _waves), ("shipwreck_turner", _storm), ("starry_night", _swirls), ("the_scream", _bands))
    for number, (name, painter) in enumerate(painters):
        arrays[f"style_{name}"] = painter(size, np.random.default_rng([seed, number]))
    return arrays


def _to_longest(pixels, size):
    picture = Image.fromarray(pixels).convert("RGB")
    scale = size / max(picture.size)
    return np.array(picture.resize([round(scale * side) for side in picture.size], Image.Resampling.LANCZOS))


def _smooth_noise(shape, grain, random):
    """Noise (H, W) of mean 0 and deviation 1 whose hills are about `grain` pixels wide."""
    coarse = random.normal(size=[max(4, round(side / grain) + 3) for side in shape])
    noise = ndimage.zoom(coarse, [side / (each - 2) for side, each in zip(shape, coarse.shape)], order=3)
    noise = noise[:shape[0], :shape[1]]
    return (noise - noise.mean()) / (noise.std() + 1e-6)


# --- streets ------------------------------------------------------------------------------------

class _Canvas:
    """A picture and its mask, on which every shape is drawn at once."""

    def __init__(self, height, width):
        self.height, self.width = height, width
        self.picture, self.mask = Image.new("RGB", (width, height)), Image.new("L", (width, height), _VOID)
        self._pens = ImageDraw.Draw(self.picture), ImageDraw.Draw(self.mask)

    def _draw(self, method, place, colour, label):
        for pen, fill in zip(self._pens, (tuple(int(each) for each in colour), _LABEL[label])):
            getattr(pen, method)(place, fill=fill)

    def polygon(self, points, colour, label):
        self._draw("polygon", [(float(x), float(y)) for x, y in points], colour, label)

    def box(self, left, top, right, bottom, colour, label):
        if right >= left and bottom >= top:
            self._draw("rectangle", (left, top, right, bottom), colour, label)

    def disc(self, x, y, across, down, colour, label):
        self._draw("ellipse", (x - across, y - down, x + across, y + down), colour, label)


def _tone(random, low, high, tint=12):
    """A grey with a little colour, between low and high."""
    return np.clip(random.uniform(low, high) + random.normal(0, tint, 3), 0, 255)


def _street(height, width, random):
    """One street: picture (height, width, 3) uint8 and mask (height, width) int64."""
    canvas = _Canvas(height, width)
    horizon = height * random.uniform(0.42, 0.52)
    vanishing = width * random.uniform(0.4, 0.6)
    canvas.box(0, 0, width, height, _tone(random, 150, 245), "sky")
    _houses(canvas, horizon, vanishing, random)
    ground = _tone(random, 90, 150)
    left, right = -width * random.uniform(0.1, 0.5), width * random.uniform(1.1, 1.5)  # of the road, at the bottom
    walk = width * random.uniform(0.2, 0.45)  # of a pavement, likewise
    canvas.box(0, horizon, width, height, ground * random.uniform(0.9, 1.25), "pavement")
    point = (vanishing, horizon)
    canvas.polygon([point, (left - walk, height), (right + walk, height)], ground * random.uniform(1.0, 1.3), "pavement")
    canvas.polygon([point, (left, height), (right, height)], ground * random.uniform(0.65, 1.05), "road")
    middle = (left + right) / 2
    for near in np.linspace(0.1, 1, 5):  # the marks in the middle of the road
        far = near - 0.1
        shape = [(vanishing + share * (middle + side * width * 0.012 - vanishing), horizon + share * (height - horizon))
                 for share, side in ((far, -1), (far, 1), (near, 1), (near, -1))]
        canvas.polygon(shape, _tone(random, 190, 235), "road")

    def stand(depth, across):
        """The foot of something `across` the street (-1 left kerb, 1 right kerb), and pixels for each metre there."""
        kerb = middle + across * (right - left) / 2
        return (vanishing + depth * (kerb - vanishing), horizon + depth * (height - horizon), depth * height * 0.3)

    for side in (-1, 1):
        if random.random() < 0.6:
            _fence(canvas, stand, side * random.uniform(1.25, 1.5), random)
    things = [(draw, depth) for draw, most in ((_tree, 5), (_pole, 6), (_person, 5), (_cyclist, 2), (_car, 5), (_bin, 2))
              for depth in random.uniform(0.12, 0.85, random.integers(most // 2, most + 1))]
    for draw, depth in sorted(things, key=lambda each: each[1]):  # the far ones first
        draw(canvas, stand, depth, random)
    return _lit(canvas, horizon, random)


def _houses(canvas, horizon, vanishing, random):
    """Two rows of houses that grow towards the edges of the picture; a gap shows the sky, or trees."""
    width, height = canvas.width, canvas.height
    for sign in (-1, 1):
        x, edge = vanishing + sign * width * 0.03, width if sign > 0 else 0
        while sign * (edge - x) > 0:
            near = abs(x - vanishing) / width
            across = width * (0.05 + 0.25 * near) * random.uniform(0.6, 1.4)
            tall = height * (0.06 + 0.75 * near) * random.uniform(0.5, 1.2)
            left, right = sorted((x, x + sign * across))
            foot = horizon + height * 0.35 * near
            if random.random() < 0.2:
                _leaves(canvas, (left + right) / 2, foot, tall * 0.6, across, random)
            else:
                wall = _tone(random, 60, 200, 22)
                canvas.box(left, horizon - tall, right, foot, wall, "building")
                pane, floor = across / random.integers(3, 6), max(5.0, tall / random.integers(3, 7))
                glass = wall * random.uniform(0.3, 0.75)
                for window_x in np.arange(left + 0.25 * pane, right - 0.5 * pane, pane):
                    for window_y in np.arange(horizon - tall + 0.3 * floor, horizon - 0.4 * floor, floor):
                        canvas.box(window_x, window_y, window_x + 0.5 * pane, window_y + 0.5 * floor, glass, "building")
            x += sign * across


def _leaves(canvas, x, foot, tall, across, random):
    """A crown of many dark discs over a trunk."""
    green = np.array([random.uniform(35, 95), random.uniform(60, 120), random.uniform(25, 70)])
    canvas.box(x - max(1, 0.04 * across), foot - tall, x + max(1, 0.04 * across), foot, green * 0.6, "tree")
    for _ in range(26):
        size = across * random.uniform(0.08, 0.2)
        canvas.disc(x + across * random.normal(0, 0.22), foot - tall * random.uniform(0.55, 1.15), size, size,
                    np.clip(green * random.uniform(0.6, 1.35), 0, 255), "tree")


def _tree(canvas, stand, depth, random):
    x, foot, metre = stand(depth, random.choice([-1, 1]) * random.uniform(1.15, 1.6))
    _leaves(canvas, x, foot, metre * random.uniform(2.5, 4), metre * random.uniform(1.5, 2.5), random)


def _pole(canvas, stand, depth, random):
    x, foot, metre = stand(depth, random.choice([-1, 1]) * random.uniform(1.03, 1.15))
    half, tall = max(0.6, 0.035 * metre), metre * random.uniform(1.6, 3.2)
    canvas.box(x - half, foot - tall, x + half, foot, _tone(random, 40, 150), "pole")
    if random.random() < 0.6:  # a sign on it
        size, colour = max(2, 0.28 * metre), random.choice([[190, 40, 40], [40, 70, 170], [230, 230, 225], [220, 180, 40]])
        draw = canvas.disc if random.random() < 0.5 else \
            lambda a, b, c, d, *rest: canvas.box(a - c, b - d, a + c, b + d, *rest)
        draw(x, foot - tall + size, size, size, colour, "sign")
        draw(x, foot - tall + size, 0.5 * size, 0.5 * size, _tone(random, 200, 250), "sign")


def _fence(canvas, stand, across, random):
    """A fence along the street; what is seen between its bars counts as fence, as in CamVid."""
    near, far = random.uniform(0.5, 0.9), random.uniform(0.15, 0.35)
    (x0, y0, metre0), (x1, y1, metre1) = stand(far, across), stand(near, across)
    colour = _tone(random, 50, 170, 18)
    canvas.polygon([(x0, y0), (x0, y0 - 0.55 * metre0), (x1, y1 - 0.55 * metre1), (x1, y1)], colour, "fence")
    for share in np.linspace(0, 1, 24):
        x, y, metre = x0 + share * (x1 - x0), y0 + share * (y1 - y0), metre0 + share * (metre1 - metre0)
        canvas.box(x - 0.02 * metre, y - 0.5 * metre, x + 0.02 * metre, y, colour * 0.6, "fence")


def _body(canvas, x, foot, tall, label, random):
    """Head, trunk and legs of a person."""
    shirt, trousers = _tone(random, 30, 220, 45), _tone(random, 25, 130, 25)
    for side in (-1, 1):
        hip, step = x + side * 0.05 * tall, x + side * tall * random.uniform(0.03, 0.13)
        half = max(0.6, 0.045 * tall)
        canvas.polygon([(hip - half, foot - 0.5 * tall), (hip + half, foot - 0.5 * tall), (step + half, foot),
                        (step - half, foot)], trousers, label)
    canvas.disc(x, foot - 0.63 * tall, max(1, 0.13 * tall), max(1, 0.22 * tall), shirt, label)
    canvas.disc(x, foot - 0.92 * tall, max(1, 0.065 * tall), max(1, 0.08 * tall), _tone(random, 90, 210, 15), label)


def _person(canvas, stand, depth, random):
    x, foot, metre = stand(depth, random.choice([-1, 1]) * random.uniform(1.05, 1.45))
    _body(canvas, x, foot, metre * random.uniform(0.95, 1.2), "pedestrian", random)


def _cyclist(canvas, stand, depth, random):
    x, foot, metre = stand(depth, random.choice([-1, 1]) * random.uniform(0.6, 0.95))
    tyre, frame = _tone(random, 20, 60), _tone(random, 40, 200, 40)
    wheel = 0.22 * metre
    for side in (-1, 1):
        canvas.disc(x + side * 0.33 * metre, foot - wheel, wheel, wheel, tyre, "bicyclist")
    canvas.polygon([(x - 0.33 * metre, foot - wheel), (x, foot - 2.4 * wheel), (x + 0.33 * metre, foot - wheel)], frame,
                   "bicyclist")
    _body(canvas, x, foot - 0.6 * wheel, 1.05 * metre, "bicyclist", random)


def _car(canvas, stand, depth, random):
    x, foot, metre = stand(depth, random.uniform(-0.85, 0.85))
    paint, half = _tone(random, 25, 230, 40), metre * random.uniform(0.5, 0.9)
    canvas.box(x - 0.85 * half, foot - 0.16 * metre, x - 0.55 * half, foot, _tone(random, 15, 45), "car")
    canvas.box(x + 0.55 * half, foot - 0.16 * metre, x + 0.85 * half, foot, _tone(random, 15, 45), "car")
    canvas.box(x - half, foot - 0.5 * metre, x + half, foot - 0.08 * metre, paint, "car")
    roof = foot - metre * random.uniform(0.8, 0.95)
    canvas.polygon([(x - 0.9 * half, foot - 0.5 * metre), (x - 0.65 * half, roof), (x + 0.65 * half, roof),
                    (x + 0.9 * half, foot - 0.5 * metre)], paint * 0.9, "car")
    canvas.polygon([(x - 0.75 * half, foot - 0.52 * metre), (x - 0.56 * half, roof + 0.06 * metre),
                    (x + 0.56 * half, roof + 0.06 * metre), (x + 0.75 * half, foot - 0.52 * metre)],
                   _tone(random, 50, 120), "car")
    for side in (-1, 1):
        canvas.box(x + side * 0.8 * half - 0.1 * half, foot - 0.36 * metre, x + side * 0.8 * half + 0.1 * half,
                   foot - 0.26 * metre, random.choice([[200, 40, 35], [240, 235, 200]]), "car")


def _bin(canvas, stand, depth, random):
    """Something that belongs to none of the classes."""
    x, foot, metre = stand(depth, random.choice([-1, 1]) * random.uniform(1.1, 1.5))
    canvas.box(x - 0.2 * metre, foot - 0.6 * metre, x + 0.2 * metre, foot, _tone(random, 40, 160, 25), "void")


def _lit(canvas, horizon, random):
    """Texture, shadow, the camera's blur and noise on the picture; the mask stays as it was drawn."""
    picture = np.asarray(canvas.picture).astype(np.float32)
    mask = np.asarray(canvas.mask).astype(np.int64)
    shape = mask.shape
    fine, coarse = random.normal(size=shape), _smooth_noise(shape, max(shape) / 8, random)
    rough = np.array([2, 6, 4, 5, 7, 26, 4, 10, 5, 7, 7, 9], np.float32)[mask]  # how uneven each class looks
    light = 1 + 0.09 * coarse + random.uniform(-0.15, 0.15) * np.linspace(-1, 1, shape[1])
    light[int(horizon):] *= np.where(_smooth_noise(shape, max(shape) / 5, random) > 0.8, 0.65, 1)[int(horizon):]
    picture = (picture + (rough * ndimage.gaussian_filter(fine, 0.7) * 1.6)[..., None]) * light[..., None]
    picture = (picture - 128) * random.uniform(0.75, 1.1) + 128 * random.uniform(0.7, 1.15)
    picture = ndimage.gaussian_filter(picture * random.uniform(0.92, 1.08, 3), (0.6, 0.6, 0)) + random.normal(0, 3, picture.shape)
    return np.clip(picture, 0, 255).round().astype(np.uint8), mask


# --- membranes ----------------------------------------------------------------------------------

def _membranes(size, random):
    """One slice: picture (size, size) uint8 and mask (size, size) int64, 1 for membrane.

    A pixel belongs to a membrane when it is near the line that is as far from one cell's centre as from another's.
    """
    from scipy.spatial import cKDTree

    shape = (size, size)
    rows, columns = np.mgrid[:size, :size].astype(np.float64)
    rows += 7 * _smooth_noise(shape, 34, random)  # bends the borders, which would be straight
    columns += 7 * _smooth_noise(shape, 34, random)
    margin, spacing = 50, 34
    count = int(((size + 2 * margin) / spacing) ** 2)
    centres = random.uniform(-margin, size + margin, (count, 2))
    near, which = cKDTree(centres).query(np.stack([rows, columns], -1).reshape(-1, 2), k=2)
    apart = np.linalg.norm(centres[which[:, 1]] - centres[which[:, 0]], axis=1)
    border = ((near[:, 1] ** 2 - near[:, 0] ** 2) / (2 * apart)).reshape(shape)  # distance to the line between two cells
    cell = which[:, 0].reshape(shape)
    half_width = 2.3 + 0.5 * _smooth_noise(shape, 60, random)
    mask = (border < half_width).astype(np.int64)
    strength = np.clip(0.8 + 0.3 * _smooth_noise(shape, 45, random), 0.25, 1.1)  # some stretches are faint
    picture = 0.66 + 0.05 * random.normal(size=count)[cell] + 0.04 * _smooth_noise(shape, 12, random)
    dark = np.zeros(shape)
    inside = ndimage.distance_transform_edt(1 - mask)
    for _ in range(round(size * size / 1100)):  # vesicles, and organelles with a dark rim: neither is a membrane
        y, x = random.integers(0, size, 2)
        radius = random.uniform(1.2, 2.6) if random.random() < 0.7 else random.uniform(4, 8)
        if inside[y, x] < radius + 2.5:
            continue
        low_y, low_x = max(0, int(y - 2 * radius)), max(0, int(x - 2 * radius))
        part = (slice(low_y, int(y + 2 * radius) + 1), slice(low_x, int(x + 2 * radius) + 1))
        grid_y, grid_x = np.mgrid[part[0].start:min(part[0].stop, size), part[1].start:min(part[1].stop, size)]
        turn, flat = random.uniform(0, np.pi), random.uniform(0.6, 1)
        along = (grid_y - y) * np.sin(turn) + (grid_x - x) * np.cos(turn)
        across = ((grid_x - x) * np.sin(turn) - (grid_y - y) * np.cos(turn)) / flat
        distance = np.hypot(along, across)
        if radius < 3:
            shade = 0.35 * (distance < radius)
        else:
            shade = np.where(distance < radius, 0.16 + 0.06 * np.sin(2.2 * along), 0) + 0.3 * (abs(distance - radius) < 1.1)
        dark[part] = np.maximum(dark[part], shade)
    picture = np.where(mask == 1, picture - 0.42 * strength, picture - dark)
    picture += 0.05 * _smooth_noise(shape, size / 3, random)
    picture = ndimage.gaussian_filter(picture, 1.0) + 0.055 * ndimage.gaussian_filter(random.normal(size=shape), 0.6) * 1.8
    return np.clip(255 * picture, 0, 255).round().astype(np.uint8), mask


# --- paintings ----------------------------------------------------------------------------------

def _painted(base, angle, strokes, length, thick, spread, random):
    """Brush strokes over a ground: colours from `base` (H, W, 3), directions from `angle` (H, W), lengths in pixels."""
    height, width = base.shape[:2]
    picture = Image.fromarray(np.clip(base, 0, 255).astype(np.uint8))
    pen = ImageDraw.Draw(picture)
    for _ in range(strokes):
        y, x = random.uniform(0, height - 1), random.uniform(0, width - 1)
        colour = np.clip(base[int(y), int(x)] * random.uniform(1 - spread, 1 + spread) + random.normal(0, 60 * spread, 3), 0, 255)
        points = [(x, y)]
        for _ in range(4):  # a stroke follows the directions that it meets
            turn = angle[int(np.clip(y, 0, height - 1)), int(np.clip(x, 0, width - 1))]
            x, y = x + length / 4 * np.cos(turn), y + length / 4 * np.sin(turn)
            points.append((x, y))
        pen.line(points, fill=tuple(int(each) for each in colour), width=max(1, round(thick * random.uniform(0.6, 1.4))),
                 joint="curve")
    return np.array(picture)


def _blend(share, *colours):
    """Colours (H, W, 3) for shares (H, W) in [0, 1], linear between the given ones."""
    places = np.linspace(0, 1, len(colours))
    return np.stack([np.interp(share, places, [each[channel] for each in colours]) for channel in range(3)], -1)


def _grid(size, tall):
    rows, columns = np.mgrid[:round(size * tall), :size] / size
    return rows, columns


def _swirls(size, random):
    """Short bright strokes around whirls in a dark blue sky."""
    y, x = _grid(size, 0.8)
    base = _blend(0.5 + 0.25 * _smooth_noise(x.shape, size / 6, random), (16, 28, 84), (34, 72, 150), (120, 165, 205))
    flow_x, flow_y = np.ones_like(x), 0.3 * np.sin(9 * x)
    for number in range(9):
        centre_x, centre_y, radius = random.uniform(0, 1), random.uniform(0, 0.6), random.uniform(0.05, 0.14)
        distance = np.hypot(x - centre_x, y - centre_y)
        pull = 4 * np.exp(-(distance / (1.6 * radius)) ** 2)
        flow_x, flow_y = flow_x - pull * (y - centre_y) / radius, flow_y + pull * (x - centre_x) / radius
        halo = np.exp(-(distance / (0.5 * radius)) ** 2)[..., None]
        base = base * (1 - halo) + halo * np.array([[245, 205, 70], [250, 235, 150], [225, 160, 40]][number % 3])
    hill = (y > 0.68 + 0.05 * np.sin(7 * x) + 0.03 * np.sin(17 * x))[..., None]
    base = np.where(hill, _blend(0.5 + 0.3 * _smooth_noise(x.shape, size / 9, random), (10, 22, 40), (38, 78, 70)), base)
    return _painted(base, np.arctan2(flow_y, flow_x), round(size * 40), size * 0.045, size * 0.009, 0.28, random)


def _waves(size, random):
    """Flat areas and dark contours: claws of foam over blue bands, on paper."""
    y, x = _grid(size, 0.7)
    crest = 0.35 + 0.12 * np.sin(5.5 * x + 1) + 0.05 * np.sin(17 * x)
    depth = y - crest
    band = np.floor(depth * 22 + 0.8 * np.sin(14 * x + 8 * y)) % 4
    water = np.select([band == 0, band == 1, band == 2], [0.0, 0.35, 0.7], 1.0)
    base = np.where((depth > 0)[..., None], _blend(water, (24, 48, 92), (60, 104, 150), (136, 170, 186), (236, 232, 214)),
                    _blend(np.clip(y / 0.4, 0, 1), (196, 186, 160), (228, 216, 186)))
    edges = sum(ndimage.gaussian_gradient_magnitude(base[..., channel], 1) for channel in range(3)) > 70
    base = np.where(edges[..., None], (22, 30, 56), base)
    picture = Image.fromarray(base.astype(np.uint8))
    pen = ImageDraw.Draw(picture)
    for _ in range(round(size * 1.2)):  # foam: small claws along the crest
        place = random.uniform(0, 1)
        top = (0.35 + 0.12 * np.sin(5.5 * place + 1) + 0.05 * np.sin(17 * place)) * size
        radius = size * random.uniform(0.004, 0.014)
        spot = (place * size + size * random.normal(0, 0.01), top + size * abs(random.normal(0, 0.03)))
        pen.ellipse((spot[0] - radius, spot[1] - radius, spot[0] + radius, spot[1] + radius), fill=(244, 240, 226),
                    outline=(30, 52, 90))
    return np.array(picture)


def _bands(size, random):
    """Long wavy strokes: a burning sky over a dark shore."""
    y, x = _grid(size, 1.2)
    bend = 0.05 * np.sin(7 * x + 3) + 0.03 * np.sin(15 * x)
    share = (y + bend) / 1.2
    stripes = 0.12 * np.sin(70 * (y + bend))
    base = _blend(np.clip(share + stripes, 0, 1), (222, 92, 32), (244, 168, 60), (206, 74, 40), (52, 66, 96), (40, 48, 44),
                  (120, 84, 52))
    angle = np.arctan(-(0.35 * np.cos(7 * x + 3) + 0.45 * np.cos(15 * x)))
    return _painted(base, angle, round(size * 22), size * 0.16, size * 0.008, 0.16, random)


def _storm(size, random):
    """Soft washes of brown and grey with a pale opening, and a few broken masts."""
    y, x = _grid(size, 0.75)
    cloud = 0.5 + 0.24 * _smooth_noise(x.shape, size / 4, random) - 1.1 * (np.hypot(x - 0.55, y - 0.25) - 0.3)
    base = _blend(np.clip(cloud, 0, 1), (34, 30, 28), (92, 78, 58), (166, 140, 96), (232, 216, 172))
    angle = _smooth_noise(x.shape, size / 3, random) * 0.9 + np.arctan2(y - 0.4, x - 0.5) + np.pi / 2
    picture = _painted(base, angle, round(size * 9), size * 0.09, size * 0.03, 0.12, random)
    picture = ndimage.gaussian_filter(picture.astype(np.float32), (size / 220, size / 220, 0))
    return _painted(picture, angle, round(size * 5), size * 0.05, size * 0.006, 0.2, random)
