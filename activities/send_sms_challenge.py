"""Send the SMS that challenges the holder of a phone."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from domain.challenge import Handover
from domain.errors import StorageError
from domain.sms import SendOutcome, Sms, challenge_text

if TYPE_CHECKING:
    from domain.challenge import SmsSending
    from domain.gates import Gates
    from domain.ports import CodeSource, NumberVault, SmsSender
    from domain.sms import Wording

logger = logging.getLogger(__name__)


async def send_sms_challenge(
    sending: SmsSending,
    *,
    wording: Wording,
    codes: CodeSource,
    vault: NumberVault,
    gates: Gates,
    sms: SmsSender,
) -> Handover:
    """Send the code of a challenge and return only its digest; without a counted place in the limits send nothing.

    A second run takes a second place and sends a second message with the same code: the code is derived, not drawn.
    """
    number = vault.unseal(sending.sealed_number)
    if gates.counts_sends:
        refusal = await asyncio.to_thread(_refusal, gates, number, sending)
        if refusal is not None:
            return Handover(outcome=refusal)
    named = {"instance_id": sending.code.instance_id, "nonce": sending.code.nonce, "key_id": sending.code.key_id}
    code = codes.code(**named, length=sending.code_length)
    answer_within = timedelta(seconds=sending.seconds_left)
    message = Sms(
        instance_id=sending.code.instance_id,
        number=number,
        masked=sending.to,
        body=challenge_text(brand=wording.brand, code=code, answer_within=answer_within, domain=wording.domain),
        valid_for=answer_within,
    )
    outcome = await sms.send(message)
    digest = codes.digest(**named, code=code) if outcome is SendOutcome.SENT else None
    return Handover(outcome=outcome, digest=digest)


def _refusal(gates: Gates, number: str, sending: SmsSending) -> SendOutcome | None:
    """Take a place for one more message, or return why there is none."""
    facts = {"instance_id": sending.code.instance_id, "to": sending.to}
    try:
        wait = gates.admit_send(number)
    except StorageError:
        logger.warning("sms not counted and so not sent", extra=facts)
        return SendOutcome.UNCOUNTED
    if not wait:
        return None
    logger.warning("sms over the limits", extra=facts | {"wait_ms": wait})
    return SendOutcome.LIMITED
