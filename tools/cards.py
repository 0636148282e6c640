"""Draw the logo, the Colab badge and the landing page's pictures: one small scene, seen by each task in turn.

    python tools/cards.py        # writes logo, favicon, badge and cards into _static

The pictures carry their own background, so they look the same in the light and the dark theme. On the site the
drawn picture of a task gives way to a real result, cut out of the stored outputs of a lesson: see `result`.
"""
import base64
import collections
import functools
import io
import json
import math
import random
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STATIC = ROOT / "_static"
WIDTH, HEIGHT = 320, 200
# Colours that colour-blind readers can tell apart (Okabe and Ito).
ACCENT, SKY, GREEN, YELLOW, GOLD, ORANGE = "#0072b2", "#56b4e9", "#009e73", "#f0e442", "#e69f00", "#d55e00"
INK, PAPER = "#22303c", "#ffffff"


def box(left, top, right, bottom):
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def disc(x, y, radius, corners=28):
    turns = [2 * math.pi * corner / corners for corner in range(corners)]
    return [(x + radius * math.cos(turn), y + radius * math.sin(turn)) for turn in turns]


def car(x):
    """The car's shapes with its left end at x, from back to front."""
    return [("car", "#d64933", box(x, 136, x + 92, 160)),
            ("car", "#d64933", [(x + 16, 136), (x + 28, 116), (x + 64, 116), (x + 78, 136)]),
            ("car", "#cfe6f2", [(x + 23, 135), (x + 32, 120), (x + 61, 120), (x + 70, 135)]),
            ("car", "#2b2b2b", disc(x + 20, 160, 11)), ("car", "#2b2b2b", disc(x + 71, 160, 11))]


def scene(car_at=190):
    """The scene as (thing, colour, corners), from back to front."""
    return [("sky", "#a9d3ec", box(0, 0, WIDTH, 120)),
            ("sky", "#fbe3a1", disc(272, 38, 18)),
            ("grass", "#8fbf6b", box(0, 96, WIDTH, 140)),
            ("house", "#efe0c4", box(36, 66, 116, 136)),
            ("house", "#a2543b", [(24, 70), (76, 28), (128, 70)]),
            ("house", "#6e89a6", box(48, 82, 68, 102)),
            ("house", "#7a4a2b", box(82, 92, 104, 136)),
            ("road", "#7d848c", box(0, 140, WIDTH, HEIGHT)),
            ("road", "#f4f4f4", box(0, 183, 70, 187)), ("road", "#f4f4f4", box(110, 183, 190, 187)),
            ("road", "#f4f4f4", box(230, 183, WIDTH, 187)),
            ("tree", "#6d4c33", box(152, 92, 161, 138)),
            ("tree", "#3f7f4c", disc(157, 74, 30))] + car(car_at)


def polygon(corners, colour, extra=""):
    points = " ".join(f"{x:.0f},{y:.0f}" for x, y in corners)
    return f'<polygon points="{points}" fill="{colour}" {extra}/>'


def draw(shapes):
    return "".join(polygon(corners, colour) for _, colour, corners in shapes)


def colour_at(x, y, shapes):
    """The colour of the front shape that holds the point: an odd number of its edges lie to the right."""
    for _, colour, corners in reversed(shapes):
        edges = zip(corners, corners[1:] + corners[:1])
        crossings = sum((y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1)
                        for (x1, y1), (x2, y2) in edges)
        if crossings % 2:
            return colour
    return PAPER


def mix(first, second, share):
    """The share of the second colour in the first, channel by channel."""
    channels = zip(bytes.fromhex(first[1:]), bytes.fromhex(second[1:]))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in channels)


def cells(size, right, colour_of):
    """Square cells of a size, from the left edge to `right`."""
    return "".join(
        f'<path d="M{x} {y}h{size}v{size}h-{size}z" fill="{colour_of(x + size / 2, y + size / 2)}"/>'
        for y in range(0, HEIGHT, size) for x in range(0, right, size))


def label(x, y, text, colour):
    width = 8.4 * len(text) + 12
    return (f'<rect x="{x}" y="{y}" width="{width:.0f}" height="20" fill="{colour}"/>'
            f'<text x="{x + 6}" y="{y + 15}" fill="#fff">{text}</text>')


def frame(left, top, right, bottom, text, colour):
    return (polygon(box(left, top, right, bottom), "none", f'stroke="{colour}" stroke-width="3.5"')
            + label(left - 2, top - 20, text, colour))


