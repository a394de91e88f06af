"""The commands of the README do what the README says."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.documents import Block, blocks_of
from tests.support.shell import Shell
from tools.azurite import ROOT, running_azurite
from tools.running_devhost import running_devhost

ELSEWHERE = {
    "make demo": "test_demo.py",
    "make start": "test_start.py",
    "make test": "continuous integration runs it",
    "make check": "continuous integration runs it",
}

STEPS = ["opened", "approved", "completed"]


@pytest.fixture
def blocks() -> list[Block]:
    """The blocks of the chapter "By hand" that a reader types into the second terminal, in order."""
    runnable = [block for block in blocks_of(ROOT / "README.md") if block.needs is None]
    return [block for block in runnable if not set(block.lines) <= ELSEWHERE.keys()]


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A second terminal; in the first one runs the app."""
    settings = {"SmsProvider": "console", "AcceptOperatorDecisions": "true"}
    with (
        running_azurite() as azurite,
        running_devhost(
            tmp_path, {**settings, "AzureWebJobsStorage": azurite.connection_string}, options=["--auth"]
        ) as devhost,
        Shell(tmp_path) as shell,
    ):
        shell.run(f"PORT={devhost.port}")
        yield shell


def test_the_flow_by_hand(shell: Shell, blocks: list[Block]) -> None:
    """Typed in order, the blocks verify phones and get a refund approved; the code is the one from the message."""
    start, look, answer, user, refund, filing, decision = (_on_our_port(block.text) for block in blocks)

    started = shell.run(start)
    message = shell.run_until(look, "your code is")
    code = re.findall(r"your code is (\d{4})", message)[0]
    verdict = _run_and_look_again(shell, answer.replace("2168", code))
    told = shell.run(user)
    payment = _run_and_look_again(shell, refund)
    listed = shell.run(filing)
    decided = shell.run(decision)
    trail = shell.run_until(decision.rstrip().splitlines()[-1], "customer_told")

    assert "sendEventPostUri" in started
    assert '"output":true' in verdict
    assert '"reason":"code_mismatch","attemptsRemaining":2' in told or '"verified"' in told
    assert '"output":"completed"' in payment
    assert '"amount":2499' in listed
    assert '"comment":"Photo seen."' in decided
    assert [what for what in re.findall('"what":"([^"]+)"', trail) if what != "customer_told"] == STEPS


def _on_our_port(text: str) -> str:
    """Aim at the devhost of this test instead of the usual port; nothing else is changed."""
    assert "localhost:7071" in text or "$APP" in text or "field" in text
    return text.replace("localhost:7071", "127.0.0.1:$PORT")


def _run_and_look_again(shell: Shell, block: str) -> str:
    """Run a block, and its last command again until the flow has ended."""
    shell.run(block)
    return shell.run_until(block.rstrip().splitlines()[-1], '"runtimeStatus":"Completed"')
