"""The functions of the app, indexed once: the SDK lets an app object be asked for them only one time."""

from functools import cache
from typing import Any

from function_app import app


@cache
def functions() -> dict[str, Any]:
    """Return the app's functions by the name that Azure shows."""
    return {str(function.get_function_name()): function for function in app.get_functions()}
