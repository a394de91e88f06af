"""Twilio's own client against a stand-in server: what is sent, and how each end is told."""

import asyncio
import logging
import time
from collections.abc import Iterator

import pytest

from domain.sms import SendOutcome
from providers import twilio_transport
from providers.sms_health import SmsHealth
from providers.twilio_sms import TwilioSms
from settings import Settings
from tests.support.builders import an_sms, with_twilio
from tests.support.fakes import FakeClock
from tests.support.twilio_stand_in import PROVIDER_TEXT, REFUSED_NUMBERS, Fault, TwilioStandIn

NUMBER = "+12025550143"


@pytest.fixture
def twilio() -> Iterator[TwilioStandIn]:
    """A server that stands in for Twilio."""
    with TwilioStandIn() as stand_in:
        yield stand_in


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A transport that gives up after half a second in all, for tests that would wait ten."""
    timeout = twilio_transport._TIMEOUT
    monkeypatch.setattr(twilio_transport, "_TIMEOUT", type(timeout)(total=0.5, connect=0.5))


def a_sender(url: str, health: SmsHealth | None = None, **values: str) -> TwilioSms:
    """The provider, sending to *url*."""
    account = Settings(with_twilio(url, **values)).twilio
    assert account is not None
    return TwilioSms(account, health or SmsHealth(FakeClock().now))


async def test_a_message_is_handed_over(twilio: TwilioStandIn) -> None:
    """Number, sender, text and the seconds left reach the API under our account. Threat 25."""
    outcome = await a_sender(twilio.url).send(an_sms())

    assert outcome is SendOutcome.SENT
    assert twilio.messages == [
        {
            "To": "+12025550143",
            "From": "+15005550006",
            "Body": "Countersign: your code is 2168.",
            "ValidityPeriod": "120",
        }
    ]
    sid = "AC" + "0" * 32
    assert [(request.path, request.user) for request in twilio.received] == [
        (f"/2010-04-01/Accounts/{sid}/Messages.json", sid)
    ]


async def test_the_region_of_the_process_does_not_change_the_host(
    twilio: TwilioStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only our settings say where the API is; variables that the client would read are not believed."""
    monkeypatch.setenv("TWILIO_EDGE", "sydney")
    monkeypatch.setenv("TWILIO_REGION", "au1")

    assert await a_sender(twilio.url).send(an_sms()) is SendOutcome.SENT


@pytest.mark.parametrize("number", REFUSED_NUMBERS)
async def test_bad_numbers_are_refused(twilio: TwilioStandIn, number: str) -> None:
    """What Twilio refuses for good is not to be tried again."""
    outcome = await a_sender(twilio.url).send(an_sms(number=number))

    assert outcome is SendOutcome.REFUSED


async def test_a_wrong_token_is_refused(twilio: TwilioStandIn, caplog: pytest.LogCaptureFixture) -> None:
    """An account that is not let in will not be let in a second later; its token is in no log. Threat 63."""
    caplog.set_level(logging.DEBUG)
    twilio.fail_with(Fault.UNAUTHORIZED)

    assert await a_sender(twilio.url).send(an_sms()) is SendOutcome.REFUSED
    assert len(twilio.received) == 1
    assert "sms refused" in caplog.text
    assert with_twilio()["TwilioAuthToken"] not in "".join(str(vars(line)) for line in caplog.records)


async def test_denials_are_told_from_refusals(twilio: TwilioStandIn) -> None:
    """That we are not let in, time after time, is noted; that a number is refused says that we are. Threat 63."""
    health = SmsHealth(FakeClock().now)
    sender, waits = a_sender(twilio.url, health), []
    for number in (NUMBER, NUMBER, "+15005550001", NUMBER, NUMBER, NUMBER):
        twilio.fail_with(*([Fault.UNAUTHORIZED] if number == NUMBER else []))
        assert await sender.send(an_sms(number=number)) is SendOutcome.REFUSED
        waits.append(health.wait_ms())

    assert waits == [0, 0, 0, 0, 0, 30_000]
    assert len(twilio.received) == len(waits)


