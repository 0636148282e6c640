"""Pieces of photographs that float over others: exact boxes, the same for the same seed."""
import numpy as np
import pytest
from PIL import Image

from helpers.datasets import pieces


def photographs(count=3, height=96, width=120):
    return [np.random.default_rng(number).integers(0, 256, (height, width, 3), dtype=np.uint8)
            for number in range(count)]


def test_a_view_has_the_size_asked_for_also_when_the_photograph_is_smaller():
    rng = np.random.default_rng(0)
    assert pieces.view(photographs()[0], (40, 30), rng).size == (40, 30)
    assert pieces.view(photographs()[0], (200, 300), rng).size == (200, 300)


def test_the_box_of_a_pasted_piece_is_where_its_pixels_are():
    picture = Image.new("RGB", (100, 80))
    white = Image.new("RGB", (20, 10), "white"), Image.new("L", (20, 10), 255)
    assert pieces.paste(picture, white, (50, 40)).tolist() == [40, 35, 60, 45]
    rows, columns = np.nonzero(np.asarray(picture)[..., 0])
    assert (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1) == (40, 35, 60, 45)
    box = pieces.paste(picture, white, (99, 79), scale=2.0)  # it may hang over the border
    assert box.tolist() == [79, 69, 119, 89]


def test_floating_pieces_are_a_sequence_with_exact_truth():
    sequence = pieces.floating(photographs(), length=5, seed=4)
    assert sequence.frames.shape == (5, 240, 320, 3) and sequence.frames.dtype == np.uint8
    assert sequence.truth.shape == (15, 6) and set(sequence.truth[:, 1]) == {1, 2, 3}
    assert (sequence.truth[:, 4:] > sequence.truth[:, 2:4]).all()
    again = pieces.floating(photographs(), length=5, seed=4)
    assert np.array_equal(again.frames, sequence.frames) and np.array_equal(again.truth, sequence.truth)
    assert not np.array_equal(pieces.floating(photographs(), length=5, seed=5).truth, sequence.truth)


def test_floating_says_what_it_cannot_do():
    for wrong in ({"length": 0}, {"pieces": 0}, {"size": (32, 320)}):
        with pytest.raises(ValueError, match="floating needs"):
            pieces.floating(photographs(), **wrong)
    with pytest.raises(ValueError, match="floating needs"):
        pieces.floating([])
