"""Every call of the SDK's client against devhost: what it returns or raises, as recorded of the real host."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import azure.durable_functions as df
import azure.functions as func
import pytest

from devhost.testing import DevHost
from devhost.testing.dev_host import START
from tests.support.apps import write_app

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

APP = """
import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.orchestration_trigger(context_name="context")
def Waits(context: df.DurableOrchestrationContext):
    return (yield context.wait_for_external_event("Go"))


@app.orchestration_trigger(context_name="context")
def Breaks(context: df.DurableOrchestrationContext):
    return (yield context.call_activity("Fails", 1))


@app.activity_trigger(input_name="number")
def Fails(number: int) -> int:
    raise ValueError("no stock")


@app.entity_trigger(context_name="context")
def Counter(context: df.DurableEntityContext):
    context.set_state(context.get_state(lambda: 0) + context.get_input())
"""
GONE = "Instance with ID ended is gone: either completed or failed"
Client = df.DurableOrchestrationClient


@pytest.fixture
async def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DevHost]:
    """A host with an instance that waits, one that is suspended, one that has ended and one that has failed."""
    monkeypatch.setenv("AZURE_FUNCTIONS_DURABLE_STRICT_TYPING", "1")
    async with DevHost(write_app(tmp_path / "app", source=APP)) as one:
        for name in ("waiting", "paused", "ended"):
            await one.start("Waits", instance_id=name)
        await one.start("Breaks", instance_id="failed")
        await one.suspend("paused", "a break")
        await one.raise_event("ended", "Go", 1)
        yield one


async def said(call: Any) -> str:
    """Return the text of what a call raises."""
    with pytest.raises(Exception) as error:  # noqa: PT011  the SDK raises bare exceptions
        await call
    return str(error.value)


async def test_a_start_returns_the_id(host: DevHost) -> None:
    """An unknown function starts as well; a taken id and one with a slash are bare exceptions."""
    client = host.client

    assert await client.start_new("Waits", "new", {"a": 1}) == "new"
    assert await client.start_new("Nowhere", "lost") == "lost"
    assert await client.start_new("Waits", "a+b") == "a b"
    assert await said(client.start_new("Waits", "waiting")) == (
        "{'Message': 'An Orchestration instance with the status Running already exists.'}"
    )
    assert await said(client.start_new("Waits", "a/b")) == "None"


async def test_a_status_is_what_the_host_shows(host: DevHost) -> None:
    """Its history has the host's name for it; an unknown id is a status that is falsy."""
    one = await host.client.get_status("ended", show_history=True, show_history_output=True)
    none = await host.client.get_status("nobody")

    assert (one.runtime_status, one.output) == (df.OrchestrationRuntimeStatus.Completed, 1)
    assert one.history is None
    assert [event["EventType"] for event in vars(one)["historyEvents"]] == [
        "ExecutionStarted",
        "EventRaised",
        "ExecutionCompleted",
    ]
    assert not none


async def test_lists_hold_one_page(host: DevHost) -> None:
    """All instances, or those of a state, a prefix and a window."""
    client, running = host.client, [df.OrchestrationRuntimeStatus.Running]

    everybody = [one.instance_id for one in await client.get_status_all()]
    some = await client.get_status_by(START - timedelta(hours=1), START + timedelta(hours=1), running)

    assert everybody == ["ended", "failed", "paused", "waiting"]
    assert [one.instance_id for one in some] == ["waiting"]


async def test_an_event_to_nobody_raises(host: DevHost) -> None:
    """Unknown, ended and nameless each have a text of their own."""
    client = host.client

    await client.raise_event("waiting", "Go", {"x": 1})
    await host.at_rest()

    assert (await host.status("waiting")).output == '{"x": 1}'
    assert await said(client.raise_event("nobody", "Go", 1)) == "No instance with ID nobody found."
    assert await said(client.raise_event("ended", "Go", 1)) == GONE
    assert await said(client.raise_event("paused", "", 1)) == "event_name must be a non-empty string."


