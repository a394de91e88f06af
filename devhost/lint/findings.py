"""What the lint has to say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One remark about one line."""

    path: Path
    line: int
    code: str
    message: str
    is_error: bool = True

    def shown(self, folder: Path) -> str:
        """Return the remark as one line, with the path as seen from *folder*."""
        kind = "error" if self.is_error else "warning"
        path = self.path.relative_to(folder) if self.path.is_relative_to(folder) else self.path
        return f"{path}:{self.line}: {kind}: {self.message} [{self.code}]"
