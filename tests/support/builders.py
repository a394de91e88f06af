"""Things to test with, each with good defaults, so that a test shows only what matters to it."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import timedelta
from typing import Any

from domain.challenge import Channel, CodeRef, SmsChallenge, SmsSending
from domain.phone_number import PhoneNumber
from domain.sms import Sms

KEY = bytes(range(32))
OLDER_KEY = bytes(range(32, 64))
NONCE = "00112233445566778899aabbccddeeff"
DIGEST = "d1" * 32
OTHER_DIGEST = "0e" * 32
A_NUMBER = PhoneNumber(country_code=1, national="2025550143")


def a_challenge(**fields: Any) -> SmsChallenge:
    """A challenge of an operator: four digits, two minutes, one attempt."""
    challenge = SmsChallenge(
        channel=Channel.OPERATOR,
        to=A_NUMBER.masked,
        sealed_number="gAAAAA_sealed-number==",
        nonce=NONCE,
        key_id="0123456789abcdef",
        code_length=4,
        timeout_seconds=120,
        max_attempts=1,
    )
    return replace(challenge, **fields)


def a_sending(**fields: Any) -> SmsSending:
    """What the sending activity is told."""
    return replace(a_challenge().sending("sms_1"), **fields)


def a_ref(**fields: Any) -> CodeRef:
    """A reference to a code."""
    return replace(a_challenge().code_of("sms_1"), **fields)


def an_sms(**fields: Any) -> Sms:
    """A message that is ready to be sent."""
    sms = Sms(
        instance_id="sms_1",
        number=A_NUMBER.e164,
        masked=A_NUMBER.masked,
        body="Countersign: your code is 2168.",
        valid_for=timedelta(seconds=120),
    )
    return replace(sms, **fields)


def an_environment(**values: str) -> dict[str, str]:
    """The settings of a developer who sends to the console and counts nothing; an empty value takes one away."""
    environment = {
        "AZURE_FUNCTIONS_ENVIRONMENT": "Development",
        "SendsPerPrefix": "off",
        "SendsInAll": "off",
        "AzureWebJobsStorage": "UseDevelopmentStorage=true",
        "VerificationKey": base64.b64encode(KEY).decode(),
    }
    return {name: value for name, value in (environment | values).items() if value}


def with_twilio(base_url: str = "", **values: str) -> dict[str, str]:
    """The settings of somebody who sends by Twilio, or by what stands in for it at *base_url*."""
    account = {
        "TwilioAccountSid": "AC" + "0" * 32,
        "TwilioAuthToken": "not-a-real-token",
        "TwilioPhoneNumber": "+15005550006",
        "TwilioApiBaseUrl": base_url,
    }
    return an_environment(**(account | values))
