"""The table of what each store can do says what the stores say of themselves."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from obstore.store import MemoryStore as Bucket

import zarrpy.stores
from zarrpy.errors import ReadOnlyStoreError, StoreError
from zarrpy.stores import MemoryStore, Store, WrapperStore

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "stores.md"
ROWS = {
    name: (written, parts, lists)
    for name, written, parts, lists in re.findall(
        r"^\| `(\w+)` \| (yes|no) \| ([^|]*?) ?\| (yes|no) \|", PAGE.read_text("utf-8"), re.M
    )
}
#: Those that need a server; the classes say it as well as their objects.
SERVED = {
    "PostgresStore": True,
    "MongoDBStore": True,
    "GridFSStore": True,
    "RedisStore": True,
    "ZarrPythonStore": False,
}


def made(name, folder):
    """A store of a kind."""
    kind = getattr(zarrpy.stores, name)
    if name == "ObjectStore":
        return kind(Bucket())
    if name == "ZipReaderStore":
        zarrpy.create_group(folder / "a.zip").store.close()
        return kind(zarrpy.stores.LocalStore(folder), "a.zip")
    places = {
        "MemoryStore": [],
        "HTTPStore": ["http://127.0.0.1:9/a"],
        "FsspecStore": [f"memory://{folder.name}"],
        "ReferenceStore": [{}],
        "SharedMemoryStore": [f"zarrpy-{folder.name}"],
    }
    return kind(*places.get(name, [str(folder / "a.store")]))


def test_every_store_has_a_row():
    """But for those that only hand on."""
    kinds = {name: getattr(zarrpy.stores, name) for name in zarrpy.stores.__all__}
    stores = {
        name
        for name, kind in kinds.items()
        if isinstance(kind, type) and issubclass(kind, Store) and kind is not Store
    }
    wrappers = {name for name in stores if issubclass(kinds[name], WrapperStore)}

    assert stores - wrappers - {"OverlayStore", "PrefixStore", "StorageTransformer"} == set(ROWS)


@pytest.mark.parametrize("name", sorted(set(ROWS) - set(SERVED)))
def test_a_store_can_what_its_row_says(name, tmp_path):
    """Writing, keeping parts, listing."""
    written, parts, lists = ROWS[name]
    with made(name, tmp_path) as store:
        kept = store.guards or (store.excludes_writers and not store.in_memory)
        assert kept == (parts == "kept")
        if written == "yes":
            store.set("a", b"1")
            assert store.get("a") == b"1"
            store.delete("a")
        else:
            with pytest.raises(ReadOnlyStoreError):
                store.set("a", b"1")
        if lists == "yes":
            list(store.list())
        else:
            with pytest.raises(StoreError, match="lists nothing"):
                list(store.list())


@pytest.mark.parametrize(("name", "guards"), SERVED.items())
def test_a_store_of_a_server_keeps_parts_where_its_row_says_so(name, guards):
    """By its class."""
    kind = getattr(zarrpy.stores, name)

    assert (kind.guards is not MemoryStore.guards) == guards == (ROWS[name][1] == "kept")


def test_the_page_names_the_stores_that_have_transactions():
    """Those whose class says how; all others refuse."""
    sentence = (
        PAGE.read_text("utf-8").partition("over several keys:")[2].partition(" All others")[0]
    )
    named = set(re.findall(r"`(\w+)`", sentence))
    kinds = {name: getattr(zarrpy.stores, name) for name in ROWS}

    assert named == {
        name
        for name, kind in kinds.items()
        if kind.stage is not Store.stage or kind.set_together is not Store.set_together
    }
