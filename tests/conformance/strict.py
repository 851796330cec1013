"""A judge of documents, written from the specification of Zarr 3.1 and the registered extensions.

It knows nothing of zarrpy: names, members and forms stand here as the specifications have them, so
that what the profile ``strict-3.1`` lets through is compared with something that is not itself.
What is valid only as a whole, such as a shape that chunks divide, is not its affair.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from typing import Any

REQUIRED = ("zarr_format", "node_type", "shape", "data_type", "chunk_grid", "chunk_key_encoding",
            "fill_value", "codecs")  # fmt: skip
OPTIONAL = ("attributes", "storage_transformers", "dimension_names")

Check = Callable[[Any], bool]


def integer(low: int, high: int | None = None) -> Check:
    return lambda value: type(value) is int and low <= value and (high is None or value <= high)


def one_of(*choices: Any) -> Check:
    return lambda value: type(value) is not bool and value in choices


def number(value: Any) -> bool:
    return type(value) in (int, float)


def flag(value: Any) -> bool:
    return type(value) is bool


def anything(value: Any) -> bool:
    return True


def listed(check: Check) -> Check:
    return lambda value: isinstance(value, list) and all(map(check, value))


# ------------------------------------------------------------------------------- data types

INTEGERS = {f"{sign}int{bits}": (bits, not sign) for sign in ("", "u") for bits in (8, 16, 32, 64)}
INTEGERS |= {f"{sign}int{bits}": (bits, not sign) for sign in ("", "u") for bits in (2, 4)}
#: Bits of a float; whether it has infinities and NaN.
FLOATS = {
    "float16": (16, True), "float32": (32, True), "float64": (64, True), "bfloat16": (16, True),
    "float8_e3m4": (8, True), "float8_e4m3": (8, True), "float8_e5m2": (8, True),
    "float8_e4m3b11fnuz": (8, True), "float8_e4m3fnuz": (8, True), "float8_e5m2fnuz": (8, True),
    "float8_e8m0fnu": (8, True),
    "float4_e2m1fn": (8, False), "float6_e2m3fn": (8, False), "float6_e3m2fn": (8, False),
}  # fmt: skip
COMPLEX = {"complex64": "float32", "complex128": "float64"}
COMPLEX |= {f"complex_{name}": name for name in FLOATS}
WORDS = ("NaN", "Infinity", "-Infinity")
UNITS = ("Y", "M", "W", "D", "h", "m", "s", "ms", "us", "μs", "ns", "ps", "fs", "as", "generic")


def is_float(value: Any, bits: int, special: bool) -> bool:
    """Whether a value is a float as documents have it."""
    if isinstance(value, str):
        pattern = re.fullmatch(r"0x([0-9a-f]+)", value)
        return (special and value in WORDS) or (pattern is not None and 4 * len(pattern[1]) == bits)
    return number(value)


def base64_of(value: Any) -> bytes | None:
    """Decode base64; None for what is none."""
    try:
        return base64.b64decode(value, validate=True) if isinstance(value, str) else None
    except binascii.Error:
        return None


def data_type_problems(document: Any) -> Iterator[str]:
    """Say what is wrong with a data type."""
    name, given = parted(document)
    raw = re.fullmatch(r"r([1-9][0-9]*)", str(name))
    plain = name in ("bool", "string", "bytes", *INTEGERS, *FLOATS, *COMPLEX)
    if plain or (raw is not None and int(raw[1]) % 8 == 0):
        yield from members(name, given, {}, {})
    elif name == "fixed_length_utf32":
        length = given.get("length_bytes")
        yield from members(name, given, {"length_bytes": integer(0)}, {})
        if type(length) is int and length % 4:
            yield f"{name}: {length} bytes are no characters of four"
    elif name in ("numpy.datetime64", "numpy.timedelta64"):
        wanted = {"unit": one_of(*UNITS), "scale_factor": integer(1, 2**31 - 1)}
        yield from members(name, given, wanted, {})
    elif name == "struct":
        yield from members(name, given, {"fields": listed(is_field)}, {})
        fields = given.get("fields") or []
        if len({each.get("name") for each in fields}) != len(fields):
            yield "struct: two fields have one name"
        for each in fields:
            yield from data_type_problems(each.get("data_type"))
    else:
        yield f"the data type {name!r} is not registered"


def is_field(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"name", "data_type"}


def fill_problem(value: Any, document: Any) -> str | None:
    """Say what is wrong with a fill value."""
    name, given = parted(document)
    if name == "struct":
        fields = {each["name"]: each["data_type"] for each in given["fields"]}
        if not isinstance(value, dict) or set(value) != set(fields):
            return f"{value!r} has not the fields of the structure"
        problems = (fill_problem(value[each], kind) for each, kind in fields.items())
        return next((each for each in problems if each is not None), None)
    return None if _fits(value, str(name), given) else f"{value!r} is no fill value of {name}"


def _fits(value: Any, name: str, given: dict[str, Any]) -> bool:
    if name == "bool":
        return flag(value)
    if name in INTEGERS:
        bits, signed = INTEGERS[name]
        low = -(2 ** (bits - 1)) if signed else 0
        return integer(low, low + 2**bits - 1)(value)
    if name in FLOATS:
        return is_float(value, *FLOATS[name])
    if name in COMPLEX:
        form = FLOATS[COMPLEX[name]]
        return isinstance(value, list) and [is_float(each, *form) for each in value] == [True] * 2
    if name == "string":
        return isinstance(value, str)
    if name == "bytes":
        return listed(integer(0, 255))(value) or base64_of(value) is not None
    if name == "fixed_length_utf32":
        return isinstance(value, str) and 4 * len(value) <= given["length_bytes"]
    if name.startswith("numpy."):
        return value == "NaT" or integer(-(2**63), 2**63 - 1)(value)
    return listed(integer(0, 255))(value) and len(value) == int(name[1:]) // 8  # r8, r16, ...


# ----------------------------------------------------------------------------------- codecs

ARRAY_ARRAY = ("bitround", "cast_value", "reshape", "scale_offset", "transpose")
ARRAY_BYTES = ("bytes", "n5_default", "packbits", "sharding_indexed", "vlen-bytes", "vlen-utf8",
               "zfp")  # fmt: skip
BYTES_BYTES = ("blosc", "conditional", "crc32c", "gzip", "zstd")
COMPRESSORS = ("blosclz", "lz4", "lz4hc", "snappy", "zlib", "zstd")
ROUNDINGS = ("nearest-even", "towards-zero", "towards-positive", "towards-negative", "nearest-away")
ZFP: dict[str, dict[str, Check]] = {
    "reversible": {},
    "expert": {each: integer(-(2**31)) for each in ("minbits", "maxbits", "maxprec", "minexp")},
    "fixed_accuracy": {"tolerance": number},
    "fixed_rate": {"rate": number},
    "fixed_precision": {"precision": integer(0)},
}
#: The members that a configuration must have, and those that it may have.
MEMBERS: dict[str, tuple[dict[str, Check], dict[str, Check]]] = {
    "bitround": ({"keepbits": integer(1)}, {}),
    "blosc": (
        {"cname": one_of(*COMPRESSORS), "clevel": integer(0, 9), "blocksize": integer(0),
         "shuffle": one_of("noshuffle", "shuffle", "bitshuffle")},
        {"typesize": integer(1)},
    ),
    "bytes": ({}, {"endian": one_of("little", "big")}),
    "cast_value": (
        {"data_type": anything},
        {"rounding": one_of(*ROUNDINGS), "out_of_range": one_of("clamp", "wrap"),
         "scalar_map": lambda value: isinstance(value, dict)},
    ),
    "conditional": ({"codecs": listed(anything)},
                    {"header_bits": lambda value: integer(0)(value) and value % 8 == 0}),
    "crc32c": ({}, {}),
    "gzip": ({"level": integer(0, 9)}, {}),
    "n5_default": ({"codecs": listed(anything)}, {}),
    "packbits": ({}, {"padding_encoding": one_of("none", "first_byte", "last_byte"),
                      "first_bit": integer(0), "last_bit": integer(0)}),
    "reshape": ({"shape": lambda value: isinstance(value, list)}, {}),
    "scale_offset": ({}, {"scale": anything, "offset": anything}),
    "sharding_indexed": (
        {"chunk_shape": listed(integer(1)), "codecs": listed(anything),
         "index_codecs": listed(anything)},
        {"index_location": one_of("start", "end")},
    ),
    "transpose": ({"order": lambda value: sorted(value) == list(range(len(value)))}, {}),
    "vlen-bytes": ({}, {}),
    "vlen-utf8": ({}, {}),
    "zstd": ({"level": integer(-131072, 22)}, {"checksum": flag}),
}  # fmt: skip


def codec_problems(codecs: Any) -> Iterator[str]:
    """Say what is wrong with a chain of codecs."""
    if not isinstance(codecs, list):
        yield f"{codecs!r} is no list of codecs"
        return
    kinds = []
    for each in codecs:
        name, given = parted(each)
        kind = next(
            (i for i, kind in enumerate((ARRAY_ARRAY, ARRAY_BYTES, BYTES_BYTES)) if name in kind),
            None,
        )
        if kind is None:
            yield f"the codec {name!r} is not registered"
            return
        kinds.append(kind)
        yield from _configured(str(name), given)
    if kinds.count(1) != 1 or kinds != sorted(kinds):
        yield "the chain is not array to array, one array to bytes, then bytes to bytes"


def _configured(name: str, given: dict[str, Any]) -> Iterator[str]:
    if name == "zfp":
        mode = given.get("mode")
        wanted = {"mode": one_of(*ZFP), **ZFP.get(mode, {})} if isinstance(mode, str) else {}
        yield from members(name, given, wanted, {})
        return
    yield from members(name, given, *MEMBERS[name])
    if name == "blosc" and given.get("shuffle") != "noshuffle" and "typesize" not in given:
        yield "blosc: a shuffle needs typesize"
    if name == "cast_value":
        yield from data_type_problems(given.get("data_type"))
    if name in ("sharding_indexed", "n5_default"):
        yield from codec_problems(given.get("codecs"))
    if name == "sharding_indexed":
        yield from codec_problems(given.get("index_codecs"))
    if name == "conditional":
        yield from codec_problems(["bytes", *given.get("codecs", [])])


# ---------------------------------------------------------------------------------- document


def parted(document: Any) -> tuple[Any, dict[str, Any]]:
    """Part an extension into its name and its configuration."""
    if isinstance(document, dict):
        return document.get("name"), document.get("configuration", {})
    return document, {}


def members(
    name: Any, given: dict[str, Any], required: dict[str, Check], optional: dict[str, Check]
) -> Iterator[str]:
    """Say which members are missing, unknown or of a wrong form."""
    for each in required.keys() - given.keys():
        yield f"{name}: {each!r} is missing"
    for each, value in given.items():
        check = required.get(each) or optional.get(each)
        if check is None:
            yield f"{name}: {each!r} is no member"
        elif not check(value):
            yield f"{name}: {each!r} is {value!r}"


def problems(document: dict[str, Any]) -> list[str]:
    """Say what is wrong with the document of an array; nothing where it is valid."""
    found = [f"{each!r} is missing" for each in REQUIRED if each not in document]
    found += [f"{each!r} is no member" for each in document if each not in REQUIRED + OPTIONAL]
    if found:
        return found
    if (document["zarr_format"], document["node_type"]) != (3, "array"):
        return ["it is no array of Zarr v3"]
    found += [f"{key}: an extension is an object" for key in ("chunk_grid", "chunk_key_encoding")
              if not isinstance(document[key], dict)]  # fmt: skip
    found += data_type_problems(document["data_type"])
    if not found:
        fill = fill_problem(document["fill_value"], document["data_type"])
        found += [] if fill is None else [fill]
    found += codec_problems(document["codecs"])
    found += _of_layout(document)
    return found


def _of_layout(document: dict[str, Any]) -> Iterator[str]:
    shape, names = document["shape"], document.get("dimension_names")
    if not listed(integer(0))(shape):
        yield f"the shape is {shape!r}"
    if names is not None and (
        len(names) != len(shape)
        or not listed(lambda each: each is None or isinstance(each, str))(names)
    ):
        yield f"the dimension names are {names!r}"
    if document.get("storage_transformers"):
        yield "no storage transformer is registered"
    name, given = parted(document["chunk_grid"])
    if name == "regular":
        yield from members(name, given, {"chunk_shape": listed(integer(1))}, {})
    elif name == "rectilinear":
        wanted = {"kind": one_of("inline"), "chunk_shapes": lambda each: isinstance(each, list)}
        yield from members(name, given, wanted, {})
    else:
        yield f"the chunk grid {name!r} is not registered"
    name, given = parted(document["chunk_key_encoding"])
    if name in ("default", "v2"):
        yield from members(name, given, {}, {"separator": one_of("/", ".")})
    else:
        yield f"the chunk key encoding {name!r} is not registered"
