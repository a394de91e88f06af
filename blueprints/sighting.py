"""Looks at the instance of a verification, and waits a little for something to be seen there."""

import asyncio
from collections.abc import Awaitable, Callable

import azure.durable_functions as df
from azure.durable_functions import OrchestrationRuntimeStatus

from domain.verification import Sight

PATIENCE_SECONDS = 3.0
_FIRST_PAUSE = 0.03
_LONGEST_PAUSE = 0.4
_ENDED = frozenset(
    {
        OrchestrationRuntimeStatus.Completed,
        OrchestrationRuntimeStatus.Failed,
        OrchestrationRuntimeStatus.Terminated,
        OrchestrationRuntimeStatus.Canceled,
    }
)


async def sight_of(client: df.DurableOrchestrationClient, instance_id: str) -> Sight | None:
    """Return what is to be seen of an instance, or None if there is none."""
    status = await client.get_status(instance_id)
    if not status or status.runtime_status is None:
        return None
    return Sight.from_status(status.custom_status, has_ended=status.runtime_status in _ENDED)


async def sight_when(
    client: df.DurableOrchestrationClient, instance_id: str, shows: Callable[[Sight], bool]
) -> Sight | None:
    """Return the first sight that *shows* what is waited for, or the last one before patience ends."""
    loop = asyncio.get_running_loop()
    give_up_at, pause = loop.time() + PATIENCE_SECONDS, _FIRST_PAUSE
    while True:
        sight = await sight_of(client, instance_id)
        if (sight and shows(sight)) or loop.time() + pause > give_up_at:
            return sight
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


async def is_taken(raised: Awaitable[None]) -> bool:
    """Say whether an event was taken by its instance; one that has ended takes none.

    The SDK has no error of its own for that, only the bare class, so everything else that may come is raised on.
    """
    (failure,) = await asyncio.gather(raised, return_exceptions=True)
    if isinstance(failure, BaseException) and (type(failure) is not Exception or "is gone" not in str(failure)):
        raise failure
    return failure is None
