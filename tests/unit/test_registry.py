"""Tests of `zarrpy.registry`."""

import sys
from importlib import metadata

import pytest

import zarrpy
from zarrpy.metadata import dtypes, key_encoders, transformers
from zarrpy.registry import Registry


@pytest.fixture
def codecs():
    return Registry(
        "codec",
        built_in={"fraction": "fractions:Fraction", "broken": "zarrpy.no_such_module:Thing"},
        aliases={"ratio": "fraction"},
    )


def test_what_is_registered_is_found(codecs):
    """Register, then get."""
    codecs.register("mine", int)

    assert codecs.get("mine") is int
    assert "mine" in codecs


def test_what_nobody_registered_is_none(codecs):
    """Not finding is an answer, not an error; the caller knows the place to name."""
    assert codecs.get("theirs") is None
    assert "theirs" not in codecs


def test_a_built_in_thing_is_imported_when_first_asked_for():
    """A registry costs no import of what it holds."""
    module = "wsgiref.types"
    sys.modules.pop(module, None)
    registry = Registry("codec", built_in={"late": f"{module}:FileWrapper"})
    assert "late" in registry.names()
    assert module not in sys.modules

    assert registry.get("late").__name__ == "FileWrapper"


def test_a_built_in_thing_that_cannot_be_imported_says_so(codecs):
    """The import's own error is better than a silent None."""
    with pytest.raises(ImportError, match="no_such_module"):
        codecs.get("broken")


def test_an_alias_leads_to_its_thing(codecs):
    """Aliases are looked up, and not listed among the names."""
    assert codecs.get("ratio") is codecs.get("fraction")
    assert codecs.canonical("ratio") == "fraction"
    assert codecs.names() == ["broken", "fraction"]
    assert codecs.aliases() == {"ratio": "fraction"}


@pytest.mark.parametrize("name", ["mine", "fraction", "ratio"])
def test_a_name_that_is_taken_is_refused(codecs, name):
    """Nobody replaces a codec by accident, whichever layer it is in."""
    codecs.register("mine", int)

    with pytest.raises(ValueError, match=f"codec named '{name}' already; force=True"):
        codecs.register(name, str)


def test_a_refused_registration_leaves_no_trace(codecs):
    """An alias that is taken refuses the whole."""
    with pytest.raises(ValueError, match="'ratio'"):
        codecs.register("mine", int, aliases=["ratio"])

    assert codecs.get("mine") is None
    assert codecs.get("ratio").__name__ == "Fraction"


def test_force_replaces(codecs):
    """With force the new thing has the name, also where that was an alias."""
    codecs.register("fraction", str, force=True)
    codecs.register("ratio", int, force=True)

    assert (codecs.get("fraction"), codecs.get("ratio")) == (str, int)
    assert not codecs.is_built_in("fraction")


def test_a_replaced_built_in_thing_returns_after_unregistering(codecs):
    """Unregister takes back exactly what register did."""
    original = codecs.get("fraction")
    codecs.register("fraction", str, force=True)

    codecs.unregister("fraction")

    assert codecs.get("fraction") is original
    assert codecs.is_built_in("ratio")


def test_unregistering_takes_the_aliases_too(codecs):
    """No alias is left that leads nowhere."""
    codecs.register("mine", int, aliases=["own"])
    assert codecs.get("own") is int

    codecs.unregister("mine")

    assert codecs.get("own") is None
    assert codecs.aliases() == {"ratio": "fraction"}


@pytest.mark.parametrize(
    ("name", "state"), [("fraction", "is built in"), ("theirs", "is not registered")]
)
def test_unregistering_what_was_not_registered_is_a_key_error(codecs, name, state):
    """The error tells apart what cannot be removed from what is not there."""
    with pytest.raises(KeyError, match=state):
        codecs.unregister(name)


@pytest.mark.parametrize("name", ["", None, 3])
def test_a_name_is_a_string(codecs, name):
    """Anything else is refused at the door."""
    with pytest.raises(ValueError, match="the name of a codec must be a string"):
        codecs.register(name, int)


def test_a_registry_is_a_collection_of_names(codecs):
    """It can be listed, counted and shown."""
    assert list(codecs) == ["broken", "fraction"]
    assert len(codecs) == 2
    assert repr(codecs) == "<registry of 2 codecs>"
    assert 3 not in codecs


@pytest.fixture
def announced(monkeypatch):
    points = [
        metadata.EntryPoint("installed", "fractions:Fraction", "zarrpy.codecs"),
        metadata.EntryPoint("Bad Name", "fractions:Fraction", "zarrpy.codecs"),
    ]
    monkeypatch.setattr(metadata, "entry_points", lambda group: points)
    return Registry("codec", entry_points="zarrpy.codecs")


def test_an_installed_package_may_announce_a_thing(announced):
    """Its entry point is loaded when the name is asked for."""
    assert announced.get("installed").__name__ == "Fraction"
    assert announced.names() == ["installed"]


@pytest.mark.parametrize("name", ["Bad Name", "../installed", "os:system", "installed\n"])
def test_a_name_that_no_package_may_claim_is_never_loaded(announced, name):
    """Names in hostile documents reach no import."""
    assert announced.get(name) is None


def test_everything_tells_what_it_is_and_why_it_cannot_be_used(announced):
    """Also what fails to import, and what lacks a package; asking raises nothing."""

    class Needy:
        """Needs much.

        And says more.
        """

        version = "3.1"
        package = "no_such_package"

    announced.register("needy", Needy)
    told = {info.name: info for info in announced.infos()}

    assert (told["needy"].kind, told["needy"].description) == ("codec", "Needs much.")
    assert (told["needy"].version, told["needy"].available) == ("3.1", False)
    assert "'no_such_package' is not installed" in told["needy"].reason
    broken = [info for info in told.values() if info.name != "needy" and not info.available]
    assert all(info.reason for info in broken)


@pytest.mark.parametrize(
    ("group", "find"),
    [
        ("zarrpy.codecs", lambda: zarrpy.codecs.codecs),
        ("zarrpy.data_types", lambda: dtypes._records),
        ("zarrpy.chunk_key_encodings", lambda: key_encoders._known),
        ("zarrpy.storage_transformers", lambda: transformers._known),
    ],
)
def test_packages_announce_every_kind_of_plug_in(monkeypatch, group, find):
    """They are imported when they are first named."""
    asked = []
    registry = find()
    monkeypatch.setattr(registry, "_announced", None)
    monkeypatch.setattr(metadata, "entry_points", lambda group: asked.append(group) or [])

    assert registry.get("example.announced") is None
    assert asked == [group]


@pytest.mark.parametrize("name", ["Run Length", "9lives", "a", "café", "x\ny", "https:// no"])
def test_a_name_that_documents_should_not_have_is_warned_of(codecs, name):
    """It is registered all the same: somebody may have documents with it."""
    with pytest.warns(UserWarning, match="other readers may refuse what names it"):
        codecs.register(name, int)

    assert codecs.get(name) is int


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ["mine", "numcodecs.zlib", "a_b-c.2", "https://example.com/codec"])
def test_a_name_of_the_specification_is_registered_in_silence(codecs, name):
    """Addresses are tolerated."""
    codecs.register(name, int)

    assert codecs.get(name) is int
