"""The HTTP boundary: what each error becomes."""

import json
import logging

import aiohttp
import azure.functions as func
import pytest

from blueprints.problems import PROBLEMS, answers_problems
from domain import errors
from domain.errors import (
    ConflictError,
    CountersignError,
    DestinationError,
    PayloadError,
    PhoneNumberError,
    SettingError,
    StorageError,
)


async def answer_to(error: Exception) -> func.HttpResponse:
    """What a route answers that raises *error*."""

    @answers_problems
    async def route() -> func.HttpResponse:
        raise error

    return await route()


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (PayloadError("x"), 400, "invalid_request"),
        (PhoneNumberError("x"), 422, "invalid_phone_number"),
        (DestinationError("x"), 422, "unsupported_destination"),
        (SettingError("Setting X is missing"), 503, "not_configured"),
        (StorageError("x"), 503, "storage_unavailable"),
        (Exception({"Message": "Something went wrong"}), 503, "storage_unavailable"),
        (aiohttp.ServerDisconnectedError(), 503, "storage_unavailable"),
        (TimeoutError(), 503, "storage_unavailable"),
        (KeyError("bug"), 500, "internal_error"),
        (CountersignError("x"), 500, "internal_error"),
    ],
)
async def test_each_error_has_its_status_and_code(error: Exception, status: int, code: str) -> None:
    """Every error is a problem document with a stable code."""
    answer = await answer_to(error)

    problem = json.loads(answer.get_body())
    assert (answer.status_code, problem["code"], problem["status"]) == (status, code, status)
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("error", [SettingError("x"), StorageError("x"), OSError()])
async def test_what_is_unavailable_says_when_to_come_back(error: Exception) -> None:
    """Every 503 carries Retry-After."""
    answer = await answer_to(error)

    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    "error", [SettingError("Setting VerificationKey is missing"), KeyError("secret"), OSError("secret")]
)
async def test_errors_of_ours_are_told_to_the_log_only(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    """Outside, nobody learns which setting is missing or what broke; the operator's log says it."""
    answer = await answer_to(error)

    body = answer.get_body().decode()
    assert "VerificationKey" not in body
    assert "secret" not in body
    assert "Traceback" not in body
    assert str(error) in caplog.text


async def test_errors_of_the_caller_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """A caller's mistake is told to the caller."""
    caplog.set_level(logging.INFO)

    answer = await answer_to(PayloadError("phoneNumber is missing"))

    assert json.loads(answer.get_body())["detail"] == "phoneNumber is missing"
    assert caplog.records == []


async def test_a_good_answer_passes() -> None:
    """A route that raises nothing answers for itself."""

    @answers_problems
    async def route() -> func.HttpResponse:
        return func.HttpResponse(status_code=204)

    answer = await route()
    assert answer.status_code == 204


def test_every_error_of_the_domain_has_a_problem() -> None:
    """No error of ours falls through to 500, but for the base and for the conflicts that activities tell the flow."""
    inside = {CountersignError, ConflictError}
    ours = {
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, CountersignError) and kind not in inside
    }

    assert {kind for kind in ours if not any(issubclass(kind, known) for known in PROBLEMS)} == set()
