"""The one place where an event races a timer, and where an activity's failure becomes a value.

What the SDK and the host do not forgive, and so holds in every race here:

* Both tasks are new in every leg. A timer that is raced a second time never wakes the instance.
* No leg is longer than `LONGEST_LEG`. The SDK cannot cancel a timer above six days, and splits it above three.
* The losing timer is cancelled on every path, or the instance stays Running until it is due.
* An event that is handled after the deadline is late, whenever it was sent.
* When the timer of the deadline wins, it has won, though the host fires it up to a second early.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from domain.payloads import decode

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from datetime import datetime

    from orchestrators.context import Context, Timer

LONGEST_LEG = timedelta(hours=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """An event that came: its name, its value (decoded), and whether the deadline had passed by then."""

    name: str
    value: object
    is_late: bool


def first_event(
    context: Context, names: Sequence[str], deadline: datetime, *, leg: timedelta = LONGEST_LEG
) -> Generator[Any, Any, Arrival | None]:
    """Return the first event of one of *names*; None when none came in time, a late one included."""
    arrival = yield from race(context, names, deadline, leg=leg)
    return None if arrival is None or arrival.is_late else arrival


def race(
    context: Context, names: Sequence[str], deadline: datetime, *, leg: timedelta = LONGEST_LEG
) -> Generator[Any, Any, Arrival | None]:
    """Return the first event of one of *names*, late or not; None when the deadline's timer won."""
    until = None
    while until != deadline:
        until = _end_of_leg(context, deadline, leg)
        events = {name: context.wait_for_external_event(name) for name in names}
        timer: Timer = context.create_timer(until)
        winner = yield context.task_any([*events.values(), timer])

        for name, event in events.items():
            if winner is event:
                if not timer.is_completed:
                    timer.cancel()
                is_late = context.current_utc_datetime > deadline
                return Arrival(name=name, value=decode(event.result), is_late=is_late)
    return None


def pause(context: Context, span: timedelta) -> Generator[Any, Any, None]:
    """Wait for *span* from now."""
    yield from pause_until(context, context.current_utc_datetime + span)


def pause_until(context: Context, deadline: datetime, *, leg: timedelta = LONGEST_LEG) -> Generator[Any, Any, None]:
    """Wait until *deadline*, in legs."""
    until = None
    while until != deadline:
        until = _end_of_leg(context, deadline, leg)
        yield context.create_timer(until)


def attempt(context: Context, activity: str, payload: dict[str, object]) -> Generator[Any, Any, dict[str, Any] | None]:
    """Run an activity and return the object it answers, or None if it failed.

    An exception that left a flow would carry the inputs of its activities into the output of the instance.
    """
    try:
        answer = yield context.call_activity(activity, payload)
    except Exception:  # noqa: BLE001  the SDK raises the bare class for every failed activity; this is the one helper
        return None
    return answer if isinstance(answer, dict) else None


def _end_of_leg(context: Context, deadline: datetime, leg: timedelta) -> datetime:
    return min(deadline, context.current_utc_datetime + min(leg, LONGEST_LEG))
