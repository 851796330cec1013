"""Tests of `zarrpy.codecs`: names, and what can be told about codecs."""

import subprocess
import sys
from dataclasses import dataclass
from typing import ClassVar

import numcodecs
import pytest

import zarrpy.codecs as package
from zarrpy.codecs import (
    available_codecs,
    document,
    find,
    register_codec,
    unregister_codec,
)
from zarrpy.codecs.base import BytesToBytes
from zarrpy.codecs.gzip import Gzip
from zarrpy.errors import CodecError


@dataclass(frozen=True, slots=True)
class Reverse(BytesToBytes):
    """Turn a chunk around."""

    name: ClassVar[str] = "test.reverse"
    v2_id: ClassVar[str] = "test-reverse"
    aliases: ClassVar[tuple[str, ...]] = ("test.backwards",)

    def encode(self, data):
        return bytes(data)[::-1]

    def decode(self, data, nbytes=None, exact=True):
        return bytes(data)[::-1]


@pytest.fixture
def reverse():
    register_codec(Reverse)
    yield Reverse
    unregister_codec("test.reverse")


def test_every_codec_is_found_by_its_names():
    """A class answers to its own name, its aliases and its id of v2."""
    for name in package.codecs:
        codec = find(name)
        assert codec.name == name
        assert all(find(alias) is codec for alias in codec.aliases)
        if codec.v2_id is not None:
            assert find(codec.v2_id, dialect=2) is codec
            assert find(f"numcodecs.{codec.v2_id}") is codec or codec.v2_id == name
            optional = codec.v2_id in ("snappy", "zfpy", "pcodec")  # with packages of their own
            assert optional or codec.v2_id in numcodecs.registry.codec_registry


def test_a_name_that_nobody_has_is_not_found():
    """The registry answers; whoever asked decides whether that is an error."""
    assert find("zstd5") is None
    assert find("numcodecs.zstd", dialect=2) is None
    assert find("../../etc/passwd") is None


def test_a_registered_codec_is_found_until_it_is_taken_back(reverse):
    """By all its names."""
    assert find("test.reverse") is find("test.backwards") is reverse
    assert find("test-reverse", dialect=2) is reverse

    unregister_codec("test.reverse")

    assert find("test.reverse") is find("test.backwards") is None
    assert find("test-reverse", dialect=2) is None
    register_codec(reverse)


def test_a_taken_name_needs_force(reverse):
    """Nothing is replaced by accident."""
    with pytest.raises(ValueError, match="force=True"):
        register_codec(reverse)

    register_codec(reverse, force=True)


def test_replacing_a_built_in_codec_can_be_undone():
    """The built-in returns."""

    class Other(Gzip):
        pass

    register_codec(Other, force=True)
    assert find("gzip") is Other
    assert find("gzip", dialect=2) is Other

    unregister_codec("gzip")

    assert find("gzip") is Gzip
    assert find("gzip", dialect=2) is Gzip


def test_a_codec_becomes_a_document():
    """Name and configuration in the words of each format."""
    assert document(Gzip(3)).name == "gzip"
    assert document(Gzip(3), dialect=2).dialect == 2
    assert document(package.LZ4(), dialect=3).name == "numcodecs.lz4"
    assert document(package.LZ4(), dialect=2).name == "lz4"
    with pytest.raises(CodecError, match="transpose: has no form in Zarr v2"):
        document(package.Transpose((0,)), dialect=2)


def test_every_codec_can_be_told_about(reverse):
    """Name, kind, description, and whether it works here."""
    told = {info.name: info for info in available_codecs()}

    assert told["zstd"].version.startswith("1.")
    assert told["zstd"].description == "Compress each chunk as one Zstandard frame."
    assert told["numcodecs.delta"].kind == "array -> array"
    assert told["bytes"].kind == "array -> bytes"
    assert told["test.reverse"].description == "Turn a chunk around."
    lacking = {name for name, info in told.items() if not info.available}
    assert lacking <= {"numcodecs.pcodec", "numcodecs.zfpy", "zfp"}
    assert all(info.available == (info.reason is None) for info in told.values())


def test_looking_for_codecs_imports_only_what_is_found():
    """A program that reads zstd does not pay for forty others."""
    code = (
        "import sys, zarrpy.codecs as codecs; codecs.find('zstd');"
        "print([m for m in sys.modules if m.startswith('zarrpy.codecs.')])"
    )

    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "zarrpy.codecs.zstd" in out.stdout
    assert "blosc" not in out.stdout
