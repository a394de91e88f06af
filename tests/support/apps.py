"""Small apps written into a folder, for tests that load or serve one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

HEADER = """
import azure.durable_functions as df
import azure.functions as func

{name} = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
"""
FUNCTIONS = """
@{name}.route(route="start/{{name}}", methods=["POST"])
@{name}.durable_client_input(client_name="client")
async def Start(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    instance_id = await client.start_new(req.route_params["name"], client_input=req.get_json())
    return client.create_check_status_response(req, instance_id)


@{name}.route(route="plain")
def Plain(req: func.HttpRequest, context: func.Context) -> str:
    return f"{{req.method}} {{context.function_name}} {{bool(context.invocation_id)}}"


@{name}.route(route="breaks", methods=["GET", "POST"])
def Breaks(req: func.HttpRequest) -> func.HttpResponse:
    raise ValueError("broken by plan")


@{name}.route(route="stuck", methods=["GET"])
def Stuck(req: func.HttpRequest) -> func.HttpResponse:
    import threading
    threading.Event().wait(60)
    return func.HttpResponse()


@{name}.orchestration_trigger(context_name="context")
def Doubles(context: df.DurableOrchestrationContext):
    value = yield context.call_activity("Double", context.get_input())
    return value


@{name}.activity_trigger(input_name="number")
def Double(number: int) -> int:
    return number * 2
"""


def write_app(
    folder: Path, *, source: str | None = None, name: str = "app", host_json: object = None, more: str = ""
) -> Path:
    """Write an app with a handful of functions, or one with *source*, and return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    own = (HEADER + FUNCTIONS).format(name=name) + more
    (folder / "function_app.py").write_text(own if source is None else source)
    (folder / "host.json").write_text(json.dumps(host_json or {"version": "2.0"}))
    return folder
