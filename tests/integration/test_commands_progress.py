"""How far a source is: what counts as arrived, as stalled, as still missing, row by row."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from federation import reconcile
from federation.management import progress
from federation.management.progress import End, Look
from federation.models import Propagation
from federation.operations import outcomes, propagations
from gitops import pipeline
from gitops.models import GitRepository, Kustomization
from gitops.operations import sources, suspensions
from projects import ledger
from projects.kube.verdicts import Fault
from projects.models import Attachment
from projects.operations import leases
from tests import factories
from tests.factories import NOW, ROOT
from tests.fakes import git

pytestmark = pytest.mark.django_db

MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {a: b}\n"
DEAD = Fault(reason="ClusterUnreachable", message="no answer")
STUCK = Fault(reason="OwnershipConflict", message="it is theirs", stalled=True, retry=False)


@pytest.fixture
def repository(git_server: git.GitServer) -> git.Repository:
    made = git.Repository.create(git_server.directory, "shop", url=git_server.url)
    made.commit({"web/map.yaml": MAP})
    return made


@pytest.fixture
def source(repository: git.Repository) -> Kustomization:
    """A source on two attached clusters; nothing was done yet."""
    project = factories.project("shop")
    factories.secret(project, "git", username="robot", password="correct horse")
    for name in ("east", "west"):
        factories.attachment(project, factories.cluster(name))
    return factories.source(project, "web", url=repository.url, path="web", secret_name="git")


def look() -> Look:
    return progress.of_source(actor=ROOT, project_name="shop", name="web")


def fetch() -> None:
    (lease,) = leases.claim(GitRepository.objects.all(), worker="w")
    pipeline.fetch(lease, now=NOW)


def render() -> None:
    (lease,) = leases.claim(Kustomization.objects.all(), worker="w")
    pipeline.render(lease, now=NOW)


def place(source: Kustomization) -> None:
    reconcile.place(source_id=source.pk, now=NOW)


def fail(cluster: str, fault: Fault) -> None:
    row, lease = _claimed(cluster)
    outcomes.record_failure(lease=lease, row=row, fault=fault, now=NOW)


def arrive(cluster: str) -> None:
    row, lease = _claimed(cluster)
    state = row.desired_state
    assert state is not None
    columns: dict[str, Any] = {
        "state": Propagation.State.APPLIED,
        "applied_revision": state.revision.name,
        "applied_digest": state.digest,
    }
    propagations.record(lease=lease, next_attempt_at=None, failed=False, columns=columns)


def _claimed(cluster: str) -> tuple[Propagation, leases.Lease]:
    rows = Propagation.objects.filter(cluster__name=cluster).select_related(
        "cluster", "desired_state__revision"
    )
    (lease,) = propagations.claim(rows, worker="w", limit=1)
    return rows.get(), lease


def test_every_step_is_waited_for_in_turn(
    source: Kustomization, repository: git.Repository
) -> None:
    seen = [look()]
    for step in (
        fetch,
        render,
        partial(place, source),
        partial(arrive, "east"),
        partial(arrive, "west"),
    ):
        step()
        seen.append(look())

    assert [each.end for each in seen] == [End.OPEN] * 5 + [End.DONE]
    assert [each.message.partition(" (")[0] for each in seen[:4]] == [
        "repository",
        "rendering",
        "placement",
        "east",
    ]
    assert seen[4].message == "west (Pending)"
    commit = repository.head()[:12]
    assert seen[5].lines == {
        "repository": f"at main@sha1:{commit}",
        "rendering": f"rendered main@sha1:{commit}",
        "east": f"Applied main@sha1:{commit}",
        "west": f"Applied main@sha1:{commit}",
    }


def test_a_newer_commit_is_waited_for_again(
    source: Kustomization, repository: git.Repository
) -> None:
    _everywhere(source)
    repository.commit({"web/map.yaml": MAP.replace("a: b", "a: c")})
    sources.sync(source=source, actor=ROOT, now=NOW)
    fetch()

    assert (look().end, look().message) == (End.OPEN, "rendering")


def test_a_sync_waits_for_the_comparison_of_what_is_there_already(source: Kustomization) -> None:
    _everywhere(source)
    sources.sync(source=source, actor=ROOT, now=NOW)
    fetch()
    render()
    place(source)

    assert look().end is End.OPEN
    assert look().lines["east"].endswith(", comparing")


def test_a_commit_that_does_not_render_stalls_with_the_reason(
    source: Kustomization, repository: git.Repository
) -> None:
    repository.commit({"web/map.yaml": "kind: [broken"})
    fetch()
    render()

    found = look()
    assert found.end is End.STALLED
    assert found.message.startswith("rendering (")
    assert "web/map.yaml" in found.message


def test_a_stall_of_before_the_sync_does_not_count(
    source: Kustomization, repository: git.Repository
) -> None:
    repository.commit({"web/map.yaml": "kind: [broken"})
    fetch()
    render()

    sources.sync(source=source, actor=ROOT, now=NOW)

    assert (look().end, look().message) == (End.OPEN, "repository")


def test_a_refused_password_is_tried_again_and_told(source: Kustomization) -> None:
    with ledger.operation():
        GitRepository.objects.update(secret_name="missing")
    fetch()

    found = look()
    assert found.end is End.OPEN
    assert "SecretNotFound" in found.message
    assert found.lines["repository"] == found.message.removeprefix("repository (").removesuffix(")")


def test_a_stalled_cluster_ends_it_when_the_others_were_tried(source: Kustomization) -> None:
    _placed(source)
    fail("east", STUCK)
    before = look()

    arrive("west")

    assert before.end is End.OPEN
    found = look()
    assert (found.end, found.reason) == (End.STALLED, "OwnershipConflict")
    assert found.message == "east (Failed: OwnershipConflict: it is theirs)"


def test_a_dead_cluster_is_waited_for(source: Kustomization) -> None:
    _placed(source)
    arrive("west")
    fail("east", DEAD)

    found = look()
    assert (found.end, found.message) == (End.OPEN, "east (Failed: ClusterUnreachable: no answer)")


def test_a_suspended_cluster_is_not_waited_for(source: Kustomization) -> None:
    _placed(source)
    suspensions.suspend(source=source, clusters=["east"], actor=ROOT, now=NOW)
    arrive("west")

    assert look().end is End.DONE


def test_a_suspended_source_is_not_waited_for_at_all(source: Kustomization) -> None:
    suspensions.suspend(source=source, actor=ROOT, now=NOW)

    found = look()
    assert (found.end, found.message) == (End.STALLED, "the source is suspended by slipway")


def test_work_that_killed_its_workers_is_a_stall(source: Kustomization) -> None:
    _placed(source)
    with ledger.operation():
        GitRepository.objects.update(crash_count=GitRepository.CRASH_LIMIT)
        GitRepository.objects.all().update(done_generation=0)

    assert look().end is End.STALLED


def test_no_cluster_at_all_is_an_end_that_is_told(source: Kustomization) -> None:
    with ledger.operation():
        Attachment.objects.all().delete()
    fetch()
    render()
    place(source)

    assert (look().end, look().message) == (End.DONE, "no cluster is selected")


def test_a_deletion_is_done_when_the_source_is_gone(source: Kustomization) -> None:
    _placed(source)
    sources.request_deletion(source=source, actor=ROOT, now=NOW)
    place(source)
    deleting = partial(
        progress.of_deletion, actor=ROOT, project_name="shop", name="web", uid=source.uid
    )
    before = deleting()

    for name in ("east", "west"):
        _, lease = _claimed(name)
        assert propagations.removed(lease=lease)
    place(source)

    assert (before.end, before.message) == (End.OPEN, "east (Removing); west (Removing)")
    assert deleting().end is End.DONE


def test_a_deletion_does_not_wait_for_what_a_dead_cluster_owes(source: Kustomization) -> None:
    _placed(source)
    sources.request_deletion(source=source, actor=ROOT, now=NOW)
    place(source)
    _, lease = _claimed("west")
    propagations.removed(lease=lease)

    fail("east", DEAD)
    before = progress.of_deletion(actor=ROOT, project_name="shop", name="web", uid=source.uid)

    assert before.message == "the source"
    assert before.lines["east"].startswith("owes 0 deletions: ClusterUnreachable")


def test_a_new_source_of_the_same_name_is_not_the_one_that_was_deleted(
    source: Kustomization,
) -> None:
    other = factories.project("other")

    found = progress.of_deletion(actor=ROOT, project_name="shop", name="web", uid=other.uid)

    assert found.end is End.DONE


def _placed(source: Kustomization) -> None:
    fetch()
    render()
    place(source)


def _everywhere(source: Kustomization) -> None:
    _placed(source)
    for name in ("east", "west"):
        arrive(name)
