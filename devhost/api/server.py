"""The web server: takes requests in, says who answers them, and logs one line for each."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol

from aiohttp import web

from devhost.api.admin import landing_page
from devhost.api.answers import RefusedError, empty
from devhost.api.paths import decode
from devhost.keys import sent_key
from devhost.sdk.client import PUBLIC_BASE
from devhost.sdk.http import Incoming, Outgoing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from devhost.api.admin import AdminApi
    from devhost.api.durable import DurableApi
    from devhost.api.page import PageApi
    from devhost.api.time_travel import ClockApi
    from devhost.keys import Keys

logger = logging.getLogger(__name__)

LARGEST_BODY = 100 * 1024 * 1024
BACKLOG = 512  # connections that may wait to be taken; the real host's web server lets as many wait
BODY_PATIENCE = 30.0  # seconds between two pieces of a body
SLOWEST_BODY = 240  # bytes a second that a body must come with, `BODY_PATIENCE` aside; the real host's limit
IDLE_PATIENCE = 75  # seconds for the head of a request to come, also of the first one
UNREAD_PATIENCE = 60.0  # seconds in which a caller must take some of its answer
SMALL_BODY = 64 * 1024  # bytes that are there with the head of their request
LINGERING = 1.0  # seconds for which the rest of a refused body is read, so that the caller hears the refusal
PRIVATE_BASE = "/durabletask"
_WEBHOOK_METHODS = {"GET", "PUT", "POST", "DELETE", "OPTIONS"}


class Functions(Protocol):
    """What answers requests for HTTP functions."""

    async def answer(self, incoming: Incoming, path: str) -> Outgoing | None:
        """Answer by the function that *path* and method mean; None if there is none."""


class Answering(Protocol):
    """What answers the requests on a port."""

    async def answer(self, incoming: Incoming) -> Outgoing:
        """Answer one request."""


class Front:
    """Answers on the public port, on routes of the host's own only to whoever has a key if there are *keys*."""

    def __init__(
        self,
        durable: DurableApi,
        functions: Functions,
        admin: AdminApi,
        clock: ClockApi,
        page: PageApi,
        *,
        keys: Keys | None = None,
    ) -> None:
        self._durable = durable
        self._functions = functions
        self._admin = admin
        self._clock = clock
        self._page = page
        self._keys = keys

    async def answer(self, incoming: Incoming) -> Outgoing:
        """Answer by whoever has the path."""
        path = decode(incoming.path)
        if "\0" in path:
            return empty(400)
        if _is_below(path, PUBLIC_BASE):
            return await self._manage(incoming)
        segments = path.strip("/").split("/")
        match segments[0].lower():
            case "admin":
                return self._administer(incoming, segments[1:])
            case "devhost":
                shown = await self._page.answer(incoming, segments[1:])
                return shown or await self._clock.answer(incoming, segments[1:])
        answered = await self._functions.answer(incoming, path.strip("/"))
        if answered is None and path == "/" and incoming.method in {"GET", "HEAD"}:
            return landing_page()
        return answered or empty(404)

    async def _manage(self, incoming: Incoming) -> Outgoing:
        """Answer by the management API, if the key is good; a method that no webhook has needs none to be refused."""
        if self._keys is not None and not self._keys.open_extension(sent_key(incoming)):
            return empty(401 if incoming.method in _WEBHOOK_METHODS else 404)
        return await self._durable.answer(incoming, PUBLIC_BASE)

    def _administer(self, incoming: Incoming, segments: Sequence[str]) -> Outgoing:
        if self._keys is not None and not self._keys.open_admin(sent_key(incoming)):
            return empty(401)
        return self._admin.answer(incoming, segments)


class RpcFront:
    """Answers on the private port, which the SDK's client calls."""

    def __init__(self, durable: DurableApi) -> None:
        self._durable = durable

    async def answer(self, incoming: Incoming) -> Outgoing:
        """Answer the management API; nothing else is here."""
        if _is_below(decode(incoming.path), PRIVATE_BASE):
            return await self._durable.answer(incoming, PRIVATE_BASE)
        return empty(404)


def _is_below(path: str, base: str) -> bool:
    start = path[: len(base)].lower()
    return start == base and path[len(base) : len(base) + 1] in {"", "/"}


