"""Tests of `Array.sum`, `mean`, `min`, `max`, `std`, `var` and `histogram`."""

import asyncio
import os
import subprocess
import sys
import textwrap
import threading
import warnings

import numpy as np
import pytest

import zarrpy
from tests.unit.streams import small_blocks
from zarrpy.engine import reduce

VALUES = np.random.default_rng(3).normal(10, 50, (13, 10, 7))
GRIDS = [
    {"chunks": (4, 5, 3)},
    {"chunks": (2, 5, 3), "shards": (4, 10, 6)},
    {"chunks": [[5, 8], [3, 3, 4], [7]]},
]
NAMES = ["sum", "mean", "min", "max", "std", "var"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("grid", GRIDS)
def test_reductions_are_those_of_numpy(store, grid, name):
    """Over all axes and over some."""
    array = zarrpy.create_array(store, data=VALUES, **grid)

    for axis in (None, 0, -1, (0, 2), (), (2, 1)):
        found = getattr(array, name)(axis)
        expected = getattr(np, name)(VALUES, axis=axis)
        assert type(found) is type(expected)
        np.testing.assert_allclose(found, expected, rtol=1e-12)
        kept = getattr(array, name)(axis, keepdims=True)
        assert kept.shape == getattr(np, name)(VALUES, axis=axis, keepdims=True).shape


@pytest.mark.parametrize("bins", [10, 1, [-100, 0, 3.5, 200]])
@pytest.mark.parametrize("limits", [None, (-20, 60)])
@pytest.mark.parametrize("dtype", ["f8", "f4", "i2", ">i4", "u1", "f2", "i8"])
def test_histograms_are_those_of_numpy(body, bins, limits, dtype):
    """Count for count, and edge for edge."""
    values = VALUES.astype(dtype)
    array = zarrpy.create_array({}, data=values, chunks=(4, 5, 3))
    native = values.astype(values.dtype.newbyteorder("="))

    for density in (False, True):
        counts, edges = array.histogram(bins, limits, density=density)
        expected, expected_edges = np.histogram(native, bins, limits, density=density)
        np.testing.assert_array_equal(counts, expected)
        np.testing.assert_array_equal(edges, expected_edges)
        assert counts.dtype == expected.dtype


@pytest.mark.parametrize("dtype", ["u1", "i1"])
@pytest.mark.parametrize("limits", [(0, 256), (-128, 100), (-3.5, 90.2)])
def test_histograms_of_bytes_are_those_of_numpy(dtype, limits):
    values = np.random.default_rng(2).integers(0, 256, 5003).astype("u1").view(dtype)
    array = zarrpy.create_array({}, data=values, chunks=2500)

    for bins in (1, 7, 256):
        counts, _ = array.histogram(bins, limits)
        np.testing.assert_array_equal(counts, np.histogram(values.astype("i2"), bins, limits)[0])


def test_bins_about_as_narrow_as_numbers_are_those_of_numpy(body):
    """Where numbers of 32 bits are almost too coarse, or too coarse for any."""
    values = (np.float32(1e6) + np.arange(64, dtype="f4") / 16).astype("f4")
    array = zarrpy.create_array({}, data=values, chunks=7)

    for bins in (3, 50):
        np.testing.assert_array_equal(array.histogram(bins)[0], np.histogram(values, bins)[0])
    with pytest.raises(ValueError, match="Too many bins"):
        array.histogram(1000)


@pytest.mark.parametrize("axis", [None, 0, 1, (0, 2)])
def test_the_result_does_not_depend_on_the_number_of_workers(axis):
    """Not in the last bit."""
    values = np.random.default_rng(1).normal(size=(60, 50, 40)) * 1e6
    array = zarrpy.create_array({}, data=values, chunks=(7, 9, 11))

    with small_blocks(1 << 13):
        for name in NAMES:
            one = np.asarray(getattr(array, name)(axis, workers=1))
            for workers in (2, 7):
                many = np.asarray(getattr(array, name)(axis, workers=workers))
                assert many.tobytes() == one.tobytes()


KINDS = ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8", "c8", "c16"]

#: Prints what reductions along every way give, bit for bit; the axes are longer than strips.
PRINTED = """
    import sys
    import numpy as np
    import zarrpy
    values = np.random.default_rng(5).normal(0, 40, (7, 6, 1100))
    for kind in sys.argv[1].split(","):
        array = zarrpy.create_array({}, data=abs(values).astype(kind), chunks=(5, 6, 1100))
        for name in ("sum", "mean", "var"):
            for axis in (None, 0, 1, 2, (0, 1), (0, 2)):
                print(kind, name, axis, np.asarray(getattr(array, name)(axis)).tobytes().hex())
        if "c" not in kind:
            print(kind, array.histogram(33, (1.0, 70.0))[0].tolist())
"""


def test_the_result_does_not_depend_on_the_instructions_of_the_processor():
    """Not in the last bit: what is done with wide vectors is done in the same order without."""
    code, kinds = textwrap.dedent(PRINTED), ",".join(KINDS)

    printed = [
        subprocess.run(
            [sys.executable, "-c", code, kinds],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "ZARRPY_DISABLE_CPU": disabled},
        ).stdout
        for disabled in ("", "all")
    ]

    assert printed[0] == printed[1]
    assert len(printed[0].splitlines()) == 12 * 18 + 10


