"""A query for instances as SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from devhost.engine.backend import Query

VISIBLE = "NOT (status = 6 AND execution_id = '')"
"""What holds for every instance but an entity before its first batch, which nobody sees."""


def condition(query: Query) -> tuple[str, list[object]]:
    """Return the SQL condition for *query* and its values."""
    parts, values = [VISIBLE], list[object]()
    if query.created_from is not None:
        parts.append("created >= ?")
        values.append(query.created_from)
    if query.created_to is not None:
        parts.append("created <= ?")
        values.append(query.created_to)
    if query.statuses:
        parts.append(f"status IN ({', '.join('?' * len(query.statuses))})")
        values += [int(status) for status in query.statuses]
    if query.only_entities:
        parts.append("execution_id = ''")
    if query.id_prefix:
        parts.append("substr(id, 1, ?) = ?")
        values += [len(query.id_prefix), query.id_prefix]
    return " AND ".join(parts), values
