"""Indexing by arrays, masks and chunks: the oracle is NumPy, written with one element at a time."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import zarrpy

# The long profile tries each of these more often than other properties.
_EXAMPLES = settings.default.max_examples
often = settings(max_examples=_EXAMPLES if _EXAMPLES < 1000 else 5000)

DTYPES = ["bool", "i1", "<u2", ">i4", "<f4", ">f8", "c8", "S3", "U2", "M8[s]"]
COMPRESSORS = [None, "auto", "blosc:lz4:5:shuffle", "gzip:1"]


@contextmanager
def place(kind):
    """A new store, as a dictionary or a directory."""
    if kind == "memory":
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="zarrpy-") as folder:
        yield folder


def numbers(shape, dtype, start=1):
    """Different elements, as far as the type has them."""
    found = (np.arange(np.prod(shape, dtype=int)) + start).reshape(shape)
    if np.dtype(dtype).kind == "M":
        return found.astype("i8").astype(dtype)
    return found.astype(dtype)


@st.composite
def cases(draw):
    """What an array is created by, its values, where it lies and which body reads and writes."""
    shape = tuple(draw(st.lists(st.integers(0, 6), min_size=0, max_size=3)))
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    format_ = draw(st.sampled_from([2, 3])) if dtype.kind not in "SUM" else 2
    chunks = [draw(st.integers(1, 7)) for _ in shape]
    if format_ == 3 and draw(st.booleans()):
        chunks = [
            draw(lengths(n)) if n and draw(st.booleans()) else m
            for n, m in zip(shape, chunks, strict=True)
        ]
    keywords = {
        "chunks": chunks if any(isinstance(each, list) for each in chunks) else tuple(chunks),
        "compressors": draw(st.sampled_from(COMPRESSORS)),
        "zarr_format": format_,
        "order": draw(st.sampled_from(["C", "F"])),
    }
    if shape and format_ == 3 and not isinstance(keywords["chunks"], list) and draw(st.booleans()):
        # the shape of the shards may be longer than the array
        keywords["shards"] = tuple(draw(st.integers(1, 3)) * n for n in keywords["chunks"])
    kind = draw(st.sampled_from(["memory", "local"]))
    disabled = draw(st.sampled_from([(), ("native",), ("partial",)]))
    return numbers(shape, dtype), keywords, kind, disabled


@st.composite
def lengths(draw, n):
    """Chunk lengths that cover an axis."""
    found = []
    while sum(found) < n:
        found.append(draw(st.integers(1, 4)))
    return found


def some_slices(n):
    """Slices of an axis."""
    bound = st.one_of(st.none(), st.integers(-n - 1, n + 1))
    return st.builds(slice, bound, bound, st.sampled_from([None, 1, 2, 3, -1, -2]))


@st.composite
def index_arrays(draw, n, shape):
    """Positions on an axis, now and then one outside, as an array or as a list."""
    outside = draw(st.integers(0, 30)) == 0 or n == 0
    low, high = (-n - 1, n) if outside else (-n, n - 1)
    size = int(np.prod(shape))
    found = np.array(draw(st.lists(st.integers(low, high), min_size=size, max_size=size)), "i8")
    found = found.reshape(shape)
    kind = draw(st.sampled_from(["i8", "list", "i2", "float" if outside else "i4"]))
    return found.tolist() if kind == "list" else found.astype(kind)


def masks(shape):
    """Masks, now and then one that is too long."""

    def made(wrong, seed):
        where = tuple(n + 1 for n in shape) if wrong else shape
        return np.random.default_rng(seed).random(where) < 0.5

    return st.builds(made, st.integers(0, 30).map(lambda n: n == 0), st.integers(0, 99))


@st.composite
def fancy_keys(draw, shape):
    """Indexes with arrays, masks, slices, integers, newaxis, ellipsis and single bools."""
    common = draw(st.sampled_from([(), (1,), (2,), (3,), (0,), (2, 2), (3, 1), (1, 3)]))
    terms = []
    axis = 0
    while axis < len(shape):
        n = shape[axis]
        kind = draw(st.sampled_from(["array", "array", "slice", "int", "mask", "masks", "stop"]))
        if kind == "stop" and terms:
            break
        width = draw(st.integers(1, len(shape) - axis)) if kind == "masks" else 1
        if kind == "array":
            own = tuple(m if draw(st.booleans()) else 1 for m in common)
            terms.append(draw(index_arrays(n, own)))
        elif kind in ("mask", "masks"):
            terms.append(draw(masks(shape[axis : axis + width])))
        elif kind == "int" and n:
            terms.append(draw(st.integers(-n, n - 1)))
        else:
            terms.append(draw(some_slices(n)))
        axis += width
    extra = st.sampled_from([None, ..., True, False, np.array(True), None])
    for term in draw(st.lists(extra, max_size=2)):
        terms.insert(draw(st.integers(0, len(terms))), term)
    return terms[0] if len(terms) == 1 and draw(st.booleans()) else tuple(terms)


@st.composite
def orthogonal_keys(draw, shape):
    """Indexes whose arrays stand each for itself, one for each of the first axes."""
    terms = []
    for n in shape[: draw(st.integers(0, len(shape)))]:
        kind = draw(st.sampled_from(["array", "array", "slice", "int", "mask"]))
        if kind == "array":
            terms.append(draw(index_arrays(n, (draw(st.integers(0, 4)),))))
        elif kind == "mask":
            terms.append(draw(masks((n,))))
        elif kind == "int" and n:
            terms.append(draw(st.integers(-n, n - 1)))
        else:
            terms.append(draw(some_slices(n)))
    return tuple(terms)


def by_numpy(places, key):
    """NumPy's own answer."""
    return places[key]


