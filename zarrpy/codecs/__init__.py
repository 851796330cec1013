"""Codecs: what lies between an array in memory and the bytes in a store.

Codecs are found by the names in metadata documents.  Importing this package imports none of
them: each comes with its first use.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from zarrpy.registry import Registry, lack_of

if TYPE_CHECKING:
    from zarrpy.codecs.base import ChunkSpec, Codec
    from zarrpy.errors import UnsupportedExtensionError
    from zarrpy.metadata.model import NamedConfig

__all__ = [
    "CodecInfo",
    "available_codecs",
    "document",
    "find",
    "find_meant",
    "register_codec",
    "unknown_codec",
    "unregister_codec",
    "words_of",
]

# Name in zarr.json, id in .zarray (or none), module and class.
_BUILT_IN = (
    ("bytes", None, "bytes:Bytes"),
    ("transpose", None, "transpose:Transpose"),
    ("bitround", "bitround", "bitround:BitRound"),
    ("sharding_indexed", None, "sharding:Sharding"),
    ("blosc", "blosc", "blosc:Blosc"),
    ("cast_value", None, "cast_value:CastValue"),
    ("conditional", None, "conditional:Conditional"),
    ("crc32c", "crc32c", "crc32c:CRC32C"),
    ("gzip", "gzip", "gzip:Gzip"),
    ("n5_default", None, "n5_default:N5Default"),
    ("packbits", None, "packbits:PackBits"),
    ("reshape", None, "reshape:Reshape"),
    ("scale_offset", None, "scale_offset:ScaleOffset"),
    ("snappy", "snappy", "snappy:Snappy"),
    ("zfp", None, "zfp:Zfp"),
    ("zstd", "zstd", "zstd:Zstd"),
    ("vlen-array", "vlen-array", "vlen:VLenArray"),
    ("vlen-bytes", "vlen-bytes", "vlen:VLenBytes"),
    ("vlen-utf8", "vlen-utf8", "vlen:VLenUTF8"),
    ("numcodecs.adler32", "adler32", "crc32c:Adler32"),
    ("numcodecs.astype", "astype", "astype:AsType"),
    ("numcodecs.bz2", "bz2", "bz2:BZ2"),
    ("numcodecs.crc32", "crc32", "crc32c:CRC32"),
    ("numcodecs.delta", "delta", "delta:Delta"),
    ("numcodecs.fixedscaleoffset", "fixedscaleoffset", "fixedscaleoffset:FixedScaleOffset"),
    ("numcodecs.fletcher32", "fletcher32", "crc32c:Fletcher32"),
    ("numcodecs.jenkins_lookup3", "jenkins_lookup3", "crc32c:JenkinsLookup3"),
    ("numcodecs.lz4", "lz4", "lz4:LZ4"),
    ("numcodecs.lzma", "lzma", "lzma:LZMA"),
    ("numcodecs.packbits", "packbits", "packbits:PackBitsOfBooleans"),
    ("numcodecs.pcodec", "pcodec", "pcodec:PCodec"),
    ("numcodecs.quantize", "quantize", "quantize:Quantize"),
    ("numcodecs.shuffle", "shuffle", "shuffle:Shuffle"),
    ("numcodecs.zfpy", "zfpy", "zfp:ZFPY"),
    ("numcodecs.zlib", "zlib", "zlib:Zlib"),
    ("zarrs.optional", None, "optionals:Optionals"),
    ("zarrs.squeeze", None, "reshape:Squeeze"),
    ("zarrs.vlen", None, "vlen_zarrs:VLen"),
    ("zarrs.vlen_v2", None, "vlen_zarrs:VLenV2"),
)
# Ids in .zarray that have no name in zarr.json.
_ONLY_V2 = {
    "base64": "base64:Base64",
    "categorize": "categorize:Categorize",
    "json2": "json2:JSON2",
    "msgpack2": "msgpack2:MsgPack2",
}
# Names of classes that are others in zarr-python, and of its enumerations.
_BY_ZARR_PYTHON = (
    *("BloscCname", "BloscCodec", "BloscShuffle", "BytesCodec", "Crc32cCodec", "Endian"),
    *("GzipCodec", "ShardingCodec", "ShardingCodecIndexLocation", "SubchunkWriteOrder"),
    *("TransposeCodec", "VLenBytesCodec", "VLenUTF8Codec", "ZstdCodec"),
)
# As versions of zarrs before 0.20 wrote names.
_ZARRS = "https://codec.zarrs.dev"
_ALIASES = {
    "endian": "bytes",
    "optional": "zarrs.optional",
    "squeeze": "zarrs.squeeze",
    "vlen_v2": "zarrs.vlen_v2",
    "zarrs.zfp": "zfp",
    f"{_ZARRS}/array_to_bytes/bitround": "bitround",
    f"{_ZARRS}/array_to_bytes/pcodec": "numcodecs.pcodec",
    f"{_ZARRS}/array_to_bytes/vlen": "zarrs.vlen",
    f"{_ZARRS}/array_to_bytes/vlen_v2": "zarrs.vlen_v2",
    f"{_ZARRS}/array_to_bytes/zfp": "zfp",
    f"{_ZARRS}/bytes_to_bytes/bz2": "numcodecs.bz2",
    f"{_ZARRS}/bytes_to_bytes/fletcher32": "numcodecs.fletcher32",
    **{
        f"numcodecs.{name}": name
        for name in ("bitround", "blosc", "crc32c", "gzip", "snappy", "zstd")
    },
    **{f"numcodecs.{name}": name for name in ("vlen-array", "vlen-bytes", "vlen-utf8")},
}

# Of ExZarr: read where its documents name them, and not to be asked for.
_EXZARR = {
    "exzarr.bz2": "BZ2",
    "exzarr.delta": "Delta",
    "exzarr.lz4": "LZ4",
    "exzarr.quantize": "Quantize",
    "exzarr.shuffle": "Shuffle",
}

codecs: Registry[type[Codec]] = Registry(
    "codec",
    built_in={name: f"zarrpy.codecs.{target}" for name, _, target in _BUILT_IN},
    aliases=_ALIASES,
    entry_points="zarrpy.codecs",
)
numcodecs_ids: Registry[type[Codec]] = Registry(
    "codec of Zarr v2",
    built_in={
        v2_id: f"zarrpy.codecs.{target}"
        for v2_id, target in (
            *((v2_id, target) for _, v2_id, target in _BUILT_IN if v2_id),
            *_ONLY_V2.items(),
        )
    },
    extensions=False,
)


def find(name: str, dialect: int = 3) -> type[Codec] | None:
    """Find the codec of a name.

    Parameters
    ----------
    name : str
        As in ``zarr.json``, or in dialect 2 an ``id`` as in ``.zarray``.
    dialect : {3, 2}

    Examples
    --------
    >>> find("numcodecs.lz4") is find("lz4", dialect=2)
    True
    >>> find("no-such-codec") is None
    True
    """
    return (numcodecs_ids if dialect == 2 else codecs).get(name)


def find_meant(named: NamedConfig) -> type[Codec] | None:
    """Find the codec that a document means, also where it goes by a name of one library only."""
    found = find(named.name, named.dialect)
    if found is not None or named.name not in _EXZARR:
        return found
    from zarrpy.codecs import exzarr

    made: type[Codec] = getattr(exzarr, _EXZARR[named.name])
    return made


def words_of(name: str, dialect: int = 3) -> int:
    """Tell whose words the configuration of a codec is in, given the name it goes by.

    What is ``numcodecs.blosc`` in ``zarr.json`` has the parameters of numcodecs, and so other ones
    than ``blosc`` itself.

    Examples
    --------
    >>> words_of("numcodecs.blosc"), words_of("blosc")
    (2, 3)
    """
    return 2 if name.startswith("numcodecs.") and name in _ALIASES else dialect


def unknown_codec(name: str) -> UnsupportedExtensionError:
    """Give the error for a codec that is not known, or refused."""
    from zarrpy.errors import UnsupportedExtensionError

    if name in ("zarrs.gdeflate", f"{_ZARRS}/bytes_to_bytes/gdeflate"):
        return UnsupportedExtensionError(
            "the codec 'zarrs.gdeflate' is not supported: its pages are no deflate streams, but "
            "spread over 32 streams for GPUs, and no library for Python decodes them",
            kind="codec",
            name=name,
            hint="have zarrs store it with 'zstd' or 'gzip'; zarrpy.register_codec adds a codec",
        )
    if name.removeprefix("numcodecs.") != "pickle":
        return UnsupportedExtensionError(f"unknown codec {name!r}", kind="codec", name=name)
    return UnsupportedExtensionError(
        "the codec 'pickle' is refused: to read a chunk would be to run the program in it",
        kind="codec",
        name=name,
        hint="have its writer store it with 'vlen-utf8', 'json2' or 'msgpack2'; if you trust it, "
        "pass a codec object for it: zarrpy.open(..., codecs=[numcodecs.Pickle()])",
    )


def document(codec: Codec, dialect: int = 3, spec: ChunkSpec | None = None) -> NamedConfig:
    """Describe a codec as a metadata document does.

    Parameters
    ----------
    codec : Codec
    dialect : {3, 2}
        Whose words: those of ``zarr.json`` or those of numcodecs.
    spec : ChunkSpec, optional
        The chunk, to fill in what the codec leaves open.

    Raises
    ------
    CodecError
        When the format has no such codec.

    Examples
    --------
    >>> from zarrpy.codecs.gzip import Gzip
    >>> document(Gzip(level=3)).configuration
    {'level': 3}
    """
    from zarrpy.errors import CodecError
    from zarrpy.metadata.model import NamedConfig

    codec = codec if spec is None else codec.fitted(spec)
    name = codec.v2_id if dialect == 2 else codec.name
    if name is None:
        raise CodecError("has no form in Zarr v2", codec=codec.name, hint="use Zarr v3")
    if dialect == 3 and not codec.v3:
        raise CodecError("has no form in Zarr v3", codec=codec.name, hint="use Zarr v2")
    return NamedConfig(name, codec.to_config(dialect), dialect=dialect)


def register_codec(codec: type[Any], *, force: bool = False, kind: str | None = None) -> None:
    """Make a codec known by its `name`, `v2_id` and `aliases`.

    Parameters
    ----------
    codec : type
        A child of `ArrayToArray`, `ArrayToBytes` or `BytesToBytes`; or a class of codecs of
        numcodecs or zarr-python.
    force : bool
        Replace what has the name already.
    kind : {"bytes -> bytes", "array -> array", "array -> bytes"}, optional
        What a codec of numcodecs takes and gives, as it does not say so itself. Its name in Zarr
        v3 then begins with "numcodecs.".

    Raises
    ------
    ValueError
        When a name is taken and `force` is false.
    TypeError
        When it is no class of codecs.
    """
    from zarrpy.codecs.base import Codec
    from zarrpy.codecs.external import adopted, is_foreign_class

    if is_foreign_class(codec):
        codec = adopted(codec, kind)
    elif not (isinstance(codec, type) and issubclass(codec, Codec)):
        raise TypeError(
            f"{codec!r} is no class of codecs: derive it from BytesToBytes, ArrayToBytes or "
            "ArrayToArray of zarrpy.codecs.base"
        )
    check_class(codec)
    codecs.register(codec.name, codec, force=force, aliases=codec.aliases)
    if codec.v2_id is None:
        return
    try:
        numcodecs_ids.register(codec.v2_id, codec, force=force)
    except ValueError:
        codecs.unregister(codec.name)
        raise


def check_class(codec: type[Codec]) -> None:
    """Refuse a class whose codecs could not be stored, or would not be found again.

    Raises
    ------
    TypeError
        Saying what is missing.
    """
    from dataclasses import is_dataclass

    from zarrpy.codecs.base import Codec

    if not isinstance(getattr(codec, "name", None), str):
        raise TypeError(f"{codec!r} has no name: set name = 'example.{codec.__name__.lower()}'")
    takes_more = codec.__init__ is not object.__init__
    if takes_more and not is_dataclass(codec) and codec.to_config is Codec.to_config:
        raise TypeError(
            f"{codec!r} would be stored without its parameters: make it a frozen dataclass, or "
            "give it from_config and to_config"
        )


def unregister_codec(name: str) -> None:
    """Take back a registration; a built-in codec that it had replaced returns.

    Raises
    ------
    KeyError
        When nothing was registered under the name.
    """
    codec = codecs.get(name)
    codecs.unregister(name)
    if codec is not None and codec.v2_id is not None:
        numcodecs_ids.unregister(codec.v2_id)


@dataclass(frozen=True)
class CodecInfo:
    """What can be told about a codec.

    Parameters
    ----------
    name : str
    kind : str
        "array -> array", "array -> bytes" or "bytes -> bytes".
    v2_id : str or None
    description : str
    version : str or None
        Of the library that does the work, where there is one.
    available : bool
    reason : str or None
        Why it is not available.
    """

    name: str
    kind: str
    v2_id: str | None
    description: str
    version: str | None
    available: bool
    reason: str | None


# Which linked library does the work of a codec.
_LIBRARIES = {
    "zstd": "zstd",
    "numcodecs.lz4": "lz4",
    "gzip": "libdeflate",
    "numcodecs.zlib": "libdeflate",
    "zfp": "zfp",
    "numcodecs.zfpy": "zfp",
}
# Codecs of which a build may have to do without, and their native form.
_OPTIONAL = {"gzip": "gzip", "numcodecs.zlib": "zlib", "zfp": "zfp", "numcodecs.zfpy": "zfp"}


def available_codecs() -> list[CodecInfo]:
    """Tell about every codec that is known, in alphabetical order.

    Examples
    --------
    >>> [info.kind for info in available_codecs() if info.name == "transpose"]
    ['array -> array']
    """
    from zarrpy._native.steps import library_versions

    versions = library_versions()
    return [_about(name, versions) for name in codecs.names()]


def _about(name: str, versions: dict[str, str]) -> CodecInfo:
    try:
        codec = codecs.get(name)
    except Exception as error:  # a plug-in may fail in any way; it is told, not suffered
        return CodecInfo(name, "unknown", None, "", None, False, str(error))
    assert codec is not None
    version = getattr(codec, "version", None) or versions.get(_LIBRARIES.get(name, ""))
    if version is None and _LIBRARIES.get(name) == "libdeflate":
        version = versions.get("zlib-ng")
    reason = _lack(codec)
    return CodecInfo(
        name,
        _kind(codec),
        codec.v2_id,
        (codec.__doc__ or "").strip().partition("\n")[0],
        version,
        reason is None,
        reason,
    )


def _kind(codec: type[Codec]) -> str:
    from zarrpy.codecs.base import ArrayToArray, ArrayToBytes

    if issubclass(codec, ArrayToArray):
        return "array -> array"
    return "array -> bytes" if issubclass(codec, ArrayToBytes) else "bytes -> bytes"


def _lack(codec: type[Codec]) -> str | None:
    """Say why a codec cannot be run here; None when it can."""
    from zarrpy._native.steps import find_codec

    missing = lack_of(codec)
    if missing is not None:
        return missing
    native = _OPTIONAL.get(codec.name) if codecs.is_built_in(codec.name) else None
    if native is not None and not find_codec(native):
        return "this build has no native codec of that name"
    return None


def __getattr__(name: str) -> Any:
    """Import a codec's class when it is first asked for: ``zarrpy.codecs.Zstd``."""
    for known, _, target in _BUILT_IN:
        if target.partition(":")[2] == name:
            return codecs.get(known)
    for known, target in _ONLY_V2.items():
        if target.partition(":")[2] == name:
            return numcodecs_ids.get(known)
    if name in _BY_ZARR_PYTHON:
        return getattr(import_module("zarrpy.codecs.zarr_python"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
