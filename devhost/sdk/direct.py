"""The way of a turn into the SDK without JSON text in between.

The SDK reads a trigger body from JSON text, for every turn with the whole history. In devhost's own process both sides
are objects, so the context is made of them; what the text would have changed is changed here too (half a surrogate
pair, an input that is an object). Nothing of the SDK is replaced, and whoever stands between the host and an
orchestrator gets the text, as on the real host: `leads_to` says no to a function that is not the SDK's own wrapper,
and in a process in which something else stands in the place of what that wrapper calls.
"""

from __future__ import annotations

import json
import sys
from copy import copy
from datetime import datetime, timedelta
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from devhost.engine import history
from devhost.engine.worker import OrchestratorCall
from devhost.json_text import compact, parse, without_halves
from devhost.sdk.orchestration_body import beginning, body_text, facts, input_of, played
from devhost.ticks import PER_MICROSECOND, Ticks, to_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from devhost.engine.history import Event

_WRAPPER: Final = "azure.durable_functions.orchestrator"
_CONTEXT: Final = "azure.durable_functions.models.DurableOrchestrationContext"
_LONGEST_KEPT: Final = 4096  # characters of an input
_SHARED: Final = (str, int, float, bool, type(None), datetime, timedelta, Enum)  # what nobody can change
_BLANK: Final = {
    "EventType": int(history.EventType.ORCHESTRATOR_STARTED),
    "EventId": history.NO_ID,
    "IsPlayed": False,
    "Timestamp": to_text(Ticks(0)),
}


class DirectWay:
    """Calls the SDK's wrappers of orchestrators as those call what is below them."""

    def __init__(self) -> None:
        """Take the SDK as it is loaded; raise `KeyError` or `AttributeError` where it is not as it is known."""
        wrapper: Any = sys.modules[_WRAPPER]
        context: Any = sys.modules[_CONTEXT]
        self._orchestrator = wrapper.Orchestrator
        self._context = context.DurableOrchestrationContext
        self._event = context.HistoryEvent
        self._code = self._orchestrator.create(lambda _: None).__code__
        self._called = self._now_called()
        plain = vars(self._event(**_BLANK))
        self._epoch: datetime = plain["_timestamp"]
        self._blank = {name: value for name, value in plain.items() if value is None or value is False}
        place, _ = beginning(_SAMPLE)
        self._new = vars(self._context(history=[_BLANK], **facts(_SAMPLE, place)))
        self._own = {name: value for name, value in self._new.items() if not isinstance(value, _SHARED)}

    @classmethod
    def of_sdk(cls) -> DirectWay | None:
        """Return the way into the SDK that the app has loaded; None if it is an unknown one or was changed."""
        try:
            way = cls()
            return way if way._is_sdk_s_own() and way._is_as_good_as_text() else None
        except (AttributeError, KeyError, TypeError):
            return None

    def leads_to(self, function: Callable[..., Any]) -> bool:
        """Say whether *function* is the SDK's own wrapper round an orchestrator, with nothing in between."""
        return getattr(function, "__code__", None) is self._code and self._called == self._now_called()

    def answer(self, function: Any, context: Any) -> str:  # noqa: ANN401  the SDK ships no types
        """Return what the orchestrator in the wrapper *function* answers to *context*, as JSON text."""
        context._input_expected_type = getattr(function, "_df_input_type", None)  # noqa: SLF001  as the wrapper does
        text: str = self._orchestrator(function.orchestrator_function).handle(context)
        return text

    def context(self, call: OrchestratorCall) -> Any:  # noqa: ANN401  as above
        """Return the context of a turn; raise `ValueError` if the instance's input is no JSON."""
        place, started = beginning(call)
        marks = played(call, place)
        events = [self._read(event, is_played=mark) for event, mark in zip(call.history, marks, strict=True)]
        made = self._context.__new__(self._context)
        made.__dict__.update(self._new, **{name: copy(value) for name, value in self._own.items()})
        first = next(event for event in events if event.event_type == history.EventType.ORCHESTRATOR_STARTED)
        made.__dict__.update(
            _histories=events,
            _instance_id=call.instance_id,
            _is_replaying=place < call.new_from,
            _parent_instance_id=call.parent_instance_id,
            decision_started_event=first,
            _current_utc_datetime=first.timestamp,
            _input=_input(started.fields["Input"]),
            _version=events[place].Version,
        )
        return made

    def _read(self, event: Event, *, is_played: bool) -> Any:  # noqa: ANN401  as above
        """Return an event as the SDK reads it."""
        made = self._event.__new__(self._event)
        made.__dict__.update(
            self._blank,
            _event_type=int(event.type),
            _event_id=event.id,
            _is_played=is_played,
            _timestamp=self._epoch + timedelta(microseconds=event.at // PER_MICROSECOND),
        )
        for name, value in event.fields.items():
            made.__dict__[name] = _as_read(value)
        return made

    def _now_called(self) -> tuple[object, ...]:
        """Return what the wrapper and the context's reading call, as it is now."""
        context, orchestrator = vars(self._context), vars(self._orchestrator)
        return (context["from_json"], context["__init__"], orchestrator["handle"], orchestrator["__init__"])

    def _is_sdk_s_own(self) -> bool:
        """Say whether nobody has put something in the place of what is called."""
        from_json, *others = self._called
        places = [getattr(one, "__module__", None) for one in (getattr(from_json, "__func__", None), *others)]
        return places == [_CONTEXT, _CONTEXT, _WRAPPER, _WRAPPER]

    def _is_as_good_as_text(self) -> bool:
        """Say whether a context is the same as if it had been read from text."""
        return _held(self.context(_SAMPLE)) == _held(self._context.from_json(body_text(_SAMPLE)))


def _input(text: str | None) -> Any:  # noqa: ANN401  JSON says anything
    if text is None or len(text) > _LONGEST_KEPT:
        return _input_as_read(text)
    kept = _kept_input(text)
    return _input_as_read(text) if isinstance(kept, list) else kept


def _input_as_read(text: str | None) -> Any:  # noqa: ANN401  JSON says anything
    """Return an input as the context keeps it once it has read its text: an object as text again."""
    value = parse(compact(input_of(text)))
    return json.dumps(value) if isinstance(value, dict) else value


_kept_input = lru_cache(maxsize=512)(_input_as_read)


def _as_read(value: Any) -> Any:  # noqa: ANN401  a field of an event
    """Return what the SDK would read, had *value* been written."""
    if type(value) is str:
        return value if value.isascii() else without_halves(value)
    return parse(compact(value)) if isinstance(value, (dict, list, float)) else value


def _held(context: Any) -> dict[str, Any]:  # noqa: ANN401  as above
    """Return all that a context holds, its events included."""
    events = [vars(event) for event in context.histories]
    own = {"_function_context": vars(context._function_context)}  # noqa: SLF001  compared whole
    first = vars(context.decision_started_event)
    return {**vars(context), **own, "_histories": events, "decision_started_event": first}


_AT: Final = Ticks(17_000_000_001_234_567)
_SAMPLE: Final = OrchestratorCall(
    instance_id="one",
    name="Flow",
    history=(
        history.orchestrator_started(_AT),
        history.execution_started(
            _AT, instance_id="one", execution_id="x", name="Flow", version="1", input_text='{"a": 1}'
        ),
        history.task_scheduled(_AT, 0, "Work"),
        history.task_completed(_AT, 0, '"done"'),
        history.event_raised(_AT, "Go", '"now"'),
    ),
    new_from=2,
    parent_instance_id="parent",
)
