"""devhost by itself: installed into a clean environment beside somebody else's app."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tools.azurite import ROOT
from tools.processes import end, held_ports, listens, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.timeout(300)
README = ROOT / "devhost" / "README.md"
APP = ROOT / "tests" / "apps" / "greetings"
CONFIGURATION = "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\ndevhost_app = app\n"
TEST_OF_THE_APP = """
async def test_a_chain(devhost):
    async with devhost() as host:
        one = await host.start("chain_greetings")
        assert (await host.wait_for(one)).output[2] == "Hello Oslo!"
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with the SDKs of an app, and devhost installed from its folder."""
    place = tmp_path_factory.mktemp("distribution")
    shutil.copytree(ROOT / "devhost", place / "devhost", ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run([sys.executable, "-m", "venv", str(place / "venv")], check=True, timeout=60)
    python = place / "venv" / "bin" / "python"
    needs = ["azure-functions>=1.26,<2", "azure-functions-durable>=1.7,<2", f"{place / 'devhost'}[test]"]
    quiet = ["--quiet", "--quiet", "--disable-pip-version-check"]
    subprocess.run([str(python), "-m", "pip", "install", *quiet, *needs], check=True, timeout=240)
    return python


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project that has nothing of ours: an app in a folder, and a pytest configuration."""
    (tmp_path / "pytest.ini").write_text(CONFIGURATION)
    return tmp_path


def run(python: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a module in the clean environment."""
    environ = {"PATH": os.environ["PATH"], "AZURE_FUNCTIONS_DURABLE_STRICT_TYPING": "1"}
    return subprocess.run(
        [str(python), "-B", "-m", *arguments],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@pytest.fixture
def served(python: Path, tmp_path: Path) -> Iterator[int]:
    """The app of others, served by the installed command; its port."""
    command = [str(python), "-m", "devhost", "start", "--app", str(APP), "--memory"]
    with held_ports(1) as (port,), (tmp_path / "log").open("wb") as log:
        command += ["--port", str(port)]
        process = subprocess.Popen(command, cwd=tmp_path, env={"PATH": os.environ["PATH"]}, stdout=log, stderr=log)
        try:
            wait_until(lambda: listens(port), within=30, what="devhost", process=process)
            yield port
        finally:
            end(process)


def answered(url: str, method: str = "GET") -> Any:
    """The JSON that a URL of the served app answers."""
    request = urllib.request.Request(url, method=method)  # noqa: S310  on loopback
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310  as above
        return json.load(answer)


def test_the_command_serves_an_app_of_others(served: int) -> None:
    """The app starts an instance by HTTP, and its status comes to Completed."""
    started = answered(f"http://127.0.0.1:{served}/api/orchestrators/chain_greetings", "POST")

    def is_completed() -> bool:
        return bool(answered(started["statusQueryGetUri"])["runtimeStatus"] == "Completed")

    wait_until(is_completed, within=20, what="the end of the instance")


def test_the_plugin_is_there_after_the_installation(python: Path, folder: Path) -> None:
    """A test that asks for the fixture runs, without any word about a plugin."""
    shutil.copytree(APP, folder / "app", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "test_app.py").write_text(TEST_OF_THE_APP)

    ended = run(python, folder, "pytest", "-q", "-p", "no:cacheprovider")

    assert "1 passed" in ended.stdout, ended.stdout


def test_the_examples_of_the_readme_run(python: Path, folder: Path) -> None:
    """The app and the five examples of devhost's README are run as they stand."""
    app, *examples = re.findall(r"^```python\n(.*?)^```$", README.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    (folder / "app").mkdir()
    (folder / "app" / "function_app.py").write_text(app)
    (folder / "app" / "host.json").write_text('{"version": "2.0"}')
    for number, example in enumerate(examples, 1):
        (folder / f"test_example_{number}.py").write_text(example)

    ended = run(python, folder, "pytest", "-q", "-p", "no:cacheprovider")

    assert len(examples) == 5
    assert "5 passed" in ended.stdout, ended.stdout


def test_the_lint_runs_where_it_is_installed(python: Path, folder: Path) -> None:
    """The other commands are there too, and need no app of ours."""
    ended = run(python, folder, "devhost", "lint", str(APP))

    assert (ended.returncode, ended.stdout) == (0, "0 errors, 0 warnings\n")


def test_the_distribution_brings_all_files(python: Path) -> None:
    """What is in the folder of devhost is installed, but for what only builds it."""
    code = "import devhost, pathlib; print(pathlib.Path(devhost.__file__).parent)"
    found = subprocess.run([str(python), "-c", code], cwd="/", capture_output=True, text=True, timeout=30, check=True)
    home = Path(found.stdout.strip())

    assert files_in(ROOT / "devhost") - {Path("pyproject.toml")} == files_in(home)


def files_in(folder: Path) -> set[Path]:
    """The files below a folder, without what Python compiles there, at this very moment too."""
    files = {path.relative_to(folder) for path in folder.rglob("*") if "__pycache__" not in path.parts}
    return {path for path in files if (folder / path).is_file()}
