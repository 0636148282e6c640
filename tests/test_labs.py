"""The framework of the labs, on a tiny lab made here: judging, release, grading, and submissions that mean harm."""
import csv
import json
import pathlib
import socket
import subprocess
import sys
import threading
import time
import types

import numpy as np
import pytest

from helpers import labs
from helpers.labs import grade, pages, process, release, tasks, wire
from helpers.labs.tasks import Answer, Server, Task, expect, judge, numbers

NUMBER = "99"
ISOLATED = process.can_isolate()
isolated = pytest.mark.skipif(not ISOLATED, reason="this system cannot isolate submissions")
limited = pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds a process to all these limits")
QUICK = process.Settings(seconds=5, seconds_a_cell=2, seconds_a_call=1.5, seconds_to_judge=5, memory_mb=700,
                         address_mb=3000, disk_mb=20, processes=12, threads=60, namespaces=ISOLATED)


def doubles(answer, rng, lab):
    """twice each number, for random arrays"""
    given = rng.normal(size=rng.integers(2, 9, size=2))
    expect(np.allclose(numbers(answer(given), given.shape), 2 * given), "each number must be doubled")


def keeps_whole_numbers(answer, rng, lab):
    """whole numbers stay whole"""
    doubled = numbers(answer(np.arange(3)), (3,))
    expect(doubled[2] == 4 and answer(np.arange(3)).dtype.kind == "i", "whole numbers must stay whole")


def says(answer, rng, lab):
    """nothing: it lets a test see what a submission found"""
    raise tasks.Wrong(f"found: {answer.value()}")


TASKS = (
    Task("double", "Twice as much", 5, "lesson 1.1", ("Multiply.", "By two."), ((2, doubles), (1, keeps_whole_numbers))),
    Task("found", "What it found", 5, "lesson 1.1", ("None.",), ((1, says),)),
    Task("essay", "In your own words", 5, "lesson 1.1", ("Write.",), ((0, lambda answer, *_: answer.value()),), by_hand=4),
)
RIGHT = "def double(x):\n    return 2 * x"


@pytest.fixture(autouse=True)
def tiny_lab(monkeypatch):
    module = types.ModuleType(f"helpers.labs.checks_{NUMBER}")
    module.TASKS, module.constants = TASKS, lambda variant: {"limit": 10 + variant}
    monkeypatch.setitem(sys.modules, module.__name__, module)


