"""Function chaining, fan-out and fan-in, sub-orchestrations and retries, all in one file."""

import logging

import azure.durable_functions as df
import azure.functions as func

myApp = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@myApp.route(route="orchestrators/{functionName}", methods=["GET", "POST"])
@myApp.durable_client_input(client_name="client")
async def http_start(req: func.HttpRequest, client):
    function_name = req.route_params.get("functionName")
    body = req.get_json() if req.get_body() else None
    instance_id = await client.start_new(function_name, None, body)
    logging.getLogger(__name__).info("started %s", instance_id)
    return client.create_check_status_response(req, instance_id)


@myApp.orchestration_trigger(context_name="context")
def chain_greetings(context):
    first = yield context.call_activity("greet", "Lisbon")
    second = yield context.call_activity("greet", first)
    third = yield context.call_activity(greet, "Oslo")
    return [first, second, third]


@myApp.orchestration_trigger(context_name="context")
def count_words(context):
    texts = context.get_input()
    tasks = [context.call_activity("words_in", text) for text in texts]
    counts = yield context.task_all(tasks)
    return sum(counts)


@myApp.orchestration_trigger(context_name="context")
def greet_families(context):
    names = yield context.call_activity("family_names")
    children = [
        context.call_sub_orchestrator("greet_family", name, f"{context.instance_id}-{place}")
        for place, name in enumerate(names)
    ]
    greetings = yield context.task_all(children)
    return {"greetings": greetings}


@myApp.orchestration_trigger(context_name="context")
def greet_family(context):
    retries = df.RetryOptions(first_retry_interval_in_milliseconds=5000, max_number_of_attempts=3)
    greeting = yield context.call_activity_with_retry("greet_in_time", retries, context.get_input())
    return greeting


@myApp.activity_trigger(input_name="city")
def greet(city: str) -> str:
    return f"Hello {city}!"


@myApp.activity_trigger(input_name="text")
async def words_in(text: str) -> int:
    return len(text.split())


@myApp.activity_trigger(input_name="nothing")
def family_names(nothing):
    return ["Adler", "Brandt"]


tries = {}


@myApp.activity_trigger(input_name="name")
def greet_in_time(name: str):
    tries[name] = tries.get(name, 0) + 1
    if tries[name] < 3:
        raise TimeoutError(f"nobody at home at {name}'s")
    return f"Good morning, {name}s!"
