"""What every store promises of values: whole ones, empty ones, parts, and several together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from zarrpy.errors import ConflictError
from zarrpy.stores.base import ByteRange

if TYPE_CHECKING:
    from zarrpy.stores.base import Store

_VALUE = bytes(range(256))


class ValueContract:
    """Tests of what is set and read again; a part of `StoreContract`."""

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

    def test_several_keys_are_looked_for_at_once(self, store: Store) -> None:
        """Those that have values, whatever lies beside them or below."""
        for key in ("a/.b", "a/c", "a/c1", "a/d/e", "f"):
            store.set(key, _VALUE[:1])

        keys = ["a/c", "a/.a", "a/.b", "a/e", "a/z"]
        assert store.present(keys) == [True, False, True, False, False]
        assert store.present(["f", "a/c", "g/h"]) == [True, True, False]
        assert store.present([]) == []

    def test_a_new_value_is_stored_only_where_there_is_none(self, store: Store) -> None:
        """It is told whether it was; what is there stays."""
        assert store.set_new("a/b", b"first")
        assert not store.set_new("a/b", b"second")

        assert store.get("a/b") == b"first"

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

    def test_keys_are_taken_as_they_are(self, store: Store) -> None:
        """What means something in URLs and in patterns means nothing in keys."""
        keys = ["a%20b", "a+b", "a b", "x&y=z", "p;q", "#1", "it's", "(1)", "a@b", "[0]", "~", "$"]

        for key in keys:
            store.set(f"k/{key}/0", key.encode())

        assert [bytes(store.get(f"k/{key}/0") or b"").decode() for key in keys] == keys
        assert store.list_dir("k/") == sorted(keys)
        assert sorted(store.list("k/")) == sorted(f"k/{key}/0" for key in keys)

    def test_a_value_of_twenty_megabytes_is_stored_whole(self, store: Store) -> None:
        """However many requests it takes; ranges of it come without the rest."""
        value = bytearray(20 << 20)
        value[:: 1 << 20] = bytes(range(1, 21))
        value[-1] = 255

        store.set("large", value)

        assert store.size("large") == len(value)
        assert bytes(store.get("large", ByteRange(7 << 20, 2)) or b"") == b"\x08\0"
        assert bytes(store.get("large", ByteRange(-1)) or b"") == b"\xff"
        assert bytes(store.get("large") or b"") == value

    def test_an_empty_value_replaces_a_longer_one(self, store: Store) -> None:
        """It is there, and empty."""
        store.set("a", _VALUE)

        store.set("a", b"")

        assert store.size("a") == 0
        assert bytes(store.get("a") or b"") == b""

    def test_a_key_may_be_asked_for_by_its_being_there(self, store: Store) -> None:
        """What begins like its name does not make it a key."""
        store.set("foobar/a", b"1")

        assert store.exists("foobar/a")
        assert not store.exists("foo")
        assert not store.exists("foobar/ab")
        assert store.get("foo") is None
        assert store.size("foo") is None

    # ------------------------------------------------------------------------------- ranges

    def test_ranges_of_an_empty_value_are_empty(self, store: Store) -> None:
        """From either end, and not absent."""
        store.set("a", b"")

        for wanted in (ByteRange(0), ByteRange(0, 5), ByteRange(3, 5), ByteRange(-5), ByteRange(7)):
            found = store.get("a", wanted)
            assert found is not None
            assert bytes(found) == b""

    def test_ranges_of_an_absent_key_are_none(self, store: Store) -> None:
        """Whatever the range."""
        for wanted in (ByteRange(0, 0), ByteRange(5), ByteRange(-5), ByteRange(-5, 2)):
            assert store.get("a", wanted) is None

    def test_ranges_at_the_end_are_exact(self, store: Store) -> None:
        """The last byte, up to the end, and from the end on."""
        store.set("a", _VALUE)

        assert bytes(store.get("a", ByteRange(255, 1)) or b"") == b"\xff"
        assert bytes(store.get("a", ByteRange(-1)) or b"") == b"\xff"
        assert bytes(store.get("a", ByteRange(-256, 256)) or b"") == _VALUE
        assert bytes(store.get("a", ByteRange(-1000, 2)) or b"") == b"\0\1"
        behind = store.get("a", ByteRange(256))
        assert behind is not None
        assert bytes(behind) == b""

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

    def test_hundreds_of_values_are_set_and_read_together(self, store: Store) -> None:
        """Each comes back to its key, and all are deleted, absent ones among them."""
        keys = [f"a/{i}" for i in range(200)]

        store.set_many(keys, [b"%d" % i for i in range(200)])

        found = store.get_many([*keys, "a/x"])
        assert [bytes(value or b"") for value in found[:200]] == [b"%d" % i for i in range(200)]
        assert found[200] is None
        store.set_many([*keys, "b", "c"], [None] * 202)
        assert list(store.list()) == []

    # ----------------------------------------------------------------------------- versions

    def test_a_version_is_that_of_the_value(self, store: Store) -> None:
        """It stays with the value, and another value has another; a store need not tell any."""
        assert store.get_versioned("a")[0] is None
        store.set("a", b"first")
        value, version = store.get_versioned("a")
        assert bytes(value or b"") == b"first"
        if version is None:
            return
        part, same = store.get_versioned("a", ByteRange(1, 2), version)
        assert (bytes(part or b""), same) == (b"ir", version)

        store.set("a", b"other")

        assert store.get_versioned("a")[1] != version
        with pytest.raises(ConflictError):
            store.get_versioned("a", ByteRange(1, 2), version)
        store.delete("a")
        with pytest.raises(ConflictError):
            store.get_versioned("a", None, version)

    def test_a_value_that_is_another_one_has_another_stamp(self, store: Store) -> None:
        """However fast one follows the other; a store need not tell any."""
        stamps = [store.stamp("a")]
        for value in (b"1", b"2", b"2", b"3", None, b"1", b"4"):
            if value is None:
                store.delete("a")
            else:
                store.set("a", value)
            stamps.append(store.stamp("a"))
            if stamps[-1] is not None and stamps[-1] == stamps[-2]:
                assert value == b"2"
