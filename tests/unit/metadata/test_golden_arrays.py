"""Arrays that other implementations wrote; see tests/golden/make_arrays.py."""

import json
from pathlib import Path

import numpy as np
import pytest

import zarrpy

FOLDER = Path(__file__).resolve().parents[2] / "golden" / "arrays"
GOLDEN = {
    f"{path.stem}: {case}": kept
    for path in sorted(FOLDER.glob("*.json"))
    for case, kept in json.loads(path.read_text("utf-8")).items()
}

# Without ml_dtypes the same bits are integers.
pytestmark = pytest.mark.filterwarnings("ignore:.*of the same bits")


def stored(case):
    return {key: bytes.fromhex(value) for key, value in GOLDEN[case]["stored"].items()}


def test_there_are_arrays_of_three_implementations():
    """An empty folder would let every test below pass."""
    names = {case.partition(":")[0] for case in GOLDEN}

    assert names == {"tensorstore-0.1.86", "zarr-2.18.7", "zarr-3.4.2"}
    assert len(GOLDEN) > 50


@pytest.mark.parametrize("case", GOLDEN)
def test_an_array_of_another_implementation_is_read_to_the_bit(case):
    """Every element, last chunk included."""
    array = zarrpy.open(stored(case), mode="r")

    assert array[...].tobytes().hex() == GOLDEN[case]["elements"]


@pytest.mark.parametrize("case", GOLDEN)
def test_the_same_elements_are_stored_as_the_same_bytes(case):
    """In every chunk that is whole; what lies behind the end of an array is nobody's."""
    store = stored(case)
    array = zarrpy.open(store, mode="r+")
    elements = np.frombuffer(bytes.fromhex(GOLDEN[case]["elements"]), np.uint8).view(array.dtype)
    chunks = [key for key in store if key[-1] in "01"]
    for key in chunks:
        del store[key]

    array[...] = elements

    assert len(chunks) >= 2
    assert {key: store[key].hex() for key in chunks} == {
        key: GOLDEN[case]["stored"][key] for key in chunks
    }
