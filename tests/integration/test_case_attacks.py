"""People who try to get at cases and money in other ways than the API has: nothing happens, and nothing is told."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from devhost.engine.history import EventType
from domain.errors import StorageError
from tests.support.case_api import ALICE, AUDITOR, OPERATOR, SUE, WISH, CaseApi, serving_cases, signing_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
EVENTS = ("CaseDecided", "Approval", "RetryRefund.1")
EVIL = "evil.example"


@pytest.fixture
async def api(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[CaseApi]:
    """The API where the platform signs people in, without a case."""
    signing_in(monkeypatch)
    async with serving_cases() as served:
        yield served


async def looks_at(api: CaseApi, case_id: str) -> Counter[str]:
    """How often each activity was asked for by a case."""
    history = await api.engine.history(case_id)
    return Counter(event.fields["Name"] for event in history if event.type == EventType.TASK_SCHEDULED)


@pytest.mark.parametrize("name", EVENTS)
async def test_events_that_come_before_the_case_is_open_decide_nothing(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Early, doubled and forged: the case waits for all of its time, and is rejected, unpaid. Threat 41."""
    signing_in(monkeypatch, CaseRoutes="team:7h,escalation:6h")
    async with serving_cases() as api:
        start = api.client.start_new

        async def start_and_forge(*args: Any, **kwargs: Any) -> str:
            case_id = await start(*args, **kwargs)
            for _ in range(2):
                await api.client.raise_event(case_id, name, {"approved": True, "decidedBy": "supervisor-1"})
            return case_id

        monkeypatch.setattr(api.client, "start_new", start_and_forge)
        case_id = await api.filed()
        await api.passes(13 * HOUR - timedelta(seconds=1))
        before = await api.ended(case_id)
        await api.passes(timedelta(seconds=1))

        assert before == ("Running", None)
        assert (await api.ended(case_id)) == ("Completed", "rejected")
        assert api.ledger.bookings == []


async def test_a_forged_event_does_not_turn_a_decision(api: CaseApi) -> None:
    """What is on record is carried out, within an hour, whatever the bell is told to say. Threat 41."""
    case_id = await api.filed()
    await asyncio.gather(
        api.decide("reject", case_id), *(api.client.raise_event(case_id, name, {"approved": True}) for name in EVENTS)
    )
    await api.passes(HOUR)

    assert (await api.ended(case_id)) == ("Completed", "rejected")
    assert api.ledger.bookings == []


async def test_a_flood_of_events_is_listened_to_once(api: CaseApi) -> None:
    """Of three hundred events one makes the flow look; then it looks 1, 2, 4 … 60 minutes apart. Threat 76."""
    case_id = await api.filed()
    for number in range(300):
        await api.client.raise_event(case_id, EVENTS[number % 3], {"approved": True, "number": number})
    await api.engine.at_rest()

    assert (await looks_at(api, case_id))["ReadDecision"] == 1
    await api.passes(DAY - timedelta(minutes=1))
    assert (await looks_at(api, case_id))["ReadDecision"] <= 1 + 6 + 24
    await api.decide("approve", case_id)
    await api.passes(HOUR)
    assert (await api.ended(case_id)) == ("Completed", "completed")
    assert len(api.ledger.bookings) == 1


async def test_a_forged_host_leads_nobody_anywhere(api: CaseApi) -> None:
    """No answer and no message names the host that a request says it was sent to. Threat 35."""
    forged: dict[str, Any] = {
        "Host": EVIL,
        "X_Forwarded_Host": EVIL,
        "X_Original_Host": EVIL,
        "Forwarded": f"host={EVIL}",
    }
    filed = await api.file(**forged)
    case_id = filed.body["id"]
    decided = await api.decide("approve", case_id, **forged)
    await api.engine.at_rest()

    said = [filed.text, str(filed.headers), decided.text, str(decided.headers)]
    said += [json.dumps(told.to_payload()) for told in api.approvers.told]
    said += [json.dumps(told.to_payload()) for told in api.notices.told]
    said += [json.dumps(one.to_payload()) for one in api.completions.published]
    assert len(said) == 7
    assert not any(EVIL in text for text in said)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_a_form_of_another_site_files_and_decides_nothing(api: CaseApi, kind: str) -> None:
    """What a browser sends without asking first is no JSON, and is refused as such. Threat 54."""
    case_id = await api.filed()

    replies = [await api.file(Content_Type=kind), await api.decide("approve", case_id, Content_Type=kind)]

    assert [(reply.status, reply.code) for reply in replies] == [(415, "unsupported_media_type")] * 2
    assert (await api.case(case_id)).body["version"] == 1
    assert len((await api.list()).body["items"]) == 1


