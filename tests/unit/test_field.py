"""The field that ships with zarrpy is what its page says."""

import hashlib
import runpy
import struct
from pathlib import Path

import numpy as np
import pytest

from zarrpy.data import OCEAN_TEMPERATURE

ROOT = Path(__file__).resolve().parents[2]


def test_the_field_has_the_checksum_its_page_names() -> None:
    """The page tells the provenance of these bytes and no others."""
    page = (OCEAN_TEMPERATURE.parent / "README.md").read_text(encoding="utf-8")

    assert hashlib.sha256(OCEAN_TEMPERATURE.read_bytes()).hexdigest() in page


def test_the_field_stays_small() -> None:
    """A wheel is no place for large data."""
    assert OCEAN_TEMPERATURE.stat().st_size < 1.2e6


def test_the_field_is_the_ocean() -> None:
    """Warm at the equator, cold at the poles, and nothing where there is land."""
    field = np.load(OCEAN_TEMPERATURE)

    assert (field.shape, field.dtype) == ((4, 180, 360), np.dtype("<f4"))
    assert np.nanmean(field[0, 85:95]) > 25
    assert np.nanmean(field[0, :20]) < 0
    assert np.isnan(field[0, 40, 280])  # central Asia


def padded(data: bytes) -> bytes:
    """Fill up to whole words, as the classic format has names and values."""
    return data + bytes(-len(data) % 4)


def name(text: str) -> bytes:
    """Write a name of the classic format."""
    return struct.pack(">I", len(text)) + padded(text.encode())


@pytest.mark.parametrize("version", [1, 2])
def test_a_file_of_the_classic_format_is_read(version: int) -> None:
    """With attributes of odd lengths, variables of several types, and one that grows."""
    absent, values = bytes(8), np.arange(6, dtype=">f4")
    attribute = name("text") + struct.pack(">II", 2, 5) + padded(b"abcde")
    begin = ">I" if version == 1 else ">Q"

    def variable(title: str, dims: list[int], kind: int, size: int, at: int) -> bytes:
        shape = struct.pack(f">I{len(dims)}I", len(dims), *dims)
        attributes = struct.pack(">II", 12, 1) + attribute
        return (
            name(title)
            + shape
            + attributes
            + struct.pack(">II", kind, size)
            + struct.pack(begin, at)
        )

    def head(at: int) -> bytes:
        dims = b"".join(
            name(each) + struct.pack(">I", n) for each, n in (("t", 0), ("y", 2), ("x", 3))
        )
        variables = [
            variable("grows", [0, 2], 4, 12, at + 32),
            variable("TEMP", [1, 2], 5, 24, at),
            variable("y", [1], 3, 4, at + 24),
        ]
        return b"".join(
            [
                b"CDF" + bytes([version]),
                struct.pack(">I", 1),
                struct.pack(">II", 10, 3) + dims,
                absent,
                struct.pack(">II", 11, 3) + b"".join(variables),
            ]
        )

    at = len(head(0))
    content = head(at) + values.tobytes() + struct.pack(">hh", 7, -8) + bytes(16)
    if not (ROOT / "tools").exists():
        pytest.skip("the source tree is missing: run from a clone of the repository")
    classic = runpy.run_path(str(ROOT / "tools" / "make_field.py"))["Classic"]

    source = classic(content)

    assert source.read("TEMP").tolist() == [[0, 1, 2], [3, 4, 5]]
    assert source.read("TEMP").dtype == np.dtype("f4")
    assert source.read("y").tolist() == [7, -8]
    assert "grows" not in source.variables
    with pytest.raises(ValueError, match="classic format"):
        classic(b"\x89HDF" + bytes(8))
