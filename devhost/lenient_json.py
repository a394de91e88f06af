"""Reads JSON as leniently as the real host does, with its words for what it refuses.

Taken, as recorded with the Durable Task extension 3.15.0: single quotes, bare keys, comments, a trailing comma, hex and
octal numbers, ``NaN``. At most 64 levels. Refused here, though the host takes them and then chokes on what it
stored: a text that is only a comment, and ``undefined`` (PARITY.md, row trap 32).
"""

from __future__ import annotations

import re
from itertools import accumulate
from typing import Any, NoReturn

from devhost import json_text

MAX_DEPTH = 64

_BLANK = re.compile(r"(?:\s+|//[^\r\n]*|/\*.*?\*/)*", re.DOTALL)
_STRINGS = {quote: re.compile(rf"{quote}[^{quote}\\]*(?:\\.[^{quote}\\]*)*{quote}", re.DOTALL) for quote in "\"'"}
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_PLAIN_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "\\": "\\", '"': '"', "'": "'", "/": "/"}
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_STEPS = {**dict.fromkeys(b"[{", 1), **dict.fromkeys(b"]}", -1)}  # by how many levels a bracket leads down
_BARE_KEY = re.compile(r"[\w$]+")
_WORD = re.compile(r"(?:true|false|null|NaN|-?Infinity)(?![\w$])")
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None}
_NUMBER = re.compile(r"-?[0-9.][-+0-9a-fA-FxX.]*")
_LONGEST_INTEGER = 380


class JsonTextError(ValueError):
    """The text is not JSON; the message is the one of the real host's parser."""


def parse(text: str) -> Any:  # noqa: ANN401  any JSON value
    """Return the one value of *text*; raise `JsonTextError` for anything else."""
    value = _quickly(text)
    return value if value is not _Reader else _Reader(text).only_value()


def parse_first(text: str) -> Any:  # noqa: ANN401  any JSON value
    """Return the first value of *text*, whatever follows it; raise `JsonTextError` if there is none."""
    value = _quickly(text)
    return value if value is not _Reader else _Reader(text).first_value()


def is_strict(text: str) -> bool:
    """Say whether *text* is JSON as everybody writes it, which is read quickly."""
    return _quickly(text) is not _Reader


def shown(text: str | None) -> Any:  # noqa: ANN401  any JSON value
    """Return a stored text as the management API shows it: its value, or itself if it is not JSON."""
    if text is None:
        return None
    if not text.strip():
        return ""
    try:
        return parse(text)
    except JsonTextError:
        return text


def _quickly(text: str) -> Any:  # noqa: ANN401  any JSON value
    """Return the value of a strict text, or `_Reader` as the sign that it has to be read slowly."""
    if "\\ud" in text or "\\uD" in text or _is_deep(text):
        return _Reader
    try:
        return json_text.parse(text)
    except ValueError:
        return _Reader


def _is_deep(text: str) -> bool:
    """Say whether strict JSON has more than `MAX_DEPTH` levels; nothing is built for that."""
    if text.count("{") + text.count("[") <= MAX_DEPTH:
        return False
    brackets = _STRINGS['"'].sub("", text).encode(errors="replace").translate(None, _NO_BRACKETS)
    return any(map(MAX_DEPTH.__lt__, accumulate(map(_STEPS.__getitem__, brackets))))


