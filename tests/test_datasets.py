"""helpers.datasets: the registry, the readers, the four steps, and every way in which they can fail."""
import errno
import gzip
import hashlib
import http.server
import io
import json
import os
import pathlib
import pickle
import struct
import tarfile
import threading
import time
import warnings
import zipfile

import numpy as np
import pytest
from PIL import Image

from helpers import datasets
from helpers.datasets import __main__ as command
from helpers.datasets import archives, fetch, formats, registry, steps, weights
from helpers.datasets.registry import DatasetError, Entry, File, Form

ROOT = pathlib.Path(__file__).parents[1]
REAL = pathlib.Path(os.environ.get("COURSE_DATA") or ROOT.parent / "shared" / "datasets").expanduser()
REAL_MIRROR = pytest.mark.skipif(
    not (REAL / "cifar10").is_dir(), reason="NO REAL DATA HERE: set COURSE_DATA to a mirror to test on it")


# --- what the tests are run on: an empty cache, no mirror, a server of our own ---


@pytest.fixture(autouse=True)
def clean(monkeypatch, tmp_path):
    for name in ("COURSE_DATA", "COURSE_OFFLINE", "COURSE_BUDGET"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))


class Server(http.server.ThreadingHTTPServer):
    """Serves `self.files`: path -> bytes, or a function that answers the request. Notes what was `asked`."""

    def __init__(self):
        self.files, self.asked = {}, []
        super().__init__(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server_port}/"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        content = self.server.files.get(self.path)
        if callable(content):
            return content(self)
        if content is None:
            return self.send_error(404)
        self.begin(len(content))
        if self.command == "GET":
            self.wfile.write(content)

    do_HEAD = do_GET

    def begin(self, length):
        self.send_response(200)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    running = Server()
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield running
    running.shutdown()
    running.server_close()


# --- tiny files of the real formats ---


def tiny_arrays(size=28, channels=1):
    random = np.random.default_rng(7)
    return {"train_images": random.integers(0, 256, (20, size, size, channels), np.uint8),
            "train_labels": np.arange(20, dtype=np.int64) % 10,
            "test_images": random.integers(0, 256, (10, size, size, channels), np.uint8),
            "test_labels": np.arange(10, dtype=np.int64)}


def idx_file(array):
    array = array.astype(np.uint8)
    head = b"\0\0\x08" + bytes([array.ndim]) + struct.pack(f">{array.ndim}i", *array.shape)
    return gzip.compress(head + array.tobytes(), mtime=0)


def idx_files(arrays):
    return {"train-images-idx3-ubyte.gz": idx_file(arrays["train_images"][..., 0]),
            "train-labels-idx1-ubyte.gz": idx_file(arrays["train_labels"]),
            "t10k-images-idx3-ubyte.gz": idx_file(arrays["test_images"][..., 0]),
            "t10k-labels-idx1-ubyte.gz": idx_file(arrays["test_labels"])}


def cifar_pickle(images, labels):
    """A batch as Python 2 wrote it: with strings of its kind, which today's pickle module does not write."""
    def text(content):
        return b"U" + bytes([len(content)]) + content

    def number(value):
        return b"J" + struct.pack("<i", value)

    data = images.transpose(0, 3, 1, 2).tobytes()
    new = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n"
    new += number(0) + b"\x85" + text(b"b") + b"\x87R"
    shape = number(len(images)) + number(3072) + b"\x86"
    kind = b"cnumpy\ndtype\n" + text(b"u1") + number(0) + number(1) + b"\x87R"
    kind += b"(" + number(3) + text(b"|") + b"NNN" + number(-1) + number(-1) + number(0) + b"tb"
    array = new + b"(" + number(1) + shape + kind + b"\x89T" + struct.pack("<i", len(data)) + data + b"tb"
    listed = b"](" + b"".join(number(int(label)) for label in labels) + b"e"
    return b"\x80\x02}(" + text(b"labels") + listed + text(b"data") + array + b"u."


