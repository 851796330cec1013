"""Creating an array with data that cannot be stored: nothing of it stays, and nothing else goes."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import zarrpy
from zarrpy._native.files import Directory
from zarrpy.codecs.base import BytesToBytes
from zarrpy.engine import pool
from zarrpy.errors import NodeExistsError, NodeNotFoundError, StoreError, TransactionError
from zarrpy.stores import LocalStore, MemoryStore

DATA = np.arange(40).reshape(8, 5)
FORMATS = {
    "v3": {"chunks": (2, 5)},
    "v2": {"chunks": (2, 5), "zarr_format": 2},
    "shards": {"chunks": (1, 5), "shards": (2, 5)},
}


class Full(MemoryStore):
    """A store that takes so many values, and no more."""

    def __init__(self, room):
        super().__init__()
        self.room = room

    def _take(self, values):
        self.room -= len(values)
        if self.room < 0:
            raise StoreError("no space left", errno=errno.ENOSPC)

    def set(self, key, value):
        self._take([value])
        super().set(key, value)

    def set_many(self, keys, values):
        for key, value in zip(keys, values, strict=True):
            self.set(key, value)


@pytest.mark.parametrize("name", [None, "a", "g/a"])
@pytest.mark.parametrize("keywords", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("room", range(1, 5))
def test_a_store_that_is_full_keeps_nothing_of_a_new_array(body, keywords, name, room):
    """Nor of the groups on the way to it."""
    store = Full(room)

    with pytest.raises(StoreError, match="no space"):
        zarrpy.create_array(store, name=name, data=DATA, **keywords)

    assert list(store.list()) == []


@pytest.mark.parametrize("keywords", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("room", range(1, 6))
def test_a_store_that_is_full_keeps_the_array_that_would_be_replaced(body, keywords, room):
    """Byte by byte."""
    store = Full(100)
    zarrpy.create_array(store, name="a", data=DATA + 1, chunks=(3, 3))
    before = {key: bytes(store.get(key)) for key in store.list()}
    store.room = room

    with pytest.raises(StoreError, match="no space"):
        zarrpy.create_array(store, name="a", data=DATA, overwrite=True, **keywords)

    assert {key: bytes(store.get(key)) for key in store.list()} == before


class Fussy(BytesToBytes):
    """Refuses chunks that have a certain number in them."""

    name = "test.fussy"

    def to_config(self, dialect=3):
        return {}

    @classmethod
    def from_config(cls, configuration, *, dialect=3, spec=None):
        return cls()

    def encode(self, data):
        if 19 in np.frombuffer(data, "i8"):
            raise ValueError("nineteen")
        return bytes(data)

    def decode(self, data, nbytes=None, exact=True):
        return bytes(data)


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_codec_that_fails_half_way_leaves_what_was_there(store, contents, overwrite):
    """Chunks before that one are taken away again."""
    if overwrite:
        zarrpy.create_array(store, name="a", data=DATA + 1, chunks=(3, 3))
    before = contents(store)
    zarrpy.register_codec(Fussy)
    try:
        with pytest.raises(zarrpy.errors.CodecError, match="nineteen"):
            zarrpy.create_array(
                store, name="a", data=DATA, chunks=(1, 5), compressors=[Fussy()],
                overwrite=overwrite,
            )  # fmt: skip
    finally:
        zarrpy.unregister_codec("test.fussy")

    assert contents(store) == before


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_disk_that_is_full_keeps_nothing_of_a_new_array(tmp_path, body, overwrite):
    """Files that are too large stand for it."""
    place = tmp_path / "x"
    code = (
        "import resource, signal, sys, numpy, zarrpy\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "data = numpy.zeros((4, 50_000), 'i4')\n"
        "data[3] = numpy.random.default_rng(1).integers(0, 1 << 30, 50_000)\n"
        "data[:3] = 1\n"
        f"overwrite = {overwrite}\n"
        f"if overwrite: zarrpy.create_array({os.fspath(place)!r}, data=[1, 2, 3])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try:\n"
        f"    zarrpy.create_array({os.fspath(place)!r}, data=data, chunks=(1, 50_000),"
        " overwrite=overwrite)\n"
        "except OSError as error:\n"
        "    assert error.errno, error\n"
        "else:\n"
        "    raise SystemExit('no error')\n"
    )

    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60,
        env={**os.environ, "ZARRPY_DISABLE": "native" if body == "python" else ""},
    )  # fmt: skip

    assert result.returncode == 0, result.stderr
    files = sorted(str(path.relative_to(place)) for path in place.rglob("*") if path.is_file())
    assert files == (["c/0", "zarr.json"] if overwrite else [])
    if overwrite:
        assert zarrpy.open(place)[...].tolist() == [1, 2, 3]
    else:
        with pytest.raises(NodeNotFoundError):
            zarrpy.open(place)


def test_a_disk_with_no_room_for_a_lock_is_made_room_on(tmp_path, monkeypatch):
    """Deleting has to be possible there."""
    array = zarrpy.create_array(tmp_path / "x", data=DATA, chunks=(2, 5))

    class NoRoom:
        """A directory in which no file can be made."""

        def __init__(self, *args):
            self._directory = Directory(*args)

        def __getattr__(self, name):
            return getattr(self._directory, name)

        def delete(self, key, *args):
            raise StoreError("no space left", errno=errno.ENOSPC, key=key)

    monkeypatch.setattr("zarrpy.stores.local.Directory", NoRoom)
    array.store.delete("c/0/0")
    zarrpy.delete(LocalStore(tmp_path / "x"), "")

    assert [path for path in Path(tmp_path).rglob("*") if path.is_file()] == []


def look_at(place, found):
    """Give a function that notes, each time that it is told of progress, who can be opened."""

    def progress(_):
        try:
            found.append(zarrpy.open(place, mode="r")[...])
        except NodeNotFoundError:
            found.append(None)

    return progress


def rechunked(source, target, progress):
    """Write the array anew in other chunks."""
    zarrpy.rechunk(source, target, chunks=(3, 2), progress=progress)


def copied(source, target, progress):
    """Copy it as it is stored."""
    zarrpy.copy(source, target, progress=progress)


def imported(source, target, progress):
    """Take it from a file of NumPy."""
    file = target.parent / "values.npy"
    np.save(file, source[...])
    zarrpy.import_from(file, target, chunks=(2, 5), fill_value=-1, progress=progress)


@pytest.mark.parametrize("foreign", [(), ("README.md",), (".__zp-new-of-a-killed-process",)])
@pytest.mark.parametrize("work", [copied, rechunked, imported])
def test_nobody_opens_an_array_before_all_of_it_is_there(tmp_path, work, foreign):
    """Also at the root of a store, and where files of others lie."""
    source = zarrpy.create_array(tmp_path / "source", data=DATA, chunks=(2, 5), fill_value=-1)
    for name in foreign:
        (tmp_path / "new").mkdir()
        (tmp_path / "new" / name).write_text("of others")
    found = []

    work(source, tmp_path / "new", look_at(tmp_path / "new", found))

    assert found
    assert all(values is None for values in found)
    assert np.array_equal(zarrpy.open_array(tmp_path / "new")[...], DATA)
    assert {path.name for path in (tmp_path / "new").iterdir()} == {"c", "zarr.json", *foreign}


@pytest.fixture
def after_writing(monkeypatch):
    """Have something done after each batch of chunks that is written; gives the list of what."""
    whats, run = [], pool.run

    def runs(batch, *args):
        run(batch, *args)
        if batch.writing:
            for what in whats:
                what(batch)

    monkeypatch.setattr(pool, "run", runs)
    return whats


@pytest.mark.parametrize("keywords", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("name", [None, "a", "g/a"])
def test_an_array_with_data_is_there_at_once_where_files_of_others_lie(
    tmp_path, after_writing, name, keywords
):
    """They stay, and count as before."""
    place = tmp_path / "x" / (name or "")
    place.mkdir(parents=True)
    (place / "README.md").write_text("of others")
    found = []
    after_writing.append(look_at(place, found))

    zarrpy.create_array(tmp_path / "x", name=name, data=DATA, fill_value=-1, **keywords)

    assert found
    assert all(values is None for values in found)
    assert np.array_equal(zarrpy.open_array(place)[...], DATA)
    assert (place / "README.md").read_text() == "of others"
    assert not [path.name for path in place.iterdir() if path.name.startswith(".__zp")]


@pytest.mark.parametrize("name", [None, "a"])
def test_who_comes_second_where_files_of_others_lie_is_told_so(tmp_path, after_writing, name):
    """The array of who was first stays whole."""
    place = tmp_path / "x" / (name or "")
    place.mkdir(parents=True)
    (place / "README.md").write_text("of others")

    def come_before(_):
        after_writing.clear()
        zarrpy.create_array(tmp_path / "x", name=name, data=DATA + 1)

    after_writing.append(come_before)

    with pytest.raises(NodeExistsError):
        zarrpy.create_array(tmp_path / "x", name=name, data=DATA)

    assert np.array_equal(zarrpy.open_array(place)[...], DATA + 1)
    assert not [path.name for path in place.iterdir() if path.name.startswith(".__zp")]


def test_a_group_that_is_imported_is_there_at_once(tmp_path, after_writing):
    """With all its arrays."""
    np.savez(tmp_path / "values.npz", a=DATA, b=DATA + 1)
    found = []
    after_writing.append(look_at(tmp_path / "x", found))

    zarrpy.import_from(tmp_path / "values.npz", tmp_path / "x")

    group = zarrpy.open_group(tmp_path / "x", mode="r")
    assert found
    assert all(values is None for values in found)
    assert np.array_equal(group["a"][...], DATA)
    assert np.array_equal(group["b"][...], DATA + 1)


@pytest.mark.parametrize("name", ["c", "c/0/0", "c/README.md", ".zattrs"])
def test_leftovers_with_names_of_the_array_are_not_renamed_over(tmp_path, name):
    """There the document comes first, as it did."""
    place = tmp_path / "x"
    (place / name).parent.mkdir(parents=True)
    (place / name).write_text("{}")
    if name == "c":
        with pytest.raises(StoreError):
            zarrpy.create_array(place, data=DATA, chunks=(2, 5))
        return

    zarrpy.create_array(place, data=DATA, chunks=(2, 5))

    assert np.array_equal(zarrpy.open_array(place)[...], DATA)
    assert (place / name).exists()


def test_replacing_a_root_leaves_the_transaction_of_another(tmp_path):
    """It finds that somebody else has changed the same, and nothing of it is left over."""
    zarrpy.create_array(tmp_path / "x", data=DATA)
    block = zarrpy.transaction(LocalStore(tmp_path / "x"))
    zarrpy.open_array(block.__enter__(), mode="r+")[...] = 5
    zarrpy.create_array(tmp_path / "x", data=DATA + 1, overwrite=True)

    with pytest.raises(TransactionError):
        block.__exit__(None, None, None)

    assert np.array_equal(zarrpy.open_array(tmp_path / "x")[...], DATA + 1)
    assert not [path.name for path in (tmp_path / "x").iterdir() if path.name.startswith(".__zp")]


def test_an_array_is_created_at_the_root_within_a_transaction(tmp_path):
    """It is there when that ends."""
    with zarrpy.transaction(LocalStore(tmp_path / "x")) as store:
        zarrpy.create_array(store, data=DATA)
        with pytest.raises(NodeNotFoundError):
            zarrpy.open_array(tmp_path / "x")

    assert np.array_equal(zarrpy.open_array(tmp_path / "x")[...], DATA)


def test_chunks_that_have_come_stay_when_others_are_in_the_way(tmp_path, monkeypatch):
    """A writer that is late makes a directory anew where one of the new array is to go."""
    zarrpy.create_array(tmp_path / "x", data=DATA)
    rename, late = LocalStore.rename, []

    def renamed(store, old, new, **keywords):
        if new == "1" and not late:
            late.append(new)
            raise StoreError("Directory not empty", errno=errno.ENOTEMPTY)
        return rename(store, old, new, **keywords)

    monkeypatch.setattr(LocalStore, "rename", renamed)
    folders = {"name": "v2", "separator": "/"}
    keywords = {"chunks": (4, 5), "zarr_format": 2, "chunk_key_encoding": folders}
    zarrpy.create_array(tmp_path / "x", data=DATA + 1, overwrite=True, **keywords)

    assert late
    assert np.array_equal(zarrpy.open_array(tmp_path / "x")[...], DATA + 1)


def test_a_directory_that_cannot_be_looked_at_is_not_in_the_way(tmp_path, monkeypatch):
    """No chunk is lost when the system fails to say that it is one."""
    isdir, asked = os.path.isdir, []

    def is_seen_as_one(path):
        if os.fspath(path) == os.fspath(tmp_path / "x"):
            asked.append(path)
            return False
        return isdir(path)

    (tmp_path / "x").mkdir()
    with monkeypatch.context() as context:
        context.setattr(os.path, "isdir", is_seen_as_one)
        zarrpy.create_array(tmp_path / "x", data=DATA)

    assert asked
    assert np.array_equal(zarrpy.open_array(tmp_path / "x")[...], DATA)
