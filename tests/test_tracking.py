"""The tracker and its yardsticks: against TrackEval, on the published row, and on what goes wrong in a street.

TrackEval asks for a newer NumPy than Colab has, so it is no requirement. Its answers for seeded random tracks are
stored in trackeval.json; where it is installed (`pip install trackeval`), it is asked anew as well, and
`python tests/test_tracking.py` writes the file.
"""
import json
import os
import pathlib
import sys
import time

import numpy as np
import pytest

from helpers import datasets, metrics, tracking

STORED = pathlib.Path(__file__).with_name("trackeval.json")
EMPTY = np.zeros((0, 6))


def random_tracks(seed):
    """People who walk, are seen four frames in five, and tracks of them that jitter, miss and swap."""
    random = np.random.default_rng(seed)
    truth = []
    for person in range(6):
        place, step, size = random.uniform(0, 60, 2), random.normal(0, 2, 2), random.uniform(15, 30, 2)
        truth += [(frame, person, *(place + step * frame), *(place + step * frame + size))
                  for frame in range(1, 41) if random.random() < 0.8]
    truth = np.array(truth)
    tracks = truth + np.hstack([np.zeros((len(truth), 2)), random.normal(0, 3, (len(truth), 4))])
    tracks = tracks[random.random(len(tracks)) < 0.8]
    tracks[:, 1] += 10 * (random.random(len(tracks)) < 0.1)
    return random.permutation(truth), random.permutation(tracks)


def swapped(truth):
    """Perfect boxes whose identities change in every frame."""
    people = np.unique(truth[:, 1])
    tracks = truth.copy()
    tracks[:, 1] = (np.searchsorted(people, truth[:, 1]) + truth[:, 0]) % len(people)
    return tracks


def cases():
    truth, tracks = random_tracks(0)
    found = {f"random {seed}": random_tracks(seed) for seed in range(8)}
    found |= {
        "perfect": (truth, truth),
        "no tracks": (truth, EMPTY),
        "no truth": (EMPTY, tracks),
        "nothing at all": (EMPTY, EMPTY),
        "identities swapped every frame": (truth, swapped(truth)),
        "frames without tracks": (truth, tracks[tracks[:, 0] % 4 > 0]),
        "frames without truth": (truth[truth[:, 0] % 3 > 0], tracks),
        "never in the same frame": (truth[truth[:, 0] % 2 == 0], tracks[tracks[:, 0] % 2 == 1]),
        "boxes without area": (truth, tracks[:, [0, 1, 2, 3, 2, 3]]),
        "one new identity for each box": (truth, np.column_stack([truth[:, 0], np.arange(len(truth)), truth[:, 2:]])),
        "one frame": (truth[truth[:, 0] == 5], tracks[tracks[:, 0] == 5]),
    }
    return found


def ours(truth, tracks):
    return {**metrics.clear_mot(truth, tracks), **metrics.identity_f1(truth, tracks), **metrics.hota(truth, tracks)}


def trackeval_says(truth, tracks):
    """The same yardsticks from TrackEval, which takes identities as 0, 1, ... and a similarity for each frame."""
    import trackeval
    from trackeval.datasets._base_dataset import _BaseDataset

    people, shown = np.unique(truth[:, 1]), np.unique(tracks[:, 1])
    data = {"num_gt_dets": len(truth), "num_tracker_dets": len(tracks), "num_gt_ids": len(people),
            "num_tracker_ids": len(shown), "gt_ids": [], "tracker_ids": [], "similarity_scores": []}
    for frame in np.union1d(truth[:, 0], tracks[:, 0]):
        there, found = truth[truth[:, 0] == frame], tracks[tracks[:, 0] == frame]
        data["gt_ids"].append(np.searchsorted(people, there[:, 1]))
        data["tracker_ids"].append(np.searchsorted(shown, found[:, 1]))
        data["similarity_scores"].append(_BaseDataset._calculate_box_ious(there[:, 2:], found[:, 2:], "x0y0x1y1"))
    data["num_timesteps"] = len(data["gt_ids"])
    silent = {"PRINT_CONFIG": False}
    clear = trackeval.metrics.CLEAR(silent).eval_sequence(data)
    identity = trackeval.metrics.Identity(silent).eval_sequence(data)
    order = trackeval.metrics.HOTA().eval_sequence(data)
    names = {"mota": "MOTA", "motp": "MOTP", "recall": "CLR_Re", "precision": "CLR_Pr", "matches": "CLR_TP",
             "misses": "CLR_FN", "false_positives": "CLR_FP", "switches": "IDSW", "fragments": "Frag",
             "mostly_tracked": "MT", "mostly_lost": "ML"}
    answer = {name: clear[theirs] for name, theirs in names.items()}
    answer |= {name: identity[name.upper()] for name in ("idf1", "idp", "idr")}
    answer |= {name.lower(): np.mean(order[name]) for name in ("HOTA", "DetA", "AssA", "LocA")}
    return {name: float(number) for name, number in answer.items()}


