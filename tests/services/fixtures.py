"""Servers as fixtures: one of each kind for a whole run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.services.databases.servers import MissingError, Server


def running(server: Server) -> Any:
    """Make a fixture of a server; without it tests are skipped, or fail if it is required."""

    @pytest.fixture(scope="session", name=server.name)
    def address() -> Iterator[str]:
        try:
            context = server.address()
            given = context.__enter__()
        except MissingError as error:
            if os.environ.get("ZARRPY_SERVICES") == "required":
                raise
            pytest.skip(str(error))
        yield given
        context.__exit__(None, None, None)

    return address
