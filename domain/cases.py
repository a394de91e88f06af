"""Where a case can stand, what may follow what, and the change that is written down."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from domain.errors import ConflictError
from domain.payloads import fields_of, text
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

    OPERATOR = "operator"
    TIMEOUT = "timeout"
    MALFORMED = "malformed"  # the flow was started with something that is no case, or with another case's id


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
    """Where a case stands, who decided it, and what they said."""

    state: CaseState
    resolution: Resolution | None = None
    comment: str | None = None

    @classmethod
    def from_payload(cls, fields: dict[str, Any]) -> Standing:
        """Read a standing from its JSON object, whatever else is in it; raise `PayloadError` for a wrong field."""
        said = {name: value for name, value in fields.items() if value is not None}
        return cls(
            state=CaseState(text(said, "state", "|".join(CaseState))),
            resolution=Resolution(text(said, "resolution", "|".join(Resolution))) if "resolution" in said else None,
            comment=text(said, "comment") if "comment" in said else None,
        )

    def to_payload(self) -> dict[str, Any]:
        """Return the standing as the JSON object that `from_payload` reads."""
        resolution = self.resolution.value if self.resolution else None
        return {"state": self.state.value, "resolution": resolution, "comment": self.comment}


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseChange:
    """A case and where it is to stand, or where it has come to."""

    case: RefundCase
    standing: Standing
    at: str  # instants as texts that end in Z, written by the flow
    due_at: str

    @classmethod
    def from_payload(cls, fields: dict[str, Any]) -> CaseChange:
        """Read a change from its JSON object; raise `PayloadError` for a wrong field."""
        return cls(
            case=RefundCase.from_payload(fields_of(fields.get("case"))),
            standing=Standing.from_payload(fields_of(fields.get("standing"))),
            at=text(fields, "at"),
            due_at=text(fields, "dueAt"),
        )

    def to_payload(self) -> dict[str, Any]:
        """Return the change as the JSON object that `from_payload` reads."""
        return {
            "case": self.case.to_payload(),
            "standing": self.standing.to_payload(),
            "at": self.at,
            "dueAt": self.due_at,
        }


def standing_against(change: CaseChange, written: CaseChange) -> Standing | None:
    """Return the standing that *written* keeps up against *change*, or None if the change may be made.

    Raise `ConflictError` if the two are about different cases under one id.
    """
    if written.case != change.case:
        message = f"case {change.case.case_id} was opened with other facts"
        raise ConflictError(message)
    standing = written.standing
    return None if change.standing.state in _FOLLOWS[standing.state] else standing
