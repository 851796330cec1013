"""Tests of `zarrpy._native.zipped`: many values of a zip file by one call, or by none of it."""

import os
import zipfile

import numpy as np
import pytest

from zarrpy._native.zipped import read_values
from zarrpy.config import config
from zarrpy.errors import StoreError
from zarrpy.stores import ZipStore

KEYS = ["a/c/0", "a/c/1"]
VALUES = [b"the first value", b"and another one"]


def made(path, compression=zipfile.ZIP_STORED):
    """Write two values by the standard library, the second behind a header with a long extra."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for key, value, nextra in zip(KEYS, VALUES, (0, 200), strict=True):
            entry = zipfile.ZipInfo(key)
            entry.extra = b"\xfe\xca" + nextra.to_bytes(2, "little") + bytes(nextra)
            archive.writestr(entry, value, compression)
    return path


def native(path):
    """What the native way gives for both."""
    store = ZipStore(path, "r")
    entries = [store._shared.state.entries[key] for key in KEYS]
    file = os.open(path, os.O_RDONLY)
    try:
        found = read_values(file, KEYS, entries)
    finally:
        os.close(file)
    return [value if value is None else bytes(value) for value in found]


def outcome(get, *arguments):
    """The bytes of a value, or the words of an error."""
    try:
        return bytes(get(*arguments))
    except StoreError as error:
        return str(error)


def test_a_usual_entry_is_read_and_an_unusual_one_is_left(tmp_path):
    """One whose header is longer than any program writes it, or whose bytes are compressed."""
    assert native(made(tmp_path / "a.zip")) == [VALUES[0], None]
    assert native(made(tmp_path / "b.zip", zipfile.ZIP_DEFLATED)) == [None, None]


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_what_is_left_is_read_all_the_same(tmp_path, compression):
    """In the way that knows every form; what is absent is None."""
    store = ZipStore(made(tmp_path / "a.zip", compression), "r")

    found = store.get_many([KEYS[1], "a/c/9", KEYS[0]])

    assert [value and bytes(value) for value in found] == [VALUES[1], None, VALUES[0]]


def test_many_values_are_read_by_several_threads_in_their_order(tmp_path):
    """Absent ones among them; from two megabytes on there are several threads."""
    values = {f"c/{i}": os.urandom(50_000) for i in range(101)}
    with config.set(workers=3), ZipStore(tmp_path / "a.zip") as store:
        store.set_many([*values], [*values.values()])
        keys = [f"c/{i}" for i in np.random.default_rng(0).permutation(120)]

        found = store.get_many(keys)

    assert [value and bytes(value) for value in found] == [values.get(key) for key in keys]


def test_each_changed_byte_is_told_as_when_one_value_is_read(tmp_path):
    """Of a header, a name and a value."""
    whole = made(tmp_path / "a.zip").read_bytes()
    told = 0
    for at in range(whole.index(VALUES[0]) + len(VALUES[0])):
        path = tmp_path / f"{at}.zip"
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :])
        store = ZipStore(path, "r")

        one = outcome(store.get, KEYS[0])

        assert outcome(lambda store=store: store.get_many(KEYS)[0]) == one
        assert native(path)[0] in (None, VALUES[0])
        told += one != VALUES[0]
    assert told > len(VALUES[0])
