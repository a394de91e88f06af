"""One turn of an orchestrator function through the SDK: the trigger body in, the engine's answer out."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import azure.functions as func

from devhost.engine.actions import Answer
from devhost.json_text import uncollected
from devhost.sdk.failures import CRASHED, serialized_crash, text_of, worker_text
from devhost.sdk.orchestration_answer import AnswerError, read_answer
from devhost.sdk.orchestration_body import body_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from devhost.engine.worker import OrchestratorCall
    from devhost.sdk.direct import DirectWay

_MARKER = "\n\n$OutOfProcData$:"


def run_turn(function: Callable[..., str], call: OrchestratorCall, way: DirectWay | None = None) -> Answer:
    """Call the SDK's wrapper *function* once and return what it answers; whatever it raises is part of that.

    It goes the direct *way* if that leads to the function, and is called with text otherwise.
    """
    try:
        asked = _direct(function, call, way) or _by_text(function, call)
    except ValueError:
        return _broken(f"Exception while executing function: {call.name}")
    try:
        with uncollected(_size(call)):
            answer = asked()
    except (Exception, SystemExit) as error:  # noqa: BLE001  the app's code may raise anything, and the host goes on
        return _failure(error)
    return _read(answer)


def _direct(function: Callable[..., str], call: OrchestratorCall, way: DirectWay | None) -> Callable[[], str] | None:
    if way is None or not way.leads_to(function):
        return None
    return partial(way.answer, function, way.context(call))


def _by_text(function: Callable[..., str], call: OrchestratorCall) -> Callable[[], str]:
    return partial(function, func.OrchestrationContext(body_text(call)))


def _size(call: OrchestratorCall) -> int:
    """Return about how many characters of JSON the SDK reads in a turn."""
    return sum(len(event.fields.get("Result") or event.fields.get("Input") or "") for event in call.history)


def _failure(error: BaseException) -> Answer:
    """Return the state that the SDK puts behind a failure's text; without one the orchestrator has crashed."""
    _, marker, state = text_of(error).rpartition(_MARKER)
    return _read(state) if marker else _broken(worker_text(error), serialized_crash(error))


def _read(text: str) -> Answer:
    try:
        return read_answer(text)
    except AnswerError as error:
        return Answer(crash=str(error))


def _broken(reason: str, details: str | None = None) -> Answer:
    return Answer(crash=f"{CRASHED} ({reason})", crash_details=details)
