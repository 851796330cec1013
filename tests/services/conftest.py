"""Servers that the tests of this folder share, each started once and stopped at the end."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from peers.environments import EnvironmentMissingError

from services import servers
from services.proxy import Proxy, proxy_to


def _served(serve: Callable[[Path], AbstractContextManager[str]], folder: Path) -> Iterator[str]:
    """Serve until the last test has ended; what is not installed is a reason to skip."""
    serving = serve(folder)
    try:
        address = serving.__enter__()
    except EnvironmentMissingError as error:
        pytest.skip(f"{error}")
    try:
        yield address
    finally:
        serving.__exit__(None, None, None)


@pytest.fixture(scope="session")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of S3 as moto serves it."""
    yield from _served(servers.moto, tmp_path_factory.mktemp("moto"))


@pytest.fixture
def proxy(moto: str) -> Iterator[Proxy]:
    """A server before moto."""
    with proxy_to(moto) as proxy:
        yield proxy
