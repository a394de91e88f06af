"""ASP.NET route templates: which paths they match, with which values, and which of two comes first."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from devhost.errors import AppError

_PARAMETER = re.compile(
    r"\{(\*{0,2})([^{}:=?*]+)((?::(?:[^{}()=?]|\([^()]*(?:\([^()]*\)[^()]*)*\))+)*)(=[^{}?]*)?(\?)?\}"
)
_CONSTRAINT = re.compile(r":(\w+)(?:\(((?:[^()]|\([^()]*\))*)\))?")
_GUID = re.compile(r"\{?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\}?|\([0-9a-f-]{36}\)", re.IGNORECASE)
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")

Check = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled template; templates with a lower `precedence` are tried first."""

    pattern: re.Pattern[str]
    names: Mapping[str, str]
    checks: Mapping[str, tuple[Check, ...]]
    defaults: Mapping[str, str]
    precedence: tuple[int, ...]

    def values(self, path: str) -> dict[str, str] | None:
        """Return the values of the parameters in *path*, without those left out; None if it does not match."""
        match = self.pattern.fullmatch(path)
        if match is None:
            return None
        found = {name: value for group, name in self.names.items() if (value := match[group])}
        if all(check(value) for name, value in found.items() for check in self.checks[name]):
            return {**self.defaults, **found}
        return None


def compiled(text: str) -> Template:
    """Compile a template; raise `AppError` for a constraint that ASP.NET does not know."""
    builder = _Builder(text)
    for segment in _segments(text):
        builder.add(segment)
    return Template(
        pattern=re.compile(builder.pattern, re.IGNORECASE | re.DOTALL),
        names=builder.names,
        checks=builder.checks,
        defaults=builder.defaults,
        precedence=tuple(builder.precedence),
    )


def _segments(text: str) -> list[str]:
    """Split at the slashes that are outside of braces."""
    depth, segments = 0, [""]
    for character in text.strip("/"):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if character == "/" and depth == 0:
            segments.append("")
        else:
            segments[-1] += character
    return [segment for segment in segments if segment]


class _Builder:
    """Collects what a template is made of, segment by segment."""

    def __init__(self, text: str) -> None:
        self.pattern = ""
        self.names: dict[str, str] = {}
        self.checks: dict[str, tuple[Check, ...]] = {}
        self.defaults: dict[str, str] = {}
        self.precedence: list[int] = []
        self._text = text

    def add(self, segment: str) -> None:
        slash = "/" if self.pattern else ""
        whole = _PARAMETER.fullmatch(segment)
        if whole is None:
            self._add_mixed(slash, segment)
            return
        stars, name, constraints, default, optional = whole.groups()
        group = self._parameter(name, constraints)
        if default:
            self.defaults[name] = default[1:]
        value = f"(?P<{group}>{'.*' if stars else '[^/]+'})"
        may_lack = bool(stars or default or optional)
        self.pattern += f"(?:{slash}{value})?" if may_lack else slash + value
        self.precedence.append(_rank(is_catch_all=bool(stars), is_constrained=bool(constraints)))

    def _add_mixed(self, slash: str, segment: str) -> None:
        """Add a literal, or a segment of literals and parameters."""
        pattern, at = slash, 0
        for part in _PARAMETER.finditer(segment):
            group = self._parameter(part[2], part[3])
            pattern += re.escape(segment[at : part.start()]) + f"(?P<{group}>[^/]+)"
            at = part.end()
        if any(brace in segment[at:] for brace in "{}"):
            message = f"The route {self._text!r} is no template that the host understands, at {segment!r}."
            raise AppError(message)
        self.pattern += pattern + re.escape(segment[at:])
        self.precedence.append(2 if at else 1)

    def _parameter(self, name: str, constraints: str) -> str:
        self.checks[name] = tuple(_check(self._text, *one.groups("")) for one in _CONSTRAINT.finditer(constraints))
        group = f"p{len(self.names)}"
        self.names[group] = name
        return group


def _rank(*, is_catch_all: bool, is_constrained: bool) -> int:
    """Rank a segment: literal 1, mixed 2, constrained parameter 2, parameter 3, then catch-alls."""
    return (4 if is_catch_all else 2) + (0 if is_constrained else 1)


def _check(template: str, name: str, argument: str) -> Check:
    plain = _PLAIN.get(name.lower())
    if plain is not None:
        return plain
    made = _MADE.get(name.lower())
    if made is None:
        message = f"The route {template!r} has the constraint {name!r}, which the host does not know."
        raise AppError(message)
    try:
        return made(argument)
    except (ValueError, TypeError, re.error) as error:
        message = f"The route {template!r} has the constraint {name}({argument}), which is wrong: {error}."
        raise AppError(message) from error


def _is_integer(bits: int) -> Check:
    return lambda text: bool(re.fullmatch(r"[-+]?\d{1,20}", text)) and -(2 ** (bits - 1)) <= int(text) < 2 ** (bits - 1)


def _is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _length(argument: str) -> Check:
    low, _, high = argument.partition(",")
    shortest, longest = int(low), int(high or low)
    return lambda text: shortest <= len(text) <= longest


def _number_in(low: float, high: float) -> Check:
    is_long = _is_integer(64)
    return lambda text: is_long(text) and low <= int(text) <= high


def _matches(argument: str) -> Check:
    pattern = re.compile(argument.replace("{{", "{").replace("}}", "}"))
    return lambda text: pattern.search(text) is not None


_PLAIN: dict[str, Check] = {
    "int": _is_integer(32),
    "long": _is_integer(64),
    "bool": lambda text: text.lower() in {"true", "false"},
    "datetime": _is_date,
    "decimal": lambda text: _NUMBER.fullmatch(text) is not None,
    "double": lambda text: _NUMBER.fullmatch(text) is not None,
    "float": lambda text: _NUMBER.fullmatch(text) is not None,
    "guid": lambda text: _GUID.fullmatch(text) is not None,
    "alpha": lambda text: re.fullmatch("[a-zA-Z]*", text) is not None,
    "required": bool,
}
_MADE: dict[str, Callable[[str], Check]] = {
    "length": _length,
    "minlength": lambda argument: _longer_than(int(argument)),
    "maxlength": lambda argument: _length(f"0,{int(argument)}"),
    "min": lambda argument: _number_in(int(argument), float("inf")),
    "max": lambda argument: _number_in(float("-inf"), int(argument)),
    "range": lambda argument: _number_in(*(int(edge) for edge in argument.split(","))),
    "regex": _matches,
}


def _longer_than(shortest: int) -> Check:
    return lambda text: len(text) >= shortest
