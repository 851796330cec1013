"""What the user asked for: an index expression, checked and normalised against a shape.

On each axis a selection takes either a *stretch*, elements a constant step apart, or *points*,
which are named one by one and may be shared by several axes.  Whatever way of indexing was used,
`Selection` is what comes of it, and `Selection.plan` maps it to chunks.
"""

from zarrpy.selection.basic import parse_basic
from zarrpy.selection.blocks import parse_blocks
from zarrpy.selection.fields import as_fields, field_type, split_fields, spread_fields
from zarrpy.selection.named import axis_of, merged, positional
from zarrpy.selection.points import (
    is_mask,
    parse,
    parse_coordinates,
    parse_mask,
    parse_orthogonal,
    parse_vectorized,
)
from zarrpy.selection.record import Points, Selection
from zarrpy.selection.table import PointTable
from zarrpy.selection.transform import Transform

__all__ = [
    "PointTable",
    "Points",
    "Selection",
    "Transform",
    "as_fields",
    "axis_of",
    "field_type",
    "is_mask",
    "merged",
    "parse",
    "parse_basic",
    "parse_blocks",
    "parse_coordinates",
    "parse_mask",
    "parse_orthogonal",
    "parse_vectorized",
    "positional",
    "split_fields",
    "spread_fields",
]