def notebook(*cells, version=4):
    opening = f'from helpers import labs\nlab = labs.open("{NUMBER}")'
    made = [{"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
            for source in (opening, *cells)]
    if version == 3:
        for cell in made:
            cell["input"] = cell.pop("source")
        return json.dumps({"worksheets": [{"cells": made}], "nbformat": 3, "metadata": {}})
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def run(tmp_path, seed=7, settings=QUICK, **submitted):
    """Grade the submissions {name: text}; returns {name: result}."""
    folder = tmp_path / "submissions"
    folder.mkdir(exist_ok=True)
    for name, text in submitted.items():
        (folder / f"{name}.ipynb").write_text(text, encoding="utf-8")
    return grade.grade(folder, tmp_path / "out", seed, settings, number=NUMBER)


def by_task(result):
    return {task["name"]: task for task in result["tasks"]}


def found(result):
    return by_task(result)["found"]["reason"]


# Messages between the processes

def test_what_can_travel_comes_back_as_it_was():
    value = {"a": [1, 2.5, None, True, "é", ...], ("b", 1): (np.arange(6).reshape(2, 3), np.float32(2)), "c": float("inf")}
    back = wire.unpack(wire.pack(value))
    assert back["a"] == value["a"] and np.isinf(back["c"])
    array, scalar = back["b", 1]
    assert np.array_equal(array, np.arange(6).reshape(2, 3)) and array.flags.writeable and scalar == 2


@pytest.mark.parametrize("message", [
    b"", b"\0\0\0\xff", b"\0\0\0\x02[]", b"\0\0\0\x02{}", b"\0\0\0\x03abc",
    b"\0\0\0\x3c" + b'{"":"array","dtype":"|O08","shape":[1]}'.ljust(60) + b"x" * 8,
    b"\0\0\0\x3c" + b'{"":"array","dtype":"<f8","shape":[99999999999999]}'.ljust(60),
    b"\0\0\0\x3c" + b'{"":"array","dtype":"<f8","shape":[-1]}'.ljust(60)])
def test_a_forged_message_fails_and_does_no_more(message):
    with pytest.raises(ValueError):
        wire.unpack(message)


def test_objects_stay_where_they_are_and_answer_by_name():
    class Network:
        def __call__(self, x):
            return x + 1

        def count(self):
            return 3

    answer = Answer(Server({"build": lambda: [Network()]}), "build")
    network, = answer()
    assert network.count() == 3 and np.array_equal(network(np.zeros(2)), [1, 1])
    with pytest.raises(TypeError, match="Network cannot be sent"):
        wire.pack(Network())


# Judging

def local(name, value, seed=0):
    return judge(next(task for task in TASKS if task.name == name), Answer(Server({name: value}), name), seed, None)


def test_right_partly_right_wrong_and_not_attempted():
    assert (local("double", lambda x: 2 * x).status, float(local("double", lambda x: 2 * x))) == ("right", 3)
    partly = local("double", lambda x: 2.0 * x)
    assert (partly.status, float(partly), partly.reason) == ("partly right", 2, "whole numbers must stay whole")
    assert partly.missed == ("whole numbers stay whole",)
    wrong = local("double", lambda x: x[:1])
    assert wrong.status == "wrong" and "must be of shape" in wrong.reason
    for stub in (..., lambda x: ..., lambda x: [...]):
        assert local("double", stub).status == "not attempted"

    def stub_of_nbgrader(x):
        raise NotImplementedError

    assert local("double", stub_of_nbgrader).status == "not attempted"
    assert local("essay", "words").status == "handed in" and local("essay", ...).status == "not attempted"


@pytest.mark.parametrize("answer, reason", [
    (lambda x: None, "is a `return` missing"), (lambda x: "2", "not str"), (lambda x: 2j * x, "complex"),
    (lambda x: np.full(x.shape, np.nan), "NaN"), (lambda x: 1 / 0, "ZeroDivisionError: division by zero"),
    (lambda: 0, "TypeError"), (3, "TypeError"), (lambda x: [[1], [1, 2]], "one shape"), (lambda x: object(), "an object"),
    (lambda x: sys.exit(), "SystemExit"), (lambda x: {}, "not dict"), (lambda x: [[[]]], "of shape")])
def test_a_wrong_answer_is_told_why(answer, reason):
    verdict = local("double", answer)
    assert verdict.status == "wrong" and reason in verdict.reason


@pytest.mark.parametrize("file", ["<cell 4>", "<ipython-input-4-abc>", "/elsewhere/ipykernel_12/34.py", r"C:\\t\\ipykernel_1\\2.py"])
def test_an_error_names_the_line_of_the_students_cell(file):
    namespace = {}
    exec(compile("def double(x):\n    y = 1\n    return y / 0", file, "exec"), namespace)
    assert "ZeroDivisionError: division by zero (line 3 of its cell)" in local("double", namespace["double"]).reason


def test_a_function_that_changes_its_input_hurts_nobody():
    def inplace(x):
        x *= 2
        return x

    assert local("double", inplace).status == "right"


def test_the_seed_decides_the_inputs():
    seen = []
    for seed in (1, 1, 2):
        local("double", lambda x: seen.append(x) or 2 * x, seed)
    first, again, other = (each for each in seen if each.ndim == 2)
    assert np.array_equal(first, again) and not np.array_equal(first[:2, :2], other[:2, :2])


def test_points_are_what_nbgrader_reads_as_partial_credit():
    shown = local("double", lambda x: 2.0 * x)._repr_mimebundle_()
    assert float(shown["text/plain"]) == 2 and "2 of 3 points" in shown["text/markdown"]


# The student's side

def test_a_student_is_told_and_helped(capsys):
    lab = labs.open(NUMBER, variant=3)
    assert lab.limit == 13
    lab.check("double", lambda x: x)
    told = capsys.readouterr().out
    assert "double: wrong. Each number must be doubled." in told and 'lab.hint("double")' in told and "lesson 1.1" in told
    for _ in range(3):
        lab.hint("double")
    told = [line[:14] for line in capsys.readouterr().out.splitlines()]
    assert told == ["Hint 1 of 2: M", "Hint 2 of 2: B", "Hint 1 of 2: M"]
    lab.check("essay", "words")
    lab.progress()
    table = capsys.readouterr().out
    assert "| wrong | 0 of 3 |" in table and "| not checked yet |" in table and "? of 4" in table and "0 of 4 points" in table
    with pytest.raises(ValueError, match="it has double, found, essay"):
        lab.check("doubel", 1)
    with pytest.raises(ValueError, match="no lab '98'"):
        labs.open("98")


def test_filled():
    assert labs.filled(1, "a", np.zeros(2), [1]) and not labs.filled(1, ...) and not labs.filled((1, [..., 2]))


# Release

SOURCE = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"a": 1}, "cells": [
    {"cell_type": "code", "id": "a", "metadata": {}, "execution_count": 3, "outputs": [1],
     "source": 'lab = labs.open("99")'},
    {"cell_type": "code", "id": "b", "metadata": {"nbgrader": {"solution": True}}, "execution_count": 4, "outputs": [],
     "source": ["def f(x):\n", "    y = ...\n", "    ### BEGIN SOLUTION\n", "    y = 2 * x\n", "    ### END SOLUTION\n",
                "    return y"]},
    {"cell_type": "markdown", "id": "c", "metadata": {"nbgrader": {"solution": True}}, "source": "The answer."},
    {"cell_type": "markdown", "id": "d", "metadata": {"tags": ["x"]}, "source": "Prose."}]}


