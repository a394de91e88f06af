"""What a program brings along that hosts an app within itself, such as a test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from devhost.configuration import HostSettings
    from devhost.engine.worker import Worker
    from devhost.engine.writer import CommitObserver
    from devhost.sdk.functions import FunctionTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedding:
    """An app that is loaded already, what is to stand before its functions, and who hears of commits.

    The host then reads no file of the app. *grace* is how many seconds running work gets to end.
    """

    table: FunctionTable
    settings: HostSettings
    worker: Callable[[Worker], Worker]
    observer: CommitObserver
    grace: float
