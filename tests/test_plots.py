"""Figures: alternative text is demanded, odd input is refused, everything is closed."""
import io

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from helpers import plots

matplotlib.use("Agg")
ALT = "A picture that a test has drawn."


@pytest.fixture(autouse=True)
def nothing_left_open():
    plt.close("all")
    yield
    assert not plt.get_fignums()


def draw_all():
    rng = np.random.default_rng(0)
    history = {"loss": [2.0, 1.0], "val_loss": [2.1, 1.5], "accuracy": [0.1, 0.5]}
    yield lambda **alt: plots.images(rng.random((5, 8, 8, 3)), ["a"] * 5, columns=3, title="t", **alt)
    yield lambda **alt: plots.images(rng.integers(0, 255, (2, 8, 8, 1), dtype=np.uint8), **alt)
    yield lambda **alt: plots.images([rng.random((4, 4)), rng.random((9, 9, 4))], limits=None, **alt)
    yield lambda **alt: plots.curves(history, **alt)
    yield lambda **alt: plots.curves({"one": history, "two": history, "three": history}, metrics=("loss",), **alt)
    yield lambda **alt: plots.confusion(np.eye(3) * 5, ("a", "b", "c"), **alt)
    yield lambda **alt: plots.bars(["a", "b"], [1, 2], errors=[0.1, 0.2], reference={"r": 1.5}, **alt)
    two = [np.array([[1, 2, 5, 7]]), np.array([[1, 2, 5, 7, 0.9], [-3, 0, 4, 20, 0.1]])]
    yield lambda **alt: plots.boxes(rng.random((2, 8, 9, 3)), two, titles=["a", "b"], title="t", **alt)
    yield lambda **alt: plots.boxes(rng.random((8, 9, 3)), two[1], np.array([3.0, 12.0]), **alt)
    yield lambda **alt: plots.boxes([rng.random((8, 9))], [np.zeros((0, 4))], [np.zeros(0)], **alt)
    yield lambda **alt: plots.boxes(rng.random((2, 8, 9, 3)), two, labels=[[0], [1, 2]], scores=[[0.5], [1, 0]],
                                    class_names=("a", "b", "c"), **alt)
    yield lambda **alt: plots.boxes(rng.random((8, 9, 3)), two[1], labels=np.array([6, 9]), **alt)


@pytest.mark.parametrize("number", range(12))
def test_every_figure_is_drawn_with_alternative_text(number, monkeypatch):
    shown = []
    monkeypatch.setattr(plots, "show", lambda figure, alt: (shown.append(alt), plt.close(figure)))
    list(draw_all())[number](alt=ALT)
    assert shown == [ALT]


def test_alternative_text_is_demanded():
    for alt in (None, "", "a plot"):
        figure = plt.figure()
        with pytest.raises(ValueError, match="alt"):
            plots.show(figure, alt)
        plt.close(figure)


def test_the_notebook_gets_picture_and_text(monkeypatch):
    import IPython
    import IPython.display

    sent = []
    monkeypatch.setattr(IPython, "get_ipython", lambda: object())
    monkeypatch.setattr(IPython.display, "display", lambda data, **more: sent.append((data, more)))
    plots.show(plt.figure(figsize=(2, 1)), ALT)
    (data, more), = sent
    assert data["text/plain"] == ALT and more["metadata"]["image/png"]["alt"] == ALT
    assert data["image/png"].startswith("iVBOR")


@pytest.mark.parametrize("shape", [(3,), (4, 4, 2), (2, 4, 4, 5)])
def test_what_is_no_image_is_refused(shape):
    with pytest.raises(ValueError, match="image"):
        plots.images([np.zeros(shape)], alt=ALT)


def test_no_images():
    with pytest.raises(ValueError, match="no images"):
        plots.images([], alt=ALT)


def test_boxes_need_their_identities():
    image = np.zeros((2, 8, 8, 3))
    one, two = np.zeros((1, 1, 4)), np.zeros((2, 1, 4))
    for boxes, identities in ((one, None), (two, [[1]]), (two, [[1], []])):
        with pytest.raises(ValueError, match="identities"):
            plots.boxes(image, boxes, identities, alt=ALT)
        plt.close("all")


