"""The management API over a real engine with scripted orchestrators, on sockets of its own."""

from __future__ import annotations

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from devhost.api.admin import AdminApi
from devhost.api.admin_functions import FunctionsApi
from devhost.api.durable import DurableApi
from devhost.api.page import PageApi
from devhost.api.server import LARGEST_BODY, Front, RpcFront, Server
from devhost.api.time_travel import ClockApi
from devhost.clock import VirtualClock
from devhost.engine.actions import Answer, CallActivity, ContinueAsNew, CreateTimer, WaitForEvent
from devhost.engine.history import Event, EventType
from devhost.other_hubs import OtherHubs
from devhost.sdk.client import Hub
from devhost.ticks import PER_SECOND, Ticks
from tests.support.raw_http import Reply, ask
from tests.support.scripted import ScriptedWorker, counts, keeps, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from devhost.engine.engine import Engine, EngineOptions
    from devhost.sdk.http import Incoming, Outgoing

HUB = "/runtime/webhooks/durabletask"
KEY = "key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A host without an app: public port, private port, engine."""

    port: int
    rpc_port: int
    engine: Engine

    async def ask(self, method: str, path: str, *args: Any, **kwargs: Any) -> Reply:
        """Ask below the public base."""
        return await ask(self.port, method, HUB + path, *args, **kwargs)

    async def start(self, name: str, instance_id: str, value: Any = None) -> None:
        """Start an instance and wait until nothing moves any more."""
        reply = await self.ask("POST", f"/orchestrators/{name}/{instance_id}", send=value)
        assert reply.status == 202
        await self.engine.at_rest()

    async def status(self, instance_id: str, query: str = "") -> Any:
        """Return the body of an instance's status."""
        return (await self.ask("GET", f"/instances/{instance_id}?{query}")).json


class NoFunctions:
    """An app without HTTP functions."""

    async def answer(self, incoming: Incoming, path: str) -> Outgoing | None:
        """Answer nothing."""


@asynccontextmanager
async def served(
    *,
    options: EngineOptions | None = None,
    largest_body: int = LARGEST_BODY,
    patience: float = 30.0,
    skips: bool = False,
) -> AsyncIterator[Served]:
    """Serve the scripts below until the end of the block."""
    async with running(worker(), options=options) as engine, other_hubs() as others:
        durable = DurableApi(engine, Hub(name="TestHub", connection="Storage", key=KEY), others=others)
        clock = ClockApi(engine, patience=patience, skips=skips)
        admin = AdminApi(
            host_id="testhub", bundle_id="Bundle", functions=FunctionsApi([], prefix="api", disabled=frozenset())
        )
        page = PageApi(engine, durable, "TestHub")
        fronts = (Front(durable, NoFunctions(), admin, clock, page), RpcFront(durable))
        sockets = [_listening() for _ in fronts]
        servers = [Server(fronts[0], largest_body=largest_body), Server(fronts[1], is_private=True)]
        for server, listener in zip(servers, sockets, strict=True):
            await server.serve(listener)
        ports = [listener.getsockname()[1] for listener in sockets]
        try:
            yield Served(port=ports[0], rpc_port=ports[1], engine=engine)
        finally:
            await clock.close()
            for server in servers:
                await server.close()


@asynccontextmanager
async def other_hubs() -> AsyncIterator[OtherHubs]:
    """Task hubs that nobody serves."""
    with ThreadPoolExecutor(1) as pool:
        others = OtherHubs(worker(), VirtualClock(), pool, None)
        yield others
        await others.close()


def worker() -> ScriptedWorker:
    """Orchestrators that end at once, wait, fail, call an activity, sleep, and begin anew."""

    async def double(text: str | None) -> Any:
        return json.loads(text or "0") * 2

    orchestrators = {
        "Ends": lambda _: Answer(is_done=True, output='"done"'),
        "Waits": _waits,
        "Fails": lambda _: Answer(is_done=True, error="no luck"),
        "Calls": _calls,
        "Sleeps": _sleeps,
        "Repeats": _repeats,
    }
    return ScriptedWorker(orchestrators, {"Double": double}, {"Counter": counts, "Keeper": keeps})


def _waits(history: Sequence[Event]) -> Answer:
    went = [event for event in history if event.type == EventType.EVENT_RAISED and event.fields["Name"] == "Go"]
    output = went[0].fields["Input"] if went else None
    wait = WaitForEvent(name="Go")
    return Answer(actions=(wait,), is_done=bool(went), output=output, custom_status='{"stage":"waiting"}')


def _calls(history: Sequence[Event]) -> Answer:
    ended = [event for event in history if event.type == EventType.TASK_COMPLETED]
    call = CallActivity(name="Double", input="21")
    return Answer(actions=(call,), is_done=bool(ended), output=ended[0].fields["Result"] if ended else None)


def _sleeps(history: Sequence[Event]) -> Answer:
    timer = CreateTimer(fire_at=Ticks(history[0].at + 60 * PER_SECOND))
    fired = any(event.type == EventType.TIMER_FIRED for event in history)
    return Answer(actions=(timer,), is_done=fired, output='"slept"' if fired else None)


def _repeats(history: Sequence[Event]) -> Answer:
    """Set a status and begin anew once, then wait."""
    started = next(event for event in history if event.type == EventType.EXECUTION_STARTED)
    if started.fields["Input"] == '"again"':
        return Answer(actions=(WaitForEvent(name="Go"),))
    return Answer(actions=(ContinueAsNew(input="again"),), is_done=True, custom_status='{"round":0}')


def _listening() -> socket.socket:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    listener.setblocking(False)
    return listener
