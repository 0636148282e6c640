"""The results of the reference runs: where they lie and how their figures are written.

A result is one JSON file a lesson, `data/results/<chapter>/<lesson>.json`. Every table of figures in the
course (lessons, README, results page) is made from these files by the functions below.
"""
import json
import pathlib

_BESIDE = pathlib.Path(__file__).resolve().parent
_PLACES = (_BESIDE.parent / "data" / "results", _BESIDE / "results_data")  # a checkout, an installed package


def folder():
    """The folder of the results: that of the checkout, else the copy inside the installed package."""
    return next((place for place in _PLACES if place.is_dir()), _PLACES[0])


def load(lesson, where=None):
    """The result of `lesson` ("01_classification/02_lenet") as a dict, or None when there is none."""
    path = (where or folder()) / f"{lesson}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def load_all(where=None):
    """All results, in the order of the course."""
    where = where or folder()
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(where.glob("*/*.json"))]


def page_number(lesson):
    """"01_classification/02_lenet" -> "1.2", the number that the page has on the site; a lab is "1.lab"."""
    numbers = (part.split("_")[0] for part in lesson.split("/"))
    return ".".join(str(int(number)) if number.isdigit() else number for number in numbers)


def value(number, unit=None):
    """A figure as text: 0.0095 with unit "%" is "0.95 %"; None is a dash."""
    if number is None:
        return "–"
    if unit == "%":
        return f"{100 * number:.2f} %" if abs(number) < 0.0995 else f"{100 * number:.1f} %"
    text = f"{number:,.4g}" if abs(number) < 1000 else f"{number:,.0f}"
    return f"{text} {unit}" if unit else text


def count(number):
    """A large count as text: 61706 -> "61,706", 1234567 -> "1.23 M", None -> a dash."""
    if number is None:
        return "–"
    for size, name in ((1e9, "G"), (1e6, "M")):
        if number >= size:
            return f"{number / size:.3g} {name}"
    return f"{int(number):,}"


def minutes(seconds):
    """Seconds as text: "48 s" below two minutes, else "12 min"."""
    if seconds is None:
        return "–"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def duration(seconds):
    """A training's seconds as text, to a tenth of a minute from two minutes on."""
    if seconds is None:
        return "–"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.1f} min"


_FIGURES = {"published", "baseline", "ours", "test accuracy", "parameters", "multiply-adds", "training", "time",
            "memory", "result"}


def table(rows):
    """A Markdown table from a list of dicts with the same keys; columns of figures are right-aligned."""
    names = list(rows[0])
    lines = ["| " + " | ".join(names) + " |", "|" + "".join("--:|" if name in _FIGURES else ":--|" for name in names)]
    lines += ["| " + " | ".join(str(row[name]) for name in names) + " |" for row in rows]
    return "\n".join(lines)


def _as_published(number, unit):
    """A published figure with the decimals that its paper gives: 0.9125 is "91.25 %", 0.7 is "70.0 %"."""
    decimals = 2 if number is not None and round(1000 * number, 6) % 1 else 1
    return f"{100 * number:.{decimals}f} %" if unit == "%" and number is not None else value(number, unit)


def figure_row(figure):
    """One figure of a result as a row of the table "published, baseline, ours"."""
    unit = figure.get("unit")
    ours = value(figure["ours"], unit)
    if figure.get("spread") is not None:
        ours += f" ± {value(figure['spread'], unit)} ({figure['seeds']} seeds)"
    arrow = {"lower": "↓", "higher": "↑"}[figure["better"]]
    return {"system": figure["system"], "metric": f"{figure['metric']} {arrow}",
            "published": _as_published(figure.get("published"), unit), "baseline": value(figure.get("baseline"), unit),
            "ours": ours, "source": figure.get("source") or "–"}


def _judged(figure):
    """What a network is judged by, and how it did: an error on test images counts as the accuracy that it leaves."""
    metric, ours = figure["metric"], figure["ours"]
    return ("test accuracy", value(1 - ours, "%")) if metric == "test error" else (metric, value(ours, figure.get("unit")))


def network_row(lesson, figure, judged_by):
    """One figure as a row of the table of networks; `judged_by` names the column of its metric, None if they differ."""
    metric, ours = _judged(figure)
    return {"network": figure["system"], "lesson": page_number(lesson), "data": figure.get("dataset") or "–",
            judged_by or "result": ours if judged_by else f"{metric}: {ours}",
            "parameters": count(figure.get("parameters")),
            "multiply-adds": count(figure.get("multiply_adds")), "training": duration(figure.get("seconds"))}


def all_networks(found):
    """The table of all networks in the results `found`; None if there is none.

    Only figures with a number of parameters are networks.
    """
    networks = [(each["lesson"], figure) for each in found for figure in each["figures"] if figure.get("parameters")]
    metrics = {_judged(figure)[0] for _, figure in networks}
    judged_by = metrics.pop() if len(metrics) == 1 else None
    return table([network_row(*each, judged_by) for each in networks]) if networks else None


def networks_table(lesson, figures, where=None):
    """The table of all networks of the chapter up to `lesson`, whose own figures are given; None if there is none.

    Earlier lessons' rows come from their results.
    """
    chapter = lesson.split("/")[0]
    earlier = [result for result in load_all(where or folder())
               if result["lesson"].startswith(chapter + "/") and result["lesson"] < lesson]
    return all_networks([*earlier, {"lesson": lesson, "figures": figures}])
