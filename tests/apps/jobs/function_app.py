"""A front door that only registers blueprints."""

import azure.functions as func

from watching.approvals import approvals
from watching.monitor import bp

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

app.register_functions(bp)
app.register_blueprint(approvals)


@app.function_name("Health")
@app.route(route="health")
def health(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("fine", mimetype="text/plain")
