"""The settings of a checkout: made from the example once, with a key of its own that is never replaced."""

from __future__ import annotations

import base64
import json
import os
import secrets
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLE: Final = "local.settings.json.example"
FILE: Final = "local.settings.json"
KEY_SETTING: Final = "VerificationKey"
KEY_BYTES: Final = 32
USUAL_PORT: Final = 7071


class LocalSettingsError(Exception):
    """A settings file cannot be used; the message says which, and why."""


def make_local_settings(folder: Path) -> bool:
    """Make the settings file of *folder*, or fill in its missing key; return whether there was anything to do."""
    path = folder / FILE
    settings = _read(path if path.exists() else folder / EXAMPLE)
    if path.exists() and settings["Values"].get(KEY_SETTING):
        return False
    settings["Values"][KEY_SETTING] = fresh_key()
    _write_for_its_owner(path, json.dumps(settings, indent=2) + "\n")
    return True


def values_of(folder: Path, name: str = FILE) -> dict[str, str]:
    """Return the `Values` of the settings file called *name* in *folder*."""
    return {key: str(value) for key, value in _read(folder / name)["Values"].items()}


def port_of(folder: Path) -> int:
    """Return the port on which the app of *folder* is served unless another one is asked for."""
    host = _read(folder / FILE).get("Host")
    port = host.get("LocalHttpPort") if isinstance(host, dict) else None
    return port if isinstance(port, int) else USUAL_PORT


def fresh_key() -> str:
    """Return a new key as the app wants it: 32 random bytes in Base64."""
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode("ascii")


def _read(path: Path) -> dict[str, Any]:
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"{path.name} cannot be read as JSON ({error}); mend it, or move it away to get a new one"
        raise LocalSettingsError(message) from error
    if not isinstance(settings, dict) or not isinstance(settings.get("Values"), dict):
        message = f'{path.name} has no object "Values"; compare it with {EXAMPLE}'
        raise LocalSettingsError(message)
    return settings


def _write_for_its_owner(path: Path, text: str) -> None:
    """Write *text* aside and put it in place at once, readable by the owner only: it holds a secret."""
    aside = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    aside.replace(path)
