"""The computer's clock; devhost can move what it says."""

from __future__ import annotations

from datetime import UTC, datetime


class SystemClock:
    """The present instant, as this computer has it."""

    def now(self) -> datetime:
        """Return the present instant, in UTC."""
        return datetime.now(UTC)
