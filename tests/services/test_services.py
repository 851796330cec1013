"""The contract of stores against services themselves, where the environment names a bucket."""

from __future__ import annotations

import os
import pickle
import uuid

import pytest

from zarrpy.stores import ObjectStore
from zarrpy.testing.store_contract import StoreContract

pytestmark = pytest.mark.services


def real(variable):
    """Address of a service from the environment, with a new path in it."""
    url = os.environ.get(variable)
    if not url:
        pytest.skip(f"needs a bucket of the service itself: set {variable} to its address")
    return f"{url.rstrip('/')}/zarrpy-test-{uuid.uuid4().hex}"


@pytest.mark.parametrize("variable", ["ZARRPY_S3_URL", "ZARRPY_AZURE_URL", "ZARRPY_GCS_URL"])
class TestRealService(StoreContract):
    """A service itself, with the credentials of the environment; what is written is deleted."""

    nkeys = 1200
    exchanges = True

    @pytest.fixture
    def store(self, variable):
        store = ObjectStore(real(variable))
        yield store
        store.read_only = False
        store.delete_prefix("")

    @pytest.fixture
    def another(self, store):
        return pickle.loads(pickle.dumps(store))
