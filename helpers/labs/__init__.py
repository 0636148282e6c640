"""The labs: checks and hints for the student; release and grade for the instructor (`python -m helpers.labs`).

    from helpers import labs
    lab = labs.open("05")
    lab.check("bands", bands)     # right, wrong with the reason, or not attempted
    lab.hint("bands")             # one hint after the other
    lab.progress()                # what is done and what is left

An answer that has not been written yet is `...`, Python's own sign for it. Nothing of this needs the network.
"""
import importlib
import os
import re
import textwrap

from helpers.labs.tasks import Answer, Server, Verdict, judge

PUBLIC_SEED = 0  # of the checks in the notebook; the grader uses the instructor's


def open(number, variant=0):  # read as labs.open
    """The lab of chapter `number` ("05"), in a class's own variant. Raises ValueError where there is none."""
    return Lab(number, variant)


def filled(*values):
    """False while one of the values, or a part of one, is still `...`: whether the next cell can use them."""
    return not any(value is ... or isinstance(value, (list, tuple)) and not filled(*value) for value in values)


def checks(number):
    """The module with the tasks of a lab. Raises ValueError where there is none."""
    try:
        return importlib.import_module(f"helpers.labs.checks_{number}")
    except ModuleNotFoundError:
        raise ValueError(f"there is no lab {number!r}; labs have two digits, as in labs.open(\"05\")") from None


class Lab:
    """A student's lab. The constants of its variant are attributes; `checks_NN.constants` names them.

    Attributes besides: number, variant, budget, tasks.
    """

    def __init__(self, number, variant=0):
        module = checks(number)
        self.number, self.variant, self.tasks = number, variant, {task.name: task for task in module.TASKS}
        self.budget = os.environ.get("COURSE_BUDGET") or "cpu"
        self._verdicts, self._hints = {}, {}
        for name, value in module.constants(variant).items():
            setattr(self, name, value)

    def _task(self, name):
        if name not in self.tasks:
            raise ValueError(f"lab {self.number} has no task {name!r}; it has {', '.join(self.tasks)}")
        return self.tasks[name]

    def check(self, name, answer):
        """Judge an answer, say what came out, and return the points as a `Verdict`.

        Raises ValueError for a name that is no task.
        """
        task = self._task(name)
        verdict = judge(task, Answer(Server({name: answer}), name), PUBLIC_SEED, self)
        self._verdicts[name] = verdict
        told = f"{name}: {verdict.status}."
        if verdict.status in ("wrong", "partly right"):
            told += f" {_sentence(verdict.reason)}\nHelp: lab.hint(\"{name}\"), and {task.page}."
        elif verdict.status == "handed in":
            told += f" Up to {task.points} points are given by the person who marks it."
        print("\n".join(textwrap.fill(line, 110) for line in told.splitlines()))
        return verdict

    def hint(self, name):
        """Print the next hint of a task; after the last, the first again."""
        task = self._task(name)
        number = self._hints.get(name, 0)
        self._hints[name] = (number + 1) % len(task.hints)
        print(textwrap.fill(f"Hint {number + 1} of {len(task.hints)}: {task.hints[number]} (See {task.page}.)", 110))

    def progress(self):
        """Show each task with its points, its minutes and how it stands."""
        from helpers import results
        from helpers.run import _show

        rows = []
        for name, task in self.tasks.items():
            verdict = self._verdicts.get(name, Verdict(task, "not checked yet"))
            by_hand = verdict.status == "handed in"
            rows.append({"task": f"`{name}`: {task.title}", "how it stands": verdict.status,
                         "points": f"{'?' if by_hand else format(float(verdict), 'g')} of {task.points}",
                         "minutes": str(task.minutes)})
        marked = [task for task in self.tasks.values() if not task.by_hand]
        earned = sum(float(self._verdicts.get(task.name, 0)) for task in marked)
        _show(results.table(rows) + f"\n\n**{earned:g} of {sum(task.points for task in marked)} points** of the tasks "
              "that a program checks. The grader uses the same checks with other inputs.")


def _sentence(text):
    text = text[:1].upper() + text[1:]
    return text if re.search(r"[.?!]$", text) else text + "."
