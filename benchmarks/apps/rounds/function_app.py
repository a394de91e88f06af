"""An orchestration whose history grows by one event a round, so that the cost of a turn can be seen to grow with it."""

from collections.abc import Generator
from typing import Any

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.orchestration_trigger(context_name="context")
def Rounds(context: df.DurableOrchestrationContext) -> Generator[Any, Any, int]:
    """Take as many events as the input says, and tell after each how many there were."""
    rounds = int(context.get_input())
    for number in range(rounds):
        context.set_custom_status({"rounds": number})
        yield context.wait_for_external_event("Go")
    return rounds


@app.route(route="health", methods=["GET"])
def GetHealth(req: func.HttpRequest) -> func.HttpResponse:
    """Say that the app is there."""
    return func.HttpResponse("ok")
