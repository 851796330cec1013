"""Tests of bench/py/targets.py, which says where zarrpy stands."""

import copy
import importlib
import json

import pytest


@pytest.fixture
def targets(repository, monkeypatch):
    """The module."""
    monkeypatch.syspath_prepend(repository / "bench" / "py")
    return importlib.import_module("targets")


@pytest.fixture
def kept(repository):
    """The results that are kept."""
    return json.loads((repository / "bench" / "results" / "measured.json").read_text())


def test_the_page_tells_how_the_kept_run_was_made(repository, targets, kept):
    """Run bench/py/run.py with --table to write it: with the rounds that there were."""
    page = (repository / "docs" / "performance.md").read_text(encoding="utf-8")

    rounds = max(row["libraries"]["zarrpy"]["rounds"] for row in kept["rows"].values())
    assert f", {rounds} round" in targets.how(kept)
    assert targets.how(kept) in page
    assert targets.summary(kept) in page


def test_the_kept_rows_are_in_the_order_of_the_table(targets, kept):
    """Titles say "same" of the row above them."""
    order = [row.key for row in targets.all_rows(quick=False)]

    assert [*kept["rows"]] == [key for key in order if key in kept["rows"]]


def test_a_row_far_above_the_bare_engine_is_named(targets, kept):
    """Only where both were measured."""
    (key, row), *_ = ((k, row) for k, row in kept["rows"].items() if "limit" in row["libraries"])
    bare, rows = row["libraries"]["limit"][row["metric"]], copy.deepcopy(kept["rows"])
    count = sum("limit" in row["libraries"] for row in kept["rows"].values())

    for times, near in ((1.1, count), (1.2, count - 1)):
        for each in rows.values():
            if "limit" in each["libraries"]:
                each["libraries"]["zarrpy"] = each["libraries"]["limit"]
        rows[key]["libraries"]["zarrpy"] = {row["metric"]: times * bare}
        told = targets.summary({"rows": rows})
        assert f"{near} of {count} rows with a bare C engine" in told
        assert told.endswith(f"not {key}.") == (near < count)
