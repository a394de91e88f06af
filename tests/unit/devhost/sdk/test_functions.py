"""The table of an app's functions, and what the worker would refuse to load."""

from __future__ import annotations

import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import azure.durable_functions as df
import azure.functions as func
import pytest

from devhost.errors import AnnotationError, AppError
from devhost.sdk.functions import ACTIVITY_TRIGGER, ENTITY_TRIGGER, ORCHESTRATION_TRIGGER, FunctionTable


@pytest.fixture
def app() -> Any:
    """An empty app."""
    return df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)


def a_route(app: Any, function: Callable[..., Any], name: str = "Go") -> None:
    """Declare *function* as an HTTP function with a durable client."""
    function.__name__ = name
    app.route(route="go/{id}", methods=["POST"])(app.durable_client_input(client_name="client")(function))


def an_activity(app: Any, function: Callable[..., Any], name: str, **binding: str) -> None:
    """Declare *function* as an activity."""
    function.__name__ = name
    app.activity_trigger(**{"input_name": "payload", **binding})(function)


def flow(context: Any) -> Any:
    """Return the context."""
    return context


def counter(context: Any) -> Any:
    """Return the context."""
    return context


def echo(payload: typing.Dict[str, Any]) -> dict[str, Any]:  # noqa: UP006  the worker refuses dict[str, Any]
    """Return the payload."""
    return payload


async def go(req: func.HttpRequest, client: str) -> func.HttpResponse:
    """Answer."""
    return func.HttpResponse(f"{req.method} {client}")


def test_functions_are_found_by_kind_and_durable_name_without_case(app: Any) -> None:
    """An alias replaces the function's own name, which is then unknown."""
    an_activity(app, echo, "Echo", activity="Repeat")
    app.orchestration_trigger(context_name="context", orchestration="Flow")(flow)
    app.entity_trigger(context_name="context", entity_name="Counter")(counter)

    table = FunctionTable.of(app, Path("somewhere"))

    found = table.find(ACTIVITY_TRIGGER, "rEPEAT")
    assert found is not None
    assert (found.name, found.durable_name) == ("Echo", "Repeat")
    assert table.find(ACTIVITY_TRIGGER, "Echo") is None
    assert table.find(ORCHESTRATION_TRIGGER, "Repeat") is None
    assert table.names(ORCHESTRATION_TRIGGER) == ("Flow",)
    assert table.names(ENTITY_TRIGGER) == ("Counter",)
    assert [one.trigger_type for one in table] == [ACTIVITY_TRIGGER, ORCHESTRATION_TRIGGER, ENTITY_TRIGGER]
    assert (len(table), table.directory) == (3, Path("somewhere"))


def test_bindings_are_those_of_function_json(app: Any) -> None:
    """All of them, in decorator order, innermost first, and the trigger among them."""
    a_route(app, go)

    (function,) = FunctionTable.of(app)

    assert [binding["type"] for binding in function.bindings] == ["durableClient", "httpTrigger", "http"]
    assert function.trigger == {
        "direction": "IN",
        "type": "httpTrigger",
        "name": "req",
        "methods": ["POST"],
        "authLevel": "ANONYMOUS",
        "route": "go/{id}",
    }
    assert function.bindings_of("durableClient") == ({"direction": "IN", "type": "durableClient", "name": "client"},)
    assert (function.is_async, function.takes_context) == (True, False)
    assert function.annotations["req"] is func.HttpRequest


def test_a_binding_that_devhost_does_not_know_stays_in_the_table(app: Any) -> None:
    """Whether it can be served is the host's decision."""

    def on_tick(tick: func.TimerRequest) -> None:
        """Do nothing."""

    app.timer_trigger(arg_name="tick", schedule="0 * * * * *")(on_tick)

    (function,) = FunctionTable.of(app)

    assert (function.trigger_type, function.durable_name) == ("timerTrigger", "on_tick")


