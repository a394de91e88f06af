"""``POST /devhost/wait``: answers once an instance is in the state that the caller waits for."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from devhost.api.answers import RefusedError, json_answer, message
from devhost.api.patience import unless_gone
from devhost.api.status import all_shown
from devhost.api.wishes import to_span, wish_in
from devhost.engine.history import RuntimeStatus
from devhost.errors import InstanceNotFoundError
from devhost.ticks import to_text

if TYPE_CHECKING:
    from devhost.engine.engine import Engine, Instance
    from devhost.sdk.http import Incoming, Outgoing

EXAMPLE = '{"instanceId": "abc", "status": "Completed", "timeout": "PT30S"}'
PATIENCE = "PT30S"
LONGEST = timedelta(hours=1)
_ENDED = frozenset(status for status in RuntimeStatus if status.has_ended)
_LABELS = {status.label.lower(): status for status in RuntimeStatus}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A wait for one instance; *within* is real time."""

    instance_id: str
    status: RuntimeStatus
    within: timedelta


async def wait(engine: Engine, incoming: Incoming, *, skips: bool) -> Outgoing:
    """Answer with the status once it is as wished, and as soon as it cannot become so; *skips* lets time jump."""
    wish = _wait_in(wish_in(incoming, "wait", EXAMPLE))
    if await engine.instance(wish.instance_id) is None:
        raise RefusedError(_gone(wish))
    statuses = _ENDED | {wish.status}
    jumping = engine.skipping(wish.instance_id, statuses) if skips else contextlib.nullcontext()
    try:
        with jumping:
            one = await unless_gone(incoming, engine.wait(wish.instance_id, statuses, wish.within))
    except InstanceNotFoundError:
        return _gone(wish)
    if one is None:
        return await _late(engine, wish)
    if one.status != wish.status:
        return message(409, f"{_stands(one, wish)}; it has ended, and stays so.")
    [body] = await all_shown([one], inputs=True)
    return json_answer(200, body)


def _wait_in(wish: dict[str, Any]) -> Wait:
    instance_id, label = wish.get("instanceId"), wish.get("status", RuntimeStatus.COMPLETED.label)
    if not isinstance(instance_id, str) or not instance_id:
        raise RefusedError(_refusal(f"expected {EXAMPLE}"))
    status = _LABELS.get(label.lower()) if isinstance(label, str) else None
    if status is None:
        labels = ", ".join(status.label for status in RuntimeStatus)
        raise RefusedError(_refusal(f"{label!r} is no runtime status; they are {labels}"))
    return Wait(instance_id=instance_id, status=status, within=_within(wish.get("timeout", PATIENCE)))


def _within(timeout: object) -> timedelta:
    try:
        within = to_span(timeout if isinstance(timeout, str) else "")
    except (ValueError, OverflowError) as error:
        raise RefusedError(_refusal(f"the timeout {timeout!r} is not a duration such as {PATIENCE}")) from error
    if within > LONGEST:
        raise RefusedError(_refusal("a timeout is an hour at most; it is real time"))
    return within


def _refusal(problem: str) -> Outgoing:
    return message(400, f"Cannot wait: {problem}.")


def _gone(wish: Wait) -> Outgoing:
    return message(404, f"There is no instance {wish.instance_id!r}.")


async def _late(engine: Engine, wish: Wait) -> Outgoing:
    """Say how the instance stands after a wait in vain, and when something may change it."""
    one = await engine.instance(wish.instance_id)
    if one is None:
        return _gone(wish)
    due = engine.next_timer()
    text = f"{_stands(one, wish)} after {wish.within.total_seconds():g} seconds; it is {to_text(engine.clock.now())}, "
    return message(408, text + f"and the next timer of the host is due {to_text(due) if due else 'never'}.")


def _stands(one: Instance, wish: Wait) -> str:
    return f"{wish.instance_id!r} is {one.status.label} and not {wish.status.label}"
