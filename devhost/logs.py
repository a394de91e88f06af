"""Log lines: for a person as text, ``[time] level event name=value``, or for a program as one JSON object a line.

An object has ``time`` (UTC, ISO 8601), ``level``, ``logger``, ``event``, then the facts by their names, and
``exception``, the traceback, if there is one. A fact that has one of these names gets a ``_`` behind it.
"""

from __future__ import annotations

import io
import json
import logging
import math
import re
import sys
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, TextIO

TEXT: Final = "text"
JSON: Final = "json"
FORMATS: Final = (TEXT, JSON)
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_NOISY = ("asyncio", "azure", "aiohttp", "urllib3")
_LINE_ENDS = {ord(one): f"\\u{ord(one):04x}" for one in "\x7f\x85\u2028\u2029"}  # those that JSON lets pass
_SPACE = re.compile(r"\s")
_OWN = frozenset({"time", "level", "logger", "event", "exception"})


class LineFormatter(logging.Formatter):
    """One line an event; a traceback follows on lines of its own."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of *record*."""
        at = f"{_clock_time(int(record.created))}.{int(record.msecs):03d}"
        words = [f"[{at}]", record.levelname.lower(), _on_one_line(record.getMessage())]
        words += [f"{name}={_shown(value)}" for name, value in _facts(record).items()]
        line = " ".join(words)
        trace = _trace(self, record)
        return f"{line}\n{trace}" if trace else line


class JsonFormatter(logging.Formatter):
    """One JSON object an event, on one line whatever is in it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object of *record*."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        said: dict[str, object] = {
            "time": at,
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        for name, value in _facts(record).items():
            said[f"{name}_" if name in _OWN else name] = _sayable(value)
        if trace := _trace(self, record):
            said["exception"] = trace
        return json.dumps(said, ensure_ascii=False, separators=(",", ":")).translate(_LINE_ENDS)


def set_up(stream: TextIO | None = None, *, log_format: str = TEXT) -> None:
    """Send what devhost and the app log to *stream*, by default the standard error."""
    target = stream or sys.stderr
    if log_format == JSON and isinstance(target, io.TextIOWrapper):
        target.reconfigure(encoding="utf-8", errors="backslashreplace")
    handler = logging.StreamHandler(target)
    handler.setFormatter(JsonFormatter() if log_format == JSON else LineFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)


@lru_cache(maxsize=16)
def _clock_time(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%H:%M:%S")


def _facts(record: logging.LogRecord) -> dict[str, object]:
    held = vars(record)
    return {name: held[name] for name in held if name not in _STANDARD}


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    """Return the traceback, as the app may have masked it when the record was made."""
    if record.exc_info and not record.exc_text:
        return formatter.formatException(record.exc_info)
    return record.exc_text or ""


def _shown(value: object) -> str:
    text = str(value)
    return text if text and text.isprintable() and " " not in text else repr(text)  # the one space that is printable


def _on_one_line(text: str) -> str:
    """Write what ends a line or moves a terminal's cursor as an escape, so that no text can forge a line."""
    return text if text.isprintable() else "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)


def _sayable(value: object) -> object:
    """Return a number or a text as it is, and anything else that JSON does not say exactly as a text."""
    is_plain = value is None or isinstance(value, (str, int)) or (isinstance(value, float) and math.isfinite(value))
    return value if is_plain else str(value)
