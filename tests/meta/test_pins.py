"""What the build fetches: pins, hashes, and the words when something is missing."""

from __future__ import annotations

import hashlib
import importlib
import sys
import zipfile

import pytest


@pytest.fixture
def fetch(repository, monkeypatch):
    """The module vendor.fetch, of the source tree."""
    monkeypatch.syspath_prepend(str(repository))
    return importlib.import_module("vendor.fetch")


@pytest.fixture
def plan(repository, monkeypatch):
    """The module vendor.plan, with an environment that says nothing."""
    monkeypatch.syspath_prepend(str(repository))
    for name in ("ZARRPY_NATIVE", "ZARRPY_STRICT", "ZARRPY_VENDOR_DIR"):
        monkeypatch.delenv(name, raising=False)
    return importlib.import_module("vendor.plan")


@pytest.fixture
def archive(fetch, tmp_path):
    """A small wheel, and the pin of it."""
    path = tmp_path / "archives" / "toy-1.0-py3-none-any.whl"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("toy/lib/libtoy.a", b"library")
        wheel.writestr("toy/readme.txt", b"text")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return path, fetch.Pin("toy", "1.0", "linux-x86_64", digest)


def test_every_pin_is_complete(fetch):
    """A pin names a project, an exact version, a kind and a SHA-256."""
    pins = fetch.pins()
    assert {pin.name for pin in pins} >= {"blosc2", "deflate", "zstandard", "numcodecs"}
    for pin in pins:
        assert pin.version[0].isdigit(), pin
        assert len(bytes.fromhex(pin.sha256)) == 32, pin
        assert pin.kind == "sdist" or pin.kind.partition("-")[0] in ("linux", "macosx", "win"), pin


def test_an_archive_in_the_vendor_folder_needs_no_network(fetch, archive, monkeypatch):
    """ZARRPY_VENDOR_DIR is looked at before anything is downloaded."""
    path, pin = archive
    monkeypatch.setenv("ZARRPY_VENDOR_DIR", str(path.parent))

    assert fetch.fetch(pin) == path


def test_an_archive_with_another_hash_is_never_used(fetch, archive, monkeypatch):
    """A changed archive counts as absent, and the message names the hash that is wanted."""
    path, pin = archive
    path.write_bytes(path.read_bytes() + b"!")
    monkeypatch.setenv("ZARRPY_VENDOR_DIR", str(path.parent))

    with pytest.raises(fetch.FetchError, match=f"toy 1.0.*{pin.sha256}"):
        fetch.fetch(pin)


