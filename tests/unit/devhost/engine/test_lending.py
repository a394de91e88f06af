"""The loop stands still for calls on the pool, but for a moment only."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from devhost.engine.lending import Lending

LONG = 20.0  # seconds


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Return two threads."""
    with ThreadPoolExecutor(2) as threads:
        yield threads


class Calls:
    """Calls whose item is how they behave, and the order in which their results came, with the threads they came on."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self.released = threading.Event()
        self.done: list[str] = []
        self.threads: set[int] = set()
        self.came = asyncio.Event()
        self.lending = Lending(pool, asyncio.get_running_loop(), self._work, self._take)

    async def until(self, count: int) -> list[str]:
        """Return what has come once it is so much."""
        async with asyncio.timeout(30):
            while len(self.done) < count:
                self.came.clear()
                await self.came.wait()
        return self.done

    def _work(self, item: str) -> str:
        if item == "blocks":
            self.released.wait(30)
        return item.upper()

    def _take(self, item: str, result: str) -> None:
        assert result == item.upper()
        self.done.append(item)
        self.threads.add(threading.get_ident())
        self.came.set()


async def test_calls_that_end_in_time_are_over_when_the_loop_goes_on(pool: ThreadPoolExecutor) -> None:
    """Their results are handed over in order, on the loop's own thread."""
    calls = Calls(pool)
    calls.lending.patience = LONG

    calls.lending.run(["a", "b", "c"])

    assert (calls.done, calls.threads) == (["a", "b", "c"], {threading.get_ident()})


async def test_a_call_that_blocks_holds_up_neither_the_loop_nor_the_calls_behind_it(pool: ThreadPoolExecutor) -> None:
    """The calls behind it go on beside it, and its result comes when it comes, all on the loop's own thread."""
    calls = Calls(pool)

    calls.lending.run(["quick", "blocks", "behind", "last"])
    assert "blocks" not in calls.done
    assert sorted(await calls.until(3)) == ["behind", "last", "quick"]

    calls.released.set()
    assert (await calls.until(4))[-1] == "blocks"
    assert calls.threads == {threading.get_ident()}


async def test_nobody_is_waited_for_while_a_slow_call_is_under_way(pool: ThreadPoolExecutor) -> None:
    """With no thread left the loop goes on at once, and the calls begin when one is free."""
    calls = Calls(pool)
    calls.lending.run(["blocks"])
    calls.lending.patience = LONG

    began = asyncio.get_running_loop().time()
    for item in ("blocks", "waits", "waits"):
        calls.lending.run([item])
    took = asyncio.get_running_loop().time() - began

    assert (calls.done, took < LONG / 2) == ([], True)
    calls.released.set()
    assert sorted(await calls.until(4)) == ["blocks", "blocks", "waits", "waits"]


async def test_the_loop_is_patient_with_many_calls_that_each_end_soon(pool: ThreadPoolExecutor) -> None:
    """What counts is how long one call takes, not how many there are."""
    ended: list[float | None] = []
    pause = threading.Event()
    lending = Lending(pool, asyncio.get_running_loop(), pause.wait, lambda item, _: ended.append(item))

    lending.patience = 0.5
    lending.run([0.2] * 4)

    assert len(ended) == 4


async def test_the_loop_waits_less_for_what_did_not_end_in_time_before(pool: ThreadPoolExecutor) -> None:
    """It is patient again once calls have ended in time."""
    calls = Calls(pool)
    patient = calls.lending.patience

    calls.lending.run(["blocks"])
    impatient = calls.lending.patience
    calls.released.set()
    await calls.until(1)
    while calls.lending.patience < patient:  # grows with each call that is quick, as far as this machine is
        calls.lending.run(["quick"])
        await asyncio.sleep(0)

    assert (impatient < patient, calls.lending.patience) == (True, patient)
