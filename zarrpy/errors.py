"""Every error that zarrpy raises, as one tree.

::

    ZarrError(Exception)
    ├── MetadataError(ValueError)
    │   ├── UnsupportedExtensionError
    │   └── AttributeNotJSONError(TypeError)
    ├── NodeNotFoundError(FileNotFoundError, KeyError)
    │   ├── ArrayNotFoundError
    │   │   └── StaleArrayError
    │   └── GroupNotFoundError
    ├── NodeExistsError(FileExistsError, ValueError)
    ├── NodeKindError(TypeError)
    │   └── NodeInTheWayError
    ├── SelectionError(IndexError)
    ├── ShapeMismatchError(ValueError)
    │   └── NodeShapeError
    ├── ChunkError
    │   ├── MissingChunkError(KeyError)
    │   ├── CorruptChunkError(ValueError)
    │   │   └── ChecksumError
    │   └── ChunkLimitError
    ├── CodecError(ValueError)
    ├── LimitError(ValueError)
    ├── TransactionError
    ├── StoreError(OSError)
    │   ├── ReadOnlyStoreError(PermissionError, ValueError)
    │   ├── ConflictError
    │   └── LockTimeoutError(TimeoutError)
    └── MissingDependencyError(ImportError)

An error has a message and named fields: fields are for programs, ``str(error)`` is one line
for people, composed from both.  Whoever raises an error says what it knows; whoever passes it
on adds what the place below could not know (`ZarrError.fill`).  The class of NumPy or Python
that other libraries raise in the same situation is always a base, so ``except IndexError``
and its like keep working.
"""

import errno as _errno
import json as _json
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Self

__all__ = [
    "ArrayNotFoundError",
    "AttributeNotJSONError",
    "ChecksumError",
    "ChunkError",
    "ChunkLimitError",
    "CodecError",
    "ConflictError",
    "CorruptChunkError",
    "GroupNotFoundError",
    "LimitError",
    "LockTimeoutError",
    "MetadataError",
    "MissingChunkError",
    "MissingDependencyError",
    "NodeExistsError",
    "NodeInTheWayError",
    "NodeKindError",
    "NodeNotFoundError",
    "NodeShapeError",
    "ReadOnlyStoreError",
    "SelectionError",
    "ShapeMismatchError",
    "StaleArrayError",
    "StoreError",
    "TransactionError",
    "UnsupportedExtensionError",
    "ZarrError",
]

_LONGEST_VALUE = 80
#: The difference from zarr-python that people meet first.
NEVER_CREATES = "open never creates unless asked to; create_array and create_group do"

#: Adds to the text of an error what programs for another library look for in it; set while zarrpy
#: is served in the place of that one.
_also_said: Callable[[str], str] | None = None


def say_also(words: Callable[[str], str] | None) -> None:
    """Let the texts of errors be completed by a function, or by none."""
    global _also_said
    _also_said = words


def also_said(text: str) -> str:
    """Complete the text of an error by what programs look for, where that is asked for."""
    return text if _also_said is None else _also_said(text)


class ZarrError(Exception):
    """The base of every error of zarrpy.

    Parameters
    ----------
    message : str
        What went wrong, without the facts that the fields carry.
    **fields
        The fields of the class; a field that is not given is None.

    Attributes
    ----------
    message : str
        The message alone.
    hint : str or None
        What to do next; shown at the end of the line.

    Examples
    --------
    >>> str(CorruptChunkError("frame is truncated", codec="zstd", chunk=(1, 2), key="c/1/2"))
    "zstd: cannot decode chunk (1, 2) (key 'c/1/2'): frame is truncated"
    """

    fields: ClassVar[tuple[str, ...]] = ("hint",)
    # For the children of OSError: the errno that agrees with the class.
    default_errno: ClassVar[int | None] = None

    message: str
    hint: str | None = None

    def __init__(self, message: str = "", **fields: Any) -> None:
        super().__init__(message)
        self.message = message
        self._assign(fields)
        if self.default_errno is not None and not self._has("errno"):
            self._assign({"errno": self.default_errno})

    def fill(self, **fields: Any) -> Self:
        """Set those of the given fields that are not set yet; return the error itself."""
        self._assign({name: value for name, value in fields.items() if not self._has(name)})
        return self

    def _assign(self, fields: dict[str, Any]) -> None:
        for name, value in fields.items():
            if name not in self.fields:
                known = ", ".join(sorted(self.fields))
                raise TypeError(f"{type(self).__name__} has no field {name!r}; it has {known}")
            setattr(self, name, value)

    def _has(self, name: str) -> bool:
        return getattr(self, name, None) is not None

    def _text(self) -> str:
        """Compose message and fields; the hint comes after."""
        return self.message

    def __str__(self) -> str:
        text = also_said(self._text())
        return text if self.hint is None else f"{text} -> {self.hint}"

    def __reduce__(self) -> tuple[Callable[..., "ZarrError"], tuple[Any, ...], dict[str, Any]]:
        values = {name: getattr(self, name) for name in self.fields if self._has(name)}
        return _rebuild, (type(self), self.message, values), self.__dict__.copy()


