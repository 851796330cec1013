"""Coroutines for callers that wait, by zarr-python's names."""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine
from typing import Any, TypeVar

from zarrpy.stores.bridge import run, started

__all__ = ["SyncError", "SyncMixin", "collect_aiterator", "sync"]

T = TypeVar("T")


class SyncError(Exception):
    """A coroutine was waited for in the loop that runs it."""


def sync(coro: Coroutine[Any, Any, T], loop: Any = None, timeout: float | None = None) -> T:
    """Run a coroutine, and wait for it.

    Raises
    ------
    TimeoutError
        When it takes longer than `timeout` seconds; it is cancelled then.
    """
    found: T = run(_awaited(coro), timeout=timeout)
    return found


async def _awaited(given: Any) -> Any:
    return await given


async def _collected(data: AsyncIterator[T]) -> tuple[T, ...]:
    return tuple([each async for each in data])


def collect_aiterator(data: AsyncIterator[T]) -> tuple[T, ...]:
    """Wait for all that an asynchronous iterator gives."""
    return run(_collected(data))


def _get_loop() -> Any:
    """Give the loop that coroutines run on for callers that wait."""
    return started()


class SyncMixin:
    """Methods that wait, for classes whose methods are coroutines."""

    def _sync(self, coroutine: Any) -> Any:
        return sync(coroutine)

    def _sync_iter(self, async_iterator: AsyncIterator[T]) -> list[T]:
        return list(collect_aiterator(async_iterator))
