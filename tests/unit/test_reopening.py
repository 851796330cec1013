"""Opening an array again: short where nothing has changed, and never with old metadata."""

import json
import os
import shutil
import time

import numpy as np
import pytest

import zarrpy
from zarrpy import reopening
from zarrpy.reopening import Reopening


@pytest.fixture
def settled(monkeypatch):
    """Trust states of any age; tests that change files twice within a tick do without."""
    monkeypatch.setattr(reopening, "_SETTLED_NS", -(10**18))


@pytest.fixture(params=[2, 3])
def place(request, tmp_path, settled):
    """Path of an array that was opened before, in both formats."""
    place = str(tmp_path / "a.zarr")
    zarrpy.create_array(place, data=np.arange(8), chunks=4, zarr_format=request.param)
    zarrpy.open_array(place)
    return place


def is_short(place, **keywords):
    """Whether opening would be answered without reading the document."""
    return Reopening(place, keywords).recalled() is not None


def changed(place, **members):
    """Write another document over an array's, with other members."""
    name = next(n for n in ("zarr.json", ".zarray") if os.path.exists(os.path.join(place, n)))
    path = os.path.join(place, name)
    with open(path, encoding="utf-8") as file:
        document = {**json.load(file), **members}
    time.sleep(0.02)  # for the clock of the file system to move on
    with open(path, "w", encoding="utf-8") as file:
        json.dump(document, file)


@pytest.mark.parametrize("mode", [None, "r", "r+"])
@pytest.mark.parametrize("opened", [zarrpy.open, zarrpy.open_array])
def test_an_unchanged_array_is_another_handle_of_the_same(place, mode, opened):
    """With the mode of this call, not of the one before."""
    assert is_short(place, mode=mode)

    array = opened(place, mode=mode)

    assert array.read_only == (mode == "r")
    assert array[...].tolist() == list(range(8))
    assert array is not opened(place, mode=mode)


def test_a_member_of_a_hierarchy_is_remembered_by_its_path(tmp_path, settled):
    """As the store itself is."""
    place = str(tmp_path / "h.zarr")
    zarrpy.create_array(place, name="g/a", data=[1, 2])
    zarrpy.open_array(place, path="g/a")

    assert is_short(place, path="g/a")
    assert zarrpy.open_array(place, path="g/a").path == "g/a"
    assert not is_short(place)


def test_a_changed_document_is_read(place):
    """Whoever changed it."""
    changed(place, shape=[6])

    assert not is_short(place)
    assert zarrpy.open_array(place).shape == (6,)
    assert is_short(place)


def test_attributes_are_read_when_they_change(place):
    """In whatever document they are."""
    zarrpy.open_array(place).attrs["unit"] = "K"

    assert zarrpy.open_array(place).attrs["unit"] == "K"

    zarrpy.open_array(place).attrs["unit"] = "m"

    assert zarrpy.open_array(place).attrs["unit"] == "m"


def test_what_an_attribute_holds_is_not_shared(place):
    """A list that somebody changes in memory is another one for everybody else."""
    zarrpy.open_array(place).attrs["levels"] = [1, 2]
    zarrpy.open_array(place)
    assert is_short(place)

    zarrpy.open_array(place).metadata.attributes["levels"].append(3)

    assert zarrpy.open_array(place).attrs["levels"] == [1, 2]


def test_another_array_in_its_place_is_opened(place, tmp_path):
    """Also when it was there before, and goes back there."""
    other = str(tmp_path / "b.zarr")
    zarrpy.create_array(other, data=np.zeros(3))
    zarrpy.open_array(other)

    shutil.move(place, tmp_path / "c.zarr")
    shutil.move(other, place)

    assert zarrpy.open_array(place).shape == (3,)


def test_a_deleted_array_is_not_there(place):
    """Whatever is remembered."""
    shutil.rmtree(place)

    with pytest.raises(zarrpy.NodeNotFoundError):
        zarrpy.open_array(place)


