"""Tests of the names that arrays give Dask for their contents."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import zarrpy
from zarrpy.stores import MemoryStore


def token(array):
    return array.__dask_tokenize__()


def test_a_name_stays_while_nothing_is_written(store):
    """For any handle of the array, of whatever store object."""
    array = zarrpy.create_array(store, name="a", data=[1, 2])

    before = token(array)
    array[...]

    assert token(array) == token(zarrpy.open_array(store, path="a")) == before
    if store.of_files:
        assert token(zarrpy.open(store.root)["a"]) == before


CHANGES = {
    "an assignment": lambda array: array.__setitem__(0, 5),
    "a write of another handle": lambda array: zarrpy.open(array.store)["a"].write(0, 5),
    "an attribute": lambda array: array.attrs.update(x=1),
    "a view": lambda array: array.lazy[:1].write(7),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_name_changes_with_what_is_written(store, change):
    """By whatever handle of this process."""
    zarrpy.create_group(store)
    array = zarrpy.create_array(store, name="a", data=[1, 2])
    names = [token(array)]

    CHANGES[change](array)
    names.append(token(array))
    CHANGES[change](array)
    names.append(token(array))

    assert len(set(names)) == (3 if change != "an attribute" or store.of_files else 2)


def test_an_array_that_takes_the_place_of_another_has_another_name(store):
    """Though it says the same of itself."""
    before = token(zarrpy.create_array(store, name="a", data=[1, 2]))

    after = token(zarrpy.create_array(store, name="a", data=[1, 3], overwrite=True))

    assert before != after


def test_a_write_by_another_way_to_the_same_files_changes_the_name(tmp_path):
    """The array is opened by its own path, or by that of a group or through a link."""
    zarrpy.create_group(tmp_path / "g")
    array = zarrpy.create_array(tmp_path / "g", name="x/a", data=[1, 2])
    (tmp_path / "link").symlink_to(tmp_path / "g" / "x")
    names = [token(array)]

    for place in ("g/x/a", "g/x", "link/a"):
        node = zarrpy.open(tmp_path / place)
        (node if isinstance(node, zarrpy.Array) else node["a"])[0] = 5
        names.append(token(array))

    assert len(set(names)) == 4


def test_creating_another_array_leaves_the_name(store):
    """Nothing of this one was touched."""
    zarrpy.create_group(store)
    array = zarrpy.create_array(store, name="a", data=[1, 2])
    before = token(array)

    zarrpy.create_array(store, name="b", data=[1, 2])

    assert token(array) == before


def test_writing_to_one_array_leaves_the_name_of_another(store):
    """In the same store."""
    zarrpy.create_group(store)
    first = zarrpy.create_array(store, name="a", data=[1, 2])
    second = zarrpy.create_array(store, name="b", data=[1, 2])
    before = token(first)

    second[0] = 5

    assert token(first) == before != token(second)


def test_stores_in_memory_have_names_of_their_own():
    """A copy has another one, as what is written to one is not in the other."""
    arrays = [zarrpy.create_array(MemoryStore(), data=[1, 2]) for _ in range(2)]

    assert token(arrays[0]) != token(arrays[1])
    assert token(arrays[0]) != token(pickle.loads(pickle.dumps(arrays[0])))


def test_a_name_is_the_same_in_every_process_that_writes_nothing(tmp_path):
    """By path, metadata, and when the document was changed."""
    made = "import sys, zarrpy; zarrpy.create_array(sys.argv[1], data=[1])"
    script = "import sys, zarrpy; print(zarrpy.open(sys.argv[1], mode='r').__dask_tokenize__())"
    subprocess.run([sys.executable, "-c", made, str(tmp_path / "a")], check=True)
    command = [sys.executable, "-c", script, str(tmp_path / "a")]

    first = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    second = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    document = Path(tmp_path / "a" / "zarr.json")
    os.utime(document, ns=(1, 1))
    third = subprocess.run(command, check=True, capture_output=True, text=True).stdout

    assert first == second != third


def test_processes_that_write_have_names_of_their_own(tmp_path):
    """What each has written is not what the other has."""
    array = zarrpy.create_array(tmp_path / "a", data=np.arange(3))
    array[0] = 1
    script = (
        "import sys, zarrpy; array = zarrpy.open(sys.argv[1]); array[0] = 2; "
        "print(repr(array.__dask_tokenize__()))"
    )

    found = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "a")],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip

    assert found.strip() != repr(token(array))
