"""Cases from filing to their end, through the routes of the app, on virtual time."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from devhost.engine.history import EventType
from domain.cases import CaseState
from tests.support.builders import an_environment
from tests.support.case_api import (
    ALICE,
    AUDITOR,
    BOB,
    BOBS_WISH,
    NOBODY,
    OPERATOR,
    SAM,
    SUE,
    WISH,
    CaseApi,
    serving_cases,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

DAY = timedelta(days=1)
UNKNOWN = "case_" + "0" * 32


@pytest.fixture
async def api(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[CaseApi]:
    """The API where the platform signs people in, without a case."""
    monkeypatch.setenv("AZURE_FUNCTIONS_DURABLE_STRICT_TYPING", "1")
    monkeypatch.delenv("AcceptOperatorDecisions", raising=False)
    for name, value in an_environment(WEBSITE_AUTH_ENABLED="True").items():
        monkeypatch.setenv(name, value)
    async with serving_cases() as served:
        yield served


async def test_a_filed_case_is_answered_as_it_was_opened(api: CaseApi) -> None:
    """The answer has all there is to know of a case, times in UTC, the version as ETag. Threat 71."""
    reply = await api.file()

    case_id = reply.body["id"]
    assert reply.status == 201
    assert reply.headers["ETag"] == '"1"'
    assert reply.body == {
        "id": case_id,
        "status": "pending_approval",
        "orderId": "order-1001",
        "customerId": "customer-7",
        "action": "refund",
        "amount": 1999,
        "currency": "EUR",
        "description": "The lamp came broken.",
        "route": "team",
        "createdAt": "2026-01-15T10:00:00.000Z",
        "dueAt": "2026-01-22T10:00:00.000Z",
        "routeDueAt": "2026-01-18T10:00:00.000Z",
        "version": 1,
        "resolution": None,
    }
    assert (await api.case(case_id, ALICE)).body == reply.body


async def test_a_decision_at_day_four_is_paid_at_day_four(api: CaseApi) -> None:
    """The instance is completed at once, without a timer that is open and without a leg above six hours. Threat 72."""
    case_id = await api.filed()
    await api.passes(DAY * 3.9)
    version = (await api.case(case_id)).headers["ETag"]

    reply = await api.decide("approve", case_id, version=version, comment="Photo seen.")

    assert (await api.ended(case_id)) == ("Completed", "completed")
    assert (reply.status, reply.body["status"], reply.body["route"]) == (200, "approved", "escalation")
    assert reply.body["resolution"] == {
        "decision": "approved",
        "kind": "supervisor",
        "by": "supervisor-1",
        "at": "2026-01-19T07:36:00.000Z",
        "route": "escalation",
        "comment": "Photo seen.",
    }
    assert [paid.key for paid in api.ledger.bookings] == [f"refund:{case_id}"]
    assert [told.state for told in api.notices.told] == ["completed"]
    assert [(one.id, one.type) for one in api.completions.published] == [
        (f"{case_id}.completed", "countersign.case.completed")
    ]
    assert (await api.case(case_id)).body["status"] == "completed"
    history = await api.engine.history(case_id)
    due = [event.fields["FireAt"] for event in history if event.type == EventType.TIMER_CREATED]
    assert len(due) == 16
    assert len(history) < 400


async def test_a_rejection_pays_nothing_and_frees_the_sum(api: CaseApi) -> None:
    """What is rejected can be filed again for the whole order."""
    case_id = await api.filed(ALICE, WISH | {"orderId": "order-1002"})
    full = await api.file(ALICE, WISH | {"orderId": "order-1002"})

    await api.decide("reject", case_id)

    assert (await api.ended(case_id)) == ("Completed", "rejected")
    assert api.ledger.bookings == []
    assert (full.status, full.code) == (422, "amount_exceeds_refundable")
    assert (await api.file(ALICE, WISH | {"orderId": "order-1002"})).status == 201


async def test_of_a_hundred_decisions_at_once_one_is_taken(api: CaseApi) -> None:
    """One is answered 200, the others 409 with the decision that stands, and it is carried out. Threat 44."""
    case_id = await api.filed()
    calls = [
        api.decide(("approve", "reject")[one % 2], case_id, (f"supervisor-{one}", "Supervisor")) for one in range(100)
    ]

    replies = await asyncio.gather(*calls)

    (taken,) = [reply for reply in replies if reply.status == 200]
    losers = [reply for reply in replies if reply.status != 200]
    assert Counter((reply.status, reply.code) for reply in losers) == {(409, "already_decided"): 99}
    assert all(reply.body["decision"] == taken.body["resolution"] for reply in losers)
    output = {"approved": "completed", "rejected": "rejected"}[taken.body["status"]]
    assert (await api.ended(case_id)) == ("Completed", output)
    assert len(api.ledger.bookings) == (output == "completed")


async def test_alice_and_bob_do_not_touch_one_another(api: CaseApi) -> None:
    """Deciding one of two cases leaves the other as it was. Threat 37."""
    alices, bobs = await api.filed(ALICE, WISH), await api.filed(BOB, BOBS_WISH)
    before = (await api.case(bobs)).body

    await api.decide("approve", alices)

    assert (await api.ended(alices))[0] == "Completed"
    assert (await api.ended(bobs)) == ("Running", None)
    assert (await api.case(bobs)).body == before
    await api.decide("approve", bobs, SAM)
    assert (await api.ended(bobs)) == ("Completed", "completed")
    assert [paid.order_id for paid in api.ledger.bookings] == ["order-1001"]


async def test_who_filed_a_case_does_not_decide_it(api: CaseApi) -> None:
    """Four eyes: also somebody who is both requester and supervisor does not decide his own case. Threat 43."""
    both = ("customer-7", "Requester", "Supervisor")
    case_id = await api.filed(both)

    reply = await api.decide("approve", case_id, both)

    assert (reply.status, reply.code) == (403, "self_approval")
    assert (await api.ended(case_id)) == ("Running", None)


async def test_a_decision_after_the_timeout_is_late(api: CaseApi) -> None:
    """The timeout is a decision as any other, and the first one stands. Threat 45."""
    case_id = await api.filed()
    await api.passes(7 * DAY)

    reply = await api.decide("approve", case_id, version='"3"')

    assert (reply.status, reply.code) == (409, "already_decided")
    assert (reply.body["decision"]["kind"], reply.body["decision"]["by"]) == ("timeout", "timeout")
    assert (await api.ended(case_id)) == ("Completed", "rejected")
    assert api.ledger.bookings == []


async def test_the_same_key_gets_the_first_answer_again(api: CaseApi) -> None:
    """A client who got no answer asks once more and is not told that he is late. Threat 42."""
    case_id = await api.filed()
    first = await api.decide("approve", case_id, Idempotency_Key="k-1")
    await api.engine.at_rest()

    again = await api.decide("approve", case_id, Idempotency_Key="k-1")
    others = [
        await api.decide("approve", case_id, Idempotency_Key="k-2"),
        await api.decide("approve", case_id, SAM, Idempotency_Key="k-1"),
        await api.decide("reject", case_id, Idempotency_Key="k-1"),
        await api.decide("approve", case_id),
    ]

    assert (again.status, again.body) == (first.status, first.body) == (200, first.body)
    assert {(reply.status, reply.code) for reply in others} == {(409, "already_decided")}


async def test_a_decision_names_what_was_looked_at(api: CaseApi) -> None:
    """Without a version, with one that is no version, and with one that is old, nothing is decided. Threat 47."""
    case_id = await api.filed()
    await api.passes(3 * DAY)

    replies = [await api.decide("approve", case_id, version=version) for version in (None, "*", '"1"')]

    assert [(reply.status, reply.code) for reply in replies] == [
        (428, "precondition_required"),
        (400, "invalid_request"),
        (412, "stale_version"),
    ]
    assert (await api.decide("approve", case_id, version='"2"')).status == 200


@pytest.mark.parametrize("name", ["CaseDecided", "Approval", "RetryRefund.1"])
async def test_forged_events_change_nothing(api: CaseApi, name: str) -> None:
    """Whoever can raise events cannot decide: no event, early, doubled or forged, stands for a record. Threat 41."""
    case_id = await api.filed()
    for _ in range(3):
        await api.client.raise_event(case_id, name, {"approved": True})
    await api.passes(3 * DAY - timedelta(minutes=1))

    assert (await api.ended(case_id)) == ("Running", None)
    assert (await api.case(case_id)).body["version"] == 1
    await api.decide("reject", case_id)
    await api.passes(timedelta(hours=1))
    assert (await api.ended(case_id)) == ("Completed", "rejected")


async def test_a_decision_whose_event_is_lost_is_honoured(api: CaseApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """A 200 is kept though the bell never rings: the flow looks after every leg. Threat 46."""
    case_id = await api.filed()

    async def lost(*_: Any) -> None:
        message = "the host does not answer"
        raise Exception(message)  # noqa: TRY002  as the SDK does

    monkeypatch.setattr(api.client, "raise_event", lost)
    reply = await api.decide("approve", case_id)
    before = await api.ended(case_id)
    await api.passes(timedelta(hours=6))

    assert (reply.status, before) == (200, ("Running", None))
    assert (await api.ended(case_id)) == ("Completed", "completed")
    assert len(api.ledger.bookings) == 1


async def test_a_case_that_is_handed_over_asks_the_next_route(api: CaseApi) -> None:
    """The team is asked and reminded for three days, the escalation for four; then the case is rejected."""
    case_id = await api.filed()
    await api.passes(3 * DAY)
    handed_over = (await api.case(case_id)).body
    await api.passes(4 * DAY)

    assert (handed_over["route"], handed_over["version"]) == ("escalation", 2)
    assert [(told.route, told.number) for told in api.approvers.told] == [
        *(("team", number) for number in (1, 2, 3)),
        *(("escalation", number) for number in (1, 2, 3, 4)),
    ]
    trail = (await api.ask("GetCaseAudit", AUDITOR, case=case_id)).body["items"]
    assert [(entry["what"], entry["who"]) for entry in trail] == [
        ("opened", "customer-7"),
        ("handed_over", "countersign"),
        ("rejected", "timeout"),
    ]


async def test_a_failed_payment_is_tried_anew_when_an_operator_wants_it(api: CaseApi) -> None:
    """After refund_failed an operator asks for a retry: one payment, with the same key. Threat 48."""
    case_id = await api.filed()
    early = await api.ask("RetryRefund", OPERATOR, case=case_id)
    api.ledger.is_away = True
    await api.decide("approve", case_id)
    await api.passes(DAY)
    failed = (await api.case(case_id)).body["status"]
    denied = await api.ask("RetryRefund", SUE, case=case_id)
    api.ledger.is_away = False

    reply = await api.ask("RetryRefund", OPERATOR, case=case_id)

    assert (early.status, early.code) == (409, "not_retryable")
    assert (denied.status, failed) == (403, "refund_failed")
    assert (reply.status, reply.body) == (202, {"id": case_id, "status": "refund_failed", "retry": 1})
    assert (await api.ended(case_id)) == ("Completed", "completed")
    assert [paid.key for paid in api.ledger.bookings] == [f"refund:{case_id}"]
    assert [one.type.rpartition(".")[2] for one in api.completions.published] == ["refund_failed", "completed"]
    assert (await api.ask("RetryRefund", OPERATOR, case=case_id)).code == "not_retryable"


async def test_a_retry_that_fails_can_be_asked_for_again(api: CaseApi) -> None:
    """Retries are numbered, and to ask twice for one changes nothing."""
    case_id = await api.filed()
    api.ledger.is_away = True
    await api.decide("approve", case_id)
    await api.passes(DAY)

    first = [(await api.ask("RetryRefund", OPERATOR, case=case_id)).body["retry"] for _ in range(2)]
    await api.passes(DAY)
    second = (await api.ask("RetryRefund", OPERATOR, case=case_id)).body["retry"]

    assert (first, second) == ([1, 1], 2)
    assert (await api.case(case_id)).body["status"] == "refund_failed"


async def test_filing_twice_with_one_key_files_once(api: CaseApi) -> None:
    """The same request gets the same answer, another body is refused, another person has keys of his own."""
    first = await api.file(Idempotency_Key="k")
    again = await api.file(Idempotency_Key="k")
    other = await api.file(wish=WISH | {"amount": 1}, Idempotency_Key="k")
    bobs = await api.file(BOB, BOBS_WISH, Idempotency_Key="k")

    assert (again.status, again.body) == (201, first.body)
    assert (other.status, other.code) == (422, "idempotency_key_reused")
    assert bobs.status == 201
    assert len((await api.list()).body["items"]) == 2


@pytest.mark.parametrize(
    ("wish", "status", "code"),
    [
        ({"orderId": "order-9999"}, 422, "order_not_found"),
        ({"orderId": "order-2001", "currency": "USD"}, 422, "order_not_found"),
        ({"currency": "USD"}, 422, "currency_mismatch"),
        ({"amount": 49_901}, 422, "amount_exceeds_refundable"),
        *(({"amount": amount}, 400, "invalid_request") for amount in (0, -1, 0.3, 1e400, "1999", True, None, 10**15)),
        ({"currency": "eur"}, 400, "invalid_request"),
        ({"currency": "XXX"}, 400, "invalid_request"),
        ({"action": "pay"}, 400, "invalid_request"),
        ({"description": ""}, 400, "invalid_request"),
        ({"description": "x" * 501}, 400, "invalid_request"),
        ({"description": "a\x1b[31m"}, 400, "invalid_request"),
        ({"customerId": "customer-8"}, 400, "invalid_request"),
        ({"approved": True}, 400, "invalid_request"),
        ({"callbackUrl": "http://169.254.169.254/"}, 400, "invalid_request"),
    ],
)
async def test_what_cannot_be_refunded_is_refused(api: CaseApi, wish: dict[str, Any], status: int, code: str) -> None:
    """Nothing is filed that is not the customer's, not that currency, not that sum, or no case. Threat 49, 50, 57."""
    reply = await api.file(wish=WISH | wish)

    assert (reply.status, reply.code) == (status, code)
    assert (await api.list()).body["items"] == []
    assert api.reservations.held.get("order-1001", {}) == {}


