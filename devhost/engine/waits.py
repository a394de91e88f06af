"""What the walk over an orchestrator's actions can wait for; each settles once and then tells its group."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Wait:
    """Something that is settled at some point of the history. What it was settled with is the SDK's concern."""

    __slots__ = ("group", "is_settled")

    def __init__(self) -> None:
        self.is_settled = False
        self.group: Group | None = None

    def settle(self) -> None:
        """Mark it as settled; this happens once."""
        self.is_settled = True
        if self.group is not None:
            self.group.one_settled()

    def end(self, *, has_failed: bool) -> None:
        """Take the end of the work that it waits for; a failure settles as well as a result."""
        del has_failed
        self.settle()


class Group(Wait):
    """Waits for *needed* of its members; none of them may be settled yet by another group."""

    __slots__ = ("_missing",)

    def __init__(self, members: list[Wait], needed: int) -> None:
        super().__init__()
        for member in members:
            member.group = self
        self._missing = needed - sum(member.is_settled for member in members)
        if self._missing <= 0:
            self.settle()

    def one_settled(self) -> None:
        """Count a member that has just been settled."""
        self._missing -= 1
        if self._missing == 0:
            self.settle()


class Attempts(Wait):
    """Work that is tried again after a pause; the last failure too is followed by a pause, of no length.

    *attempt* and *pause* ask the host for another run and for a timer of so many ticks; both end in `end`.
    """

    __slots__ = ("_attempt", "_interval", "_is_pausing", "_left", "_pause")

    def __init__(
        self, attempt: Callable[[Wait], None], pause: Callable[[Wait, int], None], interval: int, attempts: int
    ) -> None:
        super().__init__()
        self._attempt = attempt
        self._pause = pause
        self._interval = interval
        self._left = attempts
        self._is_pausing = False
        self._try()

    def end(self, *, has_failed: bool) -> None:
        """Go from an attempt to a pause, from a pause to the next attempt, or settle."""
        if self._is_pausing:
            self._is_pausing = False
            self._try()
        elif has_failed:
            self._is_pausing = True
            self._pause(self, self._interval if self._left else 0)
        else:
            self.settle()

    def _try(self) -> None:
        if self._left <= 0:
            self.settle()
            return
        self._left -= 1
        self._attempt(self)