def tar_file(members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            if content is None:
                member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
                archive.addfile(member)
            else:
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def cifar_batches(arrays):
    """Name -> (images, labels): five training batches of four, and the test batch."""
    images, labels = np.split(arrays["train_images"], 5), np.split(arrays["train_labels"], 5)
    batches = {f"data_batch_{i + 1}": (images[i], labels[i]) for i in range(5)}
    return batches | {"test_batch": (arrays["test_images"][:4], arrays["test_labels"][:4])}


def cifar_archive(arrays, extra=None):
    batches = list(cifar_batches(arrays).items())[::-1]  # the official archive is not in order either
    members = {f"cifar-10-batches-py/{name}": cifar_pickle(*batch) for name, batch in batches}
    return tar_file({"cifar-10-batches-py/readme.html": b"hello", **members, **(extra or {})})


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def tiny_entry(name, title, forms, arrays):
    return Entry(name=name, title=title, kind="images", description="", licence="free", citation="nobody2000",
                 forms=forms, class_names=tuple("0123456789"), content_sha256=formats.digest(arrays),
                 stand_in={"train": 30, "test": 10, "smoke_train": 20, "smoke_test": 10})


def enter(monkeypatch, entry):
    monkeypatch.setattr(registry, "entries", lambda: {entry.name: entry})


@pytest.fixture
def tiny_mnist(monkeypatch, server):
    """A tiny MNIST of four files with two addresses, /first/ and /second/; the server holds neither yet."""
    arrays = tiny_arrays()
    content = idx_files(arrays)
    files = tuple(File(name, len(data), sha256(data)) for name, data in content.items())
    addresses = (server.address + "first/", server.address + "second/")
    entry = tiny_entry("mnist", "MNIST", (Form("idx", files, addresses),), arrays)
    enter(monkeypatch, entry)
    return entry, arrays, content


def serve(server, folder, content):
    server.files.update({f"/{folder}/{name}": data for name, data in content.items()})


def left_behind(folder):
    return sorted(path.name for path in pathlib.Path(folder).rglob("*") if path.is_file())


# --- the registry ---


def test_registry_of_the_course_is_sound():
    found = registry.entries()
    assert {"mnist", "cifar10", "mobilenet"} <= set(found)
    cifar = found["cifar10"]
    assert cifar.forms[0].files[0].sha256.startswith("6d958be07457") and len(cifar.forms[0].addresses) >= 3
    archive = cifar.forms[0]
    assert archive.url(archive.addresses[0], archive.files[0]).endswith("com/cifar-10-python.tar.gz")
    assert found["mnist"].megabytes == pytest.approx(11.594722)
    assert cifar.class_names[3] == "cat" and len(cifar.class_names) == 10


@pytest.mark.parametrize("change, complaint", [
    (('format = "idx"', 'format = "jpeg9000"'), "no reader"),
    (('format = "idx"', 'format = "cifar_pickles"'), "it needs a SHA-256"),
    (('name = "a"', 'name = "../a"'), "bad file name"),
    (("https:", "http:"), "is not https"),
    (('title = "Tiny"', 'titel = "Tiny"'), "missing or unknown"),
    (('content_sha256 = "0"', ""), "content_sha256 is missing"),
])
def test_registry_refuses_unsound_entries(tmp_path, change, complaint):
    text = ('[tiny]\ntitle = "Tiny"\nkind = "images"\ndescription = ""\nlicence = ""\ncitation = ""\n'
            'content_sha256 = "0"\n[[tiny.forms]]\nformat = "idx"\naddresses = ["https://example.org/"]\n'
            'files = [{ name = "a" }]\n')
    path = tmp_path / "datasets.toml"
    path.write_text(text)
    assert registry.read(path)["tiny"].title == "Tiny"
    path.write_text(text.replace(*change))
    with pytest.raises(DatasetError, match=complaint):
        registry.read(path)


def test_unknown_name_gets_a_hint():
    with pytest.raises(DatasetError, match="did you mean 'cifar10'"):
        datasets.load("cifar-10")


# --- the readers ---


def test_idx(tmp_path):
    arrays = tiny_arrays()
    for name, content in idx_files(arrays).items():
        (tmp_path / name).write_bytes(content)
    found = formats.read("idx", [tmp_path / name for name in idx_files(arrays)])
    assert formats.digest(found) == formats.digest(arrays)


def test_mnist_npz(tmp_path):
    arrays = tiny_arrays()
    np.savez(tmp_path / "mnist.npz", x_train=arrays["train_images"][..., 0],
             y_train=arrays["train_labels"].astype(np.uint8), x_test=arrays["test_images"][..., 0],
             y_test=arrays["test_labels"].astype(np.uint8))
    assert formats.digest(formats.read("mnist_npz", [tmp_path / "mnist.npz"])) == formats.digest(arrays)


def test_cifar_pickles_and_mosaics_give_the_same_arrays(tmp_path):
    arrays = tiny_arrays(32, 3)
    batches = cifar_batches(arrays)
    (tmp_path / "archive.tar.gz").write_bytes(cifar_archive(arrays))
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # NumPy 2 warns about the module names in these pickles
        pickled = formats.read("cifar_pickles", [tmp_path / "archive.tar.gz"])
    for name, (images, _) in batches.items():
        mosaic = images.reshape(2, 2, 32, 32, 3).transpose(0, 2, 1, 3, 4).reshape(64, 64, 3)
        Image.fromarray(mosaic).save(tmp_path / f"{name}.webp", lossless=True)
    labels = {name: {"labels": "".join(map(str, labels))} for name, (_, labels) in batches.items()}
    (tmp_path / "meta.json.gz").write_bytes(gzip.compress(json.dumps(labels).encode()))
    paths = [tmp_path / "meta.json.gz", *(tmp_path / f"{name}.webp" for name in batches)]
    mosaics = formats.read("cifar_mosaics", paths)
    assert np.array_equal(pickled["train_images"], arrays["train_images"])
    assert np.array_equal(pickled["train_labels"], arrays["train_labels"])
    assert np.array_equal(pickled["test_images"], arrays["test_images"][:4])
    assert formats.digest(pickled) == formats.digest(mosaics)


def test_pickles_build_arrays_and_nothing_else(tmp_path):
    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "run"),)

    archive = tmp_path / "archive.tar.gz"
    archive.write_bytes(tar_file({"data_batch_1": pickle.dumps(Evil(), protocol=2)}))
    with pytest.raises(DatasetError, match="no place in an array"):
        formats.read("cifar_pickles", [archive])
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("damage", [
    lambda data: data[:len(data) // 2], lambda data: b"<html>Please log in</html>",
    lambda data: data[:40] + bytes(40) + data[80:], lambda data: b""])
@pytest.mark.parametrize("format", ["idx", "cifar_pickles", "mnist_npz", "keras_h5"])
def test_damaged_files_are_named(tmp_path, damage, format):
    arrays = tiny_arrays(32, 3)
    good = cifar_archive(arrays) if format == "cifar_pickles" else idx_file(arrays["train_images"][..., 0])
    path = tmp_path / "file.gz"
    path.write_bytes(damage(good))
    with pytest.raises(DatasetError, match="file.gz"):
        formats.read(format, [path] * (4 if format == "idx" else 1))


def picture_file(pixels, format="PNG", mode="RGB"):
    buffer = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(buffer, format)
    return buffer.getvalue()


def tiny_pictures(names=("train_t1", "train_tt2", "set5_baby", "set14_zebra")):
    """Pictures of different sizes, name -> (H, W, 3) uint8; the last one is grey."""
    random = np.random.default_rng(3)
    pictures = {name: random.integers(0, 256, (9 + number, 12 - number, 3), np.uint8)
                for number, name in enumerate(names)}
    pictures[names[-1]][:] = pictures[names[-1]][..., :1]
    return pictures


def srcnn_files(pictures, folders, format):
    """path -> bytes, as in T91, Set5 and Set14; `folders`: the folder of each split."""
    files = {}
    for key, pixels in pictures.items():
        split, _, name = key.partition("_")
        ending = "_GT" * (split == "set5") + "." + format.lower()
        mode = "L" if split == "set14" else "RGB"
        files[f"{folders[split]}/{name}{ending}"] = picture_file(pixels, format, mode)
    return files


def srcnn_archive(pictures):
    files = srcnn_files(pictures, {"train": "x/Train", "set5": "x/Test/Set5", "set14": "x/Test/Set14"}, "BMP")
    others = {"README.md": b"hello", "Test/other.bmp": b"none of ours", "Test/Set14/lenna.bmp": b"retired"}
    return zip_file({**{f"x/{name}": data for name, data in others.items()}, **dict(reversed(files.items()))})


def test_srcnn_folders_and_archive_give_the_same_pictures(tmp_path):
    pictures = tiny_pictures()
    files = srcnn_files(pictures, {"train": "T91", "set5": "Set5", "set14": "Set14"}, "PNG")
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    (tmp_path / "archive.zip").write_bytes(srcnn_archive(pictures))
    for found in (formats.read("srcnn_folders", [tmp_path / name for name in files]),
                  formats.read("srcnn_archive", [tmp_path / "archive.zip"])):
        assert list(found) == list(pictures) and formats.digest(found) == formats.digest(pictures)


def test_kodak_files_and_archive_give_the_same_pictures(tmp_path):
    pictures = tiny_pictures(("test_kodim01", "test_kodim02", "test_kodim10"))
    for name, pixels in pictures.items():
        (tmp_path / f"{name[5:]}.png").write_bytes(picture_file(pixels))
    members = {f"suite/PhotoCD_PCD0992/{int(name[-2:])}.png": picture_file(pixels)
               for name, pixels in pictures.items()}
    (tmp_path / "archive.zip").write_bytes(zip_file({**dict(reversed(members.items())), "suite/a.py": b""}))
    for found in (formats.read("kodak", sorted(tmp_path.glob("*.png"))),
                  formats.read("kodak_archive", [tmp_path / "archive.zip"])):
        assert list(found) == list(pictures) and formats.digest(found) == formats.digest(pictures)


def test_a_damaged_picture_is_named(tmp_path):
    for name, pixels in tiny_pictures(("kodim01", "kodim02")).items():
        content = picture_file(pixels)
        (tmp_path / f"{name}.png").write_bytes(content if name == "kodim01" else content[:-40])
    with pytest.raises(DatasetError, match="^kodim02.png: damaged"):
        formats.read("kodak", sorted(tmp_path.glob("*.png")))


def test_a_damaged_archive_of_pictures_is_named(tmp_path):
    archive = srcnn_archive(tiny_pictures())
    for content in (archive[:len(archive) // 2], b"<html>Please log in</html>"):
        (tmp_path / "archive.zip").write_bytes(content)
        with pytest.raises(DatasetError, match="archive.zip"):
            formats.read("srcnn_archive", [tmp_path / "archive.zip"])


def test_weights_in_8_bits(tmp_path):
    stored = np.array([[0, 128, 255]], np.uint8)
    np.savez(tmp_path / "small.npz", **{"conv/kernel": stored, "conv/kernel@scale_min": [0.01, -1.28]})
    found = formats.read("keras_uint8", [tmp_path / "small.npz"])
    assert list(found) == ["conv/kernel"] and found["conv/kernel"].dtype == np.float32
    np.testing.assert_allclose(found["conv/kernel"], [[-1.28, 0, 1.27]], atol=1e-6)


# --- archives ---


def zip_file(members, link=None):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        if link:
            member = zipfile.ZipInfo(link)
            member.external_attr = 0o120777 << 16
            archive.writestr(member, "/etc/passwd")
    return buffer.getvalue()


@pytest.mark.parametrize("make", [tar_file, zip_file])
def test_unpack(tmp_path, make):
    (tmp_path / "archive").write_bytes(make({"a.txt": b"one", "below/b.txt": b"two"}))
    archives.unpack(tmp_path / "archive", tmp_path / "out")
    assert (tmp_path / "out/a.txt").read_bytes() == b"one"
    assert (tmp_path / "out/below/b.txt").read_bytes() == b"two"


@pytest.mark.parametrize("make", [tar_file, zip_file])
@pytest.mark.parametrize("name", [
    "../evil.txt", "/evil.txt", "below/../../evil.txt", "..\\evil.txt", "C:\\evil.txt"])
def test_no_member_leaves_the_folder(tmp_path, make, name):
    (tmp_path / "archive").write_bytes(make({"a.txt": b"one", name: b"evil"}))
    with pytest.raises(DatasetError, match="outside its folder"):
        archives.unpack(tmp_path / "archive", tmp_path / "out")
    assert left_behind(tmp_path) == ["archive"]


@pytest.mark.parametrize("content", [tar_file({"a": b"", "link": None}), zip_file({"a": b""}, link="link")])
def test_links_are_refused(tmp_path, content):
    (tmp_path / "archive").write_bytes(content)
    with pytest.raises(DatasetError, match="outside its folder"):
        archives.unpack(tmp_path / "archive", tmp_path / "out")
    assert left_behind(tmp_path) == ["archive"]


# --- the four steps when all goes well ---


def test_network_then_cache(tiny_mnist, server, capsys, tmp_path):
    entry, arrays, content = tiny_mnist
    serve(server, "first", content)
    data = datasets.load("mnist")
    assert data.source == "network" and len(server.asked) == 4
    assert data.train.images.shape == (20, 28, 28, 1) and data.train.images.dtype == np.float32
    assert np.array_equal(np.rint(data.train.images * 255), arrays["train_images"])
    assert data.test.labels.dtype == np.int64 and np.array_equal(data.test.labels, arrays["test_labels"])
    assert left_behind(tmp_path / "cache") == sorted(content)
    assert capsys.readouterr().out == "MNIST (20 train, 10 test): from the network.\n"
    assert datasets.load("mnist").source == "cache" and len(server.asked) == 4
    assert capsys.readouterr().out == "MNIST (20 train, 10 test): from the cache.\n"
    assert {"name": "mnist", "source": "cache"} in datasets.LOADED
    assert sum(each["name"] == "mnist" for each in datasets.LOADED) == 1


def test_mirror_comes_before_the_network(tiny_mnist, server, monkeypatch, tmp_path, capsys):
    entry, arrays, content = tiny_mnist
    (tmp_path / "mirror/mnist").mkdir(parents=True)
    for name, data in content.items():
        (tmp_path / "mirror/mnist" / name).write_bytes(data)
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "mirror"))
    serve(server, "first", content)
    assert datasets.load("mnist").source == "mirror" and not server.asked
    (tmp_path / "mirror/mnist/train-labels-idx1-ubyte.gz").write_bytes(b"damaged")
    assert datasets.load("mnist").source == "network"
    assert (tmp_path / "mirror/mnist/train-labels-idx1-ubyte.gz").read_bytes() == b"damaged"  # it is not ours


def test_offline_asks_nobody(tiny_mnist, server, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    serve(server, "first", tiny_mnist[2])
    assert datasets.load("mnist").source == "stand-in" and not server.asked
    line = capsys.readouterr().out
    assert line.count("\n") == 1 and "COURSE_OFFLINE" in line and "will differ" in line


def test_smoke_goes_straight_to_the_stand_in(tiny_mnist, server, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_BUDGET", "smoke")
    serve(server, "first", tiny_mnist[2])
    data = datasets.load("mnist")
    assert data.source == "stand-in" and len(data.train) == 20 and not server.asked
    assert data.train.images.shape[1:] == (28, 28, 1)
    assert 0 <= data.train.images.min() < data.train.images.max() <= 1
    assert "smoke" in capsys.readouterr().out
    assert datasets.load("mnist", allow_stand_in=False).source == "network"


@pytest.mark.parametrize("name", ["mnist", "cifar10"])
def test_stand_ins_have_the_format_of_the_dataset(name, monkeypatch):
    monkeypatch.setenv("COURSE_BUDGET", "smoke")
    data = datasets.load(name)
    shape = {"mnist": (28, 28, 1), "cifar10": (32, 32, 3)}[name]
    assert data.train.images.shape == (1000, *shape) and data.test.images.shape == (500, *shape)
    assert set(data.train.labels) == set(range(len(data.class_names)))


# --- the six failures: a clear reason, no partial file, the next address, the stand-in at the end ---


def wrong_bytes(handler):
    handler.begin(len(tiny_bytes(handler)))
    handler.wfile.write(tiny_bytes(handler)[::-1])


def truncated(handler):
    handler.begin(len(tiny_bytes(handler)))
    handler.wfile.write(tiny_bytes(handler)[:30])


def truncated_without_length(handler):
    handler.begin(None)
    handler.wfile.write(tiny_bytes(handler)[:30])


def stalled(handler):
    handler.begin(len(tiny_bytes(handler)))
    handler.wfile.write(tiny_bytes(handler)[:30])
    time.sleep(1.5)


def tiny_bytes(handler):
    return handler.server.files[handler.path.replace("/first/", "/second/")]


FAILURES = {"wrong hash": (wrong_bytes, "wrong SHA-256"), "truncated": (truncated, "broke off"),
            "truncated, no length given": (truncated_without_length, "30 bytes instead of"),
            "404": (None, "HTTP 404 Not Found"), "stalled": (stalled, "stalled"),
            "unreachable": ("unreachable", "cannot be reached"), "disk full": ("full", "the disk is full")}


@pytest.mark.parametrize("failure", FAILURES)
def test_failure_of_the_first_address(failure, tiny_mnist, server, monkeypatch, tmp_path, capsys):
    entry, arrays, content = tiny_mnist
    answer, why = FAILURES[failure]
    if failure == "stalled":
        monkeypatch.setattr(fetch, "STALL_SECONDS", 0.5)
    serve(server, "second", content)
    first = server.address + "first/"
    if callable(answer):
        serve(server, "first", dict.fromkeys(content, answer))
    if answer == "unreachable":
        first = "http://127.0.0.1:1/"
        form = Form("idx", entry.forms[0].files, (first, server.address + "second/"))
        entry = tiny_entry("mnist", "MNIST", (form,), arrays)
        enter(monkeypatch, entry)
    if answer == "full":
        serve(server, "first", content)
        fill_the_disk(monkeypatch, on=lambda url: "/first/" in url)

    found, source, failures = steps.find(entry)
    assert source == "network" and formats.digest(found) == formats.digest(arrays)
    assert [where for where, _ in failures] == ["the cache", "COURSE_DATA", first]
    assert why in failures[-1][1]
    assert left_behind(tmp_path / "cache") == sorted(content)  # nothing of the first address


@pytest.mark.parametrize("failure", FAILURES)
def test_failure_of_every_address(failure, tiny_mnist, server, monkeypatch, tmp_path, capsys):
    entry, arrays, content = tiny_mnist
    answer, why = FAILURES[failure]
    if failure == "stalled":
        monkeypatch.setattr(fetch, "STALL_SECONDS", 0.5)
    addresses = (server.address + "first/",)
    if callable(answer):
        serve(server, "second", content)
        serve(server, "first", dict.fromkeys(content, answer))
    if answer == "unreachable":
        addresses = ("http://127.0.0.1:1/",)
    if answer == "full":
        serve(server, "first", content)
        fill_the_disk(monkeypatch, on=lambda url: True)
    enter(monkeypatch, tiny_entry("mnist", "MNIST", (Form("idx", entry.forms[0].files, addresses),), arrays))

    data = datasets.load("mnist")
    assert data.source == "stand-in" and len(data.train) == 30
    line = capsys.readouterr().out
    assert line.count("\n") == 1 and why in line and "MNIST" in line and "will differ" in line
    assert left_behind(tmp_path / "cache") == []
    with pytest.raises(DatasetError) as error:
        datasets.load("mnist", allow_stand_in=False)
    assert addresses[0] in str(error.value) and why in str(error.value) and "What to do" in str(error.value)
    assert left_behind(tmp_path / "cache") == []


def fill_the_disk(monkeypatch, on):
    """Let the disk be full in the middle of a download from the addresses chosen by `on`."""
    complete = fetch.pooch.HTTPDownloader.__call__

    class FullFile(io.FileIO):
        def write(self, content):
            super().write(content[:10])
            raise OSError(errno.ENOSPC, "No space left on device")

    def full(self, url, output_file, pooch):
        if not on(url):
            return complete(self, url, output_file, pooch)
        with FullFile(output_file, "w") as opened:
            return complete(self, url, opened, pooch)

    monkeypatch.setattr(fetch.pooch.HTTPDownloader, "__call__", full)


def test_too_little_room_is_seen_before_the_download(tiny_mnist, server, monkeypatch):
    serve(server, "first", tiny_mnist[2])
    monkeypatch.setattr(fetch.shutil, "disk_usage", lambda _: type("usage", (), {"free": 10}))
    arrays, source, failures = steps.find(tiny_mnist[0])
    assert arrays is None and failures[-1][1] == "the disk is full" and not server.asked


def test_archive_with_a_member_outside_its_folder(server, monkeypatch, tmp_path, capsys):
    arrays = tiny_arrays(32, 3)
    evil, good = cifar_archive(arrays, {"../evil.txt": b"evil"}), cifar_archive(arrays)
    server.files = {"/evil.tar.gz": evil, "/good.tar.gz": good}
    forms = tuple(
        Form("cifar_pickles", (File("cifar.tar.gz", len(data), sha256(data)),), (server.address + name,))
        for name, data in (("evil.tar.gz", evil), ("good.tar.gz", good)))
    arrays["test_images"], arrays["test_labels"] = arrays["test_images"][:4], arrays["test_labels"][:4]

    entry = tiny_entry("cifar10", "CIFAR-10", forms, arrays)
    found, source, failures = steps.find(entry)
    assert source == "network" and formats.digest(found) == formats.digest(arrays)
    assert "'../evil.txt' would lie outside its folder" in failures[-1][1]

    os.remove(tmp_path / "cache/cifar10/cifar.tar.gz")
    enter(monkeypatch, tiny_entry("cifar10", "CIFAR-10", forms[:1], arrays))
    assert datasets.load("cifar10").source == "stand-in"
    assert "outside its folder" in capsys.readouterr().out
    assert not list(tmp_path.rglob("evil.txt")) and not list(tmp_path.rglob("*.part"))


def test_a_slow_address_gives_way_to_the_next_but_the_last_may_be_slow(tiny_mnist, server, monkeypatch):
    entry, arrays, content = tiny_mnist
    serve(server, "first", content)
    serve(server, "second", content)
    monkeypatch.setattr(fetch, "SLOW_SECONDS", 0)
    monkeypatch.setattr(fetch, "SLOW_RATE", 1e12)
    found, source, failures = steps.find(entry)
    assert source == "network" and failures[-1][0].endswith("/first/") and "too slow" in failures[-1][1]


def test_a_file_may_lie_elsewhere_than_the_others(tiny_mnist, server, monkeypatch, tmp_path, capsys):
    entry, arrays, content = tiny_mnist
    *others, last = entry.forms[0].files
    elsewhere = tuple(server.address + path for path in ("gone.gz", "here.gz"))
    last = File("below it/labels.gz", last.bytes, last.sha256, addresses=elsewhere)
    form = Form("idx", (*others, last), (server.address + "first/",))
    enter(monkeypatch, tiny_entry("mnist", "MNIST", (form,), arrays))
    serve(server, "first", {file.name: content[file.name] for file in others})
    assert steps.find(registry.entry("mnist"))[1] is None and left_behind(tmp_path / "cache") == [
        file.name for file in sorted(others, key=lambda file: file.name)]
    server.files["/here.gz"] = list(content.values())[-1]
    assert datasets.load("mnist").source == "network" and server.asked[-2:] == ["/gone.gz", "/here.gz"]
    assert (tmp_path / "cache/mnist/below it/labels.gz").is_file()
    capsys.readouterr()
    assert command.main(["check"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.rpartition(": ")[2] for line in lines] == ["ok", "ok", "ok", "HTTP 404 Not Found", "ok"]


def test_without_a_known_hash_the_arrays_decide(tiny_mnist, server, monkeypatch, tmp_path):
    entry, arrays, content = tiny_mnist
    files = tuple(File(name) for name in content)
    entry = tiny_entry("mnist", "MNIST", (Form("idx", files, entry.forms[0].addresses),), arrays)
    others = tiny_arrays()
    others["train_images"][3, 4, 5] ^= 1  # one pixel of 15,680, by one bit
    serve(server, "first", idx_files(others))
    arrays_found, source, failures = steps.find(entry)
    assert arrays_found is None and "not those of MNIST" in failures[2][1]
    assert left_behind(tmp_path / "cache") == []
    serve(server, "second", content)
    assert steps.find(entry)[1] == "network"


def test_a_file_takes_its_place_only_when_it_is_right(server, tmp_path):
    server.files["/a"] = b"other"
    (tmp_path / "a").write_bytes(b"before")
    with pytest.raises(DatasetError, match="wrong SHA-256"):
        fetch.download(server.address + "a", tmp_path / "a", File("a", 5, sha256(b"right")))
    assert (tmp_path / "a").read_bytes() == b"before" and left_behind(tmp_path) == ["a"]


def test_interrupted_download_leaves_nothing(tiny_mnist, server, monkeypatch, tmp_path):
    serve(server, "first", tiny_mnist[2])

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(fetch, "verify", interrupt)
    with pytest.raises(KeyboardInterrupt):
        datasets.load("mnist")
    assert left_behind(tmp_path / "cache") == []


def test_leftovers_of_a_killed_run_go_after_a_day(tiny_mnist, server, tmp_path):
    folder = tmp_path / "cache/mnist"
    folder.mkdir(parents=True)
    for name, age in (("old.part", 100_000), ("young.part", 0)):
        (folder / name).write_bytes(b"half")
        os.utime(folder / name, (time.time() - age,) * 2)
    serve(server, "first", tiny_mnist[2])
    datasets.load("mnist")
    assert left_behind(folder) == sorted([*tiny_mnist[2], "young.part"])


@pytest.mark.parametrize("damage", [lambda data: data[:-5], lambda data: data[:-9] + bytes(9)])
def test_damaged_cache_is_fetched_anew(damage, tiny_mnist, server, monkeypatch, tmp_path, capsys):
    serve(server, "first", tiny_mnist[2])
    datasets.load("mnist")
    path = tmp_path / "cache/mnist/train-images-idx3-ubyte.gz"
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    capsys.readouterr()
    assert datasets.load("mnist").source == "network" and len(server.asked) == 5  # the damaged file alone
    assert "cache cannot be used" in capsys.readouterr().out and path.read_bytes() == whole
    path.write_bytes(damage(whole))
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    assert datasets.load("mnist").source == "stand-in" and not path.exists()


def test_cache_that_cannot_be_written(tiny_mnist, server, monkeypatch, tmp_path, capsys):
    serve(server, "first", tiny_mnist[2])
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "file"))
    assert datasets.load("mnist").source == "stand-in"
    assert capsys.readouterr().out.count("\n") == 1


# --- photographs ---


def photograph_entry(pictures, forms, kind="photographs"):
    return Entry(name="t91-set5-set14", title="T91", kind=kind, description="", licence="", citation="",
                 forms=forms, content_sha256=formats.digest(pictures),
                 stand_in={"train": 4, "set5": 2, "set14": 3, "size": 40, "smoke_train": 2, "smoke_set5": 2,
                           "smoke_set14": 1, "smoke_size": 24})


@pytest.fixture
def tiny_t91(monkeypatch, server):
    """A tiny T91 with Set5 and Set14, in an archive on the network and in folders in mirrors."""
    pictures = tiny_pictures()
    content = srcnn_files(pictures, {"train": "T91", "set5": "Set5", "set14": "Set14"}, "PNG")
    files = tuple(File(name, len(data), sha256(data)) for name, data in content.items())
    addresses = (server.address + "t91.zip", server.address + "copy.zip")
    archive = Form("srcnn_archive", (File("t91.zip"),), addresses)
    enter(monkeypatch, photograph_entry(pictures, (archive, Form("srcnn_folders", files))))
    return pictures, content


def test_photographs_from_the_network_then_the_cache(tiny_t91, server, capsys, tmp_path):
    pictures, _ = tiny_t91
    server.files["/t91.zip"] = srcnn_archive(pictures)
    data = datasets.load("t91-set5-set14")
    assert capsys.readouterr().out == "T91 (2 train, 1 set5, 1 set14): from the network.\n"
    assert data.train.names == ("t1", "tt2") and data.set5.names == ("baby",) and len(data.set14) == 1
    assert np.array_equal(data.train.pixels[1], pictures["train_tt2"])
    assert data.train.images[0].shape == (9, 12, 3) and data.train.images[0].dtype == np.float32
    assert np.array_equal(np.rint(data.set14.images[0] * 255), pictures["set14_zebra"])
    with pytest.raises(AttributeError, match="T91 has no 'test'; it has train, set5, set14"):
        data.test
    assert datasets.load("t91-set5-set14").source == "cache" and len(server.asked) == 1


def other_pixels(pictures):
    others = {name: pixels.copy() for name, pixels in pictures.items()}
    others["set5_baby"][2, 3, 1] ^= 1
    return srcnn_archive(others)


def without_one(pictures):
    return srcnn_archive({name: pixels for name, pixels in pictures.items() if name != "train_t1"})


@pytest.mark.parametrize("wrong, why", [
    (other_pixels, "not those of T91"), (without_one, "not those of T91"),
    (lambda pictures: srcnn_archive(pictures)[:300], "damaged or truncated"),
    (lambda pictures: zip_file({"x/Train/t1.bmp": b"BM, but no picture"}), "t1.bmp: damaged"),
    (lambda pictures: zip_file({"../T91/t1.bmp": b""}), "outside its folder")])
def test_a_wrong_archive_of_photographs_gives_way_to_the_next(wrong, why, tiny_t91, server, tmp_path):
    pictures, _ = tiny_t91
    server.files["/t91.zip"] = wrong(pictures)
    found, source, failures = steps.find(registry.entry("t91-set5-set14"))
    assert found is None and why in failures[2][1] and left_behind(tmp_path / "cache") == []
    server.files["/copy.zip"] = srcnn_archive(pictures)
    found, source, _ = steps.find(registry.entry("t91-set5-set14"))
    assert source == "network" and formats.digest(found) == formats.digest(pictures)


def test_photographs_from_a_mirror(tiny_t91, server, tmp_path, monkeypatch, capsys):
    pictures, content = tiny_t91
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "mirror"))
    folder = tmp_path / "mirror/t91-set5-set14"
    for name, data in content.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    assert datasets.load("t91-set5-set14").source == "mirror" and not server.asked
    assert command.main(["mirror", str(tmp_path / "stick")]) == 0
    names = [name.split("/")[1] for name in content]
    assert left_behind(tmp_path / "stick") == sorted(["SHA256SUMS", *names])
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "stick"))
    assert datasets.load("t91-set5-set14").source == "mirror"
    capsys.readouterr()
    assert command.main(["list"]) == 0 and capsys.readouterr().out.splitlines()[-1].split()[:3] == [
        "t91-set5-set14", "no", "yes"]
    damaged = tmp_path / "stick/t91-set5-set14/Set5/baby_GT.png"
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    with pytest.raises(DatasetError, match="baby_GT.png has the wrong SHA-256"):
        datasets.load("t91-set5-set14", allow_stand_in=False)
    damaged.unlink()
    with pytest.raises(DatasetError, match="the mirror: lacks Set5/baby_GT.png"):
        datasets.load("t91-set5-set14", allow_stand_in=False)


