"""Hygiene of the lessons, the recorder's honesty, and a kernel that dies."""
import copy
import json
import os
import re
import subprocess
import sys
import time

import nbformat
import pytest

import notebooks
import reference
import setup_cell
from helpers import results

LESSONS = notebooks.lessons()
SECTIONS = ["At a glance", "Setup", "The idea", "The data", "The baseline", "The model", "Training", "The result",
            "The report", "What you learned", "Exercises", "Further reading"]
every_lesson = pytest.mark.parametrize("lesson", LESSONS)


def prose(notebook):
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def test_there_are_lessons():
    assert LESSONS


@every_lesson
def test_setup_cell_is_the_same_everywhere(lesson):
    first = notebooks.code_cells(notebooks.read(lesson))[0]
    assert first.source == setup_cell.text(), "record the lesson, or run tools/repository.py"


@every_lesson
def test_anatomy(lesson):
    text = prose(notebooks.read(lesson))
    assert len(re.findall(r"^# ", text, re.MULTILINE)) == 1
    found = [heading for heading in re.findall(r"^## (.+)$", text, re.MULTILINE) if heading in SECTIONS]
    assert found == SECTIONS, f"sections missing or out of order: {found}"
    assert f"/blob/main/chapters/{lesson}.ipynb" in text, "the Colab badge names another page"
    exercises = text.split("## Exercises")[1].split("## Further reading")[0]
    count = len(re.findall(r"^\*\*\d+\. ", exercises, re.MULTILINE))
    assert 3 <= count <= 5 and exercises.count("<details>") == exercises.count("</details>") == count


@every_lesson
def test_code_is_plain_keras_on_every_backend(lesson):
    for number, cell in enumerate(notebooks.code_cells(notebooks.read(lesson))):
        for line in cell.source.splitlines():
            assert not re.match(r"\s*[!%]", line), f"code cell {number}: no shell lines, no magics: {line}"
            assert not re.match(r"\s*(import|from) (tensorflow|jax|torch)\b", line), f"code cell {number}: {line}"
        assert "run.budget" not in cell.source, f"code cell {number}: budgets differ through run.pick alone"
        assert "COURSE_" not in cell.source, f"code cell {number}: the environment is the helpers' business"


@every_lesson
def test_stored_outputs_are_complete_and_clean(lesson):
    notebook, path = notebooks.read(lesson), notebooks.path_of(lesson)
    cells = notebooks.code_cells(notebook)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1)), "not stored by one whole run"
    for number, cell in enumerate(cells):
        for output in cell.outputs:
            assert output.output_type != "error" and output.get("name") != "stderr", f"code cell {number}"
            if "image/png" in output.get("data", {}):
                alt = output.metadata["image/png"]["alt"]
                assert len(alt.split()) >= 5, f"code cell {number}: alternative text says too little: {alt}"
                assert alt in cell.metadata["mystnb"]["image"]["alt"]
    assert set(notebook.metadata) <= {"kernelspec", "language_info", "accelerator", "colab"}
    assert path.stat().st_size < 1_500_000, f"{path.stat().st_size / 1e6:.1f} MB"


@every_lesson
def test_no_formula_has_lost_a_backslash(lesson):
    """A formula written through a Python string turns \\text into a tab and "ext", \\right into a new line and "ight"."""
    for number, cell in enumerate(notebooks.read(lesson).cells):
        found = re.search(r".{0,30}[\x00-\x09\x0b-\x1f].{0,30}", cell.source)
        assert not found, f"cell {number}: {found[0]!r}"
        if cell.cell_type == "markdown":
            left, right = (len(re.findall(rf"\\{side}(?![a-z])", cell.source)) for side in ("left", "right"))
            assert left == right, f"cell {number}: {left} \\left and {right} \\right"


