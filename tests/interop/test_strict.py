"""What the profile ``strict-3.1`` lets through is read by zarrs, which knows most extensions."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from peers import environments
from peers.client import Peer

from interop.profile_cells import written

pytestmark = pytest.mark.peers

READER = "zarrista"
#: What zarrs does not read of valid arrays: patterns of names, and the words of its error.
LIMITS: tuple[tuple[str, str], ...] = (
    *(
        (f"v3/{codec}/*", f"codec {codec} is not supported")
        for codec in ("conditional", "scale_offset", "cast_value", "n5_default", "zfp")
    ),
    # "checksum" of zstd is no required member, and zarrpy writes it
    ("v3/sharding_indexed, index at the start/*", "missing field `checksum`"),
    ("v3/*/*struct", "data type struct is not supported"),
    ("v3/transpose/string", "out-of-bounds of array shape"),
    ("v3/reshape/string", "indexer is incompatible with array shape"),
    # read, but not as an array of NumPy
    *((f"v3/*/{name}", "not understood") for name in ("text", "r24", "bfloat16", "float[468]_*")),
    *((f"v3/*/{name}", "not understood") for name in ("int[24]", "uint[24]", "complex_*")),
)


def limit_of(name: str) -> str | None:
    """Give the words with which zarrs refuses an array; None where it reads it."""
    return next((words for pattern, words in LIMITS if fnmatchcase(name, pattern)), None)


def test_zarrs_reads_what_is_let_through(tmp_path: Path) -> None:
    """Bit for bit, but for what it does not know, in its own words."""
    cells = [
        cell
        for cell in written(tmp_path, "odd", whole=False)
        if cell.name.startswith("v3/") and cell.refusal("strict-3.1") is None
    ]
    jobs = [{"path": str(each.path), "elements": str(each.elements)} for each in cells]
    try:
        with Peer(READER) as peer:
            answers = peer.ask("read_bits", jobs)
    except environments.EnvironmentMissingError as error:
        pytest.skip(str(error))

    told = []
    for cell, answer in zip(cells, answers, strict=True):
        words, error = limit_of(cell.name), answer.get("error", "")
        if (words is None and error) or (words is not None and words not in error):
            told.append(f"{cell.name}: {error or 'it is read'}; known: {words}")

    assert len(cells) > 100
    assert not told, "\n".join(told)
