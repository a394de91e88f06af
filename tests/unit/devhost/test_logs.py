"""A log line is the event and its facts."""

from __future__ import annotations

import io
import json
import logging
import math
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from devhost import logs

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, which is afterwards as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers[:] = []
    yield root
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def stream(root: logging.Logger) -> io.StringIO:
    """Where the lines go."""
    stream = io.StringIO()
    logs.set_up(stream)
    return stream


@pytest.fixture
def objects(root: logging.Logger) -> io.StringIO:
    """Where the JSON objects go."""
    stream = io.StringIO()
    logs.set_up(stream, log_format=logs.JSON)
    return stream


def test_a_line_names_the_event_and_its_facts(stream: io.StringIO) -> None:
    """Facts follow as name=value, in quotes where blanks are in them."""
    logging.getLogger("x").info("code sent", extra={"to": "+1***00", "reason": "a b", "none": ""})

    assert stream.getvalue()[stream.getvalue().index("]") :] == "] info code sent to=+1***00 reason='a b' none=''\n"


FORGED = "x\r\n[12:00:00.000] info refund issued\x1b[2K\x85\u2028\x7f"


@pytest.mark.parametrize("log_format", logs.FORMATS)
def test_no_text_can_forge_a_line(root: logging.Logger, log_format: str) -> None:
    """Whatever is in an event or a fact, it is one line without anything that a terminal obeys. Threat 56."""
    stream = io.StringIO()
    logs.set_up(stream, log_format=log_format)

    logging.getLogger("x").info("said %s", FORGED, extra={"path": FORGED, "method": "\x1b[2K"})

    assert len(stream.getvalue().splitlines()) == 1
    assert stream.getvalue().rstrip("\n").isprintable()


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


def test_an_object_names_the_event_and_its_facts(objects: io.StringIO) -> None:
    """Time, level, logger and event come first, then the facts with the types that JSON has; each takes one line."""
    facts = {"ms": 1.5, "to": "Köln\n\u2028", "ok": True, "none": None, "odd": math.nan, "path": 1j, "level": 3}

    logging.getLogger("x.y").info("code %s", "sent", extra=facts)
    logging.getLogger("x.y").warning("second")

    first, second, end = objects.getvalue().split("\n")
    said = json.loads(first)
    assert datetime.fromisoformat(said.pop("time")).tzinfo is not None
    assert list(said.items()) == [
        ("level", "info"),
        ("logger", "x.y"),
        ("event", "code sent"),
        ("ms", 1.5),
        ("to", "Köln\n\u2028"),
        ("ok", True),
        ("none", None),
        ("odd", "nan"),
        ("path", "1j"),
        ("level_", 3),
    ]
    assert "Köln" in first
    assert (json.loads(second)["event"], end) == ("second", "")


@pytest.mark.parametrize("log_format", logs.FORMATS)
def test_a_traceback_is_shown_as_the_app_masked_it(root: logging.Logger, log_format: str) -> None:
    """What a record brings as the text of its exception stands in place of the exception itself."""
    stream = io.StringIO()
    logs.set_up(stream, log_format=log_format)
    record = logging.makeLogRecord({"name": "x", "levelno": logging.ERROR, "levelname": "ERROR", "msg": "it broke"})
    record.exc_info = (ValueError, ValueError("+4915112345678"), None)
    record.exc_text = "ValueError:\n+49***78"

    root.handle(record)

    assert "+49***78" in stream.getvalue()
    assert "+4915112345678" not in stream.getvalue()
    assert log_format == logs.TEXT or json.loads(stream.getvalue())["exception"] == "ValueError:\n+49***78"


def test_an_object_holds_its_traceback(objects: io.StringIO) -> None:
    """However many lines it has, the object is one."""
    try:
        raise ValueError("broken")  # noqa: EM101, TRY301  what is logged
    except ValueError:
        logging.getLogger("x").exception("it broke")

    [line] = objects.getvalue().splitlines()
    trace = json.loads(line)["exception"].splitlines()
    assert (trace[0], trace[-1]) == ("Traceback (most recent call last):", "ValueError: broken")


def test_objects_are_utf8_whatever_the_stream_was(root: logging.Logger) -> None:
    """Half a character becomes an escape that JSON knows, and not an error."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    logs.set_up(stream, log_format=logs.JSON)

    logging.getLogger("x").info("Köln \udc80")
    stream.flush()

    assert json.loads(raw.getvalue().decode())["event"] == "Köln \udc80"
    root.handlers.clear()
