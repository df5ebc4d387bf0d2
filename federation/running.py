"""One run on one cluster: gather what the applier needs from rows, connect, apply, tell the
cluster.

The desired state is opened here, so secret values are in clear in this process for the length of a
run and nowhere else. Objects go through the project's service account by impersonation; only
cluster-scoped kinds that the project may use go through the cluster's own credential (architecture
2.1 rule 11).
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings

from federation import apply, connecting
from federation.applying.namespaces import account
from federation.engine.ownership import Owner
from federation.engine.plan import Desired, Options
from federation.member.errors import NamespaceNotReady, ObjectNotFound
from federation.models import Propagation
from federation.operations import inventories, propagations
from gitops import sealing
from gitops.models import DesiredState, Kustomization
from projects import ledger
from projects.errors import DomainError, Unavailable
from projects.kube.conditions import Reason
from projects.kube.refs import ObjectRef
from projects.models import Attachment, Project

if TYPE_CHECKING:
    from datetime import datetime

    from federation.engine.inventory import Inventory
    from federation.member.client import Client
    from projects.operations.leases import Lease

logger = logging.getLogger(__name__)

PROTECTED_KINDS = frozenset(
    {
        "Namespace",
        "CustomResourceDefinition.apiextensions.k8s.io",
        "PersistentVolume",
        "PersistentVolumeClaim",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a run was for, and what came of it."""

    outcome: apply.Outcome
    # None for a removal.
    state: DesiredState | None


class NothingDesired(Unavailable):
    """The desired state is gone from the database; the source has to be rendered again."""

    default_reason: ClassVar[str] = Reason.ARTIFACT_FAILED


def deadline() -> float:
    """When a run that starts now must end (time.monotonic)."""
    return time.monotonic() + float(settings.SLIPWAY["APPLY_SECONDS"])


def run(row: Propagation, *, lease: Lease) -> Run:
    """Bring a cluster to a desired state, or take everything of the owner off it.

    Raises: DomainErrors of the cluster as a whole; those of objects are in the outcome.
    """
    removing = row.state == Propagation.State.REMOVING
    state = None if removing else _wanted(row)
    inventory = inventories.load(owner_uid=row.owner_uid, cluster_id=row.cluster_id)
    journal = inventories.RowJournal(lease=lease, propagation=row)
    until = deadline()
    with connecting.open_client(row.cluster) as platform:
        connecting.check_identity(platform, known_identity=row.cluster.identity)
        client = _voice(platform, row, removing=removing)
        if client is platform:
            inventory = _without_namespace(row, inventory, journal)
        outcome = apply.run(
            client=client,
            platform=platform,
            owner=_owner(row),
            desired=_desired(state),
            inventory=inventory,
            options=_options(row, state),
            journal=journal,
            deadline=until,
        )
        if removing and outcome.error is None and not len(outcome.inventory):
            _tidy(platform, row, until)
    return Run(outcome=outcome, state=state)


def tell_cluster(row: Propagation, run: Run, *, now: datetime) -> None:
    """Leave a Kubernetes Event in the project namespace when something was done; failing to is only
    logged.
    """
    changed, error = run.outcome.changeset.changed, run.outcome.error
    if run.state is None or not (changed or error):
        return
    involved = {
        "apiVersion": "types.kubefed.io/v1beta1",
        "kind": "FederatedKustomization",
        "namespace": row.namespace,
        "name": row.owner_name,
        "uid": str(row.owner_uid),
    }
    try:
        with connecting.open_client(row.cluster) as platform:
            apply.post_event(
                client=platform.impersonating(account(row.namespace)),
                namespace=row.namespace,
                involved=involved,
                type="Warning" if error else "Normal",
                reason=error.reason if error else Reason.RECONCILIATION_SUCCEEDED,
                message=said(run),
                now=now,
            )
    except DomainError as failure:
        logger.info("no event could be left on %s: %s", row.cluster.name, failure.message)


def refused(run: Run) -> bool:
    """Tell whether the cluster refused our service account something (403)."""
    error = run.outcome.error
    of_run = error is not None and error.reason == Reason.FORBIDDEN
    return of_run or Reason.FORBIDDEN in run.outcome.survivors.values()


