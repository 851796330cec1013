"""The whole vocabulary between operations and stores."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np

    from zarrpy._native.files import Directory
    from zarrpy._native.tally import Tally
    from zarrpy.engine.ahead import Step
    from zarrpy.engine.locks import Held
    from zarrpy.engine.scheduler import Results
    from zarrpy.engine.watch import Watch
    from zarrpy.metadata.model import NamedConfig
    from zarrpy.stores.base import ByteRange, Bytes, Store, Values

    #: Present and new name of values.
    Pairs: TypeAlias = Sequence[tuple[str, str]]

T = TypeVar("T")


class Batch(Protocol):
    """Chunks to read or write together; native or in Python, nobody asks which."""

    @property
    def native(self) -> bool:
        """Whether C does the work."""

    @property
    def ntasks(self) -> int:
        """Number of chunks of the plan."""

    @property
    def nbytes(self) -> int:
        """Decoded bytes of the selection."""

    @property
    def asked_nbytes(self) -> int:
        """Bytes of the selection in memory."""

    @property
    def writing(self) -> bool:
        """Whether chunks are written."""

    @property
    def nabsent(self) -> int:
        """Chunks read that did not exist."""

    @property
    def index_range(self) -> tuple[int, int] | None:
        """Where the index of a shard lies: offset, negative from the end, and length.

        None when chunks are stored one by one.
        """

    def ranges(self, task: int, index: Any) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Where in its shard a task of the window reads: offsets and lengths, ascending."""

    def name_keys(self, prefix: str, separator: str, zero: str, suffix: str = "") -> None:
        """Say how grid indexes become keys."""

    def use_watch(
        self, document: bytes, marker: bytes | None, state: Any, look: Callable[[], Any]
    ) -> None:
        """Look at the document of the array under the lock of each file that is written."""

    @property
    def watched(self) -> bool:
        """Whether that was done, as it is not when nothing is written."""

    def use_directory(self, directory: Directory) -> None:
        """Read and write files of that directory, the whole plan at once."""

    def use_tally(self, tally: Tally) -> None:
        """Count there what is done, and how long it takes."""

    #: Whether chunks of nothing but the fill value are written, not deleted.
    keep_empty: bool

    def open_window(self, first: int, last: int) -> None:
        """Work on some of the tasks with bytes in hand."""

    def window_keys(self) -> list[str]:
        """Keys of the window's tasks."""

    def keys(self, first: int, last: int) -> list[str]:
        """Keys of the tasks [first, last)."""

    def covered(self) -> list[bool]:
        """Whether each task of the window is written without reading it first."""

    def feed(self, values: list[Any]) -> None:
        """Hand over the stored bytes of the window's tasks."""

    def share(self, nworkers: int) -> None:
        """Say how many will call `run`, so that they keep out of each other's way."""

    def run(self, alone: bool = False) -> None:
        """Work until the window is empty; many threads may do so at once, unless one is alone."""

    def cancel(self) -> None:
        """Make all workers stop after the chunk in hand."""

    def results(self, buffers: bool = False) -> Values:
        """Give the encoded bytes of the window's tasks; None where the chunk is to be deleted."""

    def check(self) -> None:
        """Raise the first error that any worker met."""


@dataclass(frozen=True, slots=True)
class Fetch:
    """Read values. Answer: a list, None for what does not exist."""

    keys: tuple[str, ...]
    #: Of each value the part that is read; None reads whole values.
    ranges: tuple[ByteRange, ...] | None = None
    #: Seconds that the answer may be old; see `zarrpy.engine.recent`.
    max_age: float = 0


@dataclass(frozen=True, slots=True)
class Present:
    """Tell which of several keys have values. Answer: a list."""

    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IsFar:
    """Tell whether each request of the store takes its time and its price, as behind a network."""


@dataclass(frozen=True, slots=True)
class Later:
    """Ask for a way to go on when somebody needs more. Answer: a function that takes steps.

    It is None where more is read at once: by near stores, and by those who await.
    """

    max_age: float = 0


