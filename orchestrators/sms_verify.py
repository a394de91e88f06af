"""Ask the holder of a phone for the code in an SMS, and believe nobody who is late, wrong or silent."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from domain import challenge as challenges  # `matches` is looked up at each use, so that a test can count
from domain.challenge import Channel, Handover, SmsChallenge, code_in, digest_in
from domain.errors import PayloadError
from domain.events import SMS_CHALLENGE_RESPONSE, sms_challenge_response
from domain.progress import Progress, Reason, State, Verdict
from domain.sms import SendOutcome
from orchestrators.context import input_of
from orchestrators.waiting import attempt, pause, race

if TYPE_CHECKING:
    from collections.abc import Generator
    from datetime import datetime

    from orchestrators.context import Context
    from orchestrators.waiting import Arrival

FIRST_RETRY = timedelta(seconds=1)


def sms_verify(context: Context) -> Generator[Any, Any, bool]:
    """Return whether the right code came in time."""
    try:
        challenge = SmsChallenge.from_payload(input_of(context))
    except PayloadError:
        return _end(context, Progress().failed(Reason.MALFORMED))
    progress = Progress(to=challenge.to, max_attempts=challenge.max_attempts)
    context.set_custom_status(progress.to_payload())

    digest = yield from _hand_over(context, challenge)
    if digest is None:
        return _end(context, progress.failed(Reason.DELIVERY_FAILED))

    deadline = context.current_utc_datetime + timedelta(seconds=challenge.timeout_seconds)
    progress = progress.awaiting(deadline)
    while not progress.has_ended:
        context.set_custom_status(progress.to_payload())
        attempts = _open_attempts(challenge, progress)
        answer = yield from race(context, list(attempts), deadline)
        if answer is None:
            return _end(context, progress.failed(Reason.EXPIRED))
        verdict = yield from _verdict(context, challenge, digest, answer, deadline)
        if verdict is None:
            progress = progress.passing_over(challenge.malformed_most)
        else:
            progress = progress.judged(attempts[answer.name], verdict)
    return _end(context, progress)


def _hand_over(context: Context, challenge: SmsChallenge) -> Generator[Any, Any, str | None]:
    """Return the digest of the code once its SMS is handed over; None if that failed or came too late."""
    give_up_at = context.current_utc_datetime + challenge.send_within
    request = challenge.sending(context.instance_id).to_payload()
    wait = FIRST_RETRY
    for tries_left in range(challenge.send_tries - 1, -1, -1):
        if context.current_utc_datetime > give_up_at:
            return None
        answer = yield from attempt(context, "SendSmsChallenge", request)
        handover = Handover.from_payload(answer)
        if handover.outcome is SendOutcome.SENT and context.current_utc_datetime <= give_up_at:
            return handover.digest
        if handover.outcome is not SendOutcome.RETRY:
            return None
        if tries_left:
            yield from pause(context, wait)
            wait *= 2
    return None


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


def _end(context: Context, progress: Progress) -> bool:
    context.set_custom_status(progress.to_payload())
    return progress.state is State.VERIFIED
