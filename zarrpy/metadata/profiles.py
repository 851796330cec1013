"""Writer profiles: what a named reader opens, so that nothing else is written for it.

A profile is a vocabulary for each format that its reader knows: data types, codecs, chunk grids
and chunk key encodings by name, and rules for what no list of names can say.  It judges metadata,
before anything is stored, and names the first thing that its reader would not read.

What is listed here is what the readers do, not what they say: tests/interop/test_profiles.py has
each of them read every data type through every codec.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from zarrpy.errors import MetadataError, UnsupportedExtensionError
from zarrpy.metadata import dtypes
from zarrpy.metadata import fill_value as fill
from zarrpy.metadata.formats import format_of
from zarrpy.metadata.model import ArrayMetadata, NamedConfig

__all__ = ["PROFILES", "Profile", "find"]

#: Says what is wrong with metadata, or None.
Rule = Callable[[ArrayMetadata], str | None]

_NUMBERS = frozenset(
    (
        "bool",
        *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
        *("float16", "float32", "float64", "complex64", "complex128"),
    )
)
_TEXTS = frozenset(("string", "bytes"))
_OF_NUMPY = frozenset(("fixed_length_utf32", "numpy.datetime64", "numpy.timedelta64", "struct"))
_FLOAT8 = frozenset(
    f"float8_{kind}" for kind in ("e3m4", "e4m3b11fnuz", "e4m3fnuz", "e5m2", "e5m2fnuz", "e8m0fnu")
)
_SHORT = ("float4_e2m1fn", "float6_e2m3fn", "float6_e3m2fn", "float8_e4m3", "bfloat16")
_CORE = frozenset(("bytes", "transpose", "sharding_indexed", "blosc", "gzip", "crc32c", "zstd"))
_VLEN = frozenset(("vlen-utf8", "vlen-bytes"))
_CHECKSUMS = frozenset(("adler32", "crc32", "fletcher32", "jenkins_lookup3"))
_COMPRESSORS = frozenset(("blosc", "bz2", "gzip", "lz4", "lzma", "zlib", "zstd"))
_FILTERS = frozenset(("astype", "bitround", "delta", "fixedscaleoffset", "packbits", "quantize"))
_NUMCODECS = _CHECKSUMS | _COMPRESSORS | _FILTERS | {"shuffle"}


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a reader knows of one format."""

    data_types: frozenset[str]
    codecs: frozenset[str]
    grids: frozenset[str] = frozenset(("regular",))
    keys: frozenset[str] = frozenset(("default", "v2"))
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """What a reader opens.

    Parameters
    ----------
    name : str
    reader : str
        Who it is, for people.
    words : mapping of int to Vocabulary
        By the number of the format, the one for new nodes first.
    spelled : mapping of str to str
        Codecs that the reader knows by another name.
    raw : str
        How elements of n bytes without a meaning are named: "raw_bytes", or "r*".
    """

    name: str
    reader: str
    words: Mapping[int, Vocabulary]
    spelled: Mapping[str, str] = field(default_factory=dict)
    raw: str = "raw_bytes"

    def number(self, asked: int | None, usual: int) -> int:
        """Give the number of the format of a new node.

        Raises
        ------
        MetadataError
            When another one is asked for than the reader knows.
        """
        if asked is None:
            return usual if usual in self.words else next(iter(self.words))
        if format_of(asked).number not in self.words:
            known = " or ".join(map(str, self.words))
            raise MetadataError(
                f"must be {known} for the profile {self.name!r}: {self.reader} reads no other",
                field="zarr_format",
                value=asked,
            )
        return asked

    def knows_codec(self, zarr_format: int, name: str) -> bool:
        """Whether the reader has a codec, under this name or another."""
        words = self.words.get(zarr_format)
        return words is not None and self.spelled.get(name, name) in words.codecs

    def knows_keys(self, zarr_format: int, name: str) -> bool:
        """Whether the reader finds chunks under keys of this kind."""
        words = self.words.get(zarr_format)
        return words is not None and name in words.keys

    def fit(self, metadata: ArrayMetadata) -> ArrayMetadata:
        """Bring metadata into the reader's words.

        Raises
        ------
        UnsupportedExtensionError
            For a data type, codec, grid or key encoding that the reader does not know.
        MetadataError
            For anything else that it would not read.
        """
        fitted = replace(
            metadata,
            codecs=tuple(map(self._spelled, metadata.codecs)),
            data_type=self._data_type(metadata.data_type),
        )
        for kind, name, known in self._names(fitted):
            if name not in known:
                raise self._unknown(kind, name, known)
        words = self.words.get(metadata.zarr_format)
        for rule in () if words is None else words.rules:
            reason = rule(fitted)
            if reason is not None:
                raise MetadataError(f"the profile {self.name!r} refuses {reason}")
        return fitted

    def _spelled(self, codec: NamedConfig) -> NamedConfig:
        if codec.dialect == 2:  # the words of numcodecs are those of every reader
            return codec
        return replace(codec, name=self.spelled.get(codec.name, codec.name))

    def _data_type(self, data_type: dtypes.DataType) -> dtypes.DataType:
        if self.raw == "r*" and data_type.name == "raw_bytes":
            return dtypes.from_v3(f"r{8 * data_type.itemsize}")
        return data_type

    def _names(self, metadata: ArrayMetadata) -> Iterator[tuple[str, str, frozenset[str]]]:
        """Give all names in metadata, each with its kind and those that are known."""
        self.number(metadata.zarr_format, metadata.zarr_format)
        words = self.words.get(metadata.zarr_format)
        assert words is not None
        for name in _data_types(metadata):
            yield "data type", name, words.data_types
        for name in _codecs(metadata.codecs):
            yield "codec", name, words.codecs
        grid = metadata.chunk_grid
        yield "chunk grid", "regular" if grid.regular else grid.to_v3()["name"], words.grids
        yield "chunk key encoding", metadata.chunk_keys.name, words.keys
        for each in metadata.storage_transformers:
            yield "storage transformer", each.name, frozenset()

    def _unknown(self, kind: str, name: str, known: frozenset[str]) -> UnsupportedExtensionError:
        listed = ", ".join(sorted(known)) or "none"
        return UnsupportedExtensionError(
            f"the {kind} {name!r} is not in the profile {self.name!r}: {self.reader} does not "
            "read it",
            kind=kind,
            name=name,
            hint=f"it reads {listed}",
        )


