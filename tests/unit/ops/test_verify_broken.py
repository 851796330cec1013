"""`zarrpy.verify` and `repair` where one node or key is broken: all others are looked at."""

import json
import sqlite3
import zipfile
from contextlib import closing

import numpy as np
import pytest

import zarrpy
from zarrpy.cli import main
from zarrpy.errors import CodecError, LimitError, ZarrError
from zarrpy.stores import MemoryStore, ReferenceStore, SQLiteStore, ZipStore

ARRAY = {
    "zarr_format": 2,
    "shape": [4],
    "chunks": [2],
    "dtype": "<f4",
    "compressor": None,
    "fill_value": 0,
    "order": "C",
    "filters": None,
}
DELTA = {**ARRAY, "filters": [{"id": "delta", "dtype": "<i2", "astype": "<i2"}]}
#: Quantize takes floats, and is given whole numbers.
QUANTIZE = {
    **ARRAY,
    "filters": [
        {"id": "fixedscaleoffset", "dtype": "<f4", "astype": "u1", "offset": 0, "scale": 1},
        {"id": "quantize", "digits": 2, "dtype": "<f4", "astype": "<f4"},
    ],
}
HUGE = {**ARRAY, "shape": [2**40], "chunks": [2**40]}
TEXT_OF_NUMBERS = {
    "zarr_format": 3,
    "node_type": "array",
    "shape": [4],
    "data_type": "int32",
    "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [2]}},
    "chunk_key_encoding": {"name": "default"},
    "codecs": [{"name": "vlen-utf8"}],
    "fill_value": 0,
}
BROKEN = {
    "delta": (".zarray", DELTA, CodecError),
    "quantize": (".zarray", QUANTIZE, ZarrError),
    "huge": (".zarray", HUGE, LimitError),
    "vlen-utf8": ("zarr.json", TEXT_OF_NUMBERS, ZarrError),
}


@pytest.fixture(params=BROKEN)
def broken(request, tmp_path):
    """A hierarchy with a damaged chunk, and beside it a node that nobody can decode."""
    place = tmp_path / "h.zarr"
    a = zarrpy.create_array(place, name="a", data=np.arange(1, 5, dtype="i4"), chunks=2)
    assert a[3] == 4
    chunk = place / "a/c/1"
    chunk.write_bytes(chunk.read_bytes()[:-1] + b"\xff")
    name, document, error = BROKEN[request.param]
    (place / "m").mkdir()
    (place / "m" / name).write_text(json.dumps(document))
    (place / "m/0").write_bytes(b"1234")
    return place, name, error


def by_path(report, path):
    """Findings of one node."""
    return [finding for finding in report.findings if finding.path == path]


@pytest.mark.parametrize("deep", [False, True])
def test_a_node_that_cannot_be_decoded_is_a_finding(broken, deep):
    """And all other damage is reported."""
    place, name, _ = broken

    report = zarrpy.verify(place, deep=deep)

    (finding,) = by_path(report, "m")
    assert finding.kind in ("metadata", "unreadable")
    assert finding.key == f"m/{name}"
    assert [finding.key for finding in by_path(report, "a")] == (["a/c/1"] if deep else [])


def test_repair_sets_aside_what_is_damaged_beside_such_a_node(broken):
    """It leaves the node alone."""
    place, name, _ = broken

    done = zarrpy.repair(place, deep=True)

    assert [key for key, _ in done.quarantined] == ["a/c/1"]
    assert [finding.key for finding in done.left] == [f"m/{name}"]


def test_the_command_prints_its_document_of_such_a_node(broken, capsys):
    """With the exit code of damage."""
    assert main(["verify", str(broken[0]), "--json"]) == 1
    assert not json.loads(capsys.readouterr().out)["ok"]


def test_an_error_of_codecs_names_the_document(broken):
    """As other errors in documents do."""
    place, _, error = broken

    with pytest.raises(error) as raised:
        zarrpy.open_array(place, path="m", mode="r")[:1]

    assert str(place / "m") in str(raised.value)


# ------------------------------------------------------------------------------------------ keys

