"""Sets of references as kerchunk writes them into JSON: keys, and where their bytes are."""

from __future__ import annotations

import base64
import binascii
import gzip
import json
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from zarrpy.errors import StoreError
from zarrpy.stores.reference_template import expanded, rendered

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"


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
        entry = self._entries.get(key)
        if entry is None:
            return None
        if isinstance(entry, str):
            return _inline(key, entry)
        if isinstance(entry, dict):
            return json.dumps(entry).encode()
        match entry:
            case [str(url)]:
                return Piece(self._url(url))
            case [str(url), int(offset), int(length)] if offset >= 0 and length >= 0:
                return Piece(self._url(url), offset, length)
        raise StoreError(
            f"{json.dumps(entry)[:100]} is no reference: text, [url] or [url, offset, length]",
            key=key,
            operation="get",
        )

    def _url(self, url: str) -> str:
        return rendered(url, self._templates) if self._templates and "{{" in url else url

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
    """
    data = bytes(data)
    if data.startswith(_GZIP):
        data = gzip.decompress(data)
    if data.startswith(_ZSTD):
        raise StoreError("references packed by zstd are not read", hint="unpack the file")
    try:
        document = json.loads(data)
    except ValueError as error:
        raise StoreError(f"it is no JSON: {error}") from error
    if not isinstance(document, dict):
        raise StoreError("references have to be an object of JSON")
    return document


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
        return text.encode()
    try:
        return base64.b64decode(text[len("base64:") :], validate=True)
    except binascii.Error as error:
        raise StoreError(f"its value is no base64: {error}", key=key, operation="get") from error
