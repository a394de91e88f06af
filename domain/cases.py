"""Where a case can stand, what may follow what, and the change that is written down."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from domain.errors import ConflictError
from domain.payloads import fields_of, text, whole
from domain.refund import RefundCase


class CaseState(StrEnum):
    """How far a case is."""

    PENDING_APPROVAL = "pending_approval"
    APPROVED = "approved"
    COMPLETED = "completed"
    REJECTED = "rejected"
    REFUND_FAILED = "refund_failed"


class Resolution(StrEnum):
    """By whom a case was decided."""

    SUPERVISOR = "supervisor"
    OPERATOR = "operator"
    TIMEOUT = "timeout"
    LAPSED = "lapsed"  # the sum was no longer reserved when the flow began, and the rest of the order did not suffice
    MALFORMED = "malformed"  # the flow was started with something that is no case, or with another case's id


DECISIONS: Final = frozenset({CaseState.APPROVED, CaseState.REJECTED})
RETRIES_MOST: Final = 9999

# A state may be left out where writing it down failed for too long; going back is never possible.
_FOLLOWS: Final = {
    CaseState.PENDING_APPROVAL: frozenset(CaseState) - {CaseState.PENDING_APPROVAL},
    CaseState.APPROVED: frozenset({CaseState.COMPLETED, CaseState.REFUND_FAILED}),
    CaseState.REFUND_FAILED: frozenset({CaseState.COMPLETED}),
    CaseState.COMPLETED: frozenset[CaseState](),
    CaseState.REJECTED: frozenset[CaseState](),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a case stands, who decided it when, and what they said."""

    state: CaseState
    resolution: Resolution | None = None
    comment: str | None = None
    decided_by: str | None = None
    decided_at: str | None = None
    decided_on: str | None = None  # the route on which the case was when it was decided
    retries: int = 0  # how often a failed payment was tried anew

    @classmethod
    def from_payload(cls, fields: dict[str, Any]) -> Standing:
        """Read a standing from its JSON object, whatever else is in it; raise `PayloadError` for a wrong field."""
        said = {name: value for name, value in fields.items() if value is not None}
        return cls(
            state=CaseState(text(said, "state", "|".join(CaseState))),
            resolution=Resolution(text(said, "resolution", "|".join(Resolution))) if "resolution" in said else None,
            comment=_said(said, "comment"),
            decided_by=_said(said, "decidedBy"),
            decided_at=_said(said, "decidedAt"),
            decided_on=_said(said, "decidedOn"),
            retries=whole(said, "retries", least=0, most=RETRIES_MOST) if "retries" in said else 0,
        )

    def to_payload(self) -> dict[str, Any]:
        """Return the standing as the JSON object that `from_payload` reads."""
        return {
            "state": self.state.value,
            "resolution": self.resolution.value if self.resolution else None,
            "comment": self.comment,
            "decidedBy": self.decided_by,
            "decidedAt": self.decided_at,
            "decidedOn": self.decided_on,
            "retries": self.retries,
        }

    @property
    def decision(self) -> Standing:
        """The decision of which this standing is the consequence."""
        is_no = self.state is CaseState.REJECTED
        return replace(self, state=CaseState.REJECTED if is_no else CaseState.APPROVED, retries=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseChange:
    """A case, where it is to stand, and on whose desk it is to lie."""

    case: RefundCase
    standing: Standing
    at: str  # instants as texts that end in Z, written by the flow
    due_at: str
    route: str
    route_due_at: str

    @classmethod
    def from_payload(cls, fields: dict[str, Any]) -> CaseChange:
        """Read a change from its JSON object; raise `PayloadError` for a wrong field."""
        return cls(
            case=RefundCase.from_payload(fields_of(fields.get("case"))),
            standing=Standing.from_payload(fields_of(fields.get("standing"))),
            at=text(fields, "at"),
            due_at=text(fields, "dueAt"),
            route=text(fields, "route"),
            route_due_at=text(fields, "routeDueAt"),
        )

    def to_payload(self) -> dict[str, Any]:
        """Return the change as the JSON object that `from_payload` reads."""
        return {
            "case": self.case.to_payload(),
            "standing": self.standing.to_payload(),
            "at": self.at,
            "dueAt": self.due_at,
            "route": self.route,
            "routeDueAt": self.route_due_at,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRecord:
    """What is written about a case: the change that stands, when the case was opened, how often it changed."""

    change: CaseChange
    created_at: str
    version: int = 1

    @property
    def case(self) -> RefundCase:
        """What the customer wants."""
        return self.change.case

    @property
    def standing(self) -> Standing:
        """Where the case stands."""
        return self.change.standing

    def changed(self, change: CaseChange) -> CaseRecord:
        """Return the record once *change* is written over it."""
        return CaseRecord(change=change, created_at=self.created_at, version=self.version + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """The decision that stands: the case as it was when it was decided, and the key that the decision came with."""

    record: CaseRecord
    key: str | None = None


def opened_by(change: CaseChange) -> CaseRecord:
    """Return the first record of a case."""
    return CaseRecord(change=change, created_at=change.at)


def record_after(change: CaseChange, written: CaseRecord | None) -> CaseRecord | None:
    """Return the record that *change* makes of what is *written*, or None if what is written stands.

    Raise `ConflictError` if the two are about different cases under one id.
    """
    if written is None:
        return opened_by(change)
    if written.case != change.case:
        message = f"case {change.case.case_id} was opened with other facts"
        raise ConflictError(message)
    return written.changed(change) if _may_follow(change, written.change) else None


def _may_follow(change: CaseChange, written: CaseChange) -> bool:
    """Whether a case that stands as *written* may come to *change*: forward to a state, a route, or another failure."""
    wanted, standing = change.standing, written.standing
    if wanted.state is not standing.state:
        return wanted.state in _FOLLOWS[standing.state]
    if wanted.state is CaseState.PENDING_APPROVAL:
        return change.route_due_at > written.route_due_at
    return wanted.state is CaseState.REFUND_FAILED and wanted.retries > standing.retries


def _said(fields: dict[str, Any], name: str) -> str | None:
    return text(fields, name) if name in fields else None
