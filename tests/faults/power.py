"""What may be on a disk when the power goes, computed from the calls that a program has made.

    power.py LAYOUT PLACE DURABILITY CHANGES LIMIT SEED   (with the shim before it)

The model knows nothing of a file system but what is promised: bytes of a file last when the file
was synced after they were written, names of a directory when the directory was.  Of what was not
synced, each file may have all, nothing or half of what was written to it last, and each directory
any number of its changes, in their order; directories and files do not wait for one another.  A
rename between two directories happens in both or in neither.
"""

from __future__ import annotations

import copy
import hashlib
import itertools
import json
import math
import os
import random
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

import layouts
import shim

import zarrpy


class Call(NamedTuple):
    """A call that changed something: its numbers and bytes mean what its kind says."""

    kind: str
    path: str
    a: int
    b: int
    data: bytes


def parsed(log: bytes) -> Iterator[Call]:
    """Read what the shim has written down."""
    at = 0
    while at < len(log):
        end = log.index(b"\n", at)
        kind, path, a, b, nbytes = log[at:end].split(b"\t")
        stop = end + 1 + int(nbytes)
        yield Call(kind.decode(), path.decode(), int(a), int(b), log[end + 1 : stop])
        at = stop + 1


class File:
    """A file: what lasts of it, and what was written since."""

    def __init__(self, content: bytes = b"") -> None:
        self.content = content
        self.pending: list[Call] = []

    def sync(self) -> None:
        """Let all of it last."""
        self.content, self.pending = self.after(len(self.pending)), []

    def after(self, ncalls: int, *, half: bool = False, zeros: bool = False) -> bytes:
        """Give the bytes after some of the calls, the last done by half, or all giving zeros."""
        content = bytearray(self.content)
        for i, call in enumerate(self.pending[:ncalls]):
            if call.kind == "truncate":
                content = content[: call.b].ljust(call.b, b"\0")
                continue
            data = call.data
            if half and i == ncalls - 1:
                data = data[: len(data) // 2]
            data = bytes(len(data)) if zeros else data
            content = content.ljust(call.b, b"\0")
            content[call.b : call.b + len(data)] = data
        return bytes(content)

    def states(self) -> list[bytes]:
        """Give what may be in it."""
        n = len(self.pending)
        found = [self.after(0), self.after(n)]
        if n:
            found += [self.after(n, half=True), self.after(n - 1), self.after(n, zeros=True)]
        return list(dict.fromkeys(found))


class Directory:
    """A directory: names that last, names as programs see them, and the changes between."""

    def __init__(self) -> None:
        self.lasting: dict[str, Any] = {}
        self.names: dict[str, Any] = {}
        self.pending: list[Change] = []

    def states(self) -> range:
        """Tell how many of the changes may have been made."""
        return range(len(self.pending) + 1)


class Change:
    """Names that change together, in one directory or in two."""

    def __init__(self, *parts: tuple[Directory, str, Any]) -> None:
        self.parts = parts
        for directory, name, node in parts:
            if not directory.pending or directory.pending[-1] is not self:
                directory.pending.append(self)
            put(directory.names, name, node)

    def last(self) -> None:
        """Make it last, and all before it in the same directories."""
        for directory in dict.fromkeys(part[0] for part in self.parts):
            while self in directory.pending:
                first = directory.pending[0]
                if first is not self:
                    first.last()
                    continue
                directory.pending.pop(0)
                for owner, name, node in self.parts:
                    if owner is directory:
                        put(directory.lasting, name, node)


def put(names: dict[str, Any], name: str, node: Any) -> None:
    """Give a name to a node, or take it away."""
    names.pop(name, None)
    if node is not None:
        names[name] = node


class Disk:
    """A tree of directories and files, all of which lasts at first.

    Parameters
    ----------
    root : str
    """

    def __init__(self, root: str) -> None:
        self.root_path = root
        self.by_inode: dict[int, Any] = {}
        self.root = self._loaded(root)

    def _loaded(self, path: str) -> Any:
        node: Any
        if os.path.isdir(path):
            node = Directory()
            node.names = {name: self._loaded(os.path.join(path, name)) for name in os.listdir(path)}
            node.lasting = dict(node.names)
        else:
            with open(path, "rb") as file:
                node = File(file.read())
        self.by_inode[os.stat(path).st_ino] = node
        return node

    def _parent(self, path: str) -> tuple[Directory, str]:
        folder, name = os.path.split(os.path.relpath(path, self.root_path))
        node = self.root
        for part in folder.split("/") if folder else ():
            node = node.names[part]
        return node, name

    def apply(self, call: Call) -> None:
        """Do what a call did."""
        if call.kind in ("create", "mkdir"):
            node = File() if call.kind == "create" else Directory()
            self.by_inode[call.a] = node
            Change((*self._parent(call.path), node))
        elif call.kind in ("unlink", "rmdir"):
            Change((*self._parent(call.path), None))
        elif call.kind == "rename":
            old, new = self._parent(call.path), self._parent(call.data.decode())
            Change((*new, old[0].names[old[1]]), (*old, None))
        elif call.kind in ("write", "truncate"):
            self.by_inode[call.a].pending.append(call)
        elif call.kind == "sync":
            node = self.by_inode[call.a]
            if isinstance(node, File):
                node.sync()
            while isinstance(node, Directory) and node.pending:
                node.pending[0].last()

    def nodes(self, node: Any = None) -> list[Any]:
        """All directories and files that may be found after a crash and are not settled."""
        found, seen, queue = [], set(), [self.root]
        while queue:
            node = queue.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            if node.pending:
                found.append(node)
            if isinstance(node, Directory):
                queue += node.lasting.values()
                queue += [part[2] for each in node.pending for part in each.parts if part[2]]
        return found

    def crashes(self, limit: int, chance: random.Random) -> Iterator[dict[str, bytes | None]]:
        """Give trees that may be found; `limit` drawn ones where there are more."""
        nodes = self.nodes()
        choices = [list(node.states()) for node in nodes]
        drawn: Any = itertools.product(*choices)
        if math.prod(map(len, choices)) > limit:
            drawn = [tuple(each[-1] for each in choices), tuple(each[0] for each in choices)]
            drawn += [tuple(map(chance.choice, choices)) for _ in range(limit)]
        for choice in drawn:
            yield self._tree(dict(zip(map(id, nodes), choice, strict=True)))

    def _tree(self, chosen: dict[int, Any]) -> dict[str, bytes | None]:
        counts = self._consistent(chosen)
        tree: dict[str, bytes | None] = {}

        def fill(node: Any, path: str) -> None:
            if isinstance(node, File):
                tree[path] = chosen.get(id(node), node.content)
                return
            tree[path] = None
            names = dict(node.lasting)
            for change in node.pending[: counts.get(id(node), 0)]:
                for owner, name, child in change.parts:
                    if owner is node:
                        put(names, name, child)
            for name, child in names.items():
                fill(child, os.path.join(path, name))

        fill(self.root, "")
        return tree

    def _consistent(self, chosen: dict[int, Any]) -> dict[int, int]:
        """Cut changes off that would be made in one directory and not in the other."""
        counts = {key: value for key, value in chosen.items() if isinstance(value, int)}
        owners = {id(node): node for node in self.nodes() if isinstance(node, Directory)}
        before = None
        while counts != before:
            before = dict(counts)
            for key, node in owners.items():
                for i, change in enumerate(node.pending[: counts.get(key, 0)]):
                    others = {id(part[0]): part[0] for part in change.parts}
                    if any(
                        change not in other.pending[: counts.get(where, 0)]
                        for where, other in others.items()
                        if change in other.pending
                    ):
                        counts[key] = i
                        break
        return counts


def written(tree: dict[str, bytes | None], place: str) -> None:
    """Make a tree on a real disk; of files that are old, as nobody has written since."""
    shutil.rmtree(place, ignore_errors=True)
    for path, content in tree.items():
        full = os.path.join(place, path)
        if content is None:
            os.makedirs(full, exist_ok=True)
        else:
            with open(full, "wb") as file:
                file.write(content)
            os.utime(full, (0, 0))


#: Where trees are made and removed in a tenth of the time that a disk takes.
MEMORY = "/dev/shm"

#: What `config.durability` is for other words: changes in a group, or a sync after each.
SETTINGS = {"grouped": "atomic", "synced": "atomic"}


def change_in_a_group(layout: layouts.Layout, place: str, number: int) -> None:
    """Make a change that is committed as a group."""
    with layout.store(place) as store, zarrpy.group_commit(store) as group:
        grouped = copy.copy(layout)
        grouped.store = lambda place: group
        grouped.change_once(place, number)


def recorded(
    layout: layouts.Layout, folder: str, durability: str, changes: int
) -> tuple[Disk, list[Call]]:
    """Make changes; the disk before, and the calls."""
    place = os.path.join(folder, "x")
    os.makedirs(folder)
    layout.create(place)
    layout.change_once(place, 1)
    disk = Disk(folder)
    library = shim.loaded()
    log = os.open(folder + ".log", os.O_RDWR | os.O_CREAT)
    with zarrpy.config.set(durability=SETTINGS.get(durability, durability), workers=1):
        library.shim_watch(folder.encode(), b"", 0, 0)
        library.shim_log(log)
        for number in range(2, changes + 2):
            if durability == "grouped":
                change_in_a_group(layout, place, number)
            else:
                layout.change_once(place, number)
            if durability == "synced":
                with layout.store(place) as store:
                    zarrpy.sync(store)
            library.shim_mark(number)
        library.shim_log(-1)
        library.shim_watch(b"", b"", 0, 0)
    with open(folder + ".log", "rb") as file:
        return disk, list(parsed(file.read()))


def crashes(
    disk: Disk, calls: list[Call], folder: str, limit: int, seed: int, *, between: bool
) -> Iterator[tuple[int, int, dict[str, bytes | None]]]:
    """Give each tree that may be found, once: after which call, and what was reported by then."""
    chance = random.Random(seed)
    done, seen = 1, set()
    for number, call in enumerate(calls):
        if call.kind == "mark":
            done = call.a
        elif call.path.startswith(folder):
            disk.apply(call)
        if not between and call.kind != "mark":
            continue
        for tree in disk.crashes(limit, chance):
            key = hashlib.sha256(repr((done, sorted(tree.items()))).encode()).digest()
            if key not in seen:
                seen.add(key)
                yield number, done, tree


def main(
    name: str, folder: str, durability: str, changes: int, limit: int, seed: int
) -> dict[str, int]:
    """Look at every state; what was counted."""
    warnings.simplefilter("ignore")
    layout = layouts.LAYOUTS[name]()
    disk, calls = recorded(layout, folder, durability, changes)
    between = durability != "synced"  # which promises nothing before a sync returns
    nstates = 0
    with tempfile.TemporaryDirectory(dir=MEMORY if os.path.isdir(MEMORY) else None) as crash:
        for number, done, tree in crashes(disk, calls, folder, limit, seed, between=between):
            nstates += 1
            place = os.path.join(crash, "disk")
            written(tree, place)
            try:
                layout.check(os.path.join(place, "x"), done, done)
            except Exception as error:
                raise AssertionError(
                    f"after call {number}, {calls[number][:4]}, with {done} reported: "
                    f"{sorted(tree)}"
                ) from error
    return {"changes": changes, "calls": len(calls), "states": nstates}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:4], *map(int, sys.argv[4:7]))))
