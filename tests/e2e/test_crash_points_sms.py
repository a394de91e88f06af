"""A verification on the real process, killed before and after each commit and each answer of the SMS provider."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.builders import with_twilio
from tests.support.crash_chains import CrashChains
from tests.support.crash_runs import COMMITS, Point, both_sides, listed, told
from tests.support.histories import ends_of
from tests.support.http_proxy import Proxy, proxied
from tests.support.operators import Operator
from tests.support.twilio_stand_in import Fault, TwilioStandIn
from tools.caller import Caller

ANSWERS = "answers of the stand-in"


@dataclass(slots=True, kw_only=True)
class SmsWorld:
    """A provider that the app reaches through a proxy, and the verifications of the tales that are over."""

    twilio: TwilioStandIn
    proxy: Proxy
    over: set[str] = field(default_factory=set)

    @property
    def settings(self) -> Mapping[str, str]:
        return with_twilio(f"http://127.0.0.1:{self.proxy.port}", SmsProvider="twilio")

    @property
    def proxies(self) -> Mapping[str, Proxy]:
        return {ANSWERS: self.proxy}

    def new_tale(self) -> SmsTale:
        self.twilio.received.clear()
        self.twilio.fail_with(Fault.TOO_MANY)
        return SmsTale(world=self)


@dataclass(slots=True, kw_only=True)
class SmsTale:
    """A verification whose first SMS is put off by the provider and whose second one is answered rightly."""

    world: SmsWorld
    instance_id: str = ""
    has_answered: bool = False

    def play(self, caller: Caller) -> None:
        operator, wish = Operator(caller), {"phoneNumber": "+12025550143"}
        self.instance_id = self.instance_id or operator.only_instance("SmsVerify", wish, but=self.world.over)
        status = operator.status_in(self.instance_id, {"awaiting"})
        if status["customStatus"]["state"] == "awaiting" and not self.has_answered:
            codes = self.codes_sent()
            assert len(codes) == 1, codes
            operator.raise_event(self.instance_id, "SmsChallengeResponse", codes.pop())
            self.has_answered = True
        operator.ended(self.instance_id)

    def check(self, caller: Caller, db: Path) -> None:
        status = Operator(caller).status(self.instance_id)

        assert set(Operator(caller).instances()) - self.world.over == {self.instance_id}
        assert (status["runtimeStatus"], status["output"]) == ("Completed", True)
        assert (status["customStatus"]["state"], status["customStatus"]["attempt"]) == ("verified", 1)
        assert ends_of(db, self.instance_id) == 1
        assert len(self.codes_sent()) == 1
        assert len(self.world.twilio.received) <= 3  # two tries, and one more for the crash
        self.world.over.add(self.instance_id)

    def codes_sent(self) -> set[str]:
        """The codes of all SMS that the provider was handed, whatever it answered."""
        bodies = [sms.form["Body"] for sms in self.world.twilio.received]
        return {found for body in bodies for found in re.findall(r"code is (\d{4})\.", body)}


@contextmanager
def opened() -> Iterator[SmsWorld]:
    """A provider of its own behind a proxy."""
    with TwilioStandIn() as twilio, proxied(urlsplit(twilio.url).port or 0, lambda _: "answer") as proxy:
        yield SmsWorld(twilio=twilio, proxy=proxy)


def around_answers(point: Point) -> Point:
    """Die before and after an answer is handed on, and not before the provider has given it."""
    return (
        point if point.place == COMMITS else replace(point, side={"before": "after", "after": "answered"}[point.side])
    )


@pytest.mark.timeout(500)
def test_a_verification_survives_a_kill_at_each_point(tmp_path: Path, tell: Callable[[str], None]) -> None:
    """Wherever the process is killed, all SMS carry the same code, and the right answer verifies, once."""
    chains = CrashChains(open_world=opened, folder=tmp_path)
    names = chains.names()
    tell(f"SmsVerify: {listed(names)}")

    failures = chains.failures([around_answers(point) for point in both_sides(names)])

    assert not failures, told(failures)
    assert len(names[COMMITS]) >= 6
    assert names[ANSWERS] == ["answer 1", "answer 2"]
