"""The refund flow, played with activities over in-memory providers."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from activities.close_if_due import close_if_due
from activities.issue_refund import issue_refund
from activities.notify_approvers import notify_approvers
from activities.notify_customer import notify_customer
from activities.publish_completion import publish_completion
from activities.read_decision import read_decision
from activities.read_retry import read_retry
from activities.record_decision import record_decision
from activities.update_case import update_case
from domain.cases import CaseChange, CaseState, Resolution, Ruling, Standing
from domain.completions import Completion
from domain.notices import ApproverNotice, CustomerNotice
from domain.refund import RefundCase
from orchestrators.refund_approval import refund_approval
from providers.memory import (
    MemoryApproverNotices,
    MemoryCases,
    MemoryCompletions,
    MemoryNotices,
    MemoryRefundLedger,
    MemoryReservations,
)
from tests.support.fakes import FakeClock
from tests.support.playing import Event, Play
from tests.support.refunds import CASE_ID, a_case, a_change, a_decision, an_input

if TYPE_CHECKING:
    from collections.abc import Callable

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
LEG = timedelta(hours=6)
USUAL: Any = object()
YES = Event(4 * DAY, {"approved": True, "comment": "fine"})
NO = Event(4 * DAY, {"approved": False})


class World:
    """Everything outside of the flow, and what of it is broken."""

    def __init__(self, *, raises: bool) -> None:
        self.raises = raises
        self.cases: MemoryCases = MemoryCases()
        self.ledger = MemoryRefundLedger()
        self.notices = MemoryNotices()
        self.approvers = MemoryApproverNotices()
        self.completions = MemoryCompletions()
        self.reservations = MemoryReservations()
        self.faults: Counter[str] = Counter()

    def play(self, *events: Event, input_: Any = USUAL, **play: Any) -> tuple[Play, Any]:
        """Play the flow to its end."""
        activities: dict[str, Callable[[dict[str, Any]], Any]] = {
            "UpdateCase": self._update,
            "ReadDecision": lambda given: read_decision(given["caseId"], cases=self.cases),
            "RecordDecision": lambda given: record_decision(CaseChange.from_payload(given), cases=self.cases),
            "CloseIfDue": lambda given: close_if_due(CaseChange.from_payload(given), cases=self.cases),
            "ReadRetry": lambda given: read_retry(given["caseId"], given["number"], retries=self.cases),
            "NotifyApprovers": lambda given: notify_approvers(
                ApproverNotice.from_payload(given), approvers=self.approvers
            ),
            "PublishCompletion": lambda given: publish_completion(
                Completion.from_payload(given), completions=self.completions
            ),
            "IssueRefund": lambda given: issue_refund(RefundCase.from_payload(given), ledger=self.ledger),
            "NotifyCustomer": lambda given: notify_customer(CustomerNotice.from_payload(given), notices=self.notices),
        }
        faulty = {name: self._faulty(name, activity) for name, activity in activities.items()}
        played = Play(an_input() if input_ is USUAL else input_, faulty, events, **play)
        return played, played.run(refund_approval)

    @property
    def state(self) -> CaseState | None:
        """What is written about the case."""
        written = self.cases.find(CASE_ID)
        return written.standing.state if written else None

    def _update(self, given: dict[str, Any]) -> dict[str, Any]:
        reservations = self.reservations if given["isReserved"] else None
        change = CaseChange.from_payload(given)
        return update_case(change, cases=self.cases, clock=FakeClock(), reservations=reservations)

    def _faulty(self, name: str, activity: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
        def run(given: dict[str, Any]) -> Any:
            if self.faults[name] > 0:
                self.faults[name] -= 1
                if not self.raises:
                    return {"outcome": "retry"}
                message = "broken"
                raise ValueError(message)
            return activity(given)

        return run


class RivalCases(MemoryCases):
    """Cases that a supervisor rejects just before an operator approves them."""

    def decide(self, change: CaseChange, *, version: int | None = None, key: str | None = None) -> Ruling:
        super().decide(a_decision(CaseState.REJECTED))
        return super().decide(change, version=version, key=key)


def steps_of(play: Play) -> list[str]:
    """The activities that were called, but for looking and for telling approvers."""
    return [name for name in play.names_called() if name not in {"ReadDecision", "NotifyApprovers"}]


@pytest.fixture(params=["activities raise", "activities ask for another try"])
def world(request: pytest.FixtureRequest) -> World:
    """A world in order, without any case, with two ways of getting out of order."""
    return World(raises=request.param == "activities raise")


def test_an_approved_refund_is_paid_once_and_told(world: World) -> None:
    """Approval leads to the payment, then to the end of the case, then to the customer."""
    play, output = world.play(YES)

    assert output == "completed"
    assert steps_of(play) == [
        *("UpdateCase", "RecordDecision", "UpdateCase", "IssueRefund", "UpdateCase"),
        *("NotifyCustomer", "PublishCompletion"),
    ]
    assert [(paid.key, paid.order_id, paid.amount, paid.currency) for paid in world.ledger.bookings] == [
        (f"refund:{CASE_ID}", "order-1001", 1999, "EUR")
    ]
    assert [notice.state for notice in world.notices.told] == ["completed"]
    assert play.states == ["pending_approval", "approved", "completed"]


def test_the_case_says_who_decided_and_why(world: World) -> None:
    """The resolution and the comment are kept to the end; the status shows no comment."""
    play, _ = world.play(YES)

    written = world.cases.find(CASE_ID)
    assert written is not None
    assert written.standing == Standing(
        state=CaseState.COMPLETED,
        resolution=Resolution.OPERATOR,
        comment="fine",
        decided_by="operator",
        decided_at="2026-01-19T10:00:00.000Z",
        decided_on="team",
    )
    assert play.statuses[-1] == {
        "state": "completed",
        "resolution": "operator",
        "dueAt": "2026-01-22T10:00:00.000Z",
    }


def test_a_rejected_refund_is_not_paid(world: World) -> None:
    """A no ends the case and tells the customer."""
    play, output = world.play(NO)

    assert output == "rejected"
    assert steps_of(play) == ["UpdateCase", "RecordDecision", "UpdateCase", "NotifyCustomer", "PublishCompletion"]
    assert world.ledger.bookings == []
    assert [notice.state for notice in world.notices.told] == ["rejected"]
    assert play.statuses[-1]["resolution"] == "operator"


def test_silence_rejects_after_seven_days_to_the_second(world: World) -> None:
    """A timeout is no approval (Threat 45), and seven days are 604,800 seconds (Threat 71)."""
    play, output = world.play()

    assert output == "rejected"
    assert play.elapsed == timedelta(seconds=604_800)
    assert world.ledger.bookings == []
    assert play.statuses[-1] == {"state": "rejected", "resolution": "timeout", "dueAt": "2026-01-22T10:00:00.000Z"}


def test_an_escalation_is_completed_without_payment(world: World) -> None:
    """Only the action refund moves money."""
    play, output = world.play(YES, input_=an_input(action="escalation"))

    assert output == "completed"
    assert "IssueRefund" not in play.names_called()
    assert world.ledger.bookings == []


def test_a_decision_acts_at_once_and_leaves_no_timer(world: World) -> None:
    """On whatever day the answer comes, the case ends then, and no leg is longer than six hours (Threat 72)."""
    play, _ = world.play(YES)

    legs = [timer.fire_at for timer in play.timers]
    assert play.elapsed == 4 * DAY
    assert max(later - sooner for sooner, later in itertools.pairwise(legs)) <= LEG
    assert [timer.is_canceled for timer in play.timers] == [False] * (len(legs) - 1) + [True]


@pytest.mark.parametrize("accepts", [True, False])
def test_a_shorter_leg_is_kept_to(world: World, accepts: bool) -> None:
    """The length of the legs and of the wait come with the input."""
    play, output = world.play(input_=an_input(accepts=accepts, decideWithinSeconds=9, legSeconds=3))

    assert output == "rejected"
    assert [timer.fire_at - play.timers[0].fire_at for timer in play.timers] == [
        timedelta(seconds=seconds) for seconds in (0, 3, 6)
    ]


def test_an_answer_after_the_deadline_changes_nothing(world: World) -> None:
    """The timer has won, also where the host fires it a little early."""
    late = Event(7 * DAY, {"approved": True})

    play, output = world.play(late, fires_early_by=timedelta(milliseconds=900))

    assert output == "rejected"
    assert play.statuses[-1]["resolution"] == "timeout"


def test_an_early_answer_counts(world: World) -> None:
    """An approval that came while the case was being written down is found by the wait."""
    _, output = world.play(Event(timedelta(seconds=1), True), activity_takes=timedelta(seconds=5))

    assert output == "completed"


def test_an_answer_that_is_found_after_the_deadline_is_late(world: World) -> None:
    """Where storage was away past the deadline, an early approval does not pay."""
    _, output = world.play(
        Event(timedelta(seconds=1), True),
        input_=an_input(decideWithinSeconds=3, legSeconds=1),
        activity_takes=timedelta(seconds=5),
    )

    assert output == "rejected"
    assert world.ledger.bookings == []


def test_the_first_answer_counts(world: World) -> None:
    """A second answer, whatever it says, is not listened to (Threat 42, Threat 44)."""
    _, output = world.play(NO, Event(4 * DAY + HOUR, {"approved": True}))

    assert output == "rejected"


@pytest.mark.parametrize("name", ["approval", "APPROVAL", "CaseDecided", "Approval "])
def test_an_event_of_another_name_is_not_heard(world: World, name: str) -> None:
    """Names are matched exactly."""
    _, output = world.play(Event(DAY, {"approved": True}, name))

    assert output == "rejected"


def test_operators_are_not_heard_unless_that_is_set(world: World) -> None:
    """Where operator decisions are not accepted, the raw event is not waited for and the deadline rejects."""
    play, output = world.play(YES, input_=an_input(accepts=False))

    assert output == "rejected"
    assert play.statuses[-1]["resolution"] == "timeout"
    assert play.elapsed == 7 * DAY
    assert not any(timer.is_canceled for timer in play.timers)


def test_four_malformed_answers_are_passed_over(world: World) -> None:
    """A good answer still counts after them."""
    noise = [Event(count * HOUR, {"approved": "yes"}) for count in range(1, 5)]

    _, output = world.play(*noise, YES)

    assert output == "completed"


def test_after_the_fifth_malformed_answer_only_the_deadline_decides(world: World) -> None:
    """The bound makes an endlessly repeated event harmless."""
    noise = [Event(count * HOUR, "nonsense") for count in range(1, 6)]

    play, output = world.play(*noise, YES)

    assert output == "rejected"
    assert play.elapsed == 7 * DAY


def test_an_early_malformed_answer_repeats_and_ends_the_listening(world: World) -> None:
    """One early event comes back with every wait, so it uses up all of them; money never moves by it."""
    play, output = world.play(Event(timedelta(seconds=1), 5), YES, activity_takes=timedelta(seconds=5))

    assert output == "rejected"
    assert play.elapsed == 7 * DAY + timedelta(seconds=20)  # four activities after the deadline


@pytest.mark.parametrize("name", ["UpdateCase", "IssueRefund", "NotifyCustomer"])
def test_what_fails_for_a_while_is_tried_again(world: World, name: str) -> None:
    """Each step gets over faults, and its effect is there once."""
    world.faults[name] = 5

    _, output = world.play(YES)

    assert output == "completed"
    assert world.state == "completed"
    assert len(world.ledger.bookings) == 1
    assert len(world.notices.told) == 1


def test_a_payment_that_cannot_be_made_for_a_day_fails_the_refund(world: World) -> None:
    """After 24 hours of tries the case is refund_failed, which the customer is told."""
    world.faults["IssueRefund"] = 10_000

    play, output = world.play(YES)

    tries = [call.after for call in play.calls if call.name == "IssueRefund"]
    assert output == "refund_failed"
    assert timedelta(hours=23) < tries[-1] - tries[0] <= DAY
    assert play.states[-1] == "refund_failed"
    assert play.statuses[-1]["resolution"] == "operator"
    assert world.state == "refund_failed"
    assert [notice.state for notice in world.notices.told] == ["refund_failed"]


def test_a_payment_that_is_refused_fails_the_refund_at_once(world: World) -> None:
    """Trying again does not help where the key stands for another refund."""
    world.ledger.pay_back(key=f"refund:{CASE_ID}", order_id="order-2", amount=1, currency="USD")

    play, output = world.play(YES)

    assert output == "refund_failed"
    assert play.names_called().count("IssueRefund") == 1
    assert len(world.ledger.bookings) == 1


@pytest.mark.parametrize(("answer", "output"), [(YES, "completed"), (NO, "rejected")])
def test_a_case_that_cannot_be_written_keeps_its_decision(world: World, answer: Event, output: str) -> None:
    """Storage that is away for ever delays each step by a day and undoes nothing."""
    world.faults["UpdateCase"] = 10_000

    _, ended = world.play(answer)

    assert ended == output
    assert len(world.ledger.bookings) == (output == "completed")
    assert [notice.state for notice in world.notices.told] == [output]


def test_the_deadline_stays_where_storage_was_away(world: World) -> None:
    """The seven days count from the start, not from the first row."""
    world.faults["UpdateCase"] = 40

    play, output = world.play()

    assert output == "rejected"
    assert play.elapsed == 7 * DAY


def test_a_customer_who_cannot_be_told_keeps_his_money(world: World) -> None:
    """A notice that fails for a day is given up; the case ends as it was decided."""
    world.faults["NotifyCustomer"] = 10_000

    play, output = world.play(YES)

    assert output == "completed"
    assert 4 * DAY + timedelta(hours=23) < play.elapsed <= 5 * DAY
    assert world.notices.told == []


def test_how_long_is_tried_comes_with_the_input(world: World) -> None:
    """An instance keeps the limits that it was started with."""
    world.faults["IssueRefund"] = 10_000

    play, output = world.play(YES, input_=an_input(retryWithinSeconds=3))

    assert output == "refund_failed"
    assert play.names_called().count("IssueRefund") == 3


@pytest.mark.parametrize("state", [CaseState.COMPLETED, CaseState.REJECTED, CaseState.REFUND_FAILED])
def test_a_case_that_has_ended_is_not_opened_again(world: World, state: CaseState) -> None:
    """An instance that is started again under the id of an ended case finds the end, and pays nothing (Threat 45)."""
    world.cases.advance(a_change(state, Resolution.TIMEOUT))

    play, output = world.play(Event(HOUR, True))

    assert output == state
    assert world.ledger.bookings == []
    assert play.elapsed == timedelta(0)
    assert play.statuses[-1]["resolution"] == "timeout"


def test_a_decision_that_stands_is_carried_out(world: World) -> None:
    """An instance that is started again after the approval pays without asking a second time."""
    world.cases.advance(a_change(CaseState.APPROVED, Resolution.OPERATOR, comment="fine"))

    play, output = world.play()

    assert output == "completed"
    assert play.elapsed == timedelta(0)
    assert len(world.ledger.bookings) == 1


def test_the_decision_on_record_wins_over_the_event(world: World) -> None:
    """If somebody else was first to write a decision down, theirs is carried out (Threat 44)."""
    world.cases = RivalCases()

    play, output = world.play(YES)

    assert output == "rejected"
    assert world.ledger.bookings == []
    assert play.statuses[-1] == {"state": "rejected", "resolution": "supervisor", "dueAt": "2026-01-22T10:00:00.000Z"}


def test_an_id_of_another_case_ends_the_flow_untold(world: World) -> None:
    """A start with other facts under a known id changes nothing, pays nothing and tells nobody (Threat 47)."""
    world.cases.advance(a_change(CaseState.APPROVED, Resolution.OPERATOR, case=a_case(amount=1)))

    play, output = world.play(YES)

    assert output == "rejected"
    assert play.names_called() == ["UpdateCase"]
    assert play.statuses[-1]["resolution"] == "malformed"
    assert world.state == "approved"


@pytest.mark.parametrize(
    "given",
    [
        None,
        "text",
        5,
        [1],
        {},
        ValueError("not JSON"),
        TypeError("a list"),
        an_input(amount=True),
        an_input(amount=0),
        an_input(currency="EURO"),
        an_input(caseId="case_other"),
        an_input(legSeconds=21_601),
        an_input(decideWithinSeconds=None),
        an_input(acceptOperatorDecisions="yes"),
        a_case().to_payload(),
    ],
)
def test_a_start_past_our_starter_does_nothing(world: World, given: Any) -> None:
    """An input that is no case of this instance ends rejected at once, without a call and without an exception."""
    play, output = world.play(YES, input_=given)

    assert output == "rejected"
    assert play.calls == []
    assert play.timers == []
    assert play.statuses == [{"state": "rejected", "resolution": "malformed", "dueAt": None}]


def decides(world: World, after: timedelta, state: CaseState = CaseState.APPROVED, *, rings: bool = True) -> Event:
    """A supervisor decides: the record is written, and the bell rings or is lost."""
    name = "CaseDecided" if rings else "Lost"
    return Event(after, None, name, does=lambda: world.cases.decide(a_decision(state)))


def test_a_decision_on_record_acts_when_the_bell_rings(world: World) -> None:
    """The flow looks at once, and carries out what it finds."""
    play, output = world.play(decides(world, 4 * DAY), input_=an_input(accepts=False))

    assert (output, play.elapsed) == ("completed", 4 * DAY)
    assert play.statuses[-1]["resolution"] == "supervisor"
    assert len(world.ledger.bookings) == 1


def test_a_decision_whose_bell_is_lost_is_found_after_the_leg(world: World) -> None:
    """The flow looks after every leg of six hours (Threat 46)."""
    play, output = world.play(decides(world, 4 * DAY + HOUR, rings=False), input_=an_input(accepts=False))

    assert (output, play.elapsed) == ("completed", 4 * DAY + LEG)


def test_a_decision_just_before_the_deadline_counts_though_nobody_was_there(world: World) -> None:
    """When the deadline's timer wins, the record is asked before the timeout is written (Threat 45, Threat 46)."""
    just_before = 7 * DAY - timedelta(seconds=1)

    play, output = world.play(decides(world, just_before, rings=False), input_=an_input(accepts=False))

    assert (output, play.elapsed) == ("completed", 7 * DAY)