def test_photographs_have_a_stand_in(tiny_t91, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    data = datasets.load("t91-set5-set14")
    assert data.source == "stand-in" and [len(data.train), len(data.set5), len(data.set14)] == [4, 2, 3]
    line = capsys.readouterr().out
    assert line.count("\n") == 1 and "of other photographs" in line and "will differ" in line
    monkeypatch.setenv("COURSE_BUDGET", "smoke")
    small = datasets.load("t91-set5-set14")
    assert [len(small.train), len(small.set5), len(small.set14)] == [2, 2, 1]
    assert max(max(pixels.shape) for pixels in small.train.pixels) <= 24


def test_take_photographs():
    whole = datasets.Photographs(tiny_pictures())
    taken = whole.take(3)
    assert len(taken) == 3 == len(set(taken.names)) and set(taken.names) <= set(whole.names)
    assert np.array_equal(taken.pixels[0], whole.pixels[whole.names.index(taken.names[0])])
    assert taken.names == whole.take(3).names != whole.take(3, seed=1).names
    with pytest.raises(ValueError, match="only 4 photographs"):
        whole.take(5)
    assert len(datasets.Photographs(tiny_pictures(), stand_in=True).take(5)) == 4


# --- splits ---


def split(n=100, stand_in=False):
    pixels = np.arange(n, dtype=np.uint8).reshape(n, 1, 1, 1)
    return datasets.Split(pixels, stand_in, labels=np.arange(n) % 10)


def test_take():
    whole = split()
    taken = whole.take(30)
    numbers = np.rint(taken.images[:, 0, 0, 0] * 255).astype(int)
    assert len(taken) == 30 == len(set(numbers)) and np.array_equal(taken.labels, numbers % 10)
    assert np.array_equal(taken.images, whole.take(30).images)
    assert not np.array_equal(taken.images, whole.take(30, seed=1).images)
    assert not np.array_equal(numbers, np.sort(numbers))


def test_take_per_class():
    taken = split().take(3, per_class=True)
    assert np.array_equal(np.bincount(taken.labels), [3] * 10)
    assert not np.array_equal(taken.labels, np.sort(taken.labels))


def test_take_more_than_there_is():
    with pytest.raises(ValueError, match="only 100"):
        split().take(101)
    with pytest.raises(ValueError, match="only 10 examples of a class"):
        split().take(11, per_class=True)
    assert len(split(stand_in=True).take(101)) == 100
    assert np.array_equal(np.bincount(split(stand_in=True).take(11, per_class=True).labels), [10] * 10)


def test_split_refuses_fields_of_other_length():
    with pytest.raises(ValueError, match="3 images, but 2 labels"):
        datasets.Split(np.zeros((3, 1, 1, 1), np.uint8), labels=[0, 1])


# --- the command ---


def test_mirror_command(tiny_mnist, server, monkeypatch, tmp_path, capsys):
    entry, arrays, content = tiny_mnist
    serve(server, "second", content)
    target = tmp_path / "classroom"
    assert command.main(["mirror", str(target), "mnist"]) == 0
    assert left_behind(target) == sorted([*content, "SHA256SUMS"]) and "verified" in capsys.readouterr().out
    asked = len(server.asked)
    monkeypatch.setenv("COURSE_DATA", str(target))
    assert datasets.load("mnist").source == "mirror"
    assert command.main(["mirror", str(tmp_path / "stick")]) == 0  # from the mirror, without the network
    assert left_behind(tmp_path / "stick") == sorted([*content, "SHA256SUMS"]) and len(server.asked) == asked
    lines = (tmp_path / "stick/mnist/SHA256SUMS").read_text().splitlines()
    assert f"{sha256(content['t10k-labels-idx1-ubyte.gz'])}  t10k-labels-idx1-ubyte.gz" in lines


def test_mirror_command_that_fails(tiny_mnist, server, tmp_path, capsys):
    assert command.main(["mirror", str(tmp_path / "classroom")]) == 1
    assert "HTTP 404" in capsys.readouterr().err and left_behind(tmp_path / "classroom") == []
    assert command.main(["mirror", str(tmp_path / "classroom"), "mnits"]) == 1
    assert "did you mean 'mnist'" in capsys.readouterr().err


def test_list_command(tiny_mnist, server, capsys):
    assert command.main([]) == 0
    before = capsys.readouterr().out.splitlines()[-1]
    serve(server, "first", tiny_mnist[2])
    datasets.load("mnist")
    assert command.main(["list"]) == 0
    after = capsys.readouterr().out.splitlines()[-1]
    assert before.split()[:4] == ["mnist", "0", "no", "no"]
    assert after.split()[:4] == ["mnist", "0", "yes", "no"]


def test_check_command(tiny_mnist, server, capsys):
    serve(server, "first", tiny_mnist[2])
    assert command.main(["check"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.rpartition(": ")[2] for line in lines] == ["ok"] * 4 + ["HTTP 404 Not Found"] * 4
    serve(server, "second", {**tiny_mnist[2], "t10k-labels-idx1-ubyte.gz": b"other"})
    assert command.main(["check"]) == 1 and "5 bytes instead of" in capsys.readouterr().out
    serve(server, "second", tiny_mnist[2])
    assert command.main(["check"]) == 0


# --- weights ---


def h5_file(path, seed=0):
    h5py = pytest.importorskip("h5py")
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as opened:
        opened.attrs["layer_names"] = ["conv"]
        group = opened.create_group("conv")
        group.attrs["weight_names"] = ["conv/kernel:0"]
        group["conv/kernel:0"] = np.random.default_rng(seed).normal(size=(50, 50)).astype(np.float32)
    return path.read_bytes()


@pytest.fixture
def tiny_weights(server, tmp_path):
    content = h5_file(tmp_path / "made/tiny.h5")
    form = Form("keras_h5", (File("tiny.h5"),), (server.address,))
    entry = Entry(name="mobilenet", title="Tiny", kind="weights", description="", licence="", citation="",
                  forms=(form,))
    return entry, form, form.files[0], content


def test_weights_from_the_network_then_the_cache(tiny_weights, server, tmp_path):
    *what, content = tiny_weights
    server.files["/tiny.h5"] = content
    path, source, _ = weights.find(*what)
    assert source == "network" and path == tmp_path / "keras/models/tiny.h5" and path.read_bytes() == content
    assert weights.find(*what)[1] == "cache" and len(server.asked) == 1
    path.write_bytes(content[:3000])  # Keras would take it: it knows no hash
    assert weights.find(*what)[1] == "network" and path.read_bytes() == content


def test_weights_that_cannot_be_had(tiny_weights, server, tmp_path, monkeypatch):
    *what, content = tiny_weights
    server.files["/tiny.h5"] = content[:3000]
    path, source, failures = weights.find(*what)
    assert path is None and "damaged" in failures[-1][1] and left_behind(tmp_path / "keras") == []
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    assert "COURSE_OFFLINE" in weights.find(*what)[2][-1][1] and len(server.asked) == 1


def test_weights_from_a_mirror_are_held_to_its_sums(tiny_weights, server, tmp_path, monkeypatch):
    *what, content = tiny_weights
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "mirror"))
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    folder = tmp_path / "mirror/mobilenet"
    h5_file(folder / "tiny.h5")
    (folder / "SHA256SUMS").write_text(f"{sha256(content)}  tiny.h5\n")
    (folder / "tiny.h5").write_bytes(content)
    assert weights.find(*what)[1] == "mirror" and (tmp_path / "keras/models/tiny.h5").read_bytes() == content
    os.remove(tmp_path / "keras/models/tiny.h5")
    h5_file(folder / "tiny.h5", seed=1)
    path, _, failures = weights.find(*what)
    assert path is None and "wrong SHA-256" in failures[1][1]


