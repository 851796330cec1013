"""Chunk by chunk, by functions and by reductions: the oracle is NumPy over the whole array."""

from __future__ import annotations

import tempfile
import warnings
from contextlib import contextmanager
from unittest import mock

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import zarrpy
from zarrpy import chunks, partition

DTYPES = ["bool", "i1", "<u2", ">i4", "i8", "u8", "<f2", "<f4", ">f8", "c8"]


@contextmanager
def place(kind):
    """A new store, as a dictionary or a directory."""
    if kind == "memory":
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="zarrpy-") as folder:
        yield folder


@st.composite
def lengths(draw, n):
    """Chunk lengths that cover an axis."""
    found = []
    while sum(found) < n:
        found.append(draw(st.integers(1, 4)))
    return found


@st.composite
def grids(draw, shape):
    """Chunks of one size or of many, in shards or not."""
    grid = [draw(st.integers(1, 7)) for _ in shape]
    kind = draw(st.sampled_from(["regular", "shards", "lengths"])) if shape else "regular"
    if kind == "shards":
        return {"chunks": tuple(grid), "shards": tuple(draw(st.integers(1, 3)) * n for n in grid)}
    if kind == "lengths" and all(shape):
        return {"chunks": [draw(lengths(n)) for n in shape]}
    return {"chunks": tuple(grid)}


@st.composite
def cases(draw):
    """An array with some chunks absent, its values, and a selection of it."""
    shape = tuple(draw(st.lists(st.integers(0, 9), max_size=3)))
    dtype = draw(st.sampled_from(DTYPES))
    numbers = np.random.default_rng(draw(st.integers(0, 99))).integers(-60, 60, shape)
    values = numbers.astype(dtype)
    values[tuple(slice(draw(st.integers(0, n + 3)), None) for n in shape)] = 0
    keywords = draw(grids(shape)) | {"compressors": draw(st.sampled_from([None, "auto"]))}
    key = tuple(
        draw(st.integers(-n, n - 1)) if n and draw(st.integers(0, 4)) == 0 else draw(slices(n))
        for n in shape
    )
    return values, keywords, key


def slices(n):
    """Slices of an axis, often all of it."""
    bound = st.one_of(st.none(), st.integers(-n - 1, n + 1))
    return st.one_of(
        st.just(slice(None)), st.builds(slice, bound, bound, st.sampled_from([None, 1, 2, 5, -1]))
    )


bodies = st.sampled_from([(), ("native",)])
kinds = st.sampled_from(["memory", "local"])
sizes = st.sampled_from([1, 40, 300, 1 << 20])


@given(
    cases(), kinds, bodies, sizes, st.sampled_from(["C", "F", "storage"]), st.integers(1, 3),
    st.booleans(), st.sampled_from([None, 0, 1, 5]),
)  # fmt: skip
def test_every_element_comes_once(case, kind, body, row, order, workers, stored_only, prefetch):
    """With its place; what is left out as not stored is the fill value."""
    values, keywords, key = case
    with place(kind) as store, zarrpy.config.set(disable=list(body)):
        array = zarrpy.create_array(store, data=values, **keywords)
        seen = np.zeros(values.shape, int)
        positions = []
        with mock.patch.multiple(chunks, ROW_NBYTES=row, SHARD_NBYTES=max(row, 100)):
            found = array.iter_chunks(
                key, order=order, workers=workers, stored_only=stored_only, prefetch=prefetch
            )
            for position, region, data in found:
                np.testing.assert_array_equal(data, values[region])
                seen[region] += 1
                positions.append(position)
        expected = np.zeros(values.shape, int)
        expected[key] = 1
        assert (seen <= expected).all()
        assert not (values[(seen < expected)]).any()
        assert stored_only or (seen == expected).all()
        assert len(positions) == len(set(positions))
        if order == "C" and "shards" not in keywords:
            assert positions == sorted(positions)


