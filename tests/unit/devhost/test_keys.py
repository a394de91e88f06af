"""Access keys: which key opens what, and how they are kept."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from devhost.errors import ConfigurationError
from devhost.keys import EXTENSION, Keys, keys_at, sent_key
from devhost.sdk.http import Incoming

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

STARTS = 8
KEYS = Keys(
    master="m", host={"default": "h", "ci": "h2"}, system={"durabletask_extension": "s"}, functions={"F": {"own": "f"}}
)


@pytest.mark.parametrize(
    ("level", "opened_by"),
    [
        ("ANONYMOUS", {"m", "h", "h2", "s", "f", "", "x"}),
        ("FUNCTION", {"m", "h", "h2", "f"}),
        ("function", {"m", "h", "h2", "f"}),
        ("ADMIN", {"m"}),
    ],
)
def test_a_level_is_opened_by_its_keys_and_no_others(level: str, opened_by: set[str]) -> None:
    """A function takes its own keys, host keys and the master key; admin takes the master key alone."""
    tried = ("m", "h", "h2", "s", "f", "", "x")

    assert {key for key in tried if KEYS.open_function("F", level, key)} == opened_by


def test_a_functions_key_opens_no_other_function() -> None:
    """Whoever was given one function has that one."""
    assert not KEYS.open_function("G", "FUNCTION", "f")


def test_the_management_api_takes_the_system_key_and_the_master_key() -> None:
    """No function key and no host key opens it."""
    tried = ("m", "h", "h2", "s", "f", "", "ß")

    assert {key for key in tried if KEYS.open_extension(key)} == {"m", "s"}
    assert {key for key in tried if KEYS.open_admin(key)} == {"m"}


@pytest.mark.parametrize(
    ("query", "headers", "key"),
    [
        ("", [], ""),
        ("code=a%2Bb", [], "a+b"),
        ("x=1&CODE=a&code=b", [], "a"),
        ("code=a", [("X-Functions-Key", "b")], "b"),
        ("code=a", [("x-functions-key", "")], ""),
    ],
)
def test_the_header_wins(query: str, headers: Sequence[tuple[str, str]], key: str) -> None:
    """A key comes in the header or in the query; the header counts if there is one, and the first of two in a query."""
    incoming = Incoming(
        method="GET", origin="http://x", path="/", query=query, headers=headers, body=b"", peer=("127.0.0.1", 1)
    )

    assert sent_key(incoming) == key


def test_keys_are_made_once_and_kept(tmp_path: Path) -> None:
    """The second start has the keys of the first; a new function gets one of its own; nobody else reads the file."""
    path = tmp_path / "x" / "keys.json"

    first = keys_at(path, ["F"])
    second = keys_at(path, ["F", "G"])

    assert (first.master, first.host, first.system, first.functions["F"]) == (
        second.master,
        second.host,
        second.system,
        second.functions["F"],
    )
    made = {first.master, *first.host.values(), *first.system.values(), *first.functions["F"].values()}
    assert len(made | set(second.functions["G"].values())) == 5
    assert all(len(key) >= 40 for key in made)
    assert path.stat().st_mode & 0o777 == 0o600
    assert {one.name for one in path.parent.iterdir()} == {"keys.json", "keys.json.lock"}
    assert (path.parent / "keys.json.lock").stat().st_mode & 0o777 == 0o600


def test_starts_at_the_same_moment_have_the_same_keys(tmp_path: Path) -> None:
    """One of them makes keys, and no other writes its own over them."""
    path = tmp_path / "x" / "keys.json"
    at_once = threading.Barrier(STARTS)

    def start(number: int) -> Keys:
        at_once.wait()
        return keys_at(path, ["F", f"F{number}"])

    with ThreadPoolExecutor(STARTS) as pool:
        started = list(pool.map(start, range(STARTS)))

    kept = keys_at(path, [])
    assert {(one.master, one.host["default"], one.system[EXTENSION]) for one in started} == {
        (kept.master, kept.host["default"], kept.system[EXTENSION])
    }
    assert all(one.functions.items() <= kept.functions.items() for one in started)


def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    """A copy from elsewhere gets the mode that keys have."""
    path = tmp_path / "keys.json"
    keys_at(path, ["F"])
    path.chmod(0o644)

    keys_at(path, ["F"])

    assert path.stat().st_mode & 0o777 == 0o600


def test_keys_that_somebody_wrote_are_kept(tmp_path: Path) -> None:
    """Keys of one's own choice serve, also a second one under another name; what is missing is added."""
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"host": {"default": "mine", "other": "yours"}, "functions": {"F": {"x": "z"}}}))

    keys = keys_at(path, ["F"])

    assert all(keys.open_function("F", "FUNCTION", key) for key in ("mine", "yours", "z"))
    assert keys.master
    assert json.loads(path.read_text())["host"] == {"default": "mine", "other": "yours"}


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '{"master": ""}', '{"master": 5}', '{"host": []}', '{"host": {"a": ""}}', '{"functions": {"F": "x"}}'],
)
def test_a_file_that_holds_no_keys_is_refused(tmp_path: Path, text: str) -> None:
    """Nothing is guessed: an empty key would open what it is to close."""
    path = tmp_path / "keys.json"
    path.write_text(text)

    with pytest.raises(ConfigurationError, match="does not hold keys; delete it"):
        keys_at(path, [])


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """The error names the file."""
    (tmp_path / "x").write_text("")

    with pytest.raises(ConfigurationError, match=r"x/keys.json cannot be used for keys"):
        keys_at(tmp_path / "x" / "keys.json", [])
