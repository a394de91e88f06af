"""What a process and its children use: processor time, memory, and the room of their files."""

from __future__ import annotations

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def processor_seconds(pid: int) -> float:
    """Return how long process *pid* and its living children ran so far, in all threads."""
    return sum(_processor_seconds(one) for one in _family(pid))


def memory_mib(pid: int) -> float:
    """Return the memory of process *pid* and its children in MiB; what they share counts once."""
    return sum(_shared_out_kib(one) for one in _family(pid)) / 1024


def disk_bytes(folder: Path) -> int:
    """Return the size of all files below *folder*."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    return [pid, *(one for child in children for one in _family(int(child)))]


def _processor_seconds(pid: int) -> float:
    behind_name = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(behind_name[11]) + int(behind_name[12])) / _TICKS


def _shared_out_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