@pytest.fixture
def tiny_vgg19(server, monkeypatch):
    """A network of one convolution in place of VGG19: its file on the network, its 8-bit copy in a mirror."""
    keras = pytest.importorskip("keras")

    def build(name, options):
        convolution = keras.layers.Conv2D(2, 3, name="block1_conv1")
        return keras.Sequential([keras.Input((None, None, 3)), convolution])

    random = np.random.default_rng(5)
    kernel, bias = random.normal(size=(3, 3, 3, 2)).astype(np.float32), np.zeros(2, np.float32)
    h5py = pytest.importorskip("h5py")
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as opened:
        opened.attrs["layer_names"] = ["input_1", "block1_conv1"]
        opened.create_group("input_1").attrs["weight_names"] = []
        group = opened.create_group("block1_conv1")
        group.attrs["weight_names"] = ["block1_conv1_W_1:0", "block1_conv1_b_1:0"]
        group["block1_conv1_W_1:0"], group["block1_conv1_b_1:0"] = kernel, bias
    stored = {}
    for name, values in (("block1_conv1/kernel", kernel), ("block1_conv1/bias", bias)):
        scale = (np.ptp(values) or 1) / 255
        stored[name] = np.rint((values - values.min()) / scale).astype(np.uint8)
        stored[f"{name}@scale_min"] = np.array([scale, values.min()])
    small = io.BytesIO()
    np.savez(small, **stored)
    whole, small = buffer.getvalue(), small.getvalue()
    file = File("vgg19_notop.h5", len(whole), md5=hashlib.md5(whole).hexdigest())
    copy = File("vgg19_notop_uint8.npz", len(small), sha256(small))
    enter(monkeypatch, Entry(
        name="vgg19", title="VGG19", kind="weights", description="", licence="", citation="",
        forms=(Form("keras_h5", (file,), (server.address,)), Form("keras_uint8", (copy,)))))
    monkeypatch.setattr(weights, "_build", build)
    return kernel, whole, small


