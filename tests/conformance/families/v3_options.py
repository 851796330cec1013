"""Options of codecs of Zarr v3: each value that a specification names is read.

What an option tells the writer changes no byte that a reader has to understand; what it tells the
reader does, and each of its values has a chunk of its own.
"""

from __future__ import annotations

import numpy as np

from conformance.corpus import LITTLE, array, codec, objects, opens, refused, regular
from conformance.families.v3_codecs import DATA, chain, wrong

SMALL = np.array([1, 2, -3, 4], "i4")
NARROW = SMALL.astype("<i2").tobytes()
ROUNDINGS = ("nearest-even", "towards-zero", "towards-positive", "towards-negative", "nearest-away")

CAST = [
    *(
        chain(f"cast_value, {rounding}", "How a writer rounds is nothing to a reader.", NARROW,
              codec("cast_value", data_type="int16", rounding=rounding), LITTLE, expected=SMALL)
        for rounding in ROUNDINGS
    ),
    *(
        chain(f"cast_value that would {what}", "What a writer does beyond the range is its affair.",
              NARROW, codec("cast_value", data_type="int16", out_of_range=what), LITTLE,
              expected=SMALL)
        for what in ("clamp", "wrap")
    ),
    wrong("cast_value that does anything beyond the range", "out_of_range is clamp or wrap.",
          codec("cast_value", data_type="int16", out_of_range="novelty"), LITTLE,
          words=("out_of_range", "novelty")),
]  # fmt: skip

# A block of zeros is one bit 0 in every mode; the stream is padded to words of 64 bits.
ZEROS = np.zeros(4, "f4")
MODES = {
    "reversible": {},
    "fixed_rate": {"rate": 16},
    "fixed_precision": {"precision": 12},
    "fixed_accuracy": {"tolerance": 0.5},
    "expert": {"minbits": 64, "maxbits": 64, "maxprec": 20, "minexp": -20},
}
ZFP = [
    *(
        chain(f"zfp, {mode}", "A block of zeros is one bit, and there is no header.", bytes(8),
              codec("zfp", mode=mode, **options), expected=ZEROS, data_type="float32")
        for mode, options in MODES.items()
    ),
    wrong("zfp of another mode", "There are five modes.", codec("zfp", mode="novelty"),
          words=("zfp.mode", "novelty"), data_type="float32"),
    wrong("zfp with the option of another mode", "Each mode has options of its own.",
          codec("zfp", mode="fixed_rate", tolerance=0.5), words=("zfp",), data_type="float32"),
    wrong("zfp of flags", "zfp knows numbers.", codec("zfp", mode="reversible"),
          words=("zfp", "bool"), data_type="bool", fill=False),
]  # fmt: skip

ARRAYS = objects(np.array([1, 2, 3], "<i4"), np.array([], "<i4"))
_NUMBERS = np.array([1, 2, 3], "<i4").tobytes()
PACKED = b"\2\0\0\0" + b"\x0c\0\0\0" + _NUMBERS + b"\0\0\0\0"
OTHERS = [
    chain("snappy of a copy", "A block of Snappy may repeat what it has given.",
          b"\x30" + b"\x0c" + DATA[:1].tobytes() + b"\xae\x04\0", LITTLE, codec("snappy"),
          expected=np.repeat(DATA[:1], 12)),
    opens("vlen-array", "Each element is its length and its bytes.",
          array(shape=[2], chunk_grid=regular(2), data_type="bytes", fill_value="",
                codecs=[{"name": "vlen-array"}]),
          objects(_NUMBERS, b""), {"c/0": PACKED}),
    *(
        refused(name, "Codecs that are not known are refused by name.",
                array(codecs=[LITTLE, codec(name)]), "UnsupportedExtensionError", name)
        for name in ("zarrs.gdeflate", "zarrs.novelty")
    ),
]  # fmt: skip

CASES = [*CAST, *ZFP, *OTHERS]