def _rebuild(cls: type[ZarrError], message: str, fields: dict[str, Any]) -> ZarrError:
    return cls(message, **fields)


def _shown(value: object) -> str:
    """Show a value as JSON where it is JSON, and cut it where it is long."""
    try:
        text = _json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 3] + "..."


def _quote(place: str) -> str:
    from shlex import quote  # only on the way to an error

    return quote(place)


def _prefixed(place: object, text: str) -> str:
    """Put the place before the text, unless the text begins with it already."""
    known = place in (None, "") or text.startswith(f"{place}: ")
    return text if known else f"{place}: {text}"


def _about_node(path: str | None, text: str) -> str:
    """Put the path of a node before the text, unless the text names it already."""
    return text if not path or repr(path) in text else f"{path!r}: {text}"


class MetadataError(ZarrError, ValueError):
    """A metadata document, or a request for one, is not valid.

    The message is a predicate of `field` ("must be a list of integers"); `path` is the
    document, `value` what was found there.
    """

    fields = (*ZarrError.fields, "path", "field", "value")

    path: str | None = None
    field: str | None = None
    value: Any = None

    def _has(self, name: str) -> bool:
        return name in self.__dict__ if name == "value" else super()._has(name)

    def _text(self) -> str:
        text = self.message if self.field is None else f"{self.field} {self.message}"
        if self._has("value"):
            found = _shown(self.value)
            text += f", not {found}" if self.message.startswith("must ") else f" ({found})"
        return _prefixed(self.path, text)


class UnsupportedExtensionError(MetadataError):
    """A codec, data type, chunk grid, key encoding or transformer is not known here."""

    fields = (*MetadataError.fields, "kind", "name")

    kind: str | None = None
    name: str | None = None

    def _text(self) -> str:
        text = self.message
        if self.name is not None and repr(self.name) not in text:
            text = f"{self.kind or 'extension'} {self.name!r} {text}"
        if self.field is not None and "[" in self.field:  # one of several
            text = f"{self.field}: {text}"
        return _prefixed(self.path, text)


class AttributeNotJSONError(MetadataError, TypeError):
    """An attribute has no form in JSON; `key_path` leads to it."""

    fields = (*MetadataError.fields, "key_path")

    key_path: tuple[str | int, ...] | None = None

    def _text(self) -> str:
        if self.key_path is None:
            return super()._text()
        place = "attrs" + "".join(f"[{step!r}]" for step in self.key_path)
        return _prefixed(self.path, f"{place} {self.message}")


class NodeNotFoundError(ZarrError, FileNotFoundError, KeyError):
    """There is no array and no group at `path`; `nearest` names what is like it."""

    fields = (*ZarrError.fields, "path", "nearest", "errno")
    default_errno = _errno.ENOENT

    path: str | None = None
    nearest: Iterable[str] | None = None

    def _text(self) -> str:
        text = _about_node(self.path, self.message)
        names = [self.nearest] if isinstance(self.nearest, str) else list(self.nearest or ())
        return text if not names else f"{text}; nearest: {', '.join(map(repr, names))}"


class ArrayNotFoundError(NodeNotFoundError):
    """There is no array at `path`."""


class StaleArrayError(ArrayNotFoundError):
    """Another array is at `path` than when it was opened; opening it again gives that one."""

    default_errno = _errno.ESTALE


