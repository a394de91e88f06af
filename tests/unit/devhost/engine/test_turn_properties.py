"""What holds for every list of actions and every order of what comes in."""

from __future__ import annotations

import time
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from devhost.engine.actions import Action, WhenAll, WhenAny
from devhost.engine.history import Event, EventType, RuntimeStatus
from tests.support.stories import (
    Story,
    activity,
    asks,
    child,
    done,
    event,
    failed,
    fired,
    raised,
    resumed,
    suspended,
    timer,
)

LEAVES = st.sampled_from(
    [
        activity(),
        activity(attempts=2),
        child(),
        child(attempts=1),
        timer(),
        timer(is_canceled=True),
        event("A"),
        event("B"),
        activity("Nobody"),
    ]
)


def _groups(members: st.SearchStrategy[Action]) -> st.SearchStrategy[Action]:
    lists = st.lists(members, max_size=3).map(tuple)
    return lists.map(lambda actions: WhenAll(actions=actions)) | lists.map(lambda actions: WhenAny(actions=actions))


ACTIONS = st.lists(st.recursive(LEAVES, _groups, max_leaves=6), max_size=6)
STEPS = st.lists(st.tuples(st.sampled_from(["done", "failed", "A", "B", "suspend", "resume"]), st.integers(0, 9)))
WORK = {
    EventType.TASK_SCHEDULED: (done, failed),
    EventType.SUB_ORCHESTRATION_CREATED: (done, failed),
    EventType.TIMER_CREATED: (fired, fired),
}


class Instance:
    """A story whose open work is known."""

    def __init__(self, actions: list[Action]) -> None:
        self.story = Story()
        self.answer = asks(*actions, is_done=True, output='"end"')
        self.open: list[Event] = []
        self.ids: list[int] = []
        self.result = self.story.begin(self.answer)
        self._note()

    def step(self, kind: str, number: int) -> None:
        """Let one thing happen, in a turn of its own."""
        wishes: dict[str, Callable[[], Event]] = {"suspend": suspended, "resume": resumed}
        if kind in {"A", "B"}:
            self._play(raised(kind))
        elif kind in wishes:
            self._play(wishes[kind]())
        elif self.open:
            work = self.open.pop(number % len(self.open))
            self._play(WORK[work.type][kind == "failed"](work.id))

    def settle(self) -> None:
        """Resume, and let everything end that can."""
        self.step("resume", 0)
        for _ in range(200):
            for kind in ("A", "B", "done"):
                self.step(kind, 0)

    def _play(self, new: Event) -> None:
        if self.result.ending is None:
            self.result = self.story.turn(self.answer, new)
            self._note()

    def _note(self) -> None:
        self.ids += [decision.id for decision in self.result.decisions]
        self.open += [decision for decision in self.result.decisions if decision.type in WORK]


@settings(max_examples=150, deadline=None)
@given(ACTIONS, STEPS)
def test_every_decision_is_written_once_and_every_instance_ends(
    actions: list[Action], steps: list[tuple[str, int]]
) -> None:
    """No id is given twice or left out, no replay contradicts the history, and what is settled completes."""
    instance = Instance(actions)
    for kind, number in steps:
        instance.step(kind, number)

    instance.settle()

    assert instance.result.ending is not None
    assert instance.result.ending.status is RuntimeStatus.COMPLETED
    assert len(instance.ids) == len(set(instance.ids))
    if not any(kind == "suspend" for kind, _ in steps):
        assert instance.ids == list(range(len(instance.ids)))


@settings(max_examples=50, deadline=None)
@given(ACTIONS, STEPS)
def test_a_turn_without_news_decides_nothing(actions: list[Action], steps: list[tuple[str, int]]) -> None:
    """Whatever happened before, it has been decided upon."""
    instance = Instance(actions)
    for kind, number in steps:
        instance.step(kind, number)
    before = instance.result

    if before.ending is None:
        result = instance.story.turn(instance.answer)

        assert (result.decisions, result.is_suspended) == ((), before.is_suspended)


def test_the_cost_of_a_turn_grows_with_the_history_and_no_faster() -> None:
    """Ten times the history takes far less than a hundred times as long."""
    short, long = (_seconds_for(count) for count in (300, 3_000))

    assert long < 40 * short


def _seconds_for(count: int) -> float:
    """Return the least CPU time of some turns after *count* activities."""
    story = Story()
    wish = asks(WhenAll(actions=(activity(),) * count))
    story.begin(wish)
    story.events += [done(number) for number in range(count - 1)]
    times = []
    for _ in range(5):
        begun = time.thread_time()
        story.turn(wish)
        times.append(time.thread_time() - begun)
    return min(times)