def find(name: str | None) -> Profile | None:
    """Find a profile; None for None.

    Raises
    ------
    MetadataError
        When there is none of that name.
    """
    if name is None:
        return None
    found = PROFILES.get(name) if isinstance(name, str) else None
    if found is None:
        known = ", ".join(map(repr, PROFILES))
        raise MetadataError(f"must be one of {known}", field="compat", value=name)
    return found


# ------------------------------------------------------------------------------------- names


def _data_types(metadata: ArrayMetadata) -> Iterator[str]:
    """Name the data type and those within it; of ``r24`` the family ``r*``."""
    data_type = metadata.data_type  # some, of any length, have no form in v3
    return _in_document(data_type.name if data_type.variable else dtypes.to_v3(data_type))


def _in_document(document: Any) -> Iterator[str]:
    name = document if isinstance(document, str) else document["name"]
    yield "r*" if name[:1] == "r" and name[1:].isdecimal() else name
    if isinstance(document, dict):
        for each in document.get("configuration", {}).get("fields", ()):
            yield from _in_document(each["data_type"])


def _codecs(codecs: Any) -> Iterator[str]:
    """Name codecs and those within them."""
    for codec in codecs:
        plain = isinstance(codec, str)
        name = codec if plain else codec.name if isinstance(codec, NamedConfig) else codec["name"]
        yield name
        for inner in _inner(codec):
            yield from _codecs(inner)


