"""The user API in one process: the app's own routes over the durable engine, in memory and on virtual time."""

from __future__ import annotations

import asyncio
import json
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import azure.functions as func
import pytest
from azure.durable_functions import OrchestrationRuntimeStatus

from devhost.clock import VirtualClock
from devhost.engine.backend import Query
from devhost.engine.engine import Engine
from devhost.engine.history import RuntimeStatus
from devhost.engine.sqlite import SqliteBackend
from devhost.errors import InstanceEndedError
from devhost.sdk.functions import FunctionTable
from devhost.sdk.worker import AppWorker
from devhost.ticks import from_datetime, to_datetime
from providers.records_memory import MemoryRecords
from providers.wiring import providers
from tests.support.builders import an_environment
from tests.support.fakes import FakeSms
from tests.support.front_door import functions

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from datetime import datetime

    from domain.sms import Sms
    from providers.wiring import Providers

NUMBER = "+12025550143"
OTHER_NUMBER = "+13105550143"
BASE = "http://localhost:7071"


class Indexed:
    """The app, which the SDK lets be indexed only once."""

    def get_functions(self) -> Sequence[Any]:
        return list(functions().values())


@dataclass(frozen=True, slots=True)
class Seen:
    """What the durable client says about an instance."""

    instance_id: str
    runtime_status: OrchestrationRuntimeStatus | None
    custom_status: Any = None
    last_updated_time: datetime | None = None


