"""What the management API says about instances: one with its history, or a page of many."""

from __future__ import annotations

import asyncio
import base64
import binascii
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from devhost import lenient_json
from devhost.api.answers import (
    STORAGE_ERROR,
    STORAGE_PROBLEM,
    ArgumentError,
    OperationError,
    empty,
    json_answer,
)
from devhost.api.histories import Detail, history_events
from devhost.engine.engine import Query as InstanceQuery
from devhost.engine.history import RuntimeStatus
from devhost.large_json import SMALL
from devhost.ticks import Ticks, from_datetime, from_text, to_whole_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devhost.api.paths import Query
    from devhost.engine.engine import Engine, Instance
    from devhost.sdk.http import Outgoing

POLL_AFTER = "5"  # seconds
PAGE = 100
LARGEST_PAGE = 1000
TOKEN = "x-ms-continuation-token"  # noqa: S105  a header's name
_LABELS = {status.label: status for status in RuntimeStatus}


async def status(engine: Engine, instance_id: str, query: Query, url: str) -> Outgoing:
    """Answer with the status of one instance; *url* is where to ask again."""
    one = await engine.instance(instance_id)
    if one is None:
        return empty(404)
    [body] = await all_shown([one], inputs=query.flag("showInput", default=True))
    if query.flag("showHistory") and one.status != RuntimeStatus.PENDING:
        detail = Detail(inputs=query.flag("showInput", default=True), outputs=query.flag("showHistoryOutput"))
        body["historyEvents"] = history_events(await engine.history(instance_id), detail)
    if not one.status.has_ended:
        return json_answer(202, body, [("Location", url), ("Retry-After", POLL_AFTER)])
    is_error = one.status == RuntimeStatus.FAILED and query.flag("returnInternalServerErrorOnFailure")
    return json_answer(500 if is_error else 200, body)


async def all_shown(instances: Sequence[Instance], *, inputs: bool) -> list[dict[str, Any]]:
    """Return instances as `shown`, large ones by a thread, so that others are answered meanwhile."""
    size = sum(len(text or "") for one in instances for text in (one.input, one.output))
    if size <= SMALL:
        return [shown(one, inputs=inputs) for one in instances]
    return await asyncio.to_thread(lambda: [shown(one, inputs=inputs) for one in instances])


def shown(one: Instance, *, inputs: bool) -> dict[str, Any]:
    """Return an instance as a status and a list show it."""
    return {
        "name": one.name,
        "instanceId": one.id,
        "runtimeStatus": one.status.label,
        "input": lenient_json.shown(one.input) if inputs else None,
        "customStatus": lenient_json.shown(one.custom_status),
        "output": lenient_json.shown(one.output),
        "createdTime": to_whole_seconds(one.created),
        "lastUpdatedTime": to_whole_seconds(one.updated),
    }


async def page(engine: Engine, query: Query, token: str) -> Outgoing:
    """Answer with the instances that *query* means, from where *token* says."""
    wanted = InstanceQuery(
        created_from=instant(query.text("createdTimeFrom")),
        created_to=instant(query.text("createdTimeTo")),
        statuses=statuses(query.text("runtimeStatus")),
        id_prefix=query.text("instanceIdPrefix") or "",
    )
    found = await engine.instances(wanted, limit=_top(query), after=after_of(token))
    body = await all_shown(found.instances, inputs=query.flag("showInput", default=True))
    return json_answer(200, body, [(TOKEN, token_of(found.next_after))])


def no_page() -> Outgoing:
    """Answer with an empty list."""
    return json_answer(200, [], [(TOKEN, "")])


def statuses(text: str | None) -> frozenset[RuntimeStatus]:
    """Return the states that *text* lists by name or number; unknown ones are passed over."""
    names = [name.strip() for name in (text or "").split(",")]
    by_number = {RuntimeStatus(int(name)) for name in names if name in {str(int(one)) for one in RuntimeStatus}}
    return frozenset(by_number | {_LABELS[name] for name in names if name in _LABELS})


def instant(text: str | None) -> Ticks | None:
    """Return an instant; a date without a zone means UTC, and what is no date counts as absent."""
    if not text:
        return None
    try:
        return from_text(text)
    except ValueError:
        pass
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return from_datetime(at if at.tzinfo else at.replace(tzinfo=UTC))


def _top(query: Query) -> int:
    asked = query.number("top")
    if asked is None or asked != int(asked):
        return PAGE
    if asked == 0:
        message = "Take count must be positive and greater than 0."
        raise ArgumentError(message)
    if asked < 0:
        message = "Non-negative number required. (Parameter 'capacity')"
        raise ArgumentError(message, "System.ArgumentOutOfRangeException")
    return min(int(asked), LARGEST_PAGE)


def token_of(next_after: str | None) -> str:
    """Return the token of the page that begins after an id; an empty one if there is none."""
    return "" if next_after is None else base64.urlsafe_b64encode(f"after {next_after}".encode()).decode()


def after_of(token: str) -> str:
    """Return the id after which the page of *token* begins; raise `OperationError` for a token that is not ours."""
    if not token:
        return ""
    try:
        text = base64.urlsafe_b64decode(token.encode("ascii")).decode()
    except (binascii.Error, UnicodeError):
        text = ""
    if not text.startswith("after "):
        raise OperationError(STORAGE_PROBLEM, STORAGE_ERROR)
    return text.removeprefix("after ")