@dataclass(frozen=True, slots=True)
class Put:
    """Replace values, in this order."""

    items: tuple[tuple[str, Bytes], ...]


@dataclass(slots=True, eq=False)
class PutNew:
    """Store a value where there is none. Answer: whether that was done."""

    key: str
    value: Bytes
    #: The answer, for who was cancelled before it could be heard.
    done: bool = False


@dataclass(frozen=True, slots=True)
class Bring:
    """Replace values by those of another store, in any order, where both are made of files.

    Answer: the bytes of each, None for what does not exist; None in all where they are not.
    """

    source: Store
    #: A key of the source and one that is written, each.
    pairs: Pairs
    #: Whether the latter are new, and lie where nobody else looks.
    unmet: bool = False


@dataclass(frozen=True, slots=True)
class Update:
    """Replace a value by what `change` makes of it, with no other writer in between."""

    key: str
    change: Callable[[Bytes | None], bytes]


@dataclass(slots=True)
class Lock:
    """Keep other writers of a key out until the answer, a `Held`, is left as a context."""

    key: str
    #: Set by whoever does not want it any more, while it is waited for.
    cancelled: bool = False

    def cancel(self) -> None:
        """Stop waiting."""
        self.cancelled = True


@dataclass(frozen=True, slots=True)
class Publish:
    """Replace the value of a key whose lock is held; other processes may have the lock then."""

    held: Held
    value: Bytes


@dataclass(frozen=True, slots=True)
class Quiet:
    """Wait for those of this process who hold locks of chunks below a path, each until it is free.

    Who takes one later sees what was written before this request.
    """

    path: str


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete keys, in this order; absent ones are no error."""

    keys: tuple[str, ...]
    #: Between the chunks and the store, where an array names some.
    transformers: tuple[NamedConfig, ...] = ()


@dataclass(frozen=True, slots=True)
class DeletePrefix:
    """Delete every key that starts with a prefix."""

    prefix: str


@dataclass(frozen=True, slots=True)
class ListNames:
    """List the names directly below a prefix. Answer: a sorted list."""

    prefix: str
    #: Leave out what is a value and no part of a path, as far as the store knows.
    folders: bool = False
    #: Seconds that the answer may be old.
    max_age: float = 0


@dataclass(frozen=True, slots=True)
class ListKeys:
    """List every key that starts with a prefix. Answer: a list, in any order."""

    prefix: str


@dataclass(frozen=True, slots=True)
class ListEntries:
    """List everything below a prefix that a deletion would have to remove. Answer: a list.

    Keys, locks, and links: those to directories end in "/" and are not followed.
    """

    prefix: str
    #: Follow links but in a circle, as readers do, and name empty directories, also with "/".
    follow: bool = False


@dataclass(frozen=True, slots=True)
class ListEmpty:
    """List what is below a prefix and leads to no value. Answer: a list.

    Directories in which there is nothing, which end in "/", and links to nothing.
    """

    prefix: str


@dataclass(frozen=True, slots=True)
class ListSizes:
    """List the keys below a prefix with the bytes of their values. Answer: a list of pairs."""

    prefix: str


@dataclass(frozen=True, slots=True)
class Size:
    """Tell the bytes of values. Answer: a list, None for what does not exist.

    None in all where the store would have to read the values.
    """

    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class State:
    """Tell what is the same only as long as a document does not change.

    Answer: that, None where nobody knows, and whether it is another one only when the document was
    written again.
    """

    key: str


@dataclass(frozen=True, slots=True)
class ReadAbove:
    """Read values of these names above the store's root. Answer: pairs of place and value."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Enclosing:
    """Find what the store's root lies in that has a value of one of these names.

    Answer: pairs of a store and the path of this store's root in it.
    """

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tidy:
    """Remove what deleted keys below a prefix have left, such as empty directories."""

    prefix: str


