"""Refunds as people file and decide them, on a host that may die: the storage, a payment service, and who is told."""

from __future__ import annotations

import json
import re
import secrets
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from azure.data.tables import TableServiceClient
from azure.storage.queue import QueueClient, TextBase64DecodePolicy

from tests.support.histories import ends_of
from tests.support.http_proxy import Proxy, Request, proxied
from tests.support.operators import Operator
from tests.support.payment_stand_in import PaymentStandIn
from tools.local_settings import KEY_SETTING, fresh_key
from tools.processes import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tools.caller import Caller

ALICE, SUE = "Alice, a customer", "Sue, a supervisor"
AMOUNT: Final = 1999
ORDERS: Final = 100
ENDS_WITHIN_SECONDS: Final = 20.0
QUEUES: Final = ("approvals", "notifications", "completions")
ENDED: Final = {"completed", "rejected", "refund_failed"}
ROWS: Final = {
    "held": "reservation",
    "decision": "decision row",
    "notice": "notice row",
    "case": "case row",
    "all": "list row",
    "intent": "intent row",
    "record": "request row",
}
"""What a row is, by how its key begins; of a transaction that writes several, the first of these names it."""
_ROW_KEYS = re.compile(r"RowKey(?:\": *\"|=')(\w+)")


@dataclass(kw_only=True)
class CaseWorld:
    """A shop with orders of one refund each, and a payment service that forgets keys."""

    storage: str
    orders: Path
    prefix: str
    service: PaymentStandIn
    tables: Proxy
    queues: Proxy
    payments: Proxy
    key: str = field(default_factory=fresh_key)
    begun: int = 0

    @property
    def settings(self) -> Mapping[str, str]:
        storage = self.storage
        for name, proxy in (("TableEndpoint", self.tables), ("QueueEndpoint", self.queues)):
            storage = storage.replace(f":{_port_of(self.storage, name)}/", f":{proxy.port}/")
        return {
            "AzureWebJobsStorage": storage,
            "SmsProvider": "console",
            "OrdersFile": str(self.orders),
            "PaymentProvider": "http",
            "PaymentApiBaseUrl": f"http://127.0.0.1:{self.payments.port}",
            "ApprovalsQueueName": f"approvals-{self.prefix}",
            "NotificationsQueueName": f"notifications-{self.prefix}",
            "CompletionQueueName": f"completions-{self.prefix}",
            KEY_SETTING: self.key,
        }

    @property
    def proxies(self) -> Mapping[str, Proxy]:
        return {"table writes": self.tables, "messages": self.queues, "payment calls": self.payments}

    def messages(self, queue: str) -> list[Any]:
        """Return what was sent to a queue."""
        name, decoding = f"{queue}-{self.prefix}", TextBase64DecodePolicy()
        with QueueClient.from_connection_string(self.storage, name, message_decode_policy=decoding) as client:
            return [json.loads(message.content) for message in client.peek_messages(max_messages=32)]

    def new_tale(self) -> CaseTale:
        self.begun += 1
        return CaseTale(self, f"{self.prefix}-{self.begun}")


