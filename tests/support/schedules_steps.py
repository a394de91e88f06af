"""What can happen to an instance, and the player that makes it happen in a world."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

from devhost.engine.history import Event, EventType, RuntimeStatus
from devhost.errors import InstanceEndedError, InstanceExistsError, InstanceStateError
from devhost.ticks import Ticks, from_datetime
from tests.support.world import Crash

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from devhost.engine.engine import Engine, Instance
    from tests.support.world import World

MOST_ROUNDS = 12


@dataclass(frozen=True)
class Say:
    """Raise an event once or more, and let the host act upon it, or not before the next step."""

    event: str
    word: str
    times: int = 1
    waits: bool = True


@dataclass(frozen=True)
class Pass:
    """Let time pass, until so long from now or, with *to_deadline*, until so long after the deadline.

    A host that stalls sees nothing of the time that passes, and finds everything due at once.
    """

    seconds: float
    to_deadline: bool = False
    stalls: bool = False


@dataclass(frozen=True)
class Restart:
    """Stop the host in good order, and start it again so many seconds later."""

    down: float


class Control(StrEnum):
    """What an operator may do to an instance."""

    SUSPEND = "suspend"
    RESUME = "resume"
    TERMINATE = "terminate"


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """What happens to one instance: before its first turn (*early*), and then."""

    first_crash: Crash | None
    early: tuple[Say, ...]
    steps: tuple[Step, ...]


Step = Say | Pass | Restart | Crash | Control
Answer = Literal["taken", "refused", "unknown"]


@dataclass(frozen=True)
class Said:
    """An event that somebody raised, when, and what the host answered; one that died may have taken it."""

    event: str
    word: str
    text: str
    at: Ticks
    answer: Answer


@dataclass
class Player:
    """Plays steps for one instance, and notes what was said and what could be seen."""

    world: World
    name: str
    instance_id: str
    input: dict[str, Any]
    words: Mapping[str, str]
    deadline_field: str
    said: list[Said] = field(default_factory=list)
    seen: list[Instance] = field(default_factory=list)
    asked: set[Control] = field(default_factory=set)

    async def run(self, schedule: Schedule, far: timedelta) -> None:
        """Play a schedule on a new host, until the instance has ended; *far* is a time in which it must."""
        await self.world.open()
        if schedule.first_crash:
            self.world.arm(schedule.first_crash)
        await self.start(schedule.early)
        for step in schedule.steps:
            await self.play(step)
        await self.finish(far)

    async def start(self, early: tuple[Say, ...]) -> None:
        """Start the instance as the SDK's client does, which encodes an input twice, and say *early* before a turn."""
        text = json.dumps(json.dumps(self.input))
        while await self.world.instance(self.instance_id) is None:
            if early:
                self.world.hold()
            await self._answer(
                lambda engine: engine.start_instance(self.name, instance_id=self.instance_id, input_text=text)
            )
        for say in early:
            await self._say(say)
        await self.world.settle()
        await self._look()

    async def play(self, step: Step) -> None:
        """Make one thing happen."""
        match step:
            case Say():
                if not step.waits:
                    self.world.hold()
                await self._say(step)
            case Pass():
                await self._pass(step)
            case Restart():
                await self.world.restart(timedelta(seconds=step.down))
            case Crash():
                self.world.arm(step)
                return
            case Control():
                await self._control(step)
        if not isinstance(step, Say) or step.waits:
            await self.world.settle()
        await self._look()

    async def finish(self, span: timedelta) -> None:
        """Resume what is suspended, and let *span* pass, until the instance has ended."""
        for _ in range(MOST_ROUNDS):
            await self.world.settle()
            if (one := await self._look()).status.has_ended:
                return
            if one.status is RuntimeStatus.SUSPENDED:
                await self._answer(lambda engine: engine.resume(self.instance_id, None))
            await self.world.advance(span)
        msg = f"it never ended: {self.seen[-1]}"
        raise AssertionError(msg)

    async def deadline(self) -> Ticks | None:
        """Return the deadline that the custom status tells."""
        status = shown(await self._look())
        told = status and status[self.deadline_field]
        return from_datetime(datetime.fromisoformat(told)) if told else None

    async def _say(self, say: Say) -> None:
        text = self.words[say.word]
        for _ in range(say.times):
            at = self.world.now
            answer = await self._answer(lambda engine: engine.raise_event(self.instance_id, say.event, text))
            self.said.append(Said(say.event, say.word, text, at, answer))

    async def _pass(self, step: Pass) -> None:
        span = timedelta(seconds=step.seconds)
        if step.to_deadline:
            deadline = await self.deadline()
            ahead = max(0, deadline - self.world.now) if deadline else 0
            span = max(timedelta(0), span + timedelta(microseconds=ahead // 10))
        if step.stalls:
            self.world.hold()
            self.world.pass_by(span)
        else:
            await self.world.advance(span)

    async def _control(self, control: Control) -> None:
        self.asked.add(control)
        match control:
            case Control.SUSPEND:
                await self._answer(lambda engine: engine.suspend(self.instance_id, None))
            case Control.RESUME:
                await self._answer(lambda engine: engine.resume(self.instance_id, None))
            case Control.TERMINATE:
                await self._answer(lambda engine: engine.terminate(self.instance_id, None))

    async def _answer(self, work: Callable[[Engine], Awaitable[object]]) -> Answer:
        try:
            return "taken" if await self.world.do(work) else "unknown"
        except (InstanceEndedError, InstanceExistsError, InstanceStateError):
            return "refused"

    async def _look(self) -> Instance:
        one = await self.world.instance(self.instance_id)
        assert one is not None, "an instance that was accepted is gone"
        if not self.seen or self.seen[-1] != one:
            self.seen.append(one)
        return one


def shown(one: Instance) -> Any:
    """Return the custom status as a client reads it."""
    return json.loads(one.custom_status or "null")


@dataclass(frozen=True)
class Turned:
    """An event of the history, its place there, and the time that the orchestrator read when it took the event."""

    place: int
    now: Ticks
    event: Event


async def turned(player: Player) -> list[Turned]:
    """Return the history of the instance, each event with the time of its turn."""
    now, events = Ticks(0), []
    for place, event in enumerate(await player.world.history(player.instance_id)):
        if event.type is EventType.ORCHESTRATOR_STARTED:
            now = event.at
        events.append(Turned(place, now, event))
    return events