def orthogonal(places, key):
    """One axis after the other, the last first."""
    for axis in reversed(range(len(key))):
        places = places[(slice(None),) * axis + (key[axis],)]
    return places[()] if isinstance(places, np.ndarray) else places


def vectorized(places, key):
    """Slices first; then the arrays, whose axes are put in front."""
    full = [*key, *[slice(None)] * (places.ndim - len(key))]
    arrays = [i for i, term in enumerate(full) if not isinstance(term, slice)]
    cut = places[(*(slice(None) if i in arrays else term for i, term in enumerate(full)), ...)]
    return np.moveaxis(cut, arrays, range(len(arrays)))[tuple(full[i] for i in arrays)]


WAYS = {
    "[]": (lambda array: array, by_numpy, fancy_keys),
    "oindex": (lambda array: array.oindex, orthogonal, orthogonal_keys),
    "vindex": (lambda array: array.vindex, vectorized, orthogonal_keys),
}
ways = st.sampled_from(sorted(WAYS))


def outcome(act):
    """What an act gives: its result, or the class of its error."""
    try:
        return act(), None
    except (IndexError, ValueError, TypeError) as error:
        return None, error


def assert_refused(error, expected):
    """The same class; where an index has several faults, one of them is told."""
    assert error is not None, f"not refused: {expected}"
    for kind in (IndexError, ValueError, TypeError):
        if isinstance(expected, kind):
            assert isinstance(error, kind)


@often
@given(cases(), ways, st.data())
def test_reading_equals_numpy(case, way, data):
    """By index arrays, masks and slices mixed, in three ways; or the same error."""
    values, keywords, kind, disabled = case
    indexer, oracle, keys = WAYS[way]
    native = values.astype(values.dtype.newbyteorder("="))
    with place(kind) as store, zarrpy.config.set(disable=list(disabled)):
        array = zarrpy.create_array(store, data=values, **keywords)
        key = data.draw(keys(values.shape))
        expected, refused = outcome(lambda: oracle(native, key))
        found, error = outcome(lambda: indexer(array)[key])
        if refused is not None:
            assert_refused(error, refused)
            return
        if error is not None:
            raise error
        assert np.shape(found) == np.shape(expected)
        assert isinstance(found, np.ndarray) == isinstance(expected, np.ndarray)
        assert found.dtype == expected.dtype
        assert found.tobytes() == expected.tobytes()


