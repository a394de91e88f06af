"""The door of the clock: what the app does by itself, every hour."""

import azure.durable_functions as df
import azure.functions as func

from blueprints.purging import purge_ended_verifications
from providers.wiring import providers

bp = df.Blueprint()


@bp.timer_trigger(arg_name="timer", schedule="0 7 * * * *")
@bp.durable_client_input(client_name="client")
async def PurgeEndedVerifications(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Forget verifications that ended longer ago than the retention."""
    await purge_ended_verifications(client, providers())
