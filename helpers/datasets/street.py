"""A rendered street on which people walk: exact tracks, noisy detections, and frames to look at.

`walkers` draws one sequence; the functions below it are the stand-ins of the tracking chapter's datasets.

The street is a plane seen by a camera: a point on the ground, X metres to the right and Z metres away, is
seen at x = width / 2 + f X / Z, y = horizon + f HEIGHT / Z, and a person of P metres is f P / Z pixels high.
So people further down in the frame are nearer and larger, and hide those behind them.
"""
import dataclasses
import functools

import numpy as np

from helpers.datasets.sequences import DrawnVideo, Sequence

FPS = 15.0
FOCAL = 1.25  # f, in heights of the frame
HORIZON = 0.20  # in heights of the frame, from the top
HEIGHT = 2.8  # of the camera above the ground, metres
NEAR, FAR = 4.7, 11.5  # where people walk, metres from the camera
WALL = 13.0  # where the houses stand
ASPECT = 0.44  # width of a person's box, in heights
STRIDE = 1.5  # metres from one step of the left foot to the next
PHASES = 12  # pictures of one stride
GRID = 9, 5  # rows and columns of points of a box that are asked whether something hides them


def walkers(length=120, people=8, size=(240, 320), seed=0, turning=0.5, render=True):
    """People walking through a street: a `Sequence` with exact truth and a detector's noisy boxes.

    length: frames, 15 a second. people: how many come by in all, identities 1 to `people`; each is there for
    some time around a random moment. size: (height, width) in pixels. turning: the share of people who keep
    changing their direction, smoothly; the others walk straight. render: whether to draw `frames`, which
    changes nothing else and takes nearly all of the time.

    The truth has the full box of everyone whose box's centre is in the frame, also while hidden; such a box
    may reach beyond the frame at its sides. `visibility` is the share of the box that one sees, found on a
    grid of points. The detections miss people, more often those hidden; they are off by some pixels, some
    people are found twice, and some boxes have nobody in them; scores lie in [0.3, 1], lower for the hidden.
    The same arguments give the same sequence. Raises ValueError for sizes and numbers that make no sense.
    """
    size = tuple(size)
    if length < 1 or people < 0 or not 0 <= turning <= 1 or min(size) < 32:
        raise ValueError("walkers needs length >= 1, people >= 0, turning in [0, 1] and a size of at least "
                         f"32x32, not {length}, {people}, {turning}, {size}")
    random = np.random.default_rng([seed, 0])
    paths = _paths(length, people, size, turning, random)
    return _sequence("walkers", length, size, seed, paths, render)


def mot15(frames, seed=0):
    """The stand-in of MOT15: two streets in place of the two sequences whose truth is known. No frames."""
    size, turning, found = (480, 640), 0.3, {}
    for name, length, people in (("TUD-Campus", 71, 8), ("TUD-Stadtmitte", 179, 10)):
        drawn = walkers(min(frames, length), people, size, seed + len(found), turning, render=False)
        found[name] = dataclasses.replace(drawn, name=name)
    return found


def otb_crossing(frames, seed=0):
    """The stand-in of Crossing: one person crosses the street, others walk by; the truth follows the one."""
    size, length = (240, 360), min(frames, 120)
    time = np.linspace(-1, 1, length)
    crossing = np.stack([1.9 * time + 0.35 * np.sin(2.5 * time), 8.3 - 2.4 * time], axis=1)[:, None]
    others = _paths(length, 4, size, 0.0, np.random.default_rng([seed, 3]))
    paths = np.concatenate([crossing, others], axis=1)
    sequence = _sequence("Crossing", length, size, seed, paths, render=True)
    one = sequence.truth[:, 1] == 1
    return {"Crossing": Sequence("Crossing", length, size, FPS, truth=sequence.truth[one],
                                 visibility=sequence.visibility[one], frames=sequence.frames)}


def sample_videos(frames, seed=0):
    """The stand-in of the sample videos: three streets, drawn when they are first read."""
    names = "car-detection", "bottle-detection", "one-by-one-person-detection"
    return {name: _drawn_video(name, frames, people, seed + 10 + number)
            for number, (name, people) in enumerate(zip(names, (6, 5, 3), strict=True))}


def _drawn_video(name, frames, people, seed):
    size = 288, 512
    return DrawnVideo(name, frames, size, FPS, lambda: walkers(frames, people, size, seed).frames)


# --- where people are ---


