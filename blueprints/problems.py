"""Answers what is wrong with a request: one table from error class to status and stable code.

A problem never holds a stack, a value of the request, or a word of a provider.
"""

import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import wraps
from http import HTTPStatus
from typing import ParamSpec

import azure.functions as func

from domain.case_refusals import (
    AlreadyDecidedError,
    AmountError,
    CurrencyMismatchError,
    NotRetryableError,
    NotSignedInError,
    OrderNotFoundError,
    PreconditionRequiredError,
    SelfApprovalError,
    StaleVersionError,
)
from domain.errors import (
    CountersignError,
    DestinationError,
    InputError,
    PhoneNumberError,
    SettingError,
    StorageError,
)
from domain.refusals import (
    ExpiredError,
    ForbiddenError,
    KeyReusedError,
    NotReadyError,
    RateLimitedError,
    RefusalError,
    ResendsExhaustedError,
    SmsUnavailableError,
    UnauthorizedError,
    VerificationClosedError,
)

logger = logging.getLogger(__name__)

Params = ParamSpec("Params")


class UnknownResourceError(InputError):
    """There is nothing here, or nothing that this caller may know of."""


class MediaTypeError(InputError):
    """The body is not JSON."""


class BodyTooLargeError(InputError):
    """The body is larger than any that we need."""


@dataclass(frozen=True, slots=True)
class Problem:
    """How an error is told: the HTTP status, the stable code, a title for people."""

    status: int
    code: str
    title: str
    retry_after: int | None = None


PROBLEMS: dict[type[CountersignError], Problem] = {
    UnknownResourceError: Problem(404, "not_found", "There is nothing here."),
    BodyTooLargeError: Problem(413, "body_too_large", "The body has more than 16 KiB."),
    MediaTypeError: Problem(415, "unsupported_media_type", "The body must be application/json in UTF-8."),
    UnauthorizedError: Problem(401, "unauthorized", "The token of the verification is needed."),
    NotSignedInError: Problem(401, "unauthorized", "Signing in is needed."),
    SelfApprovalError: Problem(403, "self_approval", "Who filed a case does not decide it."),
    ForbiddenError: Problem(403, "forbidden", "This is not allowed."),
    NotReadyError: Problem(409, "not_ready", "The message is not out yet.", retry_after=1),
    ExpiredError: Problem(410, "expired", "The time to answer is over."),
    VerificationClosedError: Problem(409, "verification_closed", "The verification takes no more answers."),
    ResendsExhaustedError: Problem(409, "resends_exhausted", "The message is not sent once more."),
    AlreadyDecidedError: Problem(409, "already_decided", "The case is decided."),
    NotRetryableError: Problem(409, "not_retryable", "There is no failed payment to be tried anew."),
    StaleVersionError: Problem(412, "stale_version", "The case has changed since it was looked at."),
    OrderNotFoundError: Problem(422, "order_not_found", "There is no such order."),
    CurrencyMismatchError: Problem(422, "currency_mismatch", "The order was paid in another currency."),
    AmountError: Problem(422, "amount_exceeds_refundable", "That is more than what is left of the order."),
    PreconditionRequiredError: Problem(428, "precondition_required", "If-Match is needed."),
    KeyReusedError: Problem(422, "idempotency_key_reused", "The Idempotency-Key stands for another request."),
    RateLimitedError: Problem(429, "rate_limited", "Too many requests."),
    SmsUnavailableError: Problem(503, "sms_unavailable", "No message can be sent now."),
    PhoneNumberError: Problem(422, "invalid_phone_number", "That is no phone number."),
    DestinationError: Problem(422, "unsupported_destination", "Numbers like this one get no SMS."),
    InputError: Problem(400, "invalid_request", "The request cannot be understood."),
    SettingError: Problem(503, "not_configured", "The app is not set up for this.", retry_after=60),
    StorageError: Problem(503, "storage_unavailable", "The storage does not answer.", retry_after=2),
}
"""What each error becomes; the first class that fits counts, so special ones come before general ones."""

UNAVAILABLE = PROBLEMS[StorageError]
UNEXPECTED = Problem(500, "internal_error", "Something went wrong here.")


def answers_problems(
    route: Callable[Params, Awaitable[func.HttpResponse]],
) -> Callable[Params, Awaitable[func.HttpResponse]]:
    """Let a route raise our errors: this is the HTTP boundary, which turns them into answers."""

    @wraps(route)
    async def answering(*args: Params.args, **kwargs: Params.kwargs) -> func.HttpResponse:
        try:
            return await route(*args, **kwargs)
        except CountersignError as error:
            return _answer(error)
        except Exception as error:  # noqa: BLE001  the HTTP boundary
            return _unexpected(error)

    return answering


def problem_response(problem: Problem, detail: str | None = None, **members: object) -> func.HttpResponse:
    """Return *problem* as an answer, with further *members*."""
    told = {"type": "about:blank", "title": problem.title, "status": problem.status, "code": problem.code}
    body: dict[str, object] = told | members
    if detail:
        body["detail"] = detail
    headers = {
        "Content-Type": "application/problem+json",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    if problem.retry_after is not None:
        headers["Retry-After"] = str(problem.retry_after)
    if problem.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return func.HttpResponse(json.dumps(body), status_code=problem.status, headers=headers)


def _answer(error: CountersignError) -> func.HttpResponse:
    problem = next((found for kind, found in PROBLEMS.items() if isinstance(error, kind)), UNEXPECTED)
    if isinstance(error, RateLimitedError | SmsUnavailableError):
        return problem_response(replace(problem, retry_after=error.retry_after), str(error))
    if isinstance(error, VerificationClosedError):
        return problem_response(problem, str(error), state=error.state)
    if isinstance(error, AlreadyDecidedError):
        return problem_response(problem, str(error), decision=error.decision)
    if isinstance(error, InputError | RefusalError):
        return problem_response(problem, str(error))
    logger.error("request refused: %s", error)
    return problem_response(problem)


def _unexpected(error: Exception) -> func.HttpResponse:
    """Answer for what nobody foresaw.

    The durable client has no errors of its own: where the durable service cannot be reached or answers badly, aiohttp's
    come out of it, or a bare `Exception`.
    """
    logger.error("request failed", exc_info=error)
    is_service = type(error) is Exception or type(error).__module__.startswith("aiohttp")
    return problem_response(UNAVAILABLE if is_service or isinstance(error, OSError) else UNEXPECTED)
