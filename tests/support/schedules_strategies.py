"""How random schedules are drawn: single steps, and short scenes that chance alone would rarely put together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from tests.support.schedules_steps import Control, Pass, Restart, Say, Step
from tests.support.world import Crash

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hypothesis.strategies import SearchStrategy

NEAR = (-1.0, -0.001, 0.0, 0.001, 5.0)
BEYOND = (0.001, 1.0, 600.0)
JUST_BEFORE = (-1.0, -0.001)
FLAGS = st.booleans()


@dataclass(frozen=True)
class Answers:
    """What is said to a flow: anything, what brings it to its good end, and what it must not be moved by."""

    any: SearchStrategy[Say]
    right: SearchStrategy[Say]
    wrong: SearchStrategy[Say]


@dataclass(frozen=True)
class Spans:
    """The seconds that matter to a flow: of waiting, and of being down."""

    waits: tuple[float, ...]
    downs: tuple[float, ...]


def says(exact: str, others: Sequence[str], words: SearchStrategy[str]) -> SearchStrategy[Say]:
    """Return events, most of them of the *exact* name, a few doubled or said over and over."""
    names = st.sampled_from([exact] * 2 * max(1, len(others)) + list(others))
    return st.builds(Say, names, words, st.sampled_from([1, 1, 1, 2, 7]), FLAGS)


def crashes(spans: Spans) -> SearchStrategy[Crash]:
    """Return crashes on both sides of a commit that is not far off."""
    downs = st.sampled_from(spans.downs).map(lambda down: timedelta(seconds=down))
    return st.builds(Crash, st.sampled_from(["before", "after"]), st.integers(1, 9), downs)


def first_crashes(spans: Spans) -> SearchStrategy[Crash | None]:
    """Return what may end the host's first life, from the commit of the start on."""
    return st.one_of(st.none(), st.none(), crashes(spans))


def early(say: SearchStrategy[Say]) -> SearchStrategy[tuple[Say, ...]]:
    """Return what is said before the first turn; mostly nothing."""
    return st.one_of(st.just(()), st.just(()), st.lists(say, min_size=1, max_size=2).map(tuple))


def steps(spans: Spans, answers: Answers) -> SearchStrategy[tuple[Step, ...]]:
    """Return what happens after the start."""
    single = _singles(spans, answers.any).map(lambda step: (step,))
    scene = st.one_of(single, single, single, single, st.tuples(answers.right), _scenes(spans, answers))
    return st.lists(scene, min_size=2, max_size=6).map(lambda scenes: tuple(step for one in scenes for step in one))


def _singles(spans: Spans, say: SearchStrategy[Say]) -> SearchStrategy[Step]:
    wait = st.builds(Pass, st.sampled_from(spans.waits), stalls=FLAGS)
    restart = st.builds(Restart, st.sampled_from(spans.downs))
    control = st.sampled_from([Control.SUSPEND, Control.RESUME, Control.RESUME, Control.TERMINATE])
    return st.one_of(say, say, say, wait, wait, _to_deadline(NEAR), crashes(spans), crashes(spans), restart, control)


def _scenes(spans: Spans, answers: Answers) -> SearchStrategy[tuple[Step, ...]]:
    """Return scenes of lateness: over, or over while suspended, stalled or dead with the answer; and one of haste."""
    right, held = answers.right, answers.right.map(_held)
    over, just_before = _to_deadline(BEYOND), _to_deadline(JUST_BEFORE)
    dead = st.builds(Crash, st.just("after"), st.just(1), st.sampled_from(spans.downs).map(_plus_an_hour))
    suspend, resume = st.just(Control.SUSPEND), st.just(Control.RESUME)
    return st.one_of(
        st.tuples(over, right),
        st.tuples(just_before, answers.wrong, over, right),
        st.tuples(suspend, over, right, resume),
        st.tuples(suspend, right, over, resume),
        st.tuples(held, over),
        st.tuples(dead, right),
        st.tuples(answers.any.map(_held), held, crashes(spans)),
    )


def _to_deadline(seconds: Sequence[float]) -> SearchStrategy[Pass]:
    return st.builds(Pass, st.sampled_from(seconds), to_deadline=st.just(value=True), stalls=FLAGS)


def _held(say: Say) -> Say:
    return Say(say.event, say.word, say.times, waits=False)


def _plus_an_hour(seconds: float) -> timedelta:
    return timedelta(hours=1, seconds=seconds)
