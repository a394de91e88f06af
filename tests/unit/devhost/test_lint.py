"""The lint: what it finds in orchestrators, what it leaves alone, and where it looks."""

from __future__ import annotations

from pathlib import Path

import pytest

from devhost.errors import AppImportError, AppNotFoundError
from devhost.lint.command import findings_in, run

ROOT = Path(__file__).resolve().parents[3]
HEADER = """
import azure.durable_functions as df
from datetime import datetime, timedelta
{imports}
app = df.DFApp()

@app.orchestration_trigger(context_name="context")
def Flow(context):
"""


def codes_of(folder: Path, body: str, imports: str = "", **modules: str) -> list[str]:
    """The codes that the lint reports for an orchestrator with *body*, in the order of the lines."""
    indented = "\n".join(f"    {line}" for line in body.strip("\n").splitlines())
    (folder / "function_app.py").write_text(HEADER.format(imports=imports) + indented)
    for name, source in modules.items():
        (folder / f"{name}.py").write_text(source)
    return [finding.code for finding in findings_in(folder)]


BANNED = [
    ("", "now = datetime.now()", "DH101"),
    ("import datetime as dt", "now = dt.datetime.utcnow()", "DH101"),
    ("from datetime import date", "today = date.today()", "DH101"),
    ("from time import monotonic as clock", "began = clock()", "DH101"),
    ("import random", "dice = random.randint(1, 6)", "DH102"),
    ("import secrets", "key = secrets.token_hex()", "DH102"),
    ("import os", "key = os.urandom(4)", "DH102"),
    ("import uuid", "key = uuid.uuid4()", "DH103"),
    ("from os import environ", "mode = environ['MODE']", "DH104"),
    ("import os", "mode = os.getenv('MODE')", "DH104"),
    ("import time", "time.sleep(1)", "DH105"),
    ("import asyncio", "asyncio.sleep(1)", "DH105"),
    ("", "text = open('x').read()", "DH106"),
    ("from pathlib import Path", "text = Path('x').read_text()", "DH106"),
    ("import requests", "requests.get('http://x')", "DH107"),
    ("import urllib.request", "urllib.request.urlopen('http://x')", "DH107"),
    ("import socket", "socket.create_connection(('x', 1))", "DH107"),
    ("import threading", "threading.Thread(target=print).start()", "DH108"),
    ("import asyncio", "asyncio.create_task(context)", "DH108"),
    ("from concurrent.futures import ThreadPoolExecutor", "pool = ThreadPoolExecutor()", "DH108"),
]


@pytest.mark.parametrize(("imports", "line", "code"), BANNED)
def test_what_a_replay_does_not_forgive_is_found(tmp_path: Path, imports: str, line: str, code: str) -> None:
    """Clock, dice, ids, environment, sleep, files, network and threads, under whatever name they were imported."""
    assert codes_of(tmp_path, f"{line}\nyield context.call_activity('A')", imports) == [code]


@pytest.mark.parametrize("body", ["yield helper(context)", "yield list(map(helper, [1]))", "yield other.helper(1)"])
@pytest.mark.parametrize(("imports", "line", "code"), BANNED)
def test_the_same_is_found_in_a_helper(tmp_path: Path, imports: str, line: str, code: str, body: str) -> None:
    """One call away, in another module; a helper that is handed on counts as called."""
    helper = f"from datetime import datetime\n{imports}\ndef helper(context):\n    {line}\n"

    assert codes_of(tmp_path, body, "import other\nfrom other import helper", other=helper) == [code]


@pytest.mark.parametrize(
    ("constant", "codes"),
    [
        ("MODE = os.environ['MODE']", ["DH104"]),
        ("MODE = {'a': os.getenv('A', '')}", ["DH104"]),
        ("MODE = os.path.join('a', 'b')", []),
    ],
)
def test_a_constant_that_differs_from_process_to_process_is_found(
    tmp_path: Path, constant: str, codes: list[str]
) -> None:
    """A replay in another process would see another value; constants that nobody reads there are left alone."""
    imports = "from modes import MODE"

    assert codes_of(tmp_path, "yield MODE", imports, modes=f"import os\n{constant}\n") == codes
    assert codes_of(tmp_path, "yield 1", imports, modes=f"import os\n{constant}\n") == []


def test_what_is_not_run_in_the_orchestrator_is_left_alone(tmp_path: Path) -> None:
    """Activities may do all of that; annotations run nothing; a local name is not the built-in one; text is text."""
    doing = """
import os
import azure.durable_functions as df

bp = df.Blueprint()

@bp.activity_trigger(input_name="x")
def Reads(x: str) -> str:
    return os.environ[x]
"""
    body = """
open = context.get_input()
open("x")
clock: uuid.uuid4 = "datetime.now()"
yield context.call_activity(Reads, open)
yield from Reads(open)
"""
    assert codes_of(tmp_path, body, "import uuid\nfrom doing import Reads", doing=doing) == []


def test_helpers_are_looked_into_across_modules(tmp_path: Path) -> None:
    """A call of a helper in another module, by way of a package's front or an object, leads to what it does."""
    helpers = (
        "import time\n\ndef nap():\n    time.sleep(1)\n\nclass Dice:\n    def roll(self):\n        return draw()\n"
    )
    draws = "from random import random\n\ndef draw():\n    return random()\n"
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "__init__.py").write_text("from .naps import nap, Dice\n")
    (tmp_path / "parts" / "naps.py").write_text("from draws import draw\n" + helpers)

    codes = codes_of(tmp_path, "nap()\nx = Dice()\nyield x.roll()", "from parts import nap, Dice", draws=draws)
    finding = next(one for one in findings_in(tmp_path) if one.code == "DH105")

    assert sorted(codes) == ["DH102", "DH105"]
    assert finding.shown(tmp_path) == (
        "parts/naps.py:5: error: in the orchestrator Flow, by nap(): "
        "time.sleep sleeps; yield context.create_timer(...) [DH105]"
    )


