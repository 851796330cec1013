"""Rechunking that is killed goes on where it was, by its journal."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from report import tell

import zarrpy

PROGRAM = """
import sys, time
import zarrpy, zarrpy.ops.rechunk

boxes = open(sys.argv[1] + "/boxes.txt", "a", buffering=1)

inner = zarrpy.Array.write.__wrapped__
def write(self, selection, value, **keywords):
    boxes.write("box\\n")
    time.sleep(0.01)
    yield from inner(self, selection, value, **keywords)
zarrpy.Array.write._steps = write

print("begun", flush=True)
zarrpy.rechunk(
    sys.argv[1] + "/source.zarr", sys.argv[1] + "/target.zarr", chunks=(240, 2),
    max_memory=int(sys.argv[2]), journal=sys.argv[1] + "/journal",
)
"""


def killed_until_done(folder: Path, memory: int, kills: int, seed: int) -> int:
    """Kill the program at random moments; how often it was, before the last run ended by itself."""
    chance, done = random.Random(seed), 0
    command = [sys.executable, "-c", PROGRAM, str(folder), str(memory)]
    while True:
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout.readline() == "begun\n"
            try:
                process.wait(chance.uniform(0, 0.3) if done < kills else None)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                done += 1
        if process.returncode == -signal.SIGKILL:
            if (folder / "target.zarr").exists() and not (folder / "journal").exists():
                return done  # it was on its way out
            continue
        assert process.returncode == 0
        return done


def rechunk_by_kills(
    folder: Path, chunks: tuple[int, int], kills: int, seed: int = 0
) -> tuple[int, int, int]:
    """Rechunk under kills, compare with a run in peace; kills, boxes of the plan, boxes written."""
    values = np.random.default_rng(seed).integers(0, 999, (240, 160)).astype("i4")
    source = zarrpy.create_array(folder / "source.zarr", data=values, chunks=chunks)
    memory = 40_000
    plan = zarrpy.rechunk(source, {}, chunks=(240, 2), max_memory=memory, dry_run=True)
    zarrpy.rechunk(source, folder / "quiet.zarr", chunks=(240, 2), max_memory=memory)

    killed = killed_until_done(folder, memory, kills, seed)

    target = zarrpy.open(folder / "target.zarr")
    assert (target[...] == values).all()
    places = folder / "target.zarr", folder / "quiet.zarr"
    assert len({zarrpy.checksum(place, kind="tree") for place in places}) == 1
    assert not (folder / "journal").exists()
    written = (folder / "boxes.txt").read_text().count("box")
    return killed, sum(each.count for each in plan.passes), written


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL: run this on Linux or macOS")
@pytest.mark.parametrize("chunks", [(240, 4), (2, 160)], ids=["one pass", "two passes"])
def test_a_killed_rechunk_goes_on_and_does_at_most_one_box_again(tmp_path, chunks):
    """Whenever it is killed; the stored bytes are those of a run in peace."""
    killed, boxes, written = rechunk_by_kills(tmp_path, chunks, kills=4)

    assert boxes <= written <= boxes + killed
    tell("rechunking under kills", [f"{killed} kills, {boxes} boxes, {written} written"])


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL: run this on Linux or macOS")
def test_fifty_kills(tmp_path):
    """The same, over many more moments."""
    total = 0
    for seed in range(20):
        folder = tmp_path / str(seed)
        folder.mkdir()
        killed, boxes, written = rechunk_by_kills(folder, (2, 160), kills=5, seed=seed)
        assert boxes <= written <= boxes + killed
        total += killed
        if total >= 50:
            break
    tell("rechunking under many kills", [f"{total} kills"])
    assert total >= 50


def test_a_journal_of_other_work_is_refused(tmp_path):
    """Nothing is mixed; neither is what lies at the target."""
    source = zarrpy.create_array(tmp_path / "a.zarr", data=np.arange(100), chunks=10)

    class StopError(Exception):
        pass

    def stop(*_):
        raise StopError

    with pytest.raises(StopError):
        zarrpy.rechunk(source, tmp_path / "b.zarr", chunks=5, journal=tmp_path / "j", progress=stop)
    with pytest.raises(zarrpy.ConflictError, match="other work"):
        zarrpy.rechunk(source, tmp_path / "b.zarr", chunks=20, journal=tmp_path / "j")
    made = zarrpy.rechunk(source, tmp_path / "b.zarr", chunks=5, journal=tmp_path / "j")
    assert made[...].tolist() == list(range(100))
    with pytest.raises(zarrpy.NodeExistsError):
        zarrpy.rechunk(source, tmp_path / "b.zarr", chunks=5, journal=tmp_path / "j")
    with pytest.raises(ValueError, match="new"):
        zarrpy.rechunk(
            source, tmp_path / "b.zarr", chunks=5, journal=tmp_path / "j", if_exists="replace"
        )
