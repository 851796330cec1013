"""Tests of bench/py/growth.py, which measures how time grows with size."""

import importlib.util
import json

import pytest


@pytest.fixture
def growth(repository, monkeypatch):
    """The program."""
    monkeypatch.syspath_prepend(repository / "bench" / "py")
    path = repository / "bench" / "py" / "growth.py"
    spec = importlib.util.spec_from_file_location("growth", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_of_growth_is_what_was_measured(growth):
    """Run it with --table to write it from the kept results."""
    kept = json.loads(growth.RESULTS.read_text(encoding="utf-8"))

    assert growth.render(kept) in growth.PAGE.read_text(encoding="utf-8")


def test_what_grows_more_than_it_may_fails_and_is_named(growth, monkeypatch, tmp_path, capsys):
    """Each row that has a limit; the others may grow as they like."""
    results = json.loads(growth.RESULTS.read_text(encoding="utf-8"))
    monkeypatch.setattr(growth, "RESULTS", tmp_path / "growth.json")
    monkeypatch.setattr("sys.argv", ["growth.py", "--table", "--print"])

    for row in results["rows"]:
        row["seconds"] = [1.0] * len(row["sizes"])
    growth.RESULTS.write_text(json.dumps(results))
    assert growth.main() == 0
    for row in results["rows"]:
        row["seconds"][-1] = 1.01 * (row["most"] or 1)
    growth.RESULTS.write_text(json.dumps(results))
    capsys.readouterr()

    assert growth.main() == 1
    told = capsys.readouterr().err
    for row in results["rows"]:
        assert (row["title"] in told) == (row["most"] is not None)


def test_every_question_can_be_asked(growth, tmp_path):
    """At its first sizes, in both kinds of store."""
    for question in growth.questions.QUESTIONS:
        for store in ({}, str(tmp_path / question.title)):
            step = question.prepare(store, question.sizes[0])
            assert growth.turn(step) > 0
