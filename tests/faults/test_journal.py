"""Long work that is killed goes on where it was, by its journal."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import warnings
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from report import tell

import zarrpy
from zarrpy.metadata.names import LOCK_SUFFIX

PROGRAM = """
import sys, time, warnings
import zarrpy, zarrpy.api.recode, zarrpy.engine.copy, zarrpy.engine.units, zarrpy.ops.pack
from zarrpy.ops.exporting import Elements
from zarrpy.ops.importing import Parts

warnings.simplefilter("ignore")  # a zip file that was killed is completed, with a warning
folder, source, target, journal = sys.argv[1:]
units = open(folder + "/units.txt", "a", buffering=1)
zarrpy.engine.copy.MOST_VALUES = zarrpy.ops.pack._BATCH_KEYS = 3
zarrpy.engine.regions.REGION_NBYTES = 4000

def slowly(inner):
    def steps(self, task):
        units.write("unit\\n")
        time.sleep(0.01)
        return (yield from inner(self, task))
    return steps

for work in (zarrpy.api.recode.Boxes, zarrpy.engine.units.Carry, Elements, Parts):
    work.steps = slowly(work.steps)

print("begun", flush=True)
WORK
"""


class Killed(NamedTuple):
    """Work that is killed: the call, where it goes, of what kind, and how the source is stored."""

    call: str
    target: str = "target.zarr"
    chunks: tuple[int, int] = (20, 20)
    shards: tuple[int, int] | None = None
    #: "array" and "group" stay as they are; what is "moved" or "changed" is a copy for each run.
    of: str = "array"


_RECHUNK = "zarrpy.rechunk(source, target, chunks=(240, 2), max_memory=40000, journal=journal)"
_PACK = "zarrpy.pack(source, target, journal=journal)"
_EXPORT = "zarrpy.export_to(source, target, journal=journal)"
_CONVERT = "zarrpy.convert(source, target=target, zarr_format=2, journal=journal)"
_IN_PLACE = "zarrpy.convert(target, zarr_format=2, journal=journal)"
WORKS = {
    "rechunk in one pass": Killed(_RECHUNK, chunks=(240, 4)),
    "rechunk in two passes": Killed(_RECHUNK, chunks=(2, 160)),
    "copy": Killed("zarrpy.copy(source, target, journal=journal)", of="group"),
    "move": Killed("zarrpy.move(source, target, journal=journal)", of="moved"),
    "pack into a zip file": Killed(_PACK, "target.zip"),
    "pack into a SQLite file": Killed(_PACK, "target.sqlite"),
    "unpack": Killed("zarrpy.unpack(folder + '/source.zip', target, journal=journal)"),
    "import": Killed(
        "zarrpy.import_from(folder + '/values.npy', target, chunks=(20, 20), journal=journal)"
    ),
    "export": Killed(_EXPORT, "target.npy"),
    "export of raw bytes": Killed(_EXPORT, "target.raw"),
    "export of an archive": Killed(_EXPORT, "target.npz", of="group"),
    "convert": Killed(_CONVERT, of="group"),
    "convert by storing anew": Killed(_CONVERT, shards=(40, 40), of="group"),
    "convert in place": Killed(_IN_PLACE, of="changed"),
    "convert in place by storing anew": Killed(_IN_PLACE, shards=(40, 40), of="changed"),
}
EVERY = pytest.mark.parametrize("work", list(WORKS))
KILLS = pytest.mark.skipif(
    sys.platform == "win32", reason="needs SIGKILL: run this on Linux or macOS"
)


class Run:
    """A place where work is done, in peace or under kills.

    Parameters
    ----------
    place : Path
        Of the source, with all forms of it.
    folder : Path
        Of what this run has for itself.
    work : Killed
    """

    def __init__(self, place: Path, folder: Path, work: Killed) -> None:
        folder.mkdir()
        self.target, self.journal = folder / work.target, folder / "journal"
        self.work = work
        group = place / "group.zarr"
        self.source = group if work.of == "group" else group / "source.zarr"
        if work.of == "moved":
            self.source = Path(shutil.copytree(self.source, folder / "moved.zarr"))
        if work.of == "changed":
            shutil.copytree(group, self.target)
        paths = map(str, (place, self.source, self.target, self.journal))
        self._command = [sys.executable, "-c", PROGRAM.replace("WORK", work.call), *paths]

    def in_peace(self) -> None:
        """Do it at once."""
        subprocess.run(self._command, check=True, stdout=subprocess.PIPE)

    def killed(self, kills: int, seed: int) -> int:
        """Kill it at random moments; how often it was, before the last run ended by itself."""
        chance, done = random.Random(seed), 0
        while True:
            with subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True) as process:
                assert process.stdout.readline() == "begun\n"
                try:
                    process.wait(chance.uniform(0, 0.5) if done < kills else None)
                except subprocess.TimeoutExpired:
                    process.send_signal(signal.SIGKILL)
                    done += 1
            if process.returncode == -signal.SIGKILL:
                if self._is_done():
                    return done  # it was on its way out
                continue
            assert process.returncode == 0
            return done

    def _is_done(self) -> bool:
        made = self.target / ".zgroup" if self.work.of == "changed" else self.target
        return made.exists() and not self.journal.exists()

    def left(self) -> list[str]:
        """Name all files that there are when the work is done, but locks of those who were killed.

        Nobody holds those; who writes next takes them.
        """
        folder = self.target.parent
        files = (each.relative_to(folder) for each in folder.rglob("*") if each.is_file())
        return sorted(str(each) for each in files if each.suffix != LOCK_SUFFIX)

    def stored(self) -> Any:
        """Tell the stored bytes."""
        if self.target.suffix in (".npy", ".npz", ".raw"):
            return self.target.read_bytes()
        return zarrpy.checksum(self.target, kind="tree")

    def values(self, like: Any) -> Any:
        """Read the values of the array."""
        if self.target.suffix == ".raw":
            return np.fromfile(self.target, "<i4").reshape(like.shape)
        is_file = self.target.suffix in (".npy", ".npz")
        found = np.load(self.target) if is_file else zarrpy.open(self.target)
        if isinstance(found, np.lib.npyio.NpzFile | zarrpy.Group):
            found = found["source.zarr"]
        return found[...]


def work_by_kills(folder: Path, name: str, kills: int, seed: int = 0) -> tuple[int, int, int]:
    """Do some work under kills, compare with it in peace; kills, units of it, and units done."""
    work = WORKS[name]
    place = folder / "from"
    values = np.random.default_rng(seed).integers(0, 999, (240, 160)).astype("i4")
    group = zarrpy.create_group(place / "group.zarr", attributes={"title": "a run"})
    group.create_array("source.zarr", data=values, chunks=work.chunks, shards=work.shards)
    zarrpy.consolidate_metadata(group.store)
    zarrpy.pack(place / "group.zarr/source.zarr", place / "source.zip")
    np.save(place / "values.npy", values)
    quiet, loud = (Run(place, folder / each, work) for each in ("quiet", "loud"))

    def units() -> int:
        return (place / "units.txt").read_text().count("unit")

    quiet.in_peace()
    needed = units()
    killed = loud.killed(kills, seed)
    done = units() - needed
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as in the program
        assert (loud.values(values) == values).all()
        assert loud.stored() == quiet.stored()
    assert loud.left() == quiet.left()
    assert not loud.journal.exists()
    return killed, needed, done


@KILLS
@EVERY
def test_killed_work_goes_on_and_does_at_most_one_window_again(tmp_path, work):
    """Whenever it is killed; the stored bytes are those of a run in peace."""
    killed, needed, done = work_by_kills(tmp_path, work, kills=3)

    assert needed <= done <= needed + killed
    tell("work under kills", [f"{work}: {killed} kills, {needed} windows, {done} done"])


@pytest.mark.long
@KILLS
@EVERY
def test_fifty_kills(tmp_path, work):
    """The same, over many more moments."""
    total = again = 0
    for seed in range(40):
        folder = tmp_path / str(seed)
        folder.mkdir()
        killed, needed, done = work_by_kills(folder, work, kills=5, seed=seed)
        assert needed <= done <= needed + killed
        total += killed
        again += done - needed
        if total >= 50:
            break
    tell("work under many kills", [f"{work}: {total} kills, {again} windows done again"])
    assert total >= 50


@KILLS
def test_until_it_is_whole_there_is_no_node(tmp_path):
    """Copies and imports have their documents last."""
    zarrpy.create_array(tmp_path / "a.zarr", data=np.arange(1, 1001), chunks=1)

    def stop(event):
        raise StopError

    with pytest.raises(StopError):
        zarrpy.copy(tmp_path / "a.zarr", tmp_path / "b.zarr", journal=tmp_path / "j", progress=stop)
    with pytest.raises(zarrpy.NodeNotFoundError):
        zarrpy.open(tmp_path / "b.zarr")
    with pytest.raises(zarrpy.ConflictError, match="other work"):
        zarrpy.copy(tmp_path / "a.zarr", tmp_path / "c.zarr", journal=tmp_path / "j")
    done = []
    zarrpy.copy(
        tmp_path / "a.zarr", tmp_path / "b.zarr", journal=tmp_path / "j", progress=done.append
    )
    assert (done[0].done, done[-1].done, done[-1].total) == (64, 1000, 1000)
    assert zarrpy.open(tmp_path / "b.zarr")[...].tolist() == list(range(1, 1001))
    with pytest.raises(zarrpy.NodeExistsError):
        zarrpy.copy(tmp_path / "a.zarr", tmp_path / "b.zarr", journal=tmp_path / "j")


def test_a_copy_goes_on_into_a_consolidated_group(tmp_path):
    """Its names are in the documents above when it is whole, whenever it was cut off."""
    source = zarrpy.create_group(tmp_path / "a.zarr")
    source.create_array("x/y", data=[1, 2, 3])
    group = zarrpy.create_group(tmp_path / "b.zarr")
    zarrpy.consolidate_metadata(group.store)

    def stop(event):
        raise StopError

    for progress in (stop, None):
        try:
            zarrpy.copy(source, group, "part", journal=tmp_path / "j", progress=progress)
        except StopError:
            assert "part" not in zarrpy.open_group(tmp_path / "b.zarr")
    found = zarrpy.open_group(tmp_path / "b.zarr", use_consolidated=True)
    assert found["part/x/y"][...].tolist() == [1, 2, 3]


class StopError(Exception):
    """Cuts work off."""


def test_work_whose_last_moment_was_cut_off_is_done(tmp_path, monkeypatch):
    """The same call again removes what is left of the journal."""
    source = zarrpy.create_array(tmp_path / "a.zarr", data=np.arange(100), chunks=10)

    unlink = Path.unlink

    def fail(path, **keywords):
        if path.name == "finished.json" and path.exists():
            raise StopError
        unlink(path, **keywords)

    for work in (zarrpy.copy, partial(zarrpy.rechunk, chunks=5), zarrpy.pack):
        target = tmp_path / f"{work}.zarr"
        given = source.store if work is zarrpy.pack else source
        with monkeypatch.context() as patched:
            patched.setattr("pathlib.Path.unlink", fail)
            with pytest.raises(StopError):
                work(given, target, journal=tmp_path / "j")
        assert zarrpy.open(target)[...].tolist() == list(range(100))
        work(given, target, journal=tmp_path / "j")
        assert not (tmp_path / "j").exists()


def test_a_done_list_without_its_journal_does_not_count(tmp_path):
    """Its work was killed while it removed the journal; who comes after is another."""
    source = zarrpy.create_array(tmp_path / "a.zarr", data=np.arange(100), chunks=10)
    (tmp_path / "j").mkdir()
    (tmp_path / "j/done.txt").write_text("".join(f"0 {i}\n" for i in range(50)))

    def stop(event):
        raise StopError

    with pytest.raises(StopError):
        zarrpy.rechunk(source, tmp_path / "b.zarr", chunks=5, journal=tmp_path / "j", progress=stop)
    made = zarrpy.rechunk(source, tmp_path / "b.zarr", chunks=5, journal=tmp_path / "j")
    assert made[...].tolist() == list(range(100))


def test_a_folder_of_other_files_is_no_journal(tmp_path):
    """It is refused before anything is stored, and its files stay."""
    source = zarrpy.create_array(tmp_path / "a.zarr", data=np.arange(100), chunks=10)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").write_text("of years")

    for work in (zarrpy.copy, partial(zarrpy.rechunk, chunks=5), zarrpy.pack):
        given = source.store if work is zarrpy.pack else source
        with pytest.raises(zarrpy.ConflictError, match="is no journal"):
            work(given, tmp_path / "b.zarr", journal=tmp_path / "mine")
        assert not (tmp_path / "b.zarr").exists()
    assert (tmp_path / "mine/thesis.txt").read_text() == "of years"


def test_what_others_put_into_a_journal_stays(tmp_path):
    """Only its own files go with it."""
    source = zarrpy.create_array(tmp_path / "a.zarr", data=np.arange(100), chunks=10)

    def put(event):
        (tmp_path / "j/note.txt").write_text("of mine")

    zarrpy.copy(source, tmp_path / "b.zarr", journal=tmp_path / "j", progress=put)
    assert [each.name for each in (tmp_path / "j").iterdir()] == ["note.txt"]


def test_a_journal_of_other_work_is_refused(tmp_path):
    """Nothing is mixed; neither is what lies at the target."""
    source = zarrpy.create_array(tmp_path / "a.zarr", data=np.arange(100), chunks=10)

    def stop(*_):
        raise StopError

    with pytest.raises(StopError):
        zarrpy.rechunk(source, tmp_path / "b.zarr", chunks=5, journal=tmp_path / "j", progress=stop)
    with pytest.raises(zarrpy.ConflictError, match="other work"):
        zarrpy.rechunk(source, tmp_path / "b.zarr", chunks=20, journal=tmp_path / "j")
    made = zarrpy.rechunk(source, tmp_path / "b.zarr", chunks=5, journal=tmp_path / "j")
    assert made[...].tolist() == list(range(100))
    with pytest.raises(zarrpy.NodeExistsError):
        zarrpy.rechunk(source, tmp_path / "b.zarr", chunks=5, journal=tmp_path / "j")
    with pytest.raises(ValueError, match="new"):
        zarrpy.rechunk(
            source, tmp_path / "b.zarr", chunks=5, journal=tmp_path / "j", if_exists="replace"
        )
