"""Files of a local store that change together: staged, then renamed; a record completes the rest.

What a transaction writes lies in a directory of its own in the root, the journal, which is locked
as long as its process lives.  To commit, the locks of all keys are taken, so that other writers of
any process wait, what was met is compared with what is there, and the record is written.  From
then on the transaction counts: each staged file is renamed over its key, and whoever finds the
journal of a process that was killed does the rest of that before reading.  A marker in the
directory of each node leads there.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from zarrpy.errors import LockTimeoutError, MetadataError, StoreError, TransactionError
from zarrpy.metadata.names import DOCUMENTS, GUARD, TRANSACTION, check_key
from zarrpy.notice import warn
from zarrpy.stores.local import LocalStore
from zarrpy.stores.stage import check_unchanged, digest
from zarrpy.stores.syncing import sync_below, sync_directories

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

    from zarrpy._native.files import KeyLock
    from zarrpy.stores.base import Store
    from zarrpy.stores.stage import Changes, Late, Seen

_RECORD = "record"
_STAGED = "new"
_NAME = re.compile(re.escape(TRANSACTION) + r"-[0-9a-f]{32}\Z", re.ASCII)
#: What reading JSON of anybody may raise; lists within lists go deeper than Python does.
_NOT_JSON = (ValueError, KeyError, TypeError, RecursionError)
#: Descriptors that are left to others, besides those of locks.
_SPARE = 64


class _Staged(LocalStore):
    """What is staged, which is synced all together when it is committed."""

    lasting = False


class CommitJournal:
    """What one transaction changes in a local store.

    Parameters
    ----------
    store : LocalStore
    """

    cheap = True

    def __init__(self, store: LocalStore) -> None:
        store.check_writable("begin a transaction", "")
        self._store = store
        self._name = f"{TRANSACTION}-{uuid4().hex}"
        self._alive = store.exclusive(self._name)
        self.upper: Store = _Staged(os.path.join(store.root, self._name, _STAGED))

    def state(self, key: str) -> Hashable:
        """Tell the state of the file, or of a young one a digest."""
        stamp = self._store.stamp(key)
        return stamp if isinstance(stamp, tuple) else digest(self._store.get(key))

    def _is_unchanged(self, key: str, state: Hashable) -> bool:
        if isinstance(state, tuple):
            return self._store.stamp(key) == state
        return digest(self._store.get(key)) == state

    def commit(self, changes: Changes, seen: Seen, nodes: Mapping[str, str], late: Late) -> None:
        """Make all changes or none."""
        # open handles look at documents, also at those that stay what they are
        looked = [document for document in nodes.values() if document not in changes]
        keys = [*looked, *sorted(changes, key=lambda key: (_rank(key, changes[key]), key))]
        with _locked(self._store, [*_guards(nodes), *keys]) as locks:
            check_unchanged([k for k, state in seen.items() if not self._is_unchanged(k, state)])
            check_unchanged(late())
            met = _met(self._store, self._name, keys)
            self._stage_as_they_are(looked)
            gone = [key for key in changes if not changes[key]]
            record = {"keys": keys, "gone": gone, "nodes": list(nodes), **met}
            self._write_down(record)
            _complete(self._store, self._name, record, locks, lasting=self._store.lasting)
        _clear(self._store, self._name, record)

    def _stage_as_they_are(self, documents: Sequence[str]) -> None:
        for key in documents:
            value = self._store.get(key)
            if value is None:
                check_unchanged([key])
            else:
                self.upper.set(key, value)

    def _write_down(self, record: dict[str, Any]) -> None:
        """Write the record, after which the transaction counts, whatever happens."""
        store = self._store
        if store.lasting:
            try:
                sync_below(os.path.join(store.root, self._name))
            except OSError as error:
                reason = error.strerror or str(error)
                raise StoreError(
                    f"nothing of the transaction was written, as it cannot be synced: {reason}",
                    store=repr(store),
                    key=self._name,
                    operation="commit",
                    errno=error.errno,
                ) from error
        try:
            for node in record["nodes"]:
                way = {"journal": self._name, "up": node.count("/") + 1 if node else 0}
                store.set(_key(node, TRANSACTION), json.dumps(way).encode())
            store.set(f"{self._name}/{_RECORD}", json.dumps(record).encode())
        except BaseException:
            self._take_back(record)
            raise

    def _take_back(self, record: dict[str, Any]) -> None:
        for key in (f"{self._name}/{_RECORD}", *_markers(record)):
            with suppress(StoreError):
                self._store.delete(key)

    def discard(self) -> None:
        """Forget all that was staged, and let go."""
        folder = os.path.join(self._store.root, self._name)
        if not os.path.lexists(os.path.join(folder, _RECORD)):
            shutil.rmtree(folder, ignore_errors=True)
        self._alive.__exit__()


def recover(store: LocalStore, path: str) -> bool:
    """Complete the transaction that a marker at a node leads to; waits for one that is at work.

    Given the name of a journal instead, complete that one, or remove what never came to a commit;
    then one that is at work is left alone. Given the key of a marker, remove that if it leads to
    nothing.

    Returns
    -------
    bool
        Whether there was something to do.

    Raises
    ------
    TransactionError
        When it cannot be completed.
    """
    if _NAME.match(path):
        with suppress(LockTimeoutError):
            return _recover_at(store, path, patience=0)
        return False
    folder, _, last = path.rpartition("/")
    if last == TRANSACTION:
        return _removed_if_lost(store, folder)
    found = _led(store, path)
    if found is None:
        return False
    home, name, marker = found
    _recover_at(home, name)
    with suppress(StoreError):
        home.delete(marker)
    return True


def _removed_if_lost(store: LocalStore, path: str) -> bool:
    """Remove a marker whose journal is gone, as in the directory of a node that was deleted."""
    found = _led(store, path)
    if found is None:
        return False
    home, name, marker = found
    if os.path.lexists(os.path.join(home.root, name)):
        return False
    home.delete(marker)
    return True


def is_cut_off(store: LocalStore, path: str) -> bool:
    """Whether a marker leads to a transaction whose process was killed while it committed."""
    found = _led(store, path)
    if found is None:
        return False
    home, name, _ = found
    if not os.path.lexists(os.path.join(home.root, name, _RECORD)):
        return False
    try:
        with home.exclusive(name, 0):
            return os.path.lexists(os.path.join(home.root, name, _RECORD))
    except LockTimeoutError:
        return False


def _led(store: LocalStore, path: str) -> tuple[LocalStore, str, str] | None:
    """Follow a marker: the store that has the journal, its name, and the key of the marker."""
    value = store.get(_key(path, TRANSACTION))
    if value is None:
        return None
    try:
        way = json.loads(bytes(value))
        name, up = way["journal"], way["up"]
        if not (isinstance(name, str) and _NAME.match(name) and type(up) is int and up >= 0):
            raise ValueError(way)
    except _NOT_JSON as error:
        raise TransactionError(
            f"{store.place_of(_key(path, TRANSACTION))!r} is no marker of a transaction",
            hint="if no zarrpy writes there, delete it",
        ) from error
    folders = [part for part in path.split("/") if part]
    root, marker = store.root, _key(path, TRANSACTION)
    for _ in range(up - len(folders)):  # opened deeper than the writer had its root
        outer, last = os.path.split(root)
        if outer == root:  # that of the file system: a stranger may say anything
            break
        root, marker = outer, f"{last}/{marker}"
    if up > len(folders):
        if not os.path.isdir(os.path.join(root, name)):
            root, marker = store.root, _key(path, TRANSACTION)  # nothing there: only the marker
    elif folders[: len(folders) - up]:
        above = folders[: len(folders) - up]
        root = os.path.join(root, *above)
        marker = "/".join([*folders[len(above) :], TRANSACTION])
    return LocalStore(root, read_only=store.read_only), name, marker


def _recover_at(store: LocalStore, name: str, patience: float | None = None) -> bool:
    """Do what is left of a commit, or forget what never came to one."""
    folder = os.path.join(store.root, name)
    if not os.path.isdir(folder) or os.path.islink(folder):
        return False
    if store.read_only:
        return True
    try:
        with store.exclusive(name, patience):
            value = store.get(f"{name}/{_RECORD}")
            record = {"nodes": []} if value is None else _checked(store, name, value)
            if value is not None:
                with _locked(store, [*_guards(record["nodes"]), *record["keys"]]) as locks:
                    keys = _not_written_since(store, name, record)
                    # always lasting: whoever was killed may have said so
                    _complete(store, name, {**record, "keys": keys}, locks, lasting=True)
            _clear(store, name, record)
    except LockTimeoutError:
        raise
    except (StoreError, OSError) as error:
        raise TransactionError(
            f"a writer was killed while it committed a transaction to {store.root!r}, and it "
            f"cannot be completed: {error}",
            hint="open it once where it may be written",
        ) from error
    return True


def _checked(store: LocalStore, name: str, value: Any) -> dict[str, Any]:
    """Read a record, which may be anybody's: nothing of it leads out of the root."""
    try:
        record: dict[str, Any] = json.loads(bytes(value))
        for key in (*record["keys"], *record["gone"], *filter(None, record["nodes"])):
            check_key(key)
        since, young = record.get("since", 0), record.get("young", {})
        if type(since) is not int or not isinstance(young, dict):
            raise ValueError(record)
        strange = _leading_elsewhere(store, name, record)
    except (*_NOT_JSON, MetadataError) as error:
        raise TransactionError(f"{store.place_of(name)!r} has no record: {error}") from error
    if strange is not None:
        raise TransactionError(f"{strange!r} of {store.place_of(name)!r} leads elsewhere")
    return record


