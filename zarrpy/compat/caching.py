"""zarr-python's store over a slow store and a fast one, which keeps what was read or written."""

from __future__ import annotations

import threading
from collections import OrderedDict
from time import monotonic
from typing import TYPE_CHECKING, Any, Self, TypeVar

from zarrpy.storage import WrapperStore
from zarrpy.stores.wrapper import Call, nbytes_of

if TYPE_CHECKING:
    from zarrpy.stores.base import ByteRange, Bytes, Store

__all__ = ["CacheStore"]

T = TypeVar("T")


class _Kept:
    """What is known of values in the fast store: when they came, and their bytes; oldest first."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.entries: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self.hits = self.misses = self.evictions = self.nbytes = 0

    def forget(self, key: str) -> None:
        """Count a value no more."""
        self.nbytes -= self.entries.pop(key, (0.0, 0))[1]


class CacheStore(WrapperStore):
    """Keep values of a store in another one, the last used ones where room is short.

    Parameters
    ----------
    store : Store
        Where values are.
    cache_store : Store
        Where they are kept to be read faster.
    max_age_seconds : int or "infinity"
        Older ones are read again from where they are.
    max_size : int, optional
        Bytes that are kept at most.
    cache_set_data : bool
        Keep what is written, too, and not only what is read.
    """

    def __init__(
        self,
        store: Store,
        *,
        cache_store: Any,
        max_age_seconds: int | str = "infinity",
        max_size: int | None = None,
        cache_set_data: bool = True,
    ) -> None:
        if not cache_store.supports_deletes:
            raise ValueError(f"{cache_store!r} does not support deletes, which a cache needs")
        if isinstance(max_age_seconds, str) and max_age_seconds != "infinity":
            raise ValueError("max_age_seconds string value must be 'infinity'")
        super().__init__(store)
        self._cache = cache_store
        self.max_age_seconds, self.max_size = max_age_seconds, max_size
        self.cache_set_data = cache_set_data
        self._kept = _Kept()

    def _with_store(self, store: Any) -> Self:
        made = type(self)(
            store,
            cache_store=self._cache,
            max_age_seconds=self.max_age_seconds,
            max_size=self.max_size,
            cache_set_data=self.cache_set_data,
        )
        made._kept = self._kept
        return made

    # ------------------------------------------------------------------------------- values

    if not TYPE_CHECKING:  # as of stores for both kinds of callers

        def get(self, key: str, prototype: Any = None, byte_range: Any = None) -> Any:
            """Read a value or a part of it, from the fast store where it is kept there."""
            from zarrpy.compat.requested import byte_range_of
            from zarrpy.stores.base import ByteRange

            if prototype is None or isinstance(prototype, ByteRange):
                return self._value(key, byte_range_of(prototype or byte_range))
            return self._get_buffer(key, prototype, byte_range)

        def _buffer(self, key: str, prototype: Any, byte_range: Any) -> Any:
            from zarrpy.compat.both import prototype_of
            from zarrpy.compat.requested import byte_range_of

            value = self._value(key, byte_range_of(byte_range))
            return None if value is None else prototype_of(prototype).buffer.from_bytes(value)

    def get_many(self, keys: Any) -> Any:
        """Read several values."""
        return [self._value(key, None) for key in keys]

    def _value(self, key: str, byte_range: ByteRange | None) -> Bytes | None:
        with self._kept.lock:
            kept: Bytes | None = self._cache.get(key) if self._is_fresh(key) else None
            if kept is not None:
                self._kept.hits += 1
                self._kept.entries.move_to_end(key)
                return kept if byte_range is None else byte_range.of(kept)
            self._kept.misses += 1
        value = self.store.get(key, byte_range)
        with self._kept.lock:
            if value is None:
                self._drop(key)
            elif byte_range is None:
                self._keep(key, value)
        return value

    def set(self, key: str, value: Any, byte_range: None = None) -> Any:
        """Replace a value, where it is, and where it is kept."""
        done = super().set(key, value, byte_range)
        if self.cache_set_data:
            with self._kept.lock:
                self._keep(key, value)
        return done

    set_sync = set

    def around(self, call: Call[T]) -> T:
        """Make a request; what it changes is not kept any more, however it does that."""
        answer = call.make()
        if call.changes:
            with self._kept.lock:
                gone = list(call.keys)
                if call.operation == "delete_prefix":
                    gone = [key for key in self._kept.entries if key.startswith(tuple(gone))]
                for key in gone:
                    self._drop(key)
        return answer

    # ------------------------------------------------------------------------- what is kept

    def _is_fresh(self, key: str) -> bool:
        came = self._kept.entries.get(key)
        if came is None:
            return False
        age = self.max_age_seconds
        return isinstance(age, str) or monotonic() - came[0] < age

    def _keep(self, key: str, value: Any) -> None:
        from zarrpy.compat.requested import bytes_of

        new = bytes_of(value)
        size = nbytes_of(new)
        if self.max_size is not None and size > self.max_size:
            self._drop(key)
            return
        self._kept.forget(key)
        while self.max_size is not None and self._kept.nbytes + size > self.max_size:
            self._drop(next(iter(self._kept.entries)))
            self._kept.evictions += 1
        self._cache.set(key, new)
        self._kept.entries[key] = monotonic(), size
        self._kept.nbytes += size

    def _drop(self, key: str) -> None:
        if key in self._kept.entries:
            self._cache.delete(key)
            self._kept.forget(key)

    def cache_info(self) -> dict[str, Any]:
        """Tell how the cache is set up, and how full it is."""
        with self._kept.lock:
            return {
                "cache_store_type": type(self._cache).__name__,
                "max_age_seconds": self.max_age_seconds,
                "max_size": self.max_size,
                "current_size": self._kept.nbytes,
                "cache_set_data": self.cache_set_data,
                "tracked_keys": len(self._kept.entries),
                "cached_keys": len(self._kept.entries),
            }

    def cache_stats(self) -> dict[str, Any]:
        """Tell how often values were kept, and how often they were not."""
        kept = self._kept
        total = kept.hits + kept.misses
        return {
            "hits": kept.hits,
            "misses": kept.misses,
            "evictions": kept.evictions,
            "total_requests": total,
            "hit_rate": kept.hits / total if total else 0.0,
        }

    async def clear_cache(self) -> None:
        """Forget all that is kept."""
        with self._kept.lock:
            for key in list(self._kept.entries):
                self._drop(key)

    def __repr__(self) -> str:
        told = {name: each for name, each in self.cache_info().items() if name != "tracked_keys"}
        words = ", ".join(f"{name}={value!r}" for name, value in told.items())
        return f"{type(self).__name__}({self.store!r}, {words})"
