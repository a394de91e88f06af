"""What is easy to get wrong about the real host, each trap told by an app that walks into it."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from devhost.engine.actions import Answer, WaitForEvent
from devhost.engine.engine import Query
from devhost.testing import DevHost
from tests.support.apps import write_app
from tests.support.scripted import ScriptedWorker, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from devhost.engine.history import Event

HUB = "/runtime/webhooks/durabletask"
DAY = timedelta(days=1)
APP = '''
from datetime import timedelta

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.orchestration_trigger(context_name="context")
def Reads(context: df.DurableOrchestrationContext):
    return context.get_input()


@app.orchestration_trigger(context_name="context")
def WaitsTwice(context: df.DurableOrchestrationContext):
    yield context.call_activity("Slow", 1)
    first = yield context.wait_for_external_event("Go")
    second = yield context.wait_for_external_event("Go")
    return [first, second]


@app.orchestration_trigger(context_name="context")
def Races(context: df.DurableOrchestrationContext):
    """Race an event against a timer of so many days, and cancel the timer that loses."""
    timer = context.create_timer(context.current_utc_datetime + timedelta(days=context.get_input()["days"]))
    event = context.wait_for_external_event("Go")
    winner = yield context.task_any([event, timer])
    if winner == event:
        timer.cancel()
        return event.result
    return "late"


@app.orchestration_trigger(context_name="context")
def RacesAgain(context: df.DurableOrchestrationContext):
    """Race one timer in two rounds."""
    timer = context.create_timer(context.current_utc_datetime + timedelta(hours=1))
    for _ in range(2):
        event = context.wait_for_external_event("Go")
        winner = yield context.task_any([event, timer])
        if winner == timer:
            return "late"
    timer.cancel()
    return "twice"


@app.orchestration_trigger(context_name="context")
def RacesInRounds(context: df.DurableOrchestrationContext):
    """Count the rounds in which an event came; four are enough."""
    rounds = context.get_input() or 0
    timer = context.create_timer(context.current_utc_datetime + timedelta(hours=1))
    event = context.wait_for_external_event("Go")
    winner = yield context.task_any([event, timer])
    timer.cancel()
    if winner == timer or rounds == 3:
        return rounds
    context.continue_as_new(rounds + 1)


@app.orchestration_trigger(context_name="context")
def Says(context: df.DurableOrchestrationContext):
    """Say one thing, and after an event another."""
    context.set_custom_status("something")
    yield context.wait_for_external_event("Go")
    context.set_custom_status(context.get_input()["then"])
    yield context.wait_for_external_event("End")


@app.orchestration_trigger(context_name="context")
def Calls(context: df.DurableOrchestrationContext):
    return (yield context.call_activity(context.get_input()["name"], 1))


@app.activity_trigger(input_name="number")
def Slow(number: int) -> int:
    return number


@app.activity_trigger(input_name="number")
def Breaks(number: int) -> int:
    raise ValueError("no stock")


@app.activity_trigger(input_name="number", activity="Known")
def OwnName(number: int) -> int:
    return number
'''


@pytest.fixture
async def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DevHost]:
    """A host of the app above; the SDK reads JSON as JSON, as its other way warns once a process."""
    monkeypatch.setenv("AZURE_FUNCTIONS_DURABLE_STRICT_TYPING", "1")
    async with DevHost(write_app(tmp_path / "app", source=APP)) as one:
        yield one


async def post(host: DevHost, path: str, body: str) -> int:
    """Send a body of JSON to the management API as it is written, and return the status."""
    answer = await host.request("POST", HUB + path, data=body, headers={"Content-Type": "application/json"})
    return answer.status


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ("[1,2]", "Failed", "must be str, bytes or bytearray, not list"),
        ("5", "Failed", "must be str, bytes or bytearray, not int"),
        ("true", "Failed", "must be str, bytes or bytearray, not bool"),
        ('""', "Failed", "Expecting value: line 1 column 1 (char 0)"),
        ('"hello"', "Failed", "Expecting value: line 1 column 1 (char 0)"),
        ('"5"', "Completed", "5"),
        ('{"a":1}', "Completed", "{'a': 1}"),
        ("null", "Completed", "None"),
    ],
)
async def test_get_input_reads_objects_and_texts_that_hold_json(
    host: DevHost, body: str, status: str, said: str
) -> None:
    """Anything else that curl can send makes the orchestrator fail."""
    assert await post(host, "/orchestrators/Reads/one", body) == 202

    one = await host.status("one")
    assert one.runtime_status == status
    assert said in str(one.output)


async def test_an_event_of_another_case_wakes_nobody(host: DevHost) -> None:
    """It is accepted, and the wait goes on until the name comes as it is spelt."""
    one = await host.start("Races", {"days": 1})

    await host.raise_event(one, "GO", 1)
    assert (await host.status(one)).runtime_status == "Running"
    await host.raise_event(one, "Go", 2)

    assert (await host.wait_for(one)).output == 2


@pytest.mark.parametrize(("early", "output"), [([1], [1, 1]), ([1, 2], [2, 2])])
async def test_early_events_of_one_name_repeat(host: DevHost, early: list[int], output: list[int]) -> None:
    """Each wait gets the last of them; after a single one the instance runs on until a second one comes."""
    slow, done = asyncio.Event(), asyncio.Event()

    async def wait(_: int) -> int:
        slow.set()
        await done.wait()
        return 1

    host.replace_activity("Slow", wait)
    starting = asyncio.create_task(host.start("WaitsTwice", instance_id="one"))
    await slow.wait()
    for value in early:
        await host._host.engine.raise_event("one", "Go", str(value))
    done.set()
    await starting

    if len(early) == 1:
        assert (await host.status("one")).runtime_status == "Running"
        await host.raise_event("one", "Go", "ignored")

    assert (await host.wait_for("one")).output == output


@pytest.mark.parametrize(("days", "status"), [(5, "Completed"), (7, "Running")])
async def test_a_long_timer_that_lost_holds_the_instance(host: DevHost, days: int, status: str) -> None:
    """Above six days the cancellation is lost, and the instance ends when the first leg of three days is over."""
    one = await host.start("Races", {"days": days})

    await host.raise_event(one, "Go", "won")

    assert (await host.status(one)).runtime_status == status
    await host.advance(3 * DAY)
    assert (await host.wait_for(one)).output == "won"


@pytest.mark.parametrize("falsy", [0, "", {}, [], False, None])
async def test_a_falsy_custom_status_takes_the_older_one_away(host: DevHost, falsy: Any) -> None:
    """The SDK does not send it, and what is not sent is null."""
    one = await host.start("Says", {"then": falsy})
    assert (await host.status(one)).custom_status == "something"

    await host.raise_event(one, "Go")

    assert (await host.status(one)).custom_status is None


async def test_a_suspended_instance_keeps_its_id(host: DevHost) -> None:
    """A start under its id is a conflict that names the state."""
    one = await host.start("Races", {"days": 1})
    await host.suspend(one)

    answer = await host.request("POST", f"{HUB}/orchestrators/Reads/{one}", json={})

    text = "An Orchestration instance with the status Suspended already exists."
    assert (answer.status, answer.json()) == (409, {"Message": text})


@pytest.mark.parametrize(
    ("name", "status"), [("Known", "Completed"), ("kNOWN", "Completed"), ("OwnName", "Running"), ("Reads", "Running")]
)
async def test_only_the_durable_name_of_an_activity_is_known(host: DevHost, name: str, status: str) -> None:
    """In any case; a call of the aliased function's own name hangs, and so does one of an orchestrator."""
    one = await host.start("Calls", {"name": name})

    assert (await host.status(one)).runtime_status == status


