"""Downloads and copies that either end with the right file or leave no trace."""
import contextlib
import errno
import os
import pathlib
import shutil
import time
import uuid

import pooch
from tqdm import tqdm

from helpers.datasets.registry import DatasetError

CONNECT_SECONDS = 10  # then an address counts as unreachable
STALL_SECONDS = 30  # without a byte; then a download counts as broken
SLOW_SECONDS, SLOW_RATE = 60, 100_000  # below this rate (bytes/s) after this time, the next address is tried
CHUNK = 1 << 14


def download(url, target, file, patient=False):
    """Download one file of the registry (see `registry.File`) to the path `target`, with a progress bar.

    The bytes go to a temporary file beside the target. It takes its place only when size and SHA-256 are
    right, as far as the registry knows them; on any failure it is removed. Two notebooks at once do no harm.
    `patient`: go on even when the server is slow. Raises DatasetError with the reason.
    """
    def write(part):
        bar = _Bar(desc=file.name, unit="B", unit_scale=True, leave=False, delay=1, patient=patient)
        try:
            # "identity" keeps servers from packing the file once more, which would change its bytes.
            pooch.HTTPDownloader(progressbar=bar, chunk_size=CHUNK, timeout=(CONNECT_SECONDS, STALL_SECONDS),
                                 headers={"Accept-Encoding": "identity"})(url, str(part), None)
        finally:
            bar.close()

    _place(target, file, write)


def copy(source, target, file):
    """Copy one file of the registry, with the same promises as `download`."""
    _place(target, file, lambda part: shutil.copyfile(source, part))


def verify(path, file):
    """Raise DatasetError unless size and hashes of a file are the registry's, as far as it knows them."""
    size = os.path.getsize(path)
    if file.bytes is not None and size != file.bytes:
        raise DatasetError(f"{file.name} has {size:,} bytes instead of {file.bytes:,}")
    for algorithm, title, right in (("sha256", "SHA-256", file.sha256), ("md5", "MD5", file.md5)):
        found = right and pooch.file_hash(str(path), alg=algorithm)
        if found != right:
            raise DatasetError(f"{file.name} has the wrong {title}: {found[:12]}… instead of {right[:12]}…")


def reason(error):
    """A failure of the network or the disk in a few plain words."""
    import requests

    text = str(error)
    if isinstance(error, requests.HTTPError):
        return f"HTTP {error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.ConnectTimeout):
        return f"no answer within {CONNECT_SECONDS} seconds"
    if isinstance(error, requests.Timeout) or "Read timed out" in text:
        return f"the download stalled: nothing came for {STALL_SECONDS} seconds"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the download broke off before its end"
    if isinstance(error, requests.exceptions.SSLError):
        return "the server's certificate is not trusted (a proxy in between, or a wrong clock?)"
    if isinstance(error, requests.ConnectionError):
        return "cannot be reached"
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "the disk is full"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}"
    return text or type(error).__name__


def remove(path):
    """Remove a file if it is there and may be removed."""
    with contextlib.suppress(OSError):
        pathlib.Path(path).unlink()


def _place(target, file, write):
    """Let `write(part)` make the file beside its target, check it, and put it in place in one step."""
    target = pathlib.Path(target)
    part = target.with_name(f"{target.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_old_parts(target.parent)
        free = shutil.disk_usage(target.parent).free
        if file.bytes is not None and free < file.bytes:
            raise OSError(errno.ENOSPC, "not enough room")
        write(part)
        verify(part, file)
        os.replace(part, target)
    except (OSError, ValueError) as error:  # every error of requests is an OSError
        raise DatasetError(reason(error)) from error
    finally:
        remove(part)


def _remove_old_parts(folder):
    """What a killed run left behind a day ago or longer; a younger one may belong to a running notebook."""
    for part in folder.glob("*.part"):
        with contextlib.suppress(OSError):  # it is gone already, or not ours
            if time.time() - part.stat().st_mtime > 86_400:
                part.unlink()


class _Bar(tqdm):
    """A progress bar that ends a download which is too slow to be worth the wait."""

    def __init__(self, *arguments, patient, **options):
        self.patient, self.began = patient, time.monotonic()
        super().__init__(*arguments, **options)

    def __bool__(self):
        return True  # pooch asks whether there is a bar; tqdm answers whether there is a length

    def update(self, n=1):
        super().update(n)
        elapsed = time.monotonic() - self.began
        if not self.patient and elapsed > SLOW_SECONDS and self.n / elapsed < SLOW_RATE:
            raise DatasetError(f"too slow: {self.n / elapsed / 1000:.0f} kB/s")

    def reset(self, total=None):
        self.patient = True  # pooch calls this when the last byte has come
        super().reset(total)
