"""The page of codecs and data types says what the registries say."""

import subprocess
import sys

import pytest


def test_the_page_of_formats_is_as_it_would_be_written(repository):
    """After a change of a codec: `python tools/formats.py`."""
    pytest.importorskip("ml_dtypes", reason="pip install ml_dtypes: the page shows its types")
    command = [sys.executable, "tools/formats.py", "--check"]

    run = subprocess.run(command, cwd=repository, capture_output=True, text=True)

    assert run.returncode == 0, run.stdout + run.stderr


def test_a_stale_page_is_noticed(repository, tmp_path):
    """The comparison can fail."""
    code = (
        "import sys; sys.path.insert(0, 'tools'); import formats, pathlib;"
        f"formats.PAGE = pathlib.Path({str(tmp_path / 'page.md')!r});"
        "formats.PAGE.write_text('old'); sys.exit(formats.main(['--check']))"
    )

    run = subprocess.run([sys.executable, "-c", code], cwd=repository, capture_output=True)

    assert run.returncode == 1
