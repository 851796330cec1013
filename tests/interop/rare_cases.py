"""Codecs that few libraries have, or that need packages of their own.

Those of the first list go to every peer.  The others are numcodecs' and need packages that its
users add; they go to a library that has them (`interop.test_packages`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from interop.documents import SHAPE, Case, Document, bytes_codec, named, v2, v3, values_of
from interop.filter_cases import LITTLE, ZSTD

JSON = {
    "id": "json2",
    "encoding": "utf-8",
    "skipkeys": False,
    "ensure_ascii": True,
    "check_circular": True,
    "allow_nan": True,
    "sort_keys": True,
    "indent": None,
    "separators": [",", ":"],
    "strict": True,
}
MSGPACK = {"id": "msgpack2", "use_single_float": False, "use_bin_type": True, "raw": False}
PCODEC = {
    "level": 8,
    "mode_spec": "auto",
    "delta_spec": "auto",
    "paging_spec": "equal_pages_up_to",
    "delta_encoding_order": None,
    "equal_pages_up_to": 1 << 18,
}
#: zfpy without loss.
ZFPY = {"mode": 5, "tolerance": -1, "rate": -1, "precision": -1}
NUMBERS = ("int16", "int32", "uint64", "float32", "float64")
OF_ZFP = ("int32", "int64", "float32", "float64")


def cases(texts: dict[str, np.ndarray]) -> Iterator[Case]:
    """Return what every peer is given; `texts` are those of both data types of many lengths."""
    for dtype, values in texts.items():
        yield Case(f"v3/zarrs.vlen_v2/{dtype}", v3(dtype, [named("zarrs.vlen_v2"), ZSTD]), values)
        for location in ("start", "end"):
            document = v3(dtype, [vlen(location)])
            yield Case(f"v3/zarrs.vlen/{dtype}-{location}", document, values)
    yield Case("v3/vlen-array/bytes", v3("bytes", [named("vlen-array"), ZSTD]), texts["bytes"])
    yield from of_objects(JSON, texts["string"])
    for dtype in ("int32", "float64"):
        conditional = named("conditional", codecs=[named("gzip", level=1)], header_bits=8)
        document = v3(dtype, [bytes_codec(dtype), conditional])
        yield Case(f"v3/conditional/{dtype}", document, values_of(dtype))
        block = [named("transpose", order=[1, 0]), named("bytes", endian="big")]
        document = v3(dtype, [named("n5_default", codecs=[*block, named("gzip", level=1)])])
        yield Case(f"v3/n5_default/{dtype}", document, values_of(dtype))
    yield from compressed(3)
    yield from arrays_within()


def vlen(location: str) -> Document:
    """Return the codec of zarrs that keeps places apart from elements."""
    where: dict[str, Any] = {} if location == "start" else {"index_location": location}
    codecs = {"index_codecs": [LITTLE, ZSTD], "data_codecs": [named("bytes"), ZSTD]}
    return named("zarrs.vlen", **codecs, index_data_type="uint32", **where)


def of_objects(codec: Document, texts: np.ndarray) -> Iterator[Case]:
    """Return texts as objects of v2, plain and compressed."""
    for name, compressor in {"plain": None, "zstd": {"id": "zstd", "level": 1}}.items():
        document = {
            **v2("uint8", filters=[codec], compressor=compressor),
            "dtype": "|O",
            "fill_value": "",
        }
        yield Case(f"v2/{codec['id']}/string-{name}", document, texts)


def compressed(zarr_format: int) -> Iterator[Case]:
    """Return numbers through pcodec, and through zfpy without loss."""
    for name, given, dtypes in (("pcodec", PCODEC, NUMBERS), ("zfpy", ZFPY, OF_ZFP)):
        for dtype in dtypes:
            values = values_of(dtype)
            if name == "zfpy":
                values = np.nan_to_num(values, posinf=1, neginf=-1)
            if zarr_format == 3:
                document = v3(dtype, [named(f"numcodecs.{name}", **given)])
            else:
                document = v2(dtype, compressor={"id": name, **given})
            yield Case(f"v{zarr_format}/{name}/{dtype}", document, values)


def arrays_within() -> Iterator[Case]:
    """Return arrays within elements, which files hold as the digits of their bytes."""
    count = int(np.prod(SHAPE))
    rows = [np.arange(i % 5, dtype="<i4") * 1000 for i in range(count)]
    digits = np.array([each.tobytes().hex() for each in rows]).reshape(SHAPE)
    document = {
        **v2("uint8", filters=[{"id": "vlen-array", "dtype": "<i4"}]),
        "dtype": "|O",
        "fill_value": None,
    }
    yield Case("v2/vlen-array/int32", document, digits)


def with_packages(texts: dict[str, np.ndarray]) -> list[Case]:
    """Return what only a library with more packages is given."""
    return [
        *of_objects(MSGPACK, texts["string"]),
        *of_objects(JSON, texts["string"]),
        *compressed(2),
        *arrays_within(),
    ]
