"""Why something about a case is refused, though the request is well-formed."""

from __future__ import annotations

from domain.errors import CountersignError


class StaleVersionError(CountersignError):
    """The case has changed since the caller looked at it."""