def _paths(length, people, size, turning, random):
    """Places on the ground (length, people, 2): X and Z in metres, in each frame.

    A path is a straight line, walked at a constant speed, and for those who turn a smaller, slower line with
    an ellipse upon it, so that the direction changes all the time but never suddenly.
    """
    turns = np.arange(people) < round(turning * people)
    turns = random.permutation(turns)
    # Where each is at a random moment: somewhere in view.
    moment = random.uniform(0, length - 1, people)
    depth = random.uniform(NEAR + 0.8, FAR - 0.8, people)
    half = depth * size[1] / (2 * FOCAL * size[0])  # metres from the middle to the edge of the view
    across = random.uniform(-0.8, 0.8, people) * half
    speed = random.uniform(1.0, 1.7, people) * np.where(turns, random.uniform(0.2, 0.6, people), 1)
    speed *= random.choice([-1.0, 1.0], people)
    slope = np.where(random.random(people) < 0.5, 0.1, 0.35) * random.uniform(-1, 1, people)
    seconds = (np.arange(length)[:, None] - moment) / FPS
    radius = np.where(turns, random.uniform(0.6, 1.5, people), 0.0)
    flatness = random.uniform(0.5, 0.9, people)
    period = 2 * np.pi * radius / random.uniform(0.9, 1.4, people)
    start, way = 2 * np.pi * random.random(people), random.choice([-1.0, 1.0], people)
    angle = start + way * 2 * np.pi * seconds / np.where(turns, period, 1)
    x = across + speed * seconds + radius * (np.cos(angle) - np.cos(start))
    z = depth + slope * speed * seconds + flatness * radius * (np.sin(angle) - np.sin(start))
    # Nobody walks into the houses or the camera: the way bends, smoothly, before it would.
    middle, reach = (NEAR + FAR) / 2, (FAR - NEAR) / 2
    share = np.abs(z - middle) / reach
    bent = np.where(share < 0.7, share, 0.7 + 0.3 * np.tanh((share - 0.7) / 0.3))
    return np.stack([x, middle + np.sign(z - middle) * reach * bent], axis=-1)


def _project(places, tall, size):
    """Boxes (..., 4) xyxy of people of `tall` metres who stand on the ground at places (..., 2)."""
    height, width = size
    scale = FOCAL * height / places[..., 1]  # pixels a metre
    foot = HORIZON * height + scale * HEIGHT
    middle = width / 2 + scale * places[..., 0]
    high = scale * tall
    return np.stack([middle - ASPECT * high / 2, foot - high, middle + ASPECT * high / 2, foot], axis=-1)


# --- the sequence ---


def _sequence(name, length, size, seed, paths, render):
    count = paths.shape[1]
    tall = np.random.default_rng([seed, 1]).uniform(1.58, 1.88, count)
    boxes = _project(paths, tall, size)
    objects = _street_objects(size, seed)
    there = _in_view(boxes, size)
    seen = _visibility(boxes, there, objects, size)
    frame, person = np.nonzero(there)
    truth = np.column_stack([frame + 1.0, person + 1.0, boxes[frame, person]])
    visibility = seen[frame, person]
    detections = _detect(truth, visibility, length, size, np.random.default_rng([seed, 2]))
    frames = _render(length, size, seed, paths, boxes, objects) if render else None
    return Sequence(name, length, tuple(size), FPS, detections, truth, visibility, frames)


def _in_view(boxes, size):
    """Who is in view in which frame: (length, people) bool. The centre decides."""
    x, y = (boxes[..., 0] + boxes[..., 2]) / 2, (boxes[..., 1] + boxes[..., 3]) / 2
    return (x >= 0) & (x < size[1]) & (y >= 0) & (y < size[0])


