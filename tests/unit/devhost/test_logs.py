"""A log line is the event and its facts."""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING

import pytest

from devhost import logs

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where the log goes; afterwards the root logger is as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers[:] = []
    stream = io.StringIO()
    logs.set_up(stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_line_names_the_event_and_its_facts(stream: io.StringIO) -> None:
    """Facts follow as name=value, in quotes where blanks are in them."""
    logging.getLogger("x").info("code sent", extra={"to": "+1***00", "reason": "a b", "none": ""})

    assert stream.getvalue()[stream.getvalue().index("]") :] == "] info code sent to=+1***00 reason='a b' none=''\n"


def test_a_traceback_follows_its_line(stream: io.StringIO) -> None:
    """An exception is logged with where it came from."""
    try:
        raise ValueError("broken")  # noqa: EM101, TRY301  what is logged
    except ValueError:
        logging.getLogger("x").exception("it broke")

    first, second, *_, last = stream.getvalue().splitlines()
    assert first.endswith("] error it broke")
    assert (second, last) == ("Traceback (most recent call last):", "ValueError: broken")


def test_libraries_are_heard_only_when_something_is_wrong(stream: io.StringIO) -> None:
    """What the storage SDK says about each request stays out."""
    logging.getLogger("azure.core").info("Request URL: ...")
    logging.getLogger("azure.core").warning("trouble")

    assert "Request URL" not in stream.getvalue()
    assert "warning trouble" in stream.getvalue()