@pytest.mark.parametrize("case", cases())
def test_metrics_equal_trackevals(case):
    truth, tracks = cases()[case]
    assert ours(truth, tracks) == pytest.approx(json.loads(STORED.read_text())[case], abs=5e-5)


@pytest.mark.parametrize("case", cases())
def test_stored_values_are_those_of_trackeval(case):
    pytest.importorskip("trackeval", reason="TrackEval is not installed; its stored answers were compared instead")
    truth, tracks = cases()[case]
    assert trackeval_says(truth, tracks) == pytest.approx(json.loads(STORED.read_text())[case], abs=5e-5)


def test_metrics_equal_trackevals_on_the_rendered_street():
    pytest.importorskip("trackeval", reason="TrackEval is not installed")
    for seed in range(3):
        street = datasets.walkers(length=80, people=8, seed=seed, render=False)
        tracks = tracking.track(street, tracking.Sort())
        assert ours(street.truth, tracks) == pytest.approx(trackeval_says(street.truth, tracks), abs=5e-5)


def test_joined_sequences_count_as_all_of_them():
    pairs = [random_tracks(0), random_tracks(1), (EMPTY, random_tracks(2)[1]), (random_tracks(3)[0], EMPTY)]
    whole = metrics.clear_mot(*metrics.join_sequences(pairs))
    single = [metrics.clear_mot(*pair) for pair in pairs]
    for name in ("matches", "misses", "false_positives", "switches", "fragments"):
        assert whole[name] == sum(each[name] for each in single), name
    twice = metrics.join_sequences([random_tracks(0), random_tracks(0)])
    for yardstick in (metrics.hota, metrics.identity_f1):
        assert yardstick(*twice) == pytest.approx(yardstick(*random_tracks(0)))


@pytest.mark.parametrize("rows, why", [(np.zeros((3, 5)), "finite rows"), ([[1, 1, 0, 0, np.nan, 1]], "finite rows"),
                                       ([[1, 1, 0, 0, 1, 1], [1, 1, 5, 5, 9, 9]], "twice in one frame")])
def test_rows_that_make_no_sense_are_refused(rows, why):
    for yardstick in (metrics.clear_mot, metrics.identity_f1, metrics.hota):
        with pytest.raises(ValueError, match=why):
            yardstick(rows, EMPTY)


def test_iou_by_hand():
    boxes = [[0, 0, 2, 2], [1, 1, 3, 3], [5, 5, 6, 6], [1, 1, 1, 3]]
    assert metrics.iou(boxes[:2], boxes).tolist() == [[1, 1 / 7, 0, 0], [1 / 7, 1, 0, 0]]
    assert metrics.iou([], boxes).shape == (0, 4) and metrics.iou(boxes, []).shape == (4, 0)


# The published row, on the real detections

@pytest.mark.skipif("COURSE_DATA" not in os.environ, reason="needs the MOT15 detections: set COURSE_DATA")
def test_published_row(monkeypatch):
    monkeypatch.setenv("COURSE_BUDGET", "cpu")
    data = datasets.load("mot15", allow_stand_in=False)
    wanted = {"TUD-Campus": (0.685, 0.943, 15, 113, 6, 0.627), "TUD-Stadtmitte": (0.734, 0.968, 28, 307, 11, 0.701)}
    for name, row in wanted.items():
        sequence = data.sequences[name]
        tracks = tracking.track(sequence, tracking.Sort(max_age=1, min_hits=3, iou=0.3))
        found = ours(sequence.truth, tracks)
        assert (round(found["recall"], 3), round(found["precision"], 3), found["false_positives"], found["misses"],
                found["switches"], round(found["mota"], 3)) == row
        try:
            assert found == pytest.approx(trackeval_says(sequence.truth, tracks), abs=5e-5)
        except ImportError:
            pass


# The filter

