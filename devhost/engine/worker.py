"""What the engine needs of whoever runs the app's functions; `devhost.sdk` fulfils it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from devhost.engine.actions import Answer
    from devhost.engine.history import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class OrchestratorCall:
    """One turn as the orchestrator function sees it.

    `history` is everything: the events of earlier turns, this turn's OrchestratorStarted, the new events.
    The events from index `new_from` on are new (the OrchestratorStarted of this turn is the first of them).
    """

    instance_id: str
    name: str
    history: Sequence[Event]
    new_from: int
    parent_instance_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityCall:
    """One run of an activity; *input* is JSON text, the same whenever it is run again."""

    instance_id: str
    task_id: int
    name: str
    input: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityEnd:
    """How an activity ended: with `result` (JSON text or None), or, if `reason` is set, with a failure.

    `failure` are the failure's details as an object, which only the host's own activity has.
    """

    result: str | None = None
    reason: str | None = None
    details: str | None = None
    failure: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation of an entity; *input* is JSON text of a JSON text, as whoever asked has written it."""

    id: str
    name: str
    input: str | None
    is_signal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchCall:
    """Operations of one entity, to be run in this order; *state* is JSON text, or None before the first operation."""

    name: str
    key: str
    exists: bool
    state: str | None
    operations: Sequence[Operation]


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationEnd:
    """How an operation ended; *result* is JSON text, for an error that of its message."""

    result: str
    is_error: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchEnd:
    """What a batch left: the entity's state as JSON text, and one end for each operation."""

    exists: bool
    state: str | None
    ends: Sequence[OperationEnd]


class Web(Protocol):
    """Makes the durable HTTP requests of orchestrations."""

    async def call(self, request: str) -> ActivityEnd:
        """Make the *request*, JSON text as the orchestrator asked for it.

        Never raises for what the network or the other side do: a failure is part of the end.
        """


class Worker(Protocol):
    """Runs functions of the app. Names compare without case; nothing here touches the store."""

    def orchestrator_names(self) -> Sequence[str]:
        """Return the durable names of all orchestrators."""

    def activity_names(self) -> Sequence[str]:
        """Return the durable names of all activities."""

    def entity_names(self) -> Sequence[str]:
        """Return the names of all entities."""

    def orchestrate(self, call: OrchestratorCall) -> Answer:
        """Run one turn of an orchestrator; blocks, so it is called on a pool thread.

        Never raises for what the app does: a failure is part of the answer.
        """

    def run_batch(self, call: BatchCall) -> BatchEnd:
        """Run operations of an entity; blocks, so it is called on a pool thread.

        Never raises for what the app does: a failure is part of the end.
        """

    async def run_activity(self, call: ActivityCall) -> ActivityEnd:
        """Run an activity to its end; sync functions run on the pool, ``async def`` on the loop.

        Never raises for what the app does: a failure is part of the end.
        """
