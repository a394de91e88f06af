"""HTTP functions: which one a request means, and how it is called."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from devhost.errors import AppError
from devhost.keys import sent_key
from devhost.sdk.functions import HTTP_TRIGGER, RETURN
from devhost.sdk.http import Outgoing, to_http_request, to_outgoing
from devhost.triggers.templates import Template, compiled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devhost.keys import Keys
    from devhost.sdk.functions import Function, FunctionTable
    from devhost.sdk.http import Incoming
    from devhost.triggers.invoking import Invoker

logger = logging.getLogger(__name__)
_RESERVED = ("admin", "runtime", "devhost")
_DEFAULT_LEVEL = "function"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One HTTP function and what it answers to; no *methods* means all."""

    function: Function
    text: str
    methods: tuple[str, ...]
    template: Template


def routes_of(table: FunctionTable, prefix: str) -> list[Route]:
    """Return the routes of an app, those that are tried first in front."""
    found = [_route(function, prefix) for function in table if function.trigger_type == HTTP_TRIGGER]
    return sorted(found, key=lambda route: route.template.precedence)


def _route(function: Function, prefix: str) -> Route:
    own = str(function.trigger.get("route", function.name)).strip("/")
    text = f"{prefix}/{own}".strip("/")
    if text.lower().partition("/")[0] in _RESERVED:
        message = f"Function {function.name} has the route {text!r}, which is the host's own; give it another."
        raise AppError(message)
    if any(binding["name"] != RETURN for binding in function.bindings_of("http")):
        message = f"Function {function.name} answers through an output parameter; return the answer instead."
        raise AppError(message)
    methods = tuple(method.upper() for method in function.trigger.get("methods", ()))
    return Route(function=function, text=text, methods=methods, template=compiled(text))


class HttpFunctions:
    """Answers requests by the functions of one app, to whoever has the key of one if there are *keys*."""

    def __init__(self, table: FunctionTable, prefix: str, invoker: Invoker, keys: Keys | None = None) -> None:
        self._routes = routes_of(table, prefix)
        self._invoker = invoker
        self._keys = keys

    async def answer(self, incoming: Incoming, path: str) -> Outgoing | None:
        """Answer by the function that *path* (decoded once, without slashes around it) and the method mean, if any."""
        for route in self._routes:
            if route.methods and incoming.method not in route.methods:
                continue
            values = route.template.values(path)
            if values is None:
                continue
            if self._keys is not None and not _may_call(route.function, incoming, self._keys):
                return Outgoing(status=401)
            return await self._called(route.function, incoming, values)
        return None

    async def _called(self, function: Function, incoming: Incoming, values: Mapping[str, str]) -> Outgoing:
        """Call a function; whatever it raises is logged and answered by 500 without a body."""
        began = time.perf_counter()
        try:
            returned = await self._invoker.call(function, to_http_request(incoming, values))
            outgoing = to_outgoing(returned)
        except Exception:  # the HTTP boundary
            logger.exception("function failed", extra=_facts(function, began))
            return Outgoing(status=500)
        logger.info("function ended", extra=_facts(function, began))
        return outgoing


def _may_call(function: Function, incoming: Incoming, keys: Keys) -> bool:
    level = str(function.trigger.get("authLevel") or _DEFAULT_LEVEL)
    return keys.open_function(function.name, level, sent_key(incoming))


def _facts(function: Function, began: float) -> dict[str, Any]:
    return {"function": function.name, "ms": round((time.perf_counter() - began) * 1000, 1)}
