"""The near side of a peer: starts its worker, sends jobs, collects answers."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from peers import adapters, environments

WORKER = Path(__file__).with_name("worker.py")
#: The far side of peers in JavaScript: environment -> program.
WORKERS = {"zarrita": Path(__file__).with_name("zarrita_worker.mjs")}
Answer = dict[str, Any]


def interpreter_of(library: str) -> Path:
    """Return the interpreter that runs a library, making its environment if needed."""
    environment = adapters.ENVIRONMENT_OF.get(library)
    return Path(sys.executable) if environment is None else environments.ensure(environment)


def command_of(library: str) -> list[str]:
    """Return the command that starts the worker of a library."""
    environment = adapters.ENVIRONMENT_OF.get(library)
    interpreter = str(interpreter_of(library))
    if environment in WORKERS:
        folder = environments.ENVIRONMENTS[environment].directory
        return [interpreter, str(WORKERS[environment]), str(folder)]
    return [interpreter, str(WORKER), library]


class Peer:
    """A library in a process of its own.

    Parameters
    ----------
    library : str
        Name, as in :data:`peers.adapters.LIBRARIES`.
    patience : float
        Seconds to wait for one answer before the process is ended.

    Notes
    -----
    A process that dies or hangs answers the job it had in hand with an error, and is started
    again for the jobs that follow.
    """

    def __init__(self, library: str, patience: float = 60) -> None:
        self.library = library
        self.patience = patience
        self._command = command_of(library)
        self._process: subprocess.Popen[bytes] | None = None
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  (lives as long as the peer)
        self._pending = b""

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def versions(self) -> dict[str, str]:
        """Ask for the versions of what takes part."""
        (answer,) = self.ask("versions", [{}])
        if not answer["ok"]:
            raise RuntimeError(f"{self.library} does not start: {answer['error']}")
        versions: dict[str, str] = answer["versions"]
        return versions

    def ask(self, op: str, jobs: list[dict[str, Any]]) -> list[Answer]:
        """Send jobs in one request and return their answers in order."""
        answers: list[Answer] = []
        while len(answers) < len(jobs):
            process = self._started()
            assert process.stdin is not None
            request = json.dumps({"op": op, "jobs": jobs[len(answers) :]})
            with contextlib.suppress(BrokenPipeError):  # it died: the missing answer tells
                process.stdin.write(request.encode() + b"\n")
                process.stdin.flush()
            while len(answers) < len(jobs):
                answer = self._answer()
                answers.append(answer)
                if self._process is None:
                    break  # start it again for the remaining jobs
        return answers

    def close(self, final: bool = True) -> None:
        """End the process; unless it is final, the next job starts it again."""
        if self._process is not None:
            process, self._process = self._process, None
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._pending = b""
        if final:
            self._errors.close()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            foreign = self.library in adapters.ENVIRONMENT_OF
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env=environments.variables() if foreign else None,
            )
        return self._process

    def _answer(self) -> Answer:
        """Wait for one line; a dead or silent process answers with an error."""
        process = self._started()
        assert process.stdout is not None
        while b"\n" not in self._pending:
            ready, _, _ = select.select([process.stdout], [], [], self.patience)
            if not ready:
                process.kill()
                self.close(final=False)
                return {"ok": False, "error": f"Hang: no answer within {self.patience:.0f} s"}
            data = os.read(process.stdout.fileno(), 1 << 16)
            if not data:
                code = process.wait()
                self.close(final=False)
                return {"ok": False, "error": f"Crash: exit code {code}: {self._last_errors()}"}
            self._pending += data
        line, _, self._pending = self._pending.partition(b"\n")
        answer: Answer = json.loads(line)
        return answer

    def _last_errors(self) -> str:
        self._errors.seek(0)
        return " ".join(self._errors.read().decode(errors="replace").split())[-300:]
