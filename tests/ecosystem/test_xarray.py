"""xarray with the engine zarrpy."""

from __future__ import annotations

import asyncio
import pickle
import subprocess
import sys

import numpy as np
import pytest

import zarrpy

xr = pytest.importorskip("xarray", reason="needs xarray: pip install 'zarrpy[xarray]'")

from ecosystem import datasets  # noqa: E402
from peers import environments  # noqa: E402

from zarrpy.xarray import to_zarr  # noqa: E402

FORMATS = datasets.FORMATS


def opened(place, **keywords):
    """Open a dataset by zarrpy."""
    return xr.open_dataset(place, engine="zarrpy", **keywords)


@pytest.fixture
def field(tmp_path):
    """A stored dataset, and where it is."""
    path = tmp_path / "field.zarr"
    to_zarr(datasets.climate(), path)
    return path


@pytest.mark.parametrize("zarr_format", FORMATS)
@pytest.mark.parametrize("name", datasets.DATASETS)
def test_what_is_written_is_read_the_same(tmp_path, name, zarr_format):
    """Values, names, coordinates, attributes, missing values."""
    to_zarr(datasets.DATASETS[name](), tmp_path / "a.zarr", zarr_format=zarr_format)

    with opened(tmp_path / "a.zarr") as found:
        datasets.same(found, datasets.DATASETS[name]())