def classification():
    """One thing fills the picture: a classifier names the whole image."""
    bars = [("car", 0.86, ORANGE), ("house", 0.10, ACCENT), ("tree", 0.04, GREEN)]
    rows = "".join(
        f'<text x="214" y="{29 + 24 * row}" text-anchor="end" fill="{INK}">{name}</text>'
        f'<rect x="222" y="{16 + 24 * row}" width="{max(3, 84 * share):.0f}" height="16" fill="{colour}"/>'
        for row, (name, share, colour) in enumerate(bars))
    return (f'<g transform="translate(-288 -136) scale(1.9)">{draw(scene())}</g>'
            f'<rect x="158" y="8" width="154" height="80" rx="6" fill="{PAPER}"/>' + rows)


def detection():
    return (draw(scene()) + frame(186, 113, 286, 173, "car", ORANGE)
            + frame(22, 26, 130, 138, "house", ACCENT) + frame(125, 42, 189, 140, "tree", "#00704f"))


def segmentation():
    colours = {"sky": SKY, "grass": YELLOW, "house": ACCENT, "road": "#8c8c8c", "tree": GREEN, "car": ORANGE}
    return draw([(thing, colours[thing], corners) for thing, _, corners in scene()])


def generation():
    shapes, chance = scene(), random.Random(0)
    greys = [f"#{grey:02x}{grey:02x}{grey:02x}" for grey in range(40, 230, 10)]

    def colour(x, y):
        noise = min(1, max(0, 1.15 - x / 240))
        return mix(colour_at(x, y, shapes), chance.choice(greys), noise)

    return draw(shapes) + cells(10, 270, colour)


def super_resolution():
    shapes, size = scene(car_at=126), 20
    inside = [-8, -3, 3, 8]

    def mean_colour(x, y):
        seen = [bytes.fromhex(colour_at(x + dx, y + dy, shapes)[1:]) for dx in inside for dy in inside]
        return "#" + "".join(f"{sum(channel) // len(seen):02x}" for channel in zip(*seen))

    return (draw(shapes) + cells(size, 160, mean_colour)
            + f'<path d="M160 0V{HEIGHT}" stroke="{PAPER}" stroke-width="4"/>')


def style_transfer():
    paint = {"sky": "#2c5f9e", "grass": "#d8a637", "house": "#b8452f", "road": "#31406b", "tree": "#1f6a5a",
             "car": "#e9c46a"}
    chance = random.Random(1)
    strokes = ""
    shapes = [(thing, mix(colour, paint[thing], 0.75), corners) for thing, colour, corners in scene()]
    for y in range(4, HEIGHT, 9):
        for x in range(-8, WIDTH, 16):
            colour = mix(colour_at(min(WIDTH - 1, max(1, x + 8)), y, shapes),
                         chance.choice(["#ffffff", "#10203f", "#ffd166"]), 0.32)
            rise = round(7 * math.sin(x / 26 + y / 17))
            strokes += f'<path d="M{x} {y}q9 {rise} 20 {-rise}" stroke="{colour}"/>'
    return draw(shapes) + f'<g fill="none" stroke-width="4" stroke-linecap="round">{strokes}</g>'


def tracking():
    trail = [34, 90, 148, 200]
    dots = "".join(f'<circle cx="{x + 46}" cy="138" r="5" fill="{ORANGE}"/>' for x in trail)
    ghosts = "".join(f'<g opacity=".28">{draw(car(x))}</g>' for x in trail[:-1])
    line = f'<path d="M{trail[0] + 46} 138H{trail[-1] + 46}" stroke="{ORANGE}" stroke-width="3" fill="none"/>'
    return (draw(scene(car_at=trail[-1])[:-5]) + ghosts + draw(car(trail[-1])) + line + dots
            + frame(196, 113, 296, 173, "car 1", ORANGE))


