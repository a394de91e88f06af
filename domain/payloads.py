"""Reading and writing the plain JSON that travels between functions.

Values come twice encoded where the durable SDK's client sent them, and once where curl did; `decode` makes them alike.
The readers below check one field each and raise `PayloadError`, which names the field and never its value.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from domain.errors import PayloadError


def decode(value: object) -> object:
    """Return *value*, or what it says if it is JSON text.

    Text with blanks or line breaks around it stays text: no client of ours writes such JSON, and a code with a line
    break is no code.
    """
    if not isinstance(value, str) or value != value.strip():
        return value
    try:
        decoded: object = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return decoded


def fields_of(value: object, *allowed: str) -> dict[str, Any]:
    """Return *value* if it is an object whose keys are all *allowed* (no names: any key)."""
    if not isinstance(value, dict):
        message = "expected a JSON object"
        raise PayloadError(message)
    if allowed and not value.keys() <= set(allowed):
        message = f"expected no other fields than {', '.join(allowed)}"
        raise PayloadError(message)
    return value


def text(fields: dict[str, Any], name: str, pattern: str = ".*", *, most: int = 4096) -> str:
    """Return the text field *name*, which must match the whole *pattern* and have at most *most* characters."""
    value = fields.get(name)
    if not isinstance(value, str) or len(value) > most or not _whole(pattern).fullmatch(value):
        message = f"{name} is missing or is no text of the expected form"
        raise PayloadError(message)
    return value


@cache
def _whole(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.DOTALL | re.ASCII)


def whole(fields: dict[str, Any], name: str, *, least: int, most: int) -> int:
    """Return the whole number in field *name*; true and 1.0 are none."""
    value = fields.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        message = f"{name} is missing or is no whole number from {least} to {most}"
        raise PayloadError(message)
    return value


def truth(fields: dict[str, Any], name: str) -> bool:
    """Return the boolean in field *name*."""
    value = fields.get(name)
    if not isinstance(value, bool):
        message = f"{name} is missing or is neither true nor false"
        raise PayloadError(message)
    return value


def seconds(fields: dict[str, Any], name: str, *, least: int, most: int) -> timedelta:
    """Return the whole seconds in field *name* as a span."""
    return timedelta(seconds=whole(fields, name, least=least, most=most))


def stamp(at: datetime) -> str:
    """Return an aware *at* as it stands in every payload: UTC, milliseconds, a Z at the end."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
