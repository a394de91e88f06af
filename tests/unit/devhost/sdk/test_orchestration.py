"""An orchestrator's turn through the SDK: what goes in, what comes out, and every way to fail."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import azure.functions as func
import pytest
from azure.durable_functions.orchestrator import Orchestrator

from devhost import ticks
from devhost.engine import history
from devhost.engine.actions import Answer, CallActivity, CallHttp, CreateTimer, Retry, WaitForEvent, WhenAny
from devhost.engine.history import Event, EventType
from devhost.engine.worker import OrchestratorCall
from devhost.sdk.orchestration import run_turn
from devhost.sdk.orchestration_answer import AnswerError, read_answer
from devhost.sdk.orchestration_body import body_text

AT = ticks.from_text("2026-01-15T10:00:00.1234567Z")


@pytest.fixture(autouse=True)
def strict_typing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the SDK read JSON as JSON, as the app does."""
    monkeypatch.setenv("AZURE_FUNCTIONS_DURABLE_STRICT_TYPING", "1")


def a_call(*more: Event, input_text: str | None = None, new_from: int = 0) -> OrchestratorCall:
    """Return the call of a turn."""
    started = history.execution_started(
        AT, instance_id="one", execution_id="e", name="Flow", version=None, input_text=input_text
    )
    events = [history.orchestrator_started(AT), started, *more]
    return OrchestratorCall(instance_id="one", name="Flow", history=events, new_from=new_from, parent_instance_id=None)


def answer_of(orchestrator: Callable[[Any], Any], input_text: str | None = None) -> Answer:
    """Return what the first turn of *orchestrator* answers."""
    return run_turn(Orchestrator.create(orchestrator), a_call(input_text=input_text))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (None, None),
        ("null", None),
        ('{"a": 1.50}', {"a": 1.5}),
        ('"{\\"a\\": 1}"', '{"a": 1}'),
        ('"\\u00fc"', "ü"),
        ("[1, NaN, 1e400, -1e400]", [1, "NaN", "Infinity", "-Infinity"]),
        ('{"$type":"x","$id":1}', {"$id": 1}),
        ('{"a":1,"a":2}', {"a": 2}),
    ],
)
def test_the_input_of_the_body_is_the_parsed_input_of_the_start(text: str | None, value: object) -> None:
    """A text that says a text stays a text; what JSON cannot say is said in words."""
    assert json.loads(body_text(a_call(input_text=text)))["input"] == value


@pytest.mark.parametrize("text", ["", "  ", "undefined", "{'a':1"])
def test_an_input_that_is_no_json_fails_the_instance_without_a_call(text: str) -> None:
    """The text of that failure says which function it was."""

    def never(_context: object) -> None:
        pytest.fail("was called")

    assert answer_of(never, text) == Answer(
        crash="One or more errors occurred. (Exception while executing function: Flow)"
    )


def test_a_later_turn_is_a_replay() -> None:
    """What came in earlier is marked as played; what the host wrote never is."""
    later = [
        history.task_scheduled(AT, 0, "Echo"),
        history.orchestrator_completed(AT),
        history.orchestrator_started(AT),
        history.task_completed(AT, 0, "1"),
    ]

    body = json.loads(body_text(a_call(*later, new_from=4)))

    assert body["isReplaying"] is True
    assert [event["IsPlayed"] for event in body["history"]] == [False, True, False, False, False, False]
    assert body["history"][0]["Timestamp"] == "2026-01-15T10:00:00.1234567Z"


def test_a_rewound_event_keeps_its_place_and_its_flag() -> None:
    """What was scheduled was never played, what failed was; the wish itself is new."""
    rewound = [
        Event(EventType.GENERIC_EVENT, AT, 0, {"Data": None}),
        Event(EventType.GENERIC_EVENT, AT, -1, {"Data": None}),
        history.orchestrator_completed(AT),
        history.orchestrator_started(AT),
        Event(EventType.GENERIC_EVENT, AT, -1, {"Data": "try again"}),
    ]

    body = json.loads(body_text(a_call(*rewound, new_from=5)))

    assert [(event["EventType"], event["IsPlayed"]) for event in body["history"][2:]] == [
        (17, False),
        (17, True),
        (13, False),
        (12, False),
        (17, False),
    ]
    assert next(iter(body["history"][-1])) == "Data"


def test_output_and_custom_status_are_stored_compactly() -> None:
    """Umlauts stay as they are, what JSON cannot say becomes a word."""

    def flow(context: Any) -> dict[str, Any]:
        context.set_custom_status({"stage": "für"})
        return {"a": [1.0, float("nan"), float("inf")], "b": "ü\u2028\x85"}

    answer = answer_of(flow)

    assert answer.output == '{"a":[1.0,"NaN","Infinity"],"b":"ü\\u2028\\u0085"}'
    assert answer.custom_status == '{"stage":"für"}'


def test_half_a_surrogate_pair_can_be_stored() -> None:
    """JSON can say it and UTF-8 cannot, so it becomes a replacement character; a whole pair is kept."""
    answer = answer_of(lambda _context: "\ud800 \N{GRINNING FACE}")

    assert answer.output == '"\ufffd \N{GRINNING FACE}"'


