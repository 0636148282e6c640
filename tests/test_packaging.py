"""The commands, the package, the workflows and the repository's address. Nothing here needs the network."""
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile

import pytest
from packaging.requirements import Requirement

import notebooks
import repository

TARGETS = ("help book test test-site bundle lab reference links addresses repository "
           "test-colab test-newest test-backend clean distclean").split()


def read(path):
    return path.read_text(encoding="utf-8")


@pytest.fixture
def project(course):
    return tomllib.loads(read(course / "pyproject.toml"))["project"]


def requirements(course):
    """The parsed lines of requirements.txt."""
    lines = (line.split("#")[0].strip() for line in read(course / "requirements.txt").splitlines())
    return [Requirement(line) for line in lines if line]


def bounds(requirement, operator):
    return [each.version for each in requirement.specifier if each.operator == operator]


# The commands

def test_makefile_has_its_targets_and_the_readme_names_the_two_commands(course):
    targets = re.findall(r"^([\w-]+):(?!=)", read(course / "Makefile"), re.MULTILINE)
    assert set(TARGETS) <= set(targets)
    readme = read(course / "README.md")
    assert "\nmake book " in readme and "\nmake test " in readme
    assert "<!-- results:begin -->\n" in readme and "<!-- results:end -->" in readme


@pytest.mark.skipif(os.name != "posix" or shutil.which("make") is None, reason="no make on this machine")
def test_make_says_what_it_can_and_refuses_what_cannot_work(course, tmp_path):
    told = subprocess.run(["make", "-C", course], capture_output=True, text=True)
    assert told.returncode == 0 and "make book" in told.stdout

    def attempt(version, new_enough, venv):
        """`make test` in an empty folder with a pretended Python of this version, with or without venv."""
        python = tmp_path / "python-pretended"
        python.write_text(f"""#!/bin/sh
case "$*" in
  --version) echo Python {version} ;;
  *version_info*) exit {0 if new_enough else 1} ;;
  *ensurepip*) exit {0 if venv else 1} ;;
  *-m*) exit 1 ;;
esac
""")
        python.chmod(0o755)
        for name in ("Makefile", "requirements.txt", "pyproject.toml"):
            shutil.copy(course / name, tmp_path)
        return subprocess.run(["make", "-C", tmp_path, "test", f"PYTHON={python}"],
                              capture_output=True, text=True)

    old = attempt("3.10", new_enough=False, venv=True)
    assert old.returncode and "Python 3.10 is too old" in old.stderr
    bare = attempt("3.12", new_enough=True, venv=False)
    assert bare.returncode and "python3-venv" in bare.stderr
    assert not (tmp_path / ".venv" / "ready").exists()


def test_continuous_integration_runs_the_readmes_test_command(course):
    script = read(course / ".ci" / "run")
    assert script.startswith("#!/usr/bin/env bash\n") and "set -euo pipefail" in script
    assert re.findall(r"^(?:exec )?make .*\b(test[\w-]*)$", script, re.MULTILINE) == ["test", "test-site"]
    if shutil.which("bash") and os.name == "posix":
        subprocess.run(["bash", "-n", course / ".ci" / "run"], check=True)


# What is installed

def test_every_requirement_has_a_lower_bound_and_a_reason(course):
    for line in read(course / "requirements.txt").splitlines():
        if re.match(r"\w", line) and not line.startswith("tensorflow"):
            assert re.search(r"# \w", line), f"no reason given: {line}"
    for requirement in requirements(course):
        assert bounds(requirement, ">="), f"no lower bound: {requirement}"


def test_helpers_asks_for_the_same_as_the_course_and_never_for_a_backend(course, project):
    wanted = {each.name: each for each in requirements(course)}
    for text in project["dependencies"]:
        requirement = Requirement(text)
        assert bounds(requirement, ">=") == bounds(wanted[requirement.name], ">="), requirement.name
        assert not bounds(requirement, "<"), f"an upper bound would move what Colab has: {text}"
        assert not re.match("tensorflow|jax|torch", requirement.name)


@pytest.mark.parametrize("system, machine, package", [
    ("linux", "x86_64", "tensorflow-cpu"), ("win32", "AMD64", "tensorflow-cpu"),
    ("linux", "aarch64", "tensorflow"), ("darwin", "arm64", "tensorflow")])
def test_each_system_gets_one_tensorflow(course, system, machine, package):
    here = {"sys_platform": system, "platform_machine": machine}
    chosen = [each.name for each in requirements(course)
              if each.name.startswith("tensorflow") and each.marker.evaluate(here)]
    assert chosen == [package]


