"""Reads one JSON text from the standard input, for `devhost.large_json`; a process of its own, which starts quickly."""

from __future__ import annotations

import gc
import sys
from typing import Final

from devhost import json_text, lenient_json

CHECK: Final = "check"
ONLY: Final = "only"
FIRST: Final = "first"
TAKEN: Final = b"+"
REFUSED: Final = b"-"


def text_of(body: bytes) -> str:
    """Return *body* as text, without a byte order mark."""
    return body.decode("utf-8-sig", "replace")


def read(which: str, text: str) -> str:
    """Return a value of *text* as compact text, or nothing if it is only to be checked."""
    value = lenient_json.parse_first(text) if which == FIRST else lenient_json.parse(text)
    return "" if which == CHECK else json_text.compact(value)


def main(which: str) -> None:
    """Answer with a sign and a text: what was read, or why it is refused."""
    gc.disable()  # the process ends with its one text
    sys.stdout.buffer.write(_answer(which, sys.stdin.buffer.read()))


def _answer(which: str, body: bytes) -> bytes:
    try:
        return TAKEN + read(which, text_of(body)).encode()
    except lenient_json.JsonTextError as error:
        return REFUSED + str(error).encode()
