"""How a case is opened by an operator."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from blueprints.refund_approval import refund_start
from domain.errors import PayloadError, SettingError
from domain.refund import CaseLimits, RefundCase
from providers.wiring import providers
from tests.support.refunds import BODY

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Storage is set, nothing else is; nobody has used a provider yet."""
    monkeypatch.setenv("AzureWebJobsStorage", "UseDevelopmentStorage=true")
    monkeypatch.delenv("AcceptOperatorDecisions", raising=False)
    providers.cache_clear()
    yield monkeypatch
    providers.cache_clear()


def test_the_case_id_is_ours_and_the_id_of_the_instance() -> None:
    """Each start has an id of 128 random bits."""
    starts = [refund_start(BODY) for _ in range(2)]

    ids = {start.instance_id for start in starts}
    assert len(ids) == 2
    assert all(re.fullmatch("case_[0-9a-f]{32}", case_id) for case_id in ids)
    assert all(start.input["caseId"] == start.instance_id for start in starts)


def test_the_input_holds_the_case_and_all_limits() -> None:
    """Everything that the flow depends on is in its input: seven days, legs of six hours, a day of tries."""
    start = refund_start(BODY)

    assert RefundCase.from_payload(start.input).to_payload() == BODY | {"caseId": start.instance_id}
    assert {name: value for name, value in start.input.items() if name not in {*BODY, "caseId"}} == {
        "acceptOperatorDecisions": False,
        "decideWithinSeconds": 604_800,
        "legSeconds": 21_600,
        "retryWithinSeconds": 86_400,
        "recordWithinSeconds": 2_592_000,
        "routes": [{"name": "team", "withinSeconds": 259_200}, {"name": "escalation", "withinSeconds": 345_600}],
        "remindEverySeconds": 86_400,
        "repayWithinSeconds": 2_592_000,
        "isReserved": False,
    }


@pytest.mark.parametrize(("text", "accepts"), [("true", True), ("false", False), ("", False)])
def test_the_setting_goes_into_the_input(settings: pytest.MonkeyPatch, text: str, accepts: bool) -> None:
    """An instance keeps what it was started with."""
    settings.setenv("AcceptOperatorDecisions", text)

    limits = CaseLimits.from_payload(refund_start(BODY).input)

    assert limits.accept_operator_decisions is accepts


@pytest.mark.parametrize(
    "body",
    [
        None,
        5,
        "text",
        [],
        {},
        *({name: value for name, value in BODY.items() if name != missing} for missing in BODY),
        BODY | {"caseId": "case_mine"},
        BODY | {"acceptOperatorDecisions": True},
        BODY | {"legSeconds": 1},
        BODY | {"amount": "1999"},
        BODY | {"amount": 1.0},
        BODY | {"amount": True},
        BODY | {"currency": "euro"},
    ],
)
def test_what_is_no_case_is_refused(body: Any) -> None:
    """Unknown, missing and misshapen fields start nothing; nobody chooses his own id or limits (Threat 33)."""
    with pytest.raises(PayloadError):
        refund_start(body)


@pytest.mark.parametrize("text", ["", "nonsense"])
def test_without_storage_nothing_is_started(settings: pytest.MonkeyPatch, text: str) -> None:
    """A case that has nowhere to be written is not opened; the error names the setting."""
    settings.setenv("AzureWebJobsStorage", text)

    with pytest.raises(SettingError, match="AzureWebJobsStorage"):
        refund_start(BODY)
