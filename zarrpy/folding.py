"""The work of a reduction: read the blocks of a task and fold them into one state.

Chunks of local files that hold plain numbers are read and folded in C, one after the other, with
nothing of Python between them (``fold`` in ``ZARRPY_DISABLE`` turns that off).  All others are read
block by block.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from zarrpy._native import reduce as native
from zarrpy._native.folding import FoldedBatch
from zarrpy.config import config
from zarrpy.engine.cache import cache_for
from zarrpy.engine.drive import drive
from zarrpy.engine.spare import Spare
from zarrpy.engine.twin import selections
from zarrpy.selection.tiling import Tile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zarrpy.array import Array
    from zarrpy.engine.reduce import Reducer
    from zarrpy.partition import Partition, Task
    from zarrpy.selection import Selection

    Block = np.ndarray[Any, Any]


class Folded(NamedTuple):
    """What came of a task."""

    state: Any
    units: int
    nbytes: int
    absent: int


class Folder:
    """Reads the blocks of a task and folds them; called by many threads.

    Parameters
    ----------
    array : Array
    partition : Partition
    reducer : Reducer
    missing : {"fill", "error", "mask"}
        What chunks are that are not stored.
    """

    def __init__(self, array: Array, partition: Partition, reducer: Reducer, missing: str) -> None:
        self._array = array
        self._partition = partition
        self._reducer = reducer
        self._missing = missing
        self._spare = Spare()

    def __call__(self, task: Task, begin: object) -> Folded:
        """Fold the blocks of a task."""
        room = self._spare.empty((self._partition.block_elements,), self._array.dtype)
        try:
            return self._folded(task, room)
        finally:
            self._spare.give(room)

    def _folded(self, task: Task, room: Block) -> Folded:
        done = Folded(None, 0, 0, 0)
        quick = self._is_plain()
        for axis, row in self._partition.rows(task):
            found = self._fold_row(done.state, axis, row, room) if quick else None
            if found is None:
                found = self._fold_blocks(done.state, row, room)
            state, nbytes, absent = found
            units = sum(tile.nunits for tile in row)
            done = Folded(state, done.units + units, done.nbytes + nbytes, done.absent + absent)
        return done

    # ------------------------------------------------------------------------------- in C

    def _is_plain(self) -> bool:
        """Whether chunks are files of numbers that need not be looked at by anything else."""
        array = self._array
        return (
            self._missing == "fill"
            and not config.disable & {"fold", "native"}
            and array.store.of_files
            and array.codecs.shard is None
            and array.metadata.data_type.settle is None
            and not array.metadata.storage_transformers
            and native.takes(array.dtype)
            and cache_for(array.cache) is None
        )

    def _fold_row(
        self, state: Any, axis: int, row: Sequence[Tile], room: Block
    ) -> tuple[Any, int, int] | None:
        """Fold blocks that follow each other; None when that is not possible here."""
        array, reducer = self._array, self._reducer
        each = row[0].nunits
        if not row[0].first or each != row[0].last[axis] - row[0].first[axis]:
            return None  # of no axis, or of chunks side by side, too
        chosen = self._partition.tiling.selection(Tile(row[0].first, row[-1].last))
        axes = self._partition.axes
        begun = reducer.begin(
            array.dtype, tuple(1 if i in axes else n for i, n in enumerate(chosen.count))
        )
        if begun is None:
            return None
        array._settle_now()
        block = as_strided(room, chosen.count, (0,) * len(chosen.count))
        batch = array._batch(chosen, block, writing=False, leaving=True, kind=FoldedBatch)
        if not isinstance(batch, FoldedBatch):
            return None
        batch.fold_with(begun.fold, room, axis, each)
        watch = array._watch(chosen)
        drive(array.store, array._run(batch, watch=watch))
        if watch.moved:
            return None  # what is absent has to be looked for again
        absent = [row[first // each] for first, _ in batch.absent_blocks]
        if batch.nfolded + sum(tile.nunits for tile in absent) != batch.ntasks:
            return None  # there was no directory
        if batch.nfolded:
            state = reducer.merge(state, begun.end())
        for tile in absent:
            shape = self._partition.tiling.selection(tile).count
            state = reducer.fold_constant(state, array.metadata.fill_value, shape)
        return state, chosen.size * array.dtype.itemsize, batch.nabsent

    # ---------------------------------------------------------------------- block by block

    def _fold_blocks(self, state: Any, tiles: Sequence[Tile], room: Block) -> tuple[Any, int, int]:
        """Read and fold one block after the other."""
        nbytes = absent = 0
        for tile in tiles:
            chosen = self._partition.tiling.selection(tile)
            if self._missing == "fill":
                block = room[: chosen.size].reshape(chosen.count)
                state, n = self._fold_stored(state, chosen, block)
                absent += n
            else:
                block = drive(self._array.store, self._array._read(chosen, missing=self._missing))
                valid = None
                if isinstance(block, np.ma.MaskedArray):
                    valid = ~np.ma.getmaskarray(block)
                    block = block.data
                state = self._reducer.fold(state, block, valid)
            nbytes += block.nbytes
        return state, nbytes, absent

    def _fold_stored(self, state: Any, chosen: Selection, block: Block) -> tuple[Any, int]:
        """Read a block and fold it; one of which nothing is stored is not even made up."""
        array, fill = self._array, self._array.metadata.fill_value
        array._settle_now()
        make = partial(array._batch, chosen, block, writing=False, leaving=True)
        batch, _ = drive(array.store, array._run_read(chosen, make))
        if batch.nabsent and batch.nabsent == batch.ntasks:
            return self._reducer.fold_constant(state, fill, block.shape), batch.nabsent
        if batch.nabsent:
            for number in batch.absent:
                block[(*selections(batch.plan, number)[1], ...)] = fill
        if array.metadata.data_type.settle is not None:
            array.metadata.data_type.settle(block)
        return self._reducer.fold(state, block, None), batch.nabsent
