"""Anything that can be done to an engine, in any order, with deaths in between; and what must hold all the while."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from devhost.engine.actions import Answer, CallActivity, CreateTimer, EntityMessage, WaitForEvent
from devhost.engine.entities import EntityId, EntityState
from devhost.engine.history import EventType, RuntimeStatus
from devhost.errors import RequestError
from devhost.ticks import PER_SECOND, Ticks, from_text
from tests.support.lives import Life
from tests.support.scripted import ScriptedWorker

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from devhost.engine.backend import Instance
    from devhost.engine.history import Event
    from devhost.engine.worker import OrchestratorCall

ROUNDS = 2
SLEEP_SECONDS = 60
COUNTER = EntityId("counter", "k")
IDS = st.sampled_from(["a", "b", "c"])
_ENDS = {EventType.TASK_COMPLETED: EventType.TASK_SCHEDULED, EventType.TIMER_FIRED: EventType.TIMER_CREATED}


def flow(history: Sequence[Event]) -> Answer:
    """Take an event, run an activity and signal the counter, so many rounds; then sleep, and return the events."""
    values = raised(history)
    ended = sum(event.type is EventType.TASK_COMPLETED for event in history)
    actions: list[Any] = []
    for number in range(ROUNDS):
        actions.append(WaitForEvent(name="E"))
        if len(values) <= number:
            return Answer(actions=tuple(actions))
        actions.append(CallActivity(name="Echo", input=str(number)))
        if ended <= number:
            return Answer(actions=tuple(actions))
        actions.append(EntityMessage(instance_id=str(COUNTER), operation="add", input="1", is_signal=True))
    actions.append(CreateTimer(fire_at=Ticks(history[0].at + SLEEP_SECONDS * PER_SECOND)))
    is_done = any(event.type is EventType.TIMER_FIRED for event in history)
    return Answer(actions=tuple(actions), is_done=is_done, output=json.dumps(values[:ROUNDS]))


def raised(history: Sequence[Event]) -> list[int]:
    """Return what was raised."""
    return [int(event.fields["Input"]) for event in history if event.type is EventType.EVENT_RAISED]


class CountingWorker(ScriptedWorker):
    """Counts the turns of each instance."""

    def __init__(self) -> None:
        async def echo(text: str | None) -> Any:
            return text

        super().__init__({"Flow": flow}, {"Echo": echo})
        self.turns: Counter[str] = Counter()

    def orchestrate(self, call: OrchestratorCall) -> Answer:
        self.turns[call.instance_id] += 1
        return super().orchestrate(call)


@dataclass
class Story:
    """What is known of one incarnation of an id. `maybe` was asked for when the host died: it happened, or not."""

    accepted: set[int] = field(default_factory=set)
    maybe: set[int] = field(default_factory=set)
    end: tuple[Any, ...] | None = None


class EngineMachine(RuleBasedStateMachine):
    """Starts, raises, terminates, suspends, resumes, purges, signals, moves the clock, dies, and looks.

    `kinds` counts, over all machines, what they were examples of.
    """

    kinds: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._folder = tempfile.TemporaryDirectory()
        self._path = Path(self._folder.name) / "hub.db"
        self._worker = CountingWorker()
        self._stories: dict[str, Story] = {}
        self._next = 0
        self._signals = 0  # that were taken
        self._maybe_signals = 0  # that may have been
        self._sent_before = 0  # by instances that are forgotten
        self._life: Life = self._run(self._born())

    def teardown(self) -> None:
        self._run(self._life.die())
        self._runner.close()
        self._folder.cleanup()

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._runner.run(work)

    async def _born(self) -> Life:
        life = Life(self._path, self._worker)
        await life.begin()
        return life

    async def _reborn(self) -> None:
        await self._life.die()
        self._life = await self._born()

    async def _tried(self, work: Coroutine[Any, Any, Any]) -> bool | None:
        """Say whether *work* was accepted (True), refused (False), or cut short (None); then the host lives again."""
        life = self._life
        try:
            was_told = await life.survives(work)
        except RequestError:
            was_told, refused = True, True
        else:
            refused = False
        if life.fate.died.is_set():
            self.kinds["death"] += 1
            await self._reborn()
        return not refused if was_told else None

    @rule(side=st.sampled_from(["before", "after"]), commits=st.integers(1, 6))
    def choose_death(self, side: str, commits: int) -> None:
        """Let the host die at a commit to come."""
        self._life.fate.choose(side, commits)

    @rule()
    def reopen(self) -> None:
        """End the process between two commits, and begin another."""
        self._run(self._reborn())

    @rule(instance_id=IDS)
    def start(self, instance_id: str) -> None:
        """Start an instance; only an id that is free or has ended is taken."""
        before = self._run(self._seen(instance_id))
        took = self._run(self._tried(self._life.engine.start_instance("Flow", instance_id=instance_id)))
        is_free = before is None or before.status.has_ended
        assert took in {is_free, None}
        if took is None:
            now = self._run(self._seen(instance_id))
            took = now is not None and (before is None or now.execution_id != before.execution_id)
        if took:
            self._forget(instance_id)
            self._stories[instance_id] = Story()

    @rule(instance_id=IDS)
    def raise_event(self, instance_id: str) -> None:
        """Raise an event that no other is like; only an instance that has not ended takes it."""
        before = self._run(self._seen(instance_id))
        self._next += 1
        value = self._next
        took = self._run(self._tried(self._life.engine.raise_event(instance_id, "E", str(value))))
        assert took in {before is not None and not before.status.has_ended, None}
        if took:
            self._stories[instance_id].accepted.add(value)
        elif took is None and instance_id in self._stories:
            self._stories[instance_id].maybe.add(value)

    @rule(instance_id=IDS, operation=st.sampled_from(["suspend", "resume", "terminate"]))
    def control(self, instance_id: str, operation: str) -> None:
        """Suspend, resume or terminate an instance."""
        self._run(self._tried(getattr(self._life.engine, operation)(instance_id, "why")))

    @rule(instance_id=IDS)
    def purge(self, instance_id: str) -> None:
        """Forget an instance; only one that has ended can be forgotten."""
        before = self._run(self._seen(instance_id))
        sent = self._run(self._sent_by(instance_id))
        took = self._run(self._tried(self._life.engine.purge(instance_id)))
        assert took in {before is not None and before.status.has_ended, None}
        if took or (took is None and before is not None and self._run(self._seen(instance_id)) is None):
            self._sent_before += sent
            del self._stories[instance_id]

    @rule()
    def signal(self) -> None:
        """Signal the counter."""
        took = self._run(self._tried(self._life.engine.signal_entity(COUNTER, "add", '"1"')))
        self._signals += took is True
        self._maybe_signals += took is None

    @rule(seconds=st.sampled_from([1, 59, 60, 3600]))
    def advance(self, seconds: int) -> None:
        """Move the clock."""
        self._run(self._tried(self._life.engine.advance(timedelta(seconds=seconds))))

    @precondition(lambda self: self._stories)
    @invariant()
    def instances_are_whole(self) -> None:
        """Nothing is lost, nothing is in a history twice, and what has ended stays as it ended."""
        for instance_id, story in self._stories.items():
            one = self._run(self._seen(instance_id))
            assert one is not None
            history = self._run(self._life.engine.history(instance_id))
            _check_history(history)
            if one.status.has_ended:
                self._check_end(one, story, history)
            else:
                assert story.end is None
                self._check_alive(one, story, history)

    @invariant()
    def signals_count_once(self) -> None:
        """The counter holds every signal that was taken, once; of those that were cut short, some."""
        sent = sum(self._run(self._sent_by(instance_id)) for instance_id in self._stories)
        one = self._run(self._seen(str(COUNTER)))
        state = 0 if one is None else int(json.loads(EntityState.of_input(one.input).text or "0"))
        least = self._signals + self._sent_before + sent
        assert least <= state <= least + self._maybe_signals
        self.kinds["cut short"] += self._maybe_signals
        self._signals += state - least
        self._maybe_signals = 0

    def _check_end(self, one: Instance, story: Story, history: Sequence[Event]) -> None:
        values = raised(history)
        assert set(values) <= story.accepted | story.maybe
        if one.status is RuntimeStatus.COMPLETED:
            assert json.loads(one.output or "") == values[:ROUNDS]
        end = (one.status, one.output, one.updated, list(history), self._worker.turns[one.id])
        assert story.end in (None, end)
        if story.end is None:
            self.kinds[one.status.label] += 1
        story.end = end

    def _check_alive(self, one: Instance, story: Story, history: Sequence[Event]) -> None:
        values = set(raised(history))
        assert story.accepted <= values <= story.accepted | story.maybe
        story.accepted, story.maybe = values, set()
        ended = {key for event in history if (key := _ended(event)) is not None}
        due = {(event.type, event.id) for event in history if self._is_due(event)}
        assert due - ended == set()
        is_suspended = _last_control(history) is EventType.EXECUTION_SUSPENDED
        self.kinds["Suspended"] += is_suspended
        assert (one.status is RuntimeStatus.SUSPENDED) == is_suspended

    def _is_due(self, event: Event) -> bool:
        """Say whether the end of what *event* asks for has come: activities end at once, timers at their time."""
        if event.type is EventType.TIMER_CREATED:
            return from_text(event.fields["FireAt"]) <= self._life.engine.clock.now()
        return event.type is EventType.TASK_SCHEDULED

    def _forget(self, instance_id: str) -> None:
        """Keep the count of what a replaced instance had sent; its history is gone."""
        story = self._stories.pop(instance_id, None)
        if story is not None and story.end is not None:
            self._sent_before += sum(event.type is EventType.EVENT_SENT for event in story.end[3])

    async def _seen(self, instance_id: str) -> Instance | None:
        return await self._life.engine.instance(instance_id)

    async def _sent_by(self, instance_id: str) -> int:
        history = await self._life.engine.history(instance_id)
        return sum(event.type is EventType.EVENT_SENT for event in history)


def _check_history(history: Sequence[Event]) -> None:
    """Each turn is opened and closed, and nothing happens twice."""
    marks = [
        event.type
        for event in history
        if event.type in (EventType.ORCHESTRATOR_STARTED, EventType.ORCHESTRATOR_COMPLETED)
    ]
    assert marks == [EventType.ORCHESTRATOR_STARTED, EventType.ORCHESTRATOR_COMPLETED] * (len(marks) // 2)
    once = [key for event in history if (key := _once(event)) is not None]
    assert [key for key, number in Counter(once).items() if number > 1] == []
    known = {(event.type, event.id) for event in history}
    ended = {key for event in history if (key := _ended(event)) is not None}
    assert ended - known == set()


def _once(event: Event) -> tuple[EventType, object] | None:
    """Return what no history may hold twice."""
    match event.type:
        case EventType.EXECUTION_STARTED | EventType.EXECUTION_COMPLETED:
            return event.type, None
        case EventType.EVENT_RAISED:
            return event.type, event.fields["Input"]
        case EventType.TASK_SCHEDULED | EventType.TIMER_CREATED | EventType.EVENT_SENT:
            return event.type, event.id
        case _:
            ended = _ended(event)
            return None if ended is None else (event.type, ended)


def _ended(event: Event) -> tuple[EventType, int] | None:
    """Return what *event* is the end of."""
    if event.type not in _ENDS:
        return None
    key = "TimerId" if event.type is EventType.TIMER_FIRED else "TaskScheduledId"
    return _ENDS[event.type], event.fields[key]


def _last_control(history: Sequence[Event]) -> EventType | None:
    kinds = (EventType.EXECUTION_SUSPENDED, EventType.EXECUTION_RESUMED)
    return next((event.type for event in reversed(history) if event.type in kinds), None)
