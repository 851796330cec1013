"""Servers of databases as fixtures."""

import sys

import pytest

from tests.services.databases.servers import SERVERS
from tests.services.fixtures import running

postgres = running(SERVERS["postgres"])
mongodb = running(SERVERS["mongodb"])
redis = running(SERVERS["redis"])


@pytest.fixture(autouse=True, scope="session")
def closed():
    """Let go of the clients that stores share."""
    yield
    if "zarrpy.stores.mongodb_client" in sys.modules:
        sys.modules["zarrpy.stores.mongodb_client"].close_clients()
