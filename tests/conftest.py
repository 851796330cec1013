"""What all tests share: stores to write to, what is in them, and how hard Hypothesis tries."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

import zarrpy
from zarrpy import config
from zarrpy._native.files import SETTLE_NS
from zarrpy.stores import LocalStore, MemoryStore, Store

sys.path.insert(0, str(Path(__file__).resolve().parent))

import report

# Scripts that other implementations run in environments of theirs; nothing in them is a test.
collect_ignore_glob = [
    "golden/make_*.py", "conformance/make_golden.py", "ecosystem/names/tell_*.py"
]  # fmt: skip

pytest.register_assert_rewrite(
    *(f"zarrpy.testing.{name}_contract" for name in ("store", "value", "key", "node", "codec"))
)

# `make test` tries a few examples of everything, `make test-long` many (--hypothesis-profile).
_COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("short", max_examples=40, **_COMMON)
settings.register_profile("long", max_examples=1500, **_COMMON)
settings.load_profile(os.environ.get("ZARRPY_TEST_PROFILE", "short"))


def pytest_configure(config: pytest.Config) -> None:
    """Stop unless zarrpy comes from where ZARRPY_TESTED says: tests of a wheel test the wheel."""
    # A shell that starts the tests in the background makes them deaf to Ctrl-C, which some send.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    wanted = os.environ.get("ZARRPY_TESTED")
    if wanted and not all(Path(path).is_relative_to(wanted) for path in zarrpy.__path__):
        raise pytest.UsageError(f"zarrpy comes from {zarrpy.__path__}, not from {wanted}")


@pytest.hookimpl(optionalhook=True)  # where pytest-xdist runs the tests
def pytest_xdist_auto_num_workers() -> int:
    """One worker more than there are processors: many tests wait for processes and servers."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave long tests, and those that need servers, to those who ask for them by ``-m``."""
    if config.option.markexpr:
        return
    taken, left = [], []
    for item in items:
        asked_for = any(map(item.get_closest_marker, ("long", "services")))
        (left if asked_for else taken).append(item)
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = taken


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand what the tests told to the process that prints it, where there are several."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["told"] = report.SECTIONS


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take what the tests of another process told."""
    for section, lines in getattr(node, "workeroutput", {}).get("told", {}).items():
        report.tell(section, lines)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print it."""
    for section, lines in report.SECTIONS.items():
        terminalreporter.section(section)
        for line in lines:
            terminalreporter.write_line(line)


def _serve_nothing() -> None:
    compat = sys.modules.get("zarrpy.compat")
    if compat is not None:
        compat.uninstall()
    adapting = sys.modules.get("zarrpy.compat.adapting")
    if adapting is not None:
        adapting.restore()


@pytest.fixture(autouse=True)
def nothing_is_served() -> Iterator[None]:
    """Serve nothing in the place of zarr-python but in a test that asks for it.

    What is served adapts errors and warnings of the whole process.
    """
    _serve_nothing()
    yield
    _serve_nothing()


@pytest.fixture
def settle() -> Callable[[], None]:
    """Wait until files are no longer so young that two changes may leave the same state behind.

    Until then handles read the document of their array with each call.
    """
    return lambda: time.sleep(1.5e-9 * SETTLE_NS)


@pytest.fixture
def slack() -> int:
    """How many times the memory and time that it takes otherwise a sanitized build may take."""
    return 10 if os.environ.get("ZARRPY_SANITIZE") else 1


@pytest.fixture(params=["memory", "local"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A new empty store, once of each kind."""
    return MemoryStore() if request.param == "memory" else LocalStore(tmp_path / "store")


@pytest.fixture(params=["native", "python"])
def body(request: pytest.FixtureRequest) -> Iterator[str]:
    """Run a test with the engine's batch, and with the one in Python; in all threads of it."""
    before = config.disable
    config.disable = frozenset(["native"] if request.param == "python" else [])
    yield request.param
    config.disable = before


@pytest.fixture
def contents() -> Callable[[Store], dict[str, bytes]]:
    """A function that gives every stored value, and every file of a local store, as it is."""

    def look(store: Store) -> dict[str, bytes]:
        if not isinstance(store, LocalStore):
            return {key: bytes(store.get(key) or b"") for key in store.list()}
        root = Path(store.root)
        return {
            path.relative_to(root).as_posix(): path.read_bytes()
            for path in root.rglob("*")
            if path.is_file()
        }

    return look


class CountingStore(MemoryStore):
    """A memory store that notes every request: reads as (n keys), listings, and writes."""

    def __init__(self) -> None:
        super().__init__()
        self.forget()

    def forget(self) -> None:
        """Begin to count anew."""
        self.reads: list[tuple[str, ...]] = []
        self.listed: list[str] = []
        self.written: list[str] = []
        self.deleted: list[str] = []

    @property
    def nrequests(self) -> int:
        """All that was asked, a group of reads as one."""
        return len(self.reads) + len(self.listed) + len(self.written) + len(self.deleted)

    def get(self, key: str, byte_range: Any = None) -> Any:
        """Note a read."""
        self.reads.append((key,))
        return super().get(key, byte_range)

    def get_many(self, keys: Sequence[str]) -> list[Any]:
        """Note reads as one request."""
        self.reads.append(tuple(keys))
        return super().get_many(keys)

    def set(self, key: str, value: Any) -> None:
        """Note a write."""
        self.written.append(key)
        super().set(key, value)

    def set_many(self, keys: Sequence[str], values: Sequence[Any]) -> None:
        """Note writes."""
        self.written.extend(keys)
        super().set_many(keys, values)

    def delete(self, key: str) -> None:
        """Note a deletion."""
        self.deleted.append(key)
        super().delete(key)

    def list(self, prefix: str = "") -> Iterator[str]:
        """Note a listing."""
        self.listed.append(prefix)
        return super().list(prefix)

    def list_dir(self, prefix: str = "") -> Any:
        """Note a listing."""
        self.listed.append(prefix)
        start = len(prefix)
        keys = MemoryStore.list(self, prefix)
        return sorted({key[start:].split("/", 1)[0] for key in keys})


@pytest.fixture
def counting_store() -> CountingStore:
    """A new empty store that counts its requests."""
    return CountingStore()
