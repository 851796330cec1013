"""Codecs of numcodecs that need packages of their own, and a library that has these."""

from __future__ import annotations

import pytest
from peers.client import Peer
from peers.environments import EnvironmentMissingError

from interop import rare_cases
from interop.cases import texts_of
from interop.exchange import Exchange, Outcome, scratch

pytestmark = pytest.mark.peers

LIBRARY = "zarr 2 with packages"
CODECS = {"json2", "msgpack2", "pcodec", "vlen-array", "zfpy"}
#: What the library cannot do, in its own words: zfpy without loss is a mode that it does not write.
LIMITS = {("the library writes", "zfpy"): "no attribute 'compression_kwargs'"}
TEXTS = {dtype: texts_of(dtype) for dtype in ("string", "bytes")}


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Outcome]:
    """Every array in both directions."""
    cases = rare_cases.with_packages(TEXTS)
    try:
        with scratch() as folder, Peer(LIBRARY) as peer, Peer("zarrpy") as zarrpy:
            exchange = Exchange(folder, cases)
            ours = exchange.write(zarrpy)
            theirs = exchange.write(peer)
            return {
                "zarrpy writes": ours,
                "the library reads it": exchange.read(peer, "zarrpy", ours),
                "the library writes": theirs,
                "zarrpy reads it": exchange.read(zarrpy, LIBRARY, theirs),
            }
    except EnvironmentMissingError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize(
    "direction",
    ["zarrpy writes", "the library reads it", "the library writes", "zarrpy reads it"],
)
def test_both_read_what_the_other_wrote(outcomes: dict[str, Outcome], direction: str) -> None:
    """Bit for bit, each array through each codec, but for what the library cannot write."""
    outcome = outcomes[direction]
    wanted = CODECS - {"zfpy"} if direction == "zarrpy reads it" else CODECS

    assert {name.split("/")[1] for name in outcome} == wanted
    unknown = {
        name: error
        for name, error in outcome.items()
        if (error != "") != ((direction, name.split("/")[1]) in LIMITS)
        or LIMITS.get((direction, name.split("/")[1]), "") not in error
    }
    assert unknown == {}
