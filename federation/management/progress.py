"""How far a source, its deletion or an attachment is: what --wait looks at.

In: names. Out: a Look - one line per subject (the repository, rendering, each cluster), what is
missing, and whether it is over. Nothing is written and nobody is woken here.

Rows are read from the commit towards the clusters, so that a look never says "arrived" of a commit
that was already overtaken when the look began. A failure counts only when it is younger than what
is wanted: after a sync the old one is still written on the row.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from federation import standing
from federation.management.printing import revision
from federation.models import Propagation
from gitops import queries as gitops
from gitops.operations.desired_states import load
from projects import queries
from projects.errors import NotFound
from projects.kube.conditions import ConditionType, Reason, find
from projects.operations.leases import NEVER

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence
    from uuid import UUID

    from gitops.models import GitRepository, Kustomization
    from projects.access import Actor
    from projects.models import Leased

State = Propagation.State


class End(StrEnum):
    """Whether it is over, and how."""

    OPEN = "Open"
    DONE = "Done"
    STALLED = "Stalled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How far it is at this moment."""

    end: End
    lines: dict[str, str] = field(default_factory=dict)
    # Why it is over, or what is still missing.
    message: str = ""
    reason: str = ""


def of_source(*, actor: Actor, project_name: str, name: str) -> Look:
    """How far the newest commit of a source has come.

    Raises: NotFound.
    """
    found = gitops.source(actor=actor, project_name=project_name, name=name)
    repository = gitops.repository(source=found)
    source = gitops.source(actor=actor, project_name=project_name, name=name)
    rows = list(
        Propagation.objects.of(source.uid).select_related("cluster").order_by("cluster__name")
    )
    lines = {
        "repository": _fetching(repository),
        "rendering": _rendering(source),
        **{row.cluster.name: _on_cluster(row) for row in rows},
    }
    resting = {row.cluster_name: row.by for row in source.suspensions.active()}
    if source.suspend or "" in resting:
        by = resting.get("", "its spec")
        return Look(
            end=End.STALLED,
            lines=lines,
            message=f"the source is suspended by {by}",
            reason=Reason.SUSPENDED,
        )
    look = _before_clusters(repository, source) or _on_clusters(source, rows, resting)
    return replace(look, lines=lines)


def of_deletion(*, actor: Actor, project_name: str, name: str, uid: UUID) -> Look:
    """How far the deletion of a source is; what a dead cluster owes is not waited for."""
    try:
        source = gitops.source(actor=actor, project_name=project_name, name=name)
    except NotFound:
        return Look(end=End.DONE)
    if source.uid != uid:  # a new one of the same name
        return Look(end=End.DONE)
    rows = list(Propagation.objects.of(uid).select_related("cluster").order_by("cluster__name"))
    return _removals({row.cluster.name: row for row in rows}, otherwise="the source")


def of_attachment(*, actor: Actor, project_name: str, cluster_name: str) -> Look:
    """How far a cluster is with the namespace of a project.

    Raises: NotFound.
    """
    row = queries.attachment(actor=actor, project_name=project_name, cluster_name=cluster_name)
    if row.namespace_uid:
        return Look(
            end=End.DONE, lines={cluster_name: f"namespace {row.project.namespace} is prepared"}
        )
    failing = row.reason and not _untried(row)
    said = f"{row.reason}: {row.message}" if failing else "preparing the namespace"
    hopeless = row.next_attempt_at >= NEVER or row.reason == Reason.NAMESPACE_NOT_OURS
    end = End.STALLED if failing and hopeless else End.OPEN
    return Look(
        end=end, lines={cluster_name: said}, message=f"{cluster_name} ({said})", reason=row.reason
    )


def of_detachment(*, actor: Actor, project_name: str, cluster_name: str) -> Look:
    """How far a cluster is with being left by a project."""
    try:
        queries.attachment(actor=actor, project_name=project_name, cluster_name=cluster_name)
    except NotFound:
        return Look(end=End.DONE)
    rows = Propagation.objects.filter(
        project_name=project_name, cluster__name=cluster_name
    ).order_by("owner_name")
    return _removals({row.owner_name: row for row in rows}, otherwise="the attachment")