def _visibility(boxes, there, objects, size):
    """The visible share of every box (length, people) float64: of a grid of its points, how many are free.

    A person fills the middle of the box, and hides as much; an object hides its whole box.
    """
    rows, columns = GRID
    down = (np.arange(rows) + 0.5) / rows
    right = 0.5 + 0.6 * ((np.arange(columns) + 0.5) / columns - 0.5)
    x = boxes[..., :1] + right * (boxes[..., 2:3] - boxes[..., :1])
    y = boxes[..., 1:2] + down * (boxes[..., 3:] - boxes[..., 1:2])
    hidden = ((x < 0) | (x >= size[1]))[..., None, :] | ((y < 0) | (y >= size[0]))[..., :, None]
    narrow = 0.22 * (boxes[..., 2] - boxes[..., 0])
    hiding = [(boxes[:, [k]], narrow[:, [k], None]) for k in range(boxes.shape[1])]
    hiding += [(np.array(each["box"])[None, None], 0.0) for each in objects]
    for box, less in hiding:  # everyone's points against one person or object, in all frames at once
        nearer = box[..., 3] > boxes[..., 3]  # who stands further down stands in front
        within_x = (x > box[..., 0:1] + less) & (x < box[..., 2:3] - less) & nearer[..., None]
        within_y = (y > box[..., 1:2]) & (y < box[..., 3:4])
        frame, person = np.nonzero(there & within_x.any(axis=-1))
        hidden[frame, person] |= within_x[frame, person][:, None, :] & within_y[frame, person][:, :, None]
    return np.where(there, 1 - hidden.mean(axis=(-1, -2)), 0.0)


def _detect(truth, visibility, length, size, random):
    """What a detector would say: rows frame, x1, y1, x2, y2, score, sorted by frame and score."""
    frame, boxes = truth[:, 0], truth[:, 2:]
    chance = 0.96 * np.clip((visibility - 0.15) / 0.5, 0, 1)
    found = random.random(len(truth)) < chance
    score = 1 - np.abs(random.normal(0, 0.06, len(truth))) - 0.45 * (1 - visibility)
    once = np.column_stack([frame, _jitter(boxes, 0.03, random), score])[found]
    twice = found & (random.random(len(truth)) < 0.03)
    double = np.column_stack([frame, _jitter(boxes, 0.10, random), score - 0.2])[twice]
    count = random.poisson(0.2 * length)
    places = np.stack([random.uniform(-1, 1, count), random.uniform(NEAR, FAR, count)], axis=1)
    places[:, 0] *= places[:, 1] * size[1] / (2 * FOCAL * size[0])
    false = np.column_stack([random.integers(1, length + 1, count),
                             _project(places, random.uniform(1.2, 1.9, count), size),
                             random.uniform(0.3, 0.75, count)])
    rows = np.concatenate([once, double, false])
    rows[:, 5] = np.clip(rows[:, 5], 0.3, 1)
    return rows[np.lexsort((-rows[:, 5], rows[:, 0]))]


def _jitter(boxes, amount, random):
    """Boxes moved and resized by normal noise; `amount` is its deviation, in heights of the box."""
    high = (boxes[:, 3] - boxes[:, 1])[:, None]
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2 + amount * high * random.normal(size=(len(boxes), 2))
    half = (boxes[:, 2:] - boxes[:, :2]) / 2 * np.exp(1.5 * amount * random.normal(size=(len(boxes), 2)))
    return np.concatenate([middle - half, middle + half], axis=1)


# --- the pictures ---


def _street_objects(size, seed):
    """What stands on the street and hides people: {"kind", "box"} each, xyxy in pixels."""
    random = np.random.default_rng([seed, 4])
    half = size[1] / (2 * FOCAL * size[0])
    column = random.uniform(0.15, 0.55) * random.choice([-1, 1])
    places = [("lamp", -np.sign(column) * random.uniform(0.25, 0.7), 6.3, 0.16, 4.2),
              ("column", column, 5.6, 0.85, 2.5),
              ("tree", np.sign(column) * random.uniform(0.7, 0.9) if abs(column) < 0.35 else -column * 0.15,
               10.0, 0.42, 4.3)]
    found = []
    for kind, share, depth, wide, tall in places:
        scale = FOCAL * size[0] / depth
        x, foot = size[1] / 2 + scale * share * half * depth, HORIZON * size[0] + scale * HEIGHT
        half_wide = scale * wide / 2
        found.append({"kind": kind, "box": (x - half_wide, foot - scale * tall, x + half_wide, foot)})
    return found


