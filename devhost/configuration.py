"""What host.json, local.settings.json and the environment say, read as `func start` reads them.

The environment wins over the ``Values`` of local.settings.json, and ``AzureFunctionsJobHost__a__b`` over host.json.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from devhost import lenient_json
from devhost.errors import ConfigurationError, NotEmulatedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, MutableMapping
    from pathlib import Path

DEFAULT_PORT = 7071
_STORAGE = "AzureStorage"
_OVERRIDE = "AzureFunctionsJobHost__"
_UNLIMITED = "-1"
_SETTING_NAME = re.compile(r"%([^%]+)%")
_HUB_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{2,44}")
_LIMITS = (
    "maxConcurrentActivityFunctions",
    "maxConcurrentOrchestratorFunctions",
    "maxConcurrentEntityFunctions",
    "maxEntityOperationBatchSize",
    "maxOrchestrationActions",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSettings:
    """The part of the configuration that devhost acts upon."""

    route_prefix: str = "api"
    hub: str = "TestHubName"
    connection: str = "Storage"
    default_version: str | None = None
    version_match: str = "CurrentOrOlder"
    version_fails: bool = False
    max_activities: int = field(default_factory=lambda: 10 * _cores())
    max_orchestrators: int = field(default_factory=lambda: 10 * _cores())
    max_batch: int = 5000
    max_actions: int = 100_000
    use_forwarded_host: bool = False
    bundle_id: str = ""
    cors: tuple[str, ...] = ()
    cors_credentials: bool = False
    replaces_living: bool = False
    function_timeout: str = ""
    extensions: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


def _cores() -> int:
    return os.cpu_count() or 1


def load(folder: Path, environ: MutableMapping[str, str]) -> tuple[HostSettings, int]:
    """Read the configuration in *folder* and return it with the port that it asks for.

    Sets in *environ* what local.settings.json brings and what tells an app that it runs locally.
    Raises `ConfigurationError` for a file that cannot be used.
    """
    host_json = _read(folder / "host.json", needed=True)
    local = _read(folder / "local.settings.json", needed=False)
    for name, value in _values(local).items():
        environ.setdefault(name, value)
    environ.setdefault("AZURE_FUNCTIONS_ENVIRONMENT", "Development")
    settings = host_settings(_overridden(host_json, environ), environ)
    origins, with_credentials = _cors(_section(local, "Host"))
    return replace(settings, cors=origins, cors_credentials=with_credentials), _local_port(local)


def host_settings(host_json: Mapping[str, Any], environ: Mapping[str, str]) -> HostSettings:
    """Return what *host_json* (overrides applied) means."""
    durable = _section(host_json, "extensions", "durableTask")
    storage = _section(durable, "storageProvider")
    settings = HostSettings()
    _check_limits(durable)
    _check_storage(storage)
    return HostSettings(
        route_prefix=_text(_section(host_json, "extensions", "http"), "routePrefix", settings.route_prefix).strip("/"),
        hub=_hub(_text(durable, "hubName", environ.get("WEBSITE_SITE_NAME") or settings.hub), environ),
        connection=_text(storage, "connectionName", settings.connection),
        default_version=_text(durable, "defaultVersion", "") or None,
        version_match=_text(durable, "versionMatchStrategy", settings.version_match),
        version_fails=_text(durable, "versionFailureStrategy", "Reject").lower() == "fail",
        max_activities=int(_get(durable, "maxConcurrentActivityFunctions") or settings.max_activities),
        max_orchestrators=int(_get(durable, "maxConcurrentOrchestratorFunctions") or settings.max_orchestrators),
        max_batch=int(_get(durable, "maxEntityOperationBatchSize") or settings.max_batch),
        max_actions=int(_get(durable, "maxOrchestrationActions") or settings.max_actions),
        use_forwarded_host=_flag(_section(durable, "httpSettings"), "useForwardedHost"),
        bundle_id=_text(_section(host_json, "extensionBundle"), "id", ""),
        function_timeout=_timeout(host_json),
        replaces_living=_text(durable, "overridableExistingInstanceStates", "").lower() == "anystate",
        extensions=_section(host_json, "extensions"),
    )


def thread_count(environ: Mapping[str, str]) -> int:
    """Return how many threads run orchestrators and sync functions."""
    asked = environ.get("PYTHON_THREADPOOL_THREAD_COUNT", "")
    if not asked:
        return min(32, _cores() + 4)
    if not asked.isdecimal() or int(asked) < 1:
        message = f'PYTHON_THREADPOOL_THREAD_COUNT is "{asked}"; expected a whole number of threads, such as 8.'
        raise ConfigurationError(message)
    return int(asked)


def disabled(names: Iterable[str], environ: Mapping[str, str]) -> frozenset[str]:
    """Return those functions of *names* that a setting ``AzureWebJobs.<name>.Disabled`` disables."""
    said = {name.lower(): value.strip().lower() for name, value in environ.items()}
    return frozenset(name for name in names if said.get(f"azurewebjobs.{name}.disabled".lower()) in {"1", "true"})


def settings_check(folder: Path) -> str | None:
    """Return the ``module:function`` that devhost.json names for a check of the app's settings."""
    check = _get(own(folder), "settingsCheck")
    if check is None or (isinstance(check, str) and re.fullmatch(r"[\w.]+:\w+", check)):
        return check
    message = (
        f"{folder / 'devhost.json'}: settingsCheck is {check!r}; expected module:function, such as settings:problems."
    )
    raise ConfigurationError(message)


