"""The stories whose histories are stored, one for each flow and outcome, and what records them anew.

``make record`` writes the files again. A difference in them is a change that breaks, or may break, what is in flight.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from activities.close_if_due import close_if_due
from activities.read_decision import read_decision
from activities.read_retry import read_retry
from activities.record_decision import record_decision
from activities.update_case import update_case
from devhost.replaying.recording import to_text
from devhost.sdk.functions import ACTIVITY_TRIGGER, ORCHESTRATION_TRIGGER
from devhost.testing import DevHost
from domain.cases import CaseChange, CaseState, Resolution, Standing
from domain.challenge import Channel
from domain.events import (
    APPROVAL,
    CANCEL_VERIFICATION,
    CASE_DECIDED,
    SMS_CHALLENGE_RESPONSE,
    resend_challenge,
    retry_refund,
    sms_challenge_response,
)
from providers.memory import MemoryCases
from tests.support.builders import DIGEST, OTHER_DIGEST, a_challenge
from tests.support.fakes import FakeClock
from tests.support.front_door import functions
from tests.support.refunds import CASE_ID, an_input

HISTORIES = Path(__file__).parent / "histories"
SMS_ID = "sms_0123456789abcdef0123456789abcdef"
EXECUTION_ID = "00000000-0000-4000-8000-000000000000"
Steps = Callable[[DevHost], Awaitable[object]]
DONE = {"outcome": "done"}
DURABLE = {ORCHESTRATION_TRIGGER, ACTIVITY_TRIGGER}


class TheApp:
    """The app's orchestrators and activities; the app object itself can be asked for its functions only once."""

    def get_functions(self) -> Sequence[Any]:
        return [one for one in functions().values() if one.get_trigger().type in DURABLE]


APP = TheApp()


@dataclass(frozen=True, kw_only=True)
class Story:
    """An instance from its start to its end. `answers` are the activities whose answers are not the usual ones."""

    flow: str
    id: str
    input: Any
    steps: Steps
    answers: dict[str, Any] = field(default_factory=dict)


def verification(steps: Steps, *, answers: dict[str, Any] | None = None, **fields: Any) -> Story:
    """A verification; *fields* are those of its challenge."""
    challenge = a_challenge(tells_end=True, **fields).to_payload()
    return Story(flow="SmsVerify", id=SMS_ID, input=challenge, steps=steps, answers=answers or {})


def users(steps: Steps, **fields: Any) -> Story:
    """A verification by a user."""
    return verification(steps, channel=Channel.USER, max_attempts=3, resends_most=2, **fields)


def case(steps: Steps, *, answers: dict[str, Any] | None = None, **fields: Any) -> Story:
    """A case that may take thirteen hours."""
    given = an_input(**{"decideWithinSeconds": 13 * 3600, **fields})
    return Story(flow="RefundApproval", id=CASE_ID, input=given, steps=steps, answers=answers or {})


def raised(*events: tuple[str, Any]) -> Steps:
    """Raise events, one after the other."""

    async def steps(host: DevHost) -> None:
        one = CASE_ID if events[0][0] in {APPROVAL, CASE_DECIDED} else SMS_ID
        for name, value in events:
            await host.advance(timedelta(seconds=10))
            await host.raise_event(one, name, value)

    return steps


def later(hours: float) -> Steps:
    """Let time pass."""
    return lambda host: host.advance(timedelta(hours=hours))


def both(*parts: Steps) -> Steps:
    """Do one after the other."""

    async def steps(host: DevHost) -> None:
        for part in parts:
            await part(host)

    return steps


RIGHT, WRONG = {"digest": DIGEST}, {"digest": OTHER_DIGEST}
RUNG: tuple[str, Any] = (CASE_DECIDED, {})
LAPSED = {**DONE, **Standing(state=CaseState.REJECTED, resolution=Resolution.LAPSED).to_payload()}


def on_record(state: CaseState) -> dict[str, Any]:
    """What looking for a decision finds once a supervisor decided so."""
    standing = Standing(
        state=state,
        resolution=Resolution.SUPERVISOR,
        comment="Seen.",
        decided_by="supervisor-1",
        decided_at="2026-01-15T10:00:10.000Z",
        decided_on="team",
    )
    return {**DONE, "record": standing.to_payload()}


