"""Numbers with units, as columns and sentences show them."""

import pytest

from zarrpy.display.sizes import (
    format_nbytes,
    format_rate,
    format_ratio,
    format_seconds,
    format_shape,
)


@pytest.mark.parametrize(
    ("nbytes", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.00 KiB"),
        (1024**2 - 1, "1.00 MiB"),
        (10_235, "10.0 KiB"),
        (1536 * 1024**2, "1.50 GiB"),
        (2**63, "8.00 EiB"),
        (2**80, "1048576 EiB"),
    ],
)
def test_a_size_has_a_unit_that_keeps_it_short(nbytes: int, text: str) -> None:
    """A size is written in the largest unit that leaves a figure of at least one."""
    assert format_nbytes(nbytes) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0, "0.00 µs"), (999e-6, "999 µs"), (0.5, "500 ms"), (59.4, "59.4 s"), (61, "1:01")],
)
def test_a_duration_has_a_unit_that_keeps_it_short(seconds: float, text: str) -> None:
    """A duration is written in microseconds, milliseconds, seconds or minutes."""
    assert format_seconds(seconds) == text


def test_a_rate_of_no_time_is_not_a_number() -> None:
    """A clock that did not move gives no rate, and no division by zero."""
    assert format_rate(1024, 0.0) == "-"


def test_a_rate_turns_to_gigabytes_before_it_has_four_digits() -> None:
    """Rates from 1000 MB/s on are written in GB/s."""
    assert format_rate(999_600_000, 1.0) == "1.00 GB/s"


def test_nothing_stored_has_no_ratio() -> None:
    """An array whose chunks were all left out is not infinitely compressed."""
    assert format_ratio(4096, 0) == "-"


def test_a_shape_without_dimensions_is_a_scalar() -> None:
    """The shape of a zero-dimensional array is told in a word, not as an empty text."""
    assert format_shape(()) == "scalar"
