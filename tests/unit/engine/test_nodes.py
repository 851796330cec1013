"""Tests of `zarrpy.engine.nodes`, driven by hand: requests are looked at, answers are canned."""

import json

import pytest

import zarrpy
from zarrpy.engine.nodes import (
    SEARCHED,
    MixedFormatsWarning,
    read_children,
    read_groups,
    read_node,
    require_node,
)
from zarrpy.engine.requests import Fetch, ListNames, Put, Recover
from zarrpy.errors import NodeKindError, NodeNotFoundError, StoreError
from zarrpy.metadata.model import ArrayMetadata, GroupMetadata

GROUP3 = json.dumps({"zarr_format": 3, "node_type": "group"}).encode()
GROUP2 = json.dumps({"zarr_format": 2}).encode()


def array_document():
    """Document of an array, as bytes."""
    store = {}
    zarrpy.create_array(store, shape=3, dtype="i4")
    return store["zarr.json"]


class Hand:
    """Drives an operation: answers from a dictionary, and notes every request of a store.

    Whether a transaction was cut off is none: elsewhere than in files nobody is asked.
    """

    def __init__(self, values=None, names=()):
        self.values = dict(values or {})
        self.names = names if isinstance(names, dict) else list(names)
        self.requests = []

    def answer(self, request):
        """Answer one request."""
        if isinstance(request, Recover):
            return None
        self.requests.append(request)
        match request:
            case Fetch(keys):
                return [self.values.get(key) for key in keys]
            case ListNames(prefix):
                return self.names.get(prefix, []) if isinstance(self.names, dict) else self.names
            case Put(items):
                self.values.update(items)
        return None

    def drive(self, steps):
        """Run the operation to its end."""
        try:
            request = next(steps)
            while True:
                request = steps.send(self.answer(request))
        except StopIteration as stop:
            return stop.value


def test_a_node_is_read_in_one_request():
    """All documents that may make it are asked for together."""
    hand = Hand({"a/zarr.json": GROUP3})

    found = hand.drive(read_node("a"))

    assert isinstance(found, GroupMetadata)
    assert len(hand.requests) == 1
    assert set(hand.requests[0].keys) == {"a/zarr.json", "a/.zarray", "a/.zgroup", "a/.zattrs"}


@pytest.mark.parametrize(
    ("zarr_format", "names"), [(3, {"zarr.json"}), (2, {".zarray", ".zgroup", ".zattrs"})]
)
def test_a_format_that_is_known_asks_for_its_documents_only(zarr_format, names):
    """No request more than needed."""
    hand = Hand()

    assert hand.drive(read_node("", zarr_format)) is None
    assert set(hand.requests[0].keys) == names


def test_nothing_is_no_node():
    """Attributes alone make none either."""
    assert Hand().drive(read_node("a")) is None
    assert Hand({"a/.zattrs": b"{}"}).drive(read_node("a")) is None


def test_attributes_of_v2_are_read_along():
    """They are in a document of their own."""
    hand = Hand({".zgroup": GROUP2, ".zattrs": b'{"a": 1}'})

    assert hand.drive(read_node("")).attributes == {"a": 1}


def test_several_groups_are_read_in_two_requests():
    """In the order asked; the other format only where there is none of the preferred one."""
    hand = Hand({"a/zarr.json": GROUP3, "c/zarr.json": GROUP3, "c/.zgroup": GROUP2})

    found = hand.drive(read_groups(["a", "b", "c"], prefer=2))

    assert [node and node.zarr_format for node in found] == [3, None, 2]
    first, second = hand.requests
    assert first.keys == (
        "a/.zarray",
        "a/.zgroup",
        "b/.zarray",
        "b/.zgroup",
        "c/.zarray",
        "c/.zgroup",
    )
    assert second.keys == ("a/zarr.json", "b/zarr.json")


def test_where_both_formats_stand_there_is_one_warning():
    """It points at the way to read the other one."""
    hand = Hand({"zarr.json": GROUP3, ".zgroup": GROUP2})

    with pytest.warns(MixedFormatsWarning, match="zarr_format=2"):
        assert hand.drive(read_node("")).zarr_format == 3


def test_an_error_of_the_store_goes_through():
    """It is neither a missing node nor anything else."""
    steps = require_node("a")
    next(steps)

    with pytest.raises(StoreError, match="no answer"):
        steps.throw(StoreError("no answer"))


def test_a_missing_node_names_what_is_like_it():
    """One more request, for the names beside it; documents are no names."""
    hand = Hand(names=["barr", "bar2", "zarr.json", "quite different"])

    with pytest.raises(NodeNotFoundError) as caught:
        hand.drive(require_node("foo/bar"))

    assert sorted(caught.value.nearest) == ["foo/bar2", "foo/barr"]
    assert hand.requests[-1] == ListNames("foo/")


def test_the_other_kind_is_an_error():
    """Nothing more is asked for."""
    hand = Hand({"zarr.json": GROUP3})

    with pytest.raises(NodeKindError):
        hand.drive(require_node("", kind=ArrayMetadata))

    assert len(hand.requests) == 1


def test_children_are_found_in_two_requests():
    """Names, and then the documents of all of them; documents and locks are no names."""
    hand = Hand(
        {"g/a/zarr.json": GROUP3, "g/b/zarr.json": array_document()},
        names=["a", "b", "zarr.json", ".zgroup", "__x", ".__zp-trash"],
    )

    children = hand.drive(read_children("g", 3))

    assert {name: type(node) for name, node in children.items()} == {
        "a": GroupMetadata,
        "b": ArrayMetadata,
    }
    assert hand.requests[0] == ListNames("g/", folders=True)
    assert len(hand.requests) == 2
    assert {key.split("/")[1] for key in hand.requests[1].keys} == {"a", "b"}


def test_a_group_without_a_document_is_implied_by_a_node_below_it():
    """Drafts of Zarr v3 had such groups, however far below the node is."""
    hand = Hand(
        {"g/zarr.json": GROUP3, "g/a/b/c/zarr.json": array_document()},
        names={"g/": ["a", "x"], "g/a/": ["b"], "g/a/b/": ["c"], "g/x/": ["y"]},
    )

    assert list(hand.drive(read_children("g", 3))) == ["a"]
    assert hand.drive(require_node("g/a")) == GroupMetadata(zarr_format=3)
    with pytest.raises(NodeNotFoundError):
        hand.drive(require_node("g/x"))


def test_groups_of_v2_have_documents():
    """What is asked for in v2, or as an array, is not looked for below."""
    hand = Hand({"a/b/zarr.json": GROUP3}, names={"a/": ["b"]})

    with pytest.raises(NodeNotFoundError):
        hand.drive(require_node("a", 2))
    with pytest.raises(NodeNotFoundError):
        hand.drive(require_node("a", kind=ArrayMetadata))


def test_the_search_for_a_node_below_a_directory_ends():
    """A tree without nodes costs no more than a bounded number of look-ups."""
    hand = Hand(names=[f"{i}" for i in range(70)])

    with pytest.raises(NodeNotFoundError):
        hand.drive(require_node("a"))

    fetched = [
        key for request in hand.requests if isinstance(request, Fetch) for key in request.keys
    ]
    assert SEARCHED <= len(fetched) <= SEARCHED + 5
