"""HTTP requests and answers in the form in which they pass between the host and an app's functions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import azure.functions as func

_OURS = frozenset({"content-length", "transfer-encoding", "connection"})  # the server writes these itself


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A request as it came; `path` and `query` are as they were sent, nothing decoded.

    `is_gone` says whether nobody is there any more to take the answer.
    """

    method: str
    origin: str
    path: str
    query: str
    headers: Sequence[tuple[str, str]]
    body: bytes
    peer: tuple[str, int]
    is_gone: Callable[[], bool] = field(default=_never, compare=False, repr=False)

    def header(self, name: str) -> str | None:
        """Return the last header of that name, in any case."""
        return next((value for key, value in reversed(self.headers) if key.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """An answer."""

    status: int
    headers: Sequence[tuple[str, str]] = field(default_factory=tuple)
    body: bytes = b""


def to_http_request(incoming: Incoming, route_params: Mapping[str, str]) -> func.HttpRequest:
    """Return the request that a function sees."""
    from azure.functions.http import HttpRequest  # noqa: PLC0415  the app has loaded it, a host without app need not

    query = f"?{incoming.query}" if incoming.query else ""
    return HttpRequest(
        method=incoming.method,
        url=f"{incoming.origin}{incoming.path}{query}",
        headers=_joined([*incoming.headers, ("X-Forwarded-For", address(incoming.peer))]),
        params=_joined(parse_qsl(incoming.query, keep_blank_values=True)),
        route_params=route_params,
        body_type="bytes",
        body=incoming.body,
    )


def to_outgoing(returned: Any) -> Outgoing:  # noqa: ANN401  whatever the function returned
    """Return the answer that the host makes of a function's result; raise `TypeError` if it can make none."""
    import azure.functions as func  # noqa: PLC0415  as above

    if returned is None:
        return Outgoing(status=204)
    if isinstance(returned, str):
        return Outgoing(status=200, headers=[("Content-Type", "text/plain; charset=utf-8")], body=returned.encode())
    if not isinstance(returned, func.HttpResponse):
        message = f"an HTTP function returns an HttpResponse or a str, not {type(returned).__name__}"
        raise TypeError(message)
    headers = [(name, value) for name, value in returned.headers.items() if name.lower() not in _OURS]
    if "content-type" not in returned.headers:
        suffix = f"; charset={returned.charset}" if returned.mimetype.startswith("text/") else ""
        headers.append(("Content-Type", f"{returned.mimetype}{suffix}"))
    return Outgoing(status=returned.status_code, headers=headers, body=returned.get_body())


def address(peer: tuple[str, int]) -> str:
    """Return *peer* as ``192.0.2.1:4711`` or ``[::1]:4711``."""
    host, port = peer
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Join what is given more than once by commas, under the name as it was first written."""
    spelt: dict[str, str] = {}
    found: dict[str, str] = {}
    for name, value in pairs:
        key = spelt.setdefault(name.lower(), name)
        found[key] = f"{found[key]},{value}" if key in found else value
    return found