def test_a_download_that_fails_says_what_helps(fetch, archive, monkeypatch, tmp_path):
    """Without a network the message names the archive, pip's reason and the ways out."""
    _, pin = archive
    monkeypatch.delenv("ZARRPY_VENDOR_DIR", raising=False)
    monkeypatch.setenv("ZARRPY_BUILD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))

    with pytest.raises(fetch.FetchError) as caught:
        fetch.fetch(pin)

    for words in ("toy==1.0", "No matching distribution", "ZARRPY_VENDOR_DIR", "ZARRPY_NATIVE"):
        assert words in str(caught.value)


def test_only_what_is_asked_for_is_extracted(fetch, archive, tmp_path):
    """Of an archive the named members are taken and nothing else."""
    path, _ = archive

    fetch.extract(path, ("toy/lib/*.a",), tmp_path / "out")

    files = [found.name for found in (tmp_path / "out").rglob("*") if found.is_file()]
    assert files == ["libtoy.a"]


def test_a_member_that_leaves_its_folder_is_refused(fetch, tmp_path):
    """An archive cannot write beside the folder it is extracted to."""
    path = tmp_path / "evil-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("../evil.a", b"")

    with pytest.raises(fetch.FetchError, match="evil"):
        fetch.extract(path, ("*.a",), tmp_path / "out")


def test_an_unknown_way_to_build_is_refused(plan, monkeypatch):
    """ZARRPY_NATIVE takes four words and the message lists them."""
    monkeypatch.setenv("ZARRPY_NATIVE", "conan")

    with pytest.raises(plan.BuildError, match="'conan' is not one of auto, blosc2, sdist, system"):
        plan.mode()


def test_a_platform_without_the_wheel_builds_from_source(plan, monkeypatch):
    """Where no blosc2 wheel is pinned, auto means sdist, and asking for blosc2 says so."""
    monkeypatch.setattr(plan, "platform", lambda: "linux-riscv64")
    assert plan.mode() == "sdist"

    monkeypatch.setenv("ZARRPY_NATIVE", "blosc2")
    with pytest.raises(plan.BuildError, match="linux-riscv64; use ZARRPY_NATIVE=sdist"):
        plan.mode()


def test_musl_builds_from_source(plan, monkeypatch):
    """The archive of the wheels is made for glibc."""
    monkeypatch.setattr(plan, "_musl", lambda: True)

    assert plan.mode() == "sdist"


@pytest.fixture
def no_archives(plan, monkeypatch, tmp_path):
    """A folder of archives that holds only what a test puts there, and a known platform."""
    monkeypatch.setattr(plan, "platform", lambda: "linux-x86_64")
    monkeypatch.setattr(plan, "_musl", lambda: False)
    monkeypatch.setenv("ZARRPY_VENDOR_DIR", str(tmp_path))


@pytest.mark.usefixtures("no_archives")
def test_without_libdeflate_the_build_goes_on_and_says_so(plan):
    """zlib-ng does libdeflate's work; a note tells it."""
    made = plan.make()

    assert ("ZP_HAVE_LIBDEFLATE", "1") not in made.macros
    assert ("ZP_HAVE_ZLIBNG", "1") in made.macros
    assert "libdeflate is left out" in made.notes[0]


@pytest.mark.usefixtures("no_archives")
def test_a_strict_build_does_without_nothing(plan, monkeypatch):
    """ZARRPY_STRICT=1, for wheels to publish, makes a missing library an error."""
    monkeypatch.setenv("ZARRPY_STRICT", "1")

    with pytest.raises(plan.FetchError, match=r"deflate 0.9.0 \(sdist\)"):
        plan.make()


@pytest.mark.usefixtures("no_archives")
def test_each_way_tells_the_engine_what_it_has(plan, monkeypatch):
    """The macros follow from the way: source has no zlib-ng, the system no blosclz."""
    told = {}
    for way in ("sdist", "system"):
        monkeypatch.setenv("ZARRPY_NATIVE", way)
        told[way] = {name for name, value in plan.make().macros if value == "1"}

    assert told["sdist"] == {"ZP_HAVE_BLOSCLZ", "ZP_HAVE_LIBDEFLATE", "ZP_HAVE_ZFP"}
    assert told["system"] == {"ZP_SYSTEM_LIBS", "ZP_HAVE_LIBDEFLATE"}


def test_every_linked_library_has_a_licence(plan, monkeypatch):
    """What is compiled in or taken from the archive is named among the licences."""
    for way in ("sdist", "auto"):
        monkeypatch.setenv("ZARRPY_NATIVE", way)
        made = plan.make()
        libraries = {source.library.replace("blosclz", "blosc") for source in made.compile}
        assert libraries <= set(made.licences)
        assert set(made.licences) <= set(plan.LICENCES)


def test_a_machine_without_a_compiler_is_told_what_to_install(plan, tmp_path):
    """The message names the compiler looked for and the packages that have one."""
    with pytest.raises(plan.BuildError, match=r"'no-such-cc' is not on PATH.*build-essential"):
        plan.check_toolchain("no-such-cc", tmp_path)


def test_a_machine_without_pythons_headers_is_told_what_to_install(plan, tmp_path):
    """The message names the folder looked into and the packages that have them."""
    with pytest.raises(plan.BuildError, match=r"no Python\.h in .*python3-dev"):
        plan.check_toolchain(sys.executable, tmp_path)