DOCUMENT = json.dumps(ARRAY)
GOOD = {".zgroup": '{"zarr_format": 2}', "a/.zarray": DOCUMENT, "a/1": "12345678", "b/.zgroup": "{"}


@pytest.mark.parametrize(
    "entry", [5, [], ["data", -1, 8], "base64:&", None, ["data", True, 8], ["data", 2**63, 1]]
)
@pytest.mark.parametrize("deep", [False, True])
def test_an_entry_that_is_no_reference_is_a_finding(entry, deep):
    """Beside all others."""
    report = zarrpy.verify(ReferenceStore({**GOOD, "a/0": entry}), deep=deep)

    (finding,) = by_path(report, "a")
    assert (finding.kind, finding.key, finding.chunk) == ("unreadable", "a/0", (0,))
    assert "base64" in finding.message or "is no reference" in finding.message
    assert [finding.kind for finding in by_path(report, "b")] == ["metadata"]


def test_a_document_that_is_no_reference_is_a_finding():
    """By its key."""
    report = zarrpy.verify(ReferenceStore({**GOOD, "c/.zarray": 5}))

    assert [(f.kind, f.key) for f in by_path(report, "c")] == [("unreadable", "c/.zarray")]
    assert [finding.kind for finding in by_path(report, "b")] == ["metadata"]


@pytest.mark.parametrize("key", ["../x", "/x", "", "a//0", "a\\0", "c/../.zarray"])
@pytest.mark.parametrize("make", [ReferenceStore, MemoryStore])
def test_a_key_that_leads_elsewhere_is_a_finding(key, make):
    """Nobody can read it; members are told without it."""
    refs = {**GOOD, "b/.zgroup": '{"zarr_format": 2}', key: "x"}
    made = {k: v.encode() for k, v in refs.items()} if make is MemoryStore else refs
    store = make(made)

    report = zarrpy.verify(store)

    assert [(f.kind, f.key) for f in report.findings] == [("unreadable", key)]
    group = zarrpy.open_group(store, mode="r")
    assert sorted(name for name, _ in group.members(max_depth=None)) == ["a", "b"]


@pytest.mark.parametrize("key", [b"a/\xff", b"\xffg", b"c/\xff/.zgroup"])
def test_a_key_of_a_sqlite_file_that_is_not_utf8_hides_nothing(tmp_path, key):
    """It is a finding, or a node with an odd name."""
    store = SQLiteStore(tmp_path / "a.sqlite")
    for name, value in GOOD.items():
        store.set(name, value.encode())
    with closing(sqlite3.connect(store.path)) as connection, connection:
        statement = "INSERT INTO zarr VALUES(CAST(? AS TEXT), ?)"
        connection.execute(statement, (key, b'{"zarr_format": 2}'))

    report = zarrpy.verify(store)

    assert [finding.kind for finding in by_path(report, "b")] == ["metadata"]
    assert len(report.findings) == 1 + (not key.endswith(b".zgroup"))
    store.set("b/.zgroup", b'{"zarr_format": 2}')
    assert {*zarrpy.open_group(store, mode="r").array_keys()} == {"a"}


# ------------------------------------------------------------------------------------- one array


def test_errors_of_the_store_name_the_whole_key():
    """Once, as the store does."""
    refs = {**GOOD, "b/.zgroup": '{"zarr_format": 2}', "a/0": ["/nowhere/data", 0, 8]}

    report = zarrpy.verify(ReferenceStore(refs), deep=True)

    assert [(f.kind, f.key, f.chunk) for f in report.findings] == [("unreadable", "a/0", (0,))]


def test_a_value_that_lies_beside_a_directory_of_its_name_is_read(tmp_path):
    """In a zip file that is possible; only what is in the directory belongs to nothing."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as file:
        for name in ("a/.zarray", "a/.zarray/x"):
            file.writestr(name, DOCUMENT)
        for name in ("a/0", "a/0/x", "a/1"):
            file.writestr(name, b"12345678")

    report = zarrpy.verify(ZipStore(path, read_only=True), deep=True)

    strays = [("stray", "a/.zarray/x"), ("stray", "a/0/x")]
    assert sorted((finding.kind, finding.key) for finding in report.findings) == strays
    assert report.ok
