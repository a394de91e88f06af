"""The command: what it prints, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from devhost.engine.lock import FileLock
from tests.support.apps import write_app

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
READY = "devhost listens on "


def command(*arguments: str) -> list[str]:
    """Return the command line of a start."""
    return [sys.executable, "-m", "devhost", *arguments]


def environment(**more: str) -> dict[str, str]:
    """Return an environment in which devhost is found from anywhere."""
    return {**os.environ, "PYTHONPATH": str(ROOT), **more}


def ended(*arguments: str, cwd: Path = ROOT, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command that ends by itself."""
    return subprocess.run(
        command(*arguments), cwd=cwd, env=environment(**more), capture_output=True, text=True, timeout=30, check=False
    )


class Running:
    """A devhost that answers, and what it printed until then."""

    def __init__(self, process: subprocess.Popen[str], printed: list[str]) -> None:
        self.process = process
        self.printed = printed
        self.url = printed[-1].split()[3].rstrip(";")
        self.shown = self.url.replace("127.0.0.1", "localhost")

    def get(self, path: str) -> str:
        """Return the body at *path*."""
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:  # noqa: S310  our own server
            return str(answer.read().decode())


@contextmanager
def started(*arguments: str, cwd: Path = ROOT, **more: str) -> Iterator[Running]:
    """Run devhost until the end of the block."""
    process = subprocess.Popen(
        command("start", "--port", "0", *arguments),
        cwd=cwd,
        env=environment(PYTHONUNBUFFERED="1", **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        printed: list[str] = []
        assert process.stdout is not None
        while not (printed and printed[-1].startswith(READY)):
            line = process.stdout.readline()
            assert line, f"devhost ended: {process.stderr.read() if process.stderr else ''}"
            printed.append(line)
        yield Running(process, printed)
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """An app's folder."""
    return write_app(tmp_path / "app")


def test_the_functions_are_listed_as_func_start_lists_them(app: Path) -> None:
    """HTTP functions come first, with their methods and URLs; then all others with their triggers."""
    with started("--app", str(app), "--memory") as running:
        port = running.url.rpartition(":")[2]
        shown = "".join(running.printed[:-1])

    assert shown == (
        "Functions:\n"
        f"\n\tBreaks: [GET,POST] http://localhost:{port}/api/breaks\n"
        f"\n\tPlain:  http://localhost:{port}/api/plain\n"
        f"\n\tStart: [POST] http://localhost:{port}/api/start/{{name}}\n"
        f"\n\tStuck: [GET] http://localhost:{port}/api/stuck\n"
        "\n\tDouble: activityTrigger\n"
        "\n\tDoubles: orchestrationTrigger\n"
        "\nFor detailed output, run func with --verbose flag.\n\n"
    )


def test_the_store_lies_in_the_apps_folder(app: Path) -> None:
    """Without an option the database is named after the hub; the app runs where it lies and finds its settings."""
    settings = {"Values": {"FROM_FILE": "file", "FROM_BOTH": "file"}}
    (app / "local.settings.json").write_text(json.dumps(settings))
    more = """
@app.route(route="seen", methods=["GET"])
def Seen(req: func.HttpRequest) -> str:
    import os, sys
    names = ("FROM_FILE", "FROM_BOTH", "AZURE_FUNCTIONS_ENVIRONMENT")
    return "|".join([os.getcwd(), sys.path[0], *(os.environ[name] for name in names)])
"""
    write_app(app, more=more)

    with started(cwd=app, FROM_BOTH="environment") as running:
        seen = running.get("/api/seen")

    assert seen == f"{app}|{app}|file|environment|Development"
    assert (app / ".devhost" / "TestHubName.db").is_file()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it(app: Path, number: signal.Signals, code: int) -> None:
    """Ctrl-C ends devhost with exit code 130, SIGTERM with 143, and without a traceback."""
    with started("--app", str(app), "--memory") as running:
        running.process.send_signal(number)
        _, errors = running.process.communicate(timeout=10)

    assert running.process.returncode == code
    assert "Traceback" not in errors


def test_a_function_that_hangs_does_not_keep_it_alive(app: Path) -> None:
    """Ctrl-C ends devhost within five seconds, whatever still runs."""
    with started("--app", str(app), "--memory") as running:
        host, port = running.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as caller:
            caller.sendall(b"GET /api/stuck HTTP/1.1\r\nHost: x\r\n\r\n")
            running.get("/api/plain")
            began = time.monotonic()
            running.process.send_signal(signal.SIGINT)
            running.process.communicate(timeout=10)

    assert running.process.returncode == 130
    assert time.monotonic() - began < 5


def test_the_second_signal_ends_it_at_once(app: Path) -> None:
    """Who presses Ctrl-C twice does not want to wait."""
    with started("--app", str(app), "--memory") as running:
        host, port = running.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as caller:
            caller.sendall(b"GET /api/stuck HTTP/1.1\r\nHost: x\r\n\r\n")
            running.get("/api/plain")
            running.process.send_signal(signal.SIGINT)
            deadline = time.monotonic() + 2
            while running.process.poll() is None and time.monotonic() < deadline:
                running.process.send_signal(signal.SIGINT)
                time.sleep(0.05)

    assert running.process.returncode == 130


def test_a_moved_clock_is_announced_at_the_next_start(app: Path, tmp_path: Path) -> None:
    """The offset is kept in the store, and the start says how to be rid of it."""
    db = str(tmp_path / "x.db")
    with started("--app", str(app), "--db", db) as running:
        request = urllib.request.Request(  # noqa: S310  our own server
            running.url + "/devhost/clock/advance", b'{"by": "P3DT1M"}', {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310  as above
            assert json.load(answer)["idle"] is True
        running.process.send_signal(signal.SIGINT)
        running.process.communicate(timeout=10)

    with started("--app", str(app), "--db", db) as again:
        assert again.process.stdout is not None
        last = again.process.stdout.readline()

    assert last.startswith("The clock is 3 days, 0:01:00 ahead of real time")
    assert "delete the store" in last


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ((), ""),
        (
            ("--clock", "frozen"),
            "Time stands still until POST /devhost/clock/advance or /devhost/clock/next moves it.\n",
        ),
        (("--clock", "auto-skip"), "Time jumps to what is due next while POST /devhost/wait waits and nothing runs.\n"),
        (("--enable-auth",), "It asks for keys, as Azure does; they are in {app}/.devhost/keys.json\n"),
    ],
)
def test_what_is_unlike_a_plain_start_is_told(app: Path, options: tuple[str, ...], told: str) -> None:
    """Who starts the host learns how time goes and where the keys are that it asks for."""
    with started("--app", str(app), "--memory", *options) as running:
        assert running.process.stdout is not None
        lines = list(iter(running.process.stdout.readline, f"What it holds is shown at {running.shown}/devhost\n"))

    assert lines == ([told.format(app=app)] if told else [])


def test_the_log_can_be_objects(app: Path) -> None:
    """With --log-format json each line of the log is one object, a failed function with its traceback included."""
    with started("--app", str(app), "--memory", "--log-format", "json") as running:
        with pytest.raises(urllib.error.HTTPError, match="500"):
            running.get("/api/breaks")
        running.process.send_signal(signal.SIGINT)
        _, log = running.process.communicate(timeout=10)

    said = [json.loads(line) for line in log.splitlines()]
    [failed] = [one for one in said if one["event"] == "function failed"]
    assert (failed["level"], failed["function"]) == ("error", "Breaks")
    assert failed["exception"].endswith("ValueError: broken by plan")
    assert [one["status"] for one in said if one["event"] == "request"] == [500]


def refusal(done: subprocess.CompletedProcess[str]) -> str:
    """Return the one line of a refused start."""
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("devhost: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        (
            "import nothing_like_this\n",
            "ModuleNotFoundError: No module named 'nothing_like_this' (function_app.py, line 1)",
        ),
        ("x = 1 +\n", "SyntaxError: invalid syntax"),
        ("def f():\n    raise ValueError('one\\ntwo')\nf()\n", "ValueError: one (function_app.py, line 2)"),
        ("raise SystemExit(3)\n", "SystemExit: 3"),
        ("x = 1\n", "has no app object at its top level"),
        ("import azure.durable_functions as df\na = df.DFApp()\nb = df.DFApp()\n", "has 2 app objects (a, b)"),
    ],
)
def test_an_app_that_does_not_load_is_one_line(tmp_path: Path, source: str, problem: str) -> None:
    """What is wrong with the app is said in one line with the place, and exit code 2."""
    app = write_app(tmp_path, source=source)

    assert problem in refusal(ended("start", "--app", str(app), "--port", "0", "--memory"))


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        (
            '@app.activity_trigger(input_name="x")\ndef Bad(x: "Nowhere"): return 1\n',
            "The annotations of function Bad do not resolve",
        ),
        (
            '@app.event_grid_trigger(arg_name="event")\ndef Listens(event): pass\n',
            "the binding eventGridTrigger (event), which devhost does not have: see PARITY.md, row 8.1",
        ),
        (
            '@app.generic_trigger(arg_name="context", type="activityTrigger", durableRequiresGrpc=True)\n'
            "def OfTomorrow(context): pass\n",
            "whose protocol devhost does not speak: see PARITY.md, row 9",
        ),
        ('@app.route(route="x/{n:prime}")\ndef Odd(req): pass\n', "constraint 'prime'"),
        ('@app.route(route="admin/x")\ndef Takes(req): pass\n', "PARITY"),
    ],
)
def test_a_function_that_cannot_be_served_is_one_line(tmp_path: Path, more: str, problem: str) -> None:
    """The line names the function and what to do."""
    app = write_app(tmp_path, more=more, host_json={"extensions": {"http": {"routePrefix": ""}}})

    line = refusal(ended("start", "--app", str(app), "--port", "0", "--memory"))

    assert problem in line or (problem == "PARITY" and "the host's own; give it another" in line)


