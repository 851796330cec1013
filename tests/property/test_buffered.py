"""Writing through a buffer stores the same bytes as writing without one."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import zarrpy
from tests.property.drawn import (
    GRIDS,
    STRUCTURE,
    assigned,
    cases,
    fancy_keys,
    often,
    orthogonal_keys,
    outcome,
    place,
    same,
)


def everything(store):
    """Each stored value by its key."""
    if isinstance(store, dict):
        return {key: bytes(value) for key, value in store.items()}
    root = Path(store)
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }


@st.composite
def actions(draw, shape, dtype):
    """What is done in a block: writing and reading in different ways, and flushing."""
    kind = draw(st.sampled_from(["write", "write", "write", "read", "flush", "oindex", "other"]))
    if kind in ("flush", "other"):
        return kind, None, None
    key = draw(orthogonal_keys(shape) if kind == "oindex" else fancy_keys(shape))
    numbered = np.empty(shape, "V0")
    if kind == "oindex":
        places, refused = outcome(lambda: zarrpy.create_array({}, data=np.zeros(shape)).oindex[key])
    else:
        places, refused = outcome(lambda: numbered[key])
    if refused is not None:
        return "flush", None, None
    return kind, key, draw(assigned(np.shape(places), dtype)) if kind != "read" else None


def act(array, kind, key, value):
    """Do it; what is read is given back."""
    if kind == "write":
        array[key] = value
    elif kind == "oindex":
        array.oindex[key] = value
    elif kind == "read":
        return array[key]
    elif kind == "flush":
        array.flush()
    elif array.metadata.chunk_grid.regular:
        return [chunk.data for chunk in array.iter_chunks(stored_only=True)]
    return None


@pytest.mark.parametrize("grid", GRIDS)
@often
@given(data=st.data())
def test_the_same_bytes_are_stored_and_read_as_without_a_buffer(grid, data):
    """On every grid, with room for everything or for a chunk only; reads see all at any time."""
    values, keywords, kind, disabled = data.draw(cases(grid))
    write_empty = data.draw(st.booleans())
    with ExitStack() as stack:
        stack.enter_context(zarrpy.config.set(disable=list(disabled)))
        plain, collected = (stack.enter_context(place(kind)) for _ in range(2))
        arrays = [
            zarrpy.create_array(
                store, data=values, config={"write_empty_chunks": write_empty}, **keywords
            )
            for store in (plain, collected)
        ]
        spec = arrays[1].codecs.spec
        least = max(int(np.prod(spec.shape)) * (spec.dtype.itemsize + 1), 1)
        with arrays[1].buffered(max_memory=least * data.draw(st.sampled_from([1, 2, 1000]))):
            for _ in range(data.draw(st.integers(1, 4))):
                action = data.draw(actions(values.shape, arrays[0].dtype))
                expected, found = (act(array, *action) for array in arrays)
                if isinstance(expected, list):
                    assert len(expected) == len(found)
                    assert all(map(same, found, expected))
                else:
                    assert expected is None or same(found, expected)

        assert everything(collected) == everything(plain)


@often
@given(data=st.data())
def test_fields_go_through_a_buffer(data):
    """They are a part of each element, and come after what had been written before."""
    values, keywords, kind, disabled = data.draw(cases("regular", [STRUCTURE]))
    key = data.draw(fancy_keys(values.shape))
    with place(kind) as store, zarrpy.config.set(disable=list(disabled)):
        array = zarrpy.create_array(store, data=values, **keywords)
        expected = array[...]
        _, refused = outcome(lambda: expected[key])
        with array.buffered():
            if refused is None:
                array[key] = expected[key]
            array["x"] = 7
            expected["x"] = 7
            assert same(array[...], expected)

        assert same(zarrpy.open(store)[...], expected)
