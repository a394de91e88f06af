"""A verification on the real process, killed before and after each commit and each answer of the SMS provider."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.builders import with_twilio
from tests.support.crash_runs import COMMITS, CrashRuns, Door, both_sides, listed, told
from tests.support.histories import ends_of
from tests.support.http_proxy import Moment, Proxy, proxied
from tests.support.operators import Operator
from tests.support.twilio_stand_in import Fault, TwilioStandIn
from tools.caller import Caller

ANSWERS = "answers of the stand-in"


@dataclass(slots=True, kw_only=True)
class SmsStory:
    """A verification whose first SMS is put off by the provider and whose second one is answered rightly."""

    twilio: TwilioStandIn
    proxy: Proxy
    instance_id: str = ""
    has_answered: bool = False

    @property
    def settings(self) -> Mapping[str, str]:
        return with_twilio(f"http://127.0.0.1:{self.proxy.port}", SmsProvider="twilio")

    @property
    def doors(self) -> Mapping[str, Door]:
        return {ANSWERS: Door(proxy=self.proxy, before=Moment.DONE, after=Moment.ANSWERED)}

    def play(self, caller: Caller) -> None:
        operator = Operator(caller)
        self.instance_id = self.instance_id or operator.only_instance("SmsVerify", {"phoneNumber": "+12025550143"})
        status = operator.status_in(self.instance_id, {"awaiting"})
        if status["customStatus"]["state"] == "awaiting" and not self.has_answered:
            codes = self.codes_sent()
            assert len(codes) == 1, codes
            operator.raise_event(self.instance_id, "SmsChallengeResponse", codes.pop())
            self.has_answered = True
        operator.ended(self.instance_id)

    def check(self, caller: Caller, db: Path) -> None:
        status = Operator(caller).status(self.instance_id)

        assert Operator(caller).instances() == [self.instance_id]
        assert (status["runtimeStatus"], status["output"]) == ("Completed", True)
        assert (status["customStatus"]["state"], status["customStatus"]["attempt"]) == ("verified", 1)
        assert ends_of(db, self.instance_id) == 1
        assert len(self.codes_sent()) == 1
        assert len(self.twilio.received) <= 3  # two tries, and one more for the crash

    def codes_sent(self) -> set[str]:
        """The codes of all SMS that the provider was handed, whatever it answered."""
        return {found for sms in self.twilio.received for found in re.findall(r"code is (\d{4})\.", sms.form["Body"])}


@contextmanager
def opened() -> Iterator[SmsStory]:
    """A verification whose app reaches a provider of its own through a proxy."""
    with TwilioStandIn() as twilio, proxied(urlsplit(twilio.url).port or 0, lambda _: "answer") as proxy:
        twilio.fail_with(Fault.TOO_MANY)
        yield SmsStory(twilio=twilio, proxy=proxy)


@pytest.mark.timeout(200)
def test_a_verification_survives_a_kill_at_each_point(tmp_path: Path, tell: Callable[[str], None]) -> None:
    """Wherever the process is killed, all SMS carry the same code, and the right answer verifies, once."""
    runs = CrashRuns(opened, tmp_path)
    names = runs.names()
    tell(f"SmsVerify: {listed(names)}")

    failures = runs.failures(both_sides(names))

    assert not failures, told(failures)
    assert len(names[COMMITS]) >= 6
    assert names[ANSWERS] == ["answer 1", "answer 2"]