class _Reader:
    """One pass over a text; knows where it is, for the messages."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._path: list[str | int] = []

    def only_value(self) -> Any:  # noqa: ANN401  any JSON value
        if not self._peek():
            self._refuse_nothing()
        value = self._value()
        if rest := self._peek():
            self._refuse(f"Additional text encountered after finished reading JSON content: {rest}.")
        return value

    def first_value(self) -> Any:  # noqa: ANN401  any JSON value
        self._at = len(self._text) - len(self._text.lstrip())
        if self._at == len(self._text) or self._text.startswith(("//", "/*"), self._at):
            self._refuse_nothing()
        return self._value()

    def _refuse_nothing(self) -> NoReturn:
        self._at = 0
        self._refuse("Error reading JToken from JsonReader.")

    def _peek(self) -> str:
        """Pass over blanks and comments and return the next character, empty at the end."""
        blank = _BLANK.match(self._text, self._at)
        self._at = blank.end() if blank else self._at
        return self._text[self._at : self._at + 1]

    def _value(self) -> Any:  # noqa: ANN401  any JSON value
        start = self._peek()
        if not start:
            kind = "JObject" if self._path and isinstance(self._path[-1], str) else "JArray"
            self._refuse(f"Unexpected end of content while loading {kind}.")
        if start in "{[":
            return self._container(start)
        if start in "\"'":
            return self._string(start)
        if word := _WORD.match(self._text, self._at):
            self._at = word.end()
            return _WORDS.get(word[0], word[0])
        number = _NUMBER.match(self._text, self._at)
        if number is None:
            self._refuse(f"Unexpected character encountered while parsing value: {start}.")
        return self._number(number[0])

    def _container(self, start: str) -> dict[str, Any] | list[Any]:
        self._at += 1
        if len(self._path) >= MAX_DEPTH:
            self._refuse(f"The reader's MaxDepth of {MAX_DEPTH} has been exceeded.")
        return self._object() if start == "{" else self._array()

    def _object(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while (start := self._peek()) != "}":
            key = self._key(start)
            self._colon()
            self._path.append(key)
            found[key] = self._value()
            self._path.pop()
            if self._separator("}", "object") == "}":
                break
        self._at += 1
        return found

    def _array(self) -> list[Any]:
        found: list[Any] = []
        while self._peek() != "]":
            self._path.append(len(found))
            found.append(self._value())
            self._path.pop()
            if self._separator("]", "array") == "]":
                break
        self._at += 1
        return found

    def _separator(self, end: str, kind: str) -> str:
        """Pass over a comma; an end is left for the caller."""
        start = self._peek()
        if start == ",":
            self._at += 1
        elif start != end:
            what = f"Unexpected end of content while loading J{kind.capitalize()}."
            after = f"After parsing a value an unexpected character was encountered: {start}."
            self._refuse(after if start else what)
        return start

    def _key(self, start: str) -> str:
        if start and start in "\"'":
            return self._string(start)
        if not start:
            self._refuse("Unexpected end when reading JSON.")
        bare = _BARE_KEY.match(self._text, self._at)
        if bare is None:
            self._refuse(f"Invalid property identifier character: {start}.")
        self._at = bare.end()
        if self._at == len(self._text):
            self._refuse("Unexpected end while parsing unquoted property name.")
        return bare[0]

    def _colon(self) -> None:
        start = self._peek()
        if start != ":":
            self._refuse(f"Invalid character after parsing property name. Expected ':' but got: {start}.")
        self._at += 1

    def _string(self, quote: str) -> str:
        found = _STRINGS[quote].match(self._text, self._at)
        if found is None:
            self._at = len(self._text)
            self._refuse(f"Unterminated string. Expected delimiter: {quote}.")
        text = _ESCAPE.sub(self._unescaped, found[0][1:-1])
        self._at = found.end()
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

    def _unescaped(self, escape: re.Match[str]) -> str:
        name = escape[1]
        if len(name) > 1:
            return chr(int(name[1:], 16))
        if name not in _PLAIN_ESCAPES:
            self._refuse(f"Bad JSON escape sequence: \\{name}.")
        return _PLAIN_ESCAPES[name]

    def _number(self, written: str) -> float:
        try:
            value = _number_of(written)
        except ValueError:
            self._refuse(f"Input string '{written}' is not a valid number.")
        self._at += len(written)
        return value

    def _refuse(self, sentence: str) -> NoReturn:
        before = self._text[: self._at]
        position = self._at - (before.rfind("\n") + 1)
        line = 1 + before.count("\n") if self._at else 0
        message = f"{sentence} Path '{_written(self._path)}', line {line}, position {position}."
        raise JsonTextError(message)


def _number_of(written: str) -> float:
    digits = written.removeprefix("-")
    sign = -1 if digits != written else 1
    if digits[:2] in {"0x", "0X"}:
        return sign * int(digits, 16)
    if len(digits) > 1 and digits[0] == "0" and digits.isdecimal():
        return sign * int(digits, 8)
    if not digits.isdecimal():
        return sign * float(digits)
    if len(digits) > _LONGEST_INTEGER:
        raise ValueError(written)
    return sign * int(digits)


def _written(path: list[str | int]) -> str:
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step.isidentifier():
            text += f".{step}" if text else step
        else:
            text += f"['{step}']"
    return text
