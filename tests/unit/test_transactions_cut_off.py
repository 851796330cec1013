"""Tests of commits of transactions that were cut off: whoever opens a part of it does the rest."""

import json
import os
import subprocess
import sys
import textwrap
import time
import warnings

import numpy as np
import pytest

import zarrpy
from zarrpy.errors import ConflictError, TransactionError
from zarrpy.stores import LocalStore

CUT_OFF = """
    import os, sys, zarrpy
    from zarrpy.stores import journal

    take, left = journal._take, int(sys.argv[2])

    def some(*arguments):
        global left
        left -= 1
        if left < 0:
            os._exit(9)
        take(*arguments)

    journal._take = some
    group = zarrpy.open_group(sys.argv[1])
    with zarrpy.transaction(group):
        group["x/a"][...] = 1
        group["x/b"][...] = 1
        if left == 0:
            os._exit(9)
"""


@pytest.fixture
def place(tmp_path):
    """A directory with two arrays, all 0."""
    group = zarrpy.create_group(tmp_path / "a.zarr").create_group("x")
    for name in "ab":
        group.create_array(name, shape=9, chunks=4, dtype="i4", fill_value=-1)[...] = 0
    return tmp_path / "a.zarr"


def cut_off(place, nchanges):
    """Kill a process that commits, after some changes; None before the first."""
    words = [sys.executable, "-c", textwrap.dedent(CUT_OFF), str(place), str(nchanges)]
    assert subprocess.run(words, check=False).returncode == 9


@pytest.mark.parametrize("below", ["", "x", "x/a", "x/b"])
@pytest.mark.parametrize("mode", ["r", "r+"])
def test_a_commit_that_was_cut_off_is_completed_by_opening(place, below, mode):
    """At any of its nodes, from whatever root."""
    cut_off(place, 4)
    if below in ("", "x"):
        group = zarrpy.open_group(place / below, mode=mode)
        assert (group["x/a" if not below else "a"][...] == 1).all()
    else:
        assert (zarrpy.open_array(place / below, mode=mode)[...] == 1).all()

    for name in "ab":
        assert (zarrpy.open_array(place, path=f"x/{name}", mode="r")[...] == 1).all()
    left = [name for _, folders, names in os.walk(place) for name in (*folders, *names)]
    assert not [name for name in left if name.startswith(".")]


def test_an_open_handle_says_that_a_commit_was_cut_off(place):
    """It neither reads a part of it as all, nor writes over it."""
    array = zarrpy.open_array(place, path="x/b")
    array[0] = 0
    cut_off(place, 4)

    with pytest.raises(ConflictError, match="open the array again"):
        array[...]
    with pytest.raises(ConflictError, match="open the array again"):
        array[1] = 7

    assert (zarrpy.open_array(place, path="x/b")[...] == 1).all()
    assert (array[...] == 1).all()
    array[1] = 7
    assert array[:3].tolist() == [1, 7, 1]


def test_what_never_came_to_a_commit_is_a_leftover(place):
    """Which repair removes; one that is at work stays."""
    cut_off(place, 0)
    report = zarrpy.verify(place)
    assert report.ok
    assert len(report.of("leftover")) > 0

    group = zarrpy.open_group(place)
    with zarrpy.transaction(group):
        group["x/a"][0] = 5
        zarrpy.repair(place)
    assert group["x/a"][:2].tolist() == [5, 0]
    assert not zarrpy.verify(place).of("leftover")
    assert not [name for name in os.listdir(place) if name.startswith(".")]


@pytest.fixture(params=["soon", "later"])
def others_write(request, place):
    """A function that writes as somebody who knows nothing of journals, however soon that is."""

    def write(key, value):
        LocalStore(place).set(key, value)
        if request.param == "soon":  # the clock of files has not moved on since the commit
            (record,) = place.glob(".__zp-txn-*/record")
            since = json.loads(record.read_text())["since"]
            os.utime(place / key, ns=(since, since))

    return write


@pytest.mark.parametrize("before", ["a value", "nothing"])
def test_what_others_wrote_after_a_commit_was_cut_off_stays(place, others_write, before):
    """Also at the same instant by the clock of files, and with as many bytes."""
    if before == "nothing":
        LocalStore(place).delete("x/b/c/0")
    cut_off(place, 2)
    value = zarrpy.create_array({}, data=np.arange(4, dtype="i4"), chunks=4).store.get("c/0")
    others_write("x/b/c/0", value)

    with pytest.warns(UserWarning, match=r"'x/b/c/0'.* written by others since"):
        found = zarrpy.open_array(place, path="x/b", mode="r")[...]
    assert found[:4].tolist() == [0, 1, 2, 3]
    assert (zarrpy.open_array(place, path="x/a", mode="r")[...] == 1).all()


def test_values_that_are_written_just_before_a_commit_are_old(place):
    """Its completion takes none for one of others, whatever time they have."""
    later = time.time_ns() + 10**12
    for path in place.glob("x/b/c/*"):
        os.utime(path, ns=(later, later))
    cut_off(place, 2)

    with warnings.catch_warnings(action="error"):
        found = zarrpy.open_array(place, path="x/b", mode="r")[...]
    assert (found == 1).all()


