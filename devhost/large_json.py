"""Reads JSON that people send, large texts in a process of their own.

Python's parser lets nobody else run while it reads, which is seconds for a large text. So a body of more than `SMALL`
bytes, and one of more than `TINY` that is not strict JSON, goes to another process, which takes its memory along.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

from devhost import json_text, lenient_json
from devhost.errors import HostError

SMALL: Final = 512 * 1024
TINY: Final = 16 * 1024
AT_ONCE: Final = 2
PATIENCE: Final = 120.0  # seconds for one text
CHECK: Final = "check"
ONLY: Final = "only"
FIRST: Final = "first"
_TAKEN: Final = b"+"
_REFUSED: Final = b"-"
_slots = threading.Semaphore(AT_ONCE)


async def checked(body: bytes) -> str:
    """Return *body* as text once it is known to be one JSON value; raise `JsonTextError` if it is not."""
    text = text_of(body)
    if len(body) <= TINY:
        lenient_json.parse(text)
    elif len(body) > SMALL or not lenient_json.is_strict(text):
        await asyncio.to_thread(_read_elsewhere, CHECK, body)
    return text


async def compacted(body: bytes, which: str) -> str:
    """Return the `ONLY` or the `FIRST` value of *body* as compact text; raise `JsonTextError` if there is none."""
    text = text_of(body)
    if len(body) <= TINY or (len(body) <= SMALL and lenient_json.is_strict(text)):
        return read(which, text)
    return await asyncio.to_thread(_read_elsewhere, which, body)


def text_of(body: bytes) -> str:
    """Return *body* as text, without a byte order mark."""
    return body.decode("utf-8-sig", "replace")


def read(which: str, text: str) -> str:
    """Return a value of *text* as compact text, or nothing if it is only to be checked."""
    value = lenient_json.parse_first(text) if which == FIRST else lenient_json.parse(text)
    return "" if which == CHECK else json_text.compact(value)


def _read_elsewhere(which: str, body: bytes) -> str:
    """Let another process read; it is started where this package lies, so that it finds it."""
    command = [sys.executable, "-m", "devhost.large_json", which]
    with _slots:
        done = subprocess.run(  # noqa: S603  our own module
            command,
            input=body,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[1],
            timeout=PATIENCE,
            check=False,
            start_new_session=True,  # Ctrl-C is for the host
        )
    sign, said = done.stdout[:1], done.stdout[1:]
    if sign == _REFUSED:
        raise lenient_json.JsonTextError(said.decode())
    if done.returncode != 0 or sign != _TAKEN:
        message = f"reading {len(body)} bytes of JSON ended with {done.returncode}"
        raise HostError(message)
    return said.decode()


def _answer(which: str, body: bytes) -> bytes:
    try:
        return _TAKEN + read(which, text_of(body)).encode()
    except lenient_json.JsonTextError as error:
        return _REFUSED + str(error).encode()


if __name__ == "__main__":
    sys.stdout.buffer.write(_answer(sys.argv[1], sys.stdin.buffer.read()))