class GroupNotFoundError(NodeNotFoundError):
    """There is no group at `path`."""


class NodeExistsError(ZarrError, FileExistsError, ValueError):
    """There is an array or a group at `path` already."""

    fields = (*ZarrError.fields, "path", "errno")
    default_errno = _errno.EEXIST

    path: str | None = None

    def _text(self) -> str:
        return _about_node(self.path, self.message)


class NodeKindError(ZarrError, TypeError):
    """An array where a group was asked, a group where an array was, or no Zarr at all."""

    fields = (*ZarrError.fields, "path", "found")

    path: str | None = None
    found: str | None = None

    def _text(self) -> str:
        return _about_node(self.path, self.message)


class NodeInTheWayError(NodeKindError, NodeExistsError):
    """There is a node of the other kind at `path`: it would have to go first."""

    fields = tuple(dict.fromkeys((*NodeKindError.fields, *NodeExistsError.fields)))


class SelectionError(ZarrError, IndexError):
    """A selection does not fit the array."""

    fields = (*ZarrError.fields, "array", "selection", "shape")

    array: str | None = None
    selection: Any = None
    shape: tuple[int, ...] | None = None

    def _text(self) -> str:
        return _about_node(self.array, self.message)


class ShapeMismatchError(ZarrError, ValueError):
    """A value does not have the shape of the place it is written to."""

    fields = (*ZarrError.fields, "array", "expected", "actual")

    array: str | None = None
    expected: tuple[int, ...] | None = None
    actual: tuple[int, ...] | None = None

    def _text(self) -> str:
        return _about_node(self.array, self.message)


class ChunkError(ZarrError):
    """Something is wrong with one stored chunk."""

    fields = (*ZarrError.fields, "array", "chunk", "key", "offset")

    array: str | None = None
    chunk: tuple[int, ...] | None = None
    key: str | None = None
    offset: int | None = None

    def next_step(self, place: str, in_memory: bool = False) -> str | None:
        """Say what whoever read the array at a place may do next, as a hint."""
        return None

    def _place(self) -> str:
        """Name the chunk: ``chunk (1, 2) of 't2m' (key 'c/1/2', byte 16)``."""
        words = []
        if self.chunk is not None:
            words.append(f"chunk {tuple(int(i) for i in self.chunk)}")
        if self.array is not None:
            words.append(f"of {self.array!r}" if words else f"a chunk of {self.array!r}")
        details = []
        if self.key is not None:
            details.append(f"key {self.key!r}")
        if self.offset is not None:
            details.append(f"byte {self.offset}")
        if details:
            words.append(f"({', '.join(details)})" if words else f"chunk ({', '.join(details)})")
        return " ".join(words)

    def _text(self) -> str:
        place = self._place()
        return f"{place}: {self.message}" if place else self.message


class MissingChunkError(ChunkError, KeyError):
    """A chunk is absent, and the caller asked that this be an error."""

    def next_step(self, place: str, in_memory: bool = False) -> str | None:
        """Name what lists all that are absent, and what reads around them."""
        verify = "zarrpy.verify(array.store, missing=True)"
        if not in_memory:
            verify = f"zarrpy verify {_quote(place)} --missing"
        return f"{verify} names all that are missing; missing='fill' or 'mask' reads around them"

    def _text(self) -> str:
        place = self._place()
        if not place:
            return self.message
        return f"{place} is missing: {self.message}" if self.message else f"{place} is missing"


class CorruptChunkError(ChunkError, ValueError):
    """One stored chunk cannot be decoded."""

    fields = (*ChunkError.fields, "codec")

    codec: str | None = None

    def next_step(self, place: str, in_memory: bool = False) -> str | None:
        """Name what finds all damage, and what sets it aside."""
        if in_memory:
            return "zarrpy.verify(array.store, deep=True) names all that is damaged"
        return (
            f"zarrpy verify {_quote(place)} --deep names all that is damaged, "
            "zarrpy repair sets it aside"
        )

    def _text(self) -> str:
        place = self._place()
        text = f"cannot decode {place}: {self.message}" if place else self.message
        return text if self.codec is None else f"{self.codec}: {text}"


