"""The command as a whole: help, usage, pipes, and how soon it answers."""

import json
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

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


@pytest.mark.parametrize("argument", ["--help", "--version", "versions"])
def test_the_light_verbs_answer_at_once(argument: str, environment: Environment) -> None:
    """At their best they take less than five empty Pythons: 80 ms more where one takes 20."""
    environ = environment()
    command = [sys.executable, "-P", "-m", "zarrpy", argument]
    empty = [sys.executable, "-P", "-c", ""]
    # in turns, so that a busy machine slows both
    pairs = [(_cpu_seconds(empty, environ), _cpu_seconds(command, environ)) for _ in range(10)]

    bare, ours = (min(times) for times in zip(*pairs, strict=True))

    assert ours < 5 * bare


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
