"""Knows a request again by its Idempotency-Key, so that a client who got no answer may ask once more."""

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import azure.functions as func

from blueprints.starting import new_id
from domain.errors import PayloadError
from domain.gates import KEEP_UNTIL
from domain.limit_ports import Fields, Pseudonyms, Records
from domain.ports import Clock
from domain.refusals import KeyReusedError

KEPT = timedelta(hours=24)

_KEY = re.compile("[!-~]{1,200}")

Told = dict[str, Any]
"""What was answered, but for anything secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """The verification or case that a request is about, and what it was answered if it was."""

    verification_id: str
    answer: Told | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request to start something; without a *key* it is always a new one."""

    records: Records
    names: Pseudonyms
    clock: Clock
    caller: str
    key: str | None
    body: str
    prefix: str = "ver"  # of the id that a new thing gets

    def begin(self) -> Noted:
        """Note that the request came, and return what it is about: the same each time for a day.

        Raise `KeyReusedError` if its key stands for another body.
        """
        fresh = new_id(self.prefix)
        if self.key is None:
            return Noted(verification_id=fresh)
        now = int(self.clock.now().timestamp() * 1000)
        body = self.names.of("body", self.body)

        def step(fields: Fields | None) -> tuple[Fields | None, Noted]:
            if fields is None or int(fields[KEEP_UNTIL]) <= now:
                until = now + KEPT // timedelta(milliseconds=1)
                return {"id": fresh, "body": body, KEEP_UNTIL: until}, Noted(verification_id=fresh)
            if fields["body"] != body:
                message = "the Idempotency-Key was used for another request"
                raise KeyReusedError(message)
            answer = json.loads(str(fields["answer"])) if "answer" in fields else None
            return None, Noted(verification_id=str(fields["id"]), answer=answer)

        return self.records.change(self._name(), step)

    def finish(self, answer: Told) -> None:
        """Note what the request was answered; the first answer stays."""
        if self.key is None:
            return

        def step(fields: Fields | None) -> tuple[Fields | None, None]:
            if fields is None or "answer" in fields or fields["id"] != answer["id"]:
                return None, None
            return {**fields, "answer": json.dumps(answer)}, None

        self.records.change(self._name(), step)

    def _name(self) -> str:
        return self.names.of("request", f"{self.caller}\0{self.key}")


def idempotency_key_of(req: func.HttpRequest) -> str | None:
    """Return the Idempotency-Key of a request, if it has one."""
    key: str | None = req.headers.get("Idempotency-Key")
    if key is not None and not _KEY.fullmatch(key):
        message = "Idempotency-Key is no printable ASCII text of 1 to 200 characters"
        raise PayloadError(message)
    return key
