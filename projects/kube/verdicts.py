"""What an error means for a reconciled object: which reason, stalled or retried. The one table
(architecture section 9).

Both shells use it, gitops.pipeline and federation.reconcile; no other file maps errors to
conditions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from projects.errors import Conflict, DomainError, Unavailable
from projects.kube import conditions as kube
from projects.kube.conditions import Condition, ConditionType, Reason

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One judged failure. retry_after is in seconds, None when the other side named none."""

    reason: str
    message: str
    stalled: bool
    retry_after: float | None = None


def judge(error: DomainError) -> Verdict:
    """Tell what an error means.

    Unavailable and Conflict are tried again; everything else waits until spec, secret or revision
    change.
    """
    retried = error.retryable or isinstance(error, Unavailable | Conflict)
    after = error.retry_after if isinstance(error, Unavailable) else None
    return Verdict(
        reason=error.reason, message=error.message, stalled=not retried, retry_after=after
    )


INTERNAL = Verdict(
    reason=Reason.INTERNAL_ERROR,
    message="an internal error; the log of the worker has the details",
    stalled=False,
)


def failed(
    before: tuple[Condition, ...], verdict: Verdict, *, generation: int, now: datetime
) -> tuple[Condition, ...]:
    """Conditions after a failure: Ready=False, and either Stalled or Reconciling while it is
    retried.
    """
    ready = Condition(
        type=ConditionType.READY,
        status="False",
        reason=verdict.reason,
        message=verdict.message,
        observed_generation=generation,
    )
    found = kube.put(before, ready, now=now)
    if verdict.stalled:
        other = Condition(
            type=ConditionType.STALLED,
            status="True",
            reason=verdict.reason,
            message=verdict.message,
            observed_generation=generation,
        )
        return kube.put(kube.drop(found, ConditionType.RECONCILING), other, now=now)
    other = Condition(
        type=ConditionType.RECONCILING,
        status="True",
        reason=Reason.PROGRESSING_WITH_RETRY,
        message=verdict.message,
        observed_generation=generation,
    )
    return kube.put(kube.drop(found, ConditionType.STALLED), other, now=now)


def succeeded(
    before: tuple[Condition, ...], *, reason: str, message: str, generation: int, now: datetime
) -> tuple[Condition, ...]:
    """Conditions after a good end: Ready=True and nothing abnormal."""
    ready = Condition(
        type=ConditionType.READY,
        status="True",
        reason=reason,
        message=message,
        observed_generation=generation,
    )
    rest = kube.drop(before, ConditionType.RECONCILING, ConditionType.STALLED)
    return kube.put(rest, ready, now=now)


def progressing(
    before: tuple[Condition, ...], *, message: str, generation: int, now: datetime
) -> tuple[Condition, ...]:
    """Conditions while something new is under way: Ready is unknown."""
    ready = Condition(
        type=ConditionType.READY,
        status="Unknown",
        reason=Reason.PROGRESSING,
        message=message,
        observed_generation=generation,
    )
    going = Condition(
        type=ConditionType.RECONCILING,
        status="True",
        reason=Reason.PROGRESSING,
        message=message,
        observed_generation=generation,
    )
    rest = kube.drop(before, ConditionType.STALLED)
    return kube.put(kube.put(rest, ready, now=now), going, now=now)
