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

    from orchestrators.context import Context, Task, Timer

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
    listening = Listening(context, deadline)
    until = None
    while until != deadline:
        until = end_of_leg(context, deadline, leg)
        arrival = yield from listening.race(names, until)
        if arrival is not None:
            return arrival
    return None


class Listening:
    """Hears events leg by leg, also those that come between two legs, while an activity runs.

    The SDK gives an event to the newest wait of its name that is open, and that is then one of a leg that is over. So
    the waits that are open are kept, and looked at before the next leg; the newest of them was answered first.
    """

    def __init__(self, context: Context, deadline: datetime) -> None:
        self._context = context
        self._deadline = deadline
        self._open: list[tuple[str, Task]] = []

    def race(self, names: Sequence[str], until: datetime) -> Generator[Any, Any, Arrival | None]:
        """Return the first event of one of *names* in the leg that ends at *until*; None when its timer won."""
        missed = next(
            ((name, wait) for name, wait in reversed(self._open) if name in names and wait.is_completed), None
        )
        if missed is not None:
            return self._arrived(*missed)
        context = self._context
        events = [(name, context.wait_for_external_event(name)) for name in names]
        self._open += events
        timer: Timer = context.create_timer(until)
        winner = yield context.task_any([*(wait for _, wait in events), timer])

        for name, wait in events:
            if winner is wait:
                if not timer.is_completed:
                    timer.cancel()
                return self._arrived(name, wait)
        return None

    def _arrived(self, name: str, wait: Task) -> Arrival:
        self._open = [one for one in self._open if one[1] is not wait]
        is_late = self._context.current_utc_datetime > self._deadline
        return Arrival(name=name, value=decode(wait.result), is_late=is_late)


def pause(context: Context, span: timedelta) -> Generator[Any, Any, None]:
    """Wait for *span* from now."""
    yield from pause_until(context, context.current_utc_datetime + span)


def pause_until(context: Context, deadline: datetime, *, leg: timedelta = LONGEST_LEG) -> Generator[Any, Any, None]:
    """Wait until *deadline*, in legs."""
    until = None
    while until != deadline:
        until = end_of_leg(context, deadline, leg)
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


def end_of_leg(context: Context, deadline: datetime, leg: timedelta = LONGEST_LEG) -> datetime:
    """Return until when the next leg of a wait for *deadline* lasts."""
    return min(deadline, context.current_utc_datetime + min(leg, LONGEST_LEG))
