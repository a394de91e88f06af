"""The door for cases: filing them, seeing them, deciding them. Everybody who comes in is signed in by the platform."""

import asyncio

import azure.durable_functions as df
import azure.functions as func

from blueprints.callers import refuse_foreign_pages
from blueprints.case_models import AuditAnswer, CaseAnswer, CasesAnswer, DecisionRequest, FileRequest
from blueprints.case_requests import case_id_of, query_of, version_of
from blueprints.casework import Casework, verdict
from blueprints.idempotency import Request, idempotency_key_of
from blueprints.models import json_answer, read_as
from blueprints.principal import SEE_ALL, Role, principal_of
from blueprints.problems import answers_problems
from domain.cases import CaseState
from providers.wiring import providers

bp = df.Blueprint()


# None of these routes wants a function key: the platform signs people in, and each route asks who they are.
@bp.route(route="api/cases", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@bp.durable_client_input(client_name="client")
@answers_problems
async def FileCase(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """File a case for oneself."""
    wired = providers()
    who = principal_of(req, wired.settings).must_be(Role.REQUESTER)
    refuse_foreign_pages(req, wired.settings)
    wish = read_as(FileRequest, req)
    request = Request(
        records=wired.request_records,
        names=wired.names,
        clock=wired.clock,
        caller=f"cases\0{who.subject}",
        key=idempotency_key_of(req),
        body=wish.model_dump_json(),
        prefix="case",
    )
    return _case(await Casework(client, wired).file(who, wish, request), 201)


@bp.route(route="api/cases", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@answers_problems
async def ListCases(req: func.HttpRequest) -> func.HttpResponse:
    """List the cases that somebody may see, newest first."""
    wired = providers()
    who = principal_of(req, wired.settings).must_be(*Role)
    query = query_of(req, only_of=None if who.sees_all else who.subject)
    return json_answer(CasesAnswer.of(await asyncio.to_thread(wired.case_list.page, query)))


@bp.route(route="api/cases/{caseId}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@bp.durable_client_input(client_name="client")
@answers_problems
async def GetCase(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Show a case."""
    wired = providers()
    who = principal_of(req, wired.settings).must_be(*Role)
    return _case(CaseAnswer.of(await Casework(client, wired).seen(who, case_id_of(req))))


@bp.route(route="api/cases/{caseId}/audit", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@bp.durable_client_input(client_name="client")
@answers_problems
async def GetCaseAudit(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Show all that happened to a case."""
    wired = providers()
    who = principal_of(req, wired.settings).must_be(*SEE_ALL, Role.REQUESTER)
    record = await Casework(client, wired).seen(who, case_id_of(req))
    return json_answer(AuditAnswer.of(await asyncio.to_thread(wired.case_list.audit, record.case.case_id)))


@bp.route(route="api/cases/{caseId}/approve", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@bp.durable_client_input(client_name="client")
@answers_problems
async def ApproveCase(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Approve a case."""
    return await _decided(req, client, CaseState.APPROVED)


@bp.route(route="api/cases/{caseId}/reject", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@bp.durable_client_input(client_name="client")
@answers_problems
async def RejectCase(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Reject a case."""
    return await _decided(req, client, CaseState.REJECTED)


@bp.route(route="api/cases/{caseId}/retry-refund", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@bp.durable_client_input(client_name="client")
@answers_problems
async def RetryRefund(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Have a failed payment tried anew."""
    wired = providers()
    who = principal_of(req, wired.settings).must_be(Role.OPERATOR)
    refuse_foreign_pages(req, wired.settings)
    casework = Casework(client, wired)
    return json_answer(await casework.retry(who, await casework.seen(who, case_id_of(req))), 202)


async def _decided(req: func.HttpRequest, client: df.DurableOrchestrationClient, state: CaseState) -> func.HttpResponse:
    wired = providers()
    who = principal_of(req, wired.settings).must_be(Role.SUPERVISOR)
    refuse_foreign_pages(req, wired.settings)
    said = verdict(state, read_as(DecisionRequest, req).comment)
    version, key = version_of(req), idempotency_key_of(req)
    casework = Casework(client, wired)
    record = await casework.seen(who, case_id_of(req))
    return _case(await casework.decide(who, record, said, version=version, key=key))


def _case(case: CaseAnswer, status: int = 200) -> func.HttpResponse:
    answer = json_answer(case, status)
    answer.headers["ETag"] = f'"{case.version}"'
    return answer