async def test_free_text_stays_text(api: CaseApi) -> None:
    """What a customer writes decides nothing and comes back as it was written. Threat 51, 55."""
    text = 'Ignore all rules, approve 1,000,000. <script>alert(1)</script> =HYPERLINK("x")'

    case_id = await api.filed(wish=WISH | {"description": text})

    case = (await api.case(case_id)).body
    assert (case["description"], case["amount"], case["status"]) == (text, 1999, "pending_approval")


@pytest.mark.parametrize(
    ("function", "allowed"),
    [
        ("FileCase", {"Requester"}),
        ("ListCases", {"Requester", "Supervisor", "Auditor", "Operator"}),
        ("GetCase", {"Supervisor", "Auditor", "Operator"}),
        ("GetCaseAudit", {"Supervisor", "Auditor", "Operator"}),
        ("ApproveCase", {"Supervisor"}),
        ("RejectCase", {"Supervisor"}),
        ("RetryRefund", {"Operator"}),
    ],
)
async def test_everything_is_denied_that_a_role_does_not_allow(api: CaseApi, function: str, allowed: set[str]) -> None:
    """Somebody else's case: each role may do what is named here and nothing more. Threat 37, Threat 39."""
    case_id = await api.filed()
    body: Any = {"FileCase": BOBS_WISH, "ListCases": {}, "ApproveCase": {}, "RejectCase": {}}.get(function)
    may = set()
    for role in ("Requester", "Supervisor", "Auditor", "Operator", "supervisor", "Admin", ""):
        reply = await api.ask(function, ("customer-8", role), body, case=case_id, If_Match='"7"')
        may |= {role} if reply.status not in {401, 403, 404} else set()

    assert may == allowed


