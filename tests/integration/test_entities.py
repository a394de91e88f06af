"""Entities on the engine: called and signalled by orchestrations and from outside, one batch at a time."""

from __future__ import annotations

import asyncio
import json
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from devhost.engine.actions import Answer, ContinueAsNew, EntityMessage, WaitForEvent
from devhost.engine.engine import EngineOptions, Query
from devhost.engine.entities import EntityId, EntityState
from devhost.engine.history import EventType, RuntimeStatus
from devhost.engine.worker import BatchEnd
from devhost.errors import InstanceNotFoundError, UnknownFunctionError
from tests.support.scripted import ScriptedWorker, counts, running

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from devhost.engine.engine import Engine, Instance
    from devhost.engine.history import Event
    from devhost.engine.worker import BatchCall

ENDED = frozenset(status for status in RuntimeStatus if status.has_ended)
COUNTER = EntityId("counter", "k")


def message(operation: str, value: Any = None, *, is_signal: bool = False) -> EntityMessage:
    """Return an operation of the counter."""
    return EntityMessage(instance_id=str(COUNTER), operation=operation, input=json.dumps(value), is_signal=is_signal)


def answers(history: Sequence[Event]) -> list[dict[str, Any]]:
    """Return what the entity has answered."""
    return [json.loads(event.fields["Input"]) for event in history if event.type == EventType.EVENT_RAISED]


def asks(*messages: EntityMessage, waits: int) -> Any:
    """Return an orchestrator that sends *messages* and ends with its answers, once there are so many."""

    def flow(history: Sequence[Event]) -> Answer:
        told = answers(history)
        output = json.dumps([one["result"] for one in told])
        return Answer(actions=messages, is_done=len(told) == waits, output=output)

    return flow


def text(number: int) -> str:
    """Return an input as the SDK's client sends it."""
    return json.dumps(json.dumps(number))


async def outcome(engine: Engine, name: str, instance_id: str = "one") -> Instance:
    """Start an orchestration and return it at its end."""
    await engine.start_instance(name, instance_id=instance_id)
    one = await engine.wait(instance_id, ENDED, timedelta(seconds=10))
    assert one is not None
    return one


async def state_of(engine: Engine) -> EntityState:
    """Return the counter's state once nothing moves."""
    await engine.at_rest()
    one = await engine.instance(str(COUNTER))
    assert one is not None
    return EntityState.of_input(one.input)


async def test_a_signal_and_a_call_of_one_turn_come_as_one_batch() -> None:
    """They run in their order, and the call is answered with what the signal left."""
    batches: list[BatchCall] = []

    def notes(call: BatchCall) -> BatchEnd:
        batches.append(call)
        return counts(call)

    flow = asks(message("add", 5, is_signal=True), message("get"), waits=1)
    async with running(ScriptedWorker({"Flow": flow}, entities={"counter": notes})) as engine:
        one = await outcome(engine, "Flow")
        history = await engine.history("one")

    assert one.output == '["5"]'
    [batch] = batches
    assert (batch.name, batch.key, batch.exists, batch.state) == ("counter", "k", False, None)
    assert [(op.name, op.input, op.is_signal) for op in batch.operations] == [
        ("add", '"5"', True),
        ("get", '"null"', False),
    ]
    sent = [json.loads(event.fields["Input"])["id"] for event in history if event.type == EventType.EVENT_SENT]
    assert [op.id for op in batch.operations] == sent


async def test_an_error_is_an_answer_and_later_operations_run() -> None:
    """The failing call hears of it as the real host says it; the next operation works on what is there."""
    flow = asks(message("boom"), message("add", 1), waits=2)
    async with running(ScriptedWorker({"Flow": flow})) as engine:
        await outcome(engine, "Flow")
        told = answers(await engine.history("one"))

    assert [(one["result"], one.get("exceptionType")) for one in told] == [('"no boom"', "Error"), ("1", None)]


async def test_a_signal_goes_out_with_the_execution_that_ends() -> None:
    """What a turn signals reaches the entity, though the turn continues as new or completes."""

    def flow(history: Sequence[Event]) -> Answer:
        started = next(event for event in history if event.type == EventType.EXECUTION_STARTED)
        add = message("add", 1, is_signal=True)
        if started.fields["Input"] == '"again"':
            return Answer(actions=(add,), is_done=True)
        return Answer(actions=(add, ContinueAsNew(input="again")), is_done=True)

    async with running(ScriptedWorker({"Flow": flow})) as engine:
        await outcome(engine, "Flow")

        assert await state_of(engine) == EntityState(exists=True, text="2")


async def test_signals_from_outside_run_one_batch_at_a_time() -> None:
    """What arrives while a batch runs comes together in the next one, in the order of arrival."""
    entered, may_end, sizes = threading.Event(), threading.Event(), list[int]()

    def slow(call: BatchCall) -> BatchEnd:
        sizes.append(len(call.operations))
        entered.set()
        assert may_end.wait(10)
        return counts(call)

    async with running(ScriptedWorker({}, entities={"counter": slow})) as engine:
        await engine.signal_entity(COUNTER, "add", text(1))
        assert await asyncio.to_thread(entered.wait, 10)
        for number in (2, 3, 4):
            await engine.signal_entity(COUNTER, "add", text(number))
        may_end.set()

        assert await state_of(engine) == EntityState(exists=True, text="10")
    assert sizes == [1, 3]


