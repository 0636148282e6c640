#!/usr/bin/env python3
"""Point the whole course at another GitHub repository, or find links that point elsewhere.

    python tools/repository.py owner/name    changes every place that holds the present address
    python tools/repository.py --check       lists the course's own links that disagree with pyproject.toml

The address lives in pyproject.toml, under `[project.urls] Repository`. Badges, setup cells and settings
repeat it, because GitHub, Colab and Jupyter Book read them as they stand. Files are changed as text, so that
notebooks keep their formatting.
"""
import argparse
import os
import pathlib
import re
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[1]
HIDDEN_BUT_OURS = {".ci", ".github"}
BUILT = {"_build", "dist", "build", "__pycache__"}
NAME = re.compile(r"[\w-]+/[\w.-]+")

# The forms in which a repository appears in an address: on GitHub, raw, through Colab, nbviewer or Binder, on
# Pages.
LINK = re.compile(
    r"(?:github\.com|githubusercontent\.com|colab\.research\.google\.com/github|nbviewer\.org/github|/v2/gh)"
    r"/(?P<repository>[\w-]+/[\w.-]+?)(?P<git>\.git)?(?![\w.-])(?P<rest>[^\s\"'<>)\]}\\]*)"
    r"|(?<=//)(?P<owner>[\w-]+)\.github\.io/(?P<name>[\w.-]+)")


def present(root=ROOT):
    """The repository's name, "owner/name", as pyproject.toml has it."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project["urls"]["Repository"].removeprefix("https://github.com/").strip("/")


def texts(root=ROOT):
    """Yield (path, text) for every text file of the course; line ends are kept as they are."""
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(each for each in folders if each not in BUILT
                            and (not each.startswith(".") or each in HIDDEN_BUT_OURS))
        for path in (pathlib.Path(folder, each) for each in sorted(files)):
            content = b"\0" if path.is_symlink() else path.read_bytes()
            if b"\0" not in content:
                try:
                    yield path, content.decode("utf-8")
                except UnicodeDecodeError:
                    pass


def retarget(new, root=ROOT):
    """Replace the present address by that of `new` ("owner/name") in every file; return the changed paths."""
    if not NAME.fullmatch(new):
        raise ValueError(f"{new!r} is no repository name of the form owner/name")
    old = present(root)
    (old_owner, old_name), (new_owner, new_name) = old.split("/"), new.split("/")
    # The name may end a sentence or carry ".git", but "owner/name-data" and "owner/name.data" are others.
    end = r"(?![\w-]|\.(?!git\b)\w)"
    plain = re.compile(rf"(?<![\w.-]){re.escape(old)}{end}")
    pages = re.compile(rf"(?<=//){re.escape(old_owner)}\.github\.io/{re.escape(old_name)}{end}", re.I)
    changed = []
    for path, text in texts(root):
        result = pages.sub(f"{new_owner.lower()}.github.io/{new_name}", plain.sub(new, text))
        if result != text:
            path.write_bytes(result.encode("utf-8"))
            changed.append(path)
    return changed


def _is_ours(link, path, name, root):
    """Whether a link is meant to point at this course: by what it names, not by whose it is."""
    repository, rest = link["repository"].rstrip("."), link["rest"]
    if repository.split("/")[1] == name or path.name == "_config.yml":
        return True
    inside = re.match(r"/(?:blob|tree|raw|edit)/[^/]+/([^#?]+)", rest)
    if inside:
        # A file in a folder that this course has too; "README.md" alone would be in any repository.
        return inside[1].startswith("chapters/") or ("/" in inside[1] and (root / inside[1]).exists())
    if rest.startswith("/actions/workflows/"):
        return (root / ".github" / "workflows" / rest.split("/")[3]).exists()
    installs = path.suffix == ".ipynb" or path.name == "setup_cell.py"
    return installs and bool(link["git"] or rest.startswith(("/archive/", "@")))


def disagreements(root=ROOT):
    """The course's own links that point at another repository than pyproject.toml, as "file:line: link"."""
    right = present(root)
    owner, name = right.split("/")
    found = []
    for path, text in texts(root):
        for link in LINK.finditer(text):
            if link["name"]:
                wrong = link["name"] == name and link["owner"].lower() != owner.lower()
            else:
                wrong = link["repository"].rstrip(".") != right and _is_ours(link, path, name, root)
            if wrong:
                line = text.count("\n", 0, link.start()) + 1
                found.append(f"{path.relative_to(root).as_posix()}:{line}: {link[0]}")
    return found


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="?", metavar="owner/name", help="the repository to point at")
    parser.add_argument("--check", action="store_true", help="list the links that point elsewhere")
    options = parser.parse_args(arguments)
    if options.check == bool(options.name):
        parser.error("give either owner/name or --check")
    if options.name:
        if not NAME.fullmatch(options.name):
            parser.error(f"{options.name!r} is no repository name of the form owner/name")
        changed = retarget(options.name)
        for path in changed:
            print(path.relative_to(ROOT).as_posix())
        print(f"{len(changed)} files now point at {options.name}")
    wrong = disagreements()
    for each in wrong:
        print(f"{each}  points elsewhere than {present()}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
