"""Reads phone numbers with libphonenumber, and knows which of them get an SMS."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import phonenumbers

from domain.errors import DestinationError, PhoneNumberError
from domain.phone_number import PhoneNumber

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

# libphonenumber also folds other scripts' digits, zero-width characters, "tel:" and extensions to the same number.
_WRITTEN = re.compile(r"\+[0-9][0-9 ().-]{4,30}")
_TYPES = frozenset({phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE})


class AllowedNumbers:
    """The mobile numbers of some regions. A region is no calling code: +1 is shared by many."""

    def __init__(self, regions: AbstractSet[str]) -> None:
        self._regions = regions

    def read(self, text: str) -> PhoneNumber:
        """Return the number that *text* writes in international form."""
        number = _parsed(text)
        if phonenumbers.region_code_for_number(number) not in self._regions:
            message = "numbers of this region get no SMS"
            raise DestinationError(message)
        if phonenumbers.number_type(number) not in _TYPES:
            message = "numbers of this kind get no SMS"
            raise DestinationError(message)
        national = phonenumbers.national_significant_number(number)
        return PhoneNumber(country_code=number.country_code or 0, national=national)


def _parsed(text: str) -> phonenumbers.PhoneNumber:
    message = "expected a phone number in international form, such as +12025550143"
    if not _WRITTEN.fullmatch(text):
        raise PhoneNumberError(message)
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        raise PhoneNumberError(message) from None
    if not phonenumbers.is_valid_number(number):
        raise PhoneNumberError(message)
    return number
