"""The HTTP interface of the workload for a peer, by the same server library that devhost uses.

What a peer has no cheap way to tell (which of its instances wait) is kept in memory here, which costs it nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import secrets
import sys
import uuid
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from aiohttp import web

KEY = secrets.token_bytes(32)
CODES = 9000  # from 1000 to 9999


@dataclass
class Shown:
    """An instance as the status and the list show it."""

    waits: bool = False
    output: bool | None = None

    def written(self, instance_id: str) -> dict[str, Any]:
        """Return it in the words of the workload."""
        return {
            "instanceId": instance_id,
            "runtimeStatus": "Running" if self.output is None else "Completed",
            "customStatus": {"state": "awaiting"} if self.waits else None,
            "output": self.output,
        }


class Flow(Protocol):
    """A verification as a peer expresses it."""

    async def open(self, db: Path) -> None:
        """Open the store and take up what it holds."""

    async def close(self) -> None:
        """Close the store."""

    async def start(self, instance_id: str) -> None:
        """Start a verification; it is in the store when this returns."""

    async def answer(self, instance_id: str, code: int) -> bool:
        """Hand in an answer, which is in the store when this returns; False if there is no such verification."""


shown: dict[str, Shown] = {}
_outbox: deque[tuple[str, str]] = deque(maxlen=100)


def send(instance_id: str, nonce: str) -> str:
    """Print the SMS with a code that is derived, and return the code's digest."""
    body = f"Countersign: your code is {_code(instance_id, nonce)}. Never share it."
    sys.stdout.write(f"SMS to +1******0143: {body}\n")
    sys.stdout.flush()
    _outbox.append((instance_id, body))
    return digest(instance_id, nonce, _code(instance_id, nonce))


def digest(instance_id: str, nonce: str, code: int) -> str:
    """Return the keyed digest of a code."""
    return hmac.new(KEY, f"{instance_id}:{nonce}:{code}".encode(), hashlib.sha256).hexdigest()


def serve(flow: Flow) -> None:
    """Serve *flow* on the port and with the store that the command line names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--db", type=Path, required=True)
    options = parser.parse_args()

    async def around(_: web.Application) -> Any:  # noqa: ANN401  an async generator
        await flow.open(options.db)
        yield
        await flow.close()

    app = web.Application()
    app.cleanup_ctx.append(around)
    app.add_routes(_routes(flow, options.port))
    web.run_app(app, host="127.0.0.1", port=options.port, access_log=None, print=lambda _: None)


def _routes(flow: Flow, port: int) -> list[web.RouteDef]:
    origin = f"http://127.0.0.1:{port}/instances"

    async def start(request: web.Request) -> web.Response:
        await request.json()
        instance_id = f"sms_{uuid.uuid4().hex}"
        shown[instance_id] = Shown()
        await flow.start(instance_id)
        url = f"{origin}/{instance_id}"
        urls = {
            "id": instance_id,
            "statusQueryGetUri": f"{url}?",
            "sendEventPostUri": f"{url}/raiseEvent/{{eventName}}",
        }
        return web.json_response(urls, status=202)

    async def answer(request: web.Request) -> web.Response:
        known = await flow.answer(request.match_info["id"], await request.json())
        return web.Response(status=202 if known else 404)

    async def status(request: web.Request) -> web.Response:
        instance_id = request.match_info["id"]
        return (
            web.json_response(shown[instance_id].written(instance_id))
            if instance_id in shown
            else web.Response(status=404)
        )

    async def listed(request: web.Request) -> web.Response:
        most = int(request.query["top"]) if request.query["top"] != "1000" else len(shown)
        running = [one.written(instance_id) for instance_id, one in shown.items() if one.output is None]
        return web.json_response(running[:most])

    async def outbox(request: web.Request) -> web.Response:
        return web.json_response([{"body": body} for one, body in _outbox if one == request.query["instanceId"]])

    async def health(_: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    return [
        web.post("/api/orchestrators/SmsVerify", start),
        web.post("/instances/{id}/raiseEvent/SmsChallengeResponse", answer),
        web.get("/instances/{id}", status),
        web.get("/runtime/webhooks/durabletask/instances", listed),
        web.get("/api/outbox", outbox),
        web.get("/api/health", health),
    ]


def _code(instance_id: str, nonce: str) -> int:
    drawn = hmac.new(KEY, f"{instance_id}:{nonce}".encode(), hashlib.sha256).digest()
    return 1000 + int.from_bytes(drawn[:8], "big") % CODES
