"""Functions see requests as the real worker shows them, and their answers become what the host sends."""

from __future__ import annotations

from typing import Any

import azure.functions as func
import pytest

from devhost.sdk.http import Incoming, Outgoing, to_http_request, to_outgoing


def incoming(**changes: Any) -> Incoming:
    """Return a request."""
    facts: dict[str, Any] = {
        "method": "POST",
        "origin": "http://localhost:7071",
        "path": "/api/x%20y",
        "query": "",
        "headers": (),
        "body": b"",
        "peer": ("192.0.2.1", 4711),
    }
    return Incoming(**(facts | changes))


def test_the_url_is_the_outside_one() -> None:
    """Origin, path and query stand in it as they were sent."""
    request = to_http_request(incoming(query="a=b%20c&d"), {"id": "5"})

    assert (request.method, request.url) == ("POST", "http://localhost:7071/api/x%20y?a=b%20c&d")
    assert dict(request.route_params) == {"id": "5"}


def test_repeated_keys_are_joined_by_commas() -> None:
    """Parameters and headers that come twice become one; names keep their first spelling."""
    headers = (("X-A", "1"), ("x-a", "2"))
    request = to_http_request(incoming(query="k=1&K=2&k=3+4&e=", headers=headers), {})

    assert dict(request.params) == {"k": "1,2,3 4", "e": ""}
    assert request.headers["X-a"] == "1,2"


@pytest.mark.parametrize(
    ("peer", "given", "seen"),
    [
        (("192.0.2.1", 4711), (), "192.0.2.1:4711"),
        (("::1", 4711), (), "[::1]:4711"),
        (("192.0.2.1", 4711), (("x-forwarded-for", "198.51.100.7"),), "198.51.100.7,192.0.2.1:4711"),
    ],
)
def test_the_callers_address_comes_last_in_the_forwarded_header(
    peer: tuple[str, int], given: tuple[tuple[str, str], ...], seen: str
) -> None:
    """What the caller claims stands in front of what the host saw."""
    request = to_http_request(incoming(peer=peer, headers=given), {})

    assert request.headers["X-Forwarded-For"] == seen


def test_the_body_is_bytes_that_json_can_be_read_from() -> None:
    """A body that is not JSON makes get_json raise, not the host."""
    assert to_http_request(incoming(body=b'{"a": 1}'), {}).get_json() == {"a": 1}
    with pytest.raises(ValueError, match="valid JSON"):
        to_http_request(incoming(body=b"{"), {}).get_json()


@pytest.mark.parametrize(
    ("returned", "outgoing"),
    [
        (None, Outgoing(status=204)),
        ("ü", Outgoing(status=200, headers=[("Content-Type", "text/plain; charset=utf-8")], body="ü".encode())),
        (
            func.HttpResponse("ü", charset="latin-1"),
            Outgoing(status=200, headers=[("Content-Type", "text/plain; charset=latin-1")], body=b"\xfc"),
        ),
        (
            func.HttpResponse("{}", mimetype="application/json", status_code=418),
            Outgoing(status=418, headers=[("Content-Type", "application/json")], body=b"{}"),
        ),
        (
            func.HttpResponse(b"x", headers={"Content-Type": "text/html", "Content-Length": "99", "X-A": "1"}),
            Outgoing(status=200, headers=[("Content-Type", "text/html"), ("X-A", "1")], body=b"x"),
        ),
    ],
)
def test_what_a_function_returns_becomes_an_answer(returned: object, outgoing: Outgoing) -> None:
    """Nothing is 204, a text 200; a response keeps its status, headers and type."""
    assert to_outgoing(returned) == outgoing


@pytest.mark.parametrize("returned", [{"a": 1}, 5, b"bytes"])
def test_anything_else_is_the_functions_fault(returned: object) -> None:
    """The worker can make no answer of it."""
    with pytest.raises(TypeError, match="returns an HttpResponse or a str"):
        to_outgoing(returned)
