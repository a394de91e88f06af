"""The host of a test: stories told from outside, with time, crashes and fakes in the test's hand."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from pathlib import Path

import azure.durable_functions as df
import pytest

from devhost.errors import AppError, InstanceNotFoundError
from devhost.testing import DevHost, DiedError, ReachError
from devhost.testing.dev_host import START
from devhost.testing.plugin import MakesHosts
from tests.support.apps import write_app

APP = Path(__file__).parent.parent / "apps" / "approvals"
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def strict_typing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the SDK read JSON as JSON; its other way warns once a process, and warnings are errors."""
    monkeypatch.setenv("AZURE_FUNCTIONS_DURABLE_STRICT_TYPING", "1")


async def test_a_story_is_told_from_start_to_end() -> None:
    """Start, event and end; what the fake got and gave is in the history."""
    async with DevHost(APP) as host:
        host.replace_activity("Pay", lambda order: f"receipt for {order['id']}")
        order = await host.start("Approval", {"id": "o-1"})
        await host.wait_until_awaits(order, "Decision")

        await host.raise_event(order, "Decision", {"approved": True})

        status = await host.wait_for(order, "Completed")
        history = await host.history(order)
    assert status.output == "receipt for o-1"
    assert history.activity("Notify").input == {"order": "o-1"}
    assert history.activity("notify").result == "told o-1"
    assert history.activity("Pay").input == {"id": "o-1"}
    assert history.raised("Decision") == [{"approved": True}]
    assert history.names[0] == "ExecutionStarted"
    assert history.awaited == ()


async def test_a_day_passes_at_once() -> None:
    """Time that is moved fires timers; the next timer is found by itself."""
    async with DevHost(APP) as host:
        first, second = await host.start("Approval", {"id": "1"}), await host.start("Approval", {"id": "2"})

        await host.advance(timedelta(hours=23))
        assert (await host.status(first)).runtime_status == "Running"
        now = await host.advance_to_next_timer()

        assert now == START + DAY
        assert (await host.wait_for(first)).output == (await host.wait_for(second)).output == "expired"
        with pytest.raises(ReachError, match="no timer is due"):
            await host.advance_to_next_timer()


async def test_a_wait_in_vain_says_what_is_missing() -> None:
    """No test waits for a time-out: the message says what the instance awaits and when its timer is due."""
    async with DevHost(APP) as host:
        order = await host.start("Approval", {"id": "1"})

        with pytest.raises(ReachError, match=r"it is Running and awaits Decision; .* due 2026-01-16T10:00:00Z"):
            await host.wait_for(order, "Completed")
        with pytest.raises(ReachError, match="does not await Other"):
            await host.wait_until_awaits(order, "Other")


async def test_an_instance_that_ended_otherwise_is_told_with_its_output() -> None:
    """A failed activity ends the instance, and the message carries why."""
    async with DevHost(APP) as host:
        order = await host.start("Approval", {"id": "1"})
        await host.raise_event(order, "Decision", True)

        with pytest.raises(ReachError, match=r"it is Failed with the output .*no payment provider here"):
            await host.wait_for(order, "Completed")
        assert "no payment provider here" in ((await host.history(order)).activity("Pay").failure or "")


async def test_a_killed_host_goes_on_where_it_was() -> None:
    """After a reopening, half a day later, the old deadline holds."""
    async with DevHost(APP) as host:
        order = await host.start("Approval", {"id": "1"})
        await host.advance(timedelta(hours=6))
        await host.kill()

        await host.reopen(after=timedelta(hours=12))

        assert host.now == START + timedelta(hours=18)
        await host.wait_until_awaits(order, "Decision")
        await host.advance(timedelta(hours=6))
        assert (await host.wait_for(order)).output == "expired"


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("commit", range(1, 5))
async def test_a_crash_at_any_commit_loses_nothing(commit: int, side: str) -> None:
    """Wherever the host dies, the story comes to the same end, with the payment's result once in the history."""
    async with DevHost(APP) as host:
        host.replace_activity("Pay", lambda order: f"receipt for {order['id']}")
        await host.start("Approval", {"id": "o-1"}, instance_id="one")
        await host.wait_until_awaits("one", "Decision")
        host.crash_at(commit, side)  # type: ignore[arg-type]  # one of the two
        with pytest.raises(DiedError):
            await host.raise_event("one", "Decision", True)

        await host.reopen()
        if "Decision" in (await host.history("one")).awaited:
            await host.raise_event("one", "Decision", True)

        assert (await host.wait_for("one")).output == "receipt for o-1"
        assert [call.name for call in (await host.history("one")).activities] == ["Notify", "Pay"]


async def test_the_commits_have_names() -> None:
    """A test can see at which commits it may let the host die."""
    async with DevHost(APP) as host:
        await host.start("Approval", {"id": "1"})

        assert host.commits == ["start", "turn 1", "activity Notify", "turn 2"]


async def test_routes_and_the_sdks_client_work() -> None:
    """A request reaches the app's HTTP function, and a client of the SDK sees what it started."""
    async with DevHost(APP) as host:
        answer = await host.request("POST", "/api/orders/o-7")

        status = await host.client.get_status("o-7")
        await host.client.raise_event("o-7", "Decision", "yes")
        await host.at_rest()
        polled = await host.request("GET", "/runtime/webhooks/durabletask/instances/o-7")
    assert (answer.status, answer.json()["id"]) == (202, "o-7")
    assert status.runtime_status is df.OrchestrationRuntimeStatus.Running
    assert polled.json()["runtimeStatus"] == "Failed"


async def test_suspend_resume_and_terminate() -> None:
    """Control requests show in the status."""
    async with DevHost(APP) as host:
        order = await host.start("Approval", {"id": "1"})
        await host.suspend(order, "a break")
        suspended = await host.status(order)
        await host.resume(order)
        await host.terminate(order, "enough")

        assert suspended.runtime_status == "Suspended"
        assert (await host.wait_for(order, "Terminated")).output == "enough"
        with pytest.raises(InstanceNotFoundError):
            await host.status("nobody")
        with pytest.raises(AppError, match="The app has no activity Charge; it has Notify, Pay"):
            host.replace_activity("Charge", lambda _: None)
        with pytest.raises(AssertionError, match="Notify was called 1 times, not 2"):
            (await host.history(order)).activity("Notify", 2)


async def test_an_app_object_is_hosted_without_a_folder() -> None:
    """A test may hand over the app object that it imported, again and again."""
    app = df.DFApp()

    @app.orchestration_trigger(context_name="context")  # type: ignore[untyped-decorator]  # as the SDK has it
    def ends(context: df.DurableOrchestrationContext) -> object:
        return context.get_input()

    for value in (1, 2):
        async with DevHost(app) as host:
            assert (await host.wait_for(await host.start("ends", value))).output == value


async def test_a_folder_is_loaded_and_leaves_no_trace(tmp_path: Path, devhost: MakesHosts) -> None:
    """An app is loaded with its own modules and settings; afterwards the process is as before."""
    folder = write_app(tmp_path / "app", more="\nimport of_this_app\n")
    (folder / "of_this_app.py").write_text("import os\nSEEN = os.environ['Colour']\n")
    here, path = Path.cwd(), list(sys.path)

    async with devhost(folder, settings={"Colour": "green"}) as host:
        one = await host.start("Doubles", 21)
        output = (await host.wait_for(one)).output

    assert output == 42
    assert (Path.cwd(), sys.path) == (here, path)
    assert "Colour" not in os.environ
    assert "of_this_app" not in sys.modules
