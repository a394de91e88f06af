"""Replays run as the app does, with the SDK's strict reading of JSON."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def strict_typing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the SDK read JSON as JSON; its other way warns once a process, and warnings are errors."""
    monkeypatch.setenv("AZURE_FUNCTIONS_DURABLE_STRICT_TYPING", "1")