def test_release_takes_out_solutions_outputs_and_sets_the_variant():
    made = release.release(SOURCE, NUMBER, variant=12)
    text = release.as_text(made)
    assert "2 * x" not in text and "The answer" not in text and "nbgrader" not in text and "Prose." in text
    assert "".join(made["cells"][1]["source"]) == "def f(x):\n    y = ...\n    # YOUR CODE HERE\n    return y"
    assert made["cells"][0]["source"] == ['lab = labs.open("99", variant=12)'] and made["cells"][0]["outputs"] == []
    assert 'labs.open(\\"99\\")' in release.as_text(release.release(SOURCE, NUMBER))


@pytest.mark.parametrize("text", ["### BEGIN SOLUTION", "### END SOLUTION",
                                  "### BEGIN SOLUTION\n### BEGIN SOLUTION\n### END SOLUTION"])
def test_marks_that_do_not_pair_up_are_refused(text):
    with pytest.raises(ValueError):
        release.without_solution(text)


# Grading

def test_a_class_is_graded_and_stays_graded(tmp_path, monkeypatch):
    text = {"right": notebook(RIGHT, "essay = 'words'"), "partly": notebook("def double(x):\n    return 2.0 * x"),
            "unfilled": notebook("def double(x):\n    return ..."),
            # Split, renamed, other cells between, one of them failing, Colab's and Jupyter's own language, an old format.
            "rearranged": notebook("%matplotlib inline\n!pip install x\n%time factor = 2", "1 / 0", "%%bash\nrm", "x = (7\n% 4)",
                                   "%%time\ndef helper(x):\n    return factor * x",
                                   "%%capture kept\ndouble = lambda x: helper(x)", "double?",
                                   "files = !ls\nprint(len(files))", "display(x)",
                                   "class Mute(Exception):\n    def __str__(self):\n        raise SystemExit\nraise Mute"),
            "old": notebook(RIGHT, version=3),
            "=broken": "{\"cells\": [", "list": "[]", "empty": "", "no code": json.dumps({"cells": []})}
    done = run(tmp_path, **text)
    points = {name: by_task(result)["double"]["points"] for name, result in done.items()}
    assert points == {"right": 3, "partly": 2, "rearranged": 3, "old": 3} | dict.fromkeys(
        ("unfilled", "=broken", "list", "empty", "no code"), 0)
    assert by_task(done["unfilled"])["double"]["status"] == by_task(done["no code"])["double"]["status"] == "not attempted"
    assert done["rearranged"]["failed_cells"] == [
        (3, "it raised ZeroDivisionError: division by zero (line 1 of its cell)"),
        (11, "it raised an exception that cannot be written down (line 4 of its cell)")]
    assert "could not be read" in done["=broken"]["note"] and by_task(done["right"])["essay"]["status"] == "handed in"

    with (tmp_path / "out" / "grades.csv").open(encoding="utf-8", newline="") as file:
        lines = {line["student"]: line for line in csv.DictReader(file)}
    assert lines["partly"]["points"] == "2" and lines["partly"]["essay (of 4)"] == "" and "'=broken" in lines
    page = (tmp_path / "out" / "feedback" / f"{pages.file_name('partly')}.html").read_text(encoding="utf-8")
    assert "2 of 4 points" in page and "whole numbers stay whole" in page

    # A second run grades only what is new; another seed or another check grades all again.
    graded = []
    whole = grade.grade_one
    monkeypatch.setattr(grade, "grade_one", lambda path, *more: graded.append(path.stem) or whole(path, *more))
    run(tmp_path, **{"partly": notebook(RIGHT)})
    assert graded == ["partly"]
    run(tmp_path, seed=8, **{"partly": notebook(RIGHT)})
    assert len(graded) == 1 + len(text)


