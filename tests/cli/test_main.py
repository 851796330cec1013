"""The command as a whole: help, usage, pipes, and how soon it answers."""

import json
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import zarrpy

Run = Callable[..., subprocess.CompletedProcess[str]]
Environment = Callable[..., dict[str, str]]


def test_help_names_every_verb(run: Run) -> None:
    """`--help` is the map of the command line."""
    found = run("--help")

    assert found.returncode == 0
    assert all(verb in found.stdout for verb in ("demo", "tree", "info", "versions"))


@pytest.mark.parametrize(
    "arguments",
    [[], ["fly"], ["tree"], ["tree", "-L", "-1", "a"], ["info", "a", "b"], ["tree", "--wide", "a"]],
)
def test_wrong_usage_is_exit_code_2(run: Run, arguments: list[str]) -> None:
    """What the parser refuses is told in a line after the usage."""
    found = run(*arguments)

    assert found.returncode == 2
    assert found.stderr.startswith("usage: zarrpy")
    assert "Traceback" not in found.stderr


def test_versions_names_what_is_linked(run: Run) -> None:
    """zarrpy, Python, NumPy, the SIMD level and each library stand one a line."""
    names = [line.split()[0] for line in run("versions").stdout.splitlines()]

    assert names[:5] == ["zarrpy", "python", "numpy", "platform", "simd"]
    assert {"zstd", "lz4"} <= set(names)


def test_the_version_is_told(run: Run) -> None:
    """By the flag that other programs have."""
    found = run("--version")

    assert (found.returncode, found.stdout) == (0, f"zarrpy {zarrpy.__version__}\n")


def test_the_versions_are_printed_by_a_function_too(capsys: pytest.CaptureFixture[str]) -> None:
    """The same lines, for reports of bugs."""
    assert zarrpy.print_debug_info() is None

    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert names[:5] == ["zarrpy", "python", "numpy", "platform", "simd"]


def test_versions_as_json_agrees_with_the_modules(run: Run) -> None:
    """The version found without importing NumPy is the version NumPy has."""
    import numpy as np

    document = json.loads(run("versions", "--json").stdout)

    assert document["zarrpy"] == zarrpy.__version__
    assert document["numpy"] == np.__version__


@pytest.mark.parametrize("argument", ["--help", "--version", "versions"])
def test_the_light_verbs_do_not_import_numpy(argument: str, environment: Environment) -> None:
    """What needs no array does not wait for NumPy."""
    found = subprocess.run(
        [sys.executable, "-X", "importtime", "-P", "-m", "zarrpy", argument],
        capture_output=True,
        text=True,
        env=environment(),
        check=True,
    )

    modules = [line.rpartition("|")[2].strip() for line in found.stderr.splitlines()]
    assert "zarrpy.cli" in modules
    assert "numpy" not in modules
    assert "zarrpy.cli.values" not in modules, "verbs that are not asked for are not described"


@pytest.mark.parametrize("argument", ["--help", "--version", "versions"])
def test_the_light_verbs_answer_at_once(argument: str, environment: Environment) -> None:
    """At their best they take less than four empty Pythons: 80 ms where one takes 20."""
    environ = environment()
    command = [sys.executable, "-P", "-m", "zarrpy", argument]
    empty = [sys.executable, "-P", "-c", ""]
    # in turns, so that a busy machine slows both
    pairs = [(_cpu_seconds(empty, environ), _cpu_seconds(command, environ)) for _ in range(10)]

    bare, ours = (min(times) for times in zip(*pairs, strict=True))

    assert ours < 4 * bare