def _before_clusters(repository: GitRepository | None, source: Kustomization) -> Look | None:
    """What holds the commit up before any cluster; None when nothing does."""
    for stage, row in (("repository", repository), ("rendering", source)):
        if row is None:
            return Look(
                end=End.STALLED,
                message="the source has no GitRepository",
                reason=Reason.ARTIFACT_FAILED,
            )
        crashed = row.crash_count >= row.CRASH_LIMIT
        if _untried(row) and not crashed:
            return Look(end=End.OPEN, message=stage)
        if crashed or row.failures:
            reason, why = _why(row)
            stalled = crashed or find(load(row), ConditionType.STALLED) is not None
            return Look(
                end=End.STALLED if stalled else End.OPEN, message=f"{stage} ({why})", reason=reason
            )
    if source.placement_done < source.placement_wanted:
        return Look(end=End.OPEN, message="placement")
    state, revision_id = source.desired_state, repository.revision_id if repository else None
    if state is None or state.revision_id != revision_id:
        return Look(end=End.OPEN, message="rendering")
    return None


def _on_clusters(
    source: Kustomization, rows: Sequence[Propagation], resting: Container[str]
) -> Look:
    ready = find(load(source), ConditionType.READY)
    if ready is not None and ready.reason == Reason.COMPUTE_PLACEMENT_FAILED:
        return Look(end=End.STALLED, message=ready.message, reason=ready.reason)
    missing = [row for row in rows if not _is_there(source, row, resting)]
    if missing:
        return _open_or_stalled(missing)
    if rows:
        return Look(end=End.DONE)
    placed = ready is not None and ready.status == "True"
    return Look(
        end=End.DONE if placed else End.OPEN,
        message="no cluster is selected" if placed else "placement",
    )


def _is_there(source: Kustomization, row: Propagation, resting: Container[str]) -> bool:
    """Tell whether a cluster need not be waited for: it has the commit, rests, or only owes."""
    if row.cluster.name in resting or row.debt_since is not None:
        return True
    outcome = standing.of_row(row, source.desired_state)
    return outcome.arrived and outcome.fault is None and not _untried(row)


def _open_or_stalled(rows: Sequence[Propagation]) -> Look:
    """Rows that are waited for: over when one is stalled and none runs that may fail as well."""
    stalled = [row for row in rows if row.stalled]
    over = bool(stalled) and all(row.stalled or not _untried(row) for row in rows)
    said = "; ".join(
        f"{row.cluster.name} ({_on_cluster(row)})" for row in (stalled if over else rows)
    )
    return Look(
        end=End.STALLED if over else End.OPEN,
        message=said,
        reason=stalled[0].reason if stalled else "",
    )


def _removals(rows: Mapping[str, Propagation], *, otherwise: str) -> Look:
    waited = [row for row in rows.values() if row.debt_since is None]
    look = _open_or_stalled(waited) if waited else Look(end=End.OPEN, message=otherwise)
    return replace(look, lines={name: _on_cluster(row) for name, row in rows.items()})


def _fetching(row: GitRepository | None) -> str:
    if row is None:
        return "missing"
    if _untried(row):
        return "fetching"
    return (
        _why(row)[1]
        if row.failures
        else f"at {revision(row.revision.name) if row.revision else 'no revision'}"
    )


def _rendering(row: Kustomization) -> str:
    if _untried(row):
        return "rendering"
    if row.failures:
        return _why(row)[1]
    return (
        f"rendered {revision(row.desired_state.revision.name)}"
        if row.desired_state
        else "nothing rendered yet"
    )


def _on_cluster(row: Propagation) -> str:
    if row.debt_since is not None:
        return f"owes {row.object_count} deletions: {row.reason}: {row.message}"
    if row.failures or row.stalled:
        return f"{row.state}: {row.reason}: {row.message}"
    if row.state == State.APPLIED:
        again = ", comparing" if _untried(row) else ""
        return f"{row.state} {revision(row.applied_revision)}{again}"
    return str(row.state)


def _why(row: GitRepository | Kustomization) -> tuple[str, str]:
    ready = find(load(row), ConditionType.READY)
    return (ready.reason, f"{ready.reason}: {ready.message}") if ready else ("", "no status yet")


def _untried(row: Leased) -> bool:
    """Tell whether what is wanted now was not tried yet."""
    return bool(row.done_generation < row.wanted_generation)
