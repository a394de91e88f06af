"""What a test hears when its story does not go as told.

AssertionError
└── ReachError      an instance cannot come where the test wants it without something else happening
DevhostError
└── DiedError       the host died at the commit that the test chose; reopen it
"""

from __future__ import annotations

from devhost.errors import DevhostError


class ReachError(AssertionError):
    """An instance does not come to a state; the message says where it stands and what it waits for."""


class DiedError(DevhostError):
    """The host died at a commit; what was not committed by then never happened."""
