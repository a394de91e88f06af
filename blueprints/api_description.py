"""The description of our API in the terms of OpenAPI 3.1, made of the models that check and shape its bodies."""

from typing import Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from blueprints.case_description import CASE_MODELS, case_paths
from blueprints.description_parts import BODY, IDEMPOTENCY_KEY, REF, Json, in_path, operation, problem_schema
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
    *CASE_MODELS,
)
_TOKEN: Final = ("unauthorized", "not_found")
_CLOSED: Final = ("not_ready", "verification_closed", "expired")
_NUMBER: Final = ("invalid_phone_number", "unsupported_destination")
_ONE: Final = "/api/verifications/{verificationId}"


def api_description(base_url: str | None) -> Json:
    """Return the description; *base_url* is where the app is reached from outside, if that is known."""
    _, schemas = models_json_schema([(model, "validation") for model in _MODELS], ref_template=REF)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Countersign",
            "version": "1",
            "description": "Is this your phone? A code by SMS says it. May this be paid back? A person decides it.",
        },
        "servers": [{"url": base_url or "/"}],
        "paths": _verification_paths() | case_paths(),
        "components": {
            "schemas": schemas["$defs"] | {"Problem": problem_schema()},
            "securitySchemes": {
                "functionKey": {"type": "apiKey", "in": "header", "name": "x-functions-key"},
                "token": {"type": "http", "scheme": "bearer", "description": "The token from the start."},
                "signedIn": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "AppServiceAuthSession",
                    "description": "The session of the platform's sign-in, `/.auth/login/aad`.",
                },
            },
        },
    }


def _verification_paths() -> Json:
    return {
        "/api/verifications": {
            "post": operation(
                "StartVerification",
                "Send a code to a phone, and get the token for it.",
                answers={201: StartAnswer},
                codes=(*BODY, "forbidden", *_NUMBER, "idempotency_key_reused", "rate_limited", "sms_unavailable"),
                body=StartRequest,
                key="functionKey",
                parameters=(IDEMPOTENCY_KEY,),
            )
        },
        _ONE: {
            "parameters": [in_path("verificationId", "ver")],
            "get": operation(
                "GetVerification",
                "See how a verification stands.",
                answers={200: StatusAnswer},
                codes=_TOKEN,
            ),
        },
        f"{_ONE}/check": {
            "parameters": [in_path("verificationId", "ver")],
            "post": operation(
                "CheckVerification",
                "Have one guess judged.",
                answers={200: CheckAnswer, 202: PendingAnswer},
                codes=(*BODY, "forbidden", *_TOKEN, *_CLOSED, "rate_limited"),
                body=CheckRequest,
            ),
        },
        f"{_ONE}/resend": {
            "parameters": [in_path("verificationId", "ver")],
            "post": operation(
                "ResendVerification",
                "Have the same code sent once more.",
                answers={202: ResendAnswer},
                codes=("forbidden", *_TOKEN, *_CLOSED, "resends_exhausted", "rate_limited"),
            ),
        },
        f"{_ONE}/cancel": {
            "parameters": [in_path("verificationId", "ver")],
            "post": operation(
                "CancelVerification",
                "Give a verification up.",
                answers={200: CancelAnswer, 202: PendingAnswer},
                codes=("forbidden", *_TOKEN, *_CLOSED),
            ),
        },
        "/api/locks/query": {"post": _lock("QueryLock", "See how often a phone was answered for wrongly.")},
        "/api/locks/lift": {"post": _lock("LiftLock", "Let a phone be answered for again.")},
    }


def _lock(name: str, summary: str) -> Json:
    return operation(
        name,
        summary,
        answers={200: LockAnswer},
        codes=(*BODY, "forbidden", *_NUMBER),
        body=LockRequest,
        key="functionKey",
    )
