"""The durable engine as the rest of devhost sees it: start, signal, look, and move time."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import uuid
from typing import TYPE_CHECKING, Any

from devhost.engine.backend import DueTimer, Effects, Instance, NewInstance, Page, PendingTimer, Query
from devhost.engine.dispatch import ActivityRunner, TurnDispatcher
from devhost.engine.entities import signal
from devhost.engine.history import (
    RuntimeStatus,
    event_raised,
    execution_resumed,
    execution_suspended,
    execution_terminated,
    generic_event,
)
from devhost.engine.inputs import Recall
from devhost.engine.moves import Moves
from devhost.engine.options import EngineOptions
from devhost.engine.refusals import unknown_entity
from devhost.engine.rest import Rest
from devhost.engine.timers import Timers
from devhost.engine.turns import TurnRunner
from devhost.engine.writer import CommitObserver, Write, Writer
from devhost.errors import InstanceNotFoundError, UnknownFunctionError
from devhost.ticks import Ticks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from concurrent.futures import ThreadPoolExecutor
    from contextlib import AbstractContextManager
    from datetime import timedelta

    from devhost.clock import Clock
    from devhost.engine.alarms import Alarm
    from devhost.engine.backend import Backend, Unit
    from devhost.engine.entities import EntityId
    from devhost.engine.history import Event
    from devhost.engine.worker import Web, Worker

__all__ = ["Engine", "EngineOptions", "Instance", "Page", "Query"]

logger = logging.getLogger(__name__)
CLOCK_OFFSET = "clock offset"


class Engine:
    """Runs orchestrations durably. All methods are called on the event loop's thread."""

    def __init__(  # noqa: PLR0913  composition: one argument for each part it is made of
        self,
        backend: Backend,
        worker: Worker,
        clock: Clock,
        pool: ThreadPoolExecutor,
        *,
        options: EngineOptions | None = None,
        observer: CommitObserver | None = None,
        web: Web | None = None,
    ) -> None:
        self.clock = clock
        self._backend = backend
        self._options = options or EngineOptions()
        self._rest = Rest()
        self._waiting: dict[str, list[asyncio.Event]] = {}
        self._writer = Writer(backend, self._act_upon, observer)
        self._runner = TurnRunner(worker, clock, self._options)
        self._turns = TurnDispatcher(backend, self._runner, pool, self._put, self._options.max_orchestrators)
        self._activities = ActivityRunner(worker, web, clock, self._put, self._options.max_activities, self._rest)
        self._timers = Timers(clock, self._fire)
        self._moves = Moves(clock, self._rest, self._timers, backend.has_timer, self._keep_offset)
        self._recall = Recall(worker, self._runner.known, pool)

    async def open(self) -> None:
        """Take up what the store holds: the moved clock, unfinished turns, activities, timers."""
        offset = int(self._backend.noted(CLOCK_OFFSET) or 0)
        self.clock.move_to(Ticks(self.clock.now() + offset))
        self._act_upon(self._backend.pending())
        self._timers.fire_due()

    async def close(self, grace: float = 2.0) -> None:
        """Stop taking up work, wait *grace* seconds at most for what is under way, and close the store."""
        self._timers.stop()
        self._turns.stop()
        await self._activities.stop(grace)
        await self._turns.finish(grace)
        await self._writer.close()
        self._backend.close()

    async def start_instance(
        self,
        name: str,
        *,
        instance_id: str | None = None,
        input_text: str | None = None,
        version: str | None = None,
    ) -> str:
        """Start an orchestration and return its id, a new GUID of 32 hex digits if none is given.

        Neither name nor id is checked. It is committed when this returns.
        Raises `InstanceExistsError` while an instance of that id has not ended; an ended one is replaced.
        """
        return await self._start(name, instance_id, input_text, version, str(uuid.uuid4()))

    async def _start(
        self, name: str, instance_id: str | None, input_text: str | None, version: str | None, execution_id: str
    ) -> str:
        new = NewInstance(
            id=instance_id or uuid.uuid4().hex,
            execution_id=execution_id,
            name=name,
            version=self._options.versions.default if version is None else version,
            input=input_text,
            at=self.clock.now(),
            replaces_living=self._options.replaces_living,
        )
        await self._do("start", lambda unit: unit.start(new))
        return new.id

    async def raise_event(self, instance_id: str, name: str, input_text: str) -> None:
        """Queue an external event. Raises `InstanceNotFoundError`, `InstanceEndedError`."""
        event = event_raised(self.clock.now(), name, input_text)
        await self._do("event", lambda unit: unit.send(instance_id, event))

    async def terminate(self, instance_id: str, reason: str | None) -> None:
        """Queue the end of an instance. Raises `InstanceNotFoundError`, `InstanceEndedError`."""
        event = execution_terminated(self.clock.now(), reason)
        one = self._backend.instance(instance_id)
        if one and one.status == RuntimeStatus.PENDING and self._options.versions.ends_unstarted(one.version):
            await self._do("terminate", lambda unit: unit.end_unstarted(instance_id, event))
        else:
            await self._do("terminate", lambda unit: unit.send(instance_id, event))

    async def suspend(self, instance_id: str, reason: str | None) -> None:
        """Queue a suspension. Raises as `terminate`, and `InstanceStateError` if it is Suspended."""
        event = execution_suspended(self.clock.now(), reason)
        await self._do("suspend", lambda unit: unit.suspend(instance_id, event))

    async def resume(self, instance_id: str, reason: str | None) -> None:
        """Queue a resumption. Raises as `terminate`, and `InstanceStateError` if it is not Suspended."""
        event = execution_resumed(self.clock.now(), reason)
        await self._do("resume", lambda unit: unit.resume(instance_id, event))

    async def rewind(self, instance_id: str, reason: str | None) -> None:
        """Run again what failed. Raises `InstanceNotFoundError`, `InstanceStateError` for what has not failed."""
        message = generic_event(self.clock.now(), data=reason)
        await self._do("rewind", lambda unit: unit.rewind(instance_id, message))

    async def signal_entity(self, entity: EntityId, operation: str, input_text: str | None) -> None:
        """Queue an operation that nobody waits for. Raises `UnknownFunctionError`."""
        known = self._runner.known
        if not known.entity(entity.name):
            raise UnknownFunctionError(unknown_entity(entity.name, known))
        message = signal(self.clock.now(), operation, input_text)
        await self._do("signal", lambda unit: unit.signal(str(entity), message))

    async def restart(self, instance_id: str, *, with_new_id: bool) -> str:
        """Start the same function with the same input and return the id.

        Raises `InstanceNotFoundError`, and `InstanceExistsError` in place of an instance that has not ended.
        """
        one = self._backend.instance(instance_id)
        if one is None:
            raise InstanceNotFoundError(instance_id)
        again = None if with_new_id else instance_id
        return await self._start(one.name, again, _written_anew(one.input), None, uuid.uuid4().hex)

    async def purge(self, instance_id: str) -> bool:
        """Forget an ended instance, and return whether there was one.

        Raises `InstanceNotFoundError`, `InstanceStateError` if it has not ended (ids that begin with ``@`` skip both).
        """
        return bool(await self._do("purge", lambda unit: unit.purge(instance_id)))

    async def purge_where(self, query: Query) -> int:
        """Forget all instances that match, whatever their state, and return how many there were."""
        return int(await self._do("purge many", lambda unit: unit.purge_where(query), is_long=True))

    async def instance(self, instance_id: str) -> Instance | None:
        """Return an instance as last committed."""
        return self._backend.instance(instance_id)

    async def history(self, instance_id: str) -> Sequence[Event]:
        """Return the committed events of the current execution, those of unfinished turns not included."""
        return self._backend.history(instance_id)

    async def inputs(self, instance_id: str) -> Mapping[int, str | None]:
        """Return what the activities and children of an instance were called with, by the ids of their schedules.

        A replay finds them; where today's code asks for other things than it did, they are not known.
        """
        one = self._backend.instance(instance_id)
        return {} if one is None else await self._recall.inputs(one, self._backend.history(instance_id))

    async def instances(self, query: Query, *, limit: int, after: str = "") -> Page:
        """Return one page of the instances that match, ascending by id (ordinal)."""
        return self._backend.instances(query, limit, after)

    async def wait(self, instance_id: str, statuses: frozenset[RuntimeStatus], within: timedelta) -> Instance | None:
        """Return the instance once it is in one of *statuses*; None when *within* (real time) is over.

        One that is not there yet may still come; raises `InstanceNotFoundError` once one that was there is gone.
        """
        changed = asyncio.Event()
        self._waiting.setdefault(instance_id, []).append(changed)
        was_there = False
        try:
            async with asyncio.timeout(within.total_seconds()):
                while (one := self._backend.instance(instance_id)) is None or one.status not in statuses:
                    if one is None and was_there:
                        raise InstanceNotFoundError(instance_id)
                    was_there = one is not None
                    changed.clear()
                    await changed.wait()
                return one
        except TimeoutError:
            return None
        finally:
            self._waiting[instance_id].remove(changed)
            if not self._waiting[instance_id]:
                del self._waiting[instance_id]

    @property
    def is_watched(self) -> bool:
        """Whether anybody waits for an instance."""
        return bool(self._waiting)

    async def advance(self, by: timedelta) -> None:
        """Move the clock by *by*, from one due timer to the next, letting the work each causes come to rest.

        Work that runs for longer than `moves.LONGEST_WORK` does not hold up the next jump, but the return from this.
        """
        await self._moves.by(by)

    async def advance_to_next_timer(self) -> Ticks | None:
        """Move the clock to the next timer or alarm, let the work it causes come to rest, and return when it was due.

        Returns None, and moves nothing, if there is none.
        """
        return await self._moves.to_next()

    def skipping(self, instance_id: str, statuses: frozenset[RuntimeStatus]) -> AbstractContextManager[None]:
        """Within the block, let time jump to the next timer whenever nothing is under way.

        It does so only as long as the instance is there and in none of *statuses*.
        """

        def is_wanted() -> bool:
            one = self._backend.instance(instance_id)
            return one is not None and one.status not in statuses

        return self._moves.skipping(is_wanted)

    async def at_rest(self) -> None:
        """Return once no turn, activity or write is under way."""
        await self._rest.reached()

    def next_timer(self) -> Ticks | None:
        """Return when the next timer fires or the next alarm rings."""
        return self._moves.next()

    def watch(self, alarm: Alarm) -> None:
        """Let moves of the clock stop at *alarm* too."""
        self._moves.watch(alarm)

    @contextlib.contextmanager
    def under_way(self) -> Iterator[None]:
        """Keep the engine from rest while something outside it is done that may cause work."""
        self._rest.begin()
        try:
            yield
        finally:
            self._rest.end()

    async def note(self, key: str, value: str) -> None:
        """Keep a fact about the host in the store; it is committed when this returns."""
        await self._do("note", lambda unit: unit.note(key, value))

    async def spare(self) -> None:
        """Let go of large values that the store's connection and the last writes still hold."""
        await self._do("spare", lambda unit: unit.forget_values())

    def noted(self, key: str) -> str | None:
        """Return a fact that was noted, as last committed."""
        return self._backend.noted(key)

    async def due(self, *, limit: int) -> Sequence[DueTimer]:
        """Return the first *limit* timers that are still to fire, the next one first."""
        return self._backend.due(limit)

    async def _keep_offset(self, moved: int) -> None:
        await self._do(CLOCK_OFFSET, lambda unit: unit.note(CLOCK_OFFSET, str(moved)))

    async def _do(self, name: str, work: Callable[[Unit], Any], *, is_long: bool = False) -> Any:  # noqa: ANN401  what *work* returns
        self._rest.begin()
        try:
            return await self._writer.do(name, work, is_long=is_long)
        finally:
            self._rest.end()

    def _put(self, write: Write) -> None:
        """Queue a write from any thread; whoever calls this keeps the engine from rest until the write is done."""
        self._writer.put(write)

    def _fire(self, due: list[PendingTimer]) -> None:
        self._rest.begin()
        self._put(Write("timer", lambda unit: unit.fire(due), lambda _: self._rest.end()))

    def _act_upon(self, effects: Effects) -> None:
        for seq in effects.woken:
            self._turns.wake(seq, self._rest)
        for pending in effects.activities:
            self._activities.run(pending)
        if effects.timers:
            self._timers.add(effects.timers)
        if self._waiting:
            for instance_id in effects.changed:
                for changed in self._waiting.get(instance_id, ()):
                    changed.set()


def _written_anew(text: str | None) -> str | None:
    """Return an input as a restart writes it: parsed and compact."""
    if text is None:
        return "null"
    try:
        return json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False)
    except ValueError:
        return json.dumps(text, ensure_ascii=False)
