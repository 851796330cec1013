"""From the keywords of `create_array` to metadata."""

from __future__ import annotations

import operator
from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrpy.array import Array
from zarrpy.assignment import assignable
from zarrpy.codecs import document
from zarrpy.codecs.base import ArrayToArray, ArrayToBytes, ChunkSpec, Codec
from zarrpy.codecs.bytes import Bytes
from zarrpy.codecs.chain import CodecChain, loosened
from zarrpy.codecs.given import objects_among
from zarrpy.codecs.notation import codec_name, in_order, parse_codec
from zarrpy.codecs.recast import order_after
from zarrpy.codecs.sharding import Sharding
from zarrpy.codecs.transpose import Transpose
from zarrpy.config import config as settings
from zarrpy.engine.elsewhere import elsewhere
from zarrpy.engine.lifecycle import create_node
from zarrpy.errors import (
    MetadataError,
    NodeKindError,
    NodeShapeError,
    UnsupportedExtensionError,
)
from zarrpy.layout import (
    default_chunks,
    default_compressors,
    default_inner_chunks,
    default_serializer,
    default_shards,
    whole_shards,
)
from zarrpy.metadata import dtypes, members, profiles, transformers
from zarrpy.metadata import fill_value as fill
from zarrpy.metadata.attributes import normalise
from zarrpy.metadata.chunk_keys import ChunkKeyEncoding
from zarrpy.metadata.dtypes import DataType
from zarrpy.metadata.formats import Format, format_of
from zarrpy.metadata.grid import ChunkGrid
from zarrpy.metadata.key_encoders import ChunkKeyEncoder
from zarrpy.metadata.model import ArrayMetadata, NamedConfig
from zarrpy.settings import chosen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from zarrpy.engine.requests import Steps
    from zarrpy.metadata.profiles import Profile
    from zarrpy.stores.base import Store

#: Stands for "not given" where None means something.
DEFAULT: Any = type("Default", (), {"__repr__": lambda self: "DEFAULT"})()

_CODEC_KEYWORDS = ("filters", "serializer", "compressors", "object_codec")


def created(
    store: Store,
    path: str,
    keywords: dict[str, Any],
    *,
    overwrite: bool = False,
    write_data: bool = True,
    known: str | None = None,
) -> Steps[Array]:
    """Create an array, maybe in a `known` group; what is wrong is told before it is stored."""
    for name in keywords:
        check_keyword(name)
    keywords = {**keywords, "data": (yield from in_memory(keywords.get("data"), write_data))}
    data = keywords["data"] if write_data else None
    metadata, empty = array_metadata(**keywords)
    array = Array(store, path, metadata, write_empty_chunks=empty)
    array._take(chosen(keywords.get("config")))
    array.given = objects_among(*map(keywords.get, _CODEC_KEYWORDS))
    if data is None:
        yield from create_node(path, metadata, overwrite=overwrite, known=known)
        return array
    values = assignable(data, metadata.data_type, array.shape, array.name)

    def chunks(where: str) -> Steps[None]:
        made = Array(store, where, metadata, write_empty_chunks=empty)
        made.given = array.given
        yield from made.write.steps(Ellipsis, values)

    beside = store.of_files
    yield from create_node(
        path, metadata, overwrite=overwrite, content=chunks, beside=beside, known=known
    )
    return array


def in_memory(data: Any, wanted: bool = True) -> Steps[Any]:
    """Read data that are an array in a store; anything else is there already."""
    if wanted and isinstance(data, Array):
        return (yield from elsewhere(data.store, data.read.steps()))
    return data


def check_as_described(array: Array, keywords: Mapping[str, Any]) -> None:
    """Refuse an array that has another shape or data type than the keywords say.

    Raises
    ------
    NodeShapeError
        A ValueError, for the shape.
    NodeKindError
        A TypeError, for the data type.
    """
    shape, dtype, data = (keywords.get(name) for name in ("shape", "dtype", "data"))
    if data is not None:
        codecs = [keywords.get(name) for name in ("object_codec", "serializer", "filters")]
        shape, dtype, _ = _shape_and_type(shape, dtype, data, _named_codecs(*codecs))
    place = array.store.place_of(array.path)
    hint = "open it without shape and dtype, or replace it: mode='w'"
    wanted = None if shape is None else _integers(shape, "shape", 0)
    if wanted not in (None, array.shape):
        raise NodeShapeError(
            f"the array at {place!r} has shape {array.shape}, not {wanted}",
            expected=wanted,
            actual=array.shape,
            hint=hint,
        )
    data_type = None if dtype is None else dtypes.from_numpy(dtype)[0]
    if data_type is not None and data_type.numpy != array.dtype:
        raise NodeKindError(
            f"the array at {place!r} has data type {array.metadata.data_type}, not {data_type}",
            path=place,
            found=str(array.metadata.data_type),
            hint=hint,
        )


