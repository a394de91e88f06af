"""What the real process stores and prints about a verification holds no secret, whatever becomes of it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from azure.data.tables import TableClient

from tests.support.leaks import packed_in, places_of
from tests.support.operators import Operator
from tests.support.trials import NATIONAL, IndiscreetTwilio, Trial, trial_in

pytestmark = pytest.mark.timeout(120)

RESPONSE = "SmsChallengeResponse"
SMS_IS_OUT = "before 3"  # the third commit of a verification is the end of `SendSmsChallenge`
CODE_IS_DIGESTED = "before 7"  # the seventh is the end of `DigestSmsCode`


@pytest.fixture
def unused(tmp_path: Path) -> Iterator[Trial]:
    """A trial without a verification."""
    with IndiscreetTwilio() as twilio:
        yield Trial(folder=tmp_path, storage="", twilio=twilio)


def wrong(trial: Trial) -> str:
    """Answer with another code."""
    with trial.host() as operator:
        trial.begin(operator)
        operator.raise_event(trial.instance_id, RESPONSE, {"code": other_code(trial)})
        return reason(operator, trial)


def expired(trial: Trial) -> str:
    """Answer nothing."""
    with trial.host() as operator:
        trial.begin(operator)
        operator.advance(by="PT3M")
        return reason(operator, trial)


def crashed(trial: Trial) -> str:
    """Have the process killed between SMS and commit, and again with an answer under way."""
    with trial.host(DEVHOST_CRASH=SMS_IS_OUT) as operator:
        trial.begin(operator)
    with trial.host(DEVHOST_CRASH="after 3") as operator:  # hand-over, turn, event
        trial.begin(operator)
        operator.raise_event(trial.instance_id, RESPONSE, other_code(trial))
    assert len(trial.twilio.received) == 2
    with trial.host() as operator:
        return reason(operator, trial)


def refused(trial: Trial) -> str:
    """Have the provider refuse the number."""
    trial.twilio.status, trial.twilio.code = 400, 21211
    with trial.host() as operator:
        trial.begin(operator)
        return reason(operator, trial)


def broken(trial: Trial) -> str:
    """Have the provider break at each try."""
    trial.twilio.status, trial.twilio.code = 500, 20500
    with trial.host() as operator:
        trial.instance_id = operator.only_instance("SmsVerify", f"+1{NATIONAL}")
        operator.advance(by="PT10S")
        return reason(operator, trial)


ENDS: dict[Callable[[Trial], str], str] = {
    wrong: "code_mismatch",
    expired: "expired",
    crashed: "code_mismatch",
    refused: "delivery_failed",
    broken: "delivery_failed",
}


@pytest.mark.parametrize("story", ENDS, ids=lambda story: story.__name__)
def test_a_verification_that_fails_leaves_no_secret(tmp_path: Path, story: Callable[[Trial], str]) -> None:
    """No code, whole number, key, token or text of the provider is stored, printed or answered."""
    with trial_in(tmp_path) as trial:
        end = story(trial)

    assert end == ENDS[story]
    assert trial.leaks(trial.code) == []


def test_a_wrong_answer_stands_in_its_event_alone(tmp_path: Path) -> None:
    """What an operator answered is recorded by the platform in the event; nothing prints it or keeps it elsewhere."""
    with trial_in(tmp_path) as trial:
        wrong(trial)

    guess = other_code(trial)
    assert places_of(trial.db, guess) == {("turns", "EVENT_RAISED")}
    assert outside_the_store(trial.leaks(guess)) == []


def test_a_right_code_stands_in_its_event_and_in_its_work_item(tmp_path: Path) -> None:
    """While `DigestSmsCode` is to be run the code stands in its work item too, and nowhere once it was purged."""
    with trial_in(tmp_path) as trial:
        with trial.host(DEVHOST_CRASH=CODE_IS_DIGESTED) as operator:
            trial.begin(operator)
            operator.raise_event(trial.instance_id, RESPONSE, int(trial.code))
        at_work = places_of(trial.db, trial.code)
        with trial.host() as operator:
            end = operator.ended(trial.instance_id)
        at_the_end = places_of(trial.db, trial.code)
        packed, file_at_the_end = packed_in(trial.db), trial.db.read_bytes()
        with trial.host() as operator:
            operator.purge(trial.instance_id)
        purged = places_of(trial.db, trial.code)
        left = [one for one in [trial.code.encode(), *packed] if one in trial.db.read_bytes()]

    assert (end["runtimeStatus"], end["output"]) == ("Completed", True)
    assert at_work == {("turns", "EVENT_RAISED"), ("activities", "DigestSmsCode")}
    assert at_the_end == {("turns", "EVENT_RAISED")}
    assert purged == set()
    assert trial.leaks() == []
    assert outside_the_store(trial.leaks(trial.code)) == []
    assert packed
    assert all(one in file_at_the_end for one in packed)
    assert left == []


@pytest.mark.parametrize(
    "write",
    [
        str,
        lambda text: f"code={text}!",
        lambda text: text.encode("utf-16-le").decode("latin-1"),
        lambda text: base64.b64encode(f"{{{text}}}".encode()).decode(),
        lambda text: base64.urlsafe_b64encode(f"To: {text}".encode()).decode(),
        quote,
        lambda text: text.encode().hex(),
    ],
    ids=["plain", "inside", "UTF-16", "Base64", "Base64 of a URL", "URL", "hex"],
)
def test_the_search_finds_what_is_there(unused: Trial, write: Callable[[str], str]) -> None:
    """Each secret that somebody writes is found, in each of the forms that the search knows."""
    unused.sources = {"a": write("12345678").encode("latin-1"), "b": write(f"+1{NATIONAL}").encode("latin-1")}

    assert unused.leaks("12345678") == ["12345678 in a", "the number in b"]


def test_the_search_finds_what_is_in_the_storage(tmp_path: Path) -> None:
    """A row that somebody puts into a table is among what is searched."""
    with trial_in(tmp_path) as trial, TableClient.from_connection_string(trial.storage, "Leaks") as table:
        table.create_table()
        table.create_entity({"PartitionKey": "a", "RowKey": "b", "said": f"(202) 555-{NATIONAL[-4:]}"})

    assert any(leak.startswith("the number in storage") for leak in trial.leaks())


def reason(operator: Operator, trial: Trial) -> str:
    """Return why the verification ended unverified."""
    status = operator.ended(trial.instance_id)
    assert (status["runtimeStatus"], status["output"]) == ("Completed", False)
    return str(status["customStatus"]["reason"])


def other_code(trial: Trial) -> str:
    """Return a code that is not the one sent."""
    return str(int(trial.code) ^ 1)


def outside_the_store(leaks: list[str]) -> list[str]:
    """Return those that are not in the files and rows of the database, nor in what the management API reads there."""
    return [leak for leak in leaks if not leak.endswith(("rows", "answers")) and "devhost.db" not in leak]