def kalman_with_matrices(places, noise, acceleration, velocity):
    """The textbook's filter for place and velocity, with matrices."""
    motion = np.array([[1.0, 1.0], [0.0, 1.0]])
    push = acceleration**2 * np.array([[0.25, 0.5], [0.5, 1.0]])
    state, doubt = np.array([places[0], 0.0]), np.diag([noise**2, velocity**2])
    for place in places[1:]:
        state, doubt = motion @ state, motion @ doubt @ motion.T + push
        if place is not None:
            gain = doubt[:, 0] / (doubt[0, 0] + noise**2)
            state, doubt = state + gain * (place - state[0]), doubt - np.outer(gain, doubt[0])
        yield state, doubt


def test_scalar_filter_equals_the_one_with_matrices():
    random = np.random.default_rng(0)
    places = [None if random.random() < 0.2 and n else float(3 * n + random.normal()) for n in range(40)]
    filter = tracking.ConstantVelocity(places[0], 1.0, 0.1, 2.0)
    for place, (state, doubt) in zip(places[1:], kalman_with_matrices(places, 1.0, 0.1, 2.0), strict=True):
        filter.predict()
        if place is not None:
            filter.update(place)
        assert [filter.place, filter.velocity] == pytest.approx(state)
        assert [filter.place_variance, filter.covariance, filter.velocity_variance] == \
            pytest.approx([doubt[0, 0], doubt[0, 1], doubt[1, 1]])


def test_the_box_follows_a_straight_walk_and_never_turns_inside_out():
    walker = tracking.KalmanBox((0, 0, 20, 60))
    for frame in range(1, 30):
        walker.predict()
        walker.update((3 * frame, frame, 3 * frame + 20, frame + 60))
    assert walker.predict() == pytest.approx((90, 30, 110, 90), abs=0.5)
    leaving = tracking.KalmanBox((0, 0, 20, 60))
    for height in (40, 20, 8, 2, 1):  # somebody sinks behind a wall, and then nothing is seen for long
        leaving.predict()
        leaving.update((0, 0, 20, height))
    for _ in range(200):
        x1, y1, x2, y2 = leaving.predict()
        assert x2 >= x1 and y2 >= y1 and np.isfinite([x1, y1, x2, y2]).all()


# Matching

def test_greedy_loses_where_the_best_pair_leaves_nothing_for_the_rest():
    overlap = np.array([[0.6, 0.5], [0.5, 0.1]])
    assert tracking.match_greedy(overlap, 0.3) == [(0, 0)]
    assert tracking.match_optimal(overlap, 0.3) == [(0, 1), (1, 0)]


@pytest.mark.parametrize("match", [tracking.match_greedy, tracking.match_optimal])
def test_what_does_not_overlap_is_never_matched(match):
    assert match(np.zeros((2, 3)), 0.0) == [] and match(np.zeros((0, 3)), 0.3) == []


# The tracker

def walk(frames, start=0.0, step=3.0):
    """One person on a straight line: rows [frame, x1, y1, x2, y2]."""
    frames = np.asarray(frames)
    left = start + step * frames
    return np.column_stack([frames, left, np.full(len(frames), 10.0), left + 20, np.full(len(frames), 70.0)])


def identities(rows):
    return set(rows[:, 1].tolist())


def test_births_wait_for_confirmation_except_at_the_start():
    rows = tracking.track(np.vstack([walk(range(1, 21)), walk(range(8, 21), start=200)]), tracking.Sort())
    first = {identity: rows[rows[:, 1] == identity, 0].min() for identity in identities(rows)}
    assert first == {1: 1, 2: 11}  # opened in frame 8, confirmed in 9, 10 and 11


@pytest.mark.parametrize("gap", [1, 2, 30])
def test_a_gap_ends_a_track_only_beyond_max_age(gap):
    seen = [frame for frame in range(1, 71) if not 20 <= frame < 20 + gap]
    for max_age in (1, 30):
        rows = tracking.track(walk(seen), tracking.Sort(max_age=max_age, min_hits=0))
        assert len(identities(rows)) == (1 if gap <= max_age else 2)
        assert set(rows[:, 0]) <= set(seen), "nothing is shown while nothing is seen"
        assert not set(range(20, 20 + gap)) & set(rows[:, 0])


def test_frames_in_any_order_and_skipped_frames_are_put_right():
    rows = np.vstack([walk(range(1, 31)), walk(range(3, 31), start=150, step=-2)])
    straight = tracking.track(rows, tracking.Sort())
    mixed = tracking.track(np.random.default_rng(0).permutation(rows), tracking.Sort())
    for found in (straight, mixed):  # only the order of the detections within a frame may have changed the names
        found[:] = found[np.lexsort((found[:, 2], found[:, 0]))]
    assert np.allclose(np.delete(mixed, 1, axis=1), np.delete(straight, 1, axis=1))
    assert len(identities(mixed)) == len(identities(straight)) == 2
    skipped = tracking.track(walk([1, 2, 3, 4, 10, 11]), tracking.Sort(min_hits=0))
    assert len(identities(skipped)) == 2, "frames that nobody delivered still count as misses"


