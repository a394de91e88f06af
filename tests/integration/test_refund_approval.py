"""The refund flow through the durable SDK and the engine, a week in no time."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import azure.durable_functions as df
import pytest

import blueprints.refund_approval as door
from devhost.clock import VirtualClock
from devhost.engine.engine import Engine
from devhost.engine.history import EventType, RuntimeStatus
from devhost.engine.sqlite import SqliteBackend
from devhost.sdk.functions import FunctionTable
from devhost.sdk.worker import AppWorker
from domain.cases import CaseState, Resolution
from domain.errors import StorageError
from providers.memory import (
    MemoryApproverNotices,
    MemoryCases,
    MemoryCompletions,
    MemoryNotices,
    MemoryRefundLedger,
)
from tests.support.fakes import FakeClock
from tests.support.refunds import CASE_ID, a_change, an_input

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


class FaultyLedger(MemoryRefundLedger):
    """A ledger that is away as long as somebody says so."""

    is_away = False

    def pay_back(self, *, key: str, order_id: str, amount: int, currency: str) -> str:
        if self.is_away:
            message = "away"
            raise StorageError(message)
        return super().pay_back(key=key, order_id=order_id, amount=amount, currency=currency)


@dataclass
class World:
    """The providers that the door is wired to."""

    cases: MemoryCases = field(default_factory=MemoryCases)
    ledger: FaultyLedger = field(default_factory=FaultyLedger)
    notices: MemoryNotices = field(default_factory=MemoryNotices)
    approvers: MemoryApproverNotices = field(default_factory=MemoryApproverNotices)
    completions: MemoryCompletions = field(default_factory=MemoryCompletions)
    clock: FakeClock = field(default_factory=FakeClock)

    @property
    def retries(self) -> MemoryCases:
        """Who keeps which payments are to be tried anew."""
        return self.cases


@dataclass
class Case:
    """One started case on one engine."""

    engine: Engine

    async def start(self, **fields: Any) -> None:
        given = json.dumps(json.dumps(an_input(**fields)))  # twice, as the SDK's client does
        await self.engine.start_instance("RefundApproval", instance_id=CASE_ID, input_text=given)
        await self.engine.at_rest()

    async def say(self, value: Any, name: str = "Approval") -> None:
        await self.engine.raise_event(CASE_ID, name, json.dumps(value))
        await self.engine.at_rest()

    async def outcome(self) -> tuple[str, Any]:
        """The runtime status and the output."""
        one = await self.engine.instance(CASE_ID)
        assert one is not None
        return one.status.label, json.loads(one.output) if one.output else None

    async def status(self) -> Any:
        """The custom status."""
        one = await self.engine.instance(CASE_ID)
        assert one is not None
        return json.loads(one.custom_status or "null")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """In-memory providers behind the door."""
    world = World()
    monkeypatch.setenv("AZURE_FUNCTIONS_DURABLE_STRICT_TYPING", "1")
    monkeypatch.setattr(door, "providers", lambda: world)
    return world


@asynccontextmanager
async def hosting(path: Path | None = None) -> AsyncIterator[Case]:
    """An engine that runs the functions of the door, until the end of the block."""
    app = df.DFApp()
    app.register_functions(door.bp)
    pool = ThreadPoolExecutor(4)
    engine = Engine(SqliteBackend(path), AppWorker(FunctionTable.of(app), pool), VirtualClock(), pool)
    await engine.open()
    try:
        yield Case(engine)
    finally:
        await engine.close(grace=0.5)
        await asyncio.to_thread(pool.shutdown)


async def test_a_refund_approved_on_day_four_is_paid_then(world: World) -> None:
    """A yes ends the case at once, with one payment and no timer that keeps it running."""
    async with hosting() as case:
        await case.start()
        await case.engine.advance(4 * DAY)
        before = await case.outcome(), await case.status()
        await case.say({"approved": True, "comment": "fine"})
        after = await case.outcome(), await case.status()

    due_at = "2026-01-22T10:00:00.000Z"
    assert before == (("Running", None), {"state": "pending_approval", "resolution": None, "dueAt": due_at})
    assert after == (("Completed", "completed"), {"state": "completed", "resolution": "operator", "dueAt": due_at})
    assert [paid.amount for paid in world.ledger.bookings] == [1999]
    assert [told.state for told in world.notices.told] == ["completed"]


async def test_silence_rejects_after_seven_days(world: World) -> None:
    """Nothing is paid, and no leg of the wait is longer than six hours."""
    async with hosting() as case:
        await case.start()
        await case.engine.advance(7 * DAY - timedelta(seconds=1))
        before = await case.outcome()
        await case.engine.advance(timedelta(seconds=1))
        after = await case.outcome()
        history = await case.engine.history(CASE_ID)

    timers = [event for event in history if event.type == EventType.TIMER_CREATED]
    assert before == ("Running", None)
    assert after == ("Completed", "rejected")
    assert len(timers) == 28  # looks at the record and reminders share them
    assert world.ledger.bookings == []


@pytest.mark.parametrize("said", [False, {"approved": False}, '{"approved": false}', "false"])
async def test_a_no_in_any_form_rejects(world: World, said: Any) -> None:
    """Values of curl and texts of the SDK's client mean the same."""
    async with hosting() as case:
        await case.start()
        await case.say(said)
        outcome = await case.outcome()

    assert outcome == ("Completed", "rejected")
    assert world.ledger.bookings == []


