"""Notices and completions as messages on Azure Storage queues, from where they go on to people and programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.case_list import AuditEntry
from providers.case_rows import US
from providers.case_tables import write_once

if TYPE_CHECKING:
    from domain.completions import Completion
    from domain.notices import ApproverNotice, CustomerNotice
    from providers.queues import Queue
    from providers.tables import Table


class QueuedNotices:
    """What customers are told: kept with the case, then sent."""

    def __init__(self, table: Table, queue: Queue) -> None:
        """Keep notices in *table* and send them by *queue*."""
        self._table = table
        self._queue = queue

    def tell(self, notice: CustomerNotice) -> None:
        """Write a notice down once, and send it by its id."""
        row = {"PartitionKey": notice.case_id, "RowKey": f"notice:{notice.state}"} | notice.to_payload()
        entry = AuditEntry(at=notice.at, who=US, what="customer_told", detail=notice.state.value)
        write_once(self._table, row, entry)
        self._queue.put({"id": notice.id} | notice.to_payload())


class QueuedApproverNotices:
    """What approvers are told: the case, and where to decide it."""

    def __init__(self, queue: Queue, base_url: str | None) -> None:
        """Send by *queue*; links lead to *base_url*, or say only the path."""
        self._queue = queue
        self._base_url = base_url or ""

    def ask(self, notice: ApproverNotice) -> None:
        """Send a notice by its id."""
        case_id = notice.case.case_id
        facts = {name: value for name, value in notice.to_payload().items() if name != "case"}
        about = notice.case.to_payload() | {"link": f"{self._base_url}/dashboard#/cases/{case_id}"}
        kind = "request" if notice.number == 1 else "reminder"
        self._queue.put({"id": notice.id, "kind": kind} | about | facts)


class QueuedCompletions:
    """Completions as CloudEvents."""

    def __init__(self, queue: Queue) -> None:
        """Publish to *queue*."""
        self._queue = queue

    def publish(self, completion: Completion) -> None:
        """Publish a completion by its id."""
        self._queue.put(completion.to_payload())
