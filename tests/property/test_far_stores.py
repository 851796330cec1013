"""Stores that are neither files nor memory: what is fetched ahead, kept or joined is the same."""

import time
from itertools import count

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import zarrpy
from tests.property.drawn import (
    COMPRESSORS,
    assert_refused,
    assigned,
    fancy_keys,
    in_memory,
    numbers,
    outcome,
    same,
    written,
)
from zarrpy.stores import Store

#: Whether what a switch turns off is for shards, and seconds that a read takes, so that others are
#: on their way meanwhile.
SWITCHES = {"prefetch": (False, 0.0005), "index": (True, 0), "coalesce": (True, 0)}
_numbers = count()


class FarStore(Store):
    """Tells versions, has a name as a bucket has, and counts what is asked for."""

    def __init__(self, seconds):
        self.seconds = seconds
        self.values = {}
        self.versions = {}
        self.nreads = 0
        self.name = f"far:{next(_numbers)}"

    def locus(self, path):
        """The same for ever, so that indexes of shards are kept."""
        return self.name, path

    def version(self, key):
        """How often the value was changed."""
        return self.versions.get(key, 0)

    def get(self, key, byte_range=None):
        """Read all of a value or a part; it takes its time to arrive."""
        self.nreads += 1
        value = self.values.get(key)
        if self.seconds and not key.endswith("zarr.json"):
            time.sleep(self.seconds)
        return value if value is None or byte_range is None else byte_range.of(value)

    def set(self, key, value):
        """Write a new version."""
        self.values[key] = bytes(value)
        self.versions[key] = self.version(key) + 1

    def delete(self, key):
        """Delete, which is a version as well."""
        self.values.pop(key, None)
        self.versions[key] = self.version(key) + 1

    def list(self, prefix=""):
        """List."""
        return iter([key for key in self.values if key.startswith(prefix)])


@st.composite
def arrays(draw, sharded):
    """Values, and how they are stored: mostly in shards, or mostly in plain chunks."""
    shape = (draw(st.integers(1, 12)), draw(st.integers(1, 7)))
    chunks = (draw(st.integers(1, 3)), draw(st.integers(1, 7)))
    keywords = {"chunks": chunks, "compressors": draw(st.sampled_from(COMPRESSORS))}
    if (draw(st.integers(0, 3)) > 0) == sharded:
        keywords["shards"] = (chunks[0] * draw(st.integers(2, 6)), chunks[1])
    dtype = draw(st.sampled_from(["u1", "<i4", ">f8", "S3"]))
    return numbers(shape, np.dtype(dtype)), keywords


@st.composite
def scans(draw, length):
    """Row after row, in either direction, with any step."""
    return draw(st.sampled_from([range(length), range(length - 1, -1, -1), range(0, length, 2)]))


@st.composite
def steps(draw, values):
    """Reads by any key and of rows one after the other, and writes between them."""
    found = []
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(["scan", "read", "read", "write"]))
        if kind == "scan":
            rows = draw(scans(len(values)))
            at = draw(st.integers(0, len(rows)))
            found += [("read", row, None) for row in rows[:at]]
            if draw(st.booleans()):
                found.append(("write", *draw(assignments(values))))
            found += [("read", row, None) for row in rows[at:]]
        elif kind == "read":
            found.append(("read", draw(fancy_keys(values.shape)), None))
        else:
            found.append(("write", *draw(assignments(values))))
    return found


@st.composite
def assignments(draw, values):
    """Some rows, or a part of them, and what they become."""
    first = draw(st.integers(0, len(values) - 1))
    key = slice(first, first + draw(st.integers(1, 3))), slice(draw(st.integers(0, 3)), None)
    if draw(st.booleans()):
        return key, np.zeros((), in_memory(values).dtype)  # chunks of them are not stored
    return key, draw(assigned(values[key].shape, in_memory(values).dtype))


def compare(reader, native, key):
    """Read what NumPy selects, or refuse what NumPy refuses."""
    expected, refused = outcome(lambda: native[key])
    found, error = outcome(lambda: reader[key])
    if refused is not None:
        assert_refused(error, refused)
    elif error is not None:
        raise error
    else:
        assert same(found, expected), (key, found, expected)


def check(values, keywords, doings, seconds):
    """Do the steps, by a handle that reads and another that writes, and compare with NumPy."""
    store = FarStore(seconds)
    writer = zarrpy.create_array(store, data=values, **keywords)
    reader = zarrpy.open_array(store, mode="r")
    native = in_memory(values)
    places = np.arange(values.size).reshape(values.shape)
    for kind, key, new in doings:
        if kind == "write":
            writer[key] = new
            native = written(native, places[key], new)
            continue
        compare(reader, native, key)
    assert same(reader[...], native)


@pytest.mark.parametrize("switch", SWITCHES)
@given(data=st.data())
def test_values_are_those_of_numpy_with_a_switch_and_without(switch, data):
    """Whatever is selected, in whatever order, also where somebody writes in between."""
    sharded, seconds = SWITCHES[switch]
    values, keywords = data.draw(arrays(sharded))
    doings = data.draw(steps(values))
    for disable in ((), (switch,)):
        with zarrpy.config.set(disable=disable):
            check(values, keywords, doings, seconds)


@pytest.mark.parametrize("switch", SWITCHES)
def test_a_switch_changes_how_such_a_store_is_read(switch):
    """Or the property above would compare one way with itself."""
    values = np.arange(48).reshape(12, 4)
    sharded, seconds = SWITCHES[switch]
    keywords = {"shards": (12, 4)} if sharded else {}
    told = []
    for disable in ((), (switch,)):
        store = FarStore(seconds * 10)
        zarrpy.create_array(store, data=values, chunks=(1, 4), compressors=None, **keywords)
        reader = zarrpy.open_array(store, mode="r")
        before = store.nreads
        with zarrpy.config.set(disable=disable):
            for i in range(6):
                assert np.array_equal(reader[2 * i : 2 * i + 2], values[2 * i : 2 * i + 2])
        told.append((store.nreads - before, reader.prefetch_info.used))

    (reads, used), (reads_without, used_without) = told
    if switch == "prefetch":
        assert used > used_without == 0
    else:
        assert reads < reads_without
