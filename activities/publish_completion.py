"""Publish that a case or a verification has ended."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from domain.errors import StorageError

if TYPE_CHECKING:
    from domain.completions import Completion
    from domain.ports import Completions

logger = logging.getLogger(__name__)


def publish_completion(completion: Completion, *, completions: Completions) -> dict[str, str]:
    """Return `done` or `retry`; a second run publishes the event again, with the same id."""
    facts = {"instance_id": completion.subject, "type": completion.type}
    try:
        completions.publish(completion)
    except StorageError:
        logger.warning("completion could not be published", extra=facts)
        return {"outcome": "retry"}
    logger.info("completion published", extra=facts)
    return {"outcome": "done"}
