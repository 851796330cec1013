"""Chunk grids whose chunks are not all of one shape."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.corpus import array, codec, opens, refused

META = "MetadataError"
ROW = np.arange(10, dtype=np.uint8)
PLANE = np.arange(24, dtype=np.uint8).reshape(4, 6)


def rectilinear(*chunk_shapes: Any, **configuration: Any) -> dict:
    return codec("rectilinear", **{"kind": "inline", "chunk_shapes": list(chunk_shapes),
                                   **configuration})  # fmt: skip


def pieces(*lengths: int) -> dict[str, bytes]:
    """Cut the row into chunks; what lies beyond its end is filled up with 0xEE."""
    padded = np.concatenate([ROW, np.full(20, 0xEE, np.uint8)])
    ends = np.cumsum((0, *lengths))
    return {
        f"c/{i}": padded[ends[i] : ends[i + 1]].tobytes()
        for i in range(len(lengths))
        if ends[i] < 10
    }


def row(name: str, grid: dict, *lengths: int, expected: np.ndarray = ROW):
    return opens(name, "Chunks have the lengths that the grid lists, one after the other.",
                 array(shape=[10], chunk_grid=grid), expected, pieces(*lengths))  # fmt: skip


def wrong(name: str, grid: dict, *words: str, rule: str = "Lengths are at least one.", **members):
    return refused(name, rule, array(**{"shape": [10], "chunk_grid": grid, **members}), META,
                   *words)  # fmt: skip


HOLE = ROW.copy()
HOLE[3:5] = 9
TILES = {
    "c/0/0": PLANE[:1, :2].tobytes(), "c/0/1": PLANE[:1, 2:].tobytes(),
    "c/1/0": PLANE[1:, :2].tobytes(), "c/1/1": PLANE[1:, 2:].tobytes(),
}  # fmt: skip
RECTILINEAR = [
    row("lengths", rectilinear([3, 2, 5]), 3, 2, 5),
    row("lengths and counts", rectilinear([[2, 3], 4]), 2, 2, 2, 4),
    row("lengths in pairs", rectilinear([[3, 2], [1, 4]]), 3, 3, 1, 1, 1, 1),
    row("one length that repeats", rectilinear(4), 4, 4, 4),
    row("one length of all", rectilinear(10), 10),
    row("last chunk beyond the array", rectilinear([4, 9]), 4, 9),
    row("chunks beyond the array", rectilinear([6, 4, 3, 3]), 6, 4, 3, 3),
    opens("absent chunk", "Elements of an absent chunk have the fill value.",
          array(shape=[10], chunk_grid=rectilinear([3, 2, 5])), HOLE,
          {key: value for key, value in pieces(3, 2, 5).items() if key != "c/1"}),
    opens("lengths in two dimensions", "Each dimension has lengths of its own.",
          array(shape=[4, 6], chunk_grid=rectilinear([1, 3], [2, 4])), PLANE, TILES),
    opens("lengths in one dimension, one that repeats in the other", "Both forms go together.",
          array(shape=[4, 6], chunk_grid=rectilinear([1, 3], 4)), PLANE,
          {"c/0/0": PLANE[:1, :4].tobytes(), "c/1/0": PLANE[1:, :4].tobytes(),
           "c/0/1": np.pad(PLANE[:1, 4:], ((0, 0), (0, 2))).tobytes(),
           "c/1/1": np.pad(PLANE[1:, 4:], ((0, 0), (0, 2))).tobytes()}),
    opens("no dimensions in a list", "Of no dimensions there are no lengths.",
          array(shape=[], chunk_grid=rectilinear()), np.array(7, np.uint8), {"c": "07"}),
    opens("lengths through a transpose", "Codecs see each chunk in its own shape.",
          array(shape=[4, 6], chunk_grid=rectilinear([1, 3], [2, 4]),
                codecs=[codec("transpose", order=[1, 0]), {"name": "bytes"}]), PLANE,
          {key: tile.T.tobytes() for key, tile in (
              ("c/0/0", PLANE[:1, :2]), ("c/0/1", PLANE[:1, 2:]),
              ("c/1/0", PLANE[1:, :2]), ("c/1/1", PLANE[1:, 2:]))}),
    wrong("lengths that end too early", rectilinear([3, 2]), "chunk_grid", "5",
          rule="The lengths cover the array."),
    wrong("length zero", rectilinear([0, 10]), "chunk_shapes"),
    wrong("negative length", rectilinear([-1, 11]), "chunk_shapes"),
    wrong("length of half an element", rectilinear([0.5, 10]), "chunk_shapes"),
    wrong("count zero", rectilinear([[5, 0], 10]), "chunk_shapes"),
    wrong("three in a pair", rectilinear([[5, 1, 1], 5]), "chunk_shapes"),
    wrong("no lengths", rectilinear([]), "chunk_grid", rule="The lengths cover the array."),
    wrong("lengths of no list", rectilinear("x"), "chunk_shapes"),
    wrong("lengths of other dimensions", rectilinear([10], [10]), "chunk_grid",
          rule="There are lengths for each dimension."),
    wrong("without a kind", codec("rectilinear", chunk_shapes=[[10]]), "kind",
          rule="kind says how the lengths are given."),
    wrong("unknown kind", rectilinear([10], kind="novelty"), "kind", "novelty",
          rule="kind says how the lengths are given."),
    wrong("without lengths", codec("rectilinear", kind="inline"), "chunk_shapes",
          rule="chunk_shapes is required."),
    wrong("unknown parameter", rectilinear([10], novelty=1), "novelty",
          rule="A grid has no other parameters."),
]  # fmt: skip

OTHERS = [
    row("rectangular", codec("rectangular", chunk_shape=[[3, 2, 5]]), 3, 2, 5),
    opens("rectangular in two dimensions", "A list of lengths for each dimension.",
          array(shape=[4, 6], chunk_grid=codec("rectangular", chunk_shape=[[1, 3], [2, 4]])), PLANE,
          TILES),
    opens("rectangular with one length", "A dimension may have one length that repeats.",
          array(shape=[4, 6], chunk_grid=codec("rectangular", chunk_shape=[[1, 3], 6])), PLANE,
          {"c/0/0": PLANE[:1].tobytes(), "c/1/0": PLANE[1:].tobytes()}),
    row("regular and bounded", codec("zarrs.regular_bounded", chunk_shape=[4]), 4, 4, 2),
    opens("regular and bounded in two dimensions", "Edge chunks end where the array ends.",
          array(shape=[4, 6], chunk_grid=codec("zarrs.regular_bounded", chunk_shape=[3, 4])), PLANE,
          {"c/0/0": PLANE[:3, :4].tobytes(), "c/0/1": PLANE[:3, 4:].tobytes(),
           "c/1/0": PLANE[3:, :4].tobytes(), "c/1/1": PLANE[3:, 4:].tobytes()}),
    refused("irregular", "No specification has a grid of this name.",
            array(shape=[10], chunk_grid=codec("irregular", chunk_sizes=[[3, 2, 5]])),
            "UnsupportedExtensionError", "irregular", "rectilinear"),
]  # fmt: skip

CASES = [*RECTILINEAR, *OTHERS]
