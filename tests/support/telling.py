"""Says something past the capture of a test that passes, so that a figure is in the log of the run."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def tell(capfd: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Print a line to standard error; the worker processes of a parallel run share it with the main one."""

    def say(line: str) -> None:
        with capfd.disabled():
            sys.stderr.write(f"\n{line}\n")
            sys.stderr.flush()

    return say
