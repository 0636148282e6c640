"""A lesson's run: its seed, its budget, its progress and its report (DESIGN: budgets and the report).

    run = helpers.start("01_classification/02_lenet", seed=0)
    epochs = run.pick(smoke=1, cpu=12, gpu=60)
    model.fit(..., verbose=0, callbacks=[run.progress()])
    run.report(system="LeNet-5", metric="test error", unit="%", ours=0.0081, baseline=0.887,
               published=0.0095, source="lecun1998", at_most=run.pick(smoke=0.4, cpu=0.01))
"""
import json
import logging
import os
import pathlib
import platform
import sys
import time

from helpers import results

BUDGETS = ("smoke", "cpu", "gpu")


def start(lesson, seed=0):
    """Begin a lesson: set every seed, choose the budget, say so in one line.

    `lesson` is the notebook's path below chapters/, without its ending. The budget is the environment
    variable COURSE_BUDGET (smoke, cpu or gpu); without it, gpu where Keras sees an accelerator, else cpu.
    Returns a `Run`. Raises ValueError for a budget that does not exist.
    """
    return Run(lesson, seed)


class Run:
    """One execution of a lesson.

    Attributes: lesson, seed, budget, backend, device, and steps_per_execution, for `compile`: how many steps
    Keras runs in one call, which changes the time alone (lesson 1.1).
    """

    def __init__(self, lesson, seed=0):
        import keras

        # TensorFlow writes its advice about retracing between a notebook's results.
        logging.getLogger("tensorflow").setLevel(logging.ERROR)
        self.lesson, self.seed = lesson, seed
        self.backend = keras.backend.backend()
        # Small networks spend most of their time between two steps. Keras on PyTorch takes no other number than 1.
        self.steps_per_execution = 1 if self.backend == "torch" else 20
        accelerator = _accelerator(self.backend)
        self.budget = os.environ.get("COURSE_BUDGET") or ("gpu" if accelerator else "cpu")
        if self.budget not in BUDGETS:
            raise ValueError(f"COURSE_BUDGET is {self.budget!r}; it must be one of {', '.join(BUDGETS)}")
        self.device = accelerator or f"{os.cpu_count()} CPU cores"
        keras.utils.set_random_seed(seed)
        self._began, self._figures = time.perf_counter(), []
        print(f"Lesson {results.page_number(lesson)}: budget {self.budget}, {self.backend} on {self.device}, "
              f"Keras {keras.__version__}, seed {seed}")

    def pick(self, *, smoke, cpu, gpu=None):
        """The value for this run's budget; `gpu` is `cpu` where it is left out."""
        return {"smoke": smoke, "cpu": cpu, "gpu": cpu if gpu is None else gpu}[self.budget]

    def progress(self, name=""):
        """A Keras callback that draws one progress bar for a whole `fit` (pass `verbose=0` to fit)."""
        return _progress(name)

    def report(self, *figures, **figure):
        """Show published, baseline and ours side by side; in a reference run also write the result.

        Give one figure by keywords, or several as dicts. Keys: system, metric, ours (required);
        better ("lower" or "higher"), unit ("%" prints fractions as per cent), baseline, published,
        source (a key of references.bib), spread and seeds, parameters, multiply_adds, seconds (of
        training), dataset, note; at_most / at_least: the bound beyond which the cell fails
        (not at budget cpu or gpu when a dataset was replaced by its stand-in).
        Raises ValueError for an unknown key, AssertionError beyond a bound or when a figure is not finite.
        """
        new = [dict(each) for each in figures] + ([figure] if figure else [])
        bounds = [(each.pop("at_most", None), each.pop("at_least", None)) for each in new]
        new = [_complete(each, most, least) for each, (most, least) in zip(new, bounds)]
        self._figures += new
        _show(results.table([results.figure_row(each) for each in new]))
        for each in new:
            if each["note"]:
                _show(f"*{each['system']}*: {each['note']}")
        for each, (most, least) in zip(new, bounds if self._bounds_apply() else ()):
            held = (most is None or each["ours"] <= most) and (least is None or each["ours"] >= least)
            bound = f"at most {most}" if most is not None else f"at least {least}"
            assert held, (f"{each['system']}: {each['metric']} is {each['ours']:.4g}, but must be {bound} at budget "
                          f"{self.budget}. Something in the training is broken, or the run had bad luck.")
        self._write()

    def _bounds_apply(self):
        """Bounds at smoke are made for the stand-ins, those of the other budgets for the datasets themselves."""
        from helpers.datasets import registry

        replaced = sorted({each["name"] for each in registry.LOADED if each["source"] == "stand-in"})
        if self.budget == "smoke" or not replaced:
            return True
        _show(f"*Not checked against the lesson's bounds: these are figures of a stand-in for {', '.join(replaced)}.*")
        return False

    def networks(self):
        """Show the table of all networks so far in this chapter: earlier lessons' results, then this run's."""
        shown = results.networks_table(self.lesson, self._figures)
        if shown:
            _show(shown)

    def _write(self):
        target = os.environ.get("COURSE_REFERENCE")  # set by the recorder of reference runs alone
        if not target:
            return
        from helpers.datasets import registry

        used = list(registry.LOADED)
        result = {"lesson": self.lesson, "budget": self.budget, "backend": self.backend, "device": self.device,
                  "versions": _versions(self.backend), "seconds": round(time.perf_counter() - self._began, 1),
                  "peak_memory_mb": _peak_memory(),
                  "download_mb": round(sum(registry.entry(each["name"]).megabytes or 0 for each in used), 1),
                  "datasets": used,
                  "figures": self._figures}
        pathlib.Path(target).write_text(json.dumps(result, indent=1, ensure_ascii=False), encoding="utf-8")


