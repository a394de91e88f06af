"""The console provider and its outbox."""

import pytest

from domain.sms import SendOutcome
from providers.console_sms import KEPT, ConsoleSms, Outbox
from tests.support.builders import an_sms
from tests.support.fakes import FakeClock


async def test_a_message_is_printed_and_kept(capsys: pytest.CaptureFixture[str]) -> None:
    """A developer reads the message on the console or in the outbox; the number is masked in both."""
    outbox = Outbox()

    outcome = await ConsoleSms(outbox=outbox, clock=FakeClock()).send(an_sms())

    assert outcome is SendOutcome.SENT
    assert capsys.readouterr().out == "SMS to +1******0143: Countersign: your code is 2168.\n"
    assert outbox.of("sms_1") == [
        {
            "instanceId": "sms_1",
            "to": "+1******0143",
            "body": "Countersign: your code is 2168.",
            "at": "2026-01-15T12:00:00.000Z",
        }
    ]


async def test_the_outbox_keeps_the_last_hundred() -> None:
    """Older messages are forgotten, so a long-lived worker does not grow."""
    outbox = Outbox()
    console = ConsoleSms(outbox=outbox, clock=FakeClock())

    for number in range(KEPT + 5):
        await console.send(an_sms(instance_id=f"sms_{number}"))

    kept = outbox.of(None)
    assert len(kept) == KEPT == 100
    assert kept[0]["instanceId"] == "sms_5"
    assert outbox.of("sms_0") == []
