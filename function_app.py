"""The front door: what the app answers to, from top to bottom.

Importing it reads no setting and does no I/O.
"""

import json
from collections.abc import Callable, Generator
from typing import Any

import azure.durable_functions as df
import azure.functions as func

from activities.digest_sms_code import digest_sms_code
from activities.note_verification_end import note_verification_end
from activities.send_sms_challenge import send_sms_challenge
from blueprints import cases, dashboard_page, locks, maintenance, openapi, refund_approval, verifications, verify_page
from blueprints.masked_logs import mask_logs
from blueprints.payloads import Payload
from blueprints.problems import UnknownResourceError, answers_problems
from blueprints.requests import body_of, instance_id_of
from blueprints.starting import Start, sms_start
from domain.challenge import CodeRef, SmsSending
from domain.payloads import text
from domain.sms import Wording
from domain.verification_end import VerificationEnd
from orchestrators.sms_verify import sms_verify
from providers.wiring import providers

app = df.DFApp(http_auth_level=func.AuthLevel.FUNCTION)
app.register_functions(refund_approval.bp)
app.register_functions(cases.bp)
app.register_functions(dashboard_page.bp)
app.register_functions(verifications.bp)
app.register_functions(verify_page.bp)
app.register_functions(locks.bp)
app.register_functions(openapi.bp)
app.register_functions(maintenance.bp)
mask_logs()

FLOWS: dict[str, Callable[[object], Start]] = {
    "SmsVerify": sms_start,
    "RefundApproval": refund_approval.refund_start,
}
"""The flows that an operator may start by name, and what makes a start of a request's body."""


@app.orchestration_trigger(context_name="context")
def SmsVerify(context: df.DurableOrchestrationContext) -> Generator[Any, Any, bool]:
    """Ask the holder of a phone for the code in an SMS."""
    return sms_verify(context)


@app.activity_trigger(input_name="payload")
async def SendSmsChallenge(payload: Payload) -> dict[str, str]:
    """Send the SMS with the code."""
    wired = providers()
    handover = await send_sms_challenge(
        SmsSending.from_payload(payload),
        wording=Wording(brand=wired.settings.sms_brand, domain=wired.settings.public_domain),
        codes=wired.codes,
        vault=wired.vault,
        gates=wired.gates,
        sms=wired.sms,
    )
    return handover.to_payload()


@app.activity_trigger(input_name="payload")
def DigestSmsCode(payload: Payload) -> dict[str, str]:
    """Digest a code that an operator passed on."""
    code = text(payload, "code", "[0-9]+")
    return {"digest": digest_sms_code(CodeRef.from_payload(payload), code, codes=providers().codes)}


@app.activity_trigger(input_name="payload")
def NoteVerificationEnd(payload: Payload) -> dict[str, str]:
    """Let the limits know that a verification has ended."""
    wired = providers()
    return note_verification_end(VerificationEnd.from_payload(payload), gates=wired.gates, vault=wired.vault)


@app.route(route="api/orchestrators/{name}", methods=["POST"])
@app.durable_client_input(client_name="client")
@answers_problems
async def StartOrchestration(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Start a flow for an operator, who gets all management URLs: never let an end user call this."""
    name = req.route_params["name"]
    if name not in FLOWS:
        message = "no such flow"
        raise UnknownResourceError(message)
    start = FLOWS[name](body_of(req))
    await client.start_new(name, instance_id=start.instance_id, client_input=start.input)
    return client.create_check_status_response(req, start.instance_id)


# Probes have no key, and the answer says nothing: hence anonymous.
@app.route(route="api/health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def GetHealth(req: func.HttpRequest) -> func.HttpResponse:
    """Say that the app is there."""
    return _json({"status": "ok"})


@app.route(route="api/outbox", methods=["GET"])
@answers_problems
async def GetOutbox(req: func.HttpRequest) -> func.HttpResponse:
    """Show a developer what the console provider sent; there is no such thing outside development."""
    outbox = providers().outbox
    if outbox is None:
        message = "no outbox"
        raise UnknownResourceError(message)
    wanted = req.params.get("instanceId")
    return _json(outbox.of(instance_id_of(wanted) if wanted else None))


def _json(value: object) -> func.HttpResponse:
    return func.HttpResponse(json.dumps(value), mimetype="application/json", headers={"Cache-Control": "no-store"})
