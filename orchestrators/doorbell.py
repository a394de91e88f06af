"""Waiting for a record that somebody writes, woken by an event that says no more than "look".

The event may be lost, doubled, early or forged: the record decides, and is looked at after every leg as well.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from orchestrators.waiting import LONGEST_LEG, Listening, attempt, end_of_leg

if TYPE_CHECKING:
    from collections.abc import Generator
    from datetime import datetime

    from orchestrators.context import Context

FIRST_LOOK: Final = timedelta(minutes=1)
LONGEST_LOOK: Final = timedelta(minutes=60)


class Doorbell:
    """An event that is listened to once. After it rang in vain, looks are 1, 2, 4 … 60 minutes apart."""

    def __init__(self, name: str, *, leg: timedelta = LONGEST_LEG) -> None:
        self._name = name
        self._leg = leg
        self._pause: timedelta | None = None

    @property
    def names(self) -> list[str]:
        """What is still listened to: an early event would come back with every wait."""
        return [] if self._pause else [self._name]

    @property
    def leg(self) -> timedelta:
        """How long the next leg may be."""
        return min(self._leg, self._pause) if self._pause else self._leg

    def looked(self, *, has_rung: bool) -> None:
        """Take in that there was nothing on record, after the bell rang or after a leg went by."""
        if has_rung:
            self._pause = FIRST_LOOK
        elif self._pause:
            self._pause = min(2 * self._pause, LONGEST_LOOK)


def found_by(
    context: Context, bell: Doorbell, deadline: datetime, activity: str, payload: dict[str, object]
) -> Generator[Any, Any, dict[str, Any] | None]:
    """Return the record that *activity* finds, looking when the bell rings and after each leg; None if there is none.

    The last look is at the *deadline*.
    """
    listening = Listening(context, deadline)
    while True:
        until = end_of_leg(context, deadline, bell.leg)
        arrival = yield from listening.race(bell.names, until)
        record = record_in((yield from attempt(context, activity, payload)))
        if record is not None:
            return record
        if arrival is None and until == deadline:
            return None
        bell.looked(has_rung=arrival is not None)


def record_in(answer: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return what an activity that looks found; None if nothing is there, or nothing could be known."""
    record = answer.get("record") if answer else None
    return record if isinstance(record, dict) else None
