"""The door to the description of the user API."""

import json

import azure.durable_functions as df
import azure.functions as func

from blueprints.api_description import api_description
from blueprints.problems import answers_problems
from providers.wiring import providers

bp = df.Blueprint()


# The description says what everybody may know: hence anonymous. Links in it never come from the Host header.
@bp.route(route="api/openapi.json", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@answers_problems
async def GetOpenApi(req: func.HttpRequest) -> func.HttpResponse:
    """Describe the user API."""
    description = api_description(providers().settings.public_base_url)
    return func.HttpResponse(json.dumps(description), mimetype="application/json")
