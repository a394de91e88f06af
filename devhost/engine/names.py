"""The names of an app's functions, and what becomes of calls of names that it does not have."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from devhost.engine.actions import CallActivity, CallSubOrchestration, EntityMessage, WhenAll, WhenAny
from devhost.engine.entity_request import entity_name
from devhost.engine.refusals import unknown_activity, unknown_entity, unknown_orchestrator

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from devhost.engine.actions import Action
    from devhost.engine.backend import Instance
    from devhost.engine.known import Known
    from devhost.engine.worker import Worker

logger = logging.getLogger(__name__)


class KnownNames:
    """The names that an app has, compared without case."""

    def __init__(self, worker: Worker) -> None:
        self._activities = _Names(worker.activity_names())
        self._orchestrators = _Names(worker.orchestrator_names())
        self._entities = _Names(worker.entity_names())

    def activity(self, name: str) -> bool:
        """Say whether there is such an activity."""
        return name.lower() in self._activities.lower

    def orchestrator(self, name: str) -> bool:
        """Say whether there is such an orchestrator."""
        return name.lower() in self._orchestrators.lower

    def entity(self, name: str) -> bool:
        """Say whether there is such an entity."""
        return name.lower() in self._entities.lower

    def activity_names(self) -> tuple[str, ...]:
        """Return the names of all activities."""
        return self._activities.spelt

    def orchestrator_names(self) -> tuple[str, ...]:
        """Return the names of all orchestrators."""
        return self._orchestrators.spelt

    def entity_names(self) -> tuple[str, ...]:
        """Return the names of all entities."""
        return self._entities.spelt


class _Names:
    def __init__(self, spelt: Sequence[str]) -> None:
        self.spelt = tuple(spelt)
        self.lower = {name.lower() for name in spelt}


class UnknownNames:
    """Warns, once for each, of calls that hang for ever here because they hang for ever in Azure.

    If it is strict, such calls fail instead.
    """

    def __init__(self, known: Known, *, is_strict: bool = False) -> None:
        self._known = known
        self._is_strict = is_strict
        self._warned: set[tuple[str, str]] = set()

    def found(self, caller: Instance, actions: Sequence[Action]) -> str | None:
        """Warn of each name among *actions* that the app does not have; if that is to fail, return why."""
        for kind, name, reason in self._unknown(actions):
            if self._is_strict:
                return reason
            self._warn(caller, kind, name)
        return None

    def _unknown(self, actions: Sequence[Action]) -> Iterator[tuple[str, str, str]]:
        """Name each unknown function with its kind and what the host says of it."""
        known = self._known
        for action in actions:
            match action:
                case WhenAny() | WhenAll():
                    yield from self._unknown(action.actions)
                case CallActivity(name=name) if not known.activity(name):
                    yield "activity", name, unknown_activity(name, known)
                case CallSubOrchestration(name=name) if not known.orchestrator(name):
                    yield "orchestrator", name, unknown_orchestrator(name, known)
                case EntityMessage(is_signal=False) if not known.entity(name := entity_name(action.instance_id)):
                    yield "entity", name, unknown_entity(name, known)

    def _warn(self, caller: Instance, kind: str, name: str) -> None:
        if (caller.name, name) not in self._warned:
            self._warned.add((caller.name, name))
            logger.warning(
                "%s calls the %s %s, which the app does not have: it waits for ever, as in Azure",
                caller.name,
                kind,
                name,
                extra={"instance_id": caller.id},
            )
