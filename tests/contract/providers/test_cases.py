"""What every keeper of cases promises."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from domain.cases import CaseState, Resolution, Standing
from domain.errors import ConflictError, StorageError
from providers.case_index import TableCaseIndex
from providers.case_tables import TableCases
from providers.memory import MemoryCases
from providers.tables import Table
from tests.support.refunds import CASE_ID, a_case, a_change

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.cases import CaseChange
    from domain.ports import Cases

PENDING, APPROVED, COMPLETED, REJECTED, REFUND_FAILED = (
    CaseState.PENDING_APPROVAL,
    CaseState.APPROVED,
    CaseState.COMPLETED,
    CaseState.REJECTED,
    CaseState.REFUND_FAILED,
)
BY_OPERATOR = Resolution.OPERATOR


def table_cases(table: Table) -> TableCases:
    """Cases in *table*, which holds the list of them as well."""
    return TableCases(table, TableCaseIndex(table))


class OvertakenTable(Table):
    """A table in which, some times, somebody else writes just after we read: a rejection, or the row as it was."""

    def __init__(self, connection_string: str, name: str, *, times: int) -> None:
        super().__init__(connection_string, name)
        self.name = name
        self._times = times

    def find(self, partition: str, row: str) -> dict[str, Any] | None:
        found = super().find(partition, row)
        if self._times == 1:
            self._times = 0
            table_cases(self).advance(a_change(REJECTED, Resolution.TIMEOUT))
        elif self._times:
            self._touch(found)
        return found

    def _touch(self, found: dict[str, Any] | None) -> None:
        """Have the row written by somebody else, as it is."""
        times, self._times = self._times, 0
        if found is None:
            table_cases(self).advance(a_change(PENDING))
        else:
            self.replace({name: value for name, value in found.items() if name != "etag"}, etag=found["etag"])
        self._times = times


@pytest.fixture(params=["memory", "tables"])
def cases(request: pytest.FixtureRequest) -> Iterator[Cases]:
    """A keeper of cases that has none."""
    if request.param == "memory":
        yield MemoryCases()
        return
    with closing(Table(request.getfixturevalue("azurite"), f"Cases{secrets.token_hex(8)}")) as table:
        yield table_cases(table)


def found(cases: Cases) -> CaseChange | None:
    """The change of the case that stands."""
    record = cases.find(CASE_ID)
    return record.change if record else None


def test_a_case_that_nobody_opened_is_not_found(cases: Cases) -> None:
    """An unknown id has no standing."""
    assert cases.find(CASE_ID) is None


def test_a_case_is_found_as_it_was_written(cases: Cases) -> None:
    """Nothing of a change is lost, large sums and odd letters included."""
    case = a_case(amount=999_999_999_999, description="Größe falsch 🙂\nzweite Zeile")
    change = a_change(APPROVED, BY_OPERATOR, comment="Öffnen, „jetzt“ 🙂", case=case)

    cases.advance(change)

    assert found(cases) == change


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (PENDING, APPROVED),
        (PENDING, REJECTED),
        (PENDING, COMPLETED),
        (PENDING, REFUND_FAILED),
        (APPROVED, COMPLETED),
        (APPROVED, REFUND_FAILED),
        (REFUND_FAILED, COMPLETED),
    ],
)
def test_a_case_goes_forward(cases: Cases, first: CaseState, second: CaseState) -> None:
    """A later state replaces an earlier one."""
    cases.advance(a_change(first))

    standing = cases.advance(a_change(second, BY_OPERATOR))

    assert standing == Standing(state=second, resolution=BY_OPERATOR)
    assert found(cases) == a_change(second, BY_OPERATOR)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        *((end, other) for end in (COMPLETED, REJECTED) for other in CaseState if other is not end),
        (APPROVED, PENDING),
        (APPROVED, REJECTED),
        (REFUND_FAILED, PENDING),
        (REFUND_FAILED, APPROVED),
        (REFUND_FAILED, REJECTED),
    ],
)
def test_a_case_never_goes_back_and_never_leaves_an_end(cases: Cases, first: CaseState, second: CaseState) -> None:
    """What was decided first stands, and is what a late change gets told (Threat 44, Threat 45)."""
    cases.advance(a_change(first, BY_OPERATOR, comment="first"))

    standing = cases.advance(a_change(second, Resolution.TIMEOUT))

    assert standing == Standing(state=first, resolution=BY_OPERATOR, comment="first")
    assert found(cases) == a_change(first, BY_OPERATOR, comment="first")


@pytest.mark.parametrize("state", CaseState)
def test_the_same_change_twice_is_one_change(cases: Cases, state: CaseState) -> None:
    """An activity that runs again finds what it wrote, and leaves it as it was."""
    cases.advance(a_change(state, BY_OPERATOR, comment="once"))

    standing = cases.advance(a_change(state, BY_OPERATOR, comment="once", at="2026-01-15T10:05:00.000Z"))

    assert standing == Standing(state=state, resolution=BY_OPERATOR, comment="once")
    assert found(cases) == a_change(state, BY_OPERATOR, comment="once")


@pytest.mark.parametrize("fact", [{"orderId": "order-2"}, {"amount": 2000}, {"currency": "USD"}, {"customerId": "x"}])
def test_an_id_belongs_to_one_case(cases: Cases, fact: dict[str, Any]) -> None:
    """What is approved is what is paid: other facts under the same id are refused (Threat 47)."""
    cases.advance(a_change(PENDING))

    with pytest.raises(ConflictError):
        cases.advance(a_change(APPROVED, BY_OPERATOR, case=a_case(**fact)))

    assert found(cases) == a_change(PENDING)


def test_of_decisions_at_the_same_time_one_stands(cases: Cases) -> None:
    """Everybody who decides at once is told the same decision."""
    cases.advance(a_change(PENDING))
    changes = [a_change(state, BY_OPERATOR) for state in (APPROVED, REJECTED) * 4]

    with ThreadPoolExecutor(len(changes)) as pool:
        standings = set(pool.map(cases.advance, changes))

    written = cases.find(CASE_ID)
    assert written is not None
    assert standings == {written.standing}


@pytest.mark.parametrize("opens", [True, False])
def test_who_is_overtaken_looks_again(azurite: str, opens: bool) -> None:
    """Between reading and writing somebody else may decide; their decision stands, and is told."""
    with closing(OvertakenTable(azurite, f"Cases{secrets.token_hex(8)}", times=1)) as table:
        if not opens:
            with closing(Table(azurite, table.name)) as other:
                table_cases(other).advance(a_change(PENDING))

        standing = table_cases(table).advance(a_change(APPROVED, BY_OPERATOR))

        assert standing == Standing(state=REJECTED, resolution=Resolution.TIMEOUT)


def test_who_is_overtaken_all_the_time_gives_up_for_now(azurite: str) -> None:
    """A case that others keep changing is left to a later try."""
    with (
        closing(OvertakenTable(azurite, f"Cases{secrets.token_hex(8)}", times=100)) as table,
        pytest.raises(StorageError, match="being changed"),
    ):
        table_cases(table).advance(a_change(COMPLETED, BY_OPERATOR))


def test_cases_do_not_touch_one_another(cases: Cases) -> None:
    """A change of one case leaves the others as they are."""
    cases.advance(a_change(PENDING))

    cases.advance(a_change(REJECTED, case=a_case("case_other")))

    assert found(cases) == a_change(PENDING)
