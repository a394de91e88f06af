"""A few cases for somebody who looks at the dashboard for the first time, filed as their customers would file them.

They are filed only where there is no case at all, so neither a second start nor real cases are mixed with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tools.caller import Caller

CREATED: Final = 201
OK: Final = 200
ALICE: Final = "Alice, a customer"
BOB: Final = "Bob, a customer"
SUE: Final = "Sue, a supervisor"
SAM: Final = "Sam, a supervisor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A case, who files it, and who decides it at once, if anybody."""

    who: str
    wish: dict[str, object]
    decision: str = ""  # approve or reject
    decided_by: str = ""
    comment: str = ""


def _wish(action: str, order: str, amount: int, currency: str, description: str) -> dict[str, object]:
    names = ("action", "orderId", "amount", "currency", "description")
    return dict(zip(names, (action, order, amount, currency, description), strict=True))


EXAMPLES: Final = (
    Example(
        who=ALICE,
        wish=_wish("refund", "order-1003", 1500, "JPY", "One of the three cups is missing."),
        decision="approve",
        decided_by=SUE,
        comment="The warehouse confirms it.",
    ),
    Example(
        who=BOB,
        wish=_wish("refund", "order-2001", 25000, "USD", "I have changed my mind, after two years."),
        decision="reject",
        decided_by=SAM,
        comment="The time to return it is over.",
    ),
    Example(who=BOB, wish=_wish("refund", "order-2002", 4750, "KWD", "The second parcel never came.")),
    Example(
        who=BOB, wish=_wish("escalation", "order-2001", 9900, "USD", "Nobody answers my letters about the repair.")
    ),
    Example(who=ALICE, wish=_wish("refund", "order-1002", 1999, "EUR", "I was charged twice; see the photo I sent.")),
    Example(who=ALICE, wish=_wish("refund", "order-1001", 2499, "EUR", "The kettle arrived with a crack.")),
)


class NoExamplesError(Exception):
    """The app takes no example cases; the message says what it answered."""


def file_examples(caller: Caller) -> int:
    """File the example cases unless there are cases, and return how many were filed."""
    people = {name: caller.signed_in(name) for name in (ALICE, BOB, SUE, SAM)}
    listed = people[SUE].get("/api/cases?limit=1")
    if listed.status != OK:
        message = f"the list of cases was answered {listed.status}"
        raise NoExamplesError(message)
    if listed.body["items"]:
        return 0
    for number, example in enumerate(EXAMPLES):
        _file(people, example, f"example-{number}")
    return len(EXAMPLES)


def _file(people: dict[str, Caller], example: Example, key: str) -> None:
    filed = people[example.who].post("/api/cases", example.wish, Idempotency_Key=key)
    if filed.status != CREATED:
        message = f"an example case was answered {filed.status}"
        raise NoExamplesError(message)
    if example.decision:
        path = f"/api/cases/{filed.body['id']}/{example.decision}"
        people[example.decided_by].post(path, {"comment": example.comment}, If_Match='"1"')
