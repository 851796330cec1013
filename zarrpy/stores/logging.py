"""A store that writes a line for each request to the store below."""

from __future__ import annotations

from logging import DEBUG, WARNING, Logger, getLogger
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar

from zarrpy.stores.wrapper import Call, WrapperStore, nbytes_of

if TYPE_CHECKING:
    from zarrpy.stores.base import Store

T = TypeVar("T")

#: Keys that a line names; of more it tells the number.
_SHOWN = 3


class LoggingStore(WrapperStore):
    """Log every request with its keys, its bytes, how long it took, and its error.

    Parameters
    ----------
    store : Store
    logger : logging.Logger or str, optional
        By default the one named "zarrpy.stores".
    level : int
        Of what goes well; errors of the store are warnings at least.
    """

    lists_whole = True

    def __init__(
        self, store: Store, logger: Logger | str | None = None, *, level: int = DEBUG
    ) -> None:
        super().__init__(store)
        self.logger = logger if isinstance(logger, Logger) else getLogger(logger or "zarrpy.stores")
        self.level = level

    def around(self, call: Call[T]) -> T:
        """Make a request, and log it."""
        if not self.logger.isEnabledFor(max(self.level, WARNING)):
            return call.make()
        began = perf_counter()
        try:
            answer = call.make()
        except BaseException as error:
            self._log(max(self.level, WARNING), call, f"failed: {error!r}", began)
            raise
        self._log(self.level, call, _told(call, answer), began)
        return answer

    def _log(self, level: int, call: Call[Any], outcome: str, began: float) -> None:
        shown = ", ".join(map(repr, call.keys[:_SHOWN]))
        more = f" and {len(call.keys) - _SHOWN} more" if len(call.keys) > _SHOWN else ""
        milliseconds = (perf_counter() - began) * 1000
        self.logger.log(
            level, "%s %s%s: %s in %.2f ms", call.operation, shown, more, outcome, milliseconds
        )


def _told(call: Call[Any], answer: object) -> str:
    """Say in a few words what came of a request."""
    if call.operation == "get":
        return "absent" if answer is None else f"{nbytes_of(answer)} bytes"
    if call.operation == "get_many" and isinstance(answer, list):
        absent = sum(value is None for value in answer)
        return f"{nbytes_of(answer)} bytes" + (f", {absent} absent" if absent else "")
    if call.changes:
        return f"{call.nbytes} bytes" if call.nbytes else "done"
    return f"{len(answer)} names" if isinstance(answer, list) else repr(answer)
