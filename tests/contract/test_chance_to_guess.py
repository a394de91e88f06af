"""How likely a guess is, computed from the code's own rules, and said in the README as it is."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from domain.phone_limits import PhoneRecord
from providers.codes import DerivedCodes
from settings import Settings
from tests.support.builders import KEY, NONCE, an_environment
from tools.azurite import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

NOW = 1_768_000_000_000


def codes_of(length: int) -> int:
    """How many different codes of a length there are, all alike likely up to one in 10^9."""
    return int("9" + "0" * (length - 1))


def guesses_until_locked(settings: Settings) -> int:
    """How many guesses a phone takes before it is locked, counted by the rules themselves."""
    record, guesses = PhoneRecord(), 0
    most = settings.wrong_answers_per_phone
    assert most is not None
    while True:
        record, wait = record.guessed(most, NOW)
        if wait:
            return guesses
        guesses += 1


def chances(environment: Mapping[str, str]) -> tuple[float, float]:
    """The chance to guess a verification, and a phone until it is locked, drawing no guess twice in one of them."""
    settings = Settings(environment)
    codes = codes_of(settings.sms_challenge_code_length)
    attempts = settings.verification_max_attempts
    whole, rest = divmod(guesses_until_locked(settings), attempts)
    missed = (1 - Fraction(attempts, codes)) ** whole * (1 - Fraction(rest, codes))
    return float(Fraction(attempts, codes)), float(1 - missed)


@pytest.mark.parametrize(("length", "verification", "phone"), [("4", "3.3e-4", "1.1e-3"), ("6", "3.3e-6", "1.1e-5")])
def test_the_chance_to_guess_is_what_the_readme_says(length: str, verification: str, phone: str) -> None:
    """With the defaults a verification is guessed with 3 in 10,000, a phone with 1 in 1,000 until it is locked."""
    one, locked = chances(an_environment(SmsChallengeCodeLength=length))

    assert (plain(one), plain(locked)) == (verification, phone)
    row = f"| {length} | {verification} | {phone} |"
    assert row in (ROOT / "README.md").read_text(encoding="utf-8")


def test_codes_are_spread_over_all_that_there_are() -> None:
    """Every code has as many digits as it is to have, no leading zero, and all of them come up. Threat 10."""
    codes = DerivedCodes([KEY])
    key_id = codes.newest_key_id()

    drawn = {codes.code(instance_id=f"ver_{n}", nonce=NONCE, key_id=key_id, length=4) for n in range(20_000)}

    assert all(re.fullmatch("[1-9][0-9]{3}", code) for code in drawn)
    assert len(drawn) > 0.85 * codes_of(4)  # as many as so many draws find: 1 - e^-2.2 of them


def plain(chance: float) -> str:
    """Write a chance with two digits, such as 3.3e-4."""
    mantissa, exponent = f"{chance:.1e}".split("e")
    return f"{mantissa}e{int(exponent)}"
