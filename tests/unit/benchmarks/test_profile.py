"""Whose time a verification is."""

from __future__ import annotations

import pytest

from benchmarks.profile import PARTS, REST, page, shares

LOOP = "main (devhost/cli.py:41);Handle._run (asyncio/events.py:80)"
SDK = "the SDK (azure-functions-durable, azure-functions)"
APP = "the app, with phonenumbers and cryptography"


@pytest.mark.parametrize(
    ("stack", "part"),
    [
        (f"{LOOP};answer (devhost/api/server.py:92);StartOrchestration (function_app.py:91)", APP),
        (f"{LOOP};dumps (functions/_durable_functions.py:26);encode (json/encoder.py:200)", SDK),
        (f"{LOOP};turn (devhost/engine/turns.py:51);info (logging/__init__.py:1489)", "log lines"),
        (f"{LOOP};masks (blueprints/masked_logs.py:31);sub (re/__init__.py:185)", "log lines"),
        (f"{LOOP};handle (aiohttp/web_protocol.py:577)", "HTTP: aiohttp, and devhost's routes and API"),
        (LOOP, REST),
        ("_bootstrap (threading.py:1002);get (queue.py:1)", REST),
    ],
)
def test_time_is_that_of_the_innermost_frame_with_an_owner(stack: str, part: str) -> None:
    """What a library of Python does counts for whoever called it."""
    assert shares([f"{stack} 3"])[part] == 1.0


def test_shares_are_of_all_looks() -> None:
    """They add up to the whole."""
    found = shares([f"{LOOP} 1", f"{LOOP};x (domain/rates.py:1) 3"])

    assert (found[REST], found[APP], sum(found.values())) == (0.25, 0.75, 1.0)
    assert set(found) == set(PARTS)


def test_the_page_turns_shares_into_milliseconds() -> None:
    """Of the processor time that one verification took."""
    shown = page({APP: 0.25, REST: 0.75}, 4.0, {"a commit": (0.66666, "ms")}, "cores 2")

    assert f"| {APP} | 25% | 1.00 |" in shown
    assert "* a commit: 0.667 ms" in shown
    assert "\n\ncores 2\n\n" in shown
