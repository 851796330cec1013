"""Every example runs, on real data, and prints what it says."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from peers import environments  # noqa: E402
from services import servers  # noqa: E402

EXAMPLES = ROOT / "examples"
#: Tested with what they define, or with the server that they need.
ELSEWHERE = {"dbm_store.py", "rle_codec.py", "uppercase_codec.py", "s3.py"}


def run(name: str, *arguments: str, python: Path | str = sys.executable, **more: str) -> str:
    """What an example prints."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **more}
    done = subprocess.run(
        [str(python), str(EXAMPLES / name), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-3000:]
    return done.stdout


def real(name: str) -> str:
    """Path of a real array, fetched by its package."""
    spec = importlib.util.spec_from_file_location("bench_data", ROOT / "bench" / "py" / "data.py")
    assert spec is not None
    assert spec.loader is not None
    data: Any = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = data
    spec.loader.exec_module(data)
    (array,) = (array for array in data.ARRAYS if array.name == name)
    try:
        return str(data.fetch(array))
    except (data.DataMissingError, environments.EnvironmentMissingError) as error:
        pytest.skip(str(error))


def test_every_example_is_run_and_named_in_the_readme():
    """Here or elsewhere."""
    here = Path(__file__).read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for path in EXAMPLES.glob("*.py"):
        assert path.name in ELSEWHERE or f'run("{path.name}"' in here
        assert f"(examples/{path.name})" in readme


@pytest.mark.peers
def test_climate():
    """Eleven years of winds: signs and seasons are those of the Earth."""
    lines = run("climate.py", real("navy_winds")).splitlines()
    told = {line.partition(":")[0]: line.partition(":")[2] for line in lines}

    assert float(told["trade winds of the Pacific"].split()[0]) < -3  # from the east
    assert float(told["Arabian Sea, Januaries"].split()[0]) < 0
    assert float(told["Arabian Sea, Julys"].split()[0]) > 5
    (ratio,) = (line for line in lines if line.startswith("blosc, 8 bits kept"))
    assert float(ratio.split()[4].rstrip(",")) > 2


def test_named_dimensions():
    """The ocean is part of zarrpy."""
    told = run("named_dimensions.py")

    assert "the surface: ('lat', 'lon') (180, 360)" in told
    assert "means by depth: [13.7 11.4  7.   3.5]" in told


@pytest.mark.peers
def test_named_dimensions_of_a_head():
    """Planes, a box, and a face that goes."""
    told = run("named_dimensions.py", real("mri_head"))

    assert "sagittal plane (370, 316)" in told
    assert "read 8 chunks" in told
    assert "faceless: True" in told


def test_costs_of_a_bucket_in_memory():
    """Shards take two requests to write where chunks take hundreds; prices are those given."""
    lines = run("cloud_costs.py", "--per-million-writes", "1000", "--per-gb-out", "0")

    rows = [line.split() for line in lines.splitlines()]
    chunks, shards = [row for row in rows if "write" in row]
    assert [row[-3] for row in (chunks, shards)] == ["217", "2"]
    assert 2000 <= float(shards[-1]) < 2010


def test_costs_of_a_bucket(tmp_path):
    """Of S3, as moto serves it."""
    try:
        serving = servers.moto(tmp_path)
        endpoint = serving.__enter__()
    except environments.EnvironmentMissingError as error:
        pytest.skip(str(error))
    try:
        keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
        place = ("s3://bucket/costs", "--endpoint", endpoint, "--region", "us-east-1")
        told = run("cloud_costs.py", *place, **keys)
    finally:
        serving.__exit__(None, None, None)

    (shards,) = (line.split() for line in told.splitlines() if line.startswith("in shards"))
    assert shards[3] == "2"


@pytest.mark.peers
def test_interoperability():
    """In an environment that has zarr-python and xarray."""
    try:
        python = environments.ensure(environments.FOREIGN)
    except environments.EnvironmentMissingError as error:
        pytest.skip(str(error))

    told = run("interoperability.py", python=python)

    assert told.count("zarr reads the same numbers") == 3
    assert told.count("xarray reads the same numbers") == 3
    assert "OTHERS" not in told
    assert "refused:" in told
    assert "v2: zarr" in told
