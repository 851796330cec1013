"""``zarrpy tree`` and ``zarrpy info``."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import zarrpy

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_the_tree_shows_every_node_with_its_facts(run: Run, hierarchy: Path) -> None:
    """Groups end in a slash; arrays tell type, shape, chunks, codecs and size."""
    found = run("tree", hierarchy.name)

    assert found.stdout.splitlines() == [
        "run.zarr/  v3 group",
        "├── grid/",
        "│   └── lat  float64  180  chunks 180  gzip:1  1.41 KiB",
        "└── t2m  float32  (time 2, lat 3, lon 4)  chunks 1×3×4  zstd:5  96 B",
    ]
    assert (found.returncode, found.stderr) == (0, "")


def test_a_level_limits_the_depth(run: Run, hierarchy: Path) -> None:
    """A group that was not entered is marked, so that it does not look empty."""
    found = run("tree", "-L", "1", hierarchy.name)

    assert "├── grid/ …" in found.stdout
    assert "lat  float64" not in found.stdout


def test_a_limit_of_nodes_is_told(run: Run, hierarchy: Path) -> None:
    """What was left out is said on standard error, where it cannot spoil a pipe."""
    found = run("tree", "--max-nodes", "2", hierarchy.name)

    assert len(found.stdout.splitlines()) == 2
    assert "--max-nodes" in found.stderr


def test_the_tree_of_an_array_is_the_array(run: Run, hierarchy: Path) -> None:
    """A path to an array draws one line."""
    found = run("tree", f"{hierarchy.name}/grid/lat")

    assert found.stdout == "lat  float64  180  chunks 180  gzip:1  1.41 KiB\n"


def test_the_tree_as_json(run: Run, hierarchy: Path) -> None:
    """Programs get names, kinds and shapes in one document."""
    document = json.loads(run("--json", "tree", hierarchy.name).stdout)

    assert [member["name"] for member in document["members"]] == ["grid", "t2m"]
    assert document["members"][1]["shape"] == [2, 3, 4]
    assert document["members"][1]["dimension_names"] == ["time", "lat", "lon"]
    assert document["complete"] is True


def test_a_v2_hierarchy_is_shown_as_such(run: Run, tmp_path: Path) -> None:
    """The format is found by itself."""
    zarrpy.create_group(tmp_path / "old.zarr", zarr_format=2).create_array("a", data=np.eye(3))

    assert run("tree", "old.zarr").stdout.startswith("old.zarr/  v2 group\n└── a  float64  3×3")


def test_info_tells_everything_about_an_array(run: Run, hierarchy: Path) -> None:
    """One fact a line, with the chunks really stored when asked for."""
    lines = run("info", "--stored", f"{hierarchy.name}/t2m").stdout.splitlines()

    assert lines[:8] == [
        "path        run.zarr/t2m",
        "kind        v3 array",
        "data type   float32",
        "shape       (time 2, lat 3, lon 4)",
        "chunks      1×3×4, a grid of 2×1×1",
        "codecs      zstd:5",
        "fill value  0.0",
        "size        96 B",
    ]
    assert "in 2 of 2 chunks" in lines[8]
    assert lines[-1] == '  units: "K"'


def test_info_counts_only_chunks_that_are_there(run: Run, hierarchy: Path) -> None:
    """A removed chunk is not counted, and a stranger's file is not a chunk."""
    (hierarchy / "t2m" / "c" / "1" / "0" / "0").unlink()
    (hierarchy / "t2m" / "c" / "notes.txt").write_text("not a chunk")

    document = json.loads(run("info", "--json", "--stored", f"{hierarchy.name}/t2m").stdout)

    assert document["stored_chunks"] == 1


def test_info_tells_the_members_of_a_group(run: Run, hierarchy: Path) -> None:
    """A group has members and attributes."""
    found = run("info", hierarchy.name).stdout

    assert "members     grid, t2m" in found
    assert '  title: "a run"' in found


@pytest.mark.parametrize("value", [np.nan, np.inf, -0.0, 2.5])
def test_a_fill_value_is_shown_as_the_metadata_say_it(
    run: Run, tmp_path: Path, value: float
) -> None:
    """NaN and infinities are words in JSON, and stay so here."""
    zarrpy.create_array(tmp_path / "a.zarr", shape=3, dtype="f8", fill_value=value)

    document = json.loads(run("info", "--json", "a.zarr").stdout)

    assert float(document["fill_value"]) == value or value != value
    assert str(float(document["fill_value"])) == str(value)


def test_a_hostile_name_cannot_drive_the_terminal(run: Run, tmp_path: Path) -> None:
    """Control characters in attributes are shown, not sent."""
    zarrpy.create_group(tmp_path / "g.zarr", attributes={"evil\x1b[2J": "\x07"})

    assert "\x1b" not in run("info", "g.zarr").stdout


@pytest.mark.parametrize("verb", ["tree", "info"])
def test_a_missing_node_is_one_line_and_exit_code_3(run: Run, hierarchy: Path, verb: str) -> None:
    """The message names the path; there is no traceback."""
    found = run(verb, f"{hierarchy.name}/t2n")

    assert found.returncode == 3
    assert found.stdout == ""
    assert "t2n" in found.stderr
    assert "Traceback" not in found.stderr


def test_broken_metadata_are_exit_code_1(run: Run, hierarchy: Path) -> None:
    """Corrupt data are told from data that are not there."""
    (hierarchy / "t2m" / "zarr.json").write_text('{"zarr_format": 3, ')

    found = run("info", f"{hierarchy.name}/t2m")

    assert found.returncode == 1
    assert "zarr.json" in found.stderr
    assert "Traceback" not in found.stderr


def test_one_member_that_cannot_be_understood_does_not_hide_the_others(
    run: Run, hierarchy: Path
) -> None:
    """The tree says why, in text and in JSON."""
    (hierarchy / "t2m" / "zarr.json").write_text("{")

    drawn = run("tree", hierarchy.name)
    document = json.loads(run("--json", "tree", hierarchy.name).stdout)

    assert "lat  float64" in drawn.stdout
    assert "t2m  cannot be read: t2m/zarr.json: not valid JSON" in drawn.stdout
    assert [member["kind"] for member in document["members"]] == ["group", "unreadable"]
    assert "not valid JSON" in document["members"][1]["error"]
    assert "members     grid, t2m" in run("info", hierarchy.name).stdout


def test_a_url_says_what_is_missing(run: Run) -> None:
    """And which schemes are known."""
    found = run("info", "novelty://bucket/run.zarr")

    assert found.returncode == 4
    assert "novelty" in found.stderr
    assert "known: " in found.stderr
    assert "sqlite" in found.stderr


def test_verbose_shows_the_traceback(run: Run) -> None:
    """`-v` is for those who look for the cause."""
    assert "Traceback" in run("-v", "info", "nowhere.zarr").stderr
