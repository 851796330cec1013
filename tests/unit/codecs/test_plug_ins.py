"""Tests of codecs that come from elsewhere: in Python, in C, from other libraries."""

import importlib.util
import json
import runpy
import shlex
import subprocess
import sys
import sysconfig
import zlib
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import ClassVar

import numcodecs
import numpy as np
import pytest
from numcodecs.abc import Codec as NumcodecsCodec

import zarrpy
from tests.unit.codecs.plug_in_classes import Negate, Words
from zarrpy.codecs.base import ArrayToArray, BytesToBytes, Step
from zarrpy.codecs.external import adopted
from zarrpy.errors import CorruptChunkError
from zarrpy.testing.codec_contract import BytesToBytesContract

ROOT = Path(__file__).resolve().parents[3]
VALUES = np.arange(60, dtype="i4").reshape(6, 10)


# ---------------------------------------------------------------------------- of all kinds


@dataclass(frozen=True, slots=True)
class Backwards(BytesToBytes):
    """Turn bytes around."""

    name: ClassVar[str] = "test.backwards"

    times: int = 1

    def __post_init__(self):
        if self.times % 2 == 0:
            raise zarrpy.MetadataError(
                "must be odd", field="test.backwards.times", value=self.times
            )

    def encode(self, data):
        return bytes(data)[::-1]

    def decode(self, data, nbytes=None, exact=True):
        return bytes(data)[::-1]


@pytest.fixture
def three():
    """A codec of each kind, registered."""
    for codec in (Negate, Words, Backwards):
        zarrpy.register_codec(codec)
    yield
    for codec in (Negate, Words, Backwards):
        zarrpy.unregister_codec(codec.name)


def test_codecs_of_all_kinds_chain_with_ours(three):
    """Before and after those that are built in."""
    store = zarrpy.MemoryStore()
    array = zarrpy.create_array(
        store,
        data=VALUES,
        chunks=(4, 10),
        filters=["numcodecs.delta", "test.negate"],
        serializer="test.words",
        compressors=["test.backwards", "zstd", "crc32c"],
    )

    assert not array.codecs.native
    assert (zarrpy.open(store)[...] == VALUES).all()
    assert [codec.name for codec in array.codecs.codecs] == [
        "numcodecs.delta", "test.negate", "test.words", "test.backwards", "zstd", "crc32c",
    ]  # fmt: skip


def test_they_are_told_about_like_ours(three):
    """Name, kind, version and description."""
    told = {info.name: info for info in zarrpy.available_codecs()}

    assert told["test.negate"].kind == "array -> array"
    assert told["test.words"].kind == "array -> bytes"
    assert told["test.words"].version == "2.1"
    assert told["test.backwards"].description == "Turn bytes around."
    assert told["test.backwards"].available


def test_a_bad_configuration_is_refused_before_anything_is_stored(three):
    """By what the codec itself checks."""
    store = zarrpy.MemoryStore()

    with pytest.raises(zarrpy.MetadataError, match=r"test\.backwards\.times must be odd"):
        zarrpy.create_array(store, data=VALUES, compressors=["test.backwards:2"])

    assert list(store.list()) == []


def test_without_registration_an_array_is_refused_by_the_codecs_name(three):
    """An array outlives the program that wrote it."""
    store = zarrpy.MemoryStore()
    zarrpy.create_array(store, data=VALUES, compressors=["test.backwards"])
    zarrpy.unregister_codec("test.backwards")

    with pytest.raises(zarrpy.UnsupportedExtensionError, match=r"test\.backwards"):
        zarrpy.open(store)[...]

    zarrpy.register_codec(Backwards)


def told_of(error):
    """What an error says, with its notes."""
    return "\n".join([str(error), *getattr(error, "__notes__", ())])


class Misbehaving(BytesToBytes):
    """Does what it is made with."""

    name = "test.misbehaving"
    does: ClassVar[object] = None

    def encode(self, data):
        return self.does()

    def decode(self, data, nbytes=None, exact=True):
        return self.does()


