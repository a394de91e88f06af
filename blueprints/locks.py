"""The door to the locks of phones: an operator looks at one and lifts it."""

import asyncio
from datetime import UTC, datetime

import azure.durable_functions as df
import azure.functions as func

from blueprints.callers import refuse_foreign_pages
from blueprints.models import json_answer, read_as
from blueprints.problems import answers_problems
from blueprints.verification_models import LockAnswer, LockRequest
from domain.payloads import stamp
from domain.phone_number import PhoneNumber
from providers.wiring import providers

bp = df.Blueprint()


# The number stands in the body and never in the URL, since URLs are logged; hence POST for a question too.
@bp.route(route="api/locks/query", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@answers_problems
async def QueryLock(req: func.HttpRequest) -> func.HttpResponse:
    """Say how often a phone was answered for wrongly, and until when it is locked."""
    wired = providers()
    refuse_foreign_pages(req, wired.settings)
    number = wired.numbers.read(read_as(LockRequest, req).phone_number)
    return json_answer(await asyncio.to_thread(_seen, number))


@bp.route(route="api/locks/lift", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@answers_problems
async def LiftLock(req: func.HttpRequest) -> func.HttpResponse:
    """Let a phone be answered for again."""
    wired = providers()
    refuse_foreign_pages(req, wired.settings)
    number = wired.numbers.read(read_as(LockRequest, req).phone_number)
    await asyncio.to_thread(wired.gates.lift, number.e164)
    return json_answer(await asyncio.to_thread(_seen, number))


def _seen(number: PhoneNumber) -> LockAnswer:
    gates = providers().gates
    record = gates.look(number.e164)
    is_locked = record.locked_until > gates.now()
    locked_until = stamp(datetime.fromtimestamp(record.locked_until / 1000, UTC)) if is_locked else None
    wrong_answers = 0 if record.locked_until and not is_locked else record.wrong_answers
    return LockAnswer(to=number.masked, wrong_answers=wrong_answers, locked_until=locked_until)
