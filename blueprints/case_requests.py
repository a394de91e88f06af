"""Reads what requests about cases say beside their bodies: the id, the version looked at, the filters of the list."""

import re

import azure.functions as func

from blueprints.problems import UnknownResourceError
from domain.case_list import PAGE, PAGE_MOST, PLACE, CaseQuery
from domain.case_refusals import PreconditionRequiredError
from domain.cases import CaseState
from domain.errors import PayloadError
from domain.refund import ID, CaseAction

DECIDED = "decided"  # as a status to look for: every one but pending_approval
_CASE_ID = re.compile("case_[0-9a-f]{32}")
_ETAG = re.compile('"([1-9][0-9]{0,8})"')
_NUMBER = re.compile("[1-9][0-9]{0,2}")


def case_id_of(req: func.HttpRequest) -> str:
    """Return the id in the route; what cannot be one is not found."""
    found = req.route_params.get("caseId") or ""
    if not _CASE_ID.fullmatch(found):
        raise no_case()
    return found


def no_case() -> UnknownResourceError:
    """Return what is said of a case that is unknown, and of one that is somebody else's: the same."""
    return UnknownResourceError("there is no such case")


def version_of(req: func.HttpRequest) -> int:
    """Return the version that the caller looked at."""
    told = req.headers.get("If-Match")
    if told is None:
        message = "expected If-Match with the ETag of the case that was looked at"
        raise PreconditionRequiredError(message)
    found = _ETAG.fullmatch(told.strip())
    if not found:
        message = 'If-Match is no ETag of a case, such as "1"'
        raise PayloadError(message)
    return int(found[1])


def query_of(req: func.HttpRequest, *, only_of: str | None) -> CaseQuery:
    """Return which cases are wanted; those of others only where *only_of* is None."""
    params = req.params
    is_decided = params.get("status") == DECIDED
    status = None if is_decided else params.get("status")
    return CaseQuery(
        state=CaseState(_one_of(status, "status", CaseState)) if status else None,
        is_decided=is_decided,
        action=CaseAction(_one_of(params.get("action"), "action", CaseAction)) if params.get("action") else None,
        customer_id=only_of,
        text=_matching(params.get("q"), "q", ID),
        limit=_limit(params.get("limit")),
        after=_matching(params.get("cursor"), "cursor", PLACE),
    )


def _one_of(value: str, name: str, known: type[CaseState] | type[CaseAction]) -> str:
    if value not in set(known):
        message = f"{name} is none of {', '.join(known)}"
        raise PayloadError(message)
    return value


def _matching(value: str | None, name: str, pattern: str) -> str | None:
    if value and not re.fullmatch(pattern, value, re.ASCII):
        message = f"{name} has not the expected form"
        raise PayloadError(message)
    return value or None


def _limit(value: str | None) -> int:
    if not value:
        return PAGE
    if not _NUMBER.fullmatch(value) or int(value) > PAGE_MOST:
        message = f"limit is no whole number from 1 to {PAGE_MOST}"
        raise PayloadError(message)
    return int(value)
