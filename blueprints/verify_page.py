"""The door of the page on which a person verifies a phone, where the operator opened it to everybody.

It has a start of its own; for all that follows, the page holds the token and asks the user API like any program.
"""

import azure.durable_functions as df
import azure.functions as func

from blueprints.callers import refuse_foreign_pages
from blueprints.page_assets import page_answer
from blueprints.page_sessions import fresh_cookie, session_of
from blueprints.problems import UnknownResourceError, answers_problems
from blueprints.verifications import start_answer
from domain.refusals import ForbiddenError, UnauthorizedError
from providers.wiring import Providers, providers

bp = df.Blueprint()


# The page is for people, who hold no key: hence anonymous. Where the setting does not open it, there is no page.
@bp.route(route="verify/{file?}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@answers_problems
async def ShowVerifyPage(req: func.HttpRequest) -> func.HttpResponse:
    """Show the page, and begin a session with it."""
    wired = _opened()
    file = req.route_params.get("file")
    is_known = file is not None or session_of(req, wired.names, wired.clock) is not None
    return page_answer("verify", file, set_cookie=None if is_known else fresh_cookie(wired.names, wired.clock))


@bp.route(route="verify/start", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@bp.durable_client_input(client_name="client")
@answers_problems
async def StartFromPage(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Send a code to a phone for somebody who has our page open, and hand out the token for it."""
    wired = _opened()
    if not req.headers.get("Origin"):
        message = "only our own page may ask for this"
        raise ForbiddenError(message)
    refuse_foreign_pages(req, wired.settings)
    session = session_of(req, wired.names, wired.clock)
    if session is None:
        message = "expected the cookie that comes with the page"
        raise UnauthorizedError(message)
    return await start_answer(req, client, caller=f"page {session}")


def _opened() -> Providers:
    """Return the providers if the page is open."""
    wired = providers()
    if not wired.settings.verify_page_enabled:
        message = "there is no such page"
        raise UnknownResourceError(message)
    return wired
