"""Extension points of Zarr v3: short names, must_understand, chains of codecs, chunk keys."""

from __future__ import annotations

import gzip

import numpy as np

from conformance.corpus import (
    BIG,
    BYTES,
    FIVE,
    LITTLE,
    NUMBERS,
    array,
    codec,
    crc32c,
    opens,
    refused,
    regular,
)

META = "MetadataError"
UNKNOWN = "UnsupportedExtensionError"
GZIP = codec("gzip", level=1)
ZIPPED = {key: gzip.compress(bytes.fromhex(value), 1, mtime=0) for key, value in NUMBERS.items()}

SHORT = [
    opens("short codec", "A name alone stands for an object without configuration.",
          array(codecs=["bytes"])),
    opens("short crc32c", "A name alone stands for an object without configuration.",
          array(codecs=["bytes", "crc32c"]), FIVE,
          {key: bytes.fromhex(value) + crc32c(bytes.fromhex(value))
           for key, value in NUMBERS.items()}),
    opens("data type as an object", "A name and an object with the name are the same.",
          array(data_type={"name": "uint8"})),
    opens("data type with an empty configuration", "An empty configuration says nothing.",
          array(data_type={"name": "uint8", "configuration": {}})),
    opens("short chunk keys", "A name alone stands for an object without configuration.",
          array(chunk_key_encoding="default")),
    opens("chunk keys without a configuration", "The separator has a default.",
          array(chunk_key_encoding={"name": "default"})),
    opens("short chunk keys v2", "The separator of v2 is a dot by default.",
          array(chunk_key_encoding="v2"), FIVE, {"0": "0102", "1": "0304"}),
    opens("short transformer to leave aside", "must_understand false lets a reader go on.",
          array(storage_transformers=[{"name": "a.b", "must_understand": False,
                                       "configuration": {"x": 1}}])),
    refused("short grid", "A regular grid cannot do without its configuration.",
            array(chunk_grid="regular"), META, "chunk_grid"),
    refused("short transformer", "What is not known has to be refused.",
            array(storage_transformers=["novelty"]), UNKNOWN, "novelty"),
]  # fmt: skip

POINTS = ("data_type", "chunk_grid", "chunk_key_encoding")


def with_member(point: str, **members: object) -> dict:
    value = array()[point]
    return {**(value if isinstance(value, dict) else {"name": value}), **members}


UNDERSTAND = [
    *(
        opens(f"must_understand true of {point}", "It is what is meant without the member.",
              array(**{point: with_member(point, must_understand=True)}))
        for point in POINTS
    ),
    *(
        refused(f"must_understand false of {point}", "Nobody can read without understanding it.",
                array(**{point: with_member(point, must_understand=False)}), META, point,
                "must_understand")
        for point in POINTS
    ),
    *(
        refused(f"must_understand {value!r}", "It is true or false.",
                array(codecs=[{**BYTES, "must_understand": value}]), META, "must_understand")
        for value in ("false", 0, None)
    ),
    refused("unknown codec", "A codec that is not known has to be refused.",
            array(codecs=[BYTES, {"name": "novelty"}]), UNKNOWN, "novelty"),
    refused("unknown short codec", "A codec that is not known has to be refused.",
            array(codecs=["bytes", "novelty"]), UNKNOWN, "novelty"),
    refused("unknown codec that must be understood", "true says what is meant anyway.",
            array(codecs=[BYTES, {"name": "novelty", "must_understand": True}]), UNKNOWN,
            "novelty"),
    opens("unknown codec to leave aside", "must_understand false lets a reader go on.",
          array(codecs=[BYTES, {"name": "novelty", "must_understand": False}])),
    opens("known codec to leave aside", "A codec that is known is used all the same.",
          array(codecs=[BYTES, {**GZIP, "must_understand": False}]), FIVE, ZIPPED),
    refused("unknown data type", "A data type that is not known has to be refused.",
            array(data_type="uint9"), UNKNOWN, "uint9"),
    refused("unknown data type as an object", "A data type that is not known has to be refused.",
            array(data_type={"name": "novelty", "configuration": {"a": 1}}), UNKNOWN, "novelty"),
    refused("data type by a URI", "Names may be URIs; what is not known has to be refused.",
            array(data_type="https://example.org/novelty"), UNKNOWN, "https://example.org/novelty"),
    refused("unknown grid", "A grid that is not known has to be refused.",
            array(chunk_grid=codec("novelty", chunk_shape=[2])), UNKNOWN, "novelty"),
    refused("unknown chunk keys", "Chunk keys that are not known have to be refused.",
            array(chunk_key_encoding="novelty"), UNKNOWN, "novelty"),
]  # fmt: skip

