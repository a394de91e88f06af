"""Answers to a challenge by the user API: what counts as one, how many there are, and what locks a phone."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from domain import challenge as challenges
from tests.support.builders import an_environment
from tests.support.user_api import NUMBER, Owned, UserApi, api, serving

__all__ = ["api"]

TIMEOUT = timedelta(seconds=120)
DAY = timedelta(days=1)


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