def _leading_elsewhere(store: LocalStore, name: str, record: dict[str, Any]) -> str | None:
    """Find a key of a record whose directory a link leads to; None when there is none.

    Directories of deleted keys and of nodes count as well: empty ones are removed, and locks and
    markers lie in them.
    """
    root = os.path.join(os.path.realpath(store.root), "")
    staged = os.path.join(root, name, _STAGED, "")
    keys: list[str] = [*record["keys"], *record["gone"]]
    found = {key.rpartition("/")[0]: key for key in keys}
    found |= {node: node for node in record["nodes"]}
    for folder, key in found.items():
        for inside in (staged, root):
            place = os.path.realpath(os.path.join(inside, folder))
            if not os.path.join(place, "").startswith(inside):
                return key
    return None


def _met(store: LocalStore, name: str, keys: Iterable[str]) -> dict[str, Any]:
    """Tell by the clock of files when all locks were held, and which files are not older.

    Others write later than that, by a clock that may stand still for some milliseconds; what they
    write is another file than one of the same time that was there before.
    """
    folder = os.path.join(store.root, name)
    try:
        os.makedirs(folder, exist_ok=True)
        os.utime(folder)
        since = os.stat(folder).st_mtime_ns
        there = {key: _file(store, key) for key in keys}
    except OSError as error:
        raise StoreError(
            f"nothing of the transaction was written: {error.strerror}",
            store=repr(store),
            key=name,
            operation="commit",
            errno=error.errno,
        ) from error
    young = {key: file for key, file in there.items() if file and file[-1] >= since}
    return {"since": since, "young": young}


