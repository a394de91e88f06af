"""POST /api/orchestrators/{name} and GET /api/outbox: what they answer, and what they refuse before anything starts."""

import json
from collections.abc import Iterator
from typing import Any

import azure.functions as func
import pytest

from providers.wiring import providers
from tests.support.builders import an_environment, an_sms, with_twilio
from tests.support.front_door import functions


class FakeClient:
    """A durable client that remembers what it was told to start."""

    def __init__(self, error: Exception | None = None) -> None:
        self.started: list[tuple[str, str, Any]] = []
        self._error = error

    async def start_new(self, name: str, *, instance_id: str, client_input: Any) -> str:
        if self._error:
            raise self._error
        self.started.append((name, instance_id, client_input))
        return instance_id

    def create_check_status_response(self, _: func.HttpRequest, instance_id: str) -> func.HttpResponse:
        return func.HttpResponse(json.dumps({"id": instance_id}), status_code=202)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A developer's settings, read anew by each test."""
    for name in [*with_twilio("x"), "SmsProvider"]:
        monkeypatch.delenv(name, raising=False)
    for name, value in an_environment().items():
        monkeypatch.setenv(name, value)
    providers.cache_clear()
    yield monkeypatch
    providers.cache_clear()


async def post(
    body: Any, name: str = "SmsVerify", *, client: FakeClient | None = None, content_type: str = "application/json"
) -> tuple[func.HttpResponse, FakeClient]:
    """Start a flow as an operator."""
    client = client or FakeClient()
    req = func.HttpRequest(
        "POST",
        f"http://localhost:7071/api/orchestrators/{name}",
        headers={"Content-Type": content_type},
        route_params={"name": name},
        body=body if isinstance(body, bytes) else json.dumps(body).encode(),
    )
    route = functions()["StartOrchestration"].get_user_function().client_function
    return await route(req, client), client


async def outbox(**params: str) -> func.HttpResponse:
    """Look into the outbox."""
    req = func.HttpRequest("GET", "http://localhost:7071/api/outbox", params=params, body=b"")
    answer: func.HttpResponse = await functions()["GetOutbox"].get_user_function()(req)
    return answer


async def test_a_start_answers_the_management_urls() -> None:
    """The answer is the platform's own 202, for an instance whose id is ours."""
    answer, client = await post("+12025550143")

    ((name, instance_id, _),) = client.started
    assert answer.status_code == 202
    assert (name, json.loads(answer.get_body())["id"]) == ("SmsVerify", instance_id)
    assert instance_id.startswith("sms_")


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        ("+12025550143", "text/plain", 415, "unsupported_media_type"),
        (b'"' + b"x" * 20_000 + b'"', "application/json", 413, "body_too_large"),
        (b"{", "application/json", 400, "invalid_request"),
        (b"[" * 9_000, "application/json", 400, "invalid_request"),
        (5, "application/json", 400, "invalid_request"),
        ({"phoneNumber": "+12025550143", "channel": "user"}, "application/json", 400, "invalid_request"),
        ("+15550100143", "application/json", 422, "invalid_phone_number"),
        ("+12025550143;ext=5", "application/json", 422, "invalid_phone_number"),
        ("+18765550123", "application/json", 422, "unsupported_destination"),
        ("+19002345678", "application/json", 422, "unsupported_destination"),
    ],
)
async def test_bad_input_starts_nothing(body: Any, content_type: str, status: int, code: str) -> None:
    """Bad input is a problem with a stable code; no instance, no SMS."""
    answer, client = await post(body, content_type=content_type)

    assert (answer.status_code, json.loads(answer.get_body())["code"]) == (status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert client.started == []


@pytest.mark.parametrize("name", ["smsverify", "SendSmsChallenge", "Nothing", "SmsVerify/..", ""])
async def test_only_the_listed_flows_can_be_started(name: str) -> None:
    """A name that is not on the list is unknown, whatever the app has by that name. Threat 40."""
    answer, client = await post("+12025550143", name)

    assert (answer.status_code, json.loads(answer.get_body())["code"]) == (404, "not_found")
    assert client.started == []


async def test_a_missing_setting_is_named_in_the_log_only(
    environment: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Outside it is `not_configured`; the operator's log says which setting."""
    environment.delenv("VerificationKey")

    answer, client = await post("+12025550143")

    assert (answer.status_code, json.loads(answer.get_body())["code"]) == (503, "not_configured")
    assert "VerificationKey" not in answer.get_body().decode()
    assert "VerificationKey" in caplog.text
    assert client.started == []


async def test_a_durable_service_that_is_away_is_unavailable() -> None:
    """The client raises a bare exception with what the host said; nobody outside sees it."""
    broken = FakeClient(Exception({"Message": "Something went wrong", "StackTrace": "   at Microsoft.Azure"}))

    answer, _ = await post("+12025550143", client=broken)

    assert (answer.status_code, json.loads(answer.get_body())["code"]) == (503, "storage_unavailable")
    assert "Microsoft" not in answer.get_body().decode()


@pytest.mark.usefixtures("capsys")
async def test_a_developer_finds_his_sms_in_the_outbox() -> None:
    """The outbox lists what was sent for an instance."""
    await providers().sms.send(an_sms(instance_id="sms_1"))
    await providers().sms.send(an_sms(instance_id="sms_2"))

    one, both = await outbox(instanceId="sms_2"), await outbox()

    assert [sent["instanceId"] for sent in json.loads(one.get_body())] == ["sms_2"]
    assert [sent["to"] for sent in json.loads(both.get_body())] == ["+1******0143"] * 2


@pytest.mark.parametrize(
    "values",
    [
        {"AZURE_FUNCTIONS_ENVIRONMENT": "Production"},
        {"AZURE_FUNCTIONS_ENVIRONMENT": "Production", "SmsProvider": "console"},
        with_twilio(),
        {"TwilioAccountSid": "AC1"},
    ],
    ids=["production", "console in production", "twilio", "half an account"],
)
async def test_there_is_no_outbox_elsewhere(environment: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    """Outside development, and where another provider sends, there is no such thing."""
    for name, value in values.items():
        environment.setenv(name, value)

    answer = await outbox(instanceId="sms_1")

    assert (answer.status_code, json.loads(answer.get_body())["code"]) == (404, "not_found")


async def test_an_odd_id_has_no_outbox() -> None:
    """Ids are checked wherever they come in. Threat 31."""
    answer = await outbox(instanceId="../sms_1")

    assert answer.status_code == 404