def check_keyword(name: str, caller: str = "create_array", more: Collection[str] = ()) -> None:
    """Refuse a keyword that arrays are not created by, unless the caller knows it."""
    known = {*(array_metadata.__kwdefaults__ or {}), *more}
    if name in known:
        return
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=1)
    hint = f". Did you mean {near[0]!r}?" if near else ""
    raise TypeError(f"{caller}() got an unexpected keyword argument {name!r}{hint}")


def chosen_format(zarr_format: int | None, compat: str | None = None) -> int:
    """Give the number of the format: the one asked for, or that of the settings.

    Raises
    ------
    MetadataError
        When the reader that `compat`, or the settings, name does not know it.
    """
    profile = chosen_profile(compat)
    if profile is not None:
        return profile.number(zarr_format, settings.array.zarr_format)
    return settings.array.zarr_format if zarr_format is None else zarr_format


def chosen_profile(compat: str | None) -> Profile | None:
    """Find the profile that is asked for, or that of the settings."""
    return profiles.find(settings.array.compat if compat is None else compat)


def array_metadata(
    *,
    shape: int | Iterable[int] | None = None,
    dtype: Any = None,
    data: Any = None,
    chunks: Any = "auto",
    shards: Any = None,
    filters: Any = "auto",
    compressors: Any = "auto",
    serializer: Any = "auto",
    fill_value: Any = DEFAULT,
    order: str | None = None,
    zarr_format: int | None = None,
    attributes: Mapping[str, Any] | None = None,
    chunk_key_encoding: Any = None,
    dimension_names: Iterable[str | None] | None = None,
    object_codec: Any = None,
    storage_transformers: Iterable[Any] = (),
    config: Mapping[str, Any] | None = None,
    compat: str | None = None,
) -> tuple[ArrayMetadata, bool | None]:
    """Check the keywords of an array to be created.

    Returns
    -------
    metadata : ArrayMetadata
    write_empty_chunks : bool or None
        As `config` says; None when it does not.

    Raises
    ------
    MetadataError
        A ValueError that names the keyword and what is right.
    """
    zarr = format_of(chosen_format(zarr_format, compat))
    shape, data_type, byteorder = _shape_and_type(
        shape, dtype, data, _named_codecs(object_codec, serializer, filters)
    )
    grid, chunk_shape, location = _layout(chunks, shards, shape, data_type.itemsize, zarr)
    value = fill.default(data_type) if fill_value is DEFAULT else fill.coerce(fill_value, data_type)
    stored = ChunkSpec(grid.largest(shape), data_type.numpy, value)
    spec = stored if chunk_shape is None else replace(stored, shape=chunk_shape)
    if object_codec is not None:
        made = parse_codec(object_codec, spec, "object_codec")
        filters = [*_several(filters, "filters", spec), made]
    codecs = _codecs(filters, compressors, serializer, order, byteorder, spec, zarr, data_type)
    if chunk_shape is not None:
        codecs = [Sharding(chunk_shape, tuple(codecs), index_location=location)]
    chain = CodecChain.of(codecs, stored)  # refuses what does not fit together
    chain.check_written()
    written = chain.codecs if zarr.fitted_codecs else loosened(codecs, stored)
    metadata = ArrayMetadata(
        shape,
        data_type,
        grid,
        _chunk_keys(chunk_key_encoding, zarr),
        tuple(named_codecs(written, zarr)),
        value,
        _names(dimension_names, len(shape)),
        normalise(attributes or {}),
        zarr.number,
        fill_defined=not (zarr.undefined_fill and fill_value is None),
        storage_transformers=tuple(_transformers(storage_transformers)),
        dimension_attribute=zarr.dimension_attribute,
    ).settled()
    profile = chosen_profile(compat)
    return metadata if profile is None else profile.fit(metadata), chosen(config).keep_empty


