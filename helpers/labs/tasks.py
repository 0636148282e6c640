"""What a task of a lab is, and how an answer is judged. Needs NumPy alone, and never runs a student's code itself.

A check asks an `Answer` and never sees the object behind it: in the notebook it stands in the same process, in the
grader in another one. So one check serves both.
"""
import re
import zlib
from typing import Callable, NamedTuple

import numpy as np

from helpers.labs import wire

# How Jupyter, Colab and the grader name the code of a cell.
_CELL = re.compile(r"<cell |<ipython|.*[/\\]ipykernel_\d+[/\\]")


class Wrong(Exception):
    """The answer is wrong; the message tells the student why, in words that help."""


class NotAttempted(Exception):
    """The answer is still the stub: `...`, NotImplementedError, or no such name in the notebook."""


class Stopped(Exception):
    """The process that held the answer is gone; the message says why."""


class Task(NamedTuple):
    """One task of a lab.

    name: of the student's function or variable, and of the task. page: the lesson and section that teach it.
    parts: pairs (points, check); a check takes (answer, random generator, lab), raises `Wrong` or returns, and its
    docstring says what it looks at. by_hand: points that a person gives; the checks of such a task earn none.
    """

    name: str
    title: str
    minutes: int
    page: str
    hints: tuple
    parts: tuple
    by_hand: int = 0

    @property
    def points(self):
        return self.by_hand or sum(points for points, _ in self.parts)


class Verdict(float):
    """The points that an answer earned, with `status`, `reason` and `task`.

    status: "right", "partly right", "wrong", "not attempted" or "handed in" (to be marked by hand). The number
    itself is what nbgrader reads as partial credit.
    """

    def __new__(cls, task, status, points=0, reason="", missed=()):
        verdict = super().__new__(cls, points)
        verdict.task, verdict.status, verdict.reason, verdict.missed = task, status, reason, tuple(missed)
        return verdict

    def __str__(self):
        return f"{float(self):g} of {self.task.points} points"

    __repr__ = float.__repr__

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/plain": repr(self), "text/markdown": f"*{self}*"}


class Answer:
    """A student's answer, wherever it lives. Calling it calls the function; methods and attributes are reached by name.

    `send` takes a request and returns a reply (see `Server`). Results come back as plain data and arrays; an object
    that cannot travel, such as a network, comes back as another Answer. Raises `Wrong` when the student's code fails,
    `NotAttempted` when it answers with `...`.
    """

    def __init__(self, send, root, path=()):
        self._send, self._root, self._path = send, root, path

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return Answer(self._send, self._root, (*self._path, name))

    def __call__(self, *arguments, **options):
        return self._result(self._send({"root": self._root, "path": self._path, "arguments": arguments,
                                        "options": options}), (*arguments, *options.values()))

    def value(self):
        """The answer itself, where it is no function."""
        return self._result(self._send({"root": self._root, "path": self._path}), None)

    def _result(self, reply, given):
        if "error" in reply:
            call = "" if given is None else f" for ({', '.join(_short(each) for each in given)})"
            raise Wrong(f"{reply['error']}{call}")
        return self._reached(reply["value"])

    def _reached(self, value):
        if value is ...:
            raise NotAttempted
        if isinstance(value, wire.Kept):
            return Answer(self._send, value)
        if isinstance(value, (list, tuple)):
            return type(value)(self._reached(each) for each in value)
        if isinstance(value, dict):
            return {key: self._reached(each) for key, each in value.items()}
        return value


class Server:
    """Answers requests about the objects of a namespace; the other half of `Answer`."""

    def __init__(self, namespace):
        self.namespace, self.kept = namespace, []

    def __call__(self, request):
        """The reply to one request: {"value": …} or {"error": text}. Runs the student's code."""
        try:
            root = request["root"]
            if not isinstance(root, wire.Kept) and root not in self.namespace:
                return {"value": ...}
            target = self.kept[root.number] if isinstance(root, wire.Kept) else self.namespace[root]
            if target is ...:
                return {"value": ...}
            for name in request["path"]:
                target = getattr(target, name)
            if "arguments" in request:
                target = target(*map(_own, request["arguments"]), **request["options"])
            return wire.unpack(wire.pack({"value": target}, self._keep))
        except NotImplementedError:
            return {"value": ...}
        except (Exception, SystemExit) as error:
            return {"error": describe(error)}

    def _keep(self, value):
        self.kept.append(value)
        return len(self.kept) - 1


