"""One Azure table, seen through a few verbs: the storage SDK's words, errors and waits stay in here."""

from __future__ import annotations

import logging
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from domain.errors import SettingError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# One call lasts 20 s at the worst; the flow has patience, a worker's thread has not.
CONNECT_SECONDS: Final = 3
READ_SECONDS: Final = 5
_CLIENT_OPTIONS: Final = {
    "connection_timeout": CONNECT_SECONDS,
    "read_timeout": READ_SECONDS,
    "retry_total": 1,
    "retry_backoff_factor": 0.2,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One write of a transaction: by its kind, a new row, a row over the one with *etag*, over any, or none at all."""

    kind: str  # insert, replace, put, delete
    row: Mapping[str, Any]
    etag: str | None = None


class Table:
    """A table that is made at first use. Every method raises `StorageError` when storage is away or refuses."""

    def __init__(self, connection_string: str, name: str) -> None:
        """Remember where the table is; nothing is connected yet."""
        from azure.data.tables import TableClient  # noqa: PLC0415  the SDK loads at first use

        requests = logging.getLogger("providers.tables.requests")
        requests.setLevel(logging.WARNING)  # else the SDK logs twenty lines a request
        self._name = name
        self._is_made = False
        try:
            self._client = TableClient.from_connection_string(
                connection_string, name, logger=requests, **_CLIENT_OPTIONS
            )
        except ValueError:
            message = "Setting AzureWebJobsStorage is malformed; expected the connection string of a storage account."
            raise SettingError(message) from None

    def find(self, partition: str, row: str) -> dict[str, Any] | None:
        """Return a row's values, `etag` among them, or None if there is no such row."""
        from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415  the SDK loads at first use

        with self._errors_are_ours():
            try:
                found = self._client.get_entity(partition, row)
            except ResourceNotFoundError as error:
                if _lacks_table(error):
                    raise
                return None
            return {name: _plain(value) for name, value in found.items()} | {"etag": found.metadata["etag"]}

    def insert(self, row: Mapping[str, Any]) -> bool:
        """Write a row unless there is one with its keys, and say whether it was written."""
        from azure.core.exceptions import ResourceExistsError  # noqa: PLC0415  the SDK loads at first use

        with self._errors_are_ours():
            try:
                self._client.create_entity(_stored(row))
            except ResourceExistsError:
                return False
            return True

    def replace(self, row: Mapping[str, Any], *, etag: str) -> bool:
        """Write a row over the one with *etag*, and say whether that one still stood."""
        from azure.core import MatchConditions  # noqa: PLC0415  the SDK loads at first use
        from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError  # noqa: PLC0415  likewise
        from azure.data.tables import UpdateMode  # noqa: PLC0415  likewise

        with self._errors_are_ours():
            try:
                self._client.update_entity(
                    _stored(row), mode=UpdateMode.REPLACE, etag=etag, match_condition=MatchConditions.IfNotModified
                )
            except ResourceModifiedError:
                return False
            except ResourceNotFoundError as error:
                if _lacks_table(error):
                    raise
                return False
            return True

    def select(self, wanted: str, values: Mapping[str, Any], *, most: int) -> list[dict[str, Any]]:
        """Return the first rows that fit the filter *wanted*, in which ``@name`` means one of *values*."""
        with self._errors_are_ours():
            found = self._client.query_entities(wanted, parameters=dict(values), results_per_page=most)
            return [
                {name: _plain(value) for name, value in row.items()} | {"etag": row.metadata["etag"]}
                for row in islice(found, most)
            ]

    def commit(self, writes: Sequence[Write]) -> bool:
        """Do all *writes* of one partition or none, and say whether each row was as it had to be."""
        from azure.core.exceptions import HttpResponseError  # noqa: PLC0415  the SDK loads at first use

        with self._errors_are_ours():
            try:
                self._client.submit_transaction([_operation(write) for write in writes])
            except HttpResponseError as error:
                if error.status_code not in _NOT_AS_IT_HAD_TO_BE or _lacks_table(error):
                    raise
                return False
            return True

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    @contextmanager
    def _errors_are_ours(self) -> Iterator[None]:
        from azure.core.exceptions import AzureError, ResourceExistsError  # noqa: PLC0415  the SDK loads at first use

        try:
            if not self._is_made:
                with suppress(ResourceExistsError):
                    self._client.create_table()
                self._is_made = True
            yield
        except AzureError as error:
            if _lacks_table(error):
                self._is_made = False
            message = f"table {self._name} could not be used: {type(error).__name__}"
            raise StorageError(message) from error


_NOT_AS_IT_HAD_TO_BE: Final = frozenset({404, 409, 412})


def _operation(write: Write) -> Any:  # noqa: ANN401  the SDK takes tuples of several shapes
    """Return *write* as the SDK wants it in a transaction."""
    from azure.core import MatchConditions  # noqa: PLC0415  the SDK loads at first use
    from azure.data.tables import UpdateMode  # noqa: PLC0415  likewise

    row = _stored(write.row)
    match write.kind:
        case "insert":
            return ("create", row)
        case "put":
            return ("upsert", row, {"mode": UpdateMode.REPLACE})
        case "replace":
            matches = {"etag": write.etag, "match_condition": MatchConditions.IfNotModified}
            return ("update", row, {"mode": UpdateMode.REPLACE, **matches})
        case _ if write.etag:
            return ("delete", row, {"etag": write.etag, "match_condition": MatchConditions.IfNotModified})
        case _:
            return ("delete", row)


def _lacks_table(error: Exception) -> bool:
    """Say whether the whole table is gone, as after a restart of an emulator that keeps all in memory."""
    return "TableNotFound" in str(error)  # the SDK sets no code where an insert failed


def _stored(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return *row* as the SDK wants it: whole numbers with 64 bits, and nothing for None."""
    from azure.data.tables import EdmType, EntityProperty  # noqa: PLC0415  the SDK loads at first use

    def wide(value: object) -> object:
        return EntityProperty(value, EdmType.INT64) if type(value) is int else value

    return {name: wide(value) for name, value in row.items() if value is not None}


def _plain(value: object) -> object:
    """Take a whole number out of the SDK's wrapping."""
    from azure.data.tables import EntityProperty  # noqa: PLC0415  the SDK loads at first use

    return value.value if isinstance(value, EntityProperty) else value
