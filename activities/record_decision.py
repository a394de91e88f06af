"""Put an operator's decision on record."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from domain.errors import ConflictError, StorageError

if TYPE_CHECKING:
    from domain.cases import CaseChange
    from domain.ports import Cases

logger = logging.getLogger(__name__)


def record_decision(change: CaseChange, *, cases: Cases) -> dict[str, Any]:
    """Return `done` and the decision that stands, `retry`, or `refused` if the id belongs to another case.

    Whoever decided first, decided: a second run, or one that comes too late, answers what stands.
    """
    facts = {"instance_id": change.case.case_id}
    try:
        standing = cases.decide(change).record.standing
    except StorageError:
        logger.warning("decision could not be recorded", extra=facts)
        return {"outcome": "retry"}
    except ConflictError:
        logger.error("case id belongs to another case", extra=facts)  # noqa: TRY400  the trace would hold its facts
        return {"outcome": "refused"}
    logger.info("case is decided", extra=facts | {"state": standing.state.value, "resolution": standing.resolution})
    return {"outcome": "done", "record": standing.to_payload()}
