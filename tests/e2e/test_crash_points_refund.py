"""A refund on the real process, killed before and after each commit and each write to a table."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from azure.data.tables import TableServiceClient

from tests.support.crash_chains import CrashChains
from tests.support.crash_runs import COMMITS, both_sides, listed, told
from tests.support.histories import ends_of
from tests.support.http_proxy import Proxy, Request, proxied
from tests.support.operators import Operator
from tests.support.refunds import BODY
from tools.azurite import running_azurite
from tools.caller import Caller

TABLES = "table writes"
MOVES = {f"clock offset {number}" for number in range(2, 100)}  # one move of the clock is as good as the next
ROWS = {
    "decision": "decision row",
    "notice": "notice row",
    "case": "case row",
    "all": "list row",
    "intent": "intent row",
    "refund": "ledger row",
}
"""What a row is, by how its key begins; of a transaction that writes several, the first of these names it."""
ROW_KEY = re.compile(r'"RowKey": *"(\w+)')


@dataclass(slots=True, kw_only=True)
class RefundWorld:
    """A storage that the app reaches through a proxy, and the cases of the tales that are over."""

    storage: str
    proxy: Proxy
    over: set[str] = field(default_factory=set)

    @property
    def settings(self) -> Mapping[str, str]:
        tables = f"127.0.0.1:{_table_port(self.storage)}"
        return {
            "AzureWebJobsStorage": self.storage.replace(tables, f"127.0.0.1:{self.proxy.port}"),
            "AcceptOperatorDecisions": "true",
            "SmsProvider": "console",
        }

    @property
    def proxies(self) -> Mapping[str, Proxy]:
        return {TABLES: self.proxy}

    def new_tale(self) -> RefundTale:
        return RefundTale(world=self, order_id=f"order-{secrets.token_hex(8)}")


@dataclass(slots=True, kw_only=True)
class RefundTale:
    """A refund that is approved on the first day, after one leg of waiting; each has an order of its own."""

    world: RefundWorld
    order_id: str
    case_id: str = ""
    is_approved: bool = False

    def play(self, caller: Caller) -> None:
        operator = Operator(caller)
        body = BODY | {"orderId": self.order_id}
        self.case_id = self.case_id or operator.only_instance("RefundApproval", body, but=self.world.over)
        status = operator.status_in(self.case_id, {"pending_approval"})
        if status["customStatus"]["state"] == "pending_approval" and not self.is_approved:
            due_at = datetime.fromisoformat(status["customStatus"]["dueAt"])
            operator.advance(to=(due_at - timedelta(days=6, hours=17)).strftime("%Y-%m-%dT%H:%M:%SZ"))
            operator.raise_event(self.case_id, "Approval", {"approved": True})
            self.is_approved = True
        operator.ended(self.case_id)

    def check(self, caller: Caller, db: Path) -> None:
        status = Operator(caller).status(self.case_id)

        assert set(Operator(caller).instances()) - self.world.over == {self.case_id}
        assert (status["runtimeStatus"], status["output"]) == ("Completed", "completed")
        assert status["customStatus"]["state"] == "completed"
        assert ends_of(db, self.case_id) == 1
        assert self._rows("CountersignRefunds", self.order_id) == [(f"refund:{self.case_id}", 1999, None)]
        assert self._rows("CountersignCases", self.case_id) == [
            ("audit:00000001:0:opened", None, None),
            ("audit:00000002:0:approved", None, None),
            ("audit:00000003:0:completed", None, None),
            ("audit:00000003:1:customer_told", None, None),
            ("case", 1999, "completed"),
            ("decision", 1999, "approved"),
            ("notice:completed", None, "completed"),
        ]
        self.world.over.add(self.case_id)

    def _rows(self, table: str, partition: str) -> list[tuple[str, int | None, str | None]]:
        with closing(TableServiceClient.from_connection_string(self.world.storage)) as service:
            found = service.get_table_client(table).query_entities(
                "PartitionKey eq @key", parameters={"key": partition}
            )
            rows = [(row["RowKey"], getattr(row.get("amount"), "value", None), row.get("state")) for row in found]
        return sorted(rows)


def name_of(request: Request) -> str | None:
    """Name what a request to the table service writes; None if it only reads."""
    if request.method == "GET":
        return None
    if request.path.partition("?")[0].endswith("/Tables"):
        return "table"
    written = set(ROW_KEY.findall(request.body.decode()))
    return next(name for begins, name in ROWS.items() if begins in written)


@contextmanager
def opened(storage: str) -> Iterator[RefundWorld]:
    """A shop whose app reaches *storage* through a proxy."""
    with proxied(_table_port(storage), name_of) as proxy:
        yield RefundWorld(storage=storage, proxy=proxy)


@contextmanager
def opened_on_new_storage() -> Iterator[RefundWorld]:
    """A shop in which nobody has made a table."""
    with running_azurite() as azurite, opened(azurite.connection_string) as world:
        yield world


def _table_port(storage: str) -> int:
    settings = dict(part.split("=", 1) for part in storage.split(";") if part)
    return urlsplit(settings["TableEndpoint"]).port or 0


@pytest.mark.timeout(800)
def test_a_refund_survives_a_kill_at_each_point(azurite: str, tmp_path: Path, tell: Callable[[str], None]) -> None:
    """Wherever the process is killed, an approved refund ends once, and is paid exactly once."""
    chains = CrashChains(open_world=partial(opened, azurite), folder=tmp_path)
    chains_on_new_storage = CrashChains(open_world=opened_on_new_storage, folder=tmp_path)
    names = chains.names()
    tell(f"RefundApproval: {listed(names)}")
    points = [point for point in both_sides(names) if point.name not in MOVES]
    makes_table = [point for point in points if point.name.startswith("table ")]

    failures = chains.failures([point for point in points if point not in makes_table])
    failures |= chains_on_new_storage.failures(makes_table, longest=1)

    assert not failures, told(failures)
    assert len(names[COMMITS]) >= 6
    assert len(makes_table) >= 6
    written = {"case row 1", "list row 1", "decision row 1", "intent row 1", "ledger row 1", "notice row 1"}
    assert written <= set(names[TABLES])
