"""The text of an SMS."""

from datetime import timedelta

import pytest

from domain.sms import BRAND_LENGTH, challenge_text, is_gsm7
from tests.support.builders import an_sms

TWO_MINUTES = timedelta(minutes=2)


def a_text(**fields: str | timedelta | None) -> str:
    """The text of a challenge."""
    given = {"brand": "Countersign", "code": "2168", "answer_within": TWO_MINUTES, "domain": None}
    return challenge_text(**(given | fields))  # type: ignore[arg-type]  # a builder takes what the function takes


def test_the_text_says_who_what_and_until_when() -> None:
    """The text is fixed; nothing of a caller is in it. Threat 26."""
    assert a_text() == "Countersign: your code is 2168. It ends in 2 minutes. We never ask you for it."


@pytest.mark.parametrize(
    ("seconds", "words"), [(60, "1 minute"), (90, "90 seconds"), (1, "1 second"), (600, "10 minutes")]
)
def test_the_time_is_told_in_whole_units(seconds: int, words: str) -> None:
    """Whole minutes are told as minutes, the rest as seconds."""
    assert f"It ends in {words}." in a_text(answer_within=timedelta(seconds=seconds))


def test_a_known_domain_binds_the_code_in_the_last_line() -> None:
    """The last line lets a phone offer the code on our page only."""
    assert a_text(domain="verify.example.com").endswith("\n@verify.example.com #2168")


@pytest.mark.parametrize("domain", ["x" * 100 + ".example", "\u4f8b.example"])
def test_a_domain_that_does_not_fit_is_left_out(domain: str) -> None:
    """The message stays one SMS, whatever the domain."""
    assert a_text(domain=domain) == a_text()


def test_the_longest_text_fits_one_sms() -> None:
    """The longest brand, code and time make at most 160 characters of the GSM alphabet."""
    text = a_text(brand="B" * BRAND_LENGTH, code="1" * 10, answer_within=timedelta(seconds=3599))

    assert len(text) <= 160
    assert is_gsm7(text)


def test_characters_outside_the_alphabet_are_told() -> None:
    """A character that makes the SMS longer or another encoding is not of the alphabet."""
    assert not is_gsm7("\u20ac")
    assert not is_gsm7("[")


def test_a_message_hides_its_secrets_when_it_is_printed() -> None:
    """A message that ends up in a log by accident shows neither number nor code."""
    printed = repr(an_sms())

    assert "0143" in printed
    assert "12025550143" not in printed
    assert "2168" not in printed