def fail():
    """As a codec with a mistake in it does."""
    raise RuntimeError("out of order")


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("does", [lambda: 5, lambda: None, lambda: "text"])
def test_what_a_codec_gives_has_to_be_bytes(monkeypatch, does, wrapped):
    """A number would pass for so many zeros."""
    monkeypatch.setattr(Misbehaving, "does", staticmethod(does))
    zarrpy.register_codec(Misbehaving)
    codec = {"name": "conditional", "configuration": {"codecs": [{"name": Misbehaving.name}]}}
    store = {}
    try:
        with pytest.raises(zarrpy.CodecError, match=r"chunk \(0,\)"):
            zarrpy.create_array(
                store, data=[1, 2], compressors=codec if wrapped else Misbehaving.name
            )
    finally:
        zarrpy.unregister_codec(Misbehaving.name)
    assert store == {}


@dataclass(frozen=True, slots=True)
class Careless(ArrayToArray):
    """Give other elements than it was given."""

    name: ClassVar[str] = "test.careless"

    to: str = "f8"

    def encode(self, array):
        return array

    def decode(self, array, spec):
        return array.astype(self.to) + 0.5 if self.to == "f8" else array.astype(self.to)


def test_what_a_filter_gives_has_to_be_of_the_type_that_was_stored():
    """Elements of another one would be cast, and some of them would be other numbers."""
    zarrpy.register_codec(Careless)
    try:
        array = zarrpy.create_array({}, data=VALUES, filters=Careless())
        with pytest.raises(
            CorruptChunkError, match=r"test\.careless.*chunk \(0, 0\).*float64, not int32"
        ):
            array[...]
        other_order = zarrpy.create_array({}, data=VALUES, filters=Careless(">i4"))
        assert np.array_equal(other_order[...], VALUES)
    finally:
        zarrpy.unregister_codec("test.careless")


def test_what_a_codec_raises_tells_codec_and_chunk(monkeypatch):
    """Whatever it is: who wrote the codec wants to know where it happened."""
    array = zarrpy.create_array({}, shape=4, chunks=2, dtype="u1", compressors=Misbehaving())
    monkeypatch.setattr(Misbehaving, "does", staticmethod(lambda: b"stored"))
    array[...] = 1
    monkeypatch.setattr(Misbehaving, "does", staticmethod(fail))

    with pytest.raises(RuntimeError, match="out of order") as reading:
        array[2:]
    with pytest.raises(RuntimeError, match="out of order") as writing:
        array[2:] = 7

    assert "test.misbehaving: decoding chunk (1,) (key 'c/1')" in told_of(reading.value)
    assert "test.misbehaving: encoding chunk (1,) (key 'c/1')" in told_of(writing.value)


@dataclass(frozen=True, slots=True)
class Shift(Backwards):
    """Says what is wrong as Python does."""

    name: ClassVar[str] = "test.shift"

    def __post_init__(self):
        if self.times > 7:
            raise ValueError("no more than 7 times")


@pytest.mark.parametrize(("times", "text"), [(8, "no more than 7"), ("a", "not supported")])
def test_a_configuration_that_a_codec_refuses_is_named_where_it_stands(times, text):
    """By a document as well as by a program."""
    zarrpy.register_codec(Shift)
    codec = {"name": "test.shift", "configuration": {"times": times}}
    store = {}
    zarrpy.create_array(store, data=[1, 2], compressors="test.shift:3", name="a")
    document = store["a/zarr.json"].replace(
        b'"times": 3', b'"times": ' + json.dumps(times).encode()
    )
    try:
        with pytest.raises(zarrpy.MetadataError, match=f"test.shift .*{text}.*times"):
            zarrpy.create_array(store, data=[1, 2], compressors=codec, name="b")
        store["a/zarr.json"] = document
        with pytest.raises(zarrpy.MetadataError, match=f"a/zarr.json: codecs.*test.shift .*{text}"):
            zarrpy.open(store, path="a")[...]
    finally:
        zarrpy.unregister_codec("test.shift")


class Nameless(BytesToBytes):
    """Nobody could find it again."""


class Forgetful(BytesToBytes):
    """Would be stored without what it was made with."""

    name = "test.forgetful"

    def __init__(self, key=1):
        self.key = key


