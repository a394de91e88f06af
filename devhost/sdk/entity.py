"""One batch of an entity function through the SDK: the trigger body in, the engine's answer out."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import azure.functions as func

from devhost.engine.worker import BatchCall, BatchEnd, OperationEnd
from devhost.json_text import compact, parse
from devhost.sdk.failures import described, text_of

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)


def run_batch(function: Callable[..., str], call: BatchCall) -> BatchEnd:
    """Call the SDK's wrapper *function* once.

    What an operation raises is the SDK's answer for it. If the wrapper itself raises, say because the state is no
    JSON, every operation fails with that text, and the state stays what it was.
    """
    try:
        answer = parse(function(func.EntityContext(body_text(call))))
        return _end(answer)
    except (Exception, SystemExit) as error:
        logger.exception("an entity function broke", extra={"entity": call.name, "reason": described(error)})
        return failed(call, text_of(error))


def failed(call: BatchCall, message: str) -> BatchEnd:
    """Return the end of a batch of which no operation ran."""
    end = OperationEnd(result=compact(message), is_error=True)
    return BatchEnd(exists=call.exists, state=call.state, ends=[end] * len(call.operations))


def body_text(call: BatchCall) -> str:
    """Return the trigger body of *call*."""
    batch = [{"name": one.name, "input": one.input, "isSignal": one.is_signal, "id": one.id} for one in call.operations]
    itself = {"name": call.name, "key": call.key}
    return compact({"self": itself, "exists": call.exists, "state": call.state, "batch": batch})


def _end(answer: dict[str, Any]) -> BatchEnd:
    return BatchEnd(
        exists=bool(answer["entityExists"]),
        state=answer.get("entityState"),
        ends=[
            OperationEnd(result=_result(one.get("result")), is_error=bool(one.get("isError")))
            for one in answer["results"]
        ],
    )


def _result(text: object) -> str:
    return "null" if text is None else str(text)