def test_a_line_may_be_allowed(tmp_path: Path) -> None:
    """A comment with the code lets one line do what the code stands for, and no other."""
    body = "a = datetime.now()  # devhost: allow DH101  shown in a log only\nb = datetime.now()\nyield a"

    assert codes_of(tmp_path, body) == ["DH101"]


def test_an_async_orchestrator_is_found(tmp_path: Path) -> None:
    """The SDK drives generators; an async one never runs."""
    codes_of(tmp_path, "yield 1")
    text = (tmp_path / "function_app.py").read_text().replace("def Flow", "async def Flow")
    (tmp_path / "function_app.py").write_text(text)

    assert [finding.code for finding in findings_in(tmp_path)] == ["DH109"]


RACE = """
deadline = context.current_utc_datetime + {span}
for _ in range(3):
    timer = context.create_timer(deadline)
    event = context.wait_for_external_event("E")
    winner = yield context.task_any([event, timer])
    if winner is event:
        timer.cancel()
        return True
"""


@pytest.mark.parametrize(
    ("span", "codes"),
    [
        ("timedelta(hours=6)", []),
        ("timedelta(hours=7)", ["DH202"]),
        ("timedelta(days=6, seconds=1)", ["DH201"]),
        ("timedelta(weeks=1)", ["DH201"]),
        ("2 * timedelta(days=4)", ["DH201"]),
        ("min(timedelta(days=7), timedelta(hours=6))", []),
        ("max(timedelta(days=7), timedelta(hours=6))", ["DH201"]),
        ("LIMIT", ["DH201"]),
        ("limits.LIMIT", ["DH201"]),
        ("context.get_input()", []),
    ],
)
def test_the_length_of_a_raced_timer_is_bounded(tmp_path: Path, span: str, codes: list[str]) -> None:
    """Above six hours is a warning, above six days an error; what only a run would tell is left alone."""
    limits = "from datetime import timedelta\nDAYS = 8\nLIMIT = timedelta(days=DAYS - 1)\n"
    imports = "import limits\nfrom limits import LIMIT"

    assert codes_of(tmp_path, RACE.format(span=span), imports, limits=limits) == codes


def test_a_race_in_a_helper_is_bounded_too(tmp_path: Path) -> None:
    """The helper's name is in the finding; arguments may be given by name."""
    helper = """
from datetime import timedelta

def answer(context):
    timer = context.create_timer(fire_at=context.current_utc_datetime + timedelta(days=7))
    event = context.wait_for_external_event("E")
    yield context.task_any(activities=[event, timer])
    timer.cancel()
"""
    codes = codes_of(tmp_path, "yield from answer(context)", "from races import answer", races=helper)

    assert codes == ["DH201"]
    assert "in the orchestrator Flow, by answer()" in findings_in(tmp_path)[0].shown(tmp_path)


ONCE = "timer = context.create_timer(context.get_input())\nevent = context.wait_for_external_event('E')\n"


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        (ONCE + "yield context.task_any([event, timer])\ntimer.cancel()", []),
        (ONCE + "yield context.task_any([event, timer])", ["DH203"]),
        (ONCE + "tasks = [event]\ntasks.append(timer)\nyield context.task_any(tasks)", ["DH203"]),
        (ONCE + "yield context.task_any([event, context.create_timer(1)])\ntimer.cancel()", ["DH203"]),
        (ONCE + "for _ in range(3):\n    yield context.task_any([event, timer])\ntimer.cancel()", ["DH204"]),
        (ONCE + "yield context.task_any([event, timer])\nyield context.task_any([timer])\ntimer.cancel()", ["DH204"]),
        (
            ONCE
            + "if event:\n    yield context.task_any([event, timer])\nelse:\n    yield context.task_any([timer])\n"
            + "timer.cancel()",
            [],
        ),
        (ONCE + "yield context.task_any([event, timer])\nhelper(timer)", []),
        (ONCE + "yield timer", []),
    ],
)
def test_a_raced_timer_is_new_and_is_cancelled(tmp_path: Path, body: str, codes: list[str]) -> None:
    """A timer that is raced twice hangs the instance, one that is not cancelled keeps it running."""
    assert codes_of(tmp_path, body) == codes


def test_the_command_prints_and_fails_on_errors_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The exit code is 1 for errors and 0 for warnings; the last line counts both."""
    codes_of(tmp_path, RACE.format(span="timedelta(hours=7)"))
    warned = run(tmp_path)
    codes_of(tmp_path, "yield datetime.now()")
    failed = run(tmp_path)

    out = capsys.readouterr().out.splitlines()
    assert (warned, failed) == (0, 1)
    assert [line for line in out if line[0].isdigit()] == ["0 errors, 1 warnings", "1 errors, 0 warnings"]
    assert out[-2].startswith("function_app.py:9: error: in the orchestrator Flow: datetime.datetime.now reads the")


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    """No front door, or one that is no Python, is an error of the app."""
    with pytest.raises(AppNotFoundError):
        findings_in(tmp_path)
    (tmp_path / "function_app.py").write_text("def (")
    with pytest.raises(AppImportError, match="cannot be read as Python"):
        findings_in(tmp_path)


def test_our_own_orchestrators_are_clean() -> None:
    """The lint finds nothing in this repository's app, warnings included."""
    assert findings_in(ROOT) == []
