"""Two processes, and four threads, that change one value at a time: nothing is lost or torn."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from peers import client
from report import tell

import zarrpy
from faults import shim

PROGRAM = Path(__file__).with_name("racers.py")
RACES = (
    *("part+part", "part+part of a shard", "whole+part", "whole+part of a shard"),
    *("delete+part", "resize+write", "append+append", "attribute+attribute"),
    *("write+read", "write+read of a shard"),
)


def run_race(race, kind, place, rounds, seed):
    """Run it; no round may have gone wrong."""
    done = subprocess.run(
        [sys.executable, str(PROGRAM), race, kind, str(place), str(rounds), str(seed)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"rounds": rounds, "wrong": 0}, done.stderr


@pytest.mark.parametrize("kind", ["processes", "threads"])
@pytest.mark.parametrize("race", RACES)
def test_writers_that_meet_lose_nothing(tmp_path, race, kind):
    """Whatever they do, it is as if one had done it after the other."""
    run_race(race, kind, tmp_path / "x", 25, 1)

    tell("races", [f"{race}, {kind}: 1 run of 25 rounds, 0 wrong (seed 1)"])


@pytest.mark.long
@pytest.mark.parametrize("kind", ["processes", "threads"])
@pytest.mark.parametrize("race", RACES)
def test_writers_that_meet_often_lose_nothing(tmp_path, race, kind):
    """Five runs of 400 rounds."""
    for seed in range(2, 7):
        run_race(race, kind, tmp_path / str(seed), 400, seed)

    tell("races", [f"{race}, {kind}: 5 runs of 400 rounds, 0 wrong (seeds 2 to 6)"])


@pytest.mark.skipif(sys.platform != "linux", reason=shim.REASON)
@pytest.mark.parametrize("race", ["part+part", "whole+part of a shard"])
def test_writers_without_locks_are_found_out(tmp_path, race):
    """When the system grants a lock to both, rounds go wrong, and the race says so."""
    library = shim.build(tmp_path)

    for seed in range(1, 11):  # on a busy machine writers may not meet in one run
        place = tmp_path / str(seed)
        printed = shim.run(
            library, "racers.py", race, "processes", place, 400, seed, "without-locks"
        )
        if json.loads(printed)["wrong"]:
            return
    pytest.fail("no round of ten runs went wrong")


TENSORSTORE = """
import sys, tensorstore
array = tensorstore.open(
    {"driver": "zarr3", "kvstore": {"driver": "file", "path": sys.argv[1]}}
).result()
part = array[:100]
print("ready", flush=True)
sys.stdin.readline()
for _ in range(int(sys.argv[2])):
    part.write(part.read().result() + 1).result()
"""


def meet_tensorstore(place, rounds, **keywords):
    """Count up one half of a chunk or shard, while TensorStore counts up the other."""
    array = zarrpy.create_array(place, shape=200, dtype="i4", **keywords)
    other = subprocess.Popen(
        [str(client.interpreter_of("tensorstore")), "-c", TENSORSTORE, str(place), str(rounds)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with other:
        assert other.stdout.readline() == "ready\n"
        other.stdin.write("go\n")
        other.stdin.flush()
        for _ in range(rounds):
            array[100:] = array[100:] + 1

    assert other.returncode == 0
    assert zarrpy.open(place)[...].tolist() == [rounds] * 200


@pytest.mark.parametrize("layout", ["chunk", "shard"])
def test_tensorstore_and_zarrpy_lose_nothing_to_each_other(tmp_path, layout):
    """They keep the same protocol of locks."""
    meet_tensorstore(tmp_path / "x", 100, **TOGETHER[layout])

    tell("races", [f"zarrpy+tensorstore, one {layout}: 1 run of 100 rounds, 0 lost"])


@pytest.mark.long
@pytest.mark.parametrize("layout", ["chunk", "shard"])
def test_tensorstore_and_zarrpy_lose_nothing_in_many_rounds(tmp_path, layout):
    """Five runs of 400 rounds."""
    for run in range(5):
        meet_tensorstore(tmp_path / str(run), 400, **TOGETHER[layout])

    tell("races", [f"zarrpy+tensorstore, one {layout}: 5 runs of 400 rounds, 0 lost"])


TOGETHER = {"chunk": {"chunks": 200}, "shard": {"chunks": 50, "shards": 200}}
