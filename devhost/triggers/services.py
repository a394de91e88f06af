"""What listens for the app besides HTTP: one service a function, started and stopped with the host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from devhost.errors import NotEmulatedError
from devhost.sdk.functions import ACTIVITY_TRIGGER, ENTITY_TRIGGER, ORCHESTRATION_TRIGGER
from devhost.triggers.invoking import QUEUE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devhost.sdk.functions import Function, FunctionTable
    from devhost.triggers.invoking import Outputs
    from devhost.triggers.surroundings import Surroundings

TIMER_TRIGGER = "timerTrigger"
QUEUE_TRIGGER = "queueTrigger"
BLOB_TRIGGER = "blobTrigger"
KINDS = frozenset({TIMER_TRIGGER, QUEUE_TRIGGER, BLOB_TRIGGER})
DURABLE = frozenset({ORCHESTRATION_TRIGGER, ACTIVITY_TRIGGER, ENTITY_TRIGGER})


class Service(Protocol):
    """Waits for what its function is called for."""

    async def start(self) -> None:
        """Begin to listen."""

    async def stop(self) -> None:
        """Begin nothing more; what is under way is given up and comes again later."""


def outputs_of(table: FunctionTable, extensions: Mapping[str, Any], environ: Mapping[str, str]) -> Outputs | None:
    """Return what writes the queue outputs of an app, if it has any; raise `AppError` for what cannot work."""
    writing = [function for function in table if function.bindings_of(QUEUE)]
    if not writing:
        return None
    from devhost.sdk.converting import check_annotations  # noqa: PLC0415  needs the SDK, which the app has loaded
    from devhost.triggers.queue import QueueOptions  # noqa: PLC0415  as above
    from devhost.triggers.queue_output import QueueOutputs  # noqa: PLC0415  as above

    outputs = QueueOutputs(environ, is_base64=QueueOptions.of(extensions).is_base64)
    for function in writing:
        if function.trigger_type in DURABLE:
            message = (
                f"Function {function.name} has the binding queue on a durable function, which devhost does not have: "
                "see PARITY.md, row 8.1."
            )
            raise NotEmulatedError(message)
        if function.trigger_type not in KINDS:
            check_annotations(function)
        for binding in function.bindings_of(QUEUE):
            outputs.check(binding)
    return outputs


def services_of(table: FunctionTable, surroundings: Surroundings) -> list[Service]:
    """Return the services that the functions of an app need; raise `AppError` for what cannot work."""
    return [_service(function, surroundings) for function in table if function.trigger_type in KINDS]


def _service(function: Function, surroundings: Surroundings) -> Service:
    from devhost.sdk.converting import check_annotations  # noqa: PLC0415  needs the SDK, which the app has loaded

    check_annotations(function)
    if function.trigger_type == TIMER_TRIGGER:
        from devhost.triggers.timer import TimerTrigger  # noqa: PLC0415  a library that only such functions need

        return TimerTrigger(function, surroundings)
    if function.trigger_type == QUEUE_TRIGGER:
        from devhost.triggers.queue import QueueTrigger  # noqa: PLC0415  as above

        return QueueTrigger(function, surroundings)
    from devhost.triggers.blob import BlobTrigger  # noqa: PLC0415  as above

    return BlobTrigger(function, surroundings)
