"""The profile ``strict-3.1`` lets through what is valid by the specification, and nothing else."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

import zarrpy
from conformance.corpus import Refusal, all_cases
from conformance.matrix import KINDS, ROWS, document_of
from conformance.strict import problems
from zarrpy.codecs import document as document_of_codec
from zarrpy.metadata import v3
from zarrpy.metadata.profiles import PROFILES

STRICT = PROFILES["strict-3.1"]


def judged(document: dict[str, Any]) -> tuple[str, list[str]] | None:
    """Give why the profile refuses a document, and what the judge says of what is written for it.

    None where zarrpy itself refuses the array.
    """
    with warnings.catch_warnings(action="ignore"):
        try:
            array = zarrpy.open({"zarr.json": json.dumps(document).encode()})
        except zarrpy.ZarrError:
            return None
        assert isinstance(array, zarrpy.Array)
        try:
            named = tuple(map(document_of_codec, array.codecs.codecs))
            fitted = STRICT.fit(replace(array.metadata, document={}, codecs=named))
        except (zarrpy.MetadataError, zarrpy.CodecError) as error:
            return str(error), problems(document)
        written = json.dumps(v3.dump(fitted)["zarr.json"])
    return "", problems(json.loads(written))


def complaint(document: dict[str, Any]) -> str | None:
    """Say where profile and judge differ about a document; None where they agree."""
    outcome = judged(document)
    if outcome is None:
        return None
    refusal, found = outcome
    if refusal and not found:
        return f"is valid, and is refused: {refusal}"
    if found and not refusal:
        return f"is let through, and is not valid: {'; '.join(found)}"
    return None


def cells() -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the documents of every data type with every codec."""
    for kind in KINDS.values():
        for row in ROWS.values():
            document = document_of(kind, row, "odd", 3)
            if document is not None:
                yield f"{row.name} of {kind.name}", document


def test_the_profile_is_what_the_specification_allows() -> None:
    """Every data type with every codec, whether it is let through or not."""
    differences = {name: complaint(document) for name, document in cells()}

    assert len(differences) > 1000
    told = [f"{name} {text}" for name, text in differences.items() if text is not None]
    assert not told, "\n".join(told)


def test_of_the_corpus_nothing_is_written_for_it_that_is_not_valid() -> None:
    """Documents of any spelling are brought into its words, or refused."""
    told = []
    for name, case in all_cases().items():
        if "zarr.json" not in case.stored or isinstance(case.expected, Refusal) or case.path:
            continue
        document = json.loads(case.stored["zarr.json"])
        if document.get("node_type") != "array":
            continue
        outcome = judged(document)
        if outcome is not None and not outcome[0] and outcome[1]:
            told.append(f"{name}: {'; '.join(outcome[1])}")

    assert not told, "\n".join(told)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"data_type": "float128"}, "float128"),
        ({"data_type": "uint8", "fill_value": 256}, "256"),
        ({"codecs": [{"name": "numcodecs.zlib"}]}, "numcodecs.zlib"),
        ({"codecs": ["bytes", {"name": "gzip", "configuration": {"level": 10}}]}, "level"),
        ({"codecs": ["bytes", {"name": "gzip", "configuration": {}}]}, "level"),
        ({"codecs": ["gzip", "bytes"]}, "chain"),
        ({"chunk_grid": {"name": "rectangular"}}, "rectangular"),
        ({"dimension_names": ["x", "y"]}, "dimension names"),
        ({"novelty": 1}, "novelty"),
    ],
)
def test_the_judge_finds_what_is_wrong(changes: dict[str, Any], word: str) -> None:
    """It can refuse."""
    document = {
        "zarr_format": 3,
        "node_type": "array",
        "shape": [4],
        "data_type": "int16",
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [2]}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": 0,
        "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
    }
    assert problems(document) == []

    assert word in "; ".join(problems({**document, **changes}))
