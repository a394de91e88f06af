"""Which texts are numbers, and which numbers get an SMS."""

import pytest

from domain.errors import DestinationError, PhoneNumberError
from providers.phone_numbers import AllowedNumbers

READER = AllowedNumbers(frozenset({"US"}))


@pytest.mark.parametrize(
    "text", ["+12025550143", "+1 202 555 0143", "+1 (202) 555-0143", "+1-202-555-0143", "+1.202.555.0143"]
)
def test_every_spelling_is_one_number(text: str) -> None:
    """Blanks, dots, hyphens and brackets change nothing, so nobody has two budgets for one phone."""
    number = READER.read(text)

    assert (number.e164, number.masked) == ("+12025550143", "+1******0143")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12025550143",
        "2025550143",
        "+1202555014",
        "+15550100143",
        "+447700900123",
        "+\uff11\uff12\uff10\uff12\uff15\uff15\uff15\uff10\uff11\uff14\uff13",
        "+1202555\u06610143",
        "+1202555\u200b0143",
        "tel:+12025550143",
        "+12025550143;ext=5",
        "+12025550143 x5",
        "+1 202 555 0143 ext. 5",
        "+12025550143\n",
        "+12025550143\r\nX-Evil: 1",
        "+1202555-TAXI",
        "+999123456789",
        "+" + "1" * 31,
        "++12025550143",
    ],
)
def test_what_is_no_valid_number_is_refused(text: str) -> None:
    """Extensions, other scripts, control characters, prefixes and unassigned ranges are no numbers for us."""
    with pytest.raises(PhoneNumberError):
        READER.read(text)


@pytest.mark.parametrize(
    "text",
    [
        "+12644975001",  # Anguilla shares +1
        "+18765550123",  # Jamaica
        "+18095550123",  # Dominican Republic
        "+14165550123",  # Canada
        "+447911123456",
        "+881612345678",  # satellite, says it is mobile
        "+882161234567",
        "+870773111632",
        "+979123456789",
        "+18005550123",  # toll-free, of no region of its own
    ],
)
def test_numbers_of_other_regions_get_no_sms(text: str) -> None:
    """Regions are told apart by the whole number: +1 is many of them, and satellites are none."""
    with pytest.raises(DestinationError):
        READER.read(text)


@pytest.mark.parametrize(
    "text",
    ["+19002345678", "+18002345678", "+15005550006"],
    ids=["premium", "toll-free", "personal"],
)
def test_numbers_of_other_kinds_get_no_sms(text: str) -> None:
    """Only mobile numbers, and those that may be mobile, get an SMS."""
    with pytest.raises(DestinationError):
        READER.read(text)


def test_a_landline_gets_no_sms() -> None:
    """Where landlines can be told from mobiles, they are refused."""
    with pytest.raises(DestinationError, match="kind"):
        AllowedNumbers(frozenset({"GB"})).read("+442079460123")


def test_another_region_can_be_allowed() -> None:
    """A mobile number of an allowed region is read."""
    number = AllowedNumbers(frozenset({"US", "GB"})).read("+447400123456")

    assert number.masked == "+44******3456"


def test_errors_never_quote_the_number() -> None:
    """The detail of a problem holds nothing of what was sent."""
    with pytest.raises(PhoneNumberError) as caught:
        READER.read("+1202555014")

    assert "202555014" not in str(caught.value).replace("+12025550143", "")
