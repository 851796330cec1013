"""References that kerchunk makes of files of HDF5, judged by h5py, fsspec and zarr-python."""

import json
import sys

import fsspec
import h5py
import kerchunk.combine
import kerchunk.df
import kerchunk.hdf
import numpy as np
import pytest
import zarr
from fsspec.implementations.reference import LazyReferenceMapper

import zarrpy
from zarrpy.errors import MissingDependencyError
from zarrpy.stores import ReferenceStore, as_store

FIELD = np.random.default_rng(0).normal(size=(4, 37, 50)).astype("f4")


def made(path, day=0):
    """A file as netCDF 4 has them: groups, coordinates, packed and plain arrays, a scalar."""
    with h5py.File(path, "w") as file:
        file.attrs["title"] = "a field"
        file["lat"] = np.linspace(-90, 90, 37)
        file["lat"].make_scale("lat")
        t = file.create_dataset(
            "t", data=FIELD + day, chunks=(1, 10, 20), compression="gzip", shuffle=True
        )
        t.attrs["units"] = "K"
        t.dims[1].attach_scale(file["lat"])
        file.create_dataset("plain", data=np.arange(1000, dtype="i4"))
        file.create_dataset("one", data=np.float64(3.5))
        file.create_dataset("big", data=np.arange(5000, dtype=">i2"), chunks=(1000,))
        file.create_dataset("inner/deep", data=np.arange(300.0), chunks=(50,), shuffle=True)
        file.create_dataset("sparse", shape=(100,), chunks=(10,), dtype="f4", fillvalue=-1)[
            25:35
        ] = 2
    return str(path)


@pytest.fixture
def translated(tmp_path):
    """A file, and what kerchunk says of it."""
    path = made(tmp_path / "a.h5")
    return path, kerchunk.hdf.SingleHdf5ToZarr(path, inline_threshold=100).translate()


def check(group, path):
    """Each array of a file is in a group."""
    with h5py.File(path) as file:
        for name in ("lat", "t", "plain", "one", "big", "inner/deep", "sparse"):
            assert (group[name][...] == file[name][...]).all(), name
        assert group["t"][2, 5:30, 7].tolist() == file["t"][2, 5:30, 7].tolist()
        assert group["t"].attrs["units"] == "K"
    assert group.attrs["title"] == "a field"


def same(store, theirs):
    """All keys have what fsspec gives; documents may be spaced otherwise."""
    for key in store.list():
        ours, other = bytes(store.get(key)), theirs.cat_file(key)
        if key == ".zmetadata":
            continue
        if key.rpartition("/")[2].startswith(".z"):
            ours, other = json.loads(ours), json.loads(other)
        assert ours == other, key


def without_pyarrow(monkeypatch):
    """What reads Parquet files in it; pandas needs the rest."""
    monkeypatch.delattr("pyarrow.parquet", raising=False)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)


def test_references_in_json(translated, tmp_path):
    """As kerchunk writes them."""
    path, refs = translated
    place = tmp_path / "refs.json"
    place.write_text(json.dumps(refs))

    check(zarrpy.open_group(place, mode="r"), path)
    theirs = fsspec.filesystem("reference", fo=refs)
    assert sorted(as_store(place).list()) == sorted(theirs.find(""))
    same(as_store(place), theirs)


@pytest.mark.parametrize("reader", ["pyarrow", "fastparquet"])
@pytest.mark.parametrize("rows", [10, 10_000])
def test_references_in_parquet(translated, tmp_path, monkeypatch, reader, rows):
    """In one file or several for each array, read by either package."""
    path, refs = translated
    place = str(tmp_path / "refs.parq")
    kerchunk.df.refs_to_dataframe(refs, place, record_size=rows)
    if reader == "fastparquet":
        without_pyarrow(monkeypatch)

    group = zarrpy.open_group(place, mode="r")

    check(group, path)
    assert sorted(group) == ["big", "inner", "lat", "one", "plain", "sparse", "t"]
    store = as_store(place)
    same(store, fsspec.filesystem("reference", fo=place, lazy=True, remote_protocol="file"))
    assert len([key for key in store.list("t/") if key[2].isdecimal()]) == 4 * 4 * 3
    assert [key for key in store.list("sparse/") if key[7].isdecimal()] == ["sparse/2", "sparse/3"]
    assert store.list_folders("inner/") == ["deep"]
    assert store.list_dir("inner/") == [".zattrs", ".zgroup", "deep"]
    assert store.list_dir("inner/deep/") == [".zarray", ".zattrs", *"012345"]
    assert store.get("t/9.9.9") is None
    assert store.get("t/0.0") is None


