"""python -m helpers.datasets: what there is; fill a mirror for a classroom; check the addresses."""
import argparse
import pathlib
import sys

import pooch

from helpers.datasets import fetch, registry, steps, weights
from helpers.datasets.registry import DatasetError


def main(arguments=None):
    """Run the command. Returns 0, or 1 when something could not be had or an address failed."""
    parser = argparse.ArgumentParser(prog="python -m helpers.datasets", description="The course's datasets.")
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("list", help="every dataset, and whether it is here (the default)")
    mirror = commands.add_parser("mirror", help="fill a folder that works as COURSE_DATA for a classroom")
    mirror.add_argument("folder", type=pathlib.Path, metavar="FOLDER")
    mirror.add_argument("names", nargs="*", metavar="NAME", help="datasets; all when none is named")
    check = commands.add_parser("check", help="ask every address whether it still has its files")
    check.add_argument("names", nargs="*", metavar="NAME")
    chosen = parser.parse_args(arguments)
    try:
        entries = [registry.entry(name) for name in getattr(chosen, "names", None) or registry.entries()]
        if chosen.command == "mirror":
            return max(_mirror(entry, chosen.folder.expanduser() / entry.name) for entry in entries)
        if chosen.command == "check":
            return max(_check(entry) for entry in entries)
        return _list(entries)
    except DatasetError as error:
        print(error, file=sys.stderr)
        return 1


def _list(entries):
    mirror = registry.mirror_folder()
    print(f"The cache is {registry.cache_folder()}; COURSE_DATA is {mirror or 'not set'}.")
    print(f"{'name':15} {'MB':>6}  {'cache':6} {'mirror':6} title, licence")
    for entry in entries:
        cache = weights.keras_cache() if entry.kind == "weights" else registry.cache_folder() / entry.name
        size = "" if entry.megabytes is None else f"{entry.megabytes:.0f}"
        here = ["yes" if folder and _is_in(entry, folder) else "no"
                for folder in (cache, mirror and mirror / entry.name)]
        print(f"{entry.name:15} {size:>6}  {here[0]:6} {here[1]:6} {entry.title}, {entry.licence}")
    return 0


def _is_in(entry, folder):
    """Whether the files of one form lie in the folder; for weights, any file. Hashes are checked on use."""
    if entry.kind == "weights":
        forms = [entry.forms[0], *weights.copies(entry)]
        return any((folder / file.name).is_file() for form in forms for file in form.files)
    return any(all((folder / file.name).is_file() for file in form.files) for form in entry.forms)


def _mirror(entry, folder):
    """Fill a folder with one dataset, verified, and write its SHA256SUMS. Returns 0 or 1."""
    try:
        if entry.kind == "weights":
            files = [_mirror_part(entry, form, file, folder)
                     for form in entry.forms if form.addresses for file in form.files]
        else:
            files = _mirror_dataset(entry, folder)
    except DatasetError as error:
        print(f"{entry.name}: failed. {error}", file=sys.stderr)
        return 1
    lines = [f"{pooch.file_hash(str(folder / name), alg='sha256')}  {name}\n" for name in files]
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")
    print(f"{entry.name}: {registry.listing(files)} in {folder}, verified")
    return 0


def _mirror_dataset(entry, folder):
    """The names of the files of the first form that is in the folder, or can be brought there."""
    places = [folder, registry.cache_folder() / entry.name]
    places += [registry.mirror_folder() / entry.name] if registry.mirror_folder() else []
    failures = []
    for place in places:
        for form in entry.forms:
            if all((place / file.name).is_file() for file in form.files):
                try:
                    steps.read(entry, form, place)
                    if place != folder:
                        for file in form.files:
                            fetch.copy(place / file.name, folder / file.name, file)
                    return [file.name for file in form.files]
                except DatasetError as error:
                    failures.append((str(place), str(error)))
    arrays, form = steps.from_network(entry, folder, failures)
    if arrays is None:
        raise DatasetError(steps.explain(entry, failures, folder))
    return [file.name for file in form.files]


def _mirror_part(entry, form, file, folder):
    """The name of one file of weights, or of a mirror's small copy of it, once it is in the folder."""
    target = folder / file.name
    if target.is_file():
        weights.check(target, form, file)
        return file.name
    path, _, failures = weights.find(entry, form, file)
    if path is None:
        raise DatasetError(steps.explain(entry, failures, folder))
    if path.name != file.name:
        file, = [copy.files[0] for copy in weights.copies(entry) if copy.files[0].name == path.name]
    fetch.copy(path, folder / file.name, file)
    return file.name


def _check(entry):
    """Ask each address for each file's head. Returns 1 when one does not answer or names another size."""
    import requests

    status = 0
    ways = [(url, file) for form in entry.forms for address in form.addresses for file in form.files
            for url in form.urls(address, file)]
    for url, file in ways:
        try:
            answer = requests.head(url, allow_redirects=True, headers={"Accept-Encoding": "identity"},
                                   timeout=(fetch.CONNECT_SECONDS, fetch.STALL_SECONDS))
            answer.raise_for_status()
            size = answer.headers.get("Content-Length")
            wrong = file.bytes is not None and size is not None and int(size) != file.bytes
            found = f"{size} bytes instead of {file.bytes}" if wrong else "ok"
        except requests.RequestException as error:
            found = fetch.reason(error)
        status |= found != "ok"
        print(f"{entry.name}: {url}: {found}")
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
