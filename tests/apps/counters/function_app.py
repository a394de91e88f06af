"""Durable entities: signalled and read by a client, called by an orchestrator."""

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route(route="counters/{key}/{amount}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def add(req: func.HttpRequest, client):
    counter = df.EntityId("Counter", req.route_params["key"])
    await client.signal_entity(counter, "add", int(req.route_params["amount"]))
    return func.HttpResponse("signalled", status_code=202)


@app.route(route="counters/{key}", methods=["GET"])
@app.durable_client_input(client_name="client")
async def read(req: func.HttpRequest, client):
    counter = df.EntityId("Counter", req.route_params["key"])
    state = await client.read_entity_state(counter)
    return func.HttpResponse(str(state.entity_state) if state.entity_exists else "none")


@app.orchestration_trigger(context_name="context")
def transfer(context):
    one, other, amount = (context.get_input()[name] for name in ("one", "other", "amount"))
    left = yield context.call_entity(df.EntityId("Counter", one), "get")
    if left < amount:
        return {"moved": 0}
    yield context.call_entity(df.EntityId("Counter", one), "add", -amount)
    context.signal_entity(df.EntityId("Counter", other), "add", amount)
    now = yield context.call_entity(df.EntityId("Counter", other), "get")
    return {"moved": amount, "now": now}


@app.entity_trigger(context_name="context")
def Counter(context):
    current = context.get_state(lambda: 0)
    if context.operation_name == "add":
        current += context.get_input()
    elif context.operation_name == "reset":
        current = 0
    context.set_result(current)
    context.set_state(current)
