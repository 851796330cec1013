"""Codec classes of zarr-python run in zarrpy as they are, and give the chunks of zarr-python."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from peers import environments

import zarrpy

pytestmark = pytest.mark.peers

FLIP = '''
import sys
from dataclasses import dataclass

import numpy
from zarr.abc.codec import BytesBytesCodec
from zarr.codecs import BytesCodec, ZstdCodec
from zarr.registry import register_codec


@dataclass(frozen=True)
class Flip(BytesBytesCodec):
    """Flip all bits."""

    codec_name = "test.flip"
    is_fixed_size = True

    def to_dict(self):
        return {"name": "test.flip", "configuration": {}}

    @classmethod
    def from_dict(cls, data):
        return cls()

    def compute_encoded_size(self, input_byte_length, chunk_spec):
        return input_byte_length

    async def _encode_single(self, chunk_bytes, chunk_spec):
        flipped = bytes(b ^ 0xFF for b in chunk_bytes.to_bytes())
        return chunk_spec.prototype.buffer.from_bytes(flipped)

    async def _decode_single(self, chunk_bytes, chunk_spec):
        return await self._encode_single(chunk_bytes, chunk_spec)


register_codec("test.flip", Flip)
values = numpy.arange(60, dtype="i4").reshape(6, 10)
'''
OURS = """
import zarr, zarrpy

theirs = zarr.create_array(sys.argv[1] + "/theirs", shape=values.shape, dtype=values.dtype,
                           chunks=(4, 5), compressors=[Flip(), ZstdCodec(level=3)])
theirs[...] = values
zarrpy.register_codec(Flip)
assert (zarrpy.open(sys.argv[1] + "/theirs")[...] == values).all()
ours = zarrpy.create_array(sys.argv[1] + "/ours", data=values, chunks=(4, 5),
                           compressors=[Flip(), ZstdCodec(level=3)])
assert [codec.name for codec in ours.compressors] == ["test.flip", "zstd"]
assert (zarr.open_array(sys.argv[1] + "/ours")[...] == values).all()
zarrpy.unregister_codec("test.flip")
assert (zarrpy.open(sys.argv[1] + "/ours", codecs=[Flip()])[...] == values).all()
"""


def test_a_class_of_zarr_python_is_accepted_as_it_is(tmp_path: Path) -> None:
    """Both libraries read what the other wrote with it."""
    try:
        python = environments.ensure(environments.HERE)
    except environments.EnvironmentMissingError as error:
        pytest.skip(str(error))
    root = (
        Path(zarrpy.__file__).resolve().parents[1]
    )  # of the source tree, or of an installed wheel

    run = subprocess.run(
        [str(python), "-c", FLIP + OURS, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        env={**environments.variables(), "PYTHONPATH": str(root)},
    )

    assert run.returncode == 0, run.stderr
