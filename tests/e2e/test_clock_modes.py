"""`devhost start --clock`: how time passes for the app and for who waits, in processes of their own."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

from tests.support.apps import write_app
from tools.processes import LOOPBACK
from tools.running_devhost import RunningDevhost, running_devhost

if TYPE_CHECKING:
    from pathlib import Path

MORE = """
import time
from datetime import datetime, timedelta, timezone


@app.route(route="now", methods=["GET"])
def Now(req: func.HttpRequest) -> str:
    return datetime.now(timezone.utc).isoformat()


@app.orchestration_trigger(context_name="context")
def Sleeps(context: df.DurableOrchestrationContext):
    yield context.create_timer(context.current_utc_datetime + timedelta(days=context.get_input()["days"]))
    return (yield context.call_activity("ReadClock", None))


@app.activity_trigger(input_name="nothing")
def ReadClock(nothing: object) -> float:
    return time.time()
"""
HUB = "/runtime/webhooks/durabletask"


def ask(host: RunningDevhost, method: str, path: str, value: object = None) -> tuple[int, Any]:
    """Return status and body of an answer; a body that is no JSON as it is."""
    connection = HTTPConnection(LOOPBACK, host.port, timeout=40)
    try:
        body = None if value is None else json.dumps(value)
        connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        answer = connection.getresponse()
        text = answer.read().decode()
        return answer.status, json.loads(text) if text.startswith(("{", "[")) else text
    finally:
        connection.close()


def sleep(host: RunningDevhost, days: int) -> None:
    """Start an orchestration that sleeps so many days, with an id that tells how many."""
    assert ask(host, "POST", f"{HUB}/orchestrators/Sleeps/d{days}", {"days": days})[0] == 202


def wait(host: RunningDevhost, instance_id: str, timeout: str = "PT30S") -> tuple[int, Any]:
    """Wait for the end of an instance."""
    wish = {"instanceId": instance_id, "status": "Completed", "timeout": timeout}
    return ask(host, "POST", "/devhost/wait", wish)


def apart(first: float, second: float) -> timedelta:
    """Return the time between two readings of a clock in seconds."""
    return timedelta(seconds=second - first)


def test_a_host_that_skips_brings_a_year_within_seconds(tmp_path: Path) -> None:
    """Time goes at its pace until somebody waits; the app's own clock shows the time to which the wait came."""
    app = write_app(tmp_path / "app", more=MORE)
    with running_devhost(tmp_path, {}, app=app, options=["--clock", "auto-skip"]) as host:
        began = time.time()
        sleep(host, 7)
        sleep(host, 365)
        assert wait(host, "nobody")[0] == 404

        _, week = wait(host, "d7")
        took_week = time.time() - began
        _, year = wait(host, "d365")
        took_year = time.time() - began - took_week

    assert timedelta(days=7) <= apart(began, week["output"]) < timedelta(days=7, minutes=1)
    assert timedelta(days=365) <= apart(began, year["output"]) < timedelta(days=365, minutes=1)
    assert took_week < 3
    assert took_year < 20


def test_a_frozen_host_stands_still_until_it_is_moved(tmp_path: Path) -> None:
    """The app's clock stands too; a wait is in vain, a move to the next timer is not; the next life goes on there."""
    app = write_app(tmp_path / "app", more=MORE)
    with running_devhost(tmp_path, {}, app=app, options=["--clock", "frozen"]) as host:
        sleep(host, 2)
        frozen = [ask(host, "GET", "/api/now")[1]]
        late = wait(host, "d2", "PT0.2S")
        frozen.append(ask(host, "GET", "/api/now")[1])
        moved = ask(host, "POST", "/devhost/clock/next")
        done = wait(host, "d2")
        after = ask(host, "GET", "/api/now")[1]
    with running_devhost(tmp_path, {}, app=app, options=["--clock", "frozen"]) as host:
        again = ask(host, "GET", "/api/now")[1]

    assert frozen[0] == frozen[1]
    assert late[0] == 408
    assert moved[0] == done[0] == 200
    assert datetime.fromisoformat(after) - datetime.fromisoformat(frozen[0]) >= timedelta(days=2)
    assert done[1]["output"] == datetime.fromisoformat(after).timestamp()
    assert datetime.fromisoformat(again) >= datetime.fromisoformat(after) > datetime.now(UTC)
