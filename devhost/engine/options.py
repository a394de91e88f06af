"""What host.json and the command line say about the engine."""

from __future__ import annotations

from dataclasses import dataclass, field

from devhost.engine.refusals import MAX_ACTIONS
from devhost.engine.versions import VersionRules


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineOptions:
    """Limits and rules.

    `is_strict` lets fail what would hang for ever: calls of functions that the app has not. `replaces_living` lets a
    start take the place of an instance that has not ended.
    """

    versions: VersionRules = field(default_factory=VersionRules)
    max_orchestrators: int = 20
    max_activities: int = 20
    max_batch: int = 5000
    max_actions: int = MAX_ACTIONS
    is_strict: bool = False
    replaces_living: bool = False
