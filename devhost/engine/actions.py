"""What an orchestrator function asks of the host, free of the SDK's spelling."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from devhost.ticks import Ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How often a call is tried, and how long the host waits in between."""

    first_interval_ticks: int
    max_attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallActivity:
    """Run an activity; *input* is JSON text."""

    name: str
    input: str | None
    retry: Retry | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHttp:
    """Make a durable HTTP request; *request* is JSON text."""

    request: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSubOrchestration:
    """Start another orchestration and wait for it; no *instance_id* lets the host make one."""

    name: str
    input: str | None
    instance_id: str | None = None
    version: str | None = None
    retry: Retry | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContinueAsNew:
    """Begin a new execution with *input* (JSON text) once nothing is open."""

    input: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTimer:
    """Wait until an instant."""

    fire_at: Ticks
    is_canceled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitForEvent:
    """Wait for an external event of exactly this name."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityMessage:
    """Send an operation to an entity; a call waits for the answer, a signal does not."""

    instance_id: str
    operation: str
    input: str | None
    is_signal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WhenAny:
    """Settled when one of *actions* is."""

    actions: tuple[Action, ...] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True, kw_only=True)
class WhenAll:
    """Settled when all of *actions* are, failures included."""

    actions: tuple[Action, ...] = field(default_factory=tuple)


Action = (
    CallActivity
    | CallHttp
    | CallSubOrchestration
    | ContinueAsNew
    | CreateTimer
    | WaitForEvent
    | EntityMessage
    | WhenAny
    | WhenAll
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the orchestrator function said in one turn.

    `error` is set when the orchestrator raised and the SDK could still tell its actions.
    `crash` is set when it could not: then there are no actions, and the instance fails at once.
    `crash_details` is then what a parent hears besides the text.
    `output` and `custom_status` are JSON text, compact as the host stores them.
    """

    actions: tuple[Action, ...] = ()
    is_done: bool = False
    output: str | None = None
    error: str | None = None
    crash: str | None = None
    crash_details: str | None = None
    custom_status: str | None = None
