"""What the platform wants of our functions, and what the flows want of them."""

import ast
import json
import subprocess
import sys
import typing
from pathlib import Path
from typing import Any

import azure.functions as func
import pytest

from tests.support.front_door import functions

ROOT = Path(__file__).parents[2]
CASE_ROUTES = ("FileCase", "ListCases", "GetCase", "GetCaseAudit", "ApproveCase", "RejectCase", "RetryRefund")
PAGES = ("verify", "dashboard")  # routes of pages spell no api/
TOKEN_ROUTES = ("GetVerification", "CheckVerification", "ResendVerification", "CancelVerification")
LAZY = ("twilio", "phonenumbers", "cryptography", "azure.identity", "azure.storage", "azure.data")


def bindings(name: str) -> dict[str, dict[str, Any]]:
    """The bindings of a function by their type."""
    return {binding["type"]: binding for binding in json.loads(str(functions()[name]))["bindings"]}


def parameters(name: str) -> dict[str, Any]:
    """The resolved annotations of a function's parameters."""
    hints = typing.get_type_hints(functions()[name].get_user_function())
    return {parameter: hint for parameter, hint in hints.items() if parameter != "return"}


def called_activities() -> set[str]:
    """The names that orchestrators call activities by: the literals among the arguments of calls."""
    names = set()
    for path in (ROOT / "orchestrators").glob("*.py"):
        for call in (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)):
            callee = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
            if callee in {"attempt", "tried", "found_by", "call_activity"}:
                names |= {str(argument.value) for argument in call.args if isinstance(argument, ast.Constant)}
    return names


def test_the_app_has_the_functions_of_the_specification() -> None:
    """The names that Azure shows are those of the specification."""
    assert {
        "SmsVerify",
        "SendSmsChallenge",
        "DigestSmsCode",
        "NoteVerificationEnd",
        "StartVerification",
        *TOKEN_ROUTES,
        "QueryLock",
        "LiftLock",
        "RefundApproval",
        "UpdateCase",
        "IssueRefund",
        "NotifyCustomer",
        "StartOrchestration",
        "GetHealth",
        "GetOutbox",
    } <= functions().keys()


@pytest.mark.parametrize("name", sorted(functions()))
def test_annotations_are_such_that_the_worker_takes_them(name: str) -> None:
    """The worker resolves annotations when it indexes a function, and wants classes or aliases of `typing`.

    It refuses ``dict[str, Any]`` on a parameter ("invalid non-type annotation") and then shows no function at all.
    """
    generic_alias = type(typing.List[int])  # noqa: UP006  the older spelling is what the worker knows

    assert all(isinstance(hint, type | generic_alias) for hint in parameters(name).values())


def test_orchestrators_call_activities_that_exist() -> None:
    """A misspelt activity name fails here; on the platform the instance would hang for ever."""
    activities = {name for name in functions() if "activityTrigger" in bindings(name)}

    assert called_activities() != set()
    assert called_activities() <= activities


@pytest.mark.parametrize("name", [name for name in functions() if "httpTrigger" in bindings(name)])
def test_every_route_names_one_method_and_spells_its_api(name: str) -> None:
    """A route that takes any method is an oversight; what is no page spells the prefix in its route."""
    trigger = bindings(name)["httpTrigger"]

    assert len(trigger["methods"]) == 1
    assert trigger["route"].partition("/")[0] in {"api", *PAGES}


def test_every_route_wants_a_key_but_those_that_are_named_here() -> None:
    """Without a function key answer health, the API's description, pages, and what a user does with his token."""
    levels = {name: trigger["authLevel"] for name in functions() if (trigger := bindings(name).get("httpTrigger"))}

    anonymous = {name for name, level in levels.items() if level == "ANONYMOUS"}
    pages = {"ShowDashboard", "ShowVerifyPage", "StartFromPage"}
    assert anonymous == {"GetHealth", "GetOpenApi", *pages, *CASE_ROUTES, *TOKEN_ROUTES}
    assert set(levels.values()) == {"ANONYMOUS", "FUNCTION"}


@pytest.mark.parametrize("name", TOKEN_ROUTES)
async def test_a_route_without_a_key_asks_for_the_token_first(name: str) -> None:
    """Nothing is read or done for whoever shows no token. Threat 14."""
    route = functions()[name].get_user_function().client_function
    params = {"verificationId": f"ver_{'0' * 32}"}

    answer = await route(func.HttpRequest("POST", "/", route_params=params, body=b"{"), None)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("name", CASE_ROUTES)
async def test_a_route_for_cases_asks_who_is_there_first(name: str) -> None:
    """Nothing is read or done for whoever is not signed in by the platform. Threat 38, Threat 39."""
    route = functions()[name].get_user_function()
    req = func.HttpRequest("POST", "/", headers={"X-MS-CLIENT-PRINCIPAL": "e30="}, body=b"{")

    answer = await (route.client_function(req, None) if hasattr(route, "client_function") else route(req))

    assert (answer.status_code, json.loads(answer.get_body())["code"]) == (401, "unauthorized")


def test_health_answers() -> None:
    """GET /api/health says that the app is there, and nothing else."""
    answer = functions()["GetHealth"].get_user_function()(func.HttpRequest("GET", "/api/health", body=b""))

    assert (answer.status_code, json.loads(answer.get_body())) == (200, {"status": "ok"})


def test_importing_the_app_does_nothing_and_needs_nothing() -> None:
    """In a fresh process without any setting, the import loads no client, opens no file of ours and no socket."""
    program = f"""
import sys, socket
loaded = []
sys.addaudithook(lambda event, args: loaded.append(event) if event in ("socket.connect", "socket.bind") else None)
import function_app
assert loaded == [], loaded
names = [function.get_function_name() for function in function_app.app.get_functions()]
print(len(names), [name for name in {LAZY!r} if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr == ""
    assert done.stdout.split(maxsplit=1)[1].strip() == "[]"


def test_importing_the_app_reads_no_setting() -> None:
    """The environment is asked for none of our settings until a call needs one."""
    program = """
import os
from settings import Settings
asked = []
Settings.load = classmethod(lambda cls: asked.append(1))
import function_app
assert asked == []
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


def test_host_json_is_as_the_flows_need_it() -> None:
    """Routes spell their prefix, a lost worker is noticed within the two minutes of a code, inputs are not traced."""
    host = json.loads((ROOT / "host.json").read_text("utf-8"))
    durable = host["extensions"]["durableTask"]

    assert host["extensionBundle"]["version"] == "[4.*, 5.0.0)"
    assert host["extensions"]["http"]["routePrefix"] == ""
    assert durable["hubName"] == "Countersign"
    assert durable["defaultVersion"] == "1.0"
    assert durable["tracing"]["traceInputsAndOutputs"] is False
    assert durable["storageProvider"]["maxQueuePollingInterval"] == "00:00:01"
    assert durable["storageProvider"]["controlQueueVisibilityTimeout"] == "00:01:00"
    assert durable["storageProvider"]["workItemQueueVisibilityTimeout"] == "00:01:00"
