"""Grades a folder of submissions: each in a confined process of its own, judged from outside, kept once it is done."""
import collections
import csv
import hashlib
import json
import os
import pathlib
import queue
import re
import time
from concurrent.futures import ThreadPoolExecutor, as_completed

from helpers import labs
from helpers.labs import pages
from helpers.labs.process import HERE, Process
from helpers.labs.tasks import Answer, Stopped, Verdict, judge

LARGEST = 50 * 2**20  # bytes of a notebook
STARTS = 3            # of one notebook, should an answer end the whole program; the other answers are judged all the same


class Unreadable(Exception):
    """The file is no notebook; the message says why."""


def submissions(folder):
    """The notebooks below a folder, however deep, without what editors keep beside them."""
    found = sorted(pathlib.Path(folder).rglob("*.ipynb"))
    return [path for path in found if not path.is_dir() and ".ipynb_checkpoints" not in path.parts]


def _content(path):
    """The bytes of a submission. Raises `Unreadable` for what should not be read: a link may lead to another's work."""
    if path.is_symlink() or not path.is_file():
        raise Unreadable("it is a link, not a file")
    if path.stat().st_size > LARGEST:
        raise Unreadable(f"it is larger than {LARGEST // 2**20} MB; save it without its outputs")
    return path.read_bytes()


def code_cells(path):
    """The sources of a notebook's code cells, of any version and however it was saved. Raises `Unreadable`."""
    try:
        notebook = json.loads(_content(path).decode("utf-8-sig"))
        cells = notebook["cells"] if "cells" in notebook else [
            cell for sheet in notebook["worksheets"] for cell in sheet["cells"]]  # the format before 2015
        sources = [cell.get("source", cell.get("input", "")) for cell in cells if cell["cell_type"] == "code"]
        return ["".join(source) for source in sources]
    except (OSError, ValueError, RecursionError) as error:
        raise Unreadable(f"it is not a notebook: {error}") from None
    except (KeyError, TypeError, AttributeError):
        raise Unreadable("it is a JSON file, but not a notebook") from None


def lab_of(paths):
    """The number of the lab that most of the notebooks open. Raises ValueError when none does."""
    named = collections.Counter()
    for path in paths:
        try:
            named.update(re.findall(r"""labs\.open\(\s*["'](\d\d)["']""", "\n".join(code_cells(path)))[:1])
        except Unreadable:
            pass
    if not named:
        raise ValueError("no notebook here opens a lab; say which one it is with --lab")
    return named.most_common(1)[0][0]


