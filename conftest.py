"""How the tests run: offline, at budget smoke, each notebook timed, a dead kernel noticed at once."""
import os
import pathlib
import re
import subprocess
import sys
import time
from queue import Empty

import pytest

ROOT = pathlib.Path(__file__).parent
sys.path.insert(0, str(ROOT / "tools"))

# The kernels inherit these: every notebook runs the way a machine without a network or data would run it.
os.environ["COURSE_BUDGET"] = "smoke"
os.environ["COURSE_OFFLINE"] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))

# The labs' notebooks are run by tests/test_labs_NN.py, which also looks at what comes out.
collect_ignore_glob = ["_build*", "*.venv*", "*/lab.ipynb", "*/lab_student.ipynb"]
_SECONDS = {}
_MEASURED = []


def watch(kernel_class, interval=2.0):
    """Make nbval's kernel notice its own death: nbval alone waits until the cell's time is over.

    The wait for a message is cut into slices of `interval` seconds, and between them the process is looked at.
    """
    wait = kernel_class.get_message

    def get_message(self, stream, timeout=None):
        ends = None if timeout is None else time.monotonic() + float(timeout)
        while True:
            left = interval if ends is None else min(interval, ends - time.monotonic())
            try:
                return wait(self, stream, timeout=max(left, 0.0))
            except Empty:
                if not self.km.is_alive():
                    raise RuntimeError("the notebook's kernel died (out of memory, or a crash in a library)") from None
                if ends is not None and time.monotonic() >= ends:
                    raise

    kernel_class.get_message = get_message


def pytest_configure(config):
    try:
        from nbval.kernel import RunningKernel
    except ImportError:
        return
    watch(RunningKernel)


def pytest_collectstart(collector):
    # The error stream is not stored, as it differs from machine to machine; so it is not compared either.
    if collector.path and collector.path.suffix == ".ipynb":
        collector.skip_compare += ("stderr",)


def pytest_runtest_logreport(report):
    name = report.nodeid.split("::")[0]
    if name.endswith(".ipynb"):
        seconds, failed = _SECONDS.get(name, (0.0, 0))
        _SECONDS[name] = (seconds + report.duration, failed + report.failed)


def pytest_terminal_summary(terminalreporter):
    if _MEASURED:
        terminalreporter.section("measured")
        for line in _MEASURED:
            terminalreporter.write_line(line)
    if _SECONDS:
        terminalreporter.section("notebooks")
        for name, (seconds, failed) in _SECONDS.items():
            terminalreporter.write_line(f"{seconds:6.1f} s  {name}" + (f"  {failed} cells failed" if failed else ""))


def pytest_collection_modifyitems(session, config, items):
    # Quick tests first, the book and the notebooks last: a small mistake shows before the long work.
    order = {"test_site.py": 1, "test_browser.py": 1}
    items.sort(key=lambda item: 2 if item.path.suffix == ".ipynb" else order.get(item.path.name, 0))


@pytest.fixture
def course():
    """The folder of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def measured():
    """A list of lines: what a test puts into it is printed at the end, whether the test passes or not."""
    return _MEASURED


def processor_seconds():
    """What the processes that were started here and have ended computed; the clock where no system counts it."""
    try:
        import resource
    except ImportError:
        return time.perf_counter()
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@pytest.fixture(scope="session")
def book(tmp_path_factory):
    """The freshly built site: (folder of its pages, seconds by the clock, seconds of the processor)."""
    out = tmp_path_factory.mktemp("site")
    began, computed = time.perf_counter(), processor_seconds()
    done = subprocess.run(
        [sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build", str(ROOT),
         "--path-output", str(out), "--all", "-W", "-n", "--keep-going"],
        capture_output=True, text=True, encoding="utf-8", errors="replace")
    took = time.perf_counter() - began, processor_seconds() - computed
    lines = (done.stdout + done.stderr).splitlines()
    told = [line for line in lines if re.search("WARNING|ERROR|Traceback", line)] or lines[-30:]
    assert done.returncode == 0, "the book does not build cleanly:\n" + "\n".join(told)
    return out / "_build" / "html", *took


@pytest.fixture(scope="session")
def site(book):
    """The folder of the freshly built pages."""
    return book[0]
