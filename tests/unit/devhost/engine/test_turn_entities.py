"""Messages of orchestrations to entities."""

from __future__ import annotations

import json
from typing import Any

from devhost import ticks
from devhost.engine.actions import EntityMessage
from devhost.engine.turn import SendOperation, TurnResult
from tests.support.stories import EXECUTION, INSTANCE, START, Story, activity, asks, raised, told

CALL = EntityMessage(instance_id="@counter@k", operation="get", input="null", is_signal=False)
SIGNAL = EntityMessage(instance_id="@counter@k", operation="add", input="5", is_signal=True)


def requests_of(result: TurnResult) -> list[dict[str, Any]]:
    """Return the requests that a turn sends."""
    return [json.loads(message.request) for message in result.messages if isinstance(message, SendOperation)]


def test_a_signal_does_not_wait_and_a_call_does() -> None:
    """The answer is an event that is named like the request."""
    story, wish = Story(), asks(SIGNAL, CALL, activity())
    first = story.begin(wish)
    request = requests_of(first)[1]

    result = story.turn(wish, raised(request["id"]))

    assert told(first) == ["event_sent 0 op", "event_sent 1 op"]
    assert told(result) == ["task_scheduled 2 Echo"]


def test_a_request_says_who_sent_it_and_in_which_order() -> None:
    """The second message of a turn is stamped a tick later, and names the one before to the same entity."""
    signal, call = requests_of(Story().begin(asks(SIGNAL, CALL)))

    turn = ticks.to_text(ticks.Ticks(START + 10 * ticks.PER_SECOND))
    assert signal["signal"] is True
    assert (signal["op"], signal["input"], call["input"]) == ("add", '"5"', '"null"')
    assert "signal" not in call
    assert (call["parent"], call["parentExecution"]) == (INSTANCE, EXECUTION)
    assert (signal["Timestamp"], signal["Predecessor"]) == (turn, "0001-01-01T00:00:00")
    assert (call["Timestamp"], call["Predecessor"]) == (turn[:-1] + ".0000001", turn)
    assert call["requestTime"] == "2026-01-15T10:00:11+00:00"


def test_an_unknown_entity_hangs_a_call() -> None:
    """The error is swallowed, no id is used."""
    nowhere = EntityMessage(instance_id="@nowhere@k", operation="get", input=None, is_signal=False)

    assert told(Story().begin(asks(nowhere, activity()))) == ["task_scheduled 0 Echo"]


def test_an_unknown_entity_fails_the_orchestration_that_signals_it() -> None:
    """The text lists the entities of the app; nothing after the signal is carried out."""
    nowhere = EntityMessage(instance_id="@nowhere@k", operation="add", input=None, is_signal=True)

    assert told(Story().begin(asks(nowhere, activity()))) == [
        "Failed 0 Orchestrator function 'Flow' failed: The function 'nowhere' doesn't exist, is disabled, or is not an "
        "entity function. Additional info: The following are the known entity functions: 'Counter', 'Keeper'."
    ]


def test_a_request_in_the_history_keeps_its_id() -> None:
    """The answer to a request that another host numbered is recognised."""
    story, wish = Story(), asks(CALL, activity())
    story.begin(wish)
    sent = next(event for event in story.events if event.id == 0)
    foreign = json.dumps({**json.loads(sent.fields["Input"]), "id": "foreign"})
    place = story.events.index(sent)
    story.events[place] = type(sent)(sent.type, sent.at, sent.id, {**sent.fields, "Input": foreign})

    assert told(story.turn(wish, raised("foreign"))) == ["task_scheduled 1 Echo"]
