"""Ask the holder of a phone for the code in an SMS, and believe nobody who is late, wrong or silent."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from domain import challenge as challenges  # `matches` is looked up at each use, so that a test can count
from domain.challenge import Channel, Handover, SmsChallenge, code_in, digest_in
from domain.errors import PayloadError
from domain.events import CANCEL_VERIFICATION, SMS_CHALLENGE_RESPONSE, resend_challenge, sms_challenge_response
from domain.payloads import stamp
from domain.progress import Progress, Reason, State, Verdict
from domain.sms import SendOutcome
from domain.verification_end import VerificationEnd, verification_completed
from orchestrators.context import input_of
from orchestrators.trying import tried
from orchestrators.waiting import attempt, pause, race

if TYPE_CHECKING:
    from collections.abc import Generator
    from datetime import datetime

    from orchestrators.context import Context
    from orchestrators.waiting import Arrival

FIRST_RETRY = timedelta(seconds=1)
TELL_WITHIN = timedelta(hours=6)
TELL_AGAIN = timedelta(seconds=60)  # how late we notice that the storage is back

_PASSING = frozenset({SendOutcome.RETRY, SendOutcome.UNCOUNTED})
_FAILURES = {SendOutcome.LIMITED: Reason.RATE_LIMITED, SendOutcome.UNCOUNTED: Reason.STORAGE_UNAVAILABLE}


def sms_verify(context: Context) -> Generator[Any, Any, bool]:
    """Return whether the right code came in time."""
    try:
        challenge = SmsChallenge.from_payload(input_of(context))
    except PayloadError:
        context.set_custom_status(Progress().failed(Reason.MALFORMED).to_payload())
        return False
    progress = Progress(to=challenge.to, max_attempts=challenge.max_attempts)
    context.set_custom_status(progress.to_payload())

    handed_over = yield from _hand_over(context, challenge)
    if isinstance(handed_over, Reason):
        progress = progress.failed(handed_over)
    else:
        progress = yield from _answered(context, challenge, progress, handed_over)
    context.set_custom_status(progress.to_payload())

    if challenge.tells_end:
        yield from _told(context, challenge, progress)
    return progress.state is State.VERIFIED


def _hand_over(context: Context, challenge: SmsChallenge) -> Generator[Any, Any, str | Reason]:
    """Return the digest of the code once its SMS is handed over, or why that failed or came too late."""
    give_up_at = context.current_utc_datetime + challenge.send_within
    request = challenge.sending(context.instance_id).to_payload()
    wait, failure = FIRST_RETRY, Reason.DELIVERY_FAILED
    for tries_left in range(challenge.send_tries - 1, -1, -1):
        if context.current_utc_datetime > give_up_at:
            return failure
        answer = yield from attempt(context, "SendSmsChallenge", request)
        handover = Handover.from_payload(answer)
        failure = _FAILURES.get(handover.outcome, Reason.DELIVERY_FAILED)
        if handover.digest and context.current_utc_datetime <= give_up_at:
            return handover.digest
        if handover.outcome not in _PASSING:
            return failure
        if tries_left:
            yield from pause(context, wait)
            wait *= 2
    return failure


def _answered(
    context: Context, challenge: SmsChallenge, progress: Progress, digest: str
) -> Generator[Any, Any, Progress]:
    """Return how the verification ended, once its SMS is out."""
    deadline = context.current_utc_datetime + timedelta(seconds=challenge.timeout_seconds)
    progress = progress.awaiting(deadline)
    resends = _open_resends(challenge)
    while not progress.has_ended:
        context.set_custom_status(progress.to_payload())
        attempts = _open_attempts(challenge, progress)
        wishes = [*resends, CANCEL_VERIFICATION] if challenge.channel is Channel.USER else []
        arrival = yield from race(context, [*attempts, *wishes], deadline)
        if arrival is None or (arrival.is_late and arrival.name in wishes):
            return progress.failed(Reason.EXPIRED)
        if arrival.name == CANCEL_VERIFICATION:
            return progress.canceled()
        if arrival.name in resends:
            resends.remove(arrival.name)
            progress = yield from _sent_again(context, challenge, progress, deadline)
            continue
        verdict = yield from _verdict(context, challenge, digest, arrival, deadline)
        if verdict is None:
            progress = progress.passing_over(challenge.malformed_most)
        else:
            progress = progress.judged(attempts[arrival.name], verdict)
    return progress


def _sent_again(
    context: Context, challenge: SmsChallenge, progress: Progress, deadline: datetime
) -> Generator[Any, Any, Progress]:
    """Send the same code once more, in one try; if that fails the status says so, and nothing else changes."""
    seconds_left = (deadline - context.current_utc_datetime) // timedelta(seconds=1)
    if seconds_left < 1:
        return progress
    request = challenge.sending(context.instance_id, seconds_left=seconds_left)
    answer = yield from attempt(context, "SendSmsChallenge", request.to_payload())
    outcome = Handover.from_payload(answer).outcome
    if outcome is SendOutcome.SENT:
        return progress.sent_again()
    return progress.not_sent_again(_FAILURES.get(outcome, Reason.DELIVERY_FAILED))


def _told(context: Context, challenge: SmsChallenge, progress: Progress) -> Generator[Any, Any, None]:
    """Let the limits know how it ended and, for a user's verification, the rest of the company."""
    end = VerificationEnd(
        verification_id=context.instance_id,
        channel=challenge.channel,
        sealed_number=challenge.sealed_number,
        is_verified=progress.state is State.VERIFIED,
    )
    completion = verification_completed(context.instance_id, progress, at=stamp(context.current_utc_datetime))
    yield from tried(context, "NoteVerificationEnd", end.to_payload(), within=TELL_WITHIN, longest_wait=TELL_AGAIN)
    if challenge.channel is Channel.USER:
        yield from tried(
            context, "PublishCompletion", completion.to_payload(), within=TELL_WITHIN, longest_wait=TELL_AGAIN
        )


