"""The power goes: what was reported is there, in every state of the disk that is possible."""

import json
import sys

import pytest
from report import tell

from faults import shim
from faults.layouts import LAYOUTS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason=shim.REASON)


@pytest.fixture(scope="module")
def shim_file(tmp_path_factory):
    """The library that writes calls down."""
    return shim.build(tmp_path_factory.mktemp("shim"))


def cut_power(library, layout, place, changes, limit, seed, durability="durable"):
    """Open every state that the calls of some changes allow; each has what was reported."""
    words = layout, place, durability, changes, limit, seed
    counts = json.loads(shim.run(library, "power.py", *words))
    assert counts["states"] > counts["changes"]
    told = f"{counts['states']} states from {counts['calls']} calls of {changes} changes"
    what = layout if durability == "durable" else f"{layout} in groups"
    tell("loss of power (durable)", [f"{what}: {told}, 0 lost, 0 torn (seed {seed})"])


@pytest.mark.parametrize("layout", ["chunks", "append", "nodes", "copies"])
def test_what_was_reported_survives_the_loss_of_power(tmp_path, shim_file, layout):
    """With ``durability="durable"``; what was under way is there or not, whole."""
    cut_power(shim_file, layout, tmp_path / "place", 1, 10, 1)


@pytest.mark.parametrize("layout", ["chunks", "append"])
def test_a_group_survives_the_loss_of_power_as_a_whole(tmp_path, shim_file, layout):
    """Though its values are synced together, and not one by one."""
    cut_power(shim_file, layout, tmp_path / "place", 1, 4, 1, "grouped")


@pytest.mark.parametrize("layout", ["chunks", "append", "zip", "nodes"])
def test_what_was_written_before_a_sync_survives_the_loss_of_power(tmp_path, shim_file, layout):
    """With the default durability, and one state that the disk can be in."""
    words = layout, tmp_path / "place", "synced", 2, 10, 1
    counts = json.loads(shim.run(shim_file, "power.py", *words))
    assert counts["states"] == counts["changes"]


@pytest.mark.long
@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_was_reported_survives_the_loss_of_power_in_all_layouts(tmp_path, shim_file, layout):
    """In every layout, and in many states."""
    cut_power(shim_file, layout, tmp_path / "place", 4, 200, 2)


def test_each_directory_is_synced_once_for_all_chunks_of_a_write(tmp_path, shim_file):
    """Six times five chunks: their files, six directories of theirs, and the two above them."""
    assert int(shim.run(shim_file, "syncs.py", tmp_path / "place")) == 30 + 6 + 2


def test_what_is_not_synced_is_found_to_be_lost(tmp_path, shim_file):
    """The same changes without syncs: the states that this test builds tell the difference."""
    with pytest.raises(AssertionError, match="with 1 reported"):
        shim.run(shim_file, "power.py", "chunks", tmp_path / "place", "atomic", 1, 10, 1)
