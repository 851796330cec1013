"""Arrays, keys and values drawn for tests of selections, and NumPy's answers to them."""

from __future__ import annotations

import atexit
import os
import random
import tempfile
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

import zarrpy

# The long profile tries each way on each grid more often than other properties.
_EXAMPLES = settings.default.max_examples
often = settings(max_examples=_EXAMPLES // 2 if _EXAMPLES < 1000 else 5000)

STRUCTURE = np.dtype([("x", "<i4"), ("y", ">f4"), ("z", "S2")])
DTYPES = ["bool", "i1", "<u2", ">i4", "u8", "f2", "<f4", ">f8", "c8", ">c16", "S3", "U2", "V3"]
DTYPES += ["M8[s]", ">m8[ns]", STRUCTURE, np.dtypes.StringDType(), "object"]
try:
    import ml_dtypes
except ImportError:
    pass
else:
    DTYPES += [ml_dtypes.bfloat16, ml_dtypes.int4, ml_dtypes.float8_e4m3fn]
DTYPES = [np.dtype(each) for each in DTYPES]
COMPRESSORS = [None, "auto", "blosc:lz4:5:shuffle", "gzip:1"]
GRIDS = ["regular", "rectilinear", "sharded"]
#: What is switched off: nothing, the engine's own batch, or its way to read chunks in part.
BODIES = [(), ("native",), ("partial",)]
#: Arrays on each grid that are stored once, and read by many examples.
KEPT = 500
# Files are made and deleted by the thousand: in memory, where the system has such a place.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


@contextmanager
def place(kind):
    """A new store, as a dictionary or a directory."""
    if kind == "memory":
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="zarrpy-", dir=MEMORY) as folder:
        yield folder


def numbers(shape, dtype, start=1):
    """Different elements, as far as the type has them."""
    found = np.arange(np.prod(shape, dtype=int)) + start
    if dtype.names is not None:
        made = np.zeros(found.shape, dtype)
        for name in dtype.names:
            made[name] = numbers(found.shape, dtype[name], start)
    elif dtype.kind == "O":
        made = np.array([b"%d" % each * (each % 3) for each in found] + [b""], object)[:-1]
    elif dtype.kind == "V" and dtype.num == np.dtype("V1").num:
        made = found.astype("<u8").view("u1").reshape(-1, 8)[:, : dtype.itemsize]
        made = np.ascontiguousarray(made).view(dtype)[:, 0]
    elif dtype.kind == "T":
        made = found.astype("U").astype(dtype)
    elif dtype.itemsize == 1 and dtype.kind == "V":
        made = (found % 7).astype("f4").astype(dtype)  # as few as four bits
    else:
        made = found.astype("i8" if dtype.kind in "Mm" else found.dtype).astype(dtype)
    return made.reshape(shape)


def in_memory(values):
    """A copy in native byte order, as arrays are read."""
    return values.astype(native_type(values.dtype))


def native_type(dtype):
    if dtype.names is not None:
        return np.dtype([(name, native_type(dtype[name])) for name in dtype.names])
    return dtype.newbyteorder("=") if dtype.byteorder == ">" else dtype


def same(found, expected):
    """Whether all is equal: shape, type, and each bit, or each object."""
    if isinstance(found, np.ndarray) != isinstance(expected, np.ndarray):
        return False
    if not isinstance(found, np.ndarray | np.generic):
        return type(found) is type(expected) and found == expected
    if np.shape(found) != np.shape(expected) or found.dtype != expected.dtype:
        return False
    if found.dtype.kind in "TO" or found.dtype.names is not None:  # these may have gaps
        return found.tolist() == expected.tolist()
    return found.tobytes() == expected.tobytes()


class Drawn:
    """Choices that Hypothesis makes."""

    def __init__(self, draw):
        self._draw = draw

    def integer(self, low, high):
        """One of the integers from the first to the last."""
        return self._draw(st.integers(low, high))

    def among(self, values):
        """One of some values."""
        return self._draw(st.sampled_from(values))


