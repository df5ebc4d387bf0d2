"""Say how a source is, from how each of its clusters is.

In: one outcome per cluster, or a fault before any. Out: the conditions of the source, and KubeFed's
status of the federated object. Nothing is stored or fetched here, and whether objects are healthy
is not judged here; what an error means is (projects.kube.verdicts).

KubeFed's words and shape are those of its pkg/controller/sync/status/status.go: its Propagation
condition has neither message nor observedGeneration, empty keys are left out, and an operation
under way is already called timed out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from projects.kube import conditions
from projects.kube.conditions import Condition, ConditionType, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from projects.kube.verdicts import Fault

_SHOWN_CLUSTERS = 10
_WORDS = {
    Reason.CLUSTER_UNREACHABLE: Reason.CLUSTER_NOT_READY,
    Reason.CLUSTER_ERROR: Reason.CLUSTER_NOT_READY,
    Reason.CLUSTER_NOT_READY: Reason.CLUSTER_NOT_READY,
    Reason.CLUSTER_IDENTITY_CHANGED: Reason.CLUSTER_NOT_READY,
    Reason.UNAUTHORIZED: Reason.CLIENT_RETRIEVAL_FAILED,
    Reason.TLS_VERIFY_FAILED: Reason.CLIENT_RETRIEVAL_FAILED,
    Reason.ADDRESS_NOT_ALLOWED: Reason.CLIENT_RETRIEVAL_FAILED,
    Reason.APPLY_OVERRIDES_FAILED: Reason.APPLY_OVERRIDES_FAILED,
    Reason.OWNERSHIP_CONFLICT: Reason.ALREADY_EXISTS,
    Reason.NAMESPACE_NOT_OURS: Reason.ALREADY_EXISTS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterOutcome:
    """How far one source is on one cluster.

    arrived: it holds the newest desired state. held: it holds some state. removing: the source is
    leaving it.
    """

    cluster: str
    arrived: bool = False
    held: bool = False
    removing: bool = False
    fault: Fault | None = None


def summarise(
    *,
    previous: tuple[Condition, ...],
    outcomes: Sequence[ClusterOutcome],
    revision: str,
    generation: int,
    now: datetime,
    failed: Fault | None = None,
    suspended: bool = False,
) -> tuple[Condition, ...]:
    """Set Ready, Reconciling and Stalled of a source. failed is a fault before any cluster."""
    ready = _ready(outcomes, revision=revision, failed=failed)
    faults = [failed] if failed else [each.fault for each in outcomes if each.fault]
    under_way = any(not each.fault and not each.arrived for each in outcomes)
    retried = any(each.retry for each in faults)
    found = conditions.drop(previous, ConditionType.RECONCILING, ConditionType.STALLED)
    wanted = [ready]
    if suspended:
        message = f"suspended; {ready.message}"
        wanted = [_condition(ready.status, Reason.SUSPENDED, message)]
    elif retried or under_way:
        reason = Reason.PROGRESSING_WITH_RETRY if retried else Reason.PROGRESSING
        wanted.append(_abnormal(ConditionType.RECONCILING, reason, ready.message))
    elif any(each.stalled for each in faults):
        wanted.append(_abnormal(ConditionType.STALLED, ready.reason, ready.message))
    # The old ones are looked up so that a condition that stays keeps its transition time.
    for each in wanted:
        old = conditions.find(previous, each.type)
        base = found if old is None else (*conditions.drop(found, each.type), old)
        found = conditions.put(base, _at(each, generation), now=now)
    return found


def federated(
    *,
    outcomes: Sequence[ClusterOutcome],
    previous: Mapping[str, Any],
    generation: int,
    now: datetime,
    moved: bool = False,
    failed: Fault | None = None,
) -> dict[str, Any]:
    """Build KubeFed's status.

    moved: a change has reached a cluster. failed: placement could not be computed.
    """
    clusters = [
        {"name": each.cluster, "status": _word(each)} if _word(each) else {"name": each.cluster}
        for each in sorted(outcomes, key=lambda each: each.cluster)
    ]
    reason = ""
    if failed is not None:
        reason = Reason.COMPUTE_PLACEMENT_FAILED
    elif any("status" in each for each in clusters):
        reason = Reason.CHECK_CLUSTERS
    old: Mapping[str, Any] = next(iter(previous.get("conditions") or ()), {})
    status = "False" if reason else "True"
    turned = (old.get("status"), old.get("reason", "")) != (status, reason)
    touched = turned or moved or clusters != previous.get("clusters", [])
    stamp = conditions.timestamp(now)
    condition = {
        "type": str(ConditionType.PROPAGATION),
        "status": status,
        **({"reason": str(reason)} if reason else {}),
        "lastUpdateTime": stamp if touched else old.get("lastUpdateTime", stamp),
        "lastTransitionTime": stamp if turned else old.get("lastTransitionTime", stamp),
    }
    found: dict[str, Any] = {"observedGeneration": generation, "conditions": [condition]}
    return {**found, "clusters": clusters} if clusters else found


def _word(outcome: ClusterOutcome) -> str:
    """Say it in KubeFed's per-cluster words; "" is well."""
    fault = outcome.fault
    if fault is None:
        if outcome.removing:
            return Reason.WAITING_FOR_REMOVAL
        if outcome.arrived:
            return ""
        return Reason.UPDATE_TIMED_OUT if outcome.held else Reason.CREATION_TIMED_OUT
    if fault.reason in _WORDS:
        return _WORDS[Reason(fault.reason)]
    late = fault.reason == Reason.DEADLINE_EXCEEDED
    if outcome.removing:
        return Reason.DELETION_TIMED_OUT if late else Reason.DELETION_FAILED
    if outcome.held:
        return Reason.UPDATE_TIMED_OUT if late else Reason.UPDATE_FAILED
    return Reason.CREATION_TIMED_OUT if late else Reason.CREATION_FAILED


