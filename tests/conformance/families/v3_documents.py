"""Documents of Zarr v3: members that must, may and may not be there, and nodes in a store."""

from __future__ import annotations

import numpy as np

from conformance.corpus import (
    ABSENT,
    BYTES,
    FIVE,
    NUMBERS,
    Group,
    Refusal,
    array,
    array_v2,
    codec,
    group,
    hierarchy,
    opens,
    refused,
    regular,
)
from zarrpy.errors import MetadataError, NodeNotFoundError

META = "MetadataError"
UNKNOWN = "UnsupportedExtensionError"
REQUIRED = (
    "zarr_format",
    "node_type",
    "shape",
    "data_type",
    "chunk_grid",
    "chunk_key_encoding",
    "fill_value",
    "codecs",
)

MEMBERS = [
    opens("plain", "The members of an array give its elements.", array()),
    opens("no endian for single bytes", "bytes needs no endian there.", array(codecs=[BYTES])),
    opens(
        "attributes", "attributes is the user's object.", array(attributes={"a": [None, {"b": 1}]})
    ),
    opens("no transformers", "An empty list transforms nothing.", array(storage_transformers=[])),
    *(
        refused(f"without {name}", f"{name} is required.", array(**{name: ABSENT}), META, name)
        for name in REQUIRED
    ),
    *(
        refused(f"zarr_format {value!r}", "It is the integer 3.", array(zarr_format=value), META,
                "zarr_format")
        for value in ("3", 4, 3.0, None, True)
    ),
    refused("node_type Array", "It is array or group.", array(node_type="Array"), META,
            "node_type", "Array"),
    *(
        refused(f"shape {value!r}", "shape is a list of integers that are not negative.",
                array(shape=value), META, "shape")
        for value in ([-1], [5.0], [True], "5", 5, [None], [2**63])
    ),
    *(
        refused(f"attributes {value!r}", "attributes is an object.", array(attributes=value), META,
                "attributes")
        for value in ([], "a", None)
    ),
    refused("two dimensions of one", "Grid and shape have the same number of dimensions.",
            array(chunk_grid=regular(2, 2)), META, "chunk_grid"),
    *(
        refused(f"chunk length {value!r}", "Chunks are at least one element long.",
                array(chunk_grid=codec("regular", chunk_shape=[value])), META, "chunk_shape")
        for value in (0, -1, 1.5, "2", None)
    ),
    refused("grid without chunk_shape", "A regular grid has its chunk_shape.",
            array(chunk_grid={"name": "regular"}), META, "chunk_shape"),
]  # fmt: skip

UNKNOWN_MEMBERS = [
    *(
        refused(f"unknown member {value!r}", "A member that is not known has to be refused.",
                array(novelty=value), UNKNOWN, "novelty")
        for value in (1, "x", None, [], {}, {"must_understand": True}, {"must_understand": "false"})
    ),
    opens("unknown member to leave aside", "must_understand false lets a reader go on.",
          array(novelty={"must_understand": False, "a": 1})),
    refused("unknown transformer", "A storage transformer has to be understood.",
            array(storage_transformers=[{"name": "novelty"}]), UNKNOWN, "novelty"),
    opens("transformer to leave aside", "must_understand false lets a reader go on.",
          array(storage_transformers=[{"name": "novelty", "must_understand": False}])),
    refused("transformers null", "It is a list.", array(storage_transformers=None), META,
            "storage_transformers"),
]  # fmt: skip


def names(*given: str | None, shape: tuple[int, ...] = (5,)) -> dict:
    return array(dimension_names=list(given), shape=list(shape), chunk_grid=regular(*shape))


FULL = {"c/0": "0102030405"}
WHOLE = np.arange(1, 6, dtype=np.uint8)
PLANE = np.arange(1, 7, dtype=np.uint8).reshape(2, 3)
DIMENSIONS = [
    opens("dimension name", "Each dimension may have a name.", names("x"), WHOLE, FULL,
          dimension_names=("x",)),
    opens("dimension without a name", "A name may be null.", names(None), WHOLE, FULL,
          dimension_names=(None,)),
    opens("empty dimension name", "An empty string is a name, too.", names(""), WHOLE, FULL,
          dimension_names=("",)),
    opens("two dimensions of one name", "Names need not differ.",
          names("x", "x", shape=(2, 3)), PLANE, {"c/0/0": PLANE}, dimension_names=("x", "x")),
    opens("names of no dimensions", "An array without dimensions has an empty list.",
          names(shape=()), np.array(7, np.uint8), {"c": "07"}, dimension_names=()),
    refused("too many dimension names", "There are as many names as dimensions.",
            array(dimension_names=["x", "y"]), META, "dimension_names", "2"),
    refused("dimension name 1", "A name is a string or null.", array(dimension_names=[1]), META,
            "dimension_names[0]"),
    refused("dimension names x", "Names are a list.", array(dimension_names="x"), META,
            "dimension_names"),
]  # fmt: skip

