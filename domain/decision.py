"""What an operator's raw event may say about a case."""

from __future__ import annotations

from typing import Final

from domain.cases import CaseState, Resolution, Standing
from domain.payloads import decode
from domain.refund import printable

COMMENT_LENGTH: Final = 500
MALFORMED_MOST: Final = 5  # an early event comes back with every wait, so there has to be a bound

_FIELDS: Final = frozenset({"approved", "comment", "decidedBy"})


def operator_decision(value: object) -> Standing | None:
    """Return where an operator's event puts a case, or None if the event is malformed.

    It is an object with `approved` and perhaps `comment`, or a bare true or false; as a value or as JSON text.
    Who decided is the operator, whatever the event says in `decidedBy`. Any other field makes it malformed.
    """
    said = decode(value)
    fields = {"approved": said} if isinstance(said, bool) else said
    if not isinstance(fields, dict) or not _FIELDS.issuperset(fields):
        return None
    approved, comment = fields.get("approved"), fields.get("comment")
    if not isinstance(approved, bool) or not isinstance(comment, str | None):
        return None
    state = CaseState.APPROVED if approved else CaseState.REJECTED
    return Standing(
        state=state, resolution=Resolution.OPERATOR, decided_by=Resolution.OPERATOR.value, comment=fitting(comment)
    )


def fitting(comment: str | None) -> str | None:
    """Cut a comment to what is kept; an empty one is none."""
    return printable(comment or "")[:COMMENT_LENGTH] or None