STORIES: dict[str, Story] = {
    "sms_verified": verification(raised((SMS_CHALLENGE_RESPONSE, "2168"))),
    "sms_code_mismatch": verification(raised((SMS_CHALLENGE_RESPONSE, 1111))),
    "sms_malformed_answers": verification(raised(*[(SMS_CHALLENGE_RESPONSE, "no code")] * 6)),
    "sms_expired": verification(later(1)),
    "sms_not_delivered": verification(later(1), answers={"SendSmsChallenge": {"outcome": "refused"}}),
    "sms_tried_in_vain": verification(later(1), answers={"SendSmsChallenge": {"outcome": "retry"}}),
    "sms_rate_limited": verification(later(1), answers={"SendSmsChallenge": {"outcome": "limited"}}),
    "sms_storage_unavailable": verification(later(1), answers={"SendSmsChallenge": {"outcome": "uncounted"}}),
    "sms_malformed_start": Story(flow="SmsVerify", id=SMS_ID, input="+12025550143", steps=later(1)),
    "user_verified": users(
        raised((resend_challenge(1), {}), (sms_challenge_response(1), WRONG), (sms_challenge_response(2), RIGHT))
    ),
    "user_attempts_exhausted": users(raised(*[(sms_challenge_response(number), WRONG) for number in (2, 1, 3)])),
    "user_canceled": users(raised((CANCEL_VERIFICATION, {}))),
    "user_expired": users(later(1)),
    "refund_completed": case(raised((APPROVAL, {"approved": True, "comment": "fine"}))),
    "refund_rejected": case(raised((APPROVAL, "what?"), (APPROVAL, False))),
    "refund_timed_out": case(later(14)),
    "refund_routes": case(
        later(14),
        routes=[{"name": "team", "withinSeconds": 7 * 3600}, {"name": "escalation", "withinSeconds": 6 * 3600}],
        acceptOperatorDecisions=False,
    ),
    "refund_false_bell": case(both(raised((CASE_DECIDED, {})), later(14))),
    "refund_failed": case(raised((APPROVAL, True)), answers={"IssueRefund": {"outcome": "refused"}}),
    "refund_paid_anew": case(
        both(raised((APPROVAL, True)), lambda host: host.raise_event(CASE_ID, retry_refund(1), {})),
        answers={"IssueRefund": [{"outcome": "refused"}, DONE], "ReadRetry": {**DONE, "record": {"number": 1}}},
        repayWithinSeconds=24 * 3600,
    ),
    "refund_approved_on_record": case(raised(RUNG), answers={"ReadDecision": on_record(CaseState.APPROVED)}),
    "refund_rejected_on_record": case(raised(RUNG), answers={"ReadDecision": on_record(CaseState.REJECTED)}),
    "refund_found_after_a_leg": case(later(7), answers={"ReadDecision": on_record(CaseState.APPROVED)}),
    "refund_found_at_the_deadline": case(later(14), answers={"CloseIfDue": on_record(CaseState.APPROVED)}),
    "refund_lapsed": case(later(1), answers={"UpdateCase": LAPSED}, isReserved=True),
    "refund_of_another_case": case(later(1), answers={"UpdateCase": {"outcome": "refused"}}),
    "refund_paid_in_vain": case(
        both(raised((APPROVAL, True)), later(25)), answers={"IssueRefund": {"outcome": "retry"}}
    ),
    "refund_asked_anew_by_nobody": case(
        both(raised((APPROVAL, True)), later(25)),
        answers={"IssueRefund": {"outcome": "refused"}},
        repayWithinSeconds=24 * 3600,
    ),
    "refund_malformed_start": case(later(1), amount=-1),
    "escalation_completed": case(raised((APPROVAL, True)), action="escalation"),
    "escalation_rejected": case(raised((APPROVAL, False)), action="escalation"),
}


async def recorded(story: Story) -> str:
    """Play a story and return its history as the text of a file."""
    async with DevHost(APP) as host:
        for name, answer in {**_answers(), **story.answers}.items():
            host.replace_activity(name, _fake(answer))
        await host.start(story.flow, story.input, instance_id=story.id)
        await story.steps(host)
        await host.wait_for(story.id)
        events = (await host.history(story.id)).events
    execution = str(events[1].fields["OrchestrationInstance"]["ExecutionId"])
    return to_text(events).replace(execution, EXECUTION_ID)


def _fake(answer: Any) -> Callable[[Any], Any]:
    """Return a function that gives *answer*: one for all calls, or, from a list, one after the other."""
    if isinstance(answer, list):
        left = iter(answer)
        return lambda _: next(left)
    fake: Callable[[Any], Any] = answer if callable(answer) else lambda _: answer
    return fake


def _answers() -> dict[str, Any]:
    """What activities usually answer; cases are kept in memory."""
    cases, clock = MemoryCases(), FakeClock()
    return {
        "SendSmsChallenge": {"outcome": "sent", "digest": DIGEST},
        "DigestSmsCode": lambda payload: RIGHT if payload["code"] == "2168" else WRONG,
        "NoteVerificationEnd": DONE,
        "PublishCompletion": DONE,
        "NotifyApprovers": DONE,
        "NotifyCustomer": DONE,
        "IssueRefund": DONE,
        "UpdateCase": lambda payload: update_case(
            CaseChange.from_payload(payload), cases=cases, clock=clock, reservations=None
        ),
        "RecordDecision": lambda payload: record_decision(CaseChange.from_payload(payload), cases=cases),
        "CloseIfDue": lambda payload: close_if_due(CaseChange.from_payload(payload), cases=cases),
        "ReadDecision": lambda payload: read_decision(payload["caseId"], cases=cases),
        "ReadRetry": lambda payload: read_retry(payload["caseId"], payload["number"], retries=cases),
    }


def main() -> int:
    """Record every story anew."""
    os.environ["AZURE_FUNCTIONS_DURABLE_STRICT_TYPING"] = "1"
    HISTORIES.mkdir(exist_ok=True)
    for path in HISTORIES.glob("*.json"):
        path.unlink()
    for name, story in STORIES.items():
        (HISTORIES / f"{name}.json").write_text(asyncio.run(recorded(story)), encoding="utf-8")
        sys.stdout.write(f"recorded {name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
