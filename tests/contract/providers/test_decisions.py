"""What every keeper of cases promises about decisions, retries and the audit trail."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from domain.case_list import AuditEntry
from domain.case_refusals import StaleVersionError
from domain.cases import CaseState, Resolution
from domain.errors import ConflictError, StorageError
from providers.case_index import TableCaseIndex
from providers.case_tables import TableCases
from providers.memory import MemoryCases
from providers.notice_queues import QueuedNotices
from providers.queues import Queue
from providers.tables import Table
from tests.support.refunds import CASE_ID, a_case, a_change, a_decision, a_notice

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from providers.tables import Write

APPROVED, REJECTED = CaseState.APPROVED, CaseState.REJECTED
HANDED_OVER = a_change(at="2026-01-18T10:00:00.000Z", route="escalation", route_due_at="2026-01-22T10:00:00.000Z")


class LosingTable(Table):
    """A table that writes, and loses the answer to one transaction."""

    loses = True

    def commit(self, writes: Sequence[Write]) -> bool:
        is_written = super().commit(writes)
        if self.loses:
            self.loses = False
            message = "the answer did not come"
            raise StorageError(message)
        return is_written


@pytest.fixture(params=["memory", "tables"])
def cases(request: pytest.FixtureRequest) -> Iterator[MemoryCases | TableCases]:
    """A keeper of one case that waits for a decision."""
    if request.param == "memory":
        kept: MemoryCases | TableCases = MemoryCases()
        kept.advance(a_change())
        yield kept
        return
    with closing(Table(request.getfixturevalue("azurite"), f"Cases{secrets.token_hex(8)}")) as table:
        kept = TableCases(table, TableCaseIndex(table))
        kept.advance(a_change())
        yield kept


@pytest.mark.parametrize("state", [APPROVED, REJECTED])
def test_a_decision_moves_the_case(cases: MemoryCases | TableCases, state: CaseState) -> None:
    """From the moment of the decision the case says who decided what, when, on which route."""
    ruling = cases.decide(a_decision(state), key="first")

    assert (ruling.record.change, ruling.record.version, ruling.key) == (a_decision(state), 2, "first")
    assert cases.find(CASE_ID) == ruling.record


@pytest.mark.parametrize("other", [a_decision(REJECTED, "supervisor-2"), a_decision(APPROVED, "supervisor-2")])
def test_the_first_decision_stands(cases: MemoryCases | TableCases, other: Any) -> None:
    """Whoever comes later is told the decision that stands, with its key (Threat 42, 44)."""
    first = cases.decide(a_decision(), key="first")

    assert cases.decide(other, key="second") == first
    assert cases.find(CASE_ID) == first.record


def test_the_first_decision_is_told_as_it_was_made(cases: MemoryCases | TableCases) -> None:
    """What became of the case since does not change what was decided (Threat 42)."""
    first = cases.decide(a_decision(), key="first")
    completed = replace(a_decision().standing, state=CaseState.COMPLETED)
    cases.advance(a_change(standing=completed))

    assert cases.decide(a_decision(REJECTED)) == first


def test_of_many_decisions_at_once_one_stands(cases: MemoryCases | TableCases) -> None:
    """Thirty-two people decide in the same moment; all are told one decision, and one key is its own (Threat 44)."""
    changes = [a_decision((APPROVED, REJECTED)[one % 2], f"supervisor-{one}") for one in range(32)]

    with ThreadPoolExecutor(len(changes)) as pool:
        rulings = list(
            pool.map(lambda change: cases.decide(change, key=change.standing.decided_by), changes, timeout=50)
        )

    assert {ruling.key for ruling in rulings} == {rulings[0].record.standing.decided_by}
    assert [entry.what for entry in cases.audit(CASE_ID)] == ["opened", rulings[0].record.standing.state]


def test_a_decision_on_an_older_version_is_refused(cases: MemoryCases | TableCases) -> None:
    """Who looked before the case was handed over decides nothing; who looked since does (Threat 47)."""
    cases.advance(HANDED_OVER)

    with pytest.raises(StaleVersionError):
        cases.decide(a_decision(), version=1)

    assert cases.decide(a_decision(), version=2).record.version == 3


def test_the_version_does_not_matter_once_a_decision_stands(cases: MemoryCases | TableCases) -> None:
    """A late comer learns of the decision, whatever he looked at."""
    first = cases.decide(a_decision())

    assert cases.decide(a_decision(REJECTED), version=77) == first


def test_a_decision_about_other_facts_is_refused(cases: MemoryCases | TableCases) -> None:
    """What is approved is what was filed (Threat 47)."""
    with pytest.raises(ConflictError):
        cases.decide(replace(a_decision(), case=a_case(amount=1)))


def test_a_case_that_could_not_be_written_is_opened_by_its_decision(cases: MemoryCases | TableCases) -> None:
    """Where storage was away at the start, an operator's decision still finds its place."""
    other = replace(a_decision(), case=a_case("case_other"))

    assert cases.decide(other).record.change == other


