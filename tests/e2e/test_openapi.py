"""The API answers as its own description says, whatever it is asked."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.builders import an_environment
from tests.support.case_api import BOB, BOBS_WISH, principal
from tests.support.http_users import Users, held
from tools.running_devhost import running_devhost

if TYPE_CHECKING:
    from pathlib import Path

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
"""Not asked: whether a wrong method is 405 (the platform answers 404), and whether keys are wanted (its front does)."""


@pytest.mark.timeout(400)
def test_no_request_finds_a_fault_or_an_answer_that_is_not_described(tmp_path: Path, own_azurite: str) -> None:
    """Generated requests, good and bad, by known people and by nobody, get documented answers, never a 5xx. Threat 27.

    The known one has the token of a verification and every role; the case is another's, so that it can be decided.
    """
    off = dict.fromkeys(("StartsPerPhone", "StartsPerAddress", "WrongAnswersPerPhone"), "off")
    told = an_environment(SmsProvider="console", AzureWebJobsStorage=own_azurite, WEBSITE_AUTH_ENABLED="True", **off)
    with running_devhost(tmp_path, told) as host:
        mine = held(Users(host).start("+12025550143"))
        who = principal("customer-7", "Requester", "Supervisor", "Auditor", "Operator")
        filed = Users(host).ask("POST", "/api/cases", BOBS_WISH, X_MS_CLIENT_PRINCIPAL=principal(*BOB))
        configured = f'headers = {{ Authorization = "Bearer {mine.token}", X-MS-CLIENT-PRINCIPAL = "{who}" }}\n'
        configured += f'[parameters]\n"path.verificationId" = "{mine.id}"\n"path.caseId" = "{filed.body["id"]}"\n'
        runs = [schemathesis(tmp_path, host.port, config) for config in ("", configured)]

        assert [run.returncode for run in runs] == [0, 0], "\n".join(run.stdout for run in runs)
        log = host.log.read_text(encoding="utf-8")
        assert "status=500" not in log
        assert "path=/api/cases status=201" in log
        assert re.search(r"path=/api/cases/case_\w+/(approve|reject) status=200", log)


def schemathesis(folder: Path, port: int, config: str) -> subprocess.CompletedProcess[str]:
    """Ask whatever the description allows, and what it does not."""
    (folder / "schemathesis.toml").write_text(config, encoding="utf-8")
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(folder / "schemathesis.toml"), "run"]
    command += [f"http://127.0.0.1:{port}/api/openapi.json", "--checks", ",".join(CHECKS)]
    command += ["--phases", "examples,coverage,fuzzing", "--max-examples", "25", "--seed", "1", "--no-color"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=180, check=False)
