"""A real Chromium: pages that must not complain, and an accessibility check on what they show.

Only tests that are plain functions can use these fixtures: Playwright keeps an event loop of its own running.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tools.azurite import HOME
from tools.chromium import find_chromium

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import BrowserContext

PATIENCE = 30_000  # milliseconds for what a page is to show, also on a machine that has much else to do
FLAGS = (
    "--no-sandbox",  # CI runs as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
AXE = HOME / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for the tests of a module; where there is none they fail, and say how to get one."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        one = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        yield one
        one.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a page of its own cookies and size; at the end, no page may have complained or left this machine."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_page(**options: Any) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: _note(complaints, line.type, line.text))
        page.on("request", lambda request: _stays_here(complaints, request.url))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """A page as on a desk."""
    return new_page(viewport={"width": 1280, "height": 900})


def violations(page: Page) -> list[str]:
    """Return what axe-core has to say against the page as it is now, each with where it stands."""
    page.evaluate(Path(AXE).read_text(encoding="utf-8") + "\n;undefined")
    found = page.evaluate("axe.run()")
    places = [(one["id"], [node["target"] for node in one["nodes"]]) for one in found["violations"]]
    return [f"{name}: {json.dumps(targets)}" for name, targets in places]


def _note(complaints: list[str], kind: str, text: str) -> None:
    """Note errors and warnings; that an answer is no success is the tests' business."""
    if kind in {"error", "warning"} and not text.startswith("Failed to load resource"):
        complaints.append(text)


def _stays_here(complaints: list[str], url: str) -> None:
    if urlsplit(url).hostname not in {"127.0.0.1", "localhost"}:
        complaints.append(f"asked {url}")
