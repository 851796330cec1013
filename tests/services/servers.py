"""Programs that serve on a free port of this machine, for as long as tests need them."""

from __future__ import annotations

import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from peers import environments

HOST = "127.0.0.1"


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def answers(port: int) -> bool:
    """Whether somebody listens on a port."""
    with suppress(OSError), socket.create_connection((HOST, port), timeout=1):
        return True
    return False


@contextmanager
def running(
    command: Sequence[str | Path],
    ready: Callable[[], bool],
    *,
    log: Path,
    seconds: float = 60,
    env: dict[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program until the block is left; it begins when the program is ready.

    Raises
    ------
    RuntimeError
        When it ends before, or is not ready in time; with the end of what it printed.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(word) for word in command],
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=environments.variables() | (env or {}),
        )
        try:
            end = time.monotonic() + seconds
            while not ready():
                if process.poll() is not None or time.monotonic() > end:
                    said = log.read_text(errors="replace")[-2000:]
                    raise RuntimeError(f"{command[0]} does not serve: {said}")
                time.sleep(0.05)
            yield process
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def put(url: str, headers: dict[str, str] | None = None) -> None:
    """Make something by a request without a body, such as a bucket."""
    request = urllib.request.Request(url, method="PUT", headers=headers or {}, data=b"")
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30).close()


@contextmanager
def moto(folder: Path) -> Iterator[str]:
    """Serve S3 by moto; gives its address, with a bucket of the name ``bucket``."""
    python = environments.ensure("moto")
    port = free_port()
    command = [python, Path(__file__).parent.parent / "peers" / "moto_server.py", HOST, str(port)]
    with running(command, lambda: answers(port), log=folder / "moto.log"):
        put(f"http://{HOST}:{port}/bucket")
        yield f"http://{HOST}:{port}"