def test_an_orchestrator_that_is_no_generator_is_done_at_once() -> None:
    """Its result is the output."""
    assert answer_of(lambda _context: "now") == Answer(is_done=True, output='"now"')


def test_a_failure_tells_its_actions_and_its_text() -> None:
    """The text is whole, whatever stands in it."""

    def flow(context: Any) -> Any:
        context.set_custom_status("about to fail")
        yield context.call_activity("Echo", 1)

    def raising(context: Any) -> Any:
        yield from flow(context)
        message = "one\ntwo \n\n$OutOfProcData$:{text}"
        raise ValueError(message)

    events = [history.task_scheduled(AT, 0, "Echo"), history.task_completed(AT, 0, None)]

    answer = run_turn(Orchestrator.create(raising), a_call(*events))

    assert answer.error == "one\ntwo \n\n$OutOfProcData$:{text}"
    assert answer.actions == (CallActivity(name="Echo", input="1"),)
    assert (answer.custom_status, answer.is_done, answer.crash) == ('"about to fail"', False, None)


class UnspeakableError(Exception):
    """Cannot even say what it is."""

    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (ValueError("no generator"), "Exception: ValueError: no generator\nStack:"),
        (SystemExit(3), "Exception: SystemExit: 3"),
        (UnspeakableError(), "Exception: UnspeakableError: <unprintable UnspeakableError object>"),
    ],
)
def test_a_crash_outside_of_the_generator_has_no_actions(error: BaseException, says: str) -> None:
    """The worker's text stands in the failure, and the host lives on."""

    def flow(_context: object) -> None:
        raise error

    answer = answer_of(flow)

    assert (answer.actions, answer.error) == ((), None)
    assert (answer.crash or "").startswith("One or more errors occurred. (Result: Failure\n")
    assert says in (answer.crash or "")


def test_what_is_no_task_crashes_the_sdk() -> None:
    """The failure has no marker."""

    def flow(_context: object) -> Any:
        yield 5

    assert "AttributeError" in (answer_of(flow).crash or "")


def test_every_kind_of_action_is_read() -> None:
    """Retries in ticks, due times to the microsecond, groups nested."""

    def flow(context: Any) -> Any:
        retried = context.call_activity_with_retry("Echo", retry_options(), "x")
        timer = context.create_timer(context.current_utc_datetime)
        yield context.task_any([retried, context.wait_for_external_event("E"), timer])

    (race,) = answer_of(flow).actions

    assert isinstance(race, WhenAny)
    group, wait, timer = race.actions
    assert getattr(group, "actions") == (  # noqa: B009  the SDK wraps a retried call in a group
        CallActivity(name="Echo", input='"x"', retry=Retry(first_interval_ticks=15_000_000, max_attempts=2)),
    )
    assert (wait, timer) == (WaitForEvent(name="E"), CreateTimer(fire_at=ticks.Ticks(AT - 7)))


def retry_options() -> Any:
    """Return two attempts, 1.5 s apart."""
    import azure.durable_functions as df  # noqa: PLC0415  only here

    return df.RetryOptions(1500, 2)


def test_an_answer_of_the_oldest_schema_has_a_list_a_yield() -> None:
    """Several actions in one list are settled by any of them."""
    event = {"actionType": 6, "externalEventName": "E"}
    other = {"actionType": 0, "functionName": "Echo", "input": "1"}

    answer = read_answer(json.dumps({"isDone": False, "actions": [[event], [], [event, other]]}))

    wait, call = WaitForEvent(name="E"), CallActivity(name="Echo", input="1")
    assert answer.actions == (wait, WhenAny(actions=(wait, call)))


def test_a_request_without_a_method_is_refused() -> None:
    """In the real host's words."""
    request = {"method": " ", "uri": "http://x"}
    state = {"isDone": False, "schemaVersion": 2, "actions": [[{"actionType": 8, "httpRequest": request}]]}

    with pytest.raises(AnswerError, match=r"\(Parameter 'method'\)"):
        read_answer(json.dumps(state))

    request["method"] = "GET"
    assert read_answer(json.dumps(state)).actions == (CallHttp(request='{"method":"GET","uri":"http://x"}'),)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "5",
        "{}",
        '{"isDone":true,"actions":5}',
        '{"isDone":true,"actions":[[{"actionType":99}]]}',
        '{"isDone":true,"actions":[[{"actionType":5,"fireAt":"soon"}]]}',
        "[" * 100_000,
    ],
)
def test_an_answer_that_no_host_understands_is_a_crash(text: str) -> None:
    """It never is an error of devhost."""
    answer = run_turn(lambda _context: text, a_call())

    assert (answer.crash is not None, answer.actions) == (True, ())


def test_the_function_gets_the_context_object_of_the_worker() -> None:
    """With the body as its text."""
    seen: list[func.OrchestrationContext] = []

    def handle(context: func.OrchestrationContext) -> str:
        seen.append(context)
        return '{"isDone":true,"schemaVersion":2,"actions":[[]]}'

    run_turn(handle, a_call())

    assert seen[0].body == body_text(a_call())
