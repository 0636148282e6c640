"""Runs one submission and then answers the grader's questions about what it left behind. Only this runs students' code.

Started by the grader, confined (`jail`). It gets requests on its standard input and replies on its standard output;
both are moved out of the students' way, and whatever their code prints is thrown away.
"""
import linecache
import os
import signal
import sys
import types

from helpers.labs import wire
from helpers.labs.tasks import Server, describe


class OutOfTime(BaseException):
    """Raised in the middle of a student's code; no `except Exception` catches it."""


def _alarm(number, frame):
    raise OutOfTime


def limited(seconds, function, *arguments):
    """Call the function, but interrupt it after `seconds` where the system can (not on Windows)."""
    if not hasattr(signal, "setitimer"):
        return function(*arguments)
    signal.signal(signal.SIGALRM, _alarm)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)  # again and again, should the code swallow the first
    try:
        return function(*arguments)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def compiled(source, name):
    """A cell's code. What only Jupyter understands (`%magic`, `!command`, `name?`) becomes calls of `Shell`."""
    try:
        return compile(source, name, "exec")
    except SyntaxError as error:
        try:
            from IPython.core.inputtransformer2 import TransformerManager
        except ImportError:
            raise error from None
        return compile(TransformerManager().transform_cell(source), name, "exec")


class Shell:
    """What `get_ipython` gives in the grader: `%time`, `%%time` and `%%capture` run their code, all else does nothing."""

    def __init__(self, namespace):
        self.namespace = namespace

    def run_line_magic(self, magic, line, *more):
        if magic == "time":
            try:
                code = compile(line, "<magic>", "eval")
            except SyntaxError:
                code = compiled(line, "<magic>")
            return eval(code, self.namespace)

    def run_cell_magic(self, magic, line, cell):
        if magic in ("time", "capture"):
            exec(compiled(cell, "<magic>"), self.namespace)

    def system(self, command):
        pass

    def getoutput(self, command):
        return []


def execute(cells, namespace, seconds):
    """Execute the cells one after the other; a failing one does not stop the rest. Returns [(cell, what failed)].

    cells: sources, numbered from 1 in the list that comes back. seconds: at most for one cell.
    """
    failed = []
    for number, source in enumerate(cells, 1):
        name = f"<cell {number}>"
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        try:
            limited(seconds, lambda: exec(compiled(source, name), namespace))
        except OutOfTime:
            failed.append((number, f"it took more than {seconds:.0f} s and was interrupted"))
        except BaseException as error:
            failed.append((number, describe(error)))
    return failed


class GradedLab:
    """What `labs.open` gives in the grader: the constants, and checks that say nothing, since others judge."""

    def __init__(self, constants):
        self.__dict__.update(constants)

    def check(self, name=None, answer=None):
        pass

    hint = progress = check


def main():
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    job = wire.unpack(wire.read(requests))

    from helpers import labs

    labs.open = lambda *arguments, **options: GradedLab(job["constants"])
    module = sys.modules["__main__"] = types.ModuleType("__main__")
    shell = Shell(module.__dict__)
    module.__dict__.update(display=lambda *shown, **options: None, get_ipython=lambda: shell)
    failed = execute(job["cells"], module.__dict__, job["seconds_a_cell"])
    wire.write(replies, wire.pack({"failed": failed[:50]}))
    server = Server(module.__dict__)
    while (message := wire.read(requests)) is not None:
        request = wire.unpack(message)
        try:
            reply = limited(request["seconds"], server, request)
        except OutOfTime:
            reply = {"error": f"it took more than {request['seconds']:.0f} s"}
        except BaseException as error:
            reply = {"error": describe(error)}
        wire.write(replies, wire.pack(reply, server._keep))


if __name__ == "__main__":
    main()