@pytest.mark.parametrize("grid", GRIDS)
def test_many_small_blocks_give_the_same(body, grid):
    """However the array is cut; shards in parts, too."""
    array = zarrpy.create_array({}, data=VALUES, **grid)

    for nbytes in (1, 200, 1000, 5000):
        with small_blocks(nbytes):
            for axis in (None, 0, (1, 2), 2):
                for name in NAMES:
                    np.testing.assert_allclose(
                        getattr(array, name)(axis), getattr(np, name)(VALUES, axis=axis), rtol=1e-12
                    )


def test_integers_wrap_around_as_those_of_numpy(body):
    """In 64 bits; floats avoid that."""
    values = np.full(1000, np.iinfo("i8").max, "i8")
    array = zarrpy.create_array({}, data=values, chunks=10)

    assert array.sum() == values.sum() == -1000
    assert array.sum(dtype=float) == pytest.approx(9.2e21, rel=0.01)
    assert array.mean() == pytest.approx(9.2e18, rel=0.01)
    small = zarrpy.create_array({}, data=np.full(1000, 200, "u1"), chunks=10)
    assert small.sum() == 200_000
    assert small.sum(dtype="u1") == np.full(1000, 200, "u1").sum(dtype="u1")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf])
def test_what_is_no_finite_number_goes_as_in_numpy(body, name, special):
    """NaN is the least and the greatest; infinities add up."""
    values = VALUES.astype("f4")
    values[3, 4, 5] = special
    array = zarrpy.create_array({}, data=values, chunks=(4, 5, 3))

    for axis in (None, 0, 1):
        with np.errstate(all="ignore"):
            expected = getattr(np, name)(values.astype("f8"), axis=axis).astype("f4")
        np.testing.assert_allclose(getattr(array, name)(axis), expected, rtol=1e-6)


def test_a_histogram_of_halves_is_that_of_numpy_with_the_range_as_given():
    """Whose ends as halves lead NumPy to the next bin."""
    values = np.array([8, 22, 47], "f2")
    counts, edges = zarrpy.create_array({}, data=values).histogram(26, (-20, 37.5))
    expected = np.histogram(values, 26, (-20, 37.5))
    np.testing.assert_array_equal(counts, expected[0])
    np.testing.assert_array_equal(edges, expected[1])


def test_a_histogram_of_what_is_not_finite_needs_a_range():
    """As NumPy says."""
    array = zarrpy.create_array({}, data=np.array([1, np.nan, 2]), chunks=2)

    with pytest.raises(ValueError, match="not finite"):
        array.histogram()
    assert array.histogram(2, (1, 2))[0].tolist() == [1, 1]
    with pytest.raises(ValueError, match="estimator"):
        array.histogram("auto")


@pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 4)])
def test_of_no_elements_it_is_as_in_numpy(shape):
    """Sums are 0, means NaN with a warning, extremes an error."""
    array = zarrpy.create_array({}, shape=shape, dtype="f4", chunks=2)
    values = np.empty(shape, "f4")

    for name in NAMES:
        for axis in (None, *range(len(shape))):
            found, expected = outcome(array, name, axis), outcome(values, name, axis)
            np.testing.assert_array_equal(found, expected)
    assert array.histogram(3)[0].tolist() == [0, 0, 0]


def outcome(array, name, axis):
    """What comes of it: a result, or an error's class."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return getattr(array, name)(axis)
        except ValueError as error:
            return str(error)


def test_means_of_nothing_warn():
    """As NumPy's do."""
    array = zarrpy.create_array({}, shape=0, dtype="f4")

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert np.isnan(array.mean())
    assert "Mean of empty slice" in str(caught[0].message)


@pytest.mark.parametrize("dtype", ["M8[s]", "m8[ms]", "bool", "u8"])
def test_other_types_go_as_far_as_in_numpy(dtype):
    """Dates have extremes, durations sums."""
    values = np.arange(5, 65).astype(dtype)
    array = zarrpy.create_array({}, data=values, chunks=7)

    for name in NAMES:
        try:
            expected = getattr(np, name)(values)
        except TypeError:
            with pytest.raises(TypeError):
                getattr(array, name)()
        else:
            found = getattr(array, name)()
            assert found == expected
            assert found.dtype == expected.dtype


@pytest.mark.parametrize("data", [np.array(["a", "b"]), np.zeros(2, [("x", "f4")])])
def test_what_cannot_be_added_up_is_refused(data):
    """Before anything is read."""
    array = zarrpy.create_array({}, data=data)

    for name in NAMES:
        with pytest.raises(TypeError):
            getattr(array, name)()
    with pytest.raises(TypeError):
        array.histogram()


@pytest.mark.parametrize("axis", [3, -4, (0, 0), 1.5])
def test_axes_are_checked_as_in_numpy(axis):
    """The same class of error."""
    array = zarrpy.create_array({}, data=VALUES, chunks=5)

    with pytest.raises((ValueError, TypeError)) as expected:
        np.sum(VALUES, axis=axis)
    with pytest.raises(expected.type):
        array.sum(axis)


@pytest.mark.parametrize("axis", [0, -1, 1, (0,), (), None])
@pytest.mark.parametrize("name", NAMES)
def test_axes_of_what_has_none_are_checked_as_in_numpy(name, axis):
    """Sums and extremes take the first and the last axis of it, means and deviations do not."""
    value = np.array(3.0)
    array = zarrpy.create_array({}, data=value)
    try:
        expected = getattr(np, name)(value, axis=axis)
    except (ValueError, TypeError) as error:
        with pytest.raises(type(error)):
            getattr(array, name)(axis)
    else:
        assert getattr(array, name)(axis) == expected


def test_selections_are_reduced(body):
    """Axes are those of the selection."""
    array = zarrpy.create_array({}, data=VALUES, chunks=(4, 5, 3))

    for key in (np.s_[3], np.s_[2:9:2, ::-1], np.s_[..., 2], np.s_[1, 2, 3], np.s_[::7, 3]):
        part = VALUES[key]
        for axis in (None, *range(part.ndim)):
            found = array.std(axis, selection=key)
            np.testing.assert_allclose(found, np.std(part, axis=axis), rtol=1e-12)
    with pytest.raises(zarrpy.SelectionError):
        array.sum(selection=[1, 2])


