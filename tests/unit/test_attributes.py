"""Tests of `zarrpy.attributes`: a mapping that writes through."""

import asyncio
import datetime
import enum
import json
import pathlib
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import zarrpy
from zarrpy.errors import AttributeNotJSONError


@pytest.fixture(params=["array", "group"])
def make(request, store):
    """A function that creates a node with attributes, in the format asked."""

    def create(zarr_format=3, **attributes):
        keywords = {"attributes": attributes, "zarr_format": zarr_format}
        if request.param == "array":
            return zarrpy.create_array(store, data=[1, 2], **keywords)
        return zarrpy.create_group(store, **keywords)

    return create


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_attributes_persist(make, store, zarr_format):
    """Each change is in the store at once."""
    node = make(zarr_format, a=1)

    node.attrs["b"] = "x"
    node.attrs.update({"c": [1, None]}, d={"e": True})
    del node.attrs["a"]

    assert dict(zarrpy.open(store).attrs) == {"b": "x", "c": [1, None], "d": {"e": True}}


def test_attributes_are_a_mapping(make):
    """With all that mappings have."""
    attrs = make(a=1, b=2).attrs

    assert (sorted(attrs), len(attrs), attrs["a"], "b" in attrs) == (["a", "b"], 2, 1, True)
    assert (attrs.get("c"), attrs.setdefault("c", 3), attrs.pop("b")) == (None, 3, 2)
    assert attrs == {"a": 1, "c": 3}
    assert attrs.asdict() == {"a": 1, "c": 3}
    attrs.clear()
    assert attrs.asdict() == {}


CALLS = [
    ("pop", "a"),
    ("pop", "c", None),
    ("popitem",),
    ("setdefault", "a", 5),
    ("setdefault", "c", {"d": [1]}),
    ("update", {"a": 5, "c": 6}),
    ("clear",),
]


@pytest.mark.parametrize("awaited", [False, True], ids=["called", "awaited"])
@pytest.mark.parametrize("call", CALLS, ids=repr)
def test_attributes_do_what_a_dictionary_does(make, store, call, awaited):
    """Called or awaited, they give the same and leave the same, in the store as well."""
    node = make(a=1, b=[2])
    oracle = {"a": 1, "b": [2]}
    name, *args = call

    method = getattr(node.attrs, name)
    found = asyncio.run(method.aio(*args)) if awaited else method(*args)

    assert found == getattr(oracle, name)(*args)
    assert dict(node.attrs) == dict(zarrpy.open(store).attrs) == oracle


def test_of_several_who_take_an_attribute_one_gets_it(make, store):
    """And of several who set what is not there, all get what one has set."""
    make(taken="it")
    handles = [zarrpy.open(store) for _ in range(8)]

    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(lambda node: node.attrs.pop("taken", None), handles))
        places = list(threads.map(lambda i: handles[i].attrs.setdefault("one", i), range(8)))

    assert sorted(map(str, taken)) == ["None"] * 7 + ["it"]
    assert set(places) == {zarrpy.open(store).attrs["one"]}


def test_what_is_not_there_cannot_be_taken(make, store, contents):
    """A KeyError, and nothing is written."""
    node = make()
    before = contents(store)

    with pytest.raises(KeyError, match="a"):
        node.attrs.pop("a")
    with pytest.raises(KeyError, match="no attributes"):
        node.attrs.popitem()
    assert contents(store) == before


def test_a_missing_attribute_is_a_key_error(make):
    """For reading and for deleting."""
    attrs = make(a=1).attrs

    with pytest.raises(KeyError):
        attrs["b"]
    with pytest.raises(KeyError):
        del attrs["b"]

    assert dict(attrs) == {"a": 1}


def test_put_replaces_all(make, store):
    """In one write."""
    node = make(a=1, b=2)

    node.attrs.put({"c": 3})

    assert dict(node.attrs) == {"c": 3}
    assert dict(zarrpy.open(store).attrs) == {"c": 3}


def test_what_numpy_and_others_have_becomes_json(make, store):
    """Scalars, arrays, dates."""
    node = make()

    node.attrs.update(
        scale=np.float32(0.5), levels=np.arange(2), flag=np.True_, day=datetime.date(2020, 1, 2)
    )

    assert dict(zarrpy.open(store).attrs) == {
        "scale": 0.5,
        "levels": [0, 1],
        "flag": True,
        "day": "2020-01-02",
    }


@pytest.mark.parametrize("value", [object(), {1, 2}, b"x", 1j, float("nan"), {"b": [object()]}])
def test_what_is_not_json_is_named_and_changes_nothing(make, store, contents, value):
    """By the way that leads to it; the error is a TypeError and a ValueError."""
    node = make(a=1)
    before = contents(store)

    with pytest.raises(AttributeNotJSONError, match=r"attrs\['x'\]") as caught:
        node.attrs.update(y=1, x=value)

    assert isinstance(caught.value, TypeError)
    assert isinstance(caught.value, ValueError)
    assert contents(store) == before
    assert dict(node.attrs) == {"a": 1}


def test_what_is_read_is_the_callers_own(make, store):
    """Changing it in place changes nothing stored."""
    node = make(a=[1, {"b": 2}])

    node.attrs["a"][1]["b"] = 3
    node.attrs.asdict()["a"].append(4)

    assert dict(node.attrs) == {"a": [1, {"b": 2}]}
    assert dict(zarrpy.open(store).attrs) == {"a": [1, {"b": 2}]}


