"""Profiles of the random schedules, and the app with settings of its own.

`make test` plays a fixed set of schedules, always the same ones; ``--hypothesis-profile=soak`` plays many more.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from providers import wiring
from tests.support.builders import an_environment
from tests.support.schedules_shares import NORMAL, SOAK

if TYPE_CHECKING:
    from collections.abc import Iterator

settings.register_profile(
    NORMAL,
    max_examples=500,
    database=None,
    deadline=None,  # a schedule takes as long as it has steps
    print_blob=True,
    report_multiple_bugs=False,  # each would be shrunk by itself, which takes minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.register_profile(SOAK, settings.get_profile(NORMAL), max_examples=20_000)


@pytest.fixture(autouse=True)
def app_settings(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """The app finds the settings of a developer, and providers that nobody has used yet."""
    caplog.set_level(logging.CRITICAL)  # thousands of runs warn of every fault that they were told to have
    monkeypatch.setenv("AZURE_FUNCTIONS_DURABLE_STRICT_TYPING", "1")
    for name, value in an_environment().items():
        monkeypatch.setenv(name, value)
    wiring.providers.cache_clear()
    yield
    wiring.providers.cache_clear()


@pytest.fixture(autouse=True)
def silent_deaths(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that ends by `SystemExit` is no error, as Python itself has it; pytest would report it as one."""
    report = threading.excepthook

    def report_others(args: threading.ExceptHookArgs) -> None:
        if args.exc_type is not SystemExit:
            report(args)

    monkeypatch.setattr(threading, "excepthook", report_others)
