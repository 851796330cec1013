"""Replacements of nodes that were cut off, as by a kill."""

from contextlib import suppress

import numpy as np

import zarrpy
from zarrpy.stores import MemoryStore


class Failing(MemoryStore):
    """A store whose n-th change fails, and if it has died, every one after it."""

    def __init__(self, values, after, *, dies):
        super().__init__(values)
        self.left, self.dies = after, dies

    def _change(self):
        self.left -= 1
        if self.left == 0 or (self.left < 0 and self.dies):
            raise KeyboardInterrupt if not self.dies else OSError("gone")

    def set(self, key, value):
        self._change()
        super().set(key, value)

    def set_many(self, keys, values):
        self._change()
        super().set_many(keys, values)

    def delete(self, key):
        self._change()
        super().delete(key)

    def rename(self, key, new, **how):
        self._change()
        return super().rename(key, new, **how)


class FarFailing(Failing):
    """One each request of which takes long."""

    requests = 4


OLD, NEW = np.arange(6), np.arange(10, 14, dtype="i2")


def old_values(zarr_format=3):
    """An array of three chunks in a group, as a dictionary."""
    values = {}
    zarrpy.create_group(values, zarr_format=zarr_format).create_array("a", data=OLD, chunks=2)
    return values


def cut_off(replace, kind=Failing):
    """Values of a store in which a replacement of "a" stopped where there was no document."""
    for after in range(1, 40):
        values = old_values()
        with suppress(OSError):
            replace(kind(values, after, dies=True))
        if "a/zarr.json" not in values:
            return values
    raise AssertionError("its document never leaves")