def _own(value):
    """A copy, so that a function that changes its input changes nobody else's."""
    return value.copy() if isinstance(value, np.ndarray) else value


def describe(error):
    """An exception in one line, with the line of the student's cell that it came from where that is known."""
    import traceback

    own = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if _CELL.match(frame.filename)]
    place = f" (line {own[-1]} of its cell)" if own else ""
    try:
        message = " ".join(str(error).split())[:300]
        return f"it raised {type(error).__name__}{': ' + message if message else ''}{place}"
    except BaseException:  # the text of an exception is a student's code, too
        return f"it raised an exception that cannot be written down{place}"


def _short(value):
    if isinstance(value, np.ndarray):
        return f"array {value.shape}"
    if isinstance(value, (int, float, str)) and len(str(value)) < 20:
        return repr(value)
    if isinstance(value, (list, tuple)) and 0 < len(value) <= 4:
        return f"[{', '.join(_short(each) for each in value)}]"
    return type(value).__name__


def judge(task, answer, seed, lab):
    """Judge one answer. The same seed gives the same inputs. Returns a `Verdict`; raises nothing.

    answer: an `Answer`. lab: whatever the checks ask for, such as constants and the budget.
    """
    points, reason, missed = 0, "", []
    for number, (worth, part) in enumerate(task.parts):
        rng = np.random.default_rng([seed, zlib.crc32(task.name.encode()), number])
        try:
            part(answer, rng, lab)
            points += worth
            continue
        except NotAttempted:
            if number == 0:
                return Verdict(task, "not attempted")
            why = "for some inputs it still returns `...`"
        except (Wrong, Stopped) as caught:
            why = str(caught)
        except Exception as error:  # an answer of a kind that the check did not expect
            why = f"this answer cannot be judged ({type(error).__name__}: {error})"
        missed.append(" ".join((part.__doc__ or part.__name__).split()).rstrip("."))
        reason = reason or why
    if task.by_hand:
        return Verdict(task, "wrong" if missed else "handed in", 0, reason, missed)
    status = "right" if not missed else "partly right" if points else "wrong"
    return Verdict(task, status, points, reason, missed)


# What checks are made of

def numbers(value, shape, what="the answer"):
    """`value` as a float array of this shape (None for a free side). Raises `Wrong` that says what it is instead."""
    if isinstance(value, Answer) or isinstance(value, (str, dict, bool)) or value is None:
        kind = "an object" if isinstance(value, Answer) else "None" if value is None else type(value).__name__
        raise Wrong(f"{what} must be an array of numbers, not {kind}" + (
            "; is a `return` missing?" if value is None else ""))
    try:
        array = np.asarray(value, dtype=np.complex128 if np.iscomplexobj(value) else np.float64)
    except (ValueError, TypeError):
        raise Wrong(f"{what} must be an array of numbers of one shape") from None
    if np.iscomplexobj(array):
        raise Wrong(f"{what} must be real numbers, not complex ones")
    fits = array.ndim == len(shape) and all(want in (None, got) for want, got in zip(shape, array.shape))
    if not fits:
        sides = ", ".join("any" if side is None else str(side) for side in shape)
        wanted = f"of shape ({sides})" if shape else "a single number"
        raise Wrong(f"{what} must be {wanted}, not {array.shape}")
    if np.isnan(array).any():
        raise Wrong(f"{what} holds NaN")
    return array


def expect(condition, reason):
    """Raise `Wrong` with the reason unless the condition holds."""
    if not condition:
        raise Wrong(reason)