def test_an_interrupted_batch_goes_on_where_it_was(tmp_path, monkeypatch):
    text = {f"student{number}": notebook(RIGHT) for number in range(4)}
    whole, graded = grade.grade_one, []

    def interrupted(path, *more):
        if path.stem == "student2" and not graded.count("student2"):
            graded.append("student2")
            raise KeyboardInterrupt
        graded.append(path.stem)
        return whole(path, *more)

    monkeypatch.setattr(grade, "grade_one", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, **text)
    assert (tmp_path / "out" / "grades.csv").is_file()
    (tmp_path / "out" / "results" / f"{pages.file_name('student0')}.json").write_text("{", encoding="utf-8")  # half written
    assert all(result["points"] == 3 for result in run(tmp_path, **text).values())
    assert sorted(graded).count("student1") == 1 and graded.count("student0") == 2


def test_shards_share_a_class_and_their_results_add_up(tmp_path):
    folder = tmp_path / "submissions"
    folder.mkdir()
    for number in range(5):
        (folder / f"s{number}.ipynb").write_text(notebook(RIGHT), encoding="utf-8")
    assert set(grade.grade(folder, tmp_path / "out", 1, QUICK, NUMBER, shard=(1, 2))) == {"s0", "s2", "s4"}
    assert set(grade.grade(folder, tmp_path / "out", 1, QUICK, NUMBER, shard=(2, 2))) == {"s0", "s1", "s2", "s3", "s4"}


def test_names_with_folders_and_markup_are_safe(tmp_path):
    folder = tmp_path / "submissions"
    for name in ("ann/lab", "bob/lab", "b x é/lab 2" if sys.platform == "win32" else "<b>x é/lab 2"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".ipynb").write_text(notebook(RIGHT, "found = '<script>alert(1)</script>'"), encoding="utf-8")
    done = grade.grade(folder, tmp_path / "out", 1, QUICK)
    assert "ann/lab" in done and len(list((tmp_path / "out" / "feedback").iterdir())) == len(done) == 3
    for path in (tmp_path / "out" / "feedback").iterdir():
        text = path.read_text(encoding="utf-8")
        assert "<script" not in text and "<b>x" not in text and "&lt;script&gt;" in text


def test_a_link_to_another_students_work_is_not_followed(tmp_path):
    folder = tmp_path / "submissions"
    folder.mkdir()
    (folder / "ann.ipynb").write_text(notebook(RIGHT), encoding="utf-8")
    try:
        (folder / "bob.ipynb").symlink_to(folder / "ann.ipynb")
    except OSError:
        pytest.skip("no links on this system")
    done = run(tmp_path)
    assert done["ann"]["points"] == 3 and done["bob"]["points"] == 0 and "it is a link" in done["bob"]["note"]