async def test_a_batch_has_at_most_as_many_operations_as_host_json_says() -> None:
    """What is left over runs next, and nothing is lost."""
    sizes: list[int] = []

    def notes(call: BatchCall) -> BatchEnd:
        sizes.append(len(call.operations))
        return counts(call)

    sends = tuple(message("add", 1, is_signal=True) for _ in range(5))
    flow = asks(*sends, message("get"), waits=1)
    worker = ScriptedWorker({"Flow": flow}, entities={"counter": notes})
    async with running(worker, options=EngineOptions(max_batch=4)) as engine:
        one = await outcome(engine, "Flow")

    assert one.output == '["5"]'
    assert sizes == [4, 2]


async def test_an_entity_is_an_instance_from_its_first_batch_on() -> None:
    """It runs for ever under its id, with its state as the input; a deleted one stays, without a state."""
    async with running(ScriptedWorker({})) as engine:
        with pytest.raises(InstanceNotFoundError):
            await engine.terminate(str(COUNTER), None)
        await engine.signal_entity(COUNTER, "add", text(3))
        await engine.at_rest()
        [one] = (await engine.instances(Query(only_entities=True), limit=9)).instances
        await engine.signal_entity(COUNTER, "delete", None)
        await engine.at_rest()
        [deleted] = (await engine.instances(Query(), limit=9)).instances

    assert (one.id, one.name, one.status) == ("@counter@k", "@counter@k", RuntimeStatus.RUNNING)
    assert (one.input, one.custom_status) == ('{"exists":true,"state":"3","sorter":{}}', '{"entityExists":true}')
    assert (deleted.input, deleted.custom_status) == ('{"state":"null","sorter":{}}', "{}")


async def test_a_deleted_entity_begins_with_the_text_null() -> None:
    """The next batch finds no entity, and the text that the deletion left."""
    seen: list[tuple[bool, str | None]] = []

    def notes(call: BatchCall) -> BatchEnd:
        seen.append((call.exists, call.state))
        return counts(call)

    async with running(ScriptedWorker({}, entities={"counter": notes})) as engine:
        for operation, value in (("add", text(3)), ("delete", None), ("add", text(4))):
            await engine.signal_entity(COUNTER, operation, value)
            await engine.at_rest()

        assert await state_of(engine) == EntityState(exists=True, text="4")
    assert seen == [(False, None), (True, "3"), (False, "null")]


async def test_a_terminated_entity_keeps_its_state_and_takes_nothing_more() -> None:
    """Later signals are taken and do nothing."""
    async with running(ScriptedWorker({})) as engine:
        await engine.signal_entity(COUNTER, "add", text(3))
        await engine.at_rest()
        await engine.terminate(str(COUNTER), "enough")
        await engine.at_rest()
        await engine.signal_entity(COUNTER, "add", text(4))

        assert await state_of(engine) == EntityState(exists=True, text="3")
        one = await engine.instance(str(COUNTER))

    assert one is not None
    assert (one.status, one.output) == (RuntimeStatus.TERMINATED, "enough")


async def test_operations_before_a_termination_run_and_those_after_it_do_not() -> None:
    """The order of arrival counts within a batch too."""
    entered, may_end = threading.Event(), threading.Event()

    def slow(call: BatchCall) -> BatchEnd:
        entered.set()
        assert may_end.wait(10)
        return counts(call)

    async with running(ScriptedWorker({}, entities={"counter": slow})) as engine:
        await engine.signal_entity(COUNTER, "add", text(0))
        may_end.set()
        await engine.at_rest()
        entered.clear()
        may_end.clear()
        await engine.signal_entity(COUNTER, "add", text(1))
        assert await asyncio.to_thread(entered.wait, 10)
        await engine.signal_entity(COUNTER, "add", text(2))
        await engine.terminate(str(COUNTER), None)
        await engine.signal_entity(COUNTER, "add", text(4))
        may_end.set()

        assert await state_of(engine) == EntityState(exists=True, text="3")


async def test_a_purged_entity_begins_afresh() -> None:
    """It is purged in any state, and what comes then finds nothing."""
    async with running(ScriptedWorker({})) as engine:
        await engine.signal_entity(COUNTER, "add", text(3))
        await engine.at_rest()

        assert await engine.purge(str(COUNTER))
        assert await engine.instance(str(COUNTER)) is None
        assert not await engine.purge(str(COUNTER))
        await engine.signal_entity(COUNTER, "add", text(4))

        assert await state_of(engine) == EntityState(exists=True, text="4")


