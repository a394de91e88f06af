"""Numbers and their masked form."""

import re

import pytest

from domain.phone_number import MASKED, PhoneNumber


@pytest.mark.parametrize(
    ("country_code", "national", "masked"),
    [
        (1, "2025550100", "+1******0100"),
        (44, "7911123456", "+44******3456"),
        (290, "51234", "+290***34"),
        (49, "15123456789", "+49*******6789"),
    ],
)
def test_only_the_last_digits_are_shown(country_code: int, national: str, masked: str) -> None:
    """A masked number shows its country and its last four digits, of a short number the last two."""
    number = PhoneNumber(country_code=country_code, national=national)

    assert number.masked == masked
    assert re.fullmatch(MASKED, number.masked)
    assert number.e164 == f"+{country_code}{national}"


def test_a_number_hides_itself_when_it_is_printed() -> None:
    """A number that ends up in a log by accident is not whole there."""
    assert "2025550100" not in repr(PhoneNumber(country_code=1, national="2025550100"))
