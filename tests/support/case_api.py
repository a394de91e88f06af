"""The API for cases in one process: the app's own routes over the durable engine, in memory and on virtual time."""

from __future__ import annotations

import asyncio
import base64
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import azure.functions as func

from devhost.clock import VirtualClock
from devhost.engine.engine import Engine
from devhost.engine.sqlite import SqliteBackend
from devhost.sdk.functions import FunctionTable
from devhost.sdk.worker import AppWorker
from domain.errors import StorageError
from providers.memory import (
    MemoryApproverNotices,
    MemoryCases,
    MemoryCompletions,
    MemoryNotices,
    MemoryRefundLedger,
    MemoryReservations,
)
from providers.records_memory import MemoryRecords
from providers.wiring import providers
from tests.support.builders import an_environment
from tests.support.front_door import functions
from tests.support.user_api import BASE, Clock, EngineClient, Indexed, Reply

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import timedelta
    from pathlib import Path

    import pytest

    from providers.wiring import Providers

ALICE = ("customer-7", "Requester")
BOB = ("customer-8", "Requester")
SUE = ("supervisor-1", "Supervisor")
SAM = ("supervisor-2", "Supervisor")
AUDITOR = ("auditor-1", "Auditor")
OPERATOR = ("operator-1", "Operator")
NOBODY: tuple[str, ...] = ()
START = datetime(2026, 1, 15, 10, tzinfo=UTC)
WISH: dict[str, Any] = {
    "action": "refund",
    "orderId": "order-1001",
    "amount": 1999,
    "currency": "EUR",
    "description": "The lamp came broken.",
}
BOBS_WISH: dict[str, Any] = WISH | {
    "action": "escalation",
    "orderId": "order-2001",
    "currency": "USD",
    "description": "Nobody answers.",
}


def principal(subject: str, *roles: str) -> str:
    """What the platform says about somebody who is signed in."""
    claims = [{"typ": "oid", "val": subject}, *({"typ": "roles", "val": role} for role in roles)]
    said = {"auth_typ": "aad", "name_typ": "name", "role_typ": "roles", "claims": claims}
    return base64.b64encode(json.dumps(said).encode()).decode()


class FaultyLedger(MemoryRefundLedger):
    """A ledger that is away as long as somebody says so."""

    is_away = False

    def pay_back(self, *, key: str, order_id: str, amount: int, currency: str) -> str:
        """Book a refund once, and return its receipt."""
        if self.is_away:
            message = "away"
            raise StorageError(message)
        return super().pay_back(key=key, order_id=order_id, amount=amount, currency=currency)


class CaseApi:
    """Everybody who calls the API, with all that a test may look at behind it."""

    def __init__(self, engine: Engine, wired: Providers) -> None:
        self.engine, self._wired = engine, wired
        self.client = EngineClient(engine)
        self.cases, self.ledger, self.reservations = MemoryCases(), FaultyLedger(), MemoryReservations()
        self.notices, self.approvers, self.completions = MemoryNotices(), MemoryApproverNotices(), MemoryCompletions()
        wired.clock = Clock(engine)
        wired.__dict__.update(
            cases=self.cases,
            retries=self.cases,
            case_list=self.cases,
            ledger=self.ledger,
            reservations=self.reservations,
            notices=self.notices,
            approvers=self.approvers,
            completions=self.completions,
            request_records=MemoryRecords(),
        )

    def take_over(self, before: CaseApi) -> None:
        """Go on with all that the app of *before* wrote and paid."""
        self.cases, self.ledger, self.reservations = before.cases, before.ledger, before.reservations
        self._wired.__dict__.update(
            cases=self.cases,
            retries=self.cases,
            case_list=self.cases,
            ledger=self.ledger,
            reservations=self.reservations,
        )

    async def ask(
        self, function: str, who: tuple[str, ...], body: Any = None, *, case: str | None = None, **headers: Any
    ) -> Reply:
        """Call a route of the app as somebody who is signed in."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent.setdefault("Content-Type", "application/json")
        if who:
            sent["X-MS-CLIENT-PRINCIPAL"] = principal(*who)
        req = func.HttpRequest(
            "POST",
            f"{BASE}/api/cases",
            headers=sent,
            params=body if function == "ListCases" else {},
            route_params={"caseId": case} if case else {},
            body=body if isinstance(body, bytes) else json.dumps(body).encode(),
        )
        route = functions()[function].get_user_function()
        inner = getattr(route, "client_function", None)
        answer = await (inner(req, self.client) if inner else route(req))
        text = answer.get_body().decode()
        return Reply(answer.status_code, json.loads(text), dict(answer.headers), text)

    async def file(self, who: tuple[str, ...] = ALICE, wish: dict[str, Any] = WISH, **headers: Any) -> Reply:
        """File a case."""
        return await self.ask("FileCase", who, wish, **headers)

    async def filed(self, who: tuple[str, ...] = ALICE, wish: dict[str, Any] = WISH) -> str:
        """File a case that has to be taken, and return its id."""
        reply = await self.file(who, wish)
        assert reply.status == 201, reply
        await self.engine.at_rest()
        return str(reply.body["id"])

    async def case(self, case: str, who: tuple[str, ...] = SUE) -> Reply:
        """Look at a case."""
        return await self.ask("GetCase", who, case=case)

    async def list(self, who: tuple[str, ...] = SUE, **params: Any) -> Reply:
        """Look at the list."""
        return await self.ask("ListCases", who, params)

    async def decide(
        self, verdict: str, case: str, who: tuple[str, ...] = SUE, version: str | None = '"1"', **more: Any
    ) -> Reply:
        """Approve or reject."""
        body = {"comment": more.pop("comment")} if "comment" in more else {}
        headers = {"If_Match": version} if version else {}
        return await self.ask(f"{verdict.capitalize()}Case", who, body, case=case, **headers, **more)

    async def passes(self, span: timedelta) -> None:
        """Let time go by, and all that falls due meanwhile be done."""
        await self.engine.advance(span)

    async def ended(self, case: str) -> tuple[str, Any]:
        """Return the runtime status and the output of the flow, once nothing moves any more."""
        await self.engine.at_rest()
        one = await self.engine.instance(case)
        assert one is not None
        return one.status.label, json.loads(one.output) if one.output else None


def signing_in(monkeypatch: pytest.MonkeyPatch, **settings: str) -> None:
    """Set the environment of an app behind the platform's sign-in; *settings* win."""
    monkeypatch.setenv("AZURE_FUNCTIONS_DURABLE_STRICT_TYPING", "1")
    monkeypatch.delenv("AcceptOperatorDecisions", raising=False)
    for name, value in an_environment(**{"WEBSITE_AUTH_ENABLED": "True", **settings}).items():
        monkeypatch.setenv(name, value)


@asynccontextmanager
async def serving_cases(path: Path | None = None, *, at: datetime = START) -> AsyncIterator[CaseApi]:
    """Serve the API until the end of the block, from *at* on; the settings are those of the environment."""
    providers.cache_clear()
    pool = ThreadPoolExecutor(4)
    engine = Engine(SqliteBackend(path), AppWorker(FunctionTable.of(Indexed()), pool), VirtualClock(at), pool)
    await engine.open()
    try:
        yield CaseApi(engine, providers())
    finally:
        await engine.close(grace=0.5)
        await asyncio.to_thread(pool.shutdown)
        providers.cache_clear()
