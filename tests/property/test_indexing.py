"""Indexing in every way: the oracle is NumPy, written with one element at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import zarrpy
from tests.property.drawn import (
    GRIDS,
    STRUCTURE,
    assert_refused,
    assigned,
    by_numpy,
    cases,
    fancy_keys,
    in_memory,
    masks,
    numbers,
    often,
    orthogonal,
    orthogonal_keys,
    outcome,
    place,
    same,
    stored,
    vectorized,
    written,
)


class Mask:
    """Reading and writing by a mask of the array's own shape."""

    def __init__(self, array):
        self.array = array

    def __getitem__(self, mask):
        return self.array.get_mask_selection(mask)

    def __setitem__(self, mask, value):
        self.array.set_mask_selection(mask, value)


def own_masks(shape):
    """Masks of the array's shape; a scalar's may be a bool."""
    return masks(shape).map(np.asarray)


@st.composite
def blocks(draw, array):
    """An index that counts chunks, now and then one too many, and the slices that it stands for."""
    terms, slices = [], []
    for sizes in array.write_chunk_sizes[: draw(st.integers(0, array.ndim))]:
        n = len(sizes)
        ends = [int(end) for end in np.cumsum([0, *sizes])]
        if draw(st.booleans()):
            start, stop = draw(st.integers(-n - 1, n + 1)), draw(st.integers(-n - 1, n + 1))
            terms.append(slice(start, stop))
            start, stop, _ = terms[-1].indices(n)
        else:
            start = draw(st.integers(-n - (n == 0), n - (draw(st.integers(0, 30)) > 0)))
            terms.append(start)
            if not -n <= start < n:
                slices.append(array.shape[len(slices)])  # an index that NumPy refuses
                continue
            start %= n
            stop = start + 1
        slices.append(slice(ends[start], ends[max(start, stop)]))
    return tuple(terms), tuple(slices)


@st.composite
def field_keys(draw, shape):
    """One field or several, and maybe which elements."""
    name = draw(st.sampled_from(["x", "y", "z", ["x"], ["z", "x"], ["y", "z", "x"], "x", "none"]))
    if name == "none" or draw(st.booleans()):
        return name
    key = draw(fancy_keys(shape))
    return (name, *(key if isinstance(key, tuple) else (key,)))


def by_field(places, key):
    """The elements, then of these the fields; NumPy does either by itself."""
    if not isinstance(key, tuple):
        return places[key]
    assert places.dtype.names is not None
    return places[key[1:] or ...][key[0]]


WAYS = {
    "[]": (lambda array: array, by_numpy, fancy_keys),
    "oindex": (lambda array: array.oindex, orthogonal, orthogonal_keys),
    "vindex": (lambda array: array.vindex, vectorized, orthogonal_keys),
    "mask": (Mask, by_numpy, own_masks),
    "blocks": (lambda array: array.blocks, by_numpy, None),
    "fields": (lambda array: array, by_field, field_keys),
}


def drawn_key(data, way, array):
    """A key of ours, and the one that NumPy understands."""
    if way == "blocks":
        return data.draw(blocks(array))
    key = data.draw(WAYS[way][2](array.shape))
    return key, key


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("way", WAYS)
@often
@given(data=st.data())
def test_reading_equals_numpy(way, grid, data):
    """By every way of indexing, on every grid; or an error of the same class."""
    array, values, disabled = data.draw(stored(grid, structures=way == "fields"))
    indexer, oracle, _ = WAYS[way]
    with zarrpy.config.set(disable=list(disabled)):
        key, numpys = drawn_key(data, way, array)
        expected, refused = outcome(lambda: oracle(values, numpys))
        found, error = outcome(lambda: indexer(array)[key])
        if refused is not None:
            assert_refused(error, refused)
            return
        if error is not None:
            raise error
        assert same(found, expected)


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("way", [way for way in WAYS if way != "fields"])
@often
@given(data=st.data())
def test_writing_equals_numpy_with_the_last_of_repeated_elements(way, grid, data):
    """Element by element in C order; what is refused changes nothing."""
    values, keywords, kind, disabled = data.draw(cases(grid))
    indexer, oracle, _ = WAYS[way]
    native = in_memory(values)
    with place(kind) as store, zarrpy.config.set(disable=list(disabled)):
        array = zarrpy.create_array(store, data=values, **keywords)
        key, numpys = drawn_key(data, way, array)
        numbered = np.arange(values.size).reshape(values.shape)
        places, refused = outcome(lambda: oracle(numbered, numpys))
        if refused is not None:
            one = numbers((1,), native.dtype)[0]
            assert_refused(outcome(lambda: indexer(array).__setitem__(key, one))[1], refused)
        else:
            new = data.draw(assigned(np.shape(places), native.dtype))
            indexer(array)[key] = new
            native = written(native, places, new)
        assert same(array[...], native)


@pytest.mark.parametrize("grid", GRIDS)
@often
@given(data=st.data())
def test_writing_fields_equals_numpy_and_leaves_the_others(grid, data):
    """One field or several, of all elements or of some."""
    values, keywords, kind, disabled = data.draw(cases(grid, [STRUCTURE]))
    native = in_memory(values)
    with place(kind) as store, zarrpy.config.set(disable=list(disabled)):
        array = zarrpy.create_array(store, data=values, **keywords)
        key = data.draw(field_keys(values.shape))
        numbered = np.arange(values.size).reshape(values.shape)
        rest = (key[1:] or ...) if isinstance(key, tuple) else ...
        names = key[0] if isinstance(key, tuple) else key
        field, refused = outcome(lambda: native[names])
        if refused is None:
            places, refused = outcome(lambda: numbered[rest])
        if refused is not None:
            assert_refused(outcome(lambda: array.__setitem__(key, 0))[1], refused)
        else:
            new = data.draw(assigned(np.shape(places), field.dtype))
            array[key] = new
            if isinstance(names, str):
                native[names] = written(native[names].copy(), places, new)
            else:
                for name in names:
                    native[name] = written(native[name].copy(), places, new[name])
        assert same(array[...], native)
