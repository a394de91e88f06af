"""The pieces of which the description of our API is made: operations, answers, and problems by their codes."""

from typing import Any, Final

from pydantic import BaseModel

from blueprints.case_models import CaseAnswer
from blueprints.problems import PROBLEMS, UNEXPECTED, Problem
from blueprints.verification_models import PendingAnswer
from domain.case_refusals import NotSignedInError

Json = dict[str, Any]

ETAG: Final = '^"[1-9][0-9]{0,8}"$'
REF: Final = "#/components/schemas/{model}"
BODY: Final = ("invalid_request", "body_too_large", "unsupported_media_type")
NOT_SIGNED_IN: Final = "not_signed_in"  # stands for the code `unauthorized` where no token is asked for
_ALWAYS: Final = ("not_configured", "storage_unavailable")
_WITH_RETRY_AFTER: Final = frozenset({429, 503})
_RETRY_AFTER: Final[Json] = {
    "Retry-After": {"required": True, "schema": {"type": "integer", "minimum": 1}, "description": "In seconds."}
}
_ETAG: Final[Json] = {
    "ETag": {"required": True, "schema": {"type": "string", "pattern": ETAG}, "description": "What If-Match wants."}
}
_HEADERS: Final[dict[type[BaseModel], Json]] = {PendingAnswer: _RETRY_AFTER, CaseAnswer: _ETAG}
IDEMPOTENCY_KEY: Final[Json] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "For a day, the same key means the same request.",
    "schema": {"type": "string", "pattern": "^[!-~]{1,200}$"},
}


def operation(  # noqa: PLR0913  what an operation has
    name: str,
    summary: str,
    *,
    answers: dict[int, type[BaseModel]],
    codes: tuple[str, ...],
    body: type[BaseModel] | None = None,
    key: str = "token",
    parameters: tuple[Json, ...] = (),
) -> Json:
    """Describe one operation: its answers, and the problems by their codes."""
    described: Json = {
        "operationId": name,
        "summary": summary,
        "security": [{key: []}],
        "responses": {str(status): _answer(model) for status, model in answers.items()} | _problems((*codes, *_ALWAYS)),
    }
    if body is not None:
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": _ref(body)}}}
    if parameters:
        described["parameters"] = list(parameters)
    return described


def in_path(name: str, prefix: str) -> Json:
    """Describe an id in a path, which begins with *prefix*."""
    schema = {"type": "string", "pattern": f"^{prefix}_[0-9a-f]{{32}}$"}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def problem_schema() -> Json:
    """Describe what every problem says."""
    return {
        "type": "object",
        "description": "What is wrong; `code` is stable and meant for programs.",
        "required": ["type", "title", "status", "code"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "code": {"enum": sorted({problem.code for problem in (*PROBLEMS.values(), UNEXPECTED)})},
            "detail": {"type": "string"},
            "state": {"type": "string", "description": "How the verification stands that takes no more answers."},
            "decision": {"description": "The decision that stands.", "$ref": REF.format(model="ResolutionAnswer")},
        },
        "additionalProperties": False,
    }


def _answer(model: type[BaseModel]) -> Json:
    answer: Json = {
        "description": (model.__doc__ or "").strip(),
        "content": {"application/json": {"schema": _ref(model)}},
    }
    return answer | ({"headers": _HEADERS[model]} if model in _HEADERS else {})


def _problems(codes: tuple[str, ...]) -> Json:
    """Describe the problems with these codes, those of one status together."""
    by_status: dict[int, list[Problem]] = {}
    for code in codes:
        problem = _KNOWN[code]
        by_status.setdefault(problem.status, []).append(problem)
    return {str(status): _problem_answer(problems) for status, problems in sorted(by_status.items())}


def _problem_answer(problems: list[Problem]) -> Json:
    told = " ".join(f"`{problem.code}`: {problem.title}" for problem in problems)
    answer: Json = {
        "description": told,
        "content": {"application/problem+json": {"schema": {"$ref": REF.format(model="Problem")}}},
    }
    if problems[0].status in _WITH_RETRY_AFTER:
        answer["headers"] = _RETRY_AFTER
    return answer


def _ref(model: type[BaseModel]) -> Json:
    return {"$ref": REF.format(model=model.__name__)}


_KNOWN: Final = {
    **{problem.code: problem for kind, problem in PROBLEMS.items() if kind is not NotSignedInError},
    NOT_SIGNED_IN: PROBLEMS[NotSignedInError],
}
