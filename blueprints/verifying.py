"""What the user API does, for every door to it: start, look, check, resend, cancel.

Whatever counts is claimed in storage before the flow hears of it, so that no race and no crash gives a guess, a
message or a start away for nothing.
"""

import asyncio
from dataclasses import dataclass, replace

import azure.durable_functions as df

from blueprints.idempotency import Request, Told
from blueprints.sighting import is_taken, sight_of, sight_when
from blueprints.starting import challenge_for
from blueprints.verification_answers import (
    RESEND_AFTER_SECONDS,
    gone,
    refuse_closed,
    refuse_unsendable,
    refuse_wait,
    start_told,
    status_answer,
    verdict_on,
)
from blueprints.verification_models import (
    CancelAnswer,
    CheckAnswer,
    PendingAnswer,
    ResendAnswer,
    StartAnswer,
    StatusAnswer,
)
from domain.challenge import Channel, SmsChallenge
from domain.errors import PayloadError
from domain.events import CANCEL_VERIFICATION, resend_challenge, sms_challenge_response
from domain.limit_ports import Fields
from domain.phone_number import PhoneNumber
from domain.refusals import NotReadyError, ResendsExhaustedError, VerificationClosedError
from domain.verification import RESENDS, Sight, Standing, VerificationRecord
from providers.wiring import Providers


