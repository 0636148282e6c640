"""The registry of datasets: what data/datasets.toml says, checked and typed."""
import difflib
import functools
import os
import pathlib
import re
import tomllib
import urllib.parse
from dataclasses import dataclass

import pooch


DATASETS = ("boxes", "images", "masks", "photographs", "tracks", "videos")  # the kinds of data; the other kind is "weights"
LOADED = []  # what this process has used: one {"name", "source"} a dataset


class DatasetError(RuntimeError):
    """Something is wrong with a dataset; the message says what, and what to do."""


@dataclass(frozen=True)
class File:
    """One file. `sha256` and `bytes` are None where nobody publishes them; `values_sha256` is for weights.

    `md5` is for files of which nothing better is published.

    `name` is its path in the dataset's folder, with / between the parts. A file that does not lie with the
    others has addresses of its own, tried in order in place of the form's.
    """

    name: str
    bytes: int | None = None
    sha256: str | None = None
    md5: str | None = None
    values_sha256: str | None = None
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Form:
    """One form in which a dataset is handed out: a set of files of one format, and where they lie."""

    format: str
    files: tuple[File, ...]
    addresses: tuple[str, ...] = ()

    def url(self, address, file):
        """The address of one file: an address that ends with / is a folder, any other is the file itself."""
        return address + urllib.parse.quote(file.name) if address.endswith("/") else address

    def urls(self, address, file):
        """The addresses to try for one file: its own where it has some, else that in the form's address."""
        return file.addresses or (self.url(address, file),)


@dataclass(frozen=True)
class Entry:
    """One dataset, whose forms are alternatives, or one network's weights, whose forms are parts."""

    name: str
    title: str
    kind: str
    description: str
    licence: str
    citation: str
    forms: tuple[Form, ...]
    homepage: str = ""
    class_names: tuple[str, ...] = ()
    content_sha256: str | None = None
    stand_in: dict | None = None
    sequences: dict | None = None

    @property
    def megabytes(self):
        """What a reader downloads, in MB (10^6 bytes); None where the registry does not know."""
        sizes = [file.bytes for file in self.forms[0].files]
        return None if None in sizes else sum(sizes) / 1e6


def read(path):
    """The entries of a registry file by name. Raises DatasetError, naming it, for one that is not sound."""
    try:
        tables = tomllib.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise DatasetError(f"the registry {path} cannot be read: {error}") from error
    return {name: _entry(name, table, pathlib.Path(path).parent) for name, table in tables.items()}


@functools.cache
def entries():
    """The course's registry: the checkout's where helpers lies in one, else the copy installed with it."""
    here = pathlib.Path(__file__).resolve().parent
    for path in (here.parents[1] / "data" / "datasets.toml", here / "datasets.toml"):
        if path.is_file():
            return read(path)
    raise DatasetError("datasets.toml is missing: helpers is not installed completely; install it again")


def entry(name, kinds=(*DATASETS, "weights")):
    """The entry of that name and one of the kinds. Raises DatasetError, with the nearest name, else."""
    names = [each.name for each in entries().values() if each.kind in kinds]
    if name not in names:
        near = difflib.get_close_matches(str(name), names, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise DatasetError(f"there is no dataset {name!r}: {hint}There are {', '.join(names)}.")
    return entries()[name]


def listing(names):
    """Names for a message: the first three, and how many more there are."""
    names = list(names)
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def note(entry, source):
    """Remember in LOADED that this process used a dataset, and where it came from."""
    others = [each for each in LOADED if each["name"] != entry.name]
    LOADED[:] = [*others, {"name": entry.name, "source": source}]


def cache_folder():
    """Where downloads are kept: $COURSE_CACHE, else deep-image-course in the user's own cache folder."""
    chosen = os.environ.get("COURSE_CACHE")
    return pathlib.Path(chosen).expanduser() if chosen else pathlib.Path(pooch.os_cache("deep-image-course"))


def mirror_folder():
    """The mirror that $COURSE_DATA names, or None."""
    chosen = os.environ.get("COURSE_DATA")
    return pathlib.Path(chosen).expanduser() if chosen else None


def offline():
    """Whether COURSE_OFFLINE forbids the network."""
    return os.environ.get("COURSE_OFFLINE", "0") not in ("", "0")


def smoke():
    """Whether the budget is smoke: tests need neither a network nor a mirror."""
    return os.environ.get("COURSE_BUDGET") == "smoke"


def _entry(name, table, folder):
    from helpers.datasets import formats

    try:
        forms = tuple(Form(form["format"], _files(form["files"], folder), tuple(form["addresses"]))
                      for form in table.pop("forms"))
        found = Entry(name=name, forms=forms, class_names=tuple(table.pop("class_names", ())), **table)
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise DatasetError(f"registry, {name}: a field is missing or unknown: {error}") from error

    def demand(condition, problem):
        if not condition:
            raise DatasetError(f"registry, {name}: {problem}")

    demand(found.kind in (*DATASETS, "weights"), f"unknown kind {found.kind!r}")
    hashed = all(file.sha256 for form in forms for file in form.files)
    demand(found.kind == "weights" or found.content_sha256 or hashed, "content_sha256 is missing")
    for form in forms:
        demand(form.format in formats.READERS, f"no reader for the format {form.format!r}")
        for file in form.files:
            demand(not re.search(r"[\\:]|^[./]|/[./]|/$", file.name), f"bad file name {file.name!r}")
            demand(re.fullmatch("[0-9a-f]{64}", file.sha256 or "0" * 64), f"bad SHA-256 of {file.name}")
            demand(file.sha256 or form.format not in formats.NEED_SHA256,
                   f"{file.name} holds pickles, which may run code when read: it needs a SHA-256")
        for address in (*form.addresses, *(each for file in form.files for each in file.addresses)):
            demand(address.startswith(("https://", "http://127.0.0.1")), f"{address} is not https")
        for address in form.addresses:
            demand(address.endswith("/") or len(form.files) == 1, f"{address} is one file of several")
    return found


def _files(listed, folder):
    """The files of a form: a list of tables, or the name of a list beside the registry.

    The lines of such a list, for forms of many files, are the SHA-256, the bytes and the name of a file.
    """
    if isinstance(listed, str):
        lines = (folder / listed).read_text(encoding="utf-8").splitlines()
        rows = [line.split(maxsplit=2) for line in lines]
        listed = [{"sha256": sha256, "bytes": int(size), "name": name} for sha256, size, name in rows]
    return tuple(File(**{**file, "addresses": tuple(file.get("addresses", ()))}) for file in listed)
