"""Sends SMS by Twilio's own client, which is loaded at the first send.

The client never sees our patience wear thin: the transport below it ends a request after ten seconds in all, reads at
most 64 KiB of an answer, and follows no redirect. What Twilio says is told to the operator's log as numbers only.
"""

from __future__ import annotations

import logging
from functools import cached_property
from typing import TYPE_CHECKING, Any

from domain.sms import SendOutcome

if TYPE_CHECKING:
    from twilio.rest import Client

    from domain.sms import Sms
    from providers.sms_health import SmsHealth
    from settings import TwilioAccount

logger = logging.getLogger(__name__)

TRANSIENT_CODES = frozenset({20429, 20500, 20503, 20504, 21611, 30001})
"""Twilio's codes that promise a better end to another try: too many requests, its own faults, a full queue."""

_FIRST_CODE = 1000  # below, `code` is only the HTTP status again
_REFUSALS = frozenset({401, 403})
_DENIALS = frozenset({20003, 20005, 20006})  # we are not known, are suspended, or may not


class TwilioSms:
    """An SMS sender. A second call sends a second message with the same text."""

    def __init__(self, account: TwilioAccount, health: SmsHealth) -> None:
        self._account = account
        self._health = health

    async def send(self, sms: Sms) -> SendOutcome:
        """Hand *sms* to Twilio, once."""
        from twilio.base.exceptions import TwilioException  # noqa: PLC0415  loaded at the first send

        try:
            message = await self._client.messages.create_async(
                to=sms.number,
                from_=self._account.phone_number,
                body=sms.body,
                validity_period=int(sms.valid_for.total_seconds()),
            )
        except TwilioException as error:
            return self._refused_or_retry(sms, getattr(error, "status", None), getattr(error, "code", None))
        except (AttributeError, KeyError, TypeError, ValueError):
            return _retry(sms, "garbage")  # an answer that the client took for a success and could not read
        if not _is_sid(message.sid):
            return _retry(sms, "no sid")
        self._health.note(is_denied=False)
        logger.info("sms handed over", extra={"instance_id": sms.instance_id, "to": sms.masked})
        return SendOutcome.SENT

    def _refused_or_retry(self, sms: Sms, status: Any, code: Any) -> SendOutcome:  # noqa: ANN401  whatever was answered
        outcome = _refused_or_retry(sms, status, code)
        if outcome is SendOutcome.REFUSED:
            self._health.note(is_denied=status in _REFUSALS and (code in _DENIALS or not _is_known(code)))
        return outcome

    @cached_property
    def _client(self) -> Client:
        from twilio.rest import Client  # noqa: PLC0415  loaded at the first send

        from providers.twilio_transport import BoundedTransport  # noqa: PLC0415  needs twilio's base class

        client = Client(  # type: ignore[no-untyped-call]  # its __init__ has no annotations
            self._account.account_sid,
            self._account.auth_token,
            http_client=BoundedTransport(),
            environment={"TWILIO_EDGE": ""},  # else it would read the process's environment
        )
        client.api.base_url = self._account.api_base_url
        return client


def _refused_or_retry(sms: Sms, status: Any, code: Any) -> SendOutcome:  # noqa: ANN401  whatever was answered
    """Tell a refusal, which stands, from a fault, which may pass."""
    known = code if _is_known(code) else None
    is_refusal = known not in TRANSIENT_CODES and isinstance(status, int) and 400 <= status < 500 and status != 429  # noqa: PLR2004  HTTP
    if not is_refusal or (known is None and status not in _REFUSALS):
        return _retry(sms, f"status {_number(status)}, code {_number(code)}")
    fields = {"instance_id": sms.instance_id, "to": sms.masked, "status": status, "code": known}
    logger.warning("sms refused: status %s, code %s", status, known, extra=fields)
    return SendOutcome.REFUSED


def _is_known(code: object) -> bool:
    return isinstance(code, int) and code >= _FIRST_CODE


def _retry(sms: Sms, why: str) -> SendOutcome:
    logger.warning("sms not handed over: %s", why, extra={"instance_id": sms.instance_id, "to": sms.masked})
    return SendOutcome.RETRY


def _number(value: Any) -> str:  # noqa: ANN401  whatever was answered
    """Return a number that an answer held; its texts stay out of our log."""
    return str(value) if isinstance(value, int) else "none"


def _is_sid(sid: object) -> bool:
    return isinstance(sid, str) and sid.startswith(("SM", "MM"))
