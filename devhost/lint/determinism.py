"""What an orchestrator must not use, because it would not be the same in the next replay."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from devhost.lint.findings import Finding
from devhost.lint.reach import body_of, local_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devhost.lint.modules import App, Module
    from devhost.lint.reach import Reached

Rule = tuple[str, str, str]

_CLOCK = ("DH101", "reads the clock", "use context.current_utc_datetime")
_DICE = ("DH102", "draws at random", "draw in an activity")
_UUID = ("DH103", "makes a new id", "use context.new_uuid() or an activity")
_ENVIRONMENT = ("DH104", "reads the environment", "take settings from the input")
_SLEEP = ("DH105", "sleeps", "yield context.create_timer(...)")
_FILE = ("DH106", "uses files", "use an activity")
_NETWORK = ("DH107", "uses the network", "use an activity or context.call_http")
_THREAD = ("DH108", "starts threads, tasks or processes", "yield tasks of the context")

_NAMES = {
    _CLOCK: """
        datetime.datetime.now datetime.datetime.utcnow datetime.datetime.today datetime.date.today
        time.time time.time_ns time.monotonic time.monotonic_ns time.perf_counter time.perf_counter_ns
        time.process_time time.process_time_ns time.localtime time.gmtime time.ctime time.strftime
        """,
    _DICE: "random secrets os.urandom numpy.random",
    _UUID: "uuid.uuid1 uuid.uuid4 uuid.getnode",
    _ENVIRONMENT: "os.environ os.environb os.getenv os.getenvb os.getcwd os.getpid platform getpass socket.gethostname",
    _SLEEP: "time.sleep asyncio.sleep",
    _FILE: """
        builtins.open io.open os.open os.listdir os.scandir os.walk os.stat os.remove os.rename os.mkdir os.makedirs
        os.path.exists os.path.isfile os.path.isdir os.path.getsize os.path.getmtime shutil tempfile sqlite3 glob
        """,
    _NETWORK: """
        socket ssl urllib.request urllib3 http.client requests httpx aiohttp websockets smtplib ftplib grpc
        azure.storage azure.data azure.identity azure.cosmos azure.servicebus azure.eventhub azure.eventgrid
        azure.keyvault azure.core twilio openai boto3 redis psycopg psycopg2 pymongo pyodbc
        """,
    _THREAD: """
        threading _thread asyncio concurrent.futures multiprocessing subprocess
        os.system os.popen os.fork os.spawnl os.spawnv
        """,
}
_RULES = {name: rule for rule, names in _NAMES.items() for name in names.split()}
_FILE_METHODS = frozenset({"read_text", "write_text", "read_bytes", "write_bytes"})


def check(app: App, one: Reached) -> Iterator[Finding]:
    """Return what *one* uses that a replay does not forgive."""
    if one.is_door and isinstance(one.function, ast.AsyncFunctionDef):
        yield _finding(one, one.function, "DH109", "is an async def; an orchestrator is a plain def that yields")
    local = local_names(one.function)
    inner: set[int] = set()
    for node in body_of(one.function):
        if not isinstance(node, ast.Name | ast.Attribute) or id(node) in inner:
            continue
        rule, name = _rule(one.module, node, local)
        if rule is not None:
            inner |= {id(part) for part in ast.walk(node)}
        else:
            rule, name = _rule_of_constant(app, one.module.dotted(node, local))
        if rule is not None:
            code, does, instead = rule
            yield _finding(one, node, code, f"{name} {does}; {instead}")


def _rule_of_constant(app: App, dotted: str | None) -> tuple[Rule | None, str]:
    """Return the rule that a constant of the app breaks: each process that loads the app may get another value."""
    found = app.find(dotted) if dotted else None
    if found is None or found[1] not in found[0].constants:
        return None, ""
    module, name = found
    for part in ast.walk(module.constants[name]):
        if isinstance(part, ast.Name | ast.Attribute):
            rule, used = _rule(module, part, frozenset())
            if rule is not None:
                return rule, f"{name}, which was made by {used} when the app was loaded,"
    return None, ""


def _rule(module: Module, node: ast.Name | ast.Attribute, local: frozenset[str]) -> tuple[Rule | None, str]:
    dotted = module.dotted(node, local)
    if dotted is None:
        is_file = isinstance(node, ast.Attribute) and node.attr in _FILE_METHODS
        return (_FILE, node.attr) if is_file and isinstance(node, ast.Attribute) else (None, "")
    parts = dotted.split(".")
    prefixes = (".".join(parts[:cut]) for cut in range(len(parts), 0, -1))
    rule = next((_RULES[prefix] for prefix in prefixes if prefix in _RULES), None)
    return rule, dotted.removeprefix("builtins.")


def _finding(one: Reached, node: ast.expr | ast.stmt, code: str, text: str) -> Finding:
    return Finding(one.module.path, node.lineno, code, f"{one.where}: {text}")