class ChecksumError(CorruptChunkError):
    """The checksum of a stored chunk does not agree with its bytes."""

    fields = (*CorruptChunkError.fields, "expected", "actual")

    expected: int | None = None
    actual: int | None = None

    def _text(self) -> str:
        text = super()._text()
        if self.expected is None or self.actual is None:
            return text
        return f"{text} (stored {self.expected:#010x}, computed {self.actual:#010x})"


class CodecError(ZarrError, ValueError):
    """A codec has a bad configuration, or was given a value it cannot encode.

    `path` is the document that has the configuration, where it was read from one.
    """

    fields = (*ZarrError.fields, "codec", "direction", "path")

    codec: str | None = None
    direction: str | None = None
    path: str | None = None

    def _text(self) -> str:
        text = self.message
        if self.direction is not None:
            text = f"cannot {self.direction}: {text}"
        return _prefixed(self.path, text if self.codec is None else f"{self.codec}: {text}")


class NodeShapeError(ShapeMismatchError, NodeKindError):
    """There is an array of another shape than was asked for at `path`."""

    fields = tuple(dict.fromkeys((*ShapeMismatchError.fields, *NodeKindError.fields)))


class LimitError(ZarrError, ValueError):
    """More was asked than a limit allows; `path` is the document that asks, where one does."""

    fields = (*ZarrError.fields, "limit", "asked", "path")

    limit: int | None = None
    asked: int | None = None
    path: str | None = None

    def _text(self) -> str:
        text = _prefixed(self.path, self.message)
        if self.limit is None or self.asked is None:
            return text
        return f"{text} (asked {self.asked}, limit {self.limit})"


class ChunkLimitError(ChunkError, LimitError):
    """One chunk is more bytes than a limit allows; it may be sound all the same."""

    fields = (*ChunkError.fields, "codec", *LimitError.fields[len(ZarrError.fields) :])

    codec: str | None = None

    def next_step(self, place: str, in_memory: bool = False) -> str | None:
        """Name the limit."""
        return "raise config.limits.max_chunk_bytes, if you trust who wrote it"

    def _text(self) -> str:
        text = f"{self._place()} {self.message}".lstrip()
        return text if self.codec is None else f"{self.codec}: {text}"


#: Errors whose `path` is a document, where they are about one.
ABOUT_DOCUMENTS = (MetadataError, CodecError, LimitError)


class TransactionError(ZarrError):
    """A transaction cannot be begun, joined or committed."""


class StoreError(ZarrError, OSError):
    """A store could not do what was asked of it; `errno` may say why.

    `transient` tells whether the same may succeed a little later, where the store knows.
    """

    fields = (*ZarrError.fields, "store", "key", "operation", "attempts", "errno", "transient")

    store: str | None = None
    key: str | None = None
    operation: str | None = None
    attempts: int | None = None
    transient: bool | None = None

    def _text(self) -> str:
        words = []
        if self.operation is not None:
            words.append(f"cannot {self.operation}")
        if self.key is not None and repr(self.key) not in self.message:
            words.append(repr(self.key))
        if self.store is not None and str(self.store) not in self.message:
            words.append(f"in {self.store}" if words else str(self.store))
        text = f"{' '.join(words)}: {self.message}" if words else self.message
        tried = self.attempts is not None and self.attempts > 1
        return f"{text} (after {self.attempts} attempts)" if tried else text


class ReadOnlyStoreError(StoreError, PermissionError, ValueError):
    """A write was asked of a store, array or group that is open for reading only."""

    default_errno = _errno.EACCES


class ConflictError(StoreError):
    """Somebody else changed the value between our reading and our writing it."""


class LockTimeoutError(StoreError, TimeoutError):
    """A lock was not free in time."""

    default_errno = _errno.ETIMEDOUT


class MissingDependencyError(ZarrError, ImportError):
    """An optional dependency is not installed; `command` would install it."""

    fields = (*ZarrError.fields, "extra", "command")

    extra: str | None = None
    command: str | None = None

    def _text(self) -> str:
        if self.command is None or self.hint is not None or self.command in self.message:
            return self.message
        return f"{self.message} -> {self.command}"


def __getattr__(name: str) -> type[Exception]:
    from importlib import import_module

    if not name.startswith("_"):  # what zarr-python calls them
        found: type[Exception] | None = import_module("zarrpy.compat.errors").NAMES.get(name)
        if found is not None:
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
