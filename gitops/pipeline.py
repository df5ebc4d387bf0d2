"""From a Git repository to a desired state: poll, fetch, render, publish.

Both functions take a claimed row and end its lease. They contain no rule: what a URL may be, what
renders, what an error means is decided in the rooms they call. Secrets are opened here for fetching
and nowhere else in gitops.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings

from gitops import mirrors, sealing, tree
from gitops import render as rendering
from gitops.git import history, remote, urls
from gitops.models import DesiredState, GitRepository, Kustomization, Revision
from gitops.operations import checks, desired_states, statuses
from gitops.operations.desired_states import Seen, load
from gitops.render import validate
from projects import backoff, faults, worker
from projects.errors import DomainError, Unavailable
from projects.kube import conditions, verdicts
from projects.kube import manifest as manifests
from projects.kube.conditions import ConditionType, Reason
from projects.operations import leases

if TYPE_CHECKING:
    from datetime import datetime

    from projects.kube.verdicts import Fault
    from projects.operations.leases import Lease

logger = logging.getLogger(__name__)


class ArtifactMissing(Unavailable):
    """There is nothing to render yet: the GitRepository comes first, and wakes its readers."""

    default_reason: ClassVar[str] = Reason.ARTIFACT_FAILED


# Part of the inputs of a desired state: raise it when the same tree renders to something else.
RENDER_VERSION = "1"
# Failures of fetching that only another spec can mend.
SPEC_FAULTS = (Reason.INVALID_URL, Reason.INVALID_REF)


def fetch(lease: Lease, *, now: datetime) -> None:
    """Ask the remote for its commit, fetch it if it is another, note it; or note why not."""
    faults.reach("fetch-claimed")
    repository = (
        GitRepository.objects.select_related("project", "revision").filter(pk=lease.pk).first()
    )
    if repository is None:
        return
    again = backoff.spread(repository.interval_seconds, now, jitter=worker.jitter())
    try:
        if _rests(repository):
            leases.release(lease, next_attempt_at=again, failed=False)
            return
        seen = _look(repository)
        faults.reach("fetched")
        desired_states.record_revision(lease=lease, seen=seen, next_attempt_at=again, now=now)
    except DomainError as error:
        _fetch_failed(lease, repository, verdicts.fault(error), now=now)
    except Exception:
        logger.exception("fetching %s failed", repository)
        _fetch_failed(lease, repository, verdicts.BUG, now=now)
    finally:
        leases.abandon(lease)


def render(lease: Lease, *, now: datetime) -> None:
    """Render the current revision for one Kustomization and publish it; or note why not."""
    faults.reach("render-claimed")
    source = Kustomization.objects.select_related("project").filter(pk=lease.pk).first()
    if source is None:
        return
    revision: Revision | None = None
    try:
        repository = _repository(source)
        revision = _revision(repository)
        _publish(lease, source, repository, revision, now=now)
        faults.reach("published")
    except DomainError as error:
        _render_failed(lease, source, revision, verdicts.fault(error), now=now)
    except Exception:
        logger.exception("rendering %s failed", source)
        _render_failed(lease, source, revision, verdicts.BUG, now=now)
    finally:
        leases.abandon(lease)


def _publish(
    lease: Lease,
    source: Kustomization,
    repository: GitRepository,
    revision: Revision,
    *,
    now: datetime,
) -> None:
    inputs = inputs_digest(source)
    states = DesiredState.objects.select_related("revision")
    known = states.filter(kustomization=source, revision=revision, inputs_digest=inputs).first()
    if known is not None:
        desired_states.reuse(lease=lease, state=known, now=now)
        return
    mirror = mirrors.mirror_of(repository)
    if not mirror.has(revision.commit):  # another worker's disk, or an evicted cache
        mirrors.fetch_commit(repository, mirror, revision.commit)
    with mirror.tree(revision.commit, limits=tree.TreeLimits()) as files:
        options = rendering.RenderOptions(timeout=settings.SLIPWAY["RENDER_SECONDS"])
        rendered = rendering.render(files, path=source.path, options=options)
    scope = validate.Scope(
        namespace=source.project.namespace, cluster_kinds=frozenset(source.project.cluster_kinds)
    )
    checked = validate.check(rendered.objects, scope=scope)
    faults.reach("rendered", source.name)
    objects = [sealing.make(found.manifest, file=found.file, line=found.line) for found in checked]
    desired_states.publish(
        lease=lease,
        revision=revision,
        inputs_digest=inputs,
        objects=objects,
        renderer=rendered.renderer,
        now=now,
    )


def inputs_digest(source: Kustomization) -> str:
    """What rendering depends on besides the tree (architecture 2.1 rule 1)."""
    project = source.project
    return manifests.digest(
        [RENDER_VERSION, source.path, project.namespace, sorted(project.cluster_kinds)]
    )


def _look(repository: GitRepository) -> Seen:
    url = urls.RepositoryUrl.parse(repository.url, policy=checks.url_policy())
    ref = mirrors.ref_of(repository)
    commit = remote.head(
        url=url,
        ref=ref,
        credentials=mirrors.credentials(repository),
        policy=checks.url_policy(),
        timeout=settings.SLIPWAY["FETCH_SECONDS"],
    )
    mirror = mirrors.mirror_of(repository)
    if not mirror.has(commit):
        mirrors.fetch_commit(repository, mirror, commit)
    info = history.commit_info(mirror, commit)
    return Seen(
        name=ref.revision(commit),
        commit=commit,
        author=info.author[:300],
        subject=info.subject[:300],
        committed_at=info.committed_at,
    )


def _rests(repository: GitRepository) -> bool:
    """Polling stops when the GitRepository or all its readers are suspended everywhere (2.1 rule
    6).
    """
    if repository.suspend:
        return True
    readers = list(Kustomization.objects.reading(repository))
    return bool(readers) and all(
        reader.suspend or reader.suspensions.active().filter(cluster_name="").exists()
        for reader in readers
    )


def _repository(source: Kustomization) -> GitRepository:
    found = (
        GitRepository.objects.select_related("project", "revision")
        .filter(project=source.project_id, name=source.source_name)
        .first()
    )
    if found is None:
        raise ArtifactMissing(f"GitRepository {source.source_name!r} is not there")
    return found


def _revision(repository: GitRepository) -> Revision:
    if repository.revision is None:
        ready = conditions.find(load(repository), ConditionType.READY)
        why = f": {ready.message}" if ready else ""
        raise ArtifactMissing(f"GitRepository {repository.name!r} has no revision yet{why}")
    return repository.revision


def _fetch_failed(lease: Lease, repository: GitRepository, fault: Fault, *, now: datetime) -> None:
    """A remote is asked again unless the spec is at fault: credentials and branches come back
    untold.
    """
    stalled = fault.reason in SPEC_FAULTS
    fault = replace(fault, stalled=stalled, retry=not stalled)
    wait = backoff.delay(
        repository.failures + 1,
        jitter=worker.jitter(),
        base=settings.SLIPWAY["RETRY_BASE_SECONDS"],
        retry_after=fault.retry_after,
    )
    statuses.failed(
        lease=lease,
        fault=fault,
        next_attempt_at=now + wait if fault.retry else None,
        now=now,
        checked_at=now,
    )


def _render_failed(
    lease: Lease,
    source: Kustomization,
    revision: Revision | None,
    fault: Fault,
    *,
    now: datetime,
) -> None:
    """What does not render waits for another commit; the desired state before it stays in force."""
    wait = backoff.delay(source.failures + 1, jitter=worker.jitter(), retry_after=fault.retry_after)
    name = revision.name if revision else source.last_attempted_revision
    statuses.failed(
        lease=lease,
        fault=fault,
        next_attempt_at=now + wait if fault.retry else None,
        now=now,
        last_attempted_revision=name,
    )
