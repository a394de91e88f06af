"""Tell a customer how a case ended."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from domain.errors import StorageError

if TYPE_CHECKING:
    from domain.notices import CustomerNotice
    from domain.ports import CustomerNotices

logger = logging.getLogger(__name__)


def notify_customer(notice: CustomerNotice, *, notices: CustomerNotices) -> dict[str, str]:
    """Return `done` or `retry`; a second run leaves one notice, since case and state name it."""
    facts = {"instance_id": notice.case_id, "state": notice.state.value}
    try:
        notices.tell(notice)
    except StorageError:
        logger.warning("customer could not be told", extra=facts)
        return {"outcome": "retry"}
    logger.info("customer told", extra=facts)
    return {"outcome": "done"}
