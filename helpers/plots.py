"""The course's figures: one style, and alternative text for every one.

Each function draws, shows and closes one figure. `alt` is the alternative text: what a reader who cannot
see the picture should learn from it.
"""
import base64
import contextlib
import io
import pathlib

import numpy as np

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#000000")
# One colour a class for masks: told apart by lightness too, so that no pair of neighbours needs red against green.
MASK_COLOURS = ("#9AD0F0", "#8C4F1D", "#F0E442", "#7A7A7A", "#E3A9C8", "#009E73", "#E69F00", "#6A3D9A", "#0050A0", "#D55E00",
                "#C9F29B", "#4D004B")
_STYLE = pathlib.Path(__file__).with_name("course.mplstyle")


@contextlib.contextmanager
def style():
    """The course's style sheet, for figures that a lesson draws itself: `with plots.style(): ...`."""
    import matplotlib.pyplot as plt

    with plt.style.context(str(_STYLE)):
        yield plt


def show(figure, alt):
    """Show `figure` with its alternative text and close it. Raises ValueError when `alt` says nothing."""
    import matplotlib.pyplot as plt

    _demand_alternative_text(alt)
    stored = io.BytesIO()
    with plt.style.context(str(_STYLE)):
        figure.savefig(stored, format="png", metadata={"Software": None})
    plt.close(figure)
    pixels = int.from_bytes(stored.getvalue()[16:20], "big")  # the width stands in the PNG's header
    _display(stored.getvalue(), alt, round(pixels / 1.3))


def _demand_alternative_text(alt):
    if not alt or len(alt.split()) < 4:
        raise ValueError("alt must say in a sentence what the picture shows")


def _display(png, alt, width):
    """Hand the bytes of a PNG file to the notebook, to be shown `width` pixels wide; elsewhere do nothing."""
    try:
        from IPython import get_ipython
        from IPython.display import display
    except ImportError:
        get_ipython = None
    if get_ipython and get_ipython():
        display({"image/png": base64.b64encode(png).decode(), "text/plain": alt},
                metadata={"image/png": {"alt": alt, "width": width}}, raw=True)


def _as_picture(image):
    image = np.asarray(image)
    if image.ndim == 3 and image.shape[-1] == 1:
        image = image[..., 0]
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[-1] not in (3, 4)):
        raise ValueError(f"an image must be (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), not {image.shape}")
    return image


def images(images, titles=None, columns=10, title=None, scale=1.0, alt=None, limits=(0.0, 1.0)):
    """A grid of images, each with an optional title.

    images: (N, H, W, C) or a list of (H, W[, C]); floats in [0, 1] or uint8. `limits` gives the grey values
    that are shown black and white (None: each image's own). `scale` 1 makes an image about 0.9 inch wide.
    """
    images = [_as_picture(image) for image in images]
    if not images:
        raise ValueError("there are no images to show")
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    lines = max((str(text).count("\n") + 1 for text in titles), default=0) if titles is not None else 0
    ratio = images[0].shape[0] / images[0].shape[1]
    with style() as plt:
        figure, axes = plt.subplots(rows, columns, squeeze=False,
                                    figsize=(0.92 * scale * columns, rows * (0.92 * scale * ratio + 0.19 * lines)
                                             + (0.35 if title else 0.05)))
        for place, axis in enumerate(axes.flat):
            axis.axis("off")
            if place >= len(images):
                continue
            whole = images[place].dtype == np.uint8
            low, high = (0, 255) if whole else (limits or (None, None))
            picture = images[place] if images[place].ndim == 2 or whole else np.clip(images[place], 0, 1)
            axis.imshow(picture, vmin=low, vmax=high, interpolation="nearest")
            if titles is not None:
                axis.set_title(titles[place], fontsize=8.5, loc="center", pad=2)
        if title:
            figure.suptitle(title, fontsize=11, x=0.01, ha="left")
        show(figure, alt)