def kernel_of(model):
    return model.get_layer("block1_conv1").get_weights()[0]


def test_vgg19_from_the_network_then_keras_cache(tiny_vgg19, server, tmp_path, capsys):
    kernel, whole, _ = tiny_vgg19
    server.files["/vgg19_notop.h5"] = whole
    for wanted in ("network", "cache"):
        model, source = datasets.imagenet_model("vgg19", include_top=False)
        assert source == wanted and np.array_equal(kernel_of(model), kernel)
    assert capsys.readouterr().out.splitlines() == ["VGG19: ImageNet weights from the network.",
                                                    "VGG19: ImageNet weights from Keras' cache."]
    with pytest.raises(DatasetError, match="no weights of VGG19 with include_top=True"):
        datasets.imagenet_model("vgg19")


def test_vgg19_from_a_mirror_in_8_bits(tiny_vgg19, server, tmp_path, monkeypatch, capsys):
    kernel, whole, small = tiny_vgg19
    folder = tmp_path / "mirror/vgg19"
    folder.mkdir(parents=True)
    (folder / "vgg19_notop_uint8.npz").write_bytes(small)
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "mirror"))
    model, source = datasets.imagenet_model("vgg19", include_top=False)
    assert source == "mirror" and not server.asked and left_behind(tmp_path / "keras/models") == []
    assert "a copy rounded to 8 bits" in capsys.readouterr().out
    assert 0 < np.abs(kernel_of(model) - kernel).max() <= np.ptp(kernel) / 255
    assert command.main(["mirror", str(tmp_path / "stick")]) == 0
    assert left_behind(tmp_path / "stick") == ["SHA256SUMS", "vgg19_notop_uint8.npz"]
    assert command.main(["list"]) == 0 and capsys.readouterr().out.splitlines()[-1].split()[:4] == [
        "vgg19", "0", "no", "yes"]
    (folder / "vgg19_notop.h5").write_bytes(whole)  # the file itself comes before its copy
    assert np.array_equal(kernel_of(datasets.imagenet_model("vgg19", include_top=False)[0]), kernel)


