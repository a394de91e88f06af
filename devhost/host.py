"""Composition: one app, one store, one engine, two servers.

Use it as ``async with Host(HostOptions(folder=...)) as host``; `Host.url` then answers.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import secrets
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from devhost import configuration, loader
from devhost.api.admin import AdminApi
from devhost.api.admin_functions import FunctionsApi
from devhost.api.cors import Cors
from devhost.api.durable import DurableApi
from devhost.api.easy_auth import ENABLED, EasyAuth, presets_in
from devhost.api.page import PageApi
from devhost.api.server import LARGEST_BODY, PRIVATE_BASE, Front, RpcFront, Server
from devhost.api.time_travel import ClockApi
from devhost.clock import Clock, SystemClock
from devhost.engine.crash import CrashPoint
from devhost.engine.engine import Engine, EngineOptions
from devhost.engine.packing import words_of
from devhost.engine.sqlite import SqliteBackend
from devhost.engine.versions import VersionRules
from devhost.errors import PortBusyError
from devhost.http_calls import HttpCalls
from devhost.keys import EXTENSION, FILE_NAME, Keys, keys_at, new_key
from devhost.memory import Tidier
from devhost.other_hubs import OtherHubs
from devhost.sdk.client import ClientBinding, Hub
from devhost.sdk.connections import close_connections
from devhost.sdk.functions import ORCHESTRATION_TRIGGER
from devhost.sdk.local_session import answer_here
from devhost.sdk.worker import AppWorker, unknown_orchestrator
from devhost.triggers.by_hand import ByHand
from devhost.triggers.durable import LoggedWorker
from devhost.triggers.http import HttpFunctions
from devhost.triggers.invoking import Invoker
from devhost.triggers.services import outputs_of, services_of
from devhost.triggers.surroundings import Surroundings

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from devhost.api.server import Answering, Functions
    from devhost.configuration import HostSettings
    from devhost.embedding import Embedding
    from devhost.engine.worker import Worker
    from devhost.engine.writer import CommitObserver
    from devhost.sdk.functions import FunctionTable

logger = logging.getLogger(__name__)

RPC_PORT = 17071
STORAGE = "AzureWebJobsStorage"
_RPC_TRIES = 10
_BACKLOG = 1024
_LOCAL = {"127.0.0.1", "localhost", "0.0.0.0"}  # noqa: S104  compared with, not bound
GRACE = 1.0  # seconds that running work gets to end


@dataclass(frozen=True, slots=True, kw_only=True)
class HostOptions:
    """How a host is started. No *port*: what local.settings.json says; no *db*: the app's own file."""

    folder: Path
    address: str = "127.0.0.1"
    port: int | None = None
    db: Path | None = None
    in_memory: bool = False
    clock: Clock | None = None
    embedding: Embedding | None = None
    plays_auth: bool = False
    is_strict: bool = False
    asks_for_keys: bool = False
    skips_time: bool = False
    synchronous: str = "FULL"