def _render(length, size, seed, paths, boxes, objects):
    """The frames (length, height, width, 3) uint8: the background, people and objects from far to near."""
    random = np.random.default_rng([seed, 5])
    background = _background(size, seed)
    figures = [_Figure(random) for _ in range(paths.shape[1])]
    steps = np.diff(paths, axis=0, prepend=2 * paths[:1] - paths[1:2] if length > 1 else paths[:1])
    pace = np.hypot(steps[..., 0], steps[..., 1])
    phase = (np.cumsum(pace, axis=0) / STRIDE + random.random(paths.shape[1])) * PHASES
    sideways = np.abs(steps[..., 0]) / np.maximum(pace, 1e-9)
    fixed = [(each["box"], _object_sprite(each["kind"], each["box"], size)) for each in objects]
    frames = np.repeat(background[None], length, axis=0)
    for frame in range(length):
        drawn = [(box[3], place, sprite) for box, (place, sprite) in fixed]
        for person, figure in enumerate(figures):
            box = boxes[frame, person]
            if box[2] > 0 and box[0] < size[1]:
                high = max(4, round(box[3] - box[1]))
                view = int(sideways[frame, person] > 0.35) + int(sideways[frame, person] > 0.75)
                moment = int(phase[frame, person]) % PHASES
                sprite = figure.sprite(high, view, moment, mirrored=steps[frame, person, 0] < 0)
                middle = (box[0] + box[2]) / 2
                left = round(middle - sprite[0].shape[1] / 2)
                drawn.append((box[3], (left, round(box[3]) - high), sprite))
        for _, (left, top), (colour, keep) in sorted(drawn, key=lambda each: each[0]):
            _paste(frames[frame], colour, keep, left, top)
    return frames


def _paste(frame, colour, keep, left, top):
    """Put a sprite on a frame.

    `colour` (h, w, 3) uint16 is the sprite times its cover; `keep` (h, w, 1) uint16 says how much, of 256,
    stays of what is beneath.
    """
    high, wide = keep.shape[:2]
    y0, y1 = max(top, 0), min(top + high, frame.shape[0])
    x0, x1 = max(left, 0), min(left + wide, frame.shape[1])
    if y0 < y1 and x0 < x1:
        part = slice(y0 - top, y1 - top), slice(x0 - left, x1 - left)
        under = frame[y0:y1, x0:x1]
        under[...] = (under * keep[part] + colour[part]) >> 8


def _ready(picture):
    """A sprite for `_paste` from a Pillow picture with transparency."""
    pixels = np.asarray(picture, np.uint16)
    cover = pixels[..., 3:] + (pixels[..., 3:] > 127)  # 0 to 256
    return pixels[..., :3] * cover, 256 - cover


class _Figure:
    """One person's pictures: colours at random; each size, view and phase made when it is first needed."""

    def __init__(self, random):
        def colour(low, high):
            return tuple(int(value) for value in random.integers(low, high, 3))

        self.shirt = _vivid(random)
        self.trousers = _one_of(_TROUSERS, random)
        self.skin = _one_of(_SKIN, random)
        self.hair = _one_of(_HAIR, random)
        self.shoes = colour(20, 80)
        self.coat = bool(random.random() < 0.35)
        self.bag = colour(40, 170) if random.random() < 0.4 else None
        self._made = {}

    def sprite(self, high, view, phase, mirrored):
        key = high, view, phase, bool(mirrored)
        if key not in self._made:
            if key[1:] not in self._made:
                drawn = _draw_figure(self, view, phase)
                self._made[key[1:]] = drawn.transpose(0) if mirrored else drawn  # 0: left becomes right
            whole = self._made[key[1:]]
            wide = max(2, round(whole.width * high / _TALL))
            tall = round(whole.height * high / _TALL)  # more than `high`: below the feet lies the shadow
            self._made[key] = _ready(whole.resize((wide, tall), 4))  # 4: averages, Pillow's BOX
        return self._made[key]


_TROUSERS = (38, 44, 66), (62, 58, 54), (88, 96, 118), (120, 104, 80), (30, 30, 34)
_SKIN = (236, 200, 172), (214, 164, 128), (164, 112, 80), (104, 70, 50)
_HAIR = (40, 30, 26), (92, 62, 36), (150, 120, 76), (110, 108, 106)
_STONE = (196, 170, 140), (180, 142, 122), (204, 196, 178), (160, 150, 146)


def _one_of(colours, random):
    return colours[random.integers(len(colours))]


def _vivid(random):
    import colorsys

    value = colorsys.hsv_to_rgb(random.random(), random.uniform(0.25, 0.85), random.uniform(0.45, 0.92))
    return tuple(int(255 * each) for each in value)


_TALL = 280  # pixels from head to foot at which a figure is drawn, before it is shrunk


