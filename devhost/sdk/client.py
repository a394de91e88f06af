"""The URLs of the management API, and the text that a durable client binding carries.

The SDK takes the URLs apart by replacing the text ``INSTANCEID`` and the origin, so their form matters to the letter.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

PUBLIC_BASE = "/runtime/webhooks/durabletask"
PLACEHOLDER = "INSTANCEID"

_OPERATIONS = (
    ("statusQueryGetUri", "", ""),
    ("sendEventPostUri", "/raiseEvent/{eventName}", ""),
    ("terminatePostUri", "/terminate", "reason={text}&"),
    ("rewindPostUri", "/rewind", "reason={text}&"),
    ("purgeHistoryDeleteUri", "", ""),
    ("restartPostUri", "/restart", ""),
    ("suspendPostUri", "/suspend", "reason={text}&"),
    ("resumePostUri", "/resume", "reason={text}&"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """A task hub as its URLs name it."""

    name: str
    connection: str
    key: str


def management_urls(base: str, hub: Hub, encoded_id: str) -> dict[str, str]:
    """Return the URLs of an instance by their names; *base* is the public base with its origin."""
    common = f"taskHub={hub.name}&connection={hub.connection}&code={hub.key}"
    instance = f"{base}/instances/{encoded_id}"
    return {name: f"{instance}{path}?{query}{common}" for name, path, query in _OPERATIONS}


def check_status(base: str, hub: Hub, instance_id: str, encoded_id: str) -> dict[str, str]:
    """Return the body of the host's own 202; unlike the binding it has no rewind."""
    urls = management_urls(base, hub, encoded_id)
    del urls["rewindPostUri"]
    return {"id": instance_id, **urls}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientBinding:
    """What all durable client bindings of a host have in common."""

    origin: str
    rpc_base: str
    hub: Hub

    def text(self, binding: dict[str, Any]) -> str:
        """Return the text for *binding*, whose hub and connection change the management URLs and nothing else."""
        return _text(
            self,
            Hub(
                name=binding.get("taskHub") or self.hub.name,
                connection=binding.get("connectionName") or self.hub.connection,
                key=self.hub.key,
            ),
        )


@lru_cache(maxsize=64)
def _text(binding: ClientBinding, hub: Hub) -> str:
    base = f"{binding.origin}{PUBLIC_BASE}"
    new = f"{base}/orchestrators/{{functionName}}[/{{instanceId}}]"
    code = f"code={hub.key}"
    body = {
        "taskHubName": hub.name,
        "connectionName": None,
        "creationUrls": {
            "createNewInstancePostUri": f"{new}?{code}",
            "createAndWaitOnNewInstancePostUri": (
                f"{new}?timeout={{timeoutInSeconds}}&pollingInterval={{intervalInSeconds}}&{code}"
            ),
        },
        "managementUrls": {"id": PLACEHOLDER, **management_urls(base, hub, PLACEHOLDER)},
        "baseUrl": base,
        "requiredQueryStringParameters": code,
        "rpcBaseUrl": binding.rpc_base,
        "httpBaseUrl": None,
        "maxGrpcMessageSizeInBytes": None,
        "grpcHttpClientTimeout": None,
    }
    return json.dumps(body, separators=(",", ":"))