def _file(store: LocalStore, key: str) -> list[int] | None:
    """Tell what a file is, and when it was changed."""
    try:
        found = os.stat(os.path.join(store.root, key))
    except (FileNotFoundError, NotADirectoryError):
        return None
    return [found.st_ino, found.st_size, found.st_mtime_ns]


def _not_written_since(store: LocalStore, name: str, record: dict[str, Any]) -> list[str]:
    """Name the keys of a record but those that others have written after its process ended."""
    since, young = record.get("since"), record.get("young", {})
    if since is None:  # of an earlier version
        since = os.stat(os.path.join(store.root, name, _RECORD)).st_mtime_ns + 1
    keys: list[str] = []
    others: list[str] = []
    for key in record["keys"]:
        found = _file(store, key)
        staged = os.path.join(store.root, name, _STAGED, key)
        if found is None or found[-1] < since or found == young.get(key):
            keys.append(key)
        elif key in record["gone"] or os.path.lexists(staged):
            others.append(key)
        else:
            keys.append(key)  # it is in its place, which is to be synced
    if others:
        warn(
            f"a transaction of {store.root!r} was cut off, and {others} were written by others "
            "since; these are left as they are"
        )
    return keys


def _complete(
    store: LocalStore,
    name: str,
    record: dict[str, Any],
    locks: Mapping[str, KeyLock],
    *,
    lasting: bool,
) -> None:
    """Rename what is staged; a second time does what the first has not."""
    gone = set(record["gone"])
    folders = {os.path.join(store.root, folder) for folder in _folders(record["keys"])}
    if lasting:  # the new ones among them, before anything is in them
        _sync(store, folders)
    for key in record["keys"]:
        target = os.path.join(store.root, key)
        for again in (True, False):
            try:
                if key in gone:
                    with suppress(FileNotFoundError):
                        os.unlink(target)
                else:
                    staged = os.path.join(store.root, name, _STAGED, key)
                    _take(staged, target, locks[key], lasting)
                break
            except OSError as error:
                if not again:
                    raise _unfinished(store, key, error) from error
    if lasting:
        _sync(store, folders)


