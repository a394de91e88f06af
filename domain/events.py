"""The names of the external events, matched exactly, upper and lower case included."""

from __future__ import annotations

from typing import Final

SMS_CHALLENGE_RESPONSE: Final = "SmsChallengeResponse"
"""An operator's answer to an SMS challenge."""

CANCEL_VERIFICATION: Final = "CancelVerification"
"""The user of our own API gives a verification up."""

RESEND_CHALLENGE: Final = "ResendChallenge"
"""Asks, with a number behind it, for the same message once more."""

APPROVAL: Final = "Approval"
"""An operator's decision about a case."""

CASE_DECIDED: Final = "CaseDecided"
"""Says nothing but that it is worth looking whether a decision is on record."""

RETRY_REFUND: Final = "RetryRefund"
"""Says, with a number behind it, that it is worth looking whether a failed payment is to be tried anew."""


def sms_challenge_response(attempt: int) -> str:
    """Return the name under which the user API raises the answer of an *attempt*, counted from 1.

    The names are numbered because the SDK keeps one early event per name and repeats it to every later wait.
    """
    return f"{SMS_CHALLENGE_RESPONSE}.{attempt}"


def retry_refund(number: int) -> str:
    """Return the name of the event for the retry *number* of a failed payment, counted from 1."""
    return f"{RETRY_REFUND}.{number}"


def resend_challenge(number: int) -> str:
    """Return the name of the event that asks for the message again, counted from 1."""
    return f"{RESEND_CHALLENGE}.{number}"