@pytest.mark.parametrize("name", NAMES)
def test_functions_of_numpy_reduce_chunk_by_chunk(name, monkeypatch):
    """They ask the array, which does not have to be read whole."""
    array = zarrpy.create_array({}, data=VALUES, chunks=(4, 5, 3))
    monkeypatch.setattr(type(array), "__array__", lambda *given: pytest.fail("was read"))
    out = np.empty((10, 7))

    assert getattr(np, name)(array) == pytest.approx(getattr(np, name)(VALUES))
    assert getattr(np, name)(array, axis=0, out=out) is out

    np.testing.assert_allclose(out, getattr(np, name)(VALUES, axis=0))
    kept = getattr(np, name)(array, axis=(0, 1), keepdims=True)
    assert kept.shape == (1, 1, 7)
    with pytest.raises(
        zarrpy.ShapeMismatchError, match=r"'/': out has shape \(3,\), but.*\(10, 7\)"
    ):
        getattr(array, name)(0, out=np.empty(3))


@pytest.mark.parametrize("keepdims", [False, True])
def test_an_out_of_another_shape_is_refused_before_anything_is_read(counting_store, keepdims):
    """Not after a terabyte."""
    array = zarrpy.create_array(counting_store, data=VALUES, chunks=(4, 5, 3))
    counting_store.forget()

    for shape in [(), (10, 7), (1, 10, 7)]:
        fits = shape == ((1, 10, 7) if keepdims else (10, 7))
        if not fits:
            with pytest.raises(zarrpy.ShapeMismatchError, match="out has shape"):
                array.mean(0, keepdims=keepdims, out=np.empty(shape))

    assert counting_store.nrequests == 0


@pytest.mark.parametrize(
    ("out", "error"), [([0] * 7, TypeError), (np.broadcast_to(np.int64(0), 7), ValueError)]
)
def test_an_out_that_cannot_be_written_is_refused_before_anything_is_read(
    counting_store, out, error
):
    """As NumPy refuses it."""
    array = zarrpy.create_array(counting_store, data=np.ones((3, 7)), chunks=(3, 7))
    counting_store.forget()

    with pytest.raises(error, match="out"):
        array.sum(0, out=out)

    assert counting_store.nrequests == 0


# ------------------------------------------------------------------------------- absent chunks


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("fill", [0, 2.5, np.nan])
@pytest.mark.parametrize("grid", GRIDS)
def test_absent_chunks_count_as_the_fill_value(body, name, fill, grid):
    """Though they are not made up where a whole block is absent."""
    array = zarrpy.create_array({}, shape=(13, 10, 7), dtype="f8", fill_value=fill, **grid)
    array[2:5, 3:4] = 7
    values = array[...]

    for nbytes in (1, 1 << 20):
        with small_blocks(nbytes):
            for axis in (None, 0, (1, 2)):
                np.testing.assert_allclose(
                    getattr(array, name)(axis), getattr(np, name)(values, axis=axis), rtol=1e-12
                )
    if fill == fill:
        np.testing.assert_array_equal(array.histogram(4)[0], np.histogram(values, 4)[0])


def test_blocks_of_absent_chunks_are_not_made_up(monkeypatch):
    """Fill value times count."""
    array = zarrpy.create_array({}, shape=(1 << 18, 1 << 18), dtype="f4", chunks=(1 << 14, 1 << 14),
                                fill_value=0.5)  # fmt: skip
    monkeypatch.setattr(reduce.Sum, "fold", lambda *given: pytest.fail("made up"))

    assert array.sum(dtype="f8") == 2.0**35


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("grid", GRIDS)
def test_absent_chunks_can_be_left_out(body, name, grid):
    """As masked elements are; a result of none is masked."""
    array = zarrpy.create_array({}, shape=(13, 10, 7), dtype="f8", fill_value=99, **grid)
    array[:5, :3] = VALUES[:5, :3]
    values = array.read(missing="mask")
    assert 0 < values.mask.sum() < values.size

    for nbytes in (1, 1 << 20):
        with small_blocks(nbytes):
            for axis in (None, 0, 2, (1, 2)):
                found = getattr(array, name)(axis, missing="mask")
                expected = getattr(np.ma, name)(values, axis=axis)
                np.testing.assert_array_equal(
                    np.ma.getmaskarray(found), np.ma.getmaskarray(expected)
                )
                np.testing.assert_allclose(
                    np.ma.filled(found, 0), np.ma.filled(expected, 0), rtol=1e-10, atol=1e-10
                )
    counts = array.histogram(5, missing="mask")[0]
    np.testing.assert_array_equal(counts, np.histogram(values.compressed(), 5)[0])


