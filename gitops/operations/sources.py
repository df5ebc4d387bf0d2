"""A GitOps source, one Kustomization and the GitRepository it reads: create, update, sync, delete.

Rules of deletion: it overrides suspension; the rows go when every cluster has nothing left or only
owes (architecture 2.1 rule 5), which federation.reconcile finds and says by `finalize`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gitops.models import GitRepository, Kustomization
from gitops.operations import checks, records
from projects import access, ledger
from projects.errors import Conflict
from projects.models import Change, Project
from projects.operations import naming
from projects.operations import rows as inserting
from projects.roles import Verb

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from projects.access import Actor

EVERYWHERE: dict[str, Any] = {"clusterSelector": {}}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSpec:
    """What people write into a source; intervals in seconds."""

    url: str
    branch: str = ""
    tag: str = ""
    commit: str = ""
    secret_name: str = ""
    path: str = ""
    interval: int = 60
    prune: bool = True
    adopt: bool = False
    placement: Mapping[str, Any] = field(default_factory=lambda: dict(EVERYWHERE))


@ledger.operation()
def create(
    *, project: Project, name: str, spec: SourceSpec, actor: Actor, now: datetime
) -> Kustomization:
    """Make both rows under one name; fetching starts at once.

    Raises: NotFound, Denied, Invalid naming the field, AlreadyExists.
    """
    access.require(actor, Verb.EDIT, project)
    naming.subdomain(name, field="name")
    repository = GitRepository(project=project, name=name)
    kustomization = Kustomization(project=project, name=name, source_name=name)
    _fill(repository, kustomization, spec)
    for row in (repository, kustomization):
        inserting.insert(row, taken=f"source {name!r} exists in project {project.name!r}")
        records.written(row, verb="create", actor=actor, now=now, before=None)
    _wake(repository, kustomization)
    return kustomization


@ledger.operation()
def update(
    *, source: Kustomization, spec: SourceSpec, actor: Actor, now: datetime
) -> Kustomization:
    """Give a source another spec; what did not change is not written.

    Raises: NotFound, Denied, Invalid naming the field, Conflict while it is being deleted.
    """
    access.require(actor, Verb.EDIT, source.project)
    # What the caller holds may be old, and workers write other columns of the same rows.
    _hold(source)
    if source.deletion_requested_at is not None:
        raise Conflict(f"source {source.name!r} is being deleted")
    repository = repository_of(source)
    _hold(repository)
    rows: tuple[GitRepository | Kustomization, ...] = (repository, source)
    before = [records.manifest(row) for row in rows]
    _fill(repository, source, spec)
    for row, old in zip(rows, before, strict=True):
        if records.manifest(row)["spec"] != old["spec"]:
            row.generation += 1
            row.save()
            records.written(row, verb="update", actor=actor, now=now, before=old)
    _wake(repository, source)
    return source


@ledger.operation()
def sync(*, source: Kustomization, actor: Actor, now: datetime) -> None:
    """Fetch, render and compare at once, failures and crashes forgotten.

    Raises: NotFound, Denied.
    """
    access.require(actor, Verb.SYNC, source.project)
    records.written(source, verb="sync", actor=actor, now=now, before=records.manifest(source))
    _wake(repository_of(source), source)


@ledger.operation()
def confirm_prune(*, source: Kustomization, commit: str, actor: Actor, now: datetime) -> None:
    """Let a blocked prune go ahead, for one commit only.

    Raises: NotFound, Denied, Invalid when the commit is not the one that waits.
    """
    access.require(actor, Verb.SYNC, source.project)
    waiting = source.desired_state.revision.commit if source.desired_state else ""
    if len(commit) < 7 or not waiting.startswith(commit):
        raise naming.invalid(
            "commit", f"{commit!r} is not the commit that waits ({waiting[:12] or 'none does'})"
        )
    before = records.manifest(source)
    source.prune_confirmed_commit = waiting
    source.save(update_fields=["prune_confirmed_commit"])
    records.written(
        source, verb="confirm-prune", actor=actor, now=now, before=before, commit=waiting
    )
    _place(source)


@ledger.operation()
def request_deletion(
    *,
    source: Kustomization,
    actor: Actor,
    now: datetime,
    orphan: bool = False,
    protected_kinds: bool = False,
) -> None:
    """Ask for a source and everything it applied to go (or, orphan, to be let go); asking twice
    changes nothing.

    protected_kinds takes Namespaces, CRDs, PVs and PVCs along.

    Raises: NotFound, Denied.
    """
    access.require(actor, Verb.EDIT, source.project)
    if source.deletion_requested_at is not None:
        return
    before = records.manifest(source)
    source.deletion_requested_at = now
    policy = Kustomization.DeletionPolicy
    source.deletion_policy = policy.ORPHAN if orphan else policy.DELETE
    source.delete_protected_kinds = protected_kinds
    source.save(
        update_fields=["deletion_requested_at", "deletion_policy", "delete_protected_kinds"]
    )
    records.written(
        source, verb="request-deletion", actor=actor, now=now, before=before, orphan=orphan
    )
    _place(source)


@ledger.operation()
def finalize(*, source: Kustomization, now: datetime) -> None:
    """Remove the rows of a source that is deleted everywhere, and its GitRepository if nobody else
    reads it; does nothing when another worker was quicker.
    """
    if not Kustomization.objects.select_for_update().filter(pk=source.pk).exists():
        return
    rows: list[GitRepository | Kustomization] = [source]
    repository = source.project.git_repositories.filter(name=source.source_name).first()
    if repository is not None:
        others = Kustomization.objects.reading(repository).exclude(pk=source.pk)
        if repository.name == source.name and not others.exists():
            rows.append(repository)
    for row in rows:
        records.observed(row, now=now, type=Change.Type.DELETED)
        row.delete()


def repository_of(source: Kustomization) -> GitRepository:
    """The GitRepository a source names.

    Raises: Invalid when there is none.
    """
    found = source.project.git_repositories.filter(name=source.source_name).first()
    if found is None:
        raise naming.invalid(
            "sourceRef.name", f"there is no GitRepository {source.source_name!r} in this project"
        )
    return found


def _hold(row: GitRepository | Kustomization) -> None:
    """Lock a row until the transaction ends, and read it again."""
    row.refresh_from_db(from_queryset=type(row).objects.select_for_update())


def _fill(repository: GitRepository, source: Kustomization, spec: SourceSpec) -> None:
    repository.url = checks.url(spec.url)
    checks.ref(branch=spec.branch, tag=spec.tag, commit=spec.commit)
    repository.branch, repository.tag, repository.commit = spec.branch, spec.tag, spec.commit
    if spec.secret_name:
        naming.subdomain(spec.secret_name, field="secretRef.name")
    repository.secret_name = spec.secret_name
    repository.interval_seconds = source.interval_seconds = checks.interval(spec.interval)
    source.path = checks.path(spec.path)
    source.prune, source.adopt = spec.prune, spec.adopt
    source.placement = checks.placement(dict(spec.placement))


def _wake(repository: GitRepository, source: Kustomization) -> None:
    GitRepository.objects.filter(pk=repository.pk).wake()
    ledger.wake("GitRepository", repository.pk)
    Kustomization.objects.filter(pk=source.pk).wake()
    ledger.wake("Kustomization", source.pk)
    _place(source)


def _place(source: Kustomization) -> None:
    Kustomization.objects.filter(pk=source.pk).wake_placement()
    ledger.wake("Placement", source.pk)
