"""The door of the dashboard: the page, its scripts and its style sheet. What they show comes from the API for cases."""

import azure.functions as func

from blueprints.page_assets import page_answer
from blueprints.problems import answers_problems

bp = func.Blueprint()


# The page is the same for everybody and holds no case; what its script asks for wants somebody who is signed in.
@bp.route(route="dashboard/{file?}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@answers_problems
async def ShowDashboard(req: func.HttpRequest) -> func.HttpResponse:
    """Show the dashboard, or a file that belongs to it."""
    return page_answer("dashboard", req.route_params.get("file"))
