"""Budgets, the report and its thresholds."""
import json

import pytest

import helpers
from helpers import results
from helpers.datasets import registry

LESSON = "01_classification/02_lenet"
FIGURE = dict(system="LeNet-5", metric="test error", unit="%", ours=0.012, baseline=0.886, published=0.0095,
              source="lecun1998")


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setenv("COURSE_BUDGET", "smoke")
    return helpers.start(LESSON, seed=3)


def test_start_says_what_it_does(run, capsys):
    helpers.start(LESSON)
    line = capsys.readouterr().out
    assert "Lesson 1.2" in line and "budget smoke" in line and line.count("\n") == 1


def test_start_sets_the_seeds(monkeypatch):
    import keras

    monkeypatch.setenv("COURSE_BUDGET", "smoke")
    first = (helpers.start(LESSON, seed=3), keras.random.uniform((4,)))[1]
    second = (helpers.start(LESSON, seed=3), keras.random.uniform((4,)))[1]
    assert [float(each) for each in first] == [float(each) for each in second]


def test_pick(run, monkeypatch):
    assert run.pick(smoke=1, cpu=2, gpu=3) == 1
    monkeypatch.setenv("COURSE_BUDGET", "gpu")
    assert helpers.start(LESSON).pick(smoke=1, cpu=2) == 2
    assert helpers.start(LESSON).pick(smoke=1, cpu=2, gpu=3) == 3


def test_unknown_budget_is_refused(monkeypatch):
    monkeypatch.setenv("COURSE_BUDGET", "huge")
    with pytest.raises(ValueError, match="smoke, cpu, gpu"):
        helpers.start(LESSON)


def test_report_shows_the_three_figures(run, capsys):
    run.report(**FIGURE, at_most=0.02)
    shown = capsys.readouterr().out
    assert "0.95 %" in shown and "88.6 %" in shown and "1.20 %" in shown and "lecun1998" in shown


@pytest.mark.parametrize("bound", [dict(at_most=0.01), dict(at_least=0.5)])
def test_report_fails_beyond_its_bound(run, bound):
    with pytest.raises(AssertionError, match="must be at"):
        run.report(**FIGURE, **bound)


def test_report_refuses_what_it_does_not_know(run):
    with pytest.raises(ValueError, match="unknown"):
        run.report(**FIGURE, at_most=1, publishd=0.1)
    with pytest.raises(ValueError, match="missing"):
        run.report(system="x", metric="y", at_most=1)
    with pytest.raises(ValueError, match="better"):
        run.report(**FIGURE)


def test_bounds_of_real_data_do_not_apply_to_stand_ins(run, monkeypatch, capsys):
    monkeypatch.setattr(registry, "LOADED", [{"name": "mnist", "source": "stand-in"}])
    with pytest.raises(AssertionError):  # at smoke, stand-ins are what the bounds are made for
        run.report(**FIGURE, at_most=0.0)
    run.budget = "cpu"
    run.report(**FIGURE, at_most=0.0)
    assert "stand-in for mnist" in capsys.readouterr().out
    monkeypatch.setattr(registry, "LOADED", [{"name": "mnist", "source": "mirror"}])
    with pytest.raises(AssertionError):
        run.report(**FIGURE, at_most=0.0)


def test_a_figure_that_is_not_finite_fails(run):
    for number in (float("nan"), float("inf")):
        with pytest.raises(AssertionError):
            run.report(**{**FIGURE, "ours": number}, at_most=float("inf"))


def test_result_is_written_in_a_reference_run_alone(run, tmp_path, monkeypatch):
    target = tmp_path / "result.json"
    run.report(**FIGURE, at_most=0.02)
    assert not target.exists()
    monkeypatch.setenv("COURSE_REFERENCE", str(target))
    run.report(**{**FIGURE, "system": "another", "spread": 0.0004, "seeds": 3}, at_most=0.02)
    written = json.loads(target.read_text(encoding="utf-8"))
    assert [each["system"] for each in written["figures"]] == ["LeNet-5", "another"]
    assert written["lesson"] == LESSON and written["versions"]["keras"] and written["peak_memory_mb"] != 0


def test_networks_lists_earlier_lessons_then_this_run(run, tmp_path, monkeypatch, capsys):
    folder = tmp_path / "01_classification"
    folder.mkdir()
    for lesson, system in (("01_first_cnn", "earlier"), ("03_alexnet_and_vgg", "later")):
        (folder / f"{lesson}.json").write_text(json.dumps({
            "lesson": f"01_classification/{lesson}",
            "figures": [{"system": system, "metric": "test accuracy", "ours": 0.7, "parameters": 122570}]}))
    monkeypatch.setattr(results, "folder", lambda: tmp_path)
    run.report(**FIGURE, at_most=0.02, parameters=61706)
    capsys.readouterr()
    run.networks()
    shown = capsys.readouterr().out
    assert shown.index("earlier") < shown.index("LeNet-5") and "later" not in shown
    assert "98.8 %" in shown  # an error is shown as an accuracy here


def test_networks_judged_by_another_metric_have_a_column_of_its_name():
    networks = [{"lesson": "05_super_resolution/01_srcnn", "figures": [
        {"system": "SRCNN", "metric": "PSNR on Set5 x3", "unit": "dB", "ours": 32.39, "parameters": 8129}]}]
    assert "| PSNR on Set5 x3 |" in results.all_networks(networks) and "| 32.39 dB |" in results.all_networks(networks)
    networks[0]["figures"].append({"system": "judge", "metric": "test accuracy", "unit": "%", "ours": 0.9, "parameters": 1})
    assert "| PSNR on Set5 x3: 32.39 dB |" in results.all_networks(networks)


def test_numbers_as_text():
    assert results.value(0.0095, "%") == "0.95 %" and results.value(0.7, "%") == "70.0 %"
    assert results.value(None) == "–" and results.value(32.39, "dB") == "32.39 dB"
    assert results.count(61706) == "61,706" and results.count(14_728_266) == "14.7 M"
    assert results.page_number("03_segmentation/02_unet") == "3.2"
