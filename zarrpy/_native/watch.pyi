from collections.abc import Callable

class NativeWatch:
    failure: BaseException | None
    def __init__(
        self,
        document: str,
        marker: str | None,
        state: tuple[int, ...] | None,
        look: Callable[[], tuple[int, ...] | None],
    ) -> None: ...
