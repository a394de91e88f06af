"""A plugin for pytest that writes down which tests it collected, and which of them would be skipped.

``pytest --collect-only -p tests.support.collected --write-collected FILE``
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

OPTION = "--write-collected"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that names the file."""
    parser.addoption(OPTION, required=True, type=Path)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Write, for the name of each test function, whether any case of it would be skipped."""
    skipped: dict[str, bool] = {}
    for item in session.items:
        name = item.originalname if hasattr(item, "originalname") else item.name
        skipped[name] = skipped.get(name, False) or _is_skipped(item)
    session.config.getoption(OPTION).write_text(json.dumps(skipped), encoding="utf-8")


def _is_skipped(item: pytest.Item) -> bool:
    """Say whether a mark skips the test; a condition that is a text counts as one that does."""
    return any(
        mark.name == "skip" or any(mark.args)
        for mark in item.iter_markers()
        if mark.name in {"skip", "skipif", "xfail"}
    )
