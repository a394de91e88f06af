"""A case that a flow looks after: its limits, its desks with their deadlines, and how it is written down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from domain.cases import CaseChange, CaseState, Resolution, Standing
from domain.errors import PayloadError
from domain.payloads import fields_of, stamp
from domain.refund import CaseLimits, RefundCase
from domain.routes import Route
from orchestrators.context import input_of
from orchestrators.trying import tried

if TYPE_CHECKING:
    from collections.abc import Generator
    from datetime import datetime

    from orchestrators.context import Context

PENDING: Final = Standing(state=CaseState.PENDING_APPROVAL)
MALFORMED: Final = Standing(state=CaseState.REJECTED, resolution=Resolution.MALFORMED)
UNANSWERED: Final = Standing(state=CaseState.REJECTED, resolution=Resolution.TIMEOUT)
ONLY_ROUTE: Final = "team"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where a case lies, from when, and until when."""

    route: str
    since: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseCare:
    """One case, from the first turn to the last."""

    context: Context
    case: RefundCase
    limits: CaseLimits
    desks: tuple[Desk, ...]

    @property
    def due_at(self) -> datetime:
        """When the case ends if nobody decides it."""
        return self.desks[-1].due_at

    def change(self, standing: Standing, desk: Desk) -> CaseChange:
        """Return *standing* as a change that is made now."""
        return CaseChange(
            case=self.case,
            standing=standing,
            at=stamp(self.context.current_utc_datetime),
            due_at=stamp(self.due_at),
            route=desk.route,
            route_due_at=stamp(desk.due_at),
        )


def case_care(context: Context) -> CaseCare | None:
    """Read the input; None if it is no case, or one that has another instance."""
    try:
        fields = fields_of(input_of(context))
        case, limits = RefundCase.from_payload(fields), CaseLimits.from_payload(fields)
    except PayloadError:
        return None
    if case.case_id != context.instance_id:
        return None
    return CaseCare(context=context, case=case, limits=limits, desks=_desks(context.current_utc_datetime, limits))


def written(care: CaseCare, wanted: Standing, desk: Desk | None = None) -> Generator[Any, Any, Standing]:
    """Write down where the case is to stand, and return where it does: whoever was first to decide it, decided it.

    If nothing can be written for too long, the case goes on as wanted: a decision is never undone by storage.
    """
    show(care.context, wanted, due_at=care.due_at)
    change = care.change(wanted, desk or care.desks[-1])
    payload = change.to_payload() | {"isReserved": care.limits.is_reserved}
    answer = yield from tried(care.context, "UpdateCase", payload, within=care.limits.retry_within)
    if answer is None:
        return wanted
    standing = Standing.from_payload(answer) if answer["outcome"] == "done" else MALFORMED
    show(care.context, standing, due_at=care.due_at)
    return standing


def show(context: Context, standing: Standing, *, due_at: datetime | None) -> None:
    """Tell the world where the case stands."""
    resolution = standing.resolution.value if standing.resolution else None
    due = stamp(due_at) if due_at else None
    context.set_custom_status({"state": standing.state.value, "resolution": resolution, "dueAt": due})


def _desks(now: datetime, limits: CaseLimits) -> tuple[Desk, ...]:
    desks = []
    for route in limits.routes or (Route(name=ONLY_ROUTE, within=limits.decide_within),):
        desks.append(Desk(route=route.name, since=now, due_at=now + route.within))
        now = desks[-1].due_at
    return tuple(desks)
