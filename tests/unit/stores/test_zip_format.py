"""Tests of `zarrpy.stores.zip_format` and of its neighbours: files that are cut off, or lie."""

import io
import os
import warnings
import zipfile

import numpy as np
import pytest
from zip_contents import read, written

import zarrpy
from zarrpy.errors import LimitError, StoreError
from zarrpy.stores import LocalStore, ZipReaderStore, ZipStore
from zarrpy.stores.base import ByteRange


@pytest.fixture
def path(tmp_path):
    """Where a zip file may be."""
    return str(tmp_path / "a.zip")


# ------------------------------------------------------------------------- cut off, and recovered


def test_whatever_of_a_write_reaches_the_file_the_old_values_or_the_new_are_read(path):
    """Cut at every byte of what was appended, the directory included."""
    written(path, a=b"old a", b=b"old b", gone=b"old")
    with open(path, "rb") as file:
        before = file.read()
    store = ZipStore(path)
    states = [{"a": b"old a", "b": b"old b", "gone": b"old"}]
    for changes in ({"a": b"new a"}, {"gone": None}, {"c": b"zip " * 10}, {"b": b"new b"}):
        store.set_many(list(changes), list(changes.values()))
        found = {**states[-1], **changes}
        states.append({key: value for key, value in found.items() if value is not None})
    store.flush()
    with open(path, "rb") as file:
        after = file.read()
    store.close()
    assert after.startswith(before)

    reached = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for stop in range(len(before), len(after) + 1):
            cut = os.path.join(os.path.dirname(path), f"cut{stop}.zip")
            with open(cut, "wb") as file:
                file.write(after[:stop])
            with ZipStore(cut) as again:
                found = {key: bytes(again.get(key)) for key in again.list()}
                state = states.index(found)
                assert state >= reached
                reached = state
                again.set("more", b"1")
            assert read(cut) == {**found, "more": b"1"}
    assert reached == len(states) - 1


def test_a_zip_file_as_the_last_value_is_no_directory(path, tmp_path):
    """Its own directory at the end of a file that was not closed is not ours."""
    inner = written(str(tmp_path / "inner.zip"), wrong=b"1")
    with open(inner, "rb") as file:
        value = file.read()
    store = ZipStore(path)
    store.set("a", b"1")
    store.set("inner", value)
    with open(path, "rb") as file:
        unclosed = file.read()
    store.close()
    with open(inner, "wb") as file:
        file.write(unclosed)

    with pytest.warns(UserWarning, match="no directory"):
        again = ZipStore(inner, "r")
    assert sorted(again.list()) == ["a", "inner"]


def test_an_archive_of_others_that_was_not_closed_is_read(path):
    """With the sizes behind the values, as streams are written."""

    class Pipe(io.RawIOBase):
        def __init__(self):
            self.data = bytearray()

        def writable(self):
            return True

        def write(self, data):
            self.data += data
            return len(data)

    pipe = Pipe()
    archive = zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED)
    archive.writestr("a", b"value " * 100)
    archive.writestr("b", b"stored", zipfile.ZIP_STORED)
    with open(path, "wb") as file:
        file.write(pipe.data)

    with pytest.warns(UserWarning, match="2 whole entries"):
        store = ZipStore(path, "r")
    assert bytes(store.get("a")) == b"value " * 100
    assert bytes(store.get("b")) == b"stored"


def test_what_is_whole_in_a_damaged_file_is_recovered(path):
    """The damaged file stays beside the new one; nothing is written to it before that."""
    written(path, a=b"1" * 50, b=b"2" * 50, c=b"3" * 50)
    with open(path, "rb") as file:
        data = file.read()
    at = data.index(b"2" * 50)
    data = data[: at - 20] + b"?" * 40 + data[at + 20 : data.index(b"PK\1\2")]
    with open(path, "wb") as file:
        file.write(data)

    with (
        pytest.warns(UserWarning, match="no directory"),
        pytest.raises(StoreError, match="recover"),
    ):
        ZipStore(path).set("d", b"4")
    assert ZipStore.recover(path) == 2

    assert read(path) == {"a": b"1" * 50, "c": b"3" * 50}
    with open(path + ".damaged", "rb") as file:
        assert file.read() == data


def test_a_changed_byte_is_an_error_that_names_the_key(path):
    """The checksum of the entry does not agree."""
    written(path, a=b"value")
    with open(path, "r+b") as file:
        file.seek(file.read().index(b"value"))
        file.write(b"wrong")

    with pytest.raises(StoreError, match="checksum") as caught:
        ZipStore(path, "r").get("a")
    assert caught.value.key == "a"


# ------------------------------------------------------------------------------------- hostile


