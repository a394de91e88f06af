"""What may be asked of the list of cases, and what an entry of the audit trail says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from domain.cases import CaseState

if TYPE_CHECKING:
    from domain.cases import CaseRecord
    from domain.refund import CaseAction

PAGE: Final = 50
PAGE_MOST: Final = 100
PLACE: Final = r"[0-9]{13}\.[A-Za-z0-9_-]{1,64}"

_FAR: Final = 9_999_999_999_999  # milliseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseQuery:
    """Which cases are wanted; what is None does not matter."""

    state: CaseState | None = None
    is_decided: bool = False  # only those that no longer wait for a decision
    action: CaseAction | None = None
    customer_id: str | None = None
    text: str | None = None  # an order id, a customer id, or the start of a case id
    limit: int = PAGE
    after: str | None = None  # the `next` of the page before

    def fits(self, record: CaseRecord) -> bool:
        """Whether *record* is wanted."""
        case = record.case
        found = self.text in {None, case.order_id, case.customer_id} or case.case_id.startswith(self.text or "")
        return (
            found
            and not (self.is_decided and record.standing.state is CaseState.PENDING_APPROVAL)
            and self.state in {None, record.standing.state}
            and self.action in {None, case.action}
            and self.customer_id in {None, case.customer_id}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePage:
    """Some cases, and where the next page begins; None if this is the last."""

    records: tuple[CaseRecord, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One thing that happened to a case."""

    at: str
    who: str
    what: str
    route: str | None = None
    detail: str | None = None


def place_of(record: CaseRecord) -> str:
    """Return the place of a case in the list, as a text that sorts the newest first; it never changes."""
    opened = datetime.fromisoformat(record.created_at)
    return f"{_FAR - int(opened.timestamp() * 1000):013}.{record.case.case_id}"
