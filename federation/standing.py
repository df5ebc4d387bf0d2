"""What the row of a cluster says of a source there, as the value that statuses are made of.

In: a Propagation with its cluster, and the desired state that is wanted. Out: a ClusterOutcome. A
cluster that is known not to answer is failing for every source, also for one that reached it and
has not been tried there since.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from federation.engine.status import ClusterOutcome
from federation.models import Propagation
from projects.kube.conditions import Condition, ConditionType, Reason, find
from projects.kube.verdicts import Fault

if TYPE_CHECKING:
    from gitops.models import DesiredState
    from projects.models import Cluster


def of_row(row: Propagation, wanted: DesiredState | None) -> ClusterOutcome:
    """How far a source is on one cluster."""
    removing = row.state == Propagation.State.REMOVING
    arrived = (
        not removing
        and wanted is not None
        and row.applied_digest == wanted.digest
        and row.applied_revision == wanted.revision.name
    )
    return ClusterOutcome(
        cluster=row.cluster.name,
        arrived=arrived,
        held=bool(row.applied_digest),
        removing=removing,
        fault=_own_fault(row) or _fault_of_cluster(row.cluster),
    )


def _own_fault(row: Propagation) -> Fault | None:
    if not (row.failures > 0 or row.stalled):
        return None
    return Fault(reason=row.reason, message=row.message, stalled=row.stalled, retry=not row.stalled)


def _fault_of_cluster(cluster: Cluster) -> Fault | None:
    conditions = tuple(Condition.from_json(each) for each in cluster.conditions)
    ready = find(conditions, ConditionType.READY)
    if ready is None or ready.status != "False":
        return None
    return Fault(reason=Reason.CLUSTER_NOT_READY, message=f"{ready.reason}: {ready.message}")
