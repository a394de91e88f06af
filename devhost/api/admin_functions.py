"""``/admin/functions``: what functions the app has, and the call of one by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from devhost import json_text, lenient_json
from devhost.api.answers import empty, json_answer
from devhost.sdk.functions import HTTP_TRIGGER

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from devhost.sdk.functions import Function
    from devhost.sdk.http import Incoming, Outgoing

_SCRIPT = "function_app.py"


class Runner(Protocol):
    """Calls functions in the background."""

    def begin(self, function: Function, text: str | None) -> None:
        """Begin to call *function* with *text* as what its trigger brings; how it ends is logged."""


class FunctionsApi:
    """Answers for the functions of one app, those included that are disabled."""

    def __init__(
        self, functions: Iterable[Function], *, prefix: str, disabled: frozenset[str], runner: Runner | None = None
    ) -> None:
        self._functions = {function.name.lower(): function for function in functions}
        self._prefix = prefix
        self._disabled = disabled
        self._runner = runner

    def answer(self, incoming: Incoming, segments: Sequence[str]) -> Outgoing:
        """Answer the request for the path ``/admin/functions/segments``."""
        match (incoming.method, *segments):
            case ("GET",):
                return json_answer(200, [self._shown(one, incoming.origin) for one in self._functions.values()])
            case ("GET", name):
                function = self._functions.get(name.lower())
                return empty(404) if function is None else json_answer(200, self._shown(function, incoming.origin))
            case ("GET", name, status) if status.lower() == "status":
                return json_answer(200, {}) if name.lower() in self._functions else empty(404)
            case ("POST", name):
                return self._run(name, incoming.body)
        return empty(404)

    def _run(self, name: str, body: bytes) -> Outgoing:
        """Begin a call; what is wrong with the body comes before whether there is such a function."""
        try:
            text = _input_in(body)
        except ValueError:
            return empty(400)
        function = self._functions.get(name.lower())
        if function is None or function.name in self._disabled:
            return empty(404)
        if self._runner is not None:
            self._runner.begin(function, text)
        return empty(202)

    def _shown(self, function: Function, origin: str) -> dict[str, Any]:
        """Return what tools are told about a function; the keys and their order are the real host's."""
        admin = f"{origin}/admin"
        return {
            "name": function.name,
            "script_root_path_href": f"{admin}/vfs/{function.name}/",
            "script_href": f"{admin}/vfs/{_SCRIPT}",
            "config_href": f"{admin}/vfs/{function.name}/function.json",
            "test_data_href": None,
            "href": f"{admin}/functions/{function.name}",
            "invoke_url_template": self._url(function, origin),
            "language": "python",
            "config": {
                "name": function.name,
                "entryPoint": function.name,
                "scriptFile": _SCRIPT,
                "language": "python",
                "bindings": list(function.bindings),
            },
            "files": None,
            "test_data": None,
            "isDisabled": function.name in self._disabled,
            "isDirect": True,
            "isProxy": False,
        }

    def _url(self, function: Function, origin: str) -> str | None:
        if function.trigger_type != HTTP_TRIGGER:
            return None
        route = str(function.trigger.get("route", function.name)).strip("/")
        return "/".join(part for part in (origin, self._prefix, route) if part)


def _input_in(body: bytes) -> str | None:
    """Return the text of ``{"input": ...}``; raise `ValueError` for any other body."""
    wish = lenient_json.parse(body.decode("utf-8-sig", "replace"))
    if not isinstance(wish, dict) or isinstance(wish.get("input"), (dict, list)):
        message = "expected an object whose input is a text"
        raise ValueError(message)  # noqa: TRY004  as the parser does for what is no JSON
    value = wish.get("input")
    return value if value is None or isinstance(value, str) else json_text.compact(value)
