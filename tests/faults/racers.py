"""Writers that meet in one value, round after round, and what came of it.

    racers.py RACE processes|threads PLACE ROUNDS SEED [without-locks]

Between two barriers each writer makes one change; then the first one looks whether the outcome
is one that the changes have one after another, in some order.  Where the system
grants locks of files to everybody, which needs the shim, it is not always.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import random
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

import zarrpy

#: Elements of the part that a writer has for itself.
PART = 50
KINDS = {"processes": 2, "threads": 4}
#: Seconds after which a writer that does not come is given up.
PATIENCE = 120


class Race:
    """Each writer counts its own part of one chunk up."""

    keywords: ClassVar[dict[str, Any]] = {}

    def __init__(self, place: str, nwriters: int) -> None:
        self.place = place
        self.nwriters = nwriters

    def create(self) -> None:
        """Make what the writers meet in."""
        size = 4 * PART
        keywords = {"shape": size, "chunks": size, "dtype": "i4"} | self.keywords
        zarrpy.create_array(self.place, **keywords)

    def open(self) -> Any:
        """Open a handle of one's own."""
        return zarrpy.open(self.place, mode="r+")

    def prepare(self, node: Any, number: int) -> None:
        """Before a round, alone."""

    def act(self, node: Any, i: int, number: int) -> int:
        """Make the change of writer `i`; return what went wrong with it."""
        node[part(i)] = node[part(i)] + 1
        return 0

    def lost(self, node: Any, number: int) -> int:
        """After a round, alone: whether the outcome is wrong."""
        values = self.open()[...]
        return any((values[part(i)] != number).any() for i in range(self.nwriters))


def part(i: int) -> slice:
    """Return what belongs to a writer."""
    return slice(i * PART, (i + 1) * PART)


class PartsOfShard(Race):
    """The parts are chunks of one shard."""

    keywords: ClassVar = {"chunks": PART, "shards": 4 * PART}


class WholeAndPart(Race):
    """The first writer replaces the chunk, the others parts of it."""

    def act(self, node: Any, i: int, number: int) -> int:
        """Replace."""
        node[slice(None) if i == 0 else part(i)] = -number if i else number
        return 0

    def lost(self, node: Any, number: int) -> int:
        """Beyond the parts is what the first one wrote."""
        return self.lost_in(self.open()[...], number, number)

    def lost_in(self, values: Any, whole: int, number: int) -> int:
        """Where a part was not written last, is what the first one wrote."""
        written = np.full(len(values), whole)
        for i in range(1, self.nwriters):
            if (values[part(i)] == -number).all():
                written[part(i)] = -number
        return not np.array_equal(values, written)


class WholeAndPartOfShard(WholeAndPart):
    """The parts are chunks of one shard."""

    keywords: ClassVar = {"chunks": PART, "shards": 4 * PART}


class DeleteAndPart(WholeAndPart):
    """The first writer has the chunk deleted."""

    def prepare(self, node: Any, number: int) -> None:
        """Let there be something."""
        node[...] = number

    def act(self, node: Any, i: int, number: int) -> int:
        """Write the fill value, of which nothing is stored, or a part."""
        node[slice(None) if i == 0 else part(i)] = -number if i else 0
        return 0

    def lost(self, node: Any, number: int) -> int:
        """What was deleted does not come back with a part."""
        return self.lost_in(self.open()[...], 0, number)


class ResizeAndWrite(Race):
    """The first writer cuts the array within a chunk, and lets it grow again."""

    def prepare(self, node: Any, number: int) -> None:
        """Let there be something."""
        node[...] = number

    def act(self, node: Any, i: int, number: int) -> int:
        """Resize, or write a part: what stays, what is cut, what goes."""
        if i == 0:
            node.resize(2 * PART + 20)
            node.resize(4 * PART)
            return 0
        with contextlib.suppress(IndexError):  # it is not there at the moment
            self.open()[part(i)] = -number
        return 0

    def lost(self, node: Any, number: int) -> int:
        """The part that stays is written; what was cut reads as the fill value or as written."""
        values = self.open()[...]
        cut = values[2 * PART + 20 :]
        return (
            len(values) != 4 * PART
            or bool((values[:PART] != number).any())
            or bool((values[part(1)] != -number).any())
            or bool(((cut != 0) & (cut != -number)).any())
        )