FORM = [
    refused("codec without a name", "An extension has a name.", array(codecs=[{}]), META,
            "codecs[0]", "name"),
    refused("codec with a name of no string", "The name is a string.", array(codecs=[{"name": 1}]),
            META, "codecs[0].name"),
    refused("codec of no object", "An extension is a name or an object.", array(codecs=[1]), META,
            "codecs[0]"),
    refused("empty codec name", "The name is not empty.", array(codecs=[""]), META, "codecs[0]"),
    refused("configuration of no object", "A configuration is an object.",
            array(codecs=[{"name": "bytes", "configuration": []}]), META, "configuration"),
    refused("parameter outside the configuration", "Parameters belong into the configuration.",
            array(codecs=[{"name": "bytes", "endian": "little"}]), META, "endian"),
    refused("unknown parameter of bytes", "A codec refuses what it has no parameter for.",
            array(codecs=[codec("bytes", endian="little", novelty=1)]), "ZarrError", "novelty"),
    refused("unknown parameter of gzip", "A codec refuses what it has no parameter for.",
            array(codecs=[BYTES, codec("gzip", level=1, novelty=1)]), "ZarrError", "novelty"),
    refused("endian middle", "endian is little or big.",
            array(codecs=[codec("bytes", endian="middle")]), "ZarrError", "endian", "middle"),
    refused("no endian", "Elements of several bytes need an endian.",
            array(data_type="int16", codecs=[BYTES]), "ZarrError", "endian"),
    refused("gzip level 10", "Levels are 0 to 9.", array(codecs=[BYTES, codec("gzip", level=10)]),
            "ZarrError", "level", "10"),
    refused("zstd level 23", "Levels end at 22.", array(codecs=[BYTES, codec("zstd", level=23)]),
            "ZarrError", "level", "23"),
    refused("data type with a parameter", "uint8 has no parameters.",
            array(data_type=codec("uint8", bits=8)), META, "uint8"),
    refused("unknown parameter of the grid", "A regular grid has a chunk_shape and no more.",
            array(chunk_grid=codec("regular", chunk_shape=[2], novelty=1)), META, "novelty"),
    refused("unknown parameter of chunk keys", "Chunk keys have a separator and no more.",
            array(chunk_key_encoding=codec("default", separator="/", novelty=1)), META, "novelty"),
    refused("separator -", "The separator is a slash or a dot.",
            array(chunk_key_encoding=codec("default", separator="-")), META, "separator"),
]  # fmt: skip

TRANSPOSE = codec("transpose", order=[0])
CHAINS = [
    refused("no codecs", "One codec has to make bytes of an array.", array(codecs=[]), META,
            "codecs"),
    refused("codecs null", "codecs is a list.", array(codecs=None), META, "codecs"),
    refused("no array to bytes codec", "One codec has to make bytes of an array.",
            array(codecs=[GZIP]), "ZarrError", "array-to-bytes"),
    refused("two array to bytes codecs", "Only one codec can make bytes of an array.",
            array(codecs=[BYTES, BYTES]), "ZarrError", "array-to-bytes"),
    refused("compressed before it is bytes", "Bytes are compressed after they are made.",
            array(codecs=[GZIP, BYTES]), "ZarrError", "bytes"),
    refused("transposed after it is bytes", "Arrays are transposed before they are bytes.",
            array(codecs=[BYTES, TRANSPOSE]), "ZarrError", "bytes"),
]  # fmt: skip

CUBE = np.arange(24, dtype=np.uint16).reshape(2, 3, 4)


