"""Make a good zip file of a damaged one."""

from __future__ import annotations

import os

from zarrpy.errors import StoreError
from zarrpy.stores.zip_archive import BESIDE, File, copied
from zarrpy.stores.zip_format import directory_bytes, read_directory
from zarrpy.stores.zip_recovery import salvage


def recover(path: str) -> int:
    """Copy the whole entries of a file into a new one that takes its place.

    Parameters
    ----------
    path : str
        The old file stays beside it, with ``.damaged`` at the end of its name.

    Returns
    -------
    int
        How many values there are.
    """
    kept = path + ".damaged"
    if os.path.lexists(kept):
        raise StoreError(f"{kept!r} is there already", hint="move it away first")
    source = File(path, os.O_RDONLY)
    directory = salvage(source, os.fstat(source.number).st_size)
    target = File(path + BESIDE, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    entries, end = copied(source, directory.entries, target, 0)
    target.write(end, [directory_bytes(entries.items(), end, directory.comment)])
    os.fsync(target.number)
    if read_directory(target, os.fstat(target.number).st_size) is None:
        raise StoreError(f"what was found in {path!r} makes no archive")
    os.link(path, kept)
    os.replace(path + BESIDE, path)
    return len(entries)
