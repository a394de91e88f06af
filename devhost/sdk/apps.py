"""What counts as an app object: what the worker looks for in function_app.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

import azure.functions as func

if TYPE_CHECKING:
    from types import ModuleType

    from devhost.sdk.functions import App


def apps_in(module: ModuleType) -> dict[str, App]:
    """Return the app objects that stand at the top level of *module*, each under one of its names."""
    found: dict[int, tuple[str, App]] = {}
    for name, value in vars(module).items():
        if isinstance(value, func.FunctionRegister):
            found.setdefault(id(value), (name, value))
    return dict(found.values())
