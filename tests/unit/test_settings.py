"""Settings: each checked when it is asked for, all of them listed at once."""

import base64
from collections.abc import Callable

import pytest

from domain.errors import SettingError
from domain.rates import rates_in
from settings import Settings, SmsProvider, problems
from tests.support.builders import KEY, OLDER_KEY, an_environment, with_twilio

Read = Callable[[Settings], object]


def settings_of(**values: str) -> Settings:
    """A developer's settings."""
    return Settings(an_environment(**values))


def test_a_developer_needs_only_a_key() -> None:
    """The console sends where development has no Twilio settings, and every limit has its default."""
    settings = settings_of()

    assert problems(settings.environ) == []
    assert settings.sms_provider is SmsProvider.CONSOLE
    assert settings.twilio is None
    assert settings.sms_brand == "Countersign"
    assert settings.sms_challenge_timeout_seconds == 120
    assert settings.sms_challenge_code_length == 4
    assert settings.sms_challenge_max_attempts == 1
    assert settings.allowed_regions == {"US"}
    assert settings.public_base_url is None
    assert settings.public_domain is None
    assert settings.accept_operator_decisions is False
    assert settings.verify_page_enabled is False


def test_settings_are_read_as_they_are_set() -> None:
    """What is set wins over the default."""
    settings = settings_of(
        SmsBrand="Acme",
        SmsChallengeTimeoutSeconds="60",
        SmsChallengeCodeLength=" 8 ",
        SmsChallengeMaxAttempts="3",
        AllowedRegions="US, DE",
        PublicBaseUrl="https://verify.example.com/",
        AcceptOperatorDecisions="True",
        VerifyPageEnabled="true",
    )

    assert settings.sms_brand == "Acme"
    assert settings.sms_challenge_timeout_seconds == 60
    assert settings.sms_challenge_code_length == 8
    assert settings.sms_challenge_max_attempts == 3
    assert settings.allowed_regions == {"US", "DE"}
    assert settings.public_base_url == "https://verify.example.com"
    assert settings.public_domain == "verify.example.com"
    assert settings.accept_operator_decisions is True
    assert settings.verify_page_enabled is True


def test_keys_are_listed_newest_first() -> None:
    """Several keys, comma-separated, allow a rotation."""
    both = ", ".join(base64.b64encode(key).decode() for key in (KEY, OLDER_KEY))

    assert settings_of(VerificationKey=both).verification_key == (KEY, OLDER_KEY)


@pytest.mark.parametrize("key", ["x", "c2hvcnQ=", base64.b64encode(b"k" * 33).decode(), "\u00fc" * 44])
def test_a_malformed_key_is_named_and_never_quoted(key: str) -> None:
    """Messages about secrets name the setting and the place in it."""
    good = base64.b64encode(KEY).decode()

    with pytest.raises(SettingError) as caught:
        _ = settings_of(VerificationKey=f"{good},{key}").verification_key

    assert str(caught.value) == "Setting VerificationKey: entry 2 is not 32 bytes in base64."


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("VerificationKey", "", lambda settings: settings.verification_key),
        ("AzureWebJobsStorage", "", lambda settings: settings.azure_web_jobs_storage),
        ("SmsBrand", "\u4f8b", lambda settings: settings.sms_brand),
        ("SmsBrand", "B" * 41, lambda settings: settings.sms_brand),
        ("SmsProvider", "pigeon", lambda settings: settings.sms_provider),
        ("SmsChallengeTimeoutSeconds", "soon", lambda settings: settings.sms_challenge_timeout_seconds),
        ("SmsChallengeTimeoutSeconds", "0", lambda settings: settings.sms_challenge_timeout_seconds),
        ("SmsChallengeCodeLength", "3", lambda settings: settings.sms_challenge_code_length),
        ("SmsChallengeMaxAttempts", "1.5", lambda settings: settings.sms_challenge_max_attempts),
        ("AllowedRegions", "US,001", lambda settings: settings.allowed_regions),
        ("AllowedRegions", "us", lambda settings: settings.allowed_regions),
        ("PublicBaseUrl", "http://example.com", lambda settings: settings.public_base_url),
        ("PublicBaseUrl", "https://[::1", lambda settings: settings.public_domain),
        ("AcceptOperatorDecisions", "yes", lambda settings: settings.accept_operator_decisions),
        ("VerifyPageEnabled", "1", lambda settings: settings.verify_page_enabled),
    ],
)
def test_a_bad_setting_fails_where_it_is_read_and_is_listed(name: str, value: str, read: Read) -> None:
    """A setting that is missing or malformed is named at its first use and in the list of all that is wrong."""
    settings = settings_of(**{name: value})

    with pytest.raises(SettingError, match=f"Setting {name}"):
        read(settings)
    assert [problem for problem in problems(settings.environ) if name in problem] != []


def test_a_bad_setting_leaves_the_others_alone() -> None:
    """A malformed setting fails only the calls that need it."""
    settings = settings_of(SmsChallengeTimeoutSeconds="soon")

    assert settings.verification_key == (KEY,)


