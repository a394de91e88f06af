"""The part of the description of our API that is about cases."""

from typing import Final

from pydantic import BaseModel

from blueprints.case_models import (
    AuditAnswer,
    CaseAnswer,
    CasesAnswer,
    DecisionRequest,
    FileRequest,
    ResolutionAnswer,
    RetryAnswer,
)
from blueprints.case_requests import DECIDED
from blueprints.description_parts import BODY, ETAG, IDEMPOTENCY_KEY, NOT_SIGNED_IN, Json, in_path, operation
from domain.case_list import PAGE, PAGE_MOST, PLACE
from domain.cases import CaseState
from domain.refund import ID, CaseAction

CASE_MODELS: Final[tuple[type[BaseModel], ...]] = (
    FileRequest,
    DecisionRequest,
    CaseAnswer,
    CasesAnswer,
    AuditAnswer,
    ResolutionAnswer,
    RetryAnswer,
)
_KEY: Final = "signedIn"
_WHO: Final = (NOT_SIGNED_IN, "forbidden")
_ORDER: Final = ("order_not_found", "currency_mismatch", "amount_exceeds_refundable")
_ONE: Final = "/api/cases/{caseId}"
_CASE_ID: Final = in_path("caseId", "case")
_IF_MATCH: Final[Json] = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": "The ETag of the case as it was looked at.",
    "schema": {"type": "string", "pattern": ETAG},
    "example": '"1"',
}


def case_paths() -> Json:
    """Describe the routes for cases, for whoever the platform signed in."""
    return {
        "/api/cases": {
            "post": operation(
                "FileCase",
                "File a case about an order of one's own.",
                answers={201: CaseAnswer},
                codes=(*BODY, *_WHO, *_ORDER, "idempotency_key_reused"),
                body=FileRequest,
                key=_KEY,
                parameters=(IDEMPOTENCY_KEY,),
            ),
            "get": operation(
                "ListCases",
                "List the cases that one may see, newest first.",
                answers={200: CasesAnswer},
                codes=("invalid_request", *_WHO),
                key=_KEY,
                parameters=_FILTERS,
            ),
        },
        _ONE: _of_one("get", "GetCase", "See a case.", CaseAnswer),
        f"{_ONE}/audit": _of_one("get", "GetCaseAudit", "See all that happened to a case.", AuditAnswer),
        f"{_ONE}/approve": _decision("ApproveCase", "Approve a case."),
        f"{_ONE}/reject": _decision("RejectCase", "Reject a case."),
        f"{_ONE}/retry-refund": {
            "parameters": [_CASE_ID],
            "post": operation(
                "RetryRefund",
                "Have a failed payment tried anew.",
                answers={202: RetryAnswer},
                codes=(*_WHO, "not_found", "not_retryable"),
                key=_KEY,
            ),
        },
    }


def _of_one(method: str, name: str, summary: str, answer: type[BaseModel]) -> Json:
    shown = operation(name, summary, answers={200: answer}, codes=(*_WHO, "not_found"), key=_KEY)
    return {"parameters": [_CASE_ID], method: shown}


def _decision(name: str, summary: str) -> Json:
    decided = operation(
        name,
        summary,
        answers={200: CaseAnswer},
        codes=(*BODY, *_WHO, "self_approval", "not_found", "already_decided", "stale_version", "precondition_required"),
        body=DecisionRequest,
        key=_KEY,
        parameters=(_IF_MATCH, IDEMPOTENCY_KEY),
    )
    return {"parameters": [_CASE_ID], "post": decided}


def _filter(name: str, description: str, schema: Json) -> Json:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}


_FILTERS: Final = (
    _filter("status", f"`{DECIDED}` is every one but `pending_approval`.", {"enum": [*CaseState, DECIDED]}),
    _filter("action", "What is done once a case is approved.", {"enum": [*CaseAction]}),
    _filter("q", "An order or customer id, or the start of a case id.", {"type": "string", "pattern": f"^{ID}$"}),
    _filter("limit", "Of the page.", {"type": "integer", "minimum": 1, "maximum": PAGE_MOST, "default": PAGE}),
    _filter("cursor", "The `nextCursor` of the page before.", {"type": "string", "pattern": f"^{PLACE}$"}),
)
