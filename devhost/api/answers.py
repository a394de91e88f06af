"""The shapes of the management API's answers: JSON bodies, empty ones, and the host's error objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devhost import json_text
from devhost.sdk.http import Outgoing

if TYPE_CHECKING:
    from collections.abc import Sequence

_JSON = ("Content-Type", "application/json; charset=utf-8")
STORAGE_PROBLEM = "An error occurred while communicating with Azure Storage"
STORAGE_ERROR = "DurableTask.AzureStorage.Storage.DurableTaskStorageException"

_STACK = "   at devhost"  # the key is always there; what it holds is nobody's business


class RefusedError(Exception):
    """A request that is answered with `answer` instead of being carried out."""

    def __init__(self, answer: Outgoing) -> None:
        super().__init__(f"refused with {answer.status}")
        self.answer = answer


class ArgumentError(Exception):
    """An argument that the real host's own code refuses: 400 of the catch-all."""

    def __init__(self, text: str, kind: str = "System.ArgumentException") -> None:
        super().__init__(text)
        self.kind = kind


class OperationError(Exception):
    """What the real host's own code cannot do: 500 of the catch-all."""

    def __init__(self, text: str, kind: str = "System.InvalidOperationException") -> None:
        super().__init__(text)
        self.kind = kind


def empty(status: int, headers: Sequence[tuple[str, str]] = ()) -> Outgoing:
    """Return an answer without a body."""
    return Outgoing(status=status, headers=headers)


def json_answer(status: int, value: Any, headers: Sequence[tuple[str, str]] = ()) -> Outgoing:  # noqa: ANN401  any JSON value
    """Return an answer with a JSON body."""
    return Outgoing(status=status, headers=[_JSON, *headers], body=json_text.compact(value).encode())


def message(status: int, text: str) -> Outgoing:
    """Return an error object that holds only a message."""
    return json_answer(status, {"Message": text})


def failure(status: int, text: str, error_text: str, kind: str) -> Outgoing:
    """Return an error object with an exception."""
    body = {"Message": text, "ExceptionMessage": error_text, "ExceptionType": kind, "StackTrace": _STACK}
    return json_answer(status, body)


def invalid_json(error_text: str) -> Outgoing:
    """Return the answer to a body that is not JSON."""
    return failure(400, "Invalid JSON content", error_text, "Newtonsoft.Json.JsonReaderException")


def wrong_argument(error: ArgumentError) -> Outgoing:
    """Return the catch-all for arguments."""
    return failure(400, "One or more of the arguments submitted is incorrect", str(error), error.kind)


def went_wrong(error_text: str, kind: str) -> Outgoing:
    """Return the catch-all for everything else."""
    return failure(500, "Something went wrong while processing your request", error_text, kind)


def not_here(what: str, row: str) -> Outgoing:
    """Return the answer to a request for something that devhost does not do."""
    return message(501, f"devhost does not {what}: see PARITY.md, row {row}.")
