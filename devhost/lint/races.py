"""Timers in races: what hangs or cheats in Azure even where it looks fine in a unit test."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from devhost.lint.findings import Finding
from devhost.lint.spans import Spans

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devhost.lint.modules import App, Function
    from devhost.lint.reach import Reached

LONG = timedelta(hours=6)
TOO_LONG = timedelta(days=6)
_BRANCHES = ("body", "orelse", "handlers", "finalbody", "cases")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node stands: the statements around it, each with the branch that holds it."""

    node: ast.Call
    around: tuple[tuple[ast.AST, str], ...]

    def loops(self) -> list[ast.AST]:
        """Return the loops around it."""
        return [node for node, branch in self.around if isinstance(node, ast.For | ast.While) and branch == "body"]

    def excludes(self, other: Place) -> bool:
        """Say whether only one of both can run in one round, because they are in two branches of one statement."""
        mine = {id(node): branch for node, branch in self.around if not isinstance(node, ast.For | ast.While)}
        return any(mine.get(id(node), branch) != branch for node, branch in other.around)


@dataclass(slots=True)
class _Code:
    """What one function does with timers."""

    timers: dict[str, list[Place]] = field(default_factory=dict)
    inline: list[Place] = field(default_factory=list)
    races: list[Place] = field(default_factory=list)
    lists: dict[str, list[ast.expr]] = field(default_factory=dict)
    let_go: set[str] = field(default_factory=set)
    """Variables that are cancelled, or handed to somebody who may cancel them."""

    def members(self, race: Place) -> list[ast.expr]:
        """Return the tasks that are raced, as far as the source lists them."""
        return self._listed(listed) if (listed := _argument(race.node, "activities")) else []

    def _listed(self, node: ast.expr) -> list[ast.expr]:
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            return list(node.elts)
        if isinstance(node, ast.Name):
            return self.lists.get(node.id, [])
        if isinstance(node, ast.BinOp):
            return [*self._listed(node.left), *self._listed(node.right)]
        return []


def check(app: App, one: Reached) -> Iterator[Finding]:
    """Return what is wrong with the races of *one*."""
    code = _read(one.function)
    spans = Spans(app, one.module, one.function)
    told: set[tuple[int, str]] = set()
    for race in code.races:
        for member in code.members(race):
            for finding in _about(one, code, spans, race, member):
                if (finding.line, finding.code) not in told:
                    told.add((finding.line, finding.code))
                    yield finding


def _about(one: Reached, code: _Code, spans: Spans, race: Place, member: ast.expr) -> Iterator[Finding]:
    if _is_call(member, "create_timer") and isinstance(member, ast.Call):
        yield from _length(one, spans, member)
        yield _finding(one, member, "DH203", "a raced timer that nobody can cancel; give it a name, and cancel it")
        return
    if not isinstance(member, ast.Name) or member.id not in code.timers:
        return
    name, made = member.id, code.timers[member.id]
    for place in made:
        yield from _length(one, spans, place.node)
    if name not in code.let_go:
        yield _finding(
            one, race.node, "DH203", f"the timer {name} is raced and never cancelled; cancel it when it lost"
        )
    if _is_raced_again(code, race, name):
        text = f"the timer {name} is raced a second time, and will not wake the instance; make a new one for each race"
        yield _finding(one, race.node, "DH204", text)


def _length(one: Reached, spans: Spans, timer: ast.Call) -> Iterator[Finding]:
    due = _argument(timer, "fire_at")
    length = spans.from_now(due) if due else None
    if length is None or length <= LONG:
        return
    if length > TOO_LONG:
        text = f"a raced timer of {length}: above 6 days it cannot be cancelled; wait in legs of 6 hours at most"
        yield _finding(one, timer, "DH201", text)
    else:
        text = f"a raced timer of {length}; wait in legs of 6 hours at most"
        yield _finding(one, timer, "DH202", text, is_error=False)


def _is_raced_again(code: _Code, race: Place, name: str) -> bool:
    made = code.timers[name]
    for loop in race.loops():
        if not any(loop in place.loops() for place in made):
            return True
    before = [other for other in code.races if other.node.lineno < race.node.lineno and not other.excludes(race)]
    return any(
        _names(code, other, name)
        and not any(other.node.lineno < place.node.lineno <= race.node.lineno for place in made)
        for other in before
    )


def _names(code: _Code, race: Place, name: str) -> bool:
    return any(isinstance(member, ast.Name) and member.id == name for member in code.members(race))


def _read(function: Function) -> _Code:
    code = _Code()
    for node, around in _placed(function, ()):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Name):
                    _assign(code, target.id, node.value, around)
        elif isinstance(node, ast.NamedExpr):
            _assign(code, node.target.id, node.value, around)
        elif isinstance(node, ast.Call):
            _call(code, node, around)
        elif isinstance(node, ast.Return) and isinstance(node.value, ast.Name):
            code.let_go.add(node.value.id)
    return code


def _assign(code: _Code, name: str, value: ast.expr, around: tuple[tuple[ast.AST, str], ...]) -> None:
    if _is_call(value, "create_timer") and isinstance(value, ast.Call):
        code.timers.setdefault(name, []).append(Place(value, around))
    elif isinstance(value, ast.List | ast.Tuple | ast.Set):
        code.lists.setdefault(name, []).extend(value.elts)


def _call(code: _Code, call: ast.Call, around: tuple[tuple[ast.AST, str], ...]) -> None:
    if _is_call(call, "task_any"):
        code.races.append(Place(call, around))
        return
    if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
        name = call.func.value.id
        if call.func.attr == "cancel":
            code.let_go.add(name)
        elif call.func.attr == "append":
            code.lists.setdefault(name, []).extend(call.args)
            return
    if not _is_call(call, "task_all"):
        code.let_go |= {argument.id for argument in call.args if isinstance(argument, ast.Name)}


def _placed(
    node: ast.AST, around: tuple[tuple[ast.AST, str], ...]
) -> Iterator[tuple[ast.AST, tuple[tuple[ast.AST, str], ...]]]:
    """Return all nodes below *node* in the order of the source, each with what is around it."""
    for name, value in ast.iter_fields(node):
        inside = (*around, (node, name)) if name in _BRANCHES and isinstance(node, ast.stmt) else around
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield child, inside
                yield from _placed(child, inside)


def _argument(call: ast.Call, name: str) -> ast.expr | None:
    """Return the first argument of a call, which may be given by *name*."""
    named = (part.value for part in call.keywords if part.arg == name)
    return call.args[0] if call.args else next(named, None)


def _is_call(node: ast.AST, method: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == method


def _finding(one: Reached, node: ast.expr, code: str, text: str, *, is_error: bool = True) -> Finding:
    return Finding(one.module.path, node.lineno, code, f"{one.where}: {text}", is_error)
