"""Stored histories of each flow and outcome: today's code still accepts what was in flight when they were recorded."""

from __future__ import annotations

import dataclasses
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from devhost.engine.history import EventType
from devhost.errors import AppError
from devhost.replaying.difference import first_difference
from devhost.replaying.recording import read, to_text
from devhost.sdk.functions import FunctionTable
from devhost.sdk.worker import AppWorker
from domain.cases import CaseState
from tests.replay.recorded import APP, HISTORIES, STORIES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ADVICE = (
    "Instances in flight would break. Bring the change as a new version or a new flow; "
    "as long as nothing was released, `make record` records anew, and CHANGELOG.md says so."
)


@pytest.fixture(scope="module")
def worker() -> Iterator[AppWorker]:
    """Today's functions."""
    with ThreadPoolExecutor(1) as pool:
        yield AppWorker(FunctionTable.of(APP), pool)


@pytest.mark.parametrize("name", STORIES)
def test_today_s_code_accepts_the_history(worker: AppWorker, name: str) -> None:
    """Every turn decides what it decided when the history was recorded."""
    difference = first_difference(worker, read(HISTORIES / f"{name}.json"))

    assert difference is None, f"{difference}. {ADVICE}"


def test_each_story_has_a_history_and_each_history_a_story() -> None:
    """Nothing is stored that nobody tells, and the other way round."""
    assert {path.stem for path in HISTORIES.glob("*.json")} == STORIES.keys()


def test_the_stories_have_every_outcome() -> None:
    """The outputs of the stored histories are all that the flows can return."""
    outputs: set[object] = set()
    for path in HISTORIES.glob("*.json"):
        outputs |= {
            json.loads(event.fields["Result"]) for event in read(path) if event.type is EventType.EXECUTION_COMPLETED
        }

    assert outputs == {True, False, CaseState.COMPLETED, CaseState.REJECTED, CaseState.REFUND_FAILED}


def test_a_flow_that_changed_is_told_with_its_first_difference(worker: AppWorker) -> None:
    """An activity of another name, or a step that is missing, is named with its turn."""
    events = read(HISTORIES / "sms_verified.json")
    place = next(place for place, event in enumerate(events) if event.type is EventType.TASK_SCHEDULED)
    other = dataclasses.replace(events[place], fields={**events[place].fields, "Name": "SendCode"})

    renamed = first_difference(worker, [*events[:place], other, *events[place + 1 :]])
    missing = first_difference(worker, [*events[:place], *events[place + 1 :]])

    assert renamed == (
        "turn 1: recorded is TaskScheduled 0 SendCode; today's code decides TaskScheduled 0 SendSmsChallenge"
    )
    assert missing is not None
    assert missing.startswith("turn 1: recorded is nothing more; today's code decides TaskScheduled 0")


def test_a_recording_can_be_read_again(tmp_path: Path) -> None:
    """What is written is what is read; a file that is none is refused by name."""
    events = read(HISTORIES / "refund_completed.json")
    (tmp_path / "one.json").write_text(to_text(events))
    (tmp_path / "other.json").write_text("{}")

    assert read(tmp_path / "one.json") == events
    with pytest.raises(AppError, match=r"other\.json holds no recording"):
        read(tmp_path / "other.json")


def test_a_history_without_a_beginning_is_refused(worker: AppWorker) -> None:
    """There is nothing to replay in it."""
    with pytest.raises(AppError, match="no ExecutionStarted or no turn"):
        first_difference(worker, [])
