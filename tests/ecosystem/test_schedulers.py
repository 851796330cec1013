"""Long work in other processes: those of this machine, and the workers of a cluster of Dask."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

import zarrpy
from tests.four_methods import FourMethods

VALUES = np.random.default_rng(0).integers(0, 999, (120, 90)).astype("i4")
NOT_HERE = (
    "none of these tests can run on Windows, which has no SIGKILL: run them on Linux or macOS"
)
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason=NOT_HERE)


@pytest.fixture(scope="module")
def cluster():
    """Three worker processes of Dask."""
    distributed = pytest.importorskip("distributed", reason="pip install 'zarrpy[dask]'")
    with (
        distributed.LocalCluster(
            n_workers=3, threads_per_worker=1, processes=True, dashboard_address=":0"
        ) as found,
        distributed.Client(found) as client,
    ):
        yield client


@pytest.fixture(params=["processes", "client", "address"])
def scheduler(request):
    """Who works."""
    if request.param == "processes":
        return "processes"
    client = request.getfixturevalue("cluster")
    return client if request.param == "client" else client.scheduler.address


@pytest.fixture
def group(tmp_path) -> zarrpy.Group:
    """A hierarchy with shards."""
    made = zarrpy.create_group(tmp_path / "run.zarr", attributes={"title": "a run"})
    made.create_array("t2m", data=VALUES, chunks=(10, 15), shards=(40, 45))
    made.create_array("grid/lat", data=np.linspace(-90, 90, 500), chunks=50)
    return made


def tree(place: object) -> str:
    """The digest of what is stored."""
    return zarrpy.checksum(place, kind="tree")


def twice(block):
    """Double."""
    return block * 2


def test_every_kind_of_work_stores_what_threads_store(group, tmp_path, scheduler):
    """The digest of the stored tree is the same."""
    array, there = group["t2m"], iter(range(99))

    def both(work):
        places = [tmp_path / f"{next(there)}" for _ in range(2)]
        for place, chosen in zip(places, ("threads", scheduler), strict=True):
            work(place, chosen)
        first, second = map(tree, places)
        assert first == second
        return zarrpy.open(places[1])

    copied = both(lambda place, chosen: zarrpy.copy(group, place, scheduler=chosen))
    assert (copied["t2m"][...] == VALUES).all()
    options = {"chunks": (120, 2), "shards": (120, 6), "max_memory": 200_000}
    both(lambda place, chosen: zarrpy.rechunk(array, place, scheduler=chosen, **options))
    both(lambda place, chosen: zarrpy.pack(group.store, place, scheduler=chosen))
    into = {"path": "t2m", "zarr_format": 2}
    both(lambda at, chosen: zarrpy.convert(group.store, target=at, scheduler=chosen, **into))
    np.save(tmp_path / "values.npy", VALUES)
    file = tmp_path / "values.npy"
    both(lambda at, chosen: zarrpy.import_from(file, at, chunks=(7, 90), scheduler=chosen))
    doubled = both(lambda at, chosen: array.map_chunks(twice, out=at, scheduler=chosen))
    assert (doubled[...] == VALUES * 2).all()
    zarrpy.export_to(array, tmp_path / "out.npy", scheduler=scheduler)
    assert (np.load(tmp_path / "out.npy") == VALUES).all()


def test_results_come_back_here(group, scheduler):
    """Of functions, into memory or one by one, and of reductions, bit for bit."""
    array = group["t2m"]
    found = np.zeros_like(VALUES)
    array.map_chunks(twice, out=found, scheduler=scheduler)
    assert (found == VALUES * 2).all()
    sums = {chunk.position: chunk.data for chunk in array.map_chunks(np.sum, scheduler=scheduler)}
    assert sums == {chunk.position: chunk.data.sum() for chunk in array.iter_chunks()}

    floats = group["grid/lat"]
    assert floats.sum(scheduler=scheduler) == floats.sum()
    assert floats.std(scheduler=scheduler) == floats.std()
    assert (array.mean(axis=0, scheduler=scheduler) == array.mean(axis=0)).all()
    assert array.max(scheduler=scheduler) == VALUES.max()
    counts, edges = array.histogram(7, scheduler=scheduler)
    expected = array.histogram(7)
    assert (counts == expected[0]).all()
    assert (edges == expected[1]).all()


def test_hashes_and_comparisons_are_the_same(group, tmp_path, scheduler):
    """Whoever reads."""
    for kind in ("content", "tree"):
        digests = [
            zarrpy.checksum(group.store, kind=kind, scheduler=who) for who in (None, scheduler)
        ]
        assert digests[0] == digests[1]
    other = zarrpy.copy(group, tmp_path / "other.zarr")
    other["t2m"][7, 7] = -1

    (change,) = zarrpy.diff(group, other, scheduler=scheduler)

    assert (change.path, change.index, change.count) == ("t2m", (7, 7), 1)


def test_a_move_is_made_by_others(group, tmp_path, scheduler):
    """Between stores."""
    zarrpy.move(group["t2m"], tmp_path / "moved.zarr", scheduler=scheduler)

    assert (zarrpy.open(tmp_path / "moved.zarr")[...] == VALUES).all()
    assert "t2m" not in group


def test_damage_is_found_and_errors_come_back(group, scheduler):
    """As in threads: the same findings, and the exceptions of the functions."""
    path = Path(group.store.root) / "grid/lat/c/3"
    path.write_bytes(path.read_bytes()[:-3])
    found = [zarrpy.verify(group.store, deep=True, scheduler=each) for each in (None, scheduler)]
    assert [str(each) for each in found[0].findings] == [str(each) for each in found[1].findings]
    assert not found[1].ok

    with pytest.raises(zarrpy.CorruptChunkError, match="c/3"):
        group["grid/lat"].sum(scheduler=scheduler)
    with pytest.raises(ZeroDivisionError):
        list(group["t2m"].map_chunks(lambda block: 1 // 0, scheduler=scheduler))


def test_a_copy_that_fails_leaves_nothing(group, tmp_path, scheduler):
    """What workers have stored is taken away again."""
    strange = tmp_path / "copy.zarr/c/2/1/not a chunk"
    strange.parent.mkdir(parents=True)
    strange.touch()
    with pytest.raises(zarrpy.StoreError):
        zarrpy.copy(group["t2m"], tmp_path / "copy.zarr", scheduler=scheduler)
    assert [each for each in (tmp_path / "copy.zarr").rglob("*") if each.is_file()] == [strange]


def test_an_event_loop_may_wait(group, scheduler):
    """The same by await."""
    assert asyncio.run(group["t2m"].sum.aio(scheduler=scheduler)) == VALUES.sum()


@pytest.mark.parametrize("work", ["rechunk", "copy", "map_chunks"])
def test_a_worker_that_is_killed_half_way_changes_nothing(tmp_path, cluster, work):
    """Dask has what it had in hand done by others."""
    array = zarrpy.create_array(tmp_path / "a.zarr", data=VALUES, chunks=(6, 9), shards=(12, 18))
    killed = []

    def kill(event):
        if event.done >= 2 and not killed:
            killed.append(next(iter(cluster.run(os.getpid).values())))
            os.kill(killed[0], signal.SIGKILL)

    def run(place, **keywords):
        if work == "rechunk":
            zarrpy.rechunk(array, place, chunks=(120, 1), max_memory=20_000, **keywords)
        elif work == "copy":
            with zarrpy.config.set(max_memory=4 * 12 * 18):
                zarrpy.copy(array, place, **keywords)
        else:
            array.map_chunks(np.negative, out=place, **keywords)

    run(tmp_path / "threads.zarr")
    run(tmp_path / "cluster.zarr", scheduler=cluster, progress=kill)

    assert killed
    assert tree(tmp_path / "threads.zarr") == tree(tmp_path / "cluster.zarr")


def test_a_process_that_is_killed_is_replaced(tmp_path):
    """Whoever kills it; what it had in hand is done again."""
    array = zarrpy.create_array(tmp_path / "a.zarr", data=VALUES, chunks=(6, 9))
    flag = tmp_path / "killed"

    def sometimes(block):
        if block[0, 0] == VALUES[60, 0] and not flag.exists():
            flag.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return -block

    made = array.map_chunks(
        sometimes, out=tmp_path / "b.zarr", dtype="i4", scheduler="processes", workers=2
    )
    assert flag.exists()
    assert (made[...] == -VALUES).all()


def test_a_function_that_always_kills_is_an_error(tmp_path):
    """It is not tried for ever."""
    array = zarrpy.create_array(tmp_path / "a.zarr", data=VALUES, chunks=(60, 90))
    die = lambda block: os.kill(os.getpid(), signal.SIGKILL)  # noqa: E731
    with pytest.raises(zarrpy.ZarrError, match=r"killed 4 times.*fewer workers"):
        list(array.map_chunks(die, scheduler="processes", workers=1))


def test_what_cannot_cross_is_refused(group, tmp_path, scheduler):
    """Memory is of one process, and a zip file is written by one."""
    with pytest.raises(zarrpy.StoreError, match=r"memory cannot be reached.*'threads'"):
        zarrpy.copy(group, {}, scheduler=scheduler)
    with pytest.raises(zarrpy.StoreError, match="memory cannot be reached"):
        zarrpy.create_array({}, data=VALUES).sum(scheduler=scheduler)
    with (
        zarrpy.transaction(group) as changing,
        pytest.raises(zarrpy.StoreError, match="cannot be reached"),
    ):
        changing["t2m"].sum(scheduler=scheduler)
    with pytest.raises(zarrpy.StoreError, match="cannot be written by other processes"):
        zarrpy.pack(group.store, tmp_path / "run.zip", scheduler=scheduler)
    zarrpy.pack(group.store, tmp_path / "run.zip")
    with zarrpy.open(tmp_path / "run.zip") as zipped:
        assert zipped["t2m"].sum(scheduler=scheduler) == VALUES.sum()


def test_a_store_that_does_not_say_that_others_reach_it_is_refused(group, scheduler):
    """A copy of it may have values of its own, in which all that is written would be lost."""
    store = FourMethods()
    with pytest.raises(zarrpy.StoreError, match=r"cannot be reached.*other_processes"):
        zarrpy.copy(group, store, scheduler=scheduler)
    assert store.values == {}


def test_what_is_no_scheduler_is_refused(group):
    """Whatever it is, before anything is done."""
    array = group["t2m"]
    with pytest.raises(ValueError, match=r"scheduler must be .*'proceses'"):
        array.sum(scheduler="proceses")
    with pytest.raises(TypeError, match="scheduler must be"):
        array.sum(scheduler=3)
    with pytest.raises(ValueError, match="timeout"):
        array.map_chunks(np.sum, timeout=1, scheduler="processes")
    dask = pytest.importorskip("dask", reason="pip install 'zarrpy[dask]'")
    short = {"distributed.comm.timeouts.connect": "1s"}
    with (
        dask.config.set(short),
        pytest.raises(zarrpy.StoreError, match="no scheduler of Dask answers"),
    ):
        array.sum(scheduler="tcp://127.0.0.1:1")


def test_settings_go_along(group, cluster):
    """Who works elsewhere goes by the settings of who asks, but for the number of threads."""
    with zarrpy.config.set(lock_timeout=7.5):
        found = [
            chunk.data
            for chunk in group["t2m"].map_chunks(
                lambda block: (zarrpy.config.lock_timeout, zarrpy.config.workers),
                scheduler=cluster,
            )
        ]
    assert set(found) == {(7.5, 1)}


def test_a_program_without_a_guard_is_told_so(tmp_path):
    """Processes begin by importing the program, which must not begin the work again."""
    zarrpy.create_array(tmp_path / "a.zarr", data=VALUES, chunks=(60, 90))
    program = tmp_path / "program.py"
    text = "import zarrpy\nprint(zarrpy.open('a.zarr').sum(scheduler='processes'))\n"
    program.write_text(text, encoding="utf-8")
    command = [sys.executable, str(program)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "if __name__ == '__main__'" in done.stderr.splitlines()[-1]

    program.write_text(
        "import zarrpy\nif __name__ == '__main__':\n" + textwrap.indent(text[14:], "    "), "utf-8"
    )
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.returncode) == (str(VALUES.sum()), 0), done.stderr


def test_memory_is_shared_by_the_threads_of_a_worker_also_by_address():
    """Each task may use what its worker has, by the number of threads in it."""
    distributed = pytest.importorskip("distributed", reason="pip install 'zarrpy[dask]'")
    from zarrpy.engine.scheduler import share_of_memory

    size = {"n_workers": 2, "threads_per_worker": 4, "processes": False}
    with (
        distributed.LocalCluster(**size, dashboard_address=":0") as found,
        distributed.Client(found) as client,
    ):
        assert share_of_memory(client, 1000) == 250
        assert share_of_memory(found.scheduler_address, 1000) == 250
