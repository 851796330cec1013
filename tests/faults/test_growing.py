"""Resizing and appending that is cut off, cancelled, done twice at once, or killed."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import zarrpy
from zarrpy.engine.drive import answer
from zarrpy.errors import LockTimeoutError, StoreError
from zarrpy.stores import MemoryStore

GRIDS = {
    "v2": {"zarr_format": 2, "chunks": (4, 3)},
    "regular": {"chunks": (4, 3)},
    "rectilinear": {"chunks": [[2, 4, 1, 5], [3, 3]]},
    "shards": {"chunks": (2, 3), "shards": (4, 6)},
}
OLD = np.arange(40).reshape(8, 5) + 1
CHANGES = {
    "shrink": (lambda array: array.resize.steps((3, 4)), OLD[:3, :4]),
    "grow": (lambda array: array.resize.steps((9, 6)), np.pad(OLD, ((0, 1), (0, 1)))),
    "both": (lambda array: array.resize.steps((5, 6)), np.pad(OLD[:5], ((0, 0), (0, 1)))),
    "append": (lambda array: array.append.steps(OLD[:3]), np.concatenate([OLD, OLD[:3]])),
    "beside": (lambda array: array.append.steps(OLD[:, :2], 1), np.hstack([OLD, OLD[:, :2]])),
}


class Recording(dict):
    """A mapping that keeps a copy of itself after each change."""

    def __init__(self):
        super().__init__()
        self.states = []

    def __setitem__(self, key, value):
        super().__setitem__(key, value)
        self.states.append(dict(self))

    def pop(self, key, *default):
        found = super().pop(key, *default)
        self.states.append(dict(self))
        return found


def check_state(state, new):
    """The old array or the new one; and whoever grows it finds fill values behind it."""
    array = zarrpy.open({**state}, path="a")
    expected = OLD if array.shape == OLD.shape else new
    assert np.array_equal(array[...], expected)
    array = zarrpy.open(state, path="a", mode="r+")

    array.resize((12, 8))

    rest = np.zeros((12, 8), OLD.dtype)
    rest[tuple(map(slice, expected.shape))] = expected
    assert np.array_equal(array[...], rest)
    assert not [key for key in state if "__zp" in key]


def created(store, grid):
    """The old array, in a group that is consolidated."""
    zarr_format = GRIDS[grid].get("zarr_format", 3)
    zarrpy.create_group(store, zarr_format=zarr_format)
    array = zarrpy.create_array(store, name="a", data=OLD, **GRIDS[grid])
    zarrpy.consolidate_metadata(store)
    return array


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("grid", GRIDS)
def test_every_state_on_the_way_is_the_old_array_or_the_new(body, grid, change):
    """Cut off after each change of the store, opened again, and grown."""
    steps, new = CHANGES[change]
    store = Recording()
    array = created(store, grid)
    store.states.clear()

    run(array, steps(array))

    states = list(store.states)
    assert len(states) >= (1 if change == "grow" else 4)
    for state in states:
        check_state(state, new)


def run(array, steps, *, at=None, error=None):
    """Answer the requests of an operation; the one of number `at` is not, or fails."""
    given, number = None, 0
    failing = False
    try:
        while True:
            request = steps.throw(given) if failing else steps.send(given)
            failing = False
            if number == at and error is None:
                steps.close()
                return "cut"
            if number == at:
                given, failing = error, True
            else:
                given = answer(array.store, request)
            number += 1
    except StopIteration:
        return "done"


@pytest.mark.parametrize("how", ["killed", "failed", "cancelled"])
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("grid", GRIDS)
def test_stopping_at_any_request_leaves_the_old_array_or_the_new(grid, change, how):
    """Killed there, with an error of the store, or cancelled; and no lock stays."""
    steps, new = CHANGES[change]
    error = {"killed": None, "failed": StoreError("no"), "cancelled": asyncio.CancelledError()}
    for at in range(100):
        store = {}
        array = created(store, grid)
        try:
            ended = run(array, steps(array), at=at, error=error[how])
        except (StoreError, asyncio.CancelledError):
            ended = "raised"
        if how != "killed":  # whose handle is gone
            assert array.shape == zarrpy.open(store, path="a").shape
        with zarrpy.config.set(lock_timeout=0):
            check_state(store, new)
        if ended == "done":
            break
    assert 3 < at < 99


@pytest.mark.parametrize("change", CHANGES)
def test_a_cancelled_task_leaves_the_old_array_or_the_new(tmp_path, change):
    """At whatever time; what has begun is finished, or taken back."""
    _, new = CHANGES[change]

    async def cancelled(number):
        place = tmp_path / str(number)
        array = created(place, "regular")
        operation = array.append if change in ("append", "beside") else array.resize
        arguments = {
            "shrink": ((3, 4),), "grow": ((9, 6),), "both": ((5, 6),),
            "append": (OLD[:3],), "beside": (OLD[:, :2], 1),
        }[change]  # fmt: skip
        task = asyncio.ensure_future(operation.aio(*arguments))
        for _ in range(number):
            await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        found = zarrpy.open(place, path="a", mode="r+")
        expected = OLD if found.shape == OLD.shape else new
        assert np.array_equal(found[...], expected)
        found.resize((12, 8))
        rest = np.zeros((12, 8), OLD.dtype)
        rest[tuple(map(slice, expected.shape))] = expected
        assert np.array_equal(found[...], rest)

    for number in (0, 1, 2, 5, 9, 14):
        asyncio.run(cancelled(number))


def test_waiting_for_a_lock_can_be_cancelled(tmp_path):
    """Long before the time to wait is over."""
    array = created(tmp_path / "x", "regular")
    lock = array.store.exclusive("a/zarr.json")

    async def wait():
        await asyncio.wait_for(array.append.aio(OLD), 0.2)

    began = time.monotonic()
    with lock, pytest.raises(TimeoutError):
        asyncio.run(wait())

    assert time.monotonic() - began < 20
    assert array.append(OLD) == (16, 5)


def test_a_lock_that_is_not_free_in_time_is_an_error(store):
    """Of the setting; nothing is written."""
    array = zarrpy.create_array(store, data=OLD)
    steps = array.append.steps(OLD)
    request = next(steps)
    while type(request).__name__ != "Lock":
        request = steps.send(answer(array.store, request))

    held = answer(array.store, request)
    with held, zarrpy.config.set(lock_timeout=0.1), pytest.raises(LockTimeoutError):
        array.append(OLD)
    steps.close()

    assert np.array_equal(zarrpy.open(store)[...], OLD)


@pytest.mark.parametrize("grid", ["regular", "shards", "v2", "rectilinear"])
@pytest.mark.parametrize("kind", ["memory", "local"])
def test_threads_that_append_lose_nothing(tmp_path, kind, grid):
    """Through handles of their own, pieces that end within chunks; each stays whole."""
    place = {} if kind == "memory" else tmp_path / "x"
    keywords = {**GRIDS[grid]}
    if grid == "rectilinear":
        keywords["chunks"] = [[2, 4], [5]]
    zarrpy.create_array(place, shape=(0, 5), dtype="i4", **keywords)
    failures = []

    def add(number):
        try:
            array = zarrpy.open(place, mode="r+")
            for k in range(8):
                end = array.append(np.full((3, 5), 100 * number + k + 1))[0]
                assert (array[end - 3 : end] == 100 * number + k + 1).all()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=add, args=(i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    check_pieces(zarrpy.open(place)[...], [100 * i + k + 1 for i in range(3) for k in range(8)])


def check_pieces(values, expected):
    """Blocks of three rows, one for each number."""
    pieces = values.reshape(-1, 3 * values.shape[1])
    assert (pieces == pieces[:, :1]).all()
    assert sorted(pieces[:, 0].tolist()) == sorted(expected)


def test_one_handle_may_append_in_many_threads(tmp_path):
    """It knows the shape that all of them have made."""
    array = zarrpy.create_array(tmp_path / "x", shape=(0, 5), chunks=(4, 5), dtype="i4")
    threads = [
        threading.Thread(target=lambda i=i: array.append(np.full((3, 5), i + 1))) for i in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert array.shape == (18, 5)
    check_pieces(array[...], range(1, 7))


APPENDER = """
import sys, numpy as np, zarrpy
array = zarrpy.open(sys.argv[1], mode="r+")
for k in range(int(sys.argv[3])):
    array.append(np.full((3, 5), 1000 * int(sys.argv[2]) + k + 1))
    print(k, flush=True)
