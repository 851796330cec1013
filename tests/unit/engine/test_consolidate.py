"""Tests of `zarrpy.engine.consolidate`: made, used, kept true, compared and removed."""

import json
import pickle
import time

import numpy as np
import pytest

import zarrpy
from zarrpy.engine.consolidate import StaleMetadataWarning
from zarrpy.errors import GroupNotFoundError, MetadataError, NodeKindError, ReadOnlyStoreError
from zarrpy.metadata import v3
from zarrpy.stores import LocalStore, MemoryStore

pytestmark = pytest.mark.filterwarnings("error")


class Counting(MemoryStore):
    """Counts the keys that are asked for, and the listings."""

    def __init__(self, values=None):
        super().__init__(values)
        self.asked, self.listed = [], 0

    def get_many(self, keys):
        self.asked += keys
        return super().get_many(keys)

    def list_dir(self, prefix=""):
        self.listed += 1
        return super().list_dir(prefix)


@pytest.fixture(params=[3, 2])
def zarr_format(request):
    """Both formats."""
    return request.param


@pytest.fixture
def root(store, zarr_format):
    """A group with an array, and with a group that has an array."""
    group = zarrpy.create_group(store, zarr_format=zarr_format, attributes={"title": "x"})
    group.create_array("a", data=np.arange(6), attributes={"units": "m"})
    group.create_array("below/b", data=np.arange(4), chunks=2)
    return group


def entries(store, path=""):
    """What is consolidated, as stored."""
    start = path + "/" if path else ""
    value = store.get(start + ".zmetadata")
    if value is not None:
        return json.loads(bytes(value))["metadata"]
    return json.loads(bytes(store.get(start + "zarr.json")))["consolidated_metadata"]["metadata"]


def test_the_documents_of_all_nodes_are_collected(store, root, zarr_format):
    """Near ones first; those of v2 by key, with the group's own."""
    group = zarrpy.consolidate_metadata(store)

    assert group.is_consolidated
    if zarr_format == 3:
        assert list(entries(store)) == ["a", "below", "below/b"]
        assert entries(store)["a"] == json.loads(bytes(store.get("a/zarr.json")))
    else:
        assert list(entries(store)) == [
            *(".zattrs", ".zgroup", "a/.zarray", "a/.zattrs", "below/.zgroup", "below/b/.zarray")
        ]
        assert entries(store)["a/.zarray"] == json.loads(bytes(store.get("a/.zarray")))
    assert zarrpy.verify_consolidated(store) == ()


def test_the_document_says_what_it_is(store, root, zarr_format):
    """In the words of each format."""
    zarrpy.consolidate_metadata(store)

    if zarr_format == 3:
        member = json.loads(bytes(store.get("zarr.json")))["consolidated_metadata"]
        assert {k: v for k, v in member.items() if k != "metadata"} == {
            "kind": "inline",
            "must_understand": False,
        }
    else:
        assert json.loads(bytes(store.get(".zmetadata")))["zarr_consolidated_format"] == 1


def test_a_consolidated_hierarchy_is_opened_without_looking_at_its_nodes(zarr_format):
    """Members, members of members and their attributes come from the one document."""
    values = {}
    group = zarrpy.create_group(values, zarr_format=zarr_format)
    for i in range(20):
        group.create_array(f"g{i}/a", data=[i], attributes={"i": i})
    zarrpy.consolidate_metadata(values)
    store = Counting(values)

    opened = zarrpy.open(store, mode="r")
    found = dict(opened.members(max_depth=None))

    assert len(found) == 40
    assert found["g7/a"].attrs["i"] == opened["g7"]["a"].attrs["i"] == 7
    assert "g7/a" in opened
    assert "g7/b" not in opened
    assert opened["g3"].is_consolidated
    assert store.listed == 0
    assert all("/" not in key for key in store.asked)
    assert found["g7/a"][0] == 7


@pytest.mark.parametrize("use", [None, True, False, "verify"])
def test_whether_it_is_used_is_the_callers_choice(store, root, use):
    """By default where there is one."""
    zarrpy.consolidate_metadata(store)

    opened = zarrpy.open_group(store, use_consolidated=use)

    assert opened.is_consolidated == (use is not False)
    assert sorted(opened) == ["a", "below"]
    assert zarrpy.open(store, use_consolidated=use).is_consolidated == (use is not False)


