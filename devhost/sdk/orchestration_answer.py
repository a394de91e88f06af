"""What the SDK answers for one turn, read into the engine's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devhost import ticks
from devhost.engine.actions import (
    Action,
    Answer,
    CallActivity,
    CallHttp,
    CallSubOrchestration,
    ContinueAsNew,
    CreateTimer,
    EntityMessage,
    Retry,
    WaitForEvent,
    WhenAll,
    WhenAny,
)
from devhost.json_text import compact, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_NO_METHOD = "The value cannot be an empty string or composed entirely of whitespace. (Parameter 'method')"


class AnswerError(ValueError):
    """The host would not understand the answer; the message is what it then says."""


def read_answer(text: str) -> Answer:
    """Return the answer that *text* is; raise `AnswerError` for one that no host would understand."""
    try:
        state = parse(text)
        return _answer(state)
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        if isinstance(error, AnswerError):
            raise
        message = f"The orchestrator's answer cannot be read: {error!r}"
        raise AnswerError(message) from error


def _answer(state: Mapping[str, Any]) -> Answer:
    return Answer(
        actions=_actions(state),
        is_done=state["isDone"],
        output=_text(state.get("output")),
        error=state.get("error"),
        custom_status=_text(state.get("customStatus")),
    )


def _text(value: object) -> str | None:
    return None if value is None else compact(value)


def _actions(state: Mapping[str, Any]) -> tuple[Action, ...]:
    """Read the actions; without a schema version there is one list a yield, settled by any of its actions."""
    lists = [tuple(_action(action) for action in actions) for actions in state["actions"]]
    if "schemaVersion" in state:
        return tuple(action for actions in lists for action in actions)
    return tuple(actions[0] if len(actions) == 1 else WhenAny(actions=actions) for actions in lists if actions)


def _action(written: Mapping[str, Any]) -> Action:
    kind = written["actionType"]
    reader = _READERS.get(kind)
    if reader is None:
        message = f"The orchestrator asked for an action of the unknown type {kind!r}."
        raise AnswerError(message)
    return reader(written)


def _activity(written: Mapping[str, Any]) -> Action:
    return CallActivity(name=written["functionName"], input=written.get("input"), retry=_retry(written))


def _child(written: Mapping[str, Any]) -> Action:
    return CallSubOrchestration(
        name=written["functionName"],
        input=written.get("input"),
        instance_id=written.get("instanceId") or None,
        version=written.get("version"),
        retry=_retry(written),
    )


def _retry(written: Mapping[str, Any]) -> Retry | None:
    options = written.get("retryOptions")
    if options is None:
        return None
    interval = int(options["firstRetryIntervalInMilliseconds"] * ticks.PER_MILLISECOND)
    return Retry(first_interval_ticks=interval, max_attempts=options["maxNumberOfAttempts"])


def _continue_as_new(written: Mapping[str, Any]) -> Action:
    return ContinueAsNew(input=written.get("input"))


def _timer(written: Mapping[str, Any]) -> Action:
    return CreateTimer(fire_at=ticks.from_text(written["fireAt"]), is_canceled=bool(written.get("isCanceled")))


def _event(written: Mapping[str, Any]) -> Action:
    return WaitForEvent(name=written["externalEventName"])


def _entity_call(written: Mapping[str, Any]) -> Action:
    return _entity_message(written, is_signal=False)


def _entity_signal(written: Mapping[str, Any]) -> Action:
    return _entity_message(written, is_signal=True)


def _entity_message(written: Mapping[str, Any], *, is_signal: bool) -> Action:
    return EntityMessage(
        instance_id=written["instanceId"],
        operation=written["operation"],
        input=written.get("input"),
        is_signal=is_signal,
    )


def _http(written: Mapping[str, Any]) -> Action:
    request = written["httpRequest"]
    if not str(request["method"]).strip():
        raise AnswerError(_NO_METHOD)
    return CallHttp(request=compact(request))


def _any(written: Mapping[str, Any]) -> Action:
    return WhenAny(actions=tuple(_action(action) for action in written["compoundActions"]))


def _all(written: Mapping[str, Any]) -> Action:
    return WhenAll(actions=tuple(_action(action) for action in written["compoundActions"]))


_READERS: dict[int, Callable[[Mapping[str, Any]], Action]] = {
    0: _activity,
    1: _activity,
    2: _child,
    3: _child,
    4: _continue_as_new,
    5: _timer,
    6: _event,
    7: _entity_call,
    8: _http,
    9: _entity_signal,
    11: _any,
    12: _all,
}
