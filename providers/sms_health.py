"""Whether the SMS service turns us away: a token that is no longer good, an account that is suspended.

That is no fault of a number, so after a few denials in a row nobody is asked to wait for a message, and no phone pays
for it with one of its starts. Each process knows for itself; when the time is over the next start tries again.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

logger = logging.getLogger(__name__)

DENIALS: Final = 3
CLOSED_FOR: Final = timedelta(seconds=30)


class SmsHealth:
    """Counts the denials since the service last took a message, or judged one."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._denials = 0
        self._closed_until: datetime | None = None

    def note(self, *, is_denied: bool) -> None:
        """Note what the service said to a message: that it does not know us, or anything else."""
        self._denials = self._denials + 1 if is_denied else 0
        is_closed = self._denials >= DENIALS
        self._closed_until = self._now() + CLOSED_FOR if is_closed else None
        if is_closed:
            logger.error("sms service denies us; look at its settings", extra={"denials": self._denials})

    def wait_ms(self) -> int:
        """Return in how many milliseconds the service may be asked again; 0 for now."""
        left = self._closed_until - self._now() if self._closed_until else timedelta()
        return max(0, left // timedelta(milliseconds=1))
