"""Stores that are not files: calls of Python that reading makes for each chunk."""

import numpy as np

import zarrpy
from tests.four_methods import FourMethods
from tests.unit.python_calls import FEW, calls_of, uncounted
from zarrpy.stores import SQLiteStore, ZipStore

NCHUNKS = 256


def calls_a_chunk(store):
    """Read one chunk and then all others, which nobody has read before; count the difference."""
    zarrpy.create_array(store, data=np.arange(16 * (NCHUNKS + 1), dtype="i4"), chunks=16)
    array = zarrpy.open_array(store, mode="r")
    calls_of(lambda: array[16:48])  # looks up what is looked up once

    one, _ = calls_of(lambda: array[:16])
    many, _ = calls_of(lambda: array[16:])

    return (many - one - FEW) / NCHUNKS


@uncounted
def test_a_store_of_a_users_own_is_asked_for_each_value_and_no_more():
    """The one call is that of its `get`."""
    assert calls_a_chunk(FourMethods()) <= 1


@uncounted
def test_a_sqlite_file_is_asked_for_values_without_a_call_for_each(tmp_path):
    """Of Python, that is: each value is a statement."""
    assert calls_a_chunk(SQLiteStore(tmp_path / "a.sqlite")) <= 0


@uncounted
def test_a_zip_file_is_read_without_a_call_for_each_value(tmp_path):
    """They are found, read and compared with their checksums by one call into C."""
    assert calls_a_chunk(ZipStore(tmp_path / "a.zip")) <= 0
