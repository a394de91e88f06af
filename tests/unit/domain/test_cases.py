"""Cases' changes and notices, as payloads."""

from __future__ import annotations

import json
from typing import Any

import pytest

from domain.cases import CaseChange, CaseState, Resolution, Standing
from domain.errors import PayloadError
from domain.notices import CustomerNotice
from tests.support.refunds import CASE_ID, a_case, a_change, a_notice


@pytest.mark.parametrize(
    "change",
    [a_change(), a_change(CaseState.REJECTED, Resolution.TIMEOUT), a_change(CaseState.APPROVED, comment="fine")],
)
def test_a_change_is_read_as_it_was_written(change: CaseChange) -> None:
    """A payload is plain JSON, and says all there is to say."""
    assert CaseChange.from_payload(json.loads(json.dumps(change.to_payload()))) == change


def test_a_change_is_written_in_camel_case() -> None:
    """The names of the payload are those of every other one."""
    assert a_change().to_payload() == {
        "case": a_case().to_payload(),
        "standing": {
            "state": "pending_approval",
            "resolution": None,
            "comment": None,
            "decidedBy": None,
            "decidedAt": None,
            "decidedOn": None,
            "retries": 0,
        },
        "at": "2026-01-15T10:00:00.000Z",
        "dueAt": "2026-01-22T10:00:00.000Z",
        "route": "team",
        "routeDueAt": "2026-01-18T10:00:00.000Z",
    }


@pytest.mark.parametrize("name", ["case", "standing", "at", "dueAt", "route", "routeDueAt"])
def test_a_change_without_a_field_is_refused(name: str) -> None:
    """What was not written by our flow is not written down."""
    payload = a_change().to_payload()
    del payload[name]

    with pytest.raises(PayloadError):
        CaseChange.from_payload(payload)


@pytest.mark.parametrize(
    "fields",
    [{}, {"state": "open"}, {"state": None}, {"state": "approved", "resolution": "me"}, {"state": "x", "comment": 5}],
)
def test_an_unknown_standing_is_refused(fields: dict[str, Any]) -> None:
    """States and resolutions are closed sets."""
    with pytest.raises(PayloadError):
        Standing.from_payload(fields)


def test_a_notice_is_read_as_it_was_written() -> None:
    """A payload is plain JSON in camelCase."""
    payload = json.loads(json.dumps(a_notice().to_payload()))

    assert CustomerNotice.from_payload(payload) == a_notice()
    assert payload == {
        "caseId": CASE_ID,
        "customerId": "customer-7",
        "state": "completed",
        "at": "2026-01-16T10:00:00.000Z",
    }


def test_a_notice_of_an_unknown_state_is_refused() -> None:
    """Customers hear of states that exist."""
    with pytest.raises(PayloadError, match="state"):
        CustomerNotice.from_payload(a_notice().to_payload() | {"state": "lost"})
