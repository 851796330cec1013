"""How many requests reading and writing a bucket takes, as a server before it counts them."""

from __future__ import annotations

import asyncio
import copy
import pickle
import uuid

import numpy as np
import pytest

import zarrpy
from zarrpy.engine import watch
from zarrpy.errors import (
    ArrayNotFoundError,
    MetadataError,
    NodeExistsError,
    NodeKindError,
    StaleArrayError,
)
from zarrpy.stores import ObjectStore

FIELD = np.arange(64 * 64, dtype="float32").reshape(64, 64)


@pytest.fixture
def make(moto, proxy):
    """A function that makes an array; gives its URL, and options by way of the proxy."""
    options = {"access_key_id": "key", "secret_access_key": "secret", "region": "us-east-1"}

    def make(**keywords):
        url = f"s3://bucket/{uuid.uuid4().hex}"
        store = ObjectStore(url, endpoint=moto, **options)
        zarrpy.create_array(store, data=FIELD, **keywords)
        return url, {**options, "endpoint": proxy.url}

    return make


def told(proxy):
    """Method and range of each request, and no listing among them."""
    assert not [seen for seen in proxy.seen if "list-type" in seen.path]
    return [(seen.method, seen.byte_range) for seen in proxy.seen]


def test_opening_takes_one_request_and_a_chunk_one(make, proxy):
    """Nothing is listed, and nothing looked for that is known."""
    url, options = make(chunks=(16, 16))

    array = zarrpy.open_array(url, mode="r", zarr_format=3, storage_options=options)
    assert told(proxy) == [("GET", None)]
    proxy.forget()
    assert (array[20:40, 20:40] == FIELD[20:40, 20:40]).all()

    assert told(proxy) == [("GET", None)] * 4


def test_opening_without_a_format_looks_for_both(make, proxy):
    """At the same time."""
    url, options = make(chunks=(16, 16))

    zarrpy.open_array(url, mode="r", storage_options=options)

    assert told(proxy) == [("GET", None)] * 4


def test_a_shard_takes_one_request_for_its_index_once(make, proxy):
    """And one for chunks that lie close together; later reads know the index."""
    url, options = make(chunks=(8, 8), shards=(64, 64))
    array = zarrpy.open_array(url, mode="r", zarr_format=3, storage_options=options)
    proxy.forget()

    assert (array[:8, :8] == FIELD[:8, :8]).all()
    kinds = [byte_range.startswith("bytes=-") for _, byte_range in told(proxy)]
    assert kinds == [True, False]
    proxy.forget()
    assert (array[16:24, 8:40] == FIELD[16:24, 8:40]).all()
    assert (array[60:, 60:] == FIELD[60:, 60:]).all()

    assert [method for method, _ in told(proxy)] == ["GET"] * 2


def test_of_a_small_shard_no_more_is_read_than_twice_what_is_wanted(moto, proxy):
    """Four chunks in two rows of it are two requests, and not all that lies between."""
    options = {"access_key_id": "key", "secret_access_key": "secret", "region": "us-east-1"}
    url = f"s3://bucket/{uuid.uuid4().hex}"
    values = np.random.default_rng(0).normal(size=(512, 512)).astype("f4")
    store = ObjectStore(url, endpoint=moto, **options)
    zarrpy.create_array(store, data=values, chunks=(64, 64), shards=(512, 512), compressors=None)
    options["endpoint"] = proxy.url
    array = zarrpy.open_array(url, mode="r", zarr_format=3, storage_options=options)
    proxy.forget()

    assert (array[100:150, 100:150] == values[100:150, 100:150]).all()

    pieces = [part[6:].split("-") for _, part in told(proxy) if not part.startswith("bytes=-")]
    assert [int(last) - int(first) + 1 for first, last in pieces] == [2 * 64 * 64 * 4] * 2


def test_a_whole_shard_is_one_request(make, proxy):
    """Its index comes with it."""
    url, options = make(chunks=(8, 8), shards=(32, 32))
    array = zarrpy.open_array(url, mode="r", zarr_format=3, storage_options=options)
    proxy.forget()

    assert (array[...] == FIELD).all()

    assert told(proxy) == [("GET", None)] * 4


