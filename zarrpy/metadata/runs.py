"""The lengths of the chunks along one dimension, run-length coded.

A document may say in a few bytes that 10^9 chunks of one length follow each other, so no list of
them is ever made: what is asked is found by bisection among the runs.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Self

from zarrpy.errors import MetadataError
from zarrpy.metadata.json import JSON
from zarrpy.metadata.members import INT64_END, reject

__all__ = ["Runs"]


@dataclass(frozen=True)
class Runs:
    """Chunks of one dimension that have lengths of their own.

    Parameters
    ----------
    pairs : tuple of (int, int)
        Length of a chunk, and how many of it follow each other; no length twice in a row.

    Examples
    --------
    >>> Runs.of([10, 10, 5]).pairs
    ((10, 2), (5, 1))
    """

    pairs: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, lengths: Iterable[int | tuple[int, int]]) -> Self:
        """Join equal neighbours; an element is a length, or a length and how many there are."""
        pairs: list[tuple[int, int]] = []
        for each in lengths:
            length, count = each if isinstance(each, tuple) else (each, 1)
            if pairs and pairs[-1][0] == length:
                count += pairs.pop()[1]
            pairs.append((length, count))
        return cls(tuple(pairs))

    @classmethod
    def from_document(cls, value: list[JSON], field: str) -> Self:
        """Read a list of lengths and of pairs (length, count).

        Raises
        ------
        MetadataError
            Naming the element that is no length, or a row of chunks that is too long or empty.
        """
        if not value:
            raise MetadataError("must name at least one length", field=field)
        found = cls.of(_element(each, f"{field}[{i}]") for i, each in enumerate(value))
        if found.end >= INT64_END:
            raise MetadataError("ends beyond 2^63 elements", field=field, value=value)
        return found

    def document(self) -> list[JSON]:
        """Write the lengths; a repeated one as a pair."""
        return [length if count == 1 else [length, count] for length, count in self.pairs]

    @cached_property
    def lengths(self) -> tuple[int, ...]:
        """Length of the chunks of each run."""
        return tuple(length for length, _ in self.pairs)

    @cached_property
    def ends(self) -> tuple[int, ...]:
        """Where each run ends, in elements."""
        return tuple(accumulate(length * count for length, count in self.pairs))

    @cached_property
    def firsts(self) -> tuple[int, ...]:
        """How many chunks lie before each run."""
        return (0, *accumulate(count for _, count in self.pairs))[:-1]

    @property
    def end(self) -> int:
        """Where the last chunk ends, in elements."""
        return self.ends[-1] if self.pairs else 0

    @property
    def nchunks(self) -> int:
        """How many chunks there are."""
        return sum(count for _, count in self.pairs)

    def first(self, count: int) -> Self:
        """Give the first chunks alone."""
        runs = zip(self.pairs, self.firsts, strict=True)
        left = ((length, n, count - before) for (length, n), before in runs)
        return type(self)(tuple((length, min(n, m)) for length, n, m in left if m > 0))

    def touched(self, length: int) -> int:
        """Count the chunks that an array of this length touches."""
        if length == 0:
            return 0
        run = bisect_left(self.ends, length)
        begin = self.ends[run - 1] if run else 0
        return self.firsts[run] + -(-(length - begin) // self.lengths[run])

    def longest(self, length: int) -> int:
        """Give the length of the longest chunk that an array of this length touches."""
        return max(self.lengths[: bisect_left(self.ends, length) + 1])

    def chunk(self, index: int) -> tuple[int, int]:
        """Tell where a chunk begins, and its length."""
        run = bisect_right(self.firsts, index) - 1
        begin = self.ends[run - 1] if run else 0
        return begin + (index - self.firsts[run]) * self.lengths[run], self.lengths[run]


def _element(value: JSON, field: str) -> int | tuple[int, int]:
    if type(value) is int and 1 <= value < INT64_END:
        return value
    if not isinstance(value, list) or len(value) != 2 or not all(map(_is_positive, value)):
        reject(field, value, "a length of at least 1, or a list of a length and a count")
    length, count = value
    return length, count


def _is_positive(value: JSON) -> bool:
    return type(value) is int and value >= 1
