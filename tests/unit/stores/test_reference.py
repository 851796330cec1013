"""Tests of `zarrpy.stores.reference`: references of kerchunk in JSON, judged by those of fsspec."""

import gzip
import json
import pickle

import fsspec
import h5py
import numpy as np
import pytest

import zarrpy
from zarrpy.errors import ReadOnlyStoreError, StoreError
from zarrpy.stores import ByteRange, LocalStore, ReferenceStore, as_store
from zarrpy.stores.reference_files import Files
from zarrpy.stores.reference_set import Piece

FIELD = np.random.default_rng(0).normal(size=(24, 20)).astype("f4")
#: What an array of that field is in a file of HDF5, chunks of 8 by 10, packed by zlib.
ZARRAY = {
    "zarr_format": 2,
    "shape": [24, 20],
    "chunks": [8, 10],
    "dtype": "<f4",
    "compressor": {"id": "zlib", "level": 4},
    "fill_value": 0,
    "filters": None,
    "order": "C",
}


@pytest.fixture
def hdf5(tmp_path):
    """A file of HDF5, and the references of its array."""
    path = tmp_path / "field.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("t", data=FIELD, chunks=(8, 10), compression=4)
        chunks = [file["t"].id.get_chunk_info(i) for i in range(file["t"].id.get_num_chunks())]
    refs = {".zgroup": '{"zarr_format": 2}', "t/.zarray": json.dumps(ZARRAY)}
    for chunk in chunks:
        i, j = np.divide(chunk.chunk_offset, (8, 10)).astype(int)
        refs[f"t/{i}.{j}"] = [str(path), chunk.byte_offset, chunk.size]
    return path, refs


def written(path, document):
    """A file with a document."""
    path.write_text(json.dumps(document))
    return str(path)


def judged(document, **options):
    """What fsspec makes of references."""
    return fsspec.filesystem("reference", fo=document, **options)


FORMS = {
    "version 0": lambda refs: refs,
    "version 1": lambda refs: {"version": 1, "refs": refs},
    "templates": lambda refs: {
        "version": 1,
        "templates": {"f": next(v[0] for v in refs.values() if isinstance(v, list))},
        "refs": {k: ["{{f}}", *v[1:]] if isinstance(v, list) else v for k, v in refs.items()},
    },
    "objects": lambda refs: {
        "version": 1,
        "refs": {k: json.loads(v) if isinstance(v, str) else v for k, v in refs.items()},
    },
}


@pytest.mark.parametrize("form", FORMS)
def test_an_array_of_another_format_is_read(hdf5, tmp_path, form):
    """Every form of references gives the same values, and the bytes that fsspec gives."""
    document = FORMS[form](hdf5[1])
    place = written(tmp_path / "refs.json", document)

    array = zarrpy.open_group(place, mode="r")["t"]
    assert (array[...] == FIELD).all()
    assert (array[5:9, 9:12] == FIELD[5:9, 9:12]).all()
    store, theirs = as_store(place), judged(place)
    if form != "templates":  # for those it needs another package
        for key in store.list():
            assert bytes(store.get(key)) == theirs.cat(key)


@pytest.mark.parametrize(
    "place",
    ["{}", "reference://{}", "reference::{}", "file://{}"],
    ids=["path", "scheme", "chain", "file"],
)
def test_references_are_named_in_several_ways(hdf5, tmp_path, place):
    """A path, what fsspec writes, or the class."""
    path = written(tmp_path / "refs.json", hdf5[1])

    assert (zarrpy.open(place.format(path), path="t", mode="r")[...] == FIELD).all()


def test_references_are_an_option_as_with_fsspec(hdf5, tmp_path):
    """As for xarray's engine."""
    options = {"fo": written(tmp_path / "refs.json", hdf5[1]), "remote_protocol": "file"}

    array = zarrpy.open("reference://", path="t", mode="r", storage_options=options)

    assert (array[...] == FIELD).all()


def test_references_may_be_packed_or_in_memory(hdf5, tmp_path):
    """By gzip, or as a dict."""
    (tmp_path / "refs.json").write_bytes(gzip.compress(json.dumps(hdf5[1]).encode()))

    assert (zarrpy.open(tmp_path / "refs.json", path="t")[...] == FIELD).all()
    assert (zarrpy.open(ReferenceStore(hdf5[1]), path="t", mode="r")[...] == FIELD).all()


def test_missing_chunks_have_the_fill_value(hdf5):
    """What there is no reference of is absent."""
    refs = {key: value for key, value in hdf5[1].items() if key != "t/1.1"}

    array = zarrpy.open(ReferenceStore(refs), path="t", mode="r")

    expected = FIELD.copy()
    expected[8:16, 10:] = 0
    assert (array[...] == expected).all()


