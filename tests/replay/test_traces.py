"""The worked traces: the SDK answers what it answered, and the host writes, sends and ends as the trace says."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import azure.durable_functions as df
import azure.functions as func
import pytest

from devhost import ticks
from devhost.engine.history import EventType, parent_of
from devhost.engine.turn import ArmTimer, Message, RunActivity, SendOperation, StartChild, TurnResult
from devhost.engine.worker import OrchestratorCall
from devhost.sdk.functions import ORCHESTRATION_TRIGGER
from devhost.sdk.orchestration_answer import read_answer
from devhost.sdk.orchestration_body import body_text
from tests.support.turns import Decided, Player, event_of, last_start

TRACES = Path(__file__).parent / "traces"
SECTIONS = ("turns", "childTurns", "nextExecutionTurns")
CASES = [
    (path.stem, section, number)
    for path in sorted(TRACES.glob("*.json"))
    for section in SECTIONS
    for number, _ in enumerate(json.loads(path.read_text(encoding="utf-8")).get(section, []))
]
OPAQUE = ("requestTime",)
"""When an entity message was sent: the traces invent a moment within the turn."""


class Case:
    """One turn of one trace, played."""

    def __init__(self, name: str, section: str, number: int) -> None:
        trace = json.loads((TRACES / f"{name}.json").read_text(encoding="utf-8"))
        self.turn = trace[section][number]
        self.player = Player(app_of(trace))
        self.call = call_of(self.turn["input"], is_first=section == "nextExecutionTurns" and number == 0)
        self.decided = play(self.player, self.call, self.turn)

    @property
    def result(self) -> TurnResult:
        """What the engine decided."""
        return self.decided.result


@pytest.fixture(scope="module", params=CASES, ids=lambda case: "-".join(map(str, case)))
def case(request: pytest.FixtureRequest) -> Iterator[Case]:
    """Every turn of every trace."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AZURE_FUNCTIONS_DURABLE_STRICT_TYPING", "1")
        yield Case(*request.param)


def test_all_traces_are_there() -> None:
    """Twenty-two traces are replayed, those with entities and durable HTTP included."""
    assert len({name for name, _, _ in CASES}) == 22
    assert len(CASES) == 70


def test_the_trigger_body_is_the_one_of_the_real_host(case: Case) -> None:
    """Key by key, in the same order, with the same flags."""
    assert json.dumps(json.loads(body_text(case.call))) == json.dumps(case.turn["input"])


def test_the_sdk_answers_as_recorded(case: Case) -> None:
    """The recorded answer, or the recorded failure with its state, is what the SDK says today."""
    function = case.player.worker._table.find(ORCHESTRATION_TRIGGER, case.call.name)
    assert function is not None

    if "outputText" in case.turn:
        assert function.function(func.OrchestrationContext(body_text(case.call))) == case.turn["outputText"]
    else:
        with pytest.raises(Exception) as failure:  # noqa: PT011  the SDK knows no narrower class
            function.function(func.OrchestrationContext(body_text(case.call)))
        assert str(failure.value) == case.turn["exceptionMessage"]


def test_the_answer_is_read_as_recorded(case: Case) -> None:
    """What the engine gets is the recorded answer, also when it comes inside a failure's text."""
    state = case.turn.get("output", case.turn.get("outOfProcState"))

    assert case.decided.answer == read_answer(json.dumps(state))
    assert case.decided.answer.crash is None


def test_the_host_appends_what_the_trace_says(case: Case) -> None:
    """Events, ids, names, due times and texts, in this order."""
    ours = [written(event) for event in case.result.decisions]

    theirs = [strip(event) for event in case.turn["hostAppends"] if event["EventType"] != 13]
    assert ours == theirs


def test_the_host_sends_what_the_trace_says(case: Case) -> None:
    """Each message goes out once, in this order."""
    assert [sent(message) for message in case.result.messages] == [known(one) for one in case.turn["hostSends"]]


def test_the_instance_ends_or_goes_on_as_the_trace_says(case: Case) -> None:
    """Status, stored output, custom status, and what a continued execution begins with."""
    assert status_of(case.result) == case.turn["statusAfterTurn"]
    assert output_of(case.result) == case.turn.get("serializedOutput")
    state = case.turn.get("output", case.turn.get("outOfProcState"))
    custom_status = case.result.custom_status
    assert (None if custom_status is None else json.loads(custom_status)) == state.get("customStatus")
    assert carried_of(case.result) == [strip(event) for event in case.turn.get("carriedOver", [])]


