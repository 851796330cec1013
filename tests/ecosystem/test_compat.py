"""zarrpy in the place of zarr-python: modules, settings, stores, libraries that import `zarr`."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading

import numpy as np
import pytest

import zarrpy
from zarrpy import storage
from zarrpy.compat import zarr
from zarrpy.compat.tree import MODULES

INSTALLED = """
import importlib, importlib.metadata, importlib.util, sys

import zarrpy.compat

zarrpy.compat.install()
zarrpy.compat.install()  # once more changes nothing

import zarr
from zarr.core.buffer import cpu
from zarr.core.metadata import ArrayV2Metadata, ArrayV3Metadata

assert importlib.util.find_spec("zarr.storage") is not None
assert importlib.metadata.version("zarr") == zarr.__version__
assert "zarrpy" in zarr.__file__ and zarr.storage.__file__  # tells whose it is
assert zarr.open_group({}, mode="w").create_array("a", data=[1, 2])[1] == 2
assert isinstance(zarr.create((2,)).metadata, ArrayV3Metadata)
assert isinstance(zarr.create((2,), zarr_format=2).metadata, ArrayV2Metadata)

import dask.array as da
import numpy as np
import xarray as xr

folder = sys.argv[1]
da.ones((4, 4), chunks=2).to_zarr(folder + "/ones.zarr")
assert int(da.from_zarr(folder + "/ones.zarr").sum().compute()) == 16
data = xr.Dataset({"t": (("x", "y"), np.arange(6.0).reshape(2, 3))}, attrs={"a": 1})
for number in (2, 3):
    place = f"{folder}/data{number}.zarr"
    data.to_zarr(place, zarr_format=number)
    with xr.open_zarr(place) as found:
        xr.testing.assert_identical(found.load(), data)

zarrpy.compat.uninstall()
assert "zarr" not in sys.modules and not zarrpy.compat.installed()
try:
    importlib.import_module("zarr")
except ModuleNotFoundError:
    pass  # it is not installed here

import types

sys.modules["zarr"] = types.ModuleType("zarr")
try:
    zarrpy.compat.install()
except RuntimeError as error:
    assert "imported already" in str(error)
zarrpy.compat.install(force=True)
import zarr

