"""Objects of Python in Zarr v2, through the public interface and to disk."""

import numpy as np
import pytest

import zarrpy
from zarrpy.errors import CodecError, MetadataError, UnsupportedExtensionError

TEXT = np.dtypes.StringDType()
TEXTS = ["", "a", "naïve", "a\0b", "end\0", "x" * 300]


def boxed(values):
    array = np.empty(len(values), object)
    for i, each in enumerate(values):
        array[i] = each
    return array


@pytest.fixture(params=["memory", "local"])
def place(request, tmp_path):
    """Where an array goes: a dictionary, or a directory."""
    return {} if request.param == "memory" else tmp_path / "a.zarr"


OBJECTS = ["a", None, {"b": [1, 2]}, [1, 2], [3, 4], 7]


@pytest.mark.parametrize("codec", ["json2", "msgpack2", {"id": "json2"}])
def test_objects_are_stored_by_the_codec_that_is_named(place, codec, body):
    """In Zarr v2, as documents."""
    zarrpy.create_array(
        place, data=boxed(OBJECTS), chunks=4, zarr_format=2, object_codec=codec, fill_value=None
    )

    array = zarrpy.open(place)

    assert array.metadata.data_type.name == "object"
    assert array[...].tolist() == OBJECTS
    assert array[3] == [1, 2]


def test_one_object_is_assigned_as_it_is(body):
    """A list may be an element, and a list of elements."""
    array = zarrpy.create_array(
        {}, shape=3, dtype=object, object_codec="json2", zarr_format=2, fill_value={"a": 0}
    )

    array[0] = [1, 2]
    array[1:] = [[3, 4], "x"]

    assert array[...].tolist() == [[1, 2], [3, 4], "x"]
    assert array.fill_value == {"a": 0}


def test_inner_arrays_are_stored(place, body):
    """Of many lengths."""
    array = zarrpy.create_array(
        place, shape=4, chunks=2, dtype=object, object_codec="vlen-array:<i4", zarr_format=2,
        fill_value=None,
    )  # fmt: skip
    array[0] = np.arange(3, dtype="i4")
    array[2:] = [[7], []]

    found = zarrpy.open(place)[...]

    assert [each if each is None else each.tolist() for each in found] == [[0, 1, 2], [], [7], []]


def test_categories_are_texts(place, body):
    """The filter makes numbers of them."""
    labels = {"id": "categorize", "labels": ["x", "yz"], "dtype": "|O", "astype": "|u1"}

    zarrpy.create_array(place, data=["x", "yz", "x"], dtype=str, filters=[labels], zarr_format=2)
    zarrpy.open(place)[0] = "yz"
    array = zarrpy.open(place)

    assert array.dtype == TEXT
    assert array[...].tolist() == ["yz", "yz", "x"]


def test_base64_may_follow_the_texts(place, body):
    """As a filter of v2."""
    array = zarrpy.create_array(
        place, data=TEXTS, dtype=str, filters=["vlen-utf8", "base64"], compressors=None,
        zarr_format=2,
    )  # fmt: skip

    assert array.store.get("0").isascii()
    assert zarrpy.open(place)[...].tolist() == TEXTS


def test_objects_that_all_are_texts_or_bytes_need_no_codec():
    """They are what they are."""
    texts = zarrpy.array(boxed(["a", "bc"]))
    blobs = zarrpy.array(boxed([b"a", b"bc\0"]))

    assert (texts.metadata.data_type.name, texts[...].tolist()) == ("string", ["a", "bc"])
    assert (blobs.metadata.data_type.name, blobs[...].tolist()) == ("bytes", [b"a", b"bc\0"])


@pytest.mark.parametrize(
    ("keywords", "kinds"),
    [
        ({"data": boxed(["a", 1])}, "int, str"),
        ({"data": boxed([None])}, "NoneType"),
        ({"shape": 3, "dtype": object}, "no elements"),
    ],
)
def test_objects_without_a_codec_are_refused(keywords, kinds):
    """The error says what they are, and what to do."""
    with pytest.raises(
        UnsupportedExtensionError, match=f"these are {kinds} -> dtype=str stores texts"
    ):
        zarrpy.create_array({}, **keywords)


def test_objects_have_no_form_in_v3():
    """Nothing is stored."""
    store = {}

    with pytest.raises((CodecError, MetadataError), match="use Zarr v2"):
        zarrpy.create_array(store, data=boxed([1, None]), object_codec="json2", zarr_format=3)

    assert store == {}


PICKLED = (
    '{"zarr_format": 2, "shape": [1], "chunks": [1], "dtype": "|O", "compressor": null, '
    '"fill_value": null, "order": "C", "filters": %s}'
)


@pytest.mark.parametrize(
    "filters",
    ['[{"id": "pickle", "protocol": 5}]', '[{"id": "vlen-utf8"}, {"id": "pickle"}]'],
)
def test_a_document_that_names_pickle_is_listed_and_not_opened(filters):
    """Whichever filter it is; the error says why, and what to do."""
    store = {
        ".zgroup": b'{"zarr_format": 2}',
        "old/.zarray": (PICKLED % filters).encode(),
        "old/0": b"cbuiltins\nexit\n(tR.",
    }
    group = zarrpy.open(store)

    with pytest.raises(UnsupportedExtensionError, match="would be to run the program") as caught:
        zarrpy.open(store, path="old")
    with pytest.raises(UnsupportedExtensionError, match="would be to run the program"):
        group["old"][...]

    assert "vlen-utf8" in caught.value.hint
    assert (caught.value.kind, caught.value.name) == ("codec", "pickle")
    assert "old" in repr(group.tree())


@pytest.mark.parametrize("codec", ["pickle", {"id": "pickle"}, {"name": "numcodecs.pickle"}])
def test_no_array_is_created_with_pickle(codec):
    """By whatever name."""
    with pytest.raises(UnsupportedExtensionError, match="would be to run the program"):
        zarrpy.create_array({}, shape=1, dtype=object, object_codec=codec, zarr_format=2)


def test_who_trusts_pickle_registers_a_codec_for_it():
    """Then documents that name it are read."""
    import pickle

    from zarrpy.codecs.base import ArrayToBytes

    class Pickle(ArrayToBytes):
        name = "mine.pickle"
        v2_id = "pickle"

        def decode(self, data, spec):
            return pickle.loads(data).reshape(spec.shape)

    store = {
        ".zarray": (PICKLED % '[{"id": "pickle"}]').encode(),
        "0": pickle.dumps(boxed([{1, 2}])),
    }
    zarrpy.register_codec(Pickle)
    try:
        found = zarrpy.open(store)[...].tolist()
    finally:
        zarrpy.unregister_codec("mine.pickle")

    assert found == [{1, 2}]


def test_objects_in_a_document_need_a_codec():
    """The error names those that are known."""
    with pytest.raises(MetadataError, match="needs a codec that makes bytes of them") as caught:
        zarrpy.open({".zarray": (PICKLED % "null").encode()})

    assert "vlen-utf8" in caught.value.hint
    assert "pickle" not in caught.value.hint