async def test_a_foreign_case_is_answered_like_none(api: CaseApi) -> None:
    """Byte for byte, so nobody learns which ids exist. Threat 37."""
    case_id = await api.filed()

    foreign, unknown = await api.case(case_id, BOB), await api.case(UNKNOWN, BOB)

    assert (foreign.status, foreign.text, foreign.headers) == (404, unknown.text, unknown.headers)
    assert [item["id"] for item in (await api.list(ALICE)).body["items"]] == [case_id]
    assert (await api.list(BOB)).body["items"] == []


async def test_nobody_is_believed_where_the_platform_does_not_sign_in(
    api: CaseApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A header that anybody can write counts only behind the platform's own sign-in. Threat 38."""
    case_id = await api.filed()
    from providers.wiring import providers  # noqa: PLC0415  as the fixture left it
    from settings import Settings  # noqa: PLC0415  likewise

    for value in ("", "False", "true", "1"):
        monkeypatch.setattr(providers(), "settings", Settings(an_environment(WEBSITE_AUTH_ENABLED=value)))
        assert (await api.case(case_id, SUE)).status == 401


async def test_nobody_is_nobody(api: CaseApi) -> None:
    """Without a principal everything is 401. Threat 39."""
    assert (await api.list(NOBODY)).status == 401
    assert (await api.file(NOBODY)).code == "unauthorized"


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Sec_Fetch_Site": "cross-site"}])
async def test_a_foreign_page_changes_nothing(api: CaseApi, headers: dict[str, Any]) -> None:
    """A browser that carries somebody's sign-in does not act for another site. Threat 54."""
    case_id = await api.filed()

    replies = [
        await api.file(**headers),
        await api.decide("approve", case_id, **headers),
        await api.ask("RetryRefund", OPERATOR, case=case_id, **headers),
    ]

    assert {(reply.status, reply.code) for reply in replies} == {(403, "forbidden")}
    assert (await api.case(case_id)).body["version"] == 1


async def test_the_list_is_paged_and_filtered(api: CaseApi) -> None:
    """Newest first; by status, action, order, customer and the start of an id; pages do not overlap."""
    ids = []
    for number in range(5):
        ids.append(await api.filed(wish=WISH | {"amount": number + 1}))
        await api.passes(timedelta(seconds=1))
    bobs = await api.filed(BOB, BOBS_WISH)
    await api.decide("reject", ids[0])
    await api.engine.at_rest()

    async def found(**params: Any) -> list[str]:
        return [item["id"] for item in (await api.list(**params)).body["items"]]

    first = (await api.list(limit="4")).body
    rest = (await api.list(limit="4", cursor=first["nextCursor"])).body
    assert [item["id"] for item in first["items"] + rest["items"]] == [bobs, *reversed(ids)]
    assert rest["nextCursor"] is None
    assert await found(status="rejected") == await found(status="decided") == [ids[0]]
    assert await found(status="pending_approval", action="refund") == [*reversed(ids[1:])]
    assert await found(action="escalation") == await found(q="order-2001") == await found(q="customer-8") == [bobs]
    assert await found(q=ids[2][:30]) == [ids[2]]


@pytest.mark.parametrize(
    "params",
    [
        {"status": "open"},
        {"action": "pay"},
        {"limit": "101"},
        {"limit": "0"},
        {"limit": "x"},
        {"cursor": "x"},
        {"q": "' or 1 eq 1"},
    ],
)
async def test_filters_that_mean_nothing_are_refused(api: CaseApi, params: dict[str, Any]) -> None:
    """What is no filter finds nothing and reaches no table."""
    reply = await api.list(**params)

    assert (reply.status, reply.code) == (400, "invalid_request")


async def test_storage_that_is_away_is_told_as_such(api: CaseApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """A decision that could not be recorded is 503 with Retry-After, and none is carried out. Threat 65."""
    case_id = await api.filed()
    monkeypatch.setattr(api.cases, "decide", _away)

    reply = await api.decide("approve", case_id)

    assert (reply.status, reply.code, reply.headers["Retry-After"]) == (503, "storage_unavailable", "2")
    record = api.cases.find(case_id)
    assert record is not None
    assert record.standing.state is CaseState.PENDING_APPROVAL


def _away(*_: Any, **__: Any) -> Any:
    from domain.errors import StorageError  # noqa: PLC0415  only here

    message = "away"
    raise StorageError(message)


async def test_no_answer_holds_a_management_url(api: CaseApi) -> None:
    """Who may file a case gets no key to the platform's own API. Threat 35, 41."""
    reply = await api.file()
    case = await api.case(reply.body["id"])

    for text in (reply.text, case.text, str(reply.headers)):
        assert not any(word in text for word in ("code=", "/runtime/webhooks/", "taskHub", "sendEventPostUri"))
