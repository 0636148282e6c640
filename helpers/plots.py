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

    if not alt or len(alt.split()) < 4:
        raise ValueError("alt must say in a sentence what the picture shows")
    stored = io.BytesIO()
    with plt.style.context(str(_STYLE)):
        figure.savefig(stored, format="png", metadata={"Software": None})
    plt.close(figure)
    try:
        from IPython import get_ipython
        from IPython.display import display
    except ImportError:
        get_ipython = None
    if get_ipython and get_ipython():
        pixels = int.from_bytes(stored.getvalue()[16:20], "big")  # the width stands in the PNG's header
        display({"image/png": base64.b64encode(stored.getvalue()).decode(), "text/plain": alt},
                metadata={"image/png": {"alt": alt, "width": round(pixels / 1.3)}}, raw=True)
    return None


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
