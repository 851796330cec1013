"""Templates in references: text with expressions in double braces, of which few things are known.

References may come from anywhere, so that expressions are looked at piece by piece and never run
as code: names, numbers and texts, arithmetic, formats, and templates called with arguments.
"""

from __future__ import annotations

import ast
import itertools
import json
import operator
import re
from math import prod
from typing import TYPE_CHECKING, Any

from zarrpy.config import config
from zarrpy.errors import LimitError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_EXPRESSION = re.compile(r"\{\{(.*?)\}\}", re.S)
_OPERATORS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_FILTERS: dict[str, Callable[..., Any]] = {
    "format": lambda text, *values: _formatted(text, values),
    "int": int,
    "string": str,
    "lower": lambda value: str(value).lower(),
    "upper": lambda value: str(value).upper(),
}
#: A format with a longer number would make more text than an address has.
_LONG = re.compile(r"\d{4}")
#: Bytes of the shortest reference that a rule makes, about.
_LEAST = 32


def rendered(text: str, names: Mapping[str, Any]) -> str:
    """Replace each expression of a template by its value.

    Raises
    ------
    StoreError
        When an expression is not understood.

    Examples
    --------
    >>> rendered("s3://{{b}}/{{'%03d' % (i + 1)}}.nc", {"b": "bucket", "i": 4})
    's3://bucket/005.nc'
    """

    def value(found: re.Match[str]) -> str:
        try:
            return str(_value(ast.parse(found[1].strip(), mode="eval").body, names))
        except StoreError:
            raise
        except Exception as error:
            raise _not_understood(found[0]) from error

    return _EXPRESSION.sub(value, text)


def shown(value: object) -> str:
    """Show the beginning of what is not understood, as JSON where it is that."""
    try:
        return json.dumps(value)[:100]
    except (ValueError, TypeError, RecursionError):
        return f"a {type(value).__name__}"


def expanded(rules: Sequence[Any], templates: Mapping[str, str]) -> dict[str, list[Any]]:
    """Make the references that rules stand for.

    Parameters
    ----------
    rules : sequence of dict
        With ``key``, ``url`` and ``dimensions``, and ``offset`` and ``length`` or none of them.
    templates : mapping

    Raises
    ------
    StoreError
        When they are not understood.
    LimitError
        When they stand for more text than a document may have.
    """
    if not isinstance(rules, list | tuple):
        raise StoreError(f"'gen' of references has to be a list, not {shown(rules)}")
    made: dict[str, list[Any]] = {}
    room = _Room()
    for rule in rules:
        try:
            dimensions = {name: _steps(given) for name, given in rule["dimensions"].items()}
            texts = [str(rule[name]) for name in ("key", "url")]
            numbers = [str(rule[name]) for name in ("offset", "length") if name in rule]
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise StoreError(f"a rule of 'gen' is not understood: {shown(rule)}") from error
        if len(numbers) == 1:
            raise StoreError(
                f"a rule of 'gen' needs an offset and a length, or none: {shown(rule)}"
            )
        room.take(prod(max(_count(given), 1) for given in dimensions.values()) * _LEAST)
        for values in itertools.product(*dimensions.values()):
            names = {**templates, **dict(zip(dimensions, values, strict=True))}
            key, url = (rendered(text, names) for text in texts)
            room.take(max(len(key) + len(url) - _LEAST, 0))
            made[key] = [url, *(_number(rendered(text, names)) for text in numbers)]
    return made


class _Room:
    """Bytes that rules may still make: as many as a document may have."""

    def __init__(self) -> None:
        self._taken = 0

    def take(self, nbytes: int) -> None:
        """Take some of them, if they are left."""
        self._taken += nbytes
        limit = config.limits.metadata_bytes
        if self._taken > limit:
            raise LimitError(
                "the rules of 'gen' of references stand for too many of them, in bytes",
                limit=limit,
                asked=self._taken,
                hint="raise config.limits.metadata_bytes",
            )


def _count(steps: Sequence[Any]) -> int:
    """Count the values of a dimension, also where `len` cannot, as of a range beyond 2**63."""
    if not isinstance(steps, range):
        return len(steps)
    return max(0, -(-(steps.stop - steps.start) // steps.step))


def _steps(given: Any) -> Sequence[Any]:
    """Give the values of a dimension: a list of them, or start, stop and step."""
    if isinstance(given, list):
        return given
    return range(given.get("start", 0), given["stop"], given.get("step", 1))


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise StoreError(f"{text!r} of a rule of 'gen' is no whole number") from error


def _value(node: ast.expr, names: Mapping[str, Any]) -> Any:
    match node:
        case ast.Constant(value=int() | float() | str()):
            return node.value
        case ast.Name(id=name) if name in names:
            found = names[name]
            return rendered(found, {}) if isinstance(found, str) and "{{" in found else found
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, names)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _filtered(_value(left, names), right, names)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _computed(type(op), _value(left, names), _value(right, names))
        case ast.Tuple(elts=elements):
            return tuple(_value(element, names) for element in elements)
        case ast.Call(func=ast.Name(id=name), args=[], keywords=keywords) if name in names:
            given = {each.arg: _value(each.value, names) for each in keywords if each.arg}
            return rendered(str(names[name]), given)
    raise _not_understood(ast.unparse(node))


def _computed(kind: type, left: Any, right: Any) -> Any:
    if kind is ast.Mod and isinstance(left, str):
        return _formatted(left, right)
    if kind is ast.Mult and (isinstance(left, str) or isinstance(right, str)):
        raise _not_understood("text times a number")
    return _OPERATORS[kind](left, right)


def _formatted(text: str, values: Any) -> str:
    if _LONG.search(text):
        raise _not_understood(text)
    return str(text % values)


def _filtered(value: Any, node: ast.expr, names: Mapping[str, Any]) -> Any:
    match node:
        case ast.Name(id=name) if name in _FILTERS:
            return _FILTERS[name](value)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _FILTERS:
            return _FILTERS[name](value, *(_value(each, names) for each in args))
    raise _not_understood(ast.unparse(node))


def _not_understood(expression: str) -> StoreError:
    return StoreError(f"{expression!r} in references is not understood")
