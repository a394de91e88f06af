"""What would be published: the checkout without what `.funcignore` names, and only its requirements."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pathspec
import pytest

from tests.support.front_door import functions
from tools.azurite import ROOT

pytestmark = pytest.mark.timeout(300)

LIST_FUNCTIONS = "import function_app; print(*(f.get_function_name() for f in function_app.app.get_functions()))"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that would be uploaded."""
    ignored = pathspec.GitIgnoreSpec.from_lines((ROOT / ".funcignore").read_text(encoding="utf-8").splitlines())
    target = tmp_path_factory.mktemp("package")
    for folder, folders, files in os.walk(ROOT):
        here = Path(folder).relative_to(ROOT)
        folders[:] = [name for name in folders if not ignored.match_file(f"{here / name}/")]
        for name in files:
            if not ignored.match_file(str(here / name)):
                (target / here).mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / here / name, target / here / name)
    return target


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory, package: Path) -> Path:
    """A Python with the requirements of the package and nothing else."""
    environment = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True, timeout=60)
    python = environment / "bin" / "python"
    quiet = ["--quiet", "--quiet", "--disable-pip-version-check"]
    requirements = ["--requirement", str(package / "requirements.txt")]
    subprocess.run([str(python), "-m", "pip", "install", *quiet, *requirements], check=True, timeout=240)
    return python


def test_the_app_imports_with_its_requirements_alone(package: Path, python: Path) -> None:
    """In the package, the front door imports without a setting and lists the functions of the app."""
    listed = subprocess.run(
        [str(python), "-B", "-c", LIST_FUNCTIONS],
        cwd=package,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert listed.stderr == ""
    assert set(listed.stdout.split()) == functions().keys()


def test_what_stays_at_home_is_not_in_the_package(package: Path) -> None:
    """The package is the app: no devhost, no tests, tools or benchmarks, no settings, no documents."""
    assert {path.name for path in package.iterdir()} == {
        "function_app.py",
        "settings.py",
        "host.json",
        "requirements.txt",
        "activities",
        "blueprints",
        "domain",
        "orchestrators",
        "providers",
        "web",
    }


def test_no_setting_travels_with_the_package(package: Path) -> None:
    """Neither a settings file nor a key, a database or a cache is in any folder of the package."""
    names = {path.name for path in package.rglob("*") if path.is_file()}

    assert {Path(name).suffix for name in names} == {".py", ".json", ".txt", ".html", ".js", ".css", ".svg"}
    assert not any("settings.json" in name for name in names)


def test_doctor_finds_no_failure(tmp_path: Path) -> None:
    """azure-functions-doctor, with all its rules, has no failure to report about the checkout."""
    report = tmp_path / "report.json"
    doctor = Path(sys.executable).with_name("azure-functions-doctor")
    command = [str(doctor), "doctor", "--path", str(ROOT), "--profile", "full"]
    subprocess.run(
        [*command, "--format", "json", "--output", str(report)], capture_output=True, timeout=120, check=False
    )

    results = [item for section in json.loads(report.read_text())["results"] for item in section["items"]]

    assert results
    assert [item for item in results if item["status"] == "fail"] == []
