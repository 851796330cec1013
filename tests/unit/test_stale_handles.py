"""What a handle may do whose array was deleted, replaced, or has become shorter."""

import asyncio
import json
import pickle
import time

import numpy as np
import pytest

import zarrpy
from zarrpy.errors import ArrayNotFoundError, NodeNotFoundError, SelectionError, StaleArrayError
from zarrpy.stores import LocalStore, MemoryStore

VALUES = np.arange(30, dtype="i4").reshape(6, 5)
GRID = {"chunks": (4, 3), "fill_value": -1}
OTHERS = {
    "data type": {"data": VALUES.astype("f4"), **GRID},
    "dimensions": {"data": VALUES[0], "chunks": 3, "fill_value": -1},
    "chunks": {"data": VALUES, "chunks": (3, 3), "fill_value": -1},
    "codecs": {"data": VALUES, "compressors": None, **GRID},
    "shards": {"data": VALUES, "chunks": (2, 3), "shards": (4, 3), "fill_value": -1},
    "fill value": {"data": VALUES, "chunks": (4, 3), "fill_value": 0},
    "keys": {
        "data": VALUES,
        "chunk_key_encoding": {"name": "default", "separator": "."},
        **GRID,
    },
    "format": {"data": VALUES, "zarr_format": 2, **GRID},
}
CHANGES = {
    "write": lambda array: array.write(..., 7),
    "write a part": lambda array: array.write((0, slice(2)), 7),
    "write points": lambda array: array.vindex.__setitem__(([0, 5], [1, 4]), 7),
    "write a view": lambda array: array.lazy[1:3].write(7),
    "write, awaited": lambda array: asyncio.run(array.write.aio(..., 7)),
    "discard": lambda array: array.discard(),
    "discard points": lambda array: array.discard(([0, 5], [1, 4])),
    "append": lambda array: array.append(VALUES),
    "resize": lambda array: array.resize((12, 5)),
    "attributes": lambda array: array.attrs.update(units="m"),
    "an attribute": lambda array: array.attrs.__setitem__("units", "m"),
}
READS = {
    "read": lambda array: array[...],
    "read a part": lambda array: array[0, :2],
    "points": lambda array: array.vindex[[0, 5], [1, 4]],
    "sum": lambda array: array.sum(),
    "chunks": lambda array: list(array.iter_chunks()),
    "stored chunks": lambda array: list(array.iter_chunks(stored_only=True)),
    "masked": lambda array: array.read(missing="mask"),
    "attributes": lambda array: array.attrs.refresh(),
}


def replaced(store, other):
    """A handle of an array that another one has taken the place of."""
    old = zarrpy.create_array(store, name="a", data=VALUES, **GRID)
    zarrpy.create_array(store, name="a", overwrite=True, **OTHERS[other])
    return old


EACH_ONCE = [
    *((name, "data type") for name in {**CHANGES, **READS}),
    *(("write", other) for other in OTHERS),
    *(("read", other) for other in OTHERS),
]


@pytest.mark.parametrize(("change", "other"), [each for each in EACH_ONCE if each[0] in CHANGES])
def test_an_array_that_was_replaced_is_not_changed(store, body, contents, other, change):
    """By whoever means the old one; the error says what to do."""
    old = replaced(store, other)
    before = contents(store)

    with pytest.raises(ArrayNotFoundError, match="open it again") as caught:
        CHANGES[change](old)

    assert "a" in str(caught.value.path)
    assert contents(store) == before
    assert np.array_equal(zarrpy.open(store, path="a")[...], OTHERS[other]["data"])


@pytest.mark.parametrize(("read", "other"), [each for each in EACH_ONCE if each[0] in READS])
def test_an_array_that_was_replaced_is_not_read_as_the_old_one(store, body, other, read):
    """Its chunks would be decoded by the wrong codecs, or be taken for fill values."""
    old = replaced(store, other)

    with pytest.raises(ArrayNotFoundError, match="open it again"):
        READS[read](old)


@pytest.mark.parametrize("what", ["data type", "codecs", "fill value", "chunks"])
def test_the_error_says_how_the_array_differs(store, what):
    """It is a class of its own, which survives pickling."""
    old = replaced(store, what)

    with pytest.raises(StaleArrayError, match=what.replace("codecs", "other codecs")) as caught:
        old[...] = 1

    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize("change", [*CHANGES, *READS])
@pytest.mark.parametrize("leftover", ["", "a/c/0/0"])
def test_an_array_that_was_deleted_is_an_error(store, contents, leftover, change):
    """Nothing is written, also where files are left in its directory."""
    array = zarrpy.create_array(store, name="a", data=VALUES, **GRID)
    store.delete_prefix("a/")
    if leftover:
        store.set(leftover, b"1")
    before = contents(store)

    with pytest.raises(NodeNotFoundError, match="deleted"):
        {**CHANGES, **READS}[change](array)

    assert contents(store) == before


