"""A phone verification as a generator: what it decides, step by step."""

import json
from datetime import timedelta
from typing import Any

import pytest

from domain import challenge as challenges
from domain.challenge import Channel
from domain.events import CANCEL_VERIFICATION
from orchestrators.sms_verify import sms_verify
from tests.support.builders import DIGEST, NONCE, OTHER_DIGEST, a_challenge
from tests.support.fakes import BAD_INPUT, NOON, FakeContext, Flow

RESPONSE = "SmsChallengeResponse"
SENT = {"outcome": "sent", "digest": DIGEST}
RETRY = {"outcome": "retry"}
REFUSED = {"outcome": "refused"}
RIGHT = {"digest": DIGEST}
WRONG = {"digest": OTHER_DIGEST}


def a_flow(given: Any = None, **fields: Any) -> Flow:
    """A verification that was just started."""
    return Flow(sms_verify, FakeContext(given or a_challenge(**fields).to_payload()))


def a_waiting_flow(**fields: Any) -> Flow:
    """A verification whose SMS is handed over."""
    flow = a_flow(**fields)
    flow.answers(SENT)
    return flow


def given_up(flow: Flow) -> tuple[bool, str, str | None]:
    """Output, state and reason of a verification."""
    assert flow.has_ended
    return flow.output, flow.status["state"], flow.status["reason"]


def test_the_sms_is_sent_first() -> None:
    """A verification begins by sending, with everything the send needs and nothing that is secret."""
    flow = a_flow()

    challenge = a_challenge()
    assert flow.waits_for.name == "SendSmsChallenge"
    assert flow.waits_for.input == {
        "instanceId": "sms_1",
        "nonce": NONCE,
        "keyId": challenge.key_id,
        "codeLength": 4,
        "sealedNumber": challenge.sealed_number,
        "to": "+1******0143",
        "secondsLeft": 120,
    }
    assert flow.status["state"] == "sending"


def test_the_two_minutes_start_when_the_hand_over_is_learnt() -> None:
    """The deadline is the time of the turn that learnt of the hand-over, plus the timeout; it stands in the status."""
    flow = a_flow()

    flow.passes(timedelta(seconds=7))
    flow.answers(SENT)

    assert flow.context.of("timer")[0].input == NOON + timedelta(seconds=127)
    assert flow.status == {
        "state": "awaiting",
        "reason": None,
        "attempt": 0,
        "attemptsRemaining": 1,
        "results": [],
        "expiresAt": "2026-01-15T12:02:07.000Z",
        "to": "+1******0143",
    }


@pytest.mark.parametrize("answer", [2168, "2168", '"2168"', {"code": "2168"}, {"code": 2168}, '{"code": "2168"}'])
def test_the_right_code_in_time_verifies(answer: Any) -> None:
    """The right code verifies, as text, as a number, in an object, and each of them as JSON text."""
    flow = a_waiting_flow()

    flow.happens(RESPONSE, answer)
    digesting = flow.waits_for
    flow.answers(RIGHT)

    assert (digesting.name, digesting.input["code"]) == ("DigestSmsCode", "2168")
    assert given_up(flow) == (True, "verified", None)
    assert flow.status["results"] == ["verified"]
    assert (flow.status["attempt"], flow.status["attemptsRemaining"]) == (1, 0)


def test_an_activity_never_sees_the_deadline() -> None:
    """No door and no activity compares its own clock with the deadline of a flow, so none is told it."""
    flow = a_waiting_flow()

    flow.happens(RESPONSE, 2168)

    assert flow.waits_for.input.keys() == {"instanceId", "nonce", "keyId", "code"}


def test_one_wrong_code_ends_it_where_one_attempt_is_allowed() -> None:
    """With one attempt, a wrong answer is a mismatch and the end."""
    flow = a_waiting_flow()

    flow.happens(RESPONSE, 9999)
    flow.answers(WRONG)

    assert given_up(flow) == (False, "failed", "code_mismatch")
    assert flow.status["results"] == ["code_mismatch"]