@dataclass(frozen=True, slots=True)
class Verifications:
    """All verifications of users."""

    client: df.DurableOrchestrationClient
    wired: Providers

    async def start(self, phone_number: str, request: Request, *, address: str) -> StartAnswer:
        """Start a verification for whoever calls from *address*, or answer again what the same request got."""
        with self.wired.starts.passing():
            return await self._started(phone_number, request, address)

    async def status(self, verification_id: str, token: str) -> StatusAnswer:
        """Return how a verification stands."""
        record = await self._record(verification_id, token)
        sight = await self._sight(verification_id)
        return status_answer(verification_id, record, sight)

    async def check(self, verification_id: str, token: str, code: str) -> CheckAnswer | PendingAnswer:
        """Return the verdict on this very guess."""
        record = await self._record(verification_id, token)
        if len(code) != record.code_length:
            message = "code has not the expected form"
            raise PayloadError(message)
        await self._awaited(verification_id)
        attempt = await asyncio.to_thread(self._claimed_attempt, verification_id, record)
        digest = self.wired.codes.digest(
            instance_id=verification_id, nonce=record.nonce, key_id=record.key_id, code=code
        )
        event = sms_challenge_response(attempt)
        await is_taken(self.client.raise_event(verification_id, event, {"digest": digest}))
        sight = await sight_when(
            self.client, verification_id, lambda seen: seen.result(attempt) is not None or not seen.is_open
        )
        return verdict_on(verification_id, sight or gone(), attempt)

    async def resend(self, verification_id: str, token: str) -> ResendAnswer:
        """Have the same message sent once more."""
        await self._record(verification_id, token)
        await self._awaited(verification_id)
        record = await asyncio.to_thread(self._claimed_resend, verification_id)
        if not await is_taken(self.client.raise_event(verification_id, resend_challenge(record.resends), {})):
            refuse_closed(await self._sight(verification_id))
        return ResendAnswer(
            id=verification_id, resends_remaining=record.resends_left, resend_after_seconds=RESEND_AFTER_SECONDS
        )

    async def cancel(self, verification_id: str, token: str) -> CancelAnswer | PendingAnswer:
        """Give a verification up; to do so again changes nothing."""
        await self._record(verification_id, token)
        sight = await self._sight(verification_id)
        if sight.standing is not Standing.CANCELED:
            await self._awaited(verification_id)
            await is_taken(self.client.raise_event(verification_id, CANCEL_VERIFICATION, {}))
            sight = await sight_when(self.client, verification_id, lambda seen: not seen.is_open) or gone()
        if sight.is_open:
            return PendingAnswer(id=verification_id)
        if sight.standing is not Standing.CANCELED:
            refuse_closed(sight)
        return CancelAnswer(id=verification_id)

    async def _started(self, phone_number: str, request: Request, address: str) -> StartAnswer:
        number = self.wired.numbers.read(phone_number)
        challenge = challenge_for(
            number,
            self.wired,
            channel=Channel.USER,
            max_attempts=self.wired.settings.verification_max_attempts,
            resends_most=RESENDS,
            tells_end=True,
        )
        noted = await asyncio.to_thread(request.begin)
        if noted.answer is not None:
            return self._with_token(noted.answer)
        refuse_unsendable(self.wired.sms_health.wait_ms())
        record = await asyncio.to_thread(self._admitted, noted.verification_id, number, challenge, address)
        challenge = replace(challenge, nonce=record.nonce, key_id=record.key_id)
        sight = await self._begun(noted.verification_id, challenge)
        told = start_told(noted.verification_id, record, sight)
        await asyncio.to_thread(request.finish, told)
        return self._with_token(told)

    def _admitted(
        self, verification_id: str, number: PhoneNumber, challenge: SmsChallenge, address: str
    ) -> VerificationRecord:
        """Pass the gates, and write down what was started."""
        gates = self.wired.gates
        refuse_wait(gates.admit_address(address))
        refuse_wait(gates.wait_to_send(number.e164))
        refuse_wait(gates.admit_start(number.e164, verification_id))
        record = VerificationRecord(
            phone=gates.phone(number.e164),
            to=challenge.to,
            nonce=challenge.nonce,
            key_id=challenge.key_id,
            code_length=challenge.code_length,
            max_attempts=challenge.max_attempts,
            sent_at=gates.now(),
        )

        def written_once(fields: Fields | None) -> tuple[Fields | None, VerificationRecord]:
            if fields is None:
                return record.to_fields(), record
            return None, VerificationRecord.from_fields(fields)

        return self.wired.verification_records.change(verification_id, written_once)

    async def _begun(self, verification_id: str, challenge: SmsChallenge) -> Sight | None:
        """Start the flow once, and return it when its message is out or has failed, or when patience ends."""
        is_first = await asyncio.to_thread(self.wired.verification_records.claim, verification_id, "start")
        if is_first or await sight_when(self.client, verification_id, lambda _: True) is None:
            await self.client.start_new("SmsVerify", instance_id=verification_id, client_input=challenge.to_payload())
        return await sight_when(self.client, verification_id, lambda seen: seen.is_awaiting or not seen.is_open)

    async def _record(self, verification_id: str, token: str) -> VerificationRecord:
        """Return what is kept of a verification; unknown and not yours are alike."""
        if self.wired.tokens.is_token(verification_id, token):
            fields = await asyncio.to_thread(self.wired.verification_records.find, verification_id)
            if fields is not None:
                return VerificationRecord.from_fields(fields)
        return gone()

    async def _sight(self, verification_id: str) -> Sight:
        return await sight_of(self.client, verification_id) or gone()

    async def _awaited(self, verification_id: str) -> None:
        """Refuse what comes too early or too late."""
        sight = await self._sight(verification_id)
        refuse_closed(sight)
        if not sight.is_awaiting:
            message = "the message is not out yet"
            raise NotReadyError(message)

    def _claimed_attempt(self, verification_id: str, record: VerificationRecord) -> int:
        """Claim the next attempt of a verification and a guess of its phone, and return the attempt's number."""
        gates, claims = self.wired.gates, self.wired.verification_records
        refuse_wait(gates.locked_for(record.phone))
        numbers = range(1, record.max_attempts + 1)
        attempt = next((number for number in numbers if claims.claim(verification_id, f"attempt-{number}")), None)
        if attempt is None:
            raise VerificationClosedError(Standing.PENDING.value)
        refuse_wait(gates.admit_guess(record.phone))
        return attempt

    def _claimed_resend(self, verification_id: str) -> VerificationRecord:
        """Claim the next resend of a verification."""
        now = self.wired.gates.now()

        def resent(fields: Fields | None) -> tuple[Fields, VerificationRecord]:
            record = VerificationRecord.from_fields(fields or gone())
            if not record.resends_left:
                message = f"the message was sent again {RESENDS} times"
                raise ResendsExhaustedError(message)
            refuse_wait(record.wait_to_resend(now))
            after = record.resent(now)
            return after.to_fields(), after

        return self.wired.verification_records.change(verification_id, resent)

    def _with_token(self, told: Told) -> StartAnswer:
        """Return the answer to a start; the token is derived anew each time and kept nowhere."""
        token = self.wired.tokens.token(str(told["id"]), str(told["key_id"]))
        return StartAnswer(token=token, **{name: value for name, value in told.items() if name != "key_id"})
