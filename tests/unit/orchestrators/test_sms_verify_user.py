"""A verification of the user API as a generator: resends, giving up, limits, and telling how it ended."""

from datetime import timedelta
from typing import Any

import pytest

from domain.challenge import Channel
from orchestrators.sms_verify import sms_verify
from tests.support.builders import DIGEST, OTHER_DIGEST, a_challenge
from tests.support.fakes import NOON, FakeContext, Flow

RESPONSE = "SmsChallengeResponse"
RESEND = "ResendChallenge"
CANCEL = "CancelVerification"
SENT = {"outcome": "sent", "digest": DIGEST}
LIMITED = {"outcome": "limited"}
UNCOUNTED = {"outcome": "uncounted"}
RIGHT = {"digest": DIGEST}
WRONG = {"digest": OTHER_DIGEST}
DONE = {"outcome": "done"}


def a_flow(**fields: Any) -> Flow:
    """A verification of the user API that was just started."""
    terms: dict[str, Any] = {"channel": Channel.USER, "max_attempts": 3, "resends_most": 2, "tells_end": True}
    return Flow(sms_verify, FakeContext(a_challenge(**(terms | fields)).to_payload(), instance_id="ver_1"))


def a_waiting_flow(**fields: Any) -> Flow:
    """A verification whose SMS is handed over."""
    flow = a_flow(**fields)
    flow.answers(SENT)
    return flow


def awaited(flow: Flow) -> list[str]:
    """The names of the events that the flow listens to."""
    return [task.name for task in flow.waits_for.input if task.kind == "event"]


def told(flow: Flow) -> list[str]:
    """Let a flow tell how it ended, and return what it called for that."""
    names = []
    while not flow.has_ended:
        names.append(flow.waits_for.name)
        flow.answers(DONE)
    return names


def test_a_user_may_answer_ask_again_and_give_up() -> None:
    """Each round listens to every open attempt, every resend that is left, and to giving up."""
    flow = a_waiting_flow()

    assert awaited(flow) == [*(f"{RESPONSE}.{number}" for number in (1, 2, 3)), f"{RESEND}.1", f"{RESEND}.2", CANCEL]


def test_a_resend_sends_the_same_and_moves_nothing() -> None:
    """The same code goes out with the time that is left; deadline, count and status stay. Threat 6, 12."""
    flow = a_waiting_flow()
    before = flow.status
    flow.passes(timedelta(seconds=45, milliseconds=500))

    flow.happens(f"{RESEND}.1", {})
    request = flow.waits_for
    flow.answers(SENT)

    first, second = flow.context.of("activity")
    assert request is second
    assert second.input == first.input | {"secondsLeft": 74}
    assert flow.status == before
    assert awaited(flow) == [*(f"{RESPONSE}.{number}" for number in (1, 2, 3)), f"{RESEND}.2", CANCEL]
    assert flow.context.of("timer")[-1].input == NOON + timedelta(seconds=120)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"outcome": "retry"}, "delivery_failed"),
        ({"outcome": "refused"}, "delivery_failed"),
        (LIMITED, "rate_limited"),
        (UNCOUNTED, "storage_unavailable"),
    ],
)
def test_a_resend_that_fails_is_told_and_ends_nothing(answer: dict[str, str], reason: str) -> None:
    """The status says why nothing came; the first message still decides whether there is anything to answer."""
    flow = a_waiting_flow()
    before = flow.status

    flow.happens(f"{RESEND}.1", {})
    flow.answers(answer)
    told = flow.status
    flow.happens(f"{RESPONSE}.1", RIGHT)

    assert told == before | {"reason": reason}
    assert (flow.status["state"], flow.status["reason"]) == ("verified", None)


def test_a_resend_that_breaks_is_told_and_ends_nothing() -> None:
    """An activity that failed sent nothing that anybody knows of."""
    flow = a_waiting_flow()

    flow.happens(f"{RESEND}.1", {})
    flow.fails()

    assert (flow.status["state"], flow.status["reason"]) == ("awaiting", "delivery_failed")


@pytest.mark.parametrize(("answers", "reason"), [([], None), ([WRONG], "code_mismatch")])
def test_a_resend_that_works_takes_back_that_one_failed(answers: list[Any], reason: str | None) -> None:
    """After the second resend the reason is that of the last answer, if one was wrong."""
    flow = a_waiting_flow()
    for number, answer in enumerate(answers, 1):
        flow.happens(f"{RESPONSE}.{number}", answer)
    flow.happens(f"{RESEND}.1", {})
    flow.answers(LIMITED)

    flow.happens(f"{RESEND}.2", {})
    flow.answers(SENT)

    assert flow.status["reason"] == reason