@pytest.mark.parametrize("change", CHANGES)
def test_a_group_in_the_place_of_an_array_stays_as_it_is(store, contents, change):
    """No chunks are put into it."""
    array = zarrpy.create_array(store, name="a", data=VALUES, **GRID)
    zarrpy.create_group(store, path="a", overwrite=True)
    before = contents(store)

    with pytest.raises((StaleArrayError, zarrpy.errors.NodeKindError)):
        CHANGES[change](array)

    assert contents(store) == before


def test_an_array_that_was_replaced_by_one_alike_goes_on(store, body):
    """It is what a cell of a notebook does that is run again."""
    old = zarrpy.create_array(store, name="a", data=VALUES, **GRID)
    zarrpy.create_array(store, name="a", data=VALUES + 1, overwrite=True, **GRID)

    assert np.array_equal(old[...], VALUES + 1)
    old[0] = 9

    assert (zarrpy.open(store, path="a")[0] == 9).all()


def test_attributes_and_names_of_others_do_not_make_an_array_another_one(store, body):
    """Nor does growing, by whomever."""
    old = zarrpy.create_array(store, name="a", data=VALUES, **GRID)
    other = zarrpy.open(store, path="a", mode="r+")
    other.attrs.update(units="m", more=[1, 2])
    other.append(VALUES)

    old[:2] = 9

    assert (other[:2] == 9).all()
    assert np.array_equal(other[2:], np.concatenate([VALUES, VALUES])[2:])
    old.attrs["n"] = 1
    assert zarrpy.open(store, path="a").attrs.asdict() == {"units": "m", "more": [1, 2], "n": 1}


def test_another_spelling_of_the_document_is_the_same_array(store, body):
    """Other implementations write all parameters, or none, in another order."""
    old = zarrpy.create_array(
        store, data=VALUES, filters=[{"name": "transpose", "configuration": {"order": [1, 0]}}],
        compressors="gzip:5", **GRID,
    )  # fmt: skip
    document = json.loads(bytes(store.get("zarr.json")))
    document["attributes"] = {"by": "somebody else"}
    for codec in document["codecs"]:
        if codec["name"] == "bytes":
            codec["configuration"] = {"endian": "little"}
        codec["configuration"] = dict(reversed(codec["configuration"].items()))
    store.set("zarr.json", json.dumps(dict(reversed(document.items()))).encode())

    old[0] = 9

    assert (old[0] == 9).all()
    assert np.array_equal(old[1:], VALUES[1:])


CREATED = {
    "transposed": {"filters": [zarrpy.codecs.Transpose(order=(1, 0))]},
    "sharded": {"chunks": (2, 3), "shards": (4, 3)},
    "v2": {"zarr_format": 2, "order": "F", "compressors": "blosc:lz4:5"},
    "rectilinear": {"chunks": [[2, 4], [3, 3]]},
    "big-endian": {"dtype": ">i4"},
    "filters": {"zarr_format": 2, "filters": [{"id": "delta", "dtype": "<i4"}]},
}


@pytest.mark.parametrize("how", CREATED)
def test_a_new_array_is_the_same_as_what_was_stored(store, body, how):
    """Whatever it was described by."""
    keywords = {"chunks": (4, 3), **CREATED[how]}
    array = zarrpy.create_array(store, data=VALUES, **keywords)

    array[1:3] = 5
    array.append(VALUES[:2])

    assert (array[1:3] == 5).all()
    assert np.array_equal(array[6:], VALUES[:2])


# ---------------------------------------------------------------------------------------- shapes


OUTSIDE = {
    "all": np.s_[...],
    "the last": np.s_[5],
    "rows": np.s_[2:5],
    "points": np.s_[[0, 4]],
    "a column": np.s_[:, 0],
}


@pytest.mark.parametrize("key", OUTSIDE.values(), ids=OUTSIDE)
def test_what_an_array_has_lost_is_an_index_error(store, body, contents, key):
    """As it is to NumPy; it would come back when the array grows."""
    old = zarrpy.create_array(store, data=VALUES, **GRID)
    zarrpy.open(store, mode="r+").resize((3, 5))
    before = contents(store)

    with pytest.raises(IndexError, match="open it again"):
        old[key] = 7
    with pytest.raises(SelectionError, match=r"\(3, 5\)"):
        old.discard(key)
    with pytest.raises(IndexError, match="open it again"):
        old[key]

    assert contents(store) == before
    other = zarrpy.open(store, mode="r+")
    other.resize((6, 5))
    assert (other[3:] == -1).all()


LEFT = {
    "rows": (np.s_[:3], "auto"),
    "a part": (np.s_[:2, :2], "auto"),
    "rows by number": (np.s_[[0, 2]], "auto"),
    "delta": (np.s_[:3], [{"name": "numcodecs.delta", "configuration": {"dtype": "<f4"}}]),
}