def test_more_attempts_are_counted_down() -> None:
    """With more attempts, a wrong answer leaves the rest; the last wrong one exhausts them."""
    flow = a_waiting_flow(max_attempts=3)

    seen = []
    for _ in range(3):
        flow.happens(RESPONSE, 9999)
        flow.answers(WRONG)
        seen.append((flow.status["state"], flow.status["reason"], flow.status["attemptsRemaining"]))

    assert seen == [
        ("awaiting", "code_mismatch", 2),
        ("awaiting", "code_mismatch", 1),
        ("failed", "attempts_exhausted", 0),
    ]
    assert flow.output is False


def test_a_wrong_code_then_silence_expires() -> None:
    """After a wrong answer a fresh timer to the same deadline still ends the wait."""
    flow = a_waiting_flow(max_attempts=2)

    flow.passes(timedelta(seconds=50))
    flow.happens(RESPONSE, 9999)
    flow.answers(WRONG)
    flow.fires()

    assert [timer.input for timer in flow.context.of("timer")] == [NOON + timedelta(seconds=120)] * 2
    assert [timer.is_canceled for timer in flow.context.of("timer")] == [True, False]
    assert given_up(flow) == (False, "failed", "expired")


def test_silence_expires() -> None:
    """Where nobody answers in time, the verification ends by itself."""
    flow = a_waiting_flow()

    flow.fires(early=timedelta(milliseconds=700))

    assert given_up(flow) == (False, "failed", "expired")
    assert flow.status["results"] == []


