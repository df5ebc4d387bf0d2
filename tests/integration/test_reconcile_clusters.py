"""Attachments and clusters from beginning to end, over a wire that answers as told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from federation import reconcile
from federation.models import Propagation
from federation.operations import propagations
from gitops.models import Kustomization
from gitops.operations import sources
from projects import worker
from projects.models import Attachment, Cluster
from projects.operations import attachments, clusters, leases
from projects.operations.clusters import ClusterSpec
from tests import factories
from tests.factories import NOW, ROOT
from tests.fakes import tls_server
from tests.fakes.tls_server import Exchange, TlsServer

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.django_db
State = Propagation.State


KINDS = {
    "/api": {"": {"namespaces": "Namespace", "serviceaccounts": "ServiceAccount"}},
    "/apis": {"rbac.authorization.k8s.io": {"rolebindings": "RoleBinding"}},
}


def discovery(path: str) -> tls_server.Answer:
    items = []
    for group, kinds in KINDS[path].items():
        resources = [
            {
                "resource": name,
                "responseKind": {"kind": kind},
                "scope": "Cluster" if kind == "Namespace" else "Namespaced",
                "verbs": [],
            }
            for name, kind in kinds.items()
        ]
        versions = [{"version": "v1", "resources": resources}]
        items.append({"metadata": {"name": group}, "versions": versions})
    return tls_server.as_json({"kind": "APIGroupDiscoveryList", "items": items})


class Member:
    """A cluster with an identity, that refuses everything else."""

    def __init__(self, server: TlsServer) -> None:
        self.server = server
        self.identity = "u1"
        server.answer = self._answer

    def _answer(self, exchange: Exchange) -> None:
        path = exchange.request.path.partition("?")[0]
        if path in KINDS:
            discovery(path)(exchange)
        elif path == "/version":
            tls_server.as_json({"gitVersion": "v1.34.1"})(exchange)
        elif path == "/api/v1/namespaces/kube-system":
            meta = {"name": "kube-system", "uid": self.identity}
            tls_server.as_json({"kind": "Namespace", "metadata": meta})(exchange)
        else:
            tls_server.failure(403, message="not for you", reason="Forbidden")(exchange)

    @property
    def spec(self) -> ClusterSpec:
        return ClusterSpec(
            server=self.server.url, ca_pem=self.server.ca_pem, credential={"token": "t"}
        )


@pytest.fixture
def member() -> Iterator[Member]:
    with TlsServer() as server:
        yield Member(server)


@pytest.fixture
def east(member: Member) -> Cluster:
    return clusters.register(name="east", spec=member.spec, actor=ROOT, now=NOW)


@pytest.fixture
def attachment(east: Cluster) -> Attachment:
    return factories.attachment(factories.project(), east)


@pytest.fixture
def source(attachment: Attachment) -> Kustomization:
    made = factories.source(attachment.project)
    factories.published(made, factories.config_map("a"))
    return made


def work(attachment: Attachment) -> None:
    lease = factories.lease(Attachment.objects.filter(pk=attachment.pk))
    reconcile.prepare(lease, now=worker.database_now())


def ready(cluster: Cluster) -> dict[str, Any]:
    cluster.refresh_from_db()
    return dict(cluster.conditions[0])


def test_a_probe_notes_who_answered(east: Cluster) -> None:
    reconcile.probe(east, now=NOW)

    assert ready(east)["status"] == "True"
    assert (east.identity, east.kubernetes_version) == ("u1", "v1.34.1")


def test_a_cluster_that_was_replaced_is_not_ready_and_keeps_its_name_for_itself(
    east: Cluster, member: Member
) -> None:
    reconcile.probe(east, now=NOW)
    member.identity = "u2"

    reconcile.probe(east, now=NOW)

    assert ready(east)["reason"] == "ClusterIdentityChanged"
    assert east.identity == "u1"


def test_nothing_is_deleted_on_a_cluster_that_was_replaced_and_nothing_waits_for_it(
    source: Kustomization, east: Cluster, member: Member
) -> None:
    """R-40: the removal becomes a debt, so that the source can go."""
    reconcile.probe(east, now=NOW)
    factories.placed(source)
    sources.request_deletion(source=source, actor=ROOT, now=NOW)
    (row,) = factories.placed(source)
    member.identity = "u2"

    reconcile.propagate(factories.lease(Propagation.objects.all()), now=NOW)
    reconcile.place(source_id=source.pk, now=NOW)

    row.refresh_from_db()
    assert row.debt_since is not None
    assert not Kustomization.objects.exists()
    assert {each.method for each in member.server.requests} == {"GET"}


def test_a_failed_attachment_says_why_and_is_tried_again(attachment: Attachment) -> None:
    work(attachment)

    attachment.refresh_from_db()
    assert attachment.reason == "Forbidden"
    assert attachment.lease_worker == ""
    assert worker.database_now() < attachment.next_attempt_at


def test_another_credential_has_a_failed_attachment_tried_at_once(
    attachment: Attachment, member: Member
) -> None:
    work(attachment)

    clusters.replace_credential(cluster=attachment.cluster, spec=member.spec, actor=ROOT, now=NOW)

    attachment.refresh_from_db()
    assert attachment.next_attempt_at <= worker.database_now()


def test_a_cluster_that_keeps_our_account_holds_no_detaching_up(
    attachment: Attachment, member: Member
) -> None:
    attachments.prepared(
        lease=factories.lease(Attachment.objects.all()), namespace_uid="n1", now=NOW
    )
    attachments.detach(attachment=attachment, actor=ROOT, now=NOW)

    work(attachment)

    assert not Attachment.objects.exists()
    assert any("rolebindings" in each.path for each in member.server.requests)


def test_detaching_waits_until_every_source_has_left(
    source: Kustomization, attachment: Attachment
) -> None:
    (row,) = factories.placed(source)
    attachments.detach(attachment=attachment, actor=ROOT, now=NOW)

    work(attachment)

    assert source in Kustomization.objects.placement_due()
    factories.placed(source)
    row.refresh_from_db()
    assert row.state == State.REMOVING
    assert Attachment.objects.exists()


def test_detaching_disturbs_nobody_while_it_waits(
    source: Kustomization, attachment: Attachment
) -> None:
    """An object with a dead finalizer may hold it for days; other clusters keep their pace."""
    factories.attachment(source.project, factories.cluster("west"))
    factories.placed(source)
    attachments.detach(attachment=attachment, actor=ROOT, now=NOW)
    factories.placed(source)

    work(attachment)

    assert source not in Kustomization.objects.placement_due()


def test_a_row_made_while_its_cluster_was_detached_is_found(
    source: Kustomization, attachment: Attachment
) -> None:
    """A placement that read the attachment before the detaching was asked for ends after it."""
    attachments.detach(attachment=attachment, actor=ROOT, now=NOW)
    factories.placed(source)

    work(attachment)

    assert not Attachment.objects.exists()
    assert source in Kustomization.objects.placement_due()


def test_detaching_does_not_wait_for_debts(source: Kustomization, attachment: Attachment) -> None:
    factories.placed(source)
    attachments.detach(attachment=attachment, actor=ROOT, now=NOW)
    (row,) = factories.placed(source)
    propagations.owe(row=row, now=NOW)

    work(attachment)

    assert not Attachment.objects.exists()
    assert Propagation.objects.debts().count() == 1


def test_a_detaching_that_killed_its_workers_says_so(attachment: Attachment) -> None:
    for name in ("a", "b", "c"):
        leases.beat(worker=name, group="", seconds=-1, busy=True)
        assert len(leases.claim(Attachment.objects.all(), worker=name)) == 1
    leases.beat(worker="d", group="", seconds=60, busy=True)
    assert leases.claim(Attachment.objects.all(), worker="d") == ()

    reconcile.set_aside(now=NOW)

    attachment.refresh_from_db()
    assert attachment.reason == "WorkerCrashed"


def test_a_run_before_the_namespace_is_prepared_says_what_it_waits_for(
    source: Kustomization, member: Member
) -> None:
    factories.placed(source)
    answer = member.server.answer

    def missing(exchange: Exchange) -> None:
        if exchange.request.path.startswith("/api/v1/namespaces/shop"):
            details = {"name": "shop", "kind": "namespaces"}
            tls_server.failure(404, reason="NotFound", details=details)(exchange)
        else:
            answer(exchange)

    member.server.answer = missing

    reconcile.propagate(factories.lease(Propagation.objects.all()), now=NOW)

    row = Propagation.objects.get()
    assert (row.state, row.reason) == (State.FAILED, "NamespaceNotReady")
