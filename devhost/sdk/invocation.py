"""The invocation context that a function gets if it has a parameter called ``context`` which no binding claims."""

from __future__ import annotations

import secrets
import threading
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import azure.functions as func

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Trace:
    """The distributed trace of a call: one of its own, in the form of the W3C, which devhost sends nowhere."""

    trace_parent: str
    trace_state: str = ""
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Retries:
    """How often the host has retried a call: never, durable functions are retried by orchestrators."""

    retry_count: int = 0
    max_retry_count: int = 0
    exception: None = None


class Invocation(func.Context):
    """One call of one function; each has an id of its own."""

    def __init__(self, function_name: str, directory: Path) -> None:
        self._id = str(uuid.uuid4())
        self._name = function_name
        self._directory = str(directory)
        self._local = threading.local()
        self._local.invocation_id = self._id
        self._trace = Trace(trace_parent=f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00")

    @property
    def invocation_id(self) -> str:
        """The id of this call."""
        return self._id

    @property
    def thread_local_storage(self) -> Any:  # noqa: ANN401  declared as a type, though it is an instance
        """Where code in threads of its own puts the invocation id, so that its logs are filed rightly."""
        return self._local

    @property
    def function_name(self) -> str:
        """The name of the function."""
        return self._name

    @property
    def function_directory(self) -> str:
        """Where the app's files are."""
        return self._directory

    @property
    def trace_context(self) -> Any:  # noqa: ANN401  its class is private to azure.functions
        """The distributed trace that the call belongs to."""
        return self._trace

    @property
    def retry_context(self) -> Any:  # noqa: ANN401  its class is private to azure.functions
        """How often the host has retried the call."""
        return Retries()