def test_vgg19_that_cannot_be_had_is_random_and_says_so(tiny_vgg19, server, tmp_path, monkeypatch, capsys):
    kernel, whole, small = tiny_vgg19
    folder = tmp_path / "mirror/vgg19"
    folder.mkdir(parents=True)
    (folder / "vgg19_notop_uint8.npz").write_bytes(small[:-1] + b"?")
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "mirror"))
    server.files["/vgg19_notop.h5"] = whole[:-1] + b"?"
    first, source = datasets.imagenet_model("vgg19", include_top=False)
    line = capsys.readouterr().out
    assert source == "stand-in" and line.count("\n") == 1 and "random weights" in line and "MD5" in line
    assert np.array_equal(kernel_of(first), kernel_of(datasets.imagenet_model("vgg19", include_top=False)[0]))
    assert left_behind(tmp_path / "keras/models") == []
    with pytest.raises(DatasetError, match="npz has the wrong SHA-256(?s:.*)h5 has the wrong MD5"):
        datasets.imagenet_model("vgg19", allow_stand_in=False, include_top=False)


# --- the real data, where there is a mirror of it ---


@REAL_MIRROR
@pytest.mark.parametrize("name, first_labels", [("mnist", [5, 0, 4, 1, 9]), ("cifar10", [6, 9, 9, 4, 1])])
def test_real_mirror(name, first_labels, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(REAL))
    data = datasets.load(name, allow_stand_in=False)
    assert data.source == "mirror" and len(data.test) == 10_000
    assert data.train.labels[:5].tolist() == first_labels
    assert np.array_equal(np.bincount(data.test.take(100, per_class=True).labels), [100] * 10)


