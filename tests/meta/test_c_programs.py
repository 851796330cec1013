"""The tests of the engine that are written in C, each a program; see tests/c."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from report import tell

import zarrpy
from zarrpy._native.steps import find_codec

FOLDER = Path(__file__).resolve().parents[1] / "c"
SOURCES = sorted(path.name for path in FOLDER.glob("*.c") if "main(" in path.read_text())


def root() -> Path:
    """The source tree, where there is one."""
    if not (FOLDER.parents[1] / "tools" / "c_programs.py").exists():
        pytest.skip("the source tree is missing: run from a clone of the repository")
    return FOLDER.parents[1]


def built(folder: str) -> dict[str, str]:
    """Paths of a folder's programs by name, linked with the engine as the modules are."""
    command = [sys.executable, "tools/c_programs.py", "build", folder]
    made = subprocess.run(command, cwd=root(), capture_output=True, text=True)
    assert made.returncode == 0, made.stdout + made.stderr
    return {Path(line).name: line for line in made.stdout.splitlines() if "/programs/" in line}


@pytest.fixture(scope="module")
def programs():
    """The programs that test the engine."""
    return built("tests/c")


@pytest.fixture(scope="module")
def benchmarks():
    """The programs that measure the engine."""
    return built("bench/c")


@pytest.fixture(scope="module")
def limit(benchmarks):
    """The program that reads a whole array as fast as that can be done."""
    return benchmarks["limit"]


@pytest.fixture
def stored(tmp_path):
    """An array with chunks cut at both edges, and the description of it for the benchmarks."""
    values = np.arange(37 * 50, dtype="f4").reshape(37, 50)
    compressors = [{"name": "zstd", "configuration": {"level": 1, "checksum": True}}]
    zarrpy.create_array(tmp_path / "a", data=values, chunks=(8, 16), compressors=compressors)
    document = json.loads((tmp_path / "a" / "zarr.json").read_text())
    row = tmp_path / "row.json"
    row.write_text(json.dumps({"key": "test", "document": document}))
    return tmp_path / "a", row


@pytest.mark.parametrize(
    ("source", "disabled"),
    [
        *((source, "") for source in SOURCES),
        *((source, "simd") for source in SOURCES if source.startswith("test_")),
    ],
)
def test_a_program_finds_nothing_wrong(programs, source, disabled):
    """The program ends with exit code 0; what it found wrong is in its output."""
    run = subprocess.run(
        [programs[Path(source).stem]],
        capture_output=True,
        text=True,
        timeout=600,
        env={**os.environ, "ZARRPY_DISABLE": disabled},
    )

    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-4000:]


def test_the_bare_loop_reads_the_whole_array(limit, stored):
    """It tells the time of each of its readings, after one that it compares with the engine's."""
    array, row = stored

    run = subprocess.run([limit, array, row, "3"], capture_output=True, text=True)

    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    assert [len(told["wall"]), len(told["cpu"])] == [3, 3]
    assert min(told["wall"] + told["cpu"]) > 0


def measured(program, folder):
    """The rows that a program writes of its quick form."""
    target = folder / "rows.jsonl"
    command = [program, "--quick", "--json", target]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    return [json.loads(line) for line in target.read_text().splitlines()]


@pytest.mark.parametrize("name", ["chains", "kernels", "frames", "texts"])
def test_a_benchmark_writes_a_row_of_figures_for_each_measurement(benchmarks, tmp_path, name):
    """A text that says what was measured, and nothing but figures above 0."""
    rows = measured(benchmarks[name], tmp_path)

    assert len(rows) >= 3
    for row in rows:
        figures = [value for value in row.values() if not isinstance(value, str)]
        assert row["table"]
        assert figures
        assert min(figures) > 0, row


def test_every_codec_of_the_engine_is_measured_bare_and_with_workers(benchmarks, tmp_path):
    """Gigabytes a second and microseconds a chunk, of encoding and of decoding."""
    rows = measured(benchmarks["chains"], tmp_path)

    listed = re.findall(r"&zp_codec_(\w+)", (root() / "csrc" / "codecs.c").read_text())
    listed.remove("vlen_utf8")  # which decodes for others: by bench/c/texts.c
    there = {name for name in listed if find_codec(name)}
    assert there == set(listed)
    assert len(there) > 15
    told = {word.strip(",") for row in rows for word in row["codecs"].split()}
    assert there - told == set()
    processors = os.cpu_count()
    counts = {"bare", "1", "2", str(max(2, min(processors, 64)))}
    figures = {f"{way}-{unit}" for way in ("enc", "dec") for unit in ("GB/s", "us")}
    for chain in {row["codecs"] for row in rows}:
        assert {row["workers"] for row in rows if row["codecs"] == chain} == counts
    assert all(figures <= row.keys() for row in rows)


@pytest.mark.skipif(shutil.which("valgrind") is None, reason="needs valgrind: apt-get install it")
@pytest.mark.skipif(
    bool(os.environ.get("ZARRPY_COVERAGE") or os.environ.get("ZARRPY_SANITIZE")),
    reason="instrumented builds take more instructions: run make test-long",
)
def test_hot_paths_take_no_more_instructions_than_before():
    """Those of bench/results/instructions.json; `make instructions` prints them."""
    command = [sys.executable, "tools/instructions.py"]

    run = subprocess.run(command, cwd=FOLDER.parents[1], capture_output=True, text=True)

    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-2000:]


@pytest.mark.parametrize("damage", [b"", b"nothing that zstd wrote"])
def test_the_bare_loop_measures_no_damaged_array(limit, stored, damage):
    """A chunk that does not decode ends it, so that no figure is made of a wrong reading."""
    array, row = stored
    (array / "c" / "4" / "3").write_bytes(damage)

    run = subprocess.run([limit, array, row, "1"], capture_output=True, text=True)

    assert run.returncode == 1
    assert run.stdout == ""
    assert "c/4/3" in run.stderr


def test_the_fuzzer_of_decoders_finds_a_planted_bug():
    """A check is taken out of a decoder: the fuzzer writes the input down that gets past it."""
    program = root() / "tools" / "fuzz.py"

    done = subprocess.run(
        [sys.executable, str(program), "--plain", "--planted"],
        cwd=root(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    tell("fuzzing", [line for line in done.stdout.splitlines() if line.startswith("planted")])