def samples(folder: Path) -> list[Any]:
    """Return values such as the app writes, by which the store makes its texts small."""
    found = own(folder).get("samples", [])
    if isinstance(found, list):
        return found
    message = f"{folder / 'devhost.json'}: samples is no list; expected values such as inputs and custom statuses."
    raise ConfigurationError(message)


def own(folder: Path) -> dict[str, Any]:
    """Return what devhost.json says, which is nothing where it is not there."""
    return _read(folder / "devhost.json", needed=False)


def _read(path: Path, *, needed: bool) -> dict[str, Any]:
    if not path.is_file():
        if not needed:
            return {}
        message = f'{path} is missing; an app needs one, such as {{"version": "2.0"}}.'
        raise ConfigurationError(message)
    try:
        value = lenient_json.parse(path.read_text("utf-8-sig"))
    except (ValueError, OSError) as error:
        message = f"{path} cannot be read as JSON: {error}"
        raise ConfigurationError(message) from error
    if not isinstance(value, dict):
        message = f"{path} holds no JSON object; write it as {{...}}."
        raise ConfigurationError(message)
    return value


def _values(local: Mapping[str, Any]) -> dict[str, str]:
    if _flag(local, "IsEncrypted"):
        message = "local.settings.json is encrypted; decrypt it with: func settings decrypt"
        raise ConfigurationError(message)
    values = _section(local, "Values")
    for name, value in values.items():
        if not isinstance(value, str):
            message = f"local.settings.json: Values.{name} is {value!r}; write every value as text in quotes."
            raise ConfigurationError(message)
    return values


def _local_port(local: Mapping[str, Any]) -> int:
    port = _get(_section(local, "Host"), "LocalHttpPort")
    if port is None:
        return DEFAULT_PORT
    if isinstance(port, int) and 0 <= port <= 65535:  # noqa: PLR2004  the highest port
        return port
    message = f"local.settings.json: Host.LocalHttpPort is {port!r}; expected a port number, such as {DEFAULT_PORT}."
    raise ConfigurationError(message)


def _cors(host: Mapping[str, Any]) -> tuple[tuple[str, ...], bool]:
    """Return the origins that ``Host.CORS`` names, and whether their requests may carry cookies."""
    origins = tuple(one.strip() for one in _text(host, "CORS", "").split(",") if one.strip())
    with_credentials = _flag(host, "CORSCredentials")
    if "*" in origins and with_credentials:
        message = 'local.settings.json: Host.CORS is "*" with CORSCredentials; name the origins, as browsers want it.'
        raise ConfigurationError(message)
    return origins, with_credentials


def _overridden(host_json: dict[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    for name, value in environ.items():
        if name.lower().startswith(_OVERRIDE.lower()):
            *path, last = name[len(_OVERRIDE) :].split("__")
            target = host_json
            for step in path:
                target = target.setdefault(_spelt(target, step), {})
                if not isinstance(target, dict):
                    message = f"The setting {name} goes through {step}, which is no object in host.json."
                    raise ConfigurationError(message)
            target[_spelt(target, last)] = value
    return host_json


def _spelt(section: Mapping[str, Any], name: str) -> str:
    """Return *name* as *section* spells it; names compare without case."""
    return next((key for key in section if key.lower() == name.lower()), name)


def _get(section: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401  any JSON value
    return section.get(_spelt(section, name))


def _section(section: Mapping[str, Any], *names: str) -> dict[str, Any]:
    found: Any = section
    for name in names:
        found = _get(found, name)
        if found is None:
            return {}
        if not isinstance(found, dict):
            message = f"host.json or local.settings.json: {name} is {found!r}; expected an object."
            raise ConfigurationError(message)
    return dict(found)


def _text(section: Mapping[str, Any], name: str, default: str) -> str:
    value = _get(section, name)
    if value is None:
        return default
    if isinstance(value, str):
        return value
    message = f"host.json: {name} is {value!r}; expected a text."
    raise ConfigurationError(message)


def _flag(section: Mapping[str, Any], name: str) -> bool:
    return str(_get(section, name)).lower() == "true"


def _hub(name: str, environ: Mapping[str, str]) -> str:
    resolved = _SETTING_NAME.sub(lambda setting: environ.get(setting[1], ""), name)
    if _HUB_NAME.fullmatch(resolved):
        return resolved
    where = f" (from {name})" if resolved != name else ""
    message = (
        f'host.json: durableTask.hubName is "{resolved}"{where}; '
        "expected 3 to 45 letters and digits that begin with a letter."
    )
    raise ConfigurationError(message)


def _timeout(host_json: Mapping[str, Any]) -> str:
    """Return how long a function may run, empty if there is no limit."""
    written = str(_get(host_json, "functionTimeout") or "")
    return "" if written.strip() == _UNLIMITED else written


def _check_storage(storage: Mapping[str, Any]) -> None:
    kind = _text(storage, "type", _STORAGE)
    if kind.lower() != _STORAGE.lower():
        message = (
            f"host.json: durableTask.storageProvider.type is {kind!r}, which devhost does not have, as other providers "
            f"behave differently: see PARITY.md, row 8.3. To try the app all the same, set "
            f"{_OVERRIDE}extensions__durableTask__storageProvider__type={_STORAGE}."
        )
        raise NotEmulatedError(message)


def _check_limits(durable: Mapping[str, Any]) -> None:
    for name in _LIMITS:
        value = _get(durable, name)
        if value is not None and not (str(value).isdecimal() and int(value) > 0):
            message = f"host.json: durableTask.{name} is {value!r}; expected a whole number above zero."
            raise ConfigurationError(message)