def test_a_shard_that_was_replaced_costs_one_more(make, proxy):
    """What is read is of the new one."""
    url, options = make(chunks=(8, 8), shards=(64, 64))
    array = zarrpy.open_array(url, mode="r", zarr_format=3, storage_options=options)
    array[:8, :8]
    other = {**options, "endpoint": proxy.url}
    zarrpy.open_array(url, storage_options=other)[:32] = 5
    proxy.forget()

    assert (array[:8, :8] == 5).all()

    assert [method for method, _ in told(proxy)] == ["GET"] * 3


def test_a_consolidated_hierarchy_is_opened_by_one_request(moto, proxy):
    """Whatever is in it."""
    options = {"access_key_id": "key", "secret_access_key": "secret", "region": "us-east-1"}
    url = f"s3://bucket/{uuid.uuid4().hex}"
    root = zarrpy.create_group(ObjectStore(url, endpoint=moto, **options))
    for i in range(5):
        root.create_array(f"g/{i}", data=[i])
    zarrpy.consolidate_metadata(root.store)

    options["endpoint"] = proxy.url
    group = zarrpy.open_consolidated(url, zarr_format=3, storage_options=options)
    names = [group["g"][name].shape for name in sorted(group["g"])]

    assert names == [(1,)] * 5
    assert told(proxy) == [("GET", None)]


def test_writing_whole_chunks_reads_nothing(make, proxy):
    """One request a chunk, or a shard; a part of a chunk takes one more, to read it.

    With the first part it is tried out what conditions the service keeps.
    """
    url, options = make(chunks=(16, 16))
    array = zarrpy.open_array(url, zarr_format=3, storage_options=options)
    array[0, 0] = 0
    proxy.forget()

    array[:32, :32] = 1
    assert told(proxy) == [("PUT", None)] * 4
    proxy.forget()
    array[:8, :8] = 2

    assert told(proxy) == [("GET", None), ("PUT", None)]


def test_half_a_minute_later_a_write_looks_whether_the_array_is_there(make, proxy, monkeypatch):
    """By one request more; what was deleted meanwhile stays so."""
    url, options = make(chunks=(16, 16))
    array = zarrpy.open_array(url, zarr_format=3, storage_options=options)
    proxy.forget()
    now = watch.time()
    for later in (1, 31, 32):
        monkeypatch.setattr(watch, "time", lambda later=later: now + later)
        array[:16, :16] = later
    assert told(proxy) == [("PUT", None), ("GET", None), ("PUT", None), ("PUT", None)]

    zarrpy.delete(url, storage_options=options)
    monkeypatch.setattr(watch, "time", lambda: now + 63)

    with pytest.raises(ArrayNotFoundError):
        array[:16, :16] = 0
    assert list(ObjectStore(url, **options).list()) == []


def test_changing_attributes_takes_one_request_to_write(make, proxy):
    """When nobody comes between; the first time it is tried out what conditions are kept."""
    url, options = make(chunks=(16, 16))
    array = zarrpy.open_array(url, zarr_format=3, storage_options=options)
    array.attrs["a"] = 1
    proxy.forget()

    array.attrs["b"] = 2

    assert [method for method, _ in told(proxy)].count("PUT") == 1
    assert len(proxy.seen) <= 6  # consolidated documents that may be above it among them


def sent(proxy):
    """Method and last part of each request; "list" where it is a listing."""
    return [
        ("list", "") if "list-type" in seen.path else (seen.method, seen.path.rpartition("/")[2])
        for seen in proxy.seen
    ]


@pytest.fixture
def new(proxy):
    """The URL of a place where nothing is, and options by way of the proxy."""
    options = {"access_key_id": "key", "secret_access_key": "secret", "region": "us-east-1"}
    return f"s3://bucket/{uuid.uuid4().hex}", {**options, "endpoint": proxy.url}


GIVEN = {"shape": (64, 64), "chunks": (16, 16), "dtype": "float32"}


