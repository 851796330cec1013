"""Tests of `zarrpy.stores.base`: four methods make a store."""

import numpy as np
import pytest

import zarrpy
from tests.four_methods import FourMethods
from zarrpy.errors import ReadOnlyStoreError
from zarrpy.stores.base import ByteRange
from zarrpy.testing.store_contract import StoreContract


class Shelf(FourMethods):
    """A store of somebody else's that may be read-only, with nothing but what must be written."""

    def set(self, key, value):
        self.check_writable("set", key)
        super().set(key, value)

    def delete(self, key):
        self.check_writable("delete", key)
        super().delete(key)


class TestFourMethods(StoreContract):
    """With `get`, `set`, `delete` and `list` the defaults of all else are right."""

    @pytest.fixture
    def store(self):
        return Shelf()


@pytest.mark.parametrize("shape", [(), (0, 3), (5, 7)])
def test_a_store_of_four_methods_serves_arrays_and_groups(shape):
    """Nothing else is needed to write, read, list and change a hierarchy."""
    store = Shelf()
    values = np.arange(np.prod(shape), dtype="i4").reshape(shape)
    group = zarrpy.create_group(store)

    array = group.create_array("deep/down", data=values, chunks=2, attributes={"a": 1})
    array[...] = array[...] + 1

    again = zarrpy.open_group(store)["deep/down"]
    assert np.array_equal(again[...], values + 1)
    assert dict(again.attrs) == {"a": 1}
    assert list(zarrpy.open_group(store)) == ["deep"]


@pytest.mark.parametrize(
    ("byte_range", "cut"),
    [
        (ByteRange(0), b"abcdef"),
        (ByteRange(2, 3), b"cde"),
        (ByteRange(4, 100), b"ef"),
        (ByteRange(100, 1), b""),
        (ByteRange(-2), b"ef"),
        (ByteRange(-2, 1), b"e"),
        (ByteRange(-100), b"abcdef"),
        (ByteRange(1, 0), b""),
    ],
)
def test_a_range_cuts_a_value(byte_range, cut):
    """Offsets may count from the end; what lies outside is left out."""
    assert byte_range.of(b"abcdef") == cut


def test_the_error_of_a_read_only_store_says_what_was_refused():
    """Operation, key and store, and what to do."""
    store = Shelf()
    store.read_only = True

    with pytest.raises(ReadOnlyStoreError) as caught:
        store.set("a/zarr.json", b"")

    assert (caught.value.operation, caught.value.key) == ("set", "a/zarr.json")
    assert "without read_only=True" in str(caught.value)