def test_a_second_node_in_the_same_place_is_warned_of(tmp_path, settled):
    """Each time."""
    place = str(tmp_path / "a.zarr")
    zarrpy.create_array(place, data=[1, 2])
    zarrpy.open_array(place)
    with open(os.path.join(place, ".zgroup"), "w", encoding="utf-8") as file:
        file.write('{"zarr_format": 2}')

    for _ in range(2):
        with pytest.warns(UserWarning, match="zarr_format"):
            zarrpy.open_array(place)


def test_a_young_state_is_not_trusted(tmp_path):
    """Two changes may share it."""
    place = str(tmp_path / "a.zarr")
    zarrpy.create_array(place, data=[1, 2])
    zarrpy.open_array(place)

    assert not is_short(place)


def test_relative_places_are_those_of_the_current_directory(tmp_path, settled, monkeypatch):
    """Which may change."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        zarrpy.create_array("a.zarr", data=np.arange(len(name)), attributes={"in": name})
        assert zarrpy.open_array("a.zarr").attrs["in"] == name

    monkeypatch.chdir(tmp_path / "one")

    assert is_short("a.zarr")
    assert zarrpy.open_array("a.zarr").attrs["in"] == "one"


@pytest.mark.parametrize(
    "keywords", [{"mode": "a"}, {"mode": "w-"}, {"zarr_format": 3}, {"cache": True}, {"shape": 3}]
)
def test_whatever_else_is_asked_for_goes_the_long_way(place, keywords):
    """As it may create, or refuse."""
    assert not is_short(place, **keywords)


def test_it_can_be_turned_off(place):
    """With all other recalls."""
    with zarrpy.config.set(disable="recall"):
        assert not is_short(place)
        assert zarrpy.open_array(place).shape == (8,)


@pytest.mark.parametrize("place", ["", ".", "/nowhere", "a\0b", "file:///x", "x.zip", b"x", None])
def test_what_is_no_place_of_an_array_is_left_to_the_long_way(place):
    """Whatever it says of it."""
    assert not is_short(place)


@pytest.mark.skipif(os.name == "nt", reason="needs links: run on another system")
def test_what_stores_understand_as_another_place_is_not_looked_at_here(
    tmp_path, settled, monkeypatch
):
    """A home directory, a URL, and a folder above a link."""
    (tmp_path / "home").mkdir()
    (tmp_path / "there" / "folder").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "there" / "folder")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    url = f"file://{tmp_path}/home/x"
    for place in ("~/x", str(tmp_path / "link" / ".." / "x"), url):
        beside = os.path.join(os.getcwd(), place)
        os.makedirs(os.path.dirname(beside), exist_ok=True)
        zarrpy.create_array(os.path.realpath(beside), data=[1, 2], overwrite=True)
        for n in (3, 4):
            zarrpy.create_array(place, data=np.arange(n), overwrite=True)
            assert zarrpy.open(place).shape == (n,)
            assert zarrpy.open(place).shape == (n,)


@pytest.mark.skipif(os.name == "nt", reason="needs links: run on another system")
def test_an_array_that_was_another_while_it_was_opened_is_not_remembered(
    tmp_path, settled, monkeypatch
):
    """The path led to one, then to another, and to the first again."""
    for n in (2, 3):
        zarrpy.create_array(tmp_path / str(n), data=np.arange(n))
    link = tmp_path / "now"
    link.symlink_to(tmp_path / "2")

    def turn(n):
        link.unlink()
        link.symlink_to(tmp_path / str(n))

    class Turning(Reopening):
        def recalled(self):
            turn(3)

        def remember(self, node):
            turn(2)
            super().remember(node)

    with monkeypatch.context() as patch:
        patch.setitem(zarrpy.open.__dict__, "shortcut", Turning)
        assert zarrpy.open(str(link)).shape == (3,)

    assert zarrpy.open(str(link)).shape == (2,)


def test_attributes_that_the_first_handle_has_changed_in_memory_are_its_own(tmp_path, settled):
    """As they are those of all that follow."""
    place = str(tmp_path / "a.zarr")
    zarrpy.create_array(place, data=[1], attributes={"n": {"l": [1]}})
    zarrpy.open(place).metadata.attributes["n"]["l"].append(5)

    assert zarrpy.open(place).attrs["n"] == {"l": [1]}
    assert zarrpy.open(place).metadata.attributes == {"n": {"l": [1]}}
