"""Triggers on real time, against Azurite: timers, messages and blobs, failures, poison, restarts."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import uuid
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import ContainerClient
from azure.storage.queue import QueueClient

from devhost.host import Host, HostOptions
from devhost.triggers import queue as queue_trigger
from tests.support.apps import write_app
from tests.support.raw_http import ask
from tools.azurite import Azurite, Ports
from tools.processes import held_ports

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

pytestmark = pytest.mark.timeout(60)
WITHIN_SECONDS = 20

QUEUES = """
import json
import pathlib
import time
import typing
import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
CALLS = pathlib.Path(__file__).with_name("calls.jsonl")

def note(**facts):
    with CALLS.open("a") as lines:
        lines.write(json.dumps(facts) + "\\n")

@app.queue_trigger(arg_name="message", queue_name="%IN_QUEUE%", connection="Storage")
@app.queue_output(arg_name="$return", queue_name="%OUT_QUEUE%", connection="Storage")
@app.queue_output(arg_name="copies", queue_name="%COPY_QUEUE%", connection="Storage")
def Echo(message: func.QueueMessage, copies: func.Out[typing.List[str]]) -> str | None:
    body = message.get_body().decode()
    note(body=body, count=message.dequeue_count, id=bool(message.id), inserted=message.insertion_time.year)
    if body.startswith("fail"):
        raise ValueError("broken by plan")
    if body.startswith("slow"):
        time.sleep(5)
    if body.startswith("{"):
        copies.set([text for text in message.get_json()["copies"]])
        return None
    return body.upper()

@app.route(route="send/{text}", methods=["POST"])
@app.queue_output(arg_name="out", queue_name="%IN_QUEUE%", connection="Storage")
def Send(req: func.HttpRequest, out: func.Out[str]) -> func.HttpResponse:
    out.set(req.route_params["text"])
    return func.HttpResponse(status_code=202)
"""
BLOBS = """
import json
import pathlib
import typing
import azure.functions as func

app = func.FunctionApp()
CALLS = pathlib.Path(__file__).with_name("calls.jsonl")

@app.blob_trigger(arg_name="blob", path="samples/in/{name}.txt", connection="Storage")
def Read(blob: func.InputStream) -> None:
    with CALLS.open("a") as lines:
        facts = {"name": blob.name, "length": blob.length, "text": blob.read().decode(), "metadata": blob.metadata}
        lines.write(json.dumps(facts) + "\\n")
    if "fail" in blob.name:
        raise ValueError("broken by plan")
"""
TIMER = """
import pathlib
import azure.functions as func

app = func.FunctionApp()

@app.timer_trigger(arg_name="timer", schedule="* * * * * *")
def Tick(timer: func.TimerRequest) -> None:
    with pathlib.Path(__file__).with_name("calls.jsonl").open("a") as lines:
        lines.write("1\\n")
"""
HOST = {
    "version": "2.0",
    "extensions": {"queues": {"maxDequeueCount": 2}, "blobs": {"poisonBlobThreshold": 2}},
}


@pytest.fixture
def storage(azurite: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Azurite, and queues of this test alone."""
    name = f"q{uuid.uuid4().hex}"
    monkeypatch.setenv("AzureWebJobsStorage", azurite)
    for setting, suffix in (("IN_QUEUE", "in"), ("OUT_QUEUE", "out"), ("COPY_QUEUE", "copy")):
        monkeypatch.setenv(setting, f"{name}-{suffix}")
    return azurite


@asynccontextmanager
async def hosting(folder: Path) -> AsyncIterator[Host]:
    """A host of the app in *folder*, with real time and a store of its own."""
    async with Host(HostOptions(folder=folder, port=0, db=folder / "hub.db")) as host:
        yield host


def calls_in(folder: Path) -> list[Any]:
    """What the app's functions noted."""
    path = folder / "calls.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


async def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for what another process brings about."""
    try:
        async with asyncio.timeout(WITHIN_SECONDS):
            while not await asyncio.to_thread(condition):  # noqa: ASYNC110  another process brings it about
                await asyncio.sleep(0.05)
    except TimeoutError:
        pytest.fail(f"no {what} within {WITHIN_SECONDS} s")


def bodies_in(storage: str, queue: str) -> list[str]:
    """The texts in a queue as they lie there; none where it does not exist."""
    with QueueClient.from_connection_string(storage, queue) as client:
        try:
            return [message.content for message in client.peek_messages(32)]
        except ResourceNotFoundError:
            return []


def base64_of(*texts: str) -> list[str]:
    """Texts as the platform's queue bindings write them."""
    return [base64.b64encode(text.encode()).decode() for text in texts]


async def test_a_message_is_taken_and_what_the_function_returns_is_sent(tmp_path: Path, storage: str) -> None:
    """An HTTP function's output makes the queue; the trigger reads it, and its return value goes on as Base64."""
    app = write_app(tmp_path / "app", source=QUEUES, host_json=HOST)
    out, copies, source = _queues()

    async with hosting(app) as host:
        port = int(host.url.rpartition(":")[2])
        assert (await ask(port, "POST", "/api/send/hello")).status == 202
        await until(lambda: bodies_in(storage, out) == base64_of("HELLO"), "answer")
        with QueueClient.from_connection_string(storage, source) as queue:
            queue.send_message(base64_of('{"copies": ["a", "ä"]}')[0])
        await until(lambda: bodies_in(storage, copies) == base64_of("a", "ä"), "copies")
        await until(lambda: bodies_in(storage, source) == [], "empty queue")

    assert calls_in(app)[0]["id"] is True
    assert [(call["body"], call["count"]) for call in calls_in(app)] == [
        ("hello", 1),
        ('{"copies": ["a", "ä"]}', 1),
    ]


