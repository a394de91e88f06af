"""How a case is spread over the rows of its partition, and read back from them.

`case` says where the case stands, `decision` what was decided, `audit:…` what happened, in order; `notice:…` what the
customer was told and `retry:…` what is to be tried anew. Rows of one partition can be written in one transaction.
"""

from __future__ import annotations

from typing import Any, Final

from domain.case_list import AuditEntry
from domain.cases import DECISIONS, CaseChange, CaseRecord, CaseState, Standing
from domain.refund import RefundCase

CASE: Final = "case"
DECISION: Final = "decision"
AUDIT: Final = "audit"
US: Final = "countersign"  # who did what no person did


def case_row(record: CaseRecord, *, key: str = CASE) -> dict[str, Any]:
    """Return *record* as a row."""
    change = record.change
    keys = {"PartitionKey": change.case.case_id, "RowKey": key}
    times = {"createdAt": record.created_at, "changedAt": change.at, "dueAt": change.due_at}
    desk = {"route": change.route, "routeDueAt": change.route_due_at, "version": record.version}
    return keys | change.case.to_payload() | change.standing.to_payload() | times | desk


def record_in(row: dict[str, Any]) -> CaseRecord:
    """Return the record that *row* holds."""
    change = CaseChange(
        case=RefundCase.from_payload(row),
        standing=Standing.from_payload(row),
        at=row["changedAt"],
        due_at=row["dueAt"],
        route=row["route"],
        route_due_at=row["routeDueAt"],
    )
    return CaseRecord(change=change, created_at=row["createdAt"], version=row["version"])


def change_row(record: CaseRecord) -> dict[str, Any]:
    """Return the row of the audit trail for the change that made *record* what it is."""
    return audit_row(record.case.case_id, change_entry(record), version=record.version, rank=0)


def audit_row(case_id: str, entry: AuditEntry, *, version: int, rank: int = 1) -> dict[str, Any]:
    """Return *entry* as a row that comes after all rows of versions before *version*."""
    return {
        "PartitionKey": case_id,
        "RowKey": f"{AUDIT}:{version:08}:{rank}:{entry.what}",
        "at": entry.at,
        "who": entry.who,
        "what": entry.what,
        "route": entry.route,
        "detail": entry.detail,
    }


def entry_in(row: dict[str, Any]) -> AuditEntry:
    """Return the entry of the audit trail that *row* holds."""
    return AuditEntry(at=row["at"], who=row["who"], what=row["what"], route=row.get("route"), detail=row.get("detail"))


def change_entry(record: CaseRecord) -> AuditEntry:
    """Return what the audit trail says about the change that made *record* what it is."""
    change, standing = record.change, record.standing
    who, what = US, standing.state.value
    if standing.state is CaseState.PENDING_APPROVAL:
        who, what = (record.case.customer_id, "opened") if record.version == 1 else (US, "handed_over")
    elif standing.state in DECISIONS:
        who = standing.decided_by or US
    detail = standing.comment if standing.state in DECISIONS else None
    return AuditEntry(at=change.at, who=who, what=what, route=change.route, detail=detail or _reason(standing))


def _reason(standing: Standing) -> str | None:
    return standing.resolution.value if standing.resolution and standing.state in DECISIONS else None
