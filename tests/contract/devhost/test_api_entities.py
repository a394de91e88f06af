"""Entities over HTTP: status codes, headers and bodies of the recorded extension 3.15.0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.served import Served, served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

JSON = {"Content-Type": "application/json"}
TEXT = {"Content-Type": "text/plain"}
TOKEN = "x-ms-continuation-token"  # noqa: S105  a header's name


@pytest.fixture
async def host() -> AsyncIterator[Served]:
    """A host with the entities Counter, which adds up, and Keeper, which keeps what it was told last."""
    async with served() as host:
        yield host


async def signal(host: Served, path: str, body: str | None = None, headers: dict[str, str] | None = None) -> int:
    """Signal an entity, and return the status code once it is done."""
    reply = await host.ask("POST", f"/entities/{path}", body, headers=headers)
    await host.engine.at_rest()
    return reply.status


async def state(host: Served, path: str) -> Any:
    """Return the state of an entity as its JSON value."""
    reply = await host.ask("GET", f"/entities/{path}")
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json; charset=utf-8")
    return reply.json


async def test_an_entity_is_read_once_it_has_run(host: Served) -> None:
    """404 with an empty body before, the state after, `null` once it is deleted."""
    assert (await host.ask("GET", "/entities/Counter/k")).status == 404
    assert await signal(host, "Counter/k?op=add", '"5"', JSON) == 202
    assert await state(host, "Counter/k") == 5

    reply = await host.ask("DELETE", "/entities/Counter/k")
    await host.engine.at_rest()

    assert (reply.status, reply.body) == (202, b"")
    assert await state(host, "Counter/k") is None


async def test_names_have_no_case_and_keys_have(host: Served) -> None:
    """The name is lower-cased; a key keeps its spaces, its case and its at signs."""
    for key in ("Key", "a%20b", "a%40b"):
        await signal(host, f"cOUNTER/{key}?op=add", '"1"', JSON)

    assert await state(host, "COUNTER/Key") == 1
    assert await state(host, "counter/a%20b") == 1
    assert await state(host, "counter/a%40b") == 1
    assert (await host.ask("GET", "/entities/counter/key")).status == 404


async def test_a_dollar_is_the_empty_key_for_reading_only(host: Served) -> None:
    """A signal to it goes to the entity whose key is a dollar."""
    await signal(host, "Counter?op=add", '"1"', JSON)
    await signal(host, "Counter/$?op=add", '"2"', JSON)

    assert await state(host, "Counter/$") == 1
    page = await host.ask("GET", "/entities/Counter?fetchState=true")
    assert [(one["entityId"]["key"], one["state"]) for one in page.json] == [("", 1), ("$", 2)]


@pytest.mark.parametrize(
    ("body", "headers", "told"),
    [
        ("5", JSON, "5"),
        ('"5"', JSON, '"5"'),
        ("{'a': 1}", {"Content-Type": "APPLICATION/JSON; charset=utf-8"}, '{"a":1}'),
        ("null", JSON, "null"),
        ("5", TEXT, '"5"'),
        ("five", None, '"five"'),
        (None, JSON, None),
        (None, None, None),
    ],
)
async def test_the_content_type_says_what_an_input_is(
    host: Served, body: str | None, headers: dict[str, str] | None, told: str | None
) -> None:
    """JSON is parsed and written anew, everything else is a text; nothing at all is no input."""
    assert await signal(host, "Keeper/k?op=store", body, headers) == 202

    assert await state(host, "Keeper/k") == ["store", told]


async def test_a_request_that_tells_no_length_sends_the_empty_text(host: Served) -> None:
    """So a plain DELETE does; the operation is called `delete`, an operation without a name is the empty one."""
    await host.ask("DELETE", "/entities/Keeper/k")
    await host.engine.at_rest()
    assert await state(host, "Keeper/k") == ["delete", '""']

    await signal(host, "Keeper/k", "x", TEXT)

    assert await state(host, "Keeper/k") == ["", '"x"']


async def test_broken_json_is_refused_with_the_parsers_words(host: Served) -> None:
    """400, with a message only, and the entity does not come to be."""
    reply = await host.ask("POST", "/entities/Keeper/k?op=store", "{broken", headers=JSON)

    words = "Unexpected end while parsing unquoted property name. Path '', line 1, position 7."
    assert (reply.status, reply.json) == (400, {"Message": f"Could not parse JSON content: {words}"})
    assert (await host.ask("GET", "/entities/Keeper/k")).status == 404


async def test_an_unknown_entity_is_refused_with_the_names_of_the_others(host: Served) -> None:
    """A signal is a 400 that lists them; there is nothing to read, and nothing in the list."""
    reply = await host.ask("POST", "/entities/Nowhere/k?op=add", '"1"', headers=JSON)

    assert (reply.status, reply.json) == (
        400,
        {
            "Message": "The function 'nowhere' doesn't exist, is disabled, or is not an entity function. "
            "Additional info: The following are the known entity functions: 'Counter', 'Keeper'."
        },
    )
    assert (await host.ask("GET", "/entities/Nowhere/k")).status == 404
    assert (await host.ask("GET", "/entities/Nowhere")).json == []


async def test_entities_are_listed_by_name_with_or_without_state(host: Served) -> None:
    """In the order of their ids, deleted ones included; times have all their digits."""
    for path in ("Keeper/z", "Counter/b", "Counter/a"):
        await signal(host, f"{path}?op=add", '"1"', JSON)
    await host.ask("DELETE", "/entities/Counter/a")
    await host.engine.at_rest()

    everything = await host.ask("GET", "/entities")
    counters = await host.ask("GET", "/entities/COUNTER?fetchState=true")

    time = "2026-01-15T10:00:00Z"
    assert everything.headers[TOKEN] == ""
    assert [(one["entityId"], one["lastOperationTime"], one["state"]) for one in everything.json] == [
        ({"name": "counter", "key": "a"}, time, None),
        ({"name": "counter", "key": "b"}, time, None),
        ({"name": "keeper", "key": "z"}, time, None),
    ]
    assert [one["state"] for one in counters.json] == [None, 1]


async def test_lists_of_entities_come_in_pages_and_by_time(host: Served) -> None:
    """The token of a page leads to the next one; a page of no entities has a token to the first."""
    await host.start("Waits", "not-an-entity")
    for key in "abc":
        await signal(host, f"Counter/{key}?op=add", '"1"', JSON)

    first = await host.ask("GET", "/entities?top=2")
    rest = await host.ask("GET", "/entities?top=2", headers={TOKEN: first.headers[TOKEN]})
    none = await host.ask("GET", "/entities?top=0")

    assert [one["entityId"]["key"] for one in first.json + rest.json] == ["a", "b", "c"]
    assert rest.headers[TOKEN] == ""
    assert (none.json, bool(none.headers[TOKEN])) == ([], True)
    assert (await host.ask("GET", "/entities?lastOperationTimeFrom=2099-01-01")).json == []
    assert (await host.ask("GET", "/entities?lastOperationTimeTo=2020-01-01")).json == []


async def test_the_instance_routes_reach_entities(host: Served) -> None:
    """An entity runs under its id with its state as the input, until it is terminated or purged."""
    await signal(host, "Counter/k?op=add", '"5"', JSON)

    shown = await host.ask("GET", "/instances/%40counter%40k")
    assert shown.status == 202
    assert {key: shown.json[key] for key in ("name", "runtimeStatus", "input", "customStatus", "output")} == {
        "name": "@counter@k",
        "runtimeStatus": "Running",
        "input": {"exists": True, "state": "5", "sorter": {}},
        "customStatus": {"entityExists": True},
        "output": None,
    }
    assert (await host.ask("POST", "/instances/%40counter%40k/terminate?reason=x")).status == 202
    await signal(host, "Counter/k?op=add", '"7"', JSON)
    assert await state(host, "Counter/k") == 5
    assert (await host.ask("DELETE", "/instances/%40counter%40k")).json == {"instancesDeleted": 1}
    assert (await host.ask("GET", "/entities/Counter/k")).status == 404


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "/Counter/k"), ("GET", "/Counter/k/more"), ("DELETE", "/Counter"), ("POST", "")]
)
async def test_other_routes_of_entities_do_not_exist(host: Served, method: str, path: str) -> None:
    """404 with an empty body."""
    reply = await host.ask(method, f"/entities{path}")

    assert (reply.status, reply.body) == (404, b"")
