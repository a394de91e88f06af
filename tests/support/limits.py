"""Gates to test with: on records in memory, everything off that a test does not ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from domain.errors import StorageError
from domain.gates import Gates, Limits
from domain.rates import rates_in
from providers.codes import DerivedPseudonyms
from providers.records_memory import MemoryRecords
from tests.support.builders import KEY
from tests.support.fakes import FakeClock

if TYPE_CHECKING:
    from domain.limit_ports import Records


class AwayRecords:
    """Records that cannot be reached."""

    def find(self, name: str) -> NoReturn:
        raise StorageError(name)

    def change(self, name: str, step: Any) -> NoReturn:
        raise StorageError(name)

    def forget(self, name: str) -> NoReturn:
        raise StorageError(name)


def some_gates(*, records: Records | None = None, wrong_answers_per_phone: int | None = None, **rates: str) -> Gates:
    """Gates with these limits and no others, at noon."""
    written = {"starts_per_phone": "off", "starts_per_address": "off", "sends_per_prefix": "off", "sends_in_all": "off"}
    limits = Limits(
        wrong_answers_per_phone=wrong_answers_per_phone,
        **{name: rates_in(text) for name, text in (written | rates).items()},
    )
    return Gates(limits=limits, records=records or MemoryRecords(), names=DerivedPseudonyms([KEY]), clock=FakeClock())