"""


def test_processes_that_append_lose_nothing(tmp_path):
    """Two of them, to an array whose group is consolidated."""
    zarrpy.create_group(tmp_path / "x")
    zarrpy.create_array(tmp_path / "x/a", shape=(0, 5), chunks=(4, 5), dtype="i4")
    zarrpy.consolidate_metadata(tmp_path / "x")

    writers = [
        subprocess.Popen(
            [sys.executable, "-c", APPENDER, tmp_path / "x/a", str(i), "30"],
            stdout=subprocess.DEVNULL,
        )
        for i in range(2)
    ]
    codes = [writer.wait(120) for writer in writers]

    assert codes == [0, 0]
    array = zarrpy.open(tmp_path / "x/a")
    check_pieces(array[...], [1000 * i + k + 1 for i in range(2) for k in range(30)])
    assert sorted(os.listdir(tmp_path / "x/a")) == ["c", "zarr.json"]


def test_a_killed_appender_leaves_whole_pieces_only(tmp_path):
    """The next one goes on, and whoever grows the array finds fill values."""
    kill_appenders(tmp_path / "x", 3)


@pytest.mark.long
def test_many_killed_appenders_leave_whole_pieces_only(tmp_path):
    """At many different times."""
    kill_appenders(tmp_path / "x", 60)


def kill_appenders(place, rounds):
    """Kill a process that appends, again and again, and look at what is left."""
    zarrpy.create_array(place, shape=(0, 5), chunks=(4, 3), dtype="i4")
    random = np.random.default_rng(5)
    promised = set()
    for number in range(rounds):
        writer = subprocess.Popen(
            [sys.executable, "-c", APPENDER, place, str(number), "10000"], stdout=subprocess.PIPE
        )
        writer.stdout.readline()
        time.sleep(float(random.uniform(0, 0.05)))
        os.kill(writer.pid, signal.SIGKILL)
        done = 1 + writer.stdout.read().count(b"\n")
        writer.stdout.close()
        writer.wait(20)
        promised |= {1000 * number + k + 1 for k in range(done)}
        array = zarrpy.open(place, mode="r+")
        values = array[...]
        found = set(values[::3, 0].tolist())
        check_pieces(values, found)
        assert promised <= found
        array.resize((len(values) + 20, 9))
        assert not array[len(values) :].any()
        assert not array[:, 5:].any()
        array.resize(values.shape)


def test_a_shrink_that_was_cut_off_is_completed_by_the_next_append(store, contents):
    """What it left is not seen beside the new elements."""
    array = zarrpy.create_array(store, data=OLD, chunks=(4, 3))
    steps = array.resize.steps((3, 4))
    request = next(steps)
    while type(request).__name__ != "Publish":
        request = steps.send(answer(store, request))
    answer(store, request)
    steps.close()
    assert zarrpy.open(store).shape == (3, 4)
    assert ".__zp-shrink" in contents(store)

    array = zarrpy.open(store, mode="r+")
    array.append(OLD[:3, 3:4], axis=1)
    array.resize((8, 5))

    expected = np.zeros((8, 5), int)
    expected[:3, :4] = OLD[:3, :4]
    expected[:3, 4] = OLD[:3, 3]
    assert np.array_equal(array[...], expected)
    assert ".__zp-shrink" not in contents(store)


def test_a_copy_of_an_array_that_is_not_settled_is_not_settled_either(store):
    """Values that the array has lost do not come back in the copy."""
    array = zarrpy.create_array(store, name="a", data=OLD, chunks=(4, 3))
    steps = array.resize.steps((3, 4))
    request = next(steps)
    while type(request).__name__ != "Publish":
        request = steps.send(answer(store, request))
    answer(store, request)
    steps.close()

    copy = zarrpy.create_group({})
    zarrpy.save_array(copy.store, zarrpy.open(store, path="a"), path="b")
    copy["b"].resize((8, 5))

    assert copy["b"][...].sum() == OLD[:3, :4].sum()


class Plain(MemoryStore):
    """A store that may be anywhere, with nothing but the four methods."""

    in_memory = False


def test_a_store_without_locks_reserves_the_place_first():
    """Readers see fill values there until the elements are written."""
    store = Plain(Recording())
    array = zarrpy.create_array(store, data=OLD, chunks=(4, 5))
    store._values.states.clear()

    assert array.append(OLD) == (16, 5)

    states = list(store._values.states)
    first = zarrpy.open(states[0])
    assert first.shape == (16, 5)
    assert not first[8:].any()
    assert np.array_equal(zarrpy.open(states[-1])[...], np.concatenate([OLD, OLD]))


def test_threads_append_to_a_store_without_locks():
    """Each to the place that it has reserved."""
    store = Plain()
    zarrpy.create_array(store, shape=(0, 5), chunks=(4, 5), dtype="i4")

    def add(i):
        for k in range(5):
            zarrpy.open(store, mode="r+").append(np.full((3, 5), 10 * i + k + 1))

    threads = [threading.Thread(target=add, args=(i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    check_pieces(zarrpy.open(store)[...], [10 * i + k + 1 for i in range(3) for k in range(5)])