def test_a_class_that_could_not_be_stored_is_refused():
    """Its arrays would be read as something else."""
    with pytest.raises(TypeError, match=r"no name: set name = 'example\.nameless'"):
        zarrpy.register_codec(Nameless)
    with pytest.raises(TypeError, match="without its parameters: make it a frozen dataclass"):
        zarrpy.register_codec(Forgetful)
    with pytest.raises(TypeError, match="without its parameters"):
        zarrpy.create_array({}, data=[1, 2], compressors=Forgetful(2))


def test_a_thing_that_is_no_codec_is_not_registered():
    """What it should be is said."""
    with pytest.raises(TypeError, match="no class of codecs: derive it from"):
        zarrpy.register_codec(dict)


def test_an_installed_package_announces_a_codec(monkeypatch):
    """By an entry point, which is imported when the name is first met."""
    point = EntryPoint("test.announced", f"{__name__}:Announced", "zarrpy.codecs")
    monkeypatch.setattr(zarrpy.codecs.codecs, "_announced", {"test.announced": point})
    monkeypatch.setitem(sys.modules, __name__, sys.modules[__name__])

    array = zarrpy.create_array({}, data=VALUES, compressors=["test.announced"])

    assert (array[...] == VALUES).all()
    assert "test.announced" in [info.name for info in zarrpy.available_codecs()]
    zarrpy.codecs.codecs._loaded.pop("test.announced")


class Announced(Backwards):
    """A codec of another package."""

    name: ClassVar[str] = "test.announced"


# --------------------------------------------------------------------------------- examples


@pytest.mark.parametrize(
    ("example", "output"),
    [
        ("uppercase_codec.py", "THE QUICK BROWN FOX\n"),
        ("rle_codec.py", "10000 bytes in "),
    ],
)
def test_an_example_runs(example, output, capsys):
    """And prints what it stored."""
    runpy.run_path(str(ROOT / "examples" / example), run_name="__main__")

    assert capsys.readouterr().out.startswith(output)


class TestRunLength(BytesToBytesContract):
    codecs = (runpy.run_path(str(ROOT / "examples" / "rle_codec.py"))["RunLength"](),)

    def test_it_is_a_value(self, codec):
        """A class that was not imported does not pickle; equality still holds."""
        assert codec == type(codec)()


# ------------------------------------------------------------------------------------ in C


@pytest.fixture(scope="module")
def xor(tmp_path_factory):
    """The capsule of a codec that is compiled now."""
    source = Path(__file__).parent / "capsule" / "xor_codec.c"
    target = (
        tmp_path_factory.mktemp("capsule") / f"xor_codec{sysconfig.get_config_var('EXT_SUFFIX')}"
    )
    compiler = shlex.split(sysconfig.get_config_var("CC") or "cc")
    include = [f"-I{sysconfig.get_path('include')}", f"-I{ROOT / 'csrc'}"]
    command = [*compiler, "-shared", "-fPIC", "-O2", *include, str(source), "-o", str(target)]
    if sys.platform == "darwin":
        command.insert(1, "-undefined dynamic_lookup")
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no C compiler for modules: install one, and Python's headers ({error})")
    spec = importlib.util.spec_from_file_location("xor_codec", target)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.codec


def test_a_codec_in_c_runs_in_the_native_batch_without_the_gil(xor):
    """By its capsule; the C code itself checks that the GIL is not held."""

    @dataclass(frozen=True, slots=True)
    class Xor(BytesToBytes):
        """Hide bytes a little."""

        name: ClassVar[str] = "test.xor"
        key: int = 0x5A

        def step(self, spec):
            return Step(xor, level=self.key)

    zarrpy.register_codec(Xor)
    try:
        store = zarrpy.MemoryStore()
        array = zarrpy.create_array(
            store, data=VALUES, chunks=(6, 10), compressors=[Xor(), "zlib", "crc32c"]
        )

        assert array.codecs.native
        assert (zarrpy.open(store)[...] == VALUES).all()
        stored = zlib.decompress(store.get("c/0/0")[:-4])
        assert bytes(b ^ 0x5A for b in stored) == VALUES.tobytes()
        with zarrpy.config.set(disable={"native"}):
            assert (zarrpy.open(store)[...] == VALUES).all()
    finally:
        zarrpy.unregister_codec("test.xor")


