"""The connections that the SDK's client keeps to the host: shared by a process, and never closed by the SDK."""

from __future__ import annotations

import sys

_MODULE = "azure.durable_functions.models.utils.http_utils"


async def close_connections() -> None:
    """Close the SDK's shared session, so that a next host in this process, on another event loop, gets a new one."""
    close = getattr(sys.modules.get(_MODULE), "_close_session", None)
    if close is not None:
        await close()
