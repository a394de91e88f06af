"""A verification on a host, a storage and a provider of its own, and everything that is left of it to be searched."""

from __future__ import annotations

import base64
import json
import re
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tests.support.builders import KEY, with_twilio
from tests.support.crash_runs import DIES_WITHIN_SECONDS, NO_ANSWER, was_killed
from tests.support.leaks import forms_of, forms_of_number, leaks, rows_of
from tests.support.operators import EVERYTHING, MANAGEMENT, Operator
from tests.support.twilio_stand_in import PROVIDER_TEXT, Answer, TwilioStandIn
from tools.azurite import running_azurite
from tools.caller import Caller
from tools.processes import wait_until
from tools.running_devhost import running_devhost

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NATIONAL: Final = "2025550143"
TOKEN: Final = with_twilio()["TwilioAuthToken"]
LOGIN: Final = base64.b64encode(f"{with_twilio()['TwilioAccountSid']}:{TOKEN}".encode()).decode()
MESSAGE_SID: Final = "SM" + "5e" * 16


class IndiscreetTwilio(TwilioStandIn):
    """A provider that repeats all that it was told, secrets included, in bodies and headers of its answers."""

    status = 201
    code = 0

    def accept(self, form: dict[str, str]) -> Answer:
        """Answer as told, and tell everything."""
        told = f"{PROVIDER_TEXT}: {form['To']} {form['Body']}".replace("\n", " ")
        body = {"code": self.code, "status": self.status, "message": told, "more_info": told, "sid": MESSAGE_SID}
        return Answer(self.status, json.dumps(body).encode(), {"X-Told": f"{told} {TOKEN} {LOGIN}"})


@dataclass
class Trial:
    """One verification of eight digits, and what was seen of it: by place, the bytes there."""

    folder: Path
    storage: str
    twilio: IndiscreetTwilio
    sources: dict[str, bytes] = field(default_factory=dict)
    instance_id: str = ""

    @property
    def db(self) -> Path:
        """The database file."""
        return self.folder / "devhost.db"

    @property
    def code(self) -> str:
        """The one code that the provider was handed."""
        (code,) = {re.findall(r"code is (\d{8})\.", sms.form["Body"])[0] for sms in self.twilio.received}
        return str(code)

    @contextmanager
    def host(self, **more: str) -> Iterator[Operator]:
        """Run devhost on the store, and keep what it stores while it runs and after its end, and what it prints."""
        twilio = with_twilio(self.twilio.url, SmsProvider="twilio", SmsChallengeCodeLength="8")
        settings = {**twilio, "AzureWebJobsStorage": self.storage, "PublicBaseUrl": "https://a.example", **more}
        run = f"run {1 + sum('print' in place for place in self.sources)}"
        with running_devhost(self.folder, settings) as devhost:
            caller = Caller(devhost.port, say=lambda _: None)
            with suppress(*NO_ANSWER if "DEVHOST_CRASH" in more else ()):
                yield Operator(caller)
                self._keep_answers(run, caller)
            if "DEVHOST_CRASH" in more:
                wait_until(lambda: was_killed(devhost.pid), within=DIES_WITHIN_SECONDS, what="the crash")
            self._keep_store(f"{run}, in use")
        self._keep_store(f"{run}, after its end")
        self.sources[f"{run}, print"] = devhost.log.read_bytes()

    def begin(self, operator: Operator) -> None:
        """Start the verification unless it was started, and wait until it waits for its code or has ended."""
        self.instance_id = operator.only_instance("SmsVerify", f"+1{NATIONAL}")
        operator.status_in(self.instance_id, {"awaiting"})

    def leaks(self, *others: str) -> list[str]:
        """Return where a secret stands; *others* are secrets of this verification."""
        texts = (PROVIDER_TEXT, MESSAGE_SID, TOKEN, LOGIN, base64.b64encode(KEY).decode(), "Traceback", *others)
        secrets = {text: forms_of(text) for text in texts}
        secrets |= {"the raw key": [re.compile(re.escape(KEY))], "the number": forms_of_number(NATIONAL)}
        return leaks(secrets, self.sources)

    def keep_storage(self) -> None:
        """Keep the files of the storage emulator; it must have ended."""
        for path in sorted(self.folder.glob("azurite/**/*")):
            if path.is_file():
                self.sources[f"storage, {path.name}"] = path.read_bytes()

    def _keep_store(self, when: str) -> None:
        for path in sorted(self.folder.glob("devhost.db*")):
            self.sources[f"{when}, {path.name}"] = path.read_bytes()
        self.sources[f"{when}, rows"] = rows_of(self.db)

    def _keep_answers(self, run: str, caller: Caller) -> None:
        outbox = caller.get(f"/api/outbox?instanceId={self.instance_id}")
        assert outbox.status == 404, "only the console provider has an outbox"
        paths = (f"{MANAGEMENT}/{self.instance_id}?{EVERYTHING}", MANAGEMENT)
        answers = [outbox.body, *(caller.get(path).body for path in paths)]
        self.sources[f"{run}, answers"] = json.dumps(answers).encode()


@contextmanager
def trial_in(folder: Path) -> Iterator[Trial]:
    """Give a verification a storage and a provider for the length of a block, and keep what the storage holds."""
    with running_azurite(location=folder / "azurite") as azurite, IndiscreetTwilio() as twilio:
        trial = Trial(folder=folder, storage=azurite.connection_string, twilio=twilio)
        yield trial
    trial.keep_storage()
