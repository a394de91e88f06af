"""A phone verification through the front door's functions, the durable SDK and the engine, minutes in no time."""

from __future__ import annotations

import asyncio
import json
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from blueprints.starting import sms_start
from devhost.clock import VirtualClock
from devhost.engine.engine import Engine
from devhost.engine.history import RuntimeStatus
from devhost.engine.sqlite import SqliteBackend
from devhost.sdk.functions import FunctionTable
from devhost.sdk.worker import AppWorker
from providers.wiring import providers
from tests.support.builders import with_twilio
from tests.support.front_door import functions
from tests.support.twilio_stand_in import PROVIDER_TEXT, Fault, TwilioStandIn

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

RESPONSE = "SmsChallengeResponse"
TIMEOUT = timedelta(seconds=120)


class Indexed:
    """The app, which the SDK lets be indexed only once."""

    def get_functions(self) -> Sequence[Any]:
        return list(functions().values())


class Verification:
    """One started verification on one engine, and the phone that gets its SMS."""

    def __init__(self, engine: Engine, twilio: TwilioStandIn) -> None:
        self.engine = engine
        self.twilio = twilio
        self.id = ""

    async def start(self) -> None:
        start = sms_start("+12025550143")
        given = json.dumps(json.dumps(start.input))  # twice, as the SDK's client does
        await self.begin(given, start.instance_id)

    async def begin(self, given: str | None, instance_id: str = "past_the_starter") -> None:
        self.id = await self.engine.start_instance("SmsVerify", instance_id=instance_id, input_text=given)
        await self.engine.at_rest()

    async def say(self, value: Any, name: str = RESPONSE) -> None:
        await self.engine.raise_event(self.id, name, json.dumps(value))
        await self.engine.at_rest()

    @property
    def code(self) -> str:
        """The code in the last SMS."""
        found = re.search(r"code is ([0-9]+)\.", self.twilio.messages[-1]["Body"])
        assert found is not None
        return found[1]

    @property
    def wrong_code(self) -> str:
        """Another code of the same length."""
        return self.code[:-1] + str((int(self.code[-1]) + 1) % 10)

    async def outcome(self) -> tuple[str, Any, Any]:
        """Runtime status, output (that of a failed instance is no JSON) and custom status."""
        one = await self.engine.instance(self.id)
        assert one is not None
        output = json.loads(one.output) if one.output and one.status is RuntimeStatus.COMPLETED else None
        return one.status.label, output, json.loads(one.custom_status or "null")

    async def ends(self, output: object, state: str, reason: str | None) -> None:
        """Assert how the verification ended."""
        runtime_status, given, status = await self.outcome()
        assert (runtime_status, given, status["state"], status["reason"]) == ("Completed", output, state, reason)


@pytest.fixture
def twilio(monkeypatch: pytest.MonkeyPatch) -> Iterator[TwilioStandIn]:
    """A stand-in for Twilio that the app is set to."""
    with TwilioStandIn() as stand_in:
        for name, value in with_twilio(stand_in.url, AZURE_FUNCTIONS_DURABLE_STRICT_TYPING="1").items():
            monkeypatch.setenv(name, value)
        providers.cache_clear()
        yield stand_in
        providers.cache_clear()


@asynccontextmanager
async def running(twilio: TwilioStandIn) -> AsyncIterator[Verification]:
    """An engine that runs the app until the end of the block."""
    pool = ThreadPoolExecutor(2)
    engine = Engine(SqliteBackend(None), AppWorker(FunctionTable.of(Indexed()), pool), VirtualClock(), pool)
    await engine.open()
    try:
        yield Verification(engine, twilio)
    finally:
        await engine.close(grace=0.5)
        await asyncio.to_thread(pool.shutdown)


@pytest.fixture
async def verification(twilio: TwilioStandIn) -> AsyncIterator[Verification]:
    """A verification that can be started."""
    async with running(twilio) as one:
        yield one


@pytest.mark.parametrize("shape", [str, int, lambda code: {"code": code}, lambda code: json.dumps({"code": code})])
async def test_the_right_code_verifies(verification: Verification, shape: Any) -> None:
    """The right code in time ends the verification with true, in whatever shape it comes."""
    await verification.start()

    await verification.say(shape(verification.code))

    await verification.ends(True, "verified", None)


async def test_a_wrong_code_ends_it(verification: Verification) -> None:
    """With one attempt a wrong code is the end, and it is no failure of the instance."""
    await verification.start()

    await verification.say(verification.wrong_code)

    await verification.ends(False, "failed", "code_mismatch")


async def test_silence_expires_after_two_minutes(verification: Verification) -> None:
    """It runs for two minutes and then ends by itself."""
    await verification.start()

    await verification.engine.advance(TIMEOUT - timedelta(seconds=1))
    before = await verification.outcome()
    await verification.engine.advance(timedelta(seconds=1))

    assert before[0] == "Running"
    await verification.ends(False, "failed", "expired")


