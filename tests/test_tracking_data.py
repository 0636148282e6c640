"""The data of the tracking chapter: readers, sequences, videos, and the rendered street."""
import io
import os
import pathlib
import time

import numpy as np
import pytest
from PIL import Image

from helpers import datasets
from helpers.datasets import formats, registry, street
from helpers.datasets.registry import DatasetError
from helpers.datasets.sequences import DrawnVideo, Sequence, Video

ROOT = pathlib.Path(__file__).parents[1]
REAL = pathlib.Path(os.environ.get("COURSE_DATA") or ROOT.parent / "shared" / "datasets").expanduser()
REAL_MIRROR = pytest.mark.skipif(
    not (REAL / "mot15").is_dir(), reason="NO REAL DATA HERE: set COURSE_DATA to a mirror to test on it")


@pytest.fixture(autouse=True)
def clean(monkeypatch, tmp_path):
    for name in ("COURSE_DATA", "COURSE_BUDGET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))


# --- MOTChallenge's and OTB's files ---


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_motchallenge(tmp_path, end):
    detections = ["2,-1,10.5,20,30,40,0.9,-1,-1,-1", "1,-1,1,2,3,4,0.5,-1,-1,-1", "1,-1,5,6,7,8,0.7,-1,-1,-1"]
    truth = ["1,2,5,6,7,8,1,-1,-1,-1", "2,2,6,6,7,8,1,-1,-1,-1",
             "1,1,1,1,2,3,1,-1,-1,-1", "2,1,1,1,2,3,0,-1,-1,-1"]
    paths = [write(tmp_path / "street/det/det.txt", end.join(detections) + end),
             write(tmp_path / "street/gt/gt.txt", end.join(truth) + end),
             write(tmp_path / "other/det/det.txt", detections[0])]  # one line, and no line end
    arrays = formats.read("motchallenge", paths)
    assert sorted(arrays) == ["other/detections", "street/detections", "street/truth"]
    # left, top, width, height become the corners; sorted by frame, otherwise as in the file
    assert arrays["street/detections"].tolist() == [
        [1, 1, 2, 4, 6, 0.5], [1, 5, 6, 12, 14, 0.7], [2, 10.5, 20, 40.5, 60, 0.9]]
    # the row that is flagged 0 is not counted; sorted by frame and identity
    assert arrays["street/truth"].tolist() == [[1, 1, 1, 1, 3, 4], [1, 2, 5, 6, 12, 14], [2, 2, 6, 6, 13, 14]]
    assert arrays["other/detections"].shape == (1, 6)


@pytest.mark.parametrize("text", ["1,-1,1,2", "1,-1,a,2,3,4,0.5", b"\x00\xff\x01"])
def test_a_damaged_text_file_is_named(tmp_path, text):
    with pytest.raises(DatasetError, match="det.txt"):
        formats.read("motchallenge", [write(tmp_path / "street/det/det.txt", text)])


def jpeg(shade, size=(24, 16)):
    stored = io.BytesIO()
    Image.new("RGB", size, (shade, shade, shade)).save(stored, "JPEG")
    return stored.getvalue()


@pytest.mark.parametrize("between", ["\t", ","])
def test_otb(tmp_path, between):
    lines = [between.join(map(str, row)) for row in ([1, 1, 5, 6], [3, 2, 5, 6])]
    paths = [write(tmp_path / "Crossing/groundtruth_rect.txt", "\r\n".join(lines) + "\r\n")]
    paths += [write(tmp_path / f"Crossing/img/000{number}.jpg", jpeg(40 * number)) for number in (1, 2)]
    arrays = formats.read("otb", paths)
    # the first pixel is 1 in the file, and reaches from 0 to 1 here
    assert arrays["Crossing/truth"].tolist() == [[1, 1, 0, 0, 5, 6], [2, 1, 2, 1, 7, 7]]
    assert arrays["Crossing/frames"].shape == (2, 16, 24, 3) and arrays["Crossing/frames"].dtype == np.uint8
    assert abs(int(arrays["Crossing/frames"][1].mean()) - 80) <= 2
    with pytest.raises(DatasetError, match="2 boxes for 1 frames"):
        formats.read("otb", paths[:2])
    paths[2].write_bytes(jpeg(80)[:100])
    with pytest.raises(DatasetError, match="0002.jpg"):
        formats.read("otb", paths)


# --- sequences ---


def sequence(**fields):
    rows = np.array([[1, 1, 0, 0, 5, 9], [1, 2, 3, 0, 8, 9], [3, 1, 1, 0, 6, 9]], float)
    return Sequence("street", 3, (10, 20), 15.0, **{"detections": rows, "truth": rows, **fields})


def test_sequence_gives_the_rows_of_a_frame():
    found = sequence(visibility=np.array([1.0, 0.5, 0.0]))
    assert found.people(1).tolist() == [[1, 0, 0, 5, 9], [2, 3, 0, 8, 9]]
    assert found.visible(1).tolist() == [1, 0.5]
    assert found.boxes(2).shape == (0, 5) and found.people(2).shape == (0, 5) and found.visible(2).shape == (0,)
    assert found.boxes(3).tolist() == [[1, 1, 0, 6, 9]] and len(found) == 3
    assert "array" not in repr(found)


def test_sequence_says_what_it_lacks():
    with pytest.raises(ValueError, match="street has no truth"):
        sequence(truth=None).people(1)
    with pytest.raises(ValueError, match="street has no visibility"):
        sequence().visible(1)
    for frame in (0, 4):
        with pytest.raises(IndexError, match="frames 1 to 3"):
            sequence().boxes(frame)
    with pytest.raises(ValueError, match="sorted by frame"):
        sequence(truth=np.zeros((4, 5)))
    with pytest.raises(ValueError, match="sorted by frame"):
        sequence(detections=np.array([[2.0] * 6, [1.0] * 6]))


# --- videos ---


def video_file(path, length=20, code="mp4v"):
    """A video of frames 64x48, each of one colour: red rises, blue falls."""
    import cv2

    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*code), 10, (64, 48))
    if not writer.isOpened():
        pytest.skip(f"NO VIDEO WRITTEN: this OpenCV has no encoder {code}")
    for number in range(length):
        writer.write(np.full((48, 64, 3), (255 - 10 * number, 100, 10 * number), np.uint8))
    writer.release()
    return path


