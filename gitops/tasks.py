"""What django-q2 runs for gitops: ids in, claim, one call of the pipeline. Safe to run twice or
never.
"""

from __future__ import annotations

from typing import Any

from gitops import pipeline
from gitops.models import GitRepository, Kustomization
from projects import ledger, worker
from projects.models import Secret
from projects.operations import leases


def fetch(*, id: int, **_later: Any) -> None:
    """Fetch one GitRepository if it is due and nobody else does."""
    with worker.working() as me:
        for lease in leases.claim(GitRepository.objects.filter(pk=id), worker=me):
            pipeline.fetch(lease, now=worker.database_now())


def render(*, id: int, **_later: Any) -> None:
    """Render one Kustomization if it is due and nobody else does."""
    with worker.working() as me:
        for lease in leases.claim(Kustomization.objects.filter(pk=id), worker=me):
            pipeline.render(lease, now=worker.database_now())


def secret_changed(*, id: int, **_later: Any) -> None:
    """Try the GitRepositories that use a Secret again."""
    secret = Secret.objects.filter(pk=id).first()
    if secret is None:
        return
    with ledger.operation():
        repositories = GitRepository.objects.filter(
            project=secret.project_id, secret_name=secret.name
        )
        repositories.wake()
        for pk in repositories.values_list("pk", flat=True):
            ledger.wake("GitRepository", pk)
