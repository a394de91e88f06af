"""The door of the user API: everything that the user of a phone may do, and no management URL ever."""

import azure.durable_functions as df
import azure.functions as func

from blueprints.callers import address_of, caller_of, refuse_foreign_pages, token_of
from blueprints.idempotency import Request, idempotency_key_of
from blueprints.models import json_answer, read_as
from blueprints.problems import answers_problems
from blueprints.requests import verification_id_of
from blueprints.verification_models import CancelAnswer, CheckAnswer, CheckRequest, PendingAnswer, StartRequest
from blueprints.verifying import Verifications
from providers.wiring import providers

bp = df.Blueprint()


@bp.route(route="api/verifications", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@bp.durable_client_input(client_name="client")
@answers_problems
async def StartVerification(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Send a code to a phone, and hand out the token for it."""
    refuse_foreign_pages(req, providers().settings)
    return await start_answer(req, client, caller=caller_of(req))


# The routes of one verification want its token instead of a function key: a user's own device may call them.
@bp.route(route="api/verifications/{verificationId}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@bp.durable_client_input(client_name="client")
@answers_problems
async def GetVerification(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Say how a verification stands."""
    token, verification_id = token_of(req), verification_id_of(req)
    return json_answer(await Verifications(client, providers()).status(verification_id, token))


@bp.route(route="api/verifications/{verificationId}/check", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@bp.durable_client_input(client_name="client")
@answers_problems
async def CheckVerification(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Judge one guess."""
    wired = providers()
    refuse_foreign_pages(req, wired.settings)
    token, verification_id, guess = token_of(req), verification_id_of(req), read_as(CheckRequest, req)
    return _answer(await Verifications(client, wired).check(verification_id, token, guess.code))


@bp.route(route="api/verifications/{verificationId}/resend", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@bp.durable_client_input(client_name="client")
@answers_problems
async def ResendVerification(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Send the same code once more."""
    wired = providers()
    refuse_foreign_pages(req, wired.settings)
    token, verification_id = token_of(req), verification_id_of(req)
    return json_answer(await Verifications(client, wired).resend(verification_id, token), 202)


@bp.route(route="api/verifications/{verificationId}/cancel", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@bp.durable_client_input(client_name="client")
@answers_problems
async def CancelVerification(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Give a verification up."""
    wired = providers()
    refuse_foreign_pages(req, wired.settings)
    token, verification_id = token_of(req), verification_id_of(req)
    return _answer(await Verifications(client, wired).cancel(verification_id, token))


async def start_answer(
    req: func.HttpRequest, client: df.DurableOrchestrationClient, *, caller: str
) -> func.HttpResponse:
    """Start a verification for *caller*, whom the door knows, and answer with it."""
    wired = providers()
    wish = read_as(StartRequest, req)
    request = Request(
        records=wired.request_records,
        names=wired.names,
        clock=wired.clock,
        caller=caller,
        key=idempotency_key_of(req),
        body=wish.model_dump_json(),
    )
    address = address_of(req, hops=wired.settings.trusted_forwarded_hops)
    return json_answer(await Verifications(client, wired).start(wish.phone_number, request, address=address), 201)


def _answer(body: CheckAnswer | CancelAnswer | PendingAnswer) -> func.HttpResponse:
    """Answer 202 where the end is not known yet."""
    return json_answer(body, 202, retry_after=1) if isinstance(body, PendingAnswer) else json_answer(body)
