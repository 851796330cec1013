"""Floats of 4 to 16 bits: what number each bit pattern is, and which one is nearest to a number.

Everything follows from a few facts about a format, so that fill values are read and written
also where no package is installed that calculates with it.
"""

import math
from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["FORMATS", "SmallFloat"]


@dataclass(frozen=True, slots=True)
class SmallFloat:
    """A binary floating-point format.

    Parameters
    ----------
    exponent, mantissa : int
        Bits of each; a sign bit comes before them unless there is no mantissa.
    bias : int
        What is subtracted from a stored exponent.
    nan : int, optional
        The usual NaN; None: the format has none.
    infinite : bool
        Whether the largest exponent is kept for infinities and NaN, as IEEE 754 has it.

    Examples
    --------
    >>> FORMATS["float8_e5m2"].number(0x3D)
    1.25
    >>> FORMATS["float4_e2m1fn"].nearest(2.5)
    4
    """

    exponent: int
    mantissa: int
    bias: int
    nan: int | None
    infinite: bool = False

    @property
    def bits(self) -> int:
        """Bits of the format."""
        return self.signed + self.exponent + self.mantissa

    @property
    def signed(self) -> bool:
        """Whether there are negative numbers."""
        return self.mantissa > 0

    @property
    def _sign(self) -> int:
        return 1 << (self.exponent + self.mantissa) if self.signed else 0

    def number(self, pattern: int) -> float:
        """Give the number that a bit pattern stands for."""
        if self._is_nan(pattern):
            return math.nan
        sign = -1.0 if pattern & self._sign else 1.0
        return math.copysign(self._magnitude(pattern & ~self._sign), sign)

    def nearest(self, number: float) -> int | None:
        """Give the bit pattern next to a number, the even one of two; None beyond the largest."""
        if math.isnan(number):
            return self.nan
        if math.isinf(number) or (number < 0 and not self.signed):
            return self._infinity(number)
        numbers = _magnitudes(self)
        magnitude = abs(number)
        above = bisect_left(numbers, magnitude)
        if above == len(numbers):  # up to half a step beyond the largest it is the largest
            step = numbers[-1] - numbers[-2] if self.signed else numbers[-1]
            half = numbers[-1] + step / 2
            even = above % 2 == 1
            if magnitude > half or (magnitude == half and not even):
                return None
            above -= 1
        elif above and not self._upward(magnitude, numbers[above - 1], numbers[above], above):
            above -= 1
        if not self.signed and magnitude < numbers[0] / 2:
            return None
        negative = math.copysign(1.0, number) < 0
        if negative and above == 0 and self.nan == self._sign:
            return 0  # the pattern of -0.0 is the NaN
        return above | (self._sign if negative else 0)

    @staticmethod
    def _upward(number: float, below: float, above: float, pattern: int) -> bool:
        """Whether to round up, to the number of `pattern`; every midpoint is exact."""
        middle = below + (above - below) / 2
        return number > middle or (number == middle and pattern % 2 == 0)

    def _infinity(self, number: float) -> int | None:
        if not self.infinite or not math.isinf(number):
            return None
        positive = ((1 << self.exponent) - 1) << self.mantissa
        return positive | (self._sign if number < 0 else 0)

    def _is_nan(self, pattern: int) -> bool:
        if self.infinite:
            return pattern & ~self._sign > ((1 << self.exponent) - 1) << self.mantissa
        if self.nan == self._sign:
            return pattern == self.nan
        return self.nan is not None and pattern & ~self._sign == self.nan

    def _magnitude(self, pattern: int) -> float:
        exponent, fraction = pattern >> self.mantissa, pattern & ((1 << self.mantissa) - 1)
        if self.infinite and exponent == (1 << self.exponent) - 1:
            return math.inf
        if not self.signed:
            return math.ldexp(1.0, exponent - self.bias)
        if exponent == 0:
            return math.ldexp(fraction, 1 - self.bias - self.mantissa)
        return math.ldexp(fraction | 1 << self.mantissa, exponent - self.bias - self.mantissa)


@lru_cache(maxsize=32)
def _magnitudes(kind: SmallFloat) -> list[float]:
    """List the finite numbers that are not negative; each one's place is its pattern."""
    patterns = range(1 << (kind.exponent + kind.mantissa))
    numbers = (kind.number(pattern) for pattern in patterns)
    return [number for number in numbers if math.isfinite(number)]


FORMATS = {
    "bfloat16": SmallFloat(8, 7, 127, 0x7FC0, infinite=True),
    "float8_e3m4": SmallFloat(3, 4, 3, 0x78, infinite=True),
    "float8_e4m3": SmallFloat(4, 3, 7, 0x7C, infinite=True),
    "float8_e5m2": SmallFloat(5, 2, 15, 0x7E, infinite=True),
    "float8_e4m3fn": SmallFloat(4, 3, 7, 0x7F),
    "float8_e4m3b11fnuz": SmallFloat(4, 3, 11, 0x80),
    "float8_e4m3fnuz": SmallFloat(4, 3, 8, 0x80),
    "float8_e5m2fnuz": SmallFloat(5, 2, 16, 0x80),
    "float8_e8m0fnu": SmallFloat(8, 0, 127, 0xFF),
    "float6_e2m3fn": SmallFloat(2, 3, 1, None),
    "float6_e3m2fn": SmallFloat(3, 2, 3, None),
    "float4_e2m1fn": SmallFloat(2, 1, 1, None),
}
