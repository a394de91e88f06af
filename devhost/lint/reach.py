"""Which functions an orchestrator runs: its own, and those of the app that it names, however far away."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from devhost.lint.modules import Function

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devhost.lint.modules import App, Module

ORCHESTRATION_TRIGGER = "orchestration_trigger"


@dataclass(frozen=True, slots=True)
class Reached:
    """A function that runs in an orchestrator, named *orchestrator*."""

    module: Module
    function: Function
    orchestrator: str
    is_door: bool

    @property
    def where(self) -> str:
        """Say in which orchestrator the function runs."""
        return f"in the orchestrator {self.orchestrator}" + ("" if self.is_door else f", by {self.function.name}()")


def reached(app: App) -> Iterator[Reached]:
    """Return every function that some orchestrator runs, each once."""
    seen: set[int] = set()
    for module in app:
        for function in module.functions.values():
            if ORCHESTRATION_TRIGGER in _decorators(function):
                yield from _from(app, Reached(module, function, function.name, is_door=True), seen)


def local_names(function: Function) -> frozenset[str]:
    """Return the names that a function binds itself."""
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    stored = (node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
    return frozenset(argument.arg for argument in named if argument is not None) | frozenset(stored)


def body_of(function: Function) -> Iterator[ast.AST]:
    """Return all nodes that run when a function does: not its decorators, defaults and annotations."""
    todo: list[ast.AST] = list(reversed(function.body))
    while todo:
        node = todo.pop()
        yield node
        todo.extend(reversed([child for child in ast.iter_child_nodes(node) if not _is_annotation(node, child)]))


def _is_annotation(node: ast.AST, child: ast.AST) -> bool:
    if isinstance(node, ast.AnnAssign | ast.arg):
        return child is node.annotation
    return isinstance(node, Function) and child is node.returns


def _from(app: App, start: Reached, seen: set[int]) -> Iterator[Reached]:
    todo = [start]
    while todo:
        one = todo.pop()
        if id(one.function) in seen:
            continue
        seen.add(id(one.function))
        yield one
        for module, function in _named(app, one):
            todo.append(Reached(module, function, start.orchestrator, is_door=False))


def _named(app: App, one: Reached) -> Iterator[tuple[Module, Function]]:
    """Return the functions that are called, or handed to somebody who may call them, as in ``map(helper, values)``."""
    local = local_names(one.function)
    for node in body_of(one.function):
        if not isinstance(node, ast.Name | ast.Attribute):
            continue
        dotted = one.module.dotted(node, local)
        found = app.find(dotted) if dotted else None
        if found is None:
            continue
        module, name = found
        is_class = name in module.classes  # whoever makes an object also calls it, in ways that only a run would tell
        names = [each for each in module.functions if each.startswith(f"{name}.")] if is_class else [name]
        for function in (module.functions.get(each) for each in names):
            if function is not None and not any(each.endswith("_trigger") for each in _decorators(function)):
                yield module, function


def _decorators(function: Function) -> list[str]:
    called = (node.func if isinstance(node, ast.Call) else node for node in function.decorator_list)
    return [node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "") for node in called]