def said(run: Run) -> str:
    """What a run did, in a sentence."""
    if run.outcome.error is not None:
        return run.outcome.error.message
    found = "removed" if run.state is None else f"applied revision {run.state.revision.name}"
    survivors = len(run.outcome.survivors)
    more = f"; {survivors} objects could not be deleted yet" if survivors else ""
    return f"{found}: {run.outcome.changeset.summary}{more}"


def _wanted(row: Propagation) -> DesiredState:
    """The desired state of a row that is not being removed; a lost one is never read as "nothing".

    Raises: NothingDesired.
    """
    if row.desired_state is None:
        raise NothingDesired("there is no desired state (any more); nothing is applied or pruned")
    return row.desired_state


def _voice(platform: Client, row: Propagation, *, removing: bool) -> Client:
    """The project's service account; without its namespace there is nothing left that it could
    speak for.
    """
    try:
        uid = platform.namespace_uid(row.namespace)
    except ObjectNotFound:
        if removing:
            return platform
        uid = ""
    attachment = Attachment.objects.filter(
        project__name=row.project_name, cluster=row.cluster_id
    ).first()
    if not removing and (attachment is None or not uid or attachment.namespace_uid != uid):
        if attachment is not None:
            propagations.namespace_lost(attachment=attachment)
        why = f": {attachment.message}" if attachment is not None and attachment.message else ""
        raise NamespaceNotReady(f"namespace {row.namespace!r} is not prepared yet{why}")
    return platform.impersonating(account(row.namespace))


def _without_namespace(
    row: Propagation, inventory: Inventory, journal: inventories.RowJournal
) -> Inventory:
    """Forget what was in the namespace of a project: its 404 proves that all in it is gone."""
    inside = [entry.ref for entry in inventory if entry.ref.namespace == row.namespace]
    journal.check()
    journal.forget(inside)
    return inventory.without(inside)


def _owner(row: Propagation) -> Owner:
    return Owner(
        hub_id=str(ledger.hub_row().uid),
        uid=str(row.owner_uid),
        kind=row.owner_kind,
        namespace=row.namespace,
        name=row.owner_name,
    )


def _desired(state: DesiredState | None) -> tuple[Desired, ...]:
    if state is None:
        return ()
    binding = str(state.kustomization.uid)
    return tuple(
        Desired(
            ref=ObjectRef.of(found.manifest),
            manifest=found.manifest,
            digest=found.digest,
            file=found.file,
            line=found.line,
        )
        for found in sealing.unpack(bytes(state.objects_gz), binding=binding)
    )


def _options(row: Propagation, state: DesiredState | None) -> Options:
    """Policy is read at each run, so that a right that was taken away counts at once (S-42)."""
    project = Project.objects.filter(name=row.project_name).first()
    kinds = frozenset(project.cluster_kinds) if project else frozenset()
    if state is None:
        return Options(
            removing=True,
            orphan=row.orphan,
            cluster_kinds=kinds,
            remove_protected_kinds=PROTECTED_KINDS if row.delete_protected_kinds else frozenset(),
        )
    source = Kustomization.objects.get(uid=row.owner_uid)
    return Options(
        revision=state.revision.commit,
        adopt=source.adopt,
        prune=source.prune,
        prune_confirmed=source.prune_confirmed_commit,
        cluster_kinds=kinds,
    )


def _tidy(platform: Client, row: Propagation, until: float) -> None:
    """Take the service account along when the last debt of a project that left is paid."""
    others = Propagation.objects.filter(
        project_name=row.project_name, cluster=row.cluster_id
    ).exclude(pk=row.pk)
    attached = Attachment.objects.filter(project__name=row.project_name, cluster=row.cluster_id)
    if row.debt_since is not None and not others.exists() and not attached.exists():
        apply.release_namespace(
            platform=platform,
            namespace=row.namespace,
            hub_id=str(ledger.hub_row().uid),
            project_uid=str(row.project_uid),
            deadline=until,
        )
