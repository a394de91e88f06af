"""What the demo plays: each story goes as a person with curl would go, and says how it has to end."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.caller import Caller, Json

PHONE: Final = "+12025550143"  # a number of the range kept for fiction: valid, and nobody's
REFUND: Final = {
    "action": "refund",
    "orderId": "order-1001",
    "customerId": "customer-7",
    "amount": 1999,
    "currency": "EUR",
    "description": "The kettle arrived with a crack.",
}
CASE: Final = {name: value for name, value in REFUND.items() if name != "customerId"}
BOBS_CASE: Final = CASE | {"orderId": "order-2001", "amount": 2500, "currency": "USD"}
_CODE: Final = re.compile(r"your code is (\d+)\.")


class StoryError(Exception):
    """A story did not end as it must."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What a story may touch: the host by HTTP, and the ledger as a bookkeeper would look it up."""

    caller: Caller
    receipts_of: Callable[[str], list[str]]
    say: Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """An instance and the URLs that its start was answered with."""

    id: str
    urls: dict[str, str]

    @property
    def status_url(self) -> str:
        """The URL that tells how it goes; what it was started with is known here."""
        return self.urls["statusQueryGetUri"] + "&showInput=false"

    def event_url(self, name: str) -> str:
        """Return the URL to which event *name* is posted."""
        return self.urls["sendEventPostUri"].replace("{eventName}", name)


def right_code(world: World) -> None:
    """Answer with the right code in time."""
    started = _challenged(world)
    code = _code_in_outbox(world, started)
    _must_be(202, world.caller.post(started.event_url("SmsChallengeResponse"), code).status)
    status = _ended(world, started)
    _must_be((True, "verified"), (status["output"], status["customStatus"]["state"]))


def wrong_code(world: World) -> None:
    """Answer with another code."""
    started = _challenged(world)
    code = _code_in_outbox(world, started)
    wrong = 1000 + (code - 1000 + 1) % 9000
    _must_be(202, world.caller.post(started.event_url("SmsChallengeResponse"), wrong).status)
    status = _ended(world, started)
    _must_be((False, "code_mismatch"), (status["output"], status["customStatus"]["reason"]))


def no_code(world: World) -> None:
    """Let the two minutes pass."""
    started = _challenged(world)
    _let_pass(world, "PT2M")
    status = _ended(world, started)
    _must_be((False, "expired"), (status["output"], status["customStatus"]["reason"]))


def approved_on_day_four(world: World) -> None:
    """Approve a refund on the fourth day, twice by mistake."""
    started = _filed(world)
    _let_pass(world, "P3DT12H")
    approval = {"approved": True, "comment": "Photo seen."}
    _must_be(202, world.caller.post(started.event_url("Approval"), approval).status)
    world.caller.post(started.event_url("Approval"), approval)
    status = _ended(world, started)
    _must_be("completed", status["output"])
    _must_be(1, _receipts(world, started))


def approved_by_nobody(world: World) -> None:
    """Let the seven days of a refund pass."""
    started = _filed(world)
    _let_pass(world, "P7D")
    status = _ended(world, started)
    _must_be("rejected", status["output"])
    _must_be(0, _receipts(world, started))


def decided_through_the_api(world: World) -> None:
    """File a case, see who may decide it, have it escalated, approve it on the fourth day, and see it paid once."""
    alice, sue = (world.caller.signed_in(name) for name in ("Alice, a customer", "Sue, a supervisor"))
    filed = alice.post("/api/cases", CASE)
    _must_be(201, filed.status)
    path = f"/api/cases/{filed.body['id']}"
    _must_be(403, alice.post(f"{path}/approve", {}, If_Match='"1"').status)
    listed = sue.get("/api/cases?status=pending_approval&limit=1").body["items"]
    _must_be([filed.body["id"]], [case["id"] for case in listed])

    _let_pass(world, "P3DT12H")
    case = sue.get(path).body
    _must_be("escalation", case["route"])
    _must_be(200, sue.post(f"{path}/approve", {"comment": "Photo seen."}, If_Match=f'"{case["version"]}"').status)
    _must_be(409, sue.post(f"{path}/reject", {}, If_Match=f'"{case["version"]}"').status)
    alice.get_until(path, lambda seen: seen["status"] == "completed", what="the end of the case")
    told = sue.get_until(
        f"{path}/audit",
        lambda trail: trail["items"][-1]["what"] == "customer_told",
        what="the customer to be told",
    )
    _must_be("supervisor-1", next(entry["who"] for entry in told["items"] if entry["what"] == "approved"))
    _must_be(1, _receipts(world, Started(id=filed.body["id"], urls={})))