def _shape_and_type(
    shape: Any, dtype: Any, data: Any, codecs: list[str]
) -> tuple[tuple[int, ...], DataType, str]:
    """Find shape, data type and byte order, from the data where they are not given."""
    given = None if shape is None else _integers(shape, "shape", 0)
    if data is None:
        if given is None:
            raise MetadataError("an array needs a shape, or data to take it from")
        if dtype is None:
            raise MetadataError("an array needs a dtype, or data to take it from")
        return given, *_data_type(dtype, None, codecs)
    found: Any = data if hasattr(data, "shape") and hasattr(data, "dtype") else None
    if found is None and dtype is None:
        found = np.asarray(data)
    data_type, byteorder = _data_type(found.dtype if dtype is None else dtype, found, codecs)
    if found is None:
        ndim = settings.limits.ndim if given is None else len(given)
        found = np.asarray(data) if data_type.cast is None else data_type.cast(data, ndim)
    if given is not None and given != tuple(found.shape):
        raise MetadataError(
            f"the shape {shape} is not that of the data, {tuple(found.shape)}; leave it out"
        )
    return tuple(found.shape), data_type, byteorder


def _data_type(dtype: Any, data: Any, codecs: list[str]) -> tuple[DataType, str]:
    """Find a data type; that of objects by their codec, or by what they all are."""
    data_type, byteorder = dtypes.from_numpy(dtype)
    if data_type.name != "object":
        return data_type, byteorder
    from zarrpy.metadata.dtypes_variable import OBJECT_CODECS  # few arrays need it

    named = next((each for each in codecs if each in OBJECT_CODECS), None)
    if named is not None:
        return OBJECT_CODECS[named], byteorder
    kinds = {type(each) for each in np.asarray(data).flat} if data is not None else set()
    if kinds in ({str}, {bytes}):
        return dtypes.from_numpy(kinds.pop())
    others = ", ".join(sorted(each.__name__ for each in kinds)) or "no elements"
    raise UnsupportedExtensionError(
        f"needs a codec that makes bytes of objects; these are {others}",
        kind="data type",
        name="object",
        field="dtype",
        hint="dtype=str stores texts, dtype=bytes bytes; in Zarr v2 object_codec='json2' stores "
        "what JSON can say",
    )


def _named_codecs(*given: Any) -> list[str]:
    """Name the codecs that were given, as numcodecs does; what is no codec is found out later."""
    names: list[str] = []
    for each in given:
        for codec in each if isinstance(each, list | tuple) else [each]:
            if codec is None or (isinstance(codec, str) and codec == "auto"):
                continue
            names.append(codec_name(codec))
    return names


def _integers(given: Any, field: str, least: int) -> tuple[int, ...]:
    """Take one integer or several, of any type that counts as one."""
    if isinstance(given, str | bytes):
        raise MetadataError("must be an integer or a tuple of integers", field=field, value=given)
    try:
        numbers = tuple(operator.index(n) for n in (given if np.iterable(given) else (given,)))
    except TypeError:
        raise MetadataError(
            "must be an integer or a tuple of integers", field=field, value=repr(given)
        ) from None
    if any(n < least for n in numbers):
        raise MetadataError(
            f"must be at least {least} on each axis", field=field, value=list(numbers)
        )
    if any(n >= 2**63 for n in numbers):
        raise MetadataError("must be below 2**63 on each axis", field=field, value=list(numbers))
    return numbers


def _layout(
    chunks: Any, shards: Any, shape: tuple[int, ...], itemsize: int, zarr: Format
) -> tuple[ChunkGrid, tuple[int, ...] | None, str]:
    """Grid of what is stored, shape of the chunks in a shard or None, and where indexes lie."""
    if shards is None or shards is False:
        return _chunk_grid(chunks, shape, itemsize), None, "end"
    if not zarr.shards:
        raise MetadataError(
            f"Zarr v{zarr.number} has no shards", field="shards", hint="create it as zarr_format=3"
        )
    location = "end"
    if isinstance(shards, dict):
        given, location = dict(shards), shards.get("index_location", "end")
        given.pop("index_location", None)
        if set(given) != {"shape"}:
            raise MetadataError(
                'must have "shape", and may have "index_location"', field="shards", value=shards
            )
        shards = given["shape"]
    if shards is True or (isinstance(shards, str) and shards == "auto"):
        inner = _chunk_shape(chunks, shape, itemsize)
        return ChunkGrid(default_shards(shape, inner, itemsize)), inner, location
    grid = _chunk_grid(whole_shards(shards, chunks, shape), shape, itemsize, "shards")
    part = grid.common_part()  # every shard is made of such, so chunks that fit it fit all
    if chunks is None or chunks is True or (isinstance(chunks, str) and chunks == "auto"):
        return grid, default_inner_chunks(part, itemsize), location
    inner = _chunk_shape(chunks, part, itemsize)
    if not grid.regular and any(whole % n for whole, n in zip(part, inner, strict=True)):
        raise MetadataError(
            f"must divide the lengths of all shards, which are multiples of {list(part)}",
            field="chunks",
            value=list(inner),
        )
    return grid, inner, location


