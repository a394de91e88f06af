"""Human interaction and eternal orchestrations on a second blueprint."""

from datetime import timedelta

import azure.durable_functions as df

approvals = df.Blueprint()


@approvals.orchestration_trigger(context_name="context")
def Approve(context: df.DurableOrchestrationContext):
    due = context.current_utc_datetime + timedelta(hours=72)
    timeout = context.create_timer(due)
    approval = context.wait_for_external_event("ApprovalEvent")
    winner = yield context.task_any([approval, timeout])
    if approval == winner:
        timeout.cancel()
        return f"approved: {approval.result}"
    return "escalated"


@approvals.orchestration_trigger(context_name="context")
def CleanUp(context: df.DurableOrchestrationContext):
    rounds = context.get_input() or 0
    if rounds == 3:
        return rounds
    yield context.create_timer(context.current_utc_datetime + timedelta(hours=1))
    context.continue_as_new(rounds + 1)