def _sync(store: LocalStore, folders: Iterable[str]) -> None:
    try:
        sync_directories(sorted(folders))
    except OSError as error:
        raise _unfinished(store, "", error) from error


def _take(staged: str, target: str, lock: KeyLock, lasting: bool) -> None:
    try:
        os.replace(staged, target)
    except FileNotFoundError:
        if os.path.lexists(staged):
            raise  # the place of the key is gone
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with open(staged, "rb") as file:  # a link leads to another file system
            lock.commit(file.read(), lasting)
        os.unlink(staged)


def _folders(keys: Iterable[str]) -> set[str]:
    """Name the directories that keys lie in, at every depth."""
    found = {""}
    for key in keys:
        folder = key.rpartition("/")[0]
        while folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return found


def _unfinished(store: LocalStore, key: str, error: OSError) -> StoreError:
    return StoreError(
        f"the transaction counts, but it could not be put in its place: {error.strerror}",
        store=repr(store),
        key=key or None,
        operation="commit",
        errno=error.errno,
        hint="opening it again puts all in its place",
    )


def _clear(store: LocalStore, name: str, record: dict[str, Any]) -> None:
    """Remove the record, then what led to it; what cannot go is a leftover, and harms nobody."""
    folder = os.path.join(store.root, name)
    with suppress(OSError):
        os.unlink(os.path.join(folder, _RECORD))
    for key in _markers(record):
        with suppress(StoreError):
            store.delete(key)
    if not os.path.lexists(os.path.join(folder, _RECORD)):
        _remove(folder)
    for key in record.get("gone", ()):
        store.remove_empty_parents(key)


def _remove(folder: str) -> None:
    with suppress(OSError):  # closing a directory may fail, which rmtree does not ignore
        shutil.rmtree(folder, ignore_errors=True)


def _markers(record: dict[str, Any]) -> list[str]:
    return [_key(node, TRANSACTION) for node in record["nodes"]]


def _guards(nodes: Iterable[str]) -> list[str]:
    """Name what those lock who change nodes as a whole."""
    return [_key(node, GUARD) for node in nodes]


def _rank(key: str, there: bool) -> int:
    """Tell when a key changes: no document is there before what it describes, or after that."""
    if key.rpartition("/")[2] in DOCUMENTS:
        return 2 if there else 0
    return 1 if there else 3


@contextmanager
def _locked(store: LocalStore, keys: Sequence[str]) -> Iterator[dict[str, KeyLock]]:
    """Hold the locks of keys, those of documents first, as all do who take several."""

    def rank(key: str) -> tuple[int, str]:
        name = key.rpartition("/")[2]
        return (0 if name == GUARD else 1 if name in DOCUMENTS else 2), key

    with ExitStack() as stack:
        stack.enter_context(_descriptors(2 * len(keys)))
        locks = {}
        for key in sorted(set(keys), key=rank):
            locks[key] = lock = store.exclusive(key)
            stack.enter_context(lock)
        yield locks


@contextmanager
def _descriptors(count: int) -> Iterator[None]:
    """Let this process have so many files open, while it does."""
    try:
        import resource
    except ImportError:  # a system that sets no such limit
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + _SPARE + len(os.listdir("/dev/fd"))
    if soft == resource.RLIM_INFINITY or wanted <= soft:
        yield
        return
    if hard != resource.RLIM_INFINITY and wanted > hard:
        raise TransactionError(
            f"a transaction of {count // 2} keys holds {count} files open, but the system lets "
            f"this process have {hard}",
            hint="commit in several transactions, or raise the limit (ulimit -Hn)",
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _key(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name
