"""Tests of `zarrpy.stores.in_flight`: several requests at the same time."""

import os
import signal
import threading
import time

import pytest

from zarrpy.config import config
from zarrpy.stores.in_flight import in_flight


def test_answers_come_in_the_order_of_the_items():
    """Whoever is first."""

    def slow(i):
        time.sleep(0.002 * (5 - i))
        return i * 10

    assert in_flight(slow, range(5), 5) == [0, 10, 20, 30, 40]
    assert in_flight(slow, [], 5) == []


def test_no_more_are_under_way_than_wanted():
    """And as many as that."""
    gate, lock, now, most = threading.Barrier(3, timeout=10), threading.Lock(), [0], [0]

    def count(i):
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        gate.wait()
        with lock:
            now[0] -= 1

    in_flight(count, range(9), 3)

    assert most == [3]


def test_the_first_failure_is_raised_and_nothing_else_begun():
    """What is under way comes to its end before."""
    begun, ended = [], []

    def work(i):
        begun.append(i)
        if i == 1:
            raise LookupError("one")
        time.sleep(0.05)
        ended.append(i)

    with pytest.raises(LookupError, match="one"):
        in_flight(work, range(100), 2)

    assert len(begun) < 10
    assert sorted(ended) == [i for i in sorted(begun) if i != 1]


def test_calls_see_the_settings_of_the_caller():
    """Though made in other threads."""
    with config.set(requests=77):
        assert in_flight(lambda i: config.requests, range(4), 4) == [77] * 4


def test_flights_within_flights_end():
    """Threads do not wait for threads."""

    def outer(i):
        return sum(in_flight(lambda j: i * j, range(50), 64))

    assert in_flight(outer, range(300), 200) == [i * 1225 for i in range(300)]


def test_an_interrupt_comes_through_at_once():
    """Reading stops where it is; what changes something is waited for."""
    for finish in (False, True):
        gate = threading.Event()
        ended = []

        def work(i, gate=gate, ended=ended):
            if i == 0:
                os.kill(os.getpid(), signal.SIGINT)
            gate.wait(0.3)
            ended.append(i)

        with pytest.raises(KeyboardInterrupt):
            in_flight(work, range(100), 2, finish=finish)
        if finish:
            assert len(ended) >= 1
        gate.set()
        time.sleep(0.05)
        assert len(ended) < 10


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork: run this on Linux or macOS")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_has_threads_of_its_own():
    """Those of the parent are not there."""
    in_flight(str, range(4), 4)
    child = os.fork()
    if child == 0:
        os._exit(0 if in_flight(str, range(4), 4) == ["0", "1", "2", "3"] else 1)
    assert os.waitpid(child, 0)[1] == 0
