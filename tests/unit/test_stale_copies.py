"""What is copied of an array that others delete, replace or resize, before it or meanwhile."""

import numpy as np
import pytest

import zarrpy
from zarrpy.engine import copy as copies
from zarrpy.errors import (
    ArrayNotFoundError,
    ConflictError,
    NodeNotFoundError,
    SelectionError,
    StaleArrayError,
)
from zarrpy.stores import (
    CacheStore,
    LocalStore,
    MemoryStore,
    OverlayStore,
    SQLiteStore,
    WrapperStore,
    ZipStore,
)

VALUES = np.arange(1, 9, dtype="i4")
COPIES = {
    "copy": lambda array: zarrpy.copy(array, {}),
    "copy, other format": lambda array: zarrpy.copy(array, {}, zarr_format=2),
    "from_array": lambda array: zarrpy.from_array({}, data=array),
    "save_array": lambda array: zarrpy.save_array({}, array),
    "save_group": lambda array: zarrpy.save_group({}, x=array),
    "set": lambda array: zarrpy.create_group({}).set("x", array),
    "create_hierarchy": lambda array: zarrpy.create_hierarchy({}, {"x": array}),
    "diff": lambda array: zarrpy.diff(array, array),
}


@pytest.fixture(
    params=["memory", "local", "sqlite", "wrapped", "zip", "overlay", "overlay of files", "cached"]
)
def any_store(request, tmp_path):
    """A new empty store, of kinds that tell differently what has changed."""
    makers = {
        "memory": MemoryStore,
        "local": lambda: LocalStore(tmp_path / "store"),
        "sqlite": lambda: SQLiteStore(tmp_path / "store.sqlite"),
        "wrapped": lambda: WrapperStore(LocalStore(tmp_path / "store")),
        "zip": lambda: ZipStore(tmp_path / "store.zip", mode="w"),
        "overlay": lambda: OverlayStore(MemoryStore()),
        "overlay of files": lambda: OverlayStore(MemoryStore(), LocalStore(tmp_path / "store")),
        "cached": lambda: CacheStore(LocalStore(tmp_path / "store")),
    }
    with makers[request.param]() as store:
        yield store


@pytest.fixture
def meanwhile(monkeypatch):
    """Have things done just before chunks are brought, one each time; gives the list of them."""
    left, brought = [], copies._brought

    def brings(*args):
        if left:
            left.pop(0)()
        yield from brought(*args)

    monkeypatch.setattr(copies, "_brought", brings)
    return left


@pytest.fixture
def afterwards(monkeypatch):
    """The same, just after they were brought."""
    left, brought = [], copies._brought

    def brings(*args):
        yield from brought(*args)
        if left:
            left.pop(0)()

    monkeypatch.setattr(copies, "_brought", brings)
    return left


def new(store, values=VALUES, **keywords):
    """Create the array anew."""
    keywords = {"name": "a", "chunks": (4,), "overwrite": True, **keywords}
    return zarrpy.create_array(store, data=values, **keywords)


# ---------------------------------------------------------------------------------- before it


def test_an_array_that_was_just_created_is_copied(any_store):
    """A file does not tell yet whether it changes."""
    for i in range(20):
        assert zarrpy.copy(new(any_store, VALUES + i), {})[...].tolist() == (VALUES + i).tolist()


@pytest.mark.parametrize("make", COPIES.values(), ids=COPIES)
def test_an_array_that_was_deleted_is_not_copied(any_store, make):
    """Its fill values would be what is left of it."""
    handle = new(any_store)
    zarrpy.delete(any_store, "a")

    with pytest.raises(NodeNotFoundError):
        make(handle)


@pytest.mark.parametrize("name", [name for name in COPIES if name != "diff"])
def test_an_array_that_was_replaced_is_not_copied(store, name):
    """Its bytes would be taken for other elements."""
    handle = new(store)
    new(store, VALUES.astype("f4"))

    with pytest.raises(StaleArrayError, match="open it again"):
        COPIES[name](handle)


