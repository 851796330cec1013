"""Views: several selections, one of the other; the oracle is NumPy, which does the same."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import zarrpy
from tests.property.drawn import (
    GRIDS,
    assert_refused,
    assigned,
    by_numpy,
    cases,
    fancy_keys,
    in_memory,
    often,
    orthogonal,
    orthogonal_keys,
    outcome,
    place,
    same,
    some_slices,
    stored,
    vectorized,
    written,
)

WAYS = {
    "[]": (lambda view: view, by_numpy, fancy_keys),
    "oindex": (lambda view: view.oindex, orthogonal, orthogonal_keys),
    "vindex": (lambda view: view.vindex, vectorized, orthogonal_keys),
}


@st.composite
def steps(draw, view):
    """One step: what makes a view of a view, and what NumPy makes of an array."""
    way = draw(st.sampled_from(["[]", "[]", "oindex", "vindex", "T", "transpose", "isel"]))
    if way == "T":
        return (lambda view: view.T), (lambda places: places.T)
    if way == "transpose":
        order = draw(st.permutations(range(view.ndim)))
        return (lambda view: view.transpose(*order)), (lambda places: places.transpose(order))
    if way == "isel":
        names = list(view.dimension_names)
        named = {
            name: draw(some_slices(n) | st.integers(0, n - 1) if n else some_slices(n))
            for name, n in zip(names, view.shape, strict=True)
            if name is not None and names.count(name) == 1 and draw(st.booleans())
        }
        key = tuple(named.get(name, slice(None)) for name in names)
        return (lambda view: view.isel(named)), (lambda places: places[key])
    indexer, oracle, keys = WAYS[way]
    key = draw(keys(view.shape))
    return (lambda view: indexer(view)[key]), (lambda places: np.asarray(oracle(places, key)))


def composed(data, array, places):
    """Select of an array and of NumPy's up to four times; None once both refuse."""
    view = array.lazy
    for _ in range(data.draw(st.integers(1, 4))):
        ours, numpys = data.draw(steps(view))
        found, refused = outcome(lambda ours=ours, view=view: ours(view))
        places, expected = outcome(lambda numpys=numpys, places=places: numpys(places))
        if expected is not None:
            assert_refused(refused, expected)
            return None
        if refused is not None:
            raise refused
        view, places = found, np.asarray(places)
        assert view.shape == places.shape
    return view, places


@pytest.mark.parametrize("grid", GRIDS)
@often
@given(data=st.data())
def test_a_view_of_views_reads_what_numpy_selects(grid, data):
    """Slices, index arrays, masks, new axes, other orders of the axes, names: all in one read."""
    array, values, disabled = data.draw(stored(grid))
    with zarrpy.config.set(disable=list(disabled)):
        numbered = np.arange(values.size).reshape(values.shape)
        made = composed(data, array, numbered)
        if made is None:
            return
        view, places = made
        expected = values.reshape(-1)[places.reshape(-1)].reshape(places.shape)

        assert same(view.read(), expected)
        out = np.empty(view.shape[::-1], array.dtype).T
        view.read(out=out)
        assert same(np.ascontiguousarray(out).reshape(out.shape), expected)


@pytest.mark.parametrize("grid", GRIDS)
@often
@given(data=st.data())
def test_a_view_of_views_writes_what_numpy_assigns(grid, data):
    """The last of repeated elements, in C order of the view."""
    values, keywords, kind, disabled = data.draw(cases(grid))
    with place(kind) as store, zarrpy.config.set(disable=list(disabled)):
        array = zarrpy.create_array(store, data=values, **keywords)
        numbered = np.arange(values.size).reshape(values.shape)
        made = composed(data, array, numbered)
        if made is None:
            return
        view, places = made
        native = in_memory(values)
        new = data.draw(assigned(view.shape, native.dtype))

        view.write(new)

        assert same(array[...], written(native, places, new))


_BOUNDS = st.none() | st.integers(-12, 12) | st.sampled_from([10**30, -(10**30), 2**63, True])
_TERMS = st.one_of(
    st.builds(slice, _BOUNDS, _BOUNDS, _BOUNDS),
    st.integers(-9, 9),
    st.sampled_from([None, Ellipsis, 2**70, True, 1.5, np.int8(2)]),
)


@often
@given(
    shape=st.lists(st.integers(0, 9), max_size=4).map(tuple),
    keys=st.lists(_TERMS | st.lists(_TERMS, max_size=5).map(tuple), min_size=1, max_size=4),
)
def test_steps_of_a_view_are_those_of_the_general_way(shape, keys):
    """What is said at once, and what is left to it; errors are the same as well."""
    quick = slow = zarrpy.create_array({}, shape=shape, dtype="u1").lazy
    for key in keys:
        found, refused = outcome(lambda key=key, view=quick: view[key])
        with zarrpy.config.set(disable=["native"]):
            expected, reason = outcome(lambda key=key, view=slow: view[key])
        assert repr(refused) == repr(reason)
        if found is None:
            return
        quick, slow = found, expected
        assert astuple(quick._chosen()) == astuple(slow._chosen())
        assert (quick.shape, quick.dimension_names) == (slow.shape, slow.dimension_names)
