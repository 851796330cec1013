"""Write docs/reference/formats.md: every codec and data type that zarrpy knows, with its JSON.

With ``--check`` it only says whether the page is as it would be written.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

import zarrpy
from zarrpy.codecs import document, find
from zarrpy.codecs.base import ArrayToArray, ArrayToBytes, ChunkSpec, Codec
from zarrpy.metadata import dtypes
from zarrpy.metadata import fill_value as fill
from zarrpy.metadata.small_floats import FORMATS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "formats.md"

# The parameters of an example, for codecs that cannot do without or that say more with some.
EXAMPLES: dict[str, dict[str, Any]] = {
    "bitround": {"keepbits": 10},
    "blosc": {"cname": "zstd", "clevel": 5, "shuffle": "shuffle", "typesize": 4},
    "bytes": {"endian": "little"},
    "cast_value": {
        "data_type": "uint8",
        "rounding": "towards-zero",
        "out_of_range": "clamp",
        "scalar_map": {"encode": [["NaN", 255]], "decode": [[255, "NaN"]]},
    },
    "conditional": {"codecs": [{"name": "zstd", "configuration": {"level": 3}}]},
    "n5_default": {
        "codecs": [
            {"name": "transpose", "configuration": {"order": [1, 0]}},
            {"name": "bytes", "configuration": {"endian": "big"}},
            {"name": "gzip", "configuration": {"level": 5}},
        ]
    },
    "numcodecs.astype": {"encode_dtype": "<f4", "decode_dtype": "<f8"},
    "numcodecs.delta": {"dtype": "<i4", "astype": "<i2"},
    "numcodecs.fixedscaleoffset": {"offset": 0, "scale": 10, "dtype": "<f4", "astype": "|u1"},
    "numcodecs.quantize": {"digits": 2, "dtype": "<f4"},
    "packbits": {"padding_encoding": "first_byte"},
    "reshape": {"shape": [[0, 1], -1]},
    "scale_offset": {"offset": 5, "scale": 0.1},
    "sharding_indexed": {
        "chunk_shape": [16, 16],
        "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
        "index_codecs": [
            {"name": "bytes", "configuration": {"endian": "little"}},
            {"name": "crc32c"},
        ],
    },
    "transpose": {"order": [1, 0]},
    "zarrs.optional": {
        "mask_codecs": [{"name": "packbits"}],
        "data_codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
    },
    "zarrs.vlen": {
        "index_codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
        "data_codecs": [{"name": "bytes"}, {"name": "zstd", "configuration": {"level": 3}}],
        "index_data_type": "uint32",
    },
    "zfp": {"mode": "fixed_accuracy", "tolerance": 0.05},
    "zstd": {"level": 3, "checksum": True},
}

# A member of each family of data types, in the words of NumPy or of Zarr v3.
FAMILIES: dict[str, tuple[Any, ...]] = {
    "fixed_length_utf32": ("U8",),
    "ml_dtypes": (
        *FORMATS,
        *("int2", "int4", "uint2", "uint4"),
        *(f"complex_{name}" for name in ("float16", *FORMATS)),
    ),
    "null_terminated_bytes": ("S8",),
    "numpy.datetime64": ("M8[ms]",),
    "numpy.timedelta64": ("m8[10s]",),
    "r*": ("r24",),
    "raw_bytes": ("V5",),
    "struct": ([("x", "f4"), ("n", "i2")],),
    "zarrs.optional": ({"name": "zarrs.optional", "configuration": {"name": "int32"}},),
}

# What the examples are chunks of.
_NUMBERS = ChunkSpec((), np.dtype("f4"), None)

_HEAD = """# Codecs and data types

What zarrpy reads and writes, as it stands in metadata documents. This page is made by
`python tools/formats.py`; programs ask `zarrpy.available_codecs()` and
`zarrpy.available_data_types()`.
"""


def kind_of(codec: type[Codec]) -> str:
    """Say what a codec takes and gives."""
    if issubclass(codec, ArrayToArray):
        return "array → array"
    return "array → bytes" if issubclass(codec, ArrayToBytes) else "bytes → bytes"


def code(value: Any) -> str:
    """Write JSON on one line, as code."""
    return f"`{json.dumps(value, ensure_ascii=False)}`"


def codec_section(name: str) -> str:
    """Describe one codec."""
    codec = find(name)
    assert codec is not None
    made = codec.from_config(EXAMPLES.get(name, {}))
    v3 = document(made)
    lines = [
        f"### {name}",
        "",
        (codec.__doc__ or "").strip().partition("\n")[0],
        "",
        f"- {kind_of(codec)}",
        f"- v3: {code({'name': v3.name, 'configuration': v3.configuration})}",
    ]
    if codec.v2_id is not None:
        v2 = document(made.loosened(_NUMBERS), dialect=2)
        lines.append(f"- v2: {code({'id': v2.name, **v2.configuration})}")
    known = zarrpy.codecs.codecs.aliases()
    aliases = sorted(alias for alias, of in known.items() if of == name)
    if aliases:
        lines.append(f"- also read as {', '.join(f'`{alias}`' for alias in aliases)}")
    return "\n".join(lines)


def data_type_row(given: Any) -> str:
    """Describe one data type: a row of the table."""
    data_type, _ = dtypes.from_numpy(given)
    zero = fill.default(data_type)
    v3 = code(dtypes.to_v3(data_type)) if data_type.v3 else "-"
    v2 = "-" if data_type.v2 is None else code(dtypes.to_v2(data_type, "<"))
    cells = (v3, v2, f"`{data_type.numpy}`", code(fill.dump(zero, data_type)))
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def page() -> str:
    """Write the whole page."""
    parts = [_HEAD, "## Codecs\n"]
    parts += [codec_section(name) + "\n" for name in sorted(zarrpy.codecs.codecs.names())]
    parts += [
        "## Data types\n",
        "Each with its usual fill value. Families without end are shown by an example.\n",
        "| v3 | v2 | NumPy | fill value |\n|---|---|---|---|",
    ]
    for name in (each.name for each in zarrpy.available_data_types()):
        parts += [data_type_row(given) for given in FAMILIES.get(name, (name,))]
    return "\n".join(parts) + "\n"


def main(arguments: list[str]) -> int:
    """Write the page, or compare it."""
    text = page()
    if arguments == ["--check"]:
        same = PAGE.exists() and PAGE.read_text(encoding="utf-8") == text
        print("up to date" if same else f"{PAGE} is stale: run python tools/formats.py")
        return 0 if same else 1
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
