"""Copies of many values in memory, made by several threads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zarrpy._native.blocks import copy_blocks
from zarrpy.config import config
from zarrpy.engine import pool

if TYPE_CHECKING:
    from typing import Any

    import numpy as np

    Block = np.ndarray[Any, Any]


class Copies:
    """What is to be copied where."""

    def __init__(self) -> None:
        self._blocks: list[tuple[Block, Block]] = []

    def add(self, target: Block, source: Block) -> None:
        """Copy an array to another of its shape and data type, not of objects nor of texts."""
        self._blocks.append((target, source))

    def finish(self) -> None:
        """Make the copies, by as many threads as there are for one call."""
        if "native" in config.disable:
            for target, source in self._blocks:
                target[...] = source
            return
        copy_blocks(self._blocks, pool.workers() - 1, pool.lend, pool.loans())