def test_false_bells_cost_looks_that_become_rarer(world: World) -> None:
    """A bell without a record is listened to once; looks are then 1, 2, 4 … 60 minutes apart (Threat 41, Threat 76)."""
    bells = [Event(HOUR, None, "CaseDecided"), Event(2 * HOUR, None, "CaseDecided")]

    play, output = world.play(*bells, input_=an_input(accepts=False, decideWithinSeconds=6 * 3600))

    looks = [call.after for call in play.calls if call.name == "ReadDecision"]
    minutes = [int((later - sooner).total_seconds()) // 60 for sooner, later in itertools.pairwise(looks)]
    assert output == "rejected"
    assert looks[0] == HOUR
    assert minutes == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_a_case_goes_from_desk_to_desk(world: World) -> None:
    """Each route has its time, is asked at its start, and hands over what it did not decide."""
    routes = [{"name": "team", "withinSeconds": 3 * 86_400}, {"name": "escalation", "withinSeconds": 4 * 86_400}]

    play, output = world.play(input_=an_input(accepts=False, routes=routes))

    told = [(notice.route, notice.number, notice.at[8:10]) for notice in world.approvers.told]
    assert (output, play.elapsed) == ("rejected", 7 * DAY)
    assert told == [
        *(("team", number, str(14 + number)) for number in (1, 2, 3)),
        *(("escalation", number, str(17 + number)) for number in (1, 2, 3, 4)),
    ]
    assert [entry.route for entry in world.cases.audit(CASE_ID)] == ["team", "escalation", "escalation"]


def test_an_operator_is_heard_on_every_desk(world: World) -> None:
    """A hand-over does not deafen the flow, and the record says on which desk the decision was made."""
    routes = [{"name": "team", "withinSeconds": 3 * 86_400}, {"name": "escalation", "withinSeconds": 4 * 86_400}]

    _, output = world.play(YES, input_=an_input(routes=routes))

    record = world.cases.find(CASE_ID)
    assert output == "completed"
    assert record is not None
    assert (record.standing.decided_by, record.standing.decided_on) == ("operator", "escalation")


def test_a_decision_at_the_hand_over_is_carried_out(world: World) -> None:
    """What was decided while the desk changed is what stands."""
    routes = [{"name": "team", "withinSeconds": 3 * 86_400}, {"name": "escalation", "withinSeconds": 4 * 86_400}]
    at_the_end = decides(world, 3 * DAY - timedelta(seconds=1), CaseState.REJECTED, rings=False)

    play, output = world.play(at_the_end, input_=an_input(accepts=False, routes=routes))

    assert (output, play.elapsed) == ("rejected", 3 * DAY)
    assert {notice.route for notice in world.approvers.told} == {"team"}


def test_approvers_who_cannot_be_told_delay_no_decision(world: World) -> None:
    """While notices fail the flow goes on listening, and tries again meanwhile."""
    world.faults["NotifyApprovers"] = 10_000

    play, output = world.play(decides(world, HOUR), input_=an_input(accepts=False))

    assert (output, play.elapsed) == ("completed", HOUR)
    assert play.names_called().count("NotifyApprovers") == 12


def test_approvers_are_told_once_the_queue_is_back(world: World) -> None:
    """A notice that failed is sent later; the reminders keep their times."""
    world.faults["NotifyApprovers"] = 3

    world.play(input_=an_input(accepts=False))

    assert [notice.at for notice in world.approvers.told][:2] == [
        "2026-01-15T10:00:07.000Z",
        "2026-01-16T10:00:00.000Z",
    ]


def test_a_record_that_cannot_be_written_for_a_month_pays_nothing(world: World) -> None:
    """Without a record of the decision no money moves, and the case ends all the same."""
    world.faults["RecordDecision"] = 10_000

    play, output = world.play(YES)

    assert output == "rejected"
    assert 33 * DAY < play.elapsed <= 34 * DAY
    assert world.ledger.bookings == []


def test_a_failed_payment_is_tried_anew_when_somebody_asks(world: World) -> None:
    """For thirty days; the bell of the next retry wakes the flow, and customers hear of the payment (Threat 48)."""
    world.faults["IssueRefund"] = 60
    asks = Event(
        10 * DAY, None, "RetryRefund.1", does=lambda: world.cases.ask_anew(CASE_ID, number=1, who="o", at="2026-01-25")
    )

    play, output = world.play(decides(world, DAY), asks, input_=an_input(accepts=False, repayWithinSeconds=2_592_000))

    assert output == "completed"
    assert play.states[-2:] == ["refund_failed", "completed"]
    assert [notice.state for notice in world.notices.told] == ["refund_failed", "completed"]
    assert len(world.ledger.bookings) == 1


def test_nobody_asking_for_a_retry_ends_the_case_after_thirty_days(world: World) -> None:
    """A forged bell does not pay, and the flow does not wait for ever."""
    world.faults["IssueRefund"] = 10_000
    forged = Event(10 * DAY, None, "RetryRefund.1")

    play, output = world.play(decides(world, DAY), forged, input_=an_input(accepts=False, repayWithinSeconds=2_592_000))

    assert output == "refund_failed"
    assert 31 * DAY < play.elapsed <= 32 * DAY + HOUR
    assert world.ledger.bookings == []


def test_a_case_whose_reservation_lapsed_ends_rejected(world: World) -> None:
    """The customer is told, and nothing is waited for (Threat 49)."""
    play, output = world.play(input_=an_input(isReserved=True))

    assert (output, play.elapsed) == ("rejected", timedelta(0))
    assert play.statuses[-1]["resolution"] == "lapsed"
    assert [notice.state for notice in world.notices.told] == ["rejected"]
