"""How each figure is taken; every function asks one question and returns plain numbers."""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import TYPE_CHECKING

from benchmarks.connection import Connection
from benchmarks.resources import disk_bytes, memory_mib, processor_seconds
from benchmarks.spread import percentile
from benchmarks.subjects import running
from benchmarks.verifications import (
    Verifications,
    WorkloadError,
    code_sent,
    has_ended,
    seen,
    start_one,
    waits,
)

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.subjects import Running, Subject

Figures = dict[str, float]
WARM_UP = 50
PAUSE = 0.01  # seconds between two verifications at low load
LOOK = 0.001  # seconds between two looks at one


async def throughput(subject: Running, count: int) -> Figures:
    """Return how many verifications a second go from start to end, and what each costs the host."""
    driver = Verifications(subject.port)
    await _all_through(driver, WARM_UP)
    used, began = processor_seconds(subject.pid), perf_counter()
    await _all_through(driver, count)
    seconds = perf_counter() - began
    used = processor_seconds(subject.pid) - used
    return {"verifications_per_second": count / seconds, "cpu_ms_each": used / count * 1000}


async def low_load(subject: Running, count: int) -> Figures:
    """Return how soon a start shows as waiting, and an answer as the end, with one verification at a time."""
    started, answered = [], []
    async with Connection(subject.port) as connection:
        for number in range(count + WARM_UP):
            began = perf_counter()
            one = await start_one(connection)
            await seen(connection, one.status_url, waits, pause=LOOK)
            until_waiting = perf_counter() - began
            code = await code_sent(connection, one)
            began = perf_counter()
            await connection.post(one.event_url, code)
            end = await seen(connection, one.status_url, has_ended, pause=LOOK)
            until_end = perf_counter() - began
            if end["output"] is not True:
                message = f"the right code was not taken: {end}"
                raise WorkloadError(message)
            if number >= WARM_UP:
                started.append(until_waiting * 1000)
                answered.append(until_end * 1000)
            await asyncio.sleep(PAUSE)
    return {
        **{f"start_to_waiting_ms_p{share}": percentile(started, share) for share in (50, 95, 99)},
        **{f"answer_to_end_ms_p{share}": percentile(answered, share) for share in (50, 95, 99)},
    }


async def waiting(subject: Running, count: int, seconds: float) -> Figures:
    """Return what *count* verifications that wait cost in processor time, memory and disk."""
    driver = Verifications(subject.port)
    started = await driver.start_many(count)
    await driver.until_all_wait(started)
    await asyncio.sleep(2.0)  # what follows the last answer is not waiting
    used, began = processor_seconds(subject.pid), perf_counter()
    await asyncio.sleep(seconds)
    share = (processor_seconds(subject.pid) - used) / (perf_counter() - began)
    return {
        "waiting_cpu_percent": share * 100,
        "waiting_memory_mib": memory_mib(subject.pid),
        "waiting_disk_kb_each": disk_bytes(subject.folder) / count / 1000,
    }


async def crash(subject: Subject, folder: Path, count: int) -> Figures:
    """Return how soon after a kill with *count* waiting the first one is through, and how many are lost."""
    with running(subject, folder) as before:
        started = await Verifications(before.port).start_many(count)
        await Verifications(before.port).until_all_wait(started)
        before.kill()
    with running(subject, folder, port=before.port) as after:
        async with Connection(after.port) as connection:
            await connection.post(started[0].event_url, 1234)
            await seen(connection, started[0].status_url, has_ended)
        first = perf_counter() - after.began
        driver = Verifications(after.port)
        lost = await driver.answer_many(started[1:])
        await driver.until_all_end(started)
    return {"restart_to_first_completion_s": first, "lost": float(lost)}


def start(subject: Running) -> Figures:
    """Return how soon after the command the first request got its 200."""
    return {"start_to_first_200_s": subject.ready - subject.began}


async def _all_through(driver: Verifications, count: int) -> None:
    started = await driver.start_many(count)
    await driver.until_all_wait(started)
    await driver.answer_many(started)
    await driver.until_all_end(started)