def test_a_capsule_of_something_else_is_refused():
    """A codec has a capsule of the right name."""
    from zarrpy._native.steps import encode_step

    with pytest.raises(ValueError, match="PyCapsule"):
        encode_step(Step(np.array(1).__array_struct__), b"abc")


# --------------------------------------------------------------------- from other libraries


class Rot(NumcodecsCodec):
    """Add to every byte."""

    codec_id = "test-rot"

    def __init__(self, by=1):
        if not isinstance(by, int):
            raise TypeError("by must be an integer")
        self.by = by

    def encode(self, buf):
        return (np.frombuffer(buf, "u1") + np.uint8(self.by)).tobytes()

    def decode(self, buf, out=None):
        return (np.frombuffer(buf, "u1") - np.uint8(self.by)).tobytes()


class Halve(NumcodecsCodec):
    """Store floats as halves, as an array filter does."""

    codec_id = "test-halve"

    def encode(self, buf):
        return np.asarray(buf).astype("f2")

    def decode(self, buf, out=None):
        return np.asarray(buf).view("f2").astype("f8")


@pytest.fixture
def registered():
    """Both, as classes of numcodecs."""
    zarrpy.register_codec(Rot)
    zarrpy.register_codec(Halve, kind="array -> array")
    yield
    zarrpy.unregister_codec("numcodecs.test-rot")
    zarrpy.unregister_codec("numcodecs.test-halve")


class TestAdopted(BytesToBytesContract):
    codecs = (adopted(Rot)(Rot(3)),)

    def test_it_is_a_value(self, codec):
        """It compares by the configuration; its class, made at run time, does not pickle."""
        assert codec == type(codec)(Rot(3)) != type(codec)(Rot(4))

    def test_an_unknown_parameter_is_refused_by_name(self, codec):
        """Their constructor refuses it."""
        with pytest.raises(zarrpy.MetadataError, match="no_such_parameter"):
            type(codec).from_config({"no_such_parameter": 1})

    def test_damaged_bytes_never_pass_for_another_size(self, codec):
        """Sizes are checked, whatever theirs does."""
        with pytest.raises(zarrpy.CorruptChunkError):
            codec.decode(b"abc", 4)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_class_of_numcodecs_is_a_codec_of_both_formats(registered, zarr_format):
    """Under its id, and under `numcodecs.` and its id."""
    store = zarrpy.MemoryStore()
    values = VALUES.astype("f8")

    zarrpy.create_array(
        store,
        data=values,
        filters=[Halve()],
        compressors=Rot(5),
        zarr_format=zarr_format,
    )

    array = zarrpy.open(store)
    assert (array[...] == values).all()
    names = [codec.name for codec in array.metadata.codecs]
    assert any("test-rot" in name for name in names)
    assert any("test-halve" in name for name in names)


def test_an_object_of_numcodecs_that_we_have_is_ours():
    """And then runs natively."""
    array = zarrpy.create_array(
        {}, data=VALUES, filters=[numcodecs.Delta("i4", "i2")], compressors=numcodecs.Zlib(3)
    )

    assert array.codecs.native
    assert [codec.name for codec in array.codecs.codecs] == [
        "numcodecs.delta",
        "bytes",
        "numcodecs.zlib",
    ]


def test_what_theirs_raises_names_the_codec(registered):
    """Chunk, key and codec."""

    class Failing(Rot):
        codec_id = "test-failing"

        def decode(self, buf, out=None):
            raise RuntimeError("no luck")

    zarrpy.register_codec(Failing)
    try:
        array = zarrpy.create_array({}, data=VALUES, compressors=Failing())
        with pytest.raises(zarrpy.CorruptChunkError, match=r"RuntimeError: no luck") as caught:
            array[...]
        assert caught.value.codec == "numcodecs.test-failing"
    finally:
        zarrpy.unregister_codec("numcodecs.test-failing")
