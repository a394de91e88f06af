"""What the host refuses an orchestrator, in the host's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
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


def unknown_entity(name: str, known: Known) -> str:
    """Return why a signal to an entity that the app does not have is refused."""
    names = ", ".join(f"'{other}'" for other in known.entity_names())
    more = (
        f"The following are the known entity functions: {names}."
        if names
        else "No entity functions are currently registered!"
    )
    return f"The function '{name}' doesn't exist, is disabled, or is not an entity function. Additional info: {more}"


def too_many_actions() -> str:
    """Return why an execution's next action is refused once it has asked for `MAX_ACTIONS`."""
    return (
        f"Maximum amount of orchestration actions ({MAX_ACTIONS}) has been reached. "
        "This value can be configured in host.json file as MaxOrchestrationActions."
    )
