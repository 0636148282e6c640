"""The two runs that each lab's tests share: the solution as a submission, the unfilled copy as a student opens it."""
from concurrent.futures import ThreadPoolExecutor

import nbclient
import nbformat

from helpers.labs import grade, process, release

SEED = 20_261_126  # of the hidden checks


def both(number, folder):
    """Grade the solution and meanwhile run the unfilled copy in a kernel; each takes one core.

    Returns the solution's result and all that the copy printed and showed. folder: an empty one for the copy to run in.
    """
    solution = release.source(number)
    settings = process.Settings(namespaces=process.can_isolate(), seconds=240)
    with ThreadPoolExecutor(1) as pool:
        shown = pool.submit(run_in_a_kernel, solution.with_name("lab_student.ipynb"), folder)
        return grade.grade_one(solution, number, SEED, 0, settings), shown.result()


def run_in_a_kernel(path, folder):
    """All text that a notebook prints and shows. Raises CellExecutionError when a cell fails."""
    notebook = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
    nbclient.NotebookClient(notebook, timeout=240, kernel_name="python3",
                            resources={"metadata": {"path": str(folder)}}).execute()
    texts = []
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            texts.append(output.get("text") or data.get("text/markdown") or data.get("text/plain", ""))
    return "\n".join(texts)


def is_unfilled(shown, tasks):
    """Whether every check of a run answered "not attempted" and the table at the end counts no point."""
    points = sum(task.points for task in tasks if not task.by_hand)
    return f"**0 of {points} points**" in shown and all(f"{task.name}: not attempted." in shown for task in tasks)
