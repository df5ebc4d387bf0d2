"""`manage.py reconcile`: one source, once, from the repository to the clusters, in this process.

The same shells and the same leases as in a worker, without a queue: rows are made due, claimed and
worked off in order. A step that a worker has claimed meanwhile is waited for. For operators who
want to see it happen, and tests.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from federation import batches
from federation import reconcile as shell
from federation.management import cli, progress, sources, status
from federation.management.errors import Stalled
from federation.management.progress import End
from federation.models import Propagation
from gitops import pipeline, queries
from gitops.models import GitRepository, Kustomization
from gitops.operations import sources as operations
from projects import ledger, worker
from projects.errors import Unavailable
from projects.models import Attachment
from projects.operations import leases

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.core.management.base import CommandParser

    from projects.access import Actor
    from projects.operations.leases import Lease

_BUSY_SECONDS = 60.0
_LOOK_EVERY_SECONDS = 0.2


class Command(cli.Command):
    help = (
        "Fetch, render and apply one source once, in the foreground and without a queue. "
        "Exit code 1 when it did not arrive everywhere, with the reasons."
    )
    example = "manage.py reconcile shop web"

    def arguments(self, parser: CommandParser) -> None:
        sources.add_name(parser)

    def run(self, options: cli.Options) -> None:
        actor = cli.actor()
        source = queries.source(actor=actor, project_name=options.project, name=options.name)
        with worker.working() as me:
            if source.deletion_requested_at is None:
                _fetch_and_render(source, me)
            _bring_to_clusters(source, me)
        if source.deletion_requested_at is not None:
            _say_gone(self.say, source, actor)
            return
        source = queries.source(actor=actor, project_name=options.project, name=options.name)
        self.say(status.page(status.detail(source)))
        look = progress.of_source(actor=actor, project_name=options.project, name=options.name)
        if look.end is not End.DONE:
            raise Stalled(f"not arrived: {look.message}", reason=look.reason)


def _fetch_and_render(source: Kustomization, me: str) -> None:
    repository = operations.repository_of(source)
    with ledger.operation():
        # No wake-up is sent: whoever waits for this command wants it done here.
        GitRepository.objects.filter(pk=repository.pk).wake()
    _work_off(GitRepository.objects.filter(pk=repository.pk), pipeline.fetch, me)
    with ledger.operation():
        Kustomization.objects.filter(pk=source.pk).wake()
    _work_off(Kustomization.objects.filter(pk=source.pk), pipeline.render, me)


def _bring_to_clusters(source: Kustomization, me: str) -> None:
    attachments = Attachment.objects.filter(project=source.project_id)
    for pk in attachments.due().values_list("pk", flat=True):
        _work_off(Attachment.objects.filter(pk=pk), shell.prepare, me)
    with ledger.operation():
        Kustomization.objects.filter(pk=source.pk).wake_placement()
    shell.place(source_id=source.pk, now=worker.database_now())
    batches.propagate(Propagation.objects.of(source.uid), worker=me)
    # The last cluster that lets go of a deleted source asks for this.
    if Kustomization.objects.placement_due().filter(pk=source.pk).exists():
        shell.place(source_id=source.pk, now=worker.database_now())


def _say_gone(say: Callable[[str], None], source: Kustomization, actor: Actor) -> None:
    look = progress.of_deletion(
        actor=actor, project_name=source.project.name, name=source.name, uid=source.uid
    )
    if look.end is not End.DONE:
        raise Stalled(f"not gone: {look.message}", reason=look.reason)
    say(f"source {source} is gone")


def _work_off(row: Any, work: Callable[..., None], me: str) -> None:
    """Do the work of one row, or wait until the worker that has it did.

    Raises: Unavailable.
    """
    until = time.monotonic() + _BUSY_SECONDS
    while row.due().exists():
        taken: tuple[Lease, ...] = leases.claim(row, worker=me)
        for lease in taken:
            work(lease, now=worker.database_now())
        if taken:
            return
        if time.monotonic() >= until:
            raise Unavailable(
                "a worker holds this source and does not finish; look with `source status`"
            )
        time.sleep(_LOOK_EVERY_SECONDS)
