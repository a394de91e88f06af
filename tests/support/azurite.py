"""Azurites on free loopback ports and in memory: one for a test session, or one for a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tools.azurite import running_azurite

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def azurite() -> Iterator[str]:
    """The connection string of an Azurite; its account and key are the ones that its documentation prints."""
    with running_azurite() as one:
        yield one.connection_string


@pytest.fixture
def own_azurite() -> Iterator[str]:
    """The same for a test to which it matters what else is stored, or was sent: there is nothing."""
    with running_azurite() as one:
        yield one.connection_string
