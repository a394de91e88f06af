"""What reaches the SDK is the same with and without JSON text in between."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable
from typing import Any

import pytest
from azure.durable_functions.models.DurableOrchestrationContext import DurableOrchestrationContext
from azure.durable_functions.orchestrator import Orchestrator
from hypothesis import given
from hypothesis import strategies as st

from devhost import ticks
from devhost.engine import history
from devhost.engine.history import Event, RuntimeStatus
from devhost.engine.worker import OrchestratorCall
from devhost.sdk.direct import DirectWay
from devhost.sdk.orchestration import run_turn
from devhost.sdk.orchestration_body import body_text
from devhost.sdk.speed import hasten_sdk
from devhost.ticks import Ticks

AT = ticks.from_text("2026-01-15T10:00:00.1234567Z")
TEXTS = st.text(st.characters(), max_size=8) | st.sampled_from(["\ud800", "a\udfffb", "\u2028", "é"])
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture(autouse=True)
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the SDK read JSON as JSON."""
    monkeypatch.setenv("AZURE_FUNCTIONS_DURABLE_STRICT_TYPING", "1")
    hasten_sdk()


def the_way() -> DirectWay:
    """Return the way into the SDK as it is loaded here."""
    way = DirectWay.of_sdk()
    assert way is not None
    return way


def a_call(*more: Event, input_text: str | None = None, new_from: int = 0) -> OrchestratorCall:
    """Return the call of a turn."""
    started = history.execution_started(
        AT, instance_id="one", execution_id="e", name="Flow", version="1.0", input_text=input_text
    )
    events = [history.orchestrator_started(AT), started, *more]
    return OrchestratorCall(instance_id="one", name="Flow", history=events, new_from=new_from, parent_instance_id="p")


def seen(context: Any) -> dict[str, Any]:
    """Return all that a context holds, its events included."""
    held: dict[str, Any] = vars(context) | {"_histories": [vars(event) for event in context.histories]}
    held["decision_started_event"] = vars(context.decision_started_event)
    return held | {"_function_context": vars(context._function_context)}


def both_contexts(call: OrchestratorCall) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the context holds by the short way and by the long one."""
    read: Any = DurableOrchestrationContext.from_json
    return seen(the_way().context(call)), seen(read(body_text(call)))


EVENTS = st.one_of(
    st.builds(lambda text: history.task_completed(AT, 0, text), TEXTS),
    st.builds(lambda text: history.event_raised(AT, text, json.dumps(text)), TEXTS),
    st.builds(lambda value: history.task_failed(AT, 1, "r", "d", {"Message": value}), TEXTS),
    st.builds(lambda at: history.orchestrator_started(Ticks(at)), st.integers(0, 4 * 10**16)),
    st.just(history.timer_fired(AT, 2, "2026-01-15T10:00:01.1Z")),
    st.just(history.generic_event(AT)),
    st.just(history.execution_completed(AT, 4, RuntimeStatus.FAILED, "no")),
)


@given(st.lists(EVENTS, max_size=6), st.integers(0, 8))
def test_a_context_is_the_same_either_way(events: list[Event], new_from: int) -> None:
    """Every event with every attribute, in its type, and everything besides."""
    short, long = both_contexts(a_call(*events, new_from=new_from))

    assert short == long
    for quick, slow in zip(short["_histories"], long["_histories"], strict=True):
        assert {name: repr(value) for name, value in quick.items()} == {
            name: repr(value) for name, value in slow.items()
        }


@given(JSON_VALUES)
def test_an_input_is_the_same_either_way(value: object) -> None:
    """Objects become text again, and what no JSON says becomes what the host makes of it."""
    for _ in range(2):  # the second time it may be kept from the first
        short, long = both_contexts(a_call(input_text=json.dumps(value)))
        assert repr(short["_input"]) == repr(long["_input"])


def test_an_input_that_an_orchestrator_changes_is_whole_in_its_next_turn() -> None:
    """Nothing that is kept between turns is handed out for changing."""
    call = a_call(input_text="[1, [2]]")
    way = the_way()
    way.context(call)._input[1].append(3)

    assert way.context(call)._input == [1, [2]]


class Custom:
    """An object of the app's own."""

    @staticmethod
    def to_json(_: object) -> str:
        """Say it."""
        return "said"


