"""`make demo` on this machine."""

import subprocess
import sys

import pytest

from tools.azurite import ROOT
from tools.stories import STORIES


@pytest.mark.timeout(300)
def test_the_demo_plays_every_story_to_its_end() -> None:
    """Every story ends as it must, the exit code is 0, and no key is printed."""
    played = subprocess.run(["make", "demo"], cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)

    assert played.returncode == 0, played.stdout + played.stderr
    assert played.stdout.count("== as it must") == len(STORIES)
    assert all(f"== {title}" in played.stdout for title in STORIES)
    assert "code=" not in played.stdout


@pytest.mark.timeout(300)
def test_a_story_that_ends_otherwise_fails_the_demo() -> None:
    """Where no phone may be called, the stories about phones fail, the others do not, and the exit code is 1."""
    nowhere = "from tools import demo; demo.SETTINGS['AllowedRegions'] = 'FR'; raise SystemExit(demo.main())"
    played = subprocess.run(
        [sys.executable, "-c", nowhere], cwd=ROOT, capture_output=True, text=True, timeout=280, check=False
    )

    assert played.returncode == 1
    assert played.stdout.count("== not as it must: expected 202, got 422") == 3
    assert played.stdout.count("== as it must") == 4
