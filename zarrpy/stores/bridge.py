"""Stores whose methods are coroutines, for callers that wait: one loop in the background."""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from zarrpy.config import config
from zarrpy.errors import StoreError
from zarrpy.stores.base import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence

    from zarrpy.stores.base import ByteRange, Bytes, Names, Values

    Awaitables = Iterable[Coroutine[Any, Any, Any]]

__all__ = ["BlockingStore", "blocking", "bridged", "run", "together"]

T = TypeVar("T")

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_thread: threading.Thread | None = None


def run(
    coroutine: Coroutine[Any, Any, T],
    loop: asyncio.AbstractEventLoop | None = None,
    *,
    timeout: float | None = None,
) -> T:
    """Run a coroutine on a loop of another thread, and wait for it.

    Parameters
    ----------
    coroutine : coroutine
    loop : event loop, optional
        By default the one in the background.
    timeout : float, optional
        Seconds to wait; the coroutine is cancelled then.

    Raises
    ------
    StoreError
        When the loop itself would have to wait.
    TimeoutError
        When it takes longer.
    """
    loop = loop or started()
    if _runs_here(loop):
        coroutine.close()
        raise StoreError(
            "a store was used from the loop that serves it", hint="await the store's own methods"
        )
    future = asyncio.run_coroutine_threadsafe(coroutine, loop)
    try:
        return future.result(timeout)
    except BaseException:
        future.cancel()  # when we are interrupted or wait no longer; otherwise it does nothing
        raise


def _runs_here(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False


def started() -> asyncio.AbstractEventLoop:
    global _loop, _thread
    with _lock:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            _thread = threading.Thread(target=_loop.run_forever, name="zarrpy-loop", daemon=True)
            _thread.start()
        return _loop


def _stop() -> None:
    if _loop is not None and _thread is not None:
        _loop.call_soon_threadsafe(_loop.stop)
        _thread.join(1)
        if not _thread.is_alive():
            _loop.close()


def _forget() -> None:
    """In a forked child: the thread of the loop is not there."""
    global _loop, _thread, _lock
    _loop, _thread, _lock = None, None, threading.Lock()


atexit.register(_stop)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


async def together(coroutines: Awaitables) -> list[Any]:
    """Await coroutines, as many at a time as `config.requests`; the first error ends all."""
    gate = asyncio.Semaphore(config.requests)

    async def one(coroutine: Coroutine[Any, Any, Any]) -> Any:
        async with gate:
            return await coroutine

    given = list(coroutines)
    tasks = [asyncio.ensure_future(one(each)) for each in given]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for coroutine in given:
            coroutine.close()  # one that was never begun would be complained of


class BlockingStore(Store):
    """A store whose methods are coroutines, for callers that wait.

    Several values are read and written together, `config.requests` at a time. The store is used on
    one loop in the background, whatever thread asks; what is bound to a loop, such as a session of
    a client, is best made by the first method that needs it.

    Parameters
    ----------
    store : object
        With coroutines `get`, `set`, `delete`, and `list`, which may be an asynchronous generator.
        Of the methods that other stores may have, `get_many`, `list_dir`, `exists`, `size`, and
        `close` are used where they are coroutines.
    """

    def __init__(self, store: Any) -> None:
        self.store = store
        self.read_only = bool(getattr(store, "read_only", False))

    @property
    def other_processes(self) -> str:
        """What the store says of itself, if it does."""
        return str(getattr(self.store, "other_processes", "none"))

    def get(self, key: str, byte_range: ByteRange | None = None) -> Bytes | None:
        """Read a value or a part of it."""
        value: Bytes | None = run(self.store.get(key, byte_range))
        return value

    def get_many(self, keys: Sequence[str]) -> Values:
        """Read several whole values together."""
        if self._own("get_many"):
            return list(run(self.store.get_many(keys)))
        return run(together(self.store.get(key, None) for key in keys))

    def set(self, key: str, value: Bytes) -> None:
        """Replace a value."""
        self.check_writable("set", key)
        run(self.store.set(key, value))

    def set_many(self, keys: Sequence[str], values: Sequence[Bytes | None]) -> None:
        """Replace several values together; None deletes the key."""
        if not keys:
            return
        self.check_writable("set", keys[0])
        last = dict(zip(keys, values, strict=True))  # of a key that comes twice the last value
        run(
            together(
                self.store.delete(key) if value is None else self.store.set(key, value)
                for key, value in last.items()
            )
        )

    def delete(self, key: str) -> None:
        """Delete a key."""
        self.check_writable("delete", key)
        run(self.store.delete(key))

    def delete_prefix(self, prefix: str) -> None:
        """Delete every key that starts with `prefix`."""
        self.check_writable("delete", prefix)
        run(together(self.store.delete(key) for key in list(self.list(prefix))))

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield every key that starts with `prefix`."""
        return iter(run(_listed(self.store, prefix)))

    def list_dir(self, prefix: str = "") -> Names:
        """List the names directly below a prefix."""
        if self._own("list_dir"):
            return sorted(run(self.store.list_dir(prefix)))
        return super().list_dir(prefix)

    def exists(self, key: str) -> bool:
        """Whether a key has a value."""
        return bool(run(self.store.exists(key))) if self._own("exists") else super().exists(key)

    def size(self, key: str) -> int | None:
        """Tell the bytes of a value."""
        if not self._own("size"):
            return super().size(key)
        found: int | None = run(self.store.size(key))
        return found

    @property
    def tells_sizes(self) -> bool:
        """Whether the store has a way to tell sizes."""
        return self._own("size")

    @property
    def lock_scope(self) -> int:
        """The same for all that lead to one store."""
        return id(self.store)

    def _own(self, method: str) -> bool:
        return asyncio.iscoroutinefunction(getattr(self.store, method, None))

    @property
    def label(self) -> str:
        """Name the store below."""
        return str(getattr(self.store, "label", type(self.store).__name__))

    def close(self) -> None:
        """Let go of what the store holds open."""
        if self._own("close"):
            run(self.store.close())

    def __repr__(self) -> str:
        return f"BlockingStore({self.store!r})"


async def _listed(store: Any, prefix: str) -> Any:
    listing = store.list(prefix)
    if hasattr(listing, "__aiter__"):
        return [key async for key in listing]
    return list(await listing)


def blocking(store: Any) -> Store:
    """Make a store with coroutines one for callers that wait."""
    return BlockingStore(store)


class _Made(BlockingStore):
    """What `bridged` makes classes of."""

    kind: ClassVar[Callable[..., Any]]

    def __init__(self, *values: Any, **options: Any) -> None:
        super().__init__(type(self).kind(*values, **options))

    @classmethod
    def from_url(cls, url: str, *, read_only: bool = False, **options: Any) -> Any:
        """Make a store of a URL as the class with coroutines does, if it says how."""
        make = getattr(cls.kind, "from_url", None)
        if make is None:
            return super().from_url(url, read_only=read_only, **options)
        store = BlockingStore(make(url, read_only=read_only, **options))
        store.read_only = store.read_only or read_only
        return store

    def __reduce__(self) -> Any:
        return _remade, (self.store, self.read_only)


def _remade(store: Any, read_only: bool) -> BlockingStore:
    remade = BlockingStore(store)
    remade.read_only = read_only
    return remade


def bridged(kind: type[Any]) -> type[BlockingStore]:
    """Make a class of stores of one whose methods are coroutines."""
    members = {"kind": kind, "__doc__": kind.__doc__, "__module__": kind.__module__}
    return type(kind.__name__, (_Made,), members)