@pytest.mark.parametrize("name", [name for name in COPIES if name != "diff"])
def test_an_array_that_has_become_shorter_is_not_copied(store, name):
    """What is gone would be fill values."""
    new(store)
    handle = zarrpy.open(store, path="a")
    zarrpy.open(store, path="a", mode="r+").resize(2)

    with pytest.raises(SelectionError, match="since another handle has changed it"):
        COPIES[name](handle)


def test_a_group_that_was_deleted_is_not_copied(store):
    """A group without members would be there instead."""
    group = zarrpy.create_group(store, path="g")
    zarrpy.delete(store, "g")

    with pytest.raises(NodeNotFoundError):
        zarrpy.copy(group, {})


def test_nothing_is_at_the_target_when_the_source_is_gone(store):
    """What is there already stays."""
    handle = new(store)
    zarrpy.delete(store, "a")
    target = zarrpy.create_group({})
    target["b"] = [1]

    with pytest.raises(ArrayNotFoundError):
        target["b"] = handle

    assert target["b"][...].tolist() == [1]


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_what_others_have_appended_does_not_appear_when_the_copy_grows(any_store, zarr_format):
    """The copy has the elements that its handle shows, and fill values after them."""
    new(any_store, VALUES[:6], zarr_format=zarr_format)
    handle = zarrpy.open(any_store, path="a")
    zarrpy.open(any_store, path="a", mode="r+").append([70, 80])

    copied = zarrpy.copy(handle, {})
    copied.resize(10)

    assert copied[...].tolist() == [1, 2, 3, 4, 5, 6, 0, 0, 0, 0]


@pytest.mark.parametrize("make", [zarrpy.copy, lambda array, to: zarrpy.from_array(to, data=array)])
def test_what_is_buffered_is_copied(store, make):
    """Reading the array shows it as well."""
    array = new(store)

    with array.buffered():
        array[0] = -5
        copied = make(array, {})

    assert copied[...].tolist() == [-5, *VALUES[1:]]


def test_what_is_buffered_is_set_saved_and_moved(tmp_path):
    """Whatever is built on copies writes it first."""
    array = new({})
    group = zarrpy.create_group({})

    with array.buffered():
        array[0] = -5
        group["x"] = array
        array[1] = -6
        zarrpy.save_group(group.store, y=array, path="saved")
        array[2] = -7
        zarrpy.save_array(group.store, array, path="alone")
        array[3] = -8
        moved = zarrpy.move(array, group, "moved")

    assert group["x"][:2].tolist() == [-5, 2]
    assert group["saved/y"][:3].tolist() == [-5, -6, 3]
    assert group["alone"][:4].tolist() == [-5, -6, -7, 4]
    assert moved[:5].tolist() == [-5, -6, -7, -8, 5]


def test_what_is_buffered_is_compared():
    """A difference would be one from what the array shows."""
    array = new({})

    with array.buffered():
        array[0] = -5
        assert zarrpy.diff(array, new({}, array[...])) == []


# ---------------------------------------------------------------------------------- meanwhile


def copied_whole(store):
    """Copy the array, or the group that it is in; gives the functions that do."""
    zarrpy.create_group(store, overwrite=True)
    new(store)
    return {
        "array": lambda to: zarrpy.copy(zarrpy.open(store, path="a"), to),
        "group": lambda to: zarrpy.copy(zarrpy.open(store), to)["a"],
    }


@pytest.mark.parametrize("what", ["array", "group"])
def test_an_array_that_is_deleted_meanwhile_is_an_error(any_store, meanwhile, what):
    """Nothing is left at the target."""
    copy, target = copied_whole(any_store)[what], {}
    meanwhile.append(lambda: zarrpy.delete(any_store, "a"))

    with pytest.raises(ArrayNotFoundError):
        copy(target)

    assert target == {}


