"""An SMS challenge: what a verification is started with, what an answer must look like, and the one comparison.

The number is sealed and the code is not there at all: it derives from instance id, nonce and key (see `CodeSource`).
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from domain.errors import PayloadError
from domain.payloads import decode, fields_of, text, truth, whole
from domain.phone_number import MASKED
from domain.sms import SendOutcome

SEND_WITHIN: Final = timedelta(seconds=60)
SEND_TRIES: Final = 3
MALFORMED_MOST: Final = 5  # an early event comes back with every wait, so there has to be a bound

_HEX_128 = "[0-9a-f]{32}"
_SEALED = "[A-Za-z0-9_=-]+"
_KEY_ID = "[0-9a-f]{16}"
_DIGEST = "[0-9a-f]{64}"


class Channel(StrEnum):
    """The way in: an operator with a management URL, or a user of our own API."""

    OPERATOR = "operator"
    USER = "user"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRef:
    """Names a code without saying it: what `CodeSource` derives it from."""

    instance_id: str
    nonce: str
    key_id: str

    @classmethod
    def from_payload(cls, fields: dict[str, Any]) -> CodeRef:
        """Read a reference from the object that holds it."""
        return cls(
            instance_id=text(fields, "instanceId", ".+"),
            nonce=text(fields, "nonce", _HEX_128),
            key_id=text(fields, "keyId", _KEY_ID),
        )

    def to_payload(self) -> dict[str, object]:
        """Return the fields that `from_payload` reads."""
        return {"instanceId": self.instance_id, "nonce": self.nonce, "keyId": self.key_id}


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsChallenge:
    """The input of a verification. It holds every limit, so an instance keeps those it was started with."""

    channel: Channel
    to: str
    sealed_number: str
    nonce: str
    key_id: str
    code_length: int
    timeout_seconds: int
    max_attempts: int
    malformed_most: int = MALFORMED_MOST
    send_tries: int = SEND_TRIES
    send_within: timedelta = SEND_WITHIN
    resends_most: int = 0
    tells_end: bool = False  # whether limits and the rest of the company are told how it ended

    @classmethod
    def from_payload(cls, payload: object) -> SmsChallenge:
        """Read a challenge; raise `PayloadError` for anything that our starters do not write."""
        fields = fields_of(payload)
        return cls(
            channel=Channel(text(fields, "channel", "|".join(Channel))),
            to=text(fields, "to", MASKED),
            sealed_number=text(fields, "sealedNumber", _SEALED, most=400),
            nonce=text(fields, "nonce", _HEX_128),
            key_id=text(fields, "keyId", _KEY_ID),
            code_length=whole(fields, "codeLength", least=4, most=10),
            timeout_seconds=whole(fields, "timeoutSeconds", least=1, most=3600),
            max_attempts=whole(fields, "maxAttempts", least=1, most=10),
            malformed_most=whole(fields, "malformedMost", least=0, most=10),
            send_tries=whole(fields, "sendTries", least=1, most=10),
            send_within=timedelta(seconds=whole(fields, "sendWithinSeconds", least=1, most=3600)),
            resends_most=whole(fields, "resendsMost", least=0, most=10),
            tells_end=truth(fields, "tellsEnd"),
        )

    def to_payload(self) -> dict[str, Any]:
        """Return the JSON object that `from_payload` reads."""
        return {
            "channel": self.channel.value,
            "to": self.to,
            "sealedNumber": self.sealed_number,
            "nonce": self.nonce,
            "keyId": self.key_id,
            "codeLength": self.code_length,
            "timeoutSeconds": self.timeout_seconds,
            "maxAttempts": self.max_attempts,
            "malformedMost": self.malformed_most,
            "sendTries": self.send_tries,
            "sendWithinSeconds": int(self.send_within.total_seconds()),
            "resendsMost": self.resends_most,
            "tellsEnd": self.tells_end,
        }

    def code_of(self, instance_id: str) -> CodeRef:
        """Return the reference to the code of this challenge in instance *instance_id*."""
        return CodeRef(instance_id=instance_id, nonce=self.nonce, key_id=self.key_id)

    def sending(self, instance_id: str, *, seconds_left: int | None = None) -> SmsSending:
        """Return what the activity that sends is told; without *seconds_left* all of the time is left."""
        return SmsSending(
            code=self.code_of(instance_id),
            code_length=self.code_length,
            sealed_number=self.sealed_number,
            to=self.to,
            seconds_left=self.timeout_seconds if seconds_left is None else seconds_left,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsSending:
    """What the activity that sends a challenge is told: neither the whole number nor the code."""

    code: CodeRef
    code_length: int
    sealed_number: str
    to: str
    seconds_left: int

    @classmethod
    def from_payload(cls, payload: object) -> SmsSending:
        """Read the JSON object that `to_payload` writes."""
        fields = fields_of(payload)
        return cls(
            code=CodeRef.from_payload(fields),
            code_length=whole(fields, "codeLength", least=4, most=10),
            sealed_number=text(fields, "sealedNumber", _SEALED, most=400),
            to=text(fields, "to", MASKED),
            seconds_left=whole(fields, "secondsLeft", least=1, most=3600),
        )

    def to_payload(self) -> dict[str, object]:
        """Return the JSON object that `from_payload` reads."""
        return {
            **self.code.to_payload(),
            "codeLength": self.code_length,
            "sealedNumber": self.sealed_number,
            "to": self.to,
            "secondsLeft": self.seconds_left,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """How a try to send ended; once sent, with the digest of the code."""

    outcome: SendOutcome
    digest: str | None = None

    @classmethod
    def from_payload(cls, payload: object) -> Handover:
        """Read the answer of the activity; whatever is none asks for another try."""
        try:
            fields = fields_of(payload)
            outcome = SendOutcome(text(fields, "outcome", "|".join(SendOutcome)))
            digest = text(fields, "digest", _DIGEST) if outcome is SendOutcome.SENT else None
        except PayloadError:
            return cls(outcome=SendOutcome.RETRY)
        return cls(outcome=outcome, digest=digest)

    def to_payload(self) -> dict[str, str]:
        """Return the JSON object that `from_payload` reads."""
        return {"outcome": self.outcome.value, **({"digest": self.digest} if self.digest else {})}


def code_in(answer: object, length: int) -> str | None:
    """Return the code that an operator's *answer* holds, or None if it has not the shape of one.

    An answer is exactly *length* ASCII digits, as text or as a whole number, bare or in the field `code` of an object;
    each of them as a value or as JSON text.
    """
    said = decode(answer)
    if isinstance(said, dict):
        said = decode(said["code"]) if said.keys() == {"code"} else None
    if isinstance(said, bool) or not isinstance(said, int | str):
        return None
    return _digits(str(said) if isinstance(said, str) or 0 <= said < 10**length else "", length)


def digest_in(answer: object) -> str | None:
    """Return the digest of a guess that the user API put into an event, or None."""
    said = decode(answer)
    try:
        return text(fields_of(said, "digest"), "digest", _DIGEST)
    except PayloadError:
        return None


def matches(expected: str, given: str) -> bool:
    """Whether two digests are the same, in a time that tells nothing.

    The only comparison of answers. Flows call it through this module at each use, so a test can count by replacing it.
    """
    return hmac.compare_digest(expected.encode(), given.encode())


def _digits(said: str, length: int) -> str | None:
    return said if re.fullmatch(f"[0-9]{{{length}}}", said) else None
