"""The monitor pattern on a blueprint, with names that differ from the functions', and with objects of a class."""

import json
from datetime import timedelta

import azure.durable_functions as df
import azure.functions as func

bp = df.Blueprint()


class Job:
    """What is watched, in the form in which the SDK carries objects."""

    def __init__(self, number: int, rounds: int):
        self.number = number
        self.rounds = rounds

    @staticmethod
    def to_json(job) -> str:
        return json.dumps({"number": job.number, "rounds": job.rounds})

    @staticmethod
    def from_json(text: str):
        return Job(**json.loads(text))


@bp.function_name("WatchJob")
@bp.route(route="jobs/{number:int}/watch", methods=["POST"])
@bp.durable_client_input(client_name="starter")
async def watch_job(req: func.HttpRequest, starter: df.DurableOrchestrationClient):
    number = int(req.route_params["number"])
    instance_id = await starter.start_new("JobMonitor", f"job-{number}", Job(number, rounds=0))
    return starter.create_check_status_response(req, instance_id)


@bp.orchestration_trigger(context_name="context", orchestration="JobMonitor")
def monitor(context: df.DurableOrchestrationContext):
    job = context.get_input()
    expires = context.current_utc_datetime + timedelta(hours=1)
    while context.current_utc_datetime < expires:
        job.rounds += 1
        state = yield context.call_activity("CheckJob", job)
        context.set_custom_status({"rounds": job.rounds, "state": state})
        if state == "done":
            yield context.call_activity("Tell", f"job {job.number} is done")
            return job.rounds
        yield context.create_timer(context.current_utc_datetime + timedelta(minutes=10))
    yield context.call_activity("Tell", f"job {job.number} takes long")
    return None


@bp.activity_trigger(input_name="job", activity="CheckJob")
def check(job: Job) -> str:
    return "done" if job.number < 100 and job.rounds == 3 else "running"


@bp.activity_trigger(input_name="message", activity="Tell")
def tell(message: str) -> str:
    return message