def _chunk_grid(
    chunks: Any, shape: tuple[int, ...], itemsize: int, field: str = "chunks"
) -> ChunkGrid:
    """Chunk grid of chunk lengths for all axes, or with a list of lengths for some of them."""
    if isinstance(chunks, ChunkGrid):
        chunks.check(shape)
        return chunks
    several = isinstance(chunks, list | tuple) and not any(
        isinstance(n, str | bytes) for n in chunks
    )
    if several and any(map(np.iterable, chunks)):
        return ChunkGrid.of(_plain(chunks), shape, field)
    return ChunkGrid(_chunk_shape(chunks, shape, itemsize, field))


def _plain(lengths: Any) -> Any:
    """Make lists and integers of what counts as such; anything else is refused by who reads it."""
    if np.iterable(lengths) and not isinstance(lengths, str | bytes):
        return [_plain(each) for each in lengths]
    whole = hasattr(lengths, "__index__") and not isinstance(lengths, bool)
    return operator.index(lengths) if whole else lengths


def _chunk_shape(
    chunks: Any, shape: tuple[int, ...], itemsize: int, field: str = "chunks"
) -> tuple[int, ...]:
    """Chunk shape of "auto", True, False (one chunk), an integer for all axes, or one for each."""
    if len(shape) > settings.limits.ndim:
        raise MetadataError(
            f"must have at most {settings.limits.ndim} axes", field="shape", value=list(shape)
        )
    whole = tuple(max(n, 1) for n in shape)
    if chunks is None or chunks is True or (isinstance(chunks, str) and chunks == "auto"):
        return default_chunks(shape, itemsize)
    if chunks is False:
        return whole
    if isinstance(chunks, str):
        raise MetadataError(
            'must be "auto", an integer or a tuple of integers', field=field, value=chunks
        )
    given = _integers(chunks, field, -1)
    if not np.iterable(chunks):
        given = given * len(shape)
    if len(given) != len(shape):
        raise MetadataError(
            f"must have {len(shape)} lengths, one for each axis of the shape {shape}",
            field=field,
            value=list(given),
        )
    lengths = tuple(whole[i] if n == -1 else n for i, n in enumerate(given))
    if 0 in lengths:
        raise MetadataError("must be at least 1 on each axis", field=field, value=list(given))
    return lengths


def _codecs(
    filters: Any,
    compressors: Any,
    serializer: Any,
    order: str | None,
    byteorder: str,
    spec: ChunkSpec,
    zarr: Format,
    data_type: DataType,
) -> list[Codec]:
    """Put the chain together, from what was asked and the defaults."""
    before: list[Codec] = []
    after: list[Codec] = []
    if order not in (None, "C", "F"):
        raise MetadataError('must be "C" or "F"', field="order", value=order)
    if order == "F" and len(spec.shape) > 1:
        before.append(Transpose(tuple(range(len(spec.shape)))[::-1]))
    stored = spec.dtype
    if zarr.ordered_types and stored.isbuiltin == 1 and not data_type.variable:
        stored = np.dtype(byteorder + stored.str[1:])
    for codec in in_order(_several(filters, "filters", replace(spec, dtype=stored))):
        if isinstance(codec, ArrayToBytes):
            serializer = _only_serializer(codec, serializer)
        else:
            (before if isinstance(codec, ArrayToArray) else after).append(codec)
    if zarr.ordered_types:
        byteorder = order_after(before, byteorder)
    between = _serializer(serializer, before, byteorder, spec)
    if not (isinstance(compressors, str) and compressors == "auto"):
        after.extend(_several(compressors, "compressors", spec))
    elif not isinstance(between, Sharding):  # whose chunks have compressors of their own
        encoded = reduce(lambda each, codec: codec.encoded_spec(each), before, spec)
        after.extend(default_compressors(encoded.shape, encoded.dtype, zarr))
    automatic = serializer is None or (isinstance(serializer, str) and serializer == "auto")
    if automatic and after and _compresses_arrays(after[0]):
        return [*before, *after]
    return [*before, between, *after]


