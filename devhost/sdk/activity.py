"""One run of an activity function: its input and result go through the converters that the worker uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure.functions import meta
from azure.functions.durable_functions import ActivityTriggerConverter

from devhost.engine.worker import ActivityEnd
from devhost.json_text import recompact
from devhost.sdk.failures import described, serialized
from devhost.sdk.functions import CONTEXT
from devhost.sdk.invocation import Invocation

if TYPE_CHECKING:
    from pathlib import Path

    from devhost.engine.worker import ActivityCall
    from devhost.sdk.functions import Function


def run(function: Function, call: ActivityCall, directory: Path) -> ActivityEnd:
    """Run a plain function to its end, on the thread that calls."""
    try:
        return _end(function.function(**_arguments(function, call, directory)))
    except (Exception, SystemExit) as error:  # noqa: BLE001  the app's code may raise anything, and the host goes on
        return _failure(call, error)


async def run_async(function: Function, call: ActivityCall, directory: Path) -> ActivityEnd:
    """Run an ``async def`` to its end, on the running loop."""
    try:
        return _end(await function.function(**_arguments(function, call, directory)))
    except (Exception, SystemExit) as error:  # noqa: BLE001  as above
        return _failure(call, error)


def missing(call: ActivityCall) -> ActivityEnd:
    """Return how an activity ends that was there when it was scheduled, and is not any more."""
    name = call.name
    return ActivityEnd(reason=f"Activity function '{name}' failed: Activity function '{name}' does not exist.")


def _arguments(function: Function, call: ActivityCall, directory: Path) -> dict[str, Any]:
    datum = meta.Datum("null" if call.input is None else call.input, "string")
    arguments = {function.trigger["name"]: ActivityTriggerConverter.decode(datum, trigger_metadata=None)}
    if function.takes_context:
        arguments[CONTEXT] = Invocation(function.name, directory)
    return arguments


def _end(value: object) -> ActivityEnd:
    return ActivityEnd(result=recompact(ActivityTriggerConverter.encode(value, expected_type=None).value))


def _failure(call: ActivityCall, error: BaseException) -> ActivityEnd:
    reason = f"Activity function '{call.name}' failed:  {described(error)}"
    return ActivityEnd(reason=reason, details=serialized(error))