def test_who_insists_on_it_where_there_is_none_gets_an_error(store, root):
    """A ValueError, as other libraries raise."""
    for ask in (
        lambda: zarrpy.open_consolidated(store),
        lambda: zarrpy.open(store, use_consolidated=True),
        lambda: zarrpy.verify_consolidated(store),
    ):
        with pytest.raises(ValueError, match="has no consolidated metadata"):
            ask()
    assert not zarrpy.open(store, use_consolidated="verify").is_consolidated


@pytest.mark.parametrize("use", ["yes", 1, 0, ".zmetadata"])
def test_a_choice_that_is_none_is_refused(store, root, use):
    """By name."""
    with pytest.raises(ValueError, match="use_consolidated must be None, True, False or 'verify'"):
        zarrpy.open_group(store, use_consolidated=use)


CHANGES = {
    "an array is created": lambda root: root.create_array("new", data=[1]),
    "a group is created": lambda root: root.create_group("new/deep"),
    "an array is created far below": lambda root: root.create_array("x/y/z", data=[1]),
    "an array is replaced": lambda root: root.create_array("a", data=[1.5], overwrite=True),
    "a group is replaced": lambda root: root.create_group("below", overwrite=True),
    "values are assigned to a name": lambda root: root.__setitem__("a", np.zeros(3)),
    "an array is deleted": lambda root: root.__delitem__("a"),
    "a group is deleted": lambda root: root.__delitem__("below"),
    "attributes of an array change": lambda root: root["a"].attrs.update(units="km"),
    "attributes of a group change": lambda root: root["below"].attrs.update(k=[1, None]),
    "attributes of the root change": lambda root: root.attrs.update(title="y"),
    "attributes are deleted": lambda root: root["a"].attrs.put({}),
    "an array is required": lambda root: root.require_array("new", shape=2, dtype="i1"),
    "a group is required": lambda root: root.require_group("below/new"),
}


