"""Servers that tests start for themselves: on free ports of this machine, in folders of their own.

Each is started once for all tests of a run, when the first asks for it, and is stopped with it.
What is missing is said with the command that installs it.  An address in the environment stands for
a server of yours, which is not started or stopped:

    ZARRPY_POSTGRES_URL=postgresql://... ZARRPY_MONGODB_URL=mongodb://... ZARRPY_REDIS_URL=redis://...
"""

from __future__ import annotations

import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec

#: How long a server may take until it answers.
PATIENCE_SECONDS = 60


class MissingError(Exception):
    """A server cannot be started here, and this is what would help."""


@dataclass(frozen=True)
class Server:
    """A kind of server.

    Parameters
    ----------
    name : str
    variable : str
        Names in the environment the address of one that runs already.
    lack : callable
        Says what is missing and how to get it; None when it can be started.
    running : callable
        Context manager that starts one and gives its address.
    packages : tuple of str
        Of Debian, that `make test-services` installs where it may.
    """

    name: str
    variable: str
    lack: Callable[[], str | None]
    running: Callable[[], Iterator[str]]
    packages: tuple[str, ...] = ()

    @contextmanager
    def address(self) -> Iterator[str]:
        """Give the address of one that runs."""
        given = os.environ.get(self.variable)
        if given:
            yield given
            return
        lack = self.lack()
        if lack is not None:
            raise MissingError(lack)
        with self.running() as address:
            yield address


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def started(command: list[str], answers: Callable[[], bool], **more: object) -> Iterator[None]:
    """Run a server until the block ends; it is stopped by its number."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, **more
        )
        try:
            end = time.monotonic() + PATIENCE_SECONDS
            while not answers():
                if process.poll() is not None or time.monotonic() > end:
                    log.seek(0)
                    raise RuntimeError(f"{command[0]} does not start:\n{log.read().decode()}")
                time.sleep(0.05)
            yield
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def listens(port: int) -> bool:
    """Whether somebody answers at a port."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


# ------------------------------------------------------------------------------- PostgreSQL


def postgres_program(name: str) -> str | None:
    """Find a program of PostgreSQL, the newest where there are several."""
    beside = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"), key=version_in)
    return beside[-1] if beside else shutil.which(name)


def version_in(path: str) -> tuple[int, ...]:
    """Read the version out of a path."""
    return tuple(int(part) for part in path.split("/")[4].split(".") if part.isdecimal())


def lacks_postgres() -> str | None:
    """Look for the server and the driver."""
    if find_spec("psycopg") is None:
        return "psycopg is missing: pip install 'zarrpy[test]'"
    if postgres_program("initdb") is None:
        return "PostgreSQL is missing: apt-get install postgresql, or make test-services"
    if os.geteuid() == 0 and not other_user():
        return "PostgreSQL does not run as root, and there is no user postgres or nobody"
    return None


def other_user() -> str | None:
    """Name a user that a server may run as which refuses to run as root."""
    known = {each.pw_name for each in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in known), None)


@contextmanager
def postgres() -> Iterator[str]:
    """Start a new cluster, which is deleted afterwards."""
    folder = tempfile.mkdtemp(prefix="zarrpy-postgres-")
    user = other_user() if os.geteuid() == 0 else None
    if user is not None:
        shutil.chown(folder, user)
    port = free_port()
    try:
        data = os.path.join(folder, "data")
        subprocess.run(
            [
                *(postgres_program("initdb"), "-D", data, "-U", "zarrpy", "-A", "trust"),
                *("--encoding=UTF8", "--no-locale", "--no-sync"),
            ],
            check=True,
            user=user,
            cwd=folder,
            capture_output=True,
        )
        command = [postgres_program("postgres"), "-D", data, "-p", str(port), "-h", "127.0.0.1"]
        command += ["-k", folder, "-c", "fsync=off", "-c", "max_connections=64"]
        url = f"postgresql://zarrpy@127.0.0.1:{port}/postgres"
        with started(command, lambda: answers_postgres(url), user=user, cwd=folder):
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def answers_postgres(url: str) -> bool:
    """Whether the database takes connections."""
    import psycopg

    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


# ---------------------------------------------------------------------------------- MongoDB


def lacks_mongodb() -> str | None:
    """Look for the server and the driver."""
    if find_spec("pymongo") is None:
        return "pymongo is missing: pip install 'zarrpy[test]'"
    if mongodb_program() is None:
        return "NX-27017 is missing: pip install 'zarrpy[test]'"
    return None


def mongodb_program() -> str | None:
    """Find the server that speaks the protocol of MongoDB."""
    beside = os.path.join(os.path.dirname(sys.executable), "nx-27017")
    return beside if os.path.exists(beside) else shutil.which("nx-27017")


@contextmanager
def mongodb() -> Iterator[str]:
    """Start NX-27017: the wire protocol of MongoDB, and SQLite behind it."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="zarrpy-mongodb-") as folder:
        command = [mongodb_program(), "--host", "127.0.0.1", "--port", str(port)]
        command += ["--db", os.path.join(folder, "data.db")]
        command += ["--pid-file", os.path.join(folder, "pid")]  # else there is one a machine
        with started(command, lambda: listens(port), cwd=folder):
            yield f"mongodb://127.0.0.1:{port}"


# ------------------------------------------------------------------------------------ Redis


def lacks_redis() -> str | None:
    """Look for the server and the driver."""
    if find_spec("redis") is None:
        return "redis is missing: pip install 'zarrpy[test]'"
    if shutil.which("redis-server") is None:
        return "redis-server is missing: apt-get install redis-server, or make test-services"
    return None


@contextmanager
def redis() -> Iterator[str]:
    """Start a server that keeps nothing on the disk."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="zarrpy-redis-") as folder:
        command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", folder]
        command += ["--save", "", "--appendonly", "no"]
        with started(command, lambda: listens(port)):
            yield f"redis://127.0.0.1:{port}/0"


SERVERS = {
    server.name: server
    for server in (
        Server("postgres", "ZARRPY_POSTGRES_URL", lacks_postgres, postgres, ("postgresql",)),
        Server("mongodb", "ZARRPY_MONGODB_URL", lacks_mongodb, mongodb),
        Server("redis", "ZARRPY_REDIS_URL", lacks_redis, redis, ("redis-server",)),
    )
}