@often
@given(cases(), ways, st.data())
def test_writing_equals_numpy_with_the_last_of_repeated_elements(case, way, data):
    """Element by element in C order; what is refused changes nothing."""
    values, keywords, kind, disabled = case
    indexer, oracle, keys = WAYS[way]
    native = values.astype(values.dtype.newbyteorder("="))
    with place(kind) as store, zarrpy.config.set(disable=list(disabled)):
        array = zarrpy.create_array(store, data=values, **keywords)
        key = data.draw(keys(values.shape))
        places, refused = outcome(lambda: oracle(np.arange(values.size).reshape(values.shape), key))
        if refused is not None:
            error = outcome(lambda: indexer(array).__setitem__(key, native.dtype.type()))[1]
            assert_refused(error, refused)
        else:
            new = data.draw(assigned(np.shape(places), native.dtype))
            indexer(array)[key] = new
            flat = native.reshape(-1)
            spread = np.broadcast_to(new, np.shape(places))
            for at, value in zip(np.ravel(places), spread.ravel(), strict=True):
                flat[at] = value
            native = flat.reshape(values.shape)
        assert array[...].tobytes() == native.tobytes()


@st.composite
def assigned(draw, shape, dtype):
    """A value that is broadcast to a shape."""
    kept = tuple(n if draw(st.booleans()) else 1 for n in shape)
    cut = draw(st.integers(0, len(kept)))
    while cut and any(n != 1 for n in kept[:cut]):
        cut -= 1
    value = numbers(kept[cut:], dtype, start=40)
    return value[::-1] if value.ndim and draw(st.booleans()) else value


@often
@given(cases(), st.integers(0, 99))
def test_a_mask_selects_and_assigns_as_in_numpy(case, seed):
    """Of the array's own shape; with one value, or one for each element."""
    values, keywords, kind, disabled = case
    native = values.astype(values.dtype.newbyteorder("="))
    mask = np.random.default_rng(seed).random(values.shape) < 0.5
    with place(kind) as store, zarrpy.config.set(disable=list(disabled)):
        array = zarrpy.create_array(store, data=values, **keywords)

        assert array.get_mask_selection(mask).tobytes() == native[mask].tobytes()
        array.set_mask_selection(mask, native[mask][::-1])
        native[mask] = native[mask][::-1].copy()
        assert array[...].tobytes() == native.tobytes()


@often
@given(cases(), st.data())
def test_blocks_are_the_slices_of_their_chunks(case, data):
    """Chunks counted by integers and slices, whole and in a row, at the edge cut."""
    values, keywords, kind, disabled = case
    native = values.astype(values.dtype.newbyteorder("="))
    with place(kind) as store, zarrpy.config.set(disable=list(disabled)):
        array = zarrpy.create_array(store, data=values, **keywords)
        terms, slices = [], []
        for sizes in array.write_chunk_sizes:
            n = len(sizes)
            start = data.draw(st.integers(0, n))
            stop = data.draw(st.integers(start, n))
            one = stop == start + 1 and data.draw(st.booleans())
            terms.append(start if one else slice(start, stop))
            ends = np.cumsum([0, *sizes])
            slices.append(slice(int(ends[start]), int(ends[stop])))

        found = array.blocks[tuple(terms)]
        array.blocks[tuple(terms)] = found[::-1] if found.ndim else found

        expected = native[tuple(slices)]
        assert found.shape == expected.shape
        assert np.asarray(found).tobytes() == expected.tobytes()
        native[tuple(slices)] = expected[::-1].copy() if expected.ndim else expected
        assert array[...].tobytes() == native.tobytes()
