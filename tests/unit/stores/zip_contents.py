"""Zip files as other programs see them."""

from __future__ import annotations

import zipfile

from zarrpy.stores import ZipStore


def written(path: str, **values: bytes) -> str:
    """Write values to a zip file, and close it."""
    with ZipStore(path) as store:
        store.set_many(list(values), list(values.values()))
    return path


def read(path: str) -> dict[str, bytes]:
    """All values of a zip file, by the standard library; each name once, all sums right."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        assert len(names) == len(set(names))
        assert archive.testzip() is None
        return {name: archive.read(name) for name in names}