def test_the_commands(tmp_path, course):
    folder = tmp_path / "none"
    done = subprocess.run([sys.executable, "-m", "helpers.labs", "grade", folder], capture_output=True, text=True)
    assert done.returncode == 2 and "is no folder" in done.stderr
    folder.mkdir()
    done = subprocess.run([sys.executable, "-m", "helpers.labs", "grade", folder], capture_output=True, text=True)
    assert done.returncode == 2 and "there is no notebook below" in done.stderr
    done = subprocess.run([sys.executable, "-m", "helpers.labs", "release", "98"], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 2 and "no chapters/98" in done.stderr


def test_the_classroom_workflow_agrees_with_its_schema(course):
    done = subprocess.run([sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows",
                           course / "guide" / "classroom.yml"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


# Submissions that mean harm

CHEAP = "import os, sys, time"
WRITE = "import os\nfor n in range(3, 60):\n    try: os.write(n, %s)\n    except OSError: pass"  # to whatever is open
FORGE = ("import struct\nfrom helpers.labs import wire\nmessage = wire.pack(%s)\n"
         "message = struct.pack('>I', len(message)) + message")
HARM = {
    "endless cell": (CHEAP, "while True: pass", RIGHT),
    "endless cell that swallows": (CHEAP, "while True:\n    try: time.sleep(60)\n    except BaseException: pass", RIGHT),
    "endless answer": ("def double(x):\n    while True: pass",),
    "ends the program": (RIGHT, "import sys\nsys.exit(0)"),
    "ends it hard": (RIGHT, "import os\nos._exit(0)"),
    "ends it in an answer": ("import os\ndef double(x):\n    os._exit(0)", "found = 'still judged'"),
    "100 GB": ("import numpy as np", "hog = np.ones(100 * 2**30 // 8)", RIGHT),
    "grows": ("hog = []\nwhile True: hog.append(bytearray(10**7))",),
    "prints gigabytes": ("import sys\nfor _ in range(400):\n    sys.stdout.write('x' * 10**7)\n"
                         "    sys.stderr.write('x' * 10**6)", RIGHT),
    "fills the disk": ("for n in range(30):\n    try:\n        with open(f'f{n}', 'wb') as file: file.write(b'x' * 10**7)\n"
                       "    except OSError: break", RIGHT),
    "answers with too much": ("def double(x):\n    return [0] * 10**8", "import numpy as np\nfound = np.zeros(10**8)"),
    "answers with a knot": ("def double(x):\n    knot = []\n    knot.append(knot)\n    return knot",),
    "forges": (CHEAP + "\nfrom helpers.labs import tasks, wire\nimport numpy as np, struct",
               "tasks.judge = lambda *a: tasks.Verdict(None, 'right', 99)\ntasks.Server.__call__ = lambda *a: {'points': 99}\n"
               "np.allclose = lambda *a, **k: True\nwire.pack = lambda *a: b'\\0\\0\\0\\x02{}'"),
    "writes into the channel": (WRITE % "b'\\xff' * 100", RIGHT),
    "replies first": (FORGE % "{'failed': 5}", WRITE % "message", RIGHT),
    "replies in advance": (FORGE % "{'failed': [], 'value': 1}", WRITE % "9 * message", RIGHT),
    "many small parts": ("def double(x):\n    return [[] for _ in range(10**6)]",),
    "overrides the check": ("lab.check = lambda *a: print('right')\nlab.check('double', 1)\nlabs.open = None",
                            "def double(x):\n    return x"),
    "thread bomb": ("import threading, time\ntry:\n    while True:\n"
                    "        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
                    "except RuntimeError: pass", RIGHT),
}


@limited
def test_harm_is_contained_and_the_rest_is_graded(tmp_path):
    began = time.monotonic()
    done = run(tmp_path, a_right=notebook(RIGHT), z_right=notebook(RIGHT), broken="{",
               **{name: notebook(*cells) for name, cells in HARM.items()})
    earned = {name: result["points"] for name, result in done.items()}
    assert earned["a_right"] == earned["z_right"] == 3
    none = {"endless cell that swallows", "endless answer", "ends it hard", "ends it in an answer", "grows",
            "answers with too much", "answers with a knot", "forges", "overrides the check", "broken",
            "writes into the channel", "replies first", "replies in advance", "many small parts"}
    assert {name for name in earned if earned[name] == 0} == none
    assert "interrupted" in done["endless cell"]["failed_cells"][0][1] and earned["endless cell"] == 3
    assert "its time was over" in done["endless cell that swallows"]["note"]
    assert "it took more than 2 s" in by_task(done["endless answer"])["double"]["reason"]
    assert "ended itself" in by_task(done["ends it in an answer"])["double"]["reason"]
    assert found(done["ends it in an answer"]) == "found: still judged"
    assert "ended while double was judged" in done["ends it in an answer"]["note"]
    assert "MemoryError" in done["100 GB"]["failed_cells"][0][1]
    assert all(result["seconds"] < 15 for result in done.values()) and time.monotonic() - began < 100


@isolated
def test_a_fork_bomb_goes_out(tmp_path):
    bomb = notebook("import os\nwhile True:\n    try: os.fork()\n    except OSError: pass")
    done = run(tmp_path, bomb=bomb, right=notebook(RIGHT))
    assert done["right"]["points"] == 3
    assert "more than 12 processes" in done["bomb"]["note"] or "time was over" in done["bomb"]["note"]


@isolated
def test_nothing_is_left_running(tmp_path):
    """A process that leaves its group and its parent ends with the submission all the same."""
    mark = f"{time.monotonic_ns()}"
    code = (f"import os, subprocess, sys\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
            f"        os.execv(sys.executable, [sys.executable, '-c', 'import time; time.sleep(60)  # {mark}'])\n"
            "    os._exit(0)")
    assert run(tmp_path, daemon=notebook(code, RIGHT))["daemon"]["points"] == 3
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            assert mark not in path.read_text()
        except OSError:
            pass


@limited
def test_a_killed_grader_leaves_nothing_running(tmp_path):
    mark = f"{time.monotonic_ns()}"
    code = (f"from helpers.labs.process import Process, Settings\nwith Process(Settings(namespaces={ISOLATED})) as process:\n"
            f"    process.execute(['import os, sys\\nos.execv(sys.executable, [sys.executable, \"-c\", "
            f"\"import time; time.sleep(60)  # {mark}\"])'], {{}})")
    grader = subprocess.Popen([sys.executable, "-c", code])

    def running():
        return sum(mark in path.read_text() for path in pathlib.Path("/proc").glob("[0-9]*/cmdline")
                   if path.parent.name != str(grader.pid) and path.exists())

    def soon(wanted):
        ends = time.monotonic() + 20
        while running() != wanted and time.monotonic() < ends:
            time.sleep(0.1)
        return running() == wanted

    assert soon(1)
    grader.kill()
    grader.wait()
    assert soon(0)


@isolated
def test_other_files_are_out_of_reach(tmp_path, course):
    outside = tmp_path / "written-by-a-student"
    labs_folder = course / "helpers" / "labs"
    paths = [str(path) for path in (course / "chapters", course / "tests", tmp_path, labs_folder / "checks_05.py",
                                    labs_folder / "__pycache__", labs_folder / "grade.py", "/etc/shadow", "/home/student")]
    reads = f"import os\nfound = [path for path in {paths!r} if os.path.exists(path)]"
    places = [str(outside), str(course / "helpers" / "x"), sys.prefix + "/x", "/usr/x"]
    writes = (f"import os\nfound = []\nfor path in {places!r}:\n    try:\n"
              "        os.makedirs(os.path.dirname(path), exist_ok=True)\n        open(path, 'w').close()\n"
              "        found.append(path) if not path.startswith(%r) else None\n    except OSError: pass" % str(tmp_path))
    secrets = ("import os\nfound = [name for name in os.environ if 'SECRET' in name]\n"
               "found += [name for name in os.listdir('/proc') if name.isdigit() and name != str(os.getpid())]")
    done = run(tmp_path, other=notebook(RIGHT), reads=notebook(reads), writes=notebook(writes), secrets=notebook(secrets))
    assert found(done["reads"]) == found(done["writes"]) == "found: []" and not outside.exists()
    assert not (course / "helpers" / "x").exists() and not pathlib.Path("/usr/x").exists()
    assert found(done["secrets"]) == "found: []"


@isolated
def test_the_network_is_out_of_reach(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        port = server.getsockname()[1]
        code = (f"import socket\nfound = 'no network'\ntry:\n    socket.create_connection(('127.0.0.1', {port}), 1)\n"
                "    found = 'connected'\nexcept OSError: pass")
        done = run(tmp_path, caller=notebook(code))
        with pytest.raises(TimeoutError):
            server.accept()
    assert found(done["caller"]) == "found: no network"


@isolated
def test_a_submission_has_no_privileges(tmp_path):
    code = ("import os\nwith open('/proc/self/status') as file:\n    status = dict(line.split(':', 1) for line in file)\n"
            "found = [os.getuid() == 0, int(status['CapEff'], 16), int(status['NoNewPrivs']), os.listdir('/home')]")
    assert found(run(tmp_path, user=notebook(code))["user"]) == "found: [False, 0, 1, []]"


def test_many_submissions_are_quick(tmp_path):
    """The grader's own share: starting, judging, storing. The limit is generous for machines under load."""
    folder = tmp_path / "submissions"
    folder.mkdir()
    for number in range(12):
        (folder / f"s{number}.ipynb").write_text(notebook(RIGHT), encoding="utf-8")
    threads, began = threading.active_count(), time.monotonic()
    done = grade.grade(folder, tmp_path / "out", 1, QUICK, NUMBER)
    assert sum(result["points"] for result in done.values()) == 36
    assert (time.monotonic() - began) / 12 < 5 and threading.active_count() <= threads
