"""What arrays and groups do in every store: a part of the contract of stores."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import zarrpy
from zarrpy.errors import NodeExistsError, NodeNotFoundError, ReadOnlyStoreError

if TYPE_CHECKING:
    from zarrpy.stores.base import Store


def _field(shape: tuple[int, ...] = (20, 30)) -> Any:
    return np.arange(1, np.prod(shape) + 1, dtype="float64").reshape(shape)


class NodeContract:
    """Tests of arrays and groups; a part of `StoreContract`."""

    # ------------------------------------------------------------------------------- arrays

    @pytest.mark.parametrize("zarr_format", [2, 3])
    def test_an_array_comes_back_as_it_was_written(self, store: Store, zarr_format: int) -> None:
        """Whole and in parts, by another handle."""
        field = _field()

        zarrpy.create_array(store, name="a", data=field, chunks=(7, 8), zarr_format=zarr_format)

        array = zarrpy.open_array(store, path="a", mode="r")
        assert array[...].tolist() == field.tolist()
        assert array[3:17:4, -5:2:-3].tolist() == field[3:17:4, -5:2:-3].tolist()

    def test_an_array_may_be_the_root(self, store: Store) -> None:
        """And one element is enough."""
        zarrpy.create_array(store, data=np.float32(7))

        assert float(zarrpy.open_array(store)[()]) == 7

    def test_parts_of_chunks_are_written(self, store: Store) -> None:
        """What is around them stays."""
        field = _field()
        array = zarrpy.create_array(store, name="a", data=field, chunks=(7, 8))

        array[2:10, 5:21] = field[2:10, 5:21] = -1
        array[0, ::2] = field[0, ::2] = -2

        assert zarrpy.open_array(store, path="a")[...].tolist() == field.tolist()

    def test_what_is_not_written_is_the_fill_value(self, store: Store) -> None:
        """Chunks that are absent are no error."""
        array = zarrpy.create_array(
            store, name="a", shape=(20, 30), chunks=(7, 8), dtype="i4", fill_value=9
        )
        array[0, 0] = 1

        found = zarrpy.open_array(store, path="a")[...]
        assert found[0, 0] == 1
        assert (found.reshape(-1)[1:] == 9).all()
        assert zarrpy.open_array(store, path="a").nchunks_initialized == 1

    def test_chunks_of_fill_values_are_not_stored(self, store: Store) -> None:
        """One that becomes so is deleted."""
        array = zarrpy.create_array(store, name="a", shape=(4,), chunks=(2,), dtype="i4")
        array[:] = 1
        assert sorted(store.list("a/c/")) == ["a/c/0", "a/c/1"]

        array[:2] = 0

        assert list(store.list("a/c/")) == ["a/c/1"]
        assert array[...].tolist() == [0, 0, 1, 1]

    def test_text_is_stored(self, store: Store) -> None:
        """Of any length and language."""
        texts = ["", "a", "größe", "солнце " * 100]

        zarrpy.create_array(store, name="a", data=np.array(texts, "T"))

        assert list(zarrpy.open_array(store, path="a")[...]) == texts

    @pytest.mark.parametrize("place", ["start", "end"])
    def test_shards_are_written_and_read_in_part(self, store: Store, place: str) -> None:
        """Chunks of them change one by one; the index is at either end."""
        field = _field((40, 40))
        array = zarrpy.create_array(
            store,
            name="a",
            data=field,
            chunks=(5, 5),
            shards={"shape": (20, 20), "index_location": place},
        )
        assert len(list(store.list("a/c/"))) == 4

        array[7:12, 18:33] = field[7:12, 18:33] = -1

        again = zarrpy.open_array(store, path="a")
        assert again[6:9, 17:20].tolist() == field[6:9, 17:20].tolist()
        assert again[...].tolist() == field.tolist()
        again[0, 0] = field[0, 0] = 5  # an index that was read before is not one of now
        assert array[:2, :2].tolist() == field[:2, :2].tolist()

    def test_shards_with_absent_chunks_are_read(self, store: Store) -> None:
        """As the fill value, wherever the index says that there is nothing."""
        array = zarrpy.create_array(
            store, name="a", shape=(16,), chunks=(2,), shards=(8,), dtype="i4", fill_value=3
        )
        array[4] = 7

        assert array[:4].tolist() == [3] * 4
        assert array[3:6].tolist() == [3, 7, 3]
        array[1] = 8
        assert array[:4].tolist() == [3, 8, 3, 3]
        assert array[8:12].tolist() == [3] * 4

    def test_an_array_grows_and_shrinks(self, store: Store) -> None:
        """What was cut off does not come back."""
        array = zarrpy.create_array(store, name="a", data=_field((6, 6)), chunks=(4, 4))

        array.resize((3, 6))
        array.resize((6, 8))

        expected = np.zeros((6, 8))
        expected[:3, :6] = _field((6, 6))[:3]
        assert zarrpy.open_array(store, path="a")[...].tolist() == expected.tolist()

    def test_an_array_is_appended_to(self, store: Store) -> None:
        """By two handles in turn."""
        zarrpy.create_array(store, name="a", shape=(0, 3), chunks=(2, 3), dtype="i4")

        for i in range(4):
            zarrpy.open_array(store, path="a").append(np.full((3, 3), i + 1))

        found = zarrpy.open_array(store, path="a")[...]
        assert found[:, 0].tolist() == [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]

    def test_threads_that_append_lose_nothing(self, store: Store) -> None:
        """Each piece is there, whole."""
        zarrpy.create_array(store, name="a", shape=(0,), chunks=(4,), dtype="i4")

        def append(number: int) -> None:
            zarrpy.open_array(store, path="a").append(np.full(3, number + 1))

        with ThreadPoolExecutor(4) as threads:
            list(threads.map(append, range(8)))

        found = zarrpy.open_array(store, path="a")[...].reshape(-1, 3)
        assert sorted(found[:, 0].tolist()) == list(range(1, 9))
        assert (found == found[:, :1]).all()

    def test_threads_that_write_parts_of_one_chunk_lose_nothing(self, store: Store) -> None:
        """Nor of one shard."""
        for name, shards in (("chunks", None), ("shards", (16,))):
            array = zarrpy.create_array(
                store, name=name, shape=(16,), chunks=(8,), shards=shards, dtype="i4"
            )

            def write(i: int, array: Any = array) -> None:
                array[i] = i + 1

            with ThreadPoolExecutor(8) as threads:
                list(threads.map(write, range(16)))

            assert array[...].tolist() == list(range(1, 17))

    def test_nothing_is_wrong_with_an_array(self, store: Store) -> None:
        """Its documents, keys, sizes and chunks are what they should be."""
        zarrpy.create_array(store, name="a", data=_field(), chunks=(7, 8), shards=(14, 16))

        report = zarrpy.verify(store, deep=True)

        assert report.ok

    # ------------------------------------------------------------------------------- groups

    @pytest.mark.parametrize("zarr_format", [2, 3])
    def test_members_are_found(self, store: Store, zarr_format: int) -> None:
        """At every depth; a name that begins like another is none of its members."""
        root = zarrpy.create_group(store, zarr_format=zarr_format)
        root.create_group("foo").create_array("a", data=[1, 2])
        root.create_group("foobar").create_array("b", data=[3])

        root = zarrpy.open_group(store, mode="r")
        assert sorted(root) == ["foo", "foobar"]
        assert list(root["foo"]) == ["a"]
        assert root["foobar/b"][...].tolist() == [3]
        assert "foo/b" not in root

    def test_a_group_is_deleted_with_all_below_it(self, store: Store) -> None:
        """And nothing that only begins like it."""
        root = zarrpy.create_group(store)
        root.create_group("foo").create_array("a", data=[1, 2])
        root.create_group("foobar").create_array("b", data=[3])

        del root["foo"]

        assert not [key for key in store.list() if key.startswith("foo/")]
        assert sorted(zarrpy.open_group(store)) == ["foobar"]

    def test_a_node_is_moved_and_copied(self, store: Store) -> None:
        """With its values."""
        root = zarrpy.create_group(store)
        root.create_group("a").create_array("b", data=[1, 2], attributes={"unit": "m"})

        root.move("a", "c/d")
        zarrpy.copy(root["c"], root, name="e")

        root = zarrpy.open_group(store)
        assert "a" not in root
        assert root["c/d/b"][...].tolist() == [1, 2]
        assert root["e/d/b"].attrs["unit"] == "m"

    def test_a_node_is_replaced(self, store: Store) -> None:
        """Only when that is asked for, and then with nothing left of it."""
        zarrpy.create_array(store, name="a", data=_field(), chunks=(5, 5))
        with pytest.raises(NodeExistsError):
            zarrpy.create_array(store, name="a", data=[1])

        zarrpy.create_array(store, name="a", data=[1], overwrite=True)

        assert sorted(store.list("a/")) == ["a/c/0", "a/zarr.json"]

    def test_attributes_are_stored(self, store: Store) -> None:
        """And seen by others."""
        group = zarrpy.create_group(store, attributes={"a": 1})

        group.attrs["größe"] = [1, None, "x"]
        del group.attrs["a"]

        assert dict(zarrpy.open_group(store).attrs) == {"größe": [1, None, "x"]}

    def test_attributes_of_eight_threads_are_all_there(self, store: Store) -> None:
        """None takes another one's away."""
        zarrpy.create_group(store)

        def change(number: int) -> None:
            zarrpy.open_group(store).attrs[f"thread {number}"] = number

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(change, range(8)))

        assert len(zarrpy.open_group(store).attrs) == 8

    @pytest.mark.parametrize("zarr_format", [2, 3])
    def test_consolidated_metadata_are_used_and_kept_true(
        self, store: Store, zarr_format: int
    ) -> None:
        """One document says what all nodes are, also after a change."""
        root = zarrpy.create_group(store, zarr_format=zarr_format)
        root.create_group("g").create_array("a", data=[1, 2, 3])
        zarrpy.consolidate_metadata(store)

        root = zarrpy.open_consolidated(store)
        root["g/a"].resize((5,))
        root["g"].attrs["x"] = 1

        again = zarrpy.open_consolidated(store)
        assert again["g/a"].shape == (5,)
        assert again["g"].attrs["x"] == 1
        assert again["g/a"][...].tolist() == [1, 2, 3, 0, 0]

    def test_what_is_not_there_is_named(self, store: Store) -> None:
        """An absent node is an error of its own, which is a FileNotFoundError."""
        zarrpy.create_group(store)

        with pytest.raises(NodeNotFoundError, match="nothing"):
            zarrpy.open(store, path="nothing/here", mode="r")

    def test_nodes_that_are_opened_for_reading_stay_as_they_are(self, store: Store) -> None:
        """Every change is refused."""
        zarrpy.create_array(store, name="a", data=[1, 2])
        array = zarrpy.open_array(store, path="a", mode="r")

        with pytest.raises(ReadOnlyStoreError):
            array[0] = 5
        with pytest.raises(ReadOnlyStoreError):
            array.attrs["x"] = 1
        with pytest.raises(ReadOnlyStoreError):
            array.resize((1,))

        assert zarrpy.open_array(store, path="a")[...].tolist() == [1, 2]
