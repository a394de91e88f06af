"""Forgets what ended long ago: verifications with their histories, and counts that count no more."""

import asyncio
import logging
from datetime import datetime, timedelta

import azure.durable_functions as df
from azure.durable_functions import OrchestrationRuntimeStatus

from domain.errors import StorageError
from providers.wiring import Providers

logger = logging.getLogger(__name__)

PREFIXES = ("ver_", "sms_")
PAGES_MOST = 50  # in one run; the next one goes on
RECORDS_MOST = 1000
_ENDED = [
    OrchestrationRuntimeStatus.Completed,
    OrchestrationRuntimeStatus.Failed,
    OrchestrationRuntimeStatus.Terminated,
]


async def purge_ended_verifications(client: df.DurableOrchestrationClient, wired: Providers) -> int:
    """Forget what is older than the retention, and return how many verifications that were.

    Verifications go one by one, by their ids: other flows' histories stay. A run that dies half-way is gone on with by
    the next one, since the record of a verification goes before its history.
    """
    before = wired.clock.now() - timedelta(hours=wired.settings.verification_retention_hours)
    purged = 0
    try:
        for prefix in PREFIXES:
            for _ in range(PAGES_MOST):
                page = await _page(client, prefix, before)
                for instance_id in page:
                    await asyncio.to_thread(wired.verification_records.forget, instance_id)
                    await client.purge_instance_history(instance_id)
                purged += len(page)
                if not page:
                    break
        await asyncio.to_thread(_forget_counts, wired)
    except StorageError:
        logger.warning("not all that ended long ago could be forgotten", extra={"purged": purged})
    else:
        logger.info("ended verifications forgotten", extra={"purged": purged})
    return purged


async def _page(client: df.DurableOrchestrationClient, prefix: str, before: datetime) -> list[str]:
    """Return the ids of the next verifications that ended *before* then; the client answers a hundred at most."""
    found = await client.get_status_by(created_time_to=before, runtime_status=_ENDED, instance_id_prefix=prefix)
    return [str(one.instance_id) for one in found if one.last_updated_time and one.last_updated_time <= before]


def _forget_counts(wired: Providers) -> None:
    now = wired.gates.now()
    for records in (wired.limit_records, wired.request_records):
        records.forget_before(now, most=RECORDS_MOST)