@pytest.mark.parametrize(("zarr_format", "name"), [(3, "zarr.json"), (2, ".zarray")])
@pytest.mark.parametrize("overwrite", [False, True])
def test_creating_takes_two_requests(new, proxy, zarr_format, name, overwrite):
    """One that looks for nodes of either format, and one to write."""
    url, options = new

    zarrpy.create_array(
        url, storage_options=options, zarr_format=zarr_format, overwrite=overwrite, **GIVEN
    )

    assert sent(proxy) == [("list", ""), ("PUT", name)]


def test_that_there_is_one_already_takes_one_request(new, proxy):
    """It is not read to say so."""
    url, options = new
    zarrpy.create_array(url, storage_options=options, zarr_format=2, **GIVEN)
    proxy.forget()

    with pytest.raises(NodeExistsError, match="there is an array at"):
        zarrpy.create_array(url, storage_options=options, **GIVEN)

    assert sent(proxy) == [("list", "")]


def test_replacing_an_array_copies_nothing(make, proxy):
    """Its chunks are deleted by one request, however many there are."""
    url, options = make(chunks=(8, 8))
    proxy.forget()

    zarrpy.create_array(url, storage_options=options, overwrite=True, **GIVEN)

    assert len(proxy.seen) <= 17
    assert len(proxy.of("POST")) <= 3
    assert not (zarrpy.open_array(url, mode="r", storage_options=options)[...]).any()


@pytest.mark.parametrize("zarr_format", [3, 2])
@pytest.mark.parametrize("name", [None, "a"])
def test_who_is_second_is_told_though_nothing_was_there_when_they_looked(
    new, monkeypatch, zarr_format, name
):
    """The service looks once more; the node stays as the first one has made it."""
    url, options = new

    def create(number):
        zarrpy.create_array(
            url, name=name, zarr_format=zarr_format, attributes={"by": number},
            shape=(4,), dtype="i4", fill_value=number, storage_options=options,
        )  # fmt: skip

    create(1)
    with monkeypatch.context() as patched:
        patched.setattr(ObjectStore, "present", lambda self, keys: [False] * len(keys))
        with pytest.raises(NodeExistsError, match="there is an array at"):
            create(2)

    array = zarrpy.open_array(url, path=name, mode="r", storage_options=options)
    assert (array.fill_value, array.attrs["by"]) == (1, 1)


def test_creating_a_group_takes_two_requests(new, proxy):
    """And what is created in it three: a handle knows the group, which is looked at afterwards."""
    url, options = new

    group = zarrpy.create_group(url, storage_options=options)
    assert sent(proxy) == [("list", ""), ("PUT", "zarr.json")]
    proxy.forget()
    group.create_array("a", **GIVEN)

    created = [("list", ""), ("PUT", "zarr.json"), ("GET", "zarr.json")]
    assert sent(proxy) == created
    proxy.forget()
    group.create_group("b")
    assert sent(proxy) == created


@pytest.mark.parametrize("zarr_format", [3, 2])
@pytest.mark.parametrize("data", [None, np.arange(4)])
def test_nothing_is_created_in_a_group_that_is_an_array_by_now(new, zarr_format, data):
    """What was stored before that was seen is taken away again."""
    url, options = new
    group = zarrpy.create_group(url, storage_options=options, zarr_format=zarr_format)
    zarrpy.create_array(
        url, storage_options=options, zarr_format=zarr_format, overwrite=True, **GIVEN
    )
    keys = sorted(group.store.list())

    with pytest.raises(NodeKindError, match="array"):
        group.create_array("a", data=data, shape=None if data is not None else (4,), dtype="i8")

    assert sorted(group.store.list()) == keys


@pytest.mark.parametrize("zarr_format", [3, 2])
def test_a_group_that_was_deleted_is_there_again_when_something_is_created_in_it(new, zarr_format):
    """As where somebody creates by the path alone."""
    url, options = new
    root = zarrpy.create_group(url, storage_options=options, zarr_format=zarr_format)
    group = root.create_group("g")
    zarrpy.delete(url, storage_options=options)

    group.create_array("a", shape=(4,), dtype="i4")

    opened = zarrpy.open_group(url, mode="r", storage_options=options)
    assert [path for path, _ in opened.members(None)] == ["g", "g/a"]


