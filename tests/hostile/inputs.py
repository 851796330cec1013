"""The inputs: what strangers may put in the place of an array.

Each is a `Hostile`: files, what else is done to their directory, and what has to come of reading
it: an error of zarrpy, or values that are right.
"""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from hostile import stored
from hostile.stored import FORMS, OTHERS, Files, array, key_of, with_members

MIB = 1 << 20
GIB = 1 << 30


@dataclass(frozen=True)
class Hostile:
    """One input.

    Parameters
    ----------
    name : str
        What is wrong, in words.
    files : dict, or callable that makes one
        Contents by name; large ones are made when they are needed.
    prepare : callable, optional
        What is done to the directory when the files are there.
    harmless : bool
        Whether it has to read as the right values, and no error.
    path : str
        Which node is read.
    most : int
        Bytes of memory that reading may cost at most.
    """

    name: str
    files: Files | Callable[[], Files]
    prepare: Callable[[Path], None] | None = None
    harmless: bool = False
    path: str = ""
    most: int = 64 * MIB


def inputs() -> Iterator[Hostile]:
    """Yield all of them."""
    for family in (chunks, bombs, shard_indexes, texts, documents, v2_documents, places, names):
        yield from family()


# ---------------------------------------------------------------------------- bytes of a chunk --

#: What is right for all that anybody can know: without a checksum, or with one that is as good.
_FINE = {"raw": ("of ones", "of zeros", "of noise"), "fletcher32": ("of ones", "of zeros")}
_LIES = (0, 1, 2**16, 2**31 - 1, 2**31, 2**32 - 1)