@pytest.mark.peers
def test_zarr_python_and_zarrpy_read_what_the_other_writes(tmp_path):
    """Through xarray, in both formats, trees included."""
    try:
        python = environments.ensure("xarray")
    except environments.EnvironmentMissingError as error:
        pytest.skip(str(error))
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"
    ours.mkdir()
    for zarr_format in FORMATS:
        for name, make in datasets.DATASETS.items():
            to_zarr(make(), ours / f"{name}-{zarr_format}.zarr", zarr_format=zarr_format)
        to_zarr(datasets.tree(), ours / f"tree-{zarr_format}.zarr", zarr_format=zarr_format)

    for job, folder in (("write", theirs), ("check", ours)):
        run = subprocess.run(
            [str(python), datasets.__file__, job, str(folder)],
            env=environments.variables(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stderr

    for zarr_format in FORMATS:
        for name, make in datasets.DATASETS.items():
            with opened(theirs / f"{name}-{zarr_format}.zarr") as found:
                datasets.same(found, make())
        tree = xr.open_datatree(theirs / f"tree-{zarr_format}.zarr", engine="zarrpy")
        datasets.same(tree["/fine/day"].to_dataset(), datasets.climate())
        tree.close()


def test_it_works_where_zarr_python_cannot_be_imported(tmp_path):
    """Reading and writing, each mode."""
    code = """
import sys
sys.modules["zarr"] = None  # an import of it fails
import numpy as np, xarray as xr
from zarrpy.xarray import to_zarr
dataset = xr.Dataset({"a": ("x", np.arange(4.0))}, coords={"x": np.arange(4)})
to_zarr(dataset, "a.zarr")
to_zarr(dataset.assign_coords(x=dataset.x + 4), "a.zarr", append_dim="x")
to_zarr(dataset + 10, "a.zarr", region="auto")
assert xr.open_dataset("a.zarr").a.values.tolist() == [10, 11, 12, 13, 0, 1, 2, 3]
"""
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr


def test_opening_reads_no_chunk_of_data(counting_store):
    """Elements are read when they are asked for; coordinates are read for their indexes."""
    to_zarr(datasets.climate(), counting_store)
    counting_store.forget()

    found = opened(counting_store)
    read = [key for keys in counting_store.reads for key in keys]
    assert not any(key.startswith(("t2m/c/", "station/c/")) for key in read)

    counting_store.forget()
    found.t2m.variable[0].load()
    assert [key for keys in counting_store.reads for key in keys] == ["t2m/c/0/0/0"]


INDEXES = {
    "numbers": {"time": 1, "lat": -1},
    "slices": {"time": slice(1, 5, 2), "lat": slice(None, None, -1)},
    "lists": {"time": [5, 0, 0], "lat": [1, 3]},
    "list and number": {"time": [1, 2], "lon": 3},
    "points": {"time": xr.DataArray([0, 5], dims="p"), "lat": xr.DataArray([3, 1], dims="p")},
    "points and a slice": {
        "time": xr.DataArray([0, 5], dims="p"),
        "lon": xr.DataArray([4, 1], dims="p"),
        "lat": slice(1, 3),
    },
    "points of two dimensions": {
        "time": xr.DataArray([[0, 5], [1, 1]], dims=("p", "q")),
        "lat": xr.DataArray([3, 1], dims="q"),
    },
}


@pytest.mark.parametrize("index", INDEXES)
def test_every_index_of_xarray_is_read_lazily(field, index):
    """And means what it means in memory; one after the other as well."""
    expected = datasets.climate().t2m

    with opened(field) as found:
        chosen = found.t2m.isel(INDEXES[index])
        assert not chosen.variable._in_memory
        xr.testing.assert_identical(chosen.load(), expected.isel(INDEXES[index]))
        twice = found.t2m[1:].isel(INDEXES[index] | {"time": 0})
        xr.testing.assert_identical(twice.load(), expected[1:].isel(INDEXES[index] | {"time": 0}))


def test_a_dataset_is_loaded_asynchronously(field):
    """By ``load_async``, each kind of index."""

    async def load(dataset):
        chosen = dataset.t2m.isel(time=[0, 2]).isel(lat=INDEXES["points"]["lat"])
        return await dataset.load_async(), await chosen.load_async()

    whole, chosen = asyncio.run(load(opened(field)))

    datasets.same(whole, datasets.climate())
    expected = datasets.climate().t2m.isel(time=[0, 2]).isel(lat=INDEXES["points"]["lat"])
    xr.testing.assert_identical(chosen, expected)


def test_a_dataset_is_pickled_as_a_place(field):
    """So that other processes read it themselves."""
    found = pickle.loads(pickle.dumps(opened(field)))

    datasets.same(found, datasets.climate())


def test_chunks_and_codecs_are_told_and_kept(tmp_path):
    """In ``encoding``, in plain words; a copy is stored alike, in shards as well."""
    made = datasets.climate()
    encoding = {"t2m": {"chunks": (1, 2, 5), "shards": (2, 4, 5), "compressors": ["zstd:3"]}}
    to_zarr(made, tmp_path / "a.zarr", encoding=encoding)

    with opened(tmp_path / "a.zarr") as found:
        told = found.t2m.encoding
        assert told["preferred_chunks"] == {"time": 1, "lat": 2, "lon": 5}
        assert (told["chunks"], told["shards"]) == ((1, 2, 5), (2, 4, 5))
        assert [codec["name"] for codec in told["compressors"]] == ["zstd"]
        to_zarr(found, tmp_path / "b.zarr")

    first, second = (zarrpy.open(tmp_path / f"{name}.zarr/t2m") for name in "ab")
    assert second.metadata == first.metadata


@pytest.mark.parametrize(("written", "copied"), [(3, 2), (2, 3)])
def test_a_copy_may_have_the_other_format(tmp_path, written, copied):
    """What the encoding tells of one is understood in the other."""
    made = datasets.climate()
    to_zarr(made, tmp_path / "a.zarr", zarr_format=written)

    with opened(tmp_path / "a.zarr") as found:
        to_zarr(found, tmp_path / "b.zarr", zarr_format=copied)

    with opened(tmp_path / "b.zarr") as found:
        datasets.same(found, datasets.climate())


def test_a_group_and_a_tree_are_opened_by_path(tmp_path):
    """``group=`` opens one dataset, ``open_datatree`` all of them."""
    to_zarr(datasets.tree(), tmp_path / "tree.zarr")
    to_zarr(datasets.packed(), tmp_path / "tree.zarr", group="coarse/year")

    with opened(tmp_path / "tree.zarr", group="fine/day") as found:
        datasets.same(found, datasets.climate())
    with xr.open_datatree(tmp_path / "tree.zarr", engine="zarrpy") as tree:
        assert set(tree.groups) == {"/", "/fine", "/fine/day", "/coarse", "/coarse/year"}
        assert tree.attrs == {"a": 1}
        datasets.same(tree["/coarse/year"].to_dataset(), datasets.packed())
    with xr.open_datatree(tmp_path / "tree.zarr", engine="zarrpy", group="fine") as tree:
        assert set(tree.groups) == {"/", "/day"}


def test_a_group_in_memory_and_a_zip_file_are_opened(tmp_path):
    """Whatever zarrpy opens; a file is closed with the dataset."""
    group = to_zarr(datasets.climate(), {})
    datasets.same(opened(group), datasets.climate())

    to_zarr(datasets.climate(), tmp_path / "a.zip")
    with opened(tmp_path / "a.zip") as found:
        datasets.same(found, datasets.climate())


def test_the_engine_is_found_by_the_name_of_a_store(field, monkeypatch):
    """Where no other claims it."""
    from zarrpy.xarray import ZarrpyBackend

    backend = ZarrpyBackend()

    assert backend.guess_can_open(field)
    assert backend.guess_can_open(zarrpy.open(field))
    assert not backend.guess_can_open("a.nc")
    assert "zarrpy" in xr.backends.list_engines()


def test_what_is_missing_is_a_file_not_found(tmp_path):
    """As with other engines; nothing is created."""
    with pytest.raises(FileNotFoundError, match=r"nothing\.zarr"):
        opened(tmp_path / "nothing.zarr")

    assert not (tmp_path / "nothing.zarr").exists()


def test_an_array_without_names_of_dimensions_is_refused(tmp_path):
    """The error names it, and what opens it."""
    zarrpy.create_group(tmp_path / "a.zarr").create_array("plain", data=[1, 2])

    with pytest.raises(KeyError, match=r"'/plain'.*zarrpy\.open"):
        opened(tmp_path / "a.zarr")


def test_nczarr_names_dimensions_in_its_own_words(tmp_path):
    """Documents of netCDF's library, which need not have names for xarray."""
    group = zarrpy.create_group(tmp_path / "nc.zarr", zarr_format=2)
    group.create_array("a", data=[1, 2])
    document = tmp_path / "nc.zarr" / "a" / ".zarray"
    text = document.read_text().rstrip().removesuffix("}")
    document.write_text(text + ', "_NCZARR_ARRAY": {"dimrefs": ["/x"], "storage": "chunked"}}')

    assert opened(tmp_path / "nc.zarr").a.dims == ("x",)


# ------------------------------------------------------------------------------------- writing


def test_something_there_is_not_overwritten_by_default(field):
    """``mode="w"`` does, and takes all that was in the group."""
    with pytest.raises(FileExistsError):
        to_zarr(datasets.packed(), field)

    to_zarr(datasets.packed(), field, mode="w")
    with opened(field) as found:
        datasets.same(found, datasets.packed())


def test_data_are_appended_along_a_dimension(tmp_path):
    """Encoded as what is there: packed, with its units of time."""
    first, second = datasets.climate(), datasets.climate()
    first.t2m.encoding |= {"dtype": "int16", "scale_factor": 0.5, "_FillValue": -1}
    second["time"] = second.time + np.timedelta64(6, "D")
    whole = xr.concat([datasets.climate(), second], "time", data_vars="minimal")

    to_zarr(first, tmp_path / "a.zarr")
    to_zarr(second, tmp_path / "a.zarr", append_dim="time")

    with opened(tmp_path / "a.zarr") as found:
        datasets.same(found, whole)
    array = zarrpy.open(tmp_path / "a.zarr/t2m")
    assert (array.dtype, array.shape) == (np.dtype("int16"), (12, 4, 5))


def test_an_unknown_dimension_is_not_appended_along(field):
    """Nothing is changed then."""
    before = zarrpy.checksum(field, kind="tree")

    with pytest.raises(ValueError, match="append_dim='nowhere'"):
        to_zarr(datasets.climate(), field, append_dim="nowhere")

    assert zarrpy.checksum(field, kind="tree") == before


@pytest.mark.parametrize("region", [{"time": slice(2, 4)}, "auto"])
def test_a_region_is_written(field, region):
    """Given as slices, or found by the coordinates."""
    part = datasets.climate()[["t2m"]].isel(time=slice(2, 4)) * 0 + 7
    expected = datasets.climate()
    expected.t2m[2:4] = 7

    to_zarr(part.drop_vars(["lat", "height"]), field, region=region)

    with opened(field) as found:
        datasets.same(found, expected)


def test_variables_are_added(field):
    """``mode="a"`` adds, ``mode="r+"`` refuses to."""
    more = xr.Dataset({"more": ("lat", [1, 2, 3, 4])})
    with pytest.raises(ValueError, match=r"\['more'\].*mode='a'"):
        to_zarr(more, field, mode="r+")

    to_zarr(more, field, mode="a")

    with opened(field) as found:
        assert found.more.values.tolist() == [1, 2, 3, 4]
        assert "t2m" in found


def test_an_encoding_of_a_misspelt_name_is_an_error(tmp_path):
    """Of a variable or of a parameter, before anything is stored of it."""
    with pytest.raises(ValueError, match="'t3m'"):
        to_zarr(datasets.climate(), tmp_path / "a.zarr", encoding={"t3m": {"chunks": (1, 1, 1)}})
    with pytest.raises(ValueError, match="'chunk'"):
        to_zarr(datasets.climate(), tmp_path / "b.zarr", encoding={"t2m": {"chunk": (1, 1, 1)}})


@pytest.mark.parametrize("consolidated", [None, True, False])
def test_metadata_are_consolidated_unless_unwanted(tmp_path, consolidated):
    """So that opening again asks for one document."""
    to_zarr(datasets.climate(), tmp_path / "a.zarr", consolidated=consolidated)

    assert zarrpy.is_consolidated(tmp_path / "a.zarr") == (consolidated is not False)
    datasets.same(opened(tmp_path / "a.zarr", consolidated=consolidated), datasets.climate())


def test_an_array_of_xarray_is_written_by_itself(tmp_path):
    """With its name, or without one."""
    array = datasets.climate().t2m
    for place, each in (("named", array), ("nameless", array.rename(None))):
        to_zarr(each, tmp_path / place)
        found = xr.open_dataarray(tmp_path / place, engine="zarrpy")
        xr.testing.assert_identical(found.load(), each)


def test_what_xarray_does_not_know_is_no_data(tmp_path):
    """The error names what is written."""
    with pytest.raises(TypeError, match="DataTree"):
        to_zarr(np.zeros(3), tmp_path / "a.zarr")


@pytest.mark.parametrize("number", [2, 3])
def test_an_array_without_a_name_is_stored(tmp_path, number):
    """Under the name that xarray gives it, which the specification reserves."""
    array = xr.DataArray(np.arange(3.0), dims="x")
    to_zarr(
        array.to_dataset(name="__xarray_dataarray_variable__"),
        tmp_path / "a.zarr",
        zarr_format=number,
    )

    with xr.open_dataarray(tmp_path / "a.zarr", engine="zarrpy") as found:
        assert found.values.tolist() == [0, 1, 2]