@pytest.mark.parametrize("zarr_format", [3, 2])
def test_what_is_created_in_a_group_that_was_consolidated_meanwhile_is_named(new, zarr_format):
    """The handle did not know of it."""
    url, options = new
    group = zarrpy.create_group(url, storage_options=options, zarr_format=zarr_format)
    zarrpy.consolidate_metadata(url, storage_options=options)

    group.create_array("a", shape=(4,), dtype="i4")

    opened = zarrpy.open_consolidated(url, mode="r", storage_options=options)
    assert list(opened) == ["a"]


def test_a_group_of_another_format_by_now_is_noticed(new):
    """Consolidated metadata of it could not name what is created."""
    url, options = new
    group = zarrpy.create_group(url, storage_options=options)
    zarrpy.create_group(url, storage_options=options, zarr_format=2, overwrite=True)
    zarrpy.consolidate_metadata(url, storage_options=options)
    keys = sorted(group.store.list())

    with pytest.raises(MetadataError, match="format"):
        group.create_array("a", shape=(4,), dtype="i4")

    assert sorted(group.store.list()) == keys


def test_opening_or_creating_takes_one_request_or_three(new, proxy):
    """It is opened first."""
    url, options = new
    how = {"mode": "a", "zarr_format": 3, "storage_options": options}

    zarrpy.open_array(url, **how, **GIVEN)
    assert sent(proxy) == [("GET", "zarr.json"), ("list", ""), ("PUT", "zarr.json")]
    proxy.forget()
    zarrpy.open_array(url, **how, **GIVEN)

    assert sent(proxy) == [("GET", "zarr.json")]


NAMED = {"attributes": {"units": "K"}, "dimension_names": ("y", "x"), "zarr_format": 2}


@pytest.fixture
def in_v2(new, proxy):
    """How to open an array of Zarr v2 that has attributes and nine chunks."""
    url, options = new
    array = zarrpy.create_array(url, storage_options=options, **NAMED, **GIVEN)
    array[...] = FIELD
    proxy.forget()
    return {"store": url, "zarr_format": 2, "storage_options": options}


def test_an_array_of_zarr_v2_is_opened_by_one_request(in_v2, proxy):
    """Its attributes have a document of their own, which is read when somebody asks for them."""
    array = zarrpy.open_array(mode="r", **in_v2)
    assert (array[:16, :16] == FIELD[:16, :16]).all()
    assert sent(proxy) == [("GET", ".zarray"), ("GET", "0.0")]
    proxy.forget()

    assert dict(array.attrs) == {"units": "K", "_ARRAY_DIMENSIONS": ["y", "x"]}
    assert array.dimension_names == ("y", "x")
    assert array.attrs["units"] == "K"

    assert sent(proxy) == [("GET", ".zattrs")]


@pytest.mark.parametrize("work", [lambda a: a.append(FIELD[:16]), lambda a: a.resize((8, 64))])
def test_attributes_that_nobody_has_read_are_kept(in_v2, work):
    """Whatever else is changed."""
    work(zarrpy.open_array(mode="r+", **in_v2))

    array = zarrpy.open_array(mode="r+", **in_v2)
    array.attrs["by"] = "me"

    opened = zarrpy.open_array(mode="r", **in_v2)
    assert opened.attrs.asdict() == {"units": "K", "_ARRAY_DIMENSIONS": ["y", "x"], "by": "me"}
    assert opened.dimension_names == ("y", "x")


@pytest.mark.parametrize(
    "travel", [copy.copy, copy.deepcopy, lambda handle: pickle.loads(pickle.dumps(handle))]
)
def test_copies_of_a_handle_have_the_attributes_that_it_had_not_read(in_v2, travel):
    """Whatever is done to those in the store afterwards."""
    array = zarrpy.open_array(mode="r", **in_v2)
    other = travel(array)

    assert other.attrs["units"] == "K"
    assert other.metadata == array.metadata
    assert hash(other.metadata) == hash(array.metadata)


def test_attributes_of_an_array_that_was_deleted_are_an_error(in_v2):
    """And not none."""
    array = zarrpy.open_array(mode="r", **in_v2)
    zarrpy.delete(in_v2["store"], storage_options=in_v2["storage_options"])

    with pytest.raises(ArrayNotFoundError, match="no array"):
        dict(array.attrs)
    assert "float32" in repr(array)  # shown all the same, without names of dimensions