def chunks() -> Iterator[Hostile]:
    """Yield chunks that are cut off, longer, something else, or lie about their size."""
    for form, keywords in (FORMS | OTHERS).items():
        files = array(keywords)
        key = key_of(files)
        chunk = files[key]
        wrong = {
            "without a byte": b"",
            "of one byte": chunk[:1],
            "cut in half": chunk[: len(chunk) // 2],
            "a byte short": chunk[:-1],
            "of ones": b"\xff" * len(chunk),
            "of zeros": bytes(len(chunk)),
            "of noise": bytes((i * i * 7 + i * 13) % 251 for i in range(len(chunk))),
        }
        if form != "gzip":
            wrong["a byte long"] = chunk + b"\x07"
        for what, value in wrong.items():
            harmless = what in _FINE.get(form, ())
            yield Hostile(f"a {form} chunk {what}", {**files, key: value}, harmless=harmless)
    yield from _sizes_that_lie()


def _sizes_that_lie() -> Iterator[Hostile]:
    blosc, lz4, zstd = (array(FORMS[form]) for form in ("blosc", "lz4", "zstd"))
    for lie in _LIES:
        for what, at in (("decoded size", 4), ("block size", 8), ("size", 12), ("first place", 16)):
            chunk = blosc[stored.KEY]
            value = chunk[:at] + struct.pack("<I", lie) + chunk[at + 4 :]
            yield Hostile(f"a blosc chunk whose {what} is {lie}", {**blosc, stored.KEY: value})
        value = struct.pack("<I", lie) + lz4[stored.KEY][4:]
        yield Hostile(f"a lz4 chunk whose size is {lie}", {**lz4, stored.KEY: value})
    frame = b"\x28\xb5\x2f\xfd\xe0" + struct.pack("<Q", 10 * GIB) + b"\x01\x00\x00"
    yield Hostile("a zstd frame that claims 10 GiB", {**zstd, stored.KEY: frame})
    window = b"\x28\xb5\x2f\xfd\x00\xf8" + b"\x01\x00\x00"
    yield Hostile("a zstd frame with a window of 2 TiB", {**zstd, stored.KEY: window})


def bombs() -> Iterator[Hostile]:
    """Yield chunks of a few kilobytes that decode to a gigabyte."""
    packers: dict[str, Callable[[], bytes]] = {
        "gzip": lambda: gzip.compress(bytes(16 * MIB)) * 64,
        "zlib": _zlib_bomb,
        "bz2": lambda: bz2.compress(bytes(16 * MIB)) * 64,
        "lzma": lambda: lzma.compress(bytes(16 * MIB), preset=0) * 64,
        "zstd": lambda: b"\x28\xb5\x2f\xfd\x00\x58" + _zstd_runs(GIB),
    }
    for form, pack in packers.items():
        yield Hostile(f"a bomb of {form}", partial(_with_chunk, form, pack))


def _with_chunk(form: str, pack: Callable[[], bytes]) -> Files:
    return {**array((FORMS | OTHERS)[form]), stored.KEY: pack()}


def _zlib_bomb() -> bytes:
    packer, zeros = zlib.compressobj(6), bytes(16 * MIB)
    return b"".join([*(packer.compress(zeros) for _ in range(64)), packer.flush()])


def _zstd_runs(nbytes: int) -> bytes:
    """Return blocks that repeat one byte 128 KiB times."""
    size, count = 128 << 10, nbytes // (128 << 10)
    header = [size << 3 | 1 << 1 | (i == count - 1) for i in range(count)]
    return b"".join(struct.pack("<I", each)[:3] + b"\0" for each in header)


# ------------------------------------------------------------------------- indexes of shards --

_ABSENT = 2**64 - 1


def shard_indexes() -> Iterator[Hostile]:
    """Yield indexes that lie, with a right checksum, and damaged ones."""
    keywords = FORMS["shard"]
    files = array(keywords)
    shard = files[stored.KEY]
    index = 4 * 16
    body, checked = shard[: -index - 4], shard[-index - 4 :]
    size = 16 * 32 * 4
    entries = {
        "an offset behind the end": (len(shard) + 5, size),
        "an offset of 2**63": (2**63, size),
        "an offset of 2**64 - 2": (_ABSENT - 1, size),
        "a size behind the end": (0, len(shard) + 1),
        "a size of 2**63": (0, 2**63),
        "a sum beyond 2**64": (_ABSENT - 10, 20),
        "a size and no offset": (_ABSENT, size),
        "an offset and no size": (0, _ABSENT),
        "a chunk over the index": (len(body), index),
        "a chunk that ends in the index": (len(body) - 8, size),
        "a size of nothing": (0, 0),
        "a size of half": (0, size // 2),
        "a size of twice": (0, size * 2),
    }
    for what, entry in entries.items():
        lying = struct.pack("<QQ", *entry) + checked[16:-4]
        yield Hostile(f"a shard with {what}", {**files, stored.KEY: body + lying + _crc32c(lying)})
    damaged = checked[:-1] + bytes([checked[-1] ^ 1])
    yield Hostile("a shard with a wrong checksum", {**files, stored.KEY: body + damaged})
    yield Hostile("a shard of its index alone", {**files, stored.KEY: checked})
    yield Hostile("a shard shorter than its index", {**files, stored.KEY: checked[4:]})
    yield from _shards_too_large(files)


def _shards_too_large(files: Files) -> Iterator[Hostile]:
    """Yield shards of more chunks than memory holds an index of, and shards in shards in shards."""
    codecs = stored.document(files)["codecs"]
    codecs[0]["configuration"]["chunk_shape"] = [1, 1]
    for power in (20, 40, 62):
        grid = {"name": "regular", "configuration": {"chunk_shape": [2**power, 1]}}
        wide = with_members(files, shape=[2**power, 1], chunk_grid=grid, codecs=codecs)
        yield Hostile(f"a shard of 2**{power} chunks", wide)
    for depth in (5, 100, 5000):
        inner: list[Any] = [{"name": "bytes", "configuration": {"endian": "little"}}]
        text = json.dumps(inner)
        shell = json.dumps(
            [
                {
                    **codecs[0],
                    "configuration": {
                        **codecs[0]["configuration"],
                        "chunk_shape": list(stored.SHAPE),
                        "codecs": "@",
                    },
                }
            ]
        )
        before, _, after = shell.partition('"@"')
        text = before * depth + text + after * depth
        whole = json.dumps({**stored.document(files), "codecs": "@"}).replace('"@"', text)
        yield Hostile(f"shards in shards, {depth} deep", {**files, "zarr.json": whole.encode()})


def _crc32c(data: bytes) -> bytes:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return struct.pack("<I", crc ^ 0xFFFFFFFF)


# ---------------------------------------------------------------------------------- texts --


def texts() -> Iterator[Hostile]:
    """Yield elements of any length, whose counts and lengths lie."""
    for dtype, form in (("string", "text"), ("bytes", "bytes")):
        values = stored.TEXTS if dtype == "string" else stored.TEXTS.astype("S")
        files = array({"compressors": None, "dtype": dtype}, values)
        key = key_of(files)
        chunk = files[key]
        for lie in _LIES:
            counted = struct.pack("<I", lie) + chunk[4:]
            yield Hostile(f"{form} that is {lie} elements", {**files, key: counted})
            if lie:
                longer = chunk[:4] + struct.pack("<I", lie) + chunk[8:]
                yield Hostile(f"{form} of {lie} bytes", {**files, key: longer})
        yield Hostile(f"{form} cut off", {**files, key: chunk[:-3]})
        yield Hostile(f"{form} with bytes behind it", {**files, key: chunk + b"more"})
        yield Hostile(f"{form} without a byte", {**files, key: b""})
        if form == "text":
            broken = chunk.replace(b"text 1", b"\xff\xfe\xfdt 1", 1)
            yield Hostile("text that is no UTF-8", {**files, key: broken})


# ------------------------------------------------------------------------------ documents --


def documents() -> Iterator[Hostile]:
    """Yield documents of v3: too deep, too long, too large, not JSON, or not what they say."""
    files = array(FORMS["raw"])
    text = files["zarr.json"]
    raw = {
        "without a byte": b"",
        "of one brace": b"{",
        "of zeros": bytes(200),
        "of noise": bytes(range(256)),
        "cut in half": text[: len(text) // 2],
        "in UTF-16": text.decode().encode("utf-16"),
        "that is no UTF-8": text.replace(b"array", b"arr\xffy"),
        "that is a list": b"[1, 2]",
        "that is a number": b"7",
        "that is null": b"null",
        "with bytes behind it": text + b"{}",
        "with a member twice": text.replace(b'"shape"', b'"shape": [1], "shape"', 1),
        "of 100,000 braces": b'{"a":' * 100_000,
        "of 100,000 brackets": b"[" * 100_000 + b"]" * 100_000,
        "with a number of 10^6 digits": text.replace(b"64", b"9" * 1_000_000, 1),
    }
    for what, value in raw.items():
        yield Hostile(f"a document {what}", {**files, "zarr.json": value})
    long = b',"attributes":{"a":"%s"}}'
    yield Hostile(
        "a document of 70 MB",
        lambda: {"zarr.json": text.rstrip()[:-1] + long % (b"x" * (70 * MIB))},
        most=300 * MIB,
    )
    for name, members in _members().items():
        yield Hostile(f"a document with {name}", with_members(files, **members))


def _grid(*shape: Any) -> dict[str, Any]:
    return {"name": "regular", "configuration": {"chunk_shape": list(shape)}}


def _members() -> dict[str, dict[str, Any]]:
    """Return members with which no array can be read."""
    little = {"name": "bytes", "configuration": {"endian": "little"}}
    huge = 10**18
    return {
        "a negative length": {"shape": [-1, 32]},
        "a length of 2**63": {"shape": [2**63, 32]},
        "a length of 2**100": {"shape": [2**100, 32]},
        "a length of 1.5": {"shape": [1.5, 32]},
        "a length that is true": {"shape": [True, 32]},
        "a length in words": {"shape": ["64", 32]},
        "100 axes": {"shape": [1] * 100, "chunk_grid": _grid(*[1] * 100)},
        "10,000 axes": {"shape": [1] * 10_000, "chunk_grid": _grid(*[1] * 10_000)},
        "chunks of 0": {"chunk_grid": _grid(0, 32)},
        "chunks of -1": {"chunk_grid": _grid(-1, 32)},
        "chunks of 2**40": {"chunk_grid": _grid(2**40, 32)},
        "chunks of 2**62": {"chunk_grid": _grid(2**62, 2**62)},
        "chunks of 10 GB": {"shape": [huge, 32], "chunk_grid": _grid(10**8, 32)},
        "chunks of another rank": {"chunk_grid": _grid(32)},
        "a grid of a stranger": {"chunk_grid": {"name": "novelty"}},
        "an irregular grid of 10^6 edges that do not add up": {
            "chunk_grid": {
                "name": "rectilinear",
                "configuration": {"kind": "inline", "chunk_shapes": [[1] * 10**6, [32]]},
            }
        },
        "an irregular grid of 2**62 chunks": {
            "chunk_grid": {
                "name": "rectilinear",
                "configuration": {"kind": "inline", "chunk_shapes": [[[1, 2**62]], [32]]},
            }
        },
        "a data type of a stranger": {"data_type": "novelty"},
        "text of 10^12 bytes": {
            "data_type": {"name": "fixed_length_utf32", "configuration": {"length_bytes": 10**12}},
            "fill_value": "",
        },
        "raw bits of 10^15": {"data_type": "r" + "8" * 15, "fill_value": "AA=="},
        "raw bits of a gigabyte": {"data_type": "r8000000000", "fill_value": []},
        "a structure of structures, 200 deep": {"data_type": _nested(200), "fill_value": "AA=="},
        "no codec": {"codecs": []},
        "two serializers": {"codecs": [little, little]},
        "10,000 codecs": {"codecs": [little, *[{"name": "crc32c"}] * 10_000]},
        "a codec of a stranger": {"codecs": [little, {"name": "novelty"}]},
        "a codec by the name of a module": {"codecs": [little, {"name": "os.system"}]},
        "a pickle": {"codecs": [{"name": "numcodecs.pickle"}]},
        "an object codec": {"data_type": "object"},
        "a transposition of other axes": {
            "codecs": [{"name": "transpose", "configuration": {"order": [0, 0]}}, little]
        },
        "a fill value out of range": {"fill_value": 2**40},
        "a fill value of 10 MB": {"fill_value": "9" * 10_000_000},
        "a transformer of a stranger": {"storage_transformers": [{"name": "novelty"}]},
        "what must be understood": {"novelty": {"must_understand": True}},
        "names of another rank": {"dimension_names": ["x"]},
        "a key encoding of a stranger": {"chunk_key_encoding": {"name": "novelty"}},
        "a separator that leads elsewhere": {
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/../"}}
        },
        "an unknown format": {"zarr_format": 4},
        "a kind that is none": {"node_type": "novelty"},
    }


def _nested(depth: int) -> Any:
    """Return a structure of one field that is a structure, and so on."""
    data_type: Any = "int8"
    for _ in range(depth):
        data_type = {
            "name": "struct",
            "configuration": {"fields": [{"name": "a", "data_type": data_type}]},
        }
    return data_type


def v2_documents() -> Iterator[Hostile]:
    """Yield documents of v2, which may name pickles."""
    files = array({"zarr_format": 2, "compressors": None})
    document = json.loads(files[".zarray"])
    pickle = {"id": "pickle", "protocol": 4}
    dtypes: dict[str, Any] = {
        "objects as pickles": {"dtype": "|O", "filters": [pickle]},
        "pickles as compressor": {"dtype": "|O", "compressor": pickle},
        "pickles behind texts": {"dtype": "|O", "filters": [{"id": "vlen-utf8"}, pickle]},
        "pickles before texts": {"dtype": "|O", "filters": [pickle, {"id": "vlen-utf8"}]},
        "pickles of numbers": {"filters": [pickle]},
        "objects and no codec": {"dtype": "|O"},
        "a data type of a stranger": {"dtype": "<q9"},
        "a data type of 10^9 bytes": {"dtype": "|V1000000000"},
        "a data type of 2^40 bytes": {"dtype": f"|S{2**40}"},
        "a data type that is code": {"dtype": "__import__('os').system('true')"},
        "a structure without an end": {"dtype": [["a", "<i4", [2**31, 2**31]]]},
        "a filter of a stranger": {"filters": [{"id": "novelty"}]},
        "10,000 filters": {"filters": [{"id": "crc32"}] * 10_000},
        "an order of a stranger": {"order": "K"},
        "a separator that leads elsewhere": {"dimension_separator": "../"},
        "chunks of 2**40": {"chunks": [2**40, 32]},
    }
    for what, members in dtypes.items():
        value = json.dumps({**document, **members}).encode()
        yield Hostile(f"v2 with {what}", {**files, ".zarray": value})


# --------------------------------------------------------------------- files and directories --


def places() -> Iterator[Hostile]:
    """Yield what is no file, in the place of a chunk and of a document."""
    files = array(FORMS["raw"])
    things: dict[str, Callable[[Path], None]] = {
        "a pipe": os.mkfifo,
        "a directory": Path.mkdir,
        "a device without an end": lambda path: path.symlink_to("/dev/zero"),
        "a link to nothing": lambda path: path.symlink_to("nowhere"),
        "a link to itself": lambda path: path.symlink_to(path.name),
        "a terminal": lambda path: path.symlink_to("/dev/tty"),
    }
    for key in (stored.KEY, "zarr.json"):
        for what, make in things.items():
            yield Hostile(f"{what} at {key}", files, _replacing(key, make))
    yield Hostile("a file in the place of the chunks", files, _file_for_folder)


def _replacing(key: str, make: Callable[[Path], None]) -> Callable[[Path], None]:
    def prepare(folder: Path) -> None:
        (folder / key).unlink()
        make(folder / key)

    return prepare


def _file_for_folder(folder: Path) -> None:
    (folder / stored.KEY).unlink()
    (folder / "c" / "0").rmdir()
    (folder / "c").rmdir()
    (folder / "c").write_bytes(b"")


# ------------------------------------------------------------------------------------- names --


def names() -> Iterator[Hostile]:
    """Yield consolidated metadata whose names lead out of the hierarchy."""
    inner = stored.document(array(FORMS["raw"]))
    outside = ("../outside", "a/../../outside", "/etc", "a//b", "a/./b", "..", "a\\..\\b", "a\0b")
    for name in outside:
        group = {
            "zarr_format": 3,
            "node_type": "group",
            "attributes": {},
            "consolidated_metadata": {
                "kind": "inline",
                "must_understand": False,
                "metadata": {name: inner},
            },
        }
        files = {"zarr.json": json.dumps(group).encode()}
        yield Hostile(f"the name {name!r} in consolidated metadata", files, path="*")
