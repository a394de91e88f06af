"""Says what is to be seen of a verification in the words of the user API, or refuses in them."""

from typing import NoReturn

from blueprints.idempotency import Told
from blueprints.problems import UnknownResourceError
from blueprints.verification_models import CheckAnswer, PendingAnswer, StatusAnswer
from domain.progress import Verdict
from domain.refusals import ExpiredError, RateLimitedError, SmsUnavailableError, VerificationClosedError
from domain.verification import RESEND_AFTER, Sight, Standing, VerificationRecord

RESEND_AFTER_SECONDS = int(RESEND_AFTER.total_seconds())


def start_told(verification_id: str, record: VerificationRecord, sight: Sight | None) -> Told:
    """Return what a start is answered, but for the token."""
    seen = sight or Sight(state=None)
    return {
        "id": verification_id,
        "key_id": record.key_id,
        "status": seen.standing.value,
        **seen.told_reason(),
        "to": record.to,
        "expires_at": seen.expires_at,
        "attempts_remaining": _attempts_remaining(seen, record),
        "resend_after_seconds": RESEND_AFTER_SECONDS,
    }


def status_answer(verification_id: str, record: VerificationRecord, sight: Sight) -> StatusAnswer:
    """Return how a verification stands."""
    fields = {"status": sight.standing.value, **sight.told_reason()}
    return StatusAnswer.model_validate(
        {
            "id": verification_id,
            **fields,
            "to": record.to,
            "expires_at": sight.expires_at,
            "attempts_remaining": _attempts_remaining(sight, record),
            "resends_remaining": record.resends_left,
        }
    )


def verdict_on(verification_id: str, sight: Sight, attempt: int) -> CheckAnswer | PendingAnswer:
    """Return the verdict on attempt number *attempt*, whatever became of the others."""
    match sight.result(attempt):
        case Verdict.VERIFIED:
            return CheckAnswer(id=verification_id, status="verified")
        case Verdict.EXPIRED:
            raise ExpiredError
        case Verdict.CODE_MISMATCH:
            is_last = sight.standing is Standing.FAILED and not sight.attempts_remaining
            told = sight.told_reason() if is_last else {"reason": Verdict.CODE_MISMATCH.value}
            return CheckAnswer(
                id=verification_id,
                status="failed" if is_last else "pending",
                attempts_remaining=sight.attempts_remaining,
                **told,
            )
        case None:
            refuse_closed(sight)
            return PendingAnswer(id=verification_id)


def refuse_closed(sight: Sight) -> None:
    """Refuse to do anything more for a verification that has ended."""
    if sight.standing is Standing.EXPIRED:
        raise ExpiredError
    if not sight.is_open:
        raise VerificationClosedError(sight.standing.value)


def refuse_wait(wait_ms: int) -> None:
    """Refuse what has to wait."""
    if wait_ms:
        raise RateLimitedError(wait_ms)


def refuse_unsendable(wait_ms: int) -> None:
    """Refuse to start what no message could be sent for."""
    if wait_ms:
        raise SmsUnavailableError(wait_ms)


def gone() -> NoReturn:
    """Refuse to know a verification: one that never was, one that is forgotten, one that is another's."""
    message = "there is no such verification"
    raise UnknownResourceError(message)


def _attempts_remaining(sight: Sight, record: VerificationRecord) -> int:
    return record.max_attempts if sight.attempts_remaining is None else sight.attempts_remaining
