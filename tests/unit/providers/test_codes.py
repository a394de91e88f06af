"""Codes, digests and sealed numbers."""

import base64
import re
from collections import Counter

import pytest

from domain.errors import PayloadError, SettingError
from providers.codes import DerivedCodes, DerivedPseudonyms, DerivedTokens, FernetVault
from tests.support.builders import KEY, NONCE, OLDER_KEY


def a_code(codes: DerivedCodes, *, instance_id: str = "sms_1", nonce: str = NONCE, length: int = 4) -> str:
    """A code of the newest key."""
    return codes.code(instance_id=instance_id, nonce=nonce, key_id=codes.newest_key_id(), length=length)


def test_a_code_is_the_same_whenever_it_is_derived() -> None:
    """A crash that makes the activity run twice sends the same code twice."""
    assert a_code(DerivedCodes([KEY])) == a_code(DerivedCodes([KEY]))


def test_a_code_differs_by_instance_nonce_and_key() -> None:
    """Each verification has a code of its own, and no code can be tried on another verification."""
    codes = DerivedCodes([KEY])
    other_nonce = NONCE[::-1]

    derived = [
        a_code(codes, length=10),
        a_code(codes, length=10, instance_id="sms_2"),
        a_code(codes, length=10, nonce=other_nonce),
        a_code(DerivedCodes([OLDER_KEY]), length=10),
    ]

    assert len(set(derived)) == 4


@pytest.mark.parametrize("length", [4, 6, 8, 10])
def test_a_code_has_its_digits_and_no_leading_zero(length: int) -> None:
    """A code is also a valid JSON number, so that curl can send it bare."""
    codes = DerivedCodes([KEY])

    for number in range(50):
        code = a_code(codes, instance_id=f"sms_{number}", length=length)
        assert len(code) == length
        assert code.isascii()
        assert code.isdigit()
        assert code[0] != "0"


def test_codes_are_spread_evenly() -> None:
    """Every first digit is about as frequent as any other."""
    codes = DerivedCodes([KEY])

    first_digits = Counter(a_code(codes, instance_id=f"sms_{number}")[0] for number in range(900))

    assert set(first_digits) == set("123456789")
    assert all(60 < count < 145 for count in first_digits.values())


def test_an_older_key_still_gives_its_codes() -> None:
    """A rotation leaves verifications alone that began before it."""
    before = DerivedCodes([OLDER_KEY])
    after = DerivedCodes([KEY, OLDER_KEY])
    old_id = before.newest_key_id()

    assert after.newest_key_id() != old_id
    assert after.code(instance_id="i", nonce=NONCE, key_id=old_id, length=6) == before.code(
        instance_id="i", nonce=NONCE, key_id=old_id, length=6
    )


def test_a_key_that_is_gone_is_named_by_its_id() -> None:
    """A verification whose key was removed cannot go on, and the operator is told why."""
    with pytest.raises(SettingError, match="VerificationKey no longer holds the key 0123456789abcdef"):
        DerivedCodes([KEY]).code(instance_id="i", nonce=NONCE, key_id="0123456789abcdef", length=4)


def test_a_digest_is_bound_to_instance_nonce_key_and_code() -> None:
    """A digest says nothing without the key and fits one code of one verification."""
    codes = DerivedCodes([KEY, OLDER_KEY])
    new, old = codes.newest_key_id(), DerivedCodes([OLDER_KEY]).newest_key_id()

    digests = [
        codes.digest(instance_id="a", nonce=NONCE, key_id=new, code="2168"),
        codes.digest(instance_id="b", nonce=NONCE, key_id=new, code="2168"),
        codes.digest(instance_id="a", nonce=NONCE[::-1], key_id=new, code="2168"),
        codes.digest(instance_id="a", nonce=NONCE, key_id=old, code="2168"),
        codes.digest(instance_id="a", nonce=NONCE, key_id=new, code="2169"),
    ]

    assert len(set(digests)) == 5
    assert all(len(digest) == 64 for digest in digests)


def test_the_key_id_does_not_give_the_key_away() -> None:
    """The id stands in histories, so it is derived and not cut off the key."""
    codes = DerivedCodes([KEY])

    assert codes.newest_key_id() not in KEY.hex()
    assert len(codes.newest_key_id()) == 16


def test_a_sealed_number_opens_with_any_of_the_keys() -> None:
    """Numbers that were sealed before a rotation can still be opened after it."""
    sealed = FernetVault([OLDER_KEY]).seal("+12025550143")

    assert FernetVault([KEY, OLDER_KEY]).unseal(sealed) == "+12025550143"


def test_a_sealed_number_shows_nothing_and_never_looks_the_same() -> None:
    """What is stored tells neither the number nor that two are equal."""
    vault = FernetVault([KEY])
    first, second = vault.seal("+12025550143"), vault.seal("+12025550143")

    assert first != second
    assert b"2025550143" not in base64.urlsafe_b64decode(first)


@pytest.mark.parametrize("sealed", ["", "x", "+12025550143"])
def test_what_we_did_not_seal_does_not_open(sealed: str) -> None:
    """A number from anywhere else is refused, without quoting it."""
    with pytest.raises(PayloadError, match="was not sealed with any of our keys"):
        FernetVault([KEY]).unseal(sealed)


def test_a_pseudonym_is_always_the_same_and_another_for_another_kind() -> None:
    """Things of two kinds never share a name, and neither does anything under another key."""
    names = DerivedPseudonyms([KEY, OLDER_KEY])

    assert names.of("phone", "a") == DerivedPseudonyms([KEY]).of("phone", "a")
    assert len({names.of("phone", "a"), names.of("prefix", "a"), DerivedPseudonyms([OLDER_KEY]).of("phone", "a")}) == 3
    assert re.fullmatch("[0-9a-f]{40}", names.of("phone", "a"))


def test_a_token_opens_its_own_verification_alone() -> None:
    """The token of one verification is none of another's. Threat 14, 37."""
    tokens = DerivedTokens([KEY])
    key_id = DerivedCodes([KEY]).newest_key_id()

    token = tokens.token("ver_1", key_id)

    assert token == tokens.token("ver_1", key_id)
    assert len(token) == 43
    assert tokens.is_token("ver_1", token)
    assert not tokens.is_token("ver_2", token)
    assert not tokens.is_token("ver_1", token[:-1])


def test_a_token_outlives_a_new_key() -> None:
    """A token of an older key opens as long as that key is kept, and is made anew the same."""
    older = DerivedCodes([OLDER_KEY]).newest_key_id()
    before = DerivedTokens([OLDER_KEY]).token("ver_1", older)

    rotated = DerivedTokens([KEY, OLDER_KEY])

    assert rotated.is_token("ver_1", before)
    assert rotated.token("ver_1", older) == before
    assert not DerivedTokens([KEY]).is_token("ver_1", before)
    with pytest.raises(SettingError, match="VerificationKey"):
        DerivedTokens([KEY]).token("ver_1", older)
