"""``zarrpy demo``: it proves what it says, and says so when it cannot."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from zarrpy.cli.demo import field, proof, readers, stored
from zarrpy.cli.demo.chains import CHAINS, chunk_shape

Run = Callable[..., subprocess.CompletedProcess[str]]
Environment = Callable[..., dict[str, str]]


def test_the_demonstration_verifies_the_shipped_field(run: Run) -> None:
    """Exit code 0, and the tree, sizes, speeds and verdict on standard output."""
    found = run("demo")

    assert found.returncode == 0, found.stdout + found.stderr
    assert "v3.zarr/  v3 group" in found.stdout
    assert "v2.zarr/  v2 group" in found.stdout
    assert "a second process read and wrote the same bits" in found.stdout
    assert re.search(r"^all verified in \d+\.\d s$", found.stdout, re.MULTILINE)
    assert "\x1b" not in found.stdout


def test_the_report_as_json_has_every_figure(run: Run) -> None:
    """Each array has its stored size, and speeds of each reader that was asked."""
    document = json.loads(run("demo", "--json").stdout)

    assert document["verified"] is True
    assert len(document["arrays"]) == len(CHAINS)
    for array in document["arrays"]:
        assert array["stored_nbytes"] > 0
        assert array["seconds"]["zarrpy"]["read"] > 0


def test_nothing_is_left_behind(run: Run, tmp_path: Path) -> None:
    """The directory of a demonstration goes with it."""
    folder = tmp_path / "temporary"
    folder.mkdir()

    run("demo", TMPDIR=str(folder))

    assert list(folder.iterdir()) == []


def test_kept_files_can_be_looked_at(run: Run) -> None:
    """`--keep` leaves the arrays where it was told to."""
    assert run("demo", "--keep", "shown").returncode == 0

    assert "default" in run("tree", "shown/v3.zarr").stdout


def test_an_existing_directory_is_not_written_into(run: Run, tmp_path: Path) -> None:
    """What the user has stays as it is."""
    (tmp_path / "mine").mkdir()

    found = run("demo", "--keep", "mine")

    assert found.returncode == 2
    assert "exists" in found.stderr
    assert list((tmp_path / "mine").iterdir()) == []


@pytest.mark.parametrize(
    "values",
    [
        np.arange(1000, dtype=">i4").reshape(10, 100),
        np.array([[np.nan, -0.0], [np.inf, 1e-300]]),
        np.eye(5, dtype=bool),
        np.ones((2, 3, 4), dtype="c16") * 1j,
        np.float16(1.5),
        np.zeros((0, 7), dtype="u8"),
        np.asfortranarray(np.arange(12.0).reshape(3, 4)),
    ],
    ids=lambda values: f"{values.dtype.str}{values.shape}",
)
def test_arrays_of_any_shape_and_kind_can_be_shown(
    run: Run, tmp_path: Path, values: np.ndarray
) -> None:
    """Scalars, empty arrays, foreign byte orders and column order are all verified."""
    np.save(tmp_path / "mine.npy", values)

    found = run("demo", "mine.npy")

    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "No such file"),
        (lambda path: path.mkdir(), "directory"),
        (lambda path: path.write_bytes(b""), "not a .npy file"),
        (lambda path: path.write_bytes(b"\x93NUMPY\x01\x00"), "cannot be read"),
        (lambda path: np.save(path, np.array([{}, []], dtype=object)), "objects"),
        (lambda path: np.save(path, np.array(["a", "bc"])), "<U2"),
        (lambda path: np.save(path, np.zeros(3, "i4,f8")), "f8"),
        (lambda path: np.save(path, np.zeros(3, "M8[s]")), "datetime64"),
    ],
    ids=["absent", "directory", "empty", "cut", "objects", "text", "fields", "dates"],
)
def test_a_file_that_cannot_be_shown_is_explained(
    run: Run, tmp_path: Path, make: object, words: str
) -> None:
    """One line names the file and what is wrong with it; nothing is raised at the user."""
    make(tmp_path / "mine.npy")  # type: ignore[operator]

    found = run("demo", "mine.npy")

    assert found.returncode in (2, 3)
    assert "mine.npy" in found.stderr
    assert words in found.stderr
    assert "Traceback" not in found.stderr


def test_a_terminal_gets_a_picture_in_colours(tmp_path: Path, environment: Environment) -> None:
    """In a pseudo-terminal the map is painted, and no line is wider than it."""
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "zarrpy", "demo"],
        cwd=tmp_path,
        env=environment(TERM="xterm-256color", COLUMNS="72", COLORTERM=""),
        stdout=terminal,
        stderr=terminal,
    )
    os.close(terminal)
    shown = b""
    while True:
        try:
            part = os.read(controller, 65536)
        except OSError:  # the other end was closed
            break
        if not part:
            break
        shown += part
    os.close(controller)

    text = shown.decode()
    assert process.wait() == 0, text
    assert "\x1b[0;38;5;" in text
    assert "▀" in text
    picture = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in text.splitlines() if "▀" in line]
    assert max(map(len, picture)) <= 72


def test_a_wrong_bit_is_found() -> None:
    """The comparison tells apart what NumPy's equality does not."""
    values = np.array([0.0, np.nan])

    assert proof.same_bits(values, values.copy())
    assert not proof.same_bits(values, np.array([-0.0, np.nan]))
    assert not proof.same_bits(values, values.astype("f4"))
    assert not proof.same_bits(values, values.reshape(1, 2))
    assert proof.same_bits(values, values.astype(">f8"))