def _draw_figure(figure, view, phase):
    """A figure from the side (view 2), half from the side (1) or from the front (0), in a phase of a stride."""
    from PIL import Image, ImageDraw

    tall, wide, below = _TALL, int(_TALL * 0.52), int(_TALL * 0.05)
    picture = Image.new("RGBA", (wide, tall + below))
    draw = ImageDraw.Draw(picture)
    middle, swing = wide / 2, (0.10, 0.75, 1.0)[view]
    angle = 2 * np.pi * phase / PHASES
    shadow = Image.new("RGBA", picture.size)
    ground = middle - 0.20 * tall, 0.965 * tall, middle + 0.20 * tall, tall + below - 1
    ImageDraw.Draw(shadow).ellipse(ground, fill=(0, 0, 0, 70))

    def limb(points, thick, colour):
        points = [(middle + x * tall, y * tall) for x, y in points]
        draw.line(points, fill=colour, width=round(thick * tall))
        for x, y in points:
            half = thick * tall / 2
            draw.ellipse((x - half, y - half, x + half, y + half), fill=colour)

    def leg(side, shade):
        turn = swing * 0.34 * np.sin(angle + np.pi * side)
        # The knee bends while the leg swings forward.
        bend = swing * 0.45 * max(0.0, np.cos(angle + np.pi * side))
        hip = (0.035 * (1 - swing) * (1 - 2 * side), 0.50)
        knee = hip[0] + 0.235 * np.sin(turn), hip[1] + 0.235 * np.cos(turn)
        foot = knee[0] + 0.235 * np.sin(turn - bend), knee[1] + 0.225 * np.cos(turn - bend)
        limb([hip, knee, foot], 0.072, _shaded(figure.trousers, shade))
        limb([(foot[0] - 0.01, foot[1] + 0.012), (foot[0] + 0.04 * swing + 0.005, foot[1] + 0.016)], 0.045,
             _shaded(figure.shoes, shade))

    def arm(side, shade):
        turn = -swing * 0.50 * np.sin(angle + np.pi * side)
        x = 0.075 * (1 - 0.8 * swing) * (1 - 2 * side)
        shoulder = x, 0.205
        elbow = x + 0.15 * np.sin(turn) + 0.02 * (1 - swing) * (1 - 2 * side), 0.205 + 0.15 * np.cos(turn)
        hand = elbow[0] + 0.13 * np.sin(turn + 0.35 * swing), elbow[1] + 0.13 * np.cos(turn + 0.35 * swing)
        limb([shoulder, elbow, hand], 0.052, _shaded(figure.shirt, shade))
        limb([hand, (hand[0], hand[1] + 0.012)], 0.042, _shaded(figure.skin, shade))

    def block(left, top, right, bottom, colour, round_=0.05):
        draw.rounded_rectangle((middle + left * tall, top * tall, middle + right * tall, bottom * tall),
                               radius=round_ * tall, fill=colour)

    half = 0.085 + 0.025 * (1 - swing)  # shoulders look wider from the front
    arm(1, 0.72)
    leg(1, 0.72)
    leg(0, 1.0)
    block(-half, 0.155, half, 0.62 if figure.coat else 0.53, figure.shirt)
    block(-half, 0.155, -half + 0.05, 0.50, _shaded(figure.shirt, 0.85), 0.03)
    if figure.bag:
        block(-half - 0.035, 0.36, -half + 0.06, 0.50, figure.bag, 0.02)
    limb([(0.005, 0.13), (0.005, 0.17)], 0.05, _shaded(figure.skin, 0.9))
    arm(0, 1.0)
    head = 0.062 * tall
    x, y = middle + 0.008 * tall * (view > 0), 0.075 * tall
    draw.ellipse((x - head, y - 1.15 * head, x + head, y + 1.1 * head), fill=figure.skin)
    draw.pieslice((x - 1.06 * head, y - 1.2 * head, x + 1.02 * head, y + 1.0 * head),
                  150 if view else 180, 320 if view else 360, fill=figure.hair)
    # In a stride the body sinks a little: the feet stay on the ground.
    feet = np.flatnonzero((np.asarray(picture)[:, :, 3] > 150).any(axis=1))[-1] + 1
    whole = Image.new("RGBA", picture.size)
    whole.alpha_composite(shadow)
    whole.alpha_composite(picture.crop((0, 0, wide, feet)), (0, tall - feet))
    return whole


def _shaded(colour, factor):
    return tuple(int(value * factor) for value in colour)


