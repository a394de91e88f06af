"""Send the SMS that challenges the holder of a phone."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from domain.challenge import Handover
from domain.sms import SendOutcome, Sms, challenge_text

if TYPE_CHECKING:
    from domain.challenge import SmsSending
    from domain.ports import CodeSource, NumberVault, SmsSender


async def send_sms_challenge(
    sending: SmsSending,
    *,
    brand: str,
    domain: str | None,
    codes: CodeSource,
    vault: NumberVault,
    sms: SmsSender,
) -> Handover:
    """Send the code of a challenge and return only its digest.

    A second run sends a second message with the same code: the code is derived, not drawn.
    """
    named = {"instance_id": sending.code.instance_id, "nonce": sending.code.nonce, "key_id": sending.code.key_id}
    code = codes.code(**named, length=sending.code_length)
    answer_within = timedelta(seconds=sending.seconds_left)
    message = Sms(
        instance_id=sending.code.instance_id,
        number=vault.unseal(sending.sealed_number),
        masked=sending.to,
        body=challenge_text(brand=brand, code=code, answer_within=answer_within, domain=domain),
        valid_for=answer_within,
    )
    outcome = await sms.send(message)
    digest = codes.digest(**named, code=code) if outcome is SendOutcome.SENT else None
    return Handover(outcome=outcome, digest=digest)