def crops(pictures, titles, place, truth=None, error_limit=40, title=None, alt=None):
    """The same place cut out of several pictures, side by side, with the error maps below (lesson 5.1).

    pictures: list of (H, W) or (H, W, 3) of one size, floats in [0, 1] or uint8; place: (top, left, height,
    width) in pixels. The first panel shows the first picture whole, with the place framed. `truth`, a picture
    like the others, adds a row of error maps: absolute difference in grey levels, white for 0, black from
    `error_limit` on. Raises ValueError when the sizes differ or the place lies outside.
    """
    pictures = [_in_unit_range(picture) for picture in pictures]
    truth = truth if truth is None else _in_unit_range(truth)
    top, left, height, width = place
    sizes = {picture.shape[:2] for picture in [*pictures, *([] if truth is None else [truth])]}
    if len(sizes) != 1 or len(pictures) != len(titles):
        raise ValueError(f"crops needs pictures of one size, not {sorted(sizes)}, and a title for each")
    rows, columns = sizes.pop()
    if not (0 <= top <= rows - height and 0 <= left <= columns - width):
        raise ValueError(f"the place {place} lies outside of {rows} x {columns} pixels")

    def cut(picture):
        return picture[top:top + height, left:left + width]

    with style() as plt:
        lines, wide = 1 if truth is None else 2, len(pictures) + 1
        figure, axes = plt.subplots(lines, wide, squeeze=False,
                                    figsize=(1.75 * wide, lines * (1.75 * height / width + 0.3)))
        for axis in axes.flat:
            axis.set_axis_off()
        axes[0][0].imshow(pictures[0], cmap="gray", vmin=0, vmax=1)
        frame = plt.Rectangle((left, top), width, height, fill=False, color=COLOURS[1], linewidth=2)
        axes[0][0].add_patch(frame)
        axes[0][0].set_title("the place", fontsize=8.5, loc="center", pad=3)
        for column, (picture, text) in enumerate(zip(pictures, titles), start=1):
            axes[0][column].imshow(cut(picture), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            axes[0][column].set_title(text, fontsize=8.5, loc="center", pad=3)
            if truth is None or np.array_equal(picture, truth):
                continue
            error = 255 * np.abs(cut(picture) - cut(truth))
            error = error.mean(axis=-1) if error.ndim == 3 else error
            axis = axes[1][column]
            axis.imshow(error, cmap="gray_r", vmin=0, vmax=error_limit, interpolation="nearest")
            axis.set_title(f"error, mean {error.mean():.1f}", fontsize=8.5, loc="center", pad=3)
            axis.set_axis_on()
            axis.spines[:].set_visible(True)
            axis.set(xticks=[], yticks=[])
        if title:
            figure.suptitle(title, fontsize=11, x=0.01, ha="left")
        show(figure, alt)


def _in_unit_range(picture):
    picture = _as_picture(picture)
    return picture / 255 if picture.dtype == np.uint8 else np.clip(picture, 0, 1)


def boxes(images, boxes, identities=None, titles=None, columns=3, scale=1.0, title=None, alt=None, labels=None,
          class_names=None, scores=None):
    """Images with boxes on them, each identity in its own colour and with its number (lesson 7.1).

    Or each class in its own colour and kind of line, with a legend (lesson 2.1): `labels`, for each image (n,) indices
    into `class_names`. `scores`, for each image (n,), are written at the boxes, in per cent.

    images: (N, H, W, C) or a list of (H, W[, C]), or one image; floats in [0, 1] or uint8. boxes: for each image
    (n, 4) xyxy in pixels; further columns, such as a score, are not used. identities: for each image (n,)
    whole numbers, or None for boxes without. For one image give one array of boxes and one of identities.
    `scale` 1 makes an image about 3 inches wide. Raises ValueError when the numbers do not match.
    """
    if getattr(images, "ndim", None) in (2, 3):
        images, boxes, identities = [images], [boxes], [identities]
        labels, scores = (each if each is None else [each] for each in (labels, scores))
    images = [_as_picture(image) for image in images]
    identities = [None] * len(images) if identities is None else list(identities)
    labels, scores = ([None] * len(images) if each is None else list(each) for each in (labels, scores))
    if not images or not len(images) == len(boxes) == len(identities) == len(labels) == len(scores):
        raise ValueError(f"{len(images)} images need as many arrays of boxes and identities, "
                         f"not {len(boxes)} and {len(identities)}")
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    wide = 2.9 * scale
    high = wide * images[0].shape[0] / images[0].shape[1] + (0.22 if titles is not None else 0.04)
    with style() as plt:
        figure, axes = plt.subplots(rows, columns, squeeze=False,
                                    figsize=(wide * columns, high * rows + (0.35 if title else 0)
                                             + (0.3 if class_names is not None else 0)))
        for axis in axes.flat:
            axis.set_axis_off()
        for place, (axis, image) in enumerate(zip(axes.flat, images)):
            axis.imshow(image, cmap="gray", vmin=0, vmax=255 if image.dtype == np.uint8 else 1)
            pairs = _pairs(boxes[place], identities[place])
            kinds, sure = (_one_each(pairs, each) for each in (labels[place], scores[place]))
            for (box, identity), kind, score in zip(pairs, kinds, sure):
                x1, y1, x2, y2 = box
                colour = _identity_colour(identity) if kind is None else COLOURS[int(kind) % len(COLOURS)]
                line = _LINES[(int(kind or 0)) % len(_LINES)]
                axis.add_patch(plt.Rectangle((x1 - 0.5, y1 - 0.5), x2 - x1, y2 - y1, fill=False,
                                             edgecolor=colour, linewidth=1.6, linestyle=line))
                text = identity if score is None else f"{100 * score:.0f}"
                if text is not None:
                    axis.text(x1, y1, f"{text}", fontsize=7.5, color=_text_colour(colour), clip_on=True,
                              va="bottom", bbox={"facecolor": colour, "edgecolor": "none", "pad": 0.8})
            if titles is not None:
                axis.set_title(titles[place], fontsize=8.5, loc="center", pad=3)
        if class_names is not None:
            handles = [plt.Line2D([], [], color=COLOURS[number % len(COLOURS)], linestyle=_LINES[number % len(_LINES)])
                       for number in range(len(class_names))]
            figure.legend(handles, class_names, loc="outside lower center", ncols=len(class_names), fontsize=9,
                          frameon=False)
        if title:
            figure.suptitle(title, fontsize=11, x=0.01, ha="left")
        show(figure, alt)


_LINES = ("-", "--", (0, (1, 1)), "-.")  # a kind of line for each class, for those who cannot tell its colour


def _one_each(pairs, values):
    """One value a box, or None for each."""
    if values is not None and len(values) != len(pairs):
        raise ValueError(f"{len(pairs)} boxes, but {len(values)} labels or scores")
    return [None] * len(pairs) if values is None else list(values)


def masks(images, masks, class_names, titles=None, columns=3, void=None, opacity=0.6, legend=True, scale=1.0, title=None,
          alt=None):
    """Masks of classes, laid over their images, each class in its own colour, with a legend (lesson 3.1).

    images: (N, H, W, C) or a list of (H, W[, C]), floats in [0, 1] or uint8; None draws the masks alone; None for one
    image draws that mask alone, and None for a mask shows that image alone. masks: for each image (H, W) class indices;
    `void` (black in a mask alone, clear over an image) is none of the classes. class_names: a name for each class; the
    legend has those that are in the picture. opacity: of the mask over its image. `scale` 1 makes an image about 3 inches
    wide. Raises ValueError when numbers or sizes do not match, or an index has no name.
    """
    masks = [None if mask is None else np.asarray(mask) for mask in masks]
    images = [None] * len(masks) if images is None else [None if each is None else _as_picture(each) for each in images]
    if not masks or len(images) != len(masks):
        raise ValueError(f"{len(images)} images and {len(masks)} masks: there must be as many, and at least one")
    pictures, found = [], set()
    for image, mask in zip(images, masks):
        pictures.append(_masked(image, mask, len(class_names), void, opacity))
        found |= set() if mask is None else set(np.unique(mask).tolist()) - {void}
    columns = min(columns, len(masks))
    rows = -(-len(masks) // columns)
    wide = 2.9 * scale
    high = wide * pictures[0].shape[0] / pictures[0].shape[1] + (0.22 if titles is not None else 0.04)
    named = [(class_names[number], MASK_COLOURS[number % len(MASK_COLOURS)]) for number in sorted(found)]
    beside = max(3, int(wide * columns / 1.15))
    below = 0.24 * -(-len(named) // beside) + 0.05 if legend and named else 0
    tall = high * rows + (0.35 if title else 0) + below
    with style() as plt:
        figure, axes = plt.subplots(rows, columns, squeeze=False, figsize=(wide * columns, tall))
        for axis in axes.flat:
            axis.set_axis_off()
        for place, (axis, picture) in enumerate(zip(axes.flat, pictures)):
            axis.imshow(picture, interpolation="nearest")
            if titles is not None:
                axis.set_title(titles[place], fontsize=8.5, loc="center", pad=3)
        if title:
            figure.suptitle(title, fontsize=11, x=0.01, ha="left")
        if below:
            handles = [plt.Rectangle((0, 0), 1, 1, facecolor=colour, edgecolor="#555555", linewidth=0.4)
                       for _, colour in named]
            figure.legend(handles, [name for name, _ in named], loc="outside lower center", ncols=min(beside, len(named)),
                          fontsize=8, frameon=False, handlelength=1.0, columnspacing=1.2)
        show(figure, alt)


def _masked(image, mask, classes, void, opacity):
    """The picture (H, W, 3) uint8 of a mask, of an image, or of a mask over an image."""
    if image is None and mask is None:
        raise ValueError("there must be an image or a mask in each place")
    if image is not None:
        image = _as_bytes(np.repeat(image[..., None], 3, axis=-1) if image.ndim == 2 else image[..., :3])
    if mask is None:
        return image
    judged = np.ones(mask.shape, bool) if void is None else mask != void
    if mask.ndim != 2 or (judged.any() and not 0 <= mask[judged].min() <= mask[judged].max() < classes):
        raise ValueError(f"a mask must be (H, W) with indices of {classes} classes; this is {mask.shape}")
    palette = np.array([[int(colour[place:place + 2], 16) for place in (1, 3, 5)] for colour in MASK_COLOURS], np.float32)
    coloured = palette[np.where(judged, mask, 0) % len(palette)]
    if image is None:
        coloured[~judged] = 0
        return coloured.astype(np.uint8)
    if image.shape[:2] != mask.shape:
        raise ValueError(f"the image is {image.shape[:2]} and its mask {mask.shape}")
    mixed = (1 - opacity) * image + opacity * coloured
    return np.where(judged[..., None], mixed, image).astype(np.uint8)


def draw_boxes(image, boxes, identities=None):
    """A copy of an image with boxes drawn on it, (H, W, 3) uint8: the frames of an `animation` (lesson 7.2).

    image: (H, W, 3) uint8 or floats in [0, 1]; boxes and identities as in `boxes` for one image.
    """
    from PIL import Image, ImageDraw

    image = _as_bytes(image)
    picture = Image.fromarray(image)
    draw = ImageDraw.Draw(picture)
    line = max(2, round(image.shape[1] / 240))
    for box, identity in _pairs(boxes, identities):
        colour = _identity_colour(identity)
        # Pillow's corners belong to the rectangle; ours lie between pixels.
        x1, y1, x2, y2 = np.rint(box).astype(int) - (0, 0, 1, 1)
        draw.rectangle((x1, y1, max(x1, x2), max(y1, y2)), outline=colour, width=line)
        if identity is not None:
            place = max(0, min(x1, image.shape[1] - 16)), max(0, y1 - 12)
            draw.rectangle(draw.textbbox(place, f" {identity} ", font_size=11), fill=colour)
            draw.text(place, f" {identity} ", fill=_text_colour(colour), font_size=11)
    return np.asarray(picture)


def _pairs(boxes, identities):
    """(box, identity) of one image; the identity is an int or None."""
    boxes = np.asarray(boxes, float)
    boxes = boxes.reshape(-1, boxes.shape[-1] if boxes.size else 4)[:, :4]
    if identities is None:
        identities = [None] * len(boxes)
    if len(identities) != len(boxes):
        raise ValueError(f"{len(boxes)} boxes, but {len(identities)} identities")
    return [(box, None if identity is None else int(identity)) for box, identity in zip(boxes, identities)]


def _identity_colour(identity):
    """The same colour for the same identity in every figure. After seven they repeat: the number tells."""
    return COLOURS[((identity or 1) - 1) % len(COLOURS)]


def _text_colour(background):
    """Black or white, whichever reads better on "#rrggbb"."""
    red, green, blue = (int(background[place:place + 2], 16) for place in (1, 3, 5))
    return "black" if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else "white"


def _as_bytes(image):
    image = np.asarray(image)
    if image.ndim != 3 or image.shape[-1] != 3:
        raise ValueError(f"a frame must be (H, W, 3), not {image.shape}")
    return image if image.dtype == np.uint8 else np.rint(255 * np.clip(image, 0, 1)).astype(np.uint8)


def animation(frames, alt=None, fps=10, width=None, most=400_000):
    """Frames shown one after the other, again and again, as one picture file of at most `most` bytes.

    frames: (N, H, W, 3) or a list of (H, W, 3), floats in [0, 1] or uint8. fps: frames a second. width: pixels
    across at most; when the file grows too large the frames are made smaller still, and if that is not enough
    every second one is left out. The file is an animated PNG, which notebooks, GitHub, Colab and the site show
    as any picture; a viewer that knows no animations shows the first frame. It plays by itself, also for
    readers who asked their system for less motion: keep it calm, and say in `alt` what moves.
    Raises ValueError for no frames, and for frames that stay too large.
    """
    from PIL import Image

    _demand_alternative_text(alt)
    frames = [_as_bytes(frame) for frame in frames]
    if not frames:
        raise ValueError("there are no frames to show")
    wide = min(width or frames[0].shape[1], frames[0].shape[1])
    while True:
        high = max(1, round(frames[0].shape[0] * wide / frames[0].shape[1]))
        small = [np.asarray(Image.fromarray(frame).resize((wide, high), Image.Resampling.BOX))
                 for frame in frames]
        stored = _animated_png(small, fps)
        if len(stored) <= most:
            return _display(stored, alt, max(wide, min(480, frames[0].shape[1])))
        least = 240 if len(frames) > 8 else 80  # smaller than 240 only when there is nothing left to leave out
        if wide > least:
            # The bytes grow somewhat slower than the number of pixels.
            wide = max(least, min(round(0.92 * wide), int(wide * (most / len(stored)) ** 0.6)))
        elif len(frames) > 8:
            frames, fps = frames[::2], fps / 2
        else:
            raise ValueError(f"{len(frames)} frames of {wide}x{high} pixels take {len(stored):,} bytes")


def _animated_png(frames, fps):
    """The bytes of an animated PNG of frames (H, W, 3) uint8 of one size, in 255 colours.

    Most of a frame is the background of the one before. Where no channel changes by more than the noise of a
    camera, the old colour stays, and is stored as "transparent", which packs to nearly nothing.
    """
    from PIL import Image

    noise = 10
    shown, kept, change = frames[0].astype(np.int16), [frames[0]], [None]
    for frame in frames[1:]:
        new = np.abs(frame - shown).max(axis=-1) > noise
        shown = np.where(new[..., None], frame, shown)
        kept.append(shown.astype(np.uint8))
        change.append(new)
    sample = np.concatenate(kept[::-(-len(kept) // 8)])  # the palette of eight frames serves all
    common = Image.fromarray(sample).quantize(255 - len(COLOURS), dither=Image.Dither.NONE).getpalette()
    fixed = [int(colour[place:place + 2], 16) for colour in COLOURS for place in (1, 3, 5)]
    colours = (common + 765 * [0])[:765 - len(fixed)] + fixed + [0, 0, 0]  # number 255 is "transparent"
    palette = Image.new("P", (1, 1))
    palette.putpalette(colours[:765])
    pictures = []
    for frame, new in zip(kept, change, strict=True):
        indices = np.array(Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.NONE))
        if new is not None:
            indices[~new] = 255
        picture = Image.frombytes("P", indices.shape[::-1], indices.tobytes())
        picture.putpalette(colours)
        pictures.append(picture)
    stored = io.BytesIO()
    pictures[0].save(stored, format="PNG", save_all=True, append_images=pictures[1:], loop=0, blend=1,
                     duration=round(1000 / fps), transparency=255, optimize=True)
    return stored.getvalue()


def _history(history):
    return getattr(history, "history", history)


def curves(histories, metrics=("loss", "accuracy"), title=None, alt=None, ylim=None,
           parts=("training", "validation")):
    """Curves of training, one panel a metric: solid for training, dashed for validation.

    histories: what `fit` returned (or its dict), or {name: history} to compare several. `parts` names the
    two kinds of line; say "test" where the held-out data are the test images.
    """
    if not isinstance(histories, dict) or not isinstance(next(iter(histories.values())), (dict,)) \
            and not hasattr(next(iter(histories.values())), "history"):
        histories = {"": histories}
    beside = len(histories) > 2  # then the legend stands beside the last panel, which needs room
    with style() as plt:
        figure, axes = plt.subplots(1, len(metrics), squeeze=False,
                                    figsize=(4.1 * len(metrics) + (2.2 if beside else 0), 3.2))
        for axis, metric in zip(axes[0], metrics):
            for colour, (name, history) in zip(COLOURS * 3, histories.items()):
                for key, line, part in ((metric, "-", parts[0]), (f"val_{metric}", "--", parts[1])):
                    numbers = _history(history).get(key)
                    if numbers is not None:
                        label = f"{name}, {part}" if name else part
                        axis.plot(range(1, len(numbers) + 1), numbers, line, color=colour, label=label)
            axis.set(xlabel="epoch", ylabel=metric)
            if ylim and metric in ylim:
                axis.set_ylim(*ylim[metric])
            axis.xaxis.set_major_locator(plt.MaxNLocator(integer=True))
        handles, labels = axes[0][-1].get_legend_handles_labels()
        if beside:
            axes[0][-1].legend(handles, labels, fontsize=8.5, loc="center left", bbox_to_anchor=(1.0, 0.5))
        else:
            axes[0][-1].legend(handles, labels, fontsize=9)
        if title:
            figure.suptitle(title, fontsize=11, x=0.01, ha="left")
        show(figure, alt)


def confusion(matrix, class_names, title=None, alt=None):
    """A confusion matrix (lesson 1.1): rows are the truth, columns the answer, in per cent of the row."""
    matrix = np.asarray(matrix, dtype=float)
    share = 100 * matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    size = len(class_names)
    with style() as plt:
        figure, axis = plt.subplots(figsize=(0.46 * size + 1.4, 0.42 * size + 1.2))
        axis.imshow(share, cmap="Blues", vmin=0, vmax=100)
        axis.set_xticks(range(size), class_names, rotation=45, ha="right", rotation_mode="anchor")
        axis.set_yticks(range(size), class_names)
        axis.set(xlabel="answer", ylabel="truth")
        axis.grid(False)
        for row in range(size):
            for column in range(size):
                if share[row, column] >= 0.5:
                    axis.text(column, row, f"{share[row, column]:.0f}", ha="center", va="center", fontsize=8.5,
                              color="white" if share[row, column] > 55 else "#222222")
        if title:
            axis.set_title(title)
        show(figure, alt)


def bars(names, values, errors=None, xlabel=None, reference=None, title=None, alt=None, form="{:.1f}"):
    """Horizontal bars, first name on top. `errors`: spreads; `reference`: {label: value} as dashed lines."""
    values = np.asarray(values, dtype=float)
    with style() as plt:
        figure, axis = plt.subplots(figsize=(6.6, 0.42 * len(names) + 1.0))
        places = np.arange(len(names))
        axis.barh(places, values, xerr=errors, color=COLOURS[0], height=0.62, ecolor="#333333", capsize=3)
        widest = float(np.max(np.abs(values))) or 1.0
        for place, number in zip(places, values):
            shift = 0 if errors is None else errors[place]
            axis.text(number + shift + 0.015 * widest, place, form.format(number), va="center", fontsize=9)
        for colour, (label, number) in zip(COLOURS[3:], (reference or {}).items()):
            axis.axvline(number, color=colour, linestyle="--", linewidth=1.4, label=label)
        if reference:
            axis.legend(fontsize=9, loc="lower right", bbox_to_anchor=(1.0, 1.0))
        axis.set_yticks(places, names)
        axis.invert_yaxis()
        axis.grid(axis="y", visible=False)
        axis.margins(x=0.12)
        if xlabel:
            axis.set_xlabel(xlabel)
        if title:
            axis.set_title(title)
        show(figure, alt)