def test_values_may_be_in_the_references():
    """As text and in base64, and with what else text may have."""
    refs = {"a": "text ä", "b": "base64:AAEC/w==", "c": {"x": 1}}
    store, theirs = ReferenceStore(refs), judged({"version": 1, "refs": refs})

    for key in refs:
        assert bytes(store.get(key)) == theirs.cat(key)
    assert store.get("b") == b"\0\1\2\xff"
    assert store.get("b", ByteRange(-2)) == b"\2\xff"
    assert store.size("b") == 4


def test_generated_references(tmp_path):
    """Rules make keys, addresses and ranges; one rule may have several dimensions."""
    for i in range(2):
        (tmp_path / f"part_{i}.bin").write_bytes(bytes(range(100 * i, 100 * i + 100)))
    document = {
        "version": 1,
        "templates": {"d": str(tmp_path), "f": "{{d}}/part_{{n}}.bin", "g": "part_{{n}}"},
        "gen": [
            {
                "key": "v/{{i}}.{{j}}",
                "url": "{{d}}/{{g(n=i)}}.bin",
                "offset": "{{(j + 1) * 10}}",
                "length": "10",
                "dimensions": {"i": {"stop": 2}, "j": [0, 3]},
            },
            {"key": "w/{{'%02d' % i}}", "url": "{{d}}/part_{{i}}.bin", "dimensions": {"i": [1]}},
        ],
        "refs": {"x": ["{{d}}/{{ 'part_%d' | format(0) }}.bin", 5, 2]},
    }
    store = ReferenceStore(document)

    assert sorted(store.list()) == ["v/0.0", "v/0.3", "v/1.0", "v/1.3", "w/01", "x"]
    assert bytes(store.get("v/1.3")) == bytes(range(140, 150))
    assert bytes(store.get("w/01")) == bytes(range(100, 200))
    assert bytes(store.get("x")) == b"\5\6"


@pytest.mark.parametrize(
    "expression",
    [
        "__import__('os').system('false')",
        "''.__class__",
        "i.real",
        "'a' * 100000000",
        "'%1000000000d' % 1",
        "9 ** 9 ** 9",
        "nobody",
        "[1 for _ in i]",
        "(",
    ],
)
def test_expressions_are_never_run_as_code(expression):
    """What is not known is an error that has it."""
    store = ReferenceStore(
        {"version": 1, "templates": {"i": "1"}, "refs": {"a": ["{{" + expression + "}}"]}}
    )

    with pytest.raises(StoreError, match="not understood"):
        store.get("a")


def test_ranges_of_a_file(tmp_path):
    """A part of a part, of a whole file, and what lies beyond."""
    path = tmp_path / "x.bin"
    path.write_bytes(bytes(range(200)))
    store = ReferenceStore(
        {"part": [str(path), 50, 100], "whole": [str(path)], "none": [str(path), 9, 0]}
    )

    assert bytes(store.get("part")) == bytes(range(50, 150))
    assert bytes(store.get("part", ByteRange(10, 5))) == bytes(range(60, 65))
    assert bytes(store.get("part", ByteRange(-5))) == bytes(range(145, 150))
    assert bytes(store.get("part", ByteRange(95, 50))) == bytes(range(145, 150))
    assert bytes(store.get("part", ByteRange(100, 5))) == b""
    assert bytes(store.get("whole", ByteRange(190))) == bytes(range(190, 200))
    assert bytes(store.get("whole", ByteRange(-3, 2))) == bytes([197, 198])
    assert store.get("none") == b""
    assert [store.size(key) for key in ("part", "whole", "none", "nothing")] == [100, 200, 0, None]
    assert store.get("nothing") is None
    found = store.get_many(["whole", "nothing", "part", "none", "part"])
    assert [None if each is None else len(each) for each in found] == [200, None, 100, 0, 100]
    assert bytes(found[2]) == bytes(found[4]) == bytes(range(50, 150))