async def test_a_message_that_fails_goes_to_the_poison_queue(tmp_path: Path, storage: str) -> None:
    """After as many tries as host.json says it lies there as it came; so does what is no Base64."""
    app = write_app(tmp_path / "app", source=QUEUES, host_json=HOST)
    _, _, source = _queues()

    async with hosting(app) as host:
        port = int(host.url.rpartition(":")[2])
        await ask(port, "POST", "/api/send/fail")
        await until(lambda: bodies_in(storage, f"{source}-poison") == base64_of("fail"), "poison message")
        with QueueClient.from_connection_string(storage, source) as queue:
            queue.send_message("no Base64!")
        await until(lambda: "no Base64!" in bodies_in(storage, f"{source}-poison"), "second poison message")
        await until(lambda: bodies_in(storage, source) == [], "empty queue")

    assert [(call["body"], call["count"]) for call in calls_in(app)] == [("fail", 1), ("fail", 2)]


async def test_a_message_is_hidden_for_as_long_as_its_function_runs(
    tmp_path: Path, storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A function that runs for longer than a lease is called once, and its message is gone afterwards."""
    monkeypatch.setattr(queue_trigger, "LEASE_SECONDS", 4)
    app = write_app(tmp_path / "app", source=QUEUES, host_json=HOST)
    out, _, source = _queues()

    async with hosting(app) as host:
        await ask(int(host.url.rpartition(":")[2]), "POST", "/api/send/slow")
        await until(lambda: bodies_in(storage, out) == base64_of("SLOW"), "answer")
        await until(lambda: bodies_in(storage, source) == [], "empty queue")

    assert [(call["body"], call["count"]) for call in calls_in(app)] == [("slow", 1)]


async def test_a_blob_is_read_once_also_after_a_restart(tmp_path: Path, storage: str) -> None:
    """What was done is remembered; what is new, changed or not meant is told apart."""
    app = write_app(tmp_path / "app", source=BLOBS, host_json=HOST)
    with ContainerClient.from_connection_string(storage, "samples") as container:
        container.create_container()
        container.upload_blob("in/a.txt", "first", metadata={"kind": "letter"})
        container.upload_blob("elsewhere/b.txt", "not meant")
        container.upload_blob("in/fail.txt", "x")

        async with hosting(app):
            await until(lambda: len(calls_in(app)) == 3, "three calls")
            await until(lambda: len(bodies_in(storage, "webjobs-blobtrigger-poison")) == 1, "poison message")
        container.upload_blob("in/c/d.txt", "new")
        container.upload_blob("in/a.txt", "changed", overwrite=True)
        async with hosting(app):
            await until(lambda: len(calls_in(app)) == 5, "two more calls")

    told = [(call["name"], call["text"], call["length"]) for call in calls_in(app)]
    poison = json.loads(base64.b64decode(bodies_in(storage, "webjobs-blobtrigger-poison")[0]))
    assert sorted(told[:3]) == [
        ("samples/in/a.txt", "first", 5),
        ("samples/in/fail.txt", "x", 1),
        ("samples/in/fail.txt", "x", 1),
    ]
    assert sorted(told[3:]) == [("samples/in/a.txt", "changed", 7), ("samples/in/c/d.txt", "new", 3)]
    assert next(call["metadata"] for call in calls_in(app) if call["text"] == "first") == {"kind": "letter"}
    assert (poison["BlobName"], poison["FunctionId"]) == ("in/fail.txt", "Host.Functions.Read")


@pytest.mark.parametrize(
    ("source", "told"), [(QUEUES, "a queue does not answer"), (BLOBS, "a container does not answer")]
)
async def test_storage_that_is_away_is_waited_for(
    source: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The host starts without it, and says once what does not answer."""
    for setting in ("IN_QUEUE", "OUT_QUEUE", "COPY_QUEUE"):
        monkeypatch.setenv(setting, "somewhere")
    folder = write_app(tmp_path / "app", source=source, host_json=HOST)

    with held_ports(3) as ports:
        monkeypatch.setenv("AzureWebJobsStorage", Azurite(ports=Ports(*ports), pid=0).connection_string)
        async with hosting(folder):
            await until(lambda: told in caplog.messages, "warning")
            await asyncio.sleep(0.3)  # time for more looks

    assert caplog.messages.count(told) == 1


async def test_a_timer_fires_by_itself(tmp_path: Path) -> None:
    """On the machine's clock nobody has to move the time."""
    app = write_app(tmp_path / "app", source=TIMER, host_json=HOST)

    async with hosting(app):
        await until(lambda: len(calls_in(app)) >= 2, "second call")


def _queues() -> tuple[str, str, str]:
    return os.environ["OUT_QUEUE"], os.environ["COPY_QUEUE"], os.environ["IN_QUEUE"]
