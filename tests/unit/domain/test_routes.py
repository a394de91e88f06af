"""Routes, as settings and inputs write them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.errors import PayloadError
from domain.routes import Route, routes_in, routes_of, total


def test_routes_are_read_in_order_with_their_times() -> None:
    """Seconds, minutes, hours and days have a letter each."""
    routes = routes_in("team:3d, on-call:12h,lead:90m,chief:30s")

    assert routes == (
        Route(name="team", within=timedelta(days=3)),
        Route(name="on-call", within=timedelta(hours=12)),
        Route(name="lead", within=timedelta(minutes=90)),
        Route(name="chief", within=timedelta(seconds=30)),
    )
    assert total(routes) == timedelta(days=3, hours=13, minutes=30, seconds=30)


@pytest.mark.parametrize(
    "written", ["", "team", "team:", "team:3", "team:0d", "team:3w", "Team:3d", "team:3d,team:4d", "team:31d", "a:1d,"]
)
def test_other_routes_are_refused(written: str) -> None:
    """Names differ, times are not nothing, and all of them end within thirty days."""
    with pytest.raises(PayloadError):
        routes_in(written)


def test_routes_are_read_as_they_were_written() -> None:
    """A payload says name and whole seconds."""
    routes = routes_in("team:3d,escalation:4d")

    assert routes_of([route.to_payload() for route in routes]) == routes
    assert routes[0].to_payload() == {"name": "team", "withinSeconds": 259_200}
