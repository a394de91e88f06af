"""Activities, plain and async, through the worker that the engine sees."""

from __future__ import annotations

import asyncio
import contextvars
import json
import re
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import azure.durable_functions as df
import azure.functions as func
import pytest
import pytest_asyncio

from devhost.engine.worker import ActivityCall, ActivityEnd, OrchestratorCall, Worker
from devhost.sdk.functions import FunctionTable
from devhost.sdk.worker import AppWorker

REQUEST: contextvars.ContextVar[str] = contextvars.ContextVar("REQUEST", default="none")


class StockError(Exception):
    """There is nothing left."""


def give_back(payload: Any) -> Any:
    return payload


def flow(context: Any) -> Any:
    return context


async def give_back_later(payload: Any) -> Any:
    await asyncio.sleep(0)
    return payload


def fail(payload: str) -> str:
    raise StockError(payload)


async def fail_later(payload: str) -> str:
    raise StockError(payload)


def leave(payload: str) -> str:
    raise SystemExit(payload)


def stop(payload: str) -> str:
    raise StopIteration(payload)


def a_set(payload: str) -> set[str]:
    return {payload}


def whereabouts(payload: str, context: func.Context) -> list[Any]:
    named = [context.function_name, context.function_directory, len(context.invocation_id), payload]
    known = context.thread_local_storage.invocation_id == context.invocation_id  # type: ignore[attr-defined]
    trace = re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-00", context.trace_context.trace_parent)
    is_same = context.trace_context is context.trace_context
    rest = [trace is not None, is_same, context.trace_context.trace_state, context.retry_context.retry_count]
    return [*named, threading.current_thread().name, REQUEST.get(), known, *rest]


@pytest_asyncio.fixture
async def worker(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Worker]:
    """A worker over an app with these activities."""
    monkeypatch.setenv("AZURE_FUNCTIONS_DURABLE_STRICT_TYPING", "1")
    app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
    for activity in (give_back, give_back_later, fail, fail_later, leave, stop, a_set, whereabouts):
        app.activity_trigger(input_name="payload")(activity)
    app.orchestration_trigger(context_name="context")(flow)
    with ThreadPoolExecutor(1, thread_name_prefix="pool") as pool:
        yield AppWorker(FunctionTable.of(app, Path("/app")), pool)


def a_call(name: str, text: str | None) -> ActivityCall:
    """Return the call of an activity."""
    return ActivityCall(instance_id="one", task_id=0, name=name, input=text)


@pytest.mark.parametrize("name", ["give_back", "GIVE_BACK_LATER"])
@pytest.mark.parametrize(
    ("text", "result"),
    [
        ('"Tokyo"', '"Tokyo"'),
        ('{"a": 1.0, "b": [true, null]}', '{"a":1.0,"b":[true,null]}'),
        ("5", "5"),
        ("null", None),
        (None, None),
        ('"gr\\u00fc\\u00df"', '"grüß"'),
        ("NaN", '"NaN"'),
        ('"null"', '"null"'),
        ("9223372036854775808", "9223372036854775808"),
        ("not json", '"not json"'),
    ],
)
async def test_input_and_result_go_through_the_workers_converters(
    worker: Worker, name: str, text: str | None, result: str | None
) -> None:
    """The result is stored compactly; a JSON null is no result at all."""
    assert await worker.run_activity(a_call(name, text)) == ActivityEnd(result=result)


@pytest.mark.parametrize("name", ["fail", "fail_later"])
async def test_a_failure_is_told_in_the_real_hosts_words(worker: Worker, name: str) -> None:
    """Two spaces before the class, which stands without its module; the details are one line of JSON."""
    end = await worker.run_activity(a_call(name, '"no stock\\nat all"'))

    details = json.loads(end.details or "")
    assert end.reason == f"Activity function '{name}' failed:  StockError: no stock\nat all"
    assert details["Message"] == " StockError: no stock\nat all"
    assert list(details) == [
        "$type",
        "ClassName",
        "Message",
        "Data",
        "InnerException",
        "HelpURL",
        "StackTraceString",
        "RemoteStackTraceString",
        "RemoteStackIndex",
        "ExceptionMethod",
        "HResult",
        "Source",
        "WatsonBuckets",
    ]
    inner = details["InnerException"]
    assert inner["Message"].startswith("Result: Failure\nException: StockError: no stock\nat all\nStack:   File ")
    assert "in fail" in inner["RemoteStackTrace"]
    assert "devhost/sdk/activity.py" not in inner["RemoteStackTrace"]
    assert "\n" not in (end.details or "")


@pytest.mark.parametrize(("name", "says"), [("leave", "SystemExit: x"), ("stop", "StopIteration: x")])
async def test_whatever_an_activity_raises_is_its_failure(worker: Worker, name: str, says: str) -> None:
    """Neither the loop nor the host ends with it."""
    end = await worker.run_activity(a_call(name, '"x"'))

    assert end.reason == f"Activity function '{name}' failed:  {says}"


async def test_a_result_that_json_cannot_say_is_a_failure(worker: Worker) -> None:
    """The converter's own text is the reason."""
    end = await worker.run_activity(a_call("a_set", '"x"'))

    assert end.reason == (
        "Activity function 'a_set' failed:  ValueError: activity trigger output must be json serializable ({'x'})"
    )


async def test_a_plain_activity_runs_on_the_pool_with_the_callers_context(worker: Worker) -> None:
    """An unbound parameter called context is the invocation."""
    REQUEST.set("seven")

    end = await worker.run_activity(a_call("whereabouts", '"x"'))

    assert json.loads(end.result or "") == ["whereabouts", "/app", 36, "x", "pool_0", "seven", True, True, True, "", 0]


async def test_an_activity_that_is_gone_fails(worker: Worker) -> None:
    """It was there when it was scheduled."""
    assert await worker.run_activity(a_call("Gone", None)) == ActivityEnd(
        reason="Activity function 'Gone' failed: Activity function 'Gone' does not exist."
    )


async def test_an_orchestrator_that_is_gone_crashes(worker: Worker) -> None:
    """The text lists those that are there."""
    call = OrchestratorCall(instance_id="one", name="Gone", history=(), new_from=0, parent_instance_id=None)

    assert worker.orchestrate(call).crash == (
        "The function 'Gone' doesn't exist, is disabled, or is not an orchestrator function. Additional info: "
        "The following are the known orchestrator functions: 'flow'."
    )
    assert worker.orchestrator_names() == ("flow",)
    assert worker.entity_names() == ()
    assert "a_set" in worker.activity_names()
