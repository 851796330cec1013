"""Processes that are killed while they write to a store that is one file."""

import errno
import os
import subprocess
import sys
import warnings
import zipfile

import numpy as np
import pytest

import zarrpy
from zarrpy.errors import StoreError

# Forks a writer, kills it after a while, and looks at what it left, again and again.
KILLER = """
import os, random, signal, sys, time, warnings
import zarrpy
from zarrpy.stores import {kind}

path, rounds, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
random.seed(seed)
warnings.simplefilter("ignore")
KEYS = [f"k{{i}}" for i in range(6)]


def value(number, key):
    return (f"{{number}} {{key}} ".encode() * 4000)[: 100 + (number * 7919) % 40000]


def number_of(key, found):
    number = int(bytes(found[:12]).split(b" ")[0])
    assert found == value(number, key), (key, len(found))
    return number


def work(first, out):
    store = {kind}(path)
    for number in range(first, first + 10 ** 6):
        store.set_many(KEYS[:3], [value(number, key) for key in KEYS[:3]])
        store.set(KEYS[3], value(number, KEYS[3]))
        if number % 2:
            store.set(KEYS[4], value(number, KEYS[4]))
        else:
            store.delete(KEYS[4])
        os.write(out, b"%d\\n" % number)
        {now_and_then}


with {kind}(path) as store:
    store.set("old", b"kept")
promised, following = -1, 0
for _ in range(rounds):
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            work(following, send)
        finally:
            os._exit(1)
    os.close(send)
    told = os.read(receive, 64) if random.random() < 0.8 else b""
    time.sleep(random.uniform(0, 0.03))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(receive, "rb") as rest:
        lines = (told + rest.read()).split(b"\\n")[:-1]
    done = int(lines[-1]) if lines else None
    promised = promised if done is None else done
    with {kind}(path) as store:
        assert bytes(store.get("old")) == b"kept"
        found = {{key: bytes(store.get(key)) for key in store.list() if key != "old"}}
    numbers = {{key: number_of(key, each) for key, each in found.items()}}
    last = max(numbers.values(), default=-1)
    assert all(numbers.get(key, -1) >= promised for key in KEYS[:4]), (promised, numbers)
    assert done is None or last in (done, done + 1), (done, numbers)
    {together}
    fourth = numbers.get(KEYS[4])
    assert fourth is None or fourth % 2, numbers
    if last == done:
        assert fourth == (done if done % 2 else None), (done, numbers)
    following = last + 1
print(rounds, promised)
"""

ZIP = {
    "kind": "ZipStore",
    "now_and_then": "number % 3 or (store.flush(), number % 5 or store.compact())",
    "together": "",
}


def kill_writers(path, rounds, words, seed=1):
    """Run the killer; it ends well when every kill left whole old or new values."""
    done = subprocess.run(
        [sys.executable, "-c", KILLER.format(**words), str(path), str(rounds), str(seed)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[0]) == rounds


def test_a_killed_writer_of_a_zip_file_loses_nothing_that_was_written(tmp_path):
    """What is written is found, whole, and the file is one for all programs again."""
    kill_writers(tmp_path / "a.zip", 30, ZIP)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it may have no directory now
        with zarrpy.ZipStore(tmp_path / "a.zip") as store:
            store.set("after", b"1")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == len(set(archive.namelist()))


@pytest.mark.long
def test_many_killed_writers_of_a_zip_file_lose_nothing(tmp_path):
    """At many different times."""
    kill_writers(tmp_path / "a.zip", 500, ZIP, seed=2)


SQLITE = {
    "kind": "SQLiteStore",
    "now_and_then": "number % 50 or store.close()",
    "together": "assert len({numbers.get(key) for key in KEYS[:3]}) == 1, numbers",
}


def test_a_killed_writer_of_a_sqlite_file_leaves_whole_transactions(tmp_path):
    """What is set together is there together."""
    kill_writers(tmp_path / "a.sqlite", 30, SQLITE)


@pytest.mark.long
def test_many_killed_writers_of_a_sqlite_file_leave_whole_transactions(tmp_path):
    """At many different times."""
    kill_writers(tmp_path / "a.sqlite", 500, SQLITE, seed=2)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no flock: run on Linux")
@pytest.mark.parametrize("name", ["a.zip", "sqlite:a.sqlite"])
def test_a_file_that_cannot_be_locked_is_an_error_that_names_it(tmp_path, monkeypatch, name):
    """As on a file system that knows no locks."""
    import fcntl

    monkeypatch.chdir(tmp_path)
    array = zarrpy.create_array(name, data=[1, 2])
    array.store.close()

    def flock(file, how):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(StoreError, match=r"a\.(zip|sqlite).*No locks available") as caught:
        zarrpy.open(name, mode="r+")[:1] = 5
    assert caught.value.errno == errno.ENOLCK
    monkeypatch.undo()

    monkeypatch.chdir(tmp_path)
    assert zarrpy.open(name)[...].tolist() == [1, 2]


CLOSING = """
import os, sys, warnings
import zarrpy
from zarrpy.stores import zip_archive

warnings.simplefilter("ignore")
folder, work, cut = sys.argv[1:]
source, target, journal = (folder + "/" + name for name in ("source.zarr", "target.zip", "journal"))
inner = zip_archive.copied

def copied(*arguments):
    inner(*arguments)
    os._exit(9)

def half(event):
    if event.done >= event.total // 2:
        os._exit(9)

if cut == "closing":
    zip_archive.copied = copied
keywords = {"journal": journal, "progress": half if cut == "half" else None}
if work == "rechunk":
    keywords["chunks"] = 2
getattr(zarrpy, work)(source, target, **keywords)
"""


@pytest.mark.skipif(
    sys.platform == "win32", reason="zip files are locked by flock there: run on Linux"
)
@pytest.mark.parametrize("work", ["pack", "copy", "rechunk"])
def test_a_zip_file_whose_closing_was_cut_off_is_whole_when_the_work_is(tmp_path, work):
    """Killed half-way, and again when all was written but the directory at the end."""
    values = np.arange(1, 401)
    zarrpy.create_array(tmp_path / "source.zarr", data=values, chunks=1)
    command = [sys.executable, "-c", CLOSING, str(tmp_path), work]

    ended = [
        subprocess.run([*command, cut], check=False).returncode
        for cut in ("half", "closing", "not")
    ]

    assert ended[0] == 9
    assert ended[-1] == 0
    assert sorted(each.name for each in tmp_path.iterdir()) == ["source.zarr", "target.zip"]
    with zipfile.ZipFile(tmp_path / "target.zip") as file:
        assert file.testzip() is None
        assert "zarr.json" in file.namelist()
    assert (zarrpy.open(tmp_path / "target.zip")[...] == values).all()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes: run on Linux or macOS")
@pytest.mark.parametrize("name", ["a.db", "a.sqlite", "sqlite:a.db", "a.zip"])
def test_a_pipe_is_an_error_at_once(tmp_path, name):
    """Nobody waits for somebody who writes to it."""
    os.mkfifo(tmp_path / name.removeprefix("sqlite:"))
    program = (
        "import sys, zarrpy\n"
        "try:\n"
        "    zarrpy.open(sys.argv[1])\n"
        "except OSError as error:\n"
        "    print(error)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert "no file" in done.stdout or "Not a directory" in done.stdout
