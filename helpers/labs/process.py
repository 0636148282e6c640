"""One submission's process, seen from the grader: started confined, watched, asked, ended.

The grader never runs a student's code; it sends requests to this process and reads replies (`wire`).
"""
import json
import os
import pathlib
import shutil
import signal
import site
import subprocess
import sys
import tempfile
import threading
import time
from typing import NamedTuple

from helpers.labs import wire
from helpers.labs.tasks import Stopped

HERE = pathlib.Path(__file__).resolve().parent
SEEN_BY_WORKERS = ("__init__.py", "tasks.py", "wire.py", "worker.py")


class Settings(NamedTuple):
    """The limits of one submission. Times in seconds; a page of `guide/instructors` says what holds on which system."""

    seconds: float = 300       # for executing the notebook
    seconds_a_cell: float = 240
    seconds_a_call: float = 30  # for one question to an answer
    seconds_to_judge: float = 180  # for all of them
    memory_mb: int = 4096      # of all its processes together, as held in memory
    address_mb: int = 16384    # asked for by one process; TensorFlow asks for far more than it uses
    disk_mb: int = 512         # written
    processes: int = 32
    threads: int = 512
    cores: int = 1             # that the numerical libraries are told to use
    budget: str = "smoke"
    namespaces: bool = False   # whether the system can hide its files, network and processes (`can_isolate`)


def _specification(settings, root, slot):
    """What `jail` needs to know, as plain data."""
    package = HERE.parent
    checkout = package.parent
    readable = [sys.prefix, sys.base_prefix, os.path.dirname(os.path.realpath(sys.executable)), str(package)]
    readable += [str(checkout / "data")] if (checkout / "data" / "datasets.toml").is_file() else []
    packages = [path for path in [site.getusersitepackages()] if path in sys.path]
    readable += packages
    handed_on = {name: os.path.abspath(os.environ[name]) for name in ("COURSE_DATA", "COURSE_CACHE") if name in os.environ}
    readable += handed_on.values()
    if "KERAS_BACKEND" in os.environ:
        handed_on["KERAS_BACKEND"] = os.environ["KERAS_BACKEND"]
    home = "/home" if settings.namespaces else str(root)
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": home, "TMPDIR": home, "USERPROFILE": home,
                   "SYSTEMROOT": os.environ.get("SYSTEMROOT", ""), "LANG": "C.UTF-8", "PYTHONUTF8": "1",
                   "PYTHONPATH": os.pathsep.join([str(checkout), *packages]), "PYTHONDONTWRITEBYTECODE": "1",
                   "MPLBACKEND": "Agg", "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3",
                   **handed_on, "COURSE_BUDGET": settings.budget, "COURSE_OFFLINE": "1"}
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        environment[name] = str(settings.cores)
    return {"namespaces": settings.namespaces, "root": str(root), "readable": list(dict.fromkeys(readable)),
            "only": {"folder": str(HERE), "names": SEEN_BY_WORKERS}, "environment": environment,
            # As root, each of the submissions that run side by side is a user of its own.
            "user": 61000 + slot if hasattr(os, "geteuid") and os.geteuid() == 0 else 1000,
            "disk_mb": settings.disk_mb, "address_mb": settings.address_mb, "threads": settings.threads,
            "cpu_seconds": int((settings.seconds + settings.seconds_to_judge) * max(2, settings.cores)),
            "command": [sys.executable, "-s", "-m", "helpers.labs.worker"]}