def _inner(codec: Any) -> Iterator[Any]:
    """Give the lists of codecs in the configuration of one."""
    configuration = _configuration(codec)
    for member in ("codecs", "index_codecs"):
        if isinstance(configuration.get(member), list):
            yield configuration[member]


def _configuration(codec: Any) -> dict[str, Any]:
    if isinstance(codec, NamedConfig):
        return codec.configuration
    given: dict[str, Any] = {} if isinstance(codec, str) else codec.get("configuration", {})
    return given


# ------------------------------------------------------------------------------------- rules


def _no_compressed_shards(metadata: ArrayMetadata) -> str | None:
    if "sharding_indexed" in (each.name for each in metadata.codecs[:-1]):
        return "shards that are compressed as a whole"
    return None


def _no_nested_shards(metadata: ArrayMetadata) -> str | None:
    if list(_codecs(metadata.codecs)).count("sharding_indexed") > 1:
        return "shards within shards"
    return None


def _no_snappy(metadata: ArrayMetadata) -> str | None:
    if any(each.get("cname") == "snappy" for each in _configurations(metadata.codecs)):
        return "blosc with snappy, which the Blosc of numcodecs is built without"
    return None


def _configurations(codecs: Any) -> Iterator[dict[str, Any]]:
    for codec in codecs:
        yield _configuration(codec)
        for inner in _inner(codec):
            yield from _configurations(inner)


def _no_differences_of_dates(metadata: ArrayMetadata) -> str | None:
    if metadata.data_type.name.startswith("numpy.") and _has(metadata, "delta"):
        return "the filter 'delta' of dates and durations, which numcodecs cannot add up"
    return None


def _no_lists_of_durations(metadata: ArrayMetadata) -> str | None:
    if metadata.data_type.name == "numpy.timedelta64" and _has(metadata, "json2"):
        return "the filter 'json2' of durations, which numcodecs cannot make again"
    return None


def _no_rounded_integers(metadata: ArrayMetadata) -> str | None:
    if metadata.data_type.numpy.kind != "f" and _has(metadata, "bitround"):
        return "the filter 'bitround' of anything but floats, as numcodecs has it"
    return None


def _no_labels_of_objects(metadata: ArrayMetadata) -> str | None:
    if metadata.data_type.variable and _has(metadata, "categorize"):
        return "the filter 'categorize' of strings of any length; give them a length: dtype='U9'"
    return None


def _no_nested_structures(metadata: ArrayMetadata) -> str | None:
    if list(_data_types(metadata)).count("struct") > 1:
        return "structures within structures"
    return None


def _no_bits(metadata: ArrayMetadata) -> str | None:
    if '"0x' in repr(fill.dump(metadata.fill_value, metadata.data_type)).replace("'", '"'):
        return "a fill value that is a NaN with other bits than the usual one"
    return None


def _no_typesize(metadata: ArrayMetadata) -> str | None:
    if any("typesize" in each.configuration for each in metadata.codecs):
        return "the parameter 'typesize' of blosc in Zarr v2; leave it out"
    return None


def _no_filters(metadata: ArrayMetadata) -> str | None:
    names = [each.name for each in metadata.codecs if each.name not in ("bytes", "transpose")]
    if len(names) > 1:
        return f"filters in Zarr v2, as {names[0]!r} before {names[-1]!r} is one"
    return None


def _no_open_level(metadata: ArrayMetadata) -> str | None:
    if any(each.name == "zlib" and each.configuration["level"] < 0 for each in metadata.codecs):
        return "zlib with the level -1, which lets the library choose; give 0 to 9"
    return None


def _no_names_twice(metadata: ArrayMetadata) -> str | None:
    names = [name for name in metadata.dimension_names or () if name]
    twice = next((name for name in names if names.count(name) > 1), None)
    return None if twice is None else f"two dimensions of the name {twice!r}"