STATUSES: list[object] = [
    None,
    "",
    0,
    {"a": (1, 2)},
    {1: "one"},
    [float("nan"), float("inf")],
    "\ud800",
    {"deep": [[[]]]},
    True,
]


@pytest.mark.parametrize("status", [*STATUSES, Custom(), {"is": Custom()}, {"no": object()}])
@pytest.mark.parametrize("is_strict", ["0", "1"])
def test_an_answer_is_the_same_either_way(status: object, is_strict: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also what JSON has to be written for, and what cannot be written at all."""
    monkeypatch.setenv("AZURE_FUNCTIONS_DURABLE_STRICT_TYPING", is_strict)

    def flow(context: Any) -> Any:
        context.set_custom_status(status)
        yield context.call_activity("Work", {"with": [1]})

    assert answers(flow) == answers(flow, is_direct=False)


def test_a_failure_carries_the_same_text_either_way() -> None:
    """The SDK puts its state behind the failure's text, and only there is the text needed."""

    def flow(context: Any) -> Any:
        context.set_custom_status("half")
        yield context.call_http("GET", "http://127.0.0.1/", headers={"a": "b"})
        message = "broken"
        raise ValueError(message)

    more = (history.task_scheduled(AT, 0, "x"), history.task_completed(AT, 0, '{"statusCode": 200}'))
    assert answers(flow, *more) == answers(flow, *more, is_direct=False)
    assert "broken" in answers(flow, *more)


def test_the_way_leads_to_the_sdk_s_own_wrapper_only() -> None:
    """Whatever an app puts round its orchestrators sees the body as the platform sends it, also under their name."""
    way, wrapper = the_way(), Orchestrator.create(lambda context: (yield context.task_all([])))

    assert way.leads_to(wrapper)
    assert not way.leads_to(functools.partial(wrapper))
    assert not way.leads_to(functools.wraps(wrapper)(lambda context: str(wrapper(context))))


@pytest.mark.parametrize(
    ("owner", "name"),
    [(DurableOrchestrationContext, "from_json"), (Orchestrator, "handle"), (DurableOrchestrationContext, "__init__")],
)
def test_there_is_no_way_past_what_stands_in_the_sdk_s_place(
    owner: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A recorder of bodies or answers is called, whether it was there before the way or came after it."""
    way, wrapper = the_way(), Orchestrator.create(lambda context: (yield context.task_all([])))
    original = getattr(owner, name)

    def recorder(*given: Any, **named: Any) -> Any:
        return original(*given, **named)

    monkeypatch.setattr(owner, name, recorder)

    assert not way.leads_to(wrapper)
    assert DirectWay.of_sdk() is None


def test_without_the_sdk_there_is_no_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """An app may have no orchestrators at all."""
    monkeypatch.delitem(sys.modules, "azure.durable_functions.orchestrator")

    assert DirectWay.of_sdk() is None


def test_there_is_no_way_into_an_sdk_that_reads_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """A context that holds other things when it is read from text is made from text."""
    module: Any = sys.modules["azure.durable_functions.models.DurableOrchestrationContext"]

    class Another(module.HistoryEvent):  # type: ignore[misc]  # the SDK ships no types
        def __init__(self, **written: Any) -> None:
            super().__init__(**written)
            self.seen = written["EventType"]

    monkeypatch.setattr(module, "HistoryEvent", Another)

    assert DirectWay.of_sdk() is None


def test_an_expected_type_of_the_input_reaches_the_context() -> None:
    """As the wrapper passes it on."""
    expected: list[object] = []

    def flow(context: Any) -> Any:
        expected.append(context._input_expected_type)
        yield context.task_all([])

    wrapper: Any = Orchestrator.create(flow)
    wrapper._df_input_type = dict
    run_turn(wrapper, a_call(), the_way())

    assert expected == [dict]


def answers(flow: Callable[[Any], Any], *more: Event, is_direct: bool = True) -> str:
    """Return what a turn of *flow* comes to, with the frames of a traceback cut off."""
    call = a_call(*more, new_from=0)
    return repr(run_turn(Orchestrator.create(flow), call, the_way() if is_direct else None)).partition("Stack")[0]
