"""The slice of the durable API that our orchestrators use, and the way they read their input.

The SDK ships no types; this Protocol makes fakes type-check and is the exact list of what a host must offer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from datetime import datetime


class Task(Protocol):
    """Something that can be yielded."""

    @property
    def is_completed(self) -> bool:
        """Whether there is a result."""

    @property
    def result(self) -> object:
        """The result, once there is one."""


class Timer(Task, Protocol):
    """A task that is done at an instant."""

    def cancel(self) -> None:
        """Do not wait for it any more; refused once it has fired."""


class Context(Protocol):
    """What an orchestrator may ask of its host."""

    @property
    def instance_id(self) -> str:
        """The id of this instance."""

    @property
    def current_utc_datetime(self) -> datetime:
        """The time of the current turn, the same in every replay."""

    def get_input(self) -> object:
        """Return the input, decoded once; raises for some values that other clients may send."""

    def set_custom_status(self, status: object) -> None:
        """Tell the world how far the instance is; kept until the next call."""

    def call_activity(self, name: str, input_: object) -> Task:
        """Return a task that runs an activity."""

    def create_timer(self, fire_at: datetime) -> Any:  # noqa: ANN401  the SDK declares a task and returns a `Timer`
        """Return a `Timer` that is done at *fire_at* (UTC)."""

    def wait_for_external_event(self, name: str) -> Task:
        """Return a task that is done when an event of exactly this name comes."""

    def task_any(self, activities: list[Any]) -> Task:
        """Return a task whose result is the first of these tasks (of the SDK's own class) to be done."""


def input_of(context: Context) -> object:
    """Return the input, or None where the SDK cannot read it.

    It cannot read arrays, numbers, booleans, text that is no JSON, nor objects tagged with a class. Only somebody who
    went past our starters sends such an input.
    """
    try:
        return context.get_input()
    except (TypeError, ValueError, AttributeError, KeyError, RecursionError):
        return None