@given(cases(), kinds, bodies, sizes, st.integers(1, 3), st.data())
def test_results_are_written_where_they_belong(case, kind, body, row, workers, data):
    """Into memory, and into arrays with a grid of their own."""
    values, keywords, key = case
    expected = values[key].astype("c16") * 2 + 1
    into = data.draw(st.sampled_from(["memory", "array", "new"]))
    if into != "memory":
        key = tuple(slice(None) for _ in values.shape)
        expected = values.astype("c16") * 2 + 1
    with place(kind) as store, zarrpy.config.set(disable=list(body)):
        array = zarrpy.create_array(store, name="a", data=values, **keywords)
        out = store if isinstance(store, dict) else store + "/new"
        out = {} if isinstance(out, dict) else out
        if into == "memory":
            out = np.zeros(expected.shape, "c16")
        elif into == "array":
            grid = data.draw(grids(values.shape))
            out = zarrpy.create_array({}, shape=values.shape, dtype="c16", **grid)
        with mock.patch.object(chunks, "ROW_NBYTES", row):
            found = array.map_chunks(
                lambda part: part.astype("c16") * 2 + 1, key, out=out, workers=workers
            )
        np.testing.assert_array_equal(np.asarray(found[...]), expected)


@given(
    cases(), kinds, bodies, sizes, st.integers(1, 3), st.booleans(), st.data(),
    st.sampled_from(["sum", "mean", "min", "max", "std", "var"]),
)  # fmt: skip
def test_reductions_equal_numpy(case, kind, body, nbytes, workers, keepdims, data, name):
    """Over any axes; the values of NumPy in 64 bits, in the type that NumPy gives."""
    values, keywords, key = case
    native = values.astype(values.dtype.newbyteorder("="))
    part = native[key]
    axes = st.lists(st.integers(0, max(part.ndim - 1, 0)), unique=True, max_size=part.ndim)
    axis = data.draw(st.one_of(st.none(), axes.map(tuple)))
    with place(kind) as store, zarrpy.config.set(disable=list(body)):
        array = zarrpy.create_array(store, data=values, **keywords)
        with mock.patch.multiple(
            partition, BLOCK_NBYTES=nbytes, TASK_NBYTES=2 * nbytes, SHARD_NBYTES=max(nbytes, 100)
        ):
            found, error = outcome(
                lambda: getattr(array, name)(
                    axis, selection=key, keepdims=keepdims, workers=workers
                )
            )
    wide = {"<f2": "f8", "<f4": "f8", "c8": "c16"}.get(values.dtype.str, native.dtype)
    expected, refused = outcome(
        lambda: getattr(np, name)(np.asarray(part, wide), axis=axis, keepdims=keepdims)
    )
    assert error == refused
    if refused:
        return
    dtype = np.asarray(outcome(lambda: getattr(np, name)(part, axis=axis))[0]).dtype
    assert np.asarray(found).dtype == dtype
    assert np.shape(found) == np.shape(expected)
    accuracy = 2e-3 if dtype == "f2" else 1e-6 if dtype in ("f4", "c8") else 1e-12
    np.testing.assert_allclose(found, expected, rtol=accuracy, atol=accuracy * 100)


def outcome(act):
    """What an act gives: its result, or the text of its error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return act(), None
        except (ValueError, TypeError) as error:
            return None, str(error)


@given(cases(), kinds, bodies, sizes, st.integers(1, 50), st.booleans())
def test_histograms_equal_numpy(case, kind, body, nbytes, bins, ranged):
    """Count for count."""
    values, keywords, key = case
    if values.dtype.kind in "bc":
        values = values.real.astype("i2")
    native = values.astype(values.dtype.newbyteorder("="))
    limits = (-20, 37.5) if ranged else None
    with place(kind) as store, zarrpy.config.set(disable=list(body)):
        array = zarrpy.create_array(store, data=values, **keywords)
        with mock.patch.multiple(partition, BLOCK_NBYTES=nbytes, TASK_NBYTES=2 * nbytes):
            found, error = outcome(lambda: array.histogram(bins, limits, selection=key))
    expected, refused = outcome(lambda: np.histogram(native[key], bins, limits))
    assert error == refused
    if refused:
        return
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_array_equal(found[1], expected[1])
