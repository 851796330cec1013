from typing import Any

from zarrpy.codecs.base import Buffer

DEEPEST: int

class ExtensionError(Exception): ...

def pack(value: object, use_bin_type: bool = True, use_single_float: bool = False) -> bytes: ...
def unpack(data: Buffer, raw: bool = False) -> Any: ...