@pytest.mark.parametrize(("key", "filters"), LEFT.values(), ids=LEFT)
def test_what_is_left_of_an_array_is_written_by_an_old_handle(store, body, key, filters):
    """What lies beyond stays the fill value; of codecs that add up elements, zeros."""
    values = VALUES.astype("f4")
    grid = {"chunks": (4, 3), "fill_value": np.nan}
    old = zarrpy.create_array(store, data=values, filters=filters, **grid)
    other = zarrpy.open(store, mode="r+")
    other.resize((3, 5))
    other.discard()

    old[key] = 7

    expected = np.full((3, 5), np.nan, "f4")
    expected[key] = 7
    assert np.array_equal(other[...], expected, equal_nan=True)
    other.resize((6, 5))
    assert np.isnan(other[3:]).all()
    assert np.array_equal(other[:3], expected, equal_nan=True)


def test_an_array_that_is_long_again_is_written_as_before(store, body):
    """Only what is stored now counts."""
    old = zarrpy.create_array(store, data=VALUES, **GRID)
    other = zarrpy.open(store, mode="r+")
    other.resize((3, 5))
    with pytest.raises(IndexError):
        old[5] = 7
    other.resize((9, 5))

    old[5] = 7

    assert (other[5] == 7).all()
    assert (other[3:5] == -1).all()


# ----------------------------------------------------------------------------------------- costs


class Elsewhere(MemoryStore):
    """A store that may be anywhere: it tells no versions, and counts what is asked of it."""

    in_memory = False

    def __init__(self):
        super().__init__()
        self.asked = []

    def stamp(self, key):
        return None

    def get(self, key, byte_range=None):
        self.asked.append(key)
        return super().get(key, byte_range)

    def get_many(self, keys):
        self.asked.extend(keys)
        return super().get_many(keys)


def test_where_versions_cost_a_request_only_the_end_of_an_array_is_asked_for():
    """There a write would lose what others have appended; absent chunks ask as well."""
    store = Elsewhere()
    array = zarrpy.create_array(store, data=np.ones((6, 6)), **GRID)
    store.asked.clear()

    array[:4] = 1
    array[4, 0] = 1
    array[...]
    assert "zarr.json" not in store.asked
    array[4:] = 1

    assert store.asked.count("zarr.json") == 1


@pytest.mark.parametrize("leftover", [False, True])
def test_where_versions_cost_a_request_a_handle_that_has_been_used_for_long_asks(
    monkeypatch, leftover
):
    """Now and then: so nobody writes for hours to what somebody else has deleted."""
    store = Elsewhere()
    array = zarrpy.create_array(store, name="a", data=np.ones((6, 6)), **GRID)
    array = pickle.loads(pickle.dumps(array)) if leftover else array
    store = array.store
    store.asked.clear()
    monkeypatch.setattr("zarrpy.engine.watch.time", lambda: time.time() + 31)
    for _ in range(3):
        array[:4] = 1
    assert store.asked.count("a/zarr.json") == 1

    zarrpy.delete(store, path="a")
    monkeypatch.setattr("zarrpy.engine.watch.time", lambda: time.time() + 62)

    with pytest.raises(ArrayNotFoundError, match="deleted"):
        array[:4] = 1
    assert [key for key in store.list() if key.startswith("a/")] == []


@pytest.mark.parametrize("change", ["write", "append", "resize", "attributes", "discard"])
def test_where_versions_cost_a_request_changes_of_the_whole_are_refused_too(change):
    """The document has to be read for them."""
    store = Elsewhere()
    old = replaced(store, "data type")

    with pytest.raises(StaleArrayError):
        CHANGES[change](old)

    assert np.array_equal(zarrpy.open(store, path="a")[...], VALUES)


def test_a_version_saves_reading_the_document(counting_store):
    """In memory it is the document itself, which the first use reads."""
    array = zarrpy.create_array(counting_store, name="a", data=VALUES, **GRID)
    array[0, 0] = 1
    counting_store.forget()

    for _ in range(3):
        array[0, 0] = 1
        array[0]

    assert not [keys for keys in counting_store.reads if "a/zarr.json" in keys]


def test_a_file_is_read_again_only_when_it_has_changed(tmp_path, monkeypatch):
    """A handle that is used for long asks the file system, no more."""
    array = zarrpy.create_array(tmp_path, data=VALUES, **GRID)
    array[0] = 1
    settled = _aged(tmp_path / "zarr.json")
    array[0] = 1
    parsed = []
    monkeypatch.setattr("zarrpy.engine.watch.parse_array", lambda *args: parsed.append(args))

    for _ in range(3):
        array[0] = 2
        array[0]

    assert settled
    assert parsed == []


def _aged(path, seconds=0.1):
    """Wait until a file cannot change within the same tick of the clock."""
    while time.time() - path.stat().st_ctime < seconds:
        time.sleep(0.01)
    return True


def test_a_handle_that_was_pickled_looks_for_itself(store):
    """It carries nothing of what it has seen."""
    array = zarrpy.create_array(store, name="a", data=VALUES, **GRID)
    size = len(pickle.dumps(array))
    array[0] = 1

    assert len(pickle.dumps(array)) == size
    if isinstance(store, LocalStore):
        copy = pickle.loads(pickle.dumps(array))
        zarrpy.create_array(store, name="a", overwrite=True, **OTHERS["data type"])
        with pytest.raises(StaleArrayError):
            copy[0] = 1