def test_colabs_versions_are_admitted(course):
    colab = {}
    for line in read(course / "tools" / "colab_constraints.txt").splitlines():
        if line and not line.startswith("#"):
            name, version = line.split("==")
            colab[name] = version
    assert {"tensorflow", "keras", "numpy"} <= set(colab)
    for requirement in requirements(course):
        if requirement.name in colab:
            assert requirement.specifier.contains(colab[requirement.name]), requirement.name


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The helpers package, built as Colab and Binder build it."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation",
                    "--no-index", "--wheel-dir", folder, repository.ROOT], check=True)
    return next(folder.glob("*.whl"))


def test_wheel_carries_the_registry_the_style_and_the_results(course, project, wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        registry = archive.read("helpers/datasets/datasets.toml").decode()
    assert tomllib.loads(registry)
    lists = (course / "data" / "files").iterdir()
    assert {f"helpers/datasets/files/{path.name}" for path in lists} <= names
    results = (course / "data" / "results").glob("*/*.json")
    assert {f"helpers/results_data/{path.parent.name}/{path.name}" for path in results} <= names
    modules = (path.relative_to(course).as_posix() for path in (course / "helpers").rglob("*.py"))
    assert {"helpers/course.mplstyle", *modules} <= names
    assert wheel.name.startswith(f"{project['name']}-{project['version']}-")
    assert all(name.startswith(("helpers/", "helpers-")) for name in names)


def test_a_lesson_begins_with_the_built_package_alone(course, wheel, tmp_path):
    """As in Colab: no repository, only the package. `make test-colab` runs this with the versions that Colab has.

    The setup cell, and the cells up to the first one that loads data, run in an empty folder.
    """
    packages = tmp_path / "packages"
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", packages,
                    wheel], check=True)
    cells = notebooks.code_cells(notebooks.read(notebooks.lessons()[0]))
    until = next(number for number, cell in enumerate(cells) if "datasets.load(" in cell.source)
    script = "\n\n".join(cell.source for cell in cells[:until + 1])
    script += "\n\nimport keras, numpy\nprint('FROM', helpers.__file__, keras.__version__, numpy.__version__)\n"
    (tmp_path / "start.py").write_text(script, encoding="utf-8")
    done = subprocess.run([sys.executable, "start.py"], cwd=tmp_path, capture_output=True, text=True, encoding="utf-8",
                          env={**os.environ, "PYTHONPATH": str(packages), "MPLBACKEND": "agg"})
    assert done.returncode == 0, done.stderr[-2000:]
    assert f"FROM {packages}" in done.stdout and "stand-in" in done.stdout, done.stdout


def test_binder_installs_what_the_course_does(course):
    """mybinder.org reads `.binder` alone: the helpers, and of requirements.txt what runs a lesson."""
    wanted = {str(each) for each in (Requirement(str(each).split(";")[0]) for each in requirements(course))}
    lines = [line for line in read(course / ".binder" / "requirements.txt").splitlines() if not line.startswith("#")]
    assert lines[0] == "-e ." and {str(Requirement(line)) for line in lines[1:]} <= wanted
    assert any(line.startswith("tensorflow") for line in lines) and any(line.startswith("keras") for line in lines)
    version = re.fullmatch(r"python-3\.(\d+)\n", read(course / ".binder" / "runtime.txt"))[1]
    assert 11 <= int(version) <= 13, "the Pythons that the workflow tests"


def test_the_version_is_the_same_everywhere(course, project):
    assert f'__version__ = "{project["version"]}"' in read(course / "helpers" / "__init__.py")
    assert f"Version {project['version']}" in read(course / "README.md")


# The workflows

def test_workflows_agree_with_their_schema(course):
    folder = course / ".github"
    for schema, files in [("vendor.github-workflows", sorted((folder / "workflows").glob("*.yml"))),
                          ("vendor.dependabot", [folder / "dependabot.yml"])]:
        done = subprocess.run([sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *files],
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["test", "publish", "weekly"])
def test_a_workflow_is_modest_and_calls_targets_that_exist(course, name):
    text = read(course / ".github" / "workflows" / f"{name}.yml")
    assert "\npermissions:\n  contents: read\n" in text and "\nconcurrency:\n" in text
    assert all(re.fullmatch(r"actions/[\w-]+@v\d+", action) for action in re.findall(r"uses: (\S+)", text))
    assert set(re.findall(r"run: make ([\w-]+)", text)) <= set(TARGETS)
    assert "timeout-minutes" in text


# The repository's address

