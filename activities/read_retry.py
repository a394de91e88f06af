"""Look whether a payment that failed is to be tried anew."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from domain.errors import StorageError

if TYPE_CHECKING:
    from domain.ports import CaseRetries

logger = logging.getLogger(__name__)


def read_retry(case_id: str, number: int, *, retries: CaseRetries) -> dict[str, Any]:
    """Return `done` and the wish for retry *number*, if there is one, or `retry`. It changes nothing."""
    try:
        is_asked = retries.is_asked_anew(case_id, number=number)
    except StorageError:
        logger.warning("wish for a retry could not be read", extra={"instance_id": case_id})
        return {"outcome": "retry"}
    return {"outcome": "done", "record": {"number": number} if is_asked else None}
