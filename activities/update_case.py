"""Write down where a case stands."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from domain.errors import ConflictError, StorageError

if TYPE_CHECKING:
    from domain.cases import CaseChange
    from domain.ports import Cases

logger = logging.getLogger(__name__)


def update_case(change: CaseChange, *, cases: Cases) -> dict[str, Any]:
    """Return `done` and where the case stands now, `retry`, or `refused` if the id belongs to another case.

    A second run finds what the first wrote, writes nothing and answers the same.
    """
    facts = {"instance_id": change.case.case_id, "state": change.standing.state.value}
    try:
        standing = cases.advance(change)
    except StorageError:
        logger.warning("case could not be written", extra=facts)
        return {"outcome": "retry"}
    except ConflictError:
        logger.error("case id belongs to another case", extra=facts)  # noqa: TRY400  the trace would hold its facts
        return {"outcome": "refused"}
    logger.info("case stands", extra=facts | {"state": standing.state.value})
    return {"outcome": "done", **standing.to_payload()}
