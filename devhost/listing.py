"""The list of functions that a start prints, in the form of `func start`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from devhost.sdk.functions import Function, FunctionTable

_HTTP = "httpTrigger"


def function_list(table: FunctionTable, origin: str, prefix: str) -> str:
    """Return the list: HTTP functions first, then the others, each group by name."""
    by_name = sorted(table, key=lambda function: function.name.lower())
    lines = [_http_line(one, origin, prefix) for one in by_name if one.trigger_type == _HTTP]
    lines += [f"{one.name}: {one.trigger_type}" for one in by_name if one.trigger_type != _HTTP]
    return "\n".join(["Functions:", *(f"\n\t{line}" for line in lines)]) + "\n"


def _http_line(function: Function, origin: str, prefix: str) -> str:
    methods = ",".join(str(method).upper() for method in function.trigger.get("methods", ()))
    route = str(function.trigger.get("route", function.name)).strip("/")
    path = "/".join(part for part in (prefix, route) if part)
    return f"{function.name}: {f'[{methods}]' if methods else ''} {origin}/{path}"