async def test_a_wrong_code_then_silence_expires(verification: Verification, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a wrong answer, a second race to the same deadline still ends."""
    monkeypatch.setenv("SmsChallengeMaxAttempts", "3")
    await verification.start()

    await verification.say(verification.wrong_code)
    await verification.engine.advance(TIMEOUT)

    await verification.ends(False, "failed", "expired")


async def test_the_last_of_three_attempts_may_be_the_right_one(
    verification: Verification, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wrong answers are counted, and the right one still counts after them."""
    monkeypatch.setenv("SmsChallengeMaxAttempts", "3")
    await verification.start()

    await verification.say(verification.wrong_code)
    await verification.say(verification.wrong_code)
    await verification.say(verification.code)

    await verification.ends(True, "verified", None)
    assert (await verification.outcome())[2]["results"] == ["code_mismatch", "code_mismatch", "verified"]


async def test_garbage_before_the_right_code_does_no_harm(verification: Verification) -> None:
    """Answers that are no codes are passed over."""
    await verification.start()

    for garbage in ("x", None, [1], {"Code": 1}, True):
        await verification.say(garbage)
    await verification.say(verification.code)

    await verification.ends(True, "verified", None)


async def test_an_early_answer_never_hangs_and_never_verifies(verification: Verification) -> None:
    """An answer that comes before the SMS is out comes back with every wait, and is used up all the same."""
    verification.twilio.fail_with(Fault.TOO_MANY)
    await verification.start()

    await verification.say("garbage")
    await verification.engine.advance(timedelta(seconds=1))

    await verification.ends(False, "failed", "malformed")


async def test_a_wrong_case_event_is_no_answer(verification: Verification) -> None:
    """Event names are matched exactly, and are never a caller's choice in our API. Threat 30."""
    await verification.start()

    await verification.say(verification.code, name=RESPONSE.lower())
    await verification.engine.advance(TIMEOUT)

    await verification.ends(False, "failed", "expired")


async def test_an_object_tagged_with_a_class_never_succeeds(verification: Verification) -> None:
    """The SDK itself raises for such an event: the instance fails, which neither verifies nor hangs."""
    await verification.start()

    await verification.say({"__class__": "Thing", "__module__": "os", "__data__": "{}"})

    assert (await verification.outcome())[:2] == ("Failed", None)


@pytest.mark.parametrize("given", [None, "[1,2]", "5", "true", '"hello"', "12025550143", '"+12025550143"', "{}"])
async def test_an_instance_started_past_our_starter_ends_false(verification: Verification, given: str | None) -> None:
    """What our starter did not write is malformed, whatever the SDK makes of it, and no SMS goes out."""
    await verification.begin(given)

    await verification.ends(False, "failed", "malformed")
    assert verification.twilio.received == []


async def test_a_provider_that_recovers_gets_the_same_message(verification: Verification) -> None:
    """A second try that works begins the wait; both tries carried the same code."""
    verification.twilio.fail_with(Fault.ACCEPT_THEN_RESET)
    await verification.start()

    await verification.engine.advance(timedelta(seconds=1))
    await verification.say(verification.code)

    await verification.ends(True, "verified", None)
    first, second = verification.twilio.messages
    assert first["Body"] == second["Body"]


async def test_a_provider_that_is_away_is_tried_three_times(verification: Verification) -> None:
    """After three tries the verification ends, seconds and not minutes after its start."""
    verification.twilio.fail_with(Fault.BROKEN, Fault.BROKEN_HTML, Fault.RESET)
    await verification.start()

    await verification.engine.advance(timedelta(seconds=10))

    await verification.ends(False, "failed", "delivery_failed")
    assert len(verification.twilio.received) == 3


async def test_a_refused_number_ends_it_at_once(verification: Verification) -> None:
    """A refusal is told at once, without its reason."""
    verification.twilio.fail_with(Fault.UNAUTHORIZED)

    await verification.start()

    await verification.ends(False, "failed", "delivery_failed")
    assert len(verification.twilio.received) == 1


async def test_the_history_holds_no_secret(verification: Verification, monkeypatch: pytest.MonkeyPatch) -> None:
    """No code, whole number, token or word of the provider is stored by a verification that nobody answers."""
    monkeypatch.setenv("SmsChallengeCodeLength", "8")
    verification.twilio.fail_with(Fault.BROKEN)
    await verification.start()
    await verification.engine.advance(TIMEOUT * 2)

    one = await verification.engine.instance(verification.id)
    stored = f"{one}{await verification.engine.history(verification.id)}"

    assert "sealedNumber" in stored
    for secret in (verification.code, "2025550143", "not-a-real-token", PROVIDER_TEXT):
        assert secret not in stored
