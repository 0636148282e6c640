#!/usr/bin/env python3
"""Pack the built site and the notebooks into one zip for a classroom without the internet: `make bundle`.

    python tools/bundle.py [SITE] [ZIP]      default: _build/html, and dist/NAME-VERSION.zip

The sources of the labs stay out, because they hold the solutions; the students' copies are in.
"""
import pathlib
import sys
import tomllib
import zipfile

import repository

ROOT = pathlib.Path(__file__).resolve().parents[1]
COURSE = ["chapters/*/*.ipynb", "helpers/**/*", "data/**/*", "pyproject.toml", "requirements.txt", "README.md", "LICENSE"]
WELCOME = """{name}, version {version}

site/index.html   the whole course to read, in any browser, without a network
course/           the notebooks, and the package that they use

To run the notebooks you need Python 3.11 or newer and the packages that course/requirements.txt names. The page
site/guide/setup.html says how to bring them, and the data, to a classroom on a memory stick. Then, in course:

    python -m pip install -r requirements.txt -e .
    python -m jupyterlab
"""


def course_files():
    """The files that a student needs, without the sources of the labs."""
    found = {path for pattern in COURSE for path in ROOT.glob(pattern) if path.is_file()}
    return sorted(path for path in found if path.name != "lab.ipynb" and "__pycache__" not in path.parts)


def pack(site, target):
    """Write the zip, and return its path."""
    if not (site / "index.html").is_file():
        raise SystemExit(f"There is no site at {site}. Build it first: make book")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    name = repository.present().split("/")[1]
    target = target or ROOT / "dist" / f"{name}-{project['version']}.zip"
    target.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{name}/READ-ME-FIRST.txt", WELCOME.format(name=name, version=project["version"]))
        for path in sorted(site.rglob("*")):
            if path.is_file() and path.suffix != ".map" and path.name != ".buildinfo":
                archive.write(path, f"{name}/site/{path.relative_to(site).as_posix()}")
        for path in course_files():
            archive.write(path, f"{name}/course/{path.relative_to(ROOT).as_posix()}")
    return target


if __name__ == "__main__":
    arguments = [pathlib.Path(each) for each in sys.argv[1:]]
    made = pack((arguments + [ROOT / "_build" / "html"])[0], arguments[1] if len(arguments) > 1 else None)
    print(f"The bundle is {made}, {made.stat().st_size / 1e6:.0f} MB")