def _cpu_seconds(command: list[str], environ: dict[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, env=environ, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


def test_a_reader_that_leaves_early_is_no_error(hierarchy: Path, environment: Environment) -> None:
    """`zarrpy tree ... | true` ends quietly."""
    command = f'"{sys.executable}" -P -m zarrpy tree "{hierarchy}" | true'
    found = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        capture_output=True,
        text=True,
        env=environment(PYTHONUNBUFFERED="1"),
        check=False,
    )

    assert (found.returncode, found.stderr) == (0, "")


def test_an_ascii_terminal_gets_ascii(run: Run, hierarchy: Path) -> None:
    """Drawings and names that the encoding lacks are replaced, not fatal."""
    found = run("tree", hierarchy.name, PYTHONIOENCODING="ascii")

    assert found.returncode == 0
    assert "|-- grid/" in found.stdout


def test_the_console_script_and_the_module_are_the_same() -> None:
    """``zarrpy`` is installed as `zarrpy.cli.main`."""
    from importlib.metadata import entry_points

    found = [point for point in entry_points(group="console_scripts") if point.name == "zarrpy"]
    if not found:
        pytest.skip("zarrpy is not installed, only importable: pip install -e . installs it")

    from zarrpy.cli import main

    assert found[0].load() is main


def test_what_nobody_knows_names_the_nearest(run: Run, hierarchy: Path) -> None:
    """Verbs, options and paths; with the usage of the verb."""
    done = run("tre", "run.zarr")
    assert done.returncode == 2
    assert "there is no verb 'tre'; nearest: 'tree'" in done.stderr
    done = run("rechunk", "run.zarr/t2m", "o.zarr", "--max-memry", "1GiB")
    assert done.returncode == 2
    assert "there is no '--max-memry'; nearest: '--max-memory'" in done.stderr
    assert done.stderr.startswith("usage: zarrpy rechunk")
    assert "nearest: 't2m'" in run("checksum", "run.zarr/t2n").stderr


def test_lengths_may_begin_with_a_whole_axis(run: Run, hierarchy: Path) -> None:
    """Though they look like options then."""
    done = run("rechunk", "run.zarr/t2m", "o.zarr", "-c", "-1,1,1")
    assert done.returncode == 0, done.stderr
    assert zarrpy.open(hierarchy.parent / "o.zarr").chunks == (2, 1, 1)
    done = run("advise", "run.zarr/t2m", "--read", "-1,1,1", "--json")
    assert done.returncode == 0, done.stderr


def test_options_are_for_the_place_behind_a_url(run: Run, hierarchy: Path) -> None:
    """Every verb takes them; where there is no such place they are an error."""
    for words in (
        *(("tree",), ("info",), ("stat",), ("verify",), ("repair",), ("checksum",), ("doctor",)),
        *(("diff", "run.zarr"), ("cp", "c.zarr"), ("pack", "c.zip"), ("stats",), ("dump",)),
    ):
        done = run(words[0], "-o", "anon=true", "run.zarr", *words[1:])
        assert done.returncode == 2, words
        assert "-o anon: run.zarr takes no options, as URLs do" in done.stderr, words
    local = (hierarchy.parent / "copied.zarr").as_posix()
    pytest.importorskip("fsspec", reason="pip install 'zarrpy[fsspec]'")
    done = run("cp", "-o", "auto_mkdir=true", "run.zarr", f"local://{local}")
    assert done.returncode == 0, done.stderr
    assert run("diff", "run.zarr", local).returncode == 0


def test_paths_lead_into_files_for_every_verb(run: Run, hierarchy: Path) -> None:
    """A zip file is a folder to all of them."""
    zarrpy.pack(hierarchy, hierarchy.parent / "run.zip")
    for verb in ("tree", "info", "stat", "stats", "head", "verify", "checksum", "chunks", "dump"):
        done = run(verb, "run.zip/t2m")
        assert done.returncode == 0, (verb, done.stderr)
    assert run("diff", "run.zip/t2m", "run.zarr/t2m").returncode == 0


def test_changes_tell_programs_what_was_done(run: Run, hierarchy: Path) -> None:
    """One document each, though people see nothing."""
    for words in (
        ("attrs", "run.zarr", "set", "a", "3"),
        ("attrs", "run.zarr", "rm", "a"),
        ("consolidate", "run.zarr"),
        ("consolidate", "run.zarr", "--remove"),
        ("completion", "bash"),
        ("rm", "run.zarr/t2m"),
    ):
        done = run("--json", *words)
        assert json.loads(done.stdout), words
    assert "t2m" not in zarrpy.open_group(hierarchy)


def test_files_of_others_are_told_how_to_be_imported(run: Run, tmp_path: Path) -> None:
    """By the next command."""
    np.save(tmp_path / "v.npy", np.arange(3))
    done = run("tree", "v.npy")
    assert done.returncode == 2
    assert "zarrpy import v.npy" in done.stderr
