"""The app of a test and its place in the process: folder, path and environment are put back afterwards."""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from devhost import configuration, loader
from devhost.configuration import HostSettings
from devhost.sdk.functions import FunctionTable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TABLES: WeakKeyDictionary[Any, FunctionTable] = WeakKeyDictionary()
"""An app object can be asked for its functions only once."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """An app that can be hosted."""

    table: FunctionTable
    settings: HostSettings


@contextlib.contextmanager
def loaded(app: Any, settings: Mapping[str, str]) -> Iterator[Loaded]:  # noqa: ANN401  an app object, or its folder
    """Load *app* for the length of a block, in which *settings* are app settings.

    Of an app object only its functions are known; of a folder host.json and local.settings.json count too.
    """
    with _put_back():
        os.environ.setdefault("AZURE_FUNCTIONS_ENVIRONMENT", "Development")
        os.environ.update(settings)
        if isinstance(app, str | Path):
            yield _from_folder(Path(app).resolve())
        else:
            if app not in _TABLES:
                _TABLES[app] = FunctionTable.of(app, Path.cwd())
            yield Loaded(_TABLES[app], HostSettings())


def _from_folder(folder: Path) -> Loaded:
    loader.front_door(folder)
    settings, _ = configuration.load(folder, os.environ)
    return Loaded(loader.load(folder), settings)


@contextlib.contextmanager
def _put_back() -> Iterator[None]:
    """Put back what loading an app changes: the environment, the current folder, the path, the app's modules."""
    environ, folder, path, modules = dict(os.environ), Path.cwd(), list(sys.path), set(sys.modules)
    try:
        yield
    finally:
        own = [entry for entry in sys.path if entry not in path]
        os.environ.clear()
        os.environ.update(environ)
        os.chdir(folder)
        sys.path[:] = path
        for name in sys.modules.keys() - modules:
            if _lies_in(sys.modules[name], own):
                del sys.modules[name]


def _lies_in(module: Any, folders: list[str]) -> bool:  # noqa: ANN401  whatever sys.modules holds
    file = getattr(module, "__file__", None)
    return file is not None and any(Path(file).is_relative_to(folder) for folder in folders)