def _start(specification):
    if os.name == "posix":
        command = [sys.executable, "-I", "-S", str(HERE / "jail.py"), json.dumps(specification)]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                start_new_session=True, env={"PATH": os.environ.get("PATH", "")})
    return subprocess.Popen(specification["command"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, cwd=specification["root"], env=specification["environment"])


def works(settings):
    """Whether a submission can be run at all with these settings."""
    try:
        with Process(settings) as process:
            process.execute([], {})
        return True
    except Stopped:
        return False


def can_isolate():
    """Whether this system lets the grader hide files, network and other processes from a submission."""
    return sys.platform == "linux" and works(Settings(namespaces=True, seconds=60))


class Process:
    """A confined process with one submission in it; use it in a `with` statement. Raises `Stopped` once it is gone."""

    def __init__(self, settings, slot=0):
        self.settings, self._why, self._ends = settings, None, time.monotonic() + 60
        self._root = pathlib.Path(tempfile.mkdtemp(prefix="lab-"))
        specification = _specification(settings, self._root, slot)
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            os.chown(self._root, specification["user"], specification["user"])
        self._process = _start(specification)
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._end("finished")
        self._watcher.join()
        for stream in (self._process.stdin, self._process.stdout):
            try:
                stream.close()
            except OSError:
                pass
        shutil.rmtree(self._root, ignore_errors=True)

    def execute(self, cells, constants):
        """Run the cells (sources); returns [(cell number, what failed)]. `constants` are those of the lab's variant."""
        settings = self.settings
        reply = self._exchange({"cells": cells, "constants": constants, "seconds_a_cell": settings.seconds_a_cell},
                               settings.seconds)
        self._last = time.monotonic() + settings.seconds_to_judge
        try:
            return [(int(number), str(what)[:500]) for number, what in reply["failed"]]
        except (KeyError, ValueError, TypeError):
            self._end("it meddled with the grader's messages")
            raise Stopped(self._why) from None

    @property
    def gone(self):
        """Why the process has ended; None while it has not."""
        return self._why

    def ask(self, request):
        """Pass a request on to the submission's `Server` and return its reply."""
        seconds = self.settings.seconds_a_call
        reply = self._exchange({**request, "seconds": seconds}, seconds + 5, self._last)
        if "error" in reply:
            return {"error": str(reply["error"])[:500]}
        return {"value": reply.get("value")}

    def _exchange(self, request, seconds, at_the_latest=float("inf")):
        self._ends = min(time.monotonic() + seconds, at_the_latest)
        reply = None
        try:
            wire.write(self._process.stdin, wire.pack(request))
            message = wire.read(self._process.stdout)
            reply = wire.unpack(message) if message is not None else None
        except ValueError as error:
            self._end(f"it answered with something unreadable ({error})")
        except OSError:
            pass
        if not isinstance(reply, dict) or not {"failed", "value", "error"} & set(reply):
            self._end("the program ended itself, or the system ended it")
            raise Stopped(self._why)
        return reply

    def _watch(self):
        while self._process.poll() is None:
            time.sleep(0.1)
            count, held = _weigh(_family(self._process.pid))
            if time.monotonic() > self._ends:
                self._end("its time was over")
            elif count > self.settings.processes:
                self._end(f"it started more than {self.settings.processes} processes")
            elif held > self.settings.memory_mb:
                self._end(f"it needed more than {self.settings.memory_mb} MB of memory")

    def _end(self, why):
        self._why = self._why or why
        if self._process.poll() is None:
            for pid in [*_family(self._process.pid), self._process.pid]:
                try:
                    os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
                except OSError:
                    pass
            try:
                os.killpg(self._process.pid, signal.SIGKILL)  # where there is no /proc to find the family in
            except (OSError, AttributeError):
                pass
            self._process.wait()


def _family(pid):
    """A process and all below it: [(pid, …)] on Linux, the process alone elsewhere. The youngest first."""
    try:
        names = list(filter(str.isdigit, os.listdir("/proc")))
    except OSError:
        return [pid]
    below = {}
    for name in names:
        try:
            with open(f"/proc/{name}/stat") as file:
                parent = int(file.read().rpartition(")")[2].split()[1])
            below.setdefault(parent, []).append(int(name))
        except (OSError, IndexError, ValueError):
            pass
    found = [pid]
    for each in found:
        found += below.get(each, [])
    return found[::-1]


def _weigh(pids):
    """How many processes, and the megabytes that they hold in memory together (0 where the system does not say)."""
    pages = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/statm") as file:
                pages += int(file.read().split()[1])
        except (OSError, IndexError, ValueError):
            pass
    return len(pids), pages * 4096 / 2**20
