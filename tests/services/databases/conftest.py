"""Servers as fixtures: one of each kind for a whole run."""

import os
import sys

import pytest

from tests.services.databases.servers import SERVERS, MissingError


def running(name):
    """Make a fixture of a server; without it tests are skipped, or fail if it is required."""

    @pytest.fixture(scope="session", name=name)
    def address():
        try:
            context = SERVERS[name].address()
            given = context.__enter__()
        except MissingError as error:
            if os.environ.get("ZARRPY_SERVICES") == "required":
                raise
            pytest.skip(str(error))
        yield given
        context.__exit__(None, None, None)

    return address


postgres = running("postgres")
mongodb = running("mongodb")
redis = running("redis")


@pytest.fixture(autouse=True, scope="session")
def closed():
    """Let go of the clients that stores share."""
    yield
    if "zarrpy.stores.mongodb_client" in sys.modules:
        sys.modules["zarrpy.stores.mongodb_client"].close_clients()
