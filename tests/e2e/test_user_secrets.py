"""What the real process stores, prints and tells about a verification of the user API holds no secret."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.trials import NATIONAL, Trial, trial_in
from tools.caller import Caller

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


OPENERS = ("code=", "taskHub", "sendEvent", "$OutOfProc", "Traceback", 'File "')


@pytest.mark.timeout(120)
def test_a_users_code_and_guess_stand_nowhere(tmp_path: Path) -> None:
    """Neither code, nor guess, nor number, nor token is stored, queued, printed or answered. Threat 7, 8, 34.

    The provider is handed number and code, and repeats both in its answers; only there may they be.
    """
    with trial_in(tmp_path) as trial:
        with trial.host() as operator:
            port = operator._caller._port
            started = user_of(port).post("/api/verifications", {"phoneNumber": f"+1{NATIONAL}"}).body
            trial.instance_id, token = started["id"], started.pop("token")
            user = user_of(port, Authorization=f"Bearer {token}")
            user.get_until(path_of(trial), lambda seen: seen["expiresAt"] is not None, what="the message to be out")
            told = [started, *conversation(user, trial)]
            end = operator.ended(trial.instance_id)
        trial.sources["told"] = json.dumps(told).encode()
    prints = b"".join(data for place, data in trial.sources.items() if place.endswith("print")).decode()

    assert (end["runtimeStatus"], end["output"]) == ("Completed", True)
    assert [one["status"] for one in told] == ["pending", "pending", "pending", 429, "verified", "verified", 409]
    assert trial.leaks(trial.code, wrong(trial), token) == []
    assert [word for word in OPENERS if word in prints] == []
    assert [word for word in (*OPENERS, "/runtime/") if word in json.dumps(told)] == []


def user_of(port: int, **headers: str) -> Caller:
    """Return somebody who asks a host."""
    return Caller(port, say=lambda _: None, headers=headers)


def conversation(user: Caller, trial: Trial) -> Iterator[dict[str, Any]]:
    """Ask everything that a user may ask, with a wrong and the right code in between."""
    path = path_of(trial)
    yield user.get(path).body
    yield user.post(f"{path}/check", {"code": wrong(trial)}).body
    yield user.post(f"{path}/resend", None).body
    yield user.post(f"{path}/check", {"code": trial.code}).body
    yield user.get(path).body
    yield user.post(f"{path}/cancel", None).body


def path_of(trial: Trial) -> str:
    """Return where the verification is."""
    return f"/api/verifications/{trial.instance_id}"


def wrong(trial: Trial) -> str:
    """Return another code than the one that was sent."""
    return str(int(trial.code) ^ 1)
