"""The user API from start to end, minutes in no time: what a person gets, and what nobody gets."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from blueprints import sighting
from domain import challenge as challenges
from domain.sms import SendOutcome
from settings import Settings
from tests.support.builders import an_environment
from tests.support.user_api import NUMBER, OTHER_NUMBER, Owned, UserApi, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TIMEOUT = timedelta(seconds=120)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Objects that are tagged with a class are refused, as everywhere."""
    monkeypatch.setenv("AZURE_FUNCTIONS_DURABLE_STRICT_TYPING", "1")


@pytest.fixture
async def api(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[UserApi]:
    """The API with the settings of the specification; sends are counted too."""
    environment = an_environment(SendsPerPrefix="10/10m", SendsInAll="60/1m,5000/1d", StartsPerAddress="off")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    async with serving() as one:
        yield one


async def test_a_right_code_verifies(api: UserApi) -> None:
    """A start answers with all that a person needs, and the right code with the verdict."""
    reply = await api.start()
    owned = Owned(reply.body["id"], reply.body["token"])
    verdict = await api.check(owned, api.code(owned))

    assert reply.status == 201
    assert reply.body == {
        "id": owned.id,
        "token": owned.token,
        "status": "pending",
        "to": "+1******0143",
        "expiresAt": "2026-01-01T00:02:00.000Z",
        "attemptsRemaining": 3,
        "resendAfterSeconds": 30,
    } | {"expiresAt": reply.body["expiresAt"]}
    assert reply.body["expiresAt"].endswith("Z")
    assert (verdict.status, verdict.body) == (200, {"id": owned.id, "status": "verified"})
    assert (await api.status(owned)).body["status"] == "verified"


async def test_wrong_codes_are_told_one_by_one(api: UserApi) -> None:
    """Each wrong answer says how many are left, and the last that it was the last."""
    owned = await api.started()

    verdicts = [await api.check(owned, api.wrong(owned)) for _ in range(3)]

    assert [verdict.body for verdict in verdicts] == [
        {"id": owned.id, "status": "pending", "reason": "code_mismatch", "attemptsRemaining": 2},
        {"id": owned.id, "status": "pending", "reason": "code_mismatch", "attemptsRemaining": 1},
        {"id": owned.id, "status": "failed", "reason": "attempts_exhausted", "attemptsRemaining": 0},
    ]
    late = await api.check(owned, api.code(owned))
    assert (late.status, late.code, late.body["state"]) == (409, "verification_closed", "failed")


async def test_a_number_is_a_code_too(api: UserApi) -> None:
    """A code may come as a whole JSON number, since it never begins with a zero. Threat 29."""
    owned = await api.started()

    verdict = await api.check(owned, int(api.code(owned)))

    assert verdict.body["status"] == "verified"


@pytest.mark.parametrize(
    "code",
    [
        "",
        "123",
        "12345",
        "12a4",
        " 1234",
        "1234\n",
        "\uff11\uff12\uff13\uff14",
        "1_23",
        True,
        None,
        12.5,
        -1234,
        [1234],
        {},
        10**30,
    ],
)
async def test_what_is_no_code_uses_no_attempt(api: UserApi, code: Any) -> None:
    """Anything but exactly as many ASCII digits is 400, before anything is claimed. Threat 29."""
    owned = await api.started()

    reply = await api.check(owned, code)

    assert (reply.status, reply.code) == (400, "invalid_request")
    assert api.client.raised == []
    assert api.verifications.claims == {(owned.id, "start")}
    assert (await api.status(owned)).body["attemptsRemaining"] == 3


@pytest.mark.parametrize(
    "more", [{"eventName": "CancelVerification"}, {"attempt": 9}, {"digest": "0" * 64}, {"__class__": "str"}]
)
async def test_a_guess_says_nothing_but_its_code(api: UserApi, more: dict[str, Any]) -> None:
    """Neither the event nor the attempt nor the digest is taken from a request. Threat 30, 32, 33."""
    owned = await api.started()

    reply = await api.ask(
        "CheckVerification", {"code": api.code(owned)} | more, verification=owned.id, token=owned.token
    )

    assert (reply.status, reply.code) == (400, "invalid_request")
    assert api.client.raised == []
    assert (await api.status(owned)).body["attemptsRemaining"] == 3


async def test_two_hundred_guesses_at_once_are_three_comparisons(api: UserApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many guess at once, three are compared, and each caller is told what became of his own. Threat 1, 76."""
    owned = await api.started()
    guesses = [str(guess) for guess in range(1000, 1200) if str(guess) != api.code(owned)]
    compared: set[str] = set()
    real = challenges.matches

    def counting(expected: str, given: str) -> bool:
        compared.add(given)
        return real(expected, given)

    monkeypatch.setattr(challenges, "matches", counting)

    replies = await asyncio.gather(*(api.check(owned, guess) for guess in guesses))

    assert Counter(reply.status for reply in replies) == {200: 3, 409: len(guesses) - 3}
    assert {reply.code for reply in replies if reply.status == 409} == {"verification_closed"}
    assert len(compared) == 3
    assert sorted(api.client.raised) == [f"SmsChallengeResponse.{number}" for number in (1, 2, 3)]
    assert api.wired.gates.look(NUMBER).wrong_answers == 3


async def test_of_many_right_answers_at_once_one_verifies(api: UserApi) -> None:
    """A code counts once: of eight users with the right one, one is verified. Threat 4."""
    owned = await api.started()

    replies = await asyncio.gather(*(api.check(owned, api.code(owned)) for _ in range(8)))

    assert sum(reply.body.get("status") == "verified" for reply in replies) == 1
    assert {reply.status for reply in replies} == {200, 409}


async def test_a_process_that_dies_before_its_event_costs_one_attempt(api: UserApi) -> None:
    """An attempt that was claimed and never arrived is lost, and nothing else is. Threat 1."""
    owned = await api.started()
    assert api.verifications.claim(owned.id, "attempt-1")

    verdict = await api.check(owned, api.code(owned))

    assert verdict.body["status"] == "verified"


async def test_when_all_attempts_are_claimed_no_more_is_taken(api: UserApi) -> None:
    """Where a claimed answer never arrived, the rest are refused and the status stays pending until the deadline."""
    owned = await api.started()
    assert api.verifications.claim(owned.id, "attempt-1")
    for _ in range(2):
        await api.check(owned, api.wrong(owned))

    refused = await api.check(owned, api.code(owned))
    status = await api.status(owned)
    await api.passes(TIMEOUT)

    assert (refused.status, refused.code, refused.body["state"]) == (409, "verification_closed", "pending")
    assert status.body["status"] == "pending"
    assert (await api.status(owned)).body["status"] == "expired"


async def test_ten_wrong_answers_lock_the_phone_over_all_verifications(monkeypatch: pytest.MonkeyPatch) -> None:
    """After ten wrong answers nothing starts and nothing is compared for a day, after ten more for a week. Threat 2."""
    for name, value in an_environment(StartsPerPhone="off", StartsPerAddress="off").items():
        monkeypatch.setenv(name, value)
    async with serving() as api:
        waits = []
        for _ in range(2):
            verdicts = await guesses_until_refused(api)
            assert verdicts == ["code_mismatch"] * 10
            reply = await api.start()
            assert (reply.status, reply.code) == (429, "rate_limited")
            waits.append(int(reply.headers["Retry-After"]))
            await api.passes(timedelta(seconds=waits[-1]))
        lock = await api.ask("QueryLock", {"phoneNumber": NUMBER})

    assert [round(wait / 86_400, 1) for wait in waits] == [1.0, 7.0]
    assert lock.body == {"to": "+1******0143", "wrongAnswers": 0, "lockedUntil": None}


async def guesses_until_refused(api: UserApi) -> list[str]:
    """Start and guess wrongly until a guess is refused; return what was told."""
    told: list[str] = []
    while True:
        owned = await api.started()
        for _ in range(3):
            verdict = await api.check(owned, api.wrong(owned))
            if verdict.status == 429:
                await api.passes(TIMEOUT)
                return told
            told.append("code_mismatch" if verdict.body["reason"] == "attempts_exhausted" else verdict.body["reason"])
        await api.engine.at_rest()


async def test_a_success_sets_the_count_back(api: UserApi) -> None:
    """Wrong answers count since the last right one."""
    owned = await api.started()
    await api.check(owned, api.wrong(owned))
    before = await api.ask("QueryLock", {"phoneNumber": NUMBER})

    await api.check(owned, api.code(owned))
    await api.engine.at_rest()

    assert before.body["wrongAnswers"] == 1
    assert (await api.ask("QueryLock", {"phoneNumber": NUMBER})).body["wrongAnswers"] == 0


async def test_an_operator_sees_and_lifts_a_lock(api: UserApi) -> None:
    """A lock for good is shown with the year 9999 and lifted at once."""
    phone = api.wired.gates.phone(NUMBER)
    for _ in range(3):
        await api.passes(7 * DAY)
        for _ in range(10):
            api.wired.gates.admit_guess(phone)

    locked = await api.ask("QueryLock", {"phoneNumber": NUMBER})
    lifted = await api.ask("LiftLock", {"phoneNumber": NUMBER})

    assert locked.body["lockedUntil"].startswith("9999-")
    assert lifted.body == {"to": "+1******0143", "wrongAnswers": 0, "lockedUntil": None}
    assert (await api.start()).status == 201


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


async def test_unknown_and_foreign_are_alike_byte_for_byte(api: UserApi) -> None:
    """Without its token a verification does not exist, on any route. Threat 13, 14, 37."""
    mine, other = await api.started(), await api.started(OTHER_NUMBER)
    nobodys = f"ver_{'0' * 32}"

    for function in ("GetVerification", "CheckVerification", "ResendVerification", "CancelVerification"):
        replies = [
            await api.ask(function, {"code": "1234"}, verification=id_, token=token)
            for id_, token in [
                (mine.id, other.token),
                (nobodys, mine.token),
                ("sms_1", mine.token),
                ("ver_x/..", "a" * 43),
            ]
        ]
        assert {(reply.status, reply.text) for reply in replies} == {(404, replies[0].text)}
        assert (await api.ask(function, {"code": "1234"}, verification=mine.id)).status == 401
    assert api.client.raised == []


async def test_a_code_opens_its_own_verification_only(api: UserApi) -> None:
    """The code of one verification is worth nothing in another. Threat 5."""
    with_long_codes(api)
    mine, other = await api.started(), await api.started(OTHER_NUMBER)
    assert api.code(mine) != api.code(other)

    verdict = await api.check(other, api.code(mine))

    assert verdict.body["reason"] == "code_mismatch"
    assert (await api.status(mine)).body["attemptsRemaining"] == 3


async def test_a_new_verification_has_a_new_code(api: UserApi) -> None:
    """Whoever starts again gets another code. Threat 11."""
    with_long_codes(api)
    codes = set()
    for _ in range(3):
        owned = await api.started()
        codes.add(api.code(owned))
        await api.cancel(owned)
        await api.engine.at_rest()

    assert len(codes) == 3


async def test_an_answer_after_two_minutes_is_expired(api: UserApi) -> None:
    """A late answer is refused, and the status says so. Threat 6."""
    owned = await api.started()
    await api.passes(TIMEOUT)

    late = await api.check(owned, api.code(owned))
    status = await api.status(owned)

    assert (late.status, late.code, late.body["state"]) == (410, "expired", "expired")
    assert status.body["status"] == "expired"
    assert "reason" not in status.body


async def test_before_the_message_is_out_no_attempt_is_lost(api: UserApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the message is still being sent an answer is refused without cost. Threat 15."""
    api.sms = api.wired.sms = type(api.sms)(SendOutcome.RETRY)
    with monkeypatch.context() as patch:
        patch.setattr(sighting, "PATIENCE_SECONDS", 0.05)
        reply = await api.start()
    await api.engine.at_rest()
    owned = Owned(reply.body["id"], reply.body["token"])

    early = [await api.check(owned, "1234"), await api.resend(owned), await api.cancel(owned)]
    await api.passes(SECOND)

    assert (reply.status, reply.body["status"], reply.body["expiresAt"]) == (201, "pending", None), reply
    assert {(one.status, one.code) for one in early} == {(409, "not_ready")}
    assert (await api.status(owned)).body["attemptsRemaining"] == 3
    assert (await api.check(owned, api.code(owned))).body["status"] == "verified"


async def test_a_verdict_that_takes_long_is_looked_up_later(api: UserApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the verdict takes longer than a client waits, the answer is 202 and the status tells it later."""
    owned = await api.started()

    async def swallow(*_: Any) -> None:
        """Take the event and let it be under way."""

    monkeypatch.setattr(sighting, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(api.client, "raise_event", swallow)
    verdict, canceled = await api.check(owned, api.code(owned)), await api.cancel(owned)

    for reply in (verdict, canceled):
        assert (reply.status, reply.body) == (202, {"id": owned.id, "status": "checking"})
        assert reply.headers["Retry-After"] == "1"


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


async def test_a_resend_is_the_same_message_and_moves_nothing(api: UserApi) -> None:
    """A resend comes after thirty seconds, twice at most, with the same code, deadline and count. Threat 12, 18, 24."""
    owned = await api.started()
    await api.check(owned, api.wrong(owned))
    before = (await api.status(owned)).body
    early = await api.resend(owned)
    replies = []
    for _ in range(3):
        await api.passes(timedelta(seconds=30))
        replies.append(await api.resend(owned))
        await api.engine.at_rest()

    assert (early.status, early.code, early.headers["Retry-After"]) == (429, "rate_limited", "30")
    assert [reply.status for reply in replies] == [202, 202, 409]
    assert replies[0].body == {"id": owned.id, "status": "pending", "resendsRemaining": 1, "resendAfterSeconds": 30}
    assert replies[2].code == "resends_exhausted"
    after = (await api.status(owned)).body
    assert after == before | {"resendsRemaining": 0}
    assert len({sms.body.partition(". It ends")[0] for sms in api.sms.sent}) == 1
    assert [sms.valid_for // SECOND for sms in api.sms.sent] == [120, 90, 60]
    assert (await api.check(owned, api.code(owned))).body["status"] == "verified"


async def test_of_many_resends_at_once_one_is_sent(api: UserApi) -> None:
    """A resend is claimed before it is asked for. Threat 76."""
    owned = await api.started()
    await api.passes(timedelta(seconds=30))

    replies = await asyncio.gather(*(api.resend(owned) for _ in range(10)))
    await api.engine.at_rest()

    assert Counter(reply.status for reply in replies) == {202: 1, 429: 9}
    assert len(await api.sent()) == 2


async def test_canceling_twice_is_canceling_once(api: UserApi) -> None:
    """Whoever gives up is told so each time; after another end he is told that."""
    owned, verified = await api.started(), await api.started(OTHER_NUMBER)
    await api.check(verified, api.code(verified))

    replies = [await api.cancel(owned), await api.cancel(owned)]
    other = await api.cancel(verified)

    assert [(reply.status, reply.body) for reply in replies] == [(200, {"id": owned.id, "status": "canceled"})] * 2
    assert (other.status, other.code, other.body["state"]) == (409, "verification_closed", "verified")
    assert (await api.check(owned, api.code(owned))).body["state"] == "canceled"


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


async def test_a_resend_over_a_limit_is_told_by_the_status(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is refused at the send is not sent; the user sees why, and may still answer the first message. Threat 19."""
    for name, value in an_environment(SendsInAll="1/10m").items():
        monkeypatch.setenv(name, value)
    async with serving() as api:
        owned = await api.started()
        await api.passes(timedelta(seconds=30))
        taken = await api.resend(owned)
        await api.engine.at_rest()
        status = await api.status(owned)
        verdict = await api.check(owned, api.code(owned))

    assert taken.status == 202
    assert (status.body["status"], status.body["reason"]) == ("pending", "rate_limited")
    assert len(api.sms.sent) == 1
    assert verdict.body["status"] == "verified"


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


async def test_nothing_that_opens_the_hub_ever_leaves(api: UserApi) -> None:
    """No answer holds a management URL, a key, a digest or a word of the platform. Threat 8, 34, 35."""
    owned = await api.started()
    replies = [
        await api.start(),
        await api.check(owned, api.wrong(owned)),
        await api.status(owned),
        await api.resend(owned),
        await api.cancel(owned),
        await api.status(owned),
        await api.start("nonsense"),
    ]

    told = "\n".join(f"{reply.text}{json.dumps(reply.headers)}" for reply in replies)
    for word in (
        "code=",
        "/runtime/",
        "taskHub",
        "sendEvent",
        "http://",
        "https://",
        "Traceback",
        "$OutOfProc",
        "digest",
    ):
        assert word not in told


async def test_no_guess_and_no_number_is_recorded(api: UserApi, caplog: pytest.LogCaptureFixture) -> None:
    """Neither code, nor guess, nor number, nor token stands in what is kept, logged or told. Threat 7, 8, 34, 77."""
    caplog.set_level(logging.DEBUG)
    with_long_codes(api)
    owned = await api.started()
    wrong, right = api.wrong(owned), api.code(owned)
    await api.check(owned, wrong)
    await api.check(owned, right)
    await api.engine.at_rest()

    one = await api.engine.instance(owned.id)
    kept = f"{one}{await api.engine.history(owned.id)}{api.told}{[vars(line) for line in caplog.records]}"
    kept += "".join(f"{records.records}{records.claims}" for records in (api.limits, api.verifications, api.requests))

    assert "sealedNumber" in kept
    assert "countersign.verification.completed" in kept
    for secret in (wrong, right, "2025550143", owned.token, "code=", "taskHub", "/runtime/"):
        assert secret not in kept


def with_long_codes(api: UserApi) -> None:
    """Let codes have ten digits, so that none stands anywhere by chance."""
    api.wired.settings = Settings({**api.wired.settings.environ, "SmsChallengeCodeLength": "10"})


async def test_two_verifications_at_once_do_not_mix(api: UserApi) -> None:
    """What happens to one verification of a user shows in no other. Threat 5, 37."""
    one, other = await api.started(), await api.started(OTHER_NUMBER)

    await api.check(one, api.wrong(one))
    await api.check(other, api.code(other))

    assert (await api.status(one)).body["attemptsRemaining"] == 2
    assert (await api.status(one)).body["to"] == "+1******0143"
    assert (await api.status(other)).body["status"] == "verified"
    assert one.token != other.token


async def test_a_verification_that_was_terminated_is_told_as_failed(api: UserApi) -> None:
    """An operator may end anything; the user is told that it is over."""
    owned = await api.started()

    await api.engine.terminate(owned.id, "enough")
    await api.engine.at_rest()

    assert (await api.status(owned)).body["status"] == "failed"
    assert (await api.check(owned, "1234")).body["state"] == "failed"
