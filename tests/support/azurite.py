"""One Azurite for a test session, on free loopback ports and in memory."""

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
