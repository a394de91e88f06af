"""What an operator's raw event decides."""

from __future__ import annotations

import json
from typing import Any

import pytest

from domain.cases import CaseState, Resolution, Standing
from domain.decision import operator_decision

YES = Standing(state=CaseState.APPROVED, resolution=Resolution.OPERATOR, decided_by="operator")
NO = Standing(state=CaseState.REJECTED, resolution=Resolution.OPERATOR, decided_by="operator")


@pytest.mark.parametrize(
    ("said", "meant"),
    [(True, YES), (False, NO), ({"approved": True}, YES), ({"approved": False}, NO)],
)
def test_a_decision_comes_as_a_value_or_as_text(said: Any, meant: Standing) -> None:
    """Events raised from Python arrive as JSON text, those of curl as values."""
    assert operator_decision(said) == operator_decision(json.dumps(said)) == meant


@pytest.mark.parametrize(
    ("comment", "kept"),
    [("x" * 600, "x" * 500), ("a\0b", "ab"), ("\ud800", None), ("", None), (None, None), ("🙂", "🙂")],
)
def test_a_comment_is_cut_to_what_can_be_kept(comment: str | None, kept: str | None) -> None:
    """At most 500 characters, without control characters; an empty one is none."""
    decided = operator_decision({"approved": True, "comment": comment})

    assert decided is not None
    assert decided.comment == kept


@pytest.mark.parametrize("who", ["somebody else", None, 5, {"a": 1}])
def test_who_decided_is_never_taken_from_the_event(who: Any) -> None:
    """A name in the event is ignored: it is the operator (Threat 41)."""
    assert operator_decision({"approved": True, "decidedBy": who}) == YES


@pytest.mark.parametrize(
    "said",
    [
        None,
        0,
        1,
        1.0,
        "",
        "yes",
        "True",
        "TRUE",
        '"true',
        [],
        [True],
        {},
        {"approved": None},
        {"approved": 1},
        {"approved": "true"},
        {"approved": [True]},
        {"Approved": True},
        {"approved": True, "comment": 5},
        {"approved": True, "amount": 1},
        {1: 2},
        "[" * 100_000,
        "9" * 10_000,
    ],
)
def test_everything_else_is_malformed(said: Any) -> None:
    """A decision about money is never guessed, and nothing that is sent can raise."""
    assert operator_decision(said) is None