@every_lesson
def test_some_outputs_are_compared(lesson):
    checked = [cell for cell in notebooks.code_cells(notebooks.read(lesson)) if "# NBVAL_CHECK_OUTPUT" in cell.source]
    assert len(checked) >= 2 and all(cell.outputs for cell in checked)


@every_lesson
def test_result_belongs_to_this_code(lesson):
    result = results.load(lesson, reference.RESULTS)
    again = f"run: make reference LESSON={lesson}"
    assert result, f"no reference run is stored; {again}"
    assert result["code_digest"] == notebooks.digest(notebooks.read(lesson)), f"the code has changed since; {again}"
    assert result["lesson"] == lesson and result["budget"] in ("cpu", "gpu") and result["figures"]
    assert all(each["source"] != "stand-in" for each in result["datasets"])


@every_lesson
def test_minutes_and_table_of_networks_come_from_the_results(lesson):
    notebook = notebooks.read(lesson)
    wanted = reference.refresh(lesson, copy.deepcopy(notebook))
    assert notebook == wanted, "a result has changed since: run tools/reference.py --pages"


@every_lesson
def test_notebook_is_in_normal_form(lesson):
    notebook = notebooks.read(lesson)
    assert notebooks.normalise(copy.deepcopy(notebook)) == notebook


def test_results_belong_to_lessons():
    stored = {path.relative_to(reference.RESULTS).with_suffix("").as_posix()
              for path in reference.RESULTS.glob("*/*.json")}
    assert stored <= set(LESSONS), f"results without a lesson: {stored - set(LESSONS)}"


def test_tables_of_the_pages_are_up_to_date():
    for path, wanted in reference.pages().items():
        assert path.read_text(encoding="utf-8") == wanted, f"{path.name}: run tools/reference.py --pages"


def example():
    return nbformat.v4.new_notebook(cells=[
        nbformat.v4.new_markdown_cell("# Title\n\n<!-- measured:begin -->old<!-- measured:end -->"),
        nbformat.v4.new_code_cell(setup_cell.text()),
        nbformat.v4.new_code_cell("print(1)", execution_count=7, metadata={"execution": {"a": "1"}}, outputs=[
            nbformat.v4.new_output("stream", name="stdout", text="a"),
            nbformat.v4.new_output("stream", name="stderr", text="warning"),
            nbformat.v4.new_output("stream", name="stdout", text="b"),
            nbformat.v4.new_output("display_data", {"image/png": "iVBOR", "text/plain": "x"},
                                   metadata={"image/png": {"alt": "what it shows"}})])],
        metadata={"widgets": {"state": {}}, "accelerator": "GPU"})


def test_digest_sees_code_and_nothing_else():
    before, changed = notebooks.digest(example()), example()
    changed.cells[0].source = "# Another title"
    changed.cells[1].source = changed.cells[1].source.replace("https://github.com", "https://example.org")
    changed.cells[2].outputs = []
    assert notebooks.digest(changed) == before
    changed.cells[2].source = "print(2)"
    assert notebooks.digest(changed) != before


def drawn(code):
    notebook = example()
    notebook.cells[2].source = code
    return notebook


def test_a_value_for_smoke_may_change_without_a_new_run():
    before, smoke, cpu, text = (notebooks.digest(drawn(f"steps = run.pick(smoke={a}, cpu={b})\nplots.x(alt={c})")) for a, b, c in (
        (1, 2, "'a'"), ("(3,\n 'ä')", 2, "'a'"), (1, 3, "'a'"), (1, 2, "run.pick(smoke='b', cpu='c')")))
    assert before == smoke == text != cpu


def test_alternative_text_may_be_mended_without_a_new_run():
    before = drawn("plots.bars(['ä'], [1],\n           alt='One bar '\n               'and no more.', form='x')\nprint(1)")
    after = drawn("plots.bars(['ä'], [1],\n           alt='A single bar.', form='x')\nprint(1)")
    other = drawn("plots.bars(['ä'], [2],\n           alt='A single bar.', form='x')\nprint(1)")
    assert notebooks.digest(before) == notebooks.digest(after) != notebooks.digest(other)
    cell = notebooks.set_alternative_texts(after).cells[2]
    assert cell.outputs[-1].metadata["image/png"]["alt"] == cell.metadata["mystnb"]["image"]["alt"] == "A single bar."


