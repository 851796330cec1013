from typing import Any

class Axis:
    length: int
    def __init__(self, length: int) -> None: ...

class Stretch:
    start: int
    step: int
    along: Axis
    def __init__(self, start: int, step: int, along: Axis) -> None: ...

def select(
    rows: tuple[int | Stretch | None, ...], axes: tuple[Axis, ...], key: Any
) -> tuple[tuple[int | Stretch, ...], tuple[Axis, ...]] | None: ...
