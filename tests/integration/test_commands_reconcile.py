"""`manage.py reconcile`: the whole road in one process, without a queue, under the same locks."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django_q.models import OrmQ

from gitops.models import GitRepository, Kustomization
from gitops.operations import sources, suspensions
from projects import ledger
from projects.models import WorkerLease
from projects.operations import leases
from tests import factories
from tests.factories import NOW, ROOT
from tests.fakes import git
from tests.fakes.command_line import ok, run

if TYPE_CHECKING:
    from tests.realcluster.cluster import RealCluster

# Clusters are worked on by threads with connections of their own.
pytestmark = pytest.mark.django_db(transaction=True)

MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {a: b}\n"


@pytest.fixture
def repository(git_server: git.GitServer) -> git.Repository:
    made = git.Repository.create(git_server.directory, "shop", url=git_server.url)
    made.commit({"web/map.yaml": MAP})
    return made


@pytest.fixture
def source(repository: git.Repository) -> Kustomization:
    project = factories.project("shop")
    factories.secret(project, "git", username="robot", password="correct horse")
    return factories.source(project, "web", url=repository.url, path="web", secret_name="git")


def test_a_commit_is_fetched_and_rendered(
    source: Kustomization, repository: git.Repository
) -> None:
    out = ok("reconcile", "shop", "web")

    source.refresh_from_db()
    assert source.desired_state is not None
    assert source.desired_state.revision.commit == repository.head()
    assert "no cluster is selected" in out


def test_what_is_due_later_is_done_now(source: Kustomization, repository: git.Repository) -> None:
    ok("reconcile", "shop", "web")
    commit = repository.commit({"web/map.yaml": MAP.replace("a: b", "a: c")})

    ok("reconcile", "shop", "web")

    source.refresh_from_db()
    assert source.desired_state is not None
    assert source.desired_state.revision.commit == commit


def test_what_does_not_render_is_exit_code_1_with_file_and_reason(
    source: Kustomization, repository: git.Repository
) -> None:
    repository.commit({"web/map.yaml": "kind: [broken"})

    ran = run("reconcile", "shop", "web")

    assert ran.code == 1
    assert ran.err.startswith("error: not arrived: rendering (")
    assert "web/map.yaml" in ran.err


def test_a_suspended_source_stays_untouched(source: Kustomization) -> None:
    suspensions.suspend(source=source, actor=ROOT, now=NOW)

    ran = run("reconcile", "shop", "web")

    assert ran.code == 1
    assert "suspended by slipway" in ran.err
    assert GitRepository.objects.get().revision is None


def test_a_row_that_a_worker_has_is_waited_for(source: Kustomization) -> None:
    leases.beat(worker="other", group="g", seconds=60, busy=True)
    with ledger.operation():
        OrmQ.objects.all().delete()
    (lease,) = leases.claim(GitRepository.objects.all(), worker="other")

    def let_go() -> None:
        try:
            leases.abandon(lease, seconds=0)
        finally:
            connection.close()

    timer = threading.Timer(1.0, let_go)
    timer.start()
    ok("reconcile", "shop", "web")
    timer.join()

    repository = GitRepository.objects.get()
    assert repository.revision is not None
    assert repository.lease_epoch == lease.epoch + 1


def test_nothing_is_held_afterwards(source: Kustomization) -> None:
    ok("reconcile", "shop", "web")

    held = [
        row.lease_worker for row in (*GitRepository.objects.all(), *Kustomization.objects.all())
    ]
    assert held == ["", ""]
    assert [row.busy_since for row in WorkerLease.objects.all()] == [None]


def test_a_deleted_source_that_is_nowhere_goes_at_once(source: Kustomization) -> None:
    ok("reconcile", "shop", "web")
    sources.request_deletion(source=source, actor=ROOT, now=NOW)

    out = ok("reconcile", "shop", "web")

    assert "is gone" in out
    assert not Kustomization.objects.exists()
    assert not GitRepository.objects.exists()


def test_a_commit_reaches_a_real_cluster_by_commands_alone(
    real_cluster: RealCluster, git_server: git.GitServer, repository: git.Repository
) -> None:
    namespace = "t-command-line"
    ok("project", "create", "shop", "--namespace", namespace)
    ok(
        "secret",
        "create",
        "shop",
        "git",
        "--username",
        "robot",
        "--password-stdin",
        stdin="correct horse",
    )
    ok("cluster", "add", "east", "--kubeconfig", "-", stdin=real_cluster.kubeconfig)
    ok("cluster", "attach", "east", "shop")
    ok("source", "add", "shop", "web", "--url", repository.url, "--path", "web", "--secret", "git")

    page = ok("reconcile", "shop", "web")
    there = real_cluster.kubectl("-n", namespace, "get", "configmap", "settings", "-o", "name")
    objects = ok("source", "objects", "shop", "web", "--cluster", "east")
    deployments = ok("source", "deployments", "shop", "web")
    ok("source", "delete", "shop", "web")
    ok("reconcile", "shop", "web")
    left = real_cluster.kubectl("-n", namespace, "get", "configmap", "-o", "name")

    assert there.strip() == "configmap/settings"
    assert repository.head()[:12] in page
    assert "Applied" in page
    assert "settings" in objects
    assert repository.head()[:12] in deployments
    assert "settings" not in left
    assert real_cluster.token not in page + objects + deployments