class Numbered(Drawn):
    """The same choices, but always the same ones for the same number."""

    def __init__(self, number):
        self._random = random.Random(number)

    def integer(self, low, high):
        """One of the integers from the first to the last."""
        return self._random.randint(low, high)

    def among(self, values):
        """One of some values."""
        return self._random.choice(values)


@st.composite
def cases(draw, grid, dtypes=DTYPES):
    """What an array is created by, its values, where it lies and which body reads and writes."""
    return (*case(Drawn(draw), grid, dtypes), draw(st.sampled_from(BODIES)))


def case(choice, grid, dtypes=DTYPES):
    """What an array is created by, its values, and where it lies."""
    shape = tuple(choice.integer(0, 6) for _ in range(choice.integer(grid != "regular", 3)))
    dtype = choice.among(dtypes)
    keywords = {
        "chunks": tuple(choice.integer(1, 7) for _ in shape),
        "compressors": choice.among(COMPRESSORS),
        "zarr_format": choice.among([2, 3]) if grid == "regular" else 3,
        "order": choice.among(["C", "F"]),
        "dimension_names": tuple("abc"[: len(shape)]),
    }
    if grid == "rectilinear":
        keywords["chunks"] = [
            lengths(choice, n) if n and (axis == 0 or choice.integer(0, 1)) else m
            for axis, (n, m) in enumerate(zip(shape, keywords["chunks"], strict=True))
        ]
    if grid == "sharded":  # the shape of the shards may be longer than the array
        keywords["shards"] = tuple(choice.integer(1, 3) * n for n in keywords["chunks"])
    if dtype.kind == "O":
        keywords["dtype"] = bytes
    return numbers(shape, dtype), keywords, choice.among(["memory", "local"])


def lengths(choice, n):
    """Chunk lengths that cover an axis."""
    found = []
    while sum(found) < n:
        found.append(choice.integer(1, 4))
    return found


@st.composite
def stored(draw, grid, structures=False):
    """An array that is there to be read, its values in memory, and which body reads.

    There are `KEPT` of them on each grid, the first of them small. Each is stored once for all the
    examples that read it: making it takes longer than reading it.
    """
    number = draw(st.integers(0, KEPT - 1))
    return (*_stored(grid, structures, number), draw(st.sampled_from(BODIES)))


@cache
def _stored(grid, structures, number):
    values, keywords, kind = _kept(grid, structures)[number]
    place = {} if kind == "memory" else str(Path(_folder(), f"{grid}-{structures}-{number}"))
    return zarrpy.create_array(place, data=values, **keywords), in_memory(values)


@cache
def _kept(grid, structures):
    dtypes = [STRUCTURE] if structures else DTYPES
    made = [case(Numbered(number), grid, dtypes) for number in range(KEPT)]
    return sorted(made, key=lambda each: each[0].size)


@cache
def _folder():
    folder = tempfile.TemporaryDirectory(prefix="zarrpy-", dir=MEMORY)
    atexit.register(folder.cleanup)
    return folder.name


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


def written(native, places, new):
    """NumPy's values after an assignment, done one element after the other."""
    flat = native.reshape(-1)
    spread = np.broadcast_to(new, np.shape(places))
    for at, value in zip(np.ravel(places), spread.ravel(), strict=True):
        flat[at] = value
    return flat.reshape(native.shape)


@st.composite
def assigned(draw, shape, dtype):
    """A value that is broadcast to a shape."""
    kept = tuple(n if draw(st.booleans()) else 1 for n in shape)
    cut = draw(st.integers(0, len(kept)))
    while cut and any(n != 1 for n in kept[:cut]):
        cut -= 1
    value = numbers(kept[cut:], dtype, start=40)
    return value[::-1] if value.ndim and draw(st.booleans()) else value
