"""The loop stands still for calls on the pool, but for a moment only."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from devhost.engine.lending import Lending


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Return two threads."""
    with ThreadPoolExecutor(2) as threads:
        yield threads


async def test_calls_that_end_in_time_are_over_when_the_loop_goes_on(pool: ThreadPoolExecutor) -> None:
    """Their results are handed over in order, on the loop's own thread."""
    done: list[tuple[int, int, int]] = []
    lending: Lending[int, int] = Lending(
        pool,
        asyncio.get_running_loop(),
        lambda item: item * 2,
        lambda item, result: done.append((item, result, threading.get_ident())),
    )

    assert lending.run([1, 2, 3]) == []
    assert done == [(item, item * 2, threading.get_ident()) for item in (1, 2, 3)]


async def test_a_call_that_blocks_holds_up_neither_the_loop_nor_the_calls_behind_it(pool: ThreadPoolExecutor) -> None:
    """The calls behind it are given back, and its result comes when it comes."""
    released, came = threading.Event(), asyncio.Event()
    done: list[str] = []

    def work(item: str) -> str:
        if item == "blocks":
            released.wait(30)
        return item

    def take(item: str, _: str) -> None:
        done.append(item)
        if item == "blocks":
            came.set()

    lending = Lending(pool, asyncio.get_running_loop(), work, take)

    left = lending.run(["quick", "blocks", "behind", "last"])

    assert (left, done) == (["behind", "last"], ["quick"])
    assert lending.run(left) == []
    released.set()
    await asyncio.wait_for(came.wait(), 30)
    assert done == ["quick", "behind", "last", "blocks"]


async def test_the_loop_waits_less_for_what_did_not_end_in_time_before(pool: ThreadPoolExecutor) -> None:
    """It is patient again as soon as a call has ended in time."""
    released = threading.Event()
    lending = Lending(pool, asyncio.get_running_loop(), released.wait, lambda *_: None)
    patient = lending._patience

    lending.run([30.0])
    impatient = lending._patience
    lending.run([0.0])

    assert (impatient < patient, lending._patience) == (True, patient)
    released.set()
