"""What an error means for a reconciled object, and the conditions that say so.

In: an error, or a good end. Out: a Fault, conditions. This is the one table from kinds of errors to
reasons and retries (docs/errors.md); both shells use it, gitops.pipeline and
federation.reconcile, and no other file maps errors to conditions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from projects.errors import Conflict, Denied, DomainError, Expired, Invalid, NotFound, Unavailable
from projects.kube import conditions as kube
from projects.kube import masking
from projects.kube.conditions import Condition, ConditionType, Reason

if TYPE_CHECKING:
    from datetime import datetime

# Only a person mends these, often outside this hub; trying fast locks accounts.
_SLOW = frozenset({Reason.UNAUTHORIZED, Reason.TLS_VERIFY_FAILED, Reason.ADDRESS_NOT_ALLOWED})
# A kind may come to be served by something that is not ours; the manifest need not change for it.
_AWAITED = frozenset({Reason.NO_MATCH_FOR_KIND})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What an error means: its reason and sentence, and whether trying again can help.

    stalled: nothing helps until a person changes something. at_once: the first retry need not wait.
    slow: retries start at the longest wait.
    """

    reason: str
    message: str
    stalled: bool = False
    retry: bool = True
    at_once: bool = False
    slow: bool = False
    retry_after: float | None = None


def fault(error: Exception) -> Fault:
    """Judge an error: the one table from kinds of errors to conditions and retries."""
    if not isinstance(error, DomainError):
        # What a bug says may hold anything; it is in the log, not in a status.
        message = "an internal error; its details are in the log"
        return Fault(reason=Reason.INTERNAL_ERROR, message=message)
    reason, message = str(error.reason), masking.printable(error.message)
    match error:
        case Unavailable():
            return Fault(
                reason=reason,
                message=message,
                slow=reason in _SLOW,
                retry_after=error.retry_after,
            )
        case Conflict() | Expired():
            return Fault(reason=reason, message=message, at_once=True)
        case Invalid():
            return Fault(reason=reason, message=message, stalled=True, retry=False)
        case NotFound():
            return Fault(reason=reason, message=message, retry=reason in _AWAITED)
        case Denied():
            # A right is granted on the cluster, where we do not see it happen; and an API server
            # that has just started refuses everybody for a moment.
            return Fault(reason=reason, message=message)
    return Fault(reason=reason, message=message, retry=False)


# What any bug looks like from outside.
BUG = fault(RuntimeError())


def failed(
    before: tuple[Condition, ...], fault: Fault, *, generation: int, now: datetime
) -> tuple[Condition, ...]:
    """Conditions after a failure: Ready=False, and either Stalled or Reconciling while it is
    retried.
    """
    ready = Condition(
        type=ConditionType.READY,
        status="False",
        reason=fault.reason,
        message=fault.message,
        observed_generation=generation,
    )
    found = kube.put(before, ready, now=now)
    if fault.stalled:
        other = Condition(
            type=ConditionType.STALLED,
            status="True",
            reason=fault.reason,
            message=fault.message,
            observed_generation=generation,
        )
        return kube.put(kube.drop(found, ConditionType.RECONCILING), other, now=now)
    if not fault.retry:
        return kube.drop(found, ConditionType.RECONCILING, ConditionType.STALLED)
    other = Condition(
        type=ConditionType.RECONCILING,
        status="True",
        reason=Reason.PROGRESSING_WITH_RETRY,
        message=fault.message,
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
