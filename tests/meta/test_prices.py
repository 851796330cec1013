"""Tests of bench/py/prices.py, which measures what protections cost."""

import importlib.util
import json
import subprocess
import sys

import pytest


@pytest.fixture
def program(repository):
    """The program."""
    return repository / "bench" / "py" / "prices.py"


def test_the_page_of_prices_is_what_was_measured(repository, program):
    """Run it with --table to write it from the kept results."""
    spec = importlib.util.spec_from_file_location("prices", program)
    prices = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(prices)
    kept = json.loads(prices.RESULTS.read_text(encoding="utf-8"))

    page = repository / "docs" / "price-of-protection.md"
    assert page.read_text(encoding="utf-8") == prices.page(kept)


@pytest.mark.skipif(sys.platform != "linux", reason="takes calls away by LD_PRELOAD: run on Linux")
def test_prices_can_be_measured(program):
    """Every protection can be taken away, and data are the same without."""
    words = [sys.executable, str(program), "--print", "--rounds", "1"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert done.stdout.count("all defaults together") == 2
