"""The durable client binding is what the extension sends, to the letter."""

from __future__ import annotations

import json

from devhost.sdk.client import ClientBinding, Hub

BASE = "http://localhost:7071/runtime/webhooks/durabletask"
BINDING = ClientBinding(
    origin="http://localhost:7071",
    rpc_base="http://127.0.0.1:17071/durabletask/",
    hub=Hub(name="TestHubName", connection="Storage", key="KEY"),
)


def test_the_binding_has_the_recorded_keys_in_order() -> None:
    """Keys, order and values are those of extension 3.15.0."""
    common = "taskHub=TestHubName&connection=Storage&code=KEY"
    instance = f"{BASE}/instances/INSTANCEID"

    assert json.loads(BINDING.text({}), object_pairs_hook=_pairs) == [
        ["taskHubName", "TestHubName"],
        ["connectionName", None],
        [
            "creationUrls",
            [
                ["createNewInstancePostUri", f"{BASE}/orchestrators/{{functionName}}[/{{instanceId}}]?code=KEY"],
                [
                    "createAndWaitOnNewInstancePostUri",
                    f"{BASE}/orchestrators/{{functionName}}[/{{instanceId}}]"
                    "?timeout={timeoutInSeconds}&pollingInterval={intervalInSeconds}&code=KEY",
                ],
            ],
        ],
        [
            "managementUrls",
            [
                ["id", "INSTANCEID"],
                ["statusQueryGetUri", f"{instance}?{common}"],
                ["sendEventPostUri", f"{instance}/raiseEvent/{{eventName}}?{common}"],
                ["terminatePostUri", f"{instance}/terminate?reason={{text}}&{common}"],
                ["rewindPostUri", f"{instance}/rewind?reason={{text}}&{common}"],
                ["purgeHistoryDeleteUri", f"{instance}?{common}"],
                ["restartPostUri", f"{instance}/restart?{common}"],
                ["suspendPostUri", f"{instance}/suspend?reason={{text}}&{common}"],
                ["resumePostUri", f"{instance}/resume?reason={{text}}&{common}"],
            ],
        ],
        ["baseUrl", BASE],
        ["requiredQueryStringParameters", "code=KEY"],
        ["rpcBaseUrl", "http://127.0.0.1:17071/durabletask/"],
        ["httpBaseUrl", None],
        ["maxGrpcMessageSizeInBytes", None],
        ["grpcHttpClientTimeout", None],
    ]


def _pairs(pairs: list[tuple[str, object]]) -> list[list[object]]:
    return [list(pair) for pair in pairs]


def test_hub_and_connection_of_a_binding_change_the_management_urls_only() -> None:
    """The SDK's own calls of such a client still go to the app's hub."""
    usual = json.loads(BINDING.text({}))
    other = json.loads(BINDING.text({"taskHub": "Other", "connectionName": "Setting"}))

    assert other["taskHubName"] == "Other"
    assert other["connectionName"] is None
    assert other["managementUrls"]["restartPostUri"].endswith("restart?taskHub=Other&connection=Setting&code=KEY")
    assert {key for key in usual if usual[key] != other[key]} == {"taskHubName", "managementUrls"}
