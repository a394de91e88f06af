"""A batch of an entity through the SDK: what the function is told, and what is made of its answer."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import azure.durable_functions as df
import azure.functions as func
import pytest

from devhost.engine.worker import BatchCall, Operation
from devhost.sdk.entity import body_text, run_batch
from devhost.sdk.functions import ENTITY_TRIGGER, FunctionTable
from devhost.sdk.worker import AppWorker

TRACE = Path(__file__).parents[3] / "replay" / "traces" / "f_entity_call_and_signal.json"
BATCHES = json.loads(TRACE.read_text(encoding="utf-8"))["entityBatches"]


def counter(context: df.DurableEntityContext) -> None:
    """The counter of the trace."""
    value = context.get_state(lambda: 0)
    match context.operation_name:
        case "add":
            value += context.get_input()
            context.set_result(value)
        case "get":
            context.set_result(value)
        case "boom":
            message = "bad op"
            raise ValueError(message)
        case "reset":
            context.destruct_on_exit()
            return
    context.set_state(value)


def Unsayable(context: df.DurableEntityContext) -> None:  # noqa: N802  an entity's name
    """Keep what JSON cannot say."""
    context.set_state({1, 2})


@pytest.fixture(scope="module")
def table() -> FunctionTable:
    """The entities above; an app can be asked only once."""
    app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
    app.entity_trigger(context_name="context", entity_name="Counter")(counter)
    app.entity_trigger(context_name="context")(Unsayable)
    return FunctionTable.of(app)


@pytest.fixture(autouse=True)
def strict_typing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK does not warn of what it loads without a type."""
    monkeypatch.setenv("AZURE_FUNCTIONS_DURABLE_STRICT_TYPING", "1")


def call_of(body: dict[str, Any]) -> BatchCall:
    """Return the call that leads to *body*."""
    return BatchCall(
        name=body["self"]["name"],
        key=body["self"]["key"],
        exists=body["exists"],
        state=body["state"],
        operations=[
            Operation(id=one["id"], name=one["name"], input=one["input"], is_signal=one["isSignal"])
            for one in body["batch"]
        ],
    )


@pytest.mark.parametrize("batch", BATCHES, ids=lambda batch: batch["note"][:30])
def test_a_recorded_batch_goes_in_and_comes_out_as_recorded(table: FunctionTable, batch: dict[str, Any]) -> None:
    """The trigger body is the real host's, key by key, and state and results are those of the trace."""
    call = call_of(batch["input"])

    end = AppWorker(table, ThreadPoolExecutor(1)).run_batch(call)

    assert json.dumps(json.loads(body_text(call))) == json.dumps(batch["input"])
    told = batch["output"]
    assert (end.exists, end.state) == (told["entityExists"], told["entityState"])
    assert [(one.result, one.is_error) for one in end.ends] == [
        (one["result"], one["isError"]) for one in told["results"]
    ]


def test_a_state_that_json_cannot_say_fails_every_operation(table: FunctionTable) -> None:
    """The state stays what it was, and whoever waits hears of it."""
    body = {"self": {"name": "unsayable", "key": "k"}, "exists": True, "state": "1", "batch": []}
    one = {"name": "set", "input": None, "isSignal": False, "id": "a"}
    function = table.find(ENTITY_TRIGGER, "unsayable")
    assert function is not None

    end = run_batch(function.function, call_of({**body, "batch": [one, one]}))

    assert (end.exists, end.state) == (True, "1")
    assert [one.is_error for one in end.ends] == [True, True]
    assert "set" in end.ends[0].result


def test_an_entity_that_is_gone_fails_its_operations(table: FunctionTable) -> None:
    """A batch that waited while the app lost the function ends in errors."""
    call = call_of({**BATCHES[0]["input"], "self": {"name": "nowhere", "key": "k"}})

    end = AppWorker(table, ThreadPoolExecutor(1)).run_batch(call)

    assert [one.is_error for one in end.ends] == [True, True]
    assert end.state is None
