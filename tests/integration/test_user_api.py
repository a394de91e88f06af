"""The user API from start to end, minutes in no time: what a person gets, and what nobody gets."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from blueprints import sighting
from domain.sms import SendOutcome
from settings import Settings
from tests.support.builders import an_environment
from tests.support.user_api import OTHER_NUMBER, Owned, UserApi, api, serving

__all__ = ["api"]

TIMEOUT = timedelta(seconds=120)
SECOND = timedelta(seconds=1)


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
