"""What every store promises of keys: listed, deleted, given to other values."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from zarrpy.stores.base import Store


class KeyContract:
    """Tests of which keys there are; a part of `StoreContract`."""

    #: Keys of the test with many.
    nkeys: ClassVar[int] = 10_000

    # ----------------------------------------------------------------------------- deleting

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

    def test_an_update_may_delete(self, store: Store) -> None:
        """By giving None; what is absent stays so."""
        store.set("a/b", b"1")

        store.update("a/b", lambda value: None)
        store.update("a/c", lambda value: None)

        assert store.get("a/b") is None
        assert list(store.list()) == []

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

    def test_a_value_may_be_given_another_key(self, store: Store) -> None:
        """The old key is absent then; of an absent one nothing is done."""
        store.set("a/b", b"1")
        store.set("c", b"old")

        assert store.rename("a/b", "c")
        assert not store.rename("none", "d")

        assert sorted(store.list()) == ["c"]
        assert bytes(store.get("c") or b"") == b"1"

    def test_a_key_that_is_taken_may_be_kept(self, store: Store) -> None:
        """Both values stay when none is to be replaced."""
        store.set("a", b"1")
        store.set("b", b"2")

        assert not store.rename("a", "b", replace=False)

        assert bytes(store.get("a") or b"") == b"1"
        assert bytes(store.get("b") or b"") == b"2"

    # ------------------------------------------------------------------------------ listing

    def test_many_keys_are_listed_completely(self, store: Store) -> None:
        """However many answers a listing comes in; and they are deleted as completely."""
        keys = [f"many/{i // 1000}/{i:06}" for i in range(self.nkeys)]
        for start in range(0, len(keys), 1000):
            some = keys[start : start + 1000]
            store.set_many(some, [b"1"] * len(some))
        store.set("manyfold", b"1")

        assert sorted(store.list("many/")) == keys
        assert len(store.list_dir("many/0/")) == min(1000, len(keys))
        assert store.list_dir() == ["many", "manyfold"]
        store.delete_prefix("many/")
        assert list(store.list()) == ["manyfold"]

    def test_sizes_are_listed_with_the_keys(self, store: Store) -> None:
        """As `size` tells them."""
        for key, value in (("a/1", b""), ("a/2", b"12"), ("b", b"123")):
            store.set(key, value)

        assert sorted(store.list_sizes("a/")) == [("a/1", 0), ("a/2", 2)]
        assert dict(store.list_sizes()) == {key: store.size(key) for key in store.list()}

    def test_folders_are_told(self, store: Store) -> None:
        """At least the names below which there are keys."""
        for key in ("foo/b/c", "foo/a", "foobar/c"):
            store.set(key, b"1")

        assert "b" in store.list_folders("foo/")
        assert set(store.list_folders("foo/")) <= {"a", "b"}
        assert store.list_folders() == ["foo", "foobar"]

    def test_a_key_is_a_prefix_of_itself(self, store: Store) -> None:
        """Listing by a whole key gives that key, and others that begin so."""
        store.set("a/b", b"1")
        store.set("a/bc", b"1")

        assert sorted(store.list("a/b")) == ["a/b", "a/bc"]

    def test_prefixes_may_be_of_any_language(self, store: Store) -> None:
        """They are compared as text."""
        for key in ("größe/a", "größer/b", "gro"):
            store.set(key, b"1")

        assert list(store.list("größe/")) == ["größe/a"]
        assert sorted(store.list("größe")) == ["größe/a", "größer/b"]
        assert store.list_dir("größer/") == ["b"]

    def test_a_listing_may_be_left_early(self, store: Store) -> None:
        """What it was about to tell is nobody's concern."""
        for i in range(10):
            store.set(f"a/{i}", b"1")

        first = next(iter(store.list("a/")))

        assert first in list(store.list("a/"))

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
