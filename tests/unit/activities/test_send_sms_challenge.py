"""Sending a challenge."""

from datetime import timedelta

import pytest

from activities.digest_sms_code import digest_sms_code
from activities.send_sms_challenge import send_sms_challenge
from domain.challenge import Handover, SmsSending
from domain.errors import PayloadError
from domain.gates import Gates
from domain.sms import SendOutcome, Wording
from providers.codes import DerivedCodes, FernetVault
from tests.support.builders import A_NUMBER, KEY, a_ref, a_sending
from tests.support.fakes import FakeSms
from tests.support.limits import AwayRecords, some_gates

CODES = DerivedCodes([KEY])
VAULT = FernetVault([KEY])


def a_good_sending() -> SmsSending:
    """A sending whose number we sealed."""
    return a_sending(code=a_ref(key_id=CODES.newest_key_id()), sealed_number=VAULT.seal(A_NUMBER.e164))


async def send(sending: SmsSending, sms: FakeSms, domain: str | None = None, gates: Gates | None = None) -> Handover:
    """Run the activity."""
    wording = Wording(brand="Countersign", domain=domain)
    return await send_sms_challenge(
        sending, wording=wording, codes=CODES, vault=VAULT, gates=gates or some_gates(), sms=sms
    )


async def test_the_code_goes_to_the_phone_and_its_digest_to_the_flow() -> None:
    """The activity sends the code and answers only its digest."""
    sms = FakeSms()

    handover = await send(a_good_sending(), sms)

    sent = sms.sent[0]
    code = sent.body.removeprefix("Countersign: your code is ")[:4]
    assert (sent.number, sent.masked, sent.valid_for) == ("+12025550143", "+1******0143", timedelta(seconds=120))
    assert handover.outcome is SendOutcome.SENT
    assert handover.digest == digest_sms_code(a_good_sending().code, code, codes=CODES)
    assert code not in str(handover.to_payload().values()).replace(handover.digest, "")


async def test_a_second_run_sends_the_same_code() -> None:
    """A crash between sending and answering costs a second SMS, never a second code."""
    sms = FakeSms()
    sending = a_good_sending()

    first = await send(sending, sms)
    second = await send(sending, sms)

    assert sms.sent[0].body == sms.sent[1].body
    assert first == second


@pytest.mark.parametrize("outcome", [SendOutcome.RETRY, SendOutcome.REFUSED])
async def test_what_was_not_handed_over_has_no_digest(outcome: SendOutcome) -> None:
    """Only a code that is out can be answered."""
    handover = await send(a_good_sending(), FakeSms(outcome))

    assert handover.to_payload() == {"outcome": outcome.value}


async def test_our_domain_binds_the_code() -> None:
    """Where the public address is known, the last line names it."""
    sms = FakeSms()

    await send(a_good_sending(), sms, domain="verify.example.com")

    assert "\n@verify.example.com #" in sms.sent[0].body


async def test_a_number_that_we_did_not_seal_is_not_written_to() -> None:
    """An instance that somebody started past our starter cannot make us write to a number of his choice."""
    sms = FakeSms()

    with pytest.raises(PayloadError):
        await send(a_sending(code=a_ref(key_id=CODES.newest_key_id())), sms)

    assert sms.sent == []


async def test_the_last_gate_lets_no_message_through_that_is_too_many() -> None:
    """A message over the limits is not sent, whichever way its verification was started. Threat 16, 18."""
    sms, gates = FakeSms(), some_gates(sends_in_all="1/10m")

    handovers = [await send(a_good_sending(), sms, gates=gates) for _ in range(2)]

    assert [handover.outcome for handover in handovers] == [SendOutcome.SENT, SendOutcome.LIMITED]
    assert len(sms.sent) == 1


async def test_what_cannot_be_counted_is_not_sent() -> None:
    """While the storage that counts is away there is no message. Threat 65."""
    sms, gates = FakeSms(), some_gates(records=AwayRecords(), sends_in_all="1/10m")

    handover = await send(a_good_sending(), sms, gates=gates)

    assert handover.to_payload() == {"outcome": "uncounted"}
    assert sms.sent == []
