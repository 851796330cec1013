from collections.abc import Callable

class NativeWatch:
    failure: BaseException | None
    def __init__(
        self,
        document: bytes,
        marker: bytes | None,
        state: tuple[int, ...] | None,
        look: Callable[[], tuple[int, ...] | None],
    ) -> None: ...
