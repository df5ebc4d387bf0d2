"""The errors that only the command line has; all others come from the rooms it calls."""

from __future__ import annotations

from projects.errors import Invalid, Unavailable


class NotInitialised(Invalid):
    """The hub has no keys yet."""

    default_reason = "NotInitialised"


class WaitedInVain(Unavailable):
    """The time of --wait is over and something is still missing."""

    default_reason = "WaitedInVain"


class Stalled(Invalid):
    """Nothing helps until a person changes something; the reason is the one the source shows."""