def test_what_is_wrong_with_a_file_is_an_error(tmp_path):
    """A reference that leads nowhere is no missing chunk, nor is one beyond the end."""
    path = tmp_path / "x.bin"
    path.write_bytes(b"123")
    refs = {
        "gone": [str(tmp_path / "y.bin"), 0, 1],
        "short": [str(path), 1, 9],
        "bad": [str(path), 1],
    }
    store = ReferenceStore({**refs, "b64": "base64:*"})

    with pytest.raises(StoreError, match=r"'gone'.*y\.bin.*is not there"):
        store.get("gone")
    with pytest.raises(StoreError, match=r"x\.bin.*ends before"):
        store.get_many(["short", "short"])
    with pytest.raises(StoreError, match="is no reference"):
        store.get("bad")
    with pytest.raises(StoreError, match="no base64"):
        store.get("b64")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is no JSON"),
        ("[]", "an object"),
        ('{"version": 7}', "version 7"),
        ('{"version": 1, "refs": []}', "have to be objects"),
        ('{"zarr_format": 3, "node_type": "array"}', "document of a node"),
        ('{"version": 1, "gen": [{"key": "a"}]}', "rule of 'gen'"),
        (
            '{"version": 1, "gen": [{"key": "a", "url": "b", "offset": "1", "dimensions": {}}]}',
            "an offset and a length",
        ),
    ],
)
def test_what_is_no_set_of_references_is_refused(tmp_path, text, words):
    """With the file and what is wrong with it."""
    (tmp_path / "refs.json").write_text(text)

    with pytest.raises(StoreError, match=words) as caught:
        as_store(tmp_path / "refs.json").get("a")
    assert "refs.json" in str(caught.value)


def test_nothing_is_written(hdf5):
    """Not even in part."""
    store = ReferenceStore(hdf5[1])

    with pytest.raises(ReadOnlyStoreError, match="a set of references is only read"):
        store.set("a", b"1")
    with pytest.raises(ReadOnlyStoreError, match=r"zarrpy\.copy") as caught:
        zarrpy.open(store, path="t", mode="r+")[0] = 1
    assert "mode=" not in str(caught.value)  # which does not help


def test_members_are_listed():
    """Groups within groups too."""
    refs = {f"g/h/{name}/.zarray": "{}" for name in "ab"}
    store = ReferenceStore({**refs, "g/h/a/0": "1", ".zgroup": "{}"})

    assert store.list_dir("g/") == ["h"]
    assert store.list_folders("g/h/") == ["a", "b"]
    assert store.list_folders() == ["g"]
    assert store.list_dir("g/h/a/") == [".zarray", "0"]
    assert sorted(store.list("g/h/a")) == ["g/h/a/.zarray", "g/h/a/0"]


def test_near_pieces_are_read_at_once(monkeypatch):
    """Of a file elsewhere also those with a little between them; each file is opened once."""
    url = "memory://refs/x.bin"
    fsspec.filesystem("memory").pipe("/refs/x.bin", bytes(range(256)) * 4096)
    files = Files("", None, {})
    asked = []
    store, _ = files._found(url)
    get = store.get
    monkeypatch.setattr(store, "get", lambda key, part: asked.append(part) or get(key, part))
    pieces = [Piece(url, offset, 100) for offset in (0, 100, 5000, 800_000, 800_050)]

    found = files.read_many(pieces, 4)

    assert sorted(asked) == [(0, 5100), (800_000, 150)]
    whole = bytes(range(256)) * 4096
    assert [bytes(each) for each in found] == [whole[p.offset : p.offset + 100] for p in pieces]


def test_files_are_looked_for_from_here_and_beside_the_references(tmp_path, monkeypatch):
    """In this order."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x.bin").write_bytes(b"beside")
    place = written(tmp_path / "data" / "refs.json", {"x": ["x.bin"], "y": ["y.bin", 0, 4]})
    monkeypatch.chdir(tmp_path)
    (tmp_path / "y.bin").write_bytes(b"here")

    store = ReferenceStore(place)

    assert bytes(store.get("x")) == b"beside"
    assert bytes(store.get("y")) == b"here"


def test_a_protocol_is_given_to_paths_without_one():
    """As fsspec does."""
    fsspec.filesystem("memory").pipe("/refs/z.bin", b"0123456789")
    refs = {"a": ["/refs/z.bin", 2, 3]}

    store = ReferenceStore(refs, remote_protocol="memory")

    assert bytes(store.get("a")) == judged(refs, remote_protocol="memory").cat("a") == b"234"


def test_a_store_goes_to_another_process_as_its_place(hdf5, tmp_path):
    """Without the references."""
    store = as_store(written(tmp_path / "refs.json", hdf5[1]))
    store.get("t/0.0")

    data = pickle.dumps(store)

    assert len(data) < 1000
    assert bytes(pickle.loads(data).get("t/0.0")) == bytes(store.get("t/0.0"))


def test_a_folder_may_be_called_like_references(tmp_path):
    """One of Zarr is one of Zarr."""
    zarrpy.create_array(tmp_path / "a.json", data=[1, 2])
    zarrpy.create_array(tmp_path / "a.parquet", data=[1, 2])

    assert type(as_store(tmp_path / "a.json")) is LocalStore
    assert zarrpy.open(tmp_path / "a.parquet")[...].tolist() == [1, 2]
