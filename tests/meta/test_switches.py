"""Every fast path that can be turned off has a test that compares it with the way around it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from zarrpy.config import _SWITCHES

TESTS = Path(__file__).resolve().parents[1]

_FAR = "property/test_far_stores.py::test_values_are_those_of_numpy_with_a_switch_and_without"
_LARGE = "unit/test_large_results.py::test_a_large_result_is_the_same_however_it_is_written"
#: By switch the test that runs with it and without, and compares values or what is stored.
COMPARED = {
    "buffer": "unit/test_buffering.py::test_the_switch_changes_nothing_of_what_is_stored",
    "cache": "unit/engine/test_cache.py::test_a_cache_gives_what_the_switch_reads_anew",
    "coalesce": _FAR,
    "copy": "unit/engine/test_between.py::test_both_ways_store_the_same",
    "fold": "unit/test_folding.py::test_files_are_folded_as_block_by_block",
    "index": _FAR,
    "libdeflate": "unit/codecs/test_deflate_twin.py::test_each_library_reads_what_the_other_wrote",
    "native": "property/test_round_trips.py::test_what_one_body_writes_both_bodies_read",
    "partial": "unit/test_partial_chunks.py::"
    "test_a_window_is_the_same_whether_or_not_its_chunk_is_decoded_whole",
    "prefetch": _FAR,
    "recall": "unit/test_recall.py::test_opening_again_gives_the_same_array",
    "replaced": "unit/stores/test_replaced_files.py::test_values_are_those_that_were_written_last",
    "simd": "meta/test_c_programs.py::test_a_program_finds_nothing_wrong",
    "small": "unit/test_small_reads.py::test_a_view_is_read_the_same_way",
    "spare": _LARGE,
    "stream": _LARGE,
    "tuned": "unit/codecs/test_zstd.py::test_tuning_is_turned_off",
}


def named_by(tree: ast.Module, name: str) -> list[ast.stmt]:
    """What a module defines under a name, and all of it that this uses."""
    defined: dict[str, ast.stmt] = {}
    for each in tree.body:
        if isinstance(each, ast.FunctionDef | ast.ClassDef):
            defined[each.name] = each
        elif isinstance(each, ast.Assign | ast.AnnAssign):
            targets = each.targets if isinstance(each, ast.Assign) else [each.target]
            defined |= {target.id: each for target in targets if isinstance(target, ast.Name)}
    found: dict[str, ast.stmt] = {}
    wanted = [name]
    while wanted:
        name = wanted.pop()
        if name in defined and name not in found:
            found[name] = defined[name]
            used = [
                node for node in ast.walk(defined[name]) if isinstance(node, ast.Name | ast.arg)
            ]
            wanted += [node.id if isinstance(node, ast.Name) else node.arg for node in used]
    return list(found.values())


def test_every_switch_has_a_test():
    """And the table has no switch that there is not."""
    assert sorted(COMPARED) == sorted(_SWITCHES)


@pytest.mark.parametrize("switch", sorted(COMPARED))
def test_the_test_of_a_switch_is_there_and_turns_it(switch):
    """By its name, as a text of its own in the test or in what the test uses."""
    path, name = COMPARED[switch].split("::")
    parts = named_by(ast.parse((TESTS / path).read_text(encoding="utf-8")), name)

    assert isinstance(parts[:1] and parts[0], ast.FunctionDef), f"{path} has no {name}"
    texts = {
        node.value for part in parts for node in ast.walk(part) if isinstance(node, ast.Constant)
    }
    assert switch in texts
