"""Starts by the user API: who may, how often, and what a request that comes twice gets."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from blueprints import sighting
from domain.sms import SendOutcome
from tests.support.builders import an_environment
from tests.support.user_api import NUMBER, OTHER_NUMBER, UserApi, api, serving

__all__ = ["api"]

DAY = timedelta(days=1)


async def test_a_second_start_waits_for_the_end_of_the_first(api: UserApi) -> None:
    """A phone has one live verification, refused in the same words as any of its limits. Threat 3, 13."""
    owned = await api.started()
    live = await api.start()
    await api.cancel(owned)
    await api.engine.at_rest()
    for _ in range(2):
        await api.cancel(await api.started())
        await api.engine.at_rest()
    limited = await api.start()

    assert (live.status, limited.status) == (429, 429)
    assert live.body == limited.body
    assert int(live.headers["Retry-After"]) <= 300
    assert int(limited.headers["Retry-After"]) <= 600


async def test_a_start_looks_the_same_for_a_known_and_a_new_phone(api: UserApi) -> None:
    """Whether a phone was ever verified cannot be seen. Threat 13."""
    owned = await api.started()
    await api.check(owned, api.code(owned))
    await api.engine.at_rest()

    known, unknown = await api.start(), await api.start(OTHER_NUMBER)

    assert known.body.keys() == unknown.body.keys()
    alike = ("status", "attemptsRemaining", "resendAfterSeconds")
    assert [known.body[name] for name in alike] == [unknown.body[name] for name in alike]


async def test_a_refused_number_is_told_at_once(api: UserApi) -> None:
    """What the provider refuses for good fails the start's answer, without the provider's reason. Threat 62, 63."""
    api.sms = api.wired.sms = type(api.sms)(SendOutcome.REFUSED)

    reply = await api.start()

    assert (reply.status, reply.body["status"], reply.body["reason"]) == (201, "failed", "delivery_failed")
    assert len(await api.sent()) == 1


async def test_a_service_that_denies_us_is_told_before_anything_is_counted(api: UserApi) -> None:
    """Where no message can be sent, a start costs the phone nothing and says when to come back. Threat 63."""
    for _ in range(3):
        api.wired.sms_health.note(is_denied=True)

    refused = await api.start()
    counted = dict(api.limits.records)
    await api.passes(timedelta(seconds=30))

    assert (refused.status, refused.code, refused.headers["Retry-After"]) == (503, "sms_unavailable", "30")
    assert (counted, api.verifications.records) == ({}, {})
    assert (await api.start()).status == 201


async def test_the_same_request_gets_the_same_answer(api: UserApi) -> None:
    """An Idempotency-Key starts one verification, whatever became of the first answer; another body is refused."""
    first = await api.start(Idempotency_Key="k-1", x_functions_key="mine")
    again = await api.start(Idempotency_Key="k-1", x_functions_key="mine")
    other_body = await api.start(OTHER_NUMBER, Idempotency_Key="k-1", x_functions_key="mine")
    other_caller = await api.start(OTHER_NUMBER, Idempotency_Key="k-1", x_functions_key="yours")

    assert first.body == again.body
    assert (other_body.status, other_body.code) == (422, "idempotency_key_reused")
    assert other_caller.status == 201
    assert len(await api.sent()) == 2


async def test_a_start_that_died_half_way_is_finished_by_the_same_request(api: UserApi) -> None:
    """Wherever the first request died, the second one with its key starts what it began, once."""
    number = api.wired.numbers.read(NUMBER)
    first = await api.start(Idempotency_Key="k-1")
    record = api.verifications.find(first.body["id"])
    (name,) = api.requests.records
    del api.requests.records[name]["answer"]

    again = await api.start(Idempotency_Key="k-1")

    assert again.body == first.body
    assert api.verifications.find(first.body["id"]) == record
    assert len(api.wired.gates.look(number.e164).starts) == 1
    assert len(await api.sent()) == 1


async def test_a_claimed_start_that_never_came_is_made_up_for(api: UserApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that died between its claim and the start leaves nothing that the same request cannot finish."""
    monkeypatch.setattr(sighting, "PATIENCE_SECONDS", 0.3)
    start_new = api.client.start_new

    async def dies(*_: Any, **__: Any) -> None:
        raise OSError

    monkeypatch.setattr(api.client, "start_new", dies)
    lost = await api.start(Idempotency_Key="k-1")
    monkeypatch.setattr(api.client, "start_new", start_new)
    again = await api.start(Idempotency_Key="k-1")
    await api.engine.at_rest()

    assert (lost.status, lost.code) == (503, "storage_unavailable")
    assert (again.status, again.body["status"]) == (201, "pending")
    assert len(await api.sent()) == 1


async def test_a_key_counts_for_a_day(api: UserApi) -> None:
    """After 24 hours a key is new again."""
    first = await api.start(Idempotency_Key="k-1")
    await api.passes(DAY)

    again = await api.start(Idempotency_Key="k-1")

    assert again.status == 201
    assert again.body["id"] != first.body["id"]


