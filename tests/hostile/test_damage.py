"""Every byte changed, and every length cut, of an array in nine stored forms.

What is read is right or an error: where there is a checksum always, elsewhere as far as the form
can tell. `make test` tries some bytes of each form, `make test-long` all of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest
from report import tell

import zarrpy
from hostile import stored
from hostile.stored import FORMS, VALUES, Files
from zarrpy.errors import ZarrError

#: Each form reads whole, and in part by the first and the last rows.
SELECTIONS = (np.s_[...], np.s_[:3], np.s_[-2:, 5:9])
#: Forms in which every stored byte is under a checksum.
CHECKED = ("zstd-checksum", "gzip", "default")


@pytest.fixture(scope="module", params=[pytest.param(1, marks=pytest.mark.long), 17], ids=str)
def stride(request) -> int:
    """Try each byte, or one in so many."""
    return request.param


def reads(files: Files) -> Iterator[str]:
    """Yield what comes of each way to read: right, wrong, or an error."""
    for selection in SELECTIONS:
        try:
            values = zarrpy.open_array(files, mode="r")[selection]
        except ZarrError as error:
            yield "error" if str(error) else "error without words"
        else:
            yield "right" if np.array_equal(values, VALUES[selection]) else "wrong"


def damaged(chunk: bytes, stride: int) -> Iterator[bytes]:
    """Yield a chunk with one byte changed, in each of two ways."""
    for i in range(0, len(chunk), stride):
        for change in (0xFF, 0x01):
            yield chunk[:i] + bytes([chunk[i] ^ change]) + chunk[i + 1 :]


def document_outcome(files: Files) -> str:
    """Return what comes of opening and reading an array of moderate size."""
    try:
        array = zarrpy.open_array(files, mode="r")
        if array.size < 10**6:
            array[...]
    except ZarrError as error:
        return "error" if str(error) else "error without words"
    return "array"


@pytest.mark.parametrize("form", FORMS)
def test_a_byte_that_changed_is_an_error_where_there_is_a_checksum(form, stride):
    """Nothing else than an error of zarrpy is raised, whatever the form."""
    files = stored.array(FORMS[form])
    key = stored.key_of(files)

    counts = Counter(
        outcome for chunk in damaged(files[key], stride) for outcome in reads({**files, key: chunk})
    )

    tell("reads of damaged chunks", [f"one byte in {stride} of {form} changed: {dict(counts)}"])
    if form in CHECKED:
        assert counts["wrong"] == 0
    assert counts.total() == 2 * len(SELECTIONS) * -(-len(files[key]) // stride)


@pytest.mark.parametrize("form", FORMS)
def test_a_chunk_that_is_cut_off_is_an_error(form, stride):
    """At every length."""
    files = stored.array(FORMS[form])
    key = stored.key_of(files)

    for length in range(0, len(files[key]), stride):
        outcomes = set(reads({**files, key: files[key][:length]}))
        if form.startswith("shard"):  # of which a part is right where its index and chunks are
            assert "wrong" not in outcomes, length
        else:
            assert outcomes == {"error"}, length
    lengths = len(range(0, len(files[key]), stride))
    tell("reads of damaged chunks", [f"{form} cut off at {lengths} lengths: 0 wrong"])


def test_a_byte_of_the_document_that_changed_is_an_error_or_another_document(stride):
    """And never anything else than an error of zarrpy."""
    files = stored.array(FORMS["default"])

    outcomes: Counter[str] = Counter()
    for document in damaged(files["zarr.json"], stride):
        changed = {**files, "zarr.json": document}
        outcomes[document_outcome(changed)] += 1

    assert outcomes["error"] > outcomes["array"]
    assert set(outcomes) <= {"error", "array"}
    tell("reads of damaged chunks", [f"one byte in {stride} of a document: {dict(outcomes)}"])
