"""The far side of a peer: runs in the peer's interpreter and answers JSON lines.

``python worker.py NAME`` reads one request a line from standard input and answers each job with
one line on standard output, so that a crash is known to the job.  Requests:

``{"op": "versions"}``
    answers ``{"ok": true, "versions": {...}}``
``{"op": "write", "jobs": [{"path", "document", "values"}]}``
    creates each array and writes the values of a .npy file
``{"op": "write_default", "jobs": [{"path", "values"}]}``
    the same with no option but shape and data type
``{"op": "read", "jobs": [{"path", "values"}]}``
    reads each array and compares it, bit for bit, with a .npy file
``{"op": "read_bits", "jobs": [{"path", "elements"}]}``
    the same whatever the data type is called: with a file of their bytes, or of JSON where they
    have many lengths

A job that fails answers ``{"ok": false, "error": "Type: text"}``.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from peers import adapters
from peers.adapters.base import elements_of


def difference(found: np.ndarray, wanted: np.ndarray) -> str:
    """Say how two arrays differ in shape, type or any bit; empty when they do not."""
    if found.shape != wanted.shape:
        return f"shape {found.shape} instead of {wanted.shape}"
    if found.dtype.hasobject:
        digits = [
            each.tobytes().hex() if isinstance(each, np.ndarray) else each for each in found.flat
        ]
        found = np.array(digits, object).reshape(found.shape).astype(wanted.dtype)
    if wanted.dtype.kind == "V" and wanted.dtype.names is None:  # small numbers, by their bytes
        found = np.ascontiguousarray(found)
        if found.dtype.itemsize == wanted.dtype.itemsize:
            found = found.view(wanted.dtype)
    if found.dtype.newbyteorder("=") != wanted.dtype:
        return f"data type {found.dtype} instead of {wanted.dtype}"
    one = np.ascontiguousarray(found.astype(wanted.dtype, copy=False)).tobytes()
    other = np.ascontiguousarray(wanted).tobytes()
    if one != other:
        size = wanted.dtype.itemsize
        places = [i for i in range(0, len(other), size) if one[i : i + size] != other[i : i + size]]
        return f"{len(places)} of {wanted.size} elements differ, the first at {places[0] // size}"
    return ""


def elements(array: np.ndarray) -> bytes | list[str]:
    """Give the bytes of elements in the order of this machine; bytes of many lengths in hex."""
    if array.dtype.hasobject or array.dtype.kind == "T":
        flat = array.astype(object).ravel()
        return [bytes(each).hex() if isinstance(each, bytes) else str(each) for each in flat]
    return array.astype(array.dtype.newbyteorder("=")).tobytes()


class Worker:
    """Answers requests with one library."""

    def __init__(self, name: str) -> None:
        self.library = adapters.load(name)

    def versions(self, job: dict[str, Any]) -> dict[str, Any]:
        """Tell what runs here."""
        python = ".".join(map(str, sys.version_info[:3]))
        return {"versions": {"python": python, **self.library.versions()}}

    def write(self, job: dict[str, Any]) -> dict[str, Any]:
        """Create an array and write it whole."""
        array = self.library.create(job["path"], job["document"])
        values = elements_of(job["document"], np.load(job["values"]))
        self.library.write(array, values)
        return {}

    def write_default(self, job: dict[str, Any]) -> dict[str, Any]:
        """Create an array with the library's own defaults and write it whole."""
        values = np.load(job["values"])
        array = self.library.create_default(job["path"], values.shape, values.dtype)
        self.library.write(array, values)
        return {}

    def read(self, job: dict[str, Any]) -> dict[str, Any]:
        """Read an array whole and compare it."""
        found = self.library.read(self.library.open(job["path"]))
        reason = difference(found, np.load(job["values"]))
        return {"ok": False, "error": f"Different: {reason}"} if reason else {}

    def read_bits(self, job: dict[str, Any]) -> dict[str, Any]:
        """Read an array whole and compare what its elements are made of."""
        found = self.library.read(self.library.open(job["path"]))
        wanted: Any = Path(job["elements"]).read_bytes()
        if job["elements"].endswith(".json"):
            wanted = json.loads(wanted)
        same = elements(found) == wanted
        return {} if same else {"ok": False, "error": f"Different: as {found.dtype}"}

    def answer(self, op: str, job: dict[str, Any]) -> dict[str, Any]:
        """Do one job; whatever is raised becomes its answer."""
        try:
            return {"ok": True, **getattr(self, op)(job)}
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a panic of Rust code is not an Exception
            text = " ".join(str(error).split())
            return {"ok": False, "error": f"{type(error).__name__}: {text}"[:500]}


def main() -> int:
    """Serve until standard input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints must not come between the answers
    warnings.simplefilter("ignore")
    worker = Worker(sys.argv[1])
    for line in sys.stdin:
        request = json.loads(line)
        for job in request.get("jobs", [{}]):
            print(json.dumps(worker.answer(request["op"], job)), file=answers, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