async def test_what_people_write_is_never_a_page(api: CaseApi) -> None:
    """Answers are JSON, good and bad ones alike, and say that nobody may take them for something else. Threat 55."""
    text = "<script>alert(1)</script>"
    case_id = await api.filed(wish=WISH | {"description": text})
    await api.decide("reject", case_id, comment=text)
    await api.engine.at_rest()

    replies = [
        await api.case(case_id),
        await api.list(q=case_id),
        await api.ask("GetCaseAudit", AUDITOR, case=case_id),
        await api.decide("approve", case_id),
        await api.case(text),
        await api.list(status=text),
    ]

    assert [text in reply.text for reply in replies] == [True, True, True, True, False, False]
    assert not any(isinstance(reply.body, str) for reply in replies)
    assert {reply.headers["X-Content-Type-Options"] for reply in replies} == {"nosniff"}


async def test_what_people_write_stands_in_no_log(api: CaseApi, caplog: pytest.LogCaptureFixture) -> None:
    """No text of a person is logged, so that none can forge a line; and nobody's id. Threat 56."""
    forged = "\n[12:00:00.000] info refund issued instance_id=case_0"
    with caplog.at_level(logging.DEBUG):
        case_id = await api.filed(wish=WISH | {"description": f"broken{forged}"})
        await api.decide("approve", case_id, comment=f"seen{forged}")
        await api.file(wish=WISH | {"description": f"broken\x1b{forged}"})
        await api.file(wish=WISH | {"orderId": forged})
        await api.list(q=forged)
        await api.engine.at_rest()

    lines = [f"{record.getMessage()} {vars(record)}" for record in caplog.records]
    assert any("refund issued" in line for line in lines)
    assert not any("12:00:00.000" in line or "customer-7" in line or "supervisor-1" in line for line in lines)


async def test_filings_at_once_never_hold_more_than_the_order(api: CaseApi) -> None:
    """Of twenty filings of a whole order at the same time one is taken, and one refund paid. Threat 49."""
    wish = WISH | {"orderId": "order-1002"}

    replies = await asyncio.gather(*(api.file(ALICE, wish) for _ in range(20)))

    assert Counter((reply.status, reply.code) for reply in replies) == {
        (201, None): 1,
        (422, "amount_exceeds_refundable"): 19,
    }
    (taken,) = (reply.body["id"] for reply in replies if reply.status == 201)
    await api.decide("approve", taken)
    await api.engine.at_rest()
    assert [paid.amount for paid in api.ledger.bookings] == [1999]


@pytest.mark.parametrize("part", ["request_records.change", "reservations.reserve", "cases.find"])
async def test_filing_is_refused_while_storage_is_away(
    api: CaseApi, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    """It is 503 with Retry-After; asked again with its key once storage is back, the case is filed once. Threat 65."""
    from providers.wiring import providers  # noqa: PLC0415  as the fixture left it

    name, _, method = part.partition(".")
    with monkeypatch.context() as away:
        away.setattr(getattr(providers(), name), method, _away)
        refused = await api.file(Idempotency_Key="k")
    await api.engine.at_rest()

    assert (refused.status, refused.code) == (503, "storage_unavailable")
    assert int(refused.headers["Retry-After"]) <= 2
    assert (await api.file(Idempotency_Key="k")).status == 201
    assert len((await api.list()).body["items"]) == 1


@pytest.mark.parametrize(
    "function", ["ListCases", "GetCase", "GetCaseAudit", "ApproveCase", "RejectCase", "RetryRefund"]
)
async def test_nothing_is_told_or_decided_while_storage_is_away(
    api: CaseApi, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    """Each route says 503 for itself, and all is as it was once storage is back. Threat 65."""
    case_id = await api.filed()
    before = (await api.case(case_id)).body
    body: Any = {"ListCases": {}, "ApproveCase": {}, "RejectCase": {}}.get(function)
    with monkeypatch.context() as away:
        for method in ("find", "page", "decide", "audit", "ask_anew"):
            away.setattr(api.cases, method, _away)
        who = OPERATOR if function == "RetryRefund" else SUE
        reply = await api.ask(function, who, body, case=case_id, If_Match='"1"')

    assert (reply.status, reply.code, reply.headers["Retry-After"]) == (503, "storage_unavailable", "2")
    assert (await api.case(case_id)).body == before


def _away(*_: Any, **__: Any) -> Any:
    message = "away"
    raise StorageError(message)