async def test_a_doubled_answer_pays_once(world: World) -> None:
    """Two answers in one turn are one decision."""
    async with hosting() as case:
        await case.start()
        await asyncio.gather(case.say(True), case.say(True))
        outcome = await case.outcome()

    assert outcome == ("Completed", "completed")
    assert len(world.ledger.bookings) == 1


async def test_an_early_answer_is_heard(world: World) -> None:
    """An answer may be there before the first turn."""
    async with hosting() as case:
        await asyncio.gather(case.start(), case.say(True))
        outcome = await case.outcome()

    assert outcome == ("Completed", "completed")
    assert len(world.ledger.bookings) == 1


async def test_noise_does_not_hang_the_case(world: World) -> None:
    """Malformed answers, an early one that repeats, and other names leave the deadline in force."""
    async with hosting() as case:
        await asyncio.gather(case.start(), case.say("early nonsense"))
        for _ in range(6):
            await case.say({"approved": "yes"})
            await case.say(True, name="approval")
            await case.engine.advance(HOUR)
        await case.say(True)
        await case.engine.advance(7 * DAY)
        outcome = await case.outcome()

    assert outcome == ("Completed", "rejected")
    assert world.ledger.bookings == []


async def test_a_payment_is_tried_until_the_ledger_is_back(world: World) -> None:
    """Five hours without a ledger delay the payment and nothing else."""
    world.ledger.is_away = True
    async with hosting() as case:
        await case.start()
        await case.say(True)
        await case.engine.advance(5 * HOUR)
        waiting = await case.outcome(), (await case.status())["state"]
        world.ledger.is_away = False
        await case.engine.advance(timedelta(minutes=30))
        outcome = await case.outcome()

    assert waiting == (("Running", None), "approved")
    assert outcome == ("Completed", "completed")
    assert len(world.ledger.bookings) == 1


async def test_a_payment_that_fails_for_a_day_ends_refund_failed(world: World) -> None:
    """The instance ends, with a typed outcome and without the text of any error."""
    world.ledger.is_away = True
    async with hosting() as case:
        await case.start()
        await case.say(True)
        await case.engine.advance(DAY)
        outcome, status = await case.outcome(), await case.status()

    assert outcome == ("Completed", "refund_failed")
    assert (status["state"], status["resolution"]) == ("refund_failed", "operator")


async def test_activities_that_raise_end_in_an_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no provider can be had, every activity raises; the flow still ends by itself, unpaid without a record."""
    monkeypatch.setenv("AZURE_FUNCTIONS_DURABLE_STRICT_TYPING", "1")
    monkeypatch.setattr(door, "providers", lambda: None)
    async with hosting() as case:
        await case.start(retryWithinSeconds=10, recordWithinSeconds=10)
        await case.say(True)
        await case.engine.advance(timedelta(minutes=2))
        outcome = await case.outcome()

    assert outcome == ("Completed", "rejected")


@pytest.mark.parametrize("text", ["null", "5", "[1]", "true", '"text"', '""', "{}", '{"caseId": "case_1"}'])
async def test_a_start_past_our_starter_ends_rejected(world: World, text: str) -> None:
    """Whatever somebody with the system key starts, no exception leaves the flow."""
    async with hosting() as case:
        await case.engine.start_instance("RefundApproval", instance_id=CASE_ID, input_text=text)
        await case.engine.at_rest()
        outcome, status = await case.outcome(), await case.status()

    assert outcome == ("Completed", "rejected")
    assert status == {"state": "rejected", "resolution": "malformed", "dueAt": None}
    assert world.cases.find(CASE_ID) is None


async def test_a_rejected_case_started_again_stays_rejected(world: World) -> None:
    """A new instance under the id of an ended case ends as the case did (Threat 45)."""
    world.cases.advance(a_change(CaseState.REJECTED, Resolution.TIMEOUT))
    async with hosting() as case:
        await asyncio.gather(case.start(), case.say(True))
        outcome = await case.outcome()

    assert outcome == ("Completed", "rejected")
    assert world.ledger.bookings == []


async def test_a_case_goes_on_after_a_restart_of_the_host(world: World, tmp_path: Path) -> None:
    """What waited before waits afterwards, with the same deadline."""
    async with hosting(tmp_path / "hub.db") as case:
        await case.start()
        await case.engine.advance(4 * DAY)
        before = await case.status()

    async with hosting(tmp_path / "hub.db") as case:
        after = await case.status()
        await case.say(True)
        outcome = await case.outcome()

    assert after == before
    assert outcome == ("Completed", "completed")
    assert len(world.ledger.bookings) == 1


async def test_an_event_that_the_sdk_cannot_read_never_approves(world: World) -> None:
    """An object tagged with a class makes the SDK itself raise: the instance fails, and nothing is paid."""
    async with hosting() as case:
        await case.start()
        await case.say({"__class__": "x", "__module__": "y", "__data__": "true"})
        one = await case.engine.instance(CASE_ID)

    assert one is not None
    assert one.status is RuntimeStatus.FAILED
    assert world.ledger.bookings == []
