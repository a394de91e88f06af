"""What a flow is started with: an id that we made, and an input that holds everything the flow depends on."""

import secrets
from dataclasses import dataclass
from typing import Any

from domain.challenge import Channel, SmsChallenge
from domain.errors import PayloadError
from domain.payloads import fields_of
from domain.phone_number import PhoneNumber
from providers.wiring import Providers, providers


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """The instance to be started."""

    instance_id: str
    input: dict[str, Any]


def new_id(prefix: str) -> str:
    """Return *prefix* with 128 random bits behind it, such as sms_0123456789abcdef0123456789abcdef."""
    return f"{prefix}_{secrets.token_hex(16)}"


def sms_start(body: object) -> Start:
    """Return how a verification of the phone number in *body* is started by an operator."""
    wired = providers()
    number = wired.numbers.read(_number_in(body))
    challenge = challenge_for(
        number,
        wired,
        channel=Channel.OPERATOR,
        max_attempts=wired.settings.sms_challenge_max_attempts,
        tells_end=bool(wired.settings.sends_per_prefix),
    )
    return Start(instance_id=new_id("sms"), input=challenge.to_payload())


def challenge_for(number: PhoneNumber, wired: Providers, **terms: Any) -> SmsChallenge:  # noqa: ANN401  fields of the challenge
    """Return the challenge; whatever sending will need is asked for here, so that nothing is started in vain."""
    settings = wired.settings
    wired.check_sending()
    return SmsChallenge(
        to=number.masked,
        sealed_number=wired.vault.seal(number.e164),
        nonce=secrets.token_hex(16),
        key_id=wired.codes.newest_key_id(),
        code_length=settings.sms_challenge_code_length,
        timeout_seconds=settings.sms_challenge_timeout_seconds,
        **terms,
    )


def _number_in(body: object) -> str:
    """Return the text of the number: the body is that text, or an object with it."""
    number = body if isinstance(body, str) else fields_of(body, "phoneNumber").get("phoneNumber")
    if not isinstance(number, str):
        message = "phoneNumber is missing or is no text"
        raise PayloadError(message)
    return number