def app_of(trace: dict[str, Any]) -> Any:
    """Return a new app from the trace's source."""
    app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
    names = SimpleNamespace(app=app, df=df, datetime=datetime, func=func).__dict__
    exec(compile(trace["orchestratorSource"], "function_app.py", "exec"), names)  # noqa: S102  our own recorded source
    for name in activities_of(trace):
        app.activity_trigger(input_name="payload", activity=name)(an_activity(name))
    return app


def activities_of(trace: dict[str, Any]) -> set[str]:
    """Return the activities that the trace runs, but for the host's own."""
    sends = [one for section in SECTIONS for turn in trace.get(section, []) for one in turn["hostSends"]]
    return {one["name"] for one in sends if one["kind"] == "activity" and "::" not in one["name"]}


def an_activity(name: str) -> Any:
    """Return a function of that name; it never runs."""

    def activity(payload: str) -> str:
        return payload

    activity.__name__ = name
    return activity


def call_of(body: dict[str, Any], *, is_first: bool) -> OrchestratorCall:
    """Return the call that leads to *body*."""
    history = [event_of(written) for written in body["history"]]
    start = next(event for event in history if event.type is EventType.EXECUTION_STARTED)
    parent = parent_of(start)
    return OrchestratorCall(
        instance_id=body["instanceId"],
        name=start.fields["Name"],
        history=history,
        new_from=0 if is_first else last_start(history),
        parent_instance_id=None if parent is None else parent.instance_id,
    )


def play(player: Player, call: OrchestratorCall, turn: dict[str, Any]) -> Decided:
    """Play the turn, ended at the trace's time."""
    start = next(event for event in call.history if event.type is EventType.EXECUTION_STARTED)
    return player.play(
        call,
        execution_id=start.fields["OrchestrationInstance"]["ExecutionId"],
        ends_at=ticks.from_text(turn["hostAppends"][0]["Timestamp"]),
    )


def written(event: Any) -> dict[str, Any]:
    """Return an event as traces have it, without what they invent."""
    body = {"EventType": int(event.type), **event.fields, "EventId": event.id, "Timestamp": ticks.to_text(event.at)}
    return strip(body)


def strip(event: dict[str, Any]) -> dict[str, Any]:
    """Return *event* without its flag and with its entity request read."""
    kept = {key: value for key, value in event.items() if key != "IsPlayed"}
    if event["EventType"] == EventType.EVENT_SENT:
        kept["Input"] = request_of(event["Input"])
    return kept


def request_of(text: str) -> dict[str, Any]:
    """Return an entity request without what is opaque in it."""
    return {key: value for key, value in json.loads(text).items() if key not in OPAQUE}


def sent(message: Message) -> dict[str, Any]:
    """Return a message in the words of the traces."""
    match message:
        case RunActivity():
            argument = json.loads(message.input or "null") if "::" in message.name else message.input
            kind = {"kind": "activity", "taskScheduledId": message.task_id, "name": message.name}
            return {**kind, "input": [argument]}
        case ArmTimer():
            return {"kind": "timer", "timerId": message.timer_id, "fireAt": ticks.to_text(message.fire_at)}
        case StartChild():
            target = {"instanceId": message.instance_id, "name": message.name, "input": message.input}
            return {"kind": "subOrchestration", "taskScheduledId": message.task_id, **target}
        case SendOperation():
            body = {"name": "op", "data": request_of(message.request)}
            return {"kind": "event", "target": message.instance_id, **body}


def known(one: dict[str, Any]) -> dict[str, Any]:
    """Return a message of a trace without what is opaque in it."""
    if one["kind"] == "activity":
        return {**one, "input": json.loads(one["input"])}
    if one["kind"] == "event":
        return {**one, "data": request_of(json.dumps(one["data"]))}
    return one


def status_of(result: TurnResult) -> str:
    """Return the status after the turn."""
    if result.next_execution is not None:
        return "ContinuedAsNew"
    if result.ending is not None:
        return result.ending.status.label
    return "Suspended" if result.is_suspended else "Running"


def output_of(result: TurnResult) -> str | None:
    """Return the text that the turn stores, if it ends an execution."""
    if result.next_execution is not None:
        return result.next_execution.input
    return None if result.ending is None else result.ending.output


def carried_of(result: TurnResult) -> list[dict[str, Any]]:
    """Return the events that the next execution begins with."""
    return [] if result.next_execution is None else [written(event) for event in result.next_execution.carried]
