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
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from zarrpy.errors import ReadOnlyStoreError
from zarrpy.stores.base import ByteRange

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


class StoreContract:
    """About thirty tests of one store: the fixture `store` of a subclass, new, empty and writable.

    Examples
    --------
    >>> from zarrpy.stores import MemoryStore
    >>> StoreContract().test_a_value_comes_back_as_it_was_set(MemoryStore())
    """

    # ------------------------------------------------------------------------------- values

    def test_a_value_comes_back_as_it_was_set(self, store: Store) -> None:
        """Every byte counts, zeros and line ends among them."""
        store.set("a", _VALUE)

        assert bytes(store.get("a") or b"") == _VALUE

    def test_an_absent_key_is_none(self, store: Store) -> None:
        """Absent is an answer, not an error, also below keys and directories that are not there."""
        assert store.get("a") is None
        assert store.get("a/b/c") is None
        assert store.get("a", ByteRange(0, 1)) is None
        assert store.size("a") is None
        assert not store.exists("a")

    def test_an_empty_value_is_there(self, store: Store) -> None:
        """No bytes are another thing than no value."""
        store.set("a", b"")

        assert store.get("a") is not None
        assert bytes(store.get("a") or b"") == b""
        assert store.exists("a")
        assert store.size("a") == 0

    def test_setting_a_value_replaces_the_whole_of_it(self, store: Store) -> None:
        """Nothing is left of a longer value."""
        store.set("a", _VALUE)

        store.set("a", b"short")

        assert bytes(store.get("a") or b"") == b"short"
        assert store.size("a") == 5

    def test_any_contiguous_buffer_is_a_value(self, store: Store) -> None:
        """Stores take what the encoders give."""
        store.set("a", bytearray(_VALUE))
        store.set("b", memoryview(_VALUE)[16:32])

        assert bytes(store.get("a") or b"") == _VALUE
        assert bytes(store.get("b") or b"") == _VALUE[16:32]

    def test_a_value_does_not_follow_its_buffer(self, store: Store) -> None:
        """The caller may use its memory again at once."""
        buffer = bytearray(b"before")
        store.set("a", buffer)

        buffer[:] = b"after!"

        assert bytes(store.get("a") or b"") == b"before"

    def test_a_large_value_is_stored_whole(self, store: Store) -> None:
        """Several megabytes are written and read in one go."""
        value = _VALUE * (3 << 12)

        store.set("a", value)

        assert store.size("a") == len(value)
        assert bytes(store.get("a") or b"") == value

    def test_keys_may_be_deep_and_of_any_language(self, store: Store) -> None:
        """Dots, slashes, spaces and letters of all scripts are part of keys."""
        keys = ["a/b/c/0/1", "0.0", "grüße/солнце", "with space", ".zarray", "c/0"]

        for key in keys:
            store.set(key, key.encode())

        assert [bytes(store.get(key) or b"").decode() for key in keys] == keys
        assert sorted(store.list()) == sorted(keys)

    # ------------------------------------------------------------------------------- ranges

    def test_a_range_is_cut_out_of_the_value(self, store: Store) -> None:
        """So many bytes from an offset."""
        store.set("a", _VALUE)

        assert bytes(store.get("a", ByteRange(10, 5)) or b"") == _VALUE[10:15]
        assert bytes(store.get("a", ByteRange(0, 256)) or b"") == _VALUE

    def test_a_range_without_length_goes_to_the_end(self, store: Store) -> None:
        """A length of -1 stands for the rest."""
        store.set("a", _VALUE)

        assert bytes(store.get("a", ByteRange(250)) or b"") == _VALUE[250:]

    def test_a_negative_offset_counts_from_the_end(self, store: Store) -> None:
        """The last bytes of a value, without asking for its size."""
        store.set("a", _VALUE)

        assert bytes(store.get("a", ByteRange(-6)) or b"") == _VALUE[-6:]
        assert bytes(store.get("a", ByteRange(-6, 2)) or b"") == _VALUE[250:252]

    def test_a_suffix_longer_than_the_value_is_the_value(self, store: Store) -> None:
        """More bytes than there are from the end: all there are."""
        store.set("a", b"short")

        assert bytes(store.get("a", ByteRange(-100)) or b"") == b"short"

    def test_bytes_past_the_end_are_left_out(self, store: Store) -> None:
        """A range may reach over the end; one behind it is empty, which is not absent."""
        store.set("a", b"short")

        assert bytes(store.get("a", ByteRange(3, 100)) or b"") == b"rt"
        assert store.get("a", ByteRange(100, 5)) is not None
        assert bytes(store.get("a", ByteRange(100, 5)) or b"") == b""

    def test_an_empty_range_of_a_key_that_is_there_is_empty(self, store: Store) -> None:
        """It tells that the key is there."""
        store.set("a", b"short")

        assert store.get("a", ByteRange(0, 0)) is not None
        assert bytes(store.get("a", ByteRange(2, 0)) or b"") == b""

    # ----------------------------------------------------------------------------- deleting

    def test_a_value_that_is_another_one_has_another_version(self, store: Store) -> None:
        """However fast one follows the other; a store that tells no versions says None."""
        versions = [store.version("a")]
        for value in (b"1", b"2", b"2", b"3", None, b"1", b"4"):
            if value is None:
                store.delete("a")
            else:
                store.set("a", value)
            versions.append(store.version("a"))
            if versions[-1] is not None and versions[-1] == versions[-2]:
                assert value == b"2"

        assert versions.count(None) in (0, len(versions))

    def test_an_update_sees_the_value_and_replaces_it(self, store: Store) -> None:
        """An absent value is None to it; one that fails changes nothing."""

        def fail(value: object) -> bytes:
            raise LookupError("no")

        store.update("a/b", lambda value: b"absent" if value is None else b"there")
        store.update("a/b", lambda value: bytes(value or b"") + b" before")
        with suppress(LookupError):
            store.update("a/b", fail)
            raise AssertionError("the failure was swallowed")

        assert bytes(store.get("a/b") or b"") == b"absent before"
        assert list(store.list()) == ["a/b"]

    def test_a_deleted_key_is_absent(self, store: Store) -> None:
        """Neither reading nor listing finds it."""
        store.set("a/b", b"1")

        store.delete("a/b")

        assert store.get("a/b") is None
        assert list(store.list()) == []

    def test_deleting_what_is_absent_is_no_error(self, store: Store) -> None:
        """Whoever deletes wants the key gone, and it is."""
        store.delete("a")
        store.delete("a/b/c")

        assert list(store.list()) == []

    def test_deleting_a_key_leaves_its_neighbours(self, store: Store) -> None:
        """Those whose names begin alike and those in the same directory."""
        for key in ("a", "ab", "b/c", "b/cd"):
            store.set(key, b"1")

        store.delete("a")
        store.delete("b/c")

        assert sorted(store.list()) == ["ab", "b/cd"]

    def test_a_deleted_key_can_be_set_again(self, store: Store) -> None:
        """Nothing stays in its way."""
        store.set("a/b", b"1")
        store.delete("a/b")

        store.set("a/b", b"2")

        assert bytes(store.get("a/b") or b"") == b"2"

    def test_deleting_a_prefix_deletes_all_below_it(self, store: Store) -> None:
        """At every depth, and not what only begins alike."""
        for key in ("foo/a", "foo/b/c", "foobar/a", "fo", "z"):
            store.set(key, b"1")

        store.delete_prefix("foo/")

        assert sorted(store.list()) == ["fo", "foobar/a", "z"]

    def test_the_empty_prefix_deletes_everything(self, store: Store) -> None:
        """The store can be used again afterwards."""
        store.set("a", b"1")
        store.set("b/c", b"1")

        store.delete_prefix("")
        store.set("d", b"1")

        assert list(store.list()) == ["d"]

    def test_deleting_a_prefix_without_keys_is_no_error(self, store: Store) -> None:
        """Whoever deletes wants the keys gone, and they are."""
        store.set("a", b"1")

        store.delete_prefix("b/")

        assert list(store.list()) == ["a"]

    # ------------------------------------------------------------------------------ listing

    def test_an_empty_store_lists_nothing(self, store: Store) -> None:
        """Neither keys nor names."""
        assert list(store.list()) == []
        assert store.list_dir() == []

    def test_every_key_with_the_prefix_is_listed_once(self, store: Store) -> None:
        """A prefix is a beginning of text: it may end inside a name."""
        for key in ("c/1", "c/10", "c/2/0", "d/1", "cc/1"):
            store.set(key, b"1")

        assert sorted(store.list("c/1")) == ["c/1", "c/10"]
        assert sorted(store.list("c/")) == ["c/1", "c/10", "c/2/0"]
        assert sorted(store.list("x")) == []
        assert sorted(store.list("c/1/x/y")) == []

    def test_names_directly_below_a_prefix_are_listed_once_and_sorted(self, store: Store) -> None:
        """Keys and what contains keys look alike; neighbours that begin alike do not count."""
        for key in ("foo/b", "foo/a/0", "foo/a/1", "foobar/c", "foo/ü"):
            store.set(key, b"1")

        assert store.list_dir("foo/") == ["a", "b", "ü"]
        assert store.list_dir("") == ["foo", "foobar"]
        assert store.list_dir("none/") == []

    def test_what_is_set_while_listing_harms_nothing(self, store: Store) -> None:
        """A listing may run for long; it never fails because of a writer."""
        for i in range(20):
            store.set(f"a/{i:02}", b"1")

        seen = []
        for key in store.list("a/"):
            seen.append(key)
            store.set(f"b/{key}", b"1")
            store.delete("a/19")

        assert set(seen) >= {f"a/{i:02}" for i in range(19)}

    # ----------------------------------------------------------------------------- together

    def test_many_values_come_in_the_order_asked(self, store: Store) -> None:
        """Absent ones and repeated ones keep their place."""
        store.set("a", b"1")
        store.set("b/c", b"2")

        values = store.get_many(["b/c", "x", "a", "b/c"])

        assert [value if value is None else bytes(value) for value in values] == [
            b"2",
            None,
            b"1",
            b"2",
        ]
        assert list(store.get_many([])) == []

    def test_many_values_are_set_and_none_deletes(self, store: Store) -> None:
        """Values go to the keys at their place."""
        store.set("a", b"old")
        store.set("b", b"old")

        store.set_many(["a", "b", "c/d"], [b"new", None, b"more"])

        found = [store.get("a"), store.get("b"), store.get("c/d")]
        assert [value if value is None else bytes(value) for value in found] == [
            b"new",
            None,
            b"more",
        ]

    # ---------------------------------------------------------------------------- read-only

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

    def test_the_scope_of_locks_stays(self, store: Store) -> None:
        """Two writers of one key find the same lock."""
        assert store.lock_scope == store.lock_scope
