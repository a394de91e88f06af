"""The user API answers as its own description says, whatever it is asked."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.builders import an_environment
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


@pytest.mark.timeout(200)
def test_no_request_finds_a_fault_or_an_answer_that_is_not_described(tmp_path: Path, azurite: str) -> None:
    """Generated requests, good and bad, with and without a token, get documented answers and never a 5xx. Threat 27."""
    off = dict.fromkeys(("StartsPerPhone", "StartsPerAddress", "WrongAnswersPerPhone"), "off")
    told = an_environment(SmsProvider="console", AzureWebJobsStorage=azurite, **off)
    with running_devhost(tmp_path, told) as host:
        mine = held(Users(host).start("+12025550143"))
        configured = f'headers = {{ Authorization = "Bearer {mine.token}" }}\n'
        configured += f'[parameters]\n"path.verificationId" = "{mine.id}"\n'
        runs = [schemathesis(tmp_path, host.port, config) for config in ("", configured)]

        assert [run.returncode for run in runs] == [0, 0], "\n".join(run.stdout for run in runs)
        assert "status=500" not in host.log.read_text(encoding="utf-8")


def schemathesis(folder: Path, port: int, config: str) -> subprocess.CompletedProcess[str]:
    """Ask whatever the description allows, and what it does not."""
    (folder / "schemathesis.toml").write_text(config, encoding="utf-8")
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(folder / "schemathesis.toml"), "run"]
    command += [f"http://127.0.0.1:{port}/api/openapi.json", "--checks", ",".join(CHECKS)]
    command += ["--phases", "examples,coverage,fuzzing", "--max-examples", "25", "--seed", "1", "--no-color"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=150, check=False)
