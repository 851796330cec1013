"""Changes in consolidated groups that somebody might not expect to be seen there."""

import numpy as np
import pytest

import zarrpy
from zarrpy.errors import MetadataError
from zarrpy.stores import MemoryStore

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture(params=[3, 2])
def zarr_format(request):
    """Both formats."""
    return request.param


class Interrupted(MemoryStore):
    """Lets somebody else work in the middle of a change: between a node and what names it."""

    key, work, written = None, None, False

    def set(self, key, value):
        super().set(key, value)
        self.written = self.written or key == self.key

    def get_many(self, keys):
        if self.written and self.work is not None:
            work, self.work = self.work, None
            work()
        return super().get_many(keys)


def consolidated(store, zarr_format):
    """Groups at several depths, each with what lies below it."""
    root = zarrpy.create_group(store, zarr_format=zarr_format)
    root.create_array("a/b/x", data=np.arange(4), chunks=2)
    for path in ("a/b", "a", ""):
        zarrpy.consolidate_metadata(store, path)
    return root


OTHERS = {
    "changes it": lambda group: group["a/b/x"].attrs.update(theirs=1),
    "makes it grow": lambda group: group["a/b/x"].append(np.arange(2)),
    "deletes it": lambda group: group.__delitem__("a/b/x"),
    "deletes a group around it": lambda group: group.__delitem__("a/b"),
}


@pytest.mark.parametrize("work", OTHERS.values(), ids=OTHERS)
def test_who_is_overtaken_names_what_is_there(zarr_format, work):
    """The entry that comes last is not always that of the change that came last."""
    store = Interrupted()
    root = consolidated(store, zarr_format)
    other = zarrpy.open_group(store, use_consolidated=False)
    store.key = "a/b/x/zarr.json" if zarr_format == 3 else "a/b/x/.zattrs"
    store.work = lambda: work(other)

    root["a/b/x"].attrs["ours"] = 1

    assert store.work is None
    assert zarrpy.verify_consolidated(store) == ()
    assert zarrpy.verify_consolidated(store, "a") == ()


NEW = {
    "an array": lambda store, number: zarrpy.create_array(
        store, name="a/b/new", data=[1], zarr_format=number
    ),
    "a group": lambda store, number: zarrpy.create_group(store, path="n/m", zarr_format=number),
    "a saved array": lambda store, number: zarrpy.save_array(
        store, np.arange(2), path="a/s", zarr_format=number
    ),
    "an array in place of one": lambda store, number: zarrpy.create_array(
        store, name="a/b/x", data=[1], zarr_format=number, overwrite=True
    ),
    "a hierarchy": lambda store, number: zarrpy.create_hierarchy(
        store, {"n": None, "a/p/q": {"data": [1]}}, zarr_format=number
    ),
    "a copy": lambda store, number: zarrpy.copy(
        zarrpy.create_array({}, data=[1], zarr_format=number), store, name="a/copy"
    ),
}


@pytest.mark.parametrize("create", NEW.values(), ids=NEW)
def test_a_node_that_consolidated_metadata_cannot_name_is_refused(
    store, zarr_format, create, contents
):
    """It would be there for some who open the group, and not for others."""
    consolidated(store, zarr_format)
    before = contents(store)

    with pytest.raises(MetadataError, match=r"has consolidated metadata.*format of that group"):
        create(store, 5 - zarr_format)

    assert contents(store) == before
    create(store, zarr_format)
    assert zarrpy.verify_consolidated(store) == ()


def test_so_is_one_in_a_place_within_such_a_group(tmp_path, zarr_format):
    """A path of its own may lead into a hierarchy."""
    consolidated(tmp_path / "g.zarr", zarr_format)

    for create in (
        lambda: zarrpy.create_array(tmp_path / "g.zarr/n", data=[1], zarr_format=5 - zarr_format),
        lambda: zarrpy.create_hierarchy(
            tmp_path / "g.zarr/n", {"m": None}, zarr_format=5 - zarr_format
        ),
    ):
        with pytest.raises(MetadataError, match="has consolidated metadata"):
            create()
    assert sorted(zarrpy.open_group(tmp_path / "g.zarr", use_consolidated=False)) == ["a"]


def test_without_consolidated_metadata_formats_may_be_mixed(store, zarr_format):
    """Both are found by who looks for them."""
    zarrpy.create_group(store, zarr_format=zarr_format)

    zarrpy.create_array(store, name="x", data=[1, 2], zarr_format=5 - zarr_format)

    assert zarrpy.open_array(store, path="x")[...].tolist() == [1, 2]


@pytest.mark.parametrize("elsewhere", [False, True])
def test_conversion_keeps_what_is_consolidated_at_every_depth(store, zarr_format, elsewhere):
    """Each group has it in the other format."""
    consolidated(store, zarr_format)
    zarrpy.remove_consolidated(store, "a")
    target = MemoryStore() if elsewhere else store

    zarrpy.convert(store, zarr_format=5 - zarr_format, target=target if elsewhere else None)

    assert [zarrpy.is_consolidated(target, path) for path in ("", "a", "a/b")] == [
        True, False, True,
    ]  # fmt: skip
    assert zarrpy.verify_consolidated(target) == zarrpy.verify_consolidated(target, "a/b") == ()
    assert zarrpy.open_consolidated(target, path="a/b").metadata.zarr_format == 5 - zarr_format
