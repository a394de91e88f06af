"""What the engine needs of a store, as an interface whose docstrings are promises.

All methods are synchronous. Those of `Unit` are called inside one transaction of the one writer; what they change
becomes visible, and durable, when that transaction commits, all of it or nothing. Those of `Backend` that only read
see the last commit and may be called from any thread.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from devhost.engine.entities import Caller, EntityState
    from devhost.engine.history import Event, Parent, RuntimeStatus
    from devhost.engine.turn import TurnResult
    from devhost.ticks import Ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """An instance as it was last committed. `input`, `custom_status`, `output` are the stored texts."""

    id: str
    execution_id: str
    name: str
    version: str | None
    status: RuntimeStatus
    input: str | None
    custom_status: str | None
    output: str | None
    created: Ticks
    updated: Ticks

    @property
    def is_entity(self) -> bool:
        """Whether this is an entity, which has neither executions nor a history."""
        return not self.execution_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which instances a list or a bulk purge means; all conditions must hold. No statuses: all.

    An entity is an instance too, from its first batch on.
    """

    created_from: Ticks | None = None
    created_to: Ticks | None = None
    statuses: frozenset[RuntimeStatus] = frozenset()
    id_prefix: str = ""
    only_entities: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some instances in the order of their ids, and the id after which the next page begins."""

    instances: Sequence[Instance]
    next_after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInstance:
    """A start; `parent` is set for a sub-orchestration; with `replaces_living` it may take any instance's place."""

    id: str
    execution_id: str
    name: str
    version: str | None
    input: str | None
    at: Ticks
    parent: Parent | None = None
    replaces_living: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedTurn:
    """All that a turn begins with.

    `messages` are the new events, `message_numbers` what to consume; `size` is how long `past` is as it is stored.
    """

    seq: int
    instance: Instance
    parent: Parent | None
    generation: int | None
    is_fresh: bool
    past: Sequence[Event]
    size: int
    turns: int
    messages: Sequence[Event]
    message_numbers: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnCommit:
    """A turn as it is to be written: what was loaded, its events (with both turn marks) and its result."""

    loaded: LoadedTurn
    events: Sequence[Event]
    result: TurnResult
    ended: Ticks
    children: Sequence[NewInstance] = ()
    next_started: Event | None = None
    next_events: Sequence[Event] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The answer to a call of an entity, for one execution of the caller."""

    caller: Caller
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchCommit:
    """A batch of an entity as it is to be written.

    `consumed` are the numbers of the messages that it took; `has_run` is false if none of them was an operation.
    """

    loaded: LoadedTurn
    consumed: Sequence[int]
    state: EntityState
    has_run: bool
    replies: Sequence[Reply]
    terminated: Event | None
    ended: Ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingActivity:
    """An activity to run; `number` is its name in the store."""

    number: int
    seq: int
    instance_id: str
    task_id: int
    name: str
    input: str | None


@dataclass(frozen=True, slots=True, order=True)
class PendingTimer:
    """A timer to fire, ordered by its instant."""

    fire_at: int
    seq: int
    timer_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DueTimer:
    """A timer that is still to fire, and whose it is."""

    instance_id: str
    name: str
    fire_at: Ticks


@dataclass(slots=True)
class Effects:
    """What a commit caused: to be acted upon only after it."""

    woken: set[int] = field(default_factory=set)
    activities: list[PendingActivity] = field(default_factory=list)
    timers: list[PendingTimer] = field(default_factory=list)
    changed: set[str] = field(default_factory=set)


Outcome = tuple["Sequence[object]", Effects]
"""What a transaction leads to: the result of each piece of work, or the error that it raised, and the effects."""


class Unit(Protocol):
    """The writing side, inside one transaction. Each method notes in `effects` what it caused."""

    effects: Effects

    def start(self, new: NewInstance) -> None:
        """Create a Pending instance and its ExecutionStarted message.

        An ended instance of that id is replaced; raises `InstanceExistsError` for one that has not ended, unless *new*
        replaces living ones.
        """

    def send(self, instance_id: str, event: Event) -> None:
        """Queue a message. Raises `InstanceNotFoundError`, `InstanceEndedError`."""

    def suspend(self, instance_id: str, event: Event) -> None:
        """Queue a suspension. Raises as `send`, and `InstanceStateError` for a Suspended instance."""

    def resume(self, instance_id: str, event: Event) -> None:
        """Queue a resumption. Raises as `send`, and `InstanceStateError` for one that is not Suspended."""

    def end_unstarted(self, instance_id: str, event: Event) -> None:
        """Terminate an instance that no turn will ever run, without a history."""

    def commit_turn(self, commit: TurnCommit) -> None:
        """Write a turn: consume its messages, append its events, send what it sends, tell a waiting parent.

        A turn of an instance that was replaced or purged meanwhile is dropped; but a first turn of a purged instance
        brings it back, as recorded on the real host.
        """

    def signal(self, entity_id: str, message: Event) -> None:
        """Queue a message for an entity, which comes to be by it; one that was terminated takes nothing more.

        An orchestration that was started under the entity's id has taken its place, and gets the message as an event.
        """

    def commit_batch(self, commit: BatchCommit) -> None:
        """Write a batch: consume its messages, keep the state, answer the callers. Other messages wait."""

    def rewind(self, instance_id: str, message: Event) -> None:
        """Take back what failed in a Failed instance and in its failed children, and queue *message* where it began.

        Raises `InstanceNotFoundError`, and `InstanceStateError` for an instance that is not Failed.
        """

    def finish_activity(self, number: int, event: Event) -> None:
        """Replace a pending activity by the message of its end; an unknown *number* is dropped."""

    def fire(self, timers: Sequence[PendingTimer]) -> None:
        """Replace pending timers by their TimerFired messages; those that are gone are dropped."""

    def purge(self, instance_id: str) -> bool:
        """Delete an ended instance and return True; False for an unknown id that begins with ``@``.

        Raises `InstanceNotFoundError`, and `InstanceStateError` if it has not ended; ids with ``@`` in front skip both.
        Messages that wait for an entity are kept: it comes to be again by them.
        """

    def purge_where(self, query: Query) -> int:
        """Delete what matches, whatever its state, and return how many instances that were."""

    def note(self, key: str, value: str) -> None:
        """Keep a fact about the store itself."""

    def forget_values(self) -> None:
        """Change nothing, and let go of the values of earlier writes that are still in memory."""


class Backend(Protocol):
    """A store of one task hub."""

    def transact(self, work: Sequence[Callable[[Unit], object]]) -> Outcome:
        """Run *work* in one transaction and return each result, or the `DevhostError` that it raised, and the effects.

        A refused piece of work has written nothing. If the process dies, all of *work* is in the store or none of it.
        """

    def begin(self, work: Sequence[Callable[[Unit], object]]) -> Callable[[], Outcome]:
        """Do the first half of `transact`, and return the other half, which waits for the disk.

        It is to be called once, by any thread, and before it has returned nothing else may be written.
        """

    def settle(self) -> None:
        """Become as small as may be, in memory and on disk; called while nothing is written."""

    def load_turn(self, seq: int) -> LoadedTurn | None:
        """Return what the next turn of an instance begins with; None if it is gone or has nothing to do."""

    def instance(self, instance_id: str) -> Instance | None:
        """Return an instance."""

    def history(self, instance_id: str) -> Sequence[Event]:
        """Return the events of all turns of the current execution."""

    def instances(self, query: Query, limit: int, after: str) -> Page:
        """Return up to *limit* instances with ids above *after*, ascending (ordinal)."""

    def has_timer(self, timer: PendingTimer) -> bool:
        """Say whether a timer is still to fire."""

    def due(self, limit: int) -> Sequence[DueTimer]:
        """Return the first *limit* timers that are still to fire, the next one first."""

    def pending(self) -> Effects:
        """Return all that is to be taken up after a start: instances with messages, activities, timers."""

    def noted(self, key: str) -> str | None:
        """Return a fact that was noted."""

    def close(self) -> None:
        """Close the store; nothing else may be called afterwards."""
