"""Documents that other implementations wrote; see tests/golden/make_documents.py."""

import json as stdlib_json
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from zarrpy.metadata import ArrayMetadata, json, v2, v3
from zarrpy.metadata import fill_value as fill

FOLDER = Path(__file__).resolve().parents[2] / "golden" / "documents"
GOLDEN = {
    f"{path.stem}: {case}": texts
    for path in sorted(FOLDER.glob("*.json"))
    for case, texts in stdlib_json.loads(path.read_text("utf-8")).items()
}
BARE = [case for case in GOLDEN if "bare NaN" in case]

# Without ml_dtypes the same bits are integers.
pytestmark = pytest.mark.filterwarnings("ignore:.*of the same bits")


def read(texts):
    """Read the documents of a node into their dictionaries and the model."""
    documents = {name: json.loads(text.encode(), path=name) for name, text in texts.items()}
    if v3.DOCUMENT in documents:
        return documents, v3.parse(documents[v3.DOCUMENT], "t")
    parse, name = (v2.parse, v2.ARRAY) if v2.ARRAY in documents else (v2.parse_group, v2.GROUP)
    return documents, parse(documents[name], documents.get(v2.ATTRIBUTES), "t")


def dump(model):
    return v3.dump(model) if model.zarr_format == 3 else v2.dump(model)


def test_there_are_documents_of_three_implementations():
    """An empty folder would let every test below pass."""
    assert {case.split("-")[0] for case in GOLDEN} == {"tensorstore", "zarr"}
    assert {case.split(":")[0] for case in GOLDEN if case.startswith("zarr-2")}
    assert len(GOLDEN) > 240


@pytest.mark.parametrize("case", [case for case in GOLDEN if case not in BARE])
def test_a_document_of_another_implementation_loses_nothing(case):
    """Read and written again it is the same, to the type of each number and the order."""
    documents, model = read(GOLDEN[case])

    assert json.dumps(dump(model)) == json.dumps(documents)


@pytest.mark.parametrize("case", [case for case in GOLDEN if case not in BARE])
def test_the_model_of_such_a_document_says_all_of_it(case):
    """Written anew from the model alone, it means the same."""
    _, model = read(GOLDEN[case])

    texts = {
        name: json.dumps(document).decode()
        for name, document in dump(replace(model, document={})).items()
    }

    assert read(texts)[1] == model


# zarr 2 loses the sign of zero while it writes.
FILLED = [
    case
    for case in GOLDEN
    if " fill " in case and not case.endswith("2.18.7: v2 float32 fill -0.0")
]


@pytest.mark.parametrize("case", FILLED)
def test_a_fill_value_is_the_one_that_was_asked_for(case):
    """The name of the case says which, as Python writes it."""
    _, model = read(GOLDEN[case])

    expected = fill.coerce(spelled(case.rpartition(" fill ")[2]), model.data_type)

    assert isinstance(model, ArrayMetadata)
    np.testing.assert_equal(model.fill_value, expected)
    assert fill.identical(model.fill_value, expected) or np.isnan(expected)


GIVEN = {
    "2020-01-02T03:04:05.678000000": np.datetime64("2020-01-02T03:04:05.678", "ns"),
    "NaT": "NaT",
    "-7 seconds": -7,
    "aé": "aé",
    "b'ab'": b"ab",
    r"b'\x01\x00\xff'": b"\x01\x00\xff",
    "(7, -0.5, b'xy')": (7, -0.5, b"xy"),
}
GIVEN_CASES = [case for case in GOLDEN if case.rpartition(" with ")[2] in GIVEN]


@pytest.mark.parametrize("case", GIVEN_CASES)
def test_a_fill_value_that_is_no_number_is_the_one_that_was_asked_for(case):
    """Dates, text, bytes and structures, in the byte order of the array."""
    _, model = read(GOLDEN[case])

    given = GIVEN[case.rpartition(" with ")[2]]

    assert fill.identical(model.fill_value, fill.coerce(given, model.data_type))


def test_there_are_such_fill_values():
    """Of both formats and two implementations."""
    assert {case.rpartition(" with ")[2] for case in GIVEN_CASES} == set(GIVEN)
    assert {case.partition(" ")[0] for case in GIVEN_CASES} == {"zarr-2.18.7:", "zarr-3.4.2:"}


def spelled(text):
    """Read a scalar as Python's str() writes it."""
    if text in ("True", "False"):
        return text == "True"
    if text.startswith("0x") or text in ("NaN", "Infinity"):
        return text
    for kind in (int, float, complex):
        try:
            return kind(text)
        except ValueError:
            continue
    raise AssertionError(text)


@pytest.mark.parametrize("case", BARE)
def test_a_bare_nan_of_another_implementation_is_read_and_written_as_a_word(case):
    """With one warning."""
    with pytest.warns(UserWarning, match="NaN") as seen:
        documents, model = read(GOLDEN[case])

    with warnings.catch_warnings(action="error"):
        written = dump(model)
    assert len(seen) == 1
    assert written[v2.ATTRIBUTES] == {"_FillValue": "NaN"}
    assert written[v2.ARRAY] == documents[v2.ARRAY]
