"""The words of the dashboard are those of the app: nothing that the app may say goes without words, or is made up."""

import re

import pytest

from blueprints.problems import PROBLEMS
from domain.cases import CaseState, Resolution
from domain.currencies import CURRENCIES
from tools.azurite import ROOT

WORDS = (ROOT / "web" / "dashboard" / "words.js").read_text(encoding="utf-8")
HTTP_API = (ROOT / "docs" / "http-api.md").read_text(encoding="utf-8")


def keys_of(name: str) -> set[str]:
    """The keys of an object of the script."""
    found = re.search(rf"^const {name} = {{\n(.*?)^}};", WORDS, re.MULTILINE | re.DOTALL)
    assert found
    return set(re.findall(r"^  (\w+):", found[1], re.MULTILINE))


def test_every_status_has_words() -> None:
    """A case may stand in no status that the page cannot tell."""
    assert keys_of("STATUSES") == set(CaseState)


def test_every_way_to_a_decision_has_words() -> None:
    """Whoever decided, if no supervisor, is told in words; a supervisor is told by id."""
    assert keys_of("KINDS") == set(Resolution) - {Resolution.SUPERVISOR}


def test_everything_that_happens_has_words() -> None:
    """What may stand in the audit trail is what the document says, and the page has words for it."""
    (told,) = re.findall(r"^`what` is (.*);", HTTP_API, re.MULTILINE)

    assert keys_of("HAPPENINGS") == set(re.findall(r"`(\w+)`", told))


def test_refusals_are_those_of_the_app() -> None:
    """The page puts no problem into words that the app never answers."""
    assert keys_of("REFUSALS") <= {problem.code for problem in PROBLEMS.values()}


@pytest.mark.parametrize(("digits", "known"), [(0, {"JPY", "KRW", "CLP"}), (3, {"KWD", "BHD", "TND"})])
def test_currencies_without_two_digits_are_ours(digits: int, known: set[str]) -> None:
    """An amount is shown with the digits of its currency, so nobody approves a hundred times what he thinks."""
    (codes,) = re.findall(rf'"([A-Z ]+)"\.split\(" "\)\.map\(\(code\) => pair\(code, {digits}\)\)', WORDS)

    assert known <= set(codes.split()) <= CURRENCIES
