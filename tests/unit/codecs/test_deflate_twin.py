"""gzip and zlib by zlib-ng, which stands in for libdeflate when that is switched off."""

import os
import subprocess
import sys

import numpy as np
import pytest

from zarrpy._native.steps import library_versions
from zarrpy.codecs.gzip import Gzip
from zarrpy.codecs.zlib import Zlib

RECODE = """
import sys
from zarrpy.codecs.{module} import {codec}
data = sys.stdin.buffer.read()
codec = {codec}(level=5)
plain = codec.decode(data, {nbytes})
sys.stdout.buffer.write(codec.encode(plain))
"""


@pytest.mark.parametrize("codec", [Gzip(level=5), Zlib(level=5)], ids=["gzip", "zlib"])
def test_each_library_reads_what_the_other_wrote(codec):
    """ZARRPY_DISABLE=libdeflate changes who does the work, not what comes out."""
    if not {"zlib-ng", "libdeflate"} <= set(library_versions()):
        pytest.skip("this build links one library for Deflate; ZARRPY_NATIVE=blosc2 links both")
    plain = np.arange(50_000, dtype="i4").tobytes()
    kind = type(codec).__name__
    other = "" if "libdeflate" in os.environ.get("ZARRPY_DISABLE", "") else "libdeflate"
    program = RECODE.format(module=kind.lower(), codec=kind, nbytes=len(plain))

    recoded = subprocess.run(
        [sys.executable, "-c", program],
        input=bytes(codec.encode(plain)),
        env={**os.environ, "ZARRPY_DISABLE": other},
        capture_output=True,
        check=True,
    ).stdout

    assert codec.decode(recoded, len(plain)) == plain
    assert recoded != codec.encode(plain)  # it was the other library indeed
