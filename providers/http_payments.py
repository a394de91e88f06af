"""A payment service behind HTTP: refunds are looked up before they are asked for, and asked for by one key.

What is about to be paid is written down first, as in our own ledger, so that a key never stands for two refunds. The
service may book and then fail to answer, and may forget keys; what it lists for a case is what was paid. Since a call
may still be on its way when its maker is dead, nobody else asks within a minute, and who asks then has looked again.
"""

from __future__ import annotations

import http.client
import json
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode, urlsplit

from domain.errors import ConflictError, StorageError

if TYPE_CHECKING:
    from domain.ports import Clock
    from providers.refund_ledger_tables import RefundIntents

CLAIMED_FOR: Final = timedelta(minutes=1)  # longer than any call lasts, and its way through the service
CONNECT_SECONDS: Final = 3.0
ALL_SECONDS: Final = 10.0
ANSWER_BYTES: Final = 64 * 1024
_REFUSED: Final = frozenset({400, 403, 404, 409, 422})


class HttpPayments:
    """Pays customers back by a service that others run."""

    def __init__(self, base_url: str, intents: RefundIntents, clock: Clock, *, within: float = ALL_SECONDS) -> None:
        """Ask the service at *base_url*, each time *within* so many seconds."""
        self._base = urlsplit(base_url)
        self._intents = intents
        self._clock = clock
        self._within = within

    def pay_back(self, *, key: str, order_id: str, amount: int, currency: str) -> str:
        """Have a refund paid once, and return its receipt."""
        terms = {"orderId": order_id, "amount": amount, "currency": currency}
        self._intents.intend(key, terms)

        case_id = key.partition(":")[2]
        paid = self._paid(case_id, terms) or self._paid_before_our_turn(key, case_id, terms)
        if paid is not None:
            return paid
        status, said = self._asked("POST", "/refunds", {"Idempotency-Key": key}, terms | {"caseId": case_id})
        if status in {200, 201}:
            return _receipt_of(said)
        if status in _REFUSED:
            message = f"the payment service refuses {key}"
            raise ConflictError(message)
        message = f"the payment service answered {status}"
        raise StorageError(message)

    def _paid_before_our_turn(self, key: str, case_id: str, terms: dict[str, Any]) -> str | None:
        """Wait in line to ask for a payment, and look once more; raise `StorageError` while others may be asking."""
        now = self._clock.now()
        if not self._intents.claim(key, now=now, until=now + CLAIMED_FOR):
            message = f"{key} may be under way"
            raise StorageError(message)
        return self._paid(case_id, terms)

    def _paid(self, case_id: str, terms: dict[str, Any]) -> str | None:
        """Return the receipt of what was paid for a case; raise `ConflictError` if that was something else."""
        status, listed = self._asked("GET", f"/refunds?{urlencode({'caseId': case_id})}", {}, None)
        if status != http.client.OK or not isinstance(listed, list):
            message = f"the payment service answered {status} instead of a list"
            raise StorageError(message)
        mine = [one for one in listed if isinstance(one, dict) and one.get("caseId") == case_id]
        if any(one.get(name) != value for one in mine for name, value in terms.items()):
            message = f"another refund was paid for case {case_id}"
            raise ConflictError(message)
        return _receipt_of(mine[0]) if mine else None

    def _asked(self, method: str, path: str, headers: dict[str, str], body: object) -> tuple[int, object]:
        """Make one request, and return the status and what was said; redirects are not followed."""
        kind = http.client.HTTPSConnection if self._base.scheme == "https" else http.client.HTTPConnection
        connection = kind(self._base.hostname or "", self._base.port, timeout=min(CONNECT_SECONDS, self._within))
        end = monotonic() + self._within
        try:
            connection.connect()
            connection.sock.settimeout(self._within)
            text = json.dumps(body) if body is not None else None
            connection.request(method, self._base.path + path, text, headers | {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, _read(response, end)
        except (OSError, http.client.HTTPException, ValueError) as error:
            message = f"the payment service gave no usable answer: {type(error).__name__}"
            raise StorageError(message) from None
        finally:
            connection.close()


def _read(response: http.client.HTTPResponse, end: float) -> object:
    """Return the JSON of an answer; `ValueError` if it is none, too large or too slow."""
    body = bytearray()
    while piece := response.read1(ANSWER_BYTES):
        body += piece
        if len(body) > ANSWER_BYTES or monotonic() > end:
            message = "the answer is too large or too slow"
            raise ValueError(message)
    said: object = json.loads(body) if response.status < http.client.BAD_REQUEST else None
    return said


def _receipt_of(said: object) -> str:
    receipt = said.get("id") if isinstance(said, dict) else None
    if not isinstance(receipt, str) or not receipt:
        message = "the payment service names no receipt"
        raise StorageError(message)
    return receipt
