"""``python -m devhost lint [DIR]``: prints what it finds, and fails if there is an error among it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devhost.lint import determinism, races
from devhost.lint.modules import App
from devhost.lint.reach import reached

if TYPE_CHECKING:
    from pathlib import Path

    from devhost.lint.findings import Finding

ALLOWS = "devhost: allow "


def findings_in(folder: Path) -> list[Finding]:
    """Return what is wrong with the app in *folder*, in the order of its files and lines.

    A line with a comment such as ``# devhost: allow DH101  reason`` may do what that code stands for.
    Raises `AppError` if there is no app that can be read.
    """
    app = App(folder)
    found = [finding for one in reached(app) for finding in (*determinism.check(app, one), *races.check(app, one))]
    lines = {module.path: module.path.read_text("utf-8-sig").splitlines() for module in app}
    return sorted({one for one in found if f"{ALLOWS}{one.code}" not in lines[one.path][one.line - 1]})


def run(folder: Path) -> int:
    """Print the findings of an app and return the exit code: 1 if there is an error among them."""
    findings = findings_in(folder.resolve())
    for finding in findings:
        print(finding.shown(folder.resolve()))  # noqa: T201  what the command is for
    errors = sum(finding.is_error for finding in findings)
    print(f"{errors} errors, {len(findings) - errors} warnings")  # noqa: T201  as above
    return 1 if errors else 0
