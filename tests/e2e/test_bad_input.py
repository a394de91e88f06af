"""What no client should send, against a real devhost: status codes, what is kept, and what the host grows by."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import pytest

from devhost.api import server
from tests.support.apps import write_app
from tests.support.raw_http import Reply, ask, exchange
from tests.support.served import HUB, served
from tools.running_devhost import running_devhost

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.running_devhost import RunningDevhost

pytestmark = pytest.mark.timeout(180)

MORE = """
@app.orchestration_trigger(context_name="context")
def Waits(context: df.DurableOrchestrationContext):
    return (yield context.wait_for_external_event("Go"))

@app.route(route="echo", methods=["POST"])
def Echo(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(str(len(req.get_body())))
"""
EVENTS = 5000
AT_ONCE = 50
ANSWERED_WITHIN_SECONDS = 120.0
STALLED = 200
GROWS_BY_MIB = 50
LATER_SECONDS = 2.0
LARGE = 10_000_000
TEN_MEGABYTES = {
    "one text": '"' + "x" * LARGE + '"',
    "many objects": "[" + '{"a": 1, "b": "x"},' * (LARGE // 19) + "{}]",
}
TEN_BAD_MEGABYTES = {
    "too deep": "[" + f"{'[' * 100}{']' * 100}," * (LARGE // 201) + "[]]",
    "without an end": "[" * LARGE,
}
DEEP = "[" * 100 + "]" * 100
JSON_TYPE = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDevhost]:
    """A devhost with a waiting instance, which has run all its code once."""
    folder = tmp_path_factory.mktemp("bad")
    with running_devhost(folder, {}, app=write_app(folder / "app", more=MORE)) as one:
        assert asyncio.run(ask(one.port, "POST", f"{HUB}/orchestrators/Waits/warm", "1")).status == 202
        yield one


def mebibytes(pid: int) -> float:
    """How much memory a process has."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) / 1024


async def settled(host: RunningDevhost, before: float) -> float:
    """By how much the host is larger than *before*, two seconds after it has done all that it was asked to do.

    An answer of 202 means that a request is taken; the turn that it causes may run for longer than two seconds.
    """
    while not (await ask(host.port, "POST", "/devhost/clock/advance", send={"by": "PT0S"})).json["idle"]:
        pass
    await asyncio.sleep(LATER_SECONDS)
    return mebibytes(host.pid) - before


@pytest.mark.parametrize(
    ("path", "body", "headers", "status"),
    [
        ("/orchestrators/Waits", "{not json", JSON_TYPE, 400),
        ("/orchestrators/Waits", '{"a": 1} {', JSON_TYPE, 400),
        ("/orchestrators/Waits", b"\xff\xfe", JSON_TYPE, 400),
        ("/orchestrators/Waits", DEEP, JSON_TYPE, 400),
        ("/orchestrators/Waits", "[" * 100_000, JSON_TYPE, 400),
        ("/orchestrators/Waits", '{"a": 1}', {"Content-Type": "image/png"}, 202),
        ("/orchestrators/Waits", '{"a": 1}', {"Content-Type": "\x01;;=,"}, 400),
        ("/instances/warm/raiseEvent/X", "{", JSON_TYPE, 400),
        ("/instances/warm/raiseEvent/X", DEEP, JSON_TYPE, 400),
        ("/instances/warm/raiseEvent/X", "1", {}, 400),
        ("/instances/warm/raiseEvent/X", "1", {"Content-Type": "text/plain"}, 400),
        ("/instances/warm/raiseEvent/X", "1", {"Content-Type": "application/xml"}, 400),
        ("/instances/nobody/raiseEvent/X", "{", {}, 404),
        ("/instances/%00/raiseEvent/X", "1", JSON_TYPE, 400),
        ("/instances/a%2Fb/raiseEvent/X", "1", JSON_TYPE, 404),
        ("/instances/warm/raiseEvent/" + "x" * 300, "1", JSON_TYPE, 202),
    ],
)
async def test_a_bad_request_has_the_recorded_status(
    host: RunningDevhost, path: str, body: str | bytes, headers: dict[str, str], status: int
) -> None:
    """Its answer shows nothing of the host's inside."""
    reply = await ask(host.port, "POST", HUB + path, body, headers=headers)

    assert reply.status == status
    assert shows_nothing(reply)


@pytest.mark.parametrize(
    ("sent", "status", "instance_id"),
    [
        ("b%5Cc", 202, "b\\c"),
        ("b%23c", 202, "b#c"),
        ("b%3Fc", 202, "b?c"),
        ("@b@c", 202, "@b@c"),
        ("b%09c", 202, "b\tc"),
        ("i" * 300, 202, "i" * 300),
        ("b/c", 404, None),
        ("b%2Fc", 404, None),
        ("b%252Fc", 404, None),
        ("b%00c", 400, None),
        ("b%2500c", 400, None),
        ("b?c", 202, "b"),
    ],
)
async def test_an_odd_id_is_taken_as_it_is_or_refused(
    host: RunningDevhost, sent: str, status: int, instance_id: str | None
) -> None:
    """What is taken has exactly that id, and is found under it."""
    reply = await ask(host.port, "POST", f"{HUB}/orchestrators/Waits/{sent}", "1")

    assert reply.status == status
    assert shows_nothing(reply)
    if instance_id is not None:
        assert reply.json["id"] == instance_id
        listed = [
            one["instanceId"] for one in (await ask(host.port, "GET", f"{HUB}/instances?top=1000&showInput=false")).json
        ]
        assert instance_id in listed


@pytest.mark.parametrize("kind", TEN_MEGABYTES)
async def test_ten_megabytes_are_taken_and_not_kept_in_memory(host: RunningDevhost, kind: str) -> None:
    """Starts, events and functions get them whole; soon afterwards the host is as small as before."""
    before, sent, instance_id = mebibytes(host.pid), TEN_MEGABYTES[kind], kind.replace(" ", "-")

    started = await ask(host.port, "POST", f"{HUB}/orchestrators/Waits/{instance_id}", sent)
    raised = await ask(host.port, "POST", f"{HUB}/instances/{instance_id}/raiseEvent/X", sent, headers=JSON_TYPE)
    echoed = await ask(host.port, "POST", "/api/echo", sent)
    grown = await settled(host, before)
    status = await ask(host.port, "GET", f"{HUB}/instances/{instance_id}")

    assert (started.status, raised.status) == (202, 202)
    assert echoed.body == str(len(sent)).encode()
    assert status.json["input"] == json.loads(sent)
    assert grown < GROWS_BY_MIB


@pytest.mark.parametrize("kind", TEN_BAD_MEGABYTES)
async def test_ten_bad_megabytes_are_refused_and_not_kept_in_memory(host: RunningDevhost, kind: str) -> None:
    """Neither a start nor an event gets them, and nothing of them stays."""
    before, sent = mebibytes(host.pid), TEN_BAD_MEGABYTES[kind]

    started = await ask(host.port, "POST", f"{HUB}/orchestrators/Waits/never", sent)
    raised = await ask(host.port, "POST", f"{HUB}/instances/warm/raiseEvent/X", sent, headers=JSON_TYPE)
    grown = await settled(host, before)

    assert (started.status, raised.status) == (400, 400)
    assert shows_nothing(started)
    assert shows_nothing(raised)
    assert grown < GROWS_BY_MIB


async def test_thousands_of_events_at_once_are_all_answered_and_kept(host: RunningDevhost) -> None:
    """One instance gets 5,000 from 50 callers; none is refused or lost, and each stands in the history once."""
    before = mebibytes(host.pid)
    connector = aiohttp.TCPConnector(limit=AT_ONCE)
    async with (
        aiohttp.ClientSession(f"http://127.0.0.1:{host.port}", connector=connector) as session,
        asyncio.timeout(ANSWERED_WITHIN_SECONDS),
    ):
        statuses = await asyncio.gather(*(_raised(session, number) for number in range(EVENTS)))
        inputs = await _inputs(session)
    grown = await settled(host, before)

    assert set(statuses) == {202}
    assert sorted(inputs) == list(range(EVENTS))
    assert grown < GROWS_BY_MIB


async def test_connections_that_stall_hold_up_nobody(host: RunningDevhost) -> None:
    """Hundreds that send nothing, half a head or half a body cost little, and others are answered at once."""
    before = mebibytes(host.pid)
    half = f"POST {HUB}/orchestrators/Waits/never HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{{"
    writers = []
    for number in range(STALLED):
        _, writer = await asyncio.open_connection("127.0.0.1", host.port)
        writer.write([b"", b"POST / HT", half.encode()][number % 3])
        writers.append(writer)

    async with asyncio.timeout(5):
        replies = [await ask(host.port, "GET", f"{HUB}/instances/warm") for _ in range(20)]
    grown = await settled(host, before)
    for writer in writers:
        writer.transport.abort()
    gone = await ask(host.port, "GET", f"{HUB}/instances/never")

    assert {reply.status for reply in replies} == {202}
    assert gone.status == 404
    assert grown < GROWS_BY_MIB


async def test_a_body_that_comes_in_drops_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then does not keep a request alive: it is answered by 408."""
    monkeypatch.setattr(server, "BODY_PATIENCE", 0.5)
    async with served() as slow:
        reader, writer = await asyncio.open_connection("127.0.0.1", slow.port)
        writer.write(f"POST {HUB}/orchestrators/Waits HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n".encode())
        drops = asyncio.create_task(_drip(writer))
        async with asyncio.timeout(10):
            first = await reader.readline()
        drops.cancel()
        writer.transport.abort()

    assert first == b"HTTP/1.1 408 Request Timeout\r\n"


async def test_an_answer_that_nobody_takes_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A caller that does not read holds neither the connection nor the answer for ever."""
    monkeypatch.setattr(server, "UNREAD_PATIENCE", 0.5)
    async with served() as slow:
        await slow.start("Waits", "big", "x" * 20_000_000)
        reader, writer = await asyncio.open_connection("127.0.0.1", slow.port, limit=1)
        writer.write(f"GET {HUB}/instances/big HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        async with asyncio.timeout(30):
            while is_connected(slow.port, writer.get_extra_info("sockname")[1]):  # noqa: ASYNC110  the system tells nobody
                await asyncio.sleep(0.05)

        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await reader.readexactly(20_000_000)
        writer.transport.abort()


async def test_nothing_of_all_that_is_a_fault_of_the_host(host: RunningDevhost) -> None:
    """No request broke inside, and the host still answers."""
    reply = await exchange(host.port, b"GET /admin/host/ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

    assert reply.status == 200
    assert "broke inside devhost" not in host.log.read_text(errors="replace")


def is_connected(port: int, caller: int) -> bool:
    """Say whether the server on a port of this machine still has the connection of the caller on another one."""
    sockets = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    ends = [(int(local.rpartition(":")[2], 16), int(remote.rpartition(":")[2], 16)) for _, local, remote, *_ in sockets]
    return (port, caller) in ends


def shows_nothing(reply: Reply) -> bool:
    """Say whether an answer is free of tracebacks and paths."""
    return not re.search(rb'Traceback|File \\?"|\.py|site-packages', reply.body)


async def _drip(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b" ")
        await asyncio.sleep(0.05)


async def _raised(session: aiohttp.ClientSession, number: int) -> int:
    async with session.post(f"{HUB}/instances/warm/raiseEvent/E", json=number) as reply:
        await reply.read()
        return reply.status


async def _inputs(session: aiohttp.ClientSession) -> list[int]:
    """The inputs of all events of that name in the history, once they are all there."""
    while True:
        async with session.get(f"{HUB}/instances/warm?showHistory=true") as reply:
            events = json.loads(await reply.text())["historyEvents"]
        inputs = [int(one["Input"]) for one in events if one["EventType"] == "EventRaised" and one["Name"] == "E"]
        if len(inputs) >= EVENTS:
            return inputs
        await asyncio.sleep(0.5)
