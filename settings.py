"""The one reader of the environment.

A setting is checked when it is asked for, so a missing or malformed one fails only the calls that need it.
`problems` asks for all of them and lists what is wrong. An empty value counts as not set.
Messages name the setting and the way out; those about secrets never quote the value.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from domain.errors import PayloadError, SettingError
from domain.gates import Limits
from domain.rates import rates_in
from domain.routes import routes_in
from domain.sms import BRAND_LENGTH, is_gsm7

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.rates import Rates
    from domain.routes import Route

TWILIO_API = "https://api.twilio.com"
EXAMPLE_ORDERS = Path(__file__).parent / "providers" / "example_orders.json"
_TWILIO_NAMES = ("TwilioAccountSid", "TwilioAuthToken", "TwilioPhoneNumber")
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class SmsProvider(StrEnum):
    """Who carries our SMS."""

    TWILIO = "twilio"
    CONSOLE = "console"


@dataclass(frozen=True, slots=True, kw_only=True)
class TwilioAccount:
    """What is needed to send by Twilio."""

    account_sid: str
    auth_token: str = field(repr=False)
    phone_number: str
    api_base_url: str


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings as they were when this was made; each property reads and checks one, or raises `SettingError`."""

    environ: Mapping[str, str] = field(repr=False)

    @classmethod
    def load(cls) -> Settings:
        """Return the settings of this process."""
        return cls(dict(os.environ))

    @property
    def is_development(self) -> bool:
        """Whether this is somebody's own machine; the platform's tools and devhost say so."""
        return self._text("AZURE_FUNCTIONS_ENVIRONMENT") == "Development"

    @property
    def azure_web_jobs_storage(self) -> str:
        """The connection string of the storage account that holds our tables."""
        return self._needed("AzureWebJobsStorage", "a connection string, such as UseDevelopmentStorage=true")

    @property
    def verification_key(self) -> tuple[bytes, ...]:
        """The keys that codes and number encryption derive from, newest first."""
        name = "VerificationKey"
        entries = self._needed(name, "32 random bytes in base64 (several, comma-separated, newest first)").split(",")
        return tuple(_key(name, entry.strip(), place) for place, entry in enumerate(entries, 1))

    @property
    def sms_brand(self) -> str:
        """The name that every SMS begins with."""
        name, brand = "SmsBrand", self._text("SmsBrand") or "Countersign"
        if len(brand) > BRAND_LENGTH or not is_gsm7(brand):
            raise _malformed(name, brand, f"at most {BRAND_LENGTH} characters of the GSM alphabet, such as Countersign")
        return brand

    @property
    def sms_provider(self) -> SmsProvider:
        """Who carries our SMS: as set, else Twilio if its settings are there, else the console in development."""
        name, chosen = "SmsProvider", self._text("SmsProvider")
        if chosen not in {"", *SmsProvider}:
            raise _malformed(name, chosen, "twilio or console")
        if chosen == SmsProvider.TWILIO or (not chosen and self._has_any(_TWILIO_NAMES)):
            self._refuse_missing(_TWILIO_NAMES)
            return SmsProvider.TWILIO
        if not self.is_development:
            problem = "is console, which only development may use" if chosen else "is missing"
            message = f"Setting {name} {problem}; expected twilio and the settings {', '.join(_TWILIO_NAMES)}."
            raise SettingError(message)
        return SmsProvider.CONSOLE

    @property
    def twilio(self) -> TwilioAccount | None:
        """The account to send by, or None where another provider is chosen."""
        if self.sms_provider is not SmsProvider.TWILIO:
            return None
        return TwilioAccount(
            account_sid=self._matching(
                "TwilioAccountSid", "AC[A-Za-z0-9]{1,62}", "the account's SID, AC and 32 digits"
            ),
            auth_token=self._secret("TwilioAuthToken", "[!-~]{1,200}"),
            phone_number=self._matching("TwilioPhoneNumber", r"\+[0-9]{7,15}", "the sender, such as +15005550006"),
            api_base_url=self._url("TwilioApiBaseUrl") or TWILIO_API,
        )

    @property
    def sms_challenge_timeout_seconds(self) -> int:
        """How long a person may take to answer, from the hand-over of the SMS."""
        return self._whole("SmsChallengeTimeoutSeconds", default=120, least=1, most=3600)

    @property
    def sms_challenge_code_length(self) -> int:
        """How many digits a code has."""
        return self._whole("SmsChallengeCodeLength", default=4, least=4, most=10)

    @property
    def sms_challenge_max_attempts(self) -> int:
        """How many answers an operator's verification takes."""
        return self._whole("SmsChallengeMaxAttempts", default=1, least=1, most=10)

    @property
    def allowed_regions(self) -> frozenset[str]:
        """The regions (ISO 3166-1 alpha-2) whose phones get an SMS."""
        name, listed = "AllowedRegions", self._text("AllowedRegions") or "US"
        regions = frozenset(region.strip() for region in listed.split(","))
        if not all(re.fullmatch("[A-Z]{2}", region) for region in regions):
            raise _malformed(name, listed, "regions of two capital letters, comma-separated, such as US,CA")
        return regions

    @property
    def verification_max_attempts(self) -> int:
        """How many answers a verification of the user API takes."""
        return self._whole("VerificationMaxAttempts", default=3, least=1, most=10)

    @property
    def starts_per_phone(self) -> Rates:
        """How often a verification may start for one phone."""
        return self._rates("StartsPerPhone", "3/10m,5/1h,10/1d")

    @property
    def starts_per_address(self) -> Rates:
        """How often a verification may start from one client address."""
        return self._rates("StartsPerAddress", "5/10m")

    @property
    def sends_per_prefix(self) -> Rates:
        """How many messages may go to the numbers of one prefix."""
        return self._rates("SendsPerPrefix", "10/10m")

    @property
    def sends_in_all(self) -> Rates:
        """How many messages may be sent at all."""
        return self._rates("SendsInAll", "60/1m,5000/1d")

    @property
    def wrong_answers_per_phone(self) -> int | None:
        """How many wrong answers in a row lock a phone; None: none does."""
        name = "WrongAnswersPerPhone"
        return None if self._text(name) == "off" else self._whole(name, default=10, least=1, most=1000)

    @property
    def limits(self) -> Limits:
        """All limits on starts, sends and wrong answers."""
        return Limits(
            starts_per_phone=self.starts_per_phone,
            starts_per_address=self.starts_per_address,
            sends_per_prefix=self.sends_per_prefix,
            sends_in_all=self.sends_in_all,
            wrong_answers_per_phone=self.wrong_answers_per_phone,
        )

    @property
    def trusted_forwarded_hops(self) -> int:
        """How many proxies in front of the app append to X-Forwarded-For; what stands before theirs is hearsay."""
        return self._whole("TrustedForwardedHops", default=1, least=1, most=10)

    @property
    def verification_retention_hours(self) -> int:
        """How long an ended verification is kept."""
        return self._whole("VerificationRetentionHours", default=24, least=1, most=8760)

    @property
    def public_base_url(self) -> str | None:
        """Where the app is reached from outside, if that is known."""
        return self._url("PublicBaseUrl")

    @property
    def public_domain(self) -> str | None:
        """The host name of `public_base_url`."""
        return urlsplit(self.public_base_url or "").hostname

    @property
    def verify_page_enabled(self) -> bool:
        """Whether everybody may verify a phone on the page /verify, without a function key."""
        return self._flag("VerifyPageEnabled")

    @property
    def accept_operator_decisions(self) -> bool:
        """Whether cases may be decided by the raw event on the management URL."""
        return self._flag("AcceptOperatorDecisions")

    @property
    def platform_signs_in(self) -> bool:
        """Whether the platform signs people in, and so takes away what a client says about who it is."""
        return self._text("WEBSITE_AUTH_ENABLED") == "True"

    @property
    def case_routes(self) -> tuple[Route, ...]:
        """On whose desks a case lies, one after the other, and for how long."""
        name, written = "CaseRoutes", self._text("CaseRoutes") or "team:3d,escalation:4d"
        try:
            return routes_in(written)
        except PayloadError as error:
            raise _malformed(
                name, written, "different names with a time each, such as team:3d,escalation:4d, 30 days in all at most"
            ) from error

    @property
    def payment_service(self) -> str | None:
        """Where refunds are paid; None: by the ledger in our own table."""
        name, chosen = "PaymentProvider", self._text("PaymentProvider") or "ledger"
        url = self._url("PaymentApiBaseUrl")
        if chosen not in {"ledger", "http"}:
            raise _malformed(name, chosen, "ledger or http")
        if chosen == "http" and url is None:
            message = "Setting PaymentApiBaseUrl is missing; to pay by http, the service's URL is needed."
            raise SettingError(message)
        return url if chosen == "http" else None

    @property
    def orders_file(self) -> Path:
        """Where the orders are listed; the example set unless another file is named."""
        named = self._text("OrdersFile")
        return Path(named) if named else EXAMPLE_ORDERS

    @property
    def completion_queue_name(self) -> str:
        """The queue that hears what has ended."""
        return self._queue_name("CompletionQueueName", "completions")

    @property
    def approvals_queue_name(self) -> str:
        """The queue that approvers hear by."""
        return self._queue_name("ApprovalsQueueName", "approvals")

    @property
    def notifications_queue_name(self) -> str:
        """The queue that customers hear by."""
        return self._queue_name("NotificationsQueueName", "notifications")

    def _queue_name(self, name: str, usual: str) -> str:
        value = self._text(name) or usual
        if not re.fullmatch("(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*", value):
            raise _malformed(name, value, f"3 to 63 lower-case letters, digits and single hyphens, such as {usual}")
        return value

    def _text(self, name: str) -> str:
        return self.environ.get(name, "").strip()

    def _needed(self, name: str, expected: str) -> str:
        value = self._text(name)
        if not value:
            message = f"Setting {name} is missing; expected {expected}."
            raise SettingError(message)
        return value

    def _matching(self, name: str, pattern: str, expected: str) -> str:
        value = self._needed(name, expected)
        if not re.fullmatch(pattern, value):
            raise _malformed(name, value, expected)
        return value

    def _secret(self, name: str, pattern: str) -> str:
        value = self._needed(name, "the secret that the provider gave you")
        if not re.fullmatch(pattern, value):
            message = f"Setting {name} holds characters that no such secret has."
            raise SettingError(message)
        return value

    def _whole(self, name: str, *, default: int, least: int, most: int) -> int:
        value = self._text(name) or str(default)
        if not re.fullmatch("[0-9]{1,9}", value) or not least <= int(value) <= most:
            raise _malformed(name, value, f"a whole number from {least} to {most}, such as {default}")
        return int(value)

    def _flag(self, name: str) -> bool:
        said = self._text(name) or "false"
        if said.lower() not in {"true", "false"}:
            raise _malformed(name, said, "true or false")
        return said.lower() == "true"

    def _rates(self, name: str, default: str) -> Rates:
        value = self._text(name) or default
        try:
            return rates_in(value)
        except PayloadError:
            expected = f"limits such as {default} (number/span with s, m, h or d, comma-separated), or off"
            raise _malformed(name, value, expected) from None

    def _url(self, name: str) -> str | None:
        value = self._text(name)
        return _base_url(name, value) if value else None

    def _has_any(self, names: tuple[str, ...]) -> bool:
        return any(self._text(name) for name in names)

    def _refuse_missing(self, names: tuple[str, ...]) -> None:
        missing = [name for name in names if not self._text(name)]
        if missing:
            message = f"Setting {', '.join(missing)} is missing; to send by Twilio, {', '.join(names)} are needed."
            raise SettingError(message)


def problems(environ: Mapping[str, str]) -> list[str]:
    """Return one sentence for everything that is wrong with the settings in *environ*."""
    settings = Settings(environ)
    found: dict[str, None] = {}
    for name in (name for name, member in vars(Settings).items() if isinstance(member, property)):
        try:
            getattr(settings, name)
        except SettingError as error:
            found[str(error)] = None
    return list(found)


def _malformed(name: str, value: str, expected: str) -> SettingError:
    return SettingError(f'Setting {name} is "{value}"; expected {expected}.')


def _key(name: str, entry: str, place: int) -> bytes:
    try:
        key = base64.b64decode(entry, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 32:  # noqa: PLR2004  said in the message
        message = f"Setting {name}: entry {place} is not 32 bytes in base64."
        raise SettingError(message)
    return key


def _base_url(name: str, value: str) -> str:
    """Return a URL that is safe to send secrets to: https, or http on this machine."""
    expected = "an https URL without user, query or fragment (http only for this machine)"
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise _malformed(name, value, expected) from error
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
    if not host or not is_safe or parts.username is not None or parts.query or parts.fragment:
        raise _malformed(name, value, expected)
    return value.rstrip("/")
