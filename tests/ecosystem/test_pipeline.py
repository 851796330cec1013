"""zarrpy's codecs as a pipeline of zarr-python: the same values, the same arrays on the disk."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from peers import environments
from report import tell

pytestmark = pytest.mark.peers

PROGRAM = """
import json
import sys

import numpy as np
import zarr

import zarrpy.pipeline

OURS = "zarrpy.pipeline.CodecPipeline"
THEIRS = "zarr.core.codec_pipeline.BatchedCodecPipeline"
VALUES = np.random.default_rng(0).integers(0, 99, (100, 150)).astype("i4")
CODECS = zarr.codecs
CASES = {
    "defaults": {},
    "blosc": {"compressors": CODECS.BloscCodec(cname="lz4")},
    "gzip": {"compressors": CODECS.GzipCodec()},
    "zstd and crc32c": {"compressors": [CODECS.ZstdCodec(level=3), CODECS.Crc32cCodec()]},
    "uncompressed": {"compressors": None},
    "transposed": {"filters": [CODECS.TransposeCodec(order=(1, 0))]},
    "shards": {"chunks": (20, 25), "shards": (40, 50)},
    "v2": {"zarr_format": 2},
    "v2 in Fortran's order": {"zarr_format": 2, "order": "F"},
    "big-endian": {"dtype": ">i4"},
    "float16": {"dtype": "f2"},
    "dates": {"dtype": "M8[s]"},
    "texts": {"dtype": str},
}

done = {"encoded": 0, "decoded": 0}


def counting(method, word):
    inner = getattr(zarrpy.pipeline.Transform, method)

    def counted(self, data, spec):
        done[word] += self.chain(spec) is not None
        return inner(self, data, spec)

    setattr(zarrpy.pipeline.Transform, method, counted)


counting("encode_chunk", "encoded")
counting("decode_chunk", "decoded")


def written(store, keywords, pipeline):
    keywords = {"chunks": (40, 50), "dtype": "i4", **keywords}
    values = VALUES.astype(keywords["dtype"])
    with zarr.config.set({"codec_pipeline.path": pipeline}):
        array = zarr.create_array(store, shape=values.shape, **keywords)
        array[...] = values
        array[3:7, 5] = values[0, 0]
    values[3:7, 5] = values[0, 0]
    return values


def same(store, values, pipeline):
    with zarr.config.set({"codec_pipeline.path": pipeline}):
        array = zarr.open_array(store, mode="r")
        assert (array[...] == values).all()
        assert (array[5:80:3, 7] == values[5:80:3, 7]).all()
        assert (array.oindex[[1, 60], :] == values[[1, 60]]).all()


used = {}
for name, keywords in CASES.items():
    done.update(encoded=0, decoded=0)
    ours, theirs = {}, {}
    values = written(ours, keywords, OURS)
    written(theirs, keywords, THEIRS)
    same(ours, values, THEIRS)
    same(theirs, values, OURS)
    same(ours, values, OURS)
    used[name] = dict(done)

broken = {}
written(broken, {}, THEIRS)
key = next(key for key in broken if key.startswith("c/"))
broken[key] = type(broken[key]).from_bytes(b"damaged")
try:
    same(broken, VALUES, OURS)
except Exception as error:
    used["damaged"] = type(error).__name__
used["version"] = zarr.__version__
print(json.dumps(used))
"""


@pytest.fixture(scope="module")
def used(tmp_path_factory):
    """What the pipeline did, by case."""
    program = tmp_path_factory.mktemp("pipeline") / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    python = environments.ensure(environments.HERE)
    root = Path(__file__).resolve().parents[2]
    variables = environments.variables() | {"PYTHONPATH": str(root)}
    command = [python, "-W", "ignore", program]
    run = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_arrays_are_the_same_by_either_pipeline(used):
    """The program compares both ways, whole arrays and parts; here, that zarrpy did the work."""
    cases = [each for each in used.values() if isinstance(each, dict)]
    by_ours = [each for each in cases if each["encoded"] and each["decoded"]]
    tell(
        "zarrpy as a codec pipeline of zarr-python",
        [f"{len(by_ours)} of {len(cases)} kinds of arrays by zarrpy, zarr {used['version']}"],
    )

    assert len(cases) == 13
    assert len(by_ours) >= 11
    for name in ("defaults", "shards", "transposed", "v2", "v2 in Fortran's order", "float16"):
        assert min(used[name].values()) > 0, name


def test_what_zarrpy_does_otherwise_is_left_to_zarr_python(used):
    """Texts are read and written by its own codecs, and no error is raised for them."""
    assert used["texts"] == {"encoded": 0, "decoded": 0}


def test_a_damaged_chunk_is_an_error(used):
    """Never values: zarr-python's codecs have the last word."""
    assert used["damaged"] not in (None, "AssertionError")
