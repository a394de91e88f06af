"""Small records that are opened when somebody asks for one, because the client of a table is large."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.limit_ports import Fields, Records

T = TypeVar("T")


class LateRecords:
    """The records that *opened* returns; it is asked at each call, and may raise what opening them raises."""

    def __init__(self, opened: Callable[[], Records]) -> None:
        self._opened = opened

    def find(self, name: str) -> Fields | None:
        """Return the record, or None if there is none."""
        return self._opened().find(name)

    def change(self, name: str, step: Callable[[Fields | None], tuple[Fields | None, T]]) -> T:
        """Replace the record by what *step* makes of it."""
        return self._opened().change(name, step)

    def forget(self, name: str) -> None:
        """Remove the record and all claims under its name."""
        self._opened().forget(name)