class Server:
    """Serves one socket."""

    def __init__(
        self,
        front: Answering,
        *,
        largest_body: int = 0,
        is_private: bool = False,
        heard: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Let *front* answer; *heard* is called with the size of each body once its request is answered."""
        self._front = front
        self._heard = heard
        self._largest_body = largest_body
        self._is_private = is_private
        self._runner: web.ServerRunner | None = None

    async def serve(self, listener: socket.socket) -> None:
        """Begin to answer requests on *listener*."""
        _limit_unread(listener)
        server = web.Server(
            self._handle,
            access_log=None,
            auto_decompress=False,
            lingering_time=LINGERING,
            keepalive_timeout=IDLE_PATIENCE,
        )
        self._runner = web.ServerRunner(server, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.SockSite(self._runner, listener, backlog=BACKLOG).start()

    async def close(self) -> None:
        """Stop; what is being answered gets half a second to end."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def answer(self, incoming: Incoming) -> Outgoing:
        """Answer a request that came from within this process, without a socket."""
        try:
            return await self._front.answer(incoming)
        except Exception:  # the HTTP boundary
            logger.exception("request broke inside devhost")
            return Outgoing(status=500)
        finally:
            self._heard(len(incoming.body))

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        began = time.perf_counter()
        try:
            response = self._response(await self._front.answer(await self._incoming(request)))
        except RefusedError as error:  # the body did not come: the connection is of no use any more
            response = self._response(error.answer)
            response.force_close()
        except Exception:  # the HTTP boundary
            logger.exception("request broke inside devhost")
            response = web.Response(status=500)
        facts = {
            "method": request.method,
            "path": request.raw_path.partition("?")[0],
            "status": response.status,
            "ms": round((time.perf_counter() - began) * 1000, 1),
        }
        is_quiet = self._is_private or _is_look(request, response)
        logger.log(logging.DEBUG if is_quiet else logging.INFO, "request", extra=facts)
        self._heard(request.content.total_bytes)
        return response

    async def _incoming(self, request: web.BaseRequest) -> Incoming:
        path, _, query = _target(request).partition("?")
        peer = (request.transport.get_extra_info("peername") if request.transport else None) or ("", 0)
        host = request.headers.get("Host") or "localhost"
        return Incoming(
            method=request.method,
            origin=f"http://{host}",
            path=path,
            query=query.partition("#")[0],
            headers=tuple(request.headers.items()),
            body=await self._body(request),
            peer=(str(peer[0]), int(peer[1])),
            is_gone=lambda: request.transport is None,
        )

    async def _body(self, request: web.BaseRequest) -> bytes:
        """Read the body; one that is too large, that does not come or that comes in drops is refused."""
        if request.headers.get("Expect", "").lower() == "100-continue":
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0
        content = request.content
        small = min(SMALL_BODY, self._largest_body or SMALL_BODY)
        if content.is_eof() and content.total_bytes <= small and content.exception() is None:
            return content.read_nowait()
        body = bytearray()
        time_of = asyncio.get_running_loop().time
        began = time_of()
        try:
            async with asyncio.timeout(BODY_PATIENCE) as patience:
                while piece := await request.content.readany():
                    body += piece
                    patience.reschedule(BODY_PATIENCE + min(time_of(), began + len(body) / SLOWEST_BODY))
                    if self._largest_body and len(body) > self._largest_body:
                        raise RefusedError(empty(413))
        except TimeoutError as error:
            raise RefusedError(empty(408)) from error
        except (web.PayloadAccessError, OSError, ValueError) as error:
            raise RefusedError(empty(400)) from error
        return bytes(body)

    def _response(self, outgoing: Outgoing) -> web.Response:
        response = web.Response(status=outgoing.status, body=outgoing.body)
        for name, value in outgoing.headers:
            response.headers.add(name, value)
        if self._is_private and outgoing.body:
            response.enable_chunked_encoding()
        return response


def _limit_unread(listener: socket.socket) -> None:
    """Let the system end connections whose other side takes nothing of an answer; those accepted inherit the option."""
    if hasattr(socket, "TCP_USER_TIMEOUT") and listener.family in {socket.AF_INET, socket.AF_INET6}:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(UNREAD_PATIENCE * 1000))


def _is_look(request: web.BaseRequest, response: web.StreamResponse) -> bool:
    """Say whether this is the page of devhost looking again, as it does every other second."""
    is_own = request.raw_path.startswith(("/devhost/api/", "/devhost/page.", "/devhost/elements."))
    return is_own and request.method == "GET" and response.status < HTTPStatus.BAD_REQUEST


def _target(request: web.BaseRequest) -> str:
    """Return path and query as they were sent, without the origin that a proxy's request has in front."""
    target = request.raw_path
    if target.startswith("/"):
        return target
    _, _, rest = target.partition("://")
    return "/" + rest.partition("/")[2]
