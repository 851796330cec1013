"""Tests of `zarrpy.metadata.dtypes_time`."""

import datetime as dt

import numpy as np
import pytest

import zarrpy
from zarrpy.errors import MetadataError
from zarrpy.metadata import dtypes
from zarrpy.metadata import fill_value as fill

UNITS = ["Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as"]


def document(unit="s", scale_factor=1, name="numpy.datetime64"):
    return {"name": name, "configuration": {"unit": unit, "scale_factor": scale_factor}}


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_is_that_of_numpy(unit):
    """For dates and for durations, alone and multiplied."""
    for name, kind in (("numpy.datetime64", "M8"), ("numpy.timedelta64", "m8")):
        assert dtypes.from_v3(document(unit, 1, name)).numpy == np.dtype(f"{kind}[{unit}]")
        assert dtypes.from_v3(document(unit, 10, name)).numpy == np.dtype(f"{kind}[10{unit}]")
        assert dtypes.from_v2(f">{kind}[10{unit}]")[0] == dtypes.from_v3(document(unit, 10, name))


@pytest.mark.parametrize("unit", ["\N{MICRO SIGN}s", "\N{GREEK SMALL LETTER MU}s"])
def test_microseconds_may_be_spelled_with_a_mu(unit):
    """Two characters look the same; NumPy's spelling is written."""
    data_type = dtypes.from_v3(document(unit))

    assert data_type.numpy == np.dtype("M8[us]")
    assert dtypes.to_v3(data_type) == document("us")


def test_a_time_without_a_unit_is_generic():
    """In v2 nothing stands behind the number of bytes."""
    data_type, order = dtypes.from_v2("<M8")

    assert (data_type.numpy, order) == (np.dtype("M8"), "<")
    assert dtypes.to_v3(data_type) == document("generic")
    assert dtypes.to_v2(data_type, ">") == ">M8"


@pytest.mark.parametrize("fields", [False, True])
@pytest.mark.parametrize("kind", ["M8", "m8"])
@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_time_without_a_unit_keeps_its_factor(zarr_format, kind, fields):
    """NumPy drops it in some places, so it is put back where elements are read."""
    times = np.dtype(f"{kind}[3generic]")
    dtype = np.dtype([("time", times)]) if fields else times
    data = np.array([0, 1, -2, 100]).view(dtype)

    array = zarrpy.create_array({}, data=data, chunks=2, zarr_format=zarr_format)
    array.resize(6)

    read = zarrpy.open_array(array.store)[:]
    found = read["time"] if fields else read
    assert np.datetime_data(found.dtype) == ("generic", 3)
    assert found[:4].view("i8").tolist() == [0, 1, -2, 100]
    assert found[4:].view("i8").tolist() == [0 if fields else -(2**63)] * 2


@pytest.mark.parametrize(
    ("configuration", "text"),
    [
        ({}, "the required member 'unit' is missing"),
        ({"unit": "s"}, "the required member 'scale_factor' is missing"),
        ({"unit": "min", "scale_factor": 1}, 'data_type.configuration.unit must be "Y" or'),
        ({"unit": "s", "scale_factor": 0}, "scale_factor must be an integer of at least 1"),
        ({"unit": "s", "scale_factor": 2.0}, "scale_factor must be an integer of at least 1"),
        ({"unit": "s", "scale_factor": True}, "scale_factor must be an integer of at least 1"),
        ({"unit": "s", "scale_factor": 2**31}, "scale_factor must be an integer of at least 1"),
        ({"unit": "s", "scale_factor": 1, "tz": "UTC"}, "has the unknown member 'tz'"),
    ],
)
def test_a_malformed_configuration_is_refused(configuration, text):
    """The error names the member and what is right."""
    with pytest.raises(MetadataError) as caught:
        dtypes.from_v3({"name": "numpy.datetime64", "configuration": configuration})

    assert text in str(caught.value)


@pytest.mark.parametrize("form", ["<M8[min]", "<M8[0s]", "<m8[2147483648s]"])
def test_a_malformed_v2_time_is_refused(form):
    """Units and factors are those of NumPy."""
    with pytest.raises(MetadataError, match=r"dtype must be [mM]8\[UNIT\]"):
        dtypes.from_v2(form)


@pytest.mark.parametrize("form", ["M8[s]", "|M8[s]"])
def test_a_v2_time_has_a_byte_order(form):
    """It is a number of 8 bytes."""
    with pytest.raises(MetadataError, match=r'"<M8\[s\]"'):
        dtypes.from_v2(form)


@pytest.mark.parametrize(
    ("written", "count"),
    [("NaT", -(2**63)), (-(2**63), -(2**63)), (0, 0), (-1, -1), (2**63 - 1, 2**63 - 1)],
)
def test_a_fill_value_is_a_count_or_not_a_time(written, count):
    """The least integer is not-a-time, and is written as the word."""
    data_type = dtypes.from_v3(document())

    value = fill.parse(written, data_type)

    assert value.dtype == np.dtype("M8[s]")
    assert int(value.view("i8")) == count
    assert fill.dump(value, data_type) == ("NaT" if count == -(2**63) else count)


@pytest.mark.parametrize("written", ["2020-01-01", 1.0, True, None, 2**63, -(2**63) - 1, "nat"])
def test_a_fill_value_of_another_kind_is_refused(written):
    """Documents hold counts, not dates."""
    with pytest.raises(MetadataError, match=r'must be an integer of 64 bits or "NaT"'):
        fill.parse(written, dtypes.from_v3(document()))


def test_a_new_array_is_filled_with_not_a_time():
    """Zero would be a date that nobody wrote."""
    assert np.isnat(fill.default(dtypes.from_v3(document())))
    assert fill.zero(dtypes.from_v3(document())) == np.datetime64(0, "s")


@pytest.mark.parametrize(
    ("given", "count"),
    [
        (None, -(2**63)),
        ("NaT", -(2**63)),
        (np.datetime64("NaT", "s"), -(2**63)),
        (7, 7),
        (np.int32(7), 7),
        ("1970-01-02", 86400),
        (np.datetime64("1970-01-02", "D"), 86400),
        (np.datetime64(5_000_000_000, "ns"), 5),
        (dt.datetime(1970, 1, 1, 0, 1), 60),
        (dt.date(1970, 1, 2), 86400),
        (np.array("1970-01-02", "M8[D]"), 86400),
    ],
)
def test_a_program_may_give_a_date(given, count):
    """Of Python, of NumPy in any unit, as text or as a count."""
    value = fill.coerce(given, dtypes.from_v3(document()))

    assert (value.dtype, int(value.view("i8"))) == (np.dtype("M8[s]"), count)


@pytest.mark.parametrize("given", [dt.timedelta(seconds=7), np.timedelta64(7000, "ms"), 7])
def test_a_program_may_give_a_duration(given):
    """As dates."""
    data_type = dtypes.from_v3(document(name="numpy.timedelta64"))

    assert fill.coerce(given, data_type) == np.timedelta64(7, "s")


@pytest.mark.parametrize(
    "given",
    [
        np.datetime64("2020-01-01T00:00:00.5"), "2020-01-01T00:00:00.5", "yesterday", 1.5, True,
        np.timedelta64(1, "s"), dt.timedelta(1), b"2020", np.datetime64(2**62, "D"),
        dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
    ],
)  # fmt: skip
def test_a_date_that_the_unit_cannot_hold_is_refused(given):
    """Nothing is rounded or wraps around, and time zones are not left aside."""
    with pytest.raises(MetadataError, match=r"^fill_value must be "):
        fill.coerce(given, dtypes.from_v3(document()))