def test_a_written_mapper_is_read(tmp_path):
    """References that fsspec itself has put into Parquet files."""
    path = made(tmp_path / "a.h5")
    place = str(tmp_path / "refs.parquet")
    mapper = LazyReferenceMapper.create(place, record_size=7)
    refs = kerchunk.hdf.SingleHdf5ToZarr(path).translate()["refs"]
    for key in sorted(refs, key=lambda key: "/.z" not in key):  # documents first
        mapper[key] = refs[key]
    mapper.flush()

    check(zarrpy.open_group(place, mode="r"), path)


def test_parquet_needs_a_package(translated, tmp_path, monkeypatch):
    """Which is named."""
    place = str(tmp_path / "refs.parq")
    kerchunk.df.refs_to_dataframe(translated[1], place)
    without_pyarrow(monkeypatch)
    monkeypatch.setitem(sys.modules, "fastparquet", None)

    with pytest.raises(MissingDependencyError, match=r"pip install 'zarrpy\[parquet\]'"):
        zarrpy.open_group(place, mode="r")["t"][...]


def test_several_files_are_one_array(tmp_path):
    """Put together along time by kerchunk."""
    refs = []
    for day in range(3):
        path = made(tmp_path / f"{day}.h5", day)
        refs.append(kerchunk.hdf.SingleHdf5ToZarr(path).translate())
    both = kerchunk.combine.concatenate_arrays(refs, path="t", axis=0)

    array = zarrpy.open(ReferenceStore(both), path="t", mode="r")

    assert (array[...] == np.concatenate([FIELD, FIELD + 1, FIELD + 2])).all()


def test_templates_and_rules_as_fsspec_expands_them(tmp_path):
    """With the language that it runs them in."""
    for i in range(3):
        (tmp_path / f"f{i}.bin").write_bytes(bytes(range(50 * i, 50 * i + 50)))
    document = {
        "version": 1,
        "templates": {"d": str(tmp_path), "f": "f{{n}}.bin"},
        "gen": [
            {
                "key": "v/{{i}}.{{j}}",
                "url": "{{d}}/{{f(n=i)}}",
                "offset": "{{j * 10 + 1}}",
                "length": "{{ 2 + i }}",
                "dimensions": {"i": {"stop": 3}, "j": {"start": 1, "stop": 4, "step": 2}},
            }
        ],
        "refs": {"a": ["{{d}}/{{f(n=1)}}", 3, 4], "b": ["{{ d }}/f2.bin"], "c": "text"},
    }

    store = ReferenceStore(document)

    theirs = fsspec.filesystem("reference", fo=document, simple_templates=False)
    for key in ("v/0.1", "v/2.3", "a", "b", "c"):
        assert bytes(store.get(key)) == theirs.cat_file(key), key
    assert sorted(store.list()) == sorted(theirs.references)


def test_zarr_python_reads_the_same(translated, tmp_path):
    """By fsspec's file system."""
    refs = translated[1]
    fs = fsspec.filesystem("reference", fo=refs, asynchronous=True, remote_protocol="file")
    theirs = zarr.open_group(zarr.storage.FsspecStore(fs, read_only=True), mode="r", zarr_format=2)

    ours = zarrpy.open_group(ReferenceStore(refs), mode="r")

    for name in ("t", "plain", "sparse"):
        assert (ours[name][...] == theirs[name][...]).all()
