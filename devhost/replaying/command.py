"""``python -m devhost replay FILE...``: says whether an app still accepts recorded histories."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from devhost import loader
from devhost.replaying.difference import first_difference
from devhost.replaying.recording import read

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def run(folder: Path, files: Sequence[Path]) -> int:
    """Replay *files* with the app in *folder*, print a line for each, and return 1 if one is not accepted."""
    recordings = {path: read(path) for path in files}
    from devhost.sdk.worker import AppWorker  # noqa: PLC0415  needs the SDK, whose absence is the app's import error

    with ThreadPoolExecutor(1) as pool:
        worker = AppWorker(loader.load(folder.resolve()), pool)
        differences = {path: first_difference(worker, events) for path, events in recordings.items()}
    for path, difference in differences.items():
        print(f"{path}: {difference or 'accepted'}")  # noqa: T201  what the command is for
    return 1 if any(differences.values()) else 0
