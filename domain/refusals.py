"""Why the user API says no, though the request is well formed.

CountersignError
└── RefusalError
    ├── UnauthorizedError        nobody said who asks
    ├── ForbiddenError           whoever asks may not
    ├── RateLimitedError         too often; says when it is worth trying again
    ├── SmsUnavailableError      no message can be sent; says when it is worth trying again
    ├── NotReadyError            too early
    ├── VerificationClosedError  over; says how it ended
    │   └── ExpiredError         over since its time was
    ├── ResendsExhaustedError    no more messages
    └── KeyReusedError           an Idempotency-Key stands for another request
"""

from __future__ import annotations

from domain.errors import CountersignError


class RefusalError(CountersignError):
    """A request that is understood and not done; the message may be told to whoever asked."""


class UnauthorizedError(RefusalError):
    """There is no token that could be one."""


class ForbiddenError(RefusalError):
    """Whoever asks may not."""


class RateLimitedError(RefusalError):
    """Too often; one and the same for every limit, so that it tells nothing about a phone."""

    def __init__(self, wait_ms: int) -> None:
        """Remember in how many milliseconds it is worth trying again."""
        super().__init__("too many requests; try again later")
        self.retry_after = max(1, -(-wait_ms // 1000))


class SmsUnavailableError(RefusalError):
    """No message can be sent at all, to nobody."""

    def __init__(self, wait_ms: int) -> None:
        """Remember in how many milliseconds it is worth trying again."""
        super().__init__("no message can be sent; try again later")
        self.retry_after = max(1, -(-wait_ms // 1000))


class NotReadyError(RefusalError):
    """The message is not handed over yet."""


class VerificationClosedError(RefusalError):
    """No answer is taken any more."""

    def __init__(self, state: str) -> None:
        """Remember how the verification stands."""
        super().__init__("the verification takes no more answers")
        self.state = state


class ExpiredError(VerificationClosedError):
    """The time to answer is over."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("expired")


class ResendsExhaustedError(RefusalError):
    """The message was sent as often as may be."""


class KeyReusedError(RefusalError):
    """An Idempotency-Key was used before, for another request."""
