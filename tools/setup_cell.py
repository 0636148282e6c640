"""The setup cell, the same text in every lesson. `make reference` puts it there; a test compares."""
import pathlib
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[1]

TEMPLATE = '''\
# Setup, the same in every lesson. On Colab it installs the course's helpers; elsewhere they are there already.
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("helpers") is None:
    package = "{repository}/archive/refs/tags/v{version}.zip"
    missing = [name for name in ("pooch", "tqdm") if importlib.util.find_spec(name) is None]
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", package, *missing]
    if subprocess.run(command).returncode:
        raise RuntimeError(f"Could not install the course's helpers from {{package}}. "
                           "Check the network and run this cell again; in a checkout of the course, "
                           "`make lab` or `pip install -e .` installs them without one.")
    importlib.invalidate_caches()

import helpers'''


def text():
    """The cell's source for this repository and version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return TEMPLATE.format(repository=project["urls"]["Repository"], version=project["version"])