def test_draw_boxes():
    frame = np.full((60, 80, 3), 0.5)
    before = frame.copy()
    drawn = plots.draw_boxes(frame, np.array([[10, 20, 30, 50, 0.9]]), [1])
    assert drawn.shape == (60, 80, 3) and drawn.dtype == np.uint8 and np.array_equal(frame, before)
    blue = np.array([0x00, 0x72, 0xB2])
    changed = (drawn != 128).any(axis=-1)
    assert np.array_equal(drawn[20, 20], blue) and np.array_equal(drawn[49, 29], blue) and not changed[35, 20]
    ys, xs = np.nonzero(changed[20:])
    assert (ys.min() + 20, ys.max() + 20, xs.min(), xs.max()) == (20, 49, 10, 29)
    assert changed[8:20].any(), "the number stands above the box"
    # wholly outside, of no size, and none at all
    for boxes in ([[-50, -50, -20, -10]], [[10, 10, 10, 10]], np.zeros((0, 5))):
        assert plots.draw_boxes(frame, boxes).shape == (60, 80, 3)
    with pytest.raises(ValueError, match="2 boxes, but 1 identities"):
        plots.draw_boxes(frame, np.zeros((2, 4)), [1])


def moving(count=12, size=(120, 160), noise=0):
    """A square that moves to the right, 8 pixels a frame, before a grey slope."""
    rng = np.random.default_rng(0)
    frames = np.empty((count, *size, 3), np.uint8)
    for number, frame in enumerate(frames):
        frame[:] = np.linspace(40, 200, size[1])[:, None]
        frame[40:80, 8 * number:8 * number + 30] = (230, 159, 0)
    return np.clip(frames + rng.integers(-noise, noise + 1, frames.shape), 0, 255).astype(np.uint8)


@pytest.fixture
def shown(monkeypatch):
    stored = []
    monkeypatch.setattr(plots, "_display", lambda png, alt, width: stored.append((png, alt, width)))
    return stored


def frames_of(png):
    picture = Image.open(io.BytesIO(png))
    for number in range(picture.n_frames):
        picture.seek(number)
        picture.load()
        yield np.asarray(picture.convert("RGBA"))


@pytest.mark.parametrize("kind", ["uint8", "floats", "list"])
def test_animation(shown, kind):
    frames = moving()
    plots.animation({"uint8": frames, "floats": frames / 255, "list": list(frames)}[kind], alt=ALT, fps=8)
    (png, alt, width), = shown
    assert png.startswith(b"\x89PNG") and alt == ALT and width == 160 and len(png) < 40_000
    picture = Image.open(io.BytesIO(png))
    assert picture.n_frames == 12 and picture.info["loop"] == 0 and picture.info["duration"] == 125
    for found, wanted in zip(frames_of(png), frames, strict=True):
        assert found[..., 3].min() == 255, "no pixel is transparent once the frames lie on each other"
        assert np.abs(found[..., :3].astype(int) - wanted).max() < 25


def test_animation_stays_small(shown):
    frames = moving(24, (360, 640), noise=60)
    plots.animation(frames, alt=ALT, fps=10, most=150_000)  # twenty times less than they take
    (png, _, width), = shown
    picture = Image.open(io.BytesIO(png))
    assert len(png) <= 150_000 and picture.width < 640 and picture.n_frames in (24, 12, 6)
    assert picture.info["duration"] * picture.n_frames == pytest.approx(2400), "it lasts as long as before"
    assert width >= picture.width
    with pytest.raises(ValueError, match="bytes"):
        plots.animation(frames[:4], alt=ALT, most=1000)


def test_animation_of_one_frame_and_of_equal_frames(shown):
    plots.animation(moving(1), alt=ALT, width=80)
    plots.animation(np.repeat(moving(1), 3, axis=0), alt=ALT)
    assert next(frames_of(shown[0][0])).shape == (60, 80, 4) and shown[1][0].startswith(b"\x89PNG")


def test_animation_refuses():
    with pytest.raises(ValueError, match="alt"):
        plots.animation(moving(), alt="a film")
    with pytest.raises(ValueError, match="no frames"):
        plots.animation([], alt=ALT)
    with pytest.raises(ValueError, match="a frame must be"):
        plots.animation(np.zeros((3, 8, 8, 1)), alt=ALT)