def test_a_case_that_ended_without_a_decision_has_its_end_told(cases: MemoryCases | TableCases) -> None:
    """A case whose sum had lapsed is rejected by nobody."""
    lapsed = a_change(REJECTED, Resolution.LAPSED)
    cases.advance(lapsed)

    ruling = cases.decide(a_decision())

    assert (ruling.record.change, ruling.key) == (lapsed, None)


def test_a_hand_over_goes_forward_only(cases: MemoryCases | TableCases) -> None:
    """A case on its second desk is not given back by a write that is late."""
    cases.advance(HANDED_OVER)
    cases.advance(a_change(at="2026-01-18T10:00:01.000Z"))

    record = cases.find(CASE_ID)
    assert record is not None
    assert (record.change.route, record.version) == ("escalation", 2)


def test_the_audit_trail_says_who_did_what_when(cases: MemoryCases | TableCases) -> None:
    """Each change leaves one entry, in order, and a second run none (issue 6)."""
    decided = replace(a_decision(), route="escalation", standing=replace(a_decision().standing, comment="Photo seen."))
    failed = replace(decided.standing, state=CaseState.REFUND_FAILED)
    for change in (HANDED_OVER, HANDED_OVER):
        cases.advance(change)
    cases.decide(decided)
    cases.advance(a_change(standing=failed, at="2026-01-19T10:00:00.000Z"))
    for _ in range(2):
        cases.ask_anew(CASE_ID, number=1, who="operator-1", at="2026-01-20T10:00:00.000Z")

    assert cases.audit(CASE_ID) == [
        AuditEntry(at="2026-01-15T10:00:00.000Z", who="customer-7", what="opened", route="team"),
        AuditEntry(at="2026-01-18T10:00:00.000Z", who="countersign", what="handed_over", route="escalation"),
        AuditEntry(
            at="2026-01-16T10:00:00.000Z",
            who="supervisor-1",
            what="approved",
            route="escalation",
            detail="Photo seen.",
        ),
        AuditEntry(at="2026-01-19T10:00:00.000Z", who="countersign", what="refund_failed", route="team"),
        AuditEntry(at="2026-01-20T10:00:00.000Z", who="operator-1", what="retry_asked", detail="1"),
    ]


def test_a_retry_is_asked_for_once(cases: MemoryCases | TableCases) -> None:
    """Numbers keep the wishes apart."""
    assert not cases.is_asked_anew(CASE_ID, number=1)

    cases.ask_anew(CASE_ID, number=1, who="operator-1", at="2026-01-20T10:00:00.000Z")

    assert cases.is_asked_anew(CASE_ID, number=1)
    assert not cases.is_asked_anew(CASE_ID, number=2)


def test_a_decision_whose_answer_was_lost_is_found_by_its_key(azurite: str) -> None:
    """Who tries again with the same key is told that the decision is his (Threat 46)."""
    name = f"Cases{secrets.token_hex(8)}"
    with closing(Table(azurite, name)) as table, closing(LosingTable(azurite, name)) as losing:
        TableCases(table, TableCaseIndex(table)).advance(a_change())
        cases = TableCases(losing, TableCaseIndex(table))
        with pytest.raises(StorageError):
            cases.decide(a_decision(), key="mine")

        ruling = cases.decide(a_decision(), key="mine")

    assert (ruling.key, ruling.record.change) == ("mine", a_decision())


def test_a_list_that_cannot_be_written_undoes_no_decision(azurite: str) -> None:
    """The decision stands and is told; the flow lists it later (Threat 46)."""
    with closing(Table(azurite, f"Cases{secrets.token_hex(8)}")) as table:
        TableCases(table, TableCaseIndex(table)).advance(a_change())
        with closing(LosingTable(azurite, f"List{secrets.token_hex(8)}")) as losing:
            ruling = TableCases(table, TableCaseIndex(losing)).decide(a_decision())

    assert ruling.record.change == a_decision()


def test_what_a_customer_was_told_stands_in_the_trail_once(azurite: str) -> None:
    """A notice is kept with the case, and a second run leaves one entry (Threat 59)."""
    name = f"cases{secrets.token_hex(8)}"
    with closing(Table(azurite, name)) as table, closing(Queue(azurite, name)) as queue:
        cases = TableCases(table, TableCaseIndex(table))
        cases.advance(a_change())
        notices = QueuedNotices(table, queue)

        for _ in range(2):
            notices.tell(a_notice())

        told = [entry for entry in cases.audit(CASE_ID) if entry.what == "customer_told"]
        row = table.find(CASE_ID, "notice:completed")
    assert [entry.detail for entry in told] == ["completed"]
    assert row is not None
    assert (row["customerId"], row["state"]) == ("customer-7", "completed")
