"""Figures: alternative text is demanded, odd input is refused, everything is closed."""
import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

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


@pytest.mark.parametrize("number", range(7))
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
