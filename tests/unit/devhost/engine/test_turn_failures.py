"""What a failure leaves behind for the instance and for its parent."""

from __future__ import annotations

from devhost.engine.actions import Answer
from tests.support.stories import Story


def test_a_parent_hears_the_details_of_a_crash() -> None:
    """What the crash left behind goes to the parent as it is, in the place of message and stack."""
    ending = Story().begin(Answer(crash="no generator", crash_details='{"Message":"broken"}')).ending

    assert ending is not None
    assert ending.details == '{"Message":"broken"}'


def test_blanks_at_the_end_of_a_failure_go() -> None:
    """The output of a failed instance does not end in blanks, as recorded."""
    ending = Story().begin(Answer(is_done=True, error="long \n")).ending

    assert ending is not None
    assert (ending.output or "").endswith("failed: long")