class Appends(Race):
    """All of them append."""

    keywords: ClassVar = {"shape": 0, "chunks": 4 * PART}

    def prepare(self, node: Any, number: int) -> None:
        """Begin anew now and then."""
        if number % 50 == 1:
            self.open().resize(0)
        self.before = self.open().shape[0]

    def act(self, node: Any, i: int, number: int) -> int:
        """Append a piece that says whose it is."""
        node.append(np.full(30 + i, number * 10 + i + 1))
        return 0

    def lost(self, node: Any, number: int) -> int:
        """Every piece is there once, and whole."""
        values = self.open()[self.before :]
        found, counts = np.unique(values, return_counts=True)
        expected = {number * 10 + i + 1: 30 + i for i in range(self.nwriters)}
        found_pieces = dict(zip(found.tolist(), counts.tolist(), strict=True))
        steps = np.count_nonzero(np.diff(values))
        return found_pieces != expected or steps != self.nwriters - 1


class AttributesOfOne(Race):
    """All of them set attributes of one group, each under names of its own."""

    def create(self) -> None:
        """Make the group."""
        zarrpy.create_group(self.place)

    def act(self, node: Any, i: int, number: int) -> int:
        """Set one."""
        node.attrs[f"{i} {number}"] = number
        return 0

    def lost(self, node: Any, number: int) -> int:
        """All that were ever set are there."""
        return len(self.open().attrs) != number * self.nwriters


class WriteAndRead(Race):
    """The first writer replaces two chunks; the others read them."""

    keywords: ClassVar = {
        "shape": 200_000,
        "chunks": 100_000,
        "config": {"write_empty_chunks": True},
    }

    def act(self, node: Any, i: int, number: int) -> int:
        """Write, or look for values that are of two writers."""
        if i == 0:
            for k in range(3):
                node[...] = 3 * number + k
            return 0
        torn = 0
        for _ in range(4):
            chunks = self.open()[...].reshape(2, -1)
            torn += bool((chunks != chunks[:, :1]).any())
        return torn

    def lost(self, node: Any, number: int) -> int:
        """The last value is there."""
        return bool((self.open()[...] != 3 * number + 2).any())


class WriteAndReadShard(WriteAndRead):
    """A shard of many chunks."""

    keywords: ClassVar = {
        **WriteAndRead.keywords,
        "chunks": 5_000,
        "shards": 100_000,
        "compressors": None,
    }


RACES = {
    "part+part": Race,
    "part+part of a shard": PartsOfShard,
    "whole+part": WholeAndPart,
    "whole+part of a shard": WholeAndPartOfShard,
    "delete+part": DeleteAndPart,
    "resize+write": ResizeAndWrite,
    "append+append": Appends,
    "attribute+attribute": AttributesOfOne,
    "write+read": WriteAndRead,
    "write+read of a shard": WriteAndReadShard,
}


def take_part(race: Race, i: int, rounds: int, seed: int, barrier: Any) -> int:
    """Be writer `i` for some rounds; how many rounds went wrong."""
    delays = random.Random(1000 * seed + i)
    node = race.open()
    wrong = 0
    try:
        for number in range(1, rounds + 1):
            if i == 0:
                race.prepare(node, number)
            barrier.wait(PATIENCE)
            if delays.random() < 0.5:
                time.sleep(delays.uniform(0, 0.002))
            wrong += race.act(node, i, number)
            barrier.wait(PATIENCE)
            if i == 0:
                wrong += bool(race.lost(node, number))
            barrier.wait(PATIENCE)
    except BaseException:
        traceback.print_exc()
        barrier.abort()
        return 10**6
    return wrong


def in_threads(work: Callable[[int, Any], int], nwriters: int) -> int:
    """Run writers in threads of this process."""
    barrier = threading.Barrier(nwriters)
    results = [10**6] * nwriters

    def run(i: int) -> None:
        results[i] = work(i, barrier)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(nwriters)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(results)


def in_processes(work: Callable[[int, Any], int], nwriters: int) -> int:
    """Run each writer in a process of its own."""
    context = multiprocessing.get_context("fork")
    barrier, results = context.Barrier(nwriters), context.Array("q", [10**6] * nwriters)

    def run(i: int) -> None:
        results[i] = work(i, barrier)

    processes = [context.Process(target=run, args=(i,)) for i in range(nwriters)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    return sum(results)


def main(name: str, kind: str, place: str, rounds: int, seed: int) -> dict[str, int]:
    """Run a race; what was counted."""
    nwriters = KINDS[kind]
    race = RACES[name](place, nwriters)
    race.create()

    def work(i: int, barrier: Any) -> int:
        return take_part(race, i, rounds, seed, barrier)

    run = in_threads if kind == "threads" else in_processes
    return {"rounds": rounds, "wrong": run(work, nwriters)}


if __name__ == "__main__":
    if sys.argv[6:] == ["without-locks"]:
        import shim

        shim.loaded().shim_without_locks(1)
    numbers = [int(each) for each in sys.argv[4:6]]
    print(json.dumps(main(sys.argv[1], sys.argv[2], sys.argv[3], *numbers)))
