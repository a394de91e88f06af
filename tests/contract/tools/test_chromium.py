"""Chromium is found, installed, or missed aloud."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.azurite import ROOT
from tools.chromium import find_chromium, install
from tools.processes import ProcessError


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on the path, with nothing in it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


@pytest.fixture
def as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Root, or who is taken for root: the apt-get of these tests is none."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)


def add(programs: Path, name: str, *lines: str) -> None:
    """Put a shell script on the path."""
    (programs / name).write_text("\n".join(("#!/bin/sh", *lines, "")), encoding="utf-8")
    (programs / name).chmod(0o755)


def test_a_chromium_on_the_path_is_taken(programs: Path) -> None:
    """Whatever name the system gives to Chromium, it is found, and nothing is installed."""
    add(programs, "chromium-browser")

    assert find_chromium() == str(programs / "chromium-browser")
    assert install() is False


@pytest.mark.usefixtures("programs")
def test_a_missing_chromium_is_missed_aloud() -> None:
    """Where there is none, who needs it hears what to install."""
    with pytest.raises(ProcessError, match="apt-get install chromium"):
        find_chromium()
    with pytest.raises(ProcessError, match="apt-get install chromium"):
        install()


@pytest.mark.usefixtures("as_root")
def test_apt_get_installs_what_is_missing(programs: Path) -> None:
    """On Debian the package lists are fetched, and then the package, without a question."""
    add(programs, "apt-get", f'echo "$@" >> {programs}/calls')

    assert install() is True

    updated, installed = (programs / "calls").read_text(encoding="utf-8").splitlines()
    assert updated.endswith("update")
    assert installed.endswith("install --yes --no-install-recommends chromium")


@pytest.mark.usefixtures("as_root")
def test_what_apt_get_could_not_do_is_told(programs: Path) -> None:
    """When apt-get fails, its own words are in the error."""
    add(programs, "apt-get", "echo no network >&2", "exit 100")

    with pytest.raises(ProcessError, match=r"update failed: no network"):
        install()


def test_setting_up_goes_on_without_a_chromium(tmp_path: Path) -> None:
    """`make browser` says what is missing and does not fail: only the tests in a browser need it."""
    command = [sys.executable, "-m", "tools.chromium", "install"]
    done = subprocess.run(
        command, cwd=ROOT, env={"PATH": str(tmp_path)}, capture_output=True, text=True, timeout=30, check=False
    )

    assert (done.returncode, done.stdout) == (0, "")
    assert "apt-get install chromium" in done.stderr
