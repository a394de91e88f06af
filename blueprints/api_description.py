"""The description of the user API in the terms of OpenAPI 3.1, made of the models that check and shape its bodies."""

from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from blueprints.problems import PROBLEMS, UNEXPECTED, Problem
from blueprints.verification_models import (
    CancelAnswer,
    CheckAnswer,
    CheckRequest,
    LockAnswer,
    LockRequest,
    PendingAnswer,
    ResendAnswer,
    StartAnswer,
    StartRequest,
    StatusAnswer,
)

Json = dict[str, Any]

_MODELS: Final[tuple[type[BaseModel], ...]] = (
    StartRequest,
    CheckRequest,
    LockRequest,
    StartAnswer,
    StatusAnswer,
    CheckAnswer,
    PendingAnswer,
    ResendAnswer,
    CancelAnswer,
    LockAnswer,
)
_REF: Final = "#/components/schemas/{model}"
_BODY: Final = ("invalid_request", "body_too_large", "unsupported_media_type")
_ALWAYS: Final = ("not_configured", "storage_unavailable")
_TOKEN: Final = ("unauthorized", "not_found")
_CLOSED: Final = ("not_ready", "verification_closed", "expired")
_NUMBER: Final = ("invalid_phone_number", "unsupported_destination")
_ONE: Final = "/api/verifications/{verificationId}"


def api_description(base_url: str | None) -> Json:
    """Return the description; *base_url* is where the app is reached from outside, if that is known."""
    _, schemas = models_json_schema([(model, "validation") for model in _MODELS], ref_template=_REF)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Countersign",
            "version": "1",
            "description": "Is this your phone? Sends a code by SMS and judges the answer.",
        },
        "servers": [{"url": base_url or "/"}],
        "paths": _paths(),
        "components": {
            "schemas": schemas["$defs"] | {"Problem": _problem_schema()},
            "securitySchemes": {
                "functionKey": {"type": "apiKey", "in": "header", "name": "x-functions-key"},
                "token": {"type": "http", "scheme": "bearer", "description": "The token from the start."},
            },
        },
    }


def _paths() -> Json:
    return {
        "/api/verifications": {
            "post": _operation(
                "StartVerification",
                "Send a code to a phone, and get the token for it.",
                answers={201: (StartAnswer,)},
                codes=(*_BODY, "forbidden", *_NUMBER, "idempotency_key_reused", "rate_limited", "sms_unavailable"),
                body=StartRequest,
                key="functionKey",
                parameters=[_IDEMPOTENCY_KEY],
            )
        },
        _ONE: {
            "parameters": [_VERIFICATION_ID],
            "get": _operation(
                "GetVerification",
                "See how a verification stands.",
                answers={200: (StatusAnswer,)},
                codes=_TOKEN,
            ),
        },
        f"{_ONE}/check": {
            "parameters": [_VERIFICATION_ID],
            "post": _operation(
                "CheckVerification",
                "Have one guess judged.",
                answers={200: (CheckAnswer,), 202: (PendingAnswer,)},
                codes=(*_BODY, "forbidden", *_TOKEN, *_CLOSED, "rate_limited"),
                body=CheckRequest,
            ),
        },
        f"{_ONE}/resend": {
            "parameters": [_VERIFICATION_ID],
            "post": _operation(
                "ResendVerification",
                "Have the same code sent once more.",
                answers={202: (ResendAnswer,)},
                codes=("forbidden", *_TOKEN, *_CLOSED, "resends_exhausted", "rate_limited"),
            ),
        },
        f"{_ONE}/cancel": {
            "parameters": [_VERIFICATION_ID],
            "post": _operation(
                "CancelVerification",
                "Give a verification up.",
                answers={200: (CancelAnswer,), 202: (PendingAnswer,)},
                codes=("forbidden", *_TOKEN, *_CLOSED),
            ),
        },
        "/api/locks/query": {"post": _lock("QueryLock", "See how often a phone was answered for wrongly.")},
        "/api/locks/lift": {"post": _lock("LiftLock", "Let a phone be answered for again.")},
    }


def _lock(name: str, summary: str) -> Json:
    return _operation(
        name,
        summary,
        answers={200: (LockAnswer,)},
        codes=(*_BODY, "forbidden", *_NUMBER),
        body=LockRequest,
        key="functionKey",
    )


def _operation(  # noqa: PLR0913  what an operation has
    name: str,
    summary: str,
    *,
    answers: dict[int, tuple[type[BaseModel], ...]],
    codes: tuple[str, ...],
    body: type[BaseModel] | None = None,
    key: str = "token",
    parameters: list[Json] | None = None,
) -> Json:
    """Describe one operation: its answers, and the problems by their codes."""
    operation: Json = {
        "operationId": name,
        "summary": summary,
        "security": [{key: []}],
        "responses": {str(status): _answer(models[0], status) for status, models in answers.items()}
        | _problems((*codes, *_ALWAYS)),
    }
    if body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": _ref(body)}}}
    if parameters:
        operation["parameters"] = parameters
    return operation


def _answer(model: type[BaseModel], status: int) -> Json:
    answer: Json = {
        "description": (model.__doc__ or "").strip(),
        "content": {"application/json": {"schema": _ref(model)}},
    }
    if model is PendingAnswer and status == _ACCEPTED:
        answer["headers"] = _RETRY_AFTER
    return answer


def _problems(codes: tuple[str, ...]) -> Json:
    """Describe the problems with these codes, those of one status together."""
    known = {problem.code: problem for problem in (*PROBLEMS.values(), UNEXPECTED)}
    by_status: dict[int, list[Problem]] = {}
    for code in codes:
        by_status.setdefault(known[code].status, []).append(known[code])
    return {str(status): _problem_answer(problems) for status, problems in sorted(by_status.items())}


def _problem_answer(problems: list[Problem]) -> Json:
    told = " ".join(f"`{problem.code}`: {problem.title}" for problem in problems)
    answer: Json = {
        "description": told,
        "content": {"application/problem+json": {"schema": {"$ref": _REF.format(model="Problem")}}},
    }
    if problems[0].status in _WITH_RETRY_AFTER:
        answer["headers"] = _RETRY_AFTER
    return answer


def _problem_schema() -> Json:
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
        },
        "additionalProperties": False,
    }


def _ref(model: type[BaseModel]) -> Json:
    return {"$ref": _REF.format(model=model.__name__)}


_ACCEPTED: Final = 202
_WITH_RETRY_AFTER: Final = frozenset({429, 503})
_RETRY_AFTER: Final[Json] = {
    "Retry-After": {"required": True, "schema": {"type": "integer", "minimum": 1}, "description": "In seconds."}
}
_IDEMPOTENCY_KEY: Final[Json] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "For a day, the same key means the same request.",
    "schema": {"type": "string", "pattern": "^[!-~]{1,200}$"},
}
_VERIFICATION_ID: Final[Json] = {
    "name": "verificationId",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": "^ver_[0-9a-f]{32}$"},
}
