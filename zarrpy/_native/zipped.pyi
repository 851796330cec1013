from collections.abc import Sequence

def read_values(
    file: int, keys: list[str], entries: Sequence[tuple[int, ...] | None]
) -> list[memoryview | None]: ...
