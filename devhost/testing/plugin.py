"""The pytest plugin: the fixture ``devhost``, which makes hosts whose stores lie in the test's own folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from devhost.testing.dev_host import DevHost

FOLDER = "devhost_app"


class MakesHosts(Protocol):
    """What the fixture is: ``async with devhost() as host``."""

    def __call__(self, app: Any = None, **options: Any) -> DevHost:  # noqa: ANN401  as `DevHost` takes them
        """Return a host of *app*, by default of the app in the folder that the option ``devhost_app`` names."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the option that names the folder of the app."""
    parser.addini(FOLDER, "folder of the Durable Functions app that the fixture devhost hosts", default=".")


@pytest.fixture
def devhost(tmp_path: Path, pytestconfig: pytest.Config) -> MakesHosts:
    """Make hosts of the app; each call is one host with a store of its own."""
    from devhost.testing.dev_host import DevHost  # noqa: PLC0415  loads the SDK, which only tests that ask for it need

    made = 0

    def make(app: Any = None, **options: Any) -> DevHost:  # noqa: ANN401  as above
        nonlocal made
        made += 1
        folder = pytestconfig.rootpath / pytestconfig.getini(FOLDER)
        return DevHost(folder if app is None else app, **{"db": tmp_path / f"hub{made}.db", **options})

    return make