def version():
    """A digest of the framework and its checks: what is graded by other ones is graded again."""
    digest = hashlib.sha256()
    for path in sorted(HERE.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def grade_one(path, number, seed, variant, settings, slot=0):
    """Grade one notebook. Returns the result as plain data; raises nothing that a submission could cause."""
    module = labs.checks(number)
    lab = labs.Lab(number, variant)
    lab.budget = settings.budget
    began, ran, failed, notes, verdicts, waiting = time.monotonic(), 0.0, [], [], {}, list(module.TASKS)
    try:
        cells = code_cells(path)
        for _ in range(STARTS):
            with Process(settings, slot) as process:
                started = time.monotonic()
                failed = process.execute(cells, module.constants(variant))
                ran += time.monotonic() - started
                while waiting and not process.gone:
                    task = waiting.pop(0)
                    verdicts[task.name] = judge(task, Answer(process.ask, task.name), seed, lab)
                if process.gone:
                    notes.append(f"The program ended while {task.name} was judged: {process.gone}.")
            if not waiting:
                break
    except Unreadable as error:
        notes.append(f"The file could not be read: {error}.")
    except Stopped as stopped:
        notes.append(f"The notebook was stopped before its end: {stopped}.")
    except Exception as error:  # one submission must not stop the rest, whatever it has found
        notes.append(f"The grader failed on this notebook ({type(error).__name__}: {error}); please look at it.")
    note = " ".join(notes)
    verdicts = {task.name: verdicts.get(task.name, Verdict(task, "not judged", 0, note)) for task in module.TASKS}
    return {"lab": number, "of": sum(task.points for task in module.TASKS if not task.by_hand), "note": note,
            "points": sum(map(float, verdicts.values())), "failed_cells": failed,
            "seconds": round(time.monotonic() - began, 1), "seconds_of_the_notebook": round(ran, 1),
            "tasks": [{"name": name, "title": verdict.task.title, "page": verdict.task.page, "status": verdict.status,
                       "points": float(verdict), "of": verdict.task.points, "by_hand": bool(verdict.task.by_hand),
                       "reason": verdict.reason, "missed": verdict.missed} for name, verdict in verdicts.items()]}


def grade(folder, out, seed, settings, number=None, variant=0, jobs=2, shard=(1, 1), bar=None):
    """Grade all submissions below `folder`; write results, one CSV and a page for each student into `out`.

    seed: of the hidden checks, any whole number. shard: (i, n) takes every n-th submission from the i-th on, for several
    machines. bar: wraps the iterator over finished ones, such as tqdm. What was graded before, from the same file
    with the same seed, variant, budget and checks, is kept. Returns {student: result} of all that are graded by now.
    Raises ValueError when there is nothing to grade.
    """
    folder, out = pathlib.Path(folder), pathlib.Path(out)
    paths = [path for path in submissions(folder) if out.resolve() not in path.resolve().parents]
    if not paths:
        raise ValueError(f"there is no notebook below {folder}")
    number = number or lab_of(paths)
    labs.checks(number)
    stored = out / "results"
    stored.mkdir(parents=True, exist_ok=True)
    common = f"{number} {seed} {variant} {settings.budget} {version()}"
    students = {path: path.relative_to(folder).with_suffix("").as_posix() for path in paths}
    done, waiting = {}, []
    for place, (path, student) in enumerate(students.items()):
        try:
            key = hashlib.sha256(common.encode() + _content(path)).hexdigest()
        except (Unreadable, OSError) as error:
            key = f"{common} {error}"
        result = _load(stored / f"{pages.file_name(student)}.json", key)
        if result:
            done[student] = result
        elif place % shard[1] == shard[0] - 1:
            waiting.append((path, student, key))
    slots = queue.SimpleQueue()
    for slot in range(jobs):
        slots.put(slot)

    def one(path, student, key):
        slot = slots.get()
        try:
            result = grade_one(path, number, seed, variant, settings, slot)
        finally:
            slots.put(slot)
        _store(stored / f"{pages.file_name(student)}.json", {"key": key, "student": student, **result})
        return student, result

    pool = ThreadPoolExecutor(jobs)
    try:
        futures = [pool.submit(one, *each) for each in waiting]
        finished = as_completed(futures)
        for future in bar(finished, total=len(futures)) if bar else finished:
            student, result = future.result()
            done[student] = result
    finally:  # also when the person at the keyboard has had enough
        pool.shutdown(wait=True, cancel_futures=True)
        done = {student: done[student] for student in students.values() if student in done}
        _write_csv(out / "grades.csv", done)
        pages.write(out / "feedback", done)
    return done


def _load(path, key):
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
        return result if result["key"] == key else None
    except (OSError, ValueError, KeyError):
        return None


def _store(path, result):
    part = path.with_suffix(".part")
    part.write_text(json.dumps(result, indent=1, ensure_ascii=False), encoding="utf-8")
    os.replace(part, path)


def _write_csv(path, done):
    """One line a student. The columns of tasks that a person marks are left empty."""
    names = next(iter(done.values()))["tasks"] if done else []
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        columns = [f"{task['name']} (of {task['of']})" for task in names]
        writer.writerow(["student", "points", "of", *columns, "seconds", "note"])
        for student, result in done.items():
            points = ["" if task["by_hand"] else f"{task['points']:g}" for task in result["tasks"]]
            # A spreadsheet would take a name with such a beginning for a formula.
            shown = f"'{student}" if student.startswith(("=", "+", "-", "@")) else student
            writer.writerow([shown, f"{result['points']:g}", result["of"], *points, result["seconds"], result["note"]])
