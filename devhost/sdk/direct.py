"""The way of a turn to the SDK and back without JSON text in between.

The SDK reads a trigger body from JSON text and writes its answer as JSON text, for every turn with the whole history.
In devhost's own process both sides are objects, so the text is left out: `open_way` puts three functions in place of
the SDK's, which do what those do unless a turn of devhost's passes through. What the text would have changed is changed
here too (half a surrogate pair), or goes through the text after all (an object of the app's own).
"""

from __future__ import annotations

import contextlib
import json
import sys
import threading
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache, partial
from math import isfinite
from typing import TYPE_CHECKING, Any

from devhost.json_text import compact, parse, without_halves
from devhost.sdk.orchestration_body import beginning, facts, input_of, played
from devhost.ticks import PER_MICROSECOND

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from devhost.engine.history import Event
    from devhost.engine.worker import OrchestratorCall

_WRAPPER = "azure.durable_functions.orchestrator"
_CONTEXT = "azure.durable_functions.models.DurableOrchestrationContext"
_STATE = "azure.durable_functions.models.OrchestratorState"
_LONGEST_KEPT = 4096  # characters of an input
_passing = threading.local()


@dataclass(frozen=True, slots=True)
class Body:
    """A trigger body, as the SDK's context takes it once its text is read."""

    members: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Trigger:
    """What the SDK's wrapper is called with."""

    body: Body


class State:
    """What an orchestrator said; it becomes the JSON text that the SDK would have written if somebody asks for it."""

    __slots__ = ("_text", "members")

    def __init__(self, members: Mapping[str, Any], text: Callable[[], str]) -> None:
        self.members = members
        self._text = text

    def __format__(self, form: str) -> str:
        return format(self._text(), form)


def open_way() -> None:
    """Put our functions in place, if the app has loaded the SDK; doing so twice changes nothing."""
    if _WRAPPER not in sys.modules:
        return
    module: Any = sys.modules[_CONTEXT]
    if isinstance(module.HistoryEvent, _Events):
        return
    context: Any = module.DurableOrchestrationContext
    state: Any = vars(sys.modules[_STATE])["OrchestratorState"]
    module.HistoryEvent = _Events(module.HistoryEvent)
    context.from_json = classmethod(partial(_from_json, context.from_json.__func__))
    state.to_json_string = _written_by(state.to_json_string)


def leads_to(function: Callable[..., Any]) -> bool:
    """Say whether the way is open to *function*: that it is the SDK's own wrapper round an orchestrator."""
    return getattr(function, "__module__", None) == _WRAPPER and isinstance(
        vars(sys.modules[_CONTEXT])["HistoryEvent"], _Events
    )


@contextlib.contextmanager
def passing() -> Iterator[None]:
    """Within the block, let what this thread's orchestrator says pass as `State`."""
    _passing.is_on = True
    try:
        yield
    finally:
        _passing.is_on = False


def trigger(call: OrchestratorCall) -> Trigger:
    """Return what the wrapper is to be called with; raise `ValueError` if the instance's input is no JSON."""
    place, started = beginning(call)
    marks = played(call, place)
    history = [{"event": event, "is_played": mark} for event, mark in zip(call.history, marks, strict=True)]
    return Trigger(Body({"history": history, "input": _input(started.fields["Input"]), **facts(call, place)}))


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


class _Events:
    """Stands where the SDK's class for events is called: makes them of ours, or of what is written as before."""

    def __init__(self, kind: Any) -> None:  # noqa: ANN401  the SDK ships no types
        self._kind = kind
        plain = vars(kind(EventType=0, EventId=0, IsPlayed=False, Timestamp="1970-01-01T00:00:00Z"))
        self._epoch: datetime = plain["_timestamp"]
        self._blank = {name: value for name, value in plain.items() if value is None or value is False}

    def __call__(self, **written: Any) -> Any:  # noqa: ANN401  as above
        if "event" not in written:
            return self._kind(**written)
        event: Event = written["event"]
        made = self._kind.__new__(self._kind)
        made.__dict__.update(
            self._blank,
            _event_type=int(event.type),
            _event_id=event.id,
            _is_played=written["is_played"],
            _timestamp=self._epoch + timedelta(microseconds=event.at // PER_MICROSECOND),
        )
        made.__dict__.update({name: _as_read(value) for name, value in event.fields.items()})
        return made


def _as_read(value: Any) -> Any:  # noqa: ANN401  a field of an event
    """Return what the SDK would read, had *value* been written."""
    if type(value) is str:
        return value if value.isascii() else without_halves(value)
    return parse(compact(value)) if isinstance(value, (dict, list, float)) else value


def _from_json(original: Callable[..., Any], kind: Any, written: Any) -> Any:  # noqa: ANN401  as the SDK calls it
    return kind(**written.members) if isinstance(written, Body) else original(kind, written)


def _written_by(original: Callable[[Any], str]) -> Callable[[Any], Any]:
    def to_json_string(state: Any) -> Any:  # noqa: ANN401  the SDK ships no types
        if not getattr(_passing, "is_on", False):
            return original(state)
        members = state.to_json()
        return State(members, partial(original, state)) if _is_plain(members) else original(state)

    return to_json_string


def _is_plain(value: object) -> bool:
    """Say whether JSON text says exactly *value*, but for tuples and numbers with a name, which nobody tells apart."""
    kind = type(value)
    if kind is str or value is None or isinstance(value, int):
        return True
    if isinstance(value, dict):
        return kind is dict and all(type(name) is str and _is_plain(one) for name, one in value.items())
    if isinstance(value, (list, tuple)):
        return kind in {list, tuple} and all(map(_is_plain, value))
    return isinstance(value, float) and kind is float and isfinite(value)
