"""Makes the student's copy of a lab from its source: solutions out, stubs in, outputs cleared, the class's variant set."""
import json
import pathlib
import re

CHAPTERS = pathlib.Path(__file__).resolve().parents[2] / "chapters"
PROMPT = "# YOUR CODE HERE"
ANSWER = "*Your answer here.*"


def source(number):
    """The path of a lab's source notebook. Raises FileNotFoundError without a checkout of the course or without the lab."""
    found = sorted(CHAPTERS.glob(f"{number}_*/lab.ipynb"))
    if not found:
        raise FileNotFoundError(f"no chapters/{number}_…/lab.ipynb below {CHAPTERS.parent}; "
                                "labs are released from a checkout of the course")
    return found[0]


def without_solution(text, stub=PROMPT):
    """The text with each region between the solution marks replaced by the stub, indented as the mark was.

    Raises ValueError for marks that do not pair up.
    """
    lines, kept, inside = text.split("\n"), [], False
    for line in lines:
        begins, ends = "### BEGIN SOLUTION" in line, "### END SOLUTION" in line
        if begins == inside and (begins or ends) or ends and not inside:
            raise ValueError(f"marks of solutions do not pair up at: {line.strip()}")
        if begins:
            kept.append(line[:len(line) - len(line.lstrip())] + stub)
        elif not inside and not ends:
            kept.append(line)
        inside = (inside or begins) and not ends
    if inside:
        raise ValueError("a solution is not closed")
    return "\n".join(kept)


def release(notebook, number, variant=0):
    """The student's copy of a source notebook (as JSON data). Raises ValueError for marks that do not pair up."""
    cells = []
    for cell in notebook["cells"]:
        text = "".join(cell["source"])
        if cell["cell_type"] == "code":
            text = re.sub(rf"""labs\.open\("{number}"\)""",
                          f'labs.open("{number}", variant={variant})' if variant else r"\g<0>", without_solution(text))
        elif cell["metadata"].get("nbgrader", {}).get("solution"):
            text = ANSWER
        metadata = {key: value for key, value in cell["metadata"].items() if key != "nbgrader"}
        fresh = {"cell_type": cell["cell_type"], "id": cell["id"], "metadata": metadata,
                 "source": text.splitlines(keepends=True)}
        if cell["cell_type"] == "code":
            fresh |= {"execution_count": None, "outputs": []}
        cells.append(fresh)
    return {**notebook, "cells": cells}


def as_text(notebook):
    """A notebook in the form in which Jupyter writes it, so that the same notebook is the same file."""
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def write(number, out, variant=0):
    """Write the student's copy; `out` is a folder or the notebook's own path. Returns the path."""
    notebook = json.loads(source(number).read_text(encoding="utf-8"))
    out = pathlib.Path(out)
    path = out if out.suffix == ".ipynb" else out / f"lab_{number}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(as_text(release(notebook, number, variant)), encoding="utf-8", newline="\n")
    return path
