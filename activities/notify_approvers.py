"""Tell the approvers of a route that a case waits for them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from domain.errors import StorageError

if TYPE_CHECKING:
    from domain.notices import ApproverNotice
    from domain.ports import ApproverNotices

logger = logging.getLogger(__name__)


def notify_approvers(notice: ApproverNotice, *, approvers: ApproverNotices) -> dict[str, str]:
    """Return `done` or `retry`; a second run sends the notice again, with the same id."""
    facts = {"instance_id": notice.case.case_id, "route": notice.route, "number": notice.number}
    try:
        approvers.ask(notice)
    except StorageError:
        logger.warning("approvers could not be told", extra=facts)
        return {"outcome": "retry"}
    logger.info("approvers told", extra=facts)
    return {"outcome": "done"}