def test_a_resend_in_the_last_second_is_not_sent() -> None:
    """A message that could not be answered any more is none."""
    flow = a_waiting_flow()
    flow.passes(timedelta(seconds=119, milliseconds=500))

    flow.happens(f"{RESEND}.1", {})

    assert len(flow.context.of("activity")) == 1
    assert awaited(flow)[0] == f"{RESPONSE}.1"


def test_giving_up_ends_it() -> None:
    """A canceled verification is neither verified nor failed."""
    flow = a_waiting_flow()

    flow.happens(CANCEL, {})

    assert (flow.status["state"], flow.status["reason"]) == ("canceled", None)
    assert told(flow) == ["NoteVerificationEnd", "PublishCompletion"]
    assert flow.output is False


@pytest.mark.parametrize("name", [CANCEL, f"{RESEND}.1", f"{RESPONSE}.1"])
def test_whatever_comes_after_the_deadline_finds_it_expired(name: str) -> None:
    """Nothing prolongs a verification or ends it otherwise once its time is over. Threat 6."""
    flow = a_waiting_flow()
    flow.passes(timedelta(seconds=120, milliseconds=1))

    flow.happens(name, RIGHT)

    assert (flow.status["state"], flow.status["reason"]) == ("failed", "expired")


def test_a_message_over_the_limits_fails_it_at_once() -> None:
    """There is one try; the next one would be over the limits too. Threat 16."""
    flow = a_flow()

    flow.answers(LIMITED)

    assert (flow.status["state"], flow.status["reason"]) == ("failed", "rate_limited")


def test_storage_that_is_away_is_tried_three_times() -> None:
    """What could not be counted was not sent; after seven seconds the reason is told. Threat 65."""
    flow = a_flow()

    for _ in range(2):
        flow.answers(UNCOUNTED)
        flow.fires()
    flow.answers(UNCOUNTED)

    assert (flow.status["state"], flow.status["reason"]) == ("failed", "storage_unavailable")
    assert [task.name for task in flow.context.of("activity")][:3] == ["SendSmsChallenge"] * 3


def test_storage_that_comes_back_lets_the_message_out() -> None:
    """A second try that is counted goes on as usual."""
    flow = a_flow()
    flow.answers(UNCOUNTED)
    flow.fires()

    flow.answers(SENT)

    assert flow.status["state"] == "awaiting"


def test_the_end_is_told_to_the_limits_and_to_everybody() -> None:
    """The status shows the end first; then the phone is set free, and the event published. Threat 59."""
    flow = a_waiting_flow()

    flow.happens(f"{RESPONSE}.1", RIGHT)
    state, noted = flow.status["state"], flow.waits_for
    flow.answers(DONE)
    published = flow.waits_for
    flow.answers(DONE)

    assert state == "verified"
    assert (noted.name, noted.input["isVerified"]) == ("NoteVerificationEnd", True)
    assert published.name == "PublishCompletion"
    assert published.input["id"] == "ver_1.completed"
    assert published.input["type"] == "countersign.verification.completed"
    assert published.input["data"] == {"id": "ver_1", "status": "verified", "to": "+1******0143"}
    assert flow.output is True


def test_a_completion_that_fails_is_published_again_with_the_same_id() -> None:
    """The rest of the company can tell a repeat. Threat 59."""
    flow = a_waiting_flow()
    flow.happens(CANCEL, {})
    flow.answers(DONE)
    first = flow.waits_for.input

    flow.answers({"outcome": "retry"})
    flow.fires()

    assert flow.waits_for.input == first


def test_what_cannot_be_told_is_looked_after_once_a_minute_for_hours() -> None:
    """After an outage the phone is free within a minute or so; after six hours nobody waits for it any more."""
    flow = a_waiting_flow()
    flow.happens(CANCEL, {})
    waits = []
    while flow.waits_for.name != "PublishCompletion":
        began = flow.context.current_utc_datetime
        flow.answers({"outcome": "retry"})
        if flow.waits_for.kind == "timer":
            flow.fires()
        waits.append((flow.context.current_utc_datetime - began).total_seconds())

    assert max(waits) == 60
    assert timedelta(hours=5, minutes=50) < flow.context.current_utc_datetime - NOON < timedelta(hours=6)


def test_an_operators_verification_is_told_to_the_limits_alone() -> None:
    """Sends to a prefix are judged by who answers, whichever way they were asked for; nobody else is told."""
    flow = a_waiting_flow(channel=Channel.OPERATOR, max_attempts=1, resends_most=0)

    flow.happens(RESPONSE, "2168")
    flow.answers({"digest": DIGEST})

    assert told(flow) == ["NoteVerificationEnd"]


def test_where_nothing_is_counted_nothing_is_told() -> None:
    """With the limits on sends off, an operator's verification ends with its verdict."""
    flow = a_waiting_flow(channel=Channel.OPERATOR, max_attempts=1, resends_most=0, tells_end=False)

    flow.happens(RESPONSE, "2168")
    flow.answers({"digest": DIGEST})

    assert flow.has_ended
