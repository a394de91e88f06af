"""Loads the one app of a folder as a table of functions; the only place that imports an app."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devhost.errors import AppImportError, AppNotFoundError, ConfigurationError, NotEmulatedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType

    from devhost.sdk.functions import Function, FunctionTable

FRONT_DOOR = "function_app"
KNOWN_BINDINGS = frozenset(
    {
        "httpTrigger",
        "http",
        "orchestrationTrigger",
        "activityTrigger",
        "entityTrigger",
        "durableClient",
        "timerTrigger",
        "queueTrigger",
        "queue",
        "blobTrigger",
    }
)


def front_door(folder: Path) -> Path:
    """Return the front door of the app in *folder*; raise `AppNotFoundError` if there is none."""
    path = folder / f"{FRONT_DOOR}.py"
    if path.is_file():
        return path
    message = f"There is no {FRONT_DOOR}.py in {folder}; name the app's folder with --app."
    raise AppNotFoundError(message)


def load(folder: Path) -> FunctionTable:
    """Import the app in *folder*, which becomes the current directory, and return its functions.

    Raises `AppError` for an app that the real host would not run, or that needs what devhost does not have.
    """
    path = front_door(folder)
    os.chdir(folder)
    if sys.path[:1] != [str(folder)]:
        sys.path.insert(0, str(folder))
    module = _imported(path)
    from devhost.sdk.apps import apps_in  # noqa: PLC0415  needs the SDK, whose absence is the app's own import error
    from devhost.sdk.functions import FunctionTable  # noqa: PLC0415  as above

    apps = apps_in(module)
    if len(apps) != 1:
        message = (
            f"{path} has {_listed(apps)} at its top level; make exactly one, such as app = df.DFApp(), "
            "and register blueprints on it."
        )
        raise AppNotFoundError(message)
    table = FunctionTable.of(next(iter(apps.values())), folder)
    for function in table:
        _check_bindings(function)
    return table


def settings_problems(check: str, environ: Mapping[str, str]) -> list[str]:
    """Return what the function *check* (``module:function``) of the app finds wrong with its settings."""
    module_name, _, function_name = check.partition(":")
    try:
        function: Callable[[Mapping[str, str]], list[str]] = getattr(
            importlib.import_module(module_name), function_name
        )
    except (ImportError, AttributeError) as error:
        message = f"devhost.json: settingsCheck names {check}, which cannot be loaded: {error}"
        raise ConfigurationError(message) from error
    return list(function(environ))


def _imported(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(FRONT_DOOR, path)
    if spec is None or spec.loader is None:
        message = f"{path} cannot be imported."
        raise AppImportError(message)
    module = importlib.util.module_from_spec(spec)
    sys.modules[FRONT_DOOR] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # an app may raise anything while it is imported
        message = f"{path} does not import: {_described(error, path.parent)}{_advice(error)}"
        raise AppImportError(message) from error
    return module


def _described(error: BaseException, folder: Path) -> str:
    """Return kind, first line and place of *error*, the place inside the app if it has one."""
    lines = str(error).splitlines()
    text = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
    if isinstance(error, SyntaxError):
        return text
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(folder)]
    return f"{text} ({Path(own[-1].filename).name}, line {own[-1].lineno})" if own else text


def _advice(error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError):
        return "; install what the app needs into this Python: pip install -r requirements.txt"
    return "; put that right and start again"


def _listed(apps: Mapping[str, Any]) -> str:
    return f"{len(apps)} app objects ({', '.join(apps)})" if apps else "no app object"


def _check_bindings(function: Function) -> None:
    for binding in function.bindings:
        if binding.get("durableRequiresGrpc"):
            message = (
                f"Function {function.name} was made with version 2 of azure-functions-durable, whose protocol devhost "
                "does not speak: see PARITY.md, row 9. Install azure-functions-durable>=1.7,<2."
            )
            raise NotEmulatedError(message)
        if binding["type"] not in KNOWN_BINDINGS:
            message = (
                f"Function {function.name} has the binding {binding['type']} ({binding['name']}), "
                "which devhost does not have: see PARITY.md, row 8.1."
            )
            raise NotEmulatedError(message)