@REAL_MIRROR
@pytest.mark.parametrize("number", [0, 1])
def test_real_weights(number, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(REAL))
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    entry = registry.entry("mobilenet")
    file = entry.forms[0].files[number]
    path, source, _ = weights.find(entry, entry.forms[0], file)
    assert source == "mirror" and formats.digest(formats.read("keras_h5", [path])) == file.values_sha256


@REAL_MIRROR
@pytest.mark.parametrize("name, sizes, first", [
    ("t91-set5-set14", {"train": 91, "set5": 5, "set14": 13}, ("t1", (176, 197, 3))),
    ("kodak", {"test": 24}, ("kodim01", (512, 768, 3)))])
def test_real_photographs(name, sizes, first, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(REAL))
    data = datasets.load(name, allow_stand_in=False)
    assert data.source == "mirror" and {split: len(each) for split, each in data.splits.items()} == sizes
    split = data.splits[next(iter(sizes))]
    assert (split.names[0], split.pixels[0].shape) == first
    assert all(pixels.shape[2] == 3 for each in data.splits.values() for pixels in each.pixels)


@REAL_MIRROR
def test_real_vgg19(monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(REAL))
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    model, source = datasets.imagenet_model("vgg19", include_top=False, input_shape=(32, 32, 3))
    assert source == "mirror" and model.count_params() == 20_024_384
    assert kernel_of(model).std() == pytest.approx(0.1914, abs=1e-4)
