"""Chooses the providers by the settings: each on its first use, so that indexing the app needs no secret."""

from __future__ import annotations

from datetime import timedelta
from functools import cache, cached_property
from typing import TYPE_CHECKING, Final

from domain.errors import SettingError
from domain.gates import Gates
from providers.case_index import INDEX_TABLE, TableCaseIndex
from providers.case_tables import CASE_TABLE, TableCases
from providers.console_sms import ConsoleSms, Outbox
from providers.http_payments import HttpPayments
from providers.notice_queues import QueuedApproverNotices, QueuedCompletions, QueuedNotices
from providers.orders_file import OrdersFile
from providers.queues import Queue
from providers.records_late import LateRecords
from providers.records_tables import LIMITS_TABLE, REQUESTS_TABLE, VERIFICATIONS_TABLE, TableRecords
from providers.refund_ledger_tables import LEDGER_TABLE, RefundIntents, TableRefundLedger
from providers.reservations import RESERVATION_TABLE, TableReservations
from providers.sms_health import SmsHealth
from providers.system_clock import SystemClock
from providers.tables import Table
from providers.turnstile import Turnstile
from settings import Settings

if TYPE_CHECKING:
    from domain.limit_ports import Pseudonyms, Tokens
    from domain.ports import (
        ApproverNotices,
        CaseList,
        CaseRetries,
        Cases,
        Clock,
        CodeSource,
        Completions,
        CustomerNotices,
        NumberReader,
        NumberVault,
        Orders,
        RefundLedger,
        Reservations,
        SmsSender,
    )

STARTS_AT_ONCE: Final = 20  # in one process; a crowd is answered within five seconds on a small machine


class Providers:
    """The providers that the settings ask for; one that cannot be built raises `SettingError` each time."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock: Clock = SystemClock()

    @cached_property
    def sms(self) -> SmsSender:
        """Who carries our SMS."""
        account = self.settings.twilio
        if account is None:
            return ConsoleSms(outbox=self._kept, clock=self.clock)
        from providers.twilio_sms import TwilioSms  # noqa: PLC0415  only where it is used

        return TwilioSms(account, self.sms_health)

    @cached_property
    def sms_health(self) -> SmsHealth:
        """Who knows whether the SMS service lets us in."""
        return SmsHealth(self.clock.now)

    @cached_property
    def starts(self) -> Turnstile:
        """Who keeps a crowd of starts from making everybody wait."""
        return Turnstile(most=STARTS_AT_ONCE, again_after=timedelta(seconds=2))

    @cached_property
    def codes(self) -> CodeSource:
        """Who derives the codes."""
        from providers.codes import DerivedCodes  # noqa: PLC0415  loads cryptography

        return DerivedCodes(self.settings.verification_key)

    @cached_property
    def vault(self) -> NumberVault:
        """Who keeps whole numbers out of what is stored."""
        from providers.codes import FernetVault  # noqa: PLC0415  loads cryptography

        return FernetVault(self.settings.verification_key)

    @cached_property
    def names(self) -> Pseudonyms:
        """Who names phones and callers without saying them."""
        from providers.codes import DerivedPseudonyms  # noqa: PLC0415  loads cryptography

        return DerivedPseudonyms(self.settings.verification_key)

    @cached_property
    def tokens(self) -> Tokens:
        """Who knows the tokens of users."""
        from providers.codes import DerivedTokens  # noqa: PLC0415  loads cryptography

        return DerivedTokens(self.settings.verification_key)

    @property
    def gates(self) -> Gates:
        """What keeps starts, sends and guesses within the limits of the settings."""
        records = LateRecords(lambda: self.limit_records)
        return Gates(limits=self.settings.limits, records=records, names=self.names, clock=self.clock)

    def check_sending(self) -> None:
        """Raise `SettingError` where something that sending needs is missing or malformed."""
        _ = self.sms, self.settings.sms_brand, self.settings.public_base_url
        if self.gates.counts_sends:
            _ = self.limit_records

    @cached_property
    def limit_records(self) -> TableRecords:
        """Who remembers phones, prefixes and addresses."""
        return TableRecords(self._table(LIMITS_TABLE))

    @cached_property
    def verification_records(self) -> TableRecords:
        """Who remembers verifications and their attempts."""
        return TableRecords(self._table(VERIFICATIONS_TABLE))

    @cached_property
    def request_records(self) -> TableRecords:
        """Who remembers requests that carried an Idempotency-Key."""
        return TableRecords(self._table(REQUESTS_TABLE))

    @cached_property
    def numbers(self) -> NumberReader:
        """Who knows phone numbers."""
        from providers.phone_numbers import AllowedNumbers  # noqa: PLC0415  loads phonenumbers

        return AllowedNumbers(self.settings.allowed_regions)

    @cached_property
    def cases(self) -> Cases:
        """Who keeps the cases."""
        return self._case_book

    @cached_property
    def retries(self) -> CaseRetries:
        """Who keeps which payments are to be tried anew."""
        return self._case_book

    @cached_property
    def case_list(self) -> CaseList:
        """Who finds cases."""
        return self._case_book

    @cached_property
    def orders(self) -> Orders:
        """Who knows what was sold."""
        return OrdersFile(self.settings.orders_file)

    @cached_property
    def reservations(self) -> Reservations:
        """Who sees to it that refunds never exceed their order."""
        return TableReservations(self._table(RESERVATION_TABLE))

    @cached_property
    def notices(self) -> CustomerNotices:
        """Who tells customers what became of their cases."""
        return QueuedNotices(self._case_table, self._queue(self.settings.notifications_queue_name))

    @cached_property
    def approvers(self) -> ApproverNotices:
        """Who tells approvers what waits for them."""
        return QueuedApproverNotices(self._queue(self.settings.approvals_queue_name), self.settings.public_base_url)

    @cached_property
    def completions(self) -> Completions:
        """Who tells the rest of the company what has ended."""
        return QueuedCompletions(self._queue(self.settings.completion_queue_name))

    @cached_property
    def ledger(self) -> RefundLedger:
        """Who pays customers back."""
        table, service = self._table(LEDGER_TABLE), self.settings.payment_service
        return HttpPayments(service, RefundIntents(table), self.clock) if service else TableRefundLedger(table)

    @property
    def outbox(self) -> Outbox | None:
        """What the console provider sent, where that is the provider."""
        try:
            is_console = self.settings.is_development and self.settings.twilio is None
        except SettingError:
            return None
        return self._kept if is_console else None

    @cached_property
    def _kept(self) -> Outbox:
        return Outbox()

    @cached_property
    def _case_book(self) -> TableCases:
        return TableCases(self._case_table, TableCaseIndex(self._table(INDEX_TABLE)))

    @cached_property
    def _case_table(self) -> Table:
        return self._table(CASE_TABLE)

    def _table(self, name: str) -> Table:
        return Table(self.settings.azure_web_jobs_storage, name)

    def _queue(self, name: str) -> Queue:
        return Queue(self.settings.azure_web_jobs_storage, name)


@cache
def providers() -> Providers:
    """Return the providers of this process, chosen by its settings on the first call."""
    return Providers(Settings.load())
