"""The bodies of the user API, as pydantic models: they check requests, shape answers, and describe the API."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from blueprints.models import AnswerBody, RequestBody

Status = Literal["pending", "verified", "failed", "expired", "canceled"]
Reason = Literal[
    "code_mismatch", "attempts_exhausted", "malformed", "delivery_failed", "rate_limited", "storage_unavailable"
]
PHONE_NUMBER = Field(
    max_length=64,
    description="In international form; a valid mobile number of one of the allowed regions.",
    examples=["+12025550143"],
)
RESEND_AFTER = Field(description="Before that many seconds are over no other message is sent.")


def _text_of(code: object) -> object:
    """Take a whole number for the text that writes it, as a code never begins with a zero."""
    return str(code) if isinstance(code, int) and not isinstance(code, bool) and 0 <= code < _CODES_END else code


_CODES_END = 10**10
_CODE_SCHEMA = {
    "description": "As many digits as the code has, as text or as a whole number.",
    "anyOf": [
        {"type": "string", "pattern": "^[0-9]{4,10}$", "maxLength": 10},
        {"type": "integer", "minimum": 1000, "maximum": _CODES_END - 1},
    ],
    "examples": ["2168"],
}


class StartRequest(RequestBody):
    """A phone to be verified."""

    phone_number: Annotated[str, PHONE_NUMBER]


class CheckRequest(RequestBody):
    """A guess."""

    code: Annotated[
        str, BeforeValidator(_text_of), Field(pattern="^[0-9]{4,10}$", max_length=10), WithJsonSchema(_CODE_SCHEMA)
    ]


class LockRequest(RequestBody):
    """A phone whose lock is looked at or lifted."""

    phone_number: Annotated[str, PHONE_NUMBER]


class VerificationAnswer(AnswerBody):
    """Something about one verification."""

    id: str = Field(pattern="^ver_[0-9a-f]{32}$")


class StartAnswer(VerificationAnswer):
    """A verification that has begun."""

    token: str = Field(description="Whoever holds it may ask about this verification and answer it.")
    status: Status
    reason: Reason | None = None
    to: str = Field(description="The number, masked.")
    expires_at: str | None = Field(description="Until when an answer counts; null until the message is handed over.")
    attempts_remaining: int
    resend_after_seconds: Annotated[int, RESEND_AFTER]


class StatusAnswer(VerificationAnswer):
    """How a verification stands."""

    status: Status
    reason: Reason | None = None
    to: str = Field(description="The number, masked.")
    expires_at: str | None
    attempts_remaining: int
    resends_remaining: int


class CheckAnswer(VerificationAnswer):
    """The verdict on one guess."""

    status: Literal["pending", "verified", "failed"]
    reason: Reason | None = None
    attempts_remaining: int | None = None


class PendingAnswer(VerificationAnswer):
    """The verdict takes longer; ask for the status."""

    status: Literal["checking"] = "checking"


class ResendAnswer(VerificationAnswer):
    """The message goes out again."""

    status: Literal["pending"] = "pending"
    resends_remaining: int
    resend_after_seconds: Annotated[int, RESEND_AFTER]


class CancelAnswer(VerificationAnswer):
    """The verification is given up."""

    status: Literal["canceled"] = "canceled"


class LockAnswer(AnswerBody):
    """What is remembered of a phone."""

    to: str = Field(description="The number, masked.")
    wrong_answers: int
    locked_until: str | None = Field(description="Year 9999: until somebody lifts it.")
