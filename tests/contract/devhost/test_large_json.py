"""Large JSON is read as small JSON is, but elsewhere, so that others are served meanwhile."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import pytest

from devhost import large_json, lenient_json
from devhost.errors import HostError
from tests.support.served import served

LARGE = json.dumps([{"a": number, "b": "ü"} for number in range(35_000)], ensure_ascii=False)
ODD = "[" + "'a'," * 10_000 + "]"


@pytest.mark.parametrize("text", ['{"a": 1}', LARGE, ODD, f"\ufeff{ODD}"])
async def test_a_good_text_comes_back_as_it_was_sent(text: str) -> None:
    """Whatever its size is; only a byte order mark goes."""
    assert await large_json.checked(text.encode()) == text.removeprefix("\ufeff")


@pytest.mark.parametrize("text", ["{'a': 1} 2", LARGE + "2", ODD + "2"])
async def test_the_first_value_is_compact(text: str) -> None:
    """What follows it is left out, and refused where it is to be the only one."""
    expected = json.dumps(lenient_json.parse_first(text), ensure_ascii=False, separators=(",", ":"))

    assert await large_json.compacted(text.encode(), large_json.FIRST) == expected
    with pytest.raises(lenient_json.JsonTextError, match="Additional text encountered"):
        await large_json.compacted(text.encode(), large_json.ONLY)


@pytest.mark.parametrize("text", ["[1", LARGE[:-1], ODD[:-1], "[" * 600_000, '"' + "x" * 600_000])
async def test_a_bad_text_is_refused_in_the_same_words(text: str) -> None:
    """The message does not tell where the text was read."""
    with pytest.raises(lenient_json.JsonTextError) as here:
        lenient_json.parse(text)

    with pytest.raises(lenient_json.JsonTextError) as elsewhere:
        await large_json.checked(text.encode())

    assert str(elsewhere.value) == str(here.value)


async def test_others_are_served_while_a_large_text_is_read() -> None:
    """The loop goes round many times before the text is read."""
    reading = asyncio.create_task(large_json.checked(LARGE.encode()))
    rounds = 0
    while not reading.done():
        await asyncio.sleep(0)
        rounds += 1

    assert await reading == LARGE
    assert rounds > 100


async def test_a_reader_that_dies_is_a_fault_of_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """A text that nobody has read counts neither as good nor as bad."""
    monkeypatch.setattr(sys, "executable", "/bin/false")

    with pytest.raises(HostError, match="bytes of JSON ended with 1"):
        await large_json.checked(LARGE.encode())


async def test_a_reading_that_is_given_up_leaves_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a host that ends nor a text that takes too long leaves anybody reading."""
    readers: list[asyncio.subprocess.Process] = []
    create = asyncio.create_subprocess_exec

    async def noted(*arguments: Any, **options: Any) -> asyncio.subprocess.Process:
        readers.append(await create(*arguments, **options))
        return readers[-1]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", noted)
    with monkeypatch.context() as hasty:
        hasty.setattr(large_json, "PATIENCE", 0.01)
        with pytest.raises(HostError, match="bytes of JSON took more than"):
            await large_json.checked(LARGE.encode())

    reading = asyncio.create_task(large_json.checked(LARGE.encode()))
    async with asyncio.timeout(20):
        while len(readers) < 2:  # noqa: ASYNC110  another process
            await asyncio.sleep(0)
    reading.cancel()

    with pytest.raises(asyncio.CancelledError):
        await reading
    assert all(reader.returncode is not None for reader in readers)


async def test_others_are_answered_while_a_large_status_is_put_together() -> None:
    """Text that is not strict takes long to read, also when it is shown again."""
    async with served() as host:
        await host.start("Waits", "other")
        assert (await host.ask("POST", "/orchestrators/Waits/odd", "[" + "'a'," * 200_000 + "]")).status == 202
        for path in ("/instances/odd", "/instances"):
            showing = asyncio.create_task(host.ask("GET", path))
            answered = 0
            while not showing.done():
                assert (await host.ask("GET", "/instances/other")).status == 202
                answered += 1

            assert str(showing.result().json).count("'a'") == 200_000
            assert answered > 3
