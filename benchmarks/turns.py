"""What a turn costs as the history of its instance grows, and as the number of other instances grows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.connection import Connection
from benchmarks.resources import processor_seconds
from benchmarks.subjects import devhost, running
from benchmarks.verifications import Verifications, has_ended, seen
from tools.azurite import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.measures import Figures
    from benchmarks.subjects import Running

APP = ROOT / "benchmarks" / "apps" / "rounds"
STEP = 50  # rounds over which the processor time is taken
_START = "/runtime/webhooks/durabletask/orchestrators/Rounds"


async def by_length_of_history(folder: Path, rounds: int) -> list[Figures]:
    """Return the processor time of a round (one event over HTTP, one turn, one look at the status) along a history.

    A round adds three events to the history.
    """
    figures: list[Figures] = []
    with running(devhost(app=APP), folder) as subject:
        async with Connection(subject.port) as connection:
            urls = (await connection.post(_START, str(rounds + 1))).json()  # the SDK reads an input as JSON text
            status = urls["statusQueryGetUri"] + "&showInput=false"
            go = urls["sendEventPostUri"].replace("{eventName}", "Go")
            await _round_seen(connection, status, 0)
            used = processor_seconds(subject.pid)
            for number in range(1, rounds + 1):
                await connection.post(go, number)
                await _round_seen(connection, status, number)
                if number % STEP == 0:
                    now = processor_seconds(subject.pid)
                    figures.append({"events": 3.0 * number, "cpu_ms_a_round": (now - used) / STEP * 1000})
                    used = now
    return figures


async def by_number_of_instances(subject: Running, counts: Sequence[int], sample: int) -> list[Figures]:
    """Return the processor time of a verification beside so many others that wait."""
    driver = Verifications(subject.port)
    figures: list[Figures] = []
    others = 0
    for count in counts:
        if count > others:
            await driver.until_all_wait(await driver.start_many(count - others))
            others = count
        used = processor_seconds(subject.pid)
        started = await driver.start_many(sample)
        await driver.until_last_waits(started)
        await driver.answer_many(started)
        await driver.until_last_ends(started)
        used = processor_seconds(subject.pid) - used
        figures.append({"others": float(count), "cpu_ms_each": used / sample * 1000})
    return figures


async def _round_seen(connection: Connection, status: str, number: int) -> None:
    def is_there(shown: dict[str, object]) -> bool:
        return not has_ended(shown) and shown["customStatus"] == {"rounds": number}

    await seen(connection, status, is_there, pause=0.002)