def test_two_handles_lose_no_attribute_of_each_other(make, store):
    """A change starts from what is stored, not from what was read when the node was opened."""
    one = make()
    two = zarrpy.open(store)

    one.attrs["a"] = 1
    two.attrs["b"] = 2

    assert dict(zarrpy.open(store).attrs) == {"a": 1, "b": 2}
    assert dict(two.attrs) == {"a": 1, "b": 2}


def test_changing_attributes_keeps_the_rest_of_the_document(make, store):
    """Byte by byte the same values."""
    node = make(a=1)
    before = json.loads(bytes(store.get("zarr.json")))

    node.attrs["a"] = 2

    after = json.loads(bytes(store.get("zarr.json")))
    assert {**before, "attributes": {"a": 2}} == after


def test_changing_attributes_keeps_the_data(store):
    """Chunks are not touched, and the handle goes on working."""
    array = zarrpy.create_array(store, data=[1, 2])

    array.attrs["a"] = 1
    array[0] = 5

    assert zarrpy.open(store)[...].tolist() == [5, 2]


def test_attributes_of_v2_that_become_none_are_none_when_opened(store):
    """No attributes are as good as no document."""
    array = zarrpy.create_array(store, data=[1], attributes={"a": 1}, zarr_format=2)

    del array.attrs["a"]

    assert dict(zarrpy.open(store).attrs) == {}


def test_changing_can_be_awaited(make, store):
    """Through the node."""
    node = make()

    asyncio.run(node.change_attributes.aio(lambda attributes: attributes.update(a=1)))

    assert dict(zarrpy.open(store).attrs) == {"a": 1}


def test_the_repr_shows_them(make):
    """As they are."""
    assert repr(make(a=1).attrs) == "Attributes({'a': 1})"


class Level(enum.IntEnum):
    """An enumeration, as programs have them."""

    LOW = 3


def test_dates_paths_and_enumerations_have_a_plain_form(make, store):
    """As text, or as the value that they stand for."""
    node = make()

    node.attrs.update(
        when=datetime.datetime(2020, 1, 2, 3, 4, 5),
        at=np.datetime64("2020-01-02T03:04"),
        where=pathlib.PurePosixPath("a/b"),
        level=Level.LOW,
        levels={"by": [Level.LOW, np.array([1.5, 2])]},
    )

    assert dict(zarrpy.open(store).attrs) == {
        "when": "2020-01-02T03:04:05",
        "at": "2020-01-02T03:04",
        "where": "a/b",
        "level": 3,
        "levels": {"by": [3, [1.5, 2.0]]},
    }


def test_the_way_to_a_value_that_is_not_json_is_told(make):
    """As keys and indexes, for programs."""
    node = make()

    with pytest.raises(AttributeNotJSONError) as caught:
        node.update_attributes({"affines": [{"phys": object()}]})

    assert caught.value.key_path == ("affines", 0, "phys")


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_many_attributes_are_one_write(counting_store, zarr_format):
    """Set, replaced or cleared."""
    node = zarrpy.create_array(counting_store, data=[1], zarr_format=zarr_format)
    document = {2: ".zattrs", 3: "zarr.json"}[zarr_format]
    counting_store.forget()

    node.attrs.update({f"n{i}": i for i in range(50)}, x=1)
    node.attrs.put({f"m{i}": i for i in range(50)})
    node.attrs.clear()
    assert node.update_attributes({"a": 1, "b": 2}) is node

    assert counting_store.written == [document] * 4
    assert dict(node.attrs) == {"a": 1, "b": 2}


def test_what_others_have_changed_is_seen_after_reading_again(make, store):
    """Until then a node is as it was read."""
    node = make(a=1)
    zarrpy.open(store).attrs["a"] = 2

    before = node.attrs["a"]
    node.attrs.refresh()

    assert (before, node.attrs["a"]) == (1, 2)
    assert node.read_attributes() == {"a": 2}


def test_every_change_can_be_awaited(make, store):
    """By the same names."""
    node = make(a=1)

    async def change():
        await node.attrs.update.aio(b=2)
        first = await node.read_attributes.aio()
        await node.attrs.put.aio({"c": 3})
        return first

    assert asyncio.run(change()) == {"a": 1, "b": 2}
    assert dict(zarrpy.open(store).attrs) == {"c": 3}


def test_nan_as_others_have_written_it_is_read(store):
    """Bare in the document; it comes out as the word that stands for it, and is never written."""
    zarrpy.create_group(store, attributes={"x": 1})
    document = (
        bytes(store.get("zarr.json")).replace(b'"x": 1', b'"x": NaN').replace(b'"x":1', b'"x":NaN')
    )
    store.set("zarr.json", document)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        group = zarrpy.open_group(store)
        group.attrs["y"] = 1

    assert group.attrs["x"] == "NaN"
    assert b'"NaN"' in bytes(store.get("zarr.json"))


def test_an_integer_that_nobody_could_read_is_refused_by_its_place(make):
    """Python reads and writes no numbers of more digits than it is told to."""
    node = make()
    longest = 10 ** (sys.get_int_max_str_digits() - 1)

    node.attrs["x"] = {"y": [longest]}
    with pytest.raises(AttributeNotJSONError, match=r"attrs\['x'\]\['y'\]\[1\].*digits"):
        node.attrs["x"] = {"y": [1, longest * 10]}

    assert node.attrs["x"] == {"y": [longest]}
