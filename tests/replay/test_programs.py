"""All recorded turns of the random programs: engine and SDK decide what the real extension decided."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devhost import ticks
from devhost.engine.history import (
    Event,
    EventType,
    Parent,
    RuntimeStatus,
    execution_started,
    orchestrator_completed,
    orchestrator_started,
)
from devhost.engine.worker import OrchestratorCall
from tests.replay.programs.program_app import make_app
from tests.support.turns import Decided, Player, event_of

RECORDING = Path(__file__).parent / "programs" / "extension-2.13.7.jsonl.gz"
INSTANCES = 644
TURNS = 2_544
SUSPENSIONS = (EventType.EXECUTION_SUSPENDED, EventType.EXECUTION_RESUMED)

Fact = tuple[Any, ...]


def recorded() -> list[dict[str, Any]]:
    """Return all recorded instances."""
    with gzip.open(RECORDING, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@pytest.mark.timeout(120)
def test_every_recorded_turn_is_decided_as_the_real_extension_did() -> None:
    """Kind, id, name, due time to the tick, end, status, custom status and output are those recorded, in every turn."""
    player = Player(make_app())
    instances = recorded()

    played = [replayed(player, instance) for instance in instances]

    differences = [difference for turns in played for _, difference in turns if difference]
    assert differences == []
    assert len(instances) == INSTANCES
    assert sum(len(turns) for turns in played) == TURNS
    assert sum(len(turn["decisions"]) for one in instances for turn in one["turns"]) > INSTANCES


def replayed(player: Player, instance: dict[str, Any]) -> list[tuple[Decided, str]]:
    """Play all turns of *instance* and return each with how it differs from the recording, or nothing."""
    past: list[Event] = []
    played = []
    for number, turn in enumerate(instance["turns"], 1):
        past, decided = play(player, instance, past, turn)
        is_last = number == len(instance["turns"])
        played.append((decided, difference(instance, number, turn, decided, is_last=is_last)))
    return played


def play(
    player: Player, instance: dict[str, Any], past: list[Event], turn: dict[str, Any]
) -> tuple[list[Event], Decided]:
    """Play one turn; return the history for the next one, made of what was recorded, and what was decided."""
    history = [*past, orchestrator_started(ticks.from_text(turn["now"])), *incoming(instance, turn)]
    written = [event_of(decision) for decision in turn["decisions"]]
    ends_at = max((event.at for event in written), default=history[len(past)].at)
    call = OrchestratorCall(
        instance_id=instance["id"],
        name="Program",
        history=history,
        new_from=len(past),
        parent_instance_id=instance.get("parent"),
    )
    decided = player.play(call, execution_id=execution_of(instance), ends_at=ends_at)
    return [*history, *written, orchestrator_completed(ends_at)], decided


def incoming(instance: dict[str, Any], turn: dict[str, Any]) -> Iterator[Event]:
    """Yield what came in, with what the recording left out."""
    for written in turn["events"]:
        event = event_of(written)
        if event.type is EventType.EXECUTION_STARTED:
            yield start_of(instance, event.at)
        elif event.type is EventType.EXECUTION_TERMINATED:
            yield Event(event.type, event.at, fields={"Input": instance["output"]})
        else:
            yield Event(event.type, event.at, event.id, {"Details": None, **event.fields})


def start_of(instance: dict[str, Any], at: ticks.Ticks) -> Event:
    """Return the whole ExecutionStarted."""
    parent = instance.get("parent")
    return execution_started(
        at,
        instance_id=instance["id"],
        execution_id=execution_of(instance),
        name="Program",
        version=None,
        input_text=json.dumps(instance["input"]),
        parent=None if parent is None else Parent(name="Program", instance_id=parent, execution_id="", task_id=0),
    )


def execution_of(instance: dict[str, Any]) -> str:
    """Return the execution id as the ids of its children show it."""
    children = [
        decision["InstanceId"]
        for turn in instance["turns"]
        for decision in turn["decisions"]
        if decision["EventType"] == EventType.SUB_ORCHESTRATION_CREATED
    ]
    return str(children[0]).split(":")[0] if children else "unknown"


def difference(instance: dict[str, Any], number: int, turn: dict[str, Any], decided: Decided, *, is_last: bool) -> str:
    """Say how a turn came out otherwise than recorded, if it did."""
    result = decided.result
    ours: list[Any] = [fact_of(event) for event in result.decisions]
    theirs: list[Any] = [recorded_fact(decision) for decision in turn["decisions"]]
    if is_last:
        ours.append(("at last", *state_of(decided)))
        theirs.append(("at last", instance["status"], instance["customStatus"], output_of(instance, decided)))
    return "" if ours == theirs else f"{instance['id']} turn {number}: decided {ours}, recorded {theirs}"


def fact_of(event: Event) -> Fact:
    """Return what of a decision must be as recorded."""
    fields = event.fields
    if event.type is EventType.EXECUTION_COMPLETED:
        return (1, event.id, RuntimeStatus(fields["OrchestrationStatus"]).label, fields["Result"])
    due = ticks.from_text(fields["FireAt"]) if "FireAt" in fields else None
    return (int(event.type), event.id, fields.get("Name"), fields.get("InstanceId"), due)


def recorded_fact(decision: dict[str, Any]) -> Fact:
    """Return the same of a recorded decision."""
    kind, number = decision["EventType"], decision["EventId"]
    if kind == EventType.EXECUTION_COMPLETED:
        return (kind, number, decision["OrchestrationStatus"], decision["Result"])
    due = ticks.from_text(decision["FireAt"]) if "FireAt" in decision else None
    return (kind, number, decision.get("Name"), decision.get("InstanceId"), due)


def output_of(instance: dict[str, Any], decided: Decided) -> str | None:
    """Return the recorded output; until the end the real host keeps the reason of a suspend or resume there."""
    if decided.result.ending is None:
        events = [event for turn in instance["turns"] for event in turn["events"]]
        reasons = [event["Reason"] for event in events if event["EventType"] in SUSPENSIONS]
        assert instance.get("output") == (reasons[-1] if reasons else None)
        return None
    return str(instance["output"])


def state_of(decided: Decided) -> tuple[str, str, str | None]:
    """Return status, custom status and output as the older extension's table shows them."""
    result = decided.result
    status = RuntimeStatus.SUSPENDED if result.is_suspended else RuntimeStatus.RUNNING
    if result.ending is not None:
        status = result.ending.status
    return (status.label, result.custom_status or "null", None if result.ending is None else result.ending.output)
