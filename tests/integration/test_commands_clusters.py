"""`manage.py cluster`: a kubeconfig is tried before it is kept; attaching; debts."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from federation import connecting
from federation.models import InventoryEntry, Propagation
from federation.operations import propagations
from projects import ledger
from projects.models import Attachment, AuditEntry, Cluster
from tests import factories
from tests.factories import NOW
from tests.fakes import kubeconfigs, tls_server
from tests.fakes.command_line import ok, run
from tests.fakes.mute_cluster import MuteCluster
from tests.fakes.tls_server import TlsServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gitops.models import Kustomization
    from tests.fakes.tls_server import Exchange

pytestmark = pytest.mark.django_db

CANARY = "canary-token-81f0c2"


class Member:
    """As much of a cluster as introduces itself."""

    def __init__(self, server: TlsServer) -> None:
        self.server = server
        self.identity = "uid-of-kube-system"
        MuteCluster(server).answer = self._answer

    def kubeconfig(self, *, token: str = CANARY) -> str:
        """A kubeconfig that leads here."""
        return kubeconfigs.text(server=self.server.url, ca_pem=self.server.ca_pem, token=token)

    def _answer(self, exchange: Exchange) -> None:
        if f"Bearer {CANARY}" not in exchange.request.headers.get("authorization", ""):
            answer = tls_server.failure(401, message="Unauthorized", reason="Unauthorized")
        elif exchange.request.path.startswith("/version"):
            answer = tls_server.as_json({"major": "1", "minor": "36", "gitVersion": "v1.36.3"})
        else:
            meta = {"name": "kube-system", "uid": self.identity, "resourceVersion": "1"}
            kind = {"apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata"}
            answer = tls_server.as_json({**kind, "metadata": meta})
        answer(exchange)


@pytest.fixture
def member() -> Iterator[Member]:
    with TlsServer() as server:
        yield Member(server)


@pytest.fixture
def kubeconfig(member: Member, tmp_path: Path) -> str:
    path = tmp_path / "east.yaml"
    path.write_text(member.kubeconfig())
    return str(path)


def test_a_cluster_that_answers_is_registered_ready(member: Member, kubeconfig: str) -> None:
    out = ok("cluster", "add", "east", "--kubeconfig", kubeconfig, "--label", "region=east")

    assert "Kubernetes v1.36.3" in out
    (row,) = json.loads(ok("cluster", "list", "-o", "json"))
    assert (row["name"], row["server"], row["labels"], row["ready"]) == (
        "east",
        member.server.url,
        {"region": "east"},
        True,
    )
    cluster = Cluster.objects.get()
    assert cluster.identity == member.identity
    assert connecting.access_of(cluster).token == CANARY


def test_a_kubeconfig_may_come_from_standard_input(member: Member) -> None:
    ok("cluster", "add", "east", "--kubeconfig", "-", stdin=member.kubeconfig())

    assert Cluster.objects.get().server == member.server.url


def test_the_credential_is_never_shown(kubeconfig: str) -> None:
    made = run("cluster", "add", "east", "--kubeconfig", kubeconfig)
    seen = [ok("cluster", "list", "-o", output) for output in ("table", "json")]
    seen += [ok("audit", "-o", "json"), made.said]

    shown = "".join(seen)
    assert CANARY not in shown
    assert base64.b64encode(CANARY.encode()).decode() not in shown


def test_a_refused_credential_is_not_kept(member: Member) -> None:
    ran = run("cluster", "add", "east", "--kubeconfig", "-", stdin=member.kubeconfig(token="wrong"))

    assert ran.code == 1
    assert "next: use a token or client certificate that the cluster accepts" in ran.err
    assert not Cluster.objects.exists()


@pytest.mark.parametrize(
    ("spoil", "field"),
    [
        ({"exec": {"command": "sh"}}, "users[0].user.exec"),
        ({"tokenFile": "/run/token"}, "users[0].user.tokenFile"),
    ],
    ids=["a program", "a file"],
)
def test_a_kubeconfig_that_would_run_or_read_something_is_refused_by_its_key(
    spoil: dict[str, Any], field: str
) -> None:
    ((key, value),) = spoil.items()

    ran = run(
        "cluster", "add", "east", "--kubeconfig", "-", stdin=kubeconfigs.spoiled("user", key, value)
    )

    assert ran.code == 1
    assert f"  field: {field}\n" in ran.err
    assert not Cluster.objects.exists()


def test_a_context_that_is_not_there_is_told_with_those_that_are(kubeconfig: str) -> None:
    ran = run("cluster", "add", "east", "--kubeconfig", kubeconfig, "--context", "staging")

    assert ran.code == 1
    assert "no context 'staging'; there are: main" in ran.err


def test_a_credential_is_replaced_after_it_was_tried(member: Member, kubeconfig: str) -> None:
    ok("cluster", "add", "east", "--kubeconfig", kubeconfig)
    sealed = Cluster.objects.get().sealed_credential

    ok("cluster", "replace", "east", "--kubeconfig", "-", stdin=member.kubeconfig())
    refused = run(
        "cluster", "replace", "east", "--kubeconfig", "-", stdin=member.kubeconfig(token="x")
    )

    cluster = Cluster.objects.get()
    assert cluster.sealed_credential != sealed
    assert refused.code == 1
    assert connecting.access_of(cluster).token == CANARY


def test_another_cluster_does_not_take_the_place_of_a_known_one(
    member: Member, kubeconfig: str
) -> None:
    ok("cluster", "add", "east", "--kubeconfig", kubeconfig)
    before = Cluster.objects.get().sealed_credential
    member.identity = "uid-of-another-kube-system"

    ran = run("cluster", "replace", "east", "--kubeconfig", kubeconfig)

    assert ran.code == 1
    assert "is another cluster than 'east'" in ran.err
    assert Cluster.objects.get().sealed_credential == before


def test_a_cluster_in_use_is_not_removed() -> None:
    factories.attachment(factories.project("shop"), factories.cluster("east"))

    ran = run("cluster", "remove", "east")

    assert ran.code == 1
    assert "attached to: shop" in ran.err


def test_a_cluster_is_attached_listed_and_leaves() -> None:
    factories.project("shop")
    factories.cluster("east")

    ok("cluster", "attach", "east", "shop", "--adopt-namespace")
    (row,) = json.loads(ok("cluster", "attachments", "shop", "-o", "json"))
    ok("cluster", "detach", "east", "shop")

    assert (row["cluster"], row["prepared"], row["adopt_namespace"]) == ("east", False, True)
    assert Attachment.objects.get().detach_requested_at is not None


def test_waiting_for_an_attachment_in_vain_is_exit_code_3_and_says_why() -> None:
    factories.project("shop")
    factories.cluster("east")

    ran = run("cluster", "attach", "east", "shop", "--wait=1")

    assert ran.code == 3
    assert "east: preparing the namespace" in ran.err
    assert (
        "after 1 s still missing: east (preparing the namespace); no worker is running" in ran.err
    )


@pytest.fixture
def debt() -> Kustomization:
    """A source of the past that a dead cluster still holds two objects of."""
    project = factories.project("shop")
    cluster = factories.cluster("east")
    source = factories.source(project, "web")
    with ledger.operation():
        row = Propagation.objects.create(
            owner_kind="Kustomization",
            owner_uid=source.uid,
            owner_name="web",
            project_name="shop",
            project_uid=project.uid,
            namespace="shop",
            cluster=cluster,
            state=Propagation.State.REMOVING,
            object_count=2,
            reason="ClusterUnreachable",
            message="no answer",
        )
        for name in ("one", "two"):
            InventoryEntry.objects.create(
                cluster=cluster,
                owner_uid=source.uid,
                version="v1",
                kind="ConfigMap",
                namespace="shop",
                name=name,
            )
    propagations.owe(row=row, now=NOW)
    return source


@pytest.mark.usefixtures("debt")
def test_a_debt_is_listed() -> None:
    (row,) = json.loads(ok("cluster", "debts", "-o", "json"))

    assert (row["cluster"], row["project"], row["source"], row["objects"], row["reason"]) == (
        "east",
        "shop",
        "web",
        2,
        "ClusterUnreachable",
    )


@pytest.mark.usefixtures("debt")
def test_writing_a_debt_off_says_what_is_left_behind_and_who_said_so() -> None:
    out = ok("cluster", "write-off", "east", "shop", "web")

    assert "2 objects of shop/web are left behind on east" in out
    assert not Propagation.objects.exists()
    assert not InventoryEntry.objects.exists()
    entry = AuditEntry.objects.get(verb="write-off")
    assert entry.actor.startswith("cli:")
    assert entry.details["objects"] == 2
    assert run("cluster", "write-off", "east", "shop", "web").code == 1