def test_boxes_without_area_and_empty_frames_do_no_harm():
    tracker = tracking.Sort(min_hits=0)
    for boxes in ([], np.zeros((0, 4)), np.zeros((0, 5)), [[5, 5, 5, 50]], [[5, 50, 9, 5]], [[7, 7, 7, 7, 0.9]]):
        shown = tracker.update(boxes)
        assert shown.shape == (0, 5)
    assert tracker.update([[5, 5, 25, 65], [30, 30, 30, 30]]).shape == (1, 5)
    assert tracking.track(EMPTY, tracking.Sort()).shape == (0, 6)


def test_a_first_box_seen_once_leaves_no_trace():
    boxes = np.vstack([walk(range(1, 31)), [[15, 300, 10, 320, 70]]])
    assert identities(tracking.track(boxes, tracking.Sort())) == {1}


@pytest.mark.parametrize("boxes", [[[0, 0, 1]], [[0, 0, np.nan, 5]], [[0, 0, np.inf, 5]], [0, 0, 5, 5]])
def test_boxes_that_make_no_sense_are_refused(boxes):
    with pytest.raises(ValueError, match="boxes must be"):
        tracking.Sort().update(boxes)


def test_settings_and_rows_that_make_no_sense_are_refused():
    for settings in ({"max_age": -1}, {"min_hits": -1}, {"iou": 1.5}, {"weak_iou": -0.1}):
        with pytest.raises(ValueError):
            tracking.Sort(**settings)
    with pytest.raises(ValueError, match="whole numbers"):
        tracking.track([[1.5, 0, 0, 9, 9]], tracking.Sort())
    with pytest.raises(ValueError, match="rows"):
        tracking.track(np.zeros((2, 4)), tracking.Sort())
    with pytest.raises(ValueError, match="score"):
        tracking.Sort(strong=0.5).update([[0, 0, 9, 9]])


def test_weak_detections_continue_tracks_and_open_none():
    people, ghost = walk(range(1, 31)), walk(range(5, 31), start=300)
    scores = np.where((people[:, 0] > 10) & (people[:, 0] < 20), 0.4, 0.9)
    rows = np.vstack([np.column_stack([people, scores]), np.column_stack([ghost, np.full(len(ghost), 0.4)])])
    tracks = tracking.track(rows, tracking.Sort(strong=0.6))
    assert identities(tracks) == {1} and len(tracks) == 30
    dropped = tracking.track(rows[rows[:, 5] >= 0.6], tracking.Sort())
    assert len(identities(dropped)) == 2, "without the weak ones the track breaks"


def test_coasting_neither_confirms_nor_misses():
    tracker = tracking.Sort(min_hits=0)
    boxes = walk(range(1, 31))[:, 1:]
    for frame, box in enumerate(boxes):
        shown = tracker.update([box]) if frame < 10 or frame % 4 == 0 else tracker.coast()
        assert shown[:, 4].tolist() == [1]
        assert metrics.iou(shown[:, :4], [box])[0, 0] > 0.7


def test_another_predictor_takes_the_filters_place():
    class Still:
        def __init__(self, box):
            self.place = box

        def predict(self):
            return self.place

        def update(self, box):
            self.place = box

    rows = walk(range(1, 21))
    shown = tracking.track(rows, tracking.Sort(predictor=Still))
    assert np.array_equal(shown[:, 2:], rows[:, 1:]), "with nothing returned, the detection itself is shown"
    assert np.array_equal(shown, tracking.track(rows, tracking.Sort(predictor=tracking.LastBox)))


def test_thousands_of_frames_a_second():
    street = datasets.walkers(length=300, people=8, render=False)
    seconds = []
    for _ in range(5):
        began = time.perf_counter()
        tracking.track(street, tracking.Sort())
        seconds.append(time.perf_counter() - began)
    assert 300 / min(seconds) > 2000, "an idle machine does many times as many"


if __name__ == "__main__":
    stored = {case: trackeval_says(*pair) for case, pair in cases().items()}
    STORED.write_text(json.dumps(stored, indent=1), encoding="utf-8")
    print(f"{len(stored)} cases written to {STORED.name}", file=sys.stderr)
