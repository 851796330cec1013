"""Damaged documents, chunks and archives, one after the other in one process, as a program.

    python -m hostile.fuzz EXECUTIONS SEED [FOLDER]

Input number i of a seed is the same in each run.  What is read has to be an error of zarrpy or
values; the first input that gives anything else, or ends the process, is written to the folder.
"""

from __future__ import annotations

import copy
import json
import os
import random
import signal
import sys
import tempfile
import warnings
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

import zarrpy
from hostile.stored import FORMS, OTHERS, TEXTS, VALUES, Files, array

SECONDS = 30
#: What stands in the place of a member.
WORDS: list[Any] = [
    *(None, True, False, 0, 1, -1, 2, 3, 1.5, 1e308, float("inf"), 2**31 - 1, 2**31, 2**32),
    *(2**53 + 1, 2**63 - 1, 2**63, 2**64, 10**18, 10**40, "", "a", "\x00", "\ud800", "NaN"),
    *("-Infinity", "0x7fc00001", "../x", "/", "default", "v2", "bytes", "zstd", "blosc", "gzip"),
    *("sharding_indexed", "transpose", "crc32c", "int8", "uint64", "float16", "r24", "string"),
    *("|S5", "<U3", "<f8", "|O", "datetime64", [], {}, [[]], [0], [1, 1], [2**40], [-1, -1]),
    *({"name": "bytes"}, {"name": "x", "configuration": {}}, {"name": "zstd", "configuration": 3}),
]


