"""Refund cases and their limits, as payloads."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from domain.errors import PayloadError
from domain.refund import CaseAction, CaseLimits, RefundCase, printable
from tests.support.refunds import CASE_ID, a_case, an_input


def test_a_case_is_read_as_it_was_written() -> None:
    """A payload is plain JSON in camelCase, and says all there is to say."""
    payload = json.loads(json.dumps(a_case().to_payload()))

    case = RefundCase.from_payload(payload)

    assert case == a_case()
    assert payload == {
        "caseId": CASE_ID,
        "action": "refund",
        "orderId": "order-1001",
        "customerId": "customer-7",
        "amount": 1999,
        "currency": "EUR",
        "description": "The lamp came broken.",
    }


@pytest.mark.parametrize("action", CaseAction)
def test_there_are_two_actions(action: CaseAction) -> None:
    """Refund and escalation are known by their names."""
    assert a_case(action=action.value).action is action


@pytest.mark.parametrize("amount", [1, 999_999_999_999])
def test_amounts_are_whole_minor_units(amount: int) -> None:
    """From one unit to a sum that every JSON reader holds exactly."""
    assert a_case(amount=amount).amount == amount


@pytest.mark.parametrize(
    "amount", [0, -1, True, 1.0, 19.99, "1999", None, 1_000_000_000_000, 10**30, float("inf"), float("nan"), [1]]
)
def test_other_amounts_are_refused(amount: Any) -> None:
    """No fraction, no text, no truth value, nothing below one (Threat 50)."""
    with pytest.raises(PayloadError, match="amount"):
        a_case(amount=amount)


@pytest.mark.parametrize("currency", ["JPY", "KWD", "USD", "XCG"])
def test_currencies_are_those_of_iso_4217(currency: str) -> None:
    """Active codes are known."""
    assert a_case(currency=currency).currency == currency


@pytest.mark.parametrize("currency", ["eur", "EURO", "EU", "XXX", "DEM", "", None, 978, ["EUR"], "EUR\n"])
def test_other_currencies_are_refused(currency: Any) -> None:
    """Only capital letters, only codes that are in use."""
    with pytest.raises(PayloadError, match="currency"):
        a_case(currency=currency)


@pytest.mark.parametrize("name", ["caseId", "orderId", "customerId"])
@pytest.mark.parametrize("value", ["", "a" * 65, "a b", "a/b", "a#b", "a\n", "ä", "٣", 5, None, ["a"]])
def test_ids_are_letters_digits_hyphens_and_underscores(name: str, value: Any) -> None:
    """What may become a key of a table or part of a URL has nothing else in it (Threat 31)."""
    with pytest.raises(PayloadError, match=name):
        RefundCase.from_payload(a_case().to_payload() | {name: value})


@pytest.mark.parametrize("action", ["Refund", "refund ", "pay", "", None, 1, ["refund"]])
def test_other_actions_are_refused(action: Any) -> None:
    """An action is matched exactly."""
    with pytest.raises(PayloadError, match="action"):
        a_case(action=action)


@pytest.mark.parametrize("description", ["x", "Zwei\nZeilen\tmit 🙂", "x" * 500])
def test_a_description_is_any_text_of_its_length(description: str) -> None:
    """Line breaks, tabs and letters of all kinds are text (Threat 51)."""
    assert a_case(description=description).description == description


@pytest.mark.parametrize("description", ["", "x" * 501, "a\0b", "a\x1b[31m", "\ud800", "a\x85b", None, 5, ["x"]])
def test_other_descriptions_are_refused(description: Any) -> None:
    """Nothing that no table can hold and no page can show."""
    with pytest.raises(PayloadError, match="description"):
        a_case(description=description)


def test_limits_are_read_as_they_were_written() -> None:
    """Seven days, legs of six hours, a day of tries; in whole seconds."""
    payload = CaseLimits(accept_operator_decisions=True).to_payload()

    assert CaseLimits.from_payload(payload) == CaseLimits(accept_operator_decisions=True)
    assert payload == {
        "acceptOperatorDecisions": True,
        "decideWithinSeconds": 604_800,
        "legSeconds": 21_600,
        "retryWithinSeconds": 86_400,
        "recordWithinSeconds": 2_592_000,
        "routes": [],
        "remindEverySeconds": 86_400,
        "repayWithinSeconds": 0,
        "isReserved": False,
    }


def test_limits_stand_beside_the_case() -> None:
    """One input holds both."""
    given = an_input(decideWithinSeconds=9, legSeconds=3, retryWithinSeconds=0)

    limits = CaseLimits.from_payload(given)

    assert RefundCase.from_payload(given) == a_case()
    assert limits == CaseLimits(
        accept_operator_decisions=True,
        decide_within=timedelta(seconds=9),
        leg=timedelta(seconds=3),
        retry_within=timedelta(0),
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("acceptOperatorDecisions", None),
        ("acceptOperatorDecisions", 1),
        ("decideWithinSeconds", 0),
        ("decideWithinSeconds", 2_592_001),
        ("decideWithinSeconds", 1.5),
        ("legSeconds", 0),
        ("legSeconds", 21_601),
        ("retryWithinSeconds", -1),
        ("retryWithinSeconds", 2_592_001),
        ("retryWithinSeconds", "9"),
        ("recordWithinSeconds", -1),
        ("routes", None),
        ("routes", [{"name": "team", "withinSeconds": 0}]),
        ("routes", [{"name": "team", "withinSeconds": 604_799}]),
        ("routes", [{"name": "Team", "withinSeconds": 604_800}]),
        ("routes", ["team:7d"]),
        ("routes", [{"name": "team", "withinSeconds": 1}] * 9),
        ("remindEverySeconds", 0),
        ("repayWithinSeconds", 2_592_001),
        ("isReserved", None),
    ],
)
def test_limits_out_of_bounds_are_refused(name: str, value: Any) -> None:
    """A leg is never longer than six hours, whoever writes the input."""
    with pytest.raises(PayloadError, match=".+" if name == "routes" else name):
        CaseLimits.from_payload(an_input(**{name: value}))


def test_printable_keeps_text_and_drops_the_rest() -> None:
    """Only control characters and halves of surrogate pairs are taken out."""
    assert printable("a\0b\x1bc\nd\te\rf\ud800g🙂") == "abc\nd\te\rfg🙂"