@pytest.mark.parametrize("through", ["the handle", "a handle without it", "another handle"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_change_is_made_in_the_consolidated_document_too(store, root, change, through):
    """Whoever makes it, the document stays true, and so does every handle of this process."""
    opened = zarrpy.consolidate_metadata(store)
    before = sorted(opened.members(max_depth=None), key=lambda member: member[0])

    if through == "the handle":
        change(opened)
    elif through == "a handle without it":
        change(zarrpy.open_group(store, use_consolidated=False))
    else:
        change(zarrpy.open_group(store))

    assert before
    assert zarrpy.verify_consolidated(store) == ()
    assert tell(opened) == tell(zarrpy.open_group(store, use_consolidated=False))
    assert opened.is_consolidated


def tell(group):
    """Everything that the members of a group say about themselves."""
    return {
        path: (type(node).__name__, dict(node.attrs), getattr(node, "shape", None))
        for path, node in group.members(max_depth=None)
    }


def test_documents_of_every_group_above_are_kept(store, root):
    """A group within a consolidated group may be consolidated as well."""
    zarrpy.consolidate_metadata(store, "below")
    zarrpy.consolidate_metadata(store)

    root["below/b"].attrs["k"] = 1
    root.create_array("below/c", data=[1])
    del root["below/b"]

    assert zarrpy.verify_consolidated(store) == ()
    assert zarrpy.verify_consolidated(store, "below") == ()
    assert sorted(zarrpy.open_consolidated(store, path="below")) == ["c"]


def place_alone(path):
    """Make changes of a node that is named by a path of its own."""
    return {
        "attributes change": lambda: zarrpy.open(f"{path}/below/b").attrs.update(k=1),
        "attributes of a group change": lambda: zarrpy.open(f"{path}/below").attrs.update(k=1),
        "an array grows": lambda: zarrpy.open(f"{path}/below/b").append(np.arange(2)),
        "an array is created": lambda: zarrpy.create_array(f"{path}/below/c", shape=2, dtype="i1"),
        "a group is created": lambda: zarrpy.create_group(f"{path}/below/c/d"),
        "an array is replaced": lambda: zarrpy.create_array(
            f"{path}/a", data=np.arange(2), overwrite=True
        ),
        "a group is replaced": lambda: zarrpy.open_group(f"{path}/below", mode="w"),
        "an array is deleted": lambda: zarrpy.open_group(f"{path}/below").__delitem__("b"),
    }


@pytest.mark.parametrize("change", place_alone(""))
def test_groups_that_a_store_lies_in_follow_too(tmp_path, zarr_format, change):
    """A node may be opened by a path of its own, beyond which its groups are."""
    path = tmp_path / "survey.zarr"
    group = zarrpy.create_group(path, zarr_format=zarr_format)
    group.create_array("a", data=np.arange(6))
    group.create_array("below/b", data=np.arange(4), chunks=2)
    zarrpy.consolidate_metadata(path, "below")
    opened = zarrpy.consolidate_metadata(path)

    with zarrpy.config.set({"array.zarr_format": zarr_format}):
        place_alone(path)[change]()

    assert zarrpy.verify_consolidated(path) == ()
    if zarrpy.is_consolidated(path / "below"):
        assert zarrpy.verify_consolidated(path / "below") == ()
    assert tell(opened) == tell(zarrpy.open_group(path, use_consolidated=False))


def test_a_group_around_the_store_that_cannot_follow_is_named(tmp_path, zarr_format):
    """The change itself is made: it was allowed, and what lies around may be somebody else's."""
    path = tmp_path / "survey.zarr"
    zarrpy.create_group(path, zarr_format=zarr_format).create_array("a", data=np.arange(6))
    zarrpy.consolidate_metadata(path)
    name = "zarr.json" if zarr_format == 3 else ".zmetadata"
    (path / name).write_text('{"consolidated_metadata"')

    with pytest.warns(StaleMetadataWarning, match="survey.zarr do not follow"):
        zarrpy.open(path / "a").attrs["k"] = 1

    assert zarrpy.open(path / "a").attrs["k"] == 1


def test_the_root_is_replaced_with_what_was_consolidated(store, root, zarr_format):
    """Nothing of it is left, and handles notice."""
    opened = zarrpy.consolidate_metadata(store)

    zarrpy.create_group(store, overwrite=True, zarr_format=zarr_format)

    assert not zarrpy.is_consolidated(store)
    assert list(opened) == []
    assert not opened.is_consolidated


def test_it_is_removed_and_nothing_else(store, root, contents):
    """Every value is as it was before."""
    before = {k: json.loads(v) if b"{" in v[:1] else v for k, v in contents(store).items()}
    opened = zarrpy.consolidate_metadata(store)
    assert zarrpy.is_consolidated(store)

    zarrpy.remove_consolidated(store)

    assert not zarrpy.is_consolidated(store)
    assert not opened.is_consolidated
    assert sorted(opened) == ["a", "below"]
    after = {k: json.loads(v) if b"{" in v[:1] else v for k, v in contents(store).items()}
    assert after == before


def stale(store):
    """A store whose consolidated metadata others have made untrue."""
    root = zarrpy.create_group(store)
    for name in ("kept", "changed", "deleted"):
        root.create_array(name, data=[1, 2, 3])
    old = bytes(zarrpy.consolidate_metadata(store).store.get("zarr.json"))
    root["changed"].attrs["k"] = 1
    del root["deleted"]
    root.create_array("created", data=[1])
    root.store.set("zarr.json", old)


def test_what_others_changed_is_found(store):
    """By name, with what is wrong."""
    stale(store)

    found = zarrpy.verify_consolidated(store)

    assert sorted(map(str, found)) == [
        "changed: different",
        "created: not consolidated",
        "deleted: not stored",
    ]


def test_where_verification_is_asked_for_the_store_wins(store):
    """With a warning that names what is stale; consolidating again makes it true."""
    stale(store)
    assert "deleted" in zarrpy.open_group(store)

    with pytest.warns(StaleMetadataWarning, match="changed: different"):
        opened = zarrpy.open_group(store, use_consolidated="verify")

    assert sorted(opened) == ["changed", "created", "kept"]
    assert sorted(zarrpy.consolidate_metadata(store)) == ["changed", "created", "kept"]
    assert zarrpy.verify_consolidated(store) == ()


def test_a_node_that_is_not_understood_is_consolidated_all_the_same(store):
    """Its document is copied, and is an error only to who asks for it."""
    root = zarrpy.create_group(store)
    array = root.create_array("odd", data=[1])
    document = json.loads(bytes(store.get("odd/zarr.json")))
    store.set("odd/zarr.json", json.dumps({**document, "data_type": "martian"}).encode())
    root.create_array("even", data=[2])

    opened = zarrpy.consolidate_metadata(store)

    assert array.shape == opened["even"].shape
    assert sorted(opened) == ["even", "odd"]
    with pytest.raises(MetadataError, match="martian"):
        opened["odd"]


def test_nodes_of_another_format_would_go_missing_and_are_refused(store):
    """The error says which."""
    zarrpy.create_group(store)
    zarrpy.create_array(store, name="old", data=[1], zarr_format=2)

    with pytest.raises(MetadataError, match="'old' has another format"):
        zarrpy.consolidate_metadata(store)
    assert not zarrpy.is_consolidated(store)


def test_a_node_of_another_format_is_a_difference(store, zarr_format):
    """It is told of with the others; what is below it is not looked at."""
    zarrpy.create_group(store, zarr_format=zarr_format).create_array("a", data=[1])
    zarrpy.consolidate_metadata(store)
    theirs = MemoryStore()
    zarrpy.create_array(theirs, name="g/old", data=[1], zarr_format=5 - zarr_format)
    for key in theirs.list("g/"):
        store.set(key, theirs.get(key))
    store.delete_prefix("a/")

    found = zarrpy.verify_consolidated(store)

    assert {str(each) for each in found} == {"a: not stored", "g: of another format"}
    with pytest.warns(StaleMetadataWarning, match="of another format"):
        opened = zarrpy.open_group(store, use_consolidated="verify")
    assert "g/old" in opened


def test_groups_without_documents_are_found_all_the_same(store):
    """Drafts of v3 had such; what lies below them must not go missing."""
    zarrpy.create_group(store)
    zarrpy.create_array(store, name="x/y/z", data=[1, 2])
    store.delete("x/zarr.json")
    store.delete("x/y/zarr.json")

    opened = zarrpy.consolidate_metadata(store)

    assert [path for path, _ in opened.members(max_depth=None)] == ["x", "x/y", "x/y/z"]
    assert zarrpy.verify_consolidated(store) == ()


def test_only_groups_are_consolidated(store):
    """An array holds nothing, and nothing is no group."""
    zarrpy.create_array(store, name="a", data=[1])

    with pytest.raises(NodeKindError):
        zarrpy.consolidate_metadata(store, "a")
    with pytest.raises(GroupNotFoundError):
        zarrpy.consolidate_metadata(store, "none")


def test_a_store_that_may_not_be_changed_is_not_consolidated(tmp_path):
    """But is read with what is consolidated."""
    zarrpy.create_group(tmp_path / "x").create_array("a", data=[1])
    zarrpy.consolidate_metadata(tmp_path / "x")
    store = LocalStore(tmp_path / "x", read_only=True)

    assert zarrpy.open_consolidated(store)["a"][0] == 1
    for change in (zarrpy.consolidate_metadata, zarrpy.remove_consolidated):
        with pytest.raises(ReadOnlyStoreError):
            change(store)


@pytest.mark.parametrize("name", ["../a", "/a", "a//b", "..", "a/../b"])
def test_a_path_that_leads_out_of_the_group_is_refused(name):
    """A consolidated document is data of others, like every document."""
    store = {}
    group = zarrpy.create_group(store)
    group.create_array("a", data=[1])
    zarrpy.consolidate_metadata(store)
    document = json.loads(store["zarr.json"])
    rows = document["consolidated_metadata"]["metadata"]
    rows[name] = rows.pop("a")
    store["zarr.json"] = json.dumps(document).encode()

    with pytest.raises(MetadataError, match=r"zarr\.json: consolidated_metadata\.metadata"):
        zarrpy.open(store)


@pytest.mark.parametrize(
    "member", [None, {"kind": "elsewhere", "must_understand": False, "url": "x"}]
)
def test_what_is_consolidated_in_an_unknown_way_is_left_aside(member):
    """It need not be understood: the store tells the same."""
    store = {}
    zarrpy.create_group(store).create_array("a", data=[1])
    document = json.loads(store["zarr.json"])
    store["zarr.json"] = json.dumps({**document, "consolidated_metadata": member}).encode()

    opened = zarrpy.open(store)
    opened.create_array("b", data=[1])

    assert not opened.is_consolidated
    assert sorted(opened) == ["a", "b"]
    assert json.loads(store["zarr.json"])["consolidated_metadata"] == member


@pytest.mark.parametrize("value", [3, [], {"a": 3}])
def test_malformed_consolidated_metadata_are_an_error(value):
    """That names the document and the member."""
    store = {}
    zarrpy.create_group(store)
    member = {"kind": "inline", "must_understand": False, "metadata": value}
    document = {**json.loads(store["zarr.json"]), "consolidated_metadata": member}
    store["zarr.json"] = json.dumps(document).encode()

    with pytest.raises(
        MetadataError, match=r"zarr\.json: consolidated_metadata\.metadata.* must be"
    ):
        zarrpy.open(store)


def test_a_handle_that_was_sent_to_another_process_reads_again(tmp_path):
    """What it held may be old there."""
    zarrpy.create_group(tmp_path / "x").create_array("a", data=[1])
    opened = zarrpy.consolidate_metadata(tmp_path / "x")

    again = pickle.loads(pickle.dumps(opened))
    opened.create_array("b", data=[1])

    assert sorted(again) == ["a", "b"]
    assert again.is_consolidated


def test_changes_are_awaited_as_well(store, root):
    """The same steps in an event loop."""
    import asyncio

    async def work():
        group = await zarrpy.consolidate_metadata.aio(store)
        await group.create_group.aio("new")
        return await zarrpy.verify_consolidated.aio(store)

    assert asyncio.run(work()) == ()


def test_a_document_of_many_nodes_is_written_one_a_line():
    """So that people can read it and programs write it fast."""
    store = {}
    root = zarrpy.create_group(store)
    for name in "abc":
        root.create_array(name, data=[1])
    zarrpy.consolidate_metadata(store)

    lines = store["zarr.json"].decode().splitlines()

    assert [line[:3] for line in lines if line.startswith('"')] == ['"a"', '"b"', '"c"']


def test_ten_megabytes_are_opened_in_well_under_a_second():
    """Documents of nodes are understood when a node is asked for, not before."""
    import time

    store = {}
    root = zarrpy.create_group(store)
    root.create_array("a0", data=[1], attributes={"text": "x" * 500})
    zarrpy.consolidate_metadata(store)
    document = json.loads(store["zarr.json"])
    entry = document["consolidated_metadata"]["metadata"]["a0"]
    rows = {f"a{i}": entry for i in range(10_000)}
    document["consolidated_metadata"]["metadata"] = rows
    store["zarr.json"] = json.dumps(document).encode()
    assert len(store["zarr.json"]) > 9_000_000

    start = time.process_time()
    opened = zarrpy.open(store)
    assert opened["a9999"].attrs["text"] == "x" * 500
    taken = time.process_time() - start

    assert taken < 2  # half of one on an idle machine


def test_a_large_consolidated_document_opens_quickly_and_lazily(monkeypatch, slack):
    """Ten megabytes: no node is understood before it is asked for."""
    rows = {}
    document = {
        "zarr_format": 3,
        "node_type": "group",
        "attributes": {"history": "x" * 900},
    }
    for i in range(10_000):
        rows[f"g{i // 100}" if i % 100 == 0 else f"g{i // 100}/a{i}"] = document
    member = {"kind": "inline", "must_understand": False, "metadata": rows}
    root = {"zarr_format": 3, "node_type": "group", "consolidated_metadata": member}
    text = json.dumps(root).encode()
    assert len(text) > 9_500_000
    parsed = []
    parse = v3.parse
    monkeypatch.setattr(v3, "parse", lambda *each: parsed.append(each[1:]) or parse(*each))

    before = time.process_time()
    group = zarrpy.open_group({"zarr.json": text})
    took = time.process_time() - before

    assert len(group) == len(list(group)) == 100
    assert len(parsed) == 1
    assert group["g5/a501"].path == "g5/a501"
    assert len(parsed) == 2
    assert took < slack, f"{took:.2f} s"


def test_consolidated_names_that_are_no_documents_make_no_node():
    """Whatever somebody has written there, beside attributes or alone."""
    files = {}
    zarrpy.create_group(files, zarr_format=2).create_group("a")
    zarrpy.consolidate_metadata(files)
    files[".zmetadata"] = bytes(files[".zmetadata"]).replace(b"a/.zgroup", b"a/.zgr?up")

    group = zarrpy.open_group(files, mode="r", use_consolidated=True)

    assert list(group.members()) == []
