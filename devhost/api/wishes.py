"""What the routes of devhost's own are asked for: JSON objects with spans of time in them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from devhost import lenient_json
from devhost.api.answers import RefusedError, message

if TYPE_CHECKING:
    from devhost.sdk.http import Incoming

_SPAN = re.compile(
    r"P(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d{1,6})?)S)?)?"
)


def wish_in(incoming: Incoming, purpose: str, example: str) -> dict[str, Any]:
    """Return the object in the body; raise `RefusedError` for anything else, saying that *purpose* cannot be done."""
    if (incoming.header("Content-Type") or "").partition(";")[0].strip().lower() != "application/json":
        raise RefusedError(message(415, "Only application/json request content is supported"))
    try:
        wish = lenient_json.parse(incoming.body.decode("utf-8-sig", "replace"))
    except lenient_json.JsonTextError as error:
        raise RefusedError(message(400, f"Cannot {purpose}: {error}")) from error
    if not isinstance(wish, dict):
        raise RefusedError(message(400, f"Cannot {purpose}: expected an object such as {example}."))
    return wish


def to_span(text: str) -> timedelta:
    """Read an ISO 8601 duration such as ``P4DT2M``; raise `ValueError` or `OverflowError` for anything else."""
    match = _SPAN.fullmatch(text)
    if match is None or not any(match.groups()):
        problem = f"{text!r} is not a duration such as PT2M or P4D"
        raise ValueError(problem)
    return timedelta(**{name: float(value) for name, value in match.groupdict().items() if value})
