"""``POST /devhost/clock/advance``, ``/clock/next`` and ``/wait``: the host's time, for callers on this machine only."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from devhost.api.answers import RefusedError, empty, json_answer, message
from devhost.api.callers import check_caller
from devhost.api.waiting import wait
from devhost.api.wishes import to_span, wish_in
from devhost.ticks import PER_MICROSECOND, Ticks, from_span, from_text, to_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devhost.engine.engine import Engine
    from devhost.sdk.http import Incoming, Outgoing

logger = logging.getLogger(__name__)

PATIENCE = 30.0  # real seconds that a caller waits for the host to be idle
FARTHEST = timedelta(days=3660)


class ClockApi:
    """Moves the clock of an engine, one move at a time, and waits for instances; *skips* lets time jump meanwhile."""

    def __init__(self, engine: Engine, *, storage: str = "", patience: float = PATIENCE, skips: bool = False) -> None:
        self._engine = engine
        self._skips = skips
        self._storage = storage
        self._patience = patience
        self._target = Ticks(0)
        self._move: asyncio.Task[None] | None = None

    async def answer(self, incoming: Incoming, segments: Sequence[str]) -> Outgoing:
        """Answer the request for the path ``/devhost/segments``."""
        try:
            check_caller(incoming)
            match (incoming.method, *segments):
                case ("POST", "clock", "advance"):
                    return await self._advance(wish_in(incoming, "move the clock", '{"by": "PT2M"}'))
                case ("POST", "clock", "next"):
                    return await self._advance_to_next()
                case ("POST", "wait"):
                    if self._skips:
                        self.warn_of_storage()
                    return await wait(self._engine, incoming, skips=self._skips)
            return empty(404)
        except RefusedError as error:
            return error.answer

    async def _advance(self, wish: dict[str, Any]) -> Outgoing:
        self._begin(wish)
        move = self._move
        if move is None:
            return json_answer(200, {"now": to_text(self._engine.clock.now()), "idle": True})
        done, _ = await asyncio.wait({move}, timeout=self._patience)
        now = to_text(self._engine.clock.now())
        if not done:
            return json_answer(200, {"now": now, "target": to_text(self._target), "idle": False})
        if self._move is move:
            self._move = None
        move.result()
        return json_answer(200, {"now": now, "idle": True})

    async def _advance_to_next(self) -> Outgoing:
        """Move to what is due next, which is known only once nothing is under way."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._engine.at_rest(), self._patience)
            due = self._engine.next_timer()
            if due is None:
                return message(409, "Cannot move the clock: no timer is due, ever.")
            return await self._advance({"to": to_text(due)})
        return json_answer(200, {"now": to_text(self._engine.clock.now()), "idle": False})

    def _begin(self, wish: dict[str, Any]) -> None:
        """Begin a move, or go on with the one whose target is wished for again."""
        is_moving = self._move is not None and not self._move.done()
        now = self._engine.clock.now()
        target = _target(wish, now)
        if is_moving:
            if "to" in wish and target == self._target:
                return
            text = f'The clock is being moved already; go on with {{"to": "{to_text(self._target)}"}}.'
            raise RefusedError(message(409, text))
        if target > now:
            self.warn_of_storage()
        self._target = target
        span = timedelta(microseconds=-(-max(0, target - now) // PER_MICROSECOND))
        self._move = asyncio.create_task(self._engine.advance(span))

    def warn_of_storage(self) -> None:
        """Say once that a real storage account refuses a clock that is off; Azurite does not mind."""
        if self._storage and not _is_emulator(self._storage):
            logger.warning("the clock is off, and storage accounts refuse requests that are dated 15 minutes off")
            self._storage = ""

    async def close(self) -> None:
        """Give up a move that is under way."""
        if self._move is not None:
            self._move.cancel()
            await asyncio.wait({self._move})


def _target(wish: dict[str, Any], now: Ticks) -> Ticks:
    by, to = wish.get("by"), wish.get("to")
    try:
        if isinstance(by, str) and to is None:
            target = Ticks(now + from_span(to_span(by)))
        elif isinstance(to, str) and by is None:
            target = from_text(to)
        else:
            raise ValueError('expected {"by": "PT2M"} or {"to": "2026-01-15T10:00:00Z"}')  # noqa: EM101, TRY301  one place answers
    except (ValueError, OverflowError) as error:
        raise RefusedError(message(400, f"Cannot move the clock: {error}.")) from error
    if target - now > from_span(FARTHEST):
        raise RefusedError(message(400, f"Cannot move the clock: more than {FARTHEST.days} days at once."))
    return target


def _is_emulator(connection: str) -> bool:
    return any(sign in connection for sign in ("UseDevelopmentStorage=true", "//127.0.0.1", "//localhost"))
