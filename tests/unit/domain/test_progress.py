"""The custom status of a verification."""

import json

from domain.progress import Progress, Reason, State, Verdict
from tests.support.fakes import NOON


def test_the_status_has_the_same_fields_in_every_state() -> None:
    """Readers find the same fields from the first status to the last."""
    begun = Progress(to="+1******0143", max_attempts=3)

    for progress in (
        begun,
        begun.awaiting(NOON),
        begun.judged(1, Verdict.VERIFIED),
        Progress().failed(Reason.MALFORMED),
    ):
        assert list(progress.to_payload()) == [
            "state",
            "reason",
            "attempt",
            "attemptsRemaining",
            "results",
            "expiresAt",
            "to",
        ]


def test_an_attempt_that_never_arrived_is_null_in_the_results() -> None:
    """The verdict of attempt n stands in place n, so those before it are null until they arrive."""
    progress = Progress(max_attempts=3).judged(3, Verdict.CODE_MISMATCH)

    assert progress.to_payload()["results"] == [None, None, "code_mismatch"]
    assert progress.open_attempts == [1, 2]
    assert (progress.attempt, progress.state) == (1, State.SENDING)


def test_success_clears_the_reason_of_earlier_answers() -> None:
    """A verified phone has no reason."""
    progress = Progress(max_attempts=3).judged(1, Verdict.CODE_MISMATCH).judged(2, Verdict.VERIFIED)

    assert progress.to_payload() | {"to": "-"} == {
        "state": "verified",
        "reason": None,
        "attempt": 2,
        "attemptsRemaining": 1,
        "results": ["code_mismatch", "verified"],
        "expiresAt": None,
        "to": "-",
    }


def test_the_largest_status_is_far_from_the_platforms_limit() -> None:
    """The platform refuses a custom status above 16 KB; ours never comes near."""
    progress = Progress(to="+999**************9999", max_attempts=10).awaiting(NOON)
    for number in range(1, 11):
        progress = progress.judged(number, Verdict.CODE_MISMATCH)

    assert len(json.dumps(progress.to_payload())) * 2 < 1024