class _Liar:
    """An array that reads as zeros."""

    def __init__(self, values: np.ndarray) -> None:
        self.values = values

    def __getitem__(self, key: object) -> np.ndarray:
        return np.zeros_like(self.values[key])

    def __setitem__(self, key: object, value: object) -> None:
        pass


def test_an_array_that_reads_wrong_is_found() -> None:
    """Windows and partial writes of a store that lies are faults, and faults end in exit code 1."""
    values = np.arange(1.0, 25.0).reshape(4, 6)

    assert len(proof.wrong_windows(_Liar(values), values)) == stored.count_windows(values.shape)
    assert proof.wrong_after_partial_write(_Liar(values), values)


def test_a_reader_that_saw_something_else_is_a_fault() -> None:
    """Other values, an error and a crash are all told."""
    answers = {"v3.zarr/a": {"digest": "other"}, "v3.zarr/b": {"error": "ValueError: no"}}

    faults = readers.Testimony("zarr", arrays=answers).faults("expected")

    assert faults == ["v3.zarr/a: other values than were written", "v3.zarr/b: ValueError: no"]
    assert readers.Testimony("zarr", unusable="crashed").faults("expected") == ["crashed"]


@pytest.mark.parametrize("shape", [(), (0,), (1,), (10**7,), (3, 0, 5), (4, 180, 360), (2,) * 20])
def test_chunks_cover_an_array_in_few_pieces(shape: tuple[int, ...]) -> None:
    """A chunk has a positive length along every axis and stays below a megabyte."""
    chunk = chunk_shape(shape, 8)

    assert len(chunk) == len(shape)
    assert all(length >= 1 for length in chunk)
    assert np.prod(chunk, dtype=float) * 8 <= 1024 * 1024


def test_an_interrupted_demonstration_cleans_up(tmp_path: Path, environment: Environment) -> None:
    """Ctrl-C ends in one line, exit code 130, and no file left."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "zarrpy", "demo"],
        env=environment(TMPDIR=str(folder)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A job in the background ignores Ctrl-C, and hands that down.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("zarrpy ")

    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)

    assert errors == "zarrpy: interrupted\n"
    # The second, which shells call 130 as well, when it arrived while Python made a class: Python
    # remembers that, and ends by the signal whatever a program returns.
    assert process.returncode in (130, -signal.SIGINT)
    assert list(folder.iterdir()) == []


def test_of_a_large_file_the_beginning_is_shown(tmp_path: Path) -> None:
    """A demonstration stays short, and says what it left out."""
    np.save(tmp_path / "large.npy", np.zeros((9, 1024, 1024), dtype="f4"))

    shown = field.field_of_file(tmp_path / "large.npy")

    assert shown.values.nbytes <= field.MAX_NBYTES
    assert shown.note == "the first 4 of 9 along the first axis"