@dataclass(frozen=True, slots=True)
class Move:
    """Give names to values, in this order; if one fails, those before it are taken back.

    The directory at `path` keeps a record until all is done, by which `Restore` takes them back
    after a process was killed. Where each rename is several requests, what leaves is deleted
    instead, when the documents have left, and `Restore` does the rest. Answer: whether nothing is
    left of what was beside the node.

    Parameters
    ----------
    path : str
        Of the node that they belong to.
    moves : tuple of (str, str), or a function that gives steps to such
        Present and new key, or directory where a store is made of files. Steps are taken while
        nobody else moves anything of this node.
    late : a function that gives steps to more of them, optional
        Taken when the documents of the node have left, so that nobody begins to write chunks to it
        any more; what they tell leaves next.
    """

    path: str
    moves: Pairs | Callable[[], Steps[Pairs]]
    late: Callable[[], Steps[Pairs]] | None = None


@dataclass(frozen=True, slots=True)
class Restore:
    """Take back a `Move` at `path` that never ended. Answer: whether there was one."""

    path: str


@dataclass(frozen=True, slots=True)
class Settle:
    """Make a store whole for others to read, before the work that wrote it counts as done."""


@dataclass(frozen=True, slots=True)
class Sync:
    """Let all values below a path last."""

    path: str


@dataclass(frozen=True, slots=True)
class Recover:
    """Complete transactions that killed processes left at nodes. Answer: whether there were any."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """Fetch, decode, encode and put the chunks of the array at `path`."""

    batch: Batch
    path: str
    #: Bytes of the largest chunk, decoded.
    chunk_nbytes: int = 0
    #: Of the chunks inside it, where it is a shard.
    inside_nbytes: int | None = None
    #: For all chunks in work together; None leaves it to what the work goes best with.
    max_memory: int | None = None
    #: Between the chunks and the store, where an array names some.
    transformers: tuple[NamedConfig, ...] = ()
    #: Where this is a step of a scan, perhaps, whose next chunks are fetched ahead.
    step: Step | None = None
    #: Sees to it that these are the chunks of the array that is meant.
    watch: Watch | None = None
    #: Whether the array has its document when all chunks are stored: nothing may be there yet.
    unborn: bool = False


@dataclass(frozen=True, slots=True)
class Flush:
    """Write what a buffer has collected, which may have to wait for others who do."""

    #: Given a function that runs steps to their end.
    work: Callable[[Callable[[Steps[Any]], Any]], None]


@dataclass(frozen=True, slots=True)
class Foretell:
    """Say what others are going to store, of the chunks of an array or under some keys."""

    path: str | None = None
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Take:
    """Wait for the next result of a stream. Answer: it, or None when there are no more."""

    stream: Results[Any, Any]


@dataclass(frozen=True, slots=True)
class Close:
    """End a stream; nothing of it is at work when this is answered."""

    stream: Results[Any, Any]


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Do what a request asks in another store. Answer: that of the request."""

    store: Store
    request: Request


@dataclass(frozen=True, slots=True)
class Commit:
    """From here on the operation is finished, even when it is cancelled.

    What it did before is not to be seen by anybody, or is taken away again; what follows makes
    sense only as a whole. The cancellation goes on when all is done.
    """


Request: TypeAlias = (
    Fetch
    | Present
    | IsFar
    | Later
    | Put
    | PutNew
    | Bring
    | Update
    | Lock
    | Publish
    | Quiet
    | Delete
    | DeletePrefix
    | ListNames
    | ListKeys
    | ListEntries
    | ListEmpty
    | ListSizes
    | Size
    | State
    | ReadAbove
    | Enclosing
    | Tidy
    | Move
    | Restore
    | Recover
    | Settle
    | Sync
    | Run
    | Flush
    | Foretell
    | Take
    | Close
    | Elsewhere
    | Commit
)
#: What an operation is while it runs: it yields requests and is sent their answers.
Steps: TypeAlias = Generator[Request, Any, T]