# Where the site takes the pictures of its cards from, by name (a task, or a card of a gallery): a lesson, words in the
# alternative text of one of its pictures, the part of the picture that is shown (left, top, right, bottom, as shares of
# its size), and what that part shows.
RESULTS = {
    "classification": ("01_classification/04_resnet", "Grad-CAM", (0.255, 0, 0.745, 1),
                       "Four test images with their true class; below them, in yellow, what the network looked at, and "
                       "its answer. Two answers are right and two are wrong."),
    "detection": ("02_detection/03_yolo", "with the detector's boxes", (0.005, 0.01, 0.332, 0.735),
                  "A blood smear with the boxes that the detector found around red cells, white cells and platelets."),
    "segmentation": ("03_segmentation/02_fcn", "best and the worst test frame", (0.668, 0.04, 0.995, 0.428),
                     "A street as the network sees it: each pixel in the colour of road, building, tree, sky or car."),
    "generation": ("04_generation/04_diffusion", "from pure noise at the top to clean strokes", (0, 0, 1, 1),
                   "Twelve columns that begin at the top as noise; on the way down strokes appear, and most become digits."),
    "super_resolution": ("05_super_resolution/02_espcn", "truth, bicubic and ESPCN", (0.505, 0.055, 0.997, 0.5),
                         "A part of a butterfly's wing twice: blurred by bicubic interpolation, and sharp by a network."),
    "style_transfer": ("06_style_transfer/01_neural_style_transfer", "the same scene painted", (0.505, 0.08, 0.995, 0.98),
                       "Old houses on a river, painted by the network in swirling strokes of deep blue and yellow."),
    "tracking": ("07_tracking/02_from_pixels_to_tracks", "looping film of the rendered street", (0, 0, 1, 1),
                 "A rendered street with numbered boxes around people who walk; the number follows the person."),
    # The gallery of chapter 6.
    "layers": ("06_style_transfer/01_neural_style_transfer", "reconstructions from one layer", (0.345, 0.575, 0.655, 0.98),
               "Houses on a river, rebuilt from a late layer: all is in its place, in drifting colours and ragged edges."),
    "hands": ("06_style_transfer/01_neural_style_transfer", "river in four manners", (0.508, 0.57, 0.984, 0.98),
              "The houses in wavy bands of orange and dark blue."),
    "colours": ("06_style_transfer/01_neural_style_transfer", "painted scene three times", (0.344, 0.125, 0.653, 0.955),
                "The houses in brush strokes, in the colours of the photograph."),
    "look": ("06_style_transfer/02_a_network_for_one_style", "each beside its optimised picture", (0.67, 0.372, 0.983, 0.648),
             "The houses above waves in beige and dark blue, painted by a network."),
    "unseen": ("06_style_transfer/03_any_style_at_once", "dark outlines, dark green", (0.806, 0.14, 0.99, 0.935),
               "The houses in orange and dark brown under a violet sky."),
    "failures": ("06_style_transfer/01_neural_style_transfer", "background is filled with foam", (0.014, 0.135, 0.328, 0.953),
                 "Two parrots; the soft background behind them is full of foam and blotches."),
}
Result = collections.namedtuple("Result", "picture alt lesson")


@functools.cache
def result(task):
    """The real result of a name in RESULTS as (picture, alternative text, lesson); None while no lesson has stored it."""
    from PIL import Image

    lesson, words, part, alt = RESULTS.get(task, (None,) * 4)
    path = ROOT / "chapters" / f"{lesson}.ipynb"
    if not path.is_file():
        return None
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        for output in cell.get("outputs", []):
            if words in output.get("metadata", {}).get("image/png", {}).get("alt", ""):
                picture = Image.open(io.BytesIO(base64.b64decode(output["data"]["image/png"])))
                picture.seek(getattr(picture, "n_frames", 1) // 2)  # of a film, the middle
                picture = picture.convert("RGB")
                (width, height), (left, top, right, bottom) = picture.size, part
                return Result(picture.crop((round(left * width), round(top * height), round(right * width),
                                            round(bottom * height))), alt, lesson)
    return None


TASKS = [classification, detection, segmentation, generation, super_resolution, style_transfer, tracking]


def picture(body):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            f'font-family="system-ui,sans-serif" font-size="14" font-weight="600">{body}</svg>\n')


def logo():
    """A picture's pixels on the left, a network's layers narrowing to one answer on the right."""
    shades = [ACCENT, SKY, GOLD, SKY, ACCENT, SKY, GOLD, SKY, ACCENT]
    pixels = "".join(f'<rect x="{4 + 10 * (place % 3)}" y="{17 + 10 * (place // 3)}" width="9" height="9" '
                     f'rx="1.5" fill="{colour}"/>' for place, colour in enumerate(shades))
    return ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">' + pixels
            + f'<rect x="38" y="14" width="5" height="36" rx="2.5" fill="{SKY}"/>'
            + f'<rect x="47" y="21" width="5" height="22" rx="2.5" fill="{ACCENT}"/>'
            + f'<circle cx="58.5" cy="32" r="4" fill="{GOLD}"/></svg>\n')


def badge():
    """The button that opens a lesson in Colab, as the site shows it."""
    return ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 140 26" width="140" height="26">'
            f'<rect width="140" height="26" rx="5" fill="{ACCENT}"/><path d="M12 7.5v11l9-5.5z" fill="#fff"/>'
            '<text x="28" y="17.5" fill="#fff" font-family="system-ui,sans-serif" font-size="13" '
            'font-weight="600" textLength="100" lengthAdjust="spacingAndGlyphs">Open in Colab</text></svg>\n')


def main():
    (STATIC / "cards").mkdir(parents=True, exist_ok=True)
    for name in ("logo", "favicon"):
        (STATIC / f"{name}.svg").write_text(logo(), encoding="utf-8")
    (STATIC / "colab_badge.svg").write_text(badge(), encoding="utf-8")
    for task in TASKS:
        (STATIC / "cards" / f"{task.__name__}.svg").write_text(picture(task()), encoding="utf-8")


if __name__ == "__main__":
    main()
