"""Codecs as people write them: objects, short strings, or documents of either format."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

from zarrpy.codecs import available_codecs, check_class, find, unknown_codec, words_of
from zarrpy.codecs.base import ArrayToArray, BytesToBytes, Codec
from zarrpy.codecs.bytes import Bytes
from zarrpy.codecs.external import adopted, is_foreign
from zarrpy.errors import MetadataError, UnsupportedExtensionError
from zarrpy.metadata.members import nearest

if TYPE_CHECKING:
    from zarrpy.codecs.base import ChunkSpec


def parse_codec(given: Any, spec: ChunkSpec | None = None, role: str = "") -> Codec:
    """Make a codec of what a caller gives for one.

    Parameters
    ----------
    given : Codec, str, dict, or a codec object of numcodecs or zarr-python
        A string is the name with its first parameters, as ``"zstd:9"`` or
        ``"blosc:lz4:5:bitshuffle"``. A dict is a document of Zarr v3 (with ``name``) or of
        numcodecs (with ``id``).
    spec : ChunkSpec, optional
        The chunk that the codec is for.
    role : str
        The keyword it was given by; of a codec of numcodecs that we do not have it tells what
        that takes.

    Raises
    ------
    UnsupportedExtensionError
        For a name that is not known.
    MetadataError
        For parameters that the codec does not have.
    """
    if isinstance(given, Codec):
        check_class(type(given))
        return given
    if isinstance(given, str):
        return _from_text(given, spec)
    if is_foreign(given) and not _have(given):
        return cast(Codec, cast(Any, adopted(type(given), _kind_by(given, role)))(given))
    if spec is not None and hasattr(given, "fitted"):
        given = given.fitted(spec.dtype)
    document = _listed(_document(given))
    if "id" in document:
        configuration = {key: value for key, value in document.items() if key != "id"}
        return _kind(document["id"], 2).from_config(configuration, dialect=2, spec=spec)
    _check_members(document)
    configuration, name = document.get("configuration") or {}, document["name"]
    return _kind(name, 3).from_config(configuration, dialect=words_of(name), spec=spec)


def _listed(document: Any) -> Any:
    """Give tuples of a document that was told in Python as the lists that JSON has."""
    if isinstance(document, dict):
        return {name: _listed(each) for name, each in document.items()}
    return list(map(_listed, document)) if isinstance(document, tuple | list) else document


def _kind_by(given: Any, role: str) -> str | None:
    """Tell what a codec of numcodecs takes and gives, by the keyword and by what it is for."""
    from zarrpy.metadata.dtypes_variable import OBJECT_CODECS  # few arrays need it

    makes_bytes = role == "filters" and codec_name(given) in OBJECT_CODECS
    if makes_bytes or role in ("object_codec", "serializer"):
        return "array -> bytes"
    return "array -> array" if role == "filters" else None


def in_order(filters: list[Codec]) -> list[Codec]:
    """Refuse filters of which one takes an array where there is none any more."""
    for ahead, codec in pairwise(filters):
        if not isinstance(codec, BytesToBytes) and not isinstance(ahead, ArrayToArray):
            raise MetadataError(
                f"{codec.name!r} takes an array, and stands behind {ahead.name!r}, which gives "
                "bytes",
                field="filters",
                hint="filters run in the order of the list: those that take arrays come first",
            )
    return filters


def codec_name(given: Any) -> str:
    """Name what a caller gives for a codec as numcodecs does; "" for what names none.

    Examples
    --------
    >>> codec_name({"name": "numcodecs.json2"}), codec_name("vlen-utf8")
    ('json2', 'vlen-utf8')
    """
    if isinstance(given, Codec):
        return given.v2_id or given.name
    if isinstance(given, str):
        return given.partition(":")[0].removeprefix("numcodecs.")
    try:
        document = _document(given)
    except MetadataError:
        return ""
    name = document.get("id", document.get("name"))
    return name.removeprefix("numcodecs.") if isinstance(name, str) else ""


def _have(given: Any) -> bool:
    """Whether a codec of another library has a name that is known here."""
    document = _document(given)
    if "id" in document:
        return find(document["id"], 2) is not None
    return find(document["name"], 3) is not None


def _document(given: Any) -> dict[str, Any]:
    """Document of a dict, or of a codec object that can tell one."""
    for method in ("get_config", "to_dict"):
        if hasattr(given, method):
            given = getattr(given, method)()
            break
    if isinstance(given, dict) and ("id" in given or "name" in given):
        return given
    raise MetadataError(
        f"a codec is a codec object, a name such as 'zstd:5', or a dict with 'name' or 'id', "
        f"not {type(given).__name__}: {given!r}"
    )


def _check_members(document: dict[str, Any]) -> None:
    """Refuse parameters beside the configuration, which would count for nothing."""
    for member in sorted(document.keys() - {"name", "configuration", "must_understand"}):
        name, value = document["name"], document[member]
        raise MetadataError(
            "does not belong beside 'name'",
            field=f"{name}.{member}",
            value=value,
            hint=f'{{"name": {name!r}, "configuration": {{{member!r}: {value!r}}}}}',
        )


def _kind(name: str, dialect: int) -> type[Codec]:
    """Class of a codec; a name of the other format will do as well."""
    kinds = [find(name, dialect), find(name, 5 - dialect), find(f"numcodecs.{name}", 3)]
    found = next((kind for kind in kinds if kind is not None), None)
    if found is None and name.removeprefix("numcodecs.") == "pickle":
        raise unknown_codec(name)
    if found is None:
        known = _short_names()
        meant = nearest(name, known)
        hint = f"{meant} known: {', '.join(known)}" if meant else f"known: {', '.join(known)}"
        raise UnsupportedExtensionError("is not known", kind="codec", name=name, hint=hint)
    return found


def _short_names() -> list[str]:
    return sorted({str(each.name).removeprefix("numcodecs.") for each in available_codecs()})


def _from_text(text: str, spec: ChunkSpec | None) -> Codec:
    name, *words = text.split(":")
    kind = _kind(name, 3)
    parameters = kind.parameters()
    if len(words) > len(parameters):
        raise MetadataError(
            f"{text!r} has {len(words)} parameters, but {name} has "
            f"{len(parameters)}: {', '.join(parameters) or 'none'}"
        )
    values = {key: _value(word) for key, word in zip(parameters, words, strict=False) if word}
    if "dtype" in parameters and spec is not None:
        values.setdefault("dtype", spec.dtype.str)
    if "elementsize" in parameters and spec is not None:
        values.setdefault("elementsize", spec.dtype.itemsize)
    if not words and kind is Bytes:
        return kind()  # in a document no order says that there is none
    return kind.from_config(values)


def _value(word: str) -> Any:
    """Read one parameter: an integer, a truth value or a name."""
    if word in ("true", "false"):
        return word == "true"
    try:
        return int(word)
    except ValueError:
        return word
