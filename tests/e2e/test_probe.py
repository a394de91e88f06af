"""The conformance probe, run against devhost and compared with what it recorded of the real extension.

The probe is no part of this repository; without it (beside the checkout, or where COUNTERSIGN_PROBE says) the test is
skipped.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.parity import explains, rows
from tools.running_devhost import running_devhost

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PROBE = Path(os.environ.get("COUNTERSIGN_PROBE") or Path(__file__).parents[2].parent / "shared" / "probe")
REAL = ("extension-3.15.0", "extension-3.15.0-b")
SCENARIOS = sorted(path.stem for path in (PROBE / "recordings" / REAL[0]).glob("s[0-9]*.json"))
APART = "s20"  # blocks threads for half a minute; s19, which follows the others, needs the instances that they leave
RECORDS_WITHIN_SECONDS = 480

pytestmark = [
    pytest.mark.skipif(not PROBE.is_dir(), reason="the conformance probe is not here"),
    pytest.mark.timeout(RECORDS_WITHIN_SECONDS + 60),
]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the probe recorded of devhost: of two hosts at the same time, one of them for what blocks."""
    folder = tmp_path_factory.mktemp("probe")
    crowd = [name for name in SCENARIOS if name != APART]
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(_record, folder, *one) for one in (("crowd", crowd), ("apart", [APART]))]:
            done.result()
    return folder / "out"


def _record(folder: Path, name: str, scenarios: Sequence[str]) -> None:
    """Let the probe ask a host of its own; all recordings come into one folder."""
    place = folder / name
    shutil.copytree(PROBE / "app", place / "app")
    with running_devhost(place, {"PYTHON_THREADPOOL_THREAD_COUNT": "32"}, app=place / "app") as devhost:
        command = [sys.executable, str(PROBE / "probe.py"), "--base", f"http://127.0.0.1:{devhost.port}"]
        command += ["--out", str(folder / "out"), "--only", ",".join(scenarios), "--jobs", str(len(scenarios))]
        done = subprocess.run(
            command, cwd=PROBE, capture_output=True, text=True, timeout=RECORDS_WITHIN_SECONDS, check=False
        )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The probe's own comparison, loaded from where the probe lies."""
    monkeypatch.syspath_prepend(str(PROBE))
    compare, normalise = (importlib.import_module(f"conformance.{name}") for name in ("compare", "normalise"))

    def of(scenario: str, recording: Path) -> Any:
        folders = [*(PROBE / "recordings" / name for name in REAL), recording]
        texts = [(folder / f"{scenario}.json").read_text(encoding="utf-8") for folder in folders]
        *real, other = (normalise.normalised(json.loads(text)) for text in texts)
        return compare.compared(real, other)

    yield of
    for name in [name for name in sys.modules if name.partition(".")[0] == "conformance"]:
        monkeypatch.delitem(sys.modules, name)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_probe_finds_only_differences_with_a_reason(scenario: str, recording: Path, compared: Any) -> None:
    """Every difference to the recordings of the real extension is explained by a row of PARITY.md."""
    comparison = compared(scenario, recording)
    reasons = [row for row in rows() if row.is_difference]

    unexplained = [
        f"{' > '.join(one.place)}: real {one.reals[0]!r:.200}, devhost {one.other!r:.200}"
        for one in comparison.different
        if not any(explains(row, scenario, one.place) for row in reasons)
    ]

    assert comparison.steps > 0
    assert unexplained == []