async def test_what_waits_for_an_entity_outlives_its_purge() -> None:
    """A purge forgets what was, and loses no operation that was taken."""
    entered, may_end = threading.Event(), threading.Event()

    def slow(call: BatchCall) -> BatchEnd:
        entered.set()
        assert may_end.wait(10)
        return counts(call)

    async with running(ScriptedWorker({}, entities={"counter": slow})) as engine:
        await engine.signal_entity(COUNTER, "add", text(1))
        may_end.set()
        await engine.at_rest()
        entered.clear()
        may_end.clear()
        await engine.signal_entity(COUNTER, "add", text(2))
        assert await asyncio.to_thread(entered.wait, 10)
        await engine.signal_entity(COUNTER, "add", text(4))

        assert await engine.purge_where(Query()) == 1
        may_end.set()

        assert await state_of(engine) == EntityState(exists=True, text="7")


async def test_waiting_operations_survive_a_restart(tmp_path: Path) -> None:
    """A batch that was cut short runs again, whole; what was committed does not."""
    path = tmp_path / "hub.db"
    entered, may_end = threading.Event(), threading.Event()

    def hangs(call: BatchCall) -> BatchEnd:
        entered.set()
        may_end.wait(10)
        return counts(call)

    async with running(ScriptedWorker({}), path) as engine:
        await engine.signal_entity(COUNTER, "add", text(1))
        await engine.at_rest()
    async with running(ScriptedWorker({}, entities={"counter": hangs}), path) as engine:
        await engine.signal_entity(COUNTER, "add", text(2))
        assert await asyncio.to_thread(entered.wait, 10)
        engine._turns.stop()
        may_end.set()
    async with running(ScriptedWorker({}), path) as engine:
        assert await state_of(engine) == EntityState(exists=True, text="3")


async def test_an_unknown_entity_is_refused() -> None:
    """A signal from outside names the entities that there are."""
    async with running(ScriptedWorker({}, entities={"Counter": counts})) as engine:
        with pytest.raises(UnknownFunctionError) as refused:
            await engine.signal_entity(EntityId("nowhere", "k"), "add", None)

    assert str(refused.value) == (
        "The function 'nowhere' doesn't exist, is disabled, or is not an entity function. "
        "Additional info: The following are the known entity functions: 'Counter'."
    )


async def test_an_orchestration_under_an_entitys_id_takes_its_place() -> None:
    """Signals reach it as events."""

    def waits(history: Sequence[Event]) -> Answer:
        took = [event.fields["Name"] for event in history if event.type == EventType.EVENT_RAISED]
        return Answer(actions=(WaitForEvent(name="op"),), is_done=bool(took), output=json.dumps(took))

    async with running(ScriptedWorker({"Flow": waits})) as engine:
        await engine.start_instance("Flow", instance_id=str(COUNTER))
        await engine.signal_entity(COUNTER, "add", text(1))
        one = await engine.wait(str(COUNTER), ENDED, timedelta(seconds=10))

    assert one is not None
    assert one.output == '["op"]'


async def test_events_that_are_no_operations_do_nothing_to_an_entity() -> None:
    """They are taken and passed over; the function is not called."""
    calls: list[BatchCall] = []

    def notes(call: BatchCall) -> BatchEnd:
        calls.append(call)
        return counts(call)

    async with running(ScriptedWorker({}, entities={"counter": notes})) as engine:
        await engine.signal_entity(COUNTER, "add", text(1))
        await engine.at_rest()
        await engine.raise_event(str(COUNTER), "Other", "1")
        await engine.raise_event(str(COUNTER), "op", "[]")
        await engine.suspend(str(COUNTER), None)

        assert await state_of(engine) == EntityState(exists=True, text="1")
    assert len(calls) == 1


async def test_a_function_that_answers_too_little_fails_all_operations() -> None:
    """Nobody waits for ever for an answer that will not come."""

    def forgets(call: BatchCall) -> BatchEnd:
        return BatchEnd(exists=True, state="1", ends=counts(call).ends[:1])

    flow = asks(message("add", 1, is_signal=True), message("get"), waits=1)
    async with running(ScriptedWorker({"Flow": flow}, entities={"counter": forgets})) as engine:
        one = await outcome(engine, "Flow")

    assert json.loads(one.output or "") == ['"The entity answered 1 of 2 operations."']


async def test_an_answer_goes_only_to_the_execution_that_asked() -> None:
    """A caller that was replaced meanwhile does not hear what its predecessor asked."""
    entered, may_end = threading.Event(), threading.Event()

    def slow(call: BatchCall) -> BatchEnd:
        entered.set()
        assert may_end.wait(10)
        return counts(call)

    worker = ScriptedWorker({"Flow": asks(message("get"), waits=1)}, entities={"counter": slow})
    worker._orchestrators["Waits"] = lambda _: Answer(actions=(WaitForEvent(name="E"),))
    async with running(worker) as engine:
        await engine.start_instance("Flow", instance_id="one")
        assert await asyncio.to_thread(entered.wait, 10)
        await engine.terminate("one", None)
        await engine.wait("one", ENDED, timedelta(seconds=10))
        await engine.start_instance("Waits", instance_id="one")
        may_end.set()
        await engine.at_rest()

        assert answers(await engine.history("one")) == []
