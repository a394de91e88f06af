"""What every refund ledger promises: a key is paid once."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from domain.errors import ConflictError, StorageError
from providers.http_payments import CLAIMED_FOR, HttpPayments
from providers.memory import MemoryRefundLedger
from providers.refund_ledger_tables import RefundIntents, TableRefundLedger
from providers.tables import Table
from tests.support.fakes import FakeClock
from tests.support.payment_stand_in import Fault, PaymentStandIn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from domain.ports import RefundLedger

KEY = "refund:case_1"
TERMS: dict[str, Any] = {"order_id": "order-1", "amount": 1999, "currency": "EUR"}


class LosingTable(Table):
    """A table that writes, and loses the answer to the write of a given number."""

    def __init__(self, connection_string: str, name: str, *, loses: int) -> None:
        super().__init__(connection_string, name)
        self._writes_left = loses

    def insert(self, row: Mapping[str, Any]) -> bool:
        is_written = super().insert(row)
        self._writes_left -= 1
        if not self._writes_left:
            message = "the answer did not come"
            raise StorageError(message)
        return is_written


class OvertakenTable(Table):
    """A table in which somebody else books just after we looked for a booking in vain."""

    rivals_receipt = ""

    def find(self, partition: str, row: str) -> dict[str, Any] | None:
        found = super().find(partition, row)
        if found is None and not self.rivals_receipt:
            self.rivals_receipt = "being made"
            self.rivals_receipt = TableRefundLedger(self).pay_back(key=KEY, **TERMS)
        return found


class VanishingTable(Table):
    """A table that has a row in the way of each booking and never shows it."""

    def insert(self, row: Mapping[str, Any]) -> bool:
        return row["RowKey"] != KEY and super().insert(row)


@pytest.fixture(params=["memory", "tables", "http"])
def ledger(request: pytest.FixtureRequest) -> Iterator[RefundLedger]:
    """A ledger without a booking."""
    if request.param == "memory":
        yield MemoryRefundLedger()
        return
    with closing(Table(request.getfixturevalue("azurite"), f"Refunds{secrets.token_hex(8)}")) as table:
        if request.param == "tables":
            yield TableRefundLedger(table)
            return
        with PaymentStandIn() as service:
            service.forgets = True
            yield HttpPayments(service.url, RefundIntents(table), FakeClock())


@pytest.fixture
def service() -> Iterator[PaymentStandIn]:
    """A payment service that was never asked."""
    with PaymentStandIn() as one:
        yield one


@pytest.mark.parametrize("fault", Fault)
def test_a_service_that_fails_pays_once_in_the_end(azurite: str, service: PaymentStandIn, fault: Fault) -> None:
    """However the service fails, with keys or without, tries again end with one refund (Threat 48)."""
    with closing(Table(azurite, f"Refunds{secrets.token_hex(8)}")) as table:
        clock = FakeClock()
        hasty = HttpPayments(service.url, RefundIntents(table), clock, within=0.5)
        patient = HttpPayments(service.url, RefundIntents(table), clock)
        service.faults, service.forgets = [fault], True
        with pytest.raises((StorageError, ConflictError)):
            hasty.pay_back(key=KEY, **TERMS)
        service.faults = []
        clock.at += CLAIMED_FOR

        receipts = {patient.pay_back(key=KEY, **TERMS) for _ in range(3)}

    assert len(service.booked) == 1
    assert receipts == {service.booked[0]["id"]}
    assert service.booked[0]["key"] == KEY


def test_a_call_that_is_still_on_its_way_is_waited_for(azurite: str, service: PaymentStandIn) -> None:
    """Where a call was given up and arrives later, nobody else has asked meanwhile: one refund (Threat 48, 68)."""
    with closing(Table(azurite, f"Refunds{secrets.token_hex(8)}")) as table:
        clock = FakeClock()
        service.faults, service.forgets = [Fault.HANGS], True
        hasty = [HttpPayments(service.url, RefundIntents(table), clock, within=0.5) for _ in range(2)]
        runs = [HttpPayments(service.url, RefundIntents(table), clock) for _ in range(2)]
        for run in (*hasty, *hasty):
            with pytest.raises(StorageError):
                run.pay_back(key=KEY, **TERMS)
            clock.at += CLAIMED_FOR / 5
        wish = {"orderId": "order-1", "amount": 1999, "currency": "EUR", "caseId": "case_1"}
        late = service.book(KEY, wish)
        before = runs[1].pay_back(key=KEY, **TERMS)
        clock.at += CLAIMED_FOR

        assert {before, *(run.pay_back(key=KEY, **TERMS) for run in runs)} == {late}
        assert len(service.booked) == 1


def test_a_redirect_is_not_followed(azurite: str, service: PaymentStandIn) -> None:
    """What we pay with goes to the address that is set, whatever an answer says (Threat 57)."""
    with PaymentStandIn() as elsewhere, closing(Table(azurite, f"Refunds{secrets.token_hex(8)}")) as table:
        service.faults, service.leads_to = [Fault.REDIRECT], elsewhere.url
        with pytest.raises(StorageError):
            HttpPayments(service.url, RefundIntents(table), FakeClock()).pay_back(key=KEY, **TERMS)

        assert (elsewhere.asked, elsewhere.booked, service.booked) == (0, [], [])


def test_a_service_that_cannot_list_is_not_asked_to_pay(azurite: str, service: PaymentStandIn) -> None:
    """Where it is not known what was paid, nothing is (Threat 48)."""
    with closing(Table(azurite, f"Refunds{secrets.token_hex(8)}")) as table:
        service.lists = False

        with pytest.raises(StorageError):
            HttpPayments(service.url, RefundIntents(table), FakeClock()).pay_back(key=KEY, **TERMS)

    assert service.booked == []


def test_a_service_that_is_not_there_is_tried_later(azurite: str, service: PaymentStandIn) -> None:
    """A connection that is refused is no refusal of the refund."""
    url = service.url
    service.__exit__(None, None, None)
    with closing(Table(azurite, f"Refunds{secrets.token_hex(8)}")) as table, pytest.raises(StorageError):
        HttpPayments(url, RefundIntents(table), FakeClock()).pay_back(key=KEY, **TERMS)


def test_another_refund_of_the_same_case_is_not_paid_again(azurite: str, service: PaymentStandIn) -> None:
    """Where the service lists another sum for the case, nothing is paid (Threat 47)."""
    service.booked.append({"id": "rcpt_1", "caseId": "case_1", "orderId": "order-1", "amount": 1, "currency": "EUR"})
    with closing(Table(azurite, f"Refunds{secrets.token_hex(8)}")) as table, pytest.raises(ConflictError):
        HttpPayments(service.url, RefundIntents(table), FakeClock()).pay_back(key=KEY, **TERMS)

    assert len(service.booked) == 1


def test_a_refund_has_a_receipt(ledger: RefundLedger) -> None:
    """A payment is known by a text of its own."""
    assert ledger.pay_back(key=KEY, **TERMS).startswith("rcpt_")


def test_the_same_key_gets_the_same_receipt(ledger: RefundLedger) -> None:
    """A second run pays nothing and finds the first payment (Threat 48)."""
    first = ledger.pay_back(key=KEY, **TERMS)

    again = ledger.pay_back(key=KEY, **TERMS)

    assert again == first


def test_another_key_is_another_refund(ledger: RefundLedger) -> None:
    """Two cases about one order are two payments."""
    first = ledger.pay_back(key=KEY, **TERMS)

    second = ledger.pay_back(key="refund:case_2", **TERMS)

    assert second != first


@pytest.mark.parametrize("other", [{"order_id": "order-2"}, {"amount": 2000}, {"currency": "USD"}])
def test_a_key_stands_for_one_order_and_sum(ledger: RefundLedger, other: dict[str, Any]) -> None:
    """A key that was used for something else pays nothing, and still has its first receipt."""
    first = ledger.pay_back(key=KEY, **TERMS)

    with pytest.raises(ConflictError):
        ledger.pay_back(key=KEY, **(TERMS | other))

    assert ledger.pay_back(key=KEY, **TERMS) == first


def test_runs_at_the_same_time_pay_once(ledger: RefundLedger) -> None:
    """Everybody who pays one key at once gets one receipt, or is told to come again (Threat 48)."""

    def paid(_: int) -> str | None:
        try:
            return ledger.pay_back(key=KEY, **TERMS)
        except StorageError:
            return None

    with ThreadPoolExecutor(8) as pool:
        receipts = set(pool.map(paid, range(8))) - {None}

    assert receipts == {ledger.pay_back(key=KEY, **TERMS)}


def test_who_is_overtaken_gets_the_other_receipt(azurite: str) -> None:
    """Between looking and booking somebody else may book; there is one booking all the same (Threat 48)."""
    with closing(OvertakenTable(azurite, f"Refunds{secrets.token_hex(8)}")) as table:
        receipt = TableRefundLedger(table).pay_back(key=KEY, **TERMS)

        assert receipt == table.rivals_receipt


def test_a_booking_that_vanishes_is_not_known_to_be_paid(azurite: str) -> None:
    """Where the row that stood in the way cannot be read, nothing is claimed about the payment."""
    with (
        closing(VanishingTable(azurite, f"Refunds{secrets.token_hex(8)}")) as table,
        pytest.raises(StorageError, match="gone"),
    ):
        TableRefundLedger(table).pay_back(key=KEY, **TERMS)


def test_a_large_sum_is_kept_to_the_last_unit(azurite: str) -> None:
    """Sums are whole numbers with 64 bits in the table, and the order's partition holds them."""
    with closing(Table(azurite, f"Refunds{secrets.token_hex(8)}")) as table:
        receipt = TableRefundLedger(table).pay_back(key=KEY, **(TERMS | {"amount": 999_999_999_999}))

        row = table.find("order-1", KEY)

    assert row is not None
    assert (row["amount"], row["currency"], row["receipt"]) == (999_999_999_999, "EUR", receipt)


@pytest.mark.parametrize("write", [1, 2])
def test_a_write_whose_answer_is_lost_is_paid_once(azurite: str, write: int) -> None:
    """Whichever write the ledger did not hear of, the next run ends with one booking (Threat 48)."""
    with closing(LosingTable(azurite, f"Refunds{secrets.token_hex(8)}", loses=write)) as table:
        ledger = TableRefundLedger(table)
        with pytest.raises(StorageError):
            ledger.pay_back(key=KEY, **TERMS)
        before = table.find("order-1", KEY)

        receipt = ledger.pay_back(key=KEY, **TERMS)

        after = table.find("order-1", KEY)
    assert after is not None
    assert after["receipt"] == receipt
    assert before is None if write == 1 else before == after
