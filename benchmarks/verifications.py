"""The workload that all are measured with: verifications of a phone, started, waited for, answered and seen to end.

What is measured speaks this much HTTP: ``POST /api/orchestrators/SmsVerify`` starts one and names its URLs,
``GET /api/outbox`` shows its message, and the list of instances shows which of them wait and which still run.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.connection import Connection, Reply

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

PHONE = "+12025550143"  # a number of the range kept for fiction
CONCURRENCY = 50
WITHIN = 120.0  # seconds for all to get somewhere
_START = "/api/orchestrators/SmsVerify"
_LIST = "/runtime/webhooks/durabletask/instances?showInput=false"
_TOKEN = "x-ms-continuation-token"  # noqa: S105  a header's name
_CODE = re.compile(r"your code is (\d+)\.")
_SOME_CODE = 1234  # has the shape of a code, and costs what the right one costs


class WorkloadError(Exception):
    """What is measured did not do what it must."""


@dataclass(frozen=True, slots=True)
class Started:
    """A verification, and where to ask and to answer."""

    id: str
    status_url: str
    event_url: str


class Verifications:
    """Drives verifications through the HTTP interface on one port."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def start_many(self, count: int) -> list[Started]:
        """Start *count*, `CONCURRENCY` at a time, and return them in the order of the answers."""
        started: list[Started] = []

        async def start(connection: Connection, _: int) -> None:
            started.append(await start_one(connection))

        await self._each(range(count), start)
        return started

    async def answer_many(self, started: Sequence[Started]) -> int:
        """Answer all, and return for how many of them nobody was there to take the answer."""
        lost = 0

        async def answer(connection: Connection, one: Started) -> None:
            nonlocal lost
            reply = await connection.post(one.event_url, _SOME_CODE)
            lost += reply.status == 404  # noqa: PLR2004  the status for an unknown instance
            if reply.status not in {202, 404}:
                raise _unexpected(reply)

        await self._each(started, answer)
        return lost

    async def until_all_wait(self, started: Sequence[Started]) -> None:
        """Return once every one of *started* waits for its answer; the last one is watched, then all are counted."""
        ids = {one.id for one in started}

        async def all_wait(connection: Connection) -> bool:
            shown = await listed(connection, "Running")
            return ids <= {one["instanceId"] for one in shown if waits(one)}

        await self.until_last_waits(started)
        async with Connection(self._port) as connection:
            await _until(lambda: all_wait(connection))

    async def until_last_waits(self, started: Sequence[Started]) -> None:
        """Return once the last of *started* waits."""
        async with Connection(self._port) as connection:
            await seen(connection, started[-1].status_url, waits, pause=0.02)

    async def until_all_end(self, started: Sequence[Started]) -> None:
        """Return once nothing runs any more, and the last of *started* shows its end."""

        async def none_runs(connection: Connection) -> bool:
            return not await listed(connection, "Pending,Running", most=1)

        await self.until_last_ends(started)
        async with Connection(self._port) as connection:
            await _until(lambda: none_runs(connection))

    async def until_last_ends(self, started: Sequence[Started]) -> None:
        """Return once the last of *started* shows its end."""
        async with Connection(self._port) as connection:
            await seen(connection, started[-1].status_url, has_ended, pause=0.02)

    async def _each(self, items: Sequence[Any], work: Callable[[Connection, Any], Awaitable[None]]) -> None:
        """Do *work* with each of *items*, each worker on a connection of its own."""
        waiting = iter(items)

        async def worker() -> None:
            async with Connection(self._port) as connection:
                for item in waiting:
                    await work(connection, item)

        async with asyncio.TaskGroup() as group:
            for _ in range(min(CONCURRENCY, len(items))):
                group.create_task(worker())


async def start_one(connection: Connection) -> Started:
    """Start a verification."""
    reply = await connection.post(_START, {"phoneNumber": PHONE})
    if reply.status != 202:  # noqa: PLR2004  the status for what has begun
        raise _unexpected(reply)
    urls = reply.json()
    event_url = urls["sendEventPostUri"].replace("{eventName}", "SmsChallengeResponse")
    return Started(urls["id"], urls["statusQueryGetUri"] + "&showInput=false", event_url)


async def code_sent(connection: Connection, one: Started) -> int:
    """Return the code of a verification that waits, out of its message."""
    (message,) = (await connection.get(f"/api/outbox?instanceId={one.id}")).json()
    found = _CODE.search(message["body"])
    if found is None:
        text = "the message has no code"
        raise WorkloadError(text)
    return int(found[1])


async def seen(
    connection: Connection, url: str, is_so: Callable[[dict[str, Any]], bool], *, pause: float = 0.0
) -> dict[str, Any]:
    """Look at *url* again and again until *is_so*, and return what it then shows."""
    async with asyncio.timeout(WITHIN):
        while True:
            reply = await connection.get(url)
            if reply.status not in {200, 202}:
                raise _unexpected(reply)
            shown: dict[str, Any] = reply.json()
            if is_so(shown):
                return shown
            await asyncio.sleep(pause)


async def listed(connection: Connection, statuses: str, *, most: int | None = None) -> list[dict[str, Any]]:
    """Return the instances in one of *statuses*, or the first *most* of them."""
    shown: list[dict[str, Any]] = []
    url = f"{_LIST}&top={most or 1000}&runtimeStatus={statuses}"
    token = ""
    while True:
        reply = await connection.get(url, {_TOKEN: token} if token else {})
        if reply.status != 200:  # noqa: PLR2004  the status of every page
            raise _unexpected(reply)
        shown += reply.json()
        token = reply.headers.get(_TOKEN, "")
        if not token or most is not None:
            return shown


def waits(shown: dict[str, Any]) -> bool:
    """Say whether a verification waits for its answer."""
    return bool(shown["customStatus"]) and shown["customStatus"]["state"] == "awaiting"


def has_ended(shown: dict[str, Any]) -> bool:
    """Say whether a verification has ended as it must; raise `WorkloadError` if it ended otherwise."""
    if shown["runtimeStatus"] in {"Pending", "Running"}:
        return False
    if shown["runtimeStatus"] != "Completed" or not isinstance(shown["output"], bool):
        text = f"a verification ended as {shown}"
        raise WorkloadError(text)
    return True


async def _until(is_so: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(WITHIN):
        while not await is_so():  # noqa: ASYNC110  it happens in another process
            await asyncio.sleep(0.05)


def _unexpected(reply: Reply) -> WorkloadError:
    return WorkloadError(f"answered with {reply.status}: {reply.body[:300]!r}")
