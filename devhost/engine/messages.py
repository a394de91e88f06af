"""What a turn sends out: each message goes with one decision of its history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from devhost.ticks import Ticks

HTTP_ACTIVITY = "BuiltIn::HttpActivity"
"""The activity of the host itself that makes a durable HTTP request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunActivity:
    """Message: run an activity. `name` is `HTTP_ACTIVITY` for durable HTTP."""

    task_id: int
    name: str
    input: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmTimer:
    """Message: wake the instance at an instant."""

    timer_id: int
    fire_at: Ticks
    created: Ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class StartChild:
    """Message: start a sub-orchestration; `input` is the text to store as ExecutionStarted.Input."""

    task_id: int
    instance_id: str
    name: str
    input: str | None
    version: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendOperation:
    """Message: an operation for an entity; `request` is the text that stands in EventSent.Input."""

    instance_id: str
    request: str


Message = RunActivity | ArmTimer | StartChild | SendOperation
