"""What arrays tell of the module that they are of."""

from __future__ import annotations

import inspect
import pickle

import numpy as np
import pytest

import zarrpy


def look(array):
    """Do as napari does: what is of a module that starts with "zarr" goes to zarr-python."""
    if array.__module__.startswith("zarr"):
        raise TypeError("would be handed to dask.array.from_zarr")
    return np.asarray(array)


@pytest.mark.parametrize("kind", ["array", "view"])
def test_arrays_are_not_taken_for_those_of_zarr_python(kind):
    """By whoever looks at the name of their module, as napari does."""
    array = zarrpy.create_array({}, data=np.arange(12).reshape(3, 4))
    shown = array if kind == "array" else array.lazy[1:]

    assert look(shown).tolist() == np.asarray(shown).tolist()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_classes_are_found_by_the_module_that_they_are_in(protocol, tmp_path):
    """So that they can be pickled, and shown in documentation."""
    array = zarrpy.create_array(tmp_path / "a.zarr", data=np.arange(4))

    for cls in (zarrpy.Array, type(array.lazy)):
        assert pickle.loads(pickle.dumps(cls, protocol)) is cls
    assert pickle.loads(pickle._dumps(zarrpy.Array, protocol)) is zarrpy.Array
    assert pickle.loads(pickle.dumps(array, protocol))[...].tolist() == [0, 1, 2, 3]
    assert zarrpy.Array.__module__ == "zarrpy.array"
    assert inspect.getmodule(zarrpy.Array).__name__ == "zarrpy.array"


def test_what_was_read_is_handed_on_without_a_copy():
    """Through DLPack, as PyTorch and JAX take it, and to NumPy."""
    array = zarrpy.create_array({}, data=np.arange(6.0))
    read = array[...]

    assert np.shares_memory(np.from_dlpack(read), read)
    assert np.from_dlpack(array).tolist() == read.tolist()
    assert np.asarray(array).flags.owndata
    assert np.asarray(array).flags.writeable