SHAPES = [
    opens("no dimensions", "An array without dimensions has one chunk and one element.",
          array(shape=[], chunk_grid=regular()), np.array(7, np.uint8), {"c": "07"}),
    opens("no dimensions, absent", "An absent chunk is the fill value.",
          array(shape=[], chunk_grid=regular()), np.array(9, np.uint8), {}),
    opens("no elements", "A dimension may have the length zero.", array(shape=[0]),
          np.empty(0, np.uint8), {}),
    opens("no elements in a plane", "A dimension may have the length zero.",
          array(shape=[3, 0, 2], chunk_grid=regular(2, 1, 2)), np.empty((3, 0, 2), np.uint8), {}),
    opens("chunk beyond the array", "A chunk has its full shape, whatever the array's.",
          array(shape=[2, 3], chunk_grid=regular(3, 4)), PLANE[:, :3],
          {"c/0/0": np.pad(PLANE, ((0, 1), (0, 1)), constant_values=77)}),
    opens("edge chunks", "Elements of edge chunks beyond the array are nobody's.",
          array(shape=[3, 3], chunk_grid=regular(2, 2)),
          np.array([[0, 1, 4], [2, 3, 6], [8, 9, 12]], np.uint8),
          {"c/0/0": "00010203", "c/0/1": "04ee06ee", "c/1/0": "0809eeee", "c/1/1": "0ceeeeee"}),
]  # fmt: skip

TEXT = [
    refused("not JSON", "A document is JSON.", b"{", META, "zarr.json"),
    refused("empty document", "A document is JSON.", b"", META, "zarr.json"),
    refused("list", "A document is an object.", b"[]", META, "zarr.json"),
    refused("member twice", "No member is there twice.",
            b'{"zarr_format": 3, "zarr_format": 3, "node_type": "group"}', META, "zarr_format"),
    refused("not UTF-8", "Documents are in UTF-8.",
            b'{"zarr_format": 3, "node_type": "group", "attributes": {"a": "\xff"}}', META,
            "UTF-8"),
    refused("text behind the document", "A document is one object and nothing else.",
            b'{"zarr_format": 3, "node_type": "group"} {}', META, "zarr.json"),
]  # fmt: skip

DATA = {f"a/b/{key}": value for key, value in NUMBERS.items()}
GROUPS = [
    hierarchy("group", "A group is a document without more.", {"zarr.json": group()}, Group()),
    hierarchy("group with attributes", "A group may have attributes.",
              {"zarr.json": group(attributes={"x": 1})}, Group({}, {"x": 1})),
    hierarchy("group with an unknown member", "A member that is not known has to be refused.",
              {"zarr.json": group(novelty=1)}, Refusal(MetadataError, ("novelty",))),
    hierarchy("group with a shape", "A group has no member of an array.",
              {"zarr.json": group(shape=[1])}, Refusal(MetadataError, ("shape",))),
    hierarchy("members", "Members of a group are the nodes one level below.",
              {"zarr.json": group(), "a/zarr.json": group(), "a/b/zarr.json": array(), **DATA,
               "n/zarr.json": array(), "n/c/0": "0102"}, Group({"a": "group", "n": "array"})),
    hierarchy("array in groups", "A node is found by its path.",
              {"zarr.json": group(), "a/zarr.json": group(), "a/b/zarr.json": array(), **DATA},
              FIVE, "a/b"),
    hierarchy("group without a document", "Groups once were there without a document, when a "
              "node was below them; they are still read.",
              {"a/b/zarr.json": array(), **DATA}, Group({"b": "array"}), "a"),
    hierarchy("root without a document", "The root, too, once needed no document.",
              {"a/zarr.json": array(), "a/c/0": "0102", "a/c/1": "0304"}, Group({"a": "array"})),
    hierarchy("member without a document", "Such groups are members of theirs.",
              {"zarr.json": group(), "a/b/zarr.json": array(), **DATA}, Group({"a": "group"})),
    hierarchy("nothing", "Where no node is or is below, there is nothing.",
              {"a/data.txt": b"hello"}, Refusal(NodeNotFoundError, ("a",)), "a"),
    hierarchy("chunks without an array", "Chunks alone are no node.", {"a/c/0": "0102"},
              Refusal(NodeNotFoundError, ("a",)), "a"),
    hierarchy("reserved names", "Names that begin with two underscores are not of nodes.",
              {"zarr.json": group(), "__a/zarr.json": array(), "b/zarr.json": array()},
              Group({"b": "array"})),
    hierarchy("names of all kinds", "Names are of any characters, and their case counts.",
              {"zarr.json": group(), **{f"{name}/zarr.json": group() for name in
               ("a.b", "A", "a", "é", "with space", "zarr.jso", "_x", "...x", "c")}},
              Group(dict.fromkeys(
                  ("a.b", "A", "a", "é", "with space", "zarr.jso", "_x", "...x", "c"), "group"))),
    hierarchy("both formats", "Where both formats describe a node, v3 counts.",
              {"zarr.json": array(), ".zarray": array_v2(shape=[1]), "c/0": "0102",
               "c/1": "0304", "0": "ff"}, FIVE),
]  # fmt: skip

for _path in ("..", "a/../b", "a//b", "a/./b"):
    GROUPS.append(
        hierarchy(f"path {_path}", "Each name of a path is one of a node; none leads elsewhere.",
                  {"zarr.json": group()}, Refusal(MetadataError, (_path,)), _path)
    )  # fmt: skip

CASES = [*MEMBERS, *UNKNOWN_MEMBERS, *DIMENSIONS, *SHAPES, *TEXT, *GROUPS]