async def test_a_full_queue_asks_for_another_try(twilio: TwilioStandIn) -> None:
    """A sender whose queue is full may have room a second later."""
    outcome = await a_sender(twilio.url, TwilioPhoneNumber="+15005550008").send(an_sms())

    assert outcome is SendOutcome.RETRY


@pytest.mark.parametrize(
    "fault",
    [
        Fault.TOO_MANY,
        Fault.BROKEN,
        Fault.BROKEN_HTML,
        Fault.HTML_SUCCESS,
        Fault.NO_SID,
        Fault.NOT_AN_OBJECT,
        Fault.NOT_UTF8,
        Fault.OVERSIZE,
        Fault.RESET,
        Fault.ACCEPT_THEN_RESET,
    ],
)
async def test_faults_and_garbage_ask_for_another_try(twilio: TwilioStandIn, fault: Fault) -> None:
    """What may be better next time is told as a retry, and so is garbage for success. Threat 60, 61, 64."""
    twilio.fail_with(fault)

    assert await a_sender(twilio.url).send(an_sms()) is SendOutcome.RETRY


async def test_a_redirect_is_not_followed(twilio: TwilioStandIn) -> None:
    """Our credentials go to no other address than the one that is set. Threat 64."""
    twilio.fail_with(Fault.REDIRECT)

    assert await a_sender(twilio.url).send(an_sms()) is SendOutcome.RETRY
    assert len(twilio.received) == 1


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("fault", [Fault.HANG, Fault.SLOW_DRIP, Fault.SLOW_HEADERS])
async def test_a_server_that_takes_its_time_is_given_up(twilio: TwilioStandIn, fault: Fault) -> None:
    """The time limit holds for the request in all, also where a byte comes now and then. Threat 61."""
    twilio.fail_with(fault)
    before = time.monotonic()

    assert await a_sender(twilio.url).send(an_sms()) is SendOutcome.RETRY
    assert time.monotonic() - before < 5


def test_the_limits_are_those_of_the_specification() -> None:
    """Three seconds to connect, ten in all, 64 KiB of an answer."""
    assert (twilio_transport._TIMEOUT.connect, twilio_transport._TIMEOUT.total) == (3, 10)
    assert twilio_transport.ANSWER_BYTES == 65_536


async def test_nobody_there_asks_for_another_try(twilio: TwilioStandIn) -> None:
    """A refused connection is a retry."""
    sender = a_sender(twilio.url)
    await asyncio.to_thread(twilio.close)

    assert await sender.send(an_sms()) is SendOutcome.RETRY


@pytest.mark.parametrize("fault", [None, Fault.BROKEN, Fault.UNAUTHORIZED, Fault.HTML_SUCCESS, Fault.NO_SID])
async def test_logs_hold_numbers_of_the_provider_only(
    twilio: TwilioStandIn, caplog: pytest.LogCaptureFixture, fault: Fault | None
) -> None:
    """The operator's log names status and code; no text of the provider, no code, no whole number, no token."""
    caplog.set_level(logging.DEBUG)
    twilio.fail_with(*([fault] if fault else []))

    await a_sender(twilio.url).send(an_sms())

    written = caplog.text + "".join(str(record.__dict__) for record in caplog.records)
    assert "sms" in written
    for secret in (PROVIDER_TEXT, "2168", "12025550143", "not-a-real-token"):
        assert secret not in written


async def test_a_refusal_names_status_and_code_in_the_log(
    twilio: TwilioStandIn, caplog: pytest.LogCaptureFixture
) -> None:
    """The exact reason is there for the operator, and nowhere else."""
    await a_sender(twilio.url).send(an_sms(number="+15005550004"))

    assert "sms refused: status 400, code 21610" in caplog.text