def transposed(order: object, name: str, rule: str, *, codecs: list | None = None):
    """Make a case of one chunk whose elements lie in another order."""
    orders = [[2, 1, 0]] if order == "F" else [order]
    stored = CUBE.transpose(orders[0] if order != "C" else (0, 1, 2)).astype("<u2")
    document = array(shape=[2, 3, 4], data_type="uint16", chunk_grid=regular(2, 3, 4),
                     codecs=codecs or [codec("transpose", order=order), LITTLE])  # fmt: skip
    return opens(name, rule, document, CUBE, {"c/0/0/0": np.ascontiguousarray(stored)})


ORDERS = [
    transposed([2, 1, 0], "transpose reversed", "Dimension i of what is stored is order[i]."),
    transposed([1, 2, 0], "transpose round", "Dimension i of what is stored is order[i]."),
    transposed([2, 0, 1], "transpose round the other way", "Its order is no inverse."),
    transposed([0, 1, 2], "transpose nothing", "The order may be that of the array."),
    transposed("F", "transpose F", "Older documents say F for reversed."),
    transposed("C", "transpose C", "Older documents say C for as it is."),
    opens("transpose twice", "Codecs are undone in the reverse of their order.",
          array(shape=[2, 3, 4], data_type="uint16", chunk_grid=regular(2, 3, 4),
                codecs=[codec("transpose", order=[1, 2, 0]), codec("transpose", order=[0, 2, 1]),
                        BIG]), CUBE,
          {"c/0/0/0": np.ascontiguousarray(CUBE.transpose(1, 2, 0).transpose(0, 2, 1))
           .astype(">u2")}),
    opens("transpose of no dimensions", "Of no dimensions the order is empty.",
          array(shape=[], chunk_grid=regular(), codecs=[codec("transpose", order=[]), BYTES]),
          np.array(7, np.uint8), {"c": "07"}),
    *(
        refused(f"transpose {order!r}", "The order names each dimension once.",
                array(codecs=[codec("transpose", order=order), BYTES]), "ZarrError", "order")
        for order in ([1], [0, 0], [0, 1], [], [0.0], [-1], "A", None)
    ),
]  # fmt: skip

GRID = {(0, 0): "00010203", (0, 1): "04050607", (1, 0): "08090a0b", (1, 1): "0c0d0e0f"}
TILES = np.array([[0, 1, 4, 5], [2, 3, 6, 7], [8, 9, 12, 13], [10, 11, 14, 15]], np.uint8)


def keyed(name: str, encoding: object, spell: str, zero: str) -> list:
    document = {"chunk_key_encoding": encoding}
    tiles = array(shape=[4, 4], chunk_grid=regular(2, 2), **document)
    point = array(shape=[], chunk_grid=regular(), **document)
    chunks = {spell.format(*index): data for index, data in GRID.items()}
    return [
        opens(f"keys {name}", f"The chunk (1, 0) is at {spell.format(1, 0)}.", tiles, TILES,
              chunks),
        opens(f"key {name} of no dimensions", f"The only chunk is at {zero}.", point,
              np.array(7, np.uint8), {zero: "07"}),
    ]  # fmt: skip


KEYS = [
    *keyed("default /", codec("default", separator="/"), "c/{}/{}", "c"),
    *keyed("default .", codec("default", separator="."), "c.{}.{}", "c"),
    *keyed("v2 .", codec("v2", separator="."), "{}.{}", "0"),
    *keyed("v2 /", codec("v2", separator="/"), "{}/{}", "0"),
    *keyed("of zarrs with a suffix", codec("zarrs.default_suffix", separator="/", suffix=".bin"),
           "c/{}/{}.bin", "c.bin"),
    opens("key of the eleventh chunk", "Numbers in keys are decimal, without leading zeros.",
          array(shape=[12], chunk_grid=regular(1)),
          np.array([9] * 10 + [1, 9], np.uint8), {"c/10": "01"}),
]  # fmt: skip

CASES = [*SHORT, *UNDERSTAND, *FORM, *CHAINS, *ORDERS, *KEYS]
