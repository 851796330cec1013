"""Writers at the same time: no update is lost, and no reader sees half of one."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from report import tell

import zarrpy


def halves(array, i, rounds):
    """Count up one half of a chunk."""
    part = slice(4 * i, 4 * i + 4)
    for _ in range(rounds):
        array[part] = array[part] + 1


@pytest.mark.parametrize("kind", ["memory", "local"])
def test_threads_that_write_parts_of_one_chunk_lose_nothing(tmp_path, body, kind):
    """Four threads, four quarters of a chunk, each through a handle of its own."""
    place = {} if kind == "memory" else tmp_path / "x"
    zarrpy.create_array(place, shape=16, chunks=16, dtype="i4")
    threads = [threading.Thread(target=halves, args=(zarrpy.open(place), i, 40)) for i in range(4)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert zarrpy.open(place)[...].tolist() == [40] * 16


def test_processes_that_write_parts_of_one_chunk_lose_nothing(tmp_path):
    """Two processes, two halves of a chunk."""
    zarrpy.create_array(tmp_path / "x", shape=8, chunks=8, dtype="i4")
    code = (
        "import sys, zarrpy\n"
        "a = zarrpy.open(sys.argv[1])\n"
        "i = 4 * int(sys.argv[2])\n"
        "for _ in range(150):\n"
        "    a[i : i + 4] = a[i : i + 4] + 1\n"
    )

    writers = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "x"), str(i)])
        for i in range(2)
    ]
    codes = [writer.wait(60) for writer in writers]

    assert codes == [0, 0]
    assert zarrpy.open(tmp_path / "x")[...].tolist() == [150] * 8
    assert os.listdir(tmp_path / "x" / "c") == ["0"]


@pytest.mark.parametrize("kind", ["memory", "local"])
def test_a_reader_never_sees_a_torn_chunk(tmp_path, body, kind):
    """While a writer changes all elements of a chunk, a reader sees them all alike."""
    place = {} if kind == "memory" else tmp_path / "x"
    writer = zarrpy.create_array(
        place, data=np.zeros(20_000, "i4"), chunks=20_000, compressors=None,
        config={"write_empty_chunks": True},
    )  # fmt: skip
    done = threading.Event()
    torn = []

    def read():
        reader = zarrpy.open(place)
        while not done.is_set():
            values = reader[...]
            if values.min() != values.max():
                torn.append(values)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        for i in range(150):
            writer[...] = i
    finally:
        done.set()
        for reader in readers:
            reader.join()

    assert torn == []


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("kind", ["memory", "local"])
def test_threads_that_change_attributes_lose_nothing(tmp_path, kind, zarr_format):
    """Each sets names of its own, through a handle of its own; all of them are there at the end."""
    place = {} if kind == "memory" else tmp_path / "x"
    zarrpy.create_group(place, zarr_format=zarr_format)

    def change(i):
        attributes = zarrpy.open(place).attrs
        for k in range(20):
            attributes[f"{i} {k}"] = k

    threads = [threading.Thread(target=change, args=(i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(zarrpy.open(place).attrs) == 60


def test_processes_that_change_attributes_lose_nothing(tmp_path):
    """The lock of the document keeps other processes out as well."""
    zarrpy.create_array(tmp_path / "x", shape=4, dtype="i4")
    code = (
        "import sys, zarrpy\n"
        "attributes = zarrpy.open(sys.argv[1]).attrs\n"
        "for k in range(100):\n"
        "    attributes[sys.argv[2] + str(k)] = k\n"
    )

    writers = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "x"), name]) for name in "ab"
    ]
    codes = [writer.wait(120) for writer in writers]

    assert codes == [0, 0]
    assert len(zarrpy.open(tmp_path / "x").attrs) == 200
    assert os.listdir(tmp_path / "x") == ["zarr.json"]
    tell("races", ["2 processes x 100 attributes: 200 of 200 kept"])


OVERWRITE = """
import sys, numpy, zarrpy
for k in range(8):
    n = 1 + (int(sys.argv[2]) + k) % 3
    try:
        zarrpy.create_array(sys.argv[1], name="a", data=numpy.full(n, n), chunks=1, overwrite=True)
    except (zarrpy.StoreError, zarrpy.NodeNotFoundError):
        pass
"""


@pytest.mark.parametrize("kind", ["memory", "local"])
def test_threads_that_overwrite_one_array_leave_one_of_theirs(tmp_path, kind):
    """Each has one more chunk than the other; the last to end stays, and nothing else does."""
    place = {} if kind == "memory" else tmp_path / "x"
    zarrpy.create_group(place).create_array("a", data=[0])
    failures = []

    def overwrite(i):
        try:
            for k in range(8):
                n = 1 + (i + k) % 3
                data = np.full(n, n)
                zarrpy.create_array(place, name="a", data=data, chunks=1, overwrite=True)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=overwrite, args=(i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    _expect_one_of_them(place)


def test_processes_that_overwrite_one_array_leave_one_of_theirs(tmp_path):
    """One may be told that another was faster; none is told of success and leaves nothing."""
    zarrpy.create_group(tmp_path / "x").create_array("a", data=[0])

    writers = [
        subprocess.Popen([sys.executable, "-c", OVERWRITE, str(tmp_path / "x"), str(i)])
        for i in range(3)
    ]
    codes = [writer.wait(60) for writer in writers]

    assert codes == [0, 0, 0]
    _expect_one_of_them(tmp_path / "x")


def _expect_one_of_them(place):
    found = zarrpy.open(place)["a"]
    n = found.shape[0]
    assert found[...].tolist() == [n] * n
    keys = sorted(key for key in found.store.list("a") if "/c/" in key)
    assert keys == [f"a/c/{i}" for i in range(n)]
