"""The modules of an app as syntax trees, and what a name in one of them stands for."""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from devhost.errors import AppImportError, AppNotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FRONT_DOOR = "function_app"
Function = ast.FunctionDef | ast.AsyncFunctionDef
_BUILTINS = frozenset(dir(builtins))


@dataclass(slots=True)
class Module:
    """One file: its functions and classes (``Class.method`` too), its constants, and what its imports stand for."""

    name: str
    path: Path
    tree: ast.Module
    functions: dict[str, Function] = field(default_factory=dict)
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    constants: dict[str, ast.expr] = field(default_factory=dict)
    imports: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, path: Path) -> Module:
        """Read the file at *path*; raise `AppImportError` if it is no Python."""
        try:
            module = cls(name, path, ast.parse(path.read_text("utf-8-sig"), str(path)))
        except (SyntaxError, UnicodeDecodeError) as error:
            message = f"{path} cannot be read as Python: {error}"
            raise AppImportError(message) from error
        for node in module.tree.body:
            module.take(node)
        for statement in ast.walk(module.tree):
            if isinstance(statement, ast.Import | ast.ImportFrom):
                module.imports |= dict(_names(statement, module))
        return module

    def take(self, node: ast.stmt) -> None:
        """Note what a statement at the top of the module defines."""
        if isinstance(node, Function):
            self.functions[node.name] = node
        elif isinstance(node, ast.ClassDef):
            self.classes[node.name] = node
            for part in node.body:
                if isinstance(part, Function):
                    self.functions[f"{node.name}.{part.name}"] = part
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            self.constants |= {target.id: node.value for target in targets if isinstance(target, ast.Name)}

    def dotted(self, node: ast.expr, local: frozenset[str] = frozenset()) -> str | None:
        """Return the full name that an expression stands for; None where only a run would tell."""
        if isinstance(node, ast.Attribute):
            owner = self.dotted(node.value, local)
            return None if owner is None else f"{owner}.{node.attr}"
        if not isinstance(node, ast.Name) or (node.id in local and node.id not in self.imports):
            return None
        if node.id in self.imports:
            return self.imports[node.id]
        if node.id in self.functions or node.id in self.classes or node.id in self.constants:
            return f"{self.name}.{node.id}"
        return f"builtins.{node.id}" if node.id in _BUILTINS else None


class App:
    """All modules of an app that its front door loads, directly or not."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._modules: dict[str, Module] = {}
        path = folder / f"{FRONT_DOOR}.py"
        if not path.is_file():
            message = f"There is no {FRONT_DOOR}.py in {folder}; name the app's folder."
            raise AppNotFoundError(message)
        self._load(FRONT_DOOR, path)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    def find(self, dotted: str) -> tuple[Module, str] | None:
        """Return the module of the app in which *dotted* is defined, and its name there."""
        for _ in self._modules:  # a name may be imported on and on; no chain is longer
            module, rest = self._split(dotted)
            if module is None:
                return None
            first, _, more = rest.partition(".")
            if first not in module.imports or rest in module.functions or first in module.classes:
                return module, rest
            dotted = f"{module.imports[first]}.{more}".rstrip(".")
        return None

    def _split(self, dotted: str) -> tuple[Module | None, str]:
        parts = dotted.split(".")
        for cut in range(len(parts) - 1, 0, -1):
            module = self._modules.get(".".join(parts[:cut]))
            if module is not None:
                return module, ".".join(parts[cut:])
        return None, ""

    def _load(self, name: str, path: Path) -> None:
        if name in self._modules:
            return
        self._modules[name] = module = Module.of(name, path)
        for target in module.imports.values():
            parts = target.split(".")
            for cut in range(1, len(parts) + 1):
                place = self._folder.joinpath(*parts[:cut])
                for file in (place.with_suffix(".py"), place / "__init__.py"):
                    if file.is_file():
                        self._load(".".join(parts[:cut]), file)


def _names(statement: ast.Import | ast.ImportFrom, module: Module) -> Iterator[tuple[str, str]]:
    """Return each name that an import binds, with what it stands for."""
    if isinstance(statement, ast.Import):
        for alias in statement.names:
            yield (alias.asname, alias.name) if alias.asname else (alias.name.partition(".")[0],) * 2
            if not alias.asname and "." in alias.name:
                yield f"import {alias.name}", alias.name  # no name of Python, but the module has to be loaded
        return
    package = _package(statement, module)
    for alias in statement.names:
        yield alias.asname or alias.name, f"{package}.{alias.name}".lstrip(".")


def _package(statement: ast.ImportFrom, module: Module) -> str:
    if not statement.level:
        return statement.module or ""
    depth = statement.level - (module.path.name == "__init__.py")
    parts = module.name.split(".")
    parent = parts[: len(parts) - depth] if depth else parts
    return ".".join([*parent, *filter(None, [statement.module])])