@pytest.mark.parametrize("what", ["array", "group"])
def test_an_array_that_another_replaces_meanwhile_is_an_error(any_store, meanwhile, what):
    """Its bytes mean something else."""
    copy, target = copied_whole(any_store)[what], {}
    meanwhile.append(lambda: new(any_store, VALUES.astype("f4")))

    with pytest.raises(StaleArrayError):
        copy(target)

    assert target == {}


@pytest.mark.parametrize("what", ["array", "group"])
def test_an_array_that_becomes_shorter_meanwhile_is_an_error(any_store, meanwhile, what):
    """Chunks that went may have been copied or not."""
    copy, target = copied_whole(any_store)[what], {}
    meanwhile.append(lambda: zarrpy.open(any_store, path="a", mode="r+").resize(2))

    with pytest.raises(SelectionError):
        copy(target)

    assert target == {}


@pytest.mark.parametrize("what", ["array", "group"])
def test_an_array_that_is_created_anew_meanwhile_is_copied_again(any_store, meanwhile, what):
    """Where it has the same document, and its chunks had gone when they were listed."""
    copy = copied_whole(any_store)[what]
    any_store.delete("a/c/0")
    meanwhile.append(lambda: new(any_store, VALUES + 100))

    assert copy({})[...].tolist() == (VALUES + 100).tolist()


def test_chunks_that_an_array_has_no_more_do_not_stay_in_the_copy(any_store, afterwards):
    """The array that was created anew has fewer of them."""
    copy = copied_whole(any_store)["array"]
    afterwards.append(lambda: new(any_store, np.repeat([0, 7], 4).astype("i4")))

    assert copy({})[...].tolist() == [0, 0, 0, 0, 7, 7, 7, 7]


def test_a_copy_is_not_made_of_two_arrays_that_are_alike(store, afterwards):
    """Nor is a part of it of either."""
    copy = copied_whole(store)["array"]
    afterwards.append(lambda: new(store, VALUES + 100))

    assert copy({})[...].tolist() == (VALUES + 100).tolist()


def test_an_array_that_is_created_anew_again_and_again_is_an_error(store, meanwhile):
    """Nobody knows of which one the chunks are."""
    copy, target = copied_whole(store)["array"], {}
    meanwhile += [lambda i=i: new(store, VALUES + i) for i in range(100)]

    with pytest.raises(ConflictError, match="replaced each time"):
        copy(target)

    assert target == {}


@pytest.mark.parametrize("what", ["array", "group"])
def test_who_appends_meanwhile_does_no_harm(any_store, meanwhile, what):
    """The copy is the array of before, and has fill values where it grows."""
    copy = copied_whole(any_store)[what]
    new(any_store, VALUES[:6])
    meanwhile.append(lambda: zarrpy.open(any_store, path="a", mode="r+").append([70, 80, 90]))

    copied = copy({})
    copied.resize(10)

    assert copied[...].tolist() == [1, 2, 3, 4, 5, 6, 0, 0, 0, 0]


def test_attributes_and_chunks_that_are_written_meanwhile_do_no_harm(any_store, meanwhile):
    """They are copied or not."""
    copy = copied_whole(any_store)["array"]

    def change(i):
        array = zarrpy.open(any_store, path="a", mode="r+")
        array.attrs["n"] = i
        array[4:] = 7

    meanwhile += [lambda i=i: change(i) for i in range(100)]

    assert copy({})[...].tolist() in (VALUES.tolist(), [1, 2, 3, 4, 7, 7, 7, 7])


def test_a_member_that_was_resized_before_its_turn_is_copied_as_it_is_then(store, meanwhile):
    """Others may have been copied for hours since the members were listed."""
    group = zarrpy.create_group(store)
    for name in ("a", "b"):
        new(store, name=name)
    meanwhile.append(lambda: zarrpy.open(store, path="b", mode="r+").resize(2))

    assert zarrpy.copy(group, {})["b"][...].tolist() == [1, 2]
