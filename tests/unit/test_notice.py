"""Tests of `zarrpy.notice`."""

import subprocess
import sys
import warnings

import pytest

import zarrpy
from zarrpy import notice

PROGRAM = """
import warnings
FILTER
import zarrpy

store = {}
zarrpy.create_array(store, data=[1], zarr_format=2)
zarrpy.create_array(copy := {}, data=[1], zarr_format=3)
store |= copy
zarrpy.open(store)
zarrpy.open(store)
zarrpy.open(store)
"""


@pytest.mark.parametrize(
    ("chosen", "count"),
    [("", 1), ("warnings.simplefilter('always')", 3), ("warnings.simplefilter('ignore')", 0)],
    ids=["by default", "always", "ignore"],
)
def test_a_program_is_warned_once_of_each_cause(chosen, count):
    """Whatever line it is that meets it; who wants all of them gets them."""
    program = PROGRAM.replace("FILTER", chosen)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stderr.count("MixedFormatsWarning") == count, done.stderr


def test_another_cause_is_another_warning(monkeypatch):
    """As of another node."""
    # Tests that ran before in this process may have been told of a node of such a name.
    monkeypatch.setattr(notice, "_told", set())
    group = zarrpy.create_group({})
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("default")
        for name in ("a?b", "con", "a?b"):
            group.create_group(name, overwrite=True)
    assert ["'a?b'" in str(each.message) for each in found] == [True, False]
