"""Files of other formats, read and written."""

import numpy as np
import pytest

import zarrpy

VALUES = np.arange(12, dtype="float64").reshape(3, 4)


def test_files_of_numpy_come_and_go(tmp_path):
    """.npy, .npz and raw bytes."""
    np.save(tmp_path / "a.npy", VALUES)
    np.savez(tmp_path / "b.npz", x=VALUES, y=VALUES + 1)
    VALUES.tofile(tmp_path / "c.raw")

    first = zarrpy.import_from(tmp_path / "a.npy", tmp_path / "a.zarr", chunks=(2, 2))
    second = zarrpy.import_from(tmp_path / "b.npz", {})
    third = zarrpy.import_from(tmp_path / "c.raw", second, dtype="float64", shape=(2, 4), offset=32)

    assert (first.chunks, (first[...] == VALUES).all()) == ((2, 2), True)
    assert (second["y"][...] == VALUES + 1).all()
    assert (third.name, (third[...] == VALUES[1:]).all()) == ("/c", True)
    for file in ("d.npy", "d.bin"):
        zarrpy.export_to(first, tmp_path / file)
    zarrpy.export_to(second, tmp_path / "d.npz")
    assert (np.load(tmp_path / "d.npy") == VALUES).all()
    assert (np.fromfile(tmp_path / "d.bin") == VALUES.ravel()).all()
    assert sorted(np.load(tmp_path / "d.npz")) == ["c", "x", "y"]


def test_big_endian_files_are_understood(tmp_path):
    """Elements are the same."""
    np.save(tmp_path / "a.npy", VALUES.astype(">f8"))

    assert (zarrpy.import_from(tmp_path / "a.npy", {})[...] == VALUES).all()


def test_a_file_is_not_replaced_unless_asked(tmp_path):
    """And nothing is left beside it."""
    array = zarrpy.create_array({}, data=VALUES)
    (tmp_path / "a.npy").write_bytes(b"mine")

    with pytest.raises(FileExistsError, match="overwrite=True"):
        zarrpy.export_to(array, tmp_path / "a.npy")
    with pytest.raises(zarrpy.NodeKindError):
        zarrpy.export_to(zarrpy.create_group({}), tmp_path / "a.npy", overwrite=True)

    assert [path.name for path in tmp_path.iterdir()] == ["a.npy"]
    assert (tmp_path / "a.npy").read_bytes() == b"mine"


def test_what_is_no_file_of_data_is_refused(tmp_path):
    """The error says which are."""
    (tmp_path / "a").write_bytes(b"plain text")

    with pytest.raises(zarrpy.MetadataError, match="HDF5"):
        zarrpy.import_from(tmp_path / "a", {})
    with pytest.raises(zarrpy.MetadataError, match="has 10 bytes"):
        zarrpy.import_from(tmp_path / "a", {}, dtype="int64", shape=9)


def classic(records=2):
    """A netCDF 3 file, written from the description of the format."""

    def name(text):
        raw = text.encode()
        return len(raw).to_bytes(4, "big") + raw + b"\0" * (-len(raw) % 4)

    def number(n):
        return n.to_bytes(4, "big")

    dims = number(10) + number(2) + name("time") + number(0) + name("x") + number(3)
    attribute = number(12) + number(1) + name("units") + number(2) + name("m")
    variables = [("x", [1], number(0) * 2, 3, 8), ("a", [0, 1], attribute, 3, 8)]
    head = b"CDF\1" + number(records) + dims + number(0) * 2 + number(11) + number(2)
    size = len(head) + sum(
        len(name(each)) + 4 + 4 * len(of) + len(attrs) + 12 for each, of, attrs, _, _ in variables
    )
    for i, (each, of, attrs, kind, nbytes) in enumerate(variables):
        head += name(each) + number(len(of)) + b"".join(map(number, of)) + attrs
        head += number(kind) + number(nbytes) + number(size + 8 * i)
    values = np.array([5, 6, 7, 0], ">i2").tobytes()
    rows = np.arange(3 * records, dtype=">i2").reshape(records, 3)
    return head + values + b"".join(row.tobytes() for row in rows)


def test_netcdf_3_is_read_without_its_library(tmp_path):
    """Names, attributes, and variables of records, which are not padded where there is one."""
    (tmp_path / "a.nc").write_bytes(classic())

    group = zarrpy.import_from(tmp_path / "a.nc", {})

    assert group["x"][...].tolist() == [5, 6, 7]
    assert group["a"][...].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert group["a"].dimension_names == ("time", "x")
    assert group["a"].attrs["units"] == "m"


def test_netcdf_3_that_was_cut_off_is_an_error(tmp_path):
    """Wherever it was cut."""
    whole = classic()
    for length in range(4, len(whole), 7):
        (tmp_path / "a.nc").write_bytes(whole[:length])
        with pytest.raises(zarrpy.MetadataError):
            zarrpy.import_from(tmp_path / "a.nc", {})


def test_hdf5_is_read_with_groups_names_and_attributes(tmp_path):
    """As h5py wrote it."""
    h5py = pytest.importorskip("h5py", reason="needs h5py: pip install 'zarrpy[hdf5]'")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.attrs["title"] = "a file"
        data = file.create_dataset("g/a", data=VALUES, chunks=(2, 2), fillvalue=-1.0)
        data.attrs["levels"] = np.array([1, 2])
        file["y"] = [1, 2, 3]
        file["y"].make_scale("y")
        data.dims[0].attach_scale(file["y"])
        file["names"] = ["a", "bc"]

    group = zarrpy.import_from(tmp_path / "a.h5", tmp_path / "a.zarr")

    array = group["g/a"]
    assert (array[...] == VALUES).all()
    assert (array.chunks, array.fill_value, array.attrs["levels"]) == ((2, 2), -1, [1, 2])
    assert (array.dimension_names, group["y"].dimension_names) == (("y", None), ("y",))
    assert group["names"][...].tolist() == ["a", "bc"]
    assert group.attrs["title"] == "a file"


def test_an_export_into_a_folder_that_is_not_there_names_it(tmp_path):
    """Not the file that is written on the way."""
    array = zarrpy.create_array({}, data=[1, 2])
    with pytest.raises(FileNotFoundError, match="no such folder") as caught:
        zarrpy.export_to(array, tmp_path / "none/a.npy")
    assert caught.value.filename == str(tmp_path / "none")


def test_an_archive_has_the_arrays_of_groups_below(tmp_path):
    """Each is written in parts; nothing but the file is left."""
    group = zarrpy.create_group({})
    group.create_array("a", data=np.arange(6).reshape(2, 3))
    group.create_array("b/c", data=np.arange(4.0), chunks=2)
    group.create_array("b/none", shape=(0, 3), dtype="i2")
    group.create_array("number", data=7)
    zarrpy.export_to(group, tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as found:
        assert {name: found[name].tolist() for name in found.files} == {
            "a": [[0, 1, 2], [3, 4, 5]],
            "b/c": [0.0, 1.0, 2.0, 3.0],
            "b/none": [],
            "number": 7,
        }
    assert [each.name for each in tmp_path.iterdir()] == ["a.npz"]
