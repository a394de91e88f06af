"""Write down where a case stands."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from domain.cases import CaseState, Resolution, Standing
from domain.errors import ConflictError, StorageError

if TYPE_CHECKING:
    from domain.cases import CaseChange
    from domain.ports import Cases, Clock, Reservations

logger = logging.getLogger(__name__)

_LAPSED = Standing(state=CaseState.REJECTED, resolution=Resolution.LAPSED)


def update_case(change: CaseChange, *, cases: Cases, clock: Clock, reservations: Reservations | None) -> dict[str, Any]:
    """Return `done` and where the case stands now, `retry`, or `refused` if the id belongs to another case.

    With *reservations*, opening a case makes its sum firm, or rejects the case if the order no longer has it; and a
    rejection gives the sum back. A second run finds what the first wrote, writes nothing and answers the same.
    """
    facts = {"instance_id": change.case.case_id, "state": change.standing.state.value}
    try:
        standing = _written(change, cases, clock, reservations) if reservations else cases.advance(change)
    except StorageError:
        logger.warning("case could not be written", extra=facts)
        return {"outcome": "retry"}
    except ConflictError:
        logger.error("case id belongs to another case", extra=facts)  # noqa: TRY400  the trace would hold its facts
        return {"outcome": "refused"}
    logger.info("case stands", extra=facts | {"state": standing.state.value})
    return {"outcome": "done", **standing.to_payload()}


def _written(change: CaseChange, cases: Cases, clock: Clock, reservations: Reservations) -> Standing:
    is_opening = change.standing.state is CaseState.PENDING_APPROVAL
    if is_opening and not reservations.make_firm(change.case, now=clock.now()):
        change = replace(change, standing=_LAPSED)
    standing = cases.advance(change)
    if standing.state is CaseState.REJECTED:
        reservations.free(change.case)
    return standing