def _only_serializer(codec: ArrayToBytes, serializer: Any) -> ArrayToBytes:
    """Take the array-to-bytes codec from among the filters, where Zarr v2 has it."""
    if serializer is None or (isinstance(serializer, str) and serializer == "auto"):
        return codec
    raise MetadataError(
        f"{codec.name!r} among the filters makes bytes of arrays, and so does the serializer "
        f"{serializer!r}; leave one out",
        field="filters",
    )


def _compresses_arrays(codec: Codec) -> bool:
    """Whether a codec given as a compressor makes bytes of an array, and compresses them."""
    return isinstance(codec, ArrayToBytes) and not isinstance(codec, Bytes)


def _serializer(given: Any, before: list[Codec], byteorder: str, spec: ChunkSpec) -> Codec:
    for codec in before:
        spec = codec.encoded_spec(spec)
    if given is None or (isinstance(given, str) and given == "auto"):
        return default_serializer(byteorder, spec.dtype)
    between = parse_codec(given, spec, "serializer")
    if not isinstance(between, ArrayToBytes):
        raise MetadataError(f"the serializer must be an array-to-bytes codec, not {between.name!r}")
    return between


def _several(given: Any, field: str, spec: ChunkSpec) -> list[Codec]:
    """Take one codec or several; None and "auto" are none."""
    if given is None or (isinstance(given, str) and given == "auto"):
        return []
    if isinstance(given, list | tuple):
        codecs: list[Codec] = []
        for each in given:
            codecs.append(parse_codec(each, spec, field))
            spec = codecs[-1].encoded_spec(spec)  # which the next one takes
        return codecs
    if isinstance(given, bool | int | float):
        raise MetadataError("must be codecs or None", field=field, value=given)
    return [parse_codec(given, spec, field)]


def named_codecs(codecs: Iterable[Codec], zarr: Format) -> Iterable[NamedConfig]:
    """Name the codecs; transpose and bytes are spelled as in v3 in both formats' models."""
    for codec in codecs:
        built_in = isinstance(codec, Transpose | Bytes)
        yield document(codec, 3 if built_in else zarr.number)


def _chunk_keys(given: Any, zarr: Format) -> ChunkKeyEncoding:
    """Chunk key encoding of a document, an object that tells one, or a separator."""
    if given is None:
        return ChunkKeyEncoding(zarr.chunk_keys)
    if isinstance(given, ChunkKeyEncoding):
        return given
    if isinstance(given, str) and given in ("/", "."):
        return ChunkKeyEncoding(zarr.chunk_keys, given)
    if hasattr(given, "to_dict"):
        given = given.to_dict()
    if isinstance(given, ChunkKeyEncoder):
        given = {"name": given.name, "configuration": given.to_config()}
    if isinstance(given, dict) and "separator" in given:
        given = {"name": given.get("name"), "configuration": {"separator": given["separator"]}}
    keys = ChunkKeyEncoding.from_v3(given)
    if zarr.only_its_chunk_keys and keys.name != zarr.chunk_keys:
        raise MetadataError(
            f"Zarr v{zarr.number} has only the chunk key encoding {zarr.chunk_keys!r}, "
            f"not {keys.name!r}",
            hint='give {"name": "v2", "separator": "/"} or "."',
        )
    return keys


def _transformers(given: Iterable[Any]) -> Iterable[NamedConfig]:
    """Take names, or documents of Zarr v3; each must be known, as it will be needed."""
    for i, each in enumerate(given):
        document = {"name": each} if isinstance(each, str) else each
        named = NamedConfig(*members.extension(document, f"storage_transformers[{i}]"))
        if transformers.find(named.name) is None:
            raise UnsupportedExtensionError(
                "is not known",
                kind="storage transformer",
                name=named.name,
                hint="zarrpy.register_storage_transformer adds one",
            )
        yield named


def _names(given: Iterable[str | None] | None, ndim: int) -> tuple[str | None, ...] | None:
    if given is None:
        return None
    names = (given,) if isinstance(given, str) else tuple(given)
    if len(names) != ndim:
        raise MetadataError(
            f"must have {ndim} names, one for each axis", field="dimension_names", value=list(names)
        )
    if not all(name is None or isinstance(name, str) for name in names):
        raise MetadataError(
            "must be strings or None", field="dimension_names", value=list(map(repr, names))
        )
    return names