def numbers(frames):
    """Which frames of `video_file` these are, by their red."""
    assert np.ptp(frames[..., 1]) < 20 and np.abs(frames[..., 1].mean() - 100) < 5
    return np.rint(frames[..., 0].mean(axis=(1, 2)) / 10).astype(int).tolist()


def drawn_video():
    colours = [(10 * number, 100, 255 - 10 * number) for number in range(20)]
    frames = np.stack([np.full((48, 64, 3), colour, np.uint8) for colour in colours])
    return DrawnVideo("drawn", 20, (48, 64), 10.0, lambda: frames)


@pytest.mark.parametrize("kind", ["file", "drawn"])
def test_read_video(tmp_path, kind):
    video = Video(video_file(tmp_path / "film.mp4")) if kind == "file" else drawn_video()
    assert (len(video), video.length, video.size, video.fps) == (20, 20, (48, 64), 10)
    frames = video.read()
    assert frames.shape == (20, 48, 64, 3) and frames.dtype == np.uint8 and numbers(frames) == list(range(20))
    assert numbers(video.read(start=7, count=3)) == [7, 8, 9]
    assert numbers(video.read(start=3, step=6)) == [3, 9, 15]
    assert numbers(video.read(start=15, count=100, step=2)) == [15, 17, 19]
    small = video.read(count=2, width=32)
    assert small.shape == (2, 24, 32, 3) and numbers(small) == [0, 1]
    for wrong in ({"start": 20}, {"start": -1}, {"count": 0}, {"step": 0}, {"width": 0}):
        with pytest.raises(ValueError):
            video.read(**wrong)