def archive_with(path, *names, change=None):
    """Make an archive with these names, and change its bytes."""
    with zipfile.ZipFile(path, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for i, name in enumerate(names):
            archive.writestr(zipfile.ZipInfo(name), b"value %d" % i)
    if change is not None:
        with open(path, "r+b") as file:
            data = bytearray(file.read())
            change(data)
            file.seek(0)
            file.write(data)


@pytest.mark.parametrize("name", ["../out", "a/../../out", "/etc/passwd", "a//b", "."])
def test_names_that_lead_out_are_refused(path, name):
    """The file is not opened at all."""
    archive_with(path, "a", name)

    with pytest.raises(StoreError, match="no key"):
        ZipStore(path, "r")


def test_a_name_with_a_backslash_is_refused(path):
    """On another system it is a path."""
    archive_with(path, "a", "bxb", change=lambda data: swap(data, b"bxb", b"b\\b"))

    with pytest.raises(StoreError, match="backslash"):
        ZipStore(path, "r")


def swap(data, old, new):
    """Replace bytes by as many others, wherever they are."""
    data[:] = data.replace(old, new)


def test_of_a_name_that_is_there_twice_the_last_counts(path):
    """Readers that scan the directory find that one; it is said."""
    archive_with(path, "a", "b", "a")

    with pytest.warns(UserWarning, match="more than once"):
        store = ZipStore(path, "r")
    assert bytes(store.get("a")) == b"value 2"


def central(data, number, offset):
    """Where a field of a record of the directory is."""
    at = -1
    for _ in range(number + 1):
        at = data.index(b"PK\1\2", at + 1)
    return at + offset


def lie(number, offset, value, nbytes=4):
    """Change a field of the directory."""

    def change(data):
        at = central(data, number, offset)
        data[at : at + nbytes] = value.to_bytes(nbytes, "little")

    return change


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lie(1, 42, 0), "overlap"),
        (lie(1, 24, 1 << 30), "says"),
        (lambda data: (lie(1, 20, 1 << 30)(data), lie(1, 24, 1 << 30)(data)), "reaches"),
        (lambda data: (lie(0, 10, 8, 2)(data), lie(0, 24, 1 << 30)(data)), "inflate"),
        (lambda data: data.__setitem__(slice(-12, -10), b"\xff\x00"), "cannot have"),
        (lambda data: data.__setitem__(slice(-12, -10), b"\x01\x00"), "says it has 1"),
        (lambda data: data.__setitem__(slice(-6, -2), b"\xff\xff\x00\x00"), "outside"),
        (lambda data: data.__setitem__(slice(-18, -16), b"\x01\x00"), "several parts"),
    ],
)
def test_a_directory_that_lies_is_refused(path, change, problem):
    """Before anything is read by what it says."""
    archive_with(path, "a", "b", change=change)

    with pytest.raises(StoreError, match=problem):
        ZipStore(path, "r")


def test_an_entry_that_is_another_is_refused(path):
    """The directory says `b`, the entry `a`."""
    archive_with(path, "a", "b", change=lambda data: data.__setitem__(30, ord("z")))

    store = ZipStore(path, "r")
    with pytest.raises(StoreError, match="in the directory"):
        store.get("a")
    assert bytes(store.get("b")) == b"value 1"


def test_inflating_stops_at_the_size_that_is_said(path):
    """A bomb with an honest ratio is bounded by the largest chunk that is allowed."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", bytes(1 << 20))
    store = ZipStore(path, "r")

    with zarrpy.config.set(**{"limits.max_chunk_bytes": 1 << 16}), pytest.raises(LimitError):
        store.get("a")
    assert bytes(store.get("a", ByteRange(-5))) == bytes(5)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_named(path, method):
    """With what to do."""
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("a", b"value" * 10)

    with pytest.raises(StoreError, match="method"):
        ZipStore(path, "r").get("a")


def far(path):
    """The same file as another store gives it."""
    return ZipReaderStore(LocalStore(os.path.dirname(path)), os.path.basename(path))


def entry_of(name, mode):
    """An entry that says what kind of file it was."""
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, mode << 16
    return info


@pytest.mark.parametrize("make", [ZipStore, far])
def test_a_symbolic_link_is_no_value(path, make):
    """What is stored is the place that it leads to, which is no data."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(entry_of("a/0", 0o120777), b"/etc/motd")
        archive.writestr(entry_of("a/1", 0o100644), b"value")

    store = make(path)
    for byte_range in (None, ByteRange(0, 2), ByteRange(0, 0)):
        with pytest.raises(StoreError, match=r"'a/0'.* symbolic link"):
            store.get("a/0", byte_range)
    assert bytes(store.get("a/1")) == b"value"


@pytest.mark.parametrize("make", [ZipStore, far])
def test_a_directory_of_the_name_of_a_chunk_is_no_value(path, make):
    """As in directories: it is an error, and no chunk that was never written."""
    zarrpy.create_array(ZipStore(path), data=np.arange(1, 9), chunks=4).store.close()
    ZipStore(path).delete("c/1")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(entry_of("c/1/", 0o040755), b"")
        archive.writestr(entry_of("c/", 0o040755), b"")

    store = make(path)
    with pytest.raises(StoreError, match=r"'c/1'.* is a directory"):
        zarrpy.open_array(store, mode="r")[...]
    assert store.get("c/7") is None
    (finding,) = zarrpy.verify(store).findings
    assert (finding.kind, finding.key) == ("unreadable", "c/1")
