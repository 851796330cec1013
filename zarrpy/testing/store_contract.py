"""What every store promises, as tests to inherit.

A subclass gives the stores to test::

    from zarrpy.testing.store_contract import StoreContract

    class TestMyStore(StoreContract):
        @pytest.fixture
        def store(self):
            return MyStore()

and pytest does the rest.  The tests say no more than `zarrpy.stores.Store` does, so a store that
passes them serves arrays and groups.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

import pytest

from zarrpy.engine.locks import hold_of
from zarrpy.errors import ReadOnlyStoreError
from zarrpy.stores.base import ByteRange
from zarrpy.testing.key_contract import KeyContract
from zarrpy.testing.node_contract import NodeContract
from zarrpy.testing.value_contract import ValueContract

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zarrpy.stores.base import Store

_VALUE = bytes(range(256))


@contextmanager
def _refused() -> Iterator[None]:
    """Expect the error of a read-only store."""
    try:
        yield
    except ReadOnlyStoreError:
        return
    raise AssertionError("a change of a read-only store went through")


class StoreContract(ValueContract, KeyContract, NodeContract):
    """More than seventy tests of one store: a fixture `store`, new, empty and writable.

    A subclass may set `nkeys` lower where each takes long, and give a second store of the same
    values as the fixture `another`, which is one with it otherwise.

    Examples
    --------
    >>> from zarrpy.stores import MemoryStore
    >>> StoreContract().test_a_value_comes_back_as_it_was_set(MemoryStore())
    """

    #: Whether `update` keeps out those who write through other stores of the same values.
    exchanges: ClassVar[bool] = False

    @pytest.fixture
    def another(self, store: Store) -> Store:
        """Give a store of the same values; where there is none, the same store."""
        return store

    # ---------------------------------------------------------------------------- read-only

    def test_a_read_only_store_is_read(self, store: Store) -> None:
        """And listed."""
        store.set("a/b", _VALUE)
        store.read_only = True

        assert bytes(store.get("a/b", ByteRange(1, 2)) or b"") == b"\1\2"
        assert list(store.list("a/")) == ["a/b"]

    def test_a_read_only_store_refuses_every_change(self, store: Store) -> None:
        """It says so with an error that is a PermissionError, and nothing is changed."""
        store.set("a", b"1")
        store.read_only = True

        with _refused():
            store.set("a", b"2")
        with _refused():
            store.set("b", b"2")
        with _refused():
            store.set_many(["a"], [b"2"])
        with _refused():
            store.update("a", lambda value: b"2")
        with _refused():
            store.delete("a")
        with _refused():
            store.delete_prefix("")

        assert bytes(store.get("a") or b"") == b"1"
        assert list(store.list()) == ["a"]

    # --------------------------------------------------------------------------- concurrency

    def test_a_reader_sees_a_whole_value(self, store: Store) -> None:
        """The old one or the new one, never a part or a mixture, never none."""
        values = [bytes([i]) * 100_000 for i in range(2)]
        store.set("a/b", values[0])
        torn: list[bytes] = []
        done = threading.Event()

        def read() -> None:
            while not done.is_set():
                found = store.get("a/b")
                if found is None or bytes(found) not in values:
                    torn.append(b"" if found is None else bytes(found)[:16])

        readers = [threading.Thread(target=read) for _ in range(2)]
        for reader in readers:
            reader.start()
        try:
            for i in range(100):
                store.set("a/b", values[i % 2])
        finally:
            done.set()
            for reader in readers:
                reader.join()

        assert torn == []

    def test_updates_of_eight_threads_all_count(self, store: Store, another: Store) -> None:
        """None is lost; where the store does not keep others out, the lock of the process does."""
        store.set("count", b"0")

        def count(number: int) -> None:
            mine = store if number % 2 else another
            for _ in range(5):
                if self.exchanges:
                    mine.update("count", lambda value: b"%d" % (int(bytes(value or b"")) + 1))
                else:
                    with hold_of(mine, ["count"]):
                        mine.update("count", lambda value: b"%d" % (int(bytes(value or b"")) + 1))

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(count, range(8)))

        assert bytes(store.get("count") or b"") == b"40"

    def test_one_of_many_makes_a_value_that_was_absent(self, store: Store, another: Store) -> None:
        """All others see it."""
        made = []

        def make(number: int) -> None:
            def change(value: object) -> bytes:
                seen = b"" if value is None else bytes(value)  # type: ignore[call-overload]
                return bytes(seen) + b"%d" % number

            mine = store if number % 2 else another
            if self.exchanges:
                mine.update("new", change)
            else:
                with hold_of(mine, ["new"]):
                    mine.update("new", change)
            made.append(number)

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(make, range(8)))

        assert sorted(bytes(store.get("new") or b"")) == sorted(b"01234567")

    def test_threads_write_and_read_keys_of_their_own(self, store: Store) -> None:
        """Each finds what it has written, at once."""

        def work(number: int) -> bool:
            for i in range(5):
                store.set(f"{number}/{i}", b"%d" % (number * 10 + i))
            found = store.get_many([f"{number}/{i}" for i in range(5)])
            return [int(bytes(value or b"-1")) for value in found] == [
                number * 10 + i for i in range(5)
            ]

        with ThreadPoolExecutor(8) as threads:
            assert all(threads.map(work, range(8)))
        assert len(list(store.list())) == 40

    def test_another_store_of_the_same_values_sees_them(self, store: Store, another: Store) -> None:
        """As soon as they are set, replaced or deleted."""
        store.set("a", b"1")
        assert bytes(another.get("a") or b"") == b"1"
        another.set("a", b"2")
        assert bytes(store.get("a") or b"") == b"2"
        assert another.list_dir() == ["a"]
        store.delete("a")
        assert another.get("a") is None
        assert another.list_dir() == []

    def test_the_scope_of_locks_stays(self, store: Store) -> None:
        """Two writers of one key find the same lock."""
        assert store.lock_scope == store.lock_scope
