"""How an instance stands, with its texts decoded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from devhost.engine.history import RuntimeStatus
from devhost.testing.told import decoded

if TYPE_CHECKING:
    from devhost.engine.backend import Instance

ENDED = frozenset(status for status in RuntimeStatus if status.has_ended)


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """An instance as last committed. `runtime_status` is the word of the management API, such as ``Running``."""

    id: str
    name: str
    runtime_status: str
    custom_status: Any
    output: Any

    @classmethod
    def of(cls, one: Instance) -> Status:
        """Return the status of an instance of the engine."""
        return cls(
            id=one.id,
            name=one.name,
            runtime_status=one.status.label,
            custom_status=decoded(one.custom_status),
            output=decoded(one.output),
        )


def meant(label: str) -> RuntimeStatus:
    """Return the status that *label* names, in any case; raise `ValueError` for another word."""
    for status in RuntimeStatus:
        if status.label.lower() == label.lower():
            return status
    message = f"{label!r} is no runtime status; they are {', '.join(status.label for status in RuntimeStatus)}"
    raise ValueError(message)