@dataclass
class CaseTale:
    """A refund of a whole order: filed by its customer, approved by a supervisor, paid by the service."""

    world: CaseWorld
    order_id: str
    case_id: str = ""
    is_approved: bool = False
    was_left: bool = False

    def play(self, caller: Caller) -> None:
        """Go on as people do who remember what they were answered; who was not, asks again with the same key."""
        is_there_again, self.was_left = self.was_left, True
        alice, sue = caller.signed_in(ALICE), caller.signed_in(SUE)
        if not self.case_id:
            filed = alice.post("/api/cases", self._wish(AMOUNT), Idempotency_Key=f"file-{self.order_id}")
            assert filed.status == 201, filed
            self.case_id = filed.body["id"]
        path = f"/api/cases/{self.case_id}"
        if not self.is_approved:
            Operator(caller).advance(by="PT0S")  # once all approvers are told, so that every run commits the same
            if is_there_again:
                self._look_at_what_nobody_was_told(caller, alice.get(path).body["status"])
            key = f"approve-{self.order_id}"
            approved = sue.post(f"{path}/approve", {"comment": "Seen."}, If_Match='"1"', Idempotency_Key=key)
            assert approved.status == 200, approved
            self.is_approved = True
        if is_there_again:
            Operator(caller).advance(by="PT2M")  # a call that was under way when the host died is waited for
        self._ended(alice)
        Operator(caller).ended(self.case_id)

    def check(self, caller: Caller, db: Path) -> None:
        """One case, ended as it was decided, paid once; nothing is left of the order; all have heard."""
        alice = caller.signed_in(ALICE)
        listed = caller.signed_in(SUE).get(f"/api/cases?q={self.order_id}").body["items"]
        status = Operator(caller).status(self.case_id)
        one_more = alice.post("/api/cases", self._wish(1))
        booked = [one for one in self.world.service.booked if one["orderId"] == self.order_id]
        seen = {
            "listed": [(one["id"], one["status"], one["resolution"]["by"]) for one in listed],
            "flow": (status["runtimeStatus"], status["output"], ends_of(db, self.case_id)),
            "paid": [(one["caseId"], one["amount"], one["key"]) for one in booked],
            "one unit more": (one_more.status, one_more.body.get("code")),
            "trail": [entry["what"] for entry in alice.get(f"/api/cases/{self.case_id}/audit").body["items"]],
            "rows": self._rows(),
            **self._heard(),
        }

        wanted = {
            "listed": [(self.case_id, "completed", "supervisor-1")],
            "flow": ("Completed", "completed", 1),
            "paid": [(self.case_id, AMOUNT, f"refund:{self.case_id}")],
            "one unit more": (422, "amount_exceeds_refundable"),
            "trail": ["opened", "approved", "completed", "customer_told"],
            "rows": ["case", "decision", "notice:completed"],
            "approvals": {f"{self.case_id}.team.1"},
            "notifications": {f"{self.case_id}.told.completed"},
            "completions": {f"{self.case_id}.completed"},
        }
        assert seen == wanted, {name: one for name, one in seen.items() if one != wanted[name]}

    def _look_at_what_nobody_was_told(self, caller: Caller, status: str) -> None:
        """A decision that is on record is carried out though nobody asks again and nobody rings."""
        if status != "pending_approval":
            Operator(caller).advance(by="PT6H")
            self._ended(caller.signed_in(ALICE))

    def _ended(self, alice: Caller) -> None:
        path = f"/api/cases/{self.case_id}"
        wait_until(
            lambda: alice.get(path).body["status"] in ENDED, within=ENDS_WITHIN_SECONDS, what="the end of a case"
        )

    def _wish(self, amount: int) -> dict[str, Any]:
        return {
            "action": "refund",
            "orderId": self.order_id,
            "amount": amount,
            "currency": "EUR",
            "description": "The lamp came broken.",
        }

    def _rows(self) -> list[str]:
        with closing(TableServiceClient.from_connection_string(self.world.storage)) as service:
            rows = service.get_table_client("CountersignCases").query_entities(
                "PartitionKey eq @case", parameters={"case": self.case_id}, select=["RowKey"]
            )
            return sorted(row["RowKey"] for row in rows if not row["RowKey"].startswith("audit:"))

    def _heard(self) -> dict[str, set[str]]:
        """Return the ids of the messages about the case, by queue; what comes twice has one id."""
        return {
            queue: {message["id"] for message in self.world.messages(queue) if self.case_id in json.dumps(message)}
            for queue in QUEUES
        }


def row_written(request: Request) -> str | None:
    """Name what a request to the table service writes; None if it only reads, or makes a table."""
    if request.method == "GET" or request.path.partition("?")[0].endswith("/Tables"):
        return None
    written = set(_ROW_KEYS.findall(unquote(request.path) + request.body.decode()))
    return next(name for begins, name in ROWS.items() if begins in written)


def message_sent(request: Request) -> str | None:
    """Name the queue to which a request sends a message, if it does."""
    found = re.search(r"/([a-z]+)-[0-9a-z]+/messages", request.path) if request.method == "POST" else None
    return f"message to {found[1]}" if found else None


def payment_made(request: Request) -> str | None:
    """Name a call that has money paid."""
    return "payment" if request.method == "POST" else None


@contextmanager
def opened(storage: str, folder: Path) -> Iterator[CaseWorld]:
    """A shop in which nothing was filed."""
    prefix = secrets.token_hex(6)
    orders = folder / f"orders-{prefix}.json"
    order = {"customerId": "customer-7", "total": AMOUNT, "currency": "EUR"}
    listed = [order | {"orderId": f"{prefix}-{number}"} for number in range(1, ORDERS + 1)]
    orders.write_text(json.dumps(listed), encoding="utf-8")
    with ExitStack() as stack:
        service = stack.enter_context(PaymentStandIn())
        service.forgets = True
        yield CaseWorld(
            storage=storage,
            orders=orders,
            prefix=prefix,
            service=service,
            tables=stack.enter_context(proxied(_port_of(storage, "TableEndpoint"), row_written)),
            queues=stack.enter_context(proxied(_port_of(storage, "QueueEndpoint"), message_sent)),
            payments=stack.enter_context(proxied(urlsplit(service.url).port or 0, payment_made)),
        )


def _port_of(storage: str, endpoint: str) -> int:
    settings = dict(part.split("=", 1) for part in storage.split(";") if part)
    return urlsplit(settings[endpoint]).port or 0
