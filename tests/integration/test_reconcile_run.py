"""One source on one real cluster, from attaching to the last object, without workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from federation import reconcile
from federation.member.credentials import parse_kubeconfig
from federation.models import Deployment, InventoryEntry, Propagation
from federation.registering import spec_of
from gitops.models import Kustomization
from gitops.operations import sources
from projects import worker
from projects.models import Attachment
from projects.operations import attachments, clusters
from tests import factories
from tests.factories import NOW, ROOT

if TYPE_CHECKING:
    from projects.models import Project
    from tests.realcluster.cluster import RealCluster

pytestmark = pytest.mark.django_db(transaction=True)
State = Propagation.State


@pytest.fixture
def project(real_cluster: RealCluster) -> Project:
    """A project with the cluster east, which is prepared."""
    access = parse_kubeconfig(real_cluster.kubeconfig)
    east = clusters.register(name="east", spec=spec_of(access), actor=ROOT, now=NOW)
    project = factories.project(namespace=real_cluster.namespace())
    attachments.attach(project=project, cluster=east, actor=ROOT, now=NOW, adopt_namespace=True)
    prepare()
    assert Attachment.objects.get().namespace_uid
    return project


@pytest.fixture
def source(project: Project) -> Kustomization:
    made = factories.source(project)
    factories.published(
        made,
        factories.config_map("a", project.namespace),
        factories.config_map("b", project.namespace),
    )
    return made


def prepare() -> None:
    reconcile.prepare(factories.lease(Attachment.objects.all()), now=worker.database_now())


def run(source: Kustomization) -> Propagation:
    """Place and propagate."""
    reconcile.place(source_id=source.pk, now=NOW)
    reconcile.propagate(factories.lease(Propagation.objects.of(source.uid)), now=NOW)
    reconcile.summarise(owner_uid=source.uid, now=NOW)
    found: Propagation = Propagation.objects.get()
    return found


def config_maps(cluster: RealCluster, project: Project) -> set[str]:
    listed = cluster.kubectl("get", "configmap", "-n", project.namespace, "-o", "name")
    return {line.partition("/")[2] for line in listed.split()} - {"kube-root-ca.crt"}


def test_a_commit_arrives(
    source: Kustomization, project: Project, real_cluster: RealCluster
) -> None:
    row = run(source)

    assert config_maps(real_cluster, project) == {"a", "b"}
    assert (row.state, row.object_count) == (State.APPLIED, 2)
    assert InventoryEntry.objects.exclude(uid="").count() == 2
    assert Deployment.objects.count() == 1
    source.refresh_from_db()
    assert source.last_applied_revision == "main@sha1:" + "a1" * 20


def test_what_left_the_commit_is_pruned(
    source: Kustomization, project: Project, real_cluster: RealCluster
) -> None:
    run(source)
    kept = factories.config_map("a", project.namespace)
    factories.published(source, kept, commit="b2" * 20)

    run(source)

    assert config_maps(real_cluster, project) == {"a"}
    assert [entry.name for entry in InventoryEntry.objects.all()] == ["a"]


def test_a_deleted_source_takes_its_objects_along(
    source: Kustomization, project: Project, real_cluster: RealCluster
) -> None:
    run(source)
    sources.request_deletion(source=source, actor=ROOT, now=NOW)
    reconcile.place(source_id=source.pk, now=NOW)

    reconcile.propagate(factories.lease(Propagation.objects.all()), now=NOW)
    reconcile.place(source_id=source.pk, now=NOW)

    assert config_maps(real_cluster, project) == set()
    assert not Propagation.objects.exists()
    assert not InventoryEntry.objects.exists()
    assert not Kustomization.objects.exists()


def test_an_orphaned_source_leaves_its_objects_and_takes_its_labels_off(
    source: Kustomization, project: Project, real_cluster: RealCluster
) -> None:
    run(source)
    sources.request_deletion(source=source, actor=ROOT, now=NOW, orphan=True)
    reconcile.place(source_id=source.pk, now=NOW)

    reconcile.propagate(factories.lease(Propagation.objects.all()), now=NOW)

    assert config_maps(real_cluster, project) == {"a", "b"}
    labels = real_cluster.kubectl(
        "get", "configmap", "a", "-n", project.namespace, "-o", "jsonpath={.metadata.labels}"
    )
    assert "slipway" not in labels


def test_a_detached_project_leaves_the_namespace_and_no_rights(
    source: Kustomization, project: Project, real_cluster: RealCluster
) -> None:
    run(source)
    attachments.detach(attachment=Attachment.objects.get(), actor=ROOT, now=NOW)
    prepare()
    run_removal(source)
    prepare()

    assert not Attachment.objects.exists()
    assert config_maps(real_cluster, project) == set()
    rights = real_cluster.kubectl("get", "rolebinding", "-n", project.namespace, "-o", "name")
    assert rights == ""


def run_removal(source: Kustomization) -> None:
    reconcile.place(source_id=source.pk, now=NOW)
    reconcile.propagate(factories.lease(Propagation.objects.of(source.uid)), now=NOW)


def test_rights_that_somebody_took_away_come_back(
    source: Kustomization, project: Project, real_cluster: RealCluster
) -> None:
    """Nothing else would ever look after the role binding again."""
    run(source)
    real_cluster.kubectl("delete", "rolebinding", "slipway", "-n", project.namespace)
    sources.sync(source=source, actor=ROOT, now=NOW)
    assert run(source).reason == "Forbidden"

    prepare()

    sources.sync(source=source, actor=ROOT, now=NOW)
    assert run(source).state == State.APPLIED


def test_looking_after_a_namespace_that_is_well_disturbs_no_source(
    source: Kustomization, project: Project
) -> None:
    run(source)
    attachment = Attachment.objects.get()
    attachments_due = Attachment.objects.filter(pk=attachment.pk)
    factories.due(attachments_due)

    prepare()

    assert source not in Kustomization.objects.placement_due()
