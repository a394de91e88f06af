"""Readers for the parts of host.json's ``extensions`` that triggers have; names compare without case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devhost.errors import ConfigurationError
from devhost.triggers.schedules import SPAN, span_of

if TYPE_CHECKING:
    from collections.abc import Mapping


def section(extensions: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the section *name*, empty if there is none."""
    found = _found(extensions, name)
    if found is None:
        return {}
    if isinstance(found, dict):
        return found
    message = f"host.json: extensions.{name} is {found!r}; expected an object."
    raise ConfigurationError(message)


def text(options: Mapping[str, Any], name: str, default: str) -> str:
    """Return the text *name* says."""
    found = _found(options, name)
    return default if found is None else str(found)


def whole_number(options: Mapping[str, Any], name: str, default: int, *, least: int, most: int = 2**31 - 1) -> int:
    """Return the number *name* says; raise `ConfigurationError` unless it is one from *least* to *most*."""
    found = _found(options, name)
    if found is None:
        return default
    if str(found).isdecimal() and least <= int(found) <= most:
        return int(found)
    message = f"host.json: {name} is {found!r}; expected a whole number from {least} to {most}."
    raise ConfigurationError(message)


def seconds(options: Mapping[str, Any], name: str, default: float) -> float:
    """Return the span *name* says, such as ``00:00:30``; raise `ConfigurationError` for anything else."""
    found = _found(options, name)
    if found is None:
        return default
    match = SPAN.fullmatch(str(found))
    if match is None:
        message = f"host.json: {name} is {found!r}; expected a span of time such as 00:00:30."
        raise ConfigurationError(message)
    return span_of(match).total_seconds()


def _found(options: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401  any JSON value
    return next((value for key, value in options.items() if key.lower() == name.lower()), None)
