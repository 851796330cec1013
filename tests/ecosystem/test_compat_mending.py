"""Documents that are not valid, and that zarr-python reads: only while zarrpy is served for it."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest

import zarrpy
import zarrpy.compat
from zarrpy.compat import zarr
from zarrpy.errors import MetadataError

DOCUMENTS = {2: ".zarray", 3: "zarr.json"}
Warned = zarr.errors.ZarrUserWarning

#: What these documents are warned of is asked for where a test is about it.
pytestmark = pytest.mark.filterwarnings("ignore:Array '", "ignore:Consolidated metadata")


@pytest.fixture
def served():
    """Serve zarrpy in the place of zarr-python for one test."""
    zarrpy.compat.install(force=True)
    yield
    zarrpy.compat.uninstall()


def rewrite(folder, change):
    """Change the document of an array, and give its text."""
    (path,) = (folder / name for name in DOCUMENTS.values() if (folder / name).exists())
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    return path.read_text()


def chunk_shape(*lengths):
    """Give what writes a shape of chunks into a document of either format."""

    def change(document):
        if document["zarr_format"] == 2:
            document["chunks"] = list(lengths)
        else:
            document["chunk_grid"]["configuration"]["chunk_shape"] = list(lengths)

    return change


def stored(folder):
    """Read the document of an array as it is stored."""
    (path,) = (folder / name for name in DOCUMENTS.values() if (folder / name).exists())
    return path.read_text()


def empty_chunks(folder, zarr_format, **keywords):
    """Make an array of three elements whose chunks are said to have none."""
    given = {"shape": (3,), "chunks": (3,), "dtype": "i2", "fill_value": 7, **keywords}
    zarrpy.create_array(folder, zarr_format=zarr_format, **given)
    return rewrite(folder, chunk_shape(0))


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_length_of_zero_is_refused_unless_zarrpy_is_served(tmp_path, zarr_format):
    """Also after it was read while zarrpy was served: nothing of that is recalled."""
    empty_chunks(tmp_path / "a", zarr_format)
    for _ in range(2):
        with pytest.raises(MetadataError, match="chunk"):
            zarrpy.open_array(tmp_path / "a")

        zarrpy.compat.install(force=True)
        try:
            with pytest.warns(Warned, match=r"\[0\] is read as \[1\]"):
                array = zarr.open_array(tmp_path / "a", mode="r")
            assert array.chunks == (1,)
            assert array[:].tolist() == [7, 7, 7]
        finally:
            zarrpy.compat.uninstall()


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_valid_document_is_stored_before_chunks_are(tmp_path, zarr_format):
    """Opening and reading leave the document as it is."""
    text = empty_chunks(tmp_path / "a", zarr_format)
    array = zarr.open_array(tmp_path / "a", mode="r+")
    array[:]
    array[0:0] = []
    assert stored(tmp_path / "a") == text

    array[:] = [1, 2, 3]

    zarrpy.compat.uninstall()
    strict = zarrpy.open_array(tmp_path / "a")
    assert strict.chunks == (1,)
    assert strict[:].tolist() == [1, 2, 3]


@pytest.mark.usefixtures("served")
def test_a_valid_document_is_stored_before_collected_chunks_are(tmp_path):
    empty_chunks(tmp_path / "a", 3)
    array = zarr.open_array(tmp_path / "a", mode="r+")
    with array.buffered() as collecting:
        collecting[0] = 1
        collecting[1] = 2

    zarrpy.compat.uninstall()
    assert zarrpy.open_array(tmp_path / "a")[:].tolist() == [1, 2, 7]


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_document_that_another_writer_made_valid_is_left(tmp_path, zarr_format):
    """Whatever else it says; but a write by other chunks than it names is an error."""
    empty_chunks(tmp_path / "a", zarr_format)
    array = zarr.open_array(tmp_path / "a", mode="r+")
    text = rewrite(tmp_path / "a", chunk_shape(1))
    array[0] = 9
    assert stored(tmp_path / "a") == text

    empty_chunks(tmp_path / "b", zarr_format)
    array = zarr.open_array(tmp_path / "b", mode="r+")
    rewrite(tmp_path / "b", chunk_shape(3))
    with pytest.raises(ValueError, match="has changed since this array was opened; reopen"):
        array[:] = [1, 2, 3]
    assert zarr.open_array(tmp_path / "b")[:].tolist() == [7, 7, 7]


@pytest.mark.usefixtures("served")
def test_in_a_shard_a_length_of_zero_is_that_of_its_chunks(tmp_path):
    empty_chunks(tmp_path / "a", 3, shape=(10,), chunks=(4,), shards=(8,))
    with pytest.warns(Warned, match=r"is read as \[4\]"):
        array = zarr.open_array(tmp_path / "a", mode="r")
    assert (array.shards, array.chunks) == ((4,), (4,))


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize("zarr_format", [2, 3])
def test_true_is_one_without_a_word(tmp_path, zarr_format):
    """No chunk lies elsewhere by that, so the document stays, also when chunks are written."""
    zarrpy.create_array(
        tmp_path / "a", shape=(2,), chunks=(1,), dtype="i2", zarr_format=zarr_format
    )
    text = rewrite(tmp_path / "a", chunk_shape(True))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        array = zarr.open_array(tmp_path / "a", mode="r+")
        array[:] = [1, 2]
    assert array[:].tolist() == [1, 2]
    assert stored(tmp_path / "a") == text


@pytest.mark.usefixtures("served")
def test_floats_of_a_rectilinear_grid_are_the_integers_they_equal(tmp_path):
    made = zarrpy.create_array(tmp_path / "a", shape=(8,), chunks=[[4, 4]], dtype="i2")
    made[:] = np.arange(8)

    def change(document):
        document["chunk_grid"]["configuration"]["chunk_shapes"] = [[[4.0, 2]]]

    rewrite(tmp_path / "a", change)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert zarr.open_array(tmp_path / "a")[:].tolist() == list(range(8))


@pytest.mark.usefixtures("served")
def test_lengths_and_lists_in_a_regular_grid_are_a_rectilinear_one(tmp_path):
    """Which is stored as such when the metadata are saved again."""
    grid = {"name": "rectilinear", "configuration": {"kind": "inline", "chunk_shapes": [2, [5, 3]]}}
    values = np.arange(48, dtype="i2").reshape(6, 8)
    made = zarrpy.create_array(tmp_path / "a", shape=(6, 8), chunks=[2, [5, 3]], dtype="i2")
    made[:] = values

    def change(document):
        assert document["chunk_grid"] == grid
        document["chunk_grid"] = {"name": "regular", "configuration": {"chunk_shape": [2, [5, 3]]}}

    rewrite(tmp_path / "a", change)
    with pytest.warns(Warned, match="read as that rectilinear chunk grid"):
        array = zarr.open_array(tmp_path / "a", mode="r+")
    assert (array[:] == values).all()
    array.update_attributes({})
    assert json.loads(stored(tmp_path / "a"))["chunk_grid"] == grid


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize(
    "lengths", [(-1,), (4.0,), ("4",), (None,), (1, 1), ([4],), (4.5,)], ids=repr
)
def test_what_no_release_wrote_stays_an_error(tmp_path, lengths):
    zarrpy.create_array(tmp_path / "a", shape=(8,), chunks=(4,), dtype="i2")
    rewrite(tmp_path / "a", chunk_shape(*lengths))
    with pytest.raises(MetadataError):
        zarr.open_array(tmp_path / "a")


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize("lengths", [(2, [5.5, 15]), (2, [0, 20]), (2, [5, 10])], ids=repr)
def test_a_document_that_cannot_be_mended_is_not_warned_of(tmp_path, lengths):
    """The error is about what is stored."""
    zarrpy.create_array(tmp_path / "a", shape=(6, 20), chunks=(2, 5), dtype="i2")
    rewrite(tmp_path / "a", chunk_shape(*lengths))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(MetadataError, match=r"chunk_shape\[1\]"):
            zarr.open_array(tmp_path / "a")


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize("zarr_format", [2, 3])
def test_consolidated_metadata_are_read_in_the_same_way(tmp_path, zarr_format):
    zarrpy.create_group(tmp_path / "g", zarr_format=zarr_format)
    empty_chunks(tmp_path / "g" / "a", zarr_format)
    zarr.consolidate_metadata(tmp_path / "g")
    group = zarr.open_group(tmp_path / "g", mode="r", use_consolidated=True)
    assert group["a"][:].tolist() == [7, 7, 7]


@pytest.mark.usefixtures("served")
def test_a_chunk_that_a_stored_shard_leaves_out_is_filled():
    """Only a shard that is not stored is missing; without `install`, each chunk is."""
    given = {"shape": (8,), "chunks": (2,), "shards": (4,), "dtype": "i2", "fill_value": 5}
    array = zarr.create_array({}, **given, config={"read_missing_chunks": False})
    array[:2] = 1
    assert array[:4].tolist() == [1, 1, 5, 5]
    with pytest.raises(zarr.errors.ChunkNotFoundError):
        array[4:]
    with pytest.raises(zarr.errors.ChunkNotFoundError):
        array[:]

    zarrpy.compat.uninstall()
    with pytest.raises(zarrpy.MissingChunkError):
        array[:4]


@pytest.mark.usefixtures("served")
def test_nodes_of_v2_have_a_document_of_attributes(tmp_path):
    """As programs that list keys expect it; without `install` only where there are some."""
    zarr.open_group(tmp_path / "a", mode="w", zarr_format=2).create_array(
        "b", shape=(1,), dtype="i"
    )
    assert json.loads((tmp_path / "a" / ".zattrs").read_text()) == {}
    assert json.loads((tmp_path / "a" / "b" / ".zattrs").read_text()) == {}

    zarrpy.compat.uninstall()
    zarrpy.create_group(tmp_path / "c", zarr_format=2)
    assert not (tmp_path / "c" / ".zattrs").exists()


@pytest.mark.usefixtures("served")
def test_a_setting_refuses_chunks_of_different_shapes(tmp_path):
    """To store them and to read them; nothing is created, deleted or changed then."""
    given = {"shape": (8,), "dtype": "i2"}
    array = zarr.create_array(tmp_path / "a", chunks=[[5, 3]], **given)
    text = stored(tmp_path / "a")
    with zarr.config.set({"array.rectilinear_chunks": False}):
        for act in (
            lambda: zarr.open_array(tmp_path / "a"),
            lambda: zarr.create_array(tmp_path / "b", chunks=[[5, 3]], **given),
            lambda: zarr.create_array(tmp_path / "a", chunks=[[4, 4]], **given, overwrite=True),
            lambda: array.resize((9,)),
        ):
            with pytest.raises(ValueError, match="experimental and disabled by default"):
                act()
        zarr.create_array(tmp_path / "c", chunks=(4,), **given)
    assert stored(tmp_path / "a") == text
    assert not (tmp_path / "b").exists()
    assert zarr.open_array(tmp_path / "a").shape == (8,)