def decided_by_somebody_else(world: World) -> None:
    """File a case as somebody who also supervises, who may not approve it himself; somebody else rejects it."""
    bob, sam = (world.caller.signed_in(name) for name in ("Bob, who also supervises", "Sam, a supervisor"))
    filed = bob.post("/api/cases", BOBS_CASE)
    _must_be(201, filed.status)
    path = f"/api/cases/{filed.body['id']}"
    refused = bob.post(f"{path}/approve", {}, If_Match='"1"')
    _must_be((403, "self_approval"), (refused.status, refused.body["code"]))
    _must_be(200, sam.post(f"{path}/reject", {"comment": "Nothing is wrong with it."}, If_Match='"1"').status)
    sam.get_until(path, lambda seen: seen["status"] == "rejected", what="the end of the case")
    _must_be(0, _receipts(world, Started(id=filed.body["id"], urls={})))


STORIES: Final = {
    "the right code in time: verified": right_code,
    "a wrong code: not verified": wrong_code,
    "no code within two minutes: not verified": no_code,
    "a refund approved on day four, by a double click: paid once": approved_on_day_four,
    "a refund that nobody decides for seven days: rejected, nothing paid": approved_by_nobody,
    "a refund filed by its customer, escalated, approved by a supervisor: paid once, told": decided_through_the_api,
    "a refund filed by a supervisor: refused to himself, rejected by another": decided_by_somebody_else,
}


def _challenged(world: World) -> Started:
    return _started(world, "SmsVerify", {"phoneNumber": PHONE}, waits_in="awaiting")


def _filed(world: World) -> Started:
    return _started(world, "RefundApproval", REFUND, waits_in="pending_approval")


def _started(world: World, flow: str, body: object, *, waits_in: str) -> Started:
    """Start *flow* and look at it until its custom status says that it waits for a person."""
    answer = world.caller.post(f"/api/orchestrators/{flow}", body)
    _must_be(202, answer.status)
    started = Started(id=answer.body["id"], urls=answer.body)
    world.caller.get_until(
        started.status_url,
        lambda status: bool(status["customStatus"]) and status["customStatus"]["state"] == waits_in,
        what=f"{flow} to be {waits_in}",
    )
    return started


def _code_in_outbox(world: World, started: Started) -> int:
    """Read the code as its receiver would, from the text of the message."""
    (message,) = world.caller.get(f"/api/outbox?instanceId={started.id}").body
    found = _CODE.search(message["body"])
    if found is None:
        problem = "the message has no code"
        raise StoryError(problem)
    return int(found[1])


def _let_pass(world: World, span: str) -> None:
    """Move the host's clock by *span*, an ISO 8601 duration, however long the work on the way takes."""
    answer = world.caller.post("/devhost/clock/advance", {"by": span})
    while answer.status == 200 and answer.body.get("idle") is False:  # noqa: PLR2004  the status of every success
        answer = world.caller.post("/devhost/clock/advance", {"to": answer.body["target"]})
    _must_be(200, answer.status)


def _ended(world: World, started: Started) -> Json:
    return world.caller.get_until(
        started.status_url, lambda status: status["runtimeStatus"] != "Running", what="the end of the flow"
    )


def _receipts(world: World, started: Started) -> int:
    receipts = world.receipts_of(started.id)
    world.say(f"= in the ledger for {started.id}: {', '.join(receipts) or 'nothing'}")
    return len(receipts)


def _must_be(expected: object, actual: object) -> None:
    if actual != expected:
        problem = f"expected {expected!r}, got {actual!r}"
        raise StoryError(problem)
