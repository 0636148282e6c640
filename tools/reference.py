#!/usr/bin/env python3
"""Record the reference run of lessons, the only way in which stored outputs and results are written.

    python tools/reference.py 01_classification/02_lenet --budget cpu
    python tools/reference.py --pages          only makes the pages' tables anew from data/results

A recording executes the notebook on real data, stores its outputs, writes data/results/<lesson>.json and
brings the tables of the README, the results page, the chapter's page and the other lessons up to date. When a cell fails,
or a dataset had to be replaced by its stand-in, nothing is written.
"""
import argparse
import datetime
import json
import os
import pathlib
import re
import sys
import tempfile
import time

import nbclient
import notebooks
import setup_cell

sys.path.insert(0, str(notebooks.ROOT))
from helpers import results  # noqa: E402

RESULTS = notebooks.ROOT / "data" / "results"


def record(lesson, budget):
    """Execute one lesson, and write its outputs and its result. Raises RuntimeError when it may not be published."""
    notebook = notebooks.read(lesson)
    cells = notebooks.code_cells(notebook)
    if not cells or not notebooks.is_setup(cells[0]):
        raise RuntimeError(f"{lesson}: the first code cell must be the setup cell")
    cells[0].source = setup_cell.text()
    with tempfile.TemporaryDirectory() as folder:
        target = pathlib.Path(folder) / "result.json"
        environment = dict(os.environ, COURSE_BUDGET=budget, COURSE_REFERENCE=str(target))
        began = time.perf_counter()

        def told(cell, cell_index, execute_reply=None):
            first = next((line for line in cell.source.splitlines() if line.strip()), "")
            print(f"{time.perf_counter() - began:7.1f} s  cell {cell_index:3d} done  {first[:70]}", flush=True)

        client = nbclient.NotebookClient(
            notebook, timeout=None, kernel_name="python3", on_cell_executed=told,
            resources={"metadata": {"path": str(notebooks.path_of(lesson).parent)}})
        client.execute(env=environment)
        if not target.is_file():
            raise RuntimeError(f"{lesson}: the lesson never called run.report, so there is no result to write")
        result = json.loads(target.read_text(encoding="utf-8"))
    replaced = [each["name"] for each in result["datasets"] if each["source"] == "stand-in"]
    if replaced:
        raise RuntimeError(f"{lesson}: {', '.join(replaced)} came from the stand-in. A reference run needs the real "
                           "data: go online, or name a folder that holds it in COURSE_DATA.")
    result = {"lesson": lesson, "code_digest": notebooks.digest(notebook),
              "recorded": datetime.date.today().isoformat(), **result,
              "seconds": round(time.perf_counter() - began, 1)}
    path = RESULTS / f"{lesson}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    notebooks.write(notebooks.set_measured(notebooks.normalise(notebook), result), lesson)
    print(f"{lesson}: recorded in {result['seconds'] / 60:.1f} minutes, "
          f"{notebooks.path_of(lesson).stat().st_size / 1e6:.2f} MB")
    for figure in result["figures"]:
        print("   ", {key: value for key, value in results.figure_row(figure).items()})


def _between(name, text, new):
    pattern = re.compile(rf"(<!-- {name}:begin -->\n).*?(<!-- {name}:end -->)", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"the markers <!-- {name}:begin --> and <!-- {name}:end --> are missing")
    return pattern.sub(lambda match: f"{match[1]}\n{new}\n\n{match[2]}", text)


def figures_table(found, link):
    """One table "published, baseline, ours" over many results; `link(lesson)` writes the lesson's cell."""
    rows = []
    for result in found:
        for figure in result["figures"]:
            row = results.figure_row(figure)
            if row["source"] != "–" and link is page_link:
                row["source"] = f"{{cite:p}}`{row['source']}`"
            rows.append({"lesson": link(result["lesson"]), **row})
    return results.table(rows) if rows else "No reference run has been recorded yet."


def page_link(lesson):
    return f"[{results.page_number(lesson)}](../chapters/{lesson}.ipynb)"


def readme_link(lesson):
    return f"[{results.page_number(lesson)}](chapters/{lesson}.ipynb)"


def timings_table(found):
    rows = [{"lesson": page_link(result["lesson"]), "budget": result["budget"], "time": results.minutes(result["seconds"]),
             "memory": f"{result['peak_memory_mb'] / 1024:.1f} GB" if result.get("peak_memory_mb") else "–",
             "device": result["device"], "backend": f"{result['backend']} {result['versions'].get(result['backend'], '')}",
             "Keras": result["versions"]["keras"], "data": ", ".join(each["name"] for each in result["datasets"]) or "–",
             "recorded": result["recorded"]} for result in found]
    return results.table(rows) if rows else "No reference run has been recorded yet."


def headlines(found):
    """The README's rows: for each lesson, its figures that a paper or tutorial has published."""
    return [{**result, "figures": [each for each in result["figures"] if each.get("published") is not None]}
            for result in found]


def pages():
    """{path: text} of every page that holds generated tables, as it should be."""
    found = results.load_all(RESULTS)
    wanted = {}

    def change(path, name, new):
        path = notebooks.ROOT / path
        wanted[path] = _between(name, wanted.get(path) or path.read_text(encoding="utf-8"), new)

    change("README.md", "results", figures_table(headlines(found), readme_link))
    change("guide/results.md", "results", figures_table(found, page_link))
    change("guide/results.md", "timings", timings_table(found))
    for index in sorted(notebooks.CHAPTERS.glob("*/index.md")):
        if "<!-- networks:begin -->" in index.read_text(encoding="utf-8"):
            chapter = [result for result in found if result["lesson"].startswith(index.parent.name + "/")]
            change(index.relative_to(notebooks.ROOT), "networks",
                   results.all_networks(chapter) or "No reference run has been recorded yet.")
    return wanted


def refresh(lesson, notebook):
    """Bring a stored notebook up to date without running it: minutes, table of networks, alternative texts."""
    result = results.load(lesson, RESULTS)
    notebooks.set_alternative_texts(notebook)
    if result:
        notebooks.set_networks(notebook, results.networks_table(lesson, result["figures"], RESULTS))
    return notebooks.set_measured(notebook, result)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lessons", nargs="*", help="lessons such as 01_classification/02_lenet")
    parser.add_argument("--budget", choices=("cpu", "gpu"), default="cpu")
    parser.add_argument("--pages", action="store_true", help="only make the tables anew")
    parser.add_argument("--digest", action="store_true", help="only print the lessons' digests")
    arguments = parser.parse_args()
    if not arguments.lessons and not arguments.pages:
        parser.error(f"name a lesson: {', '.join(notebooks.lessons())}")
    for lesson in arguments.lessons:
        if arguments.digest:
            print(lesson, notebooks.digest(notebooks.read(lesson)))
        else:
            record(lesson, arguments.budget)
    if not arguments.digest:
        for path, text in pages().items():
            path.write_text(text, encoding="utf-8")
        for lesson in notebooks.lessons():
            notebooks.write(refresh(lesson, notebooks.read(lesson)), lesson)


if __name__ == "__main__":
    main()
