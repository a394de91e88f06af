"""Look whether a case is decided."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from domain.cases import CaseState
from domain.errors import StorageError

if TYPE_CHECKING:
    from domain.ports import Cases

logger = logging.getLogger(__name__)


def read_decision(case_id: str, *, cases: Cases) -> dict[str, Any]:
    """Return `done` and the decision on record, if there is one, or `retry`. It changes nothing."""
    try:
        found = cases.find(case_id)
    except StorageError:
        logger.warning("decision could not be read", extra={"instance_id": case_id})
        return {"outcome": "retry"}
    is_decided = found is not None and found.standing.state is not CaseState.PENDING_APPROVAL
    return {"outcome": "done", "record": found.standing.decision.to_payload() if found and is_decided else None}