def test_annotations_that_do_not_resolve_are_refused(app: Any) -> None:
    """The error names the function and what to do."""

    def lost(payload: Nowhere) -> str:  # type: ignore[name-defined]  # noqa: F821  this is what is tested
        return str(payload)

    an_activity(app, lost, "Lost")

    with pytest.raises(AnnotationError, match=r"function Lost .*'Nowhere'.*TYPE_CHECKING"):
        FunctionTable.of(app)


def test_a_parameter_called_context_may_be_without_a_binding(app: Any) -> None:
    """It gets the invocation context."""

    def with_context(payload: str, context: func.Context) -> str:
        return payload + context.function_name

    an_activity(app, with_context, "WithContext")

    (function,) = FunctionTable.of(app)
    assert function.takes_context


def two_parameters(payload: str, more: str) -> str:
    """Take one too many."""
    return payload + more


def no_parameters() -> str:
    """Take one too few."""
    return ""


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (two_parameters, "Function Wrong has parameters without a binding of that name: more."),
        (no_parameters, "Function Wrong has bindings without a parameter of that name: payload."),
    ],
)
def test_parameters_and_bindings_have_the_same_names(app: Any, function: Callable[..., Any], says: str) -> None:
    """The worker refuses anything else."""
    an_activity(app, function, "Wrong")

    with pytest.raises(AppError) as refusal:
        FunctionTable.of(app)

    assert str(refusal.value) == says


def test_an_orchestrators_parameter_is_called_context(app: Any) -> None:
    """The SDK's wrapper has no other."""
    app.orchestration_trigger(context_name="ctx")(lambda ctx: ctx)

    with pytest.raises(AppError, match="context_name='ctx'"):
        FunctionTable.of(app)


def test_a_function_with_a_durable_client_is_async(app: Any) -> None:
    """The SDK's wrapper awaits what it returns."""

    def plain(req: func.HttpRequest, client: str) -> func.HttpResponse:
        return func.HttpResponse(f"{req.method} {client}")

    a_route(app, plain, "Plain")

    with pytest.raises(AppError, match="Function Plain has a durable client and must be an `async def`"):
        FunctionTable.of(app)


def test_two_functions_of_one_name_are_refused(app: Any) -> None:
    """The SDK says so, and it becomes a clear error."""
    an_activity(app, echo, "Echo")
    an_activity(app, echo, "Echo")

    with pytest.raises(AppError, match="Echo does not have a unique"):
        FunctionTable.of(app)


def test_two_activities_of_one_durable_name_are_refused(app: Any) -> None:
    """Nobody could say which of them a call means."""
    an_activity(app, echo, "Echo")
    an_activity(app, two_names, "Other", activity="ECHO")

    with pytest.raises(AppError, match="Functions Echo and Other have the same durable name 'ECHO'"):
        FunctionTable.of(app)


def two_names(payload: str) -> str:
    """Return the payload."""
    return payload


@pytest.mark.parametrize("hint", [dict[str, Any], list[int], str | None, typing.Optional[str]])  # noqa: UP045  as written
def test_a_parameter_needs_a_type_that_the_worker_takes(app: Any, hint: Any) -> None:
    """An annotation that is no class is refused here because the worker refuses it in Azure."""

    def act(payload: Any) -> str:
        return str(payload)

    act.__annotations__["payload"] = hint
    an_activity(app, act, "Act")

    with pytest.raises(AppError, match="Act annotates its parameter payload"):
        FunctionTable.of(app)


@pytest.mark.parametrize("hint", [dict, Any, object, typing.Dict[str, Any], func.Out[str]])  # noqa: UP006  as written
def test_classes_and_typings_own_aliases_are_taken(app: Any, hint: Any) -> None:
    """What the worker takes is taken."""

    def act(payload: Any) -> str:
        return str(payload)

    act.__annotations__["payload"] = hint
    an_activity(app, act, "Act")

    assert len(FunctionTable.of(app)) == 1