def test_normalise():
    notebook = notebooks.normalise(example())
    cell = notebook.cells[2]
    assert [output.output_type for output in cell.outputs] == ["stream", "display_data"]
    assert cell.outputs[0].text == "ab" and cell.execution_count == 2
    assert cell.metadata == {"mystnb": {"image": {"alt": "what it shows"}}}
    assert set(notebook.metadata) == {"kernelspec", "language_info", "accelerator"}


def test_measured_line_needs_its_markers():
    result = {"seconds": 95, "device": "2 CPU cores", "budget": "cpu", "backend": "tensorflow",
              "recorded": "2026-12-01", "versions": {"python": "3.13.1", "keras": "3.15.1"}, "peak_memory_mb": 2150}
    shown = notebooks.set_measured(example(), result).cells[0].source
    assert "2 minutes on 2 CPU cores" in shown and "2.1 GB" in shown and "keras 3.15.1" in shown
    notebook = example()
    notebook.cells[0].source = "# Title"
    with pytest.raises(ValueError, match="measured:begin"):
        notebooks.set_measured(notebook, result)


def test_recorder_refuses_what_may_not_be_published(tmp_path, monkeypatch):
    """A failing cell or a stand-in leaves notebook and results as they were."""
    lesson = "01_classification/01_small"
    monkeypatch.setattr(notebooks, "CHAPTERS", tmp_path / "chapters")
    monkeypatch.setattr(reference, "RESULTS", tmp_path / "results")
    path = tmp_path / "chapters" / f"{lesson}.ipynb"
    path.parent.mkdir(parents=True)
    report = ("import json, os\nopen(os.environ['COURSE_REFERENCE'], 'w').write(json.dumps({'datasets': "
              "[{'name': 'mnist', 'source': '%s'}], 'figures': [], 'seconds': 1, 'device': 'x', 'budget': 'cpu', "
              "'backend': 'b', 'versions': {}}))")
    for code, why in ((report % "stand-in", "stand-in"), ("1 / 0", "ZeroDivisionError"), ("print(1)", "run.report")):
        notebook = example()
        notebook.cells[2] = nbformat.v4.new_code_cell(code)
        nbformat.write(notebook, path)
        before = path.read_bytes()
        with pytest.raises(Exception, match=why):
            reference.record(lesson, "cpu")
        assert path.read_bytes() == before and not (tmp_path / "results").exists()
    notebook.cells[2] = nbformat.v4.new_code_cell(report % "mirror")
    nbformat.write(notebook, path)
    reference.record(lesson, "cpu")
    written = json.loads((tmp_path / "results" / f"{lesson}.json").read_text())
    assert written["code_digest"] == notebooks.digest(nbformat.read(path, 4)) and written["seconds"] > 0


def test_a_dead_kernel_is_noticed_within_a_minute(tmp_path, course):
    notebook = nbformat.v4.new_notebook(cells=[
        nbformat.v4.new_code_cell("import os, signal\nos.kill(os.getpid(), getattr(signal, 'SIGKILL', signal.SIGTERM))")])
    nbformat.write(notebook, tmp_path / "dies.ipynb")
    (tmp_path / "conftest.py").write_text((course / "conftest.py").read_text(encoding="utf-8"), encoding="utf-8")
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout=300",
         "-p", "no:cacheprovider", "dies.ipynb"], cwd=tmp_path, capture_output=True, text=True, timeout=120, env=os.environ)
    assert done.returncode == 1 and "kernel died" in done.stdout
    assert time.monotonic() - began < 60
