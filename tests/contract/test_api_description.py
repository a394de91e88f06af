"""The description of our API names what the app answers to, and what it may answer."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from blueprints.api_description import api_description
from blueprints.problems import PROBLEMS
from tests.support.front_door import functions

OURS = re.compile("api/(verifications|cases|locks)(/.*)?")
DESCRIBED = api_description(None)
OPERATIONS: dict[tuple[str, str], dict[str, Any]] = {
    (path, method): operation
    for path, methods in DESCRIBED["paths"].items()
    for method, operation in methods.items()
    if method != "parameters"
}


def test_each_route_for_users_is_described() -> None:
    """By its path, its method and the name of its function."""
    routes = {
        one.get_function_name(): one.get_trigger().get_dict_repr()
        for one in functions().values()
        if one.is_http_function()
    }
    wanted = {
        (f"/{route['route']}", method.value.lower() if hasattr(method, "value") else str(method).lower()): name
        for name, route in routes.items()
        if OURS.fullmatch(route["route"])
        for method in route["methods"]
    }

    assert {place: one["operationId"] for place, one in OPERATIONS.items()} == wanted


def test_every_reference_leads_to_a_schema() -> None:
    """No model is named that is not described."""
    named = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(DESCRIBED)))

    assert named <= DESCRIBED["components"]["schemas"].keys()


def test_each_problem_is_told_of_some_operation() -> None:
    """No code is left out of the description altogether."""
    told = " ".join(
        answer["description"] for operation in OPERATIONS.values() for answer in operation["responses"].values()
    )

    assert [problem.code for problem in PROBLEMS.values() if f"`{problem.code}`: {problem.title}" not in told] == []


@pytest.mark.parametrize("place", [place for place in OPERATIONS if place[0].startswith("/api/cases")], ids=str)
def test_cases_are_for_whoever_is_signed_in(place: tuple[str, str]) -> None:
    """Each operation on cases wants the platform's sign-in, and says what is answered without it."""
    operation = OPERATIONS[place]

    assert operation["security"] == [{"signedIn": []}]
    assert {"401", "403"} <= operation["responses"].keys()