def test_a_missing_app_is_one_line(tmp_path: Path) -> None:
    """The line names folder and option."""
    line = refusal(ended("start", "--app", str(tmp_path)))

    assert f"There is no function_app.py in {tmp_path}; name the app's folder with --app." in line


def test_a_busy_port_is_one_line(app: Path) -> None:
    """The line names the port and the option."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        line = refusal(ended("start", "--app", str(app), "--port", str(port), "--memory"))

    assert f"Port {port} of 127.0.0.1 is in use; stop the other program, or choose another port with --port." in line


def test_a_store_has_one_devhost(app: Path, tmp_path: Path) -> None:
    """The second on the same file is refused."""
    db = tmp_path / "x.db"
    lock = FileLock(tmp_path / "x.db.lock")
    line = refusal(ended("start", "--app", str(app), "--port", "0", "--db", str(db)))
    lock.release()

    assert f"Another devhost uses {db}; stop it, or name another file with --db." in line


def test_a_file_that_is_no_store_is_one_line(app: Path, tmp_path: Path) -> None:
    """The line names the file."""
    db = tmp_path / "x.db"
    db.write_text("no database" * 100)

    assert f"{db} is not a devhost store" in refusal(ended("start", "--app", str(app), "--port", "0", "--db", str(db)))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("host.json", "{"),
        ("local.settings.json", "[1"),
        ("devhost.json", '{"settingsCheck": 5}'),
        ("devhost.json", '{"samples": {}}'),
    ],
)
def test_a_broken_file_is_one_line(app: Path, name: str, text: str) -> None:
    """The line names the file."""
    (app / name).write_text(text)

    assert name in refusal(ended("start", "--app", str(app), "--port", "0", "--memory"))


@pytest.mark.parametrize(
    "arguments",
    [(), ("stop",), ("start", "--port", "many"), ("start", "--port", "70000"), ("start", "--db", "x", "--memory")],
)
def test_arguments_that_make_no_sense_end_with_2(arguments: tuple[str, ...]) -> None:
    """The usage is shown on the standard error."""
    done = ended(*arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert "usage: devhost" in done.stderr


def test_the_apps_own_check_warns_at_the_start(app: Path) -> None:
    """Each sentence of the settings check is a warning in the log, and the app is served all the same."""
    (app / "devhost.json").write_text('{"settingsCheck": "checks:problems"}')
    (app / "checks.py").write_text("def problems(environ):\n    return [f\"Setting {environ['NAME']} is missing.\"]\n")

    with started("--app", str(app), "--memory", NAME="Key") as running:
        running.process.send_signal(signal.SIGINT)
        _, log = running.process.communicate(timeout=10)

    assert "warning setting problem='Setting Key is missing.'" in log


def test_a_check_that_is_not_there_is_one_line(app: Path) -> None:
    """The line names the check."""
    (app / "devhost.json").write_text('{"settingsCheck": "nowhere:problems"}')

    assert "settingsCheck names nowhere:problems" in refusal(
        ended("start", "--app", str(app), "--port", "0", "--memory")
    )


def test_help_does_not_load_the_sdk() -> None:
    """Who only asks for help does not wait for the app's SDK."""
    code = "import sys; from devhost.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"
    code += "sys.exit(any(name.startswith(('azure', 'aiohttp')) for name in sys.modules))"

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, timeout=30, check=False)

    assert (done.returncode, b"A local Durable Functions host." in done.stdout) == (0, True)
