"""The whole vocabulary between operations and stores."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

if TYPE_CHECKING:
    from zarrpy._native.batch import Directory
    from zarrpy.stores.base import Bytes

T = TypeVar("T")


class Batch(Protocol):
    """Chunks to read or write together; native or in Python, nobody asks which."""

    native: bool

    @property
    def ntasks(self) -> int: ...
    @property
    def nbytes(self) -> int: ...
    @property
    def writing(self) -> bool: ...
    @property
    def nabsent(self) -> int: ...
    def name_keys(self, prefix: str, separator: str, zero: str) -> None: ...
    def use_directory(self, directory: Directory) -> None: ...
    def open_window(self, first: int, last: int) -> None: ...
    def keys(self) -> list[str]: ...
    def covered(self) -> list[bool]: ...
    def feed(self, values: list[Any]) -> None: ...
    def run(self) -> None: ...
    def cancel(self) -> None: ...
    def results(self) -> list[bytes | None]: ...
    def check(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Fetch:
    """Read values. Answer: a list, None for what does not exist."""

    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Put:
    """Replace values, in this order."""

    items: tuple[tuple[str, Bytes], ...]


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete keys, in this order; absent ones are no error."""

    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeletePrefix:
    """Delete every key that starts with a prefix."""

    prefix: str


@dataclass(frozen=True, slots=True)
class ListNames:
    """List the names directly below a prefix. Answer: a sorted list."""

    prefix: str


@dataclass(frozen=True, slots=True)
class Run:
    """Fetch, decode, encode and put the chunks of the array at `path`."""

    batch: Batch
    path: str


Request: TypeAlias = Fetch | Put | Delete | DeletePrefix | ListNames | Run
#: What an operation is while it runs: it yields requests and is sent their answers.
Steps: TypeAlias = Generator[Request, Any, T]
