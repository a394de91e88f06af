"""The engine under random steps and deaths: nothing is lost, nothing happens twice, what has ended stays ended."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.support.engine_machine import EngineMachine
from tests.support.schedules_shares import NORMAL, PATIENCE_SECONDS, SOAK

pytestmark = pytest.mark.timeout(PATIENCE_SECONDS, method="thread")
STEPS = 40
MACHINES = 40
KINDS = ("death", "cut short", "Suspended", "Terminated", "Completed")
LEAST_OF_A_KIND = 5


def test_the_engine_keeps_its_promises_on_any_way() -> None:
    """Whatever is started, raised, suspended, resumed, terminated, purged or signalled, and whenever the host dies.

    Nothing that was accepted is lost, nothing is in a history twice, and an instance that has ended never runs again.
    """
    EngineMachine.kinds.clear()
    if settings.get_current_profile_name() == SOAK:
        chosen = settings(settings.get_profile(SOAK), stateful_step_count=STEPS)
    else:
        profile = settings.get_profile(NORMAL)
        chosen = settings(profile, max_examples=MACHINES, stateful_step_count=STEPS, derandomize=True)

    run_state_machine_as_test(EngineMachine, settings=chosen)

    kinds = EngineMachine.kinds
    assert {kind: kinds[kind] for kind in KINDS if kinds[kind] < LEAST_OF_A_KIND} == {}
