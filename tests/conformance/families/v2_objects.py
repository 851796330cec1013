"""Objects of Zarr v2, as the codecs that write documents store them."""

from __future__ import annotations

import json

import numpy as np

from conformance.corpus import array_v2, objects, opens, refused

RULE = "A chunk is a list: the elements, the data type, the shape."
THINGS = ("a", None, {"b": [1, 2.5]}, [True, "\u00e9"])


def listed(*things: object) -> bytes:
    """Write a chunk as JSON."""
    return json.dumps([*things, "|O", [len(things)]]).encode()


def packed(*things: bytes) -> bytes:
    """Write a chunk of few short things as MessagePack; each thing is packed already."""
    return (
        bytes([0x90 + len(things) + 2]) + b"".join(things) + b"\xa2|O" + bytes([0x91, len(things)])
    )


def stored(name: str, codec: dict, chunk: bytes, expected: np.ndarray, fill: object = None):
    return opens(name, RULE, array_v2(shape=[len(expected)], chunks=[len(expected)], dtype="|O",
                                      fill_value=fill, filters=[codec]),
                 expected, {"0": chunk})  # fmt: skip


CASES = [
    stored("json2 of texts", {"id": "json2"}, listed("a", "", "\u00e9"),
           objects("a", "", "\u00e9"), ""),
    stored("json2 with its parameters", {"id": "json2", "encoding": "utf-8", "indent": None,
           "separators": [",", ":"], "allow_nan": True, "skipkeys": False, "ensure_ascii": True,
           "check_circular": True, "sort_keys": True, "strict": True},
           listed("a", "b"), objects("a", "b"), ""),
    stored("json2 of numbers and nothing", {"id": "json2"}, listed(1, None, 2.5),
           objects(1, None, 2.5), 0),
    stored("msgpack2 of texts", {"id": "msgpack2"}, packed(b"\xa1a", b"\xa0", b"\xa2\xc3\xa9"),
           objects("a", "", "\u00e9"), ""),
    stored("msgpack2 of numbers and nothing", {"id": "msgpack2", "use_bin_type": True,
           "raw": False}, packed(b"\x01", b"\xc0"), objects(1, None), 0),
    *(
        refused(f"json2, {name}", "What is not such a list is corrupt.",
                array_v2(shape=[2], chunks=[2], dtype="|O", fill_value="",
                         filters=[{"id": "json2"}]), "CorruptChunkError", "json2",
                chunks={"0": chunk})
        for name, chunk in (
            ("no JSON", b"[1, 2"),
            ("no list", b"{}"),
            ("of another length", listed("a", "b", "c")),
            ("without a shape", b'["a", "b"]'),
        )
    ),
    refused("json2 with a parameter", "Unknown parameters are refused.",
            array_v2(shape=[2], chunks=[2], dtype="|O", fill_value="",
                     filters=[{"id": "json2", "novelty": 1}]), "ZarrError", "novelty"),
]  # fmt: skip