def seeds() -> list[Files]:
    """Return the files of valid arrays and groups."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = [array(keywords) for keywords in (*FORMS.values(), *OTHERS.values())]
        found += [
            array({}, TEXTS),
            array({"zarr_format": 2}, TEXTS),
            array({"dtype": "str"}, TEXTS),
            array({}, np.zeros(5, [("a", "i4"), ("b", "S3")])),
            array({"zarr_format": 2}, np.zeros(5, [("a", "i4"), ("b", "S3")])),
            array({"chunks": [[3, 61], [32]]}),
            array({"chunks": (16, 32), "shards": (64, 32), "dimension_names": ["x", "y"]}),
            array({"filters": [{"name": "transpose", "configuration": {"order": [1, 0]}}]}),
            array({}, VALUES.astype("M8[s]")),
            array({"zarr_format": 2, "filters": ["delta"]}, VALUES[:4]),
        ]
        for zarr_format in (2, 3):
            files: dict[str, Any] = {}
            group = zarrpy.create_group(files, attributes={"a": [1]}, zarr_format=zarr_format)
            group.create_array("x/y", data=VALUES[:2])
            zarrpy.consolidate_metadata(files)
            found.append({key: bytes(value) for key, value in files.items()})
    return found


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Change bytes in one way."""
    if not data:
        return bytes([chance.randrange(256)])
    at = chance.randrange(min(len(data), 60) if chance.random() < 0.5 else len(data))
    n = chance.randrange(1, 16)
    way = chance.randrange(7)
    if way == 0:
        return data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]
    if way == 1:
        return data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
    if way == 2:
        return data[:at]
    if way == 3:
        return data[:at] + data[at + n :]
    if way == 4:
        return data[: at + n] + data[at:]
    if way == 5:
        word = chance.choice([0, 1, 2**32 - 1, 2**31, 2**64 - 1, 2**63, len(data), 2**40])
        return data[:at] + word.to_bytes(8, "little")[: chance.choice([4, 8])] + data[at + 8 :]
    return data[:-n] + data[at : at + n]


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return all containers of a document with the keys in them."""
    found, queue = [], [value]
    while queue:
        each = queue.pop()
        keys = each.keys() if isinstance(each, dict) else range(len(each))
        for key in keys:
            found.append((each, key))
            if isinstance(each[key], (dict, list)):
                queue.append(each[key])
    return found


def reworded(data: bytes, chance: random.Random) -> bytes:
    """Change members of a document."""
    document = json.loads(data)
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        found = places(document)
        if not found:
            break
        owner, key = chance.choice(found)
        way = chance.randrange(6)
        if way == 0:
            del owner[key]
        elif way == 1:
            other, other_key = chance.choice(found)
            owner[key] = copy.deepcopy(other[other_key])
        elif way == 2 and isinstance(owner, list):
            owner.insert(key, copy.deepcopy(owner[key]))
        elif way == 2:
            owner[chance.choice(["name", "id", "must_understand", "x"])] = chance.choice(WORDS)
        elif way == 3 and isinstance(owner[key], int) and not isinstance(owner[key], bool):
            owner[key] += chance.choice([-1, 1, -owner[key] * 2, 2**32])
        else:
            owner[key] = copy.deepcopy(chance.choice(WORDS))
    return json.dumps(document).encode("utf-8", "surrogatepass")


def made(seed: int, number: int, valid: list[Files]) -> tuple[str, Files]:
    """Make an input; its kind, and its files."""
    chance = random.Random(seed * 10**9 + number)
    files = dict(chance.choice(valid))
    documents = [key for key in files if key.rpartition("/")[2].startswith((".z", "zarr.json"))]
    chunks = [key for key in files if key not in documents]
    kind = chance.choice(["document", "document", "document", "text", "chunk", "archive"])
    if kind == "chunk" and chunks:
        key = chance.choice(chunks)
        files[key] = damaged(files[key], chance)
        return kind, files
    if kind == "archive":
        return kind, {"archive": damaged(packed(files), chance)}
    key = chance.choice(documents)
    if kind == "text":
        files[key] = damaged(files[key], chance)
        return kind, files
    files[key] = reworded(files[key], chance)
    return "document", files


def packed(files: Files) -> bytes:
    """Return a zip file of them."""
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w") as archive:
            for key, value in files.items():
                archive.writestr(zipfile.ZipInfo(key), value)
        file.seek(0)
        return file.read()


def look(node: Any) -> None:
    """Read what may be read."""
    if isinstance(node, zarrpy.Group):
        for _, each in node.members(max_depth=None):
            look(each)
    elif node.size * max(node.dtype.itemsize, 8) < 10**7:
        np.asarray(node[...])
    elif node.ndim:
        np.asarray(node[(0,) * node.ndim])


def read(kind: str, files: Files, folder: str) -> str:
    """Open and read an input; how it ended."""
    try:
        if kind == "archive":
            path = os.path.join(folder, "input.zip")
            Path(path).write_bytes(files["archive"])
            with zarrpy.ZipStore(path, mode="r") as store:
                look(zarrpy.open(store, mode="r"))
        else:
            look(zarrpy.open(dict(files), mode="r"))
    except zarrpy.errors.ZarrError:
        return "refused"
    return "read"


def keep(kind: str, files: Files, folder: str | None, name: str) -> None:
    """Write an input down."""
    if folder:
        text = json.dumps({"kind": kind, "files": {k: v.hex() for k, v in files.items()}})
        Path(folder, f"{name}.json").write_text(text)


def batch(first: int, last: int, seed: int, place: str, counts: Any) -> int:
    """Try inputs in this process; the number of the first that went wrong, or -1."""
    valid = seeds()
    for number in range(first, last):
        kind, files = made(seed, number, valid)
        counts[0] = number
        signal.alarm(SECONDS)
        try:
            outcome = read(kind, files, place)
        except BaseException as error:
            print(f"input {number} of seed {seed}, {kind}: {error!r}", flush=True)
            return number
        finally:
            signal.alarm(0)
        TALLY[kind, outcome] += 1
    return -1


TALLY: Counter[tuple[str, str]] = Counter()


def main(executions: int, seed: int, folder: str | None = None) -> int:
    """Try inputs in a child process, which may end; the exit code."""
    import mmap

    warnings.simplefilter("ignore")
    shared = memoryview(mmap.mmap(-1, 8)).cast("q")
    with tempfile.TemporaryDirectory() as place:
        child = os.fork()
        if child == 0:
            wrong = batch(0, executions, seed, place, shared)
            for (kind, outcome), count in sorted(TALLY.items()):
                print(f"{kind} {outcome}: {count}")
            sys.stdout.flush()
            os._exit(wrong >= 0)
        _, status = os.waitpid(child, 0)
    if status:
        kind, files = made(seed, shared[0], seeds())
        keep(kind, files, folder, f"{seed}-{shared[0]}")
        print(f"input {shared[0]} of seed {seed} ended with status {status}")
        return 1
    print(f"hostile.fuzz: {executions} executions, 0 failed (seed {seed})")
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:4]))
