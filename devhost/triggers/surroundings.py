"""What a listening service needs of the host that it runs in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devhost.engine.engine import Engine
    from devhost.triggers.invoking import Invoker


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What services need of their host; `extensions` is that section of host.json."""

    engine: Engine
    invoker: Invoker
    environ: Mapping[str, str]
    extensions: Mapping[str, Any]
