"""The samples in devhost.json, by which devhost's store makes texts small, are what the app writes today."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.challenge import Handover
from domain.progress import Progress
from domain.sms import SendOutcome
from tests.support.builders import DIGEST, a_challenge
from tools.azurite import ROOT

SAMPLES = json.loads((ROOT / "devhost.json").read_text("utf-8"))["samples"]
SENDING = Progress(to="+1******0143", max_attempts=1)


@pytest.mark.parametrize(
    "payload",
    [
        a_challenge().to_payload(),
        SENDING.to_payload(),
        SENDING.awaiting(datetime(2026, 1, 15, tzinfo=UTC)).to_payload(),
        Handover(outcome=SendOutcome.SENT, digest=DIGEST).to_payload(),
    ],
    ids=["input", "custom status", "custom status of a wait", "result"],
)
def test_what_a_verification_stores_has_its_sample(payload: dict[str, Any]) -> None:
    """A sample has the same fields in the same order; else a wait takes more room than it must."""
    assert list(payload) in [list(sample) for sample in SAMPLES if isinstance(sample, dict)]
