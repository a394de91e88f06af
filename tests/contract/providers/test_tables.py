"""What a table does when storage is not as it ought to be."""

from __future__ import annotations

import logging
import secrets
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from domain.errors import SettingError, StorageError
from providers.tables import Table
from tools.processes import held_ports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROW = {"PartitionKey": "p", "RowKey": "r", "amount": 1, "comment": None}
VERBS: list[Callable[[Table], object]] = [
    lambda table: table.find("p", "r"),
    lambda table: table.insert(ROW),
    lambda table: table.replace(ROW, etag='W/"1"'),
]


@pytest.fixture
def table(azurite: str) -> Iterator[Table]:
    """A table that nobody has used yet."""
    with closing(Table(azurite, f"Table{secrets.token_hex(8)}")) as table:
        yield table


def test_a_row_is_inserted_once(table: Table) -> None:
    """The second insert of the same keys changes nothing and says so; None is no value."""
    first = table.insert(ROW)

    second = table.insert(ROW | {"amount": 2})

    row = table.find("p", "r")
    assert (first, second) == (True, False)
    assert row is not None
    assert row["amount"] == 1
    assert "comment" not in row


def test_a_row_that_changed_meanwhile_is_not_replaced(table: Table) -> None:
    """Of two who read the same row, the first to write wins."""
    table.insert(ROW)
    read = table.find("p", "r")
    assert read is not None
    etag = read["etag"]

    outcomes = [table.replace(ROW | {"amount": amount}, etag=etag) for amount in (2, 3)]

    row = table.find("p", "r")
    assert outcomes == [True, False]
    assert row is not None
    assert row["amount"] == 2


def test_a_row_that_is_gone_is_not_replaced(table: Table) -> None:
    """A row must be there to be replaced."""
    table.find("p", "r")

    assert not table.replace(ROW, etag="W/\"datetime'2026-01-15T10%3A00%3A00.0000000Z'\"")


@pytest.mark.parametrize("verb", VERBS)
def test_storage_that_is_away_is_our_error(verb: Callable[[Table], object]) -> None:
    """Nobody outside of the provider meets an error of the storage SDK (threat 65)."""
    with held_ports(1) as (port,):
        away = (
            "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=a2V5;"
            f"TableEndpoint=http://127.0.0.1:{port}/devstoreaccount1;"
        )
        with closing(Table(away, "Cases")) as table, pytest.raises(StorageError, match="table Cases could not be used"):
            verb(table)


@pytest.mark.parametrize("verb", VERBS[:2])
def test_a_table_that_vanished_is_made_again(azurite: str, verb: Callable[[Table], object]) -> None:
    """One call fails, and the next finds an empty table, as after a restart of an emulator in memory."""
    name = f"Table{secrets.token_hex(8)}"
    with closing(Table(azurite, name)) as table:
        table.insert(ROW)
        table._client.delete_table()

        with pytest.raises(StorageError):
            verb(table)

        assert table.find("p", "r") is None


def test_requests_are_not_logged(table: Table, caplog: pytest.LogCaptureFixture) -> None:
    """Addresses hold the ids of orders and customers, and one line a call is enough."""
    caplog.set_level(logging.INFO)

    table.insert(ROW)

    assert caplog.records == []


@pytest.mark.parametrize("text", ["nonsense", "AccountName=x;Other=y"])
def test_a_malformed_connection_string_names_its_setting(text: str) -> None:
    """The error names the setting and never its value, which holds a key."""
    with pytest.raises(SettingError, match="AzureWebJobsStorage") as error:
        Table(text, "Cases")

    assert text not in str(error.value)