def test_a_record_of_an_earlier_version_is_completed(place):
    """It says nothing of what it has met."""
    cut_off(place, 2)
    (record,) = place.glob(".__zp-txn-*/record")
    said = json.loads(record.read_text())
    record.write_text(json.dumps({key: said[key] for key in ("keys", "gone", "nodes")}))

    assert (zarrpy.open_array(place, path="x/b", mode="r")[...] == 1).all()


@pytest.mark.parametrize(
    "key", ["../outside", "/outside", "x/link/outside", "x/./a", "x//a"], ids=str
)
def test_a_record_of_a_stranger_changes_nothing_elsewhere(place, key):
    """Opening what somebody else has made does not leave its root."""
    outside = place.parent / "folder"
    outside.mkdir()
    (outside / "outside").write_text("mine")
    (place / "x" / "link").symlink_to(outside)
    name = ".__zp-txn-" + "0" * 32
    (place / name / "new" / "x" / "link").mkdir(parents=True)
    (place / name / "new" / "x" / "link" / "outside").write_text("theirs")
    record = {"keys": [key], "gone": [], "nodes": ["x"]}
    (place / name / "record").write_text(json.dumps(record))
    (place / "x" / ".__zp-txn").write_text(json.dumps({"journal": name, "up": 1}))

    with pytest.raises(TransactionError):
        zarrpy.open_group(place, path="x")

    assert (outside / "outside").read_text() == "mine"


@pytest.mark.parametrize(
    "marker", [b"", b"[]", b'{"journal": "../x", "up": 0}', b'{"journal": 1, "up": 0}', b"\xff"]
)
def test_a_marker_that_is_none_is_an_error(place, marker):
    """It names the file."""
    (place / "x" / ".__zp-txn").write_bytes(marker)
    with pytest.raises(TransactionError, match="is no marker"):
        zarrpy.open_group(place, path="x")


@pytest.mark.parametrize("part", ["gone", "nodes"])
def test_no_part_of_a_record_leads_out_of_the_root(place, part):
    """Not where keys are deleted and empty directories go, nor where markers are removed."""
    outside = place.parent / "folder"
    (outside / "empty" / "dir").mkdir(parents=True)
    (outside / ".__zp-txn").write_text("precious")
    (place / "link").symlink_to(outside)
    name = ".__zp-txn-" + "0" * 32
    (place / name / "new").mkdir(parents=True)
    record = {"keys": [], "gone": [], "nodes": ["x"]}
    record[part] = {"gone": ["link/empty/dir/k"], "nodes": ["x", "link"]}[part]
    (place / name / "record").write_text(json.dumps(record))
    (place / "x" / ".__zp-txn").write_text(json.dumps({"journal": name, "up": 1}))

    with pytest.raises(TransactionError, match="leads elsewhere"):
        zarrpy.open_group(place, path="x", mode="r+")

    assert (outside / ".__zp-txn").read_text() == "precious"
    assert (outside / "empty" / "dir").is_dir()


def test_a_marker_that_leads_above_the_file_system_leads_nowhere(place):
    """It is found at once that nothing is there."""
    marker = {"journal": ".__zp-txn-" + "0" * 32, "up": 10**9}
    (place / "x" / ".__zp-txn").write_text(json.dumps(marker))

    began = time.monotonic()
    assert sorted(zarrpy.open_group(place, path="x")) == ["a", "b"]
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("name", ["marker", "record"])
def test_lists_in_lists_are_an_error_of_transactions(place, name):
    """However many of them there are."""
    deep = "[" * 100_000
    journal = place / (".__zp-txn-" + "0" * 32)
    journal.mkdir()
    (journal / "record").write_text(deep)
    marker = deep if name == "marker" else json.dumps({"journal": journal.name, "up": 1})
    (place / "x" / ".__zp-txn").write_text(marker)

    with pytest.raises(TransactionError):
        zarrpy.open_group(place, path="x", mode="r+")


def test_a_damaged_marker_does_not_hide_what_else_there_is(place):
    """Its node is unreadable; the others are looked at."""
    (place / "x" / "a" / ".__zp-txn").write_text("no marker")
    (place / "x" / "b" / "c" / "0").write_bytes(b"")

    for report in (zarrpy.verify(place), zarrpy.repair(place).report):
        (unreadable,) = report.of("unreadable")
        assert unreadable.path == "x/a"
        assert "is no marker" in unreadable.message
        assert [finding.key for finding in report.of("corrupt")] == ["x/b/c/0"]


def test_a_marker_that_leads_to_nothing_is_cleaned(place):
    """Also where the node is deleted; one whose journal is there stays, and what is no marker."""
    (place / (".__zp-txn-" + "1" * 32)).mkdir()
    for folder, number in (("lost", "0"), ("kept", "1")):
        (place / folder).mkdir()
        marker = {"journal": ".__zp-txn-" + number * 32, "up": 1}
        (place / folder / ".__zp-txn").write_text(json.dumps(marker))
    (place / "odd").mkdir()
    (place / "odd" / ".__zp-txn").write_text("no marker")

    assert "lost/.__zp-txn" in zarrpy.repair(place).cleaned
    assert not (place / "lost").exists()
    assert (place / "kept" / ".__zp-txn").exists()
    assert (place / "odd" / ".__zp-txn").exists()
