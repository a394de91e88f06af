"""Apps written as the platform's documentation shows them run unmodified."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from devhost.engine.engine import Query
from devhost.replaying.difference import first_difference
from devhost.testing import DevHost
from devhost.testing.dev_host import START

APPS = Path(__file__).parent.parent / "apps"
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def strict_typing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the SDK read JSON as JSON; its other way warns once a process, and warnings are errors."""
    monkeypatch.setenv("AZURE_FUNCTIONS_DURABLE_STRICT_TYPING", "1")


async def output_of(host: DevHost, path: str, **options: Any) -> Any:
    """Start by HTTP, and return the output once it is there."""
    answer = await host.request("POST", path, **options)
    assert answer.status == 202, answer.text
    return (await host.wait_for(answer.json()["id"])).output


async def test_function_chaining() -> None:
    """Each activity gets what the one before returned; a function object serves as its name."""
    async with DevHost(APPS / "greetings") as host:
        output = await output_of(host, "/api/orchestrators/chain_greetings")

    assert output == ["Hello Lisbon!", "Hello Hello Lisbon!!", "Hello Oslo!"]


async def test_fan_out_and_fan_in() -> None:
    """Many activities run side by side, and their results come in the order of the calls."""
    async with DevHost(APPS / "greetings") as host:
        output = await output_of(host, "/api/orchestrators/count_words", json=["a b", "c", "d e f"] * 10)

    assert output == 60


async def test_sub_orchestrations_and_retries() -> None:
    """Children fail twice, are tried again by timers, and their parent gets all results."""
    async with DevHost(APPS / "greetings") as host:
        started = (await host.request("POST", "/api/orchestrators/greet_families")).json()["id"]
        await host.advance(timedelta(seconds=10))
        status = await host.wait_for(started)

    assert status.output == {"greetings": ["Good morning, Adlers!", "Good morning, Brandts!"]}


@pytest.mark.filterwarnings("ignore:azure.functions")  # the SDK's, of reading objects of a class without strict typing
async def test_a_monitor_on_a_blueprint() -> None:
    """It looks every ten minutes, with its own object as input, until the job is done or the hour is over."""
    async with DevHost(APPS / "jobs", settings={"AZURE_FUNCTIONS_DURABLE_STRICT_TYPING": "0"}) as host:
        for number in (7, 100):
            answer = await host.request("POST", f"/api/jobs/{number}/watch")
            assert answer.status == 202
        refused = await host.request("POST", "/api/jobs/x/watch")
        await host.advance(HOUR)

        done, late = await host.wait_for("job-7"), await host.wait_for("job-100")
        told = [(await host.history(name)).activity("Tell").input for name in ("job-7", "job-100")]
        health = await host.request("GET", "/api/health")

    assert (done.output, done.custom_status) == (3, {"rounds": 3, "state": "done"})
    assert (late.output, late.custom_status["rounds"]) == (None, 6)
    assert told == ["job 7 is done", "job 100 takes long"]
    assert (refused.status, health.text) == (404, "fine")


async def test_human_interaction() -> None:
    """One is approved in time, the other is escalated after three days."""
    async with DevHost(APPS / "jobs") as host:
        approved, escalated = await host.start("Approve"), await host.start("Approve")
        await host.wait_until_awaits(approved, "ApprovalEvent")
        await host.raise_event(approved, "ApprovalEvent", "yes")
        await host.advance(timedelta(hours=72))

        outputs = [(await host.wait_for(one)).output for one in (approved, escalated)]

    assert outputs == ["approved: yes", "escalated"]


async def test_an_eternal_orchestration() -> None:
    """It begins anew each hour with a new input."""
    async with DevHost(APPS / "jobs") as host:
        one = await host.start("CleanUp")
        await host.advance_to_next_timer()
        await host.advance_to_next_timer()
        running = await host.status(one)
        assert await host.advance_to_next_timer() >= START + 3 * HOUR

        assert running.runtime_status == "Running"
        assert (await host.wait_for(one)).output == 3


async def test_entities() -> None:
    """A client signals and reads; an orchestrator calls; what it signals comes before its next call."""
    async with DevHost(APPS / "counters") as host:
        unknown = await host.request("GET", "/api/counters/a")
        for amount in (5, 7):
            assert (await host.request("POST", f"/api/counters/a/{amount}")).status == 202
        one = await host.start("transfer", {"one": "a", "other": "b", "amount": 4})
        output = (await host.wait_for(one)).output
        left = await host.request("GET", "/api/counters/a")

    assert (unknown.text, left.text) == ("none", "8")
    assert output == {"moved": 4, "now": 4}


@pytest.mark.parametrize(
    ("app", "flow", "value", "timers"),
    [
        ("counters", "transfer", {"one": "a", "other": "b", "amount": 0}, 0),
        ("jobs", "CleanUp", None, 2),
        ("greetings", "greet_families", None, 1),
    ],
)
async def test_what_happened_can_be_told_again(app: str, flow: str, value: Any, timers: int) -> None:
    """Histories with entities, children, retries and new executions are accepted by the code that made them."""
    async with DevHost(APPS / app) as host:
        one = await host.start(flow, value)
        for _ in range(timers):
            await host.advance_to_next_timer()

        page = await host._host.engine.instances(Query(), limit=9)
        told = {other.id: (await host.history(other.id)).events for other in page.instances if other.id[0] != "@"}
        differences = [first_difference(host._teller, events) for events in told.values()]

    assert one in told
    assert differences == [None] * len(told)
