"""The text that a person gets by SMS: fixed words, one code, at most 160 characters of the GSM alphabet."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import timedelta

BRAND_LENGTH: Final = 40
SMS_LENGTH: Final = 160

_GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)


class SendOutcome(StrEnum):
    """How an attempt to send ended."""

    SENT = "sent"
    RETRY = "retry"
    REFUSED = "refused"
    LIMITED = "limited"  # by our own limits; nobody was asked to send
    UNCOUNTED = "uncounted"  # the storage that counts was away, so nobody was asked to send; try again


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What the settings say about the text of our messages."""

    brand: str
    domain: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sms:
    """One message, ready to be handed to a provider. Its secrets stay out of its repr."""

    instance_id: str
    number: str = field(repr=False)
    masked: str
    body: str = field(repr=False)
    valid_for: timedelta


def challenge_text(*, brand: str, code: str, answer_within: timedelta, domain: str | None) -> str:
    """Return the text of an SMS challenge.

    Where the *domain* of our page is known, a last line binds the code to it, so that phones offer it there only.
    The line is left out where it would make a second SMS of the message.
    """
    text = f"{brand}: your code is {code}. It ends in {_in_words(answer_within)}. We never ask you for it."
    bound = f"{text}\n\n@{domain} #{code}"
    return bound if domain and is_gsm7(domain) and len(bound) <= SMS_LENGTH else text


def is_gsm7(text: str) -> bool:
    """Whether each character of *text* takes one place in an SMS of 160."""
    return _GSM7.issuperset(text)


def _in_words(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    count, unit = (seconds // 60, "minute") if seconds % 60 == 0 else (seconds, "second")
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