def test_a_late_answer_is_expired_and_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that is handled after the deadline uses its attempt up and is compared with nothing."""
    compared = count_comparisons(monkeypatch)
    flow = a_waiting_flow()

    flow.passes(timedelta(seconds=121))
    flow.happens(RESPONSE, 2168)

    assert given_up(flow) == (False, "failed", "expired")
    assert flow.status["results"] == ["expired"]
    assert compared == []


def test_an_answer_whose_digest_comes_after_the_deadline_is_expired() -> None:
    """A verification never succeeds after its deadline, whatever held it up."""
    flow = a_waiting_flow()

    flow.happens(RESPONSE, 2168)
    flow.passes(timedelta(seconds=121))
    flow.answers(RIGHT)

    assert given_up(flow) == (False, "failed", "expired")


STRANGE: list[Any] = [
    None,
    True,
    21.68,
    216,
    21680,
    -2168,
    "",
    "216",
    "2168\n",
    " 2168",
    "\uff12\uff11\uff16\uff18",
    "\u00b2168",
    "2_68",
    "0x12",
    [2168],
    {},
    {"code": None},
    {"code": "2168", "more": 1},
    {"Code": "2168"},
    {"code": True},
    "[" * 100_000,
    10**4000,
]


@pytest.mark.parametrize("answer", STRANGE)
def test_answers_without_the_shape_of_a_code_are_passed_over(answer: Any) -> None:
    """An answer that cannot be a code uses no attempt, and the wait goes on."""
    flow = a_waiting_flow()

    flow.happens(RESPONSE, answer)

    assert flow.status["state"] == "awaiting"
    assert flow.status["attempt"] == 0
    assert len(flow.context.of("timer")) == 2


def test_five_malformed_answers_leave_the_right_one_its_chance() -> None:
    """Five malformed answers are passed over; the right code after them verifies."""
    flow = a_waiting_flow()

    for _ in range(5):
        flow.happens(RESPONSE, "garbage")
    flow.happens(RESPONSE, 2168)
    flow.answers(RIGHT)

    assert given_up(flow) == (True, "verified", None)


def test_a_sixth_malformed_answer_ends_it() -> None:
    """There is a bound to passing over, for an early event comes back with every wait."""
    flow = a_waiting_flow()

    for _ in range(6):
        flow.happens(RESPONSE, "garbage")

    assert given_up(flow) == (False, "failed", "malformed")


@pytest.mark.parametrize("answer", [None, {}, {"digest": 5}, {"digest": "short"}])
def test_an_answer_that_cannot_be_digested_is_passed_over(answer: Any) -> None:
    """Where the digest of a guess cannot be made, the guess is judged by nobody."""
    flow = a_waiting_flow()

    flow.happens(RESPONSE, 2168)
    flow.answers(answer)

    assert flow.status["state"] == "awaiting"


def test_a_failing_digest_never_leaves_the_flow() -> None:
    """The text of a failed activity carries the guess, so it may not become the output."""
    flow = a_waiting_flow()

    flow.happens(RESPONSE, 2168)
    flow.fails("Activity function 'DigestSmsCode' failed: 2168")

    assert not flow.has_ended
    assert flow.status["state"] == "awaiting"


def test_a_code_has_as_many_digits_as_the_input_says() -> None:
    """An instance keeps the code length that it was started with."""
    flow = a_waiting_flow(code_length=6)

    flow.happens(RESPONSE, "2168")
    flow.happens(RESPONSE, "216821")

    assert flow.waits_for.input["code"] == "216821"


def test_a_refused_sms_ends_it_at_once() -> None:
    """What the provider refuses for good is not tried again."""
    flow = a_flow()

    flow.answers(REFUSED)

    assert given_up(flow) == (False, "failed", "delivery_failed")
    assert len(flow.context.of("activity")) == 1


def test_sending_is_tried_three_times_with_growing_pauses() -> None:
    """A hand-over that may succeed later is tried after one second and after two more, by durable timers."""
    flow = a_flow()

    for _ in range(2):
        flow.answers(RETRY)
        flow.fires()
    flow.answers(RETRY)

    assert [timer.input - NOON for timer in flow.context.of("timer")] == [timedelta(seconds=1), timedelta(seconds=3)]
    assert [task.name for task in flow.context.of("activity")] == ["SendSmsChallenge"] * 3
    assert given_up(flow) == (False, "failed", "delivery_failed")


def test_every_try_sends_the_same() -> None:
    """All tries name the same code, so a person who gets two messages gets one code."""
    flow = a_flow()

    flow.answers(RETRY)
    flow.fires()

    first, second = flow.context.of("activity")
    assert first.input == second.input


def test_a_second_try_that_succeeds_begins_the_wait() -> None:
    """A retry that works is as good as a first try."""
    flow = a_flow()

    flow.answers(RETRY)
    flow.fires()
    flow.answers(SENT)

    assert flow.status["state"] == "awaiting"
    assert flow.status["expiresAt"] == "2026-01-15T12:02:01.000Z"


@pytest.mark.parametrize("answer", [None, "sent", {}, {"outcome": "sent"}, {"outcome": "sent", "digest": "2168"}])
def test_an_unreadable_hand_over_counts_as_none(answer: Any) -> None:
    """Only a hand-over with the digest of its code begins the wait."""
    flow = a_flow()

    flow.answers(answer)

    assert flow.waits_for.kind == "timer"


def test_a_failing_send_is_tried_again_and_its_text_is_dropped() -> None:
    """An activity that fails where it never should is treated like a provider that is away."""
    flow = a_flow()

    flow.fails()
    flow.fires()
    flow.fails()
    flow.fires()
    flow.fails()

    assert given_up(flow) == (False, "failed", "delivery_failed")


def test_no_try_begins_later_than_a_minute_after_the_start() -> None:
    """Where the tries were held up for more than sixty seconds, no further one begins."""
    flow = a_flow()

    flow.answers(RETRY)
    flow.passes(timedelta(seconds=61))
    flow.fires()

    assert given_up(flow) == (False, "failed", "delivery_failed")
    assert len(flow.context.of("activity")) == 1


def test_a_hand_over_that_is_learnt_too_late_is_none() -> None:
    """An SMS whose hand-over is learnt after sixty seconds is out, and its code dead."""
    flow = a_flow()

    flow.passes(timedelta(seconds=60, microseconds=1))
    flow.answers(SENT)

    assert given_up(flow) == (False, "failed", "delivery_failed")


def test_a_hand_over_at_the_sixtieth_second_counts() -> None:
    """The sixty seconds include the last one."""
    flow = a_flow()

    flow.passes(timedelta(seconds=60))
    flow.answers(SENT)

    assert flow.status["state"] == "awaiting"


def spoilt(**fields: Any) -> dict[str, Any]:
    """An input of ours with some fields replaced."""
    return a_challenge().to_payload() | fields


@pytest.mark.parametrize(
    "given",
    [
        None,
        BAD_INPUT,
        12025550143,
        "+12025550143",
        [],
        {},
        {"phoneNumber": "+12025550143"},
        spoilt(nonce=None),
        spoilt(nonce="xyz"),
        spoilt(channel="admin"),
        spoilt(to="+12025550143"),
        spoilt(codeLength=True),
        spoilt(codeLength=3),
        spoilt(timeoutSeconds=10**9),
        spoilt(maxAttempts=0),
        spoilt(maxAttempts=10**9),
        spoilt(sendTries="3"),
        spoilt(sealedNumber=""),
    ],
)
def test_an_instance_started_past_our_starter_fails_without_an_sms(given: Any) -> None:
    """What our starter did not write is malformed: no SMS, no exception."""
    flow = Flow(sms_verify, FakeContext(given))

    assert given_up(flow) == (False, "failed", "malformed")
    assert flow.context.tasks == []


def test_the_status_never_shows_what_was_sent_past_our_starter() -> None:
    """A whole number that somebody put where the masked one belongs is not shown."""
    flow = Flow(sms_verify, FakeContext(spoilt(to="+12025550143")))

    assert flow.status["to"] is None


def test_the_user_channel_waits_for_every_open_attempt() -> None:
    """The user API claims numbered attempts, so each round listens to all that are left, each with a fresh task."""
    flow = a_waiting_flow(channel=Channel.USER, max_attempts=3)

    flow.happens(f"{RESPONSE}.2", WRONG)

    awaited = [f"{RESPONSE}.1", f"{RESPONSE}.3", CANCEL_VERIFICATION, "timer"]
    assert [task.name for task in flow.waits_for.input] == awaited
    assert flow.status["results"] == [None, "code_mismatch"]
    assert (flow.status["attempt"], flow.status["attemptsRemaining"]) == (1, 2)


def test_the_user_channel_compares_digests_and_digests_nothing() -> None:
    """No guess of a user reaches the history: the event holds its digest."""
    flow = a_waiting_flow(channel=Channel.USER, max_attempts=3)

    flow.happens(f"{RESPONSE}.1", json.dumps(RIGHT))

    assert given_up(flow) == (True, "verified", None)
    assert [task.name for task in flow.context.of("activity")] == ["SendSmsChallenge"]


def test_an_unreadable_numbered_answer_uses_its_attempt_up() -> None:
    """An attempt that was claimed is used, whatever arrived for it."""
    flow = a_waiting_flow(channel=Channel.USER, max_attempts=3)

    flow.happens(f"{RESPONSE}.1", "garbage")

    assert flow.status["results"] == ["code_mismatch"]


def test_numbered_attempts_are_exhausted_in_any_order() -> None:
    """Three wrong answers end the verification, in whatever order they arrive."""
    flow = a_waiting_flow(channel=Channel.USER, max_attempts=3)

    for number in (3, 1, 2):
        flow.happens(f"{RESPONSE}.{number}", WRONG)

    assert given_up(flow) == (False, "failed", "attempts_exhausted")
    assert flow.status["results"] == ["code_mismatch"] * 3


def count_comparisons(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Count through the seam that `domain.challenge.matches` documents."""
    compared: list[tuple[str, str]] = []
    real = challenges.matches

    def counting(expected: str, given: str) -> bool:
        compared.append((expected, given))
        return real(expected, given)

    monkeypatch.setattr(challenges, "matches", counting)
    return compared


def test_there_are_never_more_comparisons_than_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each attempt is compared once; malformed answers are not compared."""
    compared = count_comparisons(monkeypatch)
    flow = a_waiting_flow(max_attempts=2)

    flow.happens(RESPONSE, "garbage")
    for _ in range(2):
        flow.happens(RESPONSE, 9999)
        flow.answers(WRONG)

    assert flow.has_ended
    assert compared == [(DIGEST, OTHER_DIGEST)] * 2