def _open_resends(challenge: SmsChallenge) -> list[str]:
    """Return the events that may ask for the message again; each number counts once."""
    return [resend_challenge(number) for number in range(1, challenge.resends_most + 1)]


def _open_attempts(challenge: SmsChallenge, progress: Progress) -> dict[str, int]:
    """Return the events that may bring the next answer, and the number of the attempt that each would be.

    An operator raises one plain event, and his answers are counted as they come. The user API claims a numbered
    attempt first, so that an answer can be told from every other one, early or late.
    """
    if challenge.channel is Channel.OPERATOR:
        return {SMS_CHALLENGE_RESPONSE: progress.attempt + 1}
    return {sms_challenge_response(number): number for number in progress.open_attempts}


def _verdict(
    context: Context, challenge: SmsChallenge, digest: str, answer: Arrival, deadline: datetime
) -> Generator[Any, Any, Verdict | None]:
    """Return what *answer* is worth; None if an operator's has not the shape of one."""
    if answer.is_late:
        return Verdict.EXPIRED
    if challenge.channel is Channel.USER:
        guess = digest_in(answer.value) or ""
    else:
        guess = yield from _digest_of(context, challenge, answer.value)
        if not guess:
            return None
    if context.current_utc_datetime > deadline:
        return Verdict.EXPIRED
    return Verdict.VERIFIED if challenges.matches(digest, guess) else Verdict.CODE_MISMATCH


def _digest_of(context: Context, challenge: SmsChallenge, answer: object) -> Generator[Any, Any, str]:
    """Return the digest of the code in an operator's *answer*; empty if it holds none."""
    code = code_in(answer, challenge.code_length)
    if code is None:
        return ""
    request = {**challenge.code_of(context.instance_id).to_payload(), "code": code}
    digested = yield from attempt(context, "DigestSmsCode", request)
    return digest_in(digested) or ""