async def test_a_race_that_is_lost_while_suspended_ends_the_instance(host: DevHost) -> None:
    """The cancelled timer settles it; a resume then comes too late."""
    one = await host.start("Races", {"days": 1})
    await host.suspend(one)

    await host.raise_event(one, "Go", "won")

    assert (await host.wait_for(one)).output == "won"
    assert (await host.request("POST", f"{HUB}/instances/{one}/resume")).status == 410


async def test_a_timer_that_is_raced_again_wakes_nobody(host: DevHost) -> None:
    """After its time the instance runs on; then the next event ends it, and the timer has won."""
    one = await host.start("RacesAgain")
    await host.raise_event(one, "Go", 1)

    await host.advance(timedelta(hours=2))
    assert (await host.status(one)).runtime_status == "Running"
    await host.raise_event(one, "Go", 2)

    assert (await host.wait_for(one)).output == "late"


async def test_an_event_that_was_raced_for_goes_over_to_the_next_round(host: DevHost) -> None:
    """One event is taken in every round, since the cancelled timer let the walk run ahead of it."""
    one = await host.start("RacesInRounds")

    await host.raise_event(one, "Go", 1)

    assert (await host.wait_for(one)).output == 3


async def test_an_uncaught_failure_of_an_activity_is_the_output_whole(host: DevHost) -> None:
    """With the serialized exception, and the paths in it: `output` is not for outsiders."""
    one = await host.start("Calls", {"name": "Breaks"})

    output = (await host.wait_for(one, "Failed")).output

    assert output.startswith(
        "Orchestrator function 'Calls' failed: Activity function 'Breaks' failed:  ValueError: no stock \n {"
    )
    assert '"RemoteStackTrace":"  File ' in output
    assert len(output) > 1000


async def test_an_instance_that_is_purged_in_its_first_turn_comes_back() -> None:
    """A bulk purge finds it and nobody finds it then, until its turn is committed."""
    has_begun, may_end = threading.Event(), threading.Event()

    def blocks(_: Sequence[Event]) -> Answer:
        has_begun.set()
        may_end.wait(10)
        return Answer(actions=(WaitForEvent(name="Go"),))

    async with running(ScriptedWorker({"Flow": blocks})) as engine:
        await engine.start_instance("Flow", instance_id="one")
        await asyncio.to_thread(has_begun.wait, 10)

        purged = await engine.purge_where(Query())
        meanwhile = await engine.instance("one")
        may_end.set()
        await engine.at_rest()
        back = await engine.instance("one")

    assert (purged, meanwhile) == (1, None)
    assert back is not None
    assert back.status.label == "Running"
