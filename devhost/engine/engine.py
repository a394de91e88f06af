"""The durable engine as the rest of devhost sees it: start, signal, look, and move time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from devhost.clock import Clock
    from devhost.engine.history import Event, RuntimeStatus
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which instances a list or a bulk purge means; all conditions must hold."""

    created_from: Ticks | None = None
    created_to: Ticks | None = None
    statuses: frozenset[RuntimeStatus] = frozenset()
    id_prefix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some instances in the order of their ids, and the id after which the next page begins."""

    instances: Sequence[Instance]
    next_after: str | None


class Engine:
    """Runs orchestrations durably. All methods are called on the event loop's thread."""

    clock: Clock

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

    async def raise_event(self, instance_id: str, name: str, input_text: str) -> None:
        """Queue an external event. Raises `InstanceNotFoundError`, `InstanceEndedError`."""

    async def terminate(self, instance_id: str, reason: str | None) -> None:
        """Queue the end of an instance. Raises `InstanceNotFoundError`, `InstanceEndedError`."""

    async def suspend(self, instance_id: str, reason: str | None) -> None:
        """Queue a suspension. Raises as `terminate`, and `InstanceStateError` if it is Suspended."""

    async def resume(self, instance_id: str, reason: str | None) -> None:
        """Queue a resumption. Raises as `terminate`, and `InstanceStateError` if it is not Suspended."""

    async def rewind(self, instance_id: str, reason: str | None) -> None:
        """Run again what failed. Raises `InstanceNotFoundError`, `InstanceStateError` if not Failed."""

    async def restart(self, instance_id: str, *, with_new_id: bool) -> str:
        """Start the same function with the same input and return the id.

        Raises `InstanceNotFoundError`, and `InstanceExistsError` in place of an instance that has not ended.
        """

    async def purge(self, instance_id: str) -> bool:
        """Forget an ended instance, and return whether there was one.

        Raises `InstanceNotFoundError`, `InstanceStateError` if it has not ended (ids that begin with ``@`` skip both).
        """

    async def purge_where(self, query: Query) -> int:
        """Forget all instances that match, whatever their state, and return how many there were."""

    async def instance(self, instance_id: str) -> Instance | None:
        """Return an instance as last committed."""

    async def history(self, instance_id: str) -> Sequence[Event]:
        """Return the committed events of the current execution, those of unfinished turns not included."""

    async def instances(self, query: Query, *, limit: int, after: str = "") -> Page:
        """Return one page of the instances that match, ascending by id (ordinal)."""

    async def wait(self, instance_id: str, statuses: frozenset[RuntimeStatus], timeout: timedelta) -> Instance | None:
        """Return the instance once it is in one of *statuses*; None when *timeout* (real time) is over."""

    async def advance(self, by: timedelta) -> None:
        """Move the clock by *by*, from one due timer to the next, letting the work each causes come to rest."""

    async def run(self) -> None:
        """Take up what the store holds (unfinished turns, activities, timers) and serve until closed."""

    async def close(self) -> None:
        """Stop taking up work, wait shortly for what is under way, and close the store."""