def _ready(outcomes: Sequence[ClusterOutcome], *, revision: str, failed: Fault | None) -> Condition:
    if failed is not None:
        return _condition("False", failed.reason, failed.message)
    ordered = sorted(outcomes, key=lambda each: each.cluster)
    staying = [each for each in ordered if not each.removing]
    arrived = sum(each.arrived and not each.fault for each in staying)
    said = f"{arrived} of {len(staying)} clusters hold {revision}"
    if not staying:
        said = "no cluster is selected" if not outcomes else "being removed from all clusters"
    failing = [each for each in ordered if each.fault]
    if failing:
        # A fault that waits for a person is told before one that may pass by itself.
        worst = next((each for each in failing if each.fault and not each.fault.retry), failing[0])
        reason = worst.fault.reason if worst.fault else Reason.CHECK_CLUSTERS
        return _condition("False", reason, f"{said}; {_list(failing)}")
    if all(each.arrived for each in outcomes):
        return _condition("True", Reason.RECONCILIATION_SUCCEEDED, said)
    return _condition("Unknown", Reason.PROGRESSING, said)


def _list(failing: Sequence[ClusterOutcome]) -> str:
    shown = [
        f"{each.cluster}: {each.fault.reason}: {each.fault.message}"
        for each in failing[:_SHOWN_CLUSTERS]
        if each.fault
    ]
    more = len(failing) - len(shown)
    return "; ".join([*shown, f"and {more} more"] if more else shown)


def _condition(status: str, reason: str, message: str) -> Condition:
    return Condition(type=ConditionType.READY, status=status, reason=str(reason), message=message)


def _abnormal(type_: ConditionType, reason: str, message: str) -> Condition:
    return Condition(type=type_, status="True", reason=str(reason), message=message)


def _at(condition: Condition, generation: int) -> Condition:
    return Condition(
        type=str(condition.type),
        status=condition.status,
        reason=str(condition.reason),
        message=condition.message,
        observed_generation=generation,
    )
