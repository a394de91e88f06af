"""A shell that a test types into, block by block, as a reader of the README does."""

import os
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from tools.processes import end, wait_until

_END = "end of the answer"


class Shell:
    """One bash in *folder*; what a block sets is there for the next one."""

    def __init__(self, folder: Path) -> None:
        environment = {**os.environ, "no_proxy": "localhost,127.0.0.1"}
        self._process = subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-eu", "-o", "pipefail"],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, text: str) -> str:
        """Run *text* and return what it printed; a command that fails ends the shell, and the test."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{text}\necho; echo '{_END}'\n")
        self._process.stdin.flush()
        lines: list[str] = []
        for line in self._process.stdout:
            if line.strip() == _END:
                return "".join(lines)
            lines.append(line)
        problem = f"this failed:\n{text}\nand printed:\n{''.join(lines)}"
        raise AssertionError(problem)

    def run_until(self, text: str, expected: str) -> str:
        """Run *text* again until it prints *expected*, as a person looks again, and return what it printed."""
        answers: list[str] = []

        def printed() -> bool:
            answers.append(self.run(text))
            return expected in answers[-1]

        wait_until(printed, within=20, what=expected)
        return answers[-1]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        end(self._process)