def test_absent_chunks_can_be_errors():
    """Named as for `read`."""
    array = zarrpy.create_array({}, shape=10, dtype="f4", chunks=5)
    array[:5] = 1

    with pytest.raises(zarrpy.MissingChunkError):
        array.sum(missing="error")
    assert array[:].sum() == array.sum()


def test_an_array_that_is_gone_is_an_error():
    """Not a sum of fill values."""
    store = {}
    array = zarrpy.create_array(store, shape=10, dtype="f4", chunks=5)
    store.clear()

    with pytest.raises(zarrpy.NodeNotFoundError):
        array.sum()


def test_a_corrupt_chunk_is_an_error_that_names_it():
    """And nobody goes on working."""
    store = {}
    array = zarrpy.create_array(store, data=VALUES, chunks=(4, 5, 3))
    store["c/1/1/2"] = store["c/1/1/2"][:-3]

    for name in NAMES:
        with pytest.raises(zarrpy.CorruptChunkError, match=r"\(1, 1, 2\)"):
            getattr(array, name)(workers=3)


def test_reductions_can_be_awaited():
    """Progress is told in the thread of the event loop."""
    array = zarrpy.create_array({}, data=VALUES, chunks=(4, 5, 3))
    threads, events = set(), []

    def tell(event):
        threads.add(threading.current_thread())
        events.append(event)

    async def work():
        return await asyncio.gather(array.sum.aio(progress=tell), array.max.aio(0))

    with small_blocks(500):
        total, greatest = asyncio.run(work())

    assert total == pytest.approx(VALUES.sum())
    np.testing.assert_array_equal(greatest, VALUES.max(0))
    assert threads == {threading.current_thread()}
    assert len(events) > 1
    assert events[-1].done == events[-1].total == array.nchunks
    assert events[-1].bytes_in == VALUES.nbytes


def run_script(code, *arguments):
    """Run a program, and give the number that it prints."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


PEAK = """
    import sys
    import numpy as np
    import zarrpy

    def memory(name):
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith(name)) * 1024

    array = zarrpy.open_array(sys.argv[1])
    array.sum(selection=np.s_[:1])
    before = memory("VmRSS")
    array.sum(), array.std(axis=0), array.histogram(10, (0, 2))
    for chunk in array.iter_chunks():
        pass
    print((memory("VmHWM") - before) / 2**20)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured by /proc, as on Linux")
def test_memory_is_bounded_by_chunks_not_by_the_array(tmp_path, slack):
    """128 MiB, in chunks of 256 KiB, take 40 MiB."""
    array = zarrpy.create_array(tmp_path / "a", shape=(512, 256, 256), dtype="f4",
                                chunks=(1, 256, 256), compressors="zstd:1")  # fmt: skip
    array[...] = 1

    assert run_script(PEAK, tmp_path / "a") < 40 * slack


def test_estimators_of_bins_are_refused_with_what_to_do(store):
    """They look at all elements at once."""
    array = zarrpy.create_array(store, data=[1.0, 2.0])

    with pytest.raises(ValueError, match=r"'auto'.*math\.isqrt\(array\.size\)"):
        array.histogram("auto")


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured by /proc, as on Linux")
def test_sixteen_gigabytes_are_reduced_in_constant_memory(tmp_path):
    """All of it stored, though it compresses well."""
    array = zarrpy.create_array(tmp_path / "a", shape=(4096, 1024, 1024), dtype="f4",
                                chunks=(1, 1024, 1024), compressors="zstd:1")  # fmt: skip
    for i in range(4096):
        array[i] = np.float32(1 + i % 2)
    assert array.nbytes == 16 << 30

    assert array.mean() == 1.5
    assert run_script(PEAK, tmp_path / "a") < 400
