"""How a crowd is kept from making everybody wait."""

from contextlib import ExitStack, suppress
from datetime import timedelta

import pytest

from domain.refusals import RateLimitedError
from providers.turnstile import Turnstile


def test_so_many_are_inside_at_a_time() -> None:
    """Whoever comes when it is full is turned away and told when to come back; who leaves makes room. Threat 74."""
    turnstile = Turnstile(most=2, again_after=timedelta(seconds=2))
    with ExitStack() as inside:
        for _ in range(2):
            inside.enter_context(turnstile.passing())
        with pytest.raises(RateLimitedError) as refused, turnstile.passing():
            pytest.fail("let a third one in")

    with turnstile.passing():
        assert refused.value.retry_after == 2


def test_whoever_fails_leaves_too() -> None:
    """An error inside keeps nobody's place."""
    turnstile = Turnstile(most=1, again_after=timedelta(seconds=2))
    with suppress(ValueError), turnstile.passing():
        int("none")

    with turnstile.passing():
        pass
