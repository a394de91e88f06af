"""What holds for every integration test."""

import pytest

from blueprints import sighting


@pytest.fixture(autouse=True)
def strict_typing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK checks types, as the example settings tell it to; else it would warn in the first turn of a process."""
    monkeypatch.setenv("AZURE_FUNCTIONS_DURABLE_STRICT_TYPING", "1")


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """The app waits for what its flows do next for as long as that takes on this machine; no answer depends on it."""
    monkeypatch.setattr(sighting, "PATIENCE_SECONDS", 30.0)
