"""Mistakes of whoever types: each is told in one line, with the exit code that says whose it is."""

import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

import zarrpy


def told(found) -> str:
    """Give the last line of an error, that of the mistake; there is no traceback above it."""
    assert "Traceback" not in found.stderr, found.stderr
    assert "fault in zarrpy" not in found.stderr, found.stderr
    return found.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("--threads 0 ls run.zarr", "--threads takes a number from 1 up, not 0"),
        ("head -s 0:1:0 run.zarr/t2m", "the step of a slice cannot be 0"),
        ("append --axis 7 run.zarr/t2m run.zarr/t2m", "--axis 7: run.zarr/t2m has 3 axes"),
        ("append --max-memory lots run.zarr/t2m run.zarr/t2m", "not 'lots'"),
        ("rechunk --max-memory lots run.zarr/t2m n.zarr", "not 'lots'"),
        ("advise --max-chunk foo run.zarr/t2m", "not 'foo'"),
        ("verify --scheduler foo run.zarr", "'foo' is nobody: give threads, processes"),
        ("create n.zarr --shape 6,4 --dtype flot32", "did you mean 'float32'?"),
        ("create n.zarr --shape 6,4 --dtype f4 -c 2", "2 lengths"),
        ("create n.zarr --shape 6,4 --dtype f4 --compressor zstdd", "did you mean 'zstd'?"),
        ("create n.zarr --shape 6,4 --dtype f4 --compressor zstd:99", "zstd.level must be"),
        ("create n.zarr --shape 6,4 --dtype f4 -c 4,4 --shards 6,4", "must divide"),
        ("create n.zarr --shape 6 --dtype S3 --filter bitround:3", "bitround"),
        ("create n.zarr --shape 6,4 --dtype i4 --fill-value abc", "fill_value must be"),
        ("rechunk run.zarr/t2m n.zarr -c 4,18", "3 lengths"),
        ("convert --compat zarr-2.19 run.zarr", "zarr-2.18"),
        ("attrs run.zarr set k NaN", "JSON has no number"),
        ("import v.raw n.zarr", "-> raw bytes need --dtype, and --shape"),
        ("import v.raw n.zarr --dtype i4 --shape 15", "v.raw has 48 bytes; 60 are needed"),
        ("import run.zip n.zarr", "is a Zarr store -> zarrpy cp copies it, zarrpy unpack takes"),
        ("import other.zip n.zarr", "'a.txt' in"),
        ("pack run.zarr run.tar", "ends in .zip, .sqlite or .sqlite3"),
        ("ls -o a=b run.zarr", "-o a: run.zarr takes no options"),
        ("ls run.zarr b c", "2 words too many: 'b', 'c'"),
        ("append run.zarr run.zarr/t2m", "-> name an array; zarrpy ls names what is there"),
    ],
)
def test_what_makes_no_sense_is_exit_code_2(run, hierarchy: Path, words: str, reason: str) -> None:
    """And nothing is made."""
    (hierarchy.parent / "v.raw").write_bytes(bytes(48))
    if ".zip" in words:
        zarrpy.pack(hierarchy, hierarchy.with_name("run.zip"))
        with zipfile.ZipFile(hierarchy.with_name("other.zip"), "w") as file:
            file.writestr("a.txt", "?")

    found = run(*words.split())

    assert reason in told(found)
    assert found.returncode == 2
    assert not [each for each in ("n.zarr", "run.tar") if hierarchy.with_name(each).exists()]


def test_a_stored_document_that_is_wrong_is_no_mistake_of_who_reads_it(run, hierarchy) -> None:
    """It has the exit code of damage, also where it lies in a file."""
    document = hierarchy / "t2m/zarr.json"
    document.write_text(document.read_text().replace('"zstd"', '"zstdd"'))
    assert run("cat", "run.zarr/t2m").returncode == 1
    document.write_text("{")
    assert run("info", "run.zarr/t2m").returncode == 1
    zarrpy.pack(hierarchy, hierarchy.with_name("run.zip"))
    assert run("info", "run.zip/t2m").returncode == 1


