"""Paths and queries as the real host reads them: ids are decoded twice, and ``+`` is a space."""

from __future__ import annotations

import re
from collections import UserDict
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, quote_plus, unquote_plus, unquote_to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

_ESCAPES = re.compile(r"(?:%(?!2[fF])[0-9a-fA-F]{2})+")
_PATH_SAFE = "/!$&'()*+,;=:@-._~"


def decode(path: str) -> str:
    """Decode *path* once; ``%2F`` stays, and so does what is not UTF-8."""
    return _without_dots(_ESCAPES.sub(_unescaped, path))


def decode_again(path: str) -> str:
    """Decode a path that was decoded once, as a form is."""
    return unquote_plus(path, errors="replace")


def encode(path: str) -> str:
    """Write a path that was decoded once as it stands in a URL."""
    return "".join(_encoded(path))


def encode_id(instance_id: str) -> str:
    """Write an instance id as it stands in the URLs of its own answers."""
    return quote_plus(instance_id, safe="!()*-._")


class Query(UserDict[str, str]):
    """The parameters of a query; names compare without case, repeated ones are joined by commas."""

    def __init__(self, text: str) -> None:
        super().__init__()
        for name, value in parse_qsl(text, keep_blank_values=True, errors="replace"):
            key = name.lower()
            self.data[key] = f"{self.data[key]},{value}" if key in self.data else value

    def text(self, name: str) -> str | None:
        """Return a parameter."""
        return self.data.get(name.lower())

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return a boolean; what is neither true nor false counts as absent."""
        return {"true": True, "false": False}.get((self.text(name) or "").strip().lower(), default)

    def number(self, name: str) -> float | None:
        """Return a number; what is none counts as absent."""
        try:
            return float(self.text(name) or "")
        except ValueError:
            return None


def _unescaped(escapes: re.Match[str]) -> str:
    try:
        return unquote_to_bytes(escapes[0]).decode()
    except UnicodeDecodeError:
        return escapes[0]


def _without_dots(path: str) -> str:
    """Resolve ``.`` and ``..`` segments as the web server of the real host does."""
    if "/." not in path:
        return path
    kept: list[str] = []
    *front, last = path.split("/")
    for segment in front:
        if segment == "..":
            del kept[max(1, len(kept) - 1) :]
        elif segment != ".":
            kept.append(segment)
    if last == "..":
        del kept[max(1, len(kept) - 1) :]
    return "/".join([*kept, "" if last in {".", ".."} else last])


def _encoded(path: str) -> Iterator[str]:
    at = 0
    for escape in re.finditer("%[0-9a-fA-F]{2}", path):
        yield quote(path[at : escape.start()], safe=_PATH_SAFE)
        yield escape[0]
        at = escape.end()
    yield quote(path[at:], safe=_PATH_SAFE)
