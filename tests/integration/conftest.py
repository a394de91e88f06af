"""What holds for every integration test."""

import pytest


@pytest.fixture(autouse=True)
def strict_typing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK checks types, as the example settings tell it to; else it would warn in the first turn of a process."""
    monkeypatch.setenv("AZURE_FUNCTIONS_DURABLE_STRICT_TYPING", "1")
