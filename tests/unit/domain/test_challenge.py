"""Challenges as payloads, and the shape of answers; the flow's tests show the rest."""

from datetime import timedelta

import pytest

from domain.challenge import (
    Channel,
    CodeRef,
    Handover,
    SmsChallenge,
    SmsSending,
    code_in,
    digest_in,
    matches,
)
from domain.errors import PayloadError
from domain.sms import SendOutcome
from tests.support.builders import DIGEST, OTHER_DIGEST, a_challenge, a_ref, a_sending


@pytest.mark.parametrize("channel", Channel)
def test_a_challenge_is_read_as_it_was_written(channel: Channel) -> None:
    """Whatever a starter writes, the flow reads the same, each limit included."""
    challenge = a_challenge(
        channel=channel,
        code_length=8,
        timeout_seconds=30,
        max_attempts=3,
        malformed_most=2,
        send_tries=2,
        send_within=timedelta(seconds=20),
    )

    assert SmsChallenge.from_payload(challenge.to_payload()) == challenge


def test_a_sending_is_read_as_it_was_written() -> None:
    """The activity reads what the flow wrote."""
    assert SmsSending.from_payload(a_sending().to_payload()) == a_sending()


def test_a_reference_to_a_code_is_read_as_it_was_written() -> None:
    """Both activities find the same code."""
    assert CodeRef.from_payload({**a_ref().to_payload(), "code": "2168"}) == a_ref()


@pytest.mark.parametrize(
    "handover",
    [Handover(outcome=SendOutcome.SENT, digest=DIGEST), Handover(outcome=SendOutcome.RETRY)],
)
def test_a_hand_over_is_read_as_it_was_written(handover: Handover) -> None:
    """The flow reads what the activity wrote."""
    assert Handover.from_payload(handover.to_payload()) == handover


@pytest.mark.parametrize("field", sorted(a_challenge().to_payload()))
def test_no_field_of_a_challenge_may_be_missing(field: str) -> None:
    """Everything the flow depends on is in its input, so nothing has a default there."""
    payload = a_challenge().to_payload()
    del payload[field]

    with pytest.raises(PayloadError):
        SmsChallenge.from_payload(payload)


@pytest.mark.parametrize(
    ("answer", "length", "code"),
    [
        (2168, 4, "2168"),
        ("2168", 4, "2168"),
        ("0168", 4, "0168"),
        (168, 4, None),
        ({"code": "0168"}, 4, "0168"),
        ('{"code": 2168}', 4, "2168"),
        (1234567890, 10, "1234567890"),
        (12345678901, 10, None),
        ("2168 ", 4, None),
        (False, 4, None),
    ],
)
def test_a_code_is_exactly_so_many_ascii_digits(answer: object, length: int, code: str | None) -> None:
    """The shape is checked before anything else is done with an answer."""
    assert code_in(answer, length) == code


@pytest.mark.parametrize("answer", [None, "x", {}, {"digest": "D1" * 32}, {"digest": DIGEST, "more": 1}, [DIGEST]])
def test_a_digest_has_one_spelling(answer: object) -> None:
    """Only 64 small hexadecimal digits, alone in their object, are a digest."""
    assert digest_in(answer) is None


def test_digests_match_only_themselves() -> None:
    """Two digests match if they are the same, and text that is no ASCII never raises."""
    assert matches(DIGEST, DIGEST)
    assert not matches(DIGEST, OTHER_DIGEST)
    assert not matches(DIGEST, "")
    assert not matches(DIGEST, "\uff12")
