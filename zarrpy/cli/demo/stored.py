"""The arrays of a demonstration: written, read back, and measured on disk."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zarrpy.cli.demo.chains import CHAINS, Chain, chunk_shape
from zarrpy.cli.demo.field import Field
from zarrpy.cli.demo.proof import same_bits, windows, wrong_after_partial_write, wrong_windows

_METADATA = ("zarr.json", ".zarray", ".zattrs")


@dataclass(slots=True)
class StoredArray:
    """One array as it was stored, and what was found wrong with it."""

    chain: Chain
    path: Path
    blank: Path
    codecs: str
    stored_nbytes: int
    faults: list[str] = field(default_factory=list)

    @property
    def label(self) -> str:
        """The array's place as people write it."""
        return f"{self.chain.group}/{self.chain.name}"

    def task(self) -> dict[str, Any]:
        """Tell a witness where the array is."""
        return {
            "path": str(self.path),
            "blank": str(self.blank),
            "zarr_format": self.chain.zarr_format,
        }


def store_all(shown: Field, folder: Path, scratch: Path) -> list[StoredArray]:
    """Write the field once under each chain, below `folder`, and compare what is read."""
    import zarrpy

    groups = {
        name: zarrpy.create_group(
            folder / name, zarr_format=zarr_format, attributes={"title": shown.title}
        )
        for name, zarr_format in {chain.group: chain.zarr_format for chain in CHAINS}.items()
    }
    return [_store(shown, groups[chain.group], chain, folder, scratch) for chain in CHAINS]


def _store(shown: Field, group: Any, chain: Chain, folder: Path, scratch: Path) -> StoredArray:
    from zarrpy.display.codecs import chain_label

    values = shown.values
    keywords = {"chunks": chunk_shape(values.shape, values.itemsize)} | chain.keywords
    if shown.dimension_names is not None:
        keywords["dimension_names"] = shown.dimension_names
    array = group.create_array(
        chain.name,
        shape=values.shape,
        dtype=values.dtype,
        attributes=shown.attributes or {},
        **keywords,
    )
    path = folder / chain.group / chain.name
    blank = scratch / "copies" / chain.group / chain.name
    _copy_metadata(path, blank)
    array[...] = values
    stored = StoredArray(
        chain, path, blank, chain_label(array.metadata.codecs), chunks_nbytes(path)
    )
    stored.faults += wrong_windows(array, values)
    stored.faults += wrong_after_partial_write(array, values)
    return stored


def wrong_copies(arrays: list[StoredArray], values: Any) -> list[str]:
    """Read with zarrpy what another implementation wrote beside our arrays."""
    import zarrpy

    return [
        f"{stored.label}: other values than were given to write"
        for stored in arrays
        if not same_bits(zarrpy.open_array(stored.blank, mode="r")[...], values)
    ]


def erase_copies(arrays: list[StoredArray]) -> None:
    """Leave of the copies only their metadata, so that the next writer begins with nothing."""
    for stored in arrays:
        shutil.rmtree(stored.blank)
        _copy_metadata(stored.path, stored.blank)


def save_values(values: Any, scratch: Path) -> Path:
    """Write the values where another process finds them."""
    import numpy as np

    path = scratch / "values.npy"
    if not path.exists():
        with path.open("wb") as file:
            np.save(file, values, allow_pickle=False)
    return path


def chunks_nbytes(path: Path) -> int:
    """Add up the files of an array without its metadata."""
    return sum(
        file.stat().st_size
        for file in path.rglob("*")
        if file.is_file() and file.name not in _METADATA
    )


def count_windows(shape: tuple[int, ...]) -> int:
    """Tell how many selections of an array are compared with NumPy's."""
    return sum(1 for _ in windows(shape))


def _copy_metadata(path: Path, blank: Path) -> None:
    blank.mkdir(parents=True)
    for name in _METADATA:
        if (path / name).exists():
            shutil.copy(path / name, blank / name)
