"""App settings in the texts of bindings: ``%Name%`` stands for a setting's value, a connection is a setting's name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devhost.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_CONNECTION = "AzureWebJobsStorage"
_PREFIX = "AzureWebJobs"
_SETTING = re.compile(r"%([^%]+)%")
_PARTS = ("accountName", "blobServiceUri", "queueServiceUri", "serviceUri")


def resolved(text: str, environ: Mapping[str, str]) -> str:
    """Return *text* with the settings that it names put in; raise `ConfigurationError` for one that is not set."""

    def value(name: re.Match[str]) -> str:
        found = environ.get(name[1])
        if found is None:
            message = f"A binding says {text!r}, but the setting {name[1]} is not set; add it to local.settings.json."
            raise ConfigurationError(message)
        return found

    return _SETTING.sub(value, text)


def connection_string(name: str, environ: Mapping[str, str]) -> str:
    """Return the connection string that a binding's ``connection`` means.

    As on the real host, ``AzureWebJobs`` in front of the name is tried first. Raises `ConfigurationError`.
    """
    wanted = name or DEFAULT_CONNECTION
    for setting in (f"{_PREFIX}{wanted}", wanted):
        if environ.get(setting):
            return environ[setting]
    if any(environ.get(f"{wanted}__{part}") for part in _PARTS):
        message = f"The connection {wanted} is by identity; devhost wants a connection string in the setting {wanted}."
        raise ConfigurationError(message)
    message = f"A binding wants the connection {wanted}, but that setting is not set; add it to local.settings.json."
    raise ConfigurationError(message)
