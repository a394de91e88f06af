"""What a verification is started with."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from blueprints.starting import new_id, sms_start
from domain.challenge import SmsChallenge
from domain.errors import DestinationError, PayloadError, PhoneNumberError, SettingError
from providers.codes import FernetVault
from providers.wiring import providers
from tests.support.builders import KEY, an_environment, with_twilio


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A developer's settings, read anew by this test."""
    for name in [*with_twilio("x"), "SmsProvider"]:
        monkeypatch.delenv(name, raising=False)
    for name, value in an_environment().items():
        monkeypatch.setenv(name, value)
    providers.cache_clear()
    yield monkeypatch
    providers.cache_clear()


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("body", ["+12025550143", {"phoneNumber": "+12025550143"}])
def test_a_number_may_be_the_body_or_a_field_of_it(body: Any) -> None:
    """An operator sends the number as JSON text or in an object, as the platform's tutorial does."""
    challenge = SmsChallenge.from_payload(sms_start(body).input)

    assert challenge.to == "+1******0143"
    assert FernetVault([KEY]).unseal(challenge.sealed_number) == "+12025550143"
    assert (challenge.code_length, challenge.timeout_seconds, challenge.max_attempts) == (4, 120, 1)


@pytest.mark.usefixtures("environment")
def test_the_input_never_holds_the_whole_number() -> None:
    """The history keeps the input for good, so the number is sealed in it."""
    assert "2025550143" not in str(sms_start("+12025550143").input)


@pytest.mark.usefixtures("environment")
def test_each_start_has_an_id_and_a_nonce_of_its_own() -> None:
    """Ids are ours, of 128 random bits, and so is the nonce that makes the code differ."""
    first, second = sms_start("+12025550143"), sms_start("+12025550143")

    assert re.fullmatch("sms_[0-9a-f]{32}", first.instance_id)
    assert first.instance_id != second.instance_id
    assert first.input["nonce"] != second.input["nonce"]


def test_limits_are_taken_from_the_settings_at_the_start(environment: pytest.MonkeyPatch) -> None:
    """An instance keeps the limits it was started with, so they are in its input."""
    environment.setenv("SmsChallengeCodeLength", "8")
    environment.setenv("SmsChallengeTimeoutSeconds", "30")
    environment.setenv("SmsChallengeMaxAttempts", "3")

    given = sms_start("+12025550143").input

    assert (given["codeLength"], given["timeoutSeconds"], given["maxAttempts"]) == (8, 30, 3)


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(
    "body",
    [None, 5, True, [], {}, {"phoneNumber": 5}, {"phoneNumber": None}, {"phoneNumber": "+12025550143", "code": 1}],
)
def test_other_shapes_are_refused(body: Any) -> None:
    """Unknown fields and other types are an invalid request."""
    with pytest.raises(PayloadError):
        sms_start(body)


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(("text", "error"), [("+15550100143", PhoneNumberError), ("+18765550123", DestinationError)])
def test_bad_numbers_are_refused(text: str, error: type[Exception]) -> None:
    """Nothing is started for a number that gets no SMS."""
    with pytest.raises(error):
        sms_start(text)


@pytest.mark.parametrize("name", ["VerificationKey", "AZURE_FUNCTIONS_ENVIRONMENT"])
def test_nothing_is_started_that_could_not_be_sent(environment: pytest.MonkeyPatch, name: str) -> None:
    """A setting that sending will need is missed at the start, and not a minute later."""
    environment.delenv(name)

    with pytest.raises(SettingError):
        sms_start("+12025550143")


def test_a_setting_that_comes_later_is_not_cached_as_missing(environment: pytest.MonkeyPatch) -> None:
    """A provider that cannot be built says so each time."""
    environment.delenv("VerificationKey")
    wired = providers()

    for _ in range(2):
        with pytest.raises(SettingError):
            _ = wired.codes


def test_new_ids_fit_what_the_durable_client_may_be_given() -> None:
    """Our own ids match the pattern that ids of requests must match."""
    assert re.fullmatch("[A-Za-z0-9_-]{1,64}", new_id("case"))
