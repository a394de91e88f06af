"""What the host refuses an orchestrator, in the host's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devhost.engine.known import Known

MAX_ACTIONS = 100_000
MAX_STATUS_KB = 16


def status_error(custom_status: str | None) -> str | None:
    """Return why a custom status is refused, if it is: it may have 16 KB of UTF-16, counted in whole KB."""
    if custom_status is None:
        return None
    size = len(custom_status.encode("utf-16-le")) // 1024
    if size <= MAX_STATUS_KB:
        return None
    return (
        f"The UTF-16 size of the JSON-serialized payload must not exceed {MAX_STATUS_KB} KB. "
        f"The current payload size is {size} KB."
    )


def unknown_activity(name: str, known: Known) -> str:
    """Return why a call of an activity that the app does not have is refused."""
    return _unknown(name, "an activity", "activity", known.activity_names())


def unknown_orchestrator(name: str, known: Known) -> str:
    """Return why an orchestration that the app does not have is refused."""
    return _unknown(name, "an orchestrator", "orchestrator", known.orchestrator_names())


def unknown_entity(name: str, known: Known) -> str:
    """Return why a message to an entity that the app does not have is refused."""
    return _unknown(name, "an entity", "entity", known.entity_names())


def _unknown(name: str, one: str, kind: str, names: Sequence[str]) -> str:
    listed = ", ".join(f"'{other}'" for other in names)
    more = (
        f"The following are the known {kind} functions: {listed}."
        if listed
        else f"No {kind} functions are currently registered!"
    )
    return f"The function '{name}' doesn't exist, is disabled, or is not {one} function. Additional info: {more}"


def too_many_actions(most: int) -> str:
    """Return why an execution's next action is refused once it has asked for *most*."""
    return (
        f"Maximum amount of orchestration actions ({most}) has been reached. "
        "This value can be configured in host.json file as MaxOrchestrationActions."
    )
