"""The verbs that look at stores, change them, and move what is in them; each as a process."""

import json
from pathlib import Path

import numpy as np
import pytest

import zarrpy


def test_members_are_listed(run, hierarchy: Path) -> None:
    """Groups end in a slash; long and recursive on request; inside a file as well."""
    assert run("ls", "run.zarr").stdout.split() == ["grid/", "t2m"]
    assert run("ls", "-R", "run.zarr").stdout.split() == ["grid/", "grid/lat", "t2m"]
    assert "(time 2, lat 3, lon 4)  1×3×4   zstd:5" in run("ls", "-l", "run.zarr").stdout
    zarrpy.pack(hierarchy, hierarchy.with_name("run.zip"))
    assert run("ls", "run.zip/grid").stdout == "lat\n"


def test_what_is_stored_is_told(run, hierarchy: Path) -> None:
    """By array: objects there and missing."""
    facts = json.loads(run("stat", "--json", "run.zarr").stdout)

    assert [(each["name"], each["objects"], each["missing"]) for each in facts] == [
        ("grid/lat", 1, 0),
        ("t2m", 2, 0),
    ]


def test_elements_are_printed(run, hierarchy: Path) -> None:
    """The first ones, all, a selection; as text, JSON and bytes that NumPy reads."""
    assert run("head", "-n", "1", "run.zarr/t2m").stdout.startswith("[[[ 0.,  1.,  2.,  3.],")
    assert run("cat", "-s", "1,:,0", "run.zarr/t2m").stdout == "12.0\n16.0\n20.0\n"
    assert json.loads(run("cat", "--json", "-s", "0,0", "run.zarr/t2m").stdout) == [0, 1, 2, 3]
    found = json.loads(run("dump", "--json", "run.zarr").stdout)
    paths = ["run.zarr", "run.zarr/grid", "run.zarr/grid/lat", "run.zarr/t2m"]
    assert [each["path"] for each in found] == paths
    assert len(found[2]["elements"]) == 180


def test_numbers_are_summed_up(run, hierarchy: Path) -> None:
    """NaN is counted and left out."""
    zarrpy.open(hierarchy)["gaps"] = np.array([1.0, np.nan, 3.0])

    (found,) = json.loads(run("stats", "--json", "run.zarr/gaps").stdout)

    assert (found["nan"], found["min"], found["max"], found["mean"]) == (1, 1, 3, 2)
    assert found["std"] == 1


def test_chunks_are_told_and_damage_is_an_exit_code(run, hierarchy: Path) -> None:
    """Missing chunks are no damage; those that cannot be decoded are."""
    (hierarchy / "t2m/c/0/0/0").unlink()
    found = run("chunks", "--map", "run.zarr/t2m")
    assert (found.returncode, "missing   1: (0, 0, 0)" in found.stdout) == (0, True)

    (hierarchy / "t2m/c/1/0/0").write_bytes(b"?")
    found = run("chunks", "--verify", "--json", "run.zarr/t2m")
    assert (found.returncode, json.loads(found.stdout)["damaged"]) == (1, [[1, 0, 0]])


def test_attributes_are_read_and_changed(run, hierarchy: Path) -> None:
    """A value that is JSON is what it says."""
    assert json.loads(run("attrs", "run.zarr").stdout) == {"title": "a run"}
    assert run("attrs", "run.zarr/t2m", "get", "units").stdout == "K\n"
    assert run("attrs", "run.zarr", "set", "n", "[1, 2]").returncode == 0
    assert zarrpy.open(hierarchy).attrs["n"] == [1, 2]
    assert run("attrs", "run.zarr", "rm", "n").returncode == 0
    missing = run("attrs", "run.zarr", "get", "n")
    assert (missing.returncode, "it has 'title'" in missing.stderr) == (3, True)


def test_arrays_are_created_and_appended_to(run, tmp_path: Path) -> None:
    """With chunks, codecs, names; from files of NumPy."""
    np.save(tmp_path / "x.npy", np.arange(4, dtype="int16"))
    command = "create a.zarr/x --shape 4 --dtype int16 -c 2 --compressor zstd:3"
    made = run(*command.split())
    assert made.returncode == 0, made.stderr

    assert run("append", "a.zarr/x", "x.npy").returncode == 0

    assert zarrpy.open(tmp_path / "a.zarr/x")[...].tolist() == [0, 0, 0, 0, 0, 1, 2, 3]
    wrong = run("create", "b.zarr", "--shape", "3")
    assert (wrong.returncode, "--dtype" in wrong.stderr) == (2, True)


