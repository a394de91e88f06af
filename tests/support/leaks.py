"""Looks for secrets in bytes, in the forms in which a program may have written them."""

from __future__ import annotations

import base64
import json
import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from devhost.engine.codec import decode_all, encode
from devhost.engine.history import execution_started
from devhost.engine.sqlite_rows import packer_of
from devhost.ticks import Ticks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from devhost.engine.packing import Packer

PACKED = frozenset({"input", "custom_status", "output", "events"})
NOBODY = execution_started(Ticks(0), instance_id="", execution_id="", name="", version=None, input_text=None)
"""Stands in turns for what the row of their instance says, which is looked through by itself."""


def leaks(secrets: Mapping[str, Iterable[re.Pattern[bytes]]], sources: Mapping[str, bytes]) -> list[str]:
    """Return a line for each secret that stands in a source."""
    return [
        f"{secret} in {source}"
        for secret, patterns in secrets.items()
        for source, data in sources.items()
        if any(pattern.search(data) for pattern in patterns)
    ]


def forms_of(text: str) -> list[re.Pattern[bytes]]:
    """Return patterns of *text*: plain, in UTF-16, escaped for JSON or a URL, in hex, inside something in Base64.

    Where it begins or ends with a digit, plain text with more digits around is another number.
    """
    plain = text.encode()
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in text)
    literal = [text.encode("utf-16-le"), json.dumps(text)[1:-1].encode(), escaped.encode(), quote(text).encode()]
    literal += [plain.hex().encode(), *_inside_base64(plain)]
    alone = rb"(?<![0-9])" + re.escape(plain) + rb"(?![0-9])" if text.isdigit() else re.escape(plain)
    return [re.compile(alone), *(re.compile(re.escape(one)) for one in literal if one != plain)]


def forms_of_number(national: str) -> list[re.Pattern[bytes]]:
    """Return patterns of a phone number by its *national* digits, whatever stands before or between them."""
    spread = b"[^0-9]{0,3}".join(digit.encode() for digit in national)
    return [re.compile(spread), *forms_of(national)[1:]]


def rows_of(db: Path) -> bytes:
    """Return everything in the tables of a database as text, so that numbers can be searched too."""
    return "\n".join(repr((table, *row.values())) for table, row in _rows(db)).encode()


def places_of(db: Path, text: str) -> set[tuple[str, str]]:
    """Return where *text* stands in a devhost store: the table, and the kind of event, the activity or the id there."""
    found = [(table, row) for table, row in _rows(db) if text in repr(tuple(row.values()))]
    return {(table, kind) for table, row in found for kind in _kinds(table, row, text)}


def packed_in(db: Path) -> list[bytes]:
    """Return all values that a devhost store holds packed, as they lie in its file."""
    with closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as connection:
        tables = {"instances": ("input", "custom_status", "output"), "turns": ("events",)}
        named = [(column, table) for table, columns in tables.items() for column in columns]
        found = [row for column, table in named for row in connection.execute(f"SELECT {column} FROM {table}")]  # noqa: S608  ours
        return [value for (value,) in found if isinstance(value, bytes)]


def _rows(db: Path) -> list[tuple[str, dict[str, Any]]]:
    with closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as connection:
        packer = packer_of(connection)
        connection.row_factory = sqlite3.Row
        tables = [row["name"] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [(table, row) for table in tables for row in connection.execute(f"SELECT * FROM {table}")]  # noqa: S608  its own names
        return [(table, {key: _read(packer, key, row[key]) for key in row.keys()}) for table, row in rows]  # noqa: SIM118  a row is no mapping


def _read(packer: Packer, column: str, value: Any) -> Any:
    return packer.unpack(value) if column in PACKED and isinstance(value, bytes) else value


def _kinds(table: str, row: dict[str, Any], text: str) -> list[str]:
    if table == "turns":
        return [event.type.name for event in decode_all(row["events"], NOBODY) if text in encode(event)]
    return [str(row["name"] if table == "activities" else next(iter(row.values())))]


def _inside_base64(plain: bytes) -> list[bytes]:
    """Return what *plain* looks like in Base64, by how far into a group of three bytes it begins."""
    found = []
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + plain)
        begin, length = (before * 8 + 5) // 6, (before + len(plain)) * 8 // 6
        found += [coded[begin:length], coded[begin:length].replace(b"+", b"-").replace(b"/", b"_")]
    return found
