"""Let the limits know that a verification has ended."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from domain.challenge import Channel
from domain.errors import StorageError

if TYPE_CHECKING:
    from domain.gates import Gates
    from domain.ports import NumberVault
    from domain.verification_end import VerificationEnd

logger = logging.getLogger(__name__)


def note_verification_end(end: VerificationEnd, *, gates: Gates, vault: NumberVault) -> dict[str, str]:
    """Return `done` or `retry`.

    A second run changes nothing for the phone, since the verification is the live one no more; a right answer may
    count twice for its prefix, which lets it be no more than it is: answered.
    """
    facts = {"instance_id": end.verification_id}
    number = vault.unseal(end.sealed_number)
    try:
        if end.is_verified:
            gates.note_answered(number)
        if end.channel is Channel.USER:
            gates.note_end(number, end.verification_id, is_verified=end.is_verified)
    except StorageError:
        logger.warning("end of verification could not be noted", extra=facts)
        return {"outcome": "retry"}
    logger.info("verification ended", extra=facts | {"is_verified": end.is_verified})
    return {"outcome": "done"}
