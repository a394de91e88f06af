"""A step that is tried again, by durable timers, until it is done or its time is over."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from orchestrators.waiting import attempt, pause

if TYPE_CHECKING:
    from collections.abc import Generator

    from orchestrators.context import Context

FIRST_WAIT: Final = timedelta(seconds=1)
LONGEST_WAIT: Final = timedelta(minutes=30)  # how late we notice that what was away is back


def tried(
    context: Context,
    activity: str,
    payload: dict[str, object],
    *,
    within: timedelta,
    longest_wait: timedelta = LONGEST_WAIT,
) -> Generator[Any, Any, dict[str, Any] | None]:
    """Return what *activity* answered, or None if for all of *within* it failed or asked to be tried again.

    No try begins later than *within* after the first one.
    """
    give_up_at = context.current_utc_datetime + within
    wait = FIRST_WAIT
    while True:
        answer = yield from attempt(context, activity, payload)
        if answer is not None and answer.get("outcome") != "retry":
            return answer
        if context.current_utc_datetime + wait > give_up_at:
            return None
        yield from pause(context, wait)
        wait = min(2 * wait, longest_wait)
