"""The host of a test: one app, a store, and a clock that stands still until the test moves it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from devhost.clock import VirtualClock
from devhost.embedding import Embedding
from devhost.errors import InstanceNotFoundError
from devhost.host import Host, HostOptions
from devhost.sdk.worker import AppWorker
from devhost.testing.errors import DiedError, ReachError
from devhost.testing.fakes import Fakes, FakingWorker
from devhost.testing.fate import Fate
from devhost.testing.http import Answer, asked
from devhost.testing.place import loaded
from devhost.testing.status import ENDED, Status, meant
from devhost.testing.told import HistoryTold
from devhost.ticks import to_datetime, to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from types import TracebackType

    import azure.durable_functions as df

    from devhost.engine.worker import Worker
    from devhost.testing.fate import Side

T = TypeVar("T")

START = datetime(2026, 1, 15, 10, tzinfo=UTC)
GRACE = 0.1  # seconds that running work gets to end
STORAGE_TRIGGERS = frozenset({"queueTrigger", "blobTrigger"})


class DevHost:
    """Hosts *app*, an app object or the folder of one, from entering to leaving the context.

    All methods let the host come to rest before they return, so that a test never waits for time to pass. They raise
    `DiedError` if the host dies of a chosen commit meanwhile.
    """

    def __init__(
        self,
        app: Any,  # noqa: ANN401  a df.DFApp, a func.FunctionApp, a str or a Path
        *,
        at: datetime = START,
        db: Path | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self._app = app
        self._start = at
        self._db = db
        self._settings = settings or {}
        self._closing = contextlib.AsyncExitStack()
        self._life = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Load the app and begin to host it."""
        async with contextlib.AsyncExitStack() as opening:
            self._loaded = opening.enter_context(loaded(self._app, self._settings))
            folder = Path(opening.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
            self._db = self._db or folder / "hub.db"
            self._fakes = Fakes(self._loaded.table)
            self._teller = AppWorker(self._loaded.table, opening.enter_context(ThreadPoolExecutor(1)))
            opening.push_async_callback(self._end)
            await self._begin()
            self._closing = opening.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the host."""
        await self._closing.aclose()

    @property
    def url(self) -> str:
        """Where the app and the management API answer, such as ``http://127.0.0.1:41207``."""
        return self._host.url

    @property
    def now(self) -> datetime:
        """The host's time."""
        return to_datetime(self._host.clock.now())

    @property
    def client(self) -> df.DurableOrchestrationClient:
        """A durable client of the SDK for this host, as the app's own functions get it."""
        import azure.durable_functions as df  # noqa: PLC0415  slow, and few tests need it

        return df.DurableOrchestrationClient(self._host.binding.text({}))

    @property
    def commits(self) -> list[str]:
        """The names of what was committed since the host was opened last, in order."""
        return list(self._fate.commits)

    async def start(self, name: str, value: Any = None, *, instance_id: str | None = None) -> str:  # noqa: ANN401  any JSON value
        """Start an orchestrator with *value* as its input, and return the instance's id."""
        text = None if value is None else json.dumps(json.dumps(value))  # twice, as the SDK's client does
        start = self._host.engine.start_instance(name, instance_id=instance_id, input_text=text)
        started = await self._alive(start)
        await self.at_rest()
        return started

    async def raise_event(self, instance_id: str, name: str, value: Any = None) -> None:  # noqa: ANN401  as above
        """Raise an event whose value is *value*, as a POST of its JSON to the management API does."""
        await self._alive(self._host.engine.raise_event(instance_id, name, json.dumps(value)))
        await self.at_rest()

    async def terminate(self, instance_id: str, reason: str = "") -> None:
        """Terminate an instance."""
        await self._alive(self._host.engine.terminate(instance_id, reason))
        await self.at_rest()

    async def suspend(self, instance_id: str, reason: str = "") -> None:
        """Suspend an instance."""
        await self._alive(self._host.engine.suspend(instance_id, reason))
        await self.at_rest()

    async def resume(self, instance_id: str, reason: str = "") -> None:
        """Resume an instance."""
        await self._alive(self._host.engine.resume(instance_id, reason))
        await self.at_rest()

    async def request(self, method: str, path: str, **options: Any) -> Answer:  # noqa: ANN401  those of aiohttp, such as json=
        """Send a request to the app or to the management API."""
        answer = await self._alive(asked(method, self.url + path, options))
        await self.at_rest()
        return answer

    async def status(self, instance_id: str) -> Status:
        """Return how an instance stands; raise `InstanceNotFoundError` if there is none."""
        one = await self._host.engine.instance(instance_id)
        if one is None:
            raise InstanceNotFoundError(instance_id)
        return Status.of(one)

    async def history(self, instance_id: str) -> HistoryTold:
        """Return what happened to an instance."""
        return HistoryTold.of(self._teller, await self._host.engine.history(instance_id))

    async def wait_for(self, instance_id: str, label: str = "Completed", *, within: float = 10.0) -> Status:
        """Return the instance once it is *label*.

        Raises `ReachError` as soon as the host is idle without that, or, in an app with queue or blob triggers, after
        *within* seconds of real time.
        """
        wanted = ENDED | {meant(label)}
        wait = self._host.engine.wait(instance_id, wanted, timedelta(seconds=within))
        if self._listens_to_storage():
            with contextlib.suppress(InstanceNotFoundError):  # purged meanwhile
                await self._alive(wait)
        else:
            wait.close()
            await self.at_rest()
        one = await self._host.engine.instance(instance_id)
        if one is None or one.status is not meant(label):
            raise ReachError(f"{instance_id} is not {label}: {await self._standing(instance_id)}")  # noqa: EM102  the same words
        return Status.of(one)

    async def wait(self, instance_id: str, label: str = "Completed", *, within: float = 30.0) -> Status:
        """Return the instance once it is *label*, letting time jump from timer to timer until then.

        Raises `ReachError` once it has ended otherwise, no timer is left, or after *within* seconds of real time.
        """
        wanted, engine = ENDED | {meant(label)}, self._host.engine
        give_up = asyncio.get_running_loop().time() + within
        await self.at_rest()
        while (one := await engine.instance(instance_id)) is not None and one.status not in wanted:
            is_late = asyncio.get_running_loop().time() > give_up
            if is_late or await self._alive(engine.advance_to_next_timer()) is None:
                break
        return await self.wait_for(instance_id, label)

    async def wait_until_awaits(self, instance_id: str, event: str) -> None:
        """Return once the instance waits for an external event; raise `ReachError` if it does not come to that."""
        await self.at_rest()
        if event not in (await self.history(instance_id)).awaited:
            raise ReachError(f"{instance_id} does not await {event}: {await self._standing(instance_id)}")  # noqa: EM102  the same words

    async def advance(self, by: timedelta) -> None:
        """Let *by* pass, from one due timer to the next."""
        await self._alive(self._host.engine.advance(by))

    async def advance_to_next_timer(self) -> datetime:
        """Let time pass until the next timer has fired, and return the time then.

        Raises `ReachError` if no timer is set.
        """
        if await self._alive(self._host.engine.advance_to_next_timer()) is None:
            message = "no timer is due, ever"
            raise ReachError(message)
        return self.now

    async def at_rest(self) -> None:
        """Return once nothing is under way."""
        await self._alive(self._host.engine.at_rest())

    def replace_activity(self, name: str, fake: Callable[[Any], Any]) -> None:
        """Let *fake* run in place of an activity: a function of its input, ``def`` or ``async def``."""
        self._fakes.replace(name, fake)

    def crash_at(self, commit: int, side: Side = "before") -> None:
        """Let the host die *side* the commit that is *commit* from now, 1 being the next."""
        self._fate.choose(side, commit)

    async def kill(self) -> None:
        """Let the host die now, as by ``kill -9``."""
        self._fate.kill()
        await self._end()

    async def reopen(self, *, after: timedelta = timedelta(0)) -> None:
        """Begin a new life of the host on the same store, *after* having been down for some time."""
        await self._end()
        self._start += after
        await self._begin()
        await self.at_rest()

    async def _begin(self) -> None:
        self._fate = Fate()
        embedding = Embedding(
            table=self._loaded.table,
            settings=self._loaded.settings,
            worker=self._faking,
            observer=self._fate,
            grace=GRACE,
        )
        clock = VirtualClock(self._start)
        options = HostOptions(
            folder=self._loaded.table.directory, port=0, db=self._db, clock=clock, embedding=embedding
        )
        self._host = await self._life.enter_async_context(Host(options))

    def _faking(self, worker: Worker) -> Worker:
        return FakingWorker(worker, self._fakes)

    async def _end(self) -> None:
        await self._life.aclose()

    def _listens_to_storage(self) -> bool:
        return any(function.trigger_type in STORAGE_TRIGGERS for function in self._loaded.table)

    async def _alive(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what *work* returns, unless the host dies first."""
        task = asyncio.ensure_future(work)
        death = asyncio.ensure_future(self._fate.died.wait())
        try:
            await asyncio.wait({task, death}, return_when=asyncio.FIRST_COMPLETED)
            if task.done() and not death.done():
                return task.result()
        finally:
            for left in (task, death):
                left.cancel()
            await asyncio.gather(task, death, return_exceptions=True)
        message = f"the host died at {self._fate.commits[-1:]}; reopen it"
        raise DiedError(message)

    async def _standing(self, instance_id: str) -> str:
        """Return in words how an instance stands."""
        one = await self._host.engine.instance(instance_id)
        if one is None:
            return "there is no such instance"
        said = f"it is {one.status.label}" + (f" with the output {one.output}" if one.status.has_ended else "")
        if one.status.has_ended:
            return said
        awaited = ", ".join((await self.history(instance_id)).awaited) or "no event"
        due = self._host.engine.next_timer()
        return f"{said} and awaits {awaited}; the next timer of the host is due {to_text(due) if due else 'never'}"
