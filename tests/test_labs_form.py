"""What all labs have in common: the released copy, the parts of a lab, nbgrader's marks, hints that name real sections."""
import importlib
import json
import re

import nbformat
import pytest

import setup_cell
from helpers.labs import grade, release

SOURCES = {path.parent.name[:2]: path for path in sorted(release.CHAPTERS.glob("*/lab.ipynb"))}
every_lab = pytest.mark.parametrize("number", SOURCES)


def student_copy(number):
    return SOURCES[number].with_name("lab_student.ipynb")


def tasks(number):
    return importlib.import_module(f"helpers.labs.checks_{number}").TASKS


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def prose_of(path):
    return "\n".join("".join(cell["source"]) for cell in read(path)["cells"] if cell["cell_type"] == "markdown")


def test_every_chapter_has_its_lab():
    assert list(SOURCES) == [path.name[:2] for path in sorted(release.CHAPTERS.iterdir()) if (path / "index.md").is_file()]


@every_lab
def test_the_student_copy_is_the_released_source(number):
    copy = student_copy(number)
    assert copy.read_text(encoding="utf-8") == release.as_text(release.release(read(SOURCES[number]), number)), (
        f"run: python -m helpers.labs release {number} --out {copy.relative_to(release.CHAPTERS.parent)}")


@every_lab
def test_jupyter_can_open_both(number):
    for path in (SOURCES[number], student_copy(number)):
        nbformat.validate(nbformat.reads(path.read_text(encoding="utf-8"), as_version=4))


@every_lab
def test_the_lab_has_the_parts_of_every_lab(number):
    code, prose = grade.code_cells(SOURCES[number]), prose_of(SOURCES[number])
    assert code[0] == setup_cell.text()
    assert f"/blob/main/chapters/{student_copy(number).relative_to(release.CHAPTERS).as_posix()}" in prose
    assert "`COURSE_BUDGET=smoke`" in prose
    for place, task in enumerate(tasks(number), 1):
        assert f'lab.check("{task.name}", {task.name})' in code
        assert re.search(rf"Task {place}: `{task.name}` \((open, )?{task.points} points, {task.minutes} minutes", prose)
        assert re.search(rf"\| {place}\. `{task.name}`[^|]*\| {task.points} \| {task.minutes} \|", prose)
        assert len(task.hints) >= 2 or task.by_hand
    by_program = [task for task in tasks(number) if not task.by_hand]
    assert 5 <= len(by_program) <= 8 and len(by_program) == len(tasks(number)) - 1
    assert 120 <= sum(task.minutes for task in tasks(number)) <= 180


@every_lab
def test_nbgraders_marks_are_on_every_task(number):
    cells = read(SOURCES[number])["cells"]
    marks = [cell["metadata"]["nbgrader"] for cell in cells if "nbgrader" in cell["metadata"]]
    assert len({mark["grade_id"] for mark in marks}) == len(marks)
    for cell in cells:
        if "### BEGIN SOLUTION" in "".join(cell["source"]):
            assert cell["metadata"]["nbgrader"]["solution"]
    assert sum(mark.get("points", 0) for mark in marks) == sum(task.points for task in tasks(number))


@every_lab
def test_hints_name_sections_that_exist(number):
    for task in tasks(number):
        paths = [SOURCES[number] if own else next(release.CHAPTERS.glob(f"0{chapter}_*/0{lesson}_*.ipynb"))
                 for chapter, lesson, own in re.findall(r"lesson (\d)\.(\d)|(this lab)", task.page)]
        text = "\n".join(map(prose_of, paths))
        named = re.findall("“(.+?)”", task.page)
        assert named, task.page
        for section in named:  # a heading, or the words with which a paragraph begins
            assert re.search(rf"^(#+ |\*\*)?{re.escape(section)}", text, re.MULTILINE), task.page


@every_lab
def test_the_guide_for_instructors_tells_of_every_task(number):
    guide = (release.CHAPTERS.parent / "guide/instructors.md").read_text(encoding="utf-8")
    section = re.search(rf"^## Lab {int(number)}: .*?(?=^## )", guide, re.MULTILINE | re.DOTALL)[0]
    for task in tasks(number):
        assert f"| `{task.name}` | {task.points} | {task.minutes} |" in section
        assert not task.by_hand or f"**Rubric for `{task.name}`.**" in section
