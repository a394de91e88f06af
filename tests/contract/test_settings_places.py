"""A setting is in every place where somebody looks for it."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from settings import problems
from tests.support.builders import an_environment, with_twilio

ROOT = Path(__file__).parents[2]
PLATFORM = {
    "FUNCTIONS_WORKER_RUNTIME",
    "AZURE_FUNCTIONS_DURABLE_STRICT_TYPING",
    "AZURE_FUNCTIONS_ENVIRONMENT",
    "WEBSITE_AUTH_ENABLED",
}
ELSEWHERE = {"APPLICATIONINSIGHTS_CONNECTION_STRING"}


class Recording(Mapping[str, str]):
    """An environment that remembers what it was asked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.asked: set[str] = set()
        self._values = dict(values)

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def settings_read() -> set[str]:
    """The settings that the app reads, ours and the storage's."""
    environment = Recording(with_twilio(SmsProvider="twilio"))
    assert problems(environment) == []
    return environment.asked - PLATFORM


def example() -> dict[str, str]:
    """The values of the local example."""
    values: dict[str, str] = json.loads((ROOT / "local.settings.json.example").read_text("utf-8"))["Values"]
    return values


def test_the_example_has_every_setting_and_no_other() -> None:
    """Whoever copies the example sees all there is."""
    assert example().keys() - PLATFORM == settings_read()


def test_the_documentation_has_every_setting_and_no_other() -> None:
    """docs/settings.md has one row for each setting."""
    rows = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "settings.md").read_text("utf-8"), re.MULTILINE)

    assert len(rows) == len(set(rows))
    assert set(rows) - PLATFORM - ELSEWHERE == settings_read()


def test_the_example_holds_no_secret() -> None:
    """The set-up fills the key in; the example has none, and no account."""
    assert {example()[name] for name in ("VerificationKey", "TwilioAccountSid", "TwilioAuthToken")} == {""}


def test_the_example_lacks_only_the_key() -> None:
    """With the key that the set-up makes, the example is complete."""
    values = example()
    environment = values | {"AZURE_FUNCTIONS_ENVIRONMENT": "Development"}

    assert [problem for problem in problems(environment) if "VerificationKey" not in problem] == []
    assert problems(environment | {"VerificationKey": an_environment()["VerificationKey"]}) == []


def test_the_example_lets_operators_decide_and_is_strict_about_types() -> None:
    """Local runs follow the platform's tutorial, and no object of a payload is ever rebuilt by class name."""
    assert example()["AcceptOperatorDecisions"] == "true"
    assert example()["AZURE_FUNCTIONS_DURABLE_STRICT_TYPING"] == "1"
    assert example()["AzureWebJobsStorage"] == "UseDevelopmentStorage=true"


def test_the_host_is_told_how_to_check_the_settings() -> None:
    """The local host calls our check at start, by the name that stands in its file."""
    assert json.loads((ROOT / "devhost.json").read_text("utf-8"))["settingsCheck"] == "settings:problems"
