"""The matrix: every data type through every codec, in both formats, in shapes of all kinds.

A cell is one data type, one codec and one format, and is tried in every layout.  It round-trips
to the bit, or it is refused with a reason; which of the two is said here, by the kinds of data
types that a codec takes, so that a refusal that nobody expects is found as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

Document = dict[str, Any]
Shape = tuple[int, ...]
Codecs = Callable[["Kind"], list[Document]]
Chain = Callable[["Kind", Shape], list[Document]]

LITTLE: Document = {"name": "bytes", "configuration": {"endian": "little"}}
BIG: Document = {"name": "bytes", "configuration": {"endian": "big"}}
CRC: Document = {"name": "crc32c"}


def codec(name: str, /, **configuration: Any) -> Document:
    return {"name": name, "configuration": configuration}


@dataclass(frozen=True)
class Kind:
    """A data type.

    Parameters
    ----------
    name : str
    group : str
        b, i, u, f, c, t(ime), U, S, V, s(tructure), e (small float), n (small integer),
        z (small complex), T (strings), B (bytes of any length), o (what may be missing).
    v3 : JSON value
        The data type in v3.
    v2 : str, list or None
        In v2, in little endian; None where v2 has no form of it.
    fill : JSON value
        A fill value in v3.
    fill_v2 : JSON value
    memory : str or list
        What NumPy has in memory, or as many bytes.
    mask : int
        The bits of each byte that count.
    """

    name: str
    group: str
    v3: Any
    v2: Any
    fill: Any
    fill_v2: Any
    memory: Any
    mask: int = 0xFF

    @property
    def itemsize(self) -> int:
        """Bytes of an element."""
        return np.dtype(self.memory).itemsize

    def big(self) -> Any:
        """The data type of v2 in big endian."""
        return _big(self.v2)


def _big(form: Any) -> Any:
    if isinstance(form, list):
        return [[name, _big(inner), *shape] for name, inner, *shape in form]
    return form.replace("<", ">")


def _numbers() -> Iterator[Kind]:
    yield Kind("bool", "b", "bool", "|b1", True, True, "b1", 1)
    for bits in (8, 16, 32, 64):
        for sign in ("", "u"):
            name, size = f"{sign}int{bits}", bits // 8
            v2 = f"{'|' if size == 1 else '<'}{'u' if sign else 'i'}{size}"
            yield Kind(name, "u" if sign else "i", name, v2, 100, 100, name)
    for bits in (16, 32, 64):
        nan = {16: "0x7e01", 32: "0x7fc00001", 64: "0x7ff8000000000001"}[bits]
        name = f"float{bits}"
        yield Kind(name, "f", name, f"<f{bits // 8}", nan, "NaN", name)
    yield Kind("complex64", "c", "complex64", "<c8", ["0x7fc00001", -0.0], ["NaN", -0.0], "c8")
    yield Kind("complex128", "c", "complex128", "<c16", ["NaN", -0.0], ["NaN", -0.0], "c16")


STRUCT = [("x", "i2"), ("y", "f8"), ("z", "V1")]
NESTED = [("a", "u1"), ("b", [("c", "f4"), ("d", "i8")])]


def _struct(*fields: tuple[str, Any]) -> Document:
    return codec("struct", fields=[{"name": name, "data_type": kind} for name, kind in fields])


def _others() -> Iterator[Kind]:
    times = {"datetime64": ("M8", "ns", 1), "timedelta64": ("m8", "us", 10)}
    for name, (short, unit, factor) in times.items():
        v3 = codec(f"numpy.{name}", unit=unit, scale_factor=factor)
        form = f"{short}[{factor if factor > 1 else ''}{unit}]"
        yield Kind(name, "t", v3, f"<{form}", "NaT", "NaT", form)
    yield Kind("text", "U", codec("fixed_length_utf32", length_bytes=12), "<U3", "é", "é", "U3")
    yield Kind("null_terminated_bytes", "S", codec("null_terminated_bytes", length_bytes=3), "|S3",
               "YQ==", "YQ==", "S3")  # fmt: skip
    yield Kind("r24", "V", "r24", "|V3", [1, 2, 3], "AQID", "V3")
    yield Kind("raw_bytes", "V", codec("raw_bytes", length_bytes=5), "|V5", "AQIDBAU=", "AQIDBAU=",
               "V5")  # fmt: skip
    yield Kind("struct", "s", _struct(("x", "int16"), ("y", "float64"), ("z", "r8")),
               [["x", "<i2"], ["y", "<f8"], ["z", "|V1"]], {"x": 1, "y": -0.0, "z": [7]}, None,
               STRUCT)  # fmt: skip
    inner = _struct(("c", "float32"), ("d", "int64"))
    yield Kind("nested struct", "s", _struct(("a", "uint8"), ("b", inner)),
               [["a", "|u1"], ["b", [["c", "<f4"], ["d", "<i8"]]]],
               {"a": 1, "b": {"c": "NaN", "d": 2}}, None, NESTED)  # fmt: skip
    yield Kind("string", "T", "string", "|O", "é", "", object)
    yield Kind("bytes", "B", "bytes", "|O", "AQI=", "", object)
    yield Kind("optional", "o", codec("zarrs.optional", name="int32", configuration={}), None, [7],
               None, object)  # fmt: skip


SMALL_FLOATS = {
    "bfloat16": 16, "float8_e3m4": 8, "float8_e4m3": 8, "float8_e4m3fn": 8,
    "float8_e4m3b11fnuz": 8, "float8_e4m3fnuz": 8, "float8_e5m2": 8, "float8_e5m2fnuz": 8,
    "float8_e8m0fnu": 8, "float6_e2m3fn": 6, "float6_e3m2fn": 6, "float4_e2m1fn": 4,
}  # fmt: skip


def _small() -> Iterator[Kind]:
    for name, bits in SMALL_FLOATS.items():
        memory, mask = ("u2", 0xFF) if bits == 16 else ("u1", (1 << bits) - 1)
        yield Kind(name, "e", name, name, 1, 1, memory, mask)
    for name, memory in (("int2", "i1"), ("int4", "i1"), ("uint2", "u1"), ("uint4", "u1")):
        yield Kind(name, "n", name, name, 1, 1, memory, (1 << int(name[-1])) - 1)
    for name, memory in (("float16", "u4"), ("bfloat16", "u4"), ("float8_e5m2", "u2")):
        yield Kind(f"complex_{name}", "z", f"complex_{name}", None, [1, 0], None, memory)


KINDS = {kind.name: kind for kind in (*_numbers(), *_others(), *_small())}

EVERY = frozenset("biufctUSVsenz")  # what has a fixed length
VARIABLE = frozenset("TBo")  # whose elements are objects
NUMBERS = frozenset("iuf")
SMALL = "enz"  # without ml_dtypes they are integers of the same bits


@dataclass(frozen=True)
class Row:
    """A codec with parameters.

    Parameters
    ----------
    name : str
    codec : str
        The name of the codec that has to be there.
    v3 : callable, optional
        Gives all codecs of a data type and a chunk shape; None where v3 has no such codec.
    filters, compressor : callable, optional
        Give the filters and the compressor of a data type in v2.
    takes : frozenset of str
        Groups of data types that it takes, and names of single ones.
    refuses : frozenset of str
        Names of data types of those groups that it does not take.
    either : frozenset of str
        Groups that it takes or refuses, as NumPy has such numbers or only their bits.
    lossy : bool
        Whether only what was read once is written and read again to the bit.
    small : bool
        Whether values are small whole numbers, with which it can calculate exactly.
    objects : str
        The group of data types that it makes of the objects of v2.
    """

    name: str
    codec: str
    v3: Chain | None = None
    filters: Codecs | None = None
    compressor: Codecs | None = None
    takes: frozenset[str] = EVERY
    refuses: frozenset[str] = frozenset()
    either: frozenset[str] = frozenset()
    lossy: bool = False
    small: bool = False
    objects: str = ""

    def expected(self, kind: Kind, name: str) -> bool:
        """Whether a cell may be called so: a round trip, or refused."""
        if name not in ("round trip", "refused") or kind.group in self.either:
            return True
        taken = not self.takes.isdisjoint((kind.group, kind.name))
        return (taken and kind.name not in self.refuses) == (name == "round trip")


def serializer(kind: Kind) -> Document:
    """Name the codec that makes bytes of a data type."""
    if kind.group == "o":
        return codec("zarrs.optional", mask_codecs=[codec("packbits")], data_codecs=[LITTLE])
    if kind.group in VARIABLE:
        return {"name": "vlen-utf8" if kind.group == "T" else "vlen-bytes"}
    return LITTLE


def _plain() -> Iterator[Row]:
    yield Row("bytes, little endian", "bytes", lambda kind, _: [LITTLE], lambda kind: [])
    yield Row("bytes, big endian", "bytes", lambda kind, _: [BIG], lambda kind: [])
    for name, group in (("vlen-utf8", "T"), ("vlen-bytes", "B")):
        yield Row(name, name, lambda kind, _, name=name: [{"name": name}],
                  lambda kind, name=name: [{"id": name}], takes=frozenset(group),
                  objects=group)  # fmt: skip
    yield Row(
        "transpose",
        "transpose",
        lambda kind, chunks: [reversal(len(chunks)), serializer(kind)],
        takes=EVERY | VARIABLE,
    )


def reversal(ndim: int) -> Document:
    return codec("transpose", order=list(range(ndim))[::-1])


def _compressor(
    name: str, v3: Document, v2: Document | None, label: str = "", takes: frozenset[str] = EVERY
) -> Row:
    return Row(
        label or name,
        name,
        lambda kind, _: [serializer(kind), _typed(v3, kind)],
        None if v2 is None else lambda kind: _object_filter(kind),
        None if v2 is None else lambda kind: [v2],
        takes | VARIABLE,
    )


def _typed(document: Document, kind: Kind) -> Document:
    """Fill in the size of elements that Blosc and shuffle ask for."""
    configuration = dict(document.get("configuration", {}))
    for name in ("typesize", "elementsize"):
        if name in configuration:
            configuration[name] = kind.itemsize if kind.group not in VARIABLE else 1
    return {**document, "configuration": configuration}


def _object_filter(kind: Kind) -> list[Document]:
    if kind.group not in VARIABLE:
        return []
    return [{"id": "vlen-utf8" if kind.group == "T" else "vlen-bytes"}]


def _compressors() -> Iterator[Row]:
    yield _compressor("gzip", codec("gzip", level=1), {"id": "gzip", "level": 1})
    yield _compressor("zstd", codec("zstd", level=1, checksum=True), {"id": "zstd", "level": 1})
    yield _compressor("crc32c", CRC, {"id": "crc32c"})
    for cname, shuffle in (
        ("lz4", "shuffle"), ("lz4hc", "noshuffle"), ("zstd", "bitshuffle"), ("blosclz", "shuffle"),
        ("snappy", "bitshuffle"), ("zlib", "noshuffle"),
    ):  # fmt: skip
        given = {"cname": cname, "clevel": 1, "blocksize": 0}
        number = ("noshuffle", "shuffle", "bitshuffle").index(shuffle)
        yield _compressor("blosc", codec("blosc", **given, shuffle=shuffle, typesize=0),
                          {"id": "blosc", **given, "shuffle": number},
                          f"blosc of {cname}, {shuffle}")  # fmt: skip
    yield _compressor("snappy", codec("snappy"), {"id": "snappy"})
    for name, given in {
        "adler32": {}, "crc32": {}, "fletcher32": {}, "jenkins_lookup3": {}, "bz2": {"level": 1},
        "lz4": {"acceleration": 1}, "lzma": {"preset": 0}, "zlib": {"level": 1},
    }.items():  # fmt: skip
        yield _compressor(f"numcodecs.{name}", codec(f"numcodecs.{name}", **given),
                          {"id": name, **given})  # fmt: skip
    yield Row(
        "numcodecs.shuffle",
        "numcodecs.shuffle",
        lambda kind, _: [LITTLE, codec("numcodecs.shuffle", elementsize=kind.itemsize)],
        lambda kind: [{"id": "shuffle", "elementsize": kind.itemsize}],
    )
    yield Row("base64", "numcodecs.base64", None, lambda kind: [{"id": "base64"}])
    yield _compressor("conditional", codec("conditional", codecs=[codec("gzip", level=1)],
                                           header_bits=8), None)  # fmt: skip


def _spelled(kind: Kind) -> str:
    """Spell a data type as filters of numcodecs name it."""
    return np.dtype(kind.memory).str


def _filter(
    name: str, takes: str, lossy: bool = False, either: str = "", **configuration: Any
) -> Row:
    def given(kind: Kind) -> Document:
        return {key: _spelled(kind) if value == "own" else value
                for key, value in configuration.items()}  # fmt: skip

    return Row(
        f"numcodecs.{name}",
        f"numcodecs.{name}",
        lambda kind, _: [codec(f"numcodecs.{name}", **given(kind)), LITTLE],
        lambda kind: [{"id": name, **given(kind)}],
        takes=frozenset(takes),
        either=frozenset(either),
        lossy=lossy,
        small=True,
    )


def _filters() -> Iterator[Row]:
    yield _filter("delta", "iufctenz", dtype="own")
    yield _filter("quantize", "f", True, digits=1, dtype="own")
    yield _filter("bitround", "iufct", True, SMALL, keepbits=3)
    yield _filter("fixedscaleoffset", "iuf", True, offset=0, scale=1, dtype="own", astype="own")
    yield _filter("astype", "iuf", True, "bct" + SMALL, encode_dtype="|i1", decode_dtype="own")
    yield Row("numcodecs.packbits", "numcodecs.packbits",
              lambda kind, _: [codec("numcodecs.packbits"), {"name": "bytes"}],
              lambda kind: [{"id": "packbits"}], takes=frozenset("b"))  # fmt: skip
    labels = {"labels": ["1", "2"], "dtype": "<U3", "astype": "|u1"}
    yield Row("categorize", "numcodecs.categorize", None,
              lambda kind: [{"id": "categorize", **labels}], takes=frozenset("U"),
              either=frozenset("T"), lossy=True, objects="T")  # fmt: skip
    yield Row("bitround", "bitround", lambda kind, _: [codec("bitround", keepbits=3), LITTLE],
              takes=frozenset("iufct"), either=frozenset(SMALL), lossy=True,
              small=True)  # fmt: skip
    yield Row("packbits", "packbits", lambda kind, _: [codec("packbits")],
              takes=frozenset("biufcn"), either=frozenset("ezt"))  # fmt: skip
    yield Row("reshape", "reshape",
              lambda kind, _: [codec("reshape", shape=[-1]), serializer(kind)],
              takes=EVERY | VARIABLE)  # fmt: skip
    yield Row("scale_offset", "scale_offset",
              lambda kind, _: [codec("scale_offset", offset=0, scale=2), LITTLE],
              takes=frozenset("iuf"), either=frozenset(SMALL), lossy=True, small=True)  # fmt: skip
    yield Row("cast_value", "cast_value",
              lambda kind, _: [codec("cast_value", data_type="int64"), LITTLE],
              takes=frozenset("iuf"), either=frozenset(SMALL), lossy=True, small=True)  # fmt: skip
    yield Row("zarrs.squeeze", "zarrs.squeeze",
              lambda kind, _: [codec("zarrs.squeeze"), serializer(kind)],
              takes=EVERY | VARIABLE)  # fmt: skip


def _serializers() -> Iterator[Row]:
    """Give the codecs that make bytes of an array, other than `bytes` itself."""
    yield Row(
        "n5_default",
        "n5_default",
        lambda kind, chunks: [codec("n5_default", codecs=[reversal(len(chunks)), BIG])],
        takes=frozenset("iuf"),
        refuses=frozenset(("float16",)),
        either=frozenset(SMALL),
    )
    yield Row("zfp", "zfp", lambda kind, _: [codec("zfp", mode="reversible")],
              takes=frozenset("iuft"), either=frozenset(SMALL), small=True)  # fmt: skip
    modes = {"mode": 5, "tolerance": -1, "rate": -1, "precision": -1}
    zfpy = ("float32", "float64", "int32", "int64")
    yield _array_compressor("zfpy", frozenset(zfpy), **modes)
    yield _array_compressor("pcodec", NUMBERS, ("int8", "uint8"), level=8)
    yield Row("vlen-array", "vlen-array", lambda kind, _: [{"name": "vlen-array"}],
              takes=frozenset("B"))  # fmt: skip
    yield Row("zarrs.vlen_v2", "zarrs.vlen_v2", lambda kind, _: [codec("zarrs.vlen_v2")],
              takes=frozenset("TB"))  # fmt: skip
    for location in ("start", "end"):
        given = {
            "index_data_type": "uint32",
            "index_location": location,
            "index_codecs": [LITTLE, CRC],
            "data_codecs": [LITTLE, codec("gzip", level=1)],
        }
        yield Row(f"zarrs.vlen, index at the {location}", "zarrs.vlen",
                  lambda kind, _, given=given: [codec("zarrs.vlen", **given)],
                  takes=frozenset("TB"))  # fmt: skip
    optional = Kind("", "o", None, None, None, None, object)
    yield Row("zarrs.optional", "zarrs.optional", lambda kind, _: [serializer(optional)],
              takes=frozenset("o"))  # fmt: skip
    for name in ("json2", "msgpack2"):  # of v2 only; texts, and whatever JSON can say
        yield Row(name, f"numcodecs.{name}", None, lambda kind, name=name: [{"id": name}],
                  takes=frozenset("T"), either=EVERY, lossy=True, objects="T")  # fmt: skip


def _array_compressor(
    name: str, takes: frozenset[str], refuses: tuple[str, ...] = (), **given: Any
) -> Row:  # fmt: skip
    return Row(
        f"numcodecs.{name}",
        f"numcodecs.{name}",
        lambda kind, _: [codec(f"numcodecs.{name}", **given)],
        lambda kind: [],
        lambda kind: [{"id": name, **given}],
        takes=takes,
        refuses=frozenset(refuses),
        either=frozenset(SMALL),
        small=True,
    )


def halves(chunks: Shape) -> Shape:
    """Halve a shape where it can be halved."""
    return tuple(n // 2 if n % 2 == 0 else n for n in chunks)


def _sharding(chunks: Shape, codecs: list[Document], **configuration: Any) -> Document:
    return codec("sharding_indexed", chunk_shape=list(chunks), codecs=codecs,
                 **{"index_codecs": [LITTLE, CRC], **configuration})  # fmt: skip


def _shards() -> Iterator[Row]:
    zstd, gzip = codec("zstd", level=1), codec("gzip", level=1)
    chains: dict[str, Chain] = {
        "": lambda kind, chunks: [_sharding(halves(chunks), [serializer(kind)])],
        ", index at the start": lambda kind, chunks: [
            _sharding(halves(chunks), [serializer(kind), zstd], index_location="start")
        ],
        ", nested": lambda kind, chunks: [
            _sharding(halves(chunks), [_sharding(halves(halves(chunks)), [serializer(kind)])])
        ],
        ", compressed": lambda kind, chunks: [_sharding(halves(chunks), [serializer(kind)]), gzip],
    }
    for label, chain in chains.items():
        name = "sharding_indexed"
        yield Row(f"{name}{label}", name, chain, takes=EVERY | VARIABLE)


ROWS = {
    row.name: row for row in (*_plain(), *_compressors(), *_filters(), *_serializers(), *_shards())
}

#: Shapes of arrays and of their chunks.
LAYOUTS: dict[str, tuple[Shape, Shape]] = {
    "no dimensions": ((), ()),
    "empty": ((0, 3), (2, 2)),
    "one element": ((1,), (1,)),
    "odd": ((7, 5), (4, 2)),
    "order F": ((5, 4), (4, 2)),
}


def document_of(kind: Kind, row: Row, layout: str, zarr_format: int) -> Document | None:
    """Write the document of a cell in a layout; None where the format has no words for it."""
    shape, chunks = LAYOUTS[layout]
    if zarr_format == 3:
        return None if row.v3 is None else _in_v3(kind, row, shape, chunks, layout == "order F")
    if row.filters is None or kind.v2 is None:
        return None
    if kind.group in VARIABLE and row.objects not in ("", kind.group):
        return None  # of |O it is the codec that says what the objects are
    return {
        "zarr_format": 2,
        "shape": list(shape),
        "chunks": list(chunks),
        "dtype": kind.big() if "big" in row.name else kind.v2,
        "fill_value": fill_of(kind, kind.fill_v2, row.small),
        "filters": row.filters(kind) or None,
        "compressor": (row.compressor(kind) or [None])[0] if row.compressor else None,
        "order": "F" if layout == "order F" else "C",
    }


def _in_v3(kind: Kind, row: Row, shape: Shape, chunks: Shape, reverse: bool) -> Document:
    before = [reversal(len(chunks))] if reverse else []
    assert row.v3 is not None
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": list(shape),
        "data_type": kind.v3,
        "chunk_grid": codec("regular", chunk_shape=list(chunks)),
        "chunk_key_encoding": codec("default", separator="/"),
        "fill_value": fill_of(kind, kind.fill, row.small),
        "codecs": [*before, *row.v3(kind, chunks[::-1] if reverse else chunks)],
    }


def fill_of(kind: Kind, usual: Any, small: bool) -> Any:
    """Give the fill value of a cell: where it is calculated with, it is a number."""
    if small and kind.group in "iufc":
        return [1, 0] if kind.group == "c" else 1
    return usual


def values_of(kind: Kind, shape: Shape, small: bool) -> np.ndarray:
    """Give elements of any bits, or small whole numbers, the same ones every time."""
    count = int(np.prod(shape))
    if kind.group == "o":
        return objects(i * 1000 - 1 if i % 3 else None for i in range(count)).reshape(shape)
    if kind.group in VARIABLE:
        words = ["", "a", "\u00e9\U0001f40d", "x" * 40, "b\0c"]
        chosen = [words[i % len(words)] for i in range(count)]
        texts = kind.group == "T"
        return objects(each if texts else each.encode() for each in chosen).reshape(shape)
    if kind.group == "U":
        return np.resize(np.array(["", "1", "2", "a\u00e9\U0001f40d", "xyz"], "U3"), shape)
    dtype = np.dtype(kind.memory)
    if small:
        numbers = (np.arange(count) % min(50, (kind.mask + 1) // 2)).reshape(shape)
        return numbers.astype("i8").view(dtype) if kind.group == "t" else numbers.astype(dtype)
    return _bits(kind, count).view(dtype).reshape(shape)


def objects(elements: Iterable[Any]) -> np.ndarray:
    """Make an array of one axis of any objects."""
    listed = list(elements)
    made = np.empty(len(listed), object)
    made[:] = listed
    return made


def _bits(kind: Kind, count: int) -> np.ndarray:
    """Give bytes of every value, of which only those bits are set that count."""
    stream = np.random.default_rng(len(kind.name)).integers(0, 256, count * kind.itemsize, "u1")
    stream &= kind.mask
    if kind.name in ("int2", "int4"):  # the sign goes on in the bits above
        sign = (kind.mask + 1) // 2
        stream = ((stream.astype("i2") ^ sign) - sign).astype("i1").view("u1")
    return stream