assert zarr.Array is zarrpy.Array
print("all is well")
"""


def test_libraries_that_import_zarr_get_zarrpy(tmp_path):
    """Dask and xarray write and read through it, in both formats; zarr-python is not installed."""
    command = [sys.executable, "-W", "ignore", "-c", INSTALLED, str(tmp_path)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)

    assert run.stdout == "all is well\n", run.stderr
    assert zarrpy.open(tmp_path / "data2.zarr").metadata.zarr_format == 2


@pytest.mark.parametrize("name", sorted(MODULES))
def test_every_module_that_is_served_has_its_names(name):
    """And says what it has not."""
    module = zarr
    for part in name.split(".")[1:]:
        module = getattr(module, part)

    for each in dir(module):
        assert getattr(module, each) is not None, each
    with pytest.raises(AttributeError, match="serves in the place of zarr-python"):
        module.no_such_name  # noqa: B018


def test_open_creates_as_in_zarr_python(tmp_path):
    """And the functions of zarrpy do not."""
    with pytest.raises(zarrpy.NodeNotFoundError):
        zarrpy.open(tmp_path / "a.zarr")

    group = zarr.open(tmp_path / "a.zarr")
    array = zarr.open(tmp_path / "a.zarr", path="x", shape=(3,), dtype="i4")

    assert isinstance(group, zarr.Group)
    assert isinstance(group.store, zarr.storage.LocalStore)
    assert zarr.open(tmp_path / "a.zarr", path="x").shape == array.shape
    with pytest.raises(zarr.errors.GroupNotFoundError, match="No group found in store"):
        zarr.open_group(tmp_path / "b.zarr", mode="r")
    with pytest.raises(ValueError, match="already"):
        zarr.create_group(tmp_path / "a.zarr")


def test_settings_by_the_names_of_zarr_python():
    """Those that zarrpy has under another name are changed there, for as long as a block lasts."""
    with zarr.config.set({"default_zarr_format": 2, "async": {"concurrency": 3}}):
        assert zarr.create((2,)).metadata.zarr_format == 2
        assert (zarrpy.config.requests, zarr.config.get("async.concurrency")) == (3, 3)
    assert zarr.config.config["default_zarr_format"] == 3
    assert zarr.config.get("no.such", 7) == 7
    with pytest.raises(KeyError):
        zarr.config.get("no.such")
    with zarr.config.set(json_indent=4):
        assert zarr.config["json_indent"] == 4
    assert zarr.config["json_indent"] == 2


@pytest.mark.parametrize("kind", ["memory", "local", "zip", "wrapper", "logging"])
def test_stores_serve_those_who_wait_and_those_who_await(kind, tmp_path):
    """One store, read and written by zarrpy, and by coroutines with buffers."""
    made = {
        "memory": lambda: storage.MemoryStore(),
        "local": lambda: storage.LocalStore(tmp_path / "a"),
        "zip": lambda: storage.ZipStore(tmp_path / "a.zip", mode="w"),
        "wrapper": lambda: storage.WrapperStore(storage.MemoryStore()),
        "logging": lambda: storage.LoggingStore(storage.MemoryStore(), "ERROR"),
    }
    store = made[kind]()
    array = zarrpy.create_array(store, data=np.arange(6), chunks=(2,))
    buffers = zarr.core.buffer
    prototype = buffers.default_buffer_prototype()
    requests = zarr.abc.store

    async def work():
        document = await store.get("zarr.json", prototype)
        assert document.to_bytes() == bytes(store.get("zarr.json"))
        part = await store.get("zarr.json", prototype, requests.RangeByteRequest(0, 1))
        assert part.to_bytes() == b"{"
        last = await store.get("zarr.json", prototype, requests.SuffixByteRequest(1))
        assert last.to_bytes() == document.to_bytes()[-1:]
        assert await store.get("none", prototype) is None
        assert await store.exists("c/0")
        assert not await store.exists("none")
        assert sorted([name async for name in store.list_dir("")]) == ["c", "zarr.json"]
        assert len([key async for key in store.list_prefix("c/")]) == 3
        assert not await store.is_empty("c")
        await store.set("extra", prototype.buffer.from_bytes(b"x"))
        assert await store.getsize("extra") == 1
        if kind != "zip":
            await store.delete("extra")
            assert not await store.exists("extra")

    asyncio.run(work())
    assert array[...].tolist() == list(range(6))
    assert isinstance(store, requests.Store)
    assert store.with_read_only(True).read_only
    store.close()


def test_named_stores_share_their_values():
    """While one of them is there."""
    one, two = storage.ManagedMemoryStore("shared"), storage.ManagedMemoryStore("shared")
    zarrpy.create_array(one, data=[1, 2])

    assert zarrpy.open(two)[...].tolist() == [1, 2]
    assert one == two
    with pytest.raises(ImportError):
        storage.GpuMemoryStore()


def test_what_anndata_asks_of_groups():
    """The root by its path, and whether something is consolidated."""
    group = zarr.open_group({}, mode="w")

    assert group.require_group("/") is group
    assert group.metadata.consolidated_metadata is None
    group.create_group("a")
    with pytest.warns(zarr.errors.ZarrUserWarning, match="Consolidated metadata"):
        made = zarr.consolidate_metadata(group.store)
    assert "a" in made.metadata.consolidated_metadata.metadata


@pytest.mark.parametrize("more", [{}, {"b": np.arange(3)}], ids=["an array", "a group"])
def test_options_of_a_store_reach_it_when_arrays_are_saved(monkeypatch, more):
    """By whichever of the functions."""
    from zarrpy.compat import functions, places

    asked = []

    def made(place, *, storage_options=None):
        asked.append((place, storage_options))
        return zarrpy.stores.MemoryStore()

    monkeypatch.setattr(places, "as_store", made)
    functions.save("s3://bucket/a", np.arange(4), storage_options={"anon": True}, **more)

    assert asked == [("s3://bucket/a", {"anon": True})]


@pytest.mark.parametrize(
    "make",
    [zarr.open_group, zarr.group, lambda store, **more: zarr.open_array(store, shape=3, **more)],
    ids=["open_group", "group", "open_array"],
)
def test_a_second_store_for_chunks_is_refused_and_not_forgotten(make):
    """Chunks that are kept there would read as fill values."""
    with pytest.raises(TypeError, match="chunk_store"):
        make({}, chunk_store={})


@pytest.mark.parametrize("kind", ["MemoryStore", "LocalStore"])
def test_of_several_that_set_what_is_not_there_the_first_is_kept(tmp_path, monkeypatch, kind):
    """Each looks first, and none replaces what another has set since."""
    ours = getattr(zarrpy.stores, kind)
    store = storage.MemoryStore() if kind == "MemoryStore" else storage.LocalStore(tmp_path)
    exists, looked = ours.exists, threading.Barrier(4, timeout=20)

    def together(self, key):
        found = exists(self, key)
        looked.wait()
        return found

    monkeypatch.setattr(ours, "exists", together)
    seen = []

    def put(number):
        asyncio.run(store.set_if_not_exists("a", bytes([number])))
        seen.append(bytes(store.get("a")))

    threads = [threading.Thread(target=put, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(seen) == 4
    assert len(set(seen)) == 1


def test_an_event_loop_goes_on_while_a_function_that_is_awaited_reads():
    """The store answers only when the loop has done something else."""
    from zarrpy.compat import coroutines

    answer = threading.Event()

    class Waiting(zarrpy.stores.MemoryStore):
        """One that takes its time."""

        def get(self, key, byte_range=None):
            assert answer.wait(20), "the loop stood still"
            return super().get(key, byte_range)

    store = Waiting()
    answer.set()
    zarrpy.create_array(store, data=[1, 2, 3])
    answer.clear()

    async def both():
        opening = asyncio.create_task(coroutines.open_array(store, mode="r"))
        await asyncio.sleep(0.01)
        answer.set()
        return await opening

    assert asyncio.run(both()).shape == (3,)


def test_who_waits_for_a_coroutine_may_say_how_long():
    """Not longer, and what comes in time is given."""
    from zarrpy.compat.loop import sync

    assert sync(asyncio.sleep(0, "done"), timeout=20) == "done"
    with pytest.raises(TimeoutError):
        sync(asyncio.sleep(60), timeout=0.01)


@pytest.mark.parametrize(
    "named",
    [zarr.Array, zarr.AsyncArray, storage.WrapperStore, zarr.core.dtype.ZDType],
    ids=lambda named: named.__name__,
)
def test_annotations_that_say_more_of_a_class_are_taken(named):
    """As in ``def f(array: Array[ArrayV3Metadata])``, which Python looks at."""
    assert named[int].__origin__ is named


def test_shards_of_codecs_alone_hold_plain_bytes():
    """As many programs make them."""
    array = zarr.create((4,), chunks=(4,), dtype="i4", codecs=[zarr.codecs.ShardingCodec((2,))])
    array[:] = 7

    assert array.chunks == (2,)
    assert array[:].tolist() == [7] * 4
