"""A phone number, and the masked form in which it may be shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

MASKED: Final = r"\+[0-9]{1,3}\*{2,14}[0-9]{2,4}"
"""The form of a masked number: country code, stars, the last digits."""

_SHORT = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneNumber:
    """A number in E.164 form, such as +12025550143."""

    country_code: int
    national: str = field(repr=False)

    @property
    def e164(self) -> str:
        """The whole number; never goes into a log or a history."""
        return f"+{self.country_code}{self.national}"

    @property
    def masked(self) -> str:
        """The number with only its last four digits (two of a short one) shown, such as +1******0143."""
        shown = 4 if len(self.national) >= _SHORT else 2
        return f"+{self.country_code}{'*' * (len(self.national) - shown)}{self.national[-shown:]}"
