"""Put on record that nobody decided a case in time, unless somebody did."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from activities.record_decision import record_decision
from domain.cases import CaseState, Resolution, Standing

if TYPE_CHECKING:
    from domain.cases import CaseChange
    from domain.ports import Cases


def close_if_due(change: CaseChange, *, cases: Cases) -> dict[str, Any]:
    """Answer as `record_decision` does, for the timeout. The flow calls it once the time is over, by its own clock."""
    timeout = Standing(
        state=CaseState.REJECTED,
        resolution=Resolution.TIMEOUT,
        decided_by=Resolution.TIMEOUT.value,
        decided_at=change.at,
        decided_on=change.route,
    )
    return record_decision(replace(change, standing=timeout), cases=cases)
