"""Configuration is read as `func start` reads it, and what is wrong with it is said in one sentence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from devhost.configuration import HostSettings, host_settings, load, settings_check, thread_count
from devhost.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An app's folder with the least host.json."""
    (tmp_path / "host.json").write_text('{"version": "2.0"} // fine')
    return tmp_path


def durable(**values: Any) -> HostSettings:
    """Return the settings of a durableTask section."""
    return host_settings({"extensions": {"durableTask": values}}, {})


def test_the_defaults_are_those_of_the_host(folder: Path) -> None:
    """Without anything said, prefix, hub, connection and port are the usual ones."""
    environ: dict[str, str] = {}

    settings, port = load(folder, environ)

    assert (settings.route_prefix, settings.hub, settings.connection, port) == ("api", "TestHubName", "Storage", 7071)
    assert (settings.default_version, settings.version_match, settings.version_fails) == (None, "CurrentOrOlder", False)
    assert environ == {"AZURE_FUNCTIONS_ENVIRONMENT": "Development"}


def test_host_json_says_what_it_likes(folder: Path) -> None:
    """Sections and keys compare without case."""
    text = {
        "extensionBundle": {"id": "Bundle"},
        "Extensions": {
            "HTTP": {"routePrefix": ""},
            "durableTask": {
                "HubName": "Hub1",
                "defaultVersion": "1.0",
                "versionMatchStrategy": "Strict",
                "versionFailureStrategy": "Fail",
                "maxConcurrentActivityFunctions": 3,
                "maxConcurrentOrchestratorFunctions": 4,
                "storageProvider": {"connectionName": "Other"},
                "httpSettings": {"useForwardedHost": True},
                "overridableExistingInstanceStates": "anyState",
            },
        },
    }
    (folder / "host.json").write_text(json.dumps(text))

    settings, _ = load(folder, {})

    assert settings == HostSettings(
        route_prefix="",
        hub="Hub1",
        connection="Other",
        default_version="1.0",
        version_match="Strict",
        version_fails=True,
        max_activities=3,
        max_orchestrators=4,
        use_forwarded_host=True,
        replaces_living=True,
        bundle_id="Bundle",
    )


def test_the_environment_overrides_host_json(folder: Path) -> None:
    """A setting with the prefix reaches any value of host.json, and makes the sections that lack."""
    environ = {
        "AzureFunctionsJobHost__extensions__durableTask__hubName": "FromOutside",
        "AZUREFUNCTIONSJOBHOST__EXTENSIONS__HTTP__ROUTEPREFIX": "x/",
        "AzureFunctionsJobHost__extensions__durableTask__maxConcurrentActivityFunctions": "7",
    }

    settings, _ = load(folder, environ)

    assert (settings.hub, settings.route_prefix, settings.max_activities) == ("FromOutside", "x", 7)


def test_an_override_cannot_go_through_a_value(folder: Path) -> None:
    """The sentence names the setting."""
    with pytest.raises(ConfigurationError, match="AzureFunctionsJobHost__version__x goes through version"):
        load(folder, {"AzureFunctionsJobHost__version__x": "1"})


def test_local_settings_fill_what_the_environment_leaves_open(folder: Path) -> None:
    """Values become environment; what is set there already wins; the port is taken from it."""
    local = {"Values": {"A": "file", "B": "file"}, "Host": {"LocalHttpPort": 7099}, "ConnectionStrings": {"x": "y"}}
    (folder / "local.settings.json").write_text("\ufeff" + json.dumps(local))
    environ = {"A": "environment", "AZURE_FUNCTIONS_ENVIRONMENT": "Staging"}

    _, port = load(folder, environ)

    assert environ == {"A": "environment", "B": "file", "AZURE_FUNCTIONS_ENVIRONMENT": "Staging"}
    assert port == 7099


@pytest.mark.parametrize(
    ("environ", "name", "hub"),
    [({}, None, "TestHubName"), ({"WEBSITE_SITE_NAME": "site1"}, None, "site1"), ({"X": "abc"}, "%X%9", "abc9")],
)
def test_the_hub_may_come_from_a_setting(environ: dict[str, str], name: str | None, hub: str) -> None:
    """A name between percent signs is a setting's."""
    section = {"hubName": name} if name else {}

    assert host_settings({"extensions": {"durableTask": section}}, environ).hub == hub


@pytest.mark.parametrize("name", ["ab", "1abc", "a-b-c", "%NOT_SET%", "x" * 46, ""])
def test_a_hub_must_have_a_name_that_storage_takes(name: str) -> None:
    """Three to 45 letters and digits, a letter first."""
    with pytest.raises(ConfigurationError, match="3 to 45 letters and digits"):
        durable(hubName=name)


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        ({"hubName": 5}, "hubName is 5"),
        ({"storageProvider": 5}, "storageProvider is 5"),
        ({"maxConcurrentActivityFunctions": 0}, "above zero"),
        ({"maxOrchestrationActions": -1}, "above zero"),
    ],
)
def test_values_of_a_wrong_kind_are_named(section: dict[str, Any], problem: str) -> None:
    """The sentence names the key and its value."""
    with pytest.raises(ConfigurationError, match=problem):
        durable(**section)


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("host.json", "{broken", "host.json cannot be read as JSON"),
        ("host.json", "[]", "holds no JSON object"),
        ("local.settings.json", "{", "local.settings.json cannot be read as JSON"),
        ("local.settings.json", '{"IsEncrypted": true}', "func settings decrypt"),
        ("local.settings.json", '{"Values": {"A": 5}}', "Values.A is 5"),
        ("local.settings.json", '{"Host": {"LocalHttpPort": "x"}}', "LocalHttpPort is 'x'"),
        ("local.settings.json", '{"Host": {"LocalHttpPort": 70000}}', "LocalHttpPort is 70000"),
    ],
)
def test_a_broken_file_is_named(folder: Path, name: str, text: str, problem: str) -> None:
    """The sentence names file and problem."""
    (folder / name).write_text(text)

    with pytest.raises(ConfigurationError, match=problem):
        load(folder, {})


def test_a_missing_host_json_is_named(tmp_path: Path) -> None:
    """The sentence says what to write."""
    with pytest.raises(ConfigurationError, match=r"host\.json is missing; .*\"version\": \"2\.0\""):
        load(tmp_path, {})


def test_the_thread_count_can_be_set() -> None:
    """The setting of the worker sizes the pool; without it there are some more than cores, at most 32."""
    assert thread_count({"PYTHON_THREADPOOL_THREAD_COUNT": "7"}) == 7
    assert 5 <= thread_count({}) <= 32


@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5"])
def test_a_thread_count_is_a_whole_number(text: str) -> None:
    """The sentence names setting and value."""
    with pytest.raises(ConfigurationError, match=f'PYTHON_THREADPOOL_THREAD_COUNT is "{text}"'):
        thread_count({"PYTHON_THREADPOOL_THREAD_COUNT": text})


def test_an_app_may_name_a_check_of_its_settings(folder: Path) -> None:
    """devhost.json names a module and a function."""
    assert settings_check(folder) is None
    (folder / "devhost.json").write_text('{"settingsCheck": "pkg.settings:problems"}')
    assert settings_check(folder) == "pkg.settings:problems"


@pytest.mark.parametrize("check", ["settings", "a:b:c", 5, "a;b:c"])
def test_a_check_that_names_no_function_is_refused(folder: Path, check: object) -> None:
    """The sentence shows the form."""
    (folder / "devhost.json").write_text(json.dumps({"settingsCheck": check}))

    with pytest.raises(ConfigurationError, match="expected module:function"):
        settings_check(folder)