def test_problems_lists_everything_once() -> None:
    """Whoever starts the app sees everything that is wrong with the settings at once, one sentence each."""
    found = problems({})

    assert found == [
        "Setting AzureWebJobsStorage is missing; expected a connection string, such as UseDevelopmentStorage=true.",
        "Setting VerificationKey is missing; expected 32 random bytes in base64 "
        "(several, comma-separated, newest first).",
        "Setting SmsProvider is missing; expected twilio and the settings TwilioAccountSid, TwilioAuthToken, "
        "TwilioPhoneNumber.",
    ]


def test_twilio_is_chosen_by_its_settings() -> None:
    """Where all three Twilio settings are there, Twilio sends, in development too."""
    account = Settings(with_twilio()).twilio

    assert account is not None
    assert account.api_base_url == "https://api.twilio.com"
    assert "not-a-real-token" not in repr(account)


def test_some_but_not_all_twilio_settings_name_the_missing() -> None:
    """Half an account is a mistake, never a reason to send to the console."""
    with pytest.raises(SettingError, match="Setting TwilioAuthToken, TwilioPhoneNumber is missing"):
        _ = settings_of(TwilioAccountSid="AC1").sms_provider


def test_twilio_may_be_asked_for_by_name() -> None:
    """Asking for Twilio without an account names what is missing."""
    with pytest.raises(SettingError, match="TwilioAccountSid, TwilioAuthToken, TwilioPhoneNumber is missing"):
        _ = settings_of(SmsProvider="twilio").twilio


def test_the_console_may_be_asked_for_beside_an_account() -> None:
    """A developer with an account may still send to the console."""
    assert Settings(with_twilio(SmsProvider="console")).twilio is None


@pytest.mark.parametrize("provider", ["", "console"])
def test_the_console_is_refused_outside_development(provider: str) -> None:
    """In Azure nobody reads the console, and it would show codes."""
    with pytest.raises(SettingError, match="Setting SmsProvider is"):
        _ = settings_of(AZURE_FUNCTIONS_ENVIRONMENT="Production", SmsProvider=provider).sms_provider


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TwilioAccountSid", "SK123"),
        ("TwilioPhoneNumber", "12025550143"),
        ("TwilioAuthToken", "two words"),
        ("TwilioApiBaseUrl", "http://example.com"),
        ("TwilioApiBaseUrl", "https://user:secret@example.com"),
        ("TwilioApiBaseUrl", "ftp://127.0.0.1"),
        ("TwilioApiBaseUrl", "https://example.com/?a=1"),
    ],
)
def test_a_malformed_account_is_refused(name: str, value: str) -> None:
    """An account goes only to https, or to a stand-in on this machine."""
    with pytest.raises(SettingError, match=f"Setting {name}"):
        _ = Settings(with_twilio(**{name: value})).twilio


def test_a_malformed_token_is_never_quoted() -> None:
    """A secret stays out of messages even where it is wrong."""
    with pytest.raises(SettingError) as caught:
        _ = Settings(with_twilio(TwilioAuthToken="two words")).twilio

    assert "two words" not in str(caught.value)


def test_settings_hide_their_values_when_printed() -> None:
    """Settings that end up in a log by accident show nothing."""
    assert repr(settings_of()) == "Settings()"


def test_settings_of_the_process_are_read_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment is read once for each `Settings`, at its making."""
    monkeypatch.setenv("SmsBrand", "Acme")

    assert Settings.load().sms_brand == "Acme"


def test_the_limits_have_the_defaults_of_the_specification() -> None:
    """Who sets nothing is protected."""
    limits = settings_of(SendsPerPrefix="", SendsInAll="").limits

    assert limits.starts_per_phone == rates_in("3/10m,5/1h,10/1d")
    assert limits.starts_per_address == rates_in("5/10m")
    assert limits.sends_per_prefix == rates_in("10/10m")
    assert limits.sends_in_all == rates_in("60/1m,5000/1d")
    assert limits.wrong_answers_per_phone == 10


def test_each_limit_can_be_set_and_switched_off() -> None:
    """`off` switches a limit off."""
    names = ("StartsPerPhone", "StartsPerAddress", "SendsPerPrefix", "SendsInAll", "WrongAnswersPerPhone")

    off = settings_of(**dict.fromkeys(names, "off")).limits
    set_to = settings_of(StartsPerPhone="1/1s", WrongAnswersPerPhone="3").limits

    assert (off.starts_per_phone, off.starts_per_address, off.sends_per_prefix, off.sends_in_all) == ((), (), (), ())
    assert off.wrong_answers_per_phone is None
    assert (set_to.starts_per_phone, set_to.wrong_answers_per_phone) == (rates_in("1/1s"), 3)


@pytest.mark.parametrize("value", ["3", "3/10", "none", "3/10m,", "0/1m"])
def test_a_malformed_limit_is_refused_and_not_ignored(value: str) -> None:
    """A limit that cannot be read lets nothing through."""
    with pytest.raises(SettingError, match="StartsPerPhone"):
        _ = settings_of(StartsPerPhone=value).starts_per_phone
