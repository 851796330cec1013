"""Stores of one file, written by one library and read by another."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import zarrpy
from interop.test_consolidated import ask
from zarrpy.stores import ZipStore

WRITE = """
import sys, warnings, numpy, zarr
warnings.simplefilter("ignore")
store = zarr.storage.ZipStore(sys.argv[1], mode="w")
root = zarr.open_group(store, mode="w", zarr_format=int(sys.argv[2]))
root.attrs["title"] = "from a peer"
root.create_array("deep/a", data=numpy.arange(60.0).reshape(6, 10), chunks=(4, 3))
if sys.argv[2] == "3":
    root.create_array("b", data=numpy.arange(64), chunks=(4,), shards=(16,))
store.close()
"""

READ = """
import sys, warnings, numpy, zarr
warnings.simplefilter("ignore")
store = zarr.storage.ZipStore(sys.argv[1], mode="r")
root = zarr.open_group(store, mode="r")
values = numpy.arange(60.0).reshape(6, 10)
values[1, :] = -1
assert numpy.array_equal(root["deep/a"][...], values)
assert dict(root.attrs)["title"] == "changed"
assert root["new"][...].tolist() == [1, 2, 3]
store.close()
"""

APPEND = """
import sys, warnings, numpy, zarr
warnings.simplefilter("ignore")
store = zarr.storage.ZipStore(sys.argv[1], mode="a")
root = zarr.open_group(store, mode="a")
root.create_array("theirs", data=numpy.arange(5))
store.close()
"""


@pytest.mark.peers
@pytest.mark.parametrize("zarr_format", [2, 3])
def test_zip_files_of_zarr_python_are_read_changed_and_read_by_it(
    tmp_path: Path, zarr_format: int
) -> None:
    """There and back, and once more with both adding to the same file."""
    path = str(tmp_path / "a.zip")
    ask("zarr-python", WRITE, path, str(zarr_format))

    with pytest.warns(UserWarning, match="more than once"):  # documents that it wrote again
        root = zarrpy.open_group(path, mode="r+")
    with root:
        assert root.attrs["title"] == "from a peer"
        values = np.arange(60.0).reshape(6, 10)
        assert np.array_equal(root["deep/a"][...], values)
        if zarr_format == 3:
            assert root["b"][5:20].tolist() == list(range(5, 20))
        root["deep/a"][1] = -1
        root.attrs["title"] = "changed"
        root.create_array("new", data=[1, 2, 3])

    ask("zarr-python", READ, path)
    ask("zarr-python", APPEND, path)
    assert zarrpy.open(path)["theirs"][...].tolist() == [0, 1, 2, 3, 4]
    assert zarrpy.open(path)["new"][...].tolist() == [1, 2, 3]


@pytest.mark.peers
def test_a_zip_file_of_ours_is_one_for_zarr_python(tmp_path: Path) -> None:
    """Made from nothing, by values set again and again."""
    path = str(tmp_path / "a.zip")
    with zarrpy.create_group(path, attributes={"title": "ours"}) as root:
        array = root.create_array("deep/a", shape=(6, 10), chunks=(4, 3), dtype="f8")
        array[...] = np.arange(60.0).reshape(6, 10)
        array[1] = -1
        root.attrs["title"] = "changed"
        root.create_array("new", data=[1, 2, 3])

    ask("zarr-python", READ, path)


@pytest.mark.skipif(shutil.which("unzip") is None, reason="needs unzip: apt-get install unzip")
def test_unzip_finds_no_fault_in_files_of_ours(tmp_path: Path) -> None:
    """After appending, replacing and deleting, with entries stored and deflated."""
    path = str(tmp_path / "a.zip")
    for compression in ("stored", "deflated"):
        with ZipStore(path, compression=compression) as store:
            store.set(f"grüße/{compression}", b"value" * 1000)
            store.set("again", compression.encode())
            store.set("gone", b"1")
            store.delete("gone")

    done = subprocess.run(["unzip", "-tq", path], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    out = tmp_path / "out"
    subprocess.run(["unzip", "-qq", path, "-d", str(out)], check=True, env={"LC_ALL": "C.UTF-8"})
    assert (out / "again").read_bytes() == b"deflated"


WRITE_SQLITE = """
import sys, numpy, zarr
store = zarr.SQLiteStore(sys.argv[1])
root = zarr.group(store)
root.attrs["title"] = "old"
root.create_dataset("deep/a", data=numpy.arange(60.0).reshape(6, 10), chunks=(4, 3))
store.close()
"""

READ_SQLITE = """
import sys, numpy, zarr
store = zarr.SQLiteStore(sys.argv[1])
root = zarr.open_group(store, mode="r")
values = numpy.arange(60.0).reshape(6, 10)
values[1, :] = -1
assert numpy.array_equal(root["deep/a"][...], values)
assert root["new"][...].tolist() == [1, 2, 3]
store.close()
"""


@pytest.mark.peers
def test_sqlite_files_of_zarr_python_2_are_read_changed_and_read_by_it(tmp_path: Path) -> None:
    """There and back; a file that we make is one for it as well."""
    path = str(tmp_path / "a.sqlite")
    ask("zarr 2", WRITE_SQLITE, path)

    with zarrpy.open_group(path, mode="r+") as root:
        values = np.arange(60.0).reshape(6, 10)
        assert np.array_equal(root["deep/a"][...], values)
        root["deep/a"][1] = -1
        root.create_array("new", data=[1, 2, 3])
    ask("zarr 2", READ_SQLITE, path)

    with zarrpy.create_group(tmp_path / "b.sqlite", zarr_format=2) as root:
        values[1] = -1
        root.create_array("deep/a", data=values)
        root.create_array("new", data=[1, 2, 3])
    ask("zarr 2", READ_SQLITE, str(tmp_path / "b.sqlite"))
