"""Open and read what a directory holds, each in a process of its own; a program of its own.

    python -m hostile.process  < lines of JSON, one an input; a line of JSON for each comes back

The program imports zarrpy once and forks for each input, so that a crash, a hang or a loss of
memory is that of one input.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import signal
import sys
import time
import warnings
from typing import Any

import numpy as np

import zarrpy

#: Of a processor; who waits for something is ended later, as others may use the processors.
SECONDS = 20
PATIENCE = 180
#: Address space that a process may take beyond what it has when it begins.
MOST = 1 << 30


def peak() -> int:
    """Return the most address space that this process had, in bytes."""
    with open("/proc/self/status") as status:
        (line,) = (line for line in status if line.startswith("VmPeak:"))
    return int(line.split()[1]) << 10


def read(folder: str, path: str) -> dict[str, Any]:
    """Open and read a node, or all that a group lists, and say what came of it."""
    warnings.simplefilter("ignore")
    before = peak()
    limit = before + MOST
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    try:
        node = zarrpy.open(folder, mode="r")
        if path:
            values = [np.asarray(each[...]) for _, each in node.members(max_depth=None)]
            found = f"{len(values)} arrays"
        else:
            values = np.asarray(node[...] if node.size < 10**7 else node[(0,) * node.ndim])
            data = values.tobytes() if values.dtype.kind not in "OT" else str(values.tolist())
            found = hashlib.sha256(data if isinstance(data, bytes) else data.encode()).hexdigest()
        outcome = {"values": found}
    except zarrpy.errors.ZarrError as error:
        outcome = {"error": type(error).__name__, "message": str(error)}
    except BaseException as error:
        outcome = {"failure": type(error).__name__, "message": str(error)[:500]}
    return {**outcome, "nbytes": peak() - before}


def forked(folder: str, path: str) -> dict[str, Any]:
    """Do that in a child, which may crash or hang."""
    receiver, sender = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(PATIENCE)
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 5))
        os.close(receiver)
        with os.fdopen(sender, "w") as pipe:
            json.dump(read(folder, path), pipe)
        os._exit(0)
    os.close(sender)
    began = time.monotonic()
    with os.fdopen(receiver) as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    seconds = time.monotonic() - began
    if os.WIFSIGNALED(status):
        name = signal.Signals(os.WTERMSIG(status)).name
        return {"failure": "hang" if name in ("SIGALRM", "SIGXCPU") else name, "seconds": seconds}
    return {**json.loads(text), "seconds": seconds}


def main() -> None:
    """Answer line by line."""
    # What is imported on first use is no memory that an input costs.
    for warm in ("i4", "U3"):
        zarrpy.create_array({}, data=np.zeros(3, warm))[...]
    for line in sys.stdin:
        print(json.dumps(forked(**json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