_KEYS = ("system", "metric", "better", "unit", "ours", "spread", "seeds", "baseline", "published", "source",
         "parameters", "multiply_adds", "seconds", "dataset", "note")


def _complete(figure, most, least):
    unknown, missing = set(figure) - set(_KEYS), {"system", "metric", "ours"} - set(figure)
    if unknown or missing:
        raise ValueError(f"report: {'unknown ' + str(sorted(unknown)) if unknown else ''}"
                         f"{' missing ' + str(sorted(missing)) if missing else ''}; the keys are {', '.join(_KEYS)}")
    if "better" not in figure:
        if most is None and least is None:
            raise ValueError(f"report: say whether {figure['metric']!r} is better 'lower' or 'higher'")
        figure["better"] = "lower" if most is not None else "higher"
    figure = {key: figure.get(key) for key in _KEYS}
    for key in ("ours", "spread", "baseline", "published", "seconds"):
        if figure[key] is not None:
            figure[key] = round(float(figure[key]), 6)  # NumPy scalars do not go into JSON
    for key in ("seeds", "parameters", "multiply_adds"):
        if figure[key] is not None:
            figure[key] = int(figure[key])
    assert abs(figure["ours"]) < float("inf"), f"{figure['system']}: {figure['metric']} is {figure['ours']}"
    return figure


def _show(markdown):
    try:
        from IPython import get_ipython
        from IPython.display import Markdown, display
    except ImportError:
        get_ipython = None
    if get_ipython and get_ipython():
        display(Markdown(markdown))
    else:
        print(markdown)


def _accelerator(backend):
    """The accelerator's name as the backend gives it, or None."""
    if backend == "tensorflow":
        import tensorflow

        devices = tensorflow.config.list_physical_devices("GPU")
        if devices:
            return tensorflow.config.experimental.get_device_details(devices[0]).get("device_name", "GPU")
    elif backend == "jax":
        import jax

        if jax.devices()[0].platform != "cpu":
            return jax.devices()[0].device_kind
    elif backend == "torch":
        import torch

        if torch.cuda.is_available():
            return torch.cuda.get_device_name(0)
        if torch.backends.mps.is_available():
            return "Apple GPU"
    return None


def _versions(backend):
    import importlib.metadata

    found = {"python": platform.python_version()}
    for name in ("keras", backend, "numpy"):
        for distribution in (name, f"{name}-cpu"):
            try:
                found[name] = importlib.metadata.version(distribution)
                break
            except importlib.metadata.PackageNotFoundError:
                continue
    return found


def _peak_memory():
    """Most memory that this process has held, in MB; None on Windows, which has no such counter."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024 * 1024 if sys.platform == "darwin" else 1024))


def _progress(name):
    import keras
    from tqdm import tqdm

    class Progress(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            total = self.params["epochs"] * (self.params["steps"] or 0)
            self.bar = tqdm(total=total or None, desc=name or None, mininterval=1.0, unit="step", leave=True)

        def on_epoch_begin(self, epoch, logs=None):
            self.done = 0

        def on_train_batch_end(self, batch, logs=None):
            self.bar.update(batch + 1 - self.done)  # several steps may have run in one call
            self.done = batch + 1

        def on_epoch_end(self, epoch, logs=None):
            self.bar.set_postfix({key: f"{float(number):.3f}" for key, number in (logs or {}).items()}, refresh=False)

        def on_train_end(self, logs=None):
            self.bar.close()

    return Progress()
