"""The verbs that measure, migrate, and run programs of others; each as a process."""

import json
from pathlib import Path

import numpy as np

import zarrpy


def test_a_layout_is_advised_for_the_way_of_reading(run, hierarchy: Path) -> None:
    """Planes want chunks of whole planes, lines want long ones."""
    values = np.random.default_rng(0).integers(0, 9, (40, 60, 60)).astype("i4")
    zarrpy.open(hierarchy).create_array("big", data=values, chunks=(10, 30, 30))

    planes = json.loads(run("advise", "--json", "--read", "1,-1,-1", "run.zarr/big").stdout)
    lines = json.loads(run("advise", "--json", "--read=-1,1,1", "run.zarr/big").stdout)

    assert planes["access"] == [[1, 60, 60]]
    # Which of them is best is a matter of time; that nothing is decoded in vain is not.
    for found, chunks in ((planes, (1, 60, 60)), (lines, (40, 1, 1))):
        decoded = {tuple(each["chunks"]): each["decoded"][0] for each in found["candidates"]}
        assert decoded[chunks] == 1
        best = found["candidates"][0]
        assert found["keywords"]["chunks"] == best["chunks"]
    text = run("advise", "--read", "1,-1,-1", "run.zarr/big").stdout
    assert "best: chunks=" in text
    wrong = run("advise", "--read", "1,2", "run.zarr/big")
    assert (wrong.returncode != 0, "2 lengths" in wrong.stderr) == (True, True)


def test_a_reading_is_profiled_and_timed(run, hierarchy: Path) -> None:
    """What it touched, and how fast it was."""
    found = json.loads(run("profile", "--json", "-s", "0", "run.zarr/t2m").stdout)
    assert "t2m" in json.dumps(found)

    facts = json.loads(run("bench", "--json", "-n", "1", "run.zarr/t2m").stdout)
    assert [each["work"] for each in facts] == ["read", "write to memory"]
    assert facts[0]["nbytes"] == zarrpy.open(hierarchy)["t2m"].nbytes
    assert "MiB/s" in run("bench", "run.zarr/t2m").stdout


def test_a_copy_is_migrated(run, hierarchy: Path) -> None:
    """The source stays as it is; a dry run changes nothing."""
    run("migrate", "v2", "run.zarr", "old.zarr")
    old = hierarchy.with_name("old.zarr")

    assert zarrpy.open(old).metadata.zarr_format == 2
    assert zarrpy.open(hierarchy).metadata.zarr_format == 3
    assert run("migrate", "v3", "old.zarr", "--dry-run").returncode == 0
    assert zarrpy.open(old).metadata.zarr_format == 2
    run("migrate", "v3", "old.zarr")
    assert zarrpy.open(old)["t2m"].metadata.zarr_format == 3


def test_a_target_is_replaced_when_all_that_takes_its_place_is_there(run, tmp_path: Path) -> None:
    """What cannot be told in the other format leaves the target as it was, or not there."""
    values = np.arange(6, dtype="f4")
    zarrpy.create_array(tmp_path / "x.zarr", data=values, fill_value="0x7fc00001")
    zarrpy.create_array(tmp_path / "old.zarr", data=np.arange(3), zarr_format=2)

    refused = run("migrate", "v2", "x.zarr", "old.zarr", "--overwrite")
    assert (refused.returncode != 0, "fill value" in refused.stderr) == (True, True)
    assert zarrpy.open(tmp_path / "old.zarr")[...].tolist() == [0, 1, 2]
    assert run("migrate", "v2", "x.zarr", "new.zarr").returncode != 0
    assert not (tmp_path / "new.zarr").exists()


def test_values_are_stored_anew_before_the_target_is_replaced(run, hierarchy: Path) -> None:
    """Of shards, which v2 has not; consolidated metadata are made anew where there were any."""
    group = zarrpy.open(hierarchy)
    group.create_array("s", data=np.arange(40), chunks=5, shards=20)
    zarrpy.consolidate_metadata(hierarchy)
    old = hierarchy.with_name("old.zarr")
    zarrpy.create_array(old, data=np.arange(3))

    there = run("migrate", "v2", "run.zarr", "old.zarr")
    assert (there.returncode, "-> --overwrite replaces it" in there.stderr) == (4, True)
    assert "skip" not in there.stderr
    done = run("migrate", "v2", "run.zarr", "old.zarr", "--overwrite")

    assert done.returncode == 0, done.stderr
    assert zarrpy.open(old)["s"][...].tolist() == list(range(40))
    assert run("consolidate", "--verify", "old.zarr").returncode == 0
    assert (old / ".zmetadata").exists()
    assert not (old / "grid/.zmetadata").exists()
    assert sorted(each.name for each in hierarchy.parent.iterdir()) == ["old.zarr", "run.zarr"]


def test_documents_of_one_format_are_removed_where_both_are(run, hierarchy: Path) -> None:
    """Never the last of a node, unless that is asked for."""
    refused = run("remove-metadata", "v3", "run.zarr")
    assert (refused.returncode, "only document" in refused.stderr) == (2, True)
    (hierarchy / ".zgroup").write_text('{"zarr_format": 2}')

    assert run("remove-metadata", "v2", "run.zarr", "--dry-run").stdout == "would remove .zgroup\n"
    assert (hierarchy / ".zgroup").exists()
    assert run("remove-metadata", "v2", "run.zarr").stdout == "removed .zgroup\n"
    assert not (hierarchy / ".zgroup").exists()
    assert sorted(zarrpy.open(hierarchy)) == ["grid", "t2m"]


def test_a_program_for_zarr_python_is_run(run, hierarchy: Path) -> None:
    """`import zarr` gets zarrpy, and the program its arguments."""
    program = hierarchy.with_name("program.py")
    program.write_text(
        "import sys, zarr\n"
        "print(zarr.open_group(sys.argv[1], mode='r')['t2m'].shape, sys.argv[2:])\n"
    )

    found = run("run", "program.py", "run.zarr", "--json")

    assert found.stdout == "(2, 3, 4) ['--json']\n"


def test_what_a_program_raises_is_shown_as_python_shows_it(run, hierarchy: Path) -> None:
    """It is no fault of zarrpy; a program that is not there is told in a line."""
    hierarchy.with_name("program.py").write_text("import zarr\nzarr.not_there_ever\n")

    found = run("run", "program.py")

    assert found.returncode == 1
    assert "Traceback" in found.stderr
    assert "program.py" in found.stderr
    assert "fault in zarrpy" not in found.stderr
    missing = run("run", "no.py")
    assert missing.returncode == 3
    assert missing.stderr.startswith("zarrpy: there is no program 'no.py'")
