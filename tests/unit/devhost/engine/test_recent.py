"""Which histories are kept, and for whom."""

from __future__ import annotations

from devhost.engine.history import orchestrator_started
from devhost.engine.recent import Recent, RecentHistories
from devhost.ticks import Ticks


def recent(turns: int = 1, *, execution_id: str = "x", size: int = 10) -> Recent:
    """A history of one event."""
    return Recent(
        execution_id=execution_id,
        turns=turns,
        input=None,
        custom_status=None,
        events=(orchestrator_started(Ticks(turns)),),
        size=size,
    )


def test_only_the_history_of_that_execution_and_turn_is_given() -> None:
    """Another execution's, an older and a newer one are not."""
    kept = RecentHistories()
    kept.put(1, recent(2))

    assert kept.get(1, "x", 2) == recent(2)
    assert kept.get(1, "y", 2) is None
    assert kept.get(1, "x", 1) is None
    assert kept.get(1, "x", 3) is None
    assert kept.get(2, "x", 2) is None


def test_a_newer_history_takes_the_place_of_the_older() -> None:
    """One instance has one history."""
    kept = RecentHistories()
    kept.put(1, recent(1))
    kept.put(1, recent(2))

    assert kept.get(1, "x", 1) is None
    assert kept.get(1, "x", 2) == recent(2)


def test_what_was_dropped_is_not_given() -> None:
    """Dropping what is not there is harmless."""
    kept = RecentHistories()
    kept.put(1, recent())
    kept.drop(1)
    kept.drop(1)

    assert kept.get(1, "x", 1) is None


def test_the_least_used_make_room() -> None:
    """The number of instances has a limit."""
    kept = RecentHistories(most_instances=2)
    kept.put(1, recent())
    kept.put(2, recent())
    assert kept.get(1, "x", 1) is not None

    kept.put(3, recent())

    assert kept.get(2, "x", 1) is None
    assert kept.get(1, "x", 1) is not None
    assert kept.get(3, "x", 1) is not None


def test_long_histories_make_room_too() -> None:
    """Their texts have a limit in all, which replaced and dropped ones do not count against."""
    kept = RecentHistories(most_characters=100)
    for _ in range(20):
        kept.put(1, recent(size=60))
        kept.put(2, recent(size=30))
        kept.drop(2)
    kept.put(2, recent(size=40))
    assert kept.get(1, "x", 1) is not None

    kept.put(3, recent(size=101))

    assert [kept.get(seq, "x", 1) for seq in (1, 2, 3)] == [None, None, None]