def test_a_truncated_video_is_named(tmp_path):
    whole = video_file(tmp_path / "film.avi", code="MJPG").read_bytes()
    short = Video(write(tmp_path / "short.avi", whole[:len(whole) * 6 // 10]))  # its header still says 20
    assert numbers(short.read(count=3)) == [0, 1, 2]
    with pytest.raises(DatasetError, match=r"short.avi ends after \d+ of 20 frames: it is truncated or damaged"):
        short.read()
    film = video_file(tmp_path / "film.mp4").read_bytes()
    for content in (film[:len(film) // 2], b"", b"<html>Please log in</html>"):
        path = write(tmp_path / "bad.mp4", content)
        with pytest.raises(DatasetError, match="bad.mp4 is truncated, damaged, or no video"):
            Video(path)
        with pytest.raises(DatasetError, match="bad.mp4"):
            formats.read("videos", [path])
    with pytest.raises(DatasetError, match="none.mp4 does not exist"):
        Video(tmp_path / "none.mp4")


# --- the street ---


def test_walkers():
    found = datasets.walkers(length=60, people=6, size=(120, 160), seed=1)
    assert found.frames.shape == (60, 120, 160, 3) and found.frames.dtype == np.uint8
    assert found.size == (120, 160) and len(found) == 60
    assert set(found.truth[:, 1]) == set(range(1, 7)), "everyone comes by"
    assert found.truth[:, 0].min() >= 1 and found.truth[:, 0].max() <= 60
    assert len(found.visibility) == len(found.truth)
    for frame in (1, 30, 60):
        assert len(set(found.people(frame)[:, 0])) == len(found.people(frame))
    assert found.detections[:, 5].min() >= 0.3 and found.detections[:, 5].max() <= 1


def test_same_arguments_same_street():
    first, again = (datasets.walkers(20, 4, (96, 128), seed=3) for _ in range(2))
    other = datasets.walkers(20, 4, (96, 128), seed=4)
    unseen = datasets.walkers(20, 4, (96, 128), seed=3, render=False)
    assert unseen.frames is None
    for name in ("truth", "detections", "visibility"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
        np.testing.assert_array_equal(getattr(first, name), getattr(unseen, name))
    np.testing.assert_array_equal(first.frames, again.frames)
    assert not np.array_equal(first.frames, other.frames) and not np.array_equal(first.truth, other.truth)


@pytest.mark.parametrize("size", [(240, 320), (240, 360), (480, 640), (64, 200)])
def test_boxes_lie_in_the_street(size):
    truth = datasets.walkers(90, 15, size, seed=2, render=False).truth
    middle = (truth[:, 2:4] + truth[:, 4:]) / 2
    assert np.all((middle >= 0) & (middle < size[::-1]))
    assert truth[:, 3].min() >= 0 and truth[:, 5].max() <= size[0], "heads and feet are in the frame"
    wide, high = (truth[:, 4:] - truth[:, 2:4]).T
    np.testing.assert_allclose(wide, street.ASPECT * high)
    assert 0.1 * size[0] < high.min() < high.max() < 0.5 * size[0]
    # Who stands further down is nearer, and taller: by more than people differ among themselves.
    far, near = high[truth[:, 5] < 0.52 * size[0]], high[truth[:, 5] > 0.7 * size[0]]
    assert near.min() > far.max()


def test_a_box_holds_its_figure():
    """What differs from the empty street lies in the boxes, and fills most of their height."""
    found = datasets.walkers(40, 1, seed=5, turning=0)
    empty = street._sequence("empty", 40, (240, 320), 5, np.zeros((40, 0, 2)), render=True).frames[0]
    checked = 0
    for row in found.truth[found.visibility == 1]:
        changed = (np.abs(found.frames[int(row[0]) - 1].astype(int) - empty) > 40).any(axis=-1)
        ys, xs = np.nonzero(changed)
        x1, y1, x2, y2 = row[2:]
        assert x1 - 2 <= xs.min() and xs.max() <= x2 + 2 and y1 - 2 <= ys.min() and ys.max() <= y2 + 4
        assert np.ptp(ys) > 0.85 * (y2 - y1)
        checked += 1
    assert checked > 10


def test_visibility():
    """Nobody behind somebody: wholly visible. One exactly behind another: hidden, and the front one is not."""
    places = np.array([[[0.0, 6.0], [0.0, 6.001], [-1.2, 10.0]]])
    boxes = street._project(places, np.full(3, 1.7), (240, 320))
    there = street._in_view(boxes, (240, 320))
    seen = street._visibility(boxes, there, [], (240, 320))
    assert there.all() and seen[0].tolist() == pytest.approx([1, 0.0, 1], abs=0.12)
    post = {"kind": "lamp", "box": (0.0, 0.0, 320.0, 240.0)}
    assert street._visibility(boxes, there, [post], (240, 320)).max() == 0
    half = boxes - np.array([(boxes[0, 0, 0] + boxes[0, 0, 2]) / 2, 0] * 2)  # the first stands on the left edge
    assert street._visibility(half, there, [], (240, 320))[0, 0] == pytest.approx(0.5, abs=0.1)


def test_people_are_hidden_for_a_while():
    found = datasets.walkers(400, 30, seed=3, render=False)
    assert 0.3 < (found.visibility == 1).mean() < 0.9 and (found.visibility < 0.15).mean() > 0.03
    gaps = []
    for identity in range(1, 31):
        hidden = found.visibility[found.truth[:, 1] == identity] < 0.15
        starts = np.flatnonzero(np.diff(np.r_[0, hidden, 0]))
        gaps += (starts[1::2] - starts[::2]).tolist()
    assert max(gaps) >= 10, "some are hidden longer than a tracker remembers by itself"


def test_turning():
    def bend(turning):
        """How far the third point of a path lies from where the first two point, in metres after a second."""
        path = street._paths(90, 50, (240, 320), turning, np.random.default_rng(0))
        return np.linalg.norm(path[30:] - 2 * path[15:-15] + path[:-30], axis=-1).mean(axis=0)

    straight, curved, mixed = bend(0.0), bend(1.0), bend(0.4)
    assert np.median(straight) < 0.05 and np.median(curved) > 0.5
    assert (mixed > 0.4).sum() == pytest.approx(20, abs=5)


def test_paths_are_smooth_and_at_a_walking_pace():
    path = street._paths(200, 100, (240, 320), 0.5, np.random.default_rng(1))
    pace = np.linalg.norm(np.diff(path, axis=0), axis=-1) * street.FPS
    change = np.linalg.norm(np.diff(path, 2, axis=0), axis=-1) * street.FPS ** 2
    assert pace.max() < 2.8 and change.max() < 6.0, "metres a second, and a second squared"
    assert path[..., 1].min() >= street.NEAR and path[..., 1].max() <= street.FAR


def overlap(box, others):
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:4], others[:, 2:4])
    common = np.prod(np.clip(high - low, 0, None), axis=1)
    area = np.prod(box[2:4] - box[:2]) + np.prod(others[:, 2:4] - others[:, :2], axis=1) - common
    return common / area


def test_detections_miss_jitter_and_double():
    found = datasets.walkers(600, 40, seed=4, render=False)
    best, doubles = [], 0
    for frame in range(1, 601):
        boxes = found.boxes(frame)
        for person, visible in zip(found.people(frame), found.visible(frame)):
            overlaps = overlap(person[1:], boxes[:, :4]) if len(boxes) else np.zeros(1)
            doubles += visible == 1 and (overlaps > 0.5).sum() > 1
            place = int(overlaps.argmax())
            best.append((visible, overlaps[place], boxes[place, 4] if len(boxes) else 0))
    visible, overlaps, score = np.array(best).T
    clear, hidden = visible > 0.9, (visible > 0.15) & (visible < 0.6)
    assert (overlaps[clear] > 0.5).mean() > 0.9
    assert (overlaps[hidden] > 0.5).mean() < 0.75
    assert 0.75 < overlaps[clear & (overlaps > 0.5)].mean() < 0.97, "off by some pixels"
    assert score[clear & (overlaps > 0.5)].mean() > score[hidden & (overlaps > 0.5)].mean() + 0.1
    assert doubles > 10
    false = sum(np.all([overlap(box, found.people(frame)[:, 1:]).max(initial=0) < 0.3])
                for frame in range(1, 601) for box in found.boxes(frame))
    assert 30 < false < 200


@pytest.mark.parametrize("wrong", [{"length": 0}, {"people": -1}, {"turning": 1.5}, {"size": (8, 320)}])
def test_walkers_refuse_what_makes_no_sense(wrong):
    with pytest.raises(ValueError, match="walkers needs"):
        datasets.walkers(**wrong)


@pytest.mark.parametrize("length, people", [(1, 0), (1, 1), (2, 3), (30, 0)])
def test_small_streets(length, people):
    found = datasets.walkers(length, people, (64, 80))
    assert found.frames.shape == (length, 64, 80, 3) and set(found.truth[:, 1]) == set(range(1, people + 1))


def test_a_thousand_tracks_take_seconds():
    start = time.process_time()
    for seed in range(50):
        datasets.walkers(120, 20, seed=seed, render=False)
    assert time.process_time() - start < 10, "takes half a second on a laptop"


def test_rendering_is_fast():
    start = time.process_time()
    datasets.walkers(200, 8, seed=1)
    assert time.process_time() - start < 8, "takes below a second on a laptop"


# --- load ---


def test_stand_ins(monkeypatch, capsys):
    monkeypatch.setenv("COURSE_BUDGET", "smoke")
    data = datasets.load("mot15")
    assert data.source == "stand-in" and list(data.sequences) == ["TUD-Campus", "TUD-Stadtmitte"]
    for name, found in data.sequences.items():
        assert found.name == name and found.size == (480, 640) and found.frames is None and len(found) == 40
        assert len(found.truth) > 100 and len(found.detections) > 60
    crossing = datasets.load("otb-crossing").sequences["Crossing"]
    assert crossing.frames.shape == (40, 240, 360, 3) and crossing.detections is None
    assert crossing.truth[:, 0].tolist() == list(range(1, 41)) and set(crossing.truth[:, 1]) == {1}
    videos = datasets.load("sample-videos").videos
    assert set(videos) == {"car-detection", "bottle-detection", "one-by-one-person-detection"}
    assert videos["car-detection"].read(count=2, width=160).shape == (2, 90, 160, 3)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3 and "(2 sequences, 80 frames)" in lines[0] and "(1 sequence, 40 frames)" in lines[1]
    assert {"name": "mot15", "source": "stand-in"} in datasets.LOADED


def test_stand_ins_at_full_length():
    assert [len(found) for found in street.mot15(179).values()] == [71, 179]
    crossing = street.otb_crossing(120)["Crossing"]
    assert len(crossing.truth) == len(crossing.frames) == 120, "the target is always in view"
    assert crossing.visibility.min() < 0.8


def test_registry_names_the_files_of_the_tracking_data():
    mot, otb, videos = (registry.entry(name) for name in ("mot15", "otb-crossing", "sample-videos"))
    truth = [file for file in mot.forms[0].files if file.name.endswith("gt.txt")]
    assert len(mot.forms[0].files) == 13 and len(truth) == 2 and len(mot.sequences) == 11
    assert all(mot.forms[0].urls(mot.forms[0].addresses[0], file) == file.addresses for file in truth)
    assert len(otb.forms[0].files) == 121 and otb.forms[0].files[1].name == "Crossing/img/0001.jpg"
    url, = otb.forms[0].urls(otb.forms[0].addresses[0], otb.forms[0].files[1])
    assert url.endswith("/sequences/Crossing/img/0001.jpg")
    assert all(file.sha256 for entry in (otb, videos) for file in entry.forms[0].files)
    bibliography = (ROOT / "references.bib").read_text(encoding="utf-8")
    assert all(f"{{{entry.citation}," in bibliography for entry in (mot, otb, videos))


@REAL_MIRROR
def test_real_mot15(monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(REAL))
    data = datasets.load("mot15", allow_stand_in=False)
    campus = data.sequences["TUD-Campus"]
    assert data.source == "mirror" and len(data.sequences) == 11
    assert (len(campus), len(campus.detections), len(campus.truth)) == (71, 321, 359)
    assert campus.boxes(1)[0] == pytest.approx([281.931, 187.466, 361.861, 397.003, 0.997784])
    assert campus.people(1)[0].tolist() == [1, 399, 182, 520, 411]
    stadtmitte = data.sequences["TUD-Stadtmitte"]
    assert len(set(stadtmitte.truth[:, 1])) == 10 and stadtmitte.truth[-1, 0] == 179
    for found in data.sequences.values():
        assert found.detections[:, 0].max() <= found.length
        assert np.all(found.detections[:, 3] > found.detections[:, 1])
        height, width = found.size
        assert found.detections[:, 3].max() <= width + 2 and found.detections[:, 4].max() <= height + 2
        assert found.detections[:, 3].max() > 0.9 * width


@REAL_MIRROR
def test_real_crossing(monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(REAL))
    found = datasets.load("otb-crossing", allow_stand_in=False).sequences["Crossing"]
    assert found.frames.shape == (120, *found.size, 3) and found.detections is None
    assert found.people(1).tolist() == [[1, 204, 150, 221, 200]] and len(found.truth) == 120


@REAL_MIRROR
def test_real_videos(monkeypatch, capsys):
    monkeypatch.setenv("COURSE_DATA", str(REAL))
    videos = datasets.load("sample-videos", allow_stand_in=False).videos
    assert "(3 videos, 2,960 frames)" in capsys.readouterr().out
    cars = videos["car-detection"]
    assert (cars.fps, cars.size, len(cars)) == (12.5, (432, 768), 377)
    frames = cars.read(start=100, count=2, step=50, width=192)
    assert frames.shape == (2, 108, 192, 3) and frames.std() > 20
    assert np.abs(frames[0].astype(int) - frames[1]).mean() > 1