def test_arrays_are_appended_to_arrays_bit_by_bit(run, tmp_path: Path) -> None:
    """Within a bound of memory; all of it, or nothing."""
    values = np.arange(4000.0).reshape(400, 10)
    for name in "ab":
        zarrpy.create_array(tmp_path / "run.zarr", name=name, data=values, chunks=(7, 3))

    done = run("append", "run.zarr/a", "run.zarr/b", "--max-memory", "2KiB")

    assert (done.returncode, "(800, 10)" in done.stdout) == (0, True)
    found = zarrpy.open(tmp_path / "run.zarr/a")[...]
    np.testing.assert_array_equal(found, np.concatenate([values, values]))
    (tmp_path / "run.zarr/b/c/50/2").write_bytes(b"damaged")
    assert run("append", "run.zarr/a", "run.zarr/b").returncode == 1
    assert zarrpy.open(tmp_path / "run.zarr/a").shape == (800, 10)


def test_others_may_do_the_work(run, tmp_path: Path) -> None:
    """Of moving between stores, hashing and comparing."""
    zarrpy.create_array(tmp_path / "a.zarr", name="x", data=np.arange(40), chunks=5)
    by = ("--scheduler", "processes")

    plain, other = run("checksum", "a.zarr"), run("checksum", "a.zarr", *by)
    assert (other.returncode, other.stdout) == (0, plain.stdout)
    assert run("cp", "a.zarr/x", "b.zarr").returncode == 0
    assert run("diff", "a.zarr/x", "b.zarr", *by).returncode == 0
    moved = run("mv", "a.zarr/x", "c.zarr", *by)
    assert moved.returncode == 0, moved.stderr
    assert zarrpy.open(tmp_path / "c.zarr")[...].tolist() == list(range(40))


def test_nodes_are_copied_moved_and_deleted(run, hierarchy: Path) -> None:
    """Paths lead into hierarchies, so that consolidated metadata stay right."""
    zarrpy.consolidate_metadata(hierarchy)

    for command in ("cp run.zarr/t2m run.zarr/kept/a", "mv run.zarr/grid/lat run.zarr/lat"):
        assert run(*command.split()).returncode == 0
    assert run("rm", "run.zarr/grid").returncode == 0

    group = zarrpy.open_consolidated(hierarchy)
    assert sorted(path for path, _ in group.members(None)) == ["kept", "kept/a", "lat", "t2m"]
    assert run("rm", "run.zarr/grid").returncode == 3
    assert run("consolidate", "--verify", "run.zarr").returncode == 0

    assert run("mv", "run.zarr", "new.zarr").returncode == 0
    assert not hierarchy.exists()  # no empty directory is left
    new = hierarchy.with_name("new.zarr")
    (new / "notes.txt").write_text("mine")
    assert run("rm", "new.zarr").returncode == 0
    assert [each.name for each in new.iterdir()] == ["notes.txt"]


def test_hierarchies_are_packed_and_unpacked(run, hierarchy: Path) -> None:
    """Into a zip or SQLite file, and out again, to the byte."""
    for file in ("run.zip", "run.sqlite"):
        assert run("pack", "run.zarr", file).returncode == 0
        assert run("unpack", file, f"{file}.zarr").returncode == 0
        back = hierarchy.with_name(f"{file}.zarr")
        assert zarrpy.checksum(back, kind="tree") == zarrpy.checksum(hierarchy, kind="tree")
    again = run("pack", "run.zarr", "run.zip")
    assert (again.returncode, "already" in again.stderr) == (4, True)


def test_arrays_are_rechunked(run, hierarchy: Path) -> None:
    """In place or elsewhere; a dry run changes nothing."""
    plan = run("rechunk", "run.zarr/t2m", "out.zarr", "-c", "2,1,1", "--dry-run")
    assert plan.stdout.startswith("plan: read 2×3×4 → write 2×1×1")
    assert not hierarchy.with_name("out.zarr").exists()

    changed = run("rechunk", "run.zarr/t2m", "run.zarr/t2m", "-c", "2,3,1", "--overwrite")

    assert changed.returncode == 0, changed.stderr
    array = zarrpy.open(hierarchy / "t2m")
    assert (array.chunks, array[1, 2].tolist()) == ((2, 3, 1), [20, 21, 22, 23])


