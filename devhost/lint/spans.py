"""How long a span of time can be at most, as far as the source says so."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from devhost.lint.reach import local_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from devhost.lint.modules import App, Function, Module

T = TypeVar("T", timedelta, float)

_NOW = "current_utc_datetime"
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Spans:
    """Reads expressions of one function; every answer is an upper bound, or None for what only a run would tell."""

    app: App
    module: Module
    function: Function | None

    def from_now(self, node: ast.expr, depth: int = 0) -> timedelta | None:
        """Return how far in the future the instant *node* lies."""
        if isinstance(node, ast.Attribute) and node.attr == _NOW:
            return timedelta(0)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
            start, step = self.from_now(node.left, depth), self.span(node.right, depth)
            return _sum(start, step, node.op)
        return self._known(node, Spans.from_now, depth)

    def span(self, node: ast.expr, depth: int = 0) -> timedelta | None:
        """Return how long the span *node* is."""
        if isinstance(node, ast.Call) and self.module.dotted(node.func, self._local()) == "datetime.timedelta":
            return self._timedelta(node, depth)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
            return _sum(self.span(node.left, depth), self.span(node.right, depth), node.op)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            return self._product(node.left, node.right, depth) or self._product(node.right, node.left, depth)
        return self._known(node, Spans.span, depth)

    def number(self, node: ast.expr, depth: int = 0) -> float | None:
        """Return the number that *node* is."""
        if isinstance(node, ast.Constant):
            return float(node.value) if isinstance(node.value, int | float) else None
        if isinstance(node, ast.BinOp):
            left, right = self.number(node.left, depth), self.number(node.right, depth)
            return None if left is None or right is None else _calculated(node.op, left, right)
        return self._known(node, Spans.number, depth)

    def _product(self, span: ast.expr, number: ast.expr, depth: int) -> timedelta | None:
        length, factor = self.span(span, depth), self.number(number, depth)
        return None if length is None or factor is None else length * factor

    def _timedelta(self, node: ast.Call, depth: int) -> timedelta | None:
        units = ("days", "seconds", "microseconds", "milliseconds", "minutes", "hours", "weeks")
        given = dict(zip(units, node.args, strict=False)) | {part.arg or "": part.value for part in node.keywords}
        numbers = {unit: self.number(value, depth) for unit, value in given.items()}
        if any(number is None for number in numbers.values()) or not numbers.keys() <= set(units):
            return None
        return timedelta(**{unit: number for unit, number in numbers.items() if number is not None})

    def _known(self, node: ast.expr, read: Callable[[Spans, ast.expr, int], T | None], depth: int) -> T | None:
        """Read what a name stands for, and what min() and max() choose from."""
        if depth > _DEEPEST:
            return None
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"min", "max"}:
            return _chosen(node.func.id, [read(self, argument, depth + 1) for argument in node.args])
        return _chosen("max", [read(reader, value, depth + 1) for reader, value in self._meant(node)])

    def _meant(self, node: ast.expr) -> Iterator[tuple[Spans, ast.expr]]:
        """Return all expressions that a name may stand for: what is assigned to it here, or a constant of the app."""
        if self.function is not None and isinstance(node, ast.Name) and node.id in self._local():
            for statement in ast.walk(self.function):
                if isinstance(statement, ast.Assign) and any(_is_name(target, node.id) for target in statement.targets):
                    yield self, statement.value
            return
        dotted = self.module.dotted(node)
        found = self.app.find(dotted) if dotted else None
        if found is not None and found[1] in found[0].constants:
            yield Spans(self.app, found[0], None), found[0].constants[found[1]]

    def _local(self) -> frozenset[str]:
        return frozenset() if self.function is None else local_names(self.function)


def _is_name(target: ast.expr, name: str) -> bool:
    return isinstance(target, ast.Name) and target.id == name


def _chosen(how: str, values: list[T | None]) -> T | None:
    """Return the bound of min() or max() over *values*: the least is bounded by any of them, the greatest by all."""
    known = [value for value in values if value is not None]
    if how == "min":
        return min(known, default=None)
    return max(known) if known and len(known) == len(values) else None


def _sum(left: timedelta | None, right: timedelta | None, operator: ast.operator) -> timedelta | None:
    if left is None or right is None:
        return None
    return left + right if isinstance(operator, ast.Add) else left - right


def _calculated(operator: ast.operator, left: float, right: float) -> float | None:
    if isinstance(operator, ast.Div):
        return left / right if right else None
    results = {ast.Add: left + right, ast.Sub: left - right, ast.Mult: left * right}
    return results.get(type(operator))