@pytest.mark.parametrize("key", ["", "a b", "x" * 201, "\u00e9"])
async def test_a_key_that_is_none_is_refused(api: UserApi, key: str) -> None:
    """A key is short printable ASCII."""
    reply = await api.start(Idempotency_Key=key)

    assert (reply.status, reply.code) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost:7072"}, 403),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "none"}, 403),
        ({"Origin": "http://localhost:7071", "Sec_Fetch_Site": "same-site"}, 403),
        ({"Origin": "http://localhost:7071", "Sec_Fetch_Site": "same-origin"}, 201),
        ({"Origin": "http://[", "Sec_Fetch_Site": "same-origin"}, 403),
    ],
)
async def test_only_our_own_page_may_ask_from_a_browser(api: UserApi, headers: dict[str, str], status: int) -> None:
    """A request that a foreign page makes a browser send changes nothing. Threat 54."""
    reply = await api.start(**headers)

    assert reply.status == status
    assert len(await api.sent()) == (1 if status == 201 else 0)


async def test_starts_per_address_are_counted_by_the_trusted_hop(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a client writes in front of X-Forwarded-For changes nothing about its address. Threat 17."""
    for name, value in an_environment(StartsPerAddress="2/10m").items():
        monkeypatch.setenv(name, value)
    numbers = ["+12025550143", "+13105550143", "+14155550143", "+16465550143"]
    async with serving() as api:
        replies = [
            await api.start(number, X_Forwarded_For=f"198.51.100.{place}, 192.0.2.7:{50_000 + place}")
            for place, number in enumerate(numbers[:3])
        ]
        elsewhere = await api.start(numbers[3], X_Forwarded_For="192.0.2.7, 198.51.100.1:50000")

    assert [reply.status for reply in replies] == [201, 201, 429]
    assert elsewhere.status == 201


async def test_sends_that_are_too_many_are_known_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit on sends refuses the start, which then costs the phone nothing. Threat 16, 19."""
    for name, value in an_environment(SendsInAll="1/1m").items():
        monkeypatch.setenv(name, value)
    async with serving() as api:
        await api.started()
        refused = await api.start(OTHER_NUMBER)
        starts = api.wired.gates.look(OTHER_NUMBER).starts

    assert (refused.status, refused.code, refused.headers["Retry-After"]) == (429, "rate_limited", "60")
    assert starts == ()


async def test_a_limit_met_at_the_send_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two starts that both saw the last place, one fails, and says so at once. Threat 19."""
    for name, value in an_environment(SendsInAll="1/1m").items():
        monkeypatch.setenv(name, value)
    async with serving() as api:
        replies = await asyncio.gather(api.start(), api.start(OTHER_NUMBER))

    told = sorted((reply.status, reply.body.get("status"), reply.body.get("reason")) for reply in replies)
    assert told in (
        [(201, "failed", "rate_limited"), (201, "pending", None)],
        [(201, "pending", None), (429, 429, None)],
    )
    assert len(api.sms.sent) == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"phoneNumber": "+19005550143"}, "unsupported_destination"),
        ({"phoneNumber": "+12642351234"}, "unsupported_destination"),
        ({"phoneNumber": "+447700900123"}, "invalid_phone_number"),
        ({"phoneNumber": "+881612345678"}, "unsupported_destination"),
        ({"phoneNumber": "2025550143"}, "invalid_phone_number"),
        ({"phoneNumber": "+1 (202) 555-0143;ext=5"}, "invalid_phone_number"),
        ({"phoneNumber": "+1\u06602025550143"}, "invalid_phone_number"),
        ({"phoneNumber": "+12025550143\r\n"}, "invalid_phone_number"),
    ],
)
async def test_a_number_that_gets_no_message_is_refused(api: UserApi, body: Any, code: str) -> None:
    """Numbers of other regions and kinds, and odd spellings of good ones, start nothing. Threat 20, 21, 22."""
    reply = await api.ask("StartVerification", body)

    assert (reply.status, reply.code) == (422, code)
    assert api.sms.sent == []


async def test_spellings_of_one_number_share_one_budget(api: UserApi) -> None:
    """However a number is written, it is one phone. Threat 22."""
    await api.started("+1 (202) 555-0143")

    again = await api.start("+12025550143")

    assert again.status == 429


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", {}, 400),
        (b'{"phoneNumber":"+12025550143","phoneNumber":"+12025550143"}', {}, 400),
        ({"phoneNumber": NUMBER, "channel": "operator"}, {}, 400),
        ({"phoneNumber": NUMBER, "maxAttempts": 100}, {}, 400),
        ({"__class__": "str", "__module__": "builtins", "__data__": NUMBER}, {}, 400),
        ({"phoneNumber": {"__class__": "str"}}, {}, 400),
        ([NUMBER], {}, 400),
        (NUMBER, {}, 400),
        (None, {}, 400),
        ({"phoneNumber": 12025550143}, {}, 400),
        ({"phoneNumber": NUMBER}, {"Content_Type": "text/plain"}, 415),
        ({"phoneNumber": NUMBER}, {"Content_Type": "application/json; charset=utf-16"}, 415),
        (b'{"phoneNumber":"' + b"1" * 17_000 + b'"}', {}, 413),
        (b"[" * 17 + b"]" * 17, {}, 400),
    ],
)
async def test_a_body_that_is_not_as_it_has_to_be_starts_nothing(
    api: UserApi, body: Any, headers: dict[str, str], status: int
) -> None:
    """Odd JSON, unknown fields and wrong types are refused, and no value of them is repeated. Threat 27, 28, 32, 33."""
    reply = await api.ask("StartVerification", body, **headers)

    assert reply.status == status
    assert api.sms.sent == []
    assert api.limits.records == {}
    assert "channel" not in reply.text
    assert "2025550143" not in reply.text