def test_files_are_imported_and_exported(run, hierarchy: Path) -> None:
    """By their endings."""
    assert run("export", "run.zarr/t2m", "t.npy").stdout == "t.npy\n"
    assert run("import", "t.npy", "run.zarr/again", "-c", "1,1,4").returncode == 0

    assert (zarrpy.open(hierarchy / "again")[...] == zarrpy.open(hierarchy / "t2m")[...]).all()
    assert run("export", "run.zarr/t2m", "t.npy").returncode == 4


def test_documents_are_converted(run, hierarchy: Path) -> None:
    """In place."""
    assert "metadata" in run("convert", "--to", "2", "--dry-run", "run.zarr").stdout
    assert run("convert", "--to", "2", "run.zarr").returncode == 0
    assert zarrpy.open(hierarchy / "t2m").metadata.zarr_format == 2
    told = run("convert", "--to", "3", "--compat", "tensorstore", "--dry-run", "run.zarr").stdout
    assert "move" in told or "metadata" in told


def test_the_doctor_tells_what_to_do(run, hierarchy: Path) -> None:
    """And says so where nothing is wrong."""
    assert "are right" in run("doctor", "run.zarr").stdout
    (hierarchy / "grid/lat/zarr.json").write_text("{")
    found = run("doctor", "run.zarr")
    assert (found.returncode, "zarrpy repair" in found.stdout) == (1, False)
    assert "take them from a copy" in found.stdout
    (line,) = [each for each in found.stdout.splitlines() if each.startswith("metadata")]
    assert line.count("grid/lat/zarr.json") == 1
    assert "zarrpy verify" not in line
    (hierarchy / "t2m/c/0/0/0").write_bytes(b"")
    assert "zarrpy repair" in run("doctor", "run.zarr").stdout


def test_the_doctor_names_whole_commands(run, hierarchy: Path) -> None:
    """With the path of the array, as it was reached from here."""
    zarrpy.create_array(hierarchy / "grid/fine", shape=(600, 2), dtype="f4", chunks=(2, 2))

    for place in ("run.zarr", "run.zarr/grid", "run.zarr/grid/fine"):
        told = run("doctor", place).stdout
        assert "zarrpy rechunk run.zarr/grid/fine TARGET -c N,N" in told, told


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_are_told_the_verbs(run, shell: str) -> None:
    """In a script of each."""
    script = run("completion", shell).stdout
    assert all(verb in script for verb in ("tree", "rechunk", "--dry-run".lstrip("-")))


def test_what_is_missing_is_told_without_a_traceback(run, tmp_path: Path) -> None:
    """With exit code 3, for every verb that reads."""
    for verb in ("ls", "stat", "head", "cat", "dump", "stats", "chunks", "attrs", "doctor", "rm"):
        found = run(verb, "nothing.zarr")
        assert (verb, found.returncode) == (verb, 3)
        assert "Traceback" not in found.stderr
        assert found.stderr.startswith("zarrpy: ")


def test_what_is_there_already_is_told_with_the_option_that_replaces_it(run, hierarchy) -> None:
    """As the command line has it, not as a program would say it."""
    np.save(hierarchy.parent / "values.npy", np.arange(3))
    there = str(hierarchy / "t2m")
    for words, option in (
        (("create", there), "--overwrite"),
        (("import", "values.npy", there), "--overwrite"),
        (("export", there, "values.npy"), "--overwrite"),
        (("rechunk", "run.zarr/grid/lat", there, "-c", "5"), "--overwrite"),
        (("pack", "run.zarr", "run.zarr/t2m"), "--overwrite"),
        (("cp", "run.zarr/grid/lat", there), "--if-exists replace"),
        (("mv", "run.zarr/grid/lat", there), "delete it before"),
    ):
        found = run(*words)
        assert (words, found.returncode) == (words, 4)
        hint = found.stderr.partition(" -> ")[2]
        assert option in hint, found.stderr
        assert "=True" not in hint
        assert "if_exists=" not in hint
    missing = run("info", "rum.zarr")
    assert missing.stderr.endswith("zarrpy create makes one; zarrpy ls names what is there\n")
