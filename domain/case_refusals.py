"""Why something about a case is refused, though the request is well-formed.

RefusalError
├── NotSignedInError           nobody is signed in
├── SelfApprovalError          who filed a case does not decide it
├── AlreadyDecidedError        a decision stands; says which
├── NotRetryableError          there is no failed payment to be tried anew
├── StaleVersionError          the case has changed since the caller looked at it
├── PreconditionRequiredError  the request does not say what the caller looked at
├── OrderNotFoundError         no such order, or not the caller's
├── CurrencyMismatchError      the order was paid in another currency
└── AmountError                more than what is left of the order
"""

from __future__ import annotations

from typing import Any

from domain.refusals import RefusalError


class NotSignedInError(RefusalError):
    """Nobody is signed in, or nobody whom we can believe."""


class SelfApprovalError(RefusalError):
    """Who filed a case does not decide it."""


class AlreadyDecidedError(RefusalError):
    """A decision stands."""

    def __init__(self, decision: dict[str, Any]) -> None:
        """Remember the decision, as it is told."""
        super().__init__("the case is decided")
        self.decision = decision


class NotRetryableError(RefusalError):
    """There is no failed payment to be tried anew."""


class StaleVersionError(RefusalError):
    """The case has changed since the caller looked at it."""


class PreconditionRequiredError(RefusalError):
    """The request does not say what the caller looked at."""


class OrderNotFoundError(RefusalError):
    """There is no such order, or it is somebody else's; nobody learns which."""


class CurrencyMismatchError(RefusalError):
    """The order was paid in another currency."""


class AmountError(RefusalError):
    """More than what is left of the order."""