def _no_uneven_turns(metadata: ArrayMetadata) -> str | None:
    shape = metadata.chunk_grid.chunk_shape
    for codec in metadata.codecs:
        inner = codec.configuration["chunk_shape"] if codec.name == "sharding_indexed" else ()
        if any(outer % length for outer, length in zip(shape, inner, strict=False)):
            return (
                "shards behind a transpose whose chunks would not fit into them without it: "
                f"chunks {list(inner)} in {list(shape)}"
            )
    return None


def _has(metadata: ArrayMetadata, filter_name: str) -> bool:
    names = (each.removeprefix("numcodecs.") for each in _codecs(metadata.codecs))
    return filter_name in names


# ---------------------------------------------------------------------------------- profiles

_TENSORSTORE = _NUMBERS | _FLOAT8 | {"bfloat16", "float8_e4m3fn", "int2", "int4"}
_NUMCODECS_RULES = (
    _no_snappy,
    _no_differences_of_dates,
    _no_labels_of_objects,
    _no_lists_of_durations,
)
_V2_TYPES = _NUMBERS | _TEXTS | _OF_NUMPY | {"null_terminated_bytes", "raw_bytes", "r*", "object"}
_V2_CODECS = _NUMCODECS | _VLEN | {"bytes", "transpose", "base64", "categorize", "json2"}

_TENSORSTORE_PROFILE = Profile(
    "tensorstore",
    "TensorStore 0.1.86",
    {
        3: Vocabulary(
            _TENSORSTORE | {"float4_e2m1fn"}, _CORE, rules=(_no_compressed_shards, _no_names_twice)
        ),
        2: Vocabulary(
            _TENSORSTORE,
            frozenset(("bytes", "transpose", "blosc", "bz2", "gzip", "zlib", "zstd")),
            rules=(_no_filters, _no_typesize, _no_open_level),
        ),
    },
)
_ZARR_PYTHON_PROFILE = Profile(
    "zarr-python-3.0",
    "zarr-python 3.0.10",
    {
        3: Vocabulary(
            _NUMBERS | _TEXTS,
            _CORE | _VLEN | {f"numcodecs.{name}" for name in _NUMCODECS},
            rules=(
                _no_snappy,
                _no_nested_shards,
                _no_uneven_turns,
                _no_rounded_integers,
                _no_bits,
            ),
        ),
        2: Vocabulary(
            _V2_TYPES, _V2_CODECS | {"crc32c"}, rules=(*_NUMCODECS_RULES, _no_nested_structures)
        ),
    },
    spelled={"bitround": "numcodecs.bitround"},
)
_ZARR_2_PROFILE = Profile(
    "zarr-2.18",
    "zarr-python 2.18 with numcodecs 0.15",
    {2: Vocabulary(_V2_TYPES, _V2_CODECS, rules=(*_NUMCODECS_RULES, _no_typesize))},
)
_STRICT_PROFILE = Profile(
    "strict-3.1",
    "a reader of Zarr 3.1 and the registered extensions",
    {
        3: Vocabulary(
            _NUMBERS
            | _TEXTS
            | _OF_NUMPY
            | _FLOAT8
            | {*_SHORT, "int2", "int4", "uint2", "uint4", "r*"}
            | {f"complex_{kind}" for kind in (*_SHORT, *_FLOAT8, "float16")},
            _CORE
            | _VLEN
            | {"bitround", "cast_value", "conditional", "n5_default", "packbits", "reshape"}
            | {"scale_offset", "zfp"},
            grids=frozenset(("regular", "rectilinear")),
        )
    },
    raw="r*",
)

PROFILES = {
    profile.name: profile
    for profile in (_TENSORSTORE_PROFILE, _ZARR_PYTHON_PROFILE, _ZARR_2_PROFILE, _STRICT_PROFILE)
}