def test_what_is_not_there_is_exit_code_3(run, hierarchy: Path) -> None:
    """For programs, and documents that are to go."""
    assert run("run", "nosuch.py").returncode == 3
    assert run("remove-metadata", "v2", "nope.zarr").returncode == 3
    assert run("remove-metadata", "v2", "run.zarr").returncode == 0


def test_a_node_is_not_moved_into_itself(run, hierarchy: Path) -> None:
    """Nor is it told to delete what would be lost with that."""
    for words in ("mv run.zarr/t2m run.zarr/t2m", "mv run.zarr run.zarr/in"):
        found = run(*words.split())
        assert "cannot move" in told(found)
        assert "delete" not in told(found)
        assert found.returncode == 4
    assert zarrpy.open(hierarchy)["t2m"].shape == (2, 3, 4)


def test_a_scheme_that_nobody_knows_names_those_that_are_known(run) -> None:
    """On the command line nobody can register another."""
    pytest.importorskip("fsspec", reason="pip install 'zarrpy[fsspec]'")
    line = told(run("ls", "foo://bar"))
    assert "s3" in line.partition(" -> known: ")[2]
    assert "register_store" not in line


def test_a_node_that_cannot_be_converted_is_named(run, tmp_path: Path) -> None:
    """Among many it has to be found."""
    values = np.arange(6, dtype="f4")
    group = zarrpy.create_group(tmp_path / "x.zarr")
    group.create_array("below/bad", data=values, fill_value="0x7fc00001")

    found = run("convert", "--to", "2", "x.zarr")

    assert "x.zarr/below/bad; nothing was converted -> use Zarr v3" in told(found)


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc: run it on Linux")
def test_a_place_where_nothing_can_be_made_is_told(run) -> None:
    """With what was tried."""
    line = told(run("create", "/proc/x.zarr"))
    assert line.startswith("zarrpy: cannot make it in LocalStore('/proc/x.zarr')")


def test_groups_on_the_way_are_created(run, tmp_path: Path) -> None:
    """The hierarchy begins where something is missing, or by its ending."""
    for place, root in (
        ("new/a/b", "new"),
        ("two/of.zarr/a/b", "two/of.zarr"),
        ("f.zip/a/b", "f.zip"),
    ):
        made = run("create", place, "--shape", "3", "--dtype", "i4")
        assert made.returncode == 0, made.stderr
        assert zarrpy.open_group(tmp_path / root)["a/b"].shape == (3,)
    assert not (tmp_path / "two/zarr.json").exists()


def test_dates_that_are_none_are_told_by_their_word(run, tmp_path: Path) -> None:
    """And those with nanoseconds are dates, too."""
    dates = np.array(["2020-01-01T00:00:00.5", "NaT"], dtype="M8[ns]")
    zarrpy.create_array(tmp_path / "d.zarr", data=dates)

    assert run("cat", "d.zarr").stdout == "2020-01-01T00:00:00.500000000\nNaT\n"
    assert '"NaT"' in run("cat", "--json", "d.zarr").stdout


def test_infinite_and_large_numbers_are_summed_up(run, tmp_path: Path) -> None:
    """Without a warning, and to the last digit."""
    group = zarrpy.create_group(tmp_path / "n.zarr")
    group["f"] = np.array([1.0, np.inf, -np.inf])
    group["i"] = np.array([1, 2**62 + 1])

    found = run("stats", "n.zarr")

    assert (found.returncode, found.stderr) == (0, "")
    assert str(2**62 + 1) in found.stdout


def test_documents_do_not_count_as_chunks(run, tmp_path: Path) -> None:
    """Of what is stored of one chunk."""
    zarrpy.create_array(tmp_path / "s.zarr", data=np.arange(8, dtype="i1"), compressors=None)
    assert run("stat", "s.zarr").stdout.split()[-2:] == ["8", "B"]
