"""The project's Markdown files, as tests read them: shell blocks, links, words in backticks."""

import re
from dataclasses import dataclass
from pathlib import Path

from tools.azurite import ROOT

_BLOCK = re.compile(r"^```(\w+)(?: ([\w-]+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block: its language, the word after it that says what it needs, and its text."""

    language: str
    needs: str | None
    text: str

    @property
    def lines(self) -> list[str]:
        """The lines that are not empty."""
        return [line for line in self.text.splitlines() if line.strip()]


def markdown_files() -> list[Path]:
    """Return the documents of the project, those of installed packages not among them."""
    folders = [ROOT, ROOT / "docs", ROOT / "docs" / "adr", ROOT / "devhost", ROOT / "benchmarks"]
    return sorted(path for folder in folders for path in folder.glob("*.md"))


def blocks_of(path: Path, language: str = "sh") -> list[Block]:
    """Return the fenced blocks of a document in one language, in order."""
    found = _BLOCK.findall(path.read_text(encoding="utf-8"))
    return [Block(language=given, needs=needs or None, text=text) for given, needs, text in found if given == language]


def prose_of(path: Path) -> str:
    """Return a document without its fenced blocks."""
    return _BLOCK.sub("", path.read_text(encoding="utf-8"))