def _object_sprite(kind, box, size):
    """Where a lamp post, an advertising column or a tree is put, and its sprite: ((left, top), sprite)."""
    from PIL import Image, ImageDraw

    x0, y0, x1, y1 = box
    wide, high = x1 - x0, y1 - y0
    margin = {"lamp": 2.2 * wide, "column": 0.12 * wide, "tree": 3.2 * wide}[kind]
    sharp = 3
    picture = Image.new("RGBA", (round((wide + 2 * margin) * sharp), round((high + 0.06 * wide + 2) * sharp)))
    draw = ImageDraw.Draw(picture)
    random = np.random.default_rng(7)

    def shape(*points, fill):
        draw.polygon([place(*point) for point in points], fill=fill)

    def place(x, y):  # in widths from the left edge and heights from the top of the box
        return (margin + x * wide) * sharp, y * high * sharp

    def area(left, top, right, bottom):
        return (*place(left, top), *place(right, bottom))

    if kind == "lamp":
        draw.rectangle(area(0.25, 0.03, 0.75, 1), fill=(62, 70, 72))
        draw.rectangle(area(0.25, 0.03, 0.42, 1), fill=(92, 100, 102))
        draw.rectangle(area(-0.05, 0.93, 1.05, 1), fill=(52, 58, 60))
        shape((-1.2, 0.05), (2.2, 0.05), (1.5, 0.0), (-0.5, 0.0), fill=(52, 58, 60))
        draw.ellipse(area(-0.8, 0.035, 1.8, 0.075), fill=(250, 238, 196))
    elif kind == "column":
        draw.rectangle(area(0, 0.10, 1, 1), fill=(186, 178, 160))
        for number, colour in enumerate([(196, 84, 60), (68, 110, 148), (222, 186, 92), (92, 138, 96)]):
            left, top = 0.06 + 0.5 * (number % 2), 0.20 + 0.34 * (number // 2)
            draw.rectangle(area(left, top, left + 0.40, top + 0.30), fill=colour)
            for line in range(3):
                at = top + 0.05 + 0.07 * line
                draw.rectangle(area(left + 0.06, at, left + 0.32, at + 0.025),
                               fill=_shaded(colour, 1.25 if max(colour) < 200 else 0.8))
        shade = Image.new("RGBA", picture.size)
        shading = ImageDraw.Draw(shade)  # it is round, so darker towards its edges
        for share in range(24):
            left = share / 24
            dark = int(110 * abs(left - 0.35) ** 1.5)
            shading.rectangle((*place(left, 0.10), *place(left + 1 / 24, 1)), fill=(0, 0, 0, dark))
        picture.alpha_composite(shade)
        draw.rectangle(area(-0.05, 0.07, 1.05, 0.12), fill=(70, 84, 76))
        shape((-0.02, 0.07), (1.02, 0.07), (0.6, 0.0), (0.4, 0.0), fill=(84, 100, 90))
        draw.rectangle(area(-0.03, 0.94, 1.03, 1), fill=(96, 92, 84))
    else:
        shape((0.15, 1), (0.85, 1), (0.68, 0.30), (0.32, 0.30), fill=(88, 66, 46))
        shape((0.15, 1), (0.40, 1), (0.45, 0.30), (0.32, 0.30), fill=(112, 86, 60))
        for _ in range(46):
            x, y = 0.5 + 2.3 * random.uniform(-1, 1), 0.17 + 0.13 * random.uniform(-1, 1)
            radius, green = random.uniform(0.7, 1.2), random.uniform(0.75, 1.2)
            centre = place(x, y)
            draw.ellipse((centre[0] - radius * wide * sharp, centre[1] - 0.8 * radius * wide * sharp,
                          centre[0] + radius * wide * sharp, centre[1] + 0.8 * radius * wide * sharp),
                         fill=_shaded((70, 118, 58), green))
    small = picture.resize((max(1, picture.width // sharp), max(1, picture.height // sharp)), 4)
    return (round(x0 - margin), round(y0)), _ready(small)


@functools.lru_cache(maxsize=8)
def _background(size, seed):
    """The empty street (height, width, 3) uint8: sky, houses, pavement, kerb, road."""
    from PIL import Image, ImageDraw

    height, width = size
    sharp = 2
    random = np.random.default_rng([seed, 6])
    picture = Image.new("RGB", (width * sharp, height * sharp), (176, 200, 220))
    draw = ImageDraw.Draw(picture)

    def ground(x, z):
        scale = FOCAL * height / z
        return (width / 2 + scale * x) * sharp, (HORIZON * height + scale * HEIGHT) * sharp

    def panel(left, top, right, bottom, colour):  # metres to the right and up, on the front of the houses
        scale = FOCAL * height / WALL
        x1, x2 = ((width / 2 + scale * x) * sharp for x in (left, right))
        y1, y2 = ((HORIZON * height + scale * (HEIGHT - y)) * sharp for y in (top, bottom))
        draw.rectangle((x1, y1, x2, y2), fill=colour)

    half = WALL * width / (2 * FOCAL * height) + 1
    left = -half - random.uniform(0, 3)
    while left < half:
        wide = random.uniform(4.5, 7.0)
        stone = _shaded(_one_of(_STONE, random), random.uniform(0.9, 1.05))
        panel(left, 9, left + wide, 0, stone)
        panel(left, 0.7, left + wide, 0, _shaded(stone, 0.75))
        panel(left, 3.45, left + wide, 3.25, _shaded(stone, 0.85))
        panel(left, 9, left + 0.07, 0, _shaded(stone, 0.6))
        count = int(wide // 1.6)
        door = random.integers(count)
        for number in range(count):
            at = left + (number + 0.5) * wide / count
            for floor in (0, 1):
                low, tall = (0.0, 2.2) if floor == 0 and number == door else (1.05 + 2.9 * floor, 1.35)
                panel(at - 0.5, low + tall + 0.08, at + 0.5, low, _shaded(stone, 1.12))
                glass = (74, 52, 40) if low == 0 else _shaded((96, 122, 140), random.uniform(0.6, 1.0))
                panel(at - 0.42, low + tall, at + 0.42, low + 0.06, glass)
                if low:
                    panel(at - 0.03, low + tall, at + 0.03, low, _shaded(stone, 1.12))
        left += wide
    bottom = height * sharp
    draw.rectangle((0, ground(0, WALL)[1], width * sharp, bottom), fill=(168, 162, 152))
    for z in np.arange(9.6, WALL, 0.8):  # slabs of the pavement
        draw.line((0, ground(0, z)[1], width * sharp, ground(0, z)[1]), fill=(150, 145, 136), width=1)
    for x in np.arange(-12, 12.1, 0.8):
        draw.line((*ground(x, WALL), *ground(x, 9.6)), fill=(150, 145, 136), width=1)
    draw.rectangle((0, ground(0, 9.6)[1], width * sharp, bottom), fill=(196, 192, 184))  # kerb
    draw.rectangle((0, ground(0, 9.3)[1], width * sharp, bottom), fill=(104, 104, 108))  # road
    for x in np.arange(-9.5, 10, 2.6):  # a dashed line
        draw.polygon([ground(x, 8.1), ground(x + 1.4, 8.1), ground(x + 1.4, 7.95), ground(x, 7.95)],
                     fill=(206, 206, 200))
    draw.rectangle((0, ground(0, 6.75)[1], width * sharp, bottom), fill=(192, 188, 180))
    draw.rectangle((0, ground(0, 6.6)[1], width * sharp, bottom), fill=(158, 152, 144))
    for z in np.arange(3.0, 6.6, 0.6):
        draw.line((0, ground(0, z)[1], width * sharp, ground(0, z)[1]), fill=(144, 139, 131), width=1)
    for x in np.arange(-6, 6.1, 0.8):
        draw.line((*ground(x, 6.6), *ground(x, 2.5)), fill=(144, 139, 131), width=1)
    pixels = np.asarray(picture.resize((width, height), 4), np.float64)
    # Grain, finer far away than near, and light that falls off towards the edges.
    grain = random.normal(0, 3.0, (height, width, 1)) + _smooth_noise(size, random)
    x, y = np.linspace(-1, 1, width), np.linspace(-1, 1, height)[:, None]
    light = 1.03 - 0.07 * (x ** 2 + y ** 2)
    shaded = np.clip(np.rint(pixels * light[..., None] + grain), 0, 255).astype(np.uint8)
    shaded.setflags(write=False)
    return shaded


def _smooth_noise(size, random):
    """Blotches (height, width, 1), some grey values bright or dark."""
    from PIL import Image

    coarse = random.normal(0, 3.0, (max(2, size[0] // 16), max(2, size[1] // 16))).astype(np.float32)
    return np.asarray(Image.fromarray(coarse).resize((size[1], size[0]), 3), np.float64)[..., None]
