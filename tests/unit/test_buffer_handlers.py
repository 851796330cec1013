"""A signal's handler that uses a buffered array while a piece of it is copied."""

import numpy as np
import pytest

import zarrpy
from zarrpy.engine import buffer
from zarrpy.engine.copies import Copies


def interrupted(monkeypatch, handler):
    """Have a handler run once, between the parts of the next piece."""
    calls = [handler]

    class Interrupted(Copies):
        def finish(self):
            super().finish()
            if calls:
                calls.pop()()

    monkeypatch.setattr(buffer, "Copies", Interrupted)


@pytest.mark.parametrize("earlier", [False, True])
@pytest.mark.parametrize("then", ["write", "write whole", "flush", "write and flush"])
def test_what_a_handler_writes_is_kept(monkeypatch, earlier, then):
    """In a chunk that has pieces already, or has none."""
    array = zarrpy.create_array({}, shape=(8, 8), chunks=(8, 8), dtype="i4")
    wanted = np.zeros((8, 8), "i4")

    def handler():
        if then == "write whole":
            array[...] = 5
            wanted[...] = 5
        elif then != "flush":
            array[0, :4] = 5
            wanted[0, :4] = 5
        if "flush" in then:
            array.flush()

    with array.buffered():
        if earlier:
            array[1] = 3
            wanted[1] = 3
        interrupted(monkeypatch, handler)
        array[2:6] = 7
        wanted[2:6] = 7
        np.testing.assert_array_equal(array[...], wanted)
        assert array._buffer.nbytes in (0, 8 * 8 * 5)
    np.testing.assert_array_equal(array[...], wanted)
