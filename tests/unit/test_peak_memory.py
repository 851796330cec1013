"""Tests of the memory that whole reads need, and of what `max_memory` bounds.

Each measurement is a process of its own: in one that has read before, what it kept would be hidden.
"""

import os
import subprocess
import sys

import numpy as np
import pytest

import zarrpy
from zarrpy.engine.budget import ONE_BY_ONE_NBYTES

MIB = 1 << 20
#: Of threads, of their stacks, and of code that is loaded on first use.
BESIDES = 4 * MIB
#: Of 64 MiB; chunks of 1 MiB, and large ones and shards of 4 MiB.
SHAPE, CHUNK, LARGE = (64, 512, 512), (64, 64, 64), (64, 128, 128)
#: What one of those may take while it is in work.
LEAST = 16 * MIB
PLAIN = {"compressors": None}
BLOSC = {"compressors": "blosc:lz4:5"}
SHARDS = {**BLOSC, "chunks": (32, 32, 32), "shards": LARGE}
WHOLE = {
    "plain": {**PLAIN, "chunks": CHUNK},
    "blosc": {**BLOSC, "chunks": CHUNK},
    "zstd": {"compressors": "zstd:1", "chunks": CHUNK},
    "shards": SHARDS,
}
BOUNDED = {
    "plain": {**PLAIN, "chunks": LARGE},
    "blosc": {**BLOSC, "chunks": LARGE},
    "shards": SHARDS,
}

pytestmark = [
    pytest.mark.skipif(
        not os.access("/proc/self/clear_refs", os.W_OK),
        reason="needs a system that forgets the most memory of a process so far: run on Linux",
    ),
    pytest.mark.skipif(
        "ZARRPY_SANITIZE" in os.environ,
        reason="needs memory that only zarrpy takes: run without sanitizers",
    ),
]

PROGRAM = """
import os
import sys
import numpy as np
import zarrpy
from zarrpy.engine import pool

def memory(name):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(name)) * 1024

def peak(action):
    "Bytes that the process had more at its highest than before."
    before = memory("VmRSS")
    with open("/proc/self/clear_refs", "w") as forget:
        forget.write("5")
    result = action()
    return memory("VmHWM") - before

path, kind, most = sys.argv[1:]
array = zarrpy.open_array(path)
if kind == "memory":
    store = {}
    zarrpy.copy(array, store)
    array = zarrpy.open_array(store)
if kind in ("zip", "sqlite"):
    store = path + "." + kind
    if not os.path.exists(store):
        zarrpy.copy(array, store)
    array = zarrpy.open_array(store)
small = zarrpy.create_array({}, data=np.ones((8, 8)), chunks=4, compressors="blosc:lz4")
small.read(max_memory="1MiB")
small.write(..., small[...], max_memory="1MiB")
window = np.s_[1:, 60:450, 3:]
if kind in ("files", "memory", "zip", "sqlite"):
    zarrpy.config.workers = 2
    print(peak(lambda: array[...]))
    raise SystemExit
zarrpy.config.workers = pool._pool.cores = 16  # all of them at once would take much more
if kind in ("into", "window"):
    chosen = window if kind == "window" else ...
    out = np.ones(array.shape, array.dtype)[chosen]
    print(peak(lambda: array.read(chosen, out=out, max_memory=int(most))))
else:
    chosen = window if kind == "part" else ...
    values = array[chosen]
    target = zarrpy.open_array(path, mode="r+")
    print(peak(lambda: target.write(chosen, values, max_memory=int(most))))
"""


def make(path, layout):
    """Store 64 MiB of numbers."""
    values = np.arange(np.prod(SHAPE), dtype="u4").reshape(SHAPE) * np.uint32(2654435761) >> 7
    zarrpy.create_array(path, data=values, **layout)
    return path


@pytest.fixture(scope="module", params=WHOLE)
def whole(request, tmp_path_factory):
    """Where an array is, in files."""
    return make(tmp_path_factory.mktemp("whole") / "array", WHOLE[request.param])


@pytest.fixture(scope="module", params=BOUNDED)
def bounded(request, tmp_path_factory):
    """Where an array of large chunks or shards is, in files."""
    return make(tmp_path_factory.mktemp("bounded") / "array", BOUNDED[request.param])


def peak(path, kind, most=0):
    """Return the bytes that a process takes more for something."""
    command = [sys.executable, "-c", PROGRAM, str(path), kind, str(most)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.parametrize("kind", ["files", "memory", "zip", "sqlite"])
def test_a_whole_read_takes_its_result_and_little_more(whole, kind):
    """A twentieth more, what two threads take, and values that a store brings at a time."""
    window = 0 if kind in ("files", "memory") else 2 * ONE_BY_ONE_NBYTES
    assert peak(whole, kind) < 1.05 * 4 * np.prod(SHAPE) + BESIDES + window


@pytest.mark.parametrize("kind", ["into", "window", "write", "part"])
def test_a_call_keeps_within_max_memory_beside_its_data(bounded, kind):
    """Bytes of the process, of reads into memory of the caller and of writes from it."""
    assert peak(bounded, kind, LEAST) < LEAST + BESIDES
