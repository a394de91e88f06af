"""``/devhost``: a page that shows what the host holds, and the few routes below it that its script asks.

The script uses the management API. It reaches it below ``/devhost/api``, where only this machine is answered, so that
no page of another site can terminate an instance from a developer's browser.
"""

from __future__ import annotations

from dataclasses import replace
from importlib import resources
from typing import TYPE_CHECKING

from devhost import lenient_json
from devhost.api.answers import ArgumentError, RefusedError, empty, json_answer, wrong_argument
from devhost.api.callers import check_caller
from devhost.api.histories import Detail, history_events
from devhost.api.paths import Query
from devhost.engine.history import EventType
from devhost.sdk.http import Outgoing
from devhost.ticks import to_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from devhost.api.durable import DurableApi
    from devhost.engine.engine import Engine
    from devhost.engine.history import Event
    from devhost.sdk.http import Incoming

BASE = "/devhost/api"
SHOWN_TIMERS = 5
_SCHEDULES = frozenset({EventType.TASK_SCHEDULED, EventType.SUB_ORCHESTRATION_CREATED})
_TAKEN = frozenset({EventType.EXECUTION_STARTED, EventType.EVENT_RAISED})
_ASSETS = {
    "": ("index.html", "text/html; charset=utf-8"),
    "page.js": ("page.js", "text/javascript; charset=utf-8"),
    "elements.js": ("elements.js", "text/javascript; charset=utf-8"),
    "page.css": ("page.css", "text/css; charset=utf-8"),
    "icon.svg": ("icon.svg", "image/svg+xml"),
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
_GUARDS = (
    ("Content-Security-Policy", _POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
)


class PageApi:
    """Answers the page, its script and style sheet, and what its script asks."""

    def __init__(self, engine: Engine, durable: DurableApi, hub_name: str) -> None:
        self._engine = engine
        self._durable = durable
        self._hub_name = hub_name

    async def answer(self, incoming: Incoming, segments: Sequence[str]) -> Outgoing | None:
        """Answer the request for the path ``/devhost/segments``; None if it is none of the page's."""
        name = "/".join(segments)
        if name not in _ASSETS and segments[0] != "api":
            return None
        try:
            check_caller(incoming)
            answered = _asset(incoming.method, name) if name in _ASSETS else await self._api(incoming, segments[1:])
        except RefusedError as error:
            answered = error.answer
        return replace(answered, headers=[*answered.headers, *_GUARDS])

    async def _api(self, incoming: Incoming, segments: Sequence[str]) -> Outgoing:
        match (incoming.method, *segments):
            case ("GET", "due"):
                return json_answer(200, await self._due())
            case ("GET", "history"):
                return await self._history(Query(incoming.query).text("instanceId") or "")
            case (_, "instances", *_):
                return await self._durable.answer(incoming, BASE)
        return empty(404)

    async def _history(self, instance_id: str) -> Outgoing:
        """Answer with the events as the management API shows them, but with all inputs, and those as values."""
        inputs = await self._engine.inputs(instance_id)
        events = [_with_input(event, inputs) for event in await self._engine.history(instance_id)]
        try:
            return json_answer(200, history_events(events, Detail(inputs=True, outputs=True)))
        except ArgumentError as error:
            return wrong_argument(error)

    async def _due(self) -> dict[str, object]:
        timers = await self._engine.due(limit=SHOWN_TIMERS)
        return {
            "taskHub": self._hub_name,
            "now": to_text(self._engine.clock.now()),
            "due": [
                {"instanceId": one.instance_id, "name": one.name, "fireAt": to_text(one.fire_at)} for one in timers
            ],
        }


def _with_input(event: Event, inputs: Mapping[int, str | None]) -> Event:
    """Return *event* with the value that its function was given in place of its text, if there is one."""
    if event.type not in _SCHEDULES | _TAKEN:
        return event
    text = inputs.get(event.id) if event.type in _SCHEDULES else event.fields["Input"]
    return replace(event, fields={**event.fields, "Input": lenient_json.shown(text)})


def _asset(method: str, name: str) -> Outgoing:
    if method not in {"GET", "HEAD"}:
        return empty(404)
    file, kind = _ASSETS[name]
    body = resources.files("devhost").joinpath("web", file).read_bytes()
    return Outgoing(status=200, headers=[("Content-Type", kind)], body=body)
