"""Reads JSON that people send, large texts in a process of their own.

Python's parser lets nobody else run while it reads, which is seconds for a large text. So a body of more than `SMALL`
bytes, and one of more than `TINY` that is not strict JSON, goes to another process, which takes its memory along.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from devhost import lenient_json
from devhost.errors import HostError
from devhost.json_reader import CHECK, FIRST, ONLY, REFUSED, TAKEN, read, text_of

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator

__all__ = ["FIRST", "ONLY", "checked", "compacted", "text_of"]

SMALL: Final = 512 * 1024
TINY: Final = 16 * 1024
AT_ONCE: Final = 2
PATIENCE: Final = 120.0  # seconds for one text
_READER: Final = "import sys; sys.path.append(sys.argv[1]); from devhost.json_reader import main; main(sys.argv[2])"
_slots: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


async def checked(body: bytes) -> str:
    """Return *body* as text once it is known to be one JSON value; raise `JsonTextError` if it is not."""
    text = text_of(body)
    if len(body) <= TINY:
        lenient_json.parse(text)
    elif len(body) > SMALL or not lenient_json.is_strict(text):
        await _read_elsewhere(CHECK, body)
    return text


async def compacted(body: bytes, which: str) -> str:
    """Return the `ONLY` or the `FIRST` value of *body* as compact text; raise `JsonTextError` if there is none."""
    text = text_of(body)
    if len(body) <= TINY or (len(body) <= SMALL and lenient_json.is_strict(text)):
        return read(which, text)
    return await _read_elsewhere(which, body)


async def _read_elsewhere(which: str, body: bytes) -> str:
    """Let another process read."""
    try:
        async with _slot(), asyncio.timeout(PATIENCE), _reader(which) as reader:
            said, _ = await reader.communicate(body)
    except TimeoutError as error:
        message = f"reading {len(body)} bytes of JSON took more than {PATIENCE:g} seconds"
        raise HostError(message) from error
    sign, text = said[:1], said[1:].decode()
    if sign == REFUSED:
        raise lenient_json.JsonTextError(text)
    if reader.returncode != 0 or sign != TAKEN:
        message = f"reading {len(body)} bytes of JSON ended with {reader.returncode}"
        raise HostError(message)
    return text


def _slot() -> asyncio.Semaphore:
    """Return what lets no more than `AT_ONCE` processes read for one host, as each may take much memory."""
    return _slots.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE))


@contextlib.asynccontextmanager
async def _reader(which: str) -> AsyncIterator[Process]:
    """Start a process that reads in the course of a block; it is ended with the block, however that is left.

    It finds this package behind all others, so that nothing which lies beside it hides a module of Python's own.
    """
    reader = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-c", _READER, str(Path(__file__).parents[1]), which),
        stdin=PIPE,
        stdout=PIPE,
        start_new_session=True,  # Ctrl-C is for the host
    )
    try:
        yield reader
    finally:
        if reader.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                reader.kill()
            await reader.wait()
