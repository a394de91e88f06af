"""What else is due at an instant besides durable timers: a function's schedule, for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from devhost.ticks import Ticks


class Alarm(Protocol):
    """Follows the engine's clock; both methods are called on the event loop's thread."""

    def next(self) -> Ticks | None:
        """Return when it is due, or None if it never is."""

    def ring(self) -> None:
        """Begin what is due by now, and count it as under way; called whenever the clock was moved."""
