"""Which functions the app has, as the turn algorithm asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


class Known(Protocol):
    """Which names the app has; all compare without case."""

    def activity(self, name: str) -> bool:
        """Say whether there is such an activity."""

    def orchestrator(self, name: str) -> bool:
        """Say whether there is such an orchestrator."""

    def entity(self, name: str) -> bool:
        """Say whether there is such an entity."""

    def activity_names(self) -> Sequence[str]:
        """Return the names of all activities, as the app spells them."""

    def orchestrator_names(self) -> Sequence[str]:
        """Return the names of all orchestrators, as the app spells them."""

    def entity_names(self) -> Sequence[str]:
        """Return the names of all entities, as the app spells them."""
