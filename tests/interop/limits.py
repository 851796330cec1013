"""What peers cannot read or write, each with the peer's own words.

A limit that is no longer met fails the tests, as does a failure that is not listed: the table is
what the named versions do, no more and no less.  Directions: ``reads``, the peer reads what zarrpy
wrote; ``writes``, the peer writes; ``written``, zarrpy reads what the peer wrote, and the peer
has stored something else than it was told to.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class Limit:
    """Cases that a peer refuses or gets wrong.

    Parameters
    ----------
    peer : str
        Name of the library.
    direction : str
        ``reads``, ``writes`` or ``written``.
    cases : tuple of str
        Patterns of case names.
    error : str
        A part of the error text.
    older : bool
        Only of the versions that are taken where no newer Python is found.
    """

    peer: str
    direction: str
    cases: tuple[str, ...]
    error: str
    older: bool = False

    def covers(self, case: str) -> bool:
        """Whether a case, by name, is one of them."""
        return any(fnmatchcase(case, pattern) for pattern in self.cases)


def both(peer: str, cases: tuple[str, ...], error: str) -> tuple[Limit, Limit]:
    """Return a limit of reading and of writing alike."""
    return Limit(peer, "reads", cases, error), Limit(peer, "writes", cases, error)


#: zarr-python's codecs come from numcodecs, whose Blosc is built without snappy.
NO_SNAPPY_READ = Limit(
    "zarr-python", "reads", ("v?/blosc-snappy/*",), "error during blosc decompression: -5"
)
NO_SNAPPY_WRITE = Limit(
    "zarr-python",
    "writes",
    ("v?/blosc-snappy/*",),
    "bad compressor or compressor not supported: 'snappy'",
)

LIMITS = (
    # zarr-python
    NO_SNAPPY_READ,
    NO_SNAPPY_WRITE,
    Limit("zarr-python", "reads", ("v?/snappy/*",), "codec 'snappy' is not available"),
    Limit("zarr-python", "writes", ("v2/snappy/*",), "codec not available: ''snappy''"),
    Limit("zarr-python", "writes", ("v3/snappy/*",), "codec 'snappy' is not available"),
    # The newest release for Python 3.11 swaps no bytes around this codec.
    Limit(
        "zarr-python",
        "reads",
        ("v3/numcodecs.delta/*-big",),
        "Different: 1288 of 1290 elements differ",
        older=True,
    ),
    # zarr-python knows no other grids, and creates none that is longer than its array.
    *(
        limit
        for peer in ("zarr-python", "zarrs-python strict")
        for limit in (
            Limit(peer, "reads", ("v3/grid/bounded",), "Unknown chunk grid name"),
            Limit(peer, "writes", ("v3/grid/overflow",), "do not sum to span 43"),
            Limit(peer, "writes", ("v3/grid/rectangular", "v3/grid/bounded"), "no way to create"),
            *both(peer, ("v3/keys/suffix",), "Unknown chunk key encoding"),
        )
    ),
    # zarr 2: the v2 format, with an older numcodecs
    Limit("zarr 2", "reads", NO_SNAPPY_READ.cases, NO_SNAPPY_READ.error),
    Limit("zarr 2", "writes", NO_SNAPPY_WRITE.cases, NO_SNAPPY_WRITE.error),
    *both("zarr 2", ("v2/snappy/*",), "codec not available: ''snappy''"),
    *both("zarr 2", ("v2/crc32c/*",), "codec not available: ''crc32c''"),
    Limit("zarr 2", "written", ("v2/fill/float*-minus-zero",), "384 of 1290 elements differ"),
    # With the newest NumPy for Python 3.11 it reads this fill value as two NaN.
    Limit(
        "zarr 2",
        "reads",
        ("v2/fill/complex*-nan-infinity",),
        "Different: 384 of 1290 elements differ",
        older=True,
    ),
    # tensorstore
    *both(
        "tensorstore",
        ("v2/crc32c/*", "v2/delta/*", "v2/shuffle/*"),
        '"filters": filters are not supported',
    ),
    *(
        limit
        for name in ("lz4", "lzma", "snappy")
        for limit in both("tensorstore", (f"v2/{name}/*",), f'"id": "{name}" is not registered')
    ),
    *(
        limit
        for name in ("bz2", "delta", "lz4", "lzma", "shuffle", "zlib")
        for limit in both(
            "tensorstore",
            (f"v3/numcodecs.{name}/*",),
            f'"name": "numcodecs.{name}" is not registered',
        )
    ),
    *both("tensorstore", ("v3/snappy/*",), '"name": "snappy" is not registered'),
    *both("tensorstore", ("v3/grid/*",), 'Expected "regular", but received'),
    *both("tensorstore", ("v3/keys/suffix",), 'Expected one of "default", "v2", but received'),
    # zarrs-python, strict: what it hands to zarr-python otherwise counts as a refusal
    *both(
        "zarrs-python strict",
        (
            *("v2/crc32c/*", "v2/delta/*", "v2/lz4/*", "v2/lzma/*"),
            *("v3/numcodecs.delta/*", "v3/numcodecs.lz4/*", "v3/numcodecs.lzma/*"),
        ),
        "UnsupportedMetadataError",
    ),
    Limit("zarrs-python strict", "reads", ("v?/snappy/*",), "codec 'snappy' is not available"),
    Limit("zarrs-python strict", "writes", ("v2/snappy/*",), "codec not available: ''snappy''"),
    Limit("zarrs-python strict", "writes", ("v3/snappy/*",), "codec 'snappy' is not available"),
    Limit(
        "zarrs-python strict",
        "reads",
        (
            *("v2/none/*-big", "v2/zlib/*-big", "v2/gzip/*-big", "v2/zstd/*-big"),
            *("v2/bz2/*-big", "v2/shuffle/*-big", "v2/blosc-*/*-big", "v2/order-f/*-big"),
        ),
        "Non-native byte order not supported",
    ),
    Limit(
        "zarrs-python strict",
        "reads",
        ("v2/order-f/*",),
        "input array must be a C contiguous array",
    ),
    # It swaps no bytes of complex numbers in chunks that reach over the edge: other values,
    # without an error.
    Limit(
        "zarrs-python strict",
        "reads",
        ("v3/*/complex*-big",),
        "Different: 903 of 1290 elements differ",
    ),
    *both(
        "tensorstore",
        ("v3/sharding/compressed",),
        "is not compatible with subsequent bytes -> bytes codecs",
    ),
    *both("tensorstore", ("v3/vlen-*/*",), "data type is not one of the supported data types"),
    *both("tensorstore", ("v2/vlen-*/*",), "Unsupported zarr dtype"),
    # zarrs, when it may not hand work to zarr-python
    *both("zarrs-python strict", ("v?/vlen-*/*",), "UnsupportedDataTypeError"),
    # zarr 2
    Limit(
        "zarr 2", "writes", ("v2/vlen-bytes/*",), "Object of type bytes is not JSON serializable"
    ),
    # zarrista
    Limit("zarrista", "writes", ("v?/vlen-*/*",), "could not move it to the host"),
    Limit(
        "zarrista",
        "reads",
        ("v2/vlen-*/*-order-f", "v3/vlen-*/*-turned"),
        "out-of-bounds of array shape",
    ),
    Limit(
        "zarrista",
        "reads",
        ("v2/vlen-bytes/bytes", "v2/vlen-bytes/bytes-plain"),
        "'ascii' codec can't encode character",
    ),
    *(
        limit
        for name in ("bz2", "crc32c", "delta", "lz4", "lzma", "snappy", "zlib")
        for limit in both("zarrista", (f"v2/{name}/*",), f"codec {name} is not supported")
    ),
    *(
        limit
        for name in ("bz2", "delta", "lz4", "lzma", "zlib")
        for limit in both(
            "zarrista", (f"v3/numcodecs.{name}/*",), f"codec numcodecs.{name} is not supported"
        )
    ),
    *both("zarrista", ("v3/snappy/*",), "codec snappy is not supported"),
)


def limits_of(peer: str, direction: str, case: str, pinned: bool) -> list[Limit]:
    """Return the limits that cover a case, by name; the pinned versions have no older ones."""
    return [
        limit
        for limit in LIMITS
        if (limit.peer, limit.direction) == (peer, direction)
        and limit.covers(case)
        and not (limit.older and pinned)
    ]