class EngineClient:
    """The durable client's calls, made to the engine itself."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.raised: list[str] = []

    async def start_new(self, name: str, *, instance_id: str, client_input: Any) -> str:
        return await self._engine.start_instance(
            name, instance_id=instance_id, input_text=json.dumps(json.dumps(client_input))
        )

    async def raise_event(self, instance_id: str, name: str, data: Any) -> None:
        try:
            await self._engine.raise_event(instance_id, name, json.dumps(json.dumps(data)))
        except InstanceEndedError:
            message = f"Instance with ID {instance_id} is gone: either completed or failed"
            raise Exception(message) from None  # noqa: TRY002  as the SDK does
        self.raised.append(name)

    async def get_status_by(
        self, *, created_time_to: datetime, runtime_status: list[OrchestrationRuntimeStatus], instance_id_prefix: str
    ) -> list[Seen]:
        """Answer a page of three, where the host has a hundred."""
        ended = frozenset(status for status in RuntimeStatus if status.label in {one.name for one in runtime_status})
        query = Query(created_to=from_datetime(created_time_to), statuses=ended, id_prefix=instance_id_prefix)
        page = await self._engine.instances(query, limit=3)
        return [
            Seen(one.id, OrchestrationRuntimeStatus[one.status.label], None, to_datetime(one.updated))
            for one in page.instances
        ]

    async def purge_instance_history(self, instance_id: str) -> None:
        await self._engine.purge(instance_id)

    async def get_status(self, instance_id: str) -> Seen:
        one = await self._engine.instance(instance_id)
        if one is None:
            return Seen(instance_id, None)
        status = OrchestrationRuntimeStatus[one.status.label]
        return Seen(instance_id, status, json.loads(one.custom_status) if one.custom_status else None)


class Clock:
    """The app's clock, which is the engine's."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def now(self) -> datetime:
        return to_datetime(self._engine.clock.now())


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the API."""

    status: int
    body: Any
    headers: dict[str, str]
    text: str

    @property
    def code(self) -> str | None:
        """The stable code of a problem."""
        return self.body.get("code") if isinstance(self.body, dict) else None


@dataclass(frozen=True, slots=True)
class Owned:
    """A verification, as whoever started it knows it."""

    id: str
    token: str


class UserApi:
    """Somebody who calls the API, with all that a test may look at behind it."""

    def __init__(self, engine: Engine, wired: Providers) -> None:
        self.engine = engine
        self.wired = wired
        self.client: Any = EngineClient(engine)
        self.sms = FakeSms()
        self.told: list[Any] = []
        wired.sms = self.sms
        wired.clock = Clock(engine)
        self.limits, self.verifications, self.requests = MemoryRecords(), MemoryRecords(), MemoryRecords()
        for name, records in (
            ("limit_records", self.limits),
            ("verification_records", self.verifications),
            ("request_records", self.requests),
        ):
            wired.__dict__[name] = records
        wired.__dict__["completions"] = self

    def publish(self, completion: Any) -> None:
        """Take a completion, as the port wants it."""
        self.told.append(completion)

    async def ask(
        self,
        function: str,
        body: Any = None,
        *,
        verification: str | None = None,
        token: str | None = None,
        **headers: str,
    ) -> Reply:
        """Call a route of the app."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent.setdefault("Content-Type", "application/json")
        sent.setdefault("X-Forwarded-For", "192.0.2.7:50000")
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        req = func.HttpRequest(
            "POST",
            f"{BASE}/api/verifications",
            headers=sent,
            route_params={"verificationId": verification} if verification else {},
            body=body if isinstance(body, bytes) else json.dumps(body).encode(),
        )
        route = functions()[function].get_user_function()
        inner = getattr(route, "client_function", None)
        answer = await (inner(req, self.client) if inner else route(req))
        text = answer.get_body().decode()
        return Reply(answer.status_code, json.loads(text), dict(answer.headers), text)

    async def start(self, number: str = NUMBER, **headers: str) -> Reply:
        """Start a verification."""
        return await self.ask("StartVerification", {"phoneNumber": number}, **headers)

    async def started(self, number: str = NUMBER) -> Owned:
        """Start a verification that has to start."""
        reply = await self.start(number)
        assert reply.status == 201, reply
        await self.engine.at_rest()
        return Owned(reply.body["id"], reply.body["token"])

    async def check(self, owned: Owned, code: Any) -> Reply:
        """Answer with a code."""
        return await self.ask("CheckVerification", {"code": code}, verification=owned.id, token=owned.token)

    async def resend(self, owned: Owned) -> Reply:
        """Ask for the message again."""
        return await self.ask("ResendVerification", verification=owned.id, token=owned.token)

    async def cancel(self, owned: Owned) -> Reply:
        """Give up."""
        return await self.ask("CancelVerification", verification=owned.id, token=owned.token)

    async def status(self, owned: Owned) -> Reply:
        """Look."""
        return await self.ask("GetVerification", verification=owned.id, token=owned.token)

    async def passes(self, span: timedelta) -> None:
        """Let time go by, and all that falls due meanwhile be done."""
        await self.engine.advance(span)

    async def sent(self) -> list[Sms]:
        """Return all messages, once nothing is under way."""
        await self.passes(timedelta())
        return self.sms.sent

    def code(self, owned: Owned) -> str:
        """Return the code that was sent for a verification."""
        bodies = [sms.body for sms in self.sms.sent if sms.instance_id == owned.id]
        found = re.search("code is ([0-9]+)", bodies[-1])
        assert found is not None
        return found[1]

    def wrong(self, owned: Owned) -> str:
        """Return another code of the same length."""
        code = self.code(owned)
        return code[:-1] + str((int(code[-1]) + 1) % 10)


@asynccontextmanager
async def serving() -> AsyncIterator[UserApi]:
    """Serve the user API until the end of the block; the settings are those of the environment."""
    providers.cache_clear()
    pool = ThreadPoolExecutor(2)
    engine = Engine(SqliteBackend(None), AppWorker(FunctionTable.of(Indexed()), pool), VirtualClock(), pool)
    await engine.open()
    try:
        yield UserApi(engine, providers())
    finally:
        await engine.close(grace=0.5)
        await asyncio.to_thread(pool.shutdown)
        providers.cache_clear()


@pytest.fixture
async def api(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[UserApi]:
    """The API with the settings of the specification; sends are counted too."""
    environment = an_environment(SendsPerPrefix="10/10m", SendsInAll="60/1m,5000/1d", StartsPerAddress="off")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    async with serving() as one:
        yield one
