"""How long cases wait: to the day and the second, past hosts that are down, side by side, leaving nothing behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from devhost.engine.history import EventType
from devhost.ticks import to_datetime
from tests.support.case_api import ALICE, BOB, BOBS_WISH, SAM, START, SUE, WISH, CaseApi, serving_cases, signing_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
TEAM, ESCALATION = 3 * DAY, 4 * DAY


@pytest.fixture
async def api(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[CaseApi]:
    """The API where the platform signs people in, without a case."""
    signing_in(monkeypatch)
    async with serving_cases() as served:
        yield served


async def lost(*_: Any) -> None:
    """A bell that is rung where nobody hears it."""
    message = "the host does not answer"
    raise Exception(message)  # noqa: TRY002  as the SDK does


async def legs_of(api: CaseApi, case_id: str) -> list[timedelta]:
    """How long each timer of a case was to run when it was made."""
    made = [event for event in await api.engine.history(case_id) if event.type == EventType.TIMER_CREATED]
    return [instant(event.fields["FireAt"]) - to_datetime(event.at) for event in made]


def instant(written: str) -> datetime:
    """Read a time as histories write it, to the microsecond."""
    return datetime.fromisoformat(written.rstrip("Z")[:26]).replace(tzinfo=UTC)


@pytest.mark.parametrize("days", [0.01, 1, 2.9, 4, 6.99])
async def test_a_decision_acts_on_its_day_and_leaves_no_timer(api: CaseApi, days: float) -> None:
    """Whenever it comes, the case is paid and completed in that instant; no leg is above six hours. Threat 72."""
    case_id = await api.filed()
    await api.passes(DAY * days)
    decided_at = START + DAY * days

    await api.decide("approve", case_id, version=(await api.case(case_id)).headers["ETag"])

    assert (await api.ended(case_id)) == ("Completed", "completed")
    assert to_datetime(api.engine.clock.now()) == decided_at
    one = await api.engine.instance(case_id)
    assert one is not None
    assert to_datetime(one.updated) == decided_at
    assert await api.engine.due(limit=10) == []
    assert api.engine.next_timer() is None
    assert len(api.ledger.bookings) == 1
    legs = await legs_of(api, case_id)
    assert len(legs) >= days * 4
    assert max(legs) <= 6 * HOUR


async def test_a_decision_just_before_the_deadline_counts_while_the_host_is_down(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It is on record a second before the seven days are over, nobody could be woken, and it is paid. Threat 45, 46."""
    signing_in(monkeypatch)
    async with serving_cases(tmp_path / "hub.db") as before:
        case_id = await before.filed()
        await before.passes(TEAM + ESCALATION - timedelta(seconds=1))
        monkeypatch.setattr(before.client, "raise_event", lost)
        reply = await before.decide("approve", case_id, version='"2"')
        still = await before.ended(case_id)

    async with serving_cases(tmp_path / "hub.db", at=START + 9 * DAY) as after:
        after.take_over(before)
        await after.passes(timedelta(seconds=1))
        assert (reply.status, still) == (200, ("Running", None))
        assert (await after.ended(case_id)) == ("Completed", "completed")
        assert len(after.ledger.bookings) == 1
        assert (await after.decide("reject", case_id, SAM)).code == "already_decided"


async def test_without_a_decision_the_deadline_rejects_after_the_host_was_down(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where nobody decided in time, the host that comes back two days late rejects, and pays nothing. Threat 45."""
    signing_in(monkeypatch)
    async with serving_cases(tmp_path / "hub.db") as before:
        case_id = await before.filed()
        await before.passes(TEAM + ESCALATION - timedelta(seconds=1))

    async with serving_cases(tmp_path / "hub.db", at=START + 9 * DAY) as after:
        after.take_over(before)
        await after.passes(timedelta(seconds=1))
        assert (await after.ended(case_id)) == ("Completed", "rejected")
        assert after.ledger.bookings == []
        assert (await after.decide("approve", case_id, version='"2"')).code == "already_decided"


async def test_a_refund_and_an_escalation_wait_side_by_side(api: CaseApi) -> None:
    """Alice's is handed over and approved on day four, Bob's rejected a day later; neither shows in the other."""
    alices = await api.filed(ALICE, WISH)
    await api.passes(HOUR)
    bobs = await api.filed(BOB, BOBS_WISH)
    await api.passes(4 * DAY - HOUR)
    before = (await api.case(bobs)).body, await api.engine.history(bobs)

    await api.decide("approve", alices, SUE, version='"2"')

    assert (await api.ended(alices)) == ("Completed", "completed")
    assert ((await api.case(bobs)).body, await api.engine.history(bobs)) == before
    await api.passes(DAY)
    done = (await api.case(alices)).body
    await api.decide("reject", bobs, SAM, version='"2"')
    assert (await api.ended(bobs)) == ("Completed", "rejected")
    assert (await api.case(alices)).body == done
    assert [(paid.order_id, paid.amount) for paid in api.ledger.bookings] == [("order-1001", 1999)]
    assert {told.case_id: told.state.value for told in api.notices.told} == {alices: "completed", bobs: "rejected"}


@pytest.mark.parametrize(
    ("at", "due"),
    [
        (datetime(2028, 2, 27, 10, tzinfo=UTC), "2028-03-05T10:00:00.000Z"),
        (datetime(2026, 3, 28, 23, 30, tzinfo=UTC), "2026-04-04T23:30:00.000Z"),
        (datetime(2026, 12, 28, tzinfo=UTC), "2027-01-04T00:00:00.000Z"),
    ],
)
async def test_seven_days_are_seven_times_24_hours(monkeypatch: pytest.MonkeyPatch, at: datetime, due: str) -> None:
    """Also over a leap day, a change of the clocks and the end of a year; the rejection comes then. Threat 71."""
    signing_in(monkeypatch)
    async with serving_cases(at=at) as api:
        case_id = await api.filed()
        dues = (await api.case(case_id)).body["dueAt"]
        await api.passes(timedelta(seconds=604_799))
        before = await api.ended(case_id)
        await api.passes(timedelta(seconds=1))

        assert (dues, before) == (due, ("Running", None))
        assert (await api.ended(case_id)) == ("Completed", "rejected")