@pytest.fixture
def copy(course, tmp_path):
    """A small checkout: files and a notebook with the address, and a page with other people's links."""
    here = repository.present(course)
    for name in ("pyproject.toml", "README.md", "_config.yml"):
        shutil.copy(course / name, tmp_path)
    shutil.copytree(course / ".github", tmp_path / ".github")
    chapter = tmp_path / "chapters" / "01_classification"
    chapter.mkdir(parents=True)
    (chapter / "01_first_cnn.ipynb").write_bytes(
        ('{\r\n  "a": "https://colab.research.google.com/github/%s/blob/main/chapters/01_classification/'
         '01_first_cnn.ipynb)\\n",\n "b":"pip install https://github.com/%s/archive/refs/tags/v1.0.0.zip '
         'git+https://github.com/%s.git@v1", "c": "é" }' % (here, here, here)).encode())
    owner, name = here.split("/")
    (tmp_path / "intro.md").write_text(
        f"See https://{owner}.github.io/{name}/intro.html, {here}. Not {here}-data or some/{name}s.\n"
        "Others: https://github.com/somebody/models/blob/main/README.md\n"
        "https://github.com/somebody/data/archive/1.zip\n"
        "https://colab.research.google.com/github/somebody/docs/blob/master/site/tutorial.ipynb\n",
        encoding="utf-8")
    (tmp_path / "_static").mkdir()
    (tmp_path / "_static" / "picture.png").write_bytes(b"\x89PNG\0" + here.encode())
    return tmp_path


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_no_link_of_the_course_points_elsewhere():
    assert repository.disagreements() == []


def test_repository_changes_every_place_and_back_again(copy):
    before, old = contents(copy), repository.present(copy)
    assert repository.disagreements(copy) == []
    changed = repository.retarget("Some-One/vision.course", copy)
    names = {path.relative_to(copy).as_posix() for path in changed}
    assert names == {"pyproject.toml", "README.md", "_config.yml", "intro.md",
                     "chapters/01_classification/01_first_cnn.ipynb"}
    assert repository.present(copy) == "Some-One/vision.course" and repository.disagreements(copy) == []
    assert "\n  baseurl: https://some-one.github.io/vision.course/\n" in read(copy / "_config.yml")
    intro = read(copy / "intro.md")
    assert "https://some-one.github.io/vision.course/intro.html, Some-One/vision.course. Not" in intro
    assert f"{old}-data" in intro and "somebody/models" in intro
    notebook = (copy / "chapters" / "01_classification" / "01_first_cnn.ipynb").read_bytes()
    assert notebook.count(b"Some-One/vision.course") == 3 and notebook.startswith(b'{\r\n  "a"')
    repository.retarget(old, copy)
    assert {path for path, content in contents(copy).items() if content != before[path]} == set()


@pytest.mark.parametrize("name, link", [
    ("README.md", "https://github.com/{other}/actions/workflows/test.yml/badge.svg"),
    ("README.md", "https://github.com/stranger/{name}"),
    ("intro.md", "https://stranger.github.io/{name}"),
    ("_config.yml", "https://github.com/{other}"),
    ("chapters/01_classification/02_lenet.ipynb", "https://colab.research.google.com/github/"
     "{other}/blob/main/chapters/01_classification/02_lenet.ipynb"),
    ("chapters/01_classification/02_lenet.ipynb", "https://github.com/{other}/archive/refs/tags/v1.0.0.zip"),
    ("chapters/01_classification/02_lenet.ipynb", "git+https://github.com/{other}.git@v1.0.0"),
    ("chapters/01_classification/02_lenet.ipynb", "git+https://github.com/{other}@v1.0.0")])
def test_a_link_that_points_elsewhere_is_found(copy, name, link):
    link = link.format(other="stranger/fork", name=repository.present(copy).split("/")[1])
    with open(copy / name, "a", encoding="utf-8") as file:
        file.write(f'\n"{link}"\n')
    found, = repository.disagreements(copy)
    assert found.startswith(f"{name}:") and link.split("://")[1] in found


@pytest.mark.parametrize("name", ["course", "owner/", "owner/na me", "https://github.com/owner/name"])
def test_a_name_that_is_none_is_refused(copy, name):
    before = contents(copy)
    with pytest.raises(ValueError):
        repository.retarget(name, copy)
    assert contents(copy) == before


def test_the_two_ways_of_running_the_tests_are_one(course):
    """The README's command without make needs no variables: conftest.py sets what the Makefile sets."""
    conftest = read(course / "conftest.py")
    for setting in re.search(r"^TEST := (.*)$", read(course / "Makefile"), re.MULTILINE)[1].split():
        name, value = setting.split("=")
        assert f'os.environ["{name}"] = "{value}"' in conftest
