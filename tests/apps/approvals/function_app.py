"""An app with one flow that waits for a person, one activity that works and one that does not."""

from collections.abc import Generator
from datetime import timedelta
from typing import Any

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
DAY = timedelta(days=1)


@app.orchestration_trigger(context_name="context")
def Approval(context: df.DurableOrchestrationContext) -> Generator[Any, Any, str]:
    order = context.get_input()
    yield context.call_activity("Notify", {"order": order["id"]})
    deadline = context.create_timer(context.current_utc_datetime + DAY)
    decision = context.wait_for_external_event("Decision")
    winner = yield context.task_any([decision, deadline])
    if winner is deadline:
        return "expired"
    deadline.cancel()
    receipt = yield context.call_activity("Pay", order)
    return str(receipt)


@app.activity_trigger(input_name="notice")
def Notify(notice: dict) -> str:
    return "told " + notice["order"]


@app.activity_trigger(input_name="order")
def Pay(order: dict) -> str:
    raise RuntimeError("no payment provider here")


@app.route(route="orders/{id}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def Order(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    instance_id = await client.start_new("Approval", req.route_params["id"], {"id": req.route_params["id"]})
    return client.create_check_status_response(req, instance_id)
