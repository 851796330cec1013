"""Each cell of the matrix round-trips, or is refused with its reason; see matrix.py."""

from __future__ import annotations

import json
import re
import warnings
from collections import Counter
from typing import Any

import numpy as np
import pytest
from report import tell

import zarrpy
from conformance.matrix import KINDS, LAYOUTS, ROWS, VARIABLE, Kind, Row, document_of, values_of
from zarrpy import config
from zarrpy.codecs import codecs, numcodecs_ids
from zarrpy.errors import MissingDependencyError, UnsupportedExtensionError, ZarrError

# Of v2, where the codec of objects tells what they are.
TELLING = frozenset(("vlen-utf8", "vlen-bytes", "categorize", "json2", "msgpack2"))

COUNTS: Counter[str] = Counter()
REASONS: Counter[str] = Counter()


@pytest.fixture(scope="module", autouse=True)
def _told():
    yield
    counts = (
        f"matrix: {len(KINDS)} data types x {len(ROWS)} codecs x 2 formats, each in "
        f"{len(LAYOUTS)} layouts: {COUNTS.total()} cells, "
        + ", ".join(f"{count} {name}" for name, count in COUNTS.most_common())
    )
    reasons = [f"  refused, {count} times: {reason}" for reason, count in REASONS.most_common()]
    tell("conformance with the specifications", [counts, *reasons])


def there(row: Row, zarr_format: int) -> bool:
    """Whether zarrpy has the codec of a row."""
    known = codecs if zarr_format == 3 else numcodecs_ids
    name = row.codec if zarr_format == 3 else row.codec.rpartition(".")[2]
    return name == "bytes" or known.get(name) is not None


def cell(kind: Kind, row: Row, zarr_format: int) -> str:
    """Try a cell in every layout; say what became of it."""
    other = kind.group in VARIABLE and kind.group not in row.takes
    if zarr_format == 2 and other and row.name in TELLING:
        return "without words for it in the format"
    outcomes = {}
    for number, layout in enumerate(LAYOUTS):
        document = document_of(kind, row, layout, zarr_format)
        if document is None:
            return "without words for it in the format"
        try:
            if tried(kind, row, document, number % 2 == 0):
                outcomes[layout] = "round trip"
        except ZarrError as error:
            outcomes[layout] = refusal(kind, row, zarr_format, error)
    told = {re.sub(r"codecs\[\d+\]", "codecs[i]", each) for each in outcomes.values()}
    assert len(told) <= 1, f"not the same in every layout: {outcomes}"
    return outcomes.get("odd", "round trip")


def refusal(kind: Kind, row: Row, zarr_format: int, error: ZarrError) -> str:
    """Check that a refusal has a reason, and name it."""
    assert str(error), "refused without a reason"
    if isinstance(error, MissingDependencyError):
        return "of a package that is not installed"
    unknown = error.kind if isinstance(error, UnsupportedExtensionError) else None
    if unknown == "data type" and kind.group in VARIABLE:
        return "of a data type that is not there yet"
    if unknown == "codec" and not there(row, zarr_format):
        assert row.codec.rpartition(".")[2] in str(error)
        return "of a codec that is not there yet"
    return f"refused: {error}"


def tried(kind: Kind, row: Row, document: dict[str, Any], native: bool) -> bool:
    """Write with one body of the engine, read with both; tell whether a chunk was stored."""
    v3 = document["zarr_format"] == 3
    store = {"zarr.json" if v3 else ".zarray": json.dumps(document).encode()}
    values = values_of(kind, tuple(document["shape"]), row.small)
    with config.set(disable=frozenset() if native else frozenset(("native",))):
        array = zarrpy.open(store, mode="r+")
        given = values if kind.group in VARIABLE else values.view(array.dtype)
        array[...] = given
        found = array[...]
        if row.lossy:
            given = found
            array[...] = given
            found = array[...]
    same(found, given)
    with config.set(disable=frozenset(("native",)) if native else frozenset()):
        same(zarrpy.open(store, mode="r")[...], given)
    return len(store) > 1


def same(found: Any, given: np.ndarray) -> None:
    """Compare elements to the bit; those of variable length by value."""
    found = np.asarray(found)
    assert found.shape == given.shape
    if given.dtype.kind == "O":
        assert found.tolist() == given.tolist()
    else:
        assert found.tobytes() == given.tobytes()


@pytest.mark.parametrize("zarr_format", [3, 2])
@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_a_data_type_round_trips_through_every_codec_that_takes_it(
    kind: Kind, zarr_format: int
) -> None:
    """What a codec does not take is refused with a reason, and nothing else is refused."""
    complaints = []
    for row in ROWS.values():
        with warnings.catch_warnings(action="ignore"):
            try:
                found = cell(kind, row, zarr_format)
            except Exception as error:  # all cells of a data type are told together
                complaints.append(f"{row.name}: {type(error).__name__}: {error}")
                continue
        name = found.partition(": ")[0]
        COUNTS[name] += 1
        if name == "refused":
            REASONS[f"{row.name} of {kind.group}"] += 1
        if not row.expected(kind, name):
            complaints.append(f"{row.name}: {found}")

    assert not complaints, "\n".join(complaints)


def test_every_codec_is_in_the_matrix() -> None:
    """A codec without a row would not be tried."""
    rows = {row.codec for row in ROWS.values()}
    ids = {row.codec.rpartition(".")[2] for row in ROWS.values()}

    assert {name for name in codecs.names() if name not in rows} == set()
    assert {name for name in numcodecs_ids.names() if name not in ids} == set()