@pytest.mark.parametrize("chosen", [np.s_[:16], np.s_[3, 3]])
def test_an_array_that_was_replaced_is_not_taken_for_a_damaged_one(in_v2, chosen):
    """Nobody is sent to repair what is whole."""
    array = zarrpy.open_array(mode="r+", **in_v2)
    zarrpy.create_array(
        in_v2["store"],
        data=FIELD.astype("i2"),
        chunks=(16, 16),
        zarr_format=2,
        overwrite=True,
        storage_options=in_v2["storage_options"],
    )

    with pytest.raises(StaleArrayError, match="another array is at"):
        array[chosen]
    with pytest.raises(StaleArrayError, match="another array is at"):
        array[3, 5:9] = 1


def test_an_array_without_attributes_has_none(new, proxy):
    """Though there is no document that says so."""
    url, options = new
    zarrpy.create_array(url, storage_options=options, zarr_format=2, **GIVEN)

    array = zarrpy.open_array(url, mode="r", zarr_format=2, storage_options=options)

    assert dict(array.attrs) == {}
    assert array.dimension_names is None


def test_attributes_that_cannot_be_understood_are_an_error_for_who_asks(in_v2):
    """The elements can be read all the same."""
    array = zarrpy.open_array(mode="r", **in_v2)
    array.store.set(".zattrs", b"[1]")

    assert array[3, 3] == FIELD[3, 3]
    with pytest.raises(MetadataError, match=r"\.zattrs"):
        array.attrs["units"]


def test_who_awaits_is_given_attributes_at_once(in_v2, proxy):
    """As nothing may block the event loop later."""
    array = asyncio.run(zarrpy.open_array.aio(mode="r", **in_v2))
    proxy.forget()

    assert array.attrs["units"] == "K"

    assert sent(proxy) == []


def test_attributes_that_may_be_old_are_not_asked_for_again(in_v2, proxy):
    """The time that metadata may be old counts for them as well."""
    for _ in range(3):
        array = zarrpy.open_array(mode="r", metadata_ttl=60, **in_v2)
        assert array.attrs["units"] == "K"

    assert sent(proxy) == [("GET", ".zarray"), ("GET", ".zattrs")]


def test_appending_takes_three_requests_beside_its_chunks(make, proxy):
    """The marker of a shape that somebody else is changing, and the document, twice."""
    url, options = make(chunks=(16, 16))
    array = zarrpy.open_array(url, zarr_format=3, storage_options=options)
    array.attrs["a"] = 1  # what the service compares is found out once
    proxy.forget()

    array.append(FIELD[:16])

    documents = [each for each in sent(proxy) if not each[1].isdigit()]
    assert documents == [("GET", ".__zp-shrink"), ("GET", "zarr.json"), ("PUT", "zarr.json")]
    assert len(proxy.of("PUT")) == 1 + 4
    assert (array[64:] == FIELD[:16]).all()


def test_who_may_not_list_creates_all_the_same(new, proxy):
    """And replaces nothing either."""
    url, options = new
    proxy.fault = lambda seen: 403 if "list-type" in seen.path else None

    zarrpy.create_array(url, storage_options=options, **GIVEN)
    with pytest.raises(NodeExistsError, match=r"array .*at .* already"):
        zarrpy.create_group(url, storage_options=options, zarr_format=2)
    with pytest.raises(NodeExistsError, match=r"array .*at .* already"):
        zarrpy.create_array(url, storage_options=options, **GIVEN)

    assert len([seen for seen in proxy.of("HEAD") if seen.path.endswith("zarr.json")]) >= 2


@pytest.mark.parametrize("there", [2, 3])
def test_a_node_of_the_other_format_is_not_created_over(new, there):
    """Nor beside it, where it would hide it."""
    url, options = new
    zarrpy.create_group(url, storage_options=options, zarr_format=there)

    with pytest.raises(NodeExistsError, match=r"group at .* already"):
        zarrpy.create_array(url, storage_options=options, zarr_format=5 - there, **GIVEN)

    assert list(zarrpy.open(url, mode="r", storage_options=options)) == []
