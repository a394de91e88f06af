"""On whose desk a case lies, for how long, before it goes to the next one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from domain.errors import PayloadError
from domain.payloads import fields_of, seconds, text

if TYPE_CHECKING:
    from collections.abc import Iterable

ROUTES_MOST: Final = 8
ROUTE_LONGEST: Final = timedelta(days=30)

_NAME: Final = "[a-z][a-z0-9-]{0,31}"
_WRITTEN: Final = re.compile(f"({_NAME}):([1-9][0-9]{{0,8}})([smhd])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A group of approvers, and how long a case waits for them."""

    name: str
    within: timedelta

    @classmethod
    def from_payload(cls, fields: dict[str, Any]) -> Route:
        """Read a route from its JSON object; raise `PayloadError` for a wrong field."""
        longest = int(ROUTE_LONGEST.total_seconds())
        return cls(name=text(fields, "name", _NAME), within=seconds(fields, "withinSeconds", least=1, most=longest))

    def to_payload(self) -> dict[str, Any]:
        """Return the route as the JSON object that `from_payload` reads."""
        return {"name": self.name, "withinSeconds": int(self.within.total_seconds())}


def routes_of(value: object) -> tuple[Route, ...]:
    """Read routes from a JSON list; raise `PayloadError` for a wrong one."""
    if not isinstance(value, list) or len(value) > ROUTES_MOST:
        message = f"routes is no list of at most {ROUTES_MOST}"
        raise PayloadError(message)
    return tuple(Route.from_payload(fields_of(one)) for one in value)


def routes_in(written: str) -> tuple[Route, ...]:
    """Read routes as a setting writes them, such as team:3d,escalation:4d; raise `PayloadError` if they are not so."""
    found = [_WRITTEN.fullmatch(one.strip()) for one in written.split(",")]
    routes = tuple(Route(name=one[1], within=timedelta(**{_UNITS[one[3]]: int(one[2])})) for one in found if one)
    is_good = len(routes) == len(found) <= ROUTES_MOST and len({route.name for route in routes}) == len(routes)
    if not is_good or total(routes) > ROUTE_LONGEST:
        message = "routes are no list of different names with a time each, thirty days in all at most"
        raise PayloadError(message)
    return routes


def total(routes: Iterable[Route]) -> timedelta:
    """Return how long a case waits on all of *routes*, one after the other."""
    return sum((route.within for route in routes), timedelta())