@pytest.mark.parametrize(
    ("operation", "target", "text"),
    [
        ("terminate", "waiting", None),
        ("terminate", "ended", None),
        ("terminate", "nobody", "No instance with ID 'nobody' found."),
        ("suspend", "waiting", None),
        ("suspend", "paused", "The operation failed with an unexpected status code 500"),
        ("resume", "paused", None),
        ("resume", "waiting", "The operation failed with an unexpected status code 500"),
        ("resume", "ended", None),
        ("rewind", "failed", None),
        ("rewind", "nobody", "No instance with ID nobody found."),
        (
            "rewind",
            "waiting",
            'This orchestration has status Running, but only orchestrations in the "Failed" state can be rewound.',
        ),
    ],
)
async def test_a_control_call_is_silent_or_says_why(
    host: DevHost, operation: str, target: str, text: str | None
) -> None:
    """What has ended already is silent, but for a rewind."""
    call = getattr(host.client, operation)(target, "why")

    if text is None:
        assert await call is None
    else:
        assert await said(call) == text
    await host.at_rest()


async def test_a_restart_returns_the_links(host: DevHost) -> None:
    """They are a dict, with the private origin; an unknown id and one that lives on are errors."""
    links: Any = await host.client.restart("waiting")

    assert list(links)[:2] == ["id", "statusQueryGetUri"]
    assert links["statusQueryGetUri"].startswith("http://127.0.0.1:")
    for target in (host.client.restart("nobody"), host.client.restart("waiting", False)):
        assert (await said(target)).startswith("The operation failed with an unexpected status code 4")
    await host.at_rest()


@pytest.mark.parametrize(
    ("target", "status", "body"), [("ended", 200, "1"), ("failed", 500, '"name": "Breaks"'), ("waiting", 202, '"id"')]
)
async def test_who_waits_gets_the_end_or_the_links(host: DevHost, target: str, status: int, body: str) -> None:
    """The output as it is, the status of what failed, and the links when the time is over."""
    req = func.HttpRequest("POST", f"{host.url}/api/x", body=b"")

    answer = await host.client.wait_for_completion_or_create_check_status_response(req, target, 40, 20)

    assert answer.status_code == status
    assert body in answer.get_body().decode()


async def test_a_purge_counts_what_it_forgot(host: DevHost) -> None:
    """Nobody is none; what lives is refused; a purge of many needs a begin."""
    client, everybody = host.client, list(df.OrchestrationRuntimeStatus)

    one, nobody = await client.purge_instance_history("ended"), await client.purge_instance_history("nobody")
    living = await said(client.purge_instance_history("waiting"))
    beginless = await said(client.purge_instance_history_by())
    many = await client.purge_instance_history_by(
        START - timedelta(days=1), datetime(2030, 1, 1, tzinfo=UTC), everybody
    )

    assert (one.instances_deleted, nobody.instances_deleted, many.instances_deleted) == (1, 0, 1)
    assert living == "The operation failed with an unexpected status code 412"
    assert "created_time_from is required" in beginless
    assert (await host.status("waiting")).runtime_status == "Running"


async def test_entities_are_signalled_and_read(host: DevHost) -> None:
    """An unknown entity cannot be signalled, and does not exist when read."""
    client, counter = host.client, df.EntityId("Counter", "k")

    before = await client.read_entity_state(counter)
    await client.signal_entity(counter, "add", 5)
    await host.at_rest()
    after = await client.read_entity_state(counter)
    unknown = await client.read_entity_state(df.EntityId("Nobody", "k"))

    assert (before.entity_exists, after.entity_exists, unknown.entity_exists) == (False, True, False)
    assert after.entity_state == 5
    text = await said(client.signal_entity(df.EntityId("Nobody", "k"), "add", 5))
    assert text == "The operation failed with an unexpected status code 400"
