"""The access keys of an app: function, host, system and master keys, kept in a file that only its owner reads.

They are made when they are needed first, so a key that somebody was given is good for the next start too; of several
starts at the same moment one makes them, and the others take those. Who writes
other keys into the file, or a second one under a name of its own, is served by those after the next start.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from devhost.engine.lock import alone
from devhost.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from devhost.sdk.http import Incoming

EXTENSION: Final = "durabletask_extension"
DEFAULT: Final = "default"
FILE_NAME: Final = "keys.json"
_HEADER: Final = "x-functions-key"
_OPEN: Final = "anonymous"
_ADMIN: Final = "admin"

Named = dict[str, str]


def new_key() -> str:
    """Return a key in the form of the real host's, of 320 random bits."""
    return secrets.token_urlsafe(40) + "=="


def sent_key(incoming: Incoming) -> str:
    """Return the key that a request brings; the header wins over the query, also when it is empty."""
    header = incoming.header(_HEADER)
    if header is not None:
        return header
    pairs = parse_qsl(incoming.query, keep_blank_values=True)
    return next((value for name, value in pairs if name.lower() == "code"), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """All keys of one app; the maps are from the names of keys, and of functions, to keys."""

    master: str = field(default_factory=new_key, repr=False)
    host: Named = field(default_factory=lambda: {DEFAULT: new_key()}, repr=False)
    system: Named = field(default_factory=lambda: {EXTENSION: new_key()}, repr=False)
    functions: dict[str, Named] = field(default_factory=dict, repr=False)

    def open_admin(self, key: str) -> bool:
        """Say whether *key* opens the admin routes: the master key does."""
        return _is_one_of(key, [self.master])

    def open_extension(self, key: str) -> bool:
        """Say whether *key* opens the management API: the system key of the extension and the master key do."""
        return _is_one_of(key, [self.master, self.system[EXTENSION]])

    def open_function(self, name: str, level: str, key: str) -> bool:
        """Say whether *key* opens the function *name*, whose binding asks for *level*."""
        if level.lower() == _OPEN:
            return True
        if level.lower() == _ADMIN:
            return self.open_admin(key)
        own = self.functions.get(name, {})
        return _is_one_of(key, [self.master, *self.host.values(), *own.values()])


def keys_at(path: Path, functions: Iterable[str]) -> Keys:
    """Return the keys that the file at *path* holds; what it lacks is made and written to it.

    Raises `ConfigurationError` for a file that holds something else or cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with alone(path.with_name(f"{path.name}.lock")):
            return _kept(path, functions)
    except OSError as error:
        message = f"{path} cannot be used for keys ({error.strerror}); make the folder writable."
        raise ConfigurationError(message) from error


def _kept(path: Path, functions: Iterable[str]) -> Keys:
    found = _read(path)
    keys = _completed(found, functions)
    if _as_json(keys) == found:
        path.chmod(0o600)
    else:
        _write(path, _as_json(keys))
    return keys


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        value = json.loads(path.read_text("utf-8"))
    except ValueError:
        value = None
    if isinstance(value, dict) and _is_whole(value):
        return value
    message = f"{path} does not hold keys; delete it, and new ones are made."
    raise ConfigurationError(message)


def _is_whole(found: Mapping[str, Any]) -> bool:
    """Say whether each part that is there has its form, and no key is empty."""
    functions = found.get("functions", {})
    if not isinstance(functions, dict):
        return False
    maps = [found.get("host", {}), found.get("system", {}), *functions.values()]
    return _is_key(found.get("master", "-")) and all(
        isinstance(named, dict) and all(map(_is_key, named.values())) for named in maps
    )


def _is_key(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _completed(found: Mapping[str, Any], functions: Iterable[str]) -> Keys:
    own: dict[str, Named] = dict(found.get("functions", {}))
    for name in functions:
        own[name] = own.get(name) or {DEFAULT: new_key()}
    return Keys(
        master=found.get("master") or new_key(),
        host=found.get("host") or {DEFAULT: new_key()},
        system={EXTENSION: new_key(), **found.get("system", {})},
        functions=own,
    )


def _as_json(keys: Keys) -> dict[str, Any]:
    return {"master": keys.master, "host": keys.host, "system": keys.system, "functions": keys.functions}


def _write(path: Path, value: Mapping[str, Any]) -> None:
    """Replace the file by one that is whole, and that nobody else could read for a moment."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(json.dumps(value, indent=2) + "\n")
        draft.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise


def _is_one_of(key: str, good: Iterable[str]) -> bool:
    """Compare with all of *good*, in a time that does not tell how far a guess was right."""
    sent = key.encode(errors="replace")
    return sum(hmac.compare_digest(sent, one.encode()) for one in good) > 0
