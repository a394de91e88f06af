"""Cases on the real host with its sign-in, and Azurite: two people, two browsers' worth of cookies."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import QueueClient, TextBase64DecodePolicy

from tests.support.case_api import WISH, principal
from tools.processes import LOOPBACK, wait_until
from tools.running_devhost import running_devhost

if TYPE_CHECKING:
    from pathlib import Path

ALICE, SUE, SAM = "Alice, a customer", "Sue, a supervisor", "Sam, a supervisor"


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody was answered."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)


@dataclass
class Person:
    """Somebody with a browser: a cookie once they are signed in."""

    port: int
    cookie: str = ""

    def ask(self, method: str, path: str, body: str | None = None, **headers: str) -> Answer:
        """Ask for *path*."""
        sent = {"Content-Type": "application/json", "Cookie": self.cookie}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = HTTPConnection(LOOPBACK, self.port, timeout=30)
        try:
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            return Answer(response.status, dict(response.headers), response.read().decode())
        finally:
            connection.close()

    def post(self, path: str, body: Any, **headers: str) -> Answer:
        """Post JSON to *path*."""
        return self.ask("POST", path, json.dumps(body), **headers)


def signed_in(port: int, preset: str) -> Person:
    """Sign somebody in by the form."""
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    answer = Person(port).ask("POST", "/.auth/login/aad", urlencode({"preset": preset}), **form)
    found = re.match("[^;]+", answer.headers["Set-Cookie"])
    assert found is not None
    return Person(port, found[0])


def received(storage: str, queue: str) -> list[Any]:
    """The messages on a queue; one that nobody wrote to has none."""
    with QueueClient.from_connection_string(storage, queue, message_decode_policy=TextBase64DecodePolicy()) as client:
        try:
            return [json.loads(message.content) for message in client.peek_messages(max_messages=32)]
        except ResourceNotFoundError:
            return []


def told_of(storage: str, queue: str, case_id: str) -> list[Any]:
    """The messages on a queue that are about one case."""
    return [message for message in received(storage, queue) if case_id in json.dumps(message)]


def test_two_supervisors_race_on_one_case(own_azurite: str, tmp_path: Path) -> None:
    """A case is filed, listed, and decided by forty calls at once: one is taken, it is paid once, all are told.

    Threat 38, Threat 44: what a client writes about itself is not believed, also where a sign-in is played.
    """
    settings = {"AzureWebJobsStorage": own_azurite, "SmsProvider": "console"}
    with running_devhost(tmp_path, settings, options=["--auth"]) as host:
        alice, sue, sam = (signed_in(host.port, name) for name in (ALICE, SUE, SAM))
        forger = Person(host.port).ask("GET", "/api/cases", X_MS_CLIENT_PRINCIPAL=principal("x", "Supervisor"))
        filed = alice.post("/api/cases", WISH)
        path = f"/api/cases/{filed.body['id']}"
        listed = sue.ask("GET", "/api/cases?status=pending_approval&limit=50").body["items"]
        calls = [(person, verdict) for person in (sue, sam) for verdict in ("approve", "reject")] * 10

        with ThreadPoolExecutor(8) as pool:
            answers = list(
                pool.map(lambda call: call[0].post(f"{path}/{call[1]}", {}, If_Match='"1"'), calls, timeout=50)
            )

        ends = {"completed", "rejected"}
        wait_until(lambda: alice.ask("GET", path).body["status"] in ends, within=20, what="the end of the case")
        ended = alice.ask("GET", path).body
        trail = [entry["what"] for entry in sue.ask("GET", f"{path}/audit").body["items"]]
        wait_until(lambda: bool(told_of(own_azurite, "completions", ended["id"])), within=20, what="the completion")

    assert forger.status == 401
    assert filed.status == 201
    assert filed.body["id"] in [item["id"] for item in listed]
    assert sorted(answer.status for answer in answers) == [200] + [409] * 39
    assert {json.dumps(answer.body["decision"]) for answer in answers if answer.status == 409} == {
        json.dumps(ended["resolution"])
    }
    verdict = ended["resolution"]["decision"]
    assert ended["status"] == {"approved": "completed", "rejected": "rejected"}[verdict]
    assert trail[:2] == ["opened", verdict]
    (completion,) = told_of(own_azurite, "completions", ended["id"])
    assert completion["type"] == f"countersign.case.{ended['status']}"
    (request,) = told_of(own_azurite, "approvals", ended["id"])
    assert request["link"] == f"/dashboard#/cases/{ended['id']}"
    assert [told["state"] for told in told_of(own_azurite, "notifications", ended["id"])] == [ended["status"]]
