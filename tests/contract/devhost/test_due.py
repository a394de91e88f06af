"""What is due next, as a store tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devhost.engine.actions import Answer, CreateTimer
from devhost.engine.backend import DueTimer
from devhost.ticks import PER_SECOND, Ticks
from tests.support.scripted import ScriptedWorker, running

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from devhost.engine.history import Event

DELAYS = {"Long": 300, "Short": 60, "Middle": 120}


def sleeper(name: str) -> Callable[[Sequence[Event]], Answer]:
    """An orchestrator that sleeps for as long as *name* says, and then sleeps on."""

    def answer(history: Sequence[Event]) -> Answer:
        return Answer(actions=(CreateTimer(fire_at=Ticks(history[0].at + DELAYS[name] * PER_SECOND)),))

    return answer


async def test_the_next_timers_come_first_with_whose_they_are() -> None:
    """What is due is listed from the next timer on, as far as asked, each with its instance and its function."""
    async with running(ScriptedWorker({name: sleeper(name) for name in DELAYS})) as engine:
        for name in DELAYS:
            await engine.start_instance(name, instance_id=name.lower())
        await engine.at_rest()
        now = engine.clock.now()

        due = await engine.due(limit=2)

        assert due == [
            DueTimer(instance_id="short", name="Short", fire_at=Ticks(now + 60 * PER_SECOND)),
            DueTimer(instance_id="middle", name="Middle", fire_at=Ticks(now + 120 * PER_SECOND)),
        ]


async def test_an_ended_instance_has_nothing_due() -> None:
    """A timer goes with the instance that waited for it."""
    async with running(ScriptedWorker({"Short": sleeper("Short")})) as engine:
        await engine.start_instance("Short", instance_id="short")
        await engine.at_rest()
        assert len(await engine.due(limit=10)) == 1

        await engine.terminate("short", None)
        await engine.at_rest()

        assert await engine.due(limit=10) == []
