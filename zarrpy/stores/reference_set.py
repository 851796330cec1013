"""Sets of references as kerchunk writes them into JSON: keys, and where their bytes are."""

from __future__ import annotations

import base64
import gzip
import io
import json
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from zarrpy.config import config
from zarrpy.errors import LimitError, StoreError
from zarrpy.stores.reference_template import expanded, rendered, shown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_ABSENT = object()
#: Files have no bytes from there on.
_END = 2**63


class Piece(NamedTuple):
    """A part of a file.

    Attributes
    ----------
    url : str
    offset : int
    length : int
        -1 means up to the end.
    """

    url: str
    offset: int = 0
    length: int = -1


class ReferenceSet(Protocol):
    """Where the bytes of keys are."""

    def find(self, key: str) -> bytes | Piece | None:
        """Give the value itself or say where it is; None when there is no such key."""

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys that start with a prefix."""

    def names(self, prefix: str) -> set[str]:
        """Name the keys directly below a prefix."""

    @property
    def folders(self) -> Collection[str]:
        """What keys lie below: all that comes before the last slash of one."""


class JsonReferences:
    """References of a document, of version 0 or 1.

    Parameters
    ----------
    document : mapping
        Keys with text, ``"base64:..."``, ``[url]`` or ``[url, offset, length]``; of version 1 with
        ``version``, ``refs``, ``templates`` and ``gen`` around them.

    Raises
    ------
    StoreError
        When it is no such document.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        if "zarr_format" in document:
            raise StoreError(
                "it is a document of a node, and no set of references",
                hint="open the folder that it lies in",
            )
        version = document.get("version", 0)
        if version == 0 or isinstance(version, str | list):
            self._entries = dict(document)
            self._templates: dict[str, str] = {}
        elif version == 1:
            refs, templates = document.get("refs", {}), document.get("templates", {})
            if not isinstance(refs, dict) or not isinstance(templates, dict):
                raise StoreError("'refs' and 'templates' of references have to be objects")
            self._templates = templates
            made = expanded(document.get("gen", ()), templates)
            self._entries = {**refs, **made}
        else:
            raise StoreError(f"references of version {version!r} are not known, but of 0 and 1")
        self.folders = folders_of(self._entries)

    def find(self, key: str) -> bytes | Piece | None:
        """Give the value itself or say where it is; None when there is no such key."""
        entry = self._entries.get(key, _ABSENT)
        if entry is _ABSENT:
            return None
        if isinstance(entry, str):
            return _inline(key, entry)
        if isinstance(entry, dict):
            return _of_object(key, entry)
        match entry:
            case [str(url)]:
                return Piece(self._url(key, url))
            case [str(url), int(offset), int(length)] if _is_range(offset, length):
                return Piece(self._url(key, url), offset, length)
        raise _refused(key, f"{shown(entry)} is no reference: text, [url] or [url, offset, length]")

    def _url(self, key: str, url: str) -> str:
        try:
            if self._templates and "{{" in url:
                url = rendered(url, self._templates)
        except StoreError as error:
            raise error.fill(key=key, operation="get") from None
        _encoded(key, url)
        return url

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys that start with a prefix."""
        return (key for key in self._entries if key.startswith(prefix))

    def names(self, prefix: str) -> set[str]:
        """Name the keys directly below a prefix."""
        return names_below(prefix, self._entries)


def parsed(data: bytes | bytearray | memoryview) -> dict[str, Any]:
    """Read the text of a document, which may be packed by gzip.

    Raises
    ------
    StoreError
        When it is no object of JSON.
    LimitError
        When it is packed, and larger than documents may be.
    """
    data = bytes(data)
    if data.startswith(_GZIP):
        data = _unpacked(data)
    if data.startswith(_ZSTD):
        raise StoreError("references packed by zstd are not read", hint="unpack the file")
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise StoreError(f"it is no JSON: {error}") from error
    if not isinstance(document, dict):
        raise StoreError("references have to be an object of JSON")
    return document


def _unpacked(data: bytes) -> bytes:
    """Unpack a file, but no more of it than a document may have."""
    limit = config.limits.metadata_bytes
    try:
        with gzip.open(io.BytesIO(data)) as file:
            found = file.read(limit + 1)
    except (EOFError, OSError, zlib.error) as error:
        raise StoreError(f"it begins as a file of gzip, and is none: {error}") from error
    if len(found) > limit:
        raise LimitError(
            f"references packed by gzip have more than {limit} bytes",
            hint="raise config.limits.metadata_bytes, or unpack the file",
        )
    return found


def folders_of(keys: Collection[str]) -> set[str]:
    """Name all that keys lie below."""
    direct = {key.rpartition("/")[0] for key in keys}
    folders = set(direct)
    for folder in direct:
        while folder:
            folder = folder.rpartition("/")[0]
            folders.add(folder)
    return folders - {""}


def names_below(prefix: str, keys: Iterable[str]) -> set[str]:
    """Name those of several keys that are directly below a prefix."""
    names = (key[len(prefix) :] for key in keys if key.startswith(prefix))
    return {name for name in names if "/" not in name}


def _inline(key: str, text: str) -> bytes:
    if not text.startswith("base64:"):
        return _encoded(key, text)
    try:
        return base64.b64decode(text[len("base64:") :], validate=True)
    except ValueError as error:
        raise _refused(key, f"its value is no base64: {error}") from error


def _encoded(key: str, text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise _refused(
            key, f"{shown(text)} has half of a surrogate pair, which UTF-8 cannot write"
        ) from error


def _of_object(key: str, entry: dict[str, Any]) -> bytes:
    try:
        return json.dumps(entry).encode()
    except (ValueError, TypeError, RecursionError) as error:
        raise _refused(key, f"its value has no form in JSON: {error}") from error


def _is_range(offset: int, length: int) -> bool:
    """Whether a file may have these bytes; true and false are no numbers in JSON."""
    numbers = not isinstance(offset, bool) and not isinstance(length, bool)
    return numbers and offset >= 0 and length >= 0 and offset + length < _END


def _refused(key: str, message: str) -> StoreError:
    return StoreError(message, key=key, operation="get")
