"""Counts the syncs of one durable write of 6 x 5 chunks: ``syncs.py PLACE``, with the shim."""

import os
import sys

import numpy as np
import shim

import zarrpy


def main(place: str) -> int:
    """Write; the number of syncs."""
    array = zarrpy.create_array(place, shape=(60, 50), chunks=(10, 10), dtype="i4")
    library = shim.loaded()
    library.shim_watch(os.fsencode(place), b"sync", 0, 0)
    with zarrpy.config.set(durability="durable"):
        array[...] = np.ones((60, 50))
    return int(library.shim_seen())


if __name__ == "__main__":
    print(main(sys.argv[1]))
