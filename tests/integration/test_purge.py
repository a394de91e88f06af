"""What ended long ago is forgotten, and nothing else is."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from blueprints.purging import purge_ended_verifications
from domain.errors import StorageError
from tests.support.builders import an_environment
from tests.support.user_api import NUMBER, UserApi, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

DAY = timedelta(days=1)


@pytest.fixture
async def api(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[UserApi]:
    """The API without limits on starts."""
    environment = an_environment(StartsPerPhone="off", StartsPerAddress="off", SendsInAll="60/1m")
    for name, value in (environment | {"AZURE_FUNCTIONS_DURABLE_STRICT_TYPING": "1"}).items():
        monkeypatch.setenv(name, value)
    async with serving() as one:
        yield one


async def a_canceled_one(api: UserApi) -> str:
    """Start a verification, and give it up."""
    owned = await api.started()
    await api.cancel(owned)
    await api.engine.at_rest()
    return owned.id


async def test_ended_verifications_go_after_the_retention_one_by_one(api: UserApi) -> None:
    """After 24 hours histories, attempts and counts are gone, page by page; other flows' histories stay. Threat 77."""
    gone = [await a_canceled_one(api) for _ in range(7)]
    for other in ("sms_old", "case_old"):
        await api.engine.start_instance("SmsVerify", instance_id=other, input_text="null")
    await api.passes(DAY - timedelta(minutes=1))
    young = await a_canceled_one(api)
    await api.passes(timedelta(minutes=2))
    waiting = await api.started()

    purged = await purge_ended_verifications(api.client, api.wired)

    assert purged == 8
    assert [await api.engine.instance(one) for one in [*gone, "sms_old"]] == [None] * 8
    assert all([await api.engine.instance(one) for one in (young, waiting.id, "case_old")])
    assert api.verifications.records.keys() == {young, waiting.id}
    assert {name for name, _ in api.verifications.claims} == {young, waiting.id}


async def test_a_purged_verification_is_like_one_that_never_was(api: UserApi) -> None:
    """Its token opens nothing any more, and the answer is the one for unknown ids. Threat 13, 77."""
    owned = await api.started()
    await api.passes(2 * DAY)

    await purge_ended_verifications(api.client, api.wired)

    assert (await api.status(owned)).status == 404


async def test_counts_that_count_no_more_are_forgotten(api: UserApi) -> None:
    """Of a phone nothing stays but its wrong answers, and of those nothing but their count. Threat 77."""
    owned = await api.started("+13105550143")
    await api.check(owned, api.code(owned))
    guessed = await api.started(NUMBER)
    await api.check(guessed, api.wrong(guessed))
    await api.start("+14155550143", Idempotency_Key="k")
    await api.passes(2 * DAY)

    await purge_ended_verifications(api.client, api.wired)

    assert list(api.limits.records) == [api.wired.gates.phone(NUMBER)]
    assert api.requests.records == {}


async def test_storage_that_is_away_is_asked_again_by_the_next_run(
    api: UserApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that finds no storage fails nothing, and leaves the histories for the next one."""
    one = await a_canceled_one(api)
    await api.passes(2 * DAY)

    def away(_: str) -> None:
        raise StorageError

    with monkeypatch.context() as patch:
        patch.setattr(api.verifications, "forget", away)
        failed = await purge_ended_verifications(api.client, api.wired)
    is_there = await api.engine.instance(one) is not None

    assert (failed, is_there) == (0, True)
    assert await purge_ended_verifications(api.client, api.wired) == 1