class Host:
    """Serves one app from entering to leaving the context."""

    url: str
    engine: Engine
    table: FunctionTable
    enabled: FunctionTable
    settings: HostSettings
    binding: ClientBinding

    def __init__(self, options: HostOptions) -> None:
        self._options = options
        self._folder = options.folder.resolve()
        self._clock = options.clock or SystemClock()
        self._closing = contextlib.AsyncExitStack()

    @property
    def origin(self) -> str:
        """What stands in front of the paths that the function list shows."""
        port = self.url.rpartition(":")[2]
        return f"http://localhost:{port}" if self._options.address in _LOCAL else self.url

    @property
    def store(self) -> str:
        """Where the task hub is kept."""
        return str(self._db() or "in memory")

    @property
    def keys_file(self) -> Path | None:
        """Where the keys are that callers need; None if they need none."""
        return self._folder / ".devhost" / FILE_NAME if self._options.asks_for_keys else None

    @property
    def clock(self) -> Clock:
        """The host's time."""
        return self._clock

    async def __aenter__(self) -> Self:
        """Load the app and serve it; raise `DevhostError` for whatever is in the way."""
        try:
            await self._open()
        except BaseException:
            await self._closing.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop serving, let what runs end for a moment, and close the store."""
        await self._closing.aclose()

    async def _open(self) -> None:
        if self._options.plays_auth:
            os.environ[ENABLED] = "True"
        port = self._configured()
        front_socket = self._listening(self._options.address, port)
        rpc_socket = self._closing.enter_context(_rpc_socket())
        self.table = self._loaded()
        disabled = configuration.disabled([one.name for one in self.table], os.environ)
        self.enabled = self.table.without(disabled)
        self._keys = self._own_keys()

        port, rpc_port = front_socket.getsockname()[1], rpc_socket.getsockname()[1]
        self.url = f"http://{_shown(self._options.address)}:{port}"
        key = self._keys.system[EXTENSION] if self._keys else new_key()
        hub = Hub(name=self.settings.hub, connection=self.settings.connection, key=key)
        self.binding = ClientBinding(
            origin=f"http://localhost:{port}", rpc_base=f"http://127.0.0.1:{rpc_port}{PRIVATE_BASE}/", hub=hub
        )
        pool = self._pool()
        outputs = outputs_of(self.enabled, self.settings.extensions, os.environ)
        self._invoker = Invoker(self.binding, self.table.directory, pool, outputs)
        functions: Functions = HttpFunctions(self.enabled, self.settings.route_prefix, self._invoker, self._keys)
        if self._options.plays_auth:
            functions = EasyAuth(functions, presets_in(configuration.own(self._folder)))
        self.engine = await self._engine(pool)
        await self._serve(front_socket, rpc_socket, functions, hub)
        await self._listen()

    def _configured(self) -> int:
        """Take the configuration and return the port to listen on."""
        if self._options.embedding is not None:
            self.settings = self._options.embedding.settings
            return self._options.port or 0
        loader.front_door(self._folder)
        self.settings, port = configuration.load(self._folder, os.environ)
        if limit := self.settings.function_timeout:
            logger.warning("functionTimeout of host.json ends nothing here", extra={"in_azure_after": limit})
        return port if self._options.port is None else self._options.port

    def _loaded(self) -> FunctionTable:
        if self._options.embedding is not None:
            return self._options.embedding.table
        table = loader.load(self._folder)
        self._warn_of_settings()
        return table

    def _own_keys(self) -> Keys | None:
        """Return the keys that callers need, if they need any."""
        path = self.keys_file
        return None if path is None else keys_at(path, [one.name for one in self.table])

    async def _listen(self) -> None:
        """Start what listens besides HTTP."""
        surroundings = Surroundings(
            engine=self.engine, invoker=self._invoker, environ=os.environ, extensions=self.settings.extensions
        )
        for service in services_of(self.enabled, surroundings):
            self._closing.push_async_callback(service.stop)
            await service.start()

    def _listening(self, address: str, port: int) -> socket.socket:
        return self._closing.enter_context(_listening(address, port))

    def _pool(self) -> ThreadPoolExecutor:
        pool = ThreadPoolExecutor(configuration.thread_count(os.environ), thread_name_prefix="devhost")
        self._closing.callback(pool.shutdown, wait=False, cancel_futures=True)
        return pool

    async def _engine(self, pool: ThreadPoolExecutor) -> Engine:
        rules = VersionRules(
            default=self.settings.default_version,
            match=self.settings.version_match,
            fails=self.settings.version_fails,
        )
        options = EngineOptions(
            versions=rules,
            max_orchestrators=self.settings.max_orchestrators,
            max_activities=self.settings.max_activities,
            max_batch=self.settings.max_batch,
            max_actions=self.settings.max_actions,
            is_strict=self._options.is_strict,
            replaces_living=self.settings.replaces_living,
        )
        samples = [] if self._options.embedding else configuration.samples(self._folder)
        backend = SqliteBackend(self._db(), synchronous=self._options.synchronous, words=words_of(samples))
        worker: Worker = LoggedWorker(AppWorker(self.enabled, pool))
        observer: CommitObserver | None = CrashPoint.of(os.environ)
        grace, embedding = GRACE, self._options.embedding
        if embedding is not None:
            worker, observer, grace = embedding.worker(worker), embedding.observer, embedding.grace
        self._worker = worker
        self._others = OtherHubs(worker, self._clock, pool, self.settings.default_version)
        self._closing.push_async_callback(self._others.close)
        web = HttpCalls()
        self._closing.push_async_callback(web.close)
        engine = Engine(backend, worker, self._clock, pool, options=options, observer=observer, web=web)
        self._closing.push_async_callback(engine.close, grace)
        await engine.open()
        return engine

    async def _serve(
        self, front_socket: socket.socket, rpc_socket: socket.socket, functions: Functions, hub: Hub
    ) -> None:
        durable = DurableApi(
            self.engine,
            hub,
            follows_forwarded=self.settings.use_forwarded_host,
            refused=self._refused_start,
            others=self._others,
        )
        skips = self._options.skips_time
        clock = ClockApi(self.engine, storage=os.environ.get(STORAGE, ""), skips=skips)
        self._closing.push_async_callback(clock.close)
        if self._clock.moved():
            clock.warn_of_storage()
        by_hand = ByHand(self.engine, self._worker, self._invoker)
        self._closing.push_async_callback(by_hand.close)
        disabled = frozenset({one.name for one in self.table} - {one.name for one in self.enabled})
        shown = FunctionsApi(self.table, prefix=self.settings.route_prefix, disabled=disabled, runner=by_hand)
        admin = AdminApi(host_id=hub.name.lower(), bundle_id=self.settings.bundle_id, functions=shown)
        self._closing.push_async_callback(close_connections)
        tidier = Tidier(self.engine)
        self._closing.push_async_callback(tidier.close)
        rpc = Server(RpcFront(durable), is_private=True, heard=tidier.note)
        page = PageApi(self.engine, durable, hub.name)
        front = Server(
            self._cross_origin(Front(durable, functions, admin, clock, page, keys=self._keys)),
            largest_body=LARGEST_BODY,
            heard=tidier.note,
        )
        for server, listener in ((rpc, rpc_socket), (front, front_socket)):
            self._closing.push_async_callback(server.close)
            await server.serve(listener)
        answer_here(self.binding.rpc_base, rpc.answer)

    def _refused_start(self, name: str) -> str | None:
        """Return why the orchestrator *name* is not started: one that is disabled is known, and refused at once."""
        if self.table.find(ORCHESTRATION_TRIGGER, name) and not self.enabled.find(ORCHESTRATION_TRIGGER, name):
            return unknown_orchestrator(name, self.enabled.names(ORCHESTRATION_TRIGGER))
        return None

    def _cross_origin(self, front: Front) -> Answering:
        settings = self.settings
        return Cors(front, settings.cors, with_credentials=settings.cors_credentials) if settings.cors else front

    def _db(self) -> Path | None:
        if self._options.in_memory:
            return None
        return self._options.db or self._folder / ".devhost" / f"{self.settings.hub}.db"

    def _warn_of_settings(self) -> None:
        check = configuration.settings_check(self._folder)
        for problem in loader.settings_problems(check, os.environ) if check else ():
            logger.warning("setting", extra={"problem": problem})


def _listening(address: str, port: int) -> socket.socket:
    """Return a socket that listens; raise `PortBusyError` if that is not possible."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        what = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
        message = f"Port {port} of {address} {what}; stop the other program, or choose another port with --port."
        raise PortBusyError(message) from error
    return listener


def _rpc_socket() -> socket.socket:
    """Return a socket for the SDK's client: the usual port, or else one of those that the real host tries."""
    with contextlib.suppress(PortBusyError):
        return _listening("127.0.0.1", RPC_PORT)
    for _ in range(_RPC_TRIES):
        with contextlib.suppress(PortBusyError):
            return _listening("127.0.0.1", 30000 + secrets.randbelow(1000))
    message = f"Port {RPC_PORT} and {_RPC_TRIES} ports from 30000 to 30999 are in use; stop some of these programs."
    raise PortBusyError(message)


def _shown(address: str) -> str:
    return f"[{address}]" if ":" in address else address
