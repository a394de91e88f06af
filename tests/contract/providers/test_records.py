"""Records and claims: the same promises in memory and in a table, on one host and on several."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from domain.errors import StorageError
from providers.records_memory import MemoryRecords
from providers.records_tables import TableRecords
from providers.tables import Table
from tools.processes import held_ports

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.limit_ports import Fields

HOSTS = 2


@pytest.fixture(params=["memory", "table"])
def hosts(request: pytest.FixtureRequest) -> Iterator[list[Any]]:
    """The records as two hosts see them."""
    if request.param == "memory":
        yield [MemoryRecords()] * HOSTS
        return
    azurite = request.getfixturevalue("azurite")
    tables = [Table(azurite, f"Records{secrets.token_hex(4)}")] * HOSTS
    yield [TableRecords(table) for table in tables]
    tables[0].close()


def one_more(fields: Fields | None) -> tuple[Fields, int]:
    """Count."""
    count = int(fields["count"]) + 1 if fields else 1
    return {"count": count, "seen": b"\0" * count, "name": "n"}, count


def test_a_record_is_changed_by_what_it_was(hosts: list[Any]) -> None:
    """Each change sees the one before it; what is not there is None."""
    one, other = hosts

    assert one.find("a") is None
    assert [one.change("a", one_more), other.change("a", one_more)] == [1, 2]
    assert one.find("a") == {"count": 2, "seen": b"\0\0", "name": "n"}


def test_a_change_may_leave_everything_as_it_is(hosts: list[Any]) -> None:
    """Who only looks writes nothing."""
    assert hosts[0].change("a", lambda fields: (None, fields)) is None
    assert hosts[0].find("a") is None


def test_no_change_of_many_at_once_is_lost(hosts: list[Any]) -> None:
    """Forty changes on two hosts make forty, each seen once. Threat 1."""
    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(lambda number: hosts[number % HOSTS].change("a", one_more), range(40)))

    assert sorted(counts) == list(range(1, 41))


def test_one_of_many_claims_wins(hosts: list[Any]) -> None:
    """Of claims to one thing, made at once on two hosts, one is first, and it stays so."""
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda number: hosts[number % HOSTS].claim("a", "attempt-1"), range(20)))

    assert sum(won) == 1
    assert hosts[0].claim("a", "attempt-1") is False
    assert hosts[0].claim("a", "attempt-2") is True
    assert hosts[0].claim("b", "attempt-1") is True
    assert hosts[0].find("a") is None


def test_an_error_in_a_step_changes_nothing(hosts: list[Any]) -> None:
    """A step that refuses by an error leaves the record, and the record can be changed afterwards."""

    def refuse(_: Fields | None) -> tuple[Fields, int]:
        raise LookupError

    with pytest.raises(LookupError):
        hosts[0].change("a", refuse)

    assert hosts[0].change("a", one_more) == 1


def test_storage_that_is_away_is_told() -> None:
    """Where storage does not answer, nothing is let through. Threat 65."""
    with held_ports(1) as (port,):
        away = f"DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;TableEndpoint=http://127.0.0.1:{port}/a;"
        records = TableRecords(Table(away, "Records"))

        for ask in (lambda: records.find("a"), lambda: records.claim("a", "b"), lambda: records.change("a", one_more)):
            with pytest.raises(StorageError):
                ask()


def test_what_is_forgotten_was_never_there(hosts: list[Any]) -> None:
    """Forgetting takes a record with all its claims, leaves others, and may be done twice. Threat 77."""
    for name in ("a", "b"):
        hosts[0].change(name, one_more)
        hosts[0].claim(name, "attempt-1")

    for _ in range(2):
        hosts[0].forget("a")

    assert hosts[1].find("a") is None
    assert hosts[1].claim("a", "attempt-1") is True
    assert hosts[1].find("b") is not None
    assert hosts[1].claim("b", "attempt-1") is False


def test_records_go_when_they_say_so(hosts: list[Any]) -> None:
    """A record whose `keepUntil` is past is forgotten; one without it, or of later, stays."""
    for name, until in (("past", 1_768_000_000_000), ("now", 1_768_000_000_001), ("later", 253_370_764_800_000)):
        hosts[0].change(name, lambda _, until=until: ({"keepUntil": until}, None))
    hosts[0].change("always", one_more)

    forgotten = hosts[0].forget_before(1_768_000_000_001, most=10)

    assert forgotten == 1
    assert [hosts[1].find(name) is None for name in ("past", "now", "later", "always")] == [True, False, False, False]
