"""What the engine says of failures becomes an exception of the right kind."""

from __future__ import annotations

import errno

import pytest

from zarrpy._native.failure import system_failure
from zarrpy.errors import ReadOnlyStoreError, StoreError


@pytest.mark.parametrize(
    ("operation", "number", "kind"),
    [
        ("set", errno.EACCES, ReadOnlyStoreError),
        ("set", errno.EROFS, ReadOnlyStoreError),
        ("set", errno.ENOSPC, StoreError),
        ("get", errno.EACCES, StoreError),
    ],
)
def test_only_a_forbidden_write_is_one(operation, number, kind):
    """A full disk is another thing, and so is a file that may not be read."""
    assert type(system_failure("why", "c/0", operation, number)) is kind
