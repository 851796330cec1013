"""Stores that can have transactions."""

import sys

import pytest

from zarrpy.stores import LMDBStore, LocalStore, MemoryStore, SharedMemoryStore, SQLiteStore

#: What they are called in the names of tests.
KINDS = ("memory", "local", "shared", "sqlite", "lmdb")


def new_store(kind, folder):
    """Make one of them, whose files are in a folder."""
    if kind == "lmdb" and sys.platform == "win32":
        pytest.skip("LMDB takes its whole size on the disk of Windows: run this on another system")
    if kind == "local":
        return LocalStore(folder / "a.zarr")
    if kind == "sqlite":
        return SQLiteStore(folder / "a.sqlite")
    if kind == "lmdb":
        return LMDBStore(folder / "a.lmdb")
    return {"memory": MemoryStore, "shared": SharedMemoryStore}[kind]()
